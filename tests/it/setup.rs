//! Tools that the tests run for real and that do not come with Cargo: the SQS emulator, Aider, and
//! three about Terraform.
//!
//! Each lives in a Python environment of its own under `.tools/` (ignored by git), made at its
//! first use, once for a machine, whatever number of test processes asks. A changed pin makes it
//! anew. `CODINGWORKER_TEST_TOOLS` names another folder, which several checkouts may share.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

const MINISTACK: Tool = Tool {
    folder: "ministack",
    pin: "ministack==1.5.33",
    program: "ministack",
    pythons: &["python3", "python3.13", "python3.12", "python3.11", "python3.10"],
};

/// Aider's pins of numpy and scipy have no wheels for Python 3.13.
const AIDER: Tool = Tool {
    folder: "aider",
    pin: "aider-chat==0.86.2",
    program: "aider",
    pythons: &["python3.12", "python3.11", "python3.10", "python3"],
};

const CHECKOV: Tool = Tool {
    folder: "checkov",
    pin: "checkov==3.3.30",
    program: "checkov",
    pythons: &["python3", "python3.12", "python3.11", "python3.10"],
};

const TFPARSE: Tool = Tool {
    folder: "tfparse",
    pin: "tfparse==0.6.22",
    program: "python",
    pythons: &["python3", "python3.12", "python3.11", "python3.10"],
};

const TFPROVIDER: Tool = Tool {
    folder: "tfprovider",
    pin: "tf==1.2.0",
    program: "python",
    pythons: &["python3", "python3.12", "python3.11", "python3.10"],
};

/// The Prometheus project's own parsers, which judge our metrics.
const PROMETHEUS: Tool = Tool {
    folder: "prometheus-client",
    pin: "prometheus-client==0.26.0",
    program: "python",
    pythons: &["python3", "python3.13", "python3.12", "python3.11", "python3.10"],
};

/// Aider brings a hundred packages over what may be a slow line.
const INSTALL_LIMIT: Duration = Duration::from_secs(1200);
const START_LIMIT: Duration = Duration::from_secs(60);

/// The SQS emulator's program.
pub(crate) fn ministack() -> PathBuf {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| MINISTACK.ready()).clone()
}

/// Aider's program.
pub(crate) fn aider() -> PathBuf {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| AIDER.ready()).clone()
}

/// The critic of Terraform.
pub(crate) fn checkov() -> PathBuf {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| CHECKOV.ready()).clone()
}

/// A Python that has the parser of Terraform.
pub(crate) fn tfparse() -> PathBuf {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| TFPARSE.ready()).clone()
}

/// A Python that can speak as a provider to Terraform.
pub(crate) fn tfprovider() -> PathBuf {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| TFPROVIDER.ready()).clone()
}

/// A Python that has the Prometheus project's client.
pub(crate) fn prometheus_python() -> PathBuf {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    READY.get_or_init(|| PROMETHEUS.ready()).clone()
}

/// A pinned package in a Python environment of its own.
struct Tool {
    folder: &'static str,
    pin: &'static str,
    program: &'static str,
    pythons: &'static [&'static str],
}

impl Tool {
    /// Finds it or makes it. A test that needs it fails when there is none; it is never skipped.
    fn ready(&self) -> PathBuf {
        let tools = tools_folder();
        let venv = tools.join(self.folder);
        let program = venv.join("bin").join(self.program);
        if self.is_there(&venv, &program) {
            return program;
        }
        std::fs::create_dir_all(&tools)
            .unwrap_or_else(|error| panic!("{} cannot be made: {error}", tools.display()));
        let _lock = lock(&tools.join(format!("{}.lock", self.folder)));
        if !self.is_there(&venv, &program) {
            self.install(&venv);
        }
        assert!(self.is_there(&venv, &program), "{} has no {}", venv.display(), self.program);
        program
    }

    /// The marker is written last, so an installation that was cut short does not count.
    fn is_there(&self, venv: &Path, program: &Path) -> bool {
        program.exists()
            && std::fs::read_to_string(marker(venv)).is_ok_and(|pins| pins.trim() == self.pin)
    }

    fn install(&self, venv: &Path) {
        eprintln!("installing {} into {}: this happens once", self.pin, venv.display());
        if venv.exists() {
            std::fs::remove_dir_all(venv).unwrap();
        }
        let python = self.python();
        let log = venv.with_extension("log");
        let mut make = program(&python);
        make.args(["-m", "venv"]).arg(venv);
        run(make, &log, "is the package python3-venv there?");
        let mut install = program(venv.join("bin/python"));
        install.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]);
        install.args(["--quiet", self.pin]);
        run(install, &log, "can this machine reach the Python index?");
        std::fs::write(marker(venv), self.pin).unwrap();
    }

    /// The first Python in the order of `pythons` that is between 3.10 and 3.13.
    fn python(&self) -> String {
        let fits = |name: &&&str| {
            let mut ask = program(name);
            ask.args(["-c", "import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))"]);
            ask.stdout(Stdio::null()).stderr(Stdio::null());
            ask.status().is_ok_and(|status| status.success())
        };
        self.pythons.iter().find(fits).map(|name| (*name).to_owned()).unwrap_or_else(|| {
            panic!(
                "{} needs one of {} on the PATH: install Python",
                self.pin,
                self.pythons.join(", ")
            )
        })
    }
}

