//! The way out of a cage that has a loopback of its own: our program started again inside, as
//! the parent of the caged one.
//!
//! The caged program talks HTTP to a port of `127.0.0.1`; what leaves the cage is a Unix socket.
//! The bridge listens on the one and forwards to the other. It holds nothing and decides
//! nothing: whoever gets past it finds the socket, and what listens behind that is what judges.

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::unistd::Pid;

use super::socket::Near;
use crate::process::Spec;

/// The first argument that makes our binary a bridge instead of a worker.
const ENTRY: &str = "__bridge";
/// Stands in the child's arguments and environment for the bridge's own address, `host:port`.
pub(super) const ADDRESS: &str = "{codingworker-bridge}";
/// Connections at once; a further one is closed. Each costs three threads of the cage's.
const MOST: usize = 64;
/// What a shell says of a program that it cannot start.
const NOT_STARTED: u8 = 127;
const USAGE: u8 = 2;

/// When this process was started as a bridge: is one, until its child ends. `None`: it was
/// started for something else. To be called before the command line is read.
pub fn bridge_main() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != ENTRY {
        return None;
    }
    let (Some(socket), Some(program)) = (args.next(), args.next()) else {
        eprintln!("{ENTRY}: it takes a socket, a program and its arguments");
        return Some(USAGE.into());
    };
    let name = program.to_string_lossy().into_owned();
    Some(match run(socket.into(), &program, args) {
        Ok(status) => leave_as(status),
        Err(error) => {
            eprintln!("`{name}` could not be started behind the bridge: {error}");
            NOT_STARTED.into()
        }
    })
}

/// `spec` as a child of a bridge to `socket`. `own` is our program.
pub(super) fn behind(own: &Path, socket: &Path, spec: Spec) -> Spec {
    let mut args: Vec<OsString> = vec![ENTRY.into(), socket.into(), spec.program];
    args.extend(spec.args);
    Spec { program: own.into(), args, ..spec }
}

fn run(
    socket: PathBuf,
    program: &OsStr,
    args: impl Iterator<Item = OsString>,
) -> io::Result<ExitStatus> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?.to_string();
    let mut child = start(program, args, &address)?;
    // Only now, so that the child does not inherit what we block; and before any thread is
    // started, so that all of them do.
    pass_signals_on(&child)?;
    thread::Builder::new().spawn(move || forward_all(&listener, &Arc::from(socket)))?;
    child.wait()
}

#[expect(
    clippy::disallowed_methods,
    reason = "inside the cage, where its end is the cage's; the environment is the one that \
              `process::run` made, and is handed on"
)]
fn start(
    program: &OsStr,
    args: impl Iterator<Item = OsString>,
    address: &str,
) -> io::Result<Child> {
    let mut command = std::process::Command::new(program);
    command.args(args.map(|it| filled_in(&it, address).unwrap_or(it)));
    for (name, value) in std::env::vars_os() {
        if let Some(value) = filled_in(&value, address) {
            command.env(name, value);
        }
    }
    command.spawn()
}

/// `text` with the address in place of what stands for it; `None` when nothing does.
fn filled_in(text: &OsStr, address: &str) -> Option<OsString> {
    let (bytes, wanted) = (text.as_bytes(), ADDRESS.as_bytes());
    let at = bytes.windows(wanted.len()).position(|it| it == wanted)?;
    let (before, after) = (&bytes[..at], &bytes[at + wanted.len()..]);
    Some(OsString::from_vec([before, address.as_bytes(), after].concat()))
}

/// As the first process of a container we would not hear a SIGTERM at all.
fn pass_signals_on(child: &Child) -> io::Result<()> {
    let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        signals.add(signal);
    }
    signals.thread_block()?;
    thread::Builder::new().spawn(move || {
        while let Ok(signal) = signals.wait() {
            let _ = kill(pid, signal);
        }
    })?;
    Ok(())
}

/// Ends as the child did.
fn leave_as(status: ExitStatus) -> ExitCode {
    if let Some(code) = status.code() {
        return u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from);
    }
    let number = status.signal().unwrap_or_default();
    if let Ok(signal) = Signal::try_from(number) {
        let mut only = SigSet::empty();
        only.add(signal);
        let _ = only.thread_unblock();
        // Rust's own handler, for overflown stacks, takes the first SIGSEGV and then steps aside.
        let _ = (raise(signal), raise(signal));
    }
    // Whoever is the first process of a container outlives its own signals.
    u8::try_from(128 + number).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn forward_all(listener: &TcpListener, socket: &Arc<Path>) {
    let live = Arc::new(AtomicUsize::new(0));
    for client in listener.incoming() {
        let Ok(client) = client else {
            // Out of descriptors: some are given back when connections end.
            thread::sleep(std::time::Duration::from_millis(10));
            continue;
        };
        if live.fetch_add(1, Ordering::Relaxed) >= MOST {
            live.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (socket, count) = (Arc::clone(socket), Arc::clone(&live));
        let started = thread::Builder::new().spawn(move || {
            // A client whose way is gone sees its connection end.
            let _ = forward(&client, &socket);
            count.fetch_sub(1, Ordering::Relaxed);
        });
        if started.is_err() {
            live.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Both ways until both ends are done, or one of them fails.
fn forward(client: &TcpStream, socket: &Path) -> io::Result<()> {
    let outside = UnixStream::connect(Near::new(socket)?.path())?;
    client.set_nodelay(true)?;
    thread::scope(|scope| {
        thread::Builder::new().spawn_scoped(scope, || {
            let answered = io::copy(&mut &outside, &mut &*client);
            let _ = client.shutdown(Shutdown::Write);
            if answered.is_err() {
                let _ = outside.shutdown(Shutdown::Both);
            }
        })?;
        let asked = io::copy(&mut &*client, &mut &outside);
        let _ = outside.shutdown(Shutdown::Write);
        if asked.is_err() {
            let _ = (client.shutdown(Shutdown::Both), outside.shutdown(Shutdown::Both));
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_address_is_put_where_it_is_asked_for_and_nowhere_else() {
        let filled = |text: &str| filled_in(text.as_ref(), "127.0.0.1:7");
        let base = format!("--set-env=A=http://{ADDRESS}/x");
        assert_eq!(filled(&base).unwrap(), "--set-env=A=http://127.0.0.1:7/x");
        assert_eq!(filled("{bridge}"), None);
        assert_eq!(filled(""), None);
    }

    #[test]
    fn a_program_behind_the_bridge_keeps_its_arguments_and_limits() {
        let spec = Spec {
            args: vec!["--x".into()],
            keep: 7,
            ..Spec::new("aider", "/", Duration::from_secs(9))
        };
        let bridged = behind(Path::new("/bin/cw"), Path::new("/s"), spec);
        assert_eq!(bridged.program, "/bin/cw");
        assert_eq!(bridged.args, ["__bridge", "/s", "aider", "--x"]);
        assert_eq!((bridged.keep, bridged.limit), (7, Duration::from_secs(9)));
    }
}
