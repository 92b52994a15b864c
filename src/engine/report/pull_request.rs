//! The pull request's title and body.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::domain::change::{ChangeKind, FileChange, ObjectId};
use crate::domain::example::Tried;
use crate::domain::job::{Complaint, NewTests, Request, Standing, Story};
use crate::domain::verification::{Check, Exit, Isolation, Step, Verification};
use crate::engine::judge::standing;
use crate::engine::offline::{lists_dependencies, wants_network};
use crate::engine::report::commit::subject;
use crate::engine::report::found::{by_trial, examples, unproven};
use crate::engine::report::{
    Language, Masthead, code, duration, first_lines, isolation, last_lines, marker, quoted,
    sentence, times,
};

/// The most files that are listed one by one.
const MOST_FILES: usize = 60;
/// The most notes of one kind.
const MOST_NOTES: usize = 12;

/// The pull request's title: the issue's, as one line.
pub fn title(story: &Story) -> String {
    subject(story, 120)
}

/// The pull request's body, in Markdown.
pub fn body(story: &Story, head: &Masthead, standing: Standing) -> String {
    let mut out = format!("Closes #{}\n\n", story.task.thread());
    out.push_str(&look_first(story, head.language));
    match standing {
        Standing::Ready => {}
        Standing::Unproven => out.push_str(&unproven(story, head.language)),
        Standing::Incomplete => out.push_str(&incomplete(story, head.language)),
    }
    out.push_str(&asked(story, head.language));
    out.push_str(&changed(story, head.language));
    out.push_str(&examples(story, head.language));
    out.push_str(&checks(story, head.language));
    out.push_str(&made(story, head));
    if let Some(template) = story.checkout().and_then(|it| it.template.as_deref()) {
        let _ = write!(out, "\n---\n\n{}\n", first_lines(template, 200, 8_000));
    }
    let _ = writeln!(out, "\n{}", marker(&story.job));
    out
}

/// What the gate wants a person to see before all else: new dependencies, lock files, programs.
pub(super) fn look_first(story: &Story, language: Language) -> String {
    let notes = story.notes();
    if notes.is_empty() {
        return String::new();
    }
    let heading = language.pick("Look at this first:", "最初に確認してください:");
    let mut out = format!("> [!IMPORTANT]\n> **{heading}**\n");
    for note in notes.iter().take(MOST_NOTES) {
        let _ = writeln!(out, "> - {}", sentence(note));
    }
    if let Some(more) = notes.len().checked_sub(MOST_NOTES).filter(|it| *it > 0) {
        let _ = writeln!(out, "> - {more} {}", language.pick("more", "件を省略"));
    }
    out.push('\n');
    out
}

fn incomplete(story: &Story, language: Language) -> String {
    let mut out = format!(
        "> [!WARNING]\n> **{}**\n",
        language.pick(
            "Incomplete: do not merge this as it is.",
            "未完成です。このままマージしないでください。"
        )
    );
    for reason in doubts(story, language) {
        let _ = writeln!(out, "> - {reason}");
    }
    out.push('\n');
    if let Some(excerpt) = telling_lines(story) {
        out.push_str(&quoted(&excerpt));
        out.push('\n');
    }
    out
}

