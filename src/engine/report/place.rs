//! The comment on an issue whose task waits in the queue: its place, and about when it begins.

use std::time::Duration;

use crate::domain::job::JobId;
use crate::domain::time::Timestamp;
use crate::engine::line::{Said, Word};
use crate::engine::report::{Language, Masthead, code, marker, sentence};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What the job's own comment says before there is a job. Ends with the job's marker, so that the
/// job goes on with the same comment; before it stands what `Said::read` reads.
pub fn in_line(job: &JobId, head: &Masthead, word: &Word, said: &Said) -> String {
    let worker = code(&head.worker);
    let (language, nth) = (head.language, word.place.nth);
    let mut out = match language {
        Language::En => format!("Queued by CodingWorker on {worker}: {}", ordinal(nth)),
        Language::Ja => {
            let place = if nth <= 1 { "次の順番".to_owned() } else { format!("{nth}番目") };
            format!("CodingWorker（{worker}）が受け付けました。順番待ち: {place}")
        }
    };
    if let Some(time) = word.place.begins_in {
        let (time, at) = (roughly(time, language), time_of_day(said.at));
        out += &match language {
            Language::En => format!(", {time} until it begins (as of {at})"),
            Language::Ja => format!("、開始まで{time}（{at} 時点）"),
        };
    }
    out.push_str(language.pick(".\n", "。\n"));
    if let Some(held) = &word.held {
        let (until, why) = (moment(held.until, said.at), sentence(&held.why));
        out += &match language {
            Language::En => format!("\nWaits until {until}: {why}.\n"),
            Language::Ja => format!("\n{until} まで待機します: {why}\n"),
        };
    }
    out + &foot(job, language, &said.mark())
}

/// What it says when it turned out that nothing will be begun, and nobody else says why.
pub fn out_of_line(job: &JobId, head: &Masthead) -> String {
    let worker = code(&head.worker);
    let text = match head.language {
        Language::En => format!("Not in line on {worker} any more: nothing was begun.\n"),
        Language::Ja => {
            format!("{worker} での順番待ちは終わりました。作業は開始されていません。\n")
        }
    };
    text + &foot(job, head.language, "")
}

fn foot(job: &JobId, language: Language, mark: &str) -> String {
    let (name, mark) = (language.pick("Job", "ジョブ"), mark.trim());
    let mark = if mark.is_empty() { String::new() } else { format!("{mark}\n") };
    format!("\n<sub>{name} {}</sub>\n{mark}{}\n", code(&job.0), marker(job))
}

/// `next in line`, `2nd in line`, `11th in line`.
fn ordinal(nth: usize) -> String {
    let end = match (nth % 10, nth % 100) {
        _ if nth <= 1 => return "next in line".to_owned(),
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{nth}{end} in line")
}

/// As exact as such a time can be: minutes up to half an hour, then five of them, then hours.
fn roughly(time: Duration, language: Language) -> String {
    let seconds = time.as_secs();
    let near = |unit: u64| (seconds + unit / 2) / unit;
    let (number, en, ja) = if seconds < 30 * MINUTE {
        (near(MINUTE).max(1), "minute", "分")
    } else if seconds < 58 * MINUTE {
        (near(5 * MINUTE) * 5, "minute", "分")
    } else if seconds < 36 * HOUR {
        (near(HOUR), "hour", "時間")
    } else {
        (near(DAY), "day", "日")
    };
    match (language, number) {
        (Language::En, 1) => format!("about {} {en}", if en == "hour" { "an" } else { "a" }),
        (Language::En, _) => format!("about {number} {en}s"),
        (Language::Ja, _) => format!("約{number}{ja}"),
    }
}

/// `14:05 UTC`.
fn time_of_day(at: Timestamp) -> String {
    let whole = at.to_string();
    let time = whole.split('T').nth(1).and_then(|it| it.get(..5)).unwrap_or_default();
    format!("{time} UTC")
}

/// The same, with the date where it is another day's.
fn moment(at: Timestamp, now: Timestamp) -> String {
    let day = |it: Timestamp| it.to_string().split('T').next().unwrap_or_default().to_owned();
    if day(at) == day(now) { time_of_day(at) } else { format!("{} {}", day(at), time_of_day(at)) }
}
