//! What a comment says when its job is over: what was done, or why not, and what to do next.

use std::fmt::Write;

use crate::domain::change::Change;
use crate::domain::job::{Asked, Event, Outcome, Story, TurnOutcome};
use crate::engine::report::answer::{EXAMPLE, answer};
use crate::engine::report::found::{nothing_proves, why_unproven};
use crate::engine::report::pull_request::{
    changed, checks, doubts, look_first, notes, printed, short_commit, telling_lines,
};
use crate::engine::report::{Language, Masthead, code, last_lines, link, quoted, sentence};

/// The most files, sentences or people that are listed one by one.
const MOST: usize = 20;

/// How the job ended, in Markdown; `asked` is the request that is answered.
pub(super) fn ending(story: &Story, head: &Masthead, asked: Option<&Asked>) -> String {
    let language = head.language;
    let Some(outcome) = story.outcome() else { return String::new() };
    let (next, conflict) = (next(story, language), conflict(story, language));
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
            format!("{say} #{}\n{}{next}", it.number, why(story, language))
        }
        Outcome::Unproven(it) => {
            let say =
                language.pick("Please look closely at the draft", "ドラフトをよくご確認ください:");
            let first = nothing_proves(story, language);
            format!("{first} {say} #{}\n\n{}\n", it.number, why_unproven(story, language))
        }
        Outcome::BranchOnly(it) => {
            let say = language
                .pick("Not finished. What there is, is on", "完了できませんでした。ブランチ:");
            format!("{say} {}\n{}{next}", code(&it.branch), why(story, language))
        }
        Outcome::GaveUp => {
            let why = why(story, language);
            format!("{}\n{why}{}{conflict}{next}", unfinished(story, language), kept(story, head))
        }
        Outcome::NothingToChange => nothing(story, language) + &conflict + &next,
        Outcome::Updated { change, ready } => updated(story, change, *ready, asked, language),
        Outcome::Answered(it) => answer(it, language),
        Outcome::Joined(job) => match language {
            Language::En => {
                format!("Done together with job {}, which answers.\n", code(&job.0))
            }
            Language::Ja => format!("ジョブ {} でまとめて対応します。\n", code(&job.0)),
        },
        Outcome::Stopped(stops) => stopped(story, head, stops) + &next,
        Outcome::Clashed { files, why } => clashed(story, files, why, language) + &conflict + &next,
        Outcome::Refused(refusal) => format!("{}\n", sentence(&refusal.reason)),
        Outcome::Broke(failure) => format!(
            "{}: {}\n{}{next}",
            language.pick("This could not be done", "実行できませんでした"),
            sentence(&failure.message),
            pushed(story, language)
        ),
        Outcome::Cancelled => cancelled(story, language),
    }
}

fn on_pull(story: &Story) -> bool {
    story.task.comment().is_some()
}

/// What to do next, for who wants it still.
fn next(story: &Story, language: Language) -> String {
    let next = match on_pull(story) {
        false => language.pick(
            "To try again, say more in the issue (file names, an example, what is expected) and set the label `ai-task` again.",
            "再実行するには、イシューに詳細（ファイル名、例、期待する結果）を追記し、ラベル `ai-task` を付け直してください。",
        ),
        true => language.pick(
            "To try again: `@ai-fix retry`, or a new request that says more (file names, an example, what is expected), or `@ai-fix model NAME` for another model.",
            "再実行するには `@ai-fix retry`、詳細（ファイル名、例、期待する結果）を加えた新しい依頼、または別のモデルを選ぶ `@ai-fix model NAME` をお使いください。",
        ),
    };
    format!("\n{next}\n")
}

fn unfinished(story: &Story, language: Language) -> &'static str {
    match on_pull(story) {
        false => language.pick("Not finished.", "完了できませんでした。"),
        true => language.pick(
            "Not finished: nothing was pushed, and the pull request is as it was.",
            "完了できませんでした。プッシュはしておらず、プルリクエストは元のままです。",
        ),
    }
}

