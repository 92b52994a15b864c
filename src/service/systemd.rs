//! systemd: a unit of the machine's or of a user's.
//!
//! Which lines of the sandbox let `bwrap` work was tried out with systemd 252 as process 1, one
//! line at a time; each that is missing is named in the unit, with the reason.

use std::path::PathBuf;

use super::{
    ANSWER, CHANGE, Caller, Definition, NAME, START_SECONDS, STOP_SECONDS, Scope, ServiceError,
    State, Status, mark, plain, text,
};
use crate::process::Spec;

/// What `/var/lib` keeps for the machine's own worker: `StateDirectory=`.
pub const STATE_DIRECTORY: &str = "/var/lib/codingworker";
/// `RuntimeDirectory=`.
pub const RUNTIME_DIRECTORY: &str = "/run/codingworker";
/// A log that is followed has no end.
const FOLLOW: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 3600);

/// Lines that hold for the machine's worker and for a user's. The rest needs rights that a
/// user's manager does not have.
const EITHER: &str = "\
NoNewPrivileges=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
# AF_NETLINK: bubblewrap brings up the loopback interface of each cage.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
# What is not allowed is answered with an error. Without this line it would be killed.
SystemCallErrorNumber=EPERM
# @mount and sethostname: bubblewrap mounts what a job sees, and names its machine.
SystemCallFilter=@system-service @mount sethostname
# Jobs may not bind themselves to processors or raise their priority. If tests need `taskset`:
# `systemctl edit`, [Service], SystemCallFilter=@resources.
SystemCallFilter=~@resources
";

const MACHINE: &str = "\
CapabilityBoundingSet=
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
PrivateUsers=yes
ProtectClock=yes
ProtectKernelModules=yes
ProtectProc=invisible
RemoveIPC=yes
KeyringMode=private
# The worker divides its own control group among its jobs, and sees the others.
ProtectControlGroups=yes
ReadWritePaths=-/sys/fs/cgroup/system.slice/codingworker.service
";

const LEFT_OUT: &str = "\
# Left out, as jobs would not run:
#   RestrictNamespaces=       bubblewrap makes namespaces of all seven kinds
#   ProtectHostname=          forbids sethostname, inside of a cage too
#   ProtectKernelTunables=, ProtectKernelLogs=
#                             put mounts over parts of /proc; while those are there the kernel
#                             lets no cage mount a /proc of its own
#   ProcSubset=pid            takes /proc/sys away, where bubblewrap looks
#   MemoryDenyWriteExecute=   Node, Java and PyPy compile while they run
#   SystemCallFilter=~@privileged
#                             holds pivot_root and capset; there are no capabilities to use it
#   IPAddressDeny=, PrivateNetwork=
#                             GitHub, SQS, the model and package registries are elsewhere
#   OOMScoreAdjust=           jobs would inherit it
";

const LEFT_OUT_OF_USERS: &str = "\
# Left out, as a user's manager has no right to it:
#   CapabilityBoundingSet=, PrivateDevices=, ProtectClock=, ProtectKernelModules=
#                             the service would not start (218/CAPABILITIES)
#   ProtectSystem=, ProtectHome=, PrivateTmp=, ProtectProc=, ProtectControlGroups=
#                             would have no effect
# Each job still runs in a cage of its own. The machine's service (`--system`) has them all.
";

/// A systemd, and our unit in it.
#[derive(Clone, Debug)]
pub struct Systemd {
    /// Which of its managers.
    pub scope: Scope,
    /// The unit.
    pub file: PathBuf,
    /// How it is called.
    pub caller: Caller,
}

