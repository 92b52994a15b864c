//! A simulator: seeded worlds around the same brain and hands, on a clock that nobody waits for.
//!
//! `./taskw sim -- --seeds 20000 --from 0 [--mutant NAME]`, and `--seed S` tells one with all that
//! happened. Each seed is run twice and must give the same trace. A run without `--mutant` also
//! takes one law after the other out of the program, and each must be missed within its seeds.

#![expect(clippy::unwrap_used, reason = "a world that cannot be made should end its run")]

mod gate;
mod hands;
mod host;
mod laws;
mod life;
mod queue;
mod store;
mod world;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use codingworker::fault::{Mutation, mutate};
use life::{Tale, tell};

/// Seeds that once found something: they are always run.
const KEPT: &[u64] = &[308];
/// Within so many seeds each mutant must be caught.
const MUTANT_SEEDS: u64 = 400;

/// The laws that are taken out, each with seeds that are known to miss it: these are tried first.
const MUTANTS: &[(Mutation, &[u64])] = &[
    (Mutation::NoFence, &[]),
    (Mutation::TokenStays, &[]),
    (Mutation::NoConfirm, &[]),
    (Mutation::WallClockAlone, &[]),
    (Mutation::MonotonicAlone, &[]),
    (Mutation::BelieveFirst, &[]),
    (Mutation::SettleFirst, &[]),
    (Mutation::NoAdopt, &[]),
    (Mutation::FinishedStarts, &[]),
    (Mutation::NoLook, &[0]),
    (Mutation::BlindResend, &[]),
    (Mutation::ReturnFirst, &[]),
    (Mutation::SettlePutDown, &[]),
    (Mutation::SlotLeaks, &[]),
    (Mutation::DeathsForgotten, &[6]),
    (Mutation::ReceiptForgotten, &[]),
    (Mutation::NoHandOver, &[9]),
    (Mutation::HandOverBlindly, &[11]),
    (Mutation::PushForced, &[0]),
    (Mutation::HeartbeatStopped, &[2]),
    (Mutation::ReleaseForgotten, &[]),
    (Mutation::ModelHoldIgnored, &[5]),
    (Mutation::SeatNotRetaken, &[]),
    (Mutation::TurnsUnlimited, &[]),
    (Mutation::KillerNotBuried, &[6]),
    (Mutation::DeadLetterLost, &[6520]),
];

struct Options {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    mutant: Option<Mutation>,
}

/// What is asked for; nothing, when it is only tests of other targets.
fn options() -> Result<Option<Options>, String> {
    let mut found = Options { seeds: 1_000, from: 0, seed: None, mutant: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        let number = |it: String| it.parse::<u64>().map_err(|_| format!("`{it}` is no number"));
        match word.as_str() {
            "--seeds" => found.seeds = number(value()?)?,
            "--from" => found.from = number(value()?)?,
            "--seed" => found.seed = Some(number(value()?)?),
            "--mutant" => {
                let name = value()?;
                let known = MUTANTS.iter().find(|it| format!("{:?}", it.0) == name);
                let known = known.ok_or(format!("there is no mutant {name}"))?;
                found.mutant = Some(known.0);
            }
            // What cargo hands to every test binary.
            "--nocapture" | "--no-capture" | "--show-output" | "--quiet" | "-q" => {}
            "--exact" | "--include-ignored" => {}
            "--test-threads" | "--skip" | "--color" => drop(value()?),
            other if other.starts_with("--test-threads=") => {}
            // `cargo test NAME` asks for tests of that name, and none of these is.
            "--list" => return Ok(None),
            name if !name.starts_with('-') => return Ok(None),
            other => return Err(format!("what is `{other}`? --seeds, --from, --seed, --mutant")),
        }
    }
    Ok(Some(found))
}

