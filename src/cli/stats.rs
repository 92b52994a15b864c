//! `codingworker stats`: whether this pays. It reads what is written down, and asks nobody.

use std::collections::HashMap;
use std::time::Duration;

use clap::Args;

use crate::app::{self, AppError};
use crate::config::Config;
use crate::domain::change::Fate;
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::engine::stats::{self, Counts, Row};
use crate::store::{JobFilter, Store};

use super::output::{Cell, Tone, table};
use super::{CliError, Desk, Exit, answer};

const DAY: u64 = 86_400;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only jobs that came in so long ago or later: 12h, 30d, 8w [default: all]
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Duration>,
    /// Only jobs for this repository
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<Repository>,
}

/// A length of time as one types it: a number and `h`, `d` or `w`.
fn time(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`{text}` is no length of time: expected a number and h, d or w, as in 30d");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number = text.strip_suffix(unit).and_then(|it| it.parse::<u64>().ok()).ok_or_else(wrong)?;
    let seconds = match unit {
        'h' => 3_600,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return Err(wrong()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

/// What is known, and of how many pull requests nobody has seen yet what became of them.
#[derive(Default)]
struct Known {
    rows: Vec<Row>,
    unseen: usize,
}

pub(super) fn run(desk: &Desk<'_>, arguments: Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    answer(async {
        let known = match super::jobs::store(&config).await? {
            Some(store) => known(&store, arguments).await?,
            None => Known::default(),
        };
        print(desk, &config, &known)?;
        Ok(Exit::Done)
    })
}

async fn known(store: &Store, arguments: Arguments) -> Result<Known, CliError> {
    let filter = JobFilter { state: None, repository: arguments.repo };
    let from = arguments.since.map(|it| {
        let long = i64::try_from(it.as_millis()).unwrap_or(i64::MAX);
        Timestamp((app::clock())().0.saturating_sub(long))
    });
    let jobs = store.jobs(&filter, usize::MAX).await.map_err(AppError::from)?;
    let jobs = jobs
        .into_iter()
        .filter(|job| job.state.is_final() && from.is_none_or(|from| from <= job.created_at));
    let mut cases = Vec::new();
    for job in jobs {
        cases.extend(stats::case(&super::jobs::story(store, &job).await?));
    }
    let followed = store.fates().await.map_err(AppError::from)?;
    let fates: HashMap<(String, u64), (Fate, bool)> = followed
        .into_iter()
        .map(|it| {
            let key = (it.repository.to_string().to_lowercase(), it.number);
            (key, (it.fate, it.looked_at.is_some()))
        })
        .collect();
    let of = |repository: &str, number: u64| fates.get(&(repository.to_owned(), number)).copied();
    let pulls = cases.iter().filter_map(|it| it.pull.and_then(|number| of(&it.repository, number)));
    let unseen = pulls.filter(|(_, was_seen)| !was_seen).count();
    let rows = stats::rows(&cases, |repository, number| of(repository, number).map(|it| it.0));
    Ok(Known { rows, unseen })
}

fn print(desk: &Desk<'_>, config: &Config, known: &Known) -> Result<(), CliError> {
    if desk.output.wants_json() {
        return desk.output.json(&known.rows);
    }
    if known.rows.is_empty() {
        let place = config.worker.state_dir.display();
        desk.output.note(&format!("no such jobs that a model worked on in {place}"));
        return Ok(());
    }
    let mut rows: Vec<Vec<Cell>> = known.rows.iter().map(row).collect();
    if rows.len() > 1 {
        let all = known.rows.iter().fold(Counts::default(), |sum, it| sum.plus(&it.counts));
        rows.push(line("all", "", "", &all));
    }
    let head = [
        "REPOSITORY",
        "MODEL",
        "KIND",
        "JOBS",
        "AT ONCE",
        "LATER",
        "NEVER",
        "MERGED",
        "CLOSED",
        "OPEN",
    ];
    desk.output.print(&table(desk.output, &head, &rows))?;
    if known.unseen > 0 {
        desk.output.note(&format!(
            "{} of the open were not looked at yet: `codingworker serve` does that, an hour after \
             they were opened at the earliest",
            known.unseen
        ));
    }
    Ok(())
}

fn row(it: &Row) -> Vec<Cell> {
    line(&it.repository, &it.model, it.kind.words(), &it.counts)
}

fn line(repository: &str, model: &str, kind: &str, counts: &Counts) -> Vec<Cell> {
    let of = |count: u64, tone: Tone| match count {
        0 => Cell::faint("0"),
        // A share says more than a number where there are some.
        count => Cell(tone, format!("{count} ({} %)", percent(count, counts.jobs))),
    };
    let plain = |count: u64| Cell::plain(count.to_string());
    vec![
        Cell::plain(repository),
        Cell::plain(model),
        Cell::plain(kind),
        plain(counts.jobs),
        of(counts.at_once, Tone::Good),
        of(counts.after_more_attempts, Tone::Plain),
        of(counts.never, Tone::Bad),
        of(counts.merged, Tone::Good),
        of(counts.closed, Tone::Bad),
        of(counts.open, Tone::Plain),
    ]
}

/// Rounded to the nearest.
fn percent(part: u64, whole: u64) -> u64 {
    (part * 200 + whole) / (whole * 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_with_its_unit() {
        for (text, hours) in [("12h", 12), ("30d", 720), ("2w", 336), ("0d", 0)] {
            assert_eq!(time(text), Ok(Duration::from_secs(hours * 3_600)), "{text}");
        }
        for text in ["", "d", "30", "30m", "-1d", "1.5d", "30日", "99999999999999999999d"] {
            assert!(time(text).unwrap_err().contains("is no length of time"), "{text}");
        }
        assert!(time(&format!("{}w", u64::MAX)).is_err());
    }

    #[test]
    fn shares_are_rounded_to_the_nearest() {
        let shares = [(1, 3), (2, 3), (1, 200), (1, 201), (0, 0)].map(|(a, b)| percent(a, b));
        assert_eq!(shares, [33, 67, 1, 0, 0]);
    }
}
