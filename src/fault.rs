//! Faults on purpose: named points at which the fault suite makes the program die, fail, hang or
//! wait, and the mutations by which the simulator shows that it bites.
//!
//! All of it is behind the feature `faults`, which no build without debug assertions can have.
//! Without the feature every call here is empty and is optimised away, so call sites need no
//! `cfg`:
//!
//! ```text
//! fault::point("queue.settle:before").await?;
//! ```
//!
//! A point's name is `ROOM.WHAT:before` or `ROOM.WHAT:after`, around one durable write or one
//! effect that others can see. `CODINGWORKER_FAULTS` arms points, as `NAME=MODE[@N]`, several
//! with `;` between them. NAME may end in `*`, or be `class:CLASS` for all of one [`Class`]. MODE
//! is `kill`, `panic`, `error`, `hang` or `delay:MILLISECONDS`; with `@N` it is done at the N-th
//! hit alone. `CODINGWORKER_FAULT_TRACE` names a file that gets a line for each point passed,
//! before anything is done there.

#[cfg(all(feature = "faults", not(debug_assertions)))]
compile_error!(
    "the feature `faults` is for tests: it must not be in a build without debug assertions"
);

#[cfg(feature = "faults")]
mod armed;
mod errors;

/// A point said that the call fails. Turns into the error of each room, by `?`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fault on purpose, at {0}")]
pub struct Injected(pub String);

/// What a point stands before or after, for faults that hit the N-th call of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Files and folders.
    Disk,
    /// The database's reads and commits.
    Database,
    /// Talk with the code host, the queue's service and a model's server.
    Network,
    /// Child processes and containers.
    Spawn,
}

/// The calls of git that talk with its remote.
const REMOTE: [&str; 3] = ["git.fetch:", "git.ls-remote:", "git.push:"];

/// The class of a point, by the room in its name.
fn class_of(name: &str) -> Option<Class> {
    let room = name.split('.').next().unwrap_or_default();
    match room {
        "disk" | "workspace" => Some(Class::Disk),
        "database" => Some(Class::Database),
        "github" | "sqs" | "ollama" => Some(Class::Network),
        "git" if REMOTE.iter().any(|it| name.starts_with(it)) => Some(Class::Network),
        "process" | "docker" | "cage" | "host" => Some(Class::Spawn),
        _ => None,
    }
}

/// A point in async code: does there what it is armed for. Hangs and delays let others run.
///
/// # Errors
/// When it is armed to fail.
#[cfg(feature = "faults")]
pub async fn point(name: &str) -> Result<(), Injected> {
    armed::point(name).await
}

/// A point in async code: does there what it is armed for. Hangs and delays let others run.
///
/// # Errors
/// When it is armed to fail.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub async fn point(_name: &str) -> Result<(), Injected> {
    Ok(())
}

/// A point whose name holds a value's variant: `journal.Pushed:before` is
/// `point_of("journal", &event, "before")`.
///
/// # Errors
/// When it is armed to fail.
#[cfg(feature = "faults")]
pub async fn point_of(
    room: &str,
    what: &(dyn std::fmt::Debug + Sync),
    when: &str,
) -> Result<(), Injected> {
    armed::point(&armed::name_of(room, what, when)).await
}

/// A point whose name holds a value's variant: `journal.Pushed:before` is
/// `point_of("journal", &event, "before")`.
///
/// # Errors
/// When it is armed to fail.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub async fn point_of(
    _room: &str,
    _what: &(dyn std::fmt::Debug + Sync),
    _when: &str,
) -> Result<(), Injected> {
    Ok(())
}

/// A point in code that may block its thread.
///
/// # Errors
/// When it is armed to fail.
#[cfg(feature = "faults")]
pub fn point_blocking(name: &str) -> Result<(), Injected> {
    armed::point_blocking(name)
}

/// A point in code that may block its thread.
///
/// # Errors
/// When it is armed to fail.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn point_blocking(_name: &str) -> Result<(), Injected> {
    Ok(())
}

/// One law taken out of the program, so that the simulator can show that it would be missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// The store takes writes under a token that is no longer the job's.
    NoFence,
    /// A claim does not raise the token.
    TokenStays,
    /// An outside effect is begun without asking whether the lease is still ours.
    NoConfirm,
    /// A lease is judged by the wall clock alone: a clock that was set back makes it fresh.
    WallClockAlone,
    /// A lease is judged by the monotonic clock alone: a laptop that slept thinks it fresh.
    MonotonicAlone,
    /// The engine hears of an event before it is durable.
    BelieveFirst,
    /// A delivery is settled before its job's end is durable.
    SettleFirst,
    /// A delivery of a job that another live worker holds starts the job here too.
    NoAdopt,
    /// A job that is over starts again when its task is delivered again.
    FinishedStarts,
    /// Pull requests and comments are made without looking whether they are there.
    NoLook,
    /// A request whose reply was lost is sent again as it is.
    BlindResend,
    /// A stopping worker gives its delivery back before its job's processes are gone.
    ReturnFirst,
    /// A stopping worker settles the delivery of a job that it only put down.
    SettlePutDown,
    /// The slot of a job that was put down is not given back.
    SlotLeaks,
    /// The death of a worker at a job is not counted.
    DeathsForgotten,
    /// A settlement that failed is not tried again.
    ReceiptForgotten,
    /// The delivery is held beyond the twelve hours of the queue's service.
    NoHandOver,
    /// A push moves the branch from wherever it is.
    PushForced,
    /// A running job's lease is not extended.
    HeartbeatStopped,
    /// A job that is put down stays its worker's in the store.
    ReleaseForgotten,
    /// A model that is held is asked.
    ModelHoldIgnored,
    /// A job that left its slot to wait for a model goes on without one.
    SeatNotRetaken,
    /// A model's server is asked by all jobs at once.
    TurnsUnlimited,
    /// A job that killed three workers is settled like any other that failed.
    KillerNotBuried,
    /// A redelivery of a job that killed its workers is settled, whatever became of the dead letter.
    DeadLetterLost,
    /// A message that was given back for its age is taken to be ours until it comes again, where
    /// no shared store says so.
    HandOverBlindly,
}

/// Whether this law is taken out, on this thread. Never without the feature.
#[cfg(feature = "faults")]
pub fn mutated(mutation: Mutation) -> bool {
    armed::mutation() == Some(mutation)
}

/// Whether this law is taken out, on this thread. Never without the feature.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn mutated(_mutation: Mutation) -> bool {
    false
}

/// Takes one law out for everything that runs on this thread, or puts it back with `None`.
#[cfg(feature = "faults")]
pub fn mutate(mutation: Option<Mutation>) {
    armed::mutate(mutation);
}