fn run(seed: u64, verbose: bool) -> Tale {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().unwrap();
    let tale = runtime.block_on(tell(seed, verbose));
    runtime.shutdown_background();
    tale
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    // Some worlds have panics in them; what they break is found by its effects.
    std::panic::set_hook(Box::new(|_| {}));
    mutate(options.mutant);
    if let Some(seed) = options.seed {
        let tale = run(seed, true);
        return match tale.violation {
            Some(law) => {
                println!("seed {seed}: {law}");
                ExitCode::FAILURE
            }
            None => ExitCode::SUCCESS,
        };
    }
    let seeds: Vec<u64> = (options.from..options.from + options.seeds).collect();
    let fine = match options.mutant {
        Some(mutant) => tell_of(&[catch(mutant, &seeds)]),
        None => {
            let clean = clean(KEPT.iter().chain(&seeds).copied());
            let bitten = catch_all();
            tell_of(&bitten) && clean
        }
    };
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What some seeds came to.
#[derive(Default)]
struct Sum {
    worlds: usize,
    lives: usize,
    jobs: usize,
    passed: Duration,
    broken: Vec<(u64, String)>,
}

/// Does it for each, on as many threads as there are cores.
fn each<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(it) = all.get(next.fetch_add(1, Ordering::SeqCst)) {
                    work(it);
                }
            });
        }
    });
}

/// What is wrong with a seed, also that it is another the second time.
fn twice(seed: u64) -> (Option<String>, Vec<Tale>) {
    let first = run(seed, false);
    if first.violation.is_some() {
        return (first.violation.clone(), vec![first]);
    }
    let second = run(seed, false);
    let same = first.hash == second.hash;
    let found = (!same).then(|| "another trace when it is run again".to_owned());
    (found, vec![first, second])
}

/// Whether no law is broken in any of these, and each is the same when it is run again.
fn clean(seeds: impl Iterator<Item = u64>) -> bool {
    let (began, all) = (Instant::now(), Mutex::new(Sum::default()));
    each(&seeds.collect::<Vec<_>>(), |seed| {
        let (found, tales) = twice(*seed);
        let mut sum = all.lock().unwrap();
        sum.worlds += tales.len();
        sum.lives += tales.iter().map(|it| it.lives).sum::<usize>();
        sum.jobs += tales.iter().map(|it| it.jobs).sum::<usize>();
        sum.passed += tales.iter().map(|it| it.passed).sum::<Duration>();
        sum.broken.extend(found.map(|law| (*seed, law)));
    });
    let (mut sum, took) = (all.into_inner().unwrap(), began.elapsed().as_secs_f64());
    sum.broken.sort();
    for (seed, law) in &sum.broken {
        println!("seed {seed}: {law}");
    }
    let passed = sum.passed.as_secs_f64();
    println!(
        "| Worlds (each seed twice) | Jobs that ended | Lives of workers | Simulated | Real | Ratio | Broken |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    println!(
        "| {} | {} | {} | {:.0} h | {took:.1} s | {:.0} | {} |",
        sum.worlds,
        sum.jobs,
        sum.lives,
        passed / 3_600.0,
        passed / took,
        sum.broken.len(),
    );
    sum.broken.is_empty()
}

/// What became of a program without one of its laws.
struct Bite {
    mutant: Mutation,
    /// The seed that missed the law, after how many, and what it says.
    caught: Option<(u64, usize, String)>,
}

/// Whether it is noticed, in one of these worlds, that this law is gone.
fn catch(mutant: Mutation, seeds: &[u64]) -> Bite {
    mutate(Some(mutant));
    let found = |(nth, seed): (usize, &u64)| run(*seed, false).violation.map(|it| (*seed, nth, it));
    let caught = seeds.iter().enumerate().find_map(found);
    mutate(None);
    Bite { mutant, caught }
}

fn catch_all() -> Vec<Bite> {
    let all = Mutex::new(Vec::new());
    each(MUTANTS, |(mutant, known)| {
        let seeds = known.iter().copied().chain(0..MUTANT_SEEDS).collect::<Vec<_>>();
        let bite = catch(*mutant, &seeds);
        all.lock().unwrap().push(bite);
    });
    let mut all = all.into_inner().unwrap();
    all.sort_by_key(|it| MUTANTS.iter().position(|known| known.0 == it.mutant));
    all
}

/// Prints the table; whether all were caught.
fn tell_of(bites: &[Bite]) -> bool {
    println!("\n| Law taken out | Caught at seed | Worlds needed | What was broken |");
    println!("| --- | ---: | ---: | --- |");
    for Bite { mutant, caught } in bites {
        match caught {
            Some((seed, nth, law)) => println!("| {mutant:?} | {seed} | {} | {law} |", nth + 1),
            None => println!("| {mutant:?} | NOT CAUGHT | | |"),
        }
    }
    let caught = bites.iter().filter(|it| it.caught.is_some()).count();
    println!("\n{caught} of {} caught", bites.len());
    caught == bites.len()
}
