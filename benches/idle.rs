//! What the release binary costs when there is nothing to do: its size, how long `serve` takes to
//! its first poll and to its end, and what it holds and does while it waits on the embedded queue.
//!
//! Takes the binary's path as its argument, else the one that was built with it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use figures::{Samples, say};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

mod figures;

const STARTS: usize = 10;
/// The worker says this once it is about to ask the queue for the first time.
const READY: &str = "waiting for tasks";
/// After this long at rest the threads of the start are gone, and their counters with them.
const SETTLE: Duration = Duration::from_secs(12);
const WATCHED: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let named = std::env::args().skip(1).find(|it| !it.starts_with("--"));
    let binary = PathBuf::from(named.unwrap_or_else(|| env!("CARGO_BIN_EXE_codingworker").into()));
    let binary = binary.canonicalize().expect("the binary: build it first, or name its path");
    println!("idle: {} serve, embedded queue, no job", binary.display());
    let size = fs::metadata(&binary).expect("the binary").len();
    say("binary: size", size as f64 / 1e6, "MB", Some("< 25 MB"));
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut fresh = Vec::new();
    for nth in 0..STARTS {
        fresh.push(Serve::start(&binary, &dir.path().join(format!("fresh-{nth}"))).took);
    }
    let again_dir = dir.path().join("again");
    drop(Serve::start(&binary, &again_dir));
    let again: Vec<Duration> =
        (0..STARTS).map(|_| Serve::start(&binary, &again_dir).took).collect();
    for (name, samples) in [("first start", fresh), ("later start", again)] {
        let samples = Samples::of(samples);
        say(
            &format!("serve: {name} to first poll, median"),
            samples.percentile(50),
            "ms",
            Some("< 100 ms"),
        );
        say(&format!("serve: {name} to first poll, max"), samples.percentile(100), "ms", None);
    }
    let ends = (0..STARTS).map(|_| Serve::start(&binary, &again_dir).end());
    let (ends, codes): (Vec<_>, Vec<_>) = ends.unzip();
    let ends = Samples::of(ends);
    say("serve: SIGTERM to its end with nothing to do, median", ends.percentile(50), "ms", None);
    say("serve: SIGTERM to its end, max", ends.percentile(100), "ms", Some("<= 2000 ms"));
    let code =
        if codes.iter().all(|it| *it == Some(0)) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let failed = codes.iter().filter(|it| **it != Some(0)).count();
    say("serve: ends that were no success", failed as f64, "", Some("0"));
    let serve = Serve::start(&binary, &dir.path().join("idle"));
    std::thread::sleep(SETTLE);
    let Some(before) = serve.usage() else {
        println!("memory and wake-ups are read from /proc, which this system has not");
        return code;
    };
    say("serve: resident at rest", before.resident_mb, "MB", Some("< 30 MB"));
    say("serve: threads", before.threads as f64, "", None);
    std::thread::sleep(WATCHED);
    let after = serve.usage().expect("it still runs");
    let seconds = WATCHED.as_secs_f64();
    let busy = (after.cpu_ms - before.cpu_ms).max(0.0) / seconds;
    say("serve: processor time at rest", busy, "ms/s", Some("no busy waiting"));
    let switches = after.switches.saturating_sub(before.switches) as f64 / seconds;
    say("serve: wake-ups at rest", switches, "per s", Some("no busy waiting"));
    code
}

/// A worker that waits for tasks. Ends with this value.
struct Serve {
    child: Child,
    /// From its start to the line that says it waits.
    took: Duration,
}

/// What `/proc` says, summed over all threads.
struct Usage {
    resident_mb: f64,
    threads: usize,
    cpu_ms: f64,
    switches: u64,
}

impl Serve {
    #[expect(clippy::disallowed_methods, reason = "its output is read while it runs, unbounded")]
    fn start(binary: &Path, dir: &Path) -> Self {
        fs::create_dir_all(dir.join("host")).expect("a folder");
        let config = dir.join("config.yaml");
        let text = format!(
            "worker: {{worker_id: bench, state_dir: {:?}}}\n\
             github: {{git_url: \"file://{}\"}}\n\
             ollama: {{host: \"http://127.0.0.1:9\"}}\n",
            dir.join("state"),
            dir.join("host").display()
        );
        fs::write(&config, text).expect("a configuration");
        let begun = Instant::now();
        let mut child = Command::new(binary)
            .arg("--config")
            .arg(&config)
            .args(["--log-format", "text", "serve"])
            .env_clear()
            .env("HOME", dir)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a worker");
        let mut lines = BufReader::new(child.stderr.take().expect("its standard error"));
        let mut said = String::new();
        loop {
            let length = said.len();
            let read = lines.read_line(&mut said).expect("its words");
            assert!(read > 0, "serve ended before it waited for tasks:\n{said}");
            if said[length..].contains(READY) {
                break;
            }
        }
        let took = begun.elapsed();
        std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
        Self { child, took }
    }

    /// Tells it to stop; says how long that took, and its exit code.
    fn end(mut self) -> (Duration, Option<i32>) {
        let begun = Instant::now();
        self.tell_to_stop();
        let status = self.child.wait().expect("its end");
        (begun.elapsed(), status.code())
    }

    fn tell_to_stop(&self) {
        let id = i32::try_from(self.child.id()).unwrap_or_default();
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }

    fn usage(&self) -> Option<Usage> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = fs::read_to_string(process.join("status")).ok()?;
        let tasks: Vec<PathBuf> =
            fs::read_dir(process.join("task")).ok()?.flatten().map(|it| it.path()).collect();
        let read = |name: &str| {
            let texts = tasks.iter().filter_map(|it| fs::read_to_string(it.join(name)).ok());
            texts.collect::<Vec<_>>()
        };
        // Its first number: nanoseconds on a processor.
        let cpu = read("schedstat");
        let cpu = cpu.iter().filter_map(|it| it.split_whitespace().next()?.parse::<u64>().ok());
        Some(Usage {
            resident_mb: number(&status, "VmRSS:") as f64 * 1_024.0 / 1e6,
            threads: tasks.len(),
            cpu_ms: cpu.sum::<u64>() as f64 / 1e6,
            switches: read("status").iter().map(|it| number(it, "voluntary_ctxt_switches:")).sum(),
        })
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // Who has ended already has no such process any more: the number may be somebody else's.
        if self.child.try_wait().is_ok_and(|it| it.is_none()) {
            self.tell_to_stop();
            let _ = self.child.wait();
        }
    }
}

fn number(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|it| it.strip_prefix(name));
    line.and_then(|it| it.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
