//! `codingworker service`: the worker as a service of this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::process::{self, ProcessError, Spec, Tee};
use crate::service::launchd::Launchd;
use crate::service::systemd::Systemd;
use crate::service::{Caller, Scope, Service, ServiceError, State, Status};

use super::output::{Tone, harmless, harmless_lines};
use super::{CliError, Desk, Exit, wait};

mod definition;

/// How many lines are shown of a worker that failed.
const LAST_LINES: u32 = 10;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine's service (Linux), which runs as an account of its own [default: for root]
    #[arg(long, global = true, conflicts_with = "user")]
    system: bool,
    /// A service of this user's [default: for everybody else, and on macOS]
    #[arg(long, global = true)]
    user: bool,
    /// Which service manager
    #[arg(long, global = true, hide = true, value_name = "NAME")]
    manager: Option<Manager>,
    /// The folder that it reads units from
    #[arg(long, global = true, hide = true, value_name = "PATH")]
    unit_dir: Option<PathBuf>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Manager {
    Systemd,
    Launchd,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write the service's file, and start the worker now and with the machine or the session
    Install(definition::Wishes),
    /// Stop the service and remove what `install` wrote; the worker's state stays
    Uninstall,
    /// Say whether it runs, since when, and what it said last if it failed
    Status,
    /// Show what the worker logged
    Logs {
        /// Go on showing what comes, until Ctrl-C
        #[arg(long, short)]
        follow: bool,
        /// How many of the last lines to begin with
        #[arg(long, short = 'n', default_value_t = 100, value_name = "N")]
        lines: u32,
    },
    /// Start the service
    Start,
    /// Stop the service; running jobs have 10 seconds, are put down, and go on at the next start
    Stop,
}

pub(super) fn run(desk: &Desk<'_>, arguments: &Arguments) -> Result<Exit, CliError> {
    let service = service(desk, arguments)?;
    wait(|stop| async move {
        match &arguments.action {
            Action::Install(wishes) => install(desk, &service, wishes, scope(arguments)).await,
            Action::Uninstall => {
                service.uninstall().await?;
                desk.output.note(&format!(
                    "stopped, and removed {}; the worker's state and configuration stay",
                    service.file().display()
                ));
                Ok(Exit::Done)
            }
            Action::Status => status(desk, &service).await,
            Action::Logs { follow, lines } => {
                print(service.lines(*lines, *follow)?, desk, &stop).await
            }
            Action::Start => {
                let started = service.start().await;
                came_up(desk, &service, started).await
            }
            Action::Stop => {
                service.stop().await?;
                desk.output.note("stopped");
                Ok(Exit::Done)
            }
        }
    })
}

fn is_launchd(arguments: &Arguments) -> bool {
    arguments.manager.map_or(cfg!(target_os = "macos"), |it| matches!(it, Manager::Launchd))
}

fn scope(arguments: &Arguments) -> Scope {
    let root = nix::unistd::geteuid().is_root();
    let system = arguments.system || (!arguments.user && root && !is_launchd(arguments));
    if system { Scope::System } else { Scope::User }
}

