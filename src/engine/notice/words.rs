//! Our own words in notices, in both languages.

use std::time::Duration;

use super::{Kind, Notice, Template};
use crate::domain::job::Outcome;
use crate::domain::time::Timestamp;
use crate::domain::verification::Check;
use crate::engine::report::{Language, duration};

/// How many notices a summary names one by one.
const NAMED: usize = 10;

fn pick<'a>(language: Language, en: &'a str, ja: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::Ja => ja,
    }
}

/// What the kind says by itself.
pub(super) fn of_kind(kind: Kind, language: Language) -> &'static str {
    let (en, ja) = match kind {
        Kind::Failure => ("failed", "失敗しました"),
        Kind::Success => ("done", "完了しました"),
        Kind::Incomplete => ("not finished", "未完了です"),
        Kind::Refused => ("refused", "拒否しました"),
        Kind::DeadLetter => ("to the dead letters", "デッドレターに移動しました"),
        Kind::WorkerStopped => ("the worker stopped", "ワーカーが停止しました"),
        Kind::WorkerStarted => ("the worker started again", "ワーカーが再起動しました"),
        Kind::ModelUnreachable => ("the model does not answer", "モデルが応答しません"),
        Kind::ModelBack => ("the model answers again", "モデルが復旧しました"),
        Kind::Summary => ("more happened", "その他の通知"),
        Kind::Test => ("a test", "テスト"),
    };
    pick(language, en, ja)
}

/// How a job ended, in a few words.
pub(super) fn outcome(outcome: &Outcome, language: Language) -> String {
    let say = |en: &str, ja: &str| pick(language, en, ja).to_owned();
    match outcome {
        Outcome::Ready(it) => match language {
            Language::En => format!("pull request #{} is ready for review", it.number),
            Language::Ja => format!("プルリクエスト #{} をレビューできます", it.number),
        },
        Outcome::Incomplete(it) => match language {
            Language::En => format!("pull request #{} is a draft, not finished", it.number),
            Language::Ja => format!("プルリクエスト #{} は未完了のドラフトです", it.number),
        },
        Outcome::Unproven(it) => match language {
            Language::En => {
                format!("pull request #{} is a draft: nothing proves the change", it.number)
            }
            Language::Ja => {
                format!(
                    "プルリクエスト #{} はドラフトです（変更を証明するものがありません）",
                    it.number
                )
            }
        },
        Outcome::BranchOnly(_) => {
            say("a branch without a pull request, not finished", "未完了のブランチのみです")
        }
        Outcome::GaveUp => say("gave up", "完了できませんでした"),
        Outcome::NothingToChange => {
            say("the model changed nothing", "モデルは何も変更しませんでした")
        }
        Outcome::Updated { ready: true, .. } => {
            say("a new commit is on the pull request", "プルリクエストに新しいコミットがあります")
        }
        Outcome::Updated { ready: false, .. } => say(
            "a new commit is on the pull request, with doubts",
            "プルリクエストに新しいコミットがありますが、懸念点があります",
        ),
        Outcome::Answered(_) => say("answered", "回答しました"),
        Outcome::Stopped(_) => say("stopped before the push", "プッシュ前に停止しました"),
        Outcome::Clashed { .. } => say("nothing was pushed", "何もプッシュしていません"),
        Outcome::Refused(_) => say("refused", "拒否しました"),
        Outcome::Broke(_) => say("could not be done", "実行できませんでした"),
        Outcome::Joined(_) | Outcome::Cancelled => String::new(),
    }
}

pub(super) fn red(check: Check, language: Language) -> String {
    match language {
        Language::En => format!("The {} stayed red.", check.name()),
        Language::Ja => format!("{} が失敗したままです。", check.name()),
    }
}

pub(super) fn stopped(told_to: bool, language: Language) -> String {
    let say = match told_to {
        true => pick(
            language,
            "It was told to. Jobs that were not over go on when it starts again.",
            "停止の指示がありました。終わっていないジョブは次回起動時に再開します。",
        ),
        false => pick(
            language,
            "Nobody told it to: its log says why.",
            "停止の指示はありません。理由はログにあります。",
        ),
    };
    say.to_owned()
}

