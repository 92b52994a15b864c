//! What people type: arguments, and which file carries each command out.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 it
//! failed, 2 wrong usage or configuration, 3 something it needs is missing or unreachable,
//! 4 no such job, task or file, 130 interrupted.

use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, LoadOptions, LogFormat};
use crate::redact::Redactor;

mod audit;
mod backup;
mod check;
mod completions;
mod config;
mod doctor;
mod failure;
mod init;
mod job;
mod jobs;
mod logging;
mod logs;
mod notify;
mod output;
mod queue;
mod reference;
mod serve;
mod service;
mod setup_repo;
mod socket_proxy;
mod stats;
mod submit;
pub mod trouble;

pub use failure::{CliError, Exit};
use logging::Logging;
use output::Output;

/// What the program leaves with, for people and for the manual.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration, 3 \
     something it needs is missing or unreachable, 4 no such job, task or file, 130 interrupted.";

/// Turns a labelled GitHub issue into a tested pull request, on your own machine, with a local
/// model.
#[derive(Debug, Parser)]
#[command(
    name = "codingworker",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = EXIT_CODES
)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// The configuration file [default: $CODINGWORKER_CONFIG, ./configs/config.yaml, the user's
    /// configuration folder, /etc/codingworker/config.yaml]
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// What is logged: error, warn, info, debug, trace, or tracing directives
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// The form of log lines [default: text on a terminal, json otherwise]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<Format>,
    /// No colours, as with NO_COLOR
    #[arg(long, global = true)]
    no_color: bool,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show it at work: from label to pull request on this machine alone, with a sample repository
    Demo(serve::DemoArguments),
    /// Ask a few questions and write a configuration file
    Init(init::Arguments),
    /// Look at every outside thing that is needed, and say what to type about what is wrong
    Doctor(doctor::Arguments),
    /// Connect a repository: labels, and the workflows that put its issues on the queue
    SetupRepo(setup_repo::Arguments),
    /// Run a repository's own checks on a copy of it, as a job would
    Check(check::Arguments),
    /// Take tasks from the queue and turn them into pull requests, until told to stop
    Serve(serve::Arguments),
    /// Run the worker as a service of this machine (systemd, launchd), and look how it is
    Service(service::Arguments),
    /// Put a task on the queue
    Submit(submit::Arguments),
    /// List the jobs, newest first
    Jobs(jobs::Arguments),
    /// Show one job, step by step
    Job(jobs::One),
    /// Show what the agent and the checks of a job printed
    Logs(logs::Arguments),
    /// End a job and everything that it runs
    Cancel(jobs::One),
    /// Put the task of a job that is over on the queue again
    Retry(jobs::One),
    /// Show how much waits in the queue; list its dead letters, and send them back
    Queue(queue::Arguments),
    /// Count what was solved, by repository, model and kind, and what became of it
    Stats(stats::Arguments),
    /// List the notification channels and what waits for them; try them out
    Notify(notify::Arguments),
    /// Show who asked for what and what was decided, newest first; check that it is untouched
    Audit(audit::Arguments),
    /// Show the resolved configuration, secrets as ***, and where each value comes from
    Config,
    /// Write jobs, embedded queue and audit to a file, also while a worker works
    Backup(backup::BackUp),
    /// Put a backup in the place of what a stopped worker knows, and keep that beside it
    Restore(backup::Restore),
    /// Filter the container engine's socket, for a worker that is in a container itself
    SocketProxy(socket_proxy::Arguments),
    /// Print a part of the manual that the program itself knows
    #[command(hide = true)]
    Reference(reference::Arguments),
    /// Print a completion script for a shell
    ///
    /// Put it where the shell looks. bash:
    /// ~/.local/share/bash-completion/completions/codingworker; fish:
    /// ~/.config/fish/completions/codingworker.fish; zsh: _codingworker in a folder of $fpath.
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Every command with its options, as whoever checks or describes command lines needs them.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command that `args` name, the program's own name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // A reader that has gone away needs no help text.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let options = LoadOptions::of_this_process(arguments.global.config.clone());
    let output = Output::new(&options, arguments.global.no_color, arguments.global.json);
    match dispatch(arguments, options, &output) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output.error(&error);
            error.exit().into()
        }
    }
}