/// Why this is not ready, a sentence each.
pub(super) fn doubts(story: &Story, language: Language) -> Vec<String> {
    let mut doubts = Vec::new();
    match story.verdict() {
        None => doubts.push(
            language.pick("No check ran on it.", "チェックは実行されていません。").to_owned(),
        ),
        Some((_, Some(Complaint::Red { check, command, exit, tests, .. }))) => {
            let red = language.pick("stayed red", "が失敗したままです");
            let mut line =
                format!("**{}** {red}: {} ({})", check.name(), code(command), ended(*exit));
            if !tests.is_empty() {
                let names = tests.iter().take(10).map(|it| code(it)).collect::<Vec<_>>();
                let _ = write!(line, ": {}", names.join(", "));
            }
            doubts.push(line);
            doubts.extend(offline(story, language));
        }
        Some((_, Some(Complaint::Unusable { reason }))) => doubts.push(sentence(reason)),
        Some((_, Some(Complaint::Contradicted { examples }))) => {
            doubts.extend(examples.iter().map(|it| contradicted(it, language)));
        }
        Some((verification, None)) if verification.step(Check::Test).is_none() => {
            doubts.push(
                language.pick("No test ran on it.", "テストは実行されていません。").to_owned(),
            );
        }
        Some((_, None)) => {}
    }
    if let Some(proof) = story.proof() {
        if let Some(old) = &proof.broken_old_tests {
            let files = old.files.iter().take(10).map(|it| code(it)).collect::<Vec<_>>();
            let say = language.pick(
                "Tests that were there before were changed, and fail in the form they had",
                "既存のテストが変更されており、変更前の形では失敗します",
            );
            doubts.push(format!("{say}: {}", files.join(", ")));
        }
        doubts.extend(proof.objections.iter().take(MOST_NOTES).map(|it| sentence(it)));
    }
    doubts
}

/// An example that gives something else.
fn contradicted(tried: &Tried, language: Language) -> String {
    let (call, gave) = (code(&tried.example.shown()), code(tried.gave()));
    let expected = code(&tried.example.expected.words());
    match language {
        Language::En => format!("The issue's example {call} gives {gave}; expected: {expected}"),
        Language::Ja => format!("イシューの例 {call} の結果は {gave} です。期待値: {expected}"),
    }
}

/// What there is to say about a red check that had no network.
fn offline(story: &Story, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    if !has_no_network(story) {
        return lines;
    }
    if story.verdict().is_some_and(|it| wants_network(it.0)) {
        lines.push(no_network(language));
    }
    let turned = || story.turns().flat_map(|it| it.files.as_slice());
    let files: Vec<&FileChange> = match story.files() {
        Some(files) => files.iter().collect(),
        None => turned().collect(),
    };
    let lists = files.iter().map(|it| it.path.as_str()).filter(|it| lists_dependencies(it));
    let lists = lists.collect::<BTreeSet<_>>();
    if !lists.is_empty() {
        let say = language.pick(
            "Dependencies that the model added are not installed for the checks, which have those \
             of the default branch; changed",
            "モデルが追加した依存関係はチェック用にインストールされません（デフォルトブランチのものを使用します）。変更されたファイル",
        );
        let lists = lists.into_iter().take(10).map(code).collect::<Vec<_>>();
        lines.push(format!("{say}: {}", lists.join(", ")));
    }
    lines
}

/// Without a cage there is the machine's.
fn has_no_network(story: &Story) -> bool {
    let allowed = story.inspection().is_some_and(|it| it.network);
    !allowed && story.checkout().is_some_and(|it| it.levels.checks != Isolation::Native)
}

fn no_network(language: Language) -> String {
    let say = language.pick(
        "Checks run without a network, and what failed seems to want one: the operator can allow \
         it with `trust.allow_network`.",
        "チェックはネットワークなしで実行されます。失敗の原因はネットワークと思われます。運用者は `trust.allow_network` で許可できます。",
    );
    say.to_owned()
}

/// What the check printed that is complained about. The complaint has only what tells a model what
/// to mend; people get more of it.
pub(super) fn printed<'a>(ran: &'a Verification, complaint: &'a Complaint) -> Option<&'a str> {
    let Complaint::Red { check, excerpt, .. } = complaint else { return None };
    let whole = ran.step(*check).map(|step| step.excerpt.as_str());
    whole.filter(|it| !it.trim().is_empty()).or(Some(excerpt))
}

/// The last lines of what stayed red.
pub(super) fn telling_lines(story: &Story) -> Option<String> {
    let red = story.verdict().and_then(|(ran, complaint)| printed(ran, complaint?));
    let old = || story.proof()?.broken_old_tests.as_ref().map(|it| it.excerpt.as_str());
    red.or_else(old)
        .map(|excerpt| last_lines(excerpt, 30, 3_000))
        .filter(|excerpt| !excerpt.trim().is_empty())
}