/// The unit's text.
///
/// # Errors
/// When a path or a value cannot be written down.
pub fn unit(it: &Definition) -> Result<String, ServiceError> {
    let machine = it.scope == Scope::System;
    let mut unit = format!(
        "# Written by `codingworker service install`, which replaces it. Changes belong into\n\
         # `systemctl {}edit {NAME}`.\n# {}\n",
        if machine { "" } else { "--user " },
        mark(it, None)
    );
    unit += "\n[Unit]\nDescription=CodingWorker: turns labelled GitHub issues into pull requests\n";
    if machine {
        unit += "Wants=network-online.target\nAfter=network-online.target\n";
    }
    unit += "# Never gives up: the queue may be out of reach for days, and it comes back.\n\
             StartLimitIntervalSec=0\n";
    unit += "\n[Service]\nType=notify\nNotifyAccess=main\n";
    unit += &format!(
        "ExecStart={} --config {} serve\nExecReload=/bin/kill -HUP $MAINPID\n",
        quoted(executable(&it.program)?),
        argument(text(&it.config)?),
    );
    unit += "WorkingDirectory=/\n";
    if let Some(account) = it.account.as_deref().filter(|_| machine) {
        unit += &format!("User={}\n", plain(account)?.replace('%', "%%"));
    }
    for (name, value) in &it.environment {
        unit += &format!("Environment={}\n", quoted(plain(&format!("{name}={value}"))?));
    }
    for (name, path) in &it.credentials {
        unit += &format!("LoadCredential={name}:{}\n", unquoted(text(path)?)?);
        if name == "aws" {
            unit += "Environment=AWS_SHARED_CREDENTIALS_FILE=%d/aws\n";
        }
    }
    unit += &format!(
        "\nRestart=always\nRestartSec=30\n\
         # A wrong configuration is still wrong in half a minute.\nRestartPreventExitStatus=2\n\
         TimeoutStartSec={START_SECONDS}\nTimeoutStopSec={STOP_SECONDS}\nWatchdogSec=60\n\
         # SIGTERM to the worker, which puts its jobs down; SIGKILL to what is left.\n\
         KillMode=mixed\n\
         # Without this line one job that takes too much memory would end the worker.\n\
         OOMPolicy=continue\nDelegate=yes\nLimitNOFILE=65536\nUMask=0077\n"
    );
    if machine {
        unit += "TasksMax=32768\nStateDirectory=codingworker\nStateDirectoryMode=0700\n\
                 RuntimeDirectory=codingworker\nRuntimeDirectoryMode=0700\n";
    }
    unit += "\n";
    unit += EITHER;
    if it.allow_ptrace {
        unit += "# Jobs may trace their own processes: debuggers, leak sanitizers.\n\
                 SystemCallFilter=ptrace\n";
    } else {
        unit += "# Nor trace each other: for tests with gdb, strace or a leak sanitizer install with\n\
                 # `--allow-ptrace`.\n";
    }
    if machine {
        unit += MACHINE;
        // Read only, so that what is writable below can be.
        unit += match it.reads_homes {
            true => {
                "# The program, its configuration or its tools are in a home.\nProtectHome=read-only\n"
            }
            false => "ProtectHome=yes\n",
        };
        for path in &it.writable {
            unit += &format!("ReadWritePaths={}\n", quoted(text(path)?));
        }
        unit += LEFT_OUT;
    } else {
        unit += LEFT_OUT_OF_USERS;
    }
    let target = if machine { "multi-user.target" } else { "default.target" };
    unit += &format!("\n[Install]\nWantedBy={target}\n");
    Ok(unit)
}

/// systemd takes no program whose path has one of these, however it is written.
fn executable(path: &std::path::Path) -> Result<&str, ServiceError> {
    let text = text(path)?;
    match text.contains(['"', '\'', '\\']) {
        false => Ok(text),
        true => Err(ServiceError::Unwritable {
            what: format!("the program {text}"),
            why: "systemd takes none with a quote or a backslash in its path",
        }),
    }
}

/// One word: what is quoted, specifiers and all (systemd.syntax(7), "Quoting").
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    let bare = |c: char| c.is_ascii_alphanumeric() || "/_.-+:@,=%".contains(c);
    if !text.is_empty() && text.chars().all(bare) { text } else { format!("\"{text}\"") }
}

/// One word of a command line after its first: there, `$` begins a variable too.
fn argument(text: &str) -> String {
    quoted(&text.replace('$', "$$"))
}

/// What is taken as it stands, to the end of its line.
fn unquoted(text: &str) -> Result<String, ServiceError> {
    if text.trim() != text || text.ends_with('\\') {
        return Err(ServiceError::Unwritable {
            what: format!("`{text}`"),
            why: "it begins or ends with a space, or ends with a backslash",
        });
    }
    Ok(text.replace('%', "%%"))
}