/// The service manager that is meant.
fn service(desk: &Desk<'_>, arguments: &Arguments) -> Result<Service, CliError> {
    let options = &desk.options;
    let set = |name: &str| options.env.get(name).filter(|it| !it.is_empty()).cloned();
    let names = ["HOME", "USER", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];
    let mut env: Vec<(String, String)> =
        names.iter().filter_map(|it| Some(((*it).to_owned(), set(it)?))).collect();
    env.push(("LC_ALL".to_owned(), "C".to_owned())); // for times in one form
    let path = set("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
    let caller = Caller { path, env };
    let folder =
        |default: PathBuf| arguments.unit_dir.as_ref().map_or(default, |it| options.cwd.join(it));
    if is_launchd(arguments) {
        if arguments.system {
            return Err(CliError::usage(
                "on macOS the worker is an agent of a user's, who has the keychain: leave out \
                 --system",
            ));
        }
        let domain = format!("gui/{}", nix::unistd::getuid());
        let name = format!("{}.plist", crate::service::launchd::LABEL);
        let file = folder(options.home.join("Library/LaunchAgents")).join(name);
        return Ok(Service::Launchd(Launchd { domain, file, caller }));
    }
    let scope = scope(arguments);
    let default = match scope {
        Scope::System => options.etc.join("systemd/system"),
        Scope::User => match set("XDG_CONFIG_HOME").map(PathBuf::from) {
            Some(base) if base.is_absolute() => base.join("systemd/user"),
            _ => options.home.join(".config/systemd/user"),
        },
    };
    let changes = matches!(
        &arguments.action,
        Action::Uninstall | Action::Start | Action::Stop | Action::Install(_)
    );
    let only_printed = matches!(&arguments.action, Action::Install(it) if it.dry_run);
    if scope == Scope::System && changes && !only_printed && !nix::unistd::geteuid().is_root() {
        return Err(CliError::missing(
            "the machine's services are root's: try the same again with `sudo`, or with --user",
        ));
    }
    let file = folder(default).join(format!("{}.service", crate::service::NAME));
    Ok(Service::Systemd(Systemd { scope, file, caller }))
}

async fn install(
    desk: &Desk<'_>,
    service: &Service,
    wishes: &definition::Wishes,
    scope: Scope,
) -> Result<Exit, CliError> {
    let definition = definition::from(desk, wishes, scope)?;
    let text = service.render(&definition)?;
    if wishes.dry_run {
        desk.output.note(&format!("would write {}:", service.file().display()));
        desk.output.print(&text)?;
        return Ok(Exit::Done);
    }
    let installed = service.install(&text, !wishes.no_start).await;
    if !matches!(installed, Ok(()) | Err(ServiceError::Refused { .. })) {
        installed?;
        return Ok(Exit::Done);
    }
    desk.output.print(&service.file().display().to_string())?;
    for advice in service.advice(&definition) {
        desk.output.note(&advice);
    }
    if wishes.no_start && installed.is_ok() {
        desk.output.note("installed; `codingworker service start` starts it now");
        return Ok(Exit::Done);
    }
    came_up(desk, service, installed).await
}

/// Says whether the worker is there, after it was told to be.
async fn came_up(
    desk: &Desk<'_>,
    service: &Service,
    told: Result<(), ServiceError>,
) -> Result<Exit, CliError> {
    match told {
        Ok(()) => {
            desk.output.note("started; `codingworker service status` says how it is");
            Ok(Exit::Done)
        }
        Err(error @ ServiceError::Refused { .. }) => {
            // What the worker said itself tells more than what its manager makes of it.
            let lines = last_lines(service).await;
            let message = match lines.is_empty() {
                true => error.to_string(),
                false => format!("{error}\nits last lines:\n{lines}"),
            };
            Err(CliError::failed(message))
        }
        Err(error) => Err(error.into()),
    }
}

async fn last_lines(service: &Service) -> String {
    let Ok(spec) = service.lines(LAST_LINES, false) else { return String::new() };
    match process::run(spec, None, &CancellationToken::new()).await {
        Ok(ended) => harmless_lines(ended.stdout.to_text().trim_end()).to_string(),
        Err(_) => String::new(),
    }
}

async fn status(desk: &Desk<'_>, service: &Service) -> Result<Exit, CliError> {
    let installed = service.installed()?;
    let status = service.status().await?;
    let version = version(&installed.program).await;
    let failed = status.state == State::Failed || status.last_exit.is_some();
    let lines = if failed { last_lines(service).await } else { String::new() };
    if desk.output.wants_json() {
        desk.output.json(&json!({
            "status": status,
            "file": service.file(),
            "program": installed.program,
            "config": installed.config,
            "version": version,
            "installed_by": installed.version,
            "lines": lines.lines().collect::<Vec<_>>(),
        }))?;
    } else {
        desk.output.print(&shown(desk, service, &status, version.as_deref(), &lines)?)?;
    }
    Ok(match status.state {
        State::Running | State::Starting => Exit::Done,
        State::Stopping | State::Stopped => Exit::Missing,
        State::Failed => Exit::Failed,
    })
}

fn shown(
    desk: &Desk<'_>,
    service: &Service,
    status: &Status,
    version: Option<&str>,
    lines: &str,
) -> Result<String, CliError> {
    let installed = service.installed()?;
    let (tone, word) = match status.state {
        State::Running => (Tone::Good, "running"),
        State::Starting => (Tone::Doubtful, "starting"),
        State::Stopping => (Tone::Doubtful, "stopping"),
        State::Stopped => (Tone::Plain, "stopped"),
        State::Failed => (Tone::Bad, "failed"),
    };
    let mut text = desk.output.toned(tone, word);
    if let Some(since) = &status.since {
        text += &format!(" since {}", harmless(since));
    }
    let mut row = |name: &str, value: &str| text += &format!("\n{name:<9}{}", harmless(value));
    row("state", &status.detail);
    if let Some(pid) = status.pid {
        row("process", &pid.to_string());
    }
    if let Some(restarts) = status.restarts.filter(|it| *it > 0) {
        row("restarts", &restarts.to_string());
    }
    if let Some(last) = &status.last_exit {
        row("ended", last);
    }
    row("version", version.unwrap_or("unknown: its program does not answer"));
    row("program", &installed.program.to_string_lossy());
    row("config", &installed.config.to_string_lossy());
    row("file", &service.file().to_string_lossy());
    if !status.enabled {
        row("at boot", "it does not start by itself: `codingworker service install`");
    }
    if !lines.is_empty() {
        text += &format!("\nits last lines:\n{lines}");
    }
    Ok(text)
}

/// What the installed program says that it is.
async fn version(program: &Path) -> Option<String> {
    let mut spec = Spec::new(program, "/", Duration::from_secs(10));
    spec.args = vec!["--version".into()];
    let ended = process::run(spec, None, &CancellationToken::new()).await.ok()?;
    let said = ended.stdout.to_text();
    said.trim().strip_prefix("codingworker ").map(str::to_owned)
}

/// Prints as it comes.
struct Screen;

impl Tee for Screen {
    fn write(&self, bytes: &[u8]) {
        use std::io::Write;
        let text = String::from_utf8_lossy(bytes);
        // A reader that has gone away: what prints ends with us.
        let _ = std::io::stdout().lock().write_all(harmless_lines(&text).as_bytes());
    }
}

async fn print(
    mut spec: Spec,
    desk: &Desk<'_>,
    stop: &CancellationToken,
) -> Result<Exit, CliError> {
    let program = spec.program.to_string_lossy().into_owned();
    spec.grace = Duration::from_secs(1);
    match process::run(spec, Some(&Screen), stop).await {
        Ok(ended) if ended.exit == crate::domain::verification::Exit::Code(0) => {
            desk.output.print("")?;
            Ok(Exit::Done)
        }
        Ok(_) => Err(CliError::failed(format!("`{program}` cannot show the log"))),
        Err(ProcessError::Stopped(_)) => Ok(Exit::Interrupted),
        Err(error) => Err(CliError::missing(error.to_string())),
    }
}

impl From<ServiceError> for CliError {
    fn from(error: ServiceError) -> Self {
        let exit = match &error {
            ServiceError::NoManager(_) => Exit::Missing,
            ServiceError::NotInstalled(_) => Exit::NotFound,
            ServiceError::Unwritable { .. } => Exit::Usage,
            ServiceError::Refused { .. } | ServiceError::Foreign(_) | ServiceError::File { .. } => {
                Exit::Failed
            }
        };
        Self::Said { exit, message: error.to_string() }
    }
}