/// As `scripts/venv` has it, which installs the same for `./taskw test`.
fn marker(venv: &Path) -> PathBuf {
    venv.join(".codingworker-pin")
}

#[expect(clippy::disallowed_methods, reason = "the tests' own switch, read in this one place")]
fn tools_folder() -> PathBuf {
    match std::env::var_os("CODINGWORKER_TEST_TOOLS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools"),
    }
}

#[expect(clippy::disallowed_methods, reason = "set-up is blocking and outside of any runtime")]
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    command
}

/// Waits for whoever makes the same tool. The lock ends with its holder, however that ends.
fn lock(path: &Path) -> Flock<File> {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    let end = Instant::now() + 2 * INSTALL_LIMIT;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return lock,
            Err((back, _)) => file = back,
        }
        assert!(Instant::now() < end, "somebody holds {} for too long", path.display());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Runs a set-up step to its end, its output in `log`; its whole group is gone afterwards.
fn run(mut command: Command, log: &Path, hint: &str) {
    let output = OpenOptions::new().create(true).append(true).open(log).unwrap();
    command.stdout(output.try_clone().unwrap()).stderr(output).process_group(0);
    let what = format!("{command:?}");
    let child = command.spawn().unwrap_or_else(|error| panic!("{what} did not start: {error}"));
    let mut group = Group(child);
    let end = Instant::now() + INSTALL_LIMIT;
    let status = loop {
        if let Some(status) = group.0.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < end, "{what} took too long; see {}", log.display());
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(status.success(), "{what} failed ({status}): {hint} Its output: {}", log.display());
}

/// A child with all its children; dropping it ends and reaps them.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.0.id()) {
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = self.0.wait();
    }
}

/// Ends the emulator when its standard input ends: with the test process, however that ends.
const LEASHED: &str = "
import os, sys, threading
def leash():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=leash, daemon=True).start()
from ministack.app import main
main()
";

/// The SQS emulator in a process of its own, on a free port of this machine alone.
pub(crate) struct Emulator {
    address: SocketAddr,
    _home: tempfile::TempDir,
    _group: Group,
}

impl Emulator {
    /// The one that most tests share, each with queues of its own name. It ends with this
    /// process.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Emulator> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one and waits until it answers.
    pub(crate) fn start() -> Self {
        // Between finding a free port and taking it, another process may take it.
        let mut last = String::new();
        for _ in 0..5 {
            match Self::try_start() {
                Ok(emulator) => return emulator,
                Err(output) => last = output,
            }
        }
        panic!("the SQS emulator did not start; it said: {last}")
    }

    /// Where it answers, such as `http://127.0.0.1:40123`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn try_start() -> Result<Self, String> {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let home = tempfile::tempdir().unwrap();
        let log = home.path().join("log");
        let output = File::create(&log).unwrap();
        let mut command = program(ministack().with_file_name("python"));
        command
            .args(["-c", LEASHED])
            .current_dir(home.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", address.port().to_string())
            .env("SERVICES", "sqs")
            .env("LOG_LEVEL", "WARNING")
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0);
        let mut group = Group(command.spawn().map_err(|error| error.to_string())?);
        let end = Instant::now() + START_LIMIT;
        while Instant::now() < end && group.0.try_wait().unwrap().is_none() {
            if is_healthy(address) {
                return Ok(Self { address, _home: home, _group: group });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(std::fs::read_to_string(log).unwrap_or_default())
    }
}

/// Whether ministack, and no other program, answers there.
fn is_healthy(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /_ministack/health HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = BufReader::new(stream);
        let mut status = String::new();
        answer.read_line(&mut status)?;
        let mut rest = String::new();
        answer.take(64 * 1024).read_to_string(&mut rest)?;
        Ok(status.contains(" 200 ") && rest.contains("sqs"))
    };
    ask().unwrap_or(false)
}

mod tests {
    use super::*;

    #[test]
    fn an_emulator_that_is_dropped_is_gone() {
        let emulator = Emulator::start();
        let address = emulator.address;
        assert!(is_healthy(address));
        drop(emulator);
        assert!(!is_healthy(address));
    }
}
