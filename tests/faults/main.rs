//! The fault suite: the real binary, stopped at every point before and after a durable write or an
//! outside effect, in every way, and started again. After each: exactly one outcome for the one
//! trigger, and nothing left over.
//!
//! `./taskw faults` runs it; `./taskw faults -- --rounds 20 --write docs/reliability.md` writes
//! the table. Points are found by what runs pass, and a point in the sources that no run passes
//! fails the suite.

#![expect(clippy::unwrap_used, reason = "a suite that cannot go on fails right there")]
#![expect(clippy::disallowed_methods, reason = "the binary under test is a child of the suite")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

#[path = "../it"]
mod it {
    #[expect(dead_code, unused_imports, reason = "has more than this suite needs")]
    pub(crate) mod github_double;
    pub(crate) mod scripted_ollama;
    #[expect(dead_code, unused_imports, reason = "has more than this suite needs")]
    pub(crate) mod setup;
}
use it::{github_double, scripted_ollama, setup};

mod args;
mod case;
mod life;
mod machine;
mod oracle;
mod points;
mod proxy;
mod report;
mod sqs;
mod sweep;
mod world;

use args::Args;
use case::{Case, Mode, Scenario, Verdict};
use report::Report;
use world::Ground;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if args.list {
        return ExitCode::SUCCESS;
    }
    sweep::sweep();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(suite(args))
}

async fn suite(args: Args) -> ExitCode {
    let began = Instant::now();
    let ground = Arc::new(Ground::make().await);
    let found = points::discover(&ground).await;
    let mut report = Report::new(found.len(), points::never_passed(&found));
    let cases = chosen(&args, &found);
    println!("{} points, {} cases, {} at once", found.len(), cases.len(), args.jobs);
    // On SQS a worker mostly waits until the service shows a message again.
    let (here, remote) = (places(args.jobs), places(REMOTE));
    let work = cases.into_iter().map(|case| {
        let ground = ground.clone();
        let place = if case.scenario.is_remote() { remote.clone() } else { here.clone() };
        (place, async move {
            let verdict = case::run(&ground, &case).await;
            (case, verdict)
        })
    });
    at_once(work, |(case, verdict)| report.add(case, verdict)).await;
    let classes = ["disk", "database", "network", "spawn"];
    let classes = classes.map(|it| until_untouched(&args, &ground, it, &here));
    for (case, verdict) in futures_util::future::join_all(classes).await.into_iter().flatten() {
        report.add(case, verdict);
    }
    let trials = machine::all(args.sample, args.seed).into_iter();
    let trials = trials.filter(|it| args.wants(&it.to_string()));
    let work = trials.map(|trial| {
        let ground = ground.clone();
        let trial = async move {
            let verdict = machine::run(&ground, &trial).await;
            (trial, verdict)
        };
        (here.clone(), trial)
    });
    at_once(work, |(trial, verdict)| report.add_trial(&trial, verdict)).await;
    report.print(began.elapsed());
    if let Some(path) = &args.write {
        std::fs::write(path, report.markdown(&args, began.elapsed())).unwrap();
    }
    if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn places(many: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(many))
}

/// Runs each when there is a place for it, and tells what came of each as soon as it ends.
async fn at_once<T: Send + 'static>(
    work: impl Iterator<Item = (Arc<Semaphore>, impl Future<Output = T> + Send + 'static)>,
    mut tell: impl FnMut(T),
) {
    let mut running = tokio::task::JoinSet::new();
    for (places, one) in work {
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            one.await
        });
    }
    while let Some(done) = running.join_next().await {
        tell(done.unwrap());
    }
}

/// Makes the first call of a class fail, then the second, until none is left to fail: what no
/// point was thought of for is met too. A sample takes every tenth.
async fn until_untouched(
    args: &Args,
    ground: &Arc<Ground>,
    class: &str,
    here: &Arc<Semaphore>,
) -> Vec<(Case, Verdict)> {
    let step = if args.sample { 10 } else { 1 };
    let (mut found, batch) = (Vec::new(), (args.jobs as u64).div_ceil(2));
    let mut next = 1 + if args.sample { args.seed % step } else { 0 };
    loop {
        let cases = (0..batch).map(|at| Case {
            scenario: Scenario::Fresh,
            point: format!("class:{class}"),
            mode: Mode::Error,
            hit: next + at * step,
        });
        let cases = cases.filter(|it| args.wants(&it.to_string())).collect::<Vec<_>>();
        let work = cases.into_iter().map(|case| {
            let ground = ground.clone();
            let case = async move {
                let verdict = case::run(&ground, &case).await;
                (case, verdict)
            };
            (here.clone(), case)
        });
        let mut done = Vec::new();
        at_once(work, |it| done.push(it)).await;
        let untouched = done.iter().any(|(_, verdict)| !verdict.fired);
        found.extend(done.into_iter().filter(|(_, it)| it.fired));
        next += batch * step;
        if untouched || next > MOST_CALLS {
            return found;
        }
    }
}

/// How many cases at once whose queue is SQS.
const REMOTE: usize = 16;

/// More calls of one class than any job here makes.
const MOST_CALLS: u64 = 600;

/// What is to be run: every point in every mode; of a sample, every point killed, and in one of
/// the other modes, which differs from point to point.
fn chosen(args: &Args, found: &[points::Found]) -> Vec<Case> {
    let mut cases = Vec::new();
    for round in 1..=args.rounds {
        for (at, point) in found.iter().enumerate() {
            for (nth, mode) in Mode::ALL.into_iter().enumerate() {
                let turn = 1 + (at + args.seed as usize) % (Mode::ALL.len() - 1);
                if args.sample && nth != 0 && nth != turn {
                    continue;
                }
                // The first round takes the first hit; the others go through them.
                let hit = 1 + (round - 1 + args.seed) % point.hits.max(1);
                cases.push(Case { scenario: point.scenario, point: point.name.clone(), mode, hit });
            }
        }
    }
    cases.retain(|case| args.wants(&case.to_string()));
    cases
}
