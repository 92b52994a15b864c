//! `codingworker doctor`: looks at every outside thing, and says what to type about it.
//!
//! Each file below has two halves: a probe, which asks the world and returns facts, and pure
//! functions that judge them. Nothing is made or changed by looking.

use std::future::Future;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::config::Config;
use crate::domain::task::Repository;
use crate::redact::Redactor;

use super::output::{Cell, Tone, harmless, table};
use super::{CliError, Desk, Exit, Output, serve, trouble, wait};

mod cage;
mod engine;
mod host;
mod models;
mod place;
mod polling;
mod programs;
mod queue;
mod store;

/// How long a look may take. They are taken at the same time.
const DEADLINE: Duration = Duration::from_secs(10);
/// Aider is a large Python program: its first start on a busy machine takes longer than that.
const AIDER_DEADLINE: Duration = Duration::from_secs(45);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Look also at what the token may do in this repository, and whether its jobs would run
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<Repository>,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    name: &'static str,
    status: Status,
    detail: String,
    /// What to type, or to do.
    remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// As it should be.
    Ok,
    /// It works, and could be better.
    Warn,
    /// Jobs would fail.
    Fail,
    /// Neither good nor bad.
    Info,
}

impl Finding {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, detail: detail.into(), remedy: None }
    }

    fn info(name: &'static str, detail: impl Into<String>) -> Self {
        Self { status: Status::Info, ..Self::ok(name, detail) }
    }

    fn warn(
        name: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<Option<String>>,
    ) -> Self {
        Self { status: Status::Warn, remedy: remedy.into(), ..Self::ok(name, detail) }
    }

    /// Where the manual has what is wrong.
    fn more(&self) -> Option<String> {
        let is_wrong = matches!(self.status, Status::Warn | Status::Fail);
        trouble::find(&self.detail).filter(|_| is_wrong).map(|it| it.place())
    }

    fn fail(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { status: Status::Fail, remedy, ..Self::ok(name, detail) }
    }
}

pub(super) fn run(desk: &Desk<'_>, arguments: &Arguments) -> Result<Exit, CliError> {
    let config = Config::load(&desk.options)?;
    let around = serve::surroundings(desk)?;
    let (home, env) = (desk.options.home.clone(), desk.options.env.clone());
    let repository = arguments.repo.as_ref();
    wait(|stop| async move {
        let looks = async {
            // What is around a job decides about what may be asked of it.
            let engine = engine::look(&config, &env, &home).await;
            let (level, cage) = cage::look(&config, &around, engine.image).await;
            let (git, aider, docker, others, models, host, polling, store, queue, place) = tokio::join!(
                within("git", DEADLINE, programs::git(&config, &around)),
                within("aider", AIDER_DEADLINE, programs::aider(&config, &around)),
                within("docker", DEADLINE, engine::programs(&around, &env, &home)),
                within("tools", DEADLINE, programs::others(&around, &home)),
                within("ollama", DEADLINE, models::look(&config)),
                within("github", DEADLINE, host::look(&config, repository, level)),
                within("polling", DEADLINE, polling::look(&config)),
                within("store", DEADLINE, store::look(&config)),
                within("queue", DEADLINE, queue::look(&config)),
                within("state_dir", DEADLINE, place::look(&config)),
            );
            let engine = engine.findings;
            let configuration = configuration(&config);
            let near = [configuration, cage, engine, git, aider, models, host].concat();
            [near, polling, store, queue, place, docker, others].concat()
        };
        let findings = tokio::select! {
            findings = looks => findings,
            () = stop.cancelled() => return Ok(Exit::Interrupted),
        };
        let findings = without_secrets(findings, &Redactor::new(config.secrets()));
        show(&findings, desk.output)?;
        Ok(exit(&findings))
    })
}

/// A look that takes too long has found that nobody answers.
async fn within(
    name: &'static str,
    limit: Duration,
    look: impl Future<Output = Vec<Finding>>,
) -> Vec<Finding> {
    tokio::time::timeout(limit, look).await.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s", limit.as_secs());
        vec![Finding::fail(name, detail, "look whether it is overloaded or unreachable; ask again")]
    })
}

