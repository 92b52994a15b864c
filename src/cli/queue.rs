//! `codingworker queue`, `queue dead` and `queue redrive`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::app::{self, AppError, Awaited};
use crate::config::Config;
use crate::database::Database;
use crate::domain::time::Timestamp;
use crate::queue::{DeadLetter, Depth, TaskQueue};

use super::output::{Cell, Tone, age, table};
use super::{CliError, Desk, Exit, answer};

/// How much of a dead letter's reason and body its line shows, in characters.
const SHOWN: usize = 100;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the messages that no worker could do anything with, and why
    Dead,
    /// Send dead letters back to the queue
    Redrive {
        /// Which, by the ids that `queue dead` shows [default: all of them]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
}

/// A queue as programs read it.
#[derive(Debug, Serialize)]
struct Report<'a> {
    /// `embedded` or `sqs`.
    kind: &'a str,
    /// The database's path, or the queue's URL.
    address: String,
    #[serde(flatten)]
    depth: Depth,
    /// Models that are held, or that jobs wait for.
    models: Vec<Awaited>,
}

pub(super) fn run(desk: &Desk<'_>, arguments: Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    answer(async {
        let queue = known(&config).await?;
        match arguments.command {
            None => depth(desk, &config, queue).await,
            Some(Command::Dead) => dead(desk, queue).await,
            Some(Command::Redrive { ids }) => redrive(desk, queue, ids).await,
        }
    })
}

/// The queue of the configuration.
pub(super) async fn open(config: &Config) -> Result<Arc<dyn TaskQueue>, CliError> {
    // A queue elsewhere needs no state folder here.
    let elsewhere = config.sqs.queue_url.is_some();
    let shared = if elsewhere { None } else { app::shared(config).await? };
    let database = match elsewhere || shared.is_some() {
        true => Database::open_in_memory().map_err(AppError::from)?,
        false => app::database(config)?,
    };
    Ok(app::queue(config, &database, shared.as_ref(), None).await?)
}

/// The same, but an embedded queue that nobody has put anything in yet is not made for a look.
async fn known(config: &Config) -> Result<Option<Arc<dyn TaskQueue>>, CliError> {
    let elsewhere = config.sqs.queue_url.is_some() || config.store.address.is_some();
    let there = elsewhere || app::database_file(config).exists();
    if there { open(config).await.map(Some) } else { Ok(None) }
}

type Known = Option<Arc<dyn TaskQueue>>;

async fn depth(desk: &Desk<'_>, config: &Config, queue: Known) -> Result<Exit, CliError> {
    let depth = match queue {
        Some(queue) => queue.depth().await.map_err(AppError::from)?,
        None => Depth { dead: Some(0), ..Depth::default() },
    };
    let (kind, address) = match (&config.sqs.queue_url, &config.store.address) {
        (Some(url), _) => ("sqs", url.clone()),
        (None, Some(address)) => ("postgresql", address.shown().to_owned()),
        (None, None) => ("embedded", app::database_file(config).display().to_string()),
    };
    let now = (app::clock())();
    let models = match super::jobs::store(config).await? {
        Some(store) => app::awaited_models(config, &store, now).await.map_err(AppError::from)?,
        None => Vec::new(),
    };
    if desk.output.wants_json() {
        desk.output.json(&Report { kind, address, depth, models })?;
        return Ok(Exit::Done);
    }
    let or_dash = |it: Option<String>| Cell::plain(it.unwrap_or_else(|| "-".to_owned()));
    let oldest = depth.oldest_seconds.map(|it| age(Duration::from_secs(it)));
    let dead = match depth.dead {
        Some(0) => Cell::plain("0"),
        Some(count) => Cell(Tone::Bad, format!("{count} (see `codingworker queue dead`)")),
        None => or_dash(None),
    };
    let mut rows = vec![
        vec![Cell::faint("queue"), Cell::plain(format!("{kind}, {address}"))],
        vec![Cell::faint("waiting"), Cell::plain(depth.waiting.to_string())],
        vec![Cell::faint("in flight"), Cell::plain(depth.in_flight.to_string())],
        vec![Cell::faint("oldest"), or_dash(oldest)],
        vec![Cell::faint("dead"), dead],
    ];
    rows.extend(models.iter().map(|it| vec![Cell::faint("model"), held(it, now)]));
    desk.output.print(&table(desk.output, &[], &rows))?;
    Ok(Exit::Done)
}

/// Until when a model is held, how many jobs wait for it, and why.
fn held(it: &Awaited, now: Timestamp) -> Cell {
    let jobs = match it.jobs {
        1 => "1 job waits".to_owned(),
        jobs => format!("{jobs} jobs wait"),
    };
    let when = match it.until {
        Some(until) if now < until => {
            format!("held until {until}, in {}", age(until.since(now)))
        }
        Some(_) => "tried again now".to_owned(),
        None => "away, looked for each minute".to_owned(),
    };
    Cell(Tone::Bad, format!("{}: {when}; {jobs}: {}", it.model, beginning(&it.why)))
}

async fn dead(desk: &Desk<'_>, queue: Known) -> Result<Exit, CliError> {
    let letters = match queue {
        Some(queue) => queue.dead().await.map_err(AppError::from)?,
        None => Vec::new(),
    };
    if desk.output.wants_json() {
        desk.output.json(&letters)?;
    } else if letters.is_empty() {
        desk.output.note("no dead letters");
    } else {
        let rows = letters.iter().map(row).collect::<Vec<_>>();
        desk.output.print(&table(desk.output, &["ID", "REASON", "BODY"], &rows))?;
    }
    Ok(Exit::Done)
}

fn row(letter: &DeadLetter) -> Vec<Cell> {
    vec![
        Cell::plain(letter.id.as_str()),
        Cell::plain(beginning(&letter.reason)),
        Cell::plain(beginning(&letter.body)),
    ]
}

/// The first line of a text, bounded.
fn beginning(text: &str) -> String {
    let first = text.trim_end().lines().next().unwrap_or_default();
    let shown: String = first.chars().take(SHOWN).collect();
    let cut = if shown.len() < text.trim_end().len() { "…" } else { "" };
    format!("{shown}{cut}")
}

async fn redrive(desk: &Desk<'_>, queue: Known, ids: Vec<String>) -> Result<Exit, CliError> {
    let ids: Vec<String> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let went = match queue {
        Some(queue) => queue.redrive(&ids).await.map_err(AppError::from)?,
        None => 0,
    };
    if desk.output.wants_json() {
        desk.output.json(&serde_json::json!({ "redriven": went }))?;
    } else {
        desk.output.print(&format!("{went} sent back to the queue"))?;
    }
    if went < ids.len() {
        return Err(CliError::not_found(format!(
            "{} of {} are no dead letters: `codingworker queue dead` lists them",
            ids.len() - went,
            ids.len()
        )));
    }
    Ok(Exit::Done)
}
