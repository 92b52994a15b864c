//! Where a job's time went: one bar, as wide as the terminal, and what its parts are.

use crate::domain::job::Story;
use crate::engine::report::{Share, Spending, duration, shares, stretches, strip};

use super::super::output::Output;

/// The widest that is drawn: on a very wide terminal, the names would be too far from it.
const WIDEST: usize = 120;
/// The narrowest: less shows nothing.
const NARROWEST: usize = 20;

/// The bar and its key, for a terminal of so many columns. Empty when no time has passed.
pub(super) fn bar(output: &Output, story: &Story, columns: usize) -> String {
    let width = columns.clamp(NARROWEST, WIDEST);
    let all = stretches(story);
    let shares = shares(&all);
    let whole: u64 = shares.iter().map(|it| it.ms).sum();
    if whole == 0 {
        return String::new();
    }
    let mut text = format!("where its time went: {}\n", duration(whole));
    let cells = strip(&all, width);
    for run in cells.chunk_by(|a, b| a == b) {
        let letters = run.iter().map(|it| it.letter()).collect::<String>();
        text.push_str(&output.shaded(color(run[0]), &letters));
    }
    text.push('\n');
    for share in &shares {
        text.push_str(&row(output, share, whole, width));
    }
    text
}

/// `M agent and model   62%  15 min 3 s  ######`, no wider than `width`.
fn row(output: &Output, share: &Share, whole: u64, width: usize) -> String {
    let letter = output.shaded(color(share.on), &share.on.letter().to_string());
    let percent = u128::from(share.ms) * 100 / u128::from(whole);
    let percent = if percent == 0 { "<1%".to_owned() } else { format!("{percent}%") };
    let said = format!(" {:<15} {percent:>4}  {}", share.on.name(), duration(share.ms));
    let said = format!("{said:<36}");
    let room = width.saturating_sub(1 + said.chars().count());
    let long = u128::from(share.ms) * room as u128 / u128::from(whole);
    let long = usize::try_from(long).unwrap_or(0);
    let line = "#".repeat(long);
    let line = if line.is_empty() { line } else { output.shaded(color(share.on), &line) };
    format!("{}\n", format!("{letter}{said}{line}").trim_end())
}

/// Of the 256 that terminals have; black letters can be read on each.
fn color(on: Spending) -> u8 {
    match on {
        Spending::Queue => 250,
        Spending::Inspect => 153,
        Spending::Prepare => 117,
        Spending::Model => 215,
        Spending::Build => 114,
        Spending::Lint => 151,
        Spending::Test => 78,
        Spending::Checks => 194,
        Spending::ModelAway => 224,
        Spending::Push => 183,
        Spending::Tell => 147,
        Spending::Retries => 210,
        Spending::Idle => 244,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::{Event, JobId, Record};
    use crate::domain::task::{Origin, Task};
    use crate::domain::time::Timestamp;
    use crate::domain::verification::{Check, Exit, Step, Verification};

    fn story() -> Story {
        let step = |check, duration_ms| Step {
            check,
            command: "make".to_owned(),
            exit: Exit::Code(0),
            duration_ms,
            tests: None,
            excerpt: String::new(),
        };
        let steps = vec![step(Check::Build, 15_000), step(Check::Test, 60_000)];
        let record = |seconds: i64, took_ms, event| Record {
            at: Timestamp(seconds * 1_000),
            took_ms,
            event,
        };
        let task = Task {
            repository: "acme/api".parse().unwrap(),
            origin: Origin::Issue { number: 1 },
            title: String::new(),
            body: String::new(),
            body_sha256: None,
            labels: Vec::new(),
            asking: String::new(),
        };
        let records = vec![
            record(80, 80_000, Event::Baselined(Verification { steps, ..Verification::default() })),
            record(100, 20_000, Event::Labelled),
            record(101, 300, Event::Cancelled),
        ];
        Story { job: JobId("a".to_owned()), task, records }
    }

    #[test]
    fn the_bar_is_as_wide_as_the_terminal_and_plain_without_colours() {
        let plain = Output::plain();
        insta::assert_snapshot!([40, 70].map(|it| bar(&plain, &story(), it)).join("\n"));
        for columns in 0..300 {
            let text = bar(&plain, &story(), columns);
            let most = columns.clamp(36, WIDEST);
            assert!(text.is_ascii() && text.lines().all(|it| it.len() <= most), "{text}");
        }
        let nothing = Story { records: Vec::new(), ..story() };
        assert_eq!(bar(&plain, &nothing, 80), "");
    }

    #[test]
    fn colours_change_nothing_that_is_read() {
        let colored = bar(&Output::colored(), &story(), 60);
        assert!(colored.contains("\u{1b}[30;48;5;"));
        let mut bare = String::new();
        for part in colored.split('\u{1b}') {
            let shown = part.strip_prefix('[').and_then(|it| it.split_once('m'));
            bare.push_str(shown.map_or(part, |it| it.1));
        }
        assert_eq!(bare, bar(&Output::plain(), &story(), 60));
    }
}