/// Where the work is that was not pushed.
fn kept(story: &Story, head: &Masthead) -> String {
    let (worker, job) = (code(&head.worker), code(&format!("codingworker job {}", story.job)));
    match (on_pull(story), head.language) {
        (false, _) => String::new(),
        (true, Language::En) => format!(
            "\nWhat was made is kept on the worker {worker} until it starts the next time; {job} there says where.\n"
        ),
        (true, Language::Ja) => format!(
            "\n作業内容はワーカー {worker} の次回起動時まで保存されます。場所はそのマシンの {job} で確認できます。\n"
        ),
    }
}

/// What was pushed before a fault or a person ended the job.
fn pushed(story: &Story, language: Language) -> String {
    let (true, Some(change)) = (on_pull(story), story.change()) else { return String::new() };
    let commit = short_commit(&change.commit);
    match language {
        Language::En => format!("\nThe commit {commit} was pushed before that.\n"),
        Language::Ja => format!("\nその前にコミット {commit} はプッシュ済みです。\n"),
    }
}

/// A word about a pull request that cannot be merged as it is.
fn conflict(story: &Story, language: Language) -> String {
    let Some(it) = story.conversation().filter(|it| it.conflicts) else { return String::new() };
    let base = code(&it.base);
    match language {
        Language::En => format!(
            "\nThis pull request conflicts with {base}. That is left for a person to resolve.\n"
        ),
        Language::Ja => format!(
            "\nこのプルリクエストは {base} と競合しています。競合の解消は人にお任せします。\n"
        ),
    }
}

fn updated(
    story: &Story,
    change: &Change,
    ready: bool,
    asked: Option<&Asked>,
    language: Language,
) -> String {
    let (commit, doubts) = (short_commit(&change.commit), doubts(story, language));
    let mut out = match (ready && doubts.is_empty(), language) {
        (true, Language::En) => {
            format!("Done in {commit}: everything that was green before still is.\n\n")
        }
        (true, Language::Ja) => {
            format!("{commit} で対応しました。既存のチェックはすべて成功しています。\n\n")
        }
        (false, Language::En) => format!("Done in {commit}, with doubts.\n\n"),
        (false, Language::Ja) => {
            format!("{commit} で対応しましたが、懸念点があります。\n\n")
        }
    };
    out += &look_first(story, language);
    for doubt in doubts.iter().take(MOST) {
        let _ = writeln!(out, "- {doubt}");
    }
    if let Some(excerpt) = telling_lines(story).filter(|_| !doubts.is_empty()) {
        let _ = write!(out, "\n{}", quoted(&excerpt));
    }
    if !doubts.is_empty() {
        out.push('\n');
    }
    out += &together(story, asked, language);
    out += &changed(story, language);
    out += checks(story, language).trim_end();
    format!("{}\n{}", out.trim_end(), conflict(story, language))
}

/// The other requests that the same commit answers.
fn together(story: &Story, asked: Option<&Asked>, language: Language) -> String {
    let all = story.conversation().map(|it| it.requests.as_slice()).unwrap_or_default();
    let others = all.iter().filter(|it| asked.is_none_or(|asked| asked.comment != it.comment));
    let others = others.take(MOST).map(|it| {
        let who = code(&it.by.login);
        match language {
            Language::En => format!("{} of {who}", link("that", &it.url)),
            Language::Ja => format!("{who} さんの{}", link("依頼", &it.url)),
        }
    });
    let others = others.collect::<Vec<_>>();
    match (all.len() < 2, language) {
        (true, _) => String::new(),
        (false, Language::En) => {
            format!("Done together with other requests: {}.\n\n", others.join(", "))
        }
        (false, Language::Ja) => {
            format!("次の依頼とまとめて対応しました: {}\n\n", others.join("、"))
        }
    }
}

