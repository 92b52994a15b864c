//! What the machine itself does to a worker: power, disk, clock, signals, and other programs.

use std::fmt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::case::{BEFORE, DRAIN, Scenario, Verdict, recover, said};
use crate::life::{Ended, GOES_ON, live};
use crate::proxy::{Line, Proxy};
use crate::world::{Ground, World, processes};

/// A fault that is none, at the very start: from then on patience is counted.
const SOON: &str = "database.open:before=delay:1@1";
/// How long a worker that has to wait is left waiting, before it is told to stop.
const PATIENCE: Duration = Duration::from_secs(8);

/// A fault of the machine, by its number in the list of faults and its name.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) number: &'static str,
    pub(crate) name: String,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// The database's log ends so many bytes early after the N-th commit.
    Torn {
        commit: u64,
        bytes: u64,
    },
    /// `state_dir` is a file system of so many KiB.
    Small(u32),
    ReadOnly,
    /// No file grows beyond so many blocks of 512 bytes.
    Short(u32),
    Locked,
    Corrupt,
    /// The clock of the next life is off by this.
    Clock(&'static str),
    /// Nothing runs for some seconds, as of a laptop that sleeps.
    Asleep,
    /// What is wrong on the way to the code host.
    Wire(Line),
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number, self.name)
    }
}

/// All of them; in a sample, one or two of each kind.
pub(crate) fn all(sample: bool, seed: u64) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |number, name: String, what| trials.push(Trial { number, name, what });
    let commits = if sample { 3 } else { 24 };
    for nth in 0..commits {
        let commit = 1 + if sample { (seed + nth * 9) % 24 } else { nth };
        let bytes = 1 + (seed + nth) * 1_237 % 6_000;
        let name = format!("power lost after commit {commit}, {bytes} bytes of the log with it");
        add("F2", name, What::Torn { commit, bytes });
    }
    let sizes: &[u32] = if sample {
        &[900, 1_100]
    } else {
        &[300, 600, 800, 900, 1_000, 1_100, 1_200, 1_400, 1_700, 2_000]
    };
    for kib in sizes {
        add("F33", format!("a disk of {kib} KiB is full"), What::Small(*kib));
    }
    add("F33", "a disk that cannot be written".into(), What::ReadOnly);
    let blocks: &[u32] = if sample { &[300] } else { &[8, 64, 200, 300, 400, 600, 800] };
    for blocks in blocks {
        add("F33", format!("no file may be larger than {} KiB", blocks / 2), What::Short(*blocks));
    }
    add("F37", "the database is locked for 7 s".into(), What::Locked);
    add("F37", "the database is damaged".into(), What::Corrupt);
    for jump in ["+1h", "-1h", "+1y", "-1y"] {
        add("F12", format!("the clock jumps by {jump}"), What::Clock(jump));
    }
    add("F13", "the machine sleeps for 4 s".into(), What::Asleep);
    for line in Line::ALL {
        let number = if line == Line::LosesReplies { "F22" } else { "F21" };
        add(number, format!("the way to the code host: {line:?}"), What::Wire(line));
    }
    trials
}

/// Runs one from the trigger to its end.
pub(crate) async fn run(ground: &Ground, trial: &Trial) -> Verdict {
    let began = Instant::now();
    let mut world = World::make(ground, Scenario::Fresh).await;
    let mut verdict = match trial.what {
        What::Torn { commit, bytes } => torn(&world, ground, commit, bytes).await,
        What::Small(kib) => small(&world, ground, kib).await,
        What::ReadOnly => read_only(&world, ground).await,
        What::Short(blocks) => {
            submit(&world).await;
            world.shell = Some(format!("ulimit -c 0; ulimit -f {blocks};"));
            let first = live(&world, 1, &DRAIN, SOON, PATIENCE).await;
            world.shell = None;
            recover(&world, ground, first, true).await
        }
        What::Locked => locked(&world, ground).await,
        What::Corrupt => corrupt(&world, ground).await,
        What::Clock(jump) => {
            submit(&world).await;
            let first = live(&world, 1, &DRAIN, BEFORE, GOES_ON).await;
            world.env.insert("LD_PRELOAD".into(), faketime().to_str().unwrap().into());
            world.env.insert("FAKETIME".into(), jump.into());
            world.env.insert("FAKETIME_DONT_FAKE_MONOTONIC".into(), "1".into());
            // By whose clock, this time?
            Verdict { recovery: None, ..recover(&world, ground, first, false).await }
        }
        What::Asleep => asleep(&world, ground).await,
        What::Wire(line) => {
            let url = world.github.api_url();
            let proxy = Proxy::start(url["http://".len()..].parse().unwrap(), line).await;
            world.reword(&url, &proxy.url);
            submit(&world).await;
            let first = live(&world, 1, &DRAIN, "", GOES_ON).await;
            // A line that stays bad may end the job, as long as a comment says so.
            recover(&world, ground, first, true).await
        }
    };
    if !verdict.findings.is_empty() {
        verdict.said = said(&world);
    }
    verdict.took = began.elapsed();
    verdict
}

async fn submit(world: &World) {
    world.queue().submit(&world.task()).await.unwrap();
}

