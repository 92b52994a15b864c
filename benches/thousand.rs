//! A thousand jobs at once: what the worker itself holds, and how fast it starts them.
//!
//! Real: the queue in its file, the shift with as many slots, each job's journal flushed to the
//! disk, and a child process of each job that prints, waits until all of them run, and prints
//! again. Not in it: what an agent and a model would need. Takes the number as its argument;
//! leaves with 1 when a job did not run exactly once, or left something behind.

use std::process::ExitCode;

use figures::say;

#[path = "thousand/crowd.rs"]
mod crowd;
mod figures;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let named = std::env::args().skip(1).find(|it| it != "--bench");
    let jobs = named.map_or(1_000, |it| it.parse().expect("a number of jobs"));
    println!("thousand: {jobs} jobs at once, each with a child that prints and waits");
    let seen = crowd::play(jobs).await;
    say("thousand: jobs that ran at the same time", seen.together as f64, "", None);
    say("thousand: jobs that never ran", seen.lost as f64, "", Some("0"));
    say("thousand: jobs that ran twice", seen.doubled as f64, "", Some("0"));
    let rate = jobs as f64 / seen.started.as_secs_f64();
    say(
        "thousand: starts, from the first receive to the last start",
        rate,
        "per s",
        Some(">= 300"),
    );
    let ended = jobs as f64 / seen.ended.as_secs_f64();
    say("thousand: ends, until the last delivery is settled", ended, "per s", None);
    if let (Some(before), Some(during)) = (&seen.before, &seen.during) {
        let (most, wanted) = (during.resident_mb, Some("<= 150 MB"));
        say("thousand: resident, the worker alone", most, "MB", wanted);
        say("  of it before the first job", before.resident_mb, "MB", None);
        say("thousand: threads", during.threads as f64, "", None);
        say("thousand: handles while all run", during.handles as f64, "", None);
    } else {
        println!("memory and handles are read from /proc, which this system has not");
    }
    say("thousand: handles left over", seen.left_over() as f64, "", Some("0"));
    if seen.is_sound() && seen.left_over() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
