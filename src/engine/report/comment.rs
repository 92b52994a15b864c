//! The one comment on the issue, from start to end.

use std::fmt::Write;

use crate::domain::job::{Event, Fault, Outcome, Phase, Story, TurnOutcome};
use crate::domain::verification::Verification;
use crate::engine::report::pull_request::{doubts, telling_lines};
use crate::engine::report::{Language, Masthead, code, marker, quoted, sentence};

/// What the comment says now, in Markdown. Ends with the marker by which it is found again.
pub fn comment(story: &Story, head: &Masthead, phase: Phase) -> String {
    let language = head.language;
    let worker = code(&head.worker);
    let mut out = match phase {
        Phase::Queued => match language {
            Language::En => format!("Queued by CodingWorker on {worker}.\n"),
            Language::Ja => format!("CodingWorker（{worker}）が受け付けました。\n"),
        },
        Phase::Working => match language {
            Language::En => format!("CodingWorker is working on this, on {worker}.\n"),
            Language::Ja => format!("CodingWorker（{worker}）が作業中です。\n"),
        },
        Phase::Waiting => waiting(story, language),
        Phase::Ended => ending(story, language),
    };
    if phase == Phase::Working {
        out.push_str(&baseline(story.baseline(), language));
    }
    let job = language.pick("Job", "ジョブ");
    let _ = write!(out, "\n<sub>{job} {}</sub>\n{}\n", code(&story.job.0), marker(&story.job));
    out
}

fn baseline(baseline: Option<&Verification>, language: Language) -> String {
    let red = baseline.map(|it| it.steps.iter().filter(|step| !step.exit.is_success()));
    let red = red.into_iter().flatten().map(|step| step.check.name()).collect::<Vec<_>>();
    match (red.is_empty(), language) {
        (true, _) => String::new(),
        (false, Language::En) => {
            format!("\nRed before the work began, and not counted: {}.\n", red.join(", "))
        }
        (false, Language::Ja) => {
            format!("\n作業開始前から失敗しているチェック（判定外）: {}\n", red.join(", "))
        }
    }
}

fn waiting(story: &Story, language: Language) -> String {
    let reason = story.records.iter().rev().find_map(|record| match &record.event {
        Event::Failed(failure) if failure.fault == Fault::ModelAway => Some(&failure.message),
        _ => None,
    });
    let reason = reason.map(|it| sentence(it)).unwrap_or_default();
    match language {
        Language::En => format!("Waiting for the model: {reason}.\nIt goes on by itself.\n"),
        Language::Ja => format!("モデルを待っています: {reason}\n復旧すると自動的に再開します。\n"),
    }
}

fn ending(story: &Story, language: Language) -> String {
    let Some(outcome) = story.outcome() else { return String::new() };
    match outcome {
        Outcome::Ready(it) => format!(
            "{} #{}\n",
            language.pick(
                "Done: everything that was green before still is. Please review",
                "完了しました。既存のチェックはすべて成功しています。レビューしてください:"
            ),
            it.number
        ),
        Outcome::Incomplete(it) => {
            let say = language.pick(
                "Not finished. What there is, is in",
                "完了できませんでした。途中までの作業:",
            );
            format!("{say} #{}\n{}", it.number, why(story, language))
        }
        Outcome::BranchOnly(it) => {
            let say = language
                .pick("Not finished. What there is, is on", "完了できませんでした。ブランチ:");
            format!("{say} {}\n{}", code(&it.branch), why(story, language))
        }
        Outcome::GaveUp => {
            let say = language.pick("Not finished.", "完了できませんでした。");
            format!("{say}\n{}", why(story, language))
        }
        Outcome::NothingToChange => format!(
            "{}\n{}{}",
            language.pick(
                "The model made no usable change, so there is no pull request.",
                "モデルは有効な変更を作成しませんでした。プルリクエストはありません。"
            ),
            last_turn(story, language),
            again(language)
        ),
        Outcome::Broke(failure) => format!(
            "{}: {}\n{}",
            language.pick("This could not be done", "実行できませんでした"),
            sentence(&failure.message),
            again(language)
        ),
        Outcome::Cancelled => {
            language.pick("Cancelled on the worker.\n", "ワーカー側で中止されました。\n").to_owned()
        }
    }
}

/// Why nothing came of the last turn.
fn last_turn(story: &Story, language: Language) -> String {
    let Some(turn) = story.turns().last() else { return String::new() };
    let model = code(&turn.model);
    let why = match &turn.outcome {
        TurnOutcome::Edited => return String::new(),
        TurnOutcome::NoChange => {
            language.pick("its answer changed no file", "回答に変更がありません").into()
        }
        TurnOutcome::FormatFailure => language
            .pick(
                "its answer was not in the form that edits have",
                "回答が編集の形式になっていません",
            )
            .into(),
        TurnOutcome::Truncated { reason } => sentence(reason),
        TurnOutcome::TimedOut => language
            .pick(
                "it ran out of time (`timeout_seconds`)",
                "時間切れになりました（`timeout_seconds`）",
            )
            .into(),
    };
    match language {
        Language::En => format!("The last turn, by {model}: {why}.\n"),
        Language::Ja => format!("最後の試行（{model}）: {why}\n"),
    }
}

/// Which check stayed red, with its last lines, and what to do next.
fn why(story: &Story, language: Language) -> String {
    let mut out = String::from("\n");
    for doubt in doubts(story, language) {
        let _ = writeln!(out, "- {doubt}");
    }
    if let Some(excerpt) = telling_lines(story) {
        let _ = write!(out, "\n{}", quoted(&excerpt));
    }
    out.push_str(&again(language));
    out
}

fn again(language: Language) -> String {
    let next = language.pick(
        "To try again, say more in the issue (file names, an example, what is expected) and set the label `ai-task` again.",
        "再実行するには、イシューに詳細（ファイル名、例、期待する結果）を追記し、ラベル `ai-task` を付け直してください。",
    );
    format!("\n{next}\n")
}
