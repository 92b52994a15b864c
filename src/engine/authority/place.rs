//! Where the work would be done, and how often.

use super::{Allowed, Facts, Policy, Subject, refused};
use crate::domain::job::{Refusal, Told};
use crate::domain::task::Repository;
use crate::domain::verification::Isolation;

/// What a list of the operator's says of a repository.
enum Named {
    /// It is on it.
    Yes,
    /// Its name is, and another repository had that name when we first saw it.
    Other {
        /// The one that we saw then.
        first: u64,
    },
    /// It is not.
    No,
}

/// Whether the operator named it. A name stands for the repository that we first saw behind it:
/// whoever gets the name later does not get the trust.
fn named(list: &[Allowed], facts: &Facts) -> Named {
    let (name, id) = (&facts.repository, facts.repository_id);
    let listed = |name: &Repository| {
        let name = name.to_string();
        let is = |it: &Allowed| matches!(it, Allowed::Name(it) if it.eq_ignore_ascii_case(&name));
        list.iter().any(is)
    };
    let by_id = list.contains(&Allowed::Id(id));
    // It was renamed. What is known about the name that it has now is in `pinned` alone.
    let is_other = |it: &&Repository| !it.to_string().eq_ignore_ascii_case(&name.to_string());
    let renamed = facts.pinned_names.iter().filter(is_other).any(listed);
    match facts.pinned {
        _ if by_id || renamed => Named::Yes,
        _ if !listed(name) => Named::No,
        Some(first) if first != id => Named::Other { first },
        _ => Named::Yes,
    }
}

fn another(facts: &Facts, first: u64, key: &str) -> Option<Refusal> {
    let (name, id) = (&facts.repository, facts.repository_id);
    refused(format!(
        "{name} is not the repository that it was, {first} became {id}: if that is right, the \
         operator puts {id} into `{key}`"
    ))
}

/// The repository is one of the operator's.
pub(super) fn allowed(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    // Without a list the name vouches for nothing: that the token may push does.
    if policy.repositories.is_empty() {
        return None;
    }
    match named(&policy.repositories, facts) {
        Named::Yes => None,
        Named::Other { first } => another(facts, first, "trust.repositories"),
        Named::No => {
            let name = &facts.repository;
            refused(format!("{name} is not in `trust.repositories` of this worker"))
        }
    }
}

/// The operator lets its checks use the network.
pub(super) fn has_network(facts: &Facts, policy: &Policy) -> bool {
    matches!(named(&policy.network_allowed, facts), Named::Yes)
}

/// Our token can bring the work there.
pub(super) fn within_reach(facts: &Facts, _: &Policy) -> Option<Refusal> {
    let name = &facts.repository;
    if facts.archived {
        return refused(format!(
            "{name} is archived: nobody can push to it until it is unarchived"
        ));
    }
    if !facts.may_push {
        return refused(format!(
            "the worker's token may not push to {name}: the operator can give it that right"
        ));
    }
    None
}

/// There is a cage around what a model wrote, or the operator does without one here.
pub(super) fn caged(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    let without = if facts.public { policy.native_public } else { policy.native_private };
    if policy.level != Isolation::Native || without {
        return None;
    }
    let name = &facts.repository;
    match named(&policy.native_allowed, facts) {
        Named::Yes => None,
        Named::Other { first } => another(facts, first, "trust.allow_native"),
        Named::No if facts.public => refused(format!(
            "{name} is public, and this worker has no cage for what a model writes: its operator \
             can install one (on Linux bubblewrap, and `codingworker doctor` says what is \
             missing), or do without by putting {name} into `trust.allow_native`"
        )),
        Named::No => refused(format!(
            "this worker has no cage for what a model writes in {name}, and its operator's \
             `trust.native` is `never`: he can install one (on Linux bubblewrap, and \
             `codingworker doctor` says what is missing), or put {name} into `trust.allow_native`"
        )),
    }
}

/// Nothing asks in a circle.
pub(super) fn not_too_often(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    let (runs, most) = (facts.runs_today, policy.max_runs_per_day);
    if runs <= most {
        return None;
    }
    let reason = format!(
        "{} was taken up {runs} times in a day, and `trust.max_runs_per_day` is {most}: something \
         may be asking in a circle, so ask again tomorrow",
        facts.name()
    );
    Some(Refusal { reason, told: Told::OncePerThread })
}

/// The issue or the pull request still waits for work, and its branch takes it.
pub(super) fn open(facts: &Facts, policy: &Policy) -> Option<Refusal> {
    let name = facts.name();
    match facts.subject {
        Subject::Issue { open: false, .. } => {
            refused(format!("{name} is closed: reopen it and {}", facts.ask_again(policy)))
        }
        Subject::Issue { .. } => None,
        Subject::Pull { merged: true, .. } => {
            refused(format!("{name} is merged: open an issue for what is still to be done"))
        }
        Subject::Pull { open: false, .. } => {
            refused(format!("{name} is closed: reopen it and {}", facts.ask_again(policy)))
        }
        Subject::Pull { head_gone: true, .. } => refused(format!(
            "the branch of {name} is gone: restore it and {}",
            facts.ask_again(policy)
        )),
        Subject::Pull { fork: true, .. } if !policy.forks => refused(format!(
            "{name} comes from a fork, and this worker does not push to forks: bring its branch \
             into {}, or let the operator set `trust.forks: true`",
            facts.repository
        )),
        Subject::Pull { fork: true, maintainer_can_modify: false, .. } => refused(format!(
            "{name} comes from a fork that maintainers may not push to: let its author tick \"Allow \
             edits by maintainers\" and {}",
            facts.ask_again(policy)
        )),
        Subject::Pull { .. } => None,
    }
}