/// What becomes of a request that changed nothing. It may have been none.
fn nothing(story: &Story, language: Language) -> String {
    let last = last_turn(story, language);
    if !on_pull(story) {
        let say = language.pick(
            "The model made no usable change, so there is no pull request.",
            "モデルは有効な変更を作成しませんでした。プルリクエストはありません。",
        );
        return format!("{say}\n{last}");
    }
    let found_none = story.turns().last().is_none_or(|turn| turn.outcome == TurnOutcome::NoChange);
    let say = match found_none {
        true => language.pick(
            "Found nothing to change, so nothing was pushed.",
            "変更すべき点が見つからなかったため、何もプッシュしていません。",
        ),
        false => language.pick(
            "The model made no usable change, so nothing was pushed.",
            "モデルは有効な変更を作成しなかったため、何もプッシュしていません。",
        ),
    };
    match language {
        Language::En => format!(
            "{say}\n{last}\nA request begins with `@ai-fix` and says what to change, for example {EXAMPLE}.\n"
        ),
        Language::Ja => format!(
            "{say}\n{last}\n依頼は `@ai-fix` で始め、変更内容を書いてください。例: {EXAMPLE}\n"
        ),
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

/// Which check stayed red, with its last lines.
fn why(story: &Story, language: Language) -> String {
    let mut out = String::from("\n");
    for line in doubts(story, language).into_iter().chain(notes(story)) {
        let _ = writeln!(out, "- {line}");
    }
    if let Some(excerpt) = telling_lines(story) {
        let _ = write!(out, "\n{}", quoted(&excerpt));
    }
    out
}

fn stopped(story: &Story, head: &Masthead, stops: &[String]) -> String {
    let language = head.language;
    let mut out = String::from(language.pick(
        "Stopped before the push: what was made must not leave the worker.\n\n",
        "プッシュ前に停止しました。作成された内容は外部に出せません。\n\n",
    ));
    for stop in stops.iter().take(MOST) {
        let _ = writeln!(out, "- {}", sentence(stop));
    }
    if let Some(more) = stops.len().checked_sub(MOST).filter(|it| *it > 0) {
        let _ = writeln!(out, "- {more} {}", language.pick("more", "件を省略"));
    }
    let (worker, job) = (code(&head.worker), code(&format!("codingworker job {}", story.job)));
    out + &match language {
        Language::En => format!(
            "\nNothing was pushed. The work is kept on the worker {worker}: to look at it, type {job} there.\nWhat may be changed is set by the worker's operator; a request that needs less may pass.\n"
        ),
        Language::Ja => format!(
            "\n何もプッシュしていません。作業内容はワーカー {worker} に保存されており、そのマシンの {job} で確認できます。\n変更できる範囲はワーカーの運用者が定めています。範囲を絞った依頼なら通る場合があります。\n"
        ),
    }
}

fn clashed(story: &Story, files: &[String], why: &str, language: Language) -> String {
    let why = sentence(why.trim_end_matches('.'));
    let mut out = match language {
        Language::En => format!("Nothing was pushed: {why}.\n"),
        Language::Ja => format!("何もプッシュしていません: {why}\n"),
    };
    if !files.is_empty() {
        let say = language.pick("Changed on both sides", "双方で変更されたファイル");
        let shown = files.iter().take(MOST).map(|it| code(it)).collect::<Vec<_>>().join(", ");
        let more = files.len().saturating_sub(MOST);
        let more = match (more, language) {
            (0, _) => String::new(),
            (more, Language::En) => format!(" and {more} more"),
            (more, Language::Ja) => format!(" 他 {more} 件"),
        };
        let _ = writeln!(out, "\n{say}: {shown}{more}");
    }
    let red = story.records.iter().rev().find_map(|record| match &record.event {
        Event::Verified { verification, complaint: Some(complaint), .. } => {
            printed(verification, complaint)
        }
        _ => None,
    });
    if let Some(excerpt) = red.filter(|it| files.is_empty() && !it.trim().is_empty()) {
        let _ = write!(out, "\n{}", quoted(&last_lines(excerpt, 30, 3_000)));
    }
    let again = language.pick(
        "A new try begins from the branch as it is then.",
        "再実行すると、その時点のブランチから作業をやり直します。",
    );
    out + &format!("\n{again}\n")
}

fn cancelled(story: &Story, language: Language) -> String {
    if !on_pull(story) {
        return language
            .pick("Cancelled on the worker.\n", "ワーカー側で中止されました。\n")
            .to_owned();
    }
    let say = language.pick("Stopped, as somebody asked.", "依頼により中止しました。");
    let nothing = match story.change() {
        Some(_) => "",
        None => language.pick(" Nothing was pushed.", "何もプッシュしていません。"),
    };
    let again =
        language.pick("`@ai-fix retry` begins anew.", "`@ai-fix retry` で最初からやり直せます。");
    format!("{say}{nothing}\n{}\n{again}\n", pushed(story, language))
}
