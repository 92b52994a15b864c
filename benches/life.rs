//! The whole life of a job that does nothing, with every step of it flushed to the disk: many
//! producers submit, workers receive and settle. `life` alone measures the queue, and then the
//! queue with the job's journal (what a worker really does for each job); it leaves with 1 when a
//! job was lost or done twice. Takes the number of jobs as its argument.
//!
//! `life work|submit|both|journal ROOM JOBS WARM_UP WORKERS PRODUCERS` is one side of it, for
//! `scripts/bench/queues.py`, which plays the same with other queues.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use figures::{Samples, say};
use queue::{Lives, Moment, Size};
use tokio::io::{AsyncReadExt, stdin};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod figures;
#[path = "life/journal.rs"]
mod journal;
#[path = "life/queue.rs"]
mod queue;

/// Nothing may take longer than this without a job that ends.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let number = |nth: usize, default| {
        words.get(nth).map_or(default, |it| it.parse::<usize>().expect("a number"))
    };
    let plain = words.first().is_some_and(|it| it.parse::<usize>().is_ok());
    let size = Size {
        jobs: number(if plain { 0 } else { 2 }, 10_000),
        warm_up: number(3, 500),
        workers: number(4, 100),
        producers: number(5, 100),
    };
    match (words.first().map(String::as_str), words.get(1).map(Path::new)) {
        (Some("work"), Some(room)) => work(room, &size).await,
        (Some("submit"), Some(room)) => submit(room, &size).await,
        (Some("both"), Some(room)) => {
            let (begun, ended) = queue::both(room, &size, PATIENCE).await;
            tell(room, &begun, &ended).await;
        }
        (Some("journal"), Some(room)) => {
            let (begun, ended) = journal::both(room, &size, PATIENCE).await;
            tell(room, &begun, &ended).await;
        }
        _ => return alone(&size).await,
    }
    ExitCode::SUCCESS
}

async fn alone(size: &Size) -> ExitCode {
    println!(
        "life: {} jobs that do nothing, {} producers, {} workers, one process, all flushed",
        size.jobs, size.producers, size.workers
    );
    let room = tempfile::tempdir().expect("a temporary folder");
    let queue = queue::both(room.path(), size, PATIENCE).await;
    let room = tempfile::tempdir().expect("a temporary folder");
    let journal = journal::both(room.path(), size, PATIENCE).await;
    let mut sound = true;
    for (name, (begun, ended)) in [("queue", queue), ("queue and journal", journal)] {
        let lives = Lives::of(&begun, &ended);
        sound &= lives.lost == 0 && lives.doubled == 0;
        say(&format!("life, {name}: lost"), lives.lost as f64, "", Some("0"));
        say(&format!("life, {name}: done twice"), lives.doubled as f64, "", Some("0"));
        let rate = size.jobs as f64 / lives.whole.as_secs_f64();
        say(&format!("life, {name}"), rate, "jobs/s", None);
        let each = Samples::of(lives.each);
        say(&format!("life, {name}: submitted to settled, p50"), each.percentile(50), "ms", None);
        say(&format!("life, {name}: submitted to settled, p99"), each.percentile(99), "ms", None);
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn work(room: &Path, size: &Size) {
    let (_database, it) = queue::open(room);
    let (stop, (ended, mut ends)) = (CancellationToken::new(), mpsc::unbounded_channel());
    let working = tokio::spawn(queue::work(it, size.workers, ended, stop.clone()));
    println!("ready");
    let ended = queue::all_ended(&mut ends, size.all(), PATIENCE).await.expect("all end");
    stop.cancel();
    working.await.expect("no panic");
    tell(room, &[], &ended).await;
}

async fn submit(room: &Path, size: &Size) {
    let (_database, it) = queue::open(room);
    queue::submit(&it, size.jobs..size.all(), size.producers, queue::body).await;
    queue::settled(&it).await;
    let begun = queue::submit(&it, 0..size.jobs, size.producers, queue::body).await;
    write(&room.join("submitted"), &begun);
}

/// Writes down what was seen, says so, and stays until nobody listens any more.
async fn tell(room: &Path, begun: &[Moment], ended: &[Moment]) {
    if !begun.is_empty() {
        write(&room.join("submitted"), begun);
    }
    write(&room.join("finished"), ended);
    println!("done");
    let _ = stdin().read(&mut [0]).await;
}

fn write(file: &Path, moments: &[Moment]) {
    let lines: String = moments.iter().map(|(number, at)| format!("{number} {at}\n")).collect();
    fs::write(file, lines).expect("a file");
}