fn configuration(config: &Config) -> Vec<Finding> {
    let file = match &config.file {
        Some(path) => Finding::ok("configuration", path.display().to_string()),
        None => Finding {
            remedy: Some("codingworker init".to_owned()),
            ..Finding::info("configuration", "no file: the defaults, and the environment")
        },
    };
    let warnings = config.warnings.iter().map(|it| Finding::warn("configuration", it, None));
    std::iter::once(file).chain(warnings).collect()
}

/// What comes back from elsewhere may hold what we sent there.
fn without_secrets(findings: Vec<Finding>, redactor: &Redactor) -> Vec<Finding> {
    let hushed = |text: String| redactor.text(&text).into_owned();
    let hushed =
        |it: Finding| Finding { detail: hushed(it.detail), remedy: it.remedy.map(hushed), ..it };
    findings.into_iter().map(hushed).collect()
}

fn exit(findings: &[Finding]) -> Exit {
    let failed = findings.iter().any(|it| it.status == Status::Fail);
    if failed { Exit::Missing } else { Exit::Done }
}

/// A finding as programs read it.
#[derive(Serialize)]
struct Known<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    /// Where the manual has it, of what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<String>,
}

fn show(findings: &[Finding], output: &Output) -> Result<(), CliError> {
    if output.wants_json() {
        let known = findings.iter().map(|finding| Known { finding, more: finding.more() });
        return output.json(&known.collect::<Vec<_>>());
    }
    output.print(&text(findings, output))
}

/// One aligned line each; below it, what to do about it.
fn text(findings: &[Finding], output: &Output) -> String {
    let row = |it: &Finding| {
        let (tone, status) = match it.status {
            Status::Ok => (Tone::Good, "ok"),
            Status::Warn => (Tone::Doubtful, "warn"),
            Status::Fail => (Tone::Bad, "fail"),
            Status::Info => (Tone::Faint, "info"),
        };
        vec![Cell(tone, status.to_owned()), Cell::plain(it.name), Cell::plain(&it.detail)]
    };
    let rows: Vec<Vec<Cell>> = findings.iter().map(row).collect();
    let table = table(output, &[], &rows);
    let lines = table.lines().zip(findings).map(|(line, finding)| match &finding.remedy {
        Some(remedy) => format!("{line}\n      -> {}\n", harmless(remedy)),
        None => match finding.more() {
            Some(place) => format!("{line}\n      -> {place}\n"),
            None => format!("{line}\n"),
        },
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use secrecy::SecretString;

    use super::*;
    use crate::config::LoadOptions;

    fn output() -> Output {
        let cwd = PathBuf::from("/");
        let (etc, home, host_name) = (cwd.clone(), cwd.clone(), "host".to_owned());
        let options =
            LoadOptions { explicit: None, env: Default::default(), cwd, home, etc, host_name };
        Output::new(&options, true, false)
    }

    #[test]
    fn one_line_each_and_the_remedy_below() {
        let findings = [
            Finding::ok("git", "2.47.3"),
            Finding::fail("ollama", "cannot be\nreached", "ollama serve"),
            Finding::warn("state_dir", "others may read it", Some("chmod 700 x".to_owned())),
        ];
        insta::assert_snapshot!(text(&findings, &output()), @r"
        ok    git        2.47.3
        fail  ollama     cannot be reached
              -> ollama serve
        warn  state_dir  others may read it
              -> chmod 700 x
        ");
    }

    #[test]
    fn only_a_fail_makes_the_exit_code_3() {
        let (ok, info) = (Finding::ok("a", ""), Finding::info("a", ""));
        let warn = Finding::warn("a", "", None);
        assert_eq!(exit(&[ok.clone(), info, warn]), Exit::Done);
        assert_eq!(exit(&[ok, Finding::fail("a", "", "b")]), Exit::Missing);
    }

    #[test]
    fn an_answer_that_repeats_the_token_is_hushed() {
        let redactor = Redactor::new([SecretString::from("ghp_0123456789secret")]);
        let said = Finding::fail("github", "bad ghp_0123456789secret", "drop ghp_0123456789secret");
        let hushed = format!("{:?}", without_secrets(vec![said], &redactor));
        assert!(!hushed.contains("secret\"") && !hushed.contains("ghp_0123"), "{hushed}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_has_failed() {
        let found = within("queue", DEADLINE, std::future::pending()).await;
        assert_eq!((found[0].name, found[0].status), ("queue", Status::Fail));
    }
}
