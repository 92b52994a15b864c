//! `codingworker audit` and `audit verify`.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::app::{self, AppError};
use crate::audit::{Audit, AuditError, AuditFilter, Decision, GENESIS, Row, Verdict};
use crate::config::Config;
use crate::domain::task::Repository;

use super::output::{Cell, Tone, table};
use super::{CliError, Desk, Exit, answer};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only what is about this repository
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<Repository>,
    /// Only what is about this job: its id, or enough of its beginning
    #[arg(long, value_name = "ID", value_parser = digits)]
    job: Option<String>,
    /// How many rows to show, the newest first
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether every row is as it was written, and name the first that is not
    ///
    /// Each row holds the hash of the one before. The chain has no secret in it: who may write
    /// the file can make a whole new one. Note the head that this prints somewhere else, and
    /// give it to --expect later: it has to be in the chain still.
    Verify {
        /// A head that was noted earlier, and has to be in the chain
        #[arg(long, value_name = "HASH", value_parser = head)]
        expect: Option<String>,
    },
}

/// A row as programs read it.
#[derive(Debug, Serialize)]
struct Line<'a> {
    row: u64,
    at: String,
    decision: Decision,
    repository: &'a str,
    thread: u64,
    actor: Option<Actor<'a>>,
    asked: &'a str,
    job: Option<&'a str>,
    why: &'a str,
    key: &'a str,
    previous: &'a str,
    hash: &'a str,
}

#[derive(Debug, Serialize)]
struct Actor<'a> {
    id: u64,
    login: &'a str,
}

/// A verdict as programs read it.
#[derive(Debug, Serialize)]
struct Report<'a> {
    sound: bool,
    rows: u64,
    head: &'a str,
    /// The first bad row.
    bad_row: Option<i64>,
    flaw: Option<String>,
    /// Whether the head that was asked for is in the chain.
    expected_found: Option<bool>,
}

pub(super) fn run(desk: &Desk<'_>, arguments: Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    answer(async {
        let audit = app::known_database(&config)?.map(Audit::new);
        match arguments.command {
            Some(Command::Verify { expect }) => verify(desk, &config, audit, expect).await,
            None => {
                let Arguments { repo: repository, job, limit, .. } = arguments;
                list(desk, &config, audit, AuditFilter { repository, job }, limit).await
            }
        }
    })
}

async fn list(
    desk: &Desk<'_>,
    config: &Config,
    audit: Option<Audit>,
    filter: AuditFilter,
    limit: usize,
) -> Result<Exit, CliError> {
    let mut rows = match audit {
        // One more than is shown, to know whether there are more.
        Some(audit) => audit.rows(&filter, limit.saturating_add(1)).await.map_err(failed)?,
        None => Vec::new(),
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    if desk.output.wants_json() {
        desk.output.json(&rows.iter().map(line).collect::<Vec<_>>())?;
    } else if rows.is_empty() && !more {
        let kind = if filter == AuditFilter::default() { "rows" } else { "such rows" };
        let place = config.worker.state_dir.display();
        desk.output.note(&format!("no {kind} in the audit of {place}"));
    } else if !rows.is_empty() {
        let cells = rows.iter().map(cells).collect::<Vec<_>>();
        let head = ["ROW", "AT", "DECISION", "THREAD", "BY", "ASKED", "JOB", "WHY"];
        desk.output.print(&table(desk.output, &head, &cells))?;
    }
    if more {
        desk.output.note(&format!("older rows are not shown: --limit shows more than {limit}"));
    }
    Ok(Exit::Done)
}

fn line(row: &Row) -> Line<'_> {
    let entry = &row.entry;
    Line {
        row: row.seq,
        at: entry.at.to_string(),
        decision: entry.decision,
        repository: &entry.repository,
        thread: entry.thread,
        actor: entry.actor.as_ref().map(|it| Actor { id: it.id, login: &it.login }),
        asked: &entry.asked,
        job: entry.job.as_ref().map(|it| it.0.as_str()),
        why: &entry.why,
        key: &entry.key,
        previous: &row.previous,
        hash: &row.hash,
    }
}

fn cells(row: &Row) -> Vec<Cell> {
    let entry = &row.entry;
    let tone = match entry.decision {
        Decision::Allowed | Decision::Pushed | Decision::Answered => Tone::Good,
        Decision::Refused | Decision::Stopped => Tone::Bad,
        Decision::Joined | Decision::Ended => Tone::Faint,
    };
    vec![
        Cell::plain(row.seq.to_string()),
        Cell::plain(entry.at.to_string()),
        Cell(tone, entry.decision.name().to_owned()),
        Cell::plain(format!("{}#{}", entry.repository, entry.thread)),
        Cell::plain(entry.actor.as_ref().map_or("-", |it| it.login.as_str())),
        Cell::plain(entry.asked.as_str()),
        Cell::plain(entry.job.as_ref().map_or("-", |it| it.0.as_str())),
        Cell::plain(entry.why.as_str()),
    ]
}

async fn verify(
    desk: &Desk<'_>,
    config: &Config,
    audit: Option<Audit>,
    expect: Option<String>,
) -> Result<Exit, CliError> {
    let verdict = match audit {
        Some(audit) => audit.verify(expect.as_deref()).await.map_err(failed)?,
        // An audit that was noted and is gone is no empty one.
        None => Verdict {
            rows: 0,
            head: GENESIS.to_owned(),
            broken: None,
            expected: expect.as_ref().map(|it| it == GENESIS),
        },
    };
    if desk.output.wants_json() {
        desk.output.json(&report(&verdict))?;
    } else if verdict.broken.is_none() {
        let rows = [
            vec![Cell::faint("rows"), Cell::plain(verdict.rows.to_string())],
            vec![Cell::faint("head"), Cell::plain(verdict.head.as_str())],
        ];
        desk.output.print(&table(desk.output, &[], &rows))?;
    }
    let place = config.worker.state_dir.display();
    if let Some(broken) = &verdict.broken {
        return Err(CliError::failed(format!(
            "the audit of {place} is not as it was written: row {}: {} ({} before it are sound)",
            broken.row, broken.flaw, verdict.rows
        )));
    }
    if let (Some(false), Some(expect)) = (verdict.expected, expect) {
        return Err(CliError::failed(format!(
            "the audit of {place} is not the one that {expect} was noted from: its rows were \
             written anew, or taken away, or the file is an older copy"
        )));
    }
    Ok(Exit::Done)
}

fn report(verdict: &Verdict) -> Report<'_> {
    Report {
        sound: verdict.is_sound(),
        rows: verdict.rows,
        head: &verdict.head,
        bad_row: verdict.broken.as_ref().map(|it| it.row),
        flaw: verdict.broken.as_ref().map(|it| it.flaw.to_string()),
        expected_found: verdict.expected,
    }
}

fn failed(error: AuditError) -> CliError {
    match error {
        AuditError::Database(error) => AppError::from(error).into(),
        other => CliError::failed(other.to_string()),
    }
}

/// The beginning of a job's id.
fn digits(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && text.bytes().all(|it| it.is_ascii_hexdigit());
    good.then(|| text.to_ascii_lowercase())
        .ok_or_else(|| "a job's id is made of hexadecimal digits".to_owned())
}

/// A whole hash.
fn head(text: &str) -> Result<String, String> {
    digits(text)
        .ok()
        .filter(|it| it.len() == GENESIS.len())
        .ok_or_else(|| "a head is 64 hexadecimal digits".to_owned())
}
