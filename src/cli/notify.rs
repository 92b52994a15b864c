//! `codingworker notify` and `notify test`.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::app::{self, telling};
use crate::config::{Channel, Config};
use crate::engine::notice::{Happening, notice};
use crate::notify::Parcel;
use crate::notify::outbox::{Account, Outbox};
use crate::redact::Redactor;

use super::output::{Cell, Tone, age, table};
use super::{CliError, Desk, Exit, answer};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a test notice through each channel, or through one, and say what came of it
    Test {
        /// Which, by its name [default: all of them]
        channel: Option<String>,
    },
}

/// A channel as programs read it.
#[derive(Debug, Serialize)]
struct Report<'a> {
    name: &'a str,
    kind: &'static str,
    events: Vec<&'static str>,
    #[serde(flatten)]
    account: Account,
}

/// What came of a test, as programs read it.
#[derive(Debug, Serialize)]
struct Tried<'a> {
    channel: &'a str,
    kind: &'static str,
    ok: bool,
    error: Option<String>,
}

pub(super) fn run(desk: &Desk<'_>, arguments: Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    answer(async {
        match arguments.command {
            None => list(desk, &config).await,
            Some(Command::Test { channel }) => test(desk, &config, channel.as_deref()).await,
        }
    })
}

async fn list(desk: &Desk<'_>, config: &Config) -> Result<Exit, CliError> {
    let accounts = match app::known_database(config)? {
        Some(database) => Outbox::new(database).accounts().await.map_err(app::AppError::from)?,
        None => Vec::new(),
    };
    let reports: Vec<Report<'_>> = config
        .notify
        .channels
        .iter()
        .map(|it| Report {
            name: &it.name,
            kind: it.sink.kind(),
            events: it.events.iter().map(|it| it.name()).collect(),
            account: accounts
                .iter()
                .find(|a| a.channel == it.name)
                .cloned()
                .unwrap_or_else(|| Account { channel: it.name.clone(), ..Account::default() }),
        })
        .collect();
    if desk.output.wants_json() {
        desk.output.json(&reports)?;
    } else if reports.is_empty() {
        desk.output.note("no channels: add one to `notify.channels`");
    } else {
        let head = ["NAME", "KIND", "WAITING", "SENT", "DROPPED", "EVENTS", "LAST ERROR"];
        let rows = reports.iter().map(row).collect::<Vec<_>>();
        desk.output.print(&table(desk.output, &head, &rows))?;
    }
    Ok(Exit::Done)
}

fn row(report: &Report<'_>) -> Vec<Cell> {
    let account = &report.account;
    let count = |number: u64, tone: Tone| {
        Cell(if number > 0 { tone } else { Tone::Plain }, number.to_string())
    };
    let error = account.error.as_ref().map_or(String::new(), |error| {
        let ago = account.error_at.map(|at| age((app::clock())().since(at)));
        format!("{error} ({} ago)", ago.unwrap_or_default())
    });
    vec![
        Cell::plain(report.name),
        Cell::plain(report.kind),
        count(account.waiting, Tone::Doubtful),
        count(account.sent, Tone::Plain),
        count(account.dropped, Tone::Bad),
        Cell::plain(report.events.join(",")),
        Cell::faint(error),
    ]
}

async fn test(desk: &Desk<'_>, config: &Config, only: Option<&str>) -> Result<Exit, CliError> {
    let wanted = |it: &&Channel| only.is_none_or(|only| it.name == only);
    let channels: Vec<&Channel> = config.notify.channels.iter().filter(wanted).collect();
    if channels.is_empty() {
        return Err(match only {
            Some(name) => CliError::not_found(format!(
                "there is no channel `{name}`: `codingworker notify` lists those that are there"
            )),
            None => CliError::usage("no channels to test: add one to `notify.channels`"),
        });
    }
    let mut tried = Vec::new();
    for channel in channels {
        let error = send(config, channel).await;
        tried.push(Tried {
            channel: &channel.name,
            kind: channel.sink.kind(),
            ok: error.is_none(),
            error,
        });
    }
    let failed = tried.iter().any(|it| !it.ok);
    if desk.output.wants_json() {
        desk.output.json(&tried)?;
    } else {
        let rows = tried.iter().map(|it| match &it.error {
            None => vec![
                Cell(Tone::Good, "ok".to_owned()),
                Cell::plain(it.channel),
                Cell::plain(it.kind),
            ],
            Some(error) => vec![
                Cell(Tone::Bad, "fail".to_owned()),
                Cell::plain(it.channel),
                Cell::plain(it.kind),
                Cell::plain(error.as_str()),
            ],
        });
        desk.output.print(&table(desk.output, &[], &rows.collect::<Vec<_>>()))?;
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Sends a test notice now, past the outbox. What went wrong, if anything did.
async fn send(config: &Config, channel: &Channel) -> Option<String> {
    let now = (app::clock())();
    let happening = Happening::Test { channel: &channel.name };
    let notice = notice(&happening, &telling::teller(config, now))?;
    let parcel = Parcel { delivery: format!("test-{}", now.0), notice, at: now };
    let redactor = Redactor::new(config.secrets());
    let sent = telling::channel(config, channel, redactor).send(&parcel).await;
    // Nothing is tried again here.
    sent.err().map(|it| it.to_string().trim_end_matches("; it is tried again").to_owned())
}