pub(super) fn seen(seen: Timestamp, language: Language) -> String {
    match language {
        Language::En => format!(
            "It had not been stopped properly: it ran last at {seen} or a few minutes later. Jobs \
             that were not over go on."
        ),
        Language::Ja => format!(
            "前回は正常に停止していません（最終確認: {seen} ごろ）。終わっていないジョブは再開します。"
        ),
    }
}

pub(super) fn since(since: Timestamp, language: Language) -> String {
    match language {
        Language::En => format!("jobs wait for it since {since}"),
        Language::Ja => format!("{since} からジョブが待機中です"),
    }
}

pub(super) fn away(away: Duration, language: Language) -> String {
    let away = duration(u64::try_from(away.as_millis()).unwrap_or(u64::MAX));
    match language {
        Language::En => format!("after {away}"),
        Language::Ja => format!("停止時間: {away}"),
    }
}

/// What was held back, by kind, and the first of it by name.
pub(super) fn held(held: &[Notice], language: Language) -> String {
    let mut kinds: Vec<(Kind, usize)> = Vec::new();
    for notice in held {
        match kinds.iter_mut().find(|it| it.0 == notice.kind) {
            Some(it) => it.1 += 1,
            None => kinds.push((notice.kind, 1)),
        }
    }
    let counts = kinds.iter().map(|(kind, count)| format!("{} × {count}", kind.name()));
    let mut lines = vec![counts.collect::<Vec<_>>().join(", ")];
    lines.extend(held.iter().take(NAMED).map(|it| format!("· {}", super::headline(it, language))));
    if let Some(more) = held.len().checked_sub(NAMED).filter(|it| *it > 0) {
        lines.push(match language {
            Language::En => format!("· and {more} more"),
            Language::Ja => format!("· 他 {more} 件"),
        });
    }
    lines.join("\n")
}

/// The first line.
pub(super) fn headline(kind: Kind, language: Language) -> Template {
    let text = match kind {
        Kind::Failure | Kind::Success | Kind::Incomplete | Kind::Refused => {
            "{thread}: {outcome}: {title}"
        }
        Kind::Test => pick(
            language,
            "CodingWorker {worker}: a test of the channel {title}",
            "CodingWorker {worker}: チャンネル {title} のテスト",
        ),
        Kind::Summary => pick(
            language,
            "CodingWorker {worker}: more happened than this channel is told in an hour",
            "CodingWorker {worker}: 1時間あたりの通知数の上限に達しました",
        ),
        _ => "CodingWorker {worker}: {outcome}",
    };
    ours(text)
}

/// The whole text.
pub(super) fn body(kind: Kind, language: Language) -> Template {
    let text = match kind {
        Kind::Failure | Kind::Incomplete | Kind::Refused => pick(
            language,
            "{thread}: {outcome}\n{title}\n{reason}\n{url}\nJob {job} on {worker}",
            "{thread}: {outcome}\n{title}\n{reason}\n{url}\nジョブ {job}（{worker}）",
        ),
        Kind::Success => "{thread}: {outcome}\n{title}\n{url}",
        Kind::DeadLetter => pick(
            language,
            "CodingWorker {worker}: {outcome}\nMessage {job}: {reason}\nTo look at it: codingworker queue dead",
            "CodingWorker {worker}: {outcome}\nメッセージ {job}: {reason}\n確認するには: codingworker queue dead",
        ),
        Kind::Test | Kind::Summary => return both(headline(kind, language), ours("{reason}")),
        _ => "CodingWorker {worker}: {outcome}\n{title}\n{reason}",
    };
    ours(text)
}

fn both(mut first: Template, second: Template) -> Template {
    first.0.extend(second.0);
    first
}

fn ours(text: &str) -> Template {
    // A test fills each of them.
    Template::parse(text).unwrap_or_else(|_| Template(Vec::new()))
}