impl Systemd {
    fn words<'a>(&self, words: &[&'a str]) -> Vec<&'a str> {
        let scope = (self.scope == Scope::User).then_some("--user");
        scope.into_iter().chain(["--no-pager"]).chain(words.iter().copied()).collect()
    }

    async fn ask(&self, words: &[&str]) -> Result<String, ServiceError> {
        self.caller.tell("systemctl", &self.words(words), ANSWER).await
    }

    async fn change(&self, words: &[&str]) -> Result<String, ServiceError> {
        self.caller.tell("systemctl", &self.words(words), CHANGE).await
    }

    pub(super) async fn answers(&self) -> Result<(), ServiceError> {
        let words = self.words(&["show", "--property=Version"]);
        let (well, said) = self.caller.ask("systemctl", &words, ANSWER).await?;
        if well && said.contains("Version=") {
            return Ok(());
        }
        let hint = match self.scope {
            Scope::User => {
                "a user's systemd runs in a login session (not below `su` or `sudo`); \
                 otherwise install for the machine, as root: `codingworker service install --system`"
            }
            Scope::System => "run `codingworker serve` by what starts services here",
        };
        let said = said.trim();
        Err(ServiceError::NoManager(format!("systemd does not answer ({said}): {hint}")))
    }

    pub(super) async fn take_up(&self, start: bool) -> Result<(), ServiceError> {
        self.ask(&["daemon-reload"]).await?;
        self.ask(&["enable", NAME]).await?;
        if start {
            let _ = self.ask(&["reset-failed", NAME]).await;
            self.change(&["restart", NAME]).await?;
        }
        Ok(())
    }

    pub(super) async fn leave(&self) -> Result<(), ServiceError> {
        self.change(&["disable", "--now", NAME]).await.map(drop)
    }

    pub(super) async fn forget(&self) -> Result<(), ServiceError> {
        self.ask(&["daemon-reload"]).await?;
        // One that did not fail is not known any more.
        let _ = self.ask(&["reset-failed", NAME]).await;
        Ok(())
    }

    pub(super) async fn start(&self) -> Result<(), ServiceError> {
        let _ = self.ask(&["reset-failed", NAME]).await;
        self.change(&["start", NAME]).await.map(drop)
    }

    pub(super) async fn stop(&self) -> Result<(), ServiceError> {
        self.change(&["stop", NAME]).await.map(drop)
    }

    pub(super) async fn status(&self) -> Result<Status, ServiceError> {
        const PROPERTIES: &str = "--property=ActiveState,SubState,Result,ExecMainCode,\
                                  ExecMainStatus,MainPID,NRestarts,StateChangeTimestamp,\
                                  UnitFileState,StatusText";
        Ok(status(&self.ask(&["show", NAME, PROPERTIES]).await?))
    }

    pub(super) fn lines(&self, most: u32, follow: bool) -> Spec {
        let unit = if self.scope == Scope::User { "--user-unit" } else { "--unit" };
        let most = most.to_string();
        let mut words = vec![unit, NAME, "--no-pager", "--output=cat", "--lines", &most];
        words.extend(follow.then_some("--follow"));
        self.caller.spec("journalctl", &words, if follow { FOLLOW } else { ANSWER })
    }

    pub(super) fn advice(&self) -> Vec<String> {
        match self.scope {
            Scope::System => Vec::new(),
            Scope::User => vec![
                "It runs while you are logged in. So that it starts with the machine and stays: \
                 `sudo loginctl enable-linger $USER`"
                    .to_owned(),
            ],
        }
    }
}

/// Reads what `systemctl show` prints.
fn status(shown: &str) -> Status {
    let of = |name: &str| {
        let value = shown.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
        value.map(str::trim).filter(|it| !it.is_empty())
    };
    let (active, sub) = (of("ActiveState").unwrap_or("unknown"), of("SubState").unwrap_or(""));
    let state = match active {
        "active" | "reloading" => State::Running,
        "activating" => State::Starting,
        "deactivating" => State::Stopping,
        "failed" => State::Failed,
        _ => State::Stopped,
    };
    let number = |name: &str| of(name).and_then(|it| it.parse().ok());
    let result = of("Result").filter(|it| *it != "success");
    let last_exit = result.map(|result| match of("ExecMainStatus").filter(|it| *it != "0") {
        Some(status) => format!("{result}, {status}"),
        None => result.to_owned(),
    });
    let said = of("StatusText").map(|it| format!(": {it}")).unwrap_or_default();
    Status {
        state,
        detail: format!("{active} ({sub}){said}"),
        since: of("StateChangeTimestamp").map(str::to_owned),
        pid: number("MainPID").filter(|it| *it != 0),
        restarts: number("NRestarts"),
        last_exit: last_exit.filter(|_| state != State::Running),
        enabled: of("UnitFileState").is_some_and(|it| it.starts_with("enabled")),
    }
}

#[cfg(test)]
mod tests;