async fn torn(world: &World, ground: &Ground, commit: u64, bytes: u64) -> Verdict {
    submit(world).await;
    let faults = format!("database.commit:after=kill@{commit}");
    let first = live(world, 1, &DRAIN, &faults, GOES_ON).await;
    let wal = world.state_dir().join("codingworker.db-wal");
    if let Ok(file) = std::fs::OpenOptions::new().write(true).open(&wal) {
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(bytes)).unwrap();
    }
    recover(world, ground, first, false).await
}

async fn small(world: &World, ground: &Ground, kib: u32) -> Verdict {
    let disk = Disk::mount(&world.state_dir(), kib);
    submit(world).await;
    // It waits for room, as long as it takes: until it is told to stop.
    let first = live(world, 1, &DRAIN, SOON, PATIENCE).await;
    disk.remount("size=256m");
    recover(world, ground, first, true).await
}

async fn read_only(world: &World, ground: &Ground) -> Verdict {
    let disk = Disk::mount(&world.state_dir(), 65_536);
    submit(world).await;
    disk.remount("ro");
    let mut first = live(world, 1, &DRAIN, "", GOES_ON).await;
    if first.status.is_none_or(|it| it.success() || it.code().is_none()) {
        first.findings.push(format!("left with {:?} where nothing can be written", first.status));
    }
    disk.remount("rw");
    recover(world, ground, first, false).await
}

async fn locked(world: &World, ground: &Ground) -> Verdict {
    submit(world).await;
    let path = world.state_dir().join("codingworker.db");
    let trace = world.path().join("trace-1");
    let holder = std::thread::spawn(move || {
        let end = Instant::now() + Duration::from_secs(30);
        let reached = || std::fs::read_to_string(&trace).is_ok_and(|it| it.contains("Prepared"));
        while !reached() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.busy_timeout(Duration::from_secs(20)).unwrap();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        std::thread::sleep(Duration::from_secs(7));
        connection.execute_batch("ROLLBACK").unwrap();
    });
    // A worker that puts its job down leaves it for a minute: so long nobody waits here.
    let first = live(world, 1, &DRAIN, SOON, PATIENCE * 2).await;
    holder.join().unwrap();
    recover(world, ground, first, false).await
}

async fn corrupt(world: &World, ground: &Ground) -> Verdict {
    submit(world).await;
    let mut first = live(world, 1, &DRAIN, BEFORE, GOES_ON).await;
    let path = world.state_dir().join("codingworker.db");
    // Opened and closed, so that all is in the one file.
    drop(world.database());
    let sound = std::fs::read(&path).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    for page in 1..sound.len() as u64 / 4_096 {
        file.write_all_at(&[0xa5; 512], page * 4_096).unwrap();
    }
    let broken = live(world, 2, &DRAIN, "", GOES_ON).await;
    if broken.status.is_none_or(|it| it.success() || it.code().is_none()) {
        first.findings.push(format!("left with {:?} where all is damaged", broken.status));
    }
    let told = std::fs::read_to_string(world.path().join("worker-2.log")).unwrap_or_default();
    if !told.contains("damaged") && !told.contains("malformed") {
        first.findings.push(format!("does not say that the database is damaged: {told}"));
    }
    for side in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(world.state_dir().join(format!("codingworker.db{side}")));
    }
    std::fs::write(&path, sound).unwrap();
    recover(world, ground, first, false).await
}

async fn asleep(world: &World, ground: &Ground) -> Verdict {
    submit(world).await;
    let folder = world.path().to_owned();
    let trace = world.path().join("trace-1");
    let sleeper = std::thread::spawn(move || {
        let end = Instant::now() + Duration::from_secs(30);
        let reached = || std::fs::read_to_string(&trace).is_ok_and(|it| it.contains("Baselined"));
        while !reached() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        let asleep = processes(&folder);
        let all = |signal| asleep.iter().for_each(|(pid, _)| _ = kill(Pid::from_raw(*pid), signal));
        all(Signal::SIGSTOP);
        std::thread::sleep(Duration::from_secs(4));
        all(Signal::SIGCONT);
    });
    let first: Ended = live(world, 1, &DRAIN, "", GOES_ON).await;
    sleeper.join().unwrap();
    recover(world, ground, first, false).await
}

/// A small file system in memory, gone when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, kib: u32) -> Self {
        std::fs::create_dir_all(at).unwrap();
        as_root(&["mount", "-t", "tmpfs", "-o", &format!("size={kib}k,mode=0700"), "cw-fault"], at);
        Self(at.to_owned())
    }

    fn remount(&self, how: &str) {
        as_root(&["mount", "-o", &format!("remount,{how}")], &self.0);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.0);
    }
}

pub(crate) fn unmount(at: &Path) {
    // Lazily: something may still have a file open there.
    as_root(&["umount", "--lazy"], at);
}

fn as_root(words: &[&str], at: &Path) {
    let sudo: &[&str] = if nix::unistd::geteuid().is_root() { &[] } else { &["sudo", "-n"] };
    let words = [sudo, words].concat();
    let mut command = std::process::Command::new(words[0]);
    let output = command.args(&words[1..]).arg(at).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?} {}: {said}", at.display());
}

/// The library that sets a program's clock.
fn faketime() -> PathBuf {
    let triples = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
    let places = triples.map(|it| format!("/usr/lib/{it}/faketime/libfaketime.so.1").into());
    let found = places.into_iter().find(|it: &PathBuf| it.exists());
    found.expect("libfaketime is not here: `apt-get install libfaketime`")
}