fn dispatch(arguments: Arguments, options: LoadOptions, output: &Output) -> Result<Exit, CliError> {
    let mut options = options;
    if let Command::Serve(arguments) = &arguments.command {
        arguments.override_in(&mut options);
    }
    let desk = Desk { global: arguments.global, options, output };
    match arguments.command {
        Command::Serve(arguments) => serve::serve(&desk, &arguments),
        Command::Submit(arguments) => submit::submit(&desk, &arguments),
        Command::Jobs(arguments) => jobs::list(&desk, arguments),
        Command::Job(one) => job::show(&desk, &one),
        Command::Logs(arguments) => logs::run(&desk, &arguments),
        Command::Cancel(one) => jobs::cancel(&desk, &one),
        Command::Retry(one) => submit::retry(&desk, &one),
        Command::Queue(arguments) => queue::run(&desk, arguments),
        Command::Stats(arguments) => stats::run(&desk, arguments),
        Command::Notify(arguments) => notify::run(&desk, arguments),
        Command::Audit(arguments) => audit::run(&desk, arguments),
        Command::Backup(arguments) => backup::back_up(&desk, &arguments),
        Command::Restore(arguments) => backup::restore(&desk, &arguments),
        Command::Demo(arguments) => serve::demo(&desk, arguments),
        Command::Doctor(arguments) => doctor::run(&desk, &arguments),
        Command::Check(arguments) => check::run(&desk, &arguments),
        Command::Config => config::run(&desk.config()?, output),
        Command::Init(arguments) => init::run(&arguments, &desk.options, output),
        Command::SetupRepo(arguments) => setup_repo::run(&desk, &arguments),
        Command::Service(arguments) => service::run(&desk, &arguments),
        Command::SocketProxy(arguments) => socket_proxy::run(&desk, &arguments),
        Command::Reference(part) => reference::run(&part, command(), output),
        Command::Completions { shell } => completions::run::<Arguments>(shell, output),
    }
}

/// What every command finds on arrival.
struct Desk<'a> {
    global: Global,
    options: LoadOptions,
    output: &'a Output,
}

impl Desk<'_> {
    /// The configuration, with its warnings said.
    fn config(&self) -> Result<Config, CliError> {
        let config = Config::load(&self.options)?;
        for warning in &config.warnings {
            self.output.warn(warning);
        }
        Ok(config)
    }

    /// Log lines on standard error; with `to_file`, also in the state folder. A command that only
    /// answers a question is quiet unless it is asked to speak.
    fn logging(&self, config: &Config, to_file: bool) -> Result<Logging, CliError> {
        let quiet = if to_file { config.log.level.as_str() } else { "warn" };
        let format = match self.global.log_format {
            Some(Format::Text) => LogFormat::Text,
            Some(Format::Json) => LogFormat::Json,
            None => config.log.format,
        };
        logging::start(logging::Wishes {
            level: self.global.log_level.as_deref().unwrap_or(quiet),
            format,
            folder: to_file.then(|| config.worker.state_dir.join("logs")),
            color: self.output.color_on_stderr(),
            redactor: Redactor::new(config.secrets()),
        })
    }
}

/// Runs a command that waits for things. The first Ctrl-C cancels its token, the second ends us.
fn wait<F>(command: impl FnOnce(CancellationToken) -> F) -> Result<Exit, CliError>
where
    F: Future<Output = Result<Exit, CliError>>,
{
    runtime()?.block_on(async {
        let stop = CancellationToken::new();
        let signalled = stop.clone();
        // Listening before the command begins: no Ctrl-C is too early.
        let mut interrupt = signal(SignalKind::interrupt())
            .map_err(|error| CliError::failed(format!("cannot listen for Ctrl-C: {error}")))?;
        tokio::spawn(async move {
            for last in [false, true] {
                if interrupt.recv().await.is_none() {
                    return;
                }
                signalled.cancel();
                if last {
                    std::process::exit(Exit::Interrupted as i32);
                }
            }
        });
        command(stop).await
    })
}

/// Runs a command that may be left at any moment. Ctrl-C ends it.
fn answer(command: impl Future<Output = Result<Exit, CliError>>) -> Result<Exit, CliError> {
    wait(|stop| async move {
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(Exit::Interrupted),
            done = command => done,
        }
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    // We wait for others nearly all the time: more threads would only be more to wake and to hold.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("cannot start the runtime: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }
}