fn asked(story: &Story, language: Language) -> String {
    let Some(inspection) = story.inspection() else { return String::new() };
    let text = match inspection.body.trim().is_empty() {
        true => inspection.title.clone(),
        false => format!("{}\n\n{}", inspection.title, inspection.body.trim()),
    };
    let heading = language.pick("What was asked", "依頼内容");
    format!("### {heading}\n\n{}\n", quoted(&first_lines(&text, 25, 2_000)))
}

/// The files that the commit changes, as a table.
pub(super) fn changed(story: &Story, language: Language) -> String {
    let Some(files) = story.files().filter(|it| !it.is_empty()) else { return String::new() };
    let heading = language.pick("What changed", "変更内容");
    let columns = language.pick("| file | | + | − |", "| ファイル | | + | − |");
    let mut out = format!("### {heading}\n\n{columns}\n|---|---|--:|--:|\n");
    for file in files.iter().take(MOST_FILES) {
        let kind = match file.kind {
            ChangeKind::Added => language.pick("new", "追加"),
            ChangeKind::Changed => "",
            ChangeKind::Removed => language.pick("removed", "削除"),
        };
        let _ =
            writeln!(out, "| {} | {kind} | {} | {} |", code(&file.path), file.added, file.removed);
    }
    if let Some(more) = files.len().checked_sub(MOST_FILES).filter(|it| *it > 0) {
        let _ = writeln!(out, "\n{more} {}", language.pick("more files", "個のファイルは省略"));
    }
    out.push('\n');
    out
}

/// The checks that really ran, as a table, and what there is to say about them.
pub(super) fn checks(story: &Story, language: Language) -> String {
    let heading = language.pick("Checks", "チェック結果");
    let Some((verification, _)) = story.verdict() else {
        let notes = notes(story);
        let lines = notes.iter().map(|it| format!("- {it}\n")).collect::<String>();
        return if notes.is_empty() { lines } else { format!("### {heading}\n\n{lines}\n") };
    };
    let columns = language.pick(
        "| check | command | exit | time | fixes |",
        "| チェック | コマンド | 終了コード | 時間 | 修正回数 |",
    );
    let mut out = format!("### {heading}\n\n{columns}\n|---|---|--:|--:|--:|\n");
    for step in &verification.steps {
        let _ = writeln!(out, "{}", row(story, step));
    }
    out.push('\n');
    for line in remarks(story, language) {
        let _ = writeln!(out, "- {line}");
    }
    out.push('\n');
    out
}

fn row(story: &Story, step: &Step) -> String {
    let fixes = story
        .turns()
        .filter(|turn| match &turn.request {
            Request::Fix { complaint: Complaint::Red { check, .. } } => *check == step.check,
            _ => false,
        })
        .count();
    format!(
        "| {} | {} | {} | {} | {fixes} |",
        step.check.name(),
        code(&step.command),
        ended(step.exit),
        duration(step.duration_ms)
    )
}

