//! A shell on a terminal, with somebody before it who types line by line.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};

use crate::binary::serving::processes;

/// No command of the manual takes longer.
const LIMIT: Duration = Duration::from_secs(180);

pub(super) struct Terminal {
    shell: Child,
    keys: ChildStdin,
    /// The terminal itself: what is written to it was typed.
    screen: File,
    shown: Arc<Mutex<Vec<u8>>>,
    seen: usize,
    count: u32,
    folder: PathBuf,
    /// What was asked, and answered with Enter.
    pub(super) questions: Vec<String>,
}

impl Terminal {
    /// Of a person who is not root. Everything that runs in it names `folder` in its environment.
    #[expect(clippy::disallowed_methods, reason = "the shell of a person")]
    pub(super) fn new(folder: PathBuf, env: &[(&str, String)]) -> Self {
        let size = Winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        // As root, `service install` would be about this machine's own services.
        let mut command = match nix::unistd::geteuid().is_root() {
            true => {
                let mut command = Command::new("unshare");
                command.args(["--user", "--map-user=1000", "--map-group=1000", "bash"]);
                command
            }
            false => Command::new("bash"),
        };
        command.args(["--noprofile", "--norc"]).env_clear().envs(env.iter().cloned());
        command.stdin(Stdio::piped()).process_group(0).current_dir(&folder);
        command.stdout(pty.slave.try_clone().unwrap()).stderr(pty.slave);
        let mut shell = command.spawn().unwrap();
        drop(command);
        let keys = shell.stdin.take().unwrap();
        let shown = Arc::<Mutex<Vec<u8>>>::default();
        let screen = File::from(pty.master);
        let (mut reader, sight) = (screen.try_clone().unwrap(), shown.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Ends with the last program that holds the terminal.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                sight.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        let (seen, count, questions) = (0, 0, Vec::new());
        Self { shell, keys, screen, shown, seen, count, folder, questions }
    }

    /// Types a line, answers each question with Enter, and waits for the end; gives the exit code
    /// and what was shown.
    pub(super) fn types(&mut self, line: &str) -> (i32, String) {
        self.count += 1;
        let mark = format!("@@{}:", self.count);
        // The shell reads from us, what it starts from the terminal.
        writeln!(self.keys, "{{ {line}\n}} <&1; CODE=$?; echo; echo '{mark}'$CODE:").unwrap();
        self.keys.flush().unwrap();
        let end = Instant::now() + LIMIT;
        let mut answered = 0;
        loop {
            let text = {
                let shown = self.shown.lock().unwrap();
                String::from_utf8_lossy(&shown[self.seen..]).replace('\r', "")
            };
            if let Some((said, rest)) = text.split_once(&mark)
                && let Some((code, _)) = rest.split_once(':')
            {
                self.seen = self.shown.lock().unwrap().len();
                return (code.parse().unwrap(), said.to_owned());
            }
            if text.ends_with(": ") && text.len() > answered {
                answered = text.len();
                self.questions.push(text.lines().last().unwrap_or_default().to_owned());
                self.screen.write_all(b"\n").unwrap();
            }
            let ended = self.shell.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "`{line}` ({ended:?}): {text}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Terminal {
    /// Closes it. What was started in it and did not end goes on.
    pub(super) fn closes(&mut self) {
        writeln!(self.keys, "exit").unwrap();
        self.shell.wait().unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        // A test that failed half way leaves nothing behind.
        for (pid, _) in processes(&self.folder, &[]) {
            let _ = nix::sys::signal::kill(
                nix::unistd::Pid::from_raw(pid),
                nix::sys::signal::Signal::SIGKILL,
            );
        }
    }
}