fn remarks(story: &Story, language: Language) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(proof) = story.proof() {
        let say = match proof.new_tests {
            NewTests::None => language.pick("No new tests.", "新しいテストはありません。"),
            NewTests::FailOnBase if proof.added.is_some() => language.pick(
                "The worker added the examples as a test. It fails without the change, and passes \
                 with it.",
                "ワーカーがイシューの例をテストとして追加しました。変更前のコードでは失敗し、変更後は成功します。",
            ),
            NewTests::FailOnBase => language.pick(
                "The new tests fail without the change, and pass with it.",
                "新しいテストは変更前のコードでは失敗し、変更後は成功します。",
            ),
            NewTests::PassOnBase => language.pick(
                "The new tests pass without the change, too: **they prove nothing.**",
                "新しいテストは変更前のコードでも成功します。**何も証明していません。**",
            ),
            NewTests::NotRun => language.pick(
                "Whether the new tests fail without the change is not known.",
                "新しいテストが変更前に失敗するかどうかは不明です。",
            ),
        };
        remarks.push(say.to_owned());
    }
    remarks.extend(by_trial(story, language));
    for red in story.baseline().map(standing).unwrap_or_default() {
        let say = language.pick(
            "was red before the work began, and does not count",
            "は作業開始前から失敗しており、判定に含めていません",
        );
        let tests = red.tests.iter().take(10).map(|it| code(it)).collect::<Vec<_>>().join(", ");
        let tests = if tests.is_empty() { tests } else { format!(": {tests}") };
        remarks.push(format!("**{}** ({}) {say}{tests}", red.check.name(), code(&red.command)));
    }
    let is_red = matches!(story.verdict(), Some((_, Some(Complaint::Red { .. }))));
    let alone = has_no_network(story);
    if !is_red && alone && story.baseline().is_some_and(wants_network) {
        remarks.push(no_network(language));
    }
    let removed = story.inspection().map_or(0, |it| it.removed);
    if removed > 0 {
        let say = match story.task.comment() {
            None => language.pick(
                "characters of the issue's text are not shown on its page, and were left out",
                "文字はイシューのページに表示されないため除外しました",
            ),
            Some(_) => language.pick(
                "characters of what was written are not shown on the page, and were left out",
                "文字はページに表示されないため除外しました",
            ),
        };
        remarks.push(format!("{removed} {say}"));
    }
    remarks.extend(notes(story));
    remarks
}

/// What was to be said about the checkout: a preparation that failed, a submodule left alone.
pub(super) fn notes(story: &Story) -> Vec<String> {
    let notes = story.checkout().map(|it| it.notes.as_slice()).unwrap_or_default();
    notes.iter().take(MOST_NOTES).map(|it| sentence(it)).collect()
}

fn made(story: &Story, head: &Masthead) -> String {
    let language = head.language;
    let (mut calls, mut read, mut written) = (0_u64, 0_u64, 0_u64);
    for turn in story.turns() {
        calls += u64::from(turn.calls);
        read += turn.tokens.read;
        written += turn.tokens.written;
    }
    let Some(turn) = story.turns().last() else { return String::new() };
    let around = story.checkout().map(|it| it.levels).unwrap_or_default();
    let around = isolation(around, language);
    let model = match turn.is_by_worker() {
        true => language
            .pick(
                "without a model: a rename that is stated in full, done by the worker itself",
                "モデルなし（名前の変更がすべて明記されていたため、ワーカーが直接変更）",
            )
            .to_owned(),
        false => code(&turn.model),
    };
    let mut out = format!("### {}\n\n", language.pick("How it was made", "作成方法"));
    let rows = [
        (language.pick("model", "モデル"), model),
        (language.pick("agent", "エージェント"), code(&turn.agent)),
        (
            language.pick("model calls", "モデル呼び出し"),
            format!("{calls} ({read} + {written} tokens)"),
        ),
        (language.pick("worker", "ワーカー"), code(&head.worker)),
        (language.pick("isolation", "隔離"), around),
        (
            language.pick("time", "時刻"),
            times(story).map_or_else(String::new, |(began, ended)| format!("{began} – {ended}")),
        ),
        (language.pick("job", "ジョブ"), code(&story.job.0)),
    ];
    let _ = write!(out, "| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(out, "| {name} | {value} |");
    }
    out
}

/// A commit's name as people write it: the code host makes a link of it.
pub(super) fn short_commit(commit: &ObjectId) -> String {
    sentence(commit.0.get(..10).unwrap_or(&commit.0))
}

/// How a command ended, in a table's cell.
pub(super) fn ended(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => code.to_string(),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::TimedOut => "timed out".to_owned(),
        Exit::Silent => "silent too long".to_owned(),
    }
}
