//! What proves a change: the examples of the issue, with what they gave before and what now.

use std::fmt::Write;

use crate::domain::example::{Source, Tried, Verdict};
use crate::domain::job::Story;
use crate::engine::report::{Language, code};

/// The most examples that are shown.
const MOST: usize = 6;
/// The longest cell, in characters.
const MOST_CELL: usize = 60;

/// The examples that failed on the base, as a table; empty when there are none.
pub(super) fn examples(story: &Story, language: Language) -> String {
    let before = counted(story);
    if before.is_empty() {
        return String::new();
    }
    let now = story.verdict().map(|it| it.0.examples.as_slice()).unwrap_or_default();
    let heading = language.pick("Examples of the issue", "イシューの例");
    let columns =
        language.pick("| example | expected | before | now |", "| 例 | 期待値 | 変更前 | 変更後 |");
    let mut out = format!("### {heading}\n\n{columns}\n|---|---|---|---|\n");
    for tried in before.iter().take(MOST) {
        let expected = tried.example.expected.words();
        let now = match now.iter().find(|it| it.example == tried.example) {
            None => language.pick("not tried", "未実行").to_owned(),
            Some(it) => gave(it, &expected),
        };
        let mark = if is_worded(tried) { " ¹" } else { "" };
        let call = cell(&tried.example.shown()) + mark;
        let row = [call, cell(&expected), gave(tried, &expected), now];
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
    if before.iter().take(MOST).any(|it| is_worded(it)) {
        let note = language.pick(
            "¹ The issue says it in words; the model wrote it down as a call. Please see that it is meant so.",
            "¹ イシューの文章をもとに、モデルが呼び出しの形に書き直した例です。意図どおりか確認してください。",
        );
        let _ = writeln!(out, "{note}\n");
    }
    out
}

fn is_worded(tried: &Tried) -> bool {
    tried.example.source == Source::Worded
}

/// A mark, and what came of it.
fn gave(tried: &Tried, expected: &str) -> String {
    match &tried.verdict {
        Verdict::Holds => format!("✓ {}", cell(expected)),
        Verdict::Gives { what, .. } => format!("✗ {}", cell(what)),
        Verdict::Unknown { why } => format!("? {}", cell(why)),
    }
}

/// Foreign text in a table that is read at a glance.
fn cell(text: &str) -> String {
    match text.char_indices().nth(MOST_CELL) {
        None => code(text),
        Some((at, _)) => code(&format!("{}…", &text[..at])),
    }
}

/// The examples that can prove the change.
fn counted(story: &Story) -> Vec<&Tried> {
    story.examples().filter(|it| it.counts()).collect()
}

/// What a draft begins with whose checks pass.
pub(super) fn unproven(story: &Story, language: Language) -> String {
    let heading = nothing_proves(story, language);
    format!("> [!NOTE]\n> **{heading}**\n> {}\n\n", why_unproven(story, language))
}

/// That nothing proves the change, and how its checks ended: some may be as red as they were.
pub(super) fn nothing_proves(story: &Story, language: Language) -> &'static str {
    let steps = story.verdict().map(|it| it.0.steps.as_slice()).unwrap_or_default();
    match steps.iter().all(|it| it.exit.is_success()) {
        true => language.pick(
            "Checks pass, nothing proves the change.",
            "チェックはすべて成功していますが、変更を証明するものがありません。",
        ),
        false => language.pick(
            "No check is newly red, nothing proves the change.",
            "新たに失敗したチェックはありませんが、変更を証明するものがありません。",
        ),
    }
}

/// Why nothing proves the change, and what would. A sentence or two.
pub(super) fn why_unproven(story: &Story, language: Language) -> &'static str {
    let base: Vec<&Tried> = story.examples().filter(|it| it.example.proves()).collect();
    if !counted(story).is_empty() {
        return language.pick(
            "An example of the issue that failed before could not be tried on the change.",
            "変更前に失敗したイシューの例を、変更後のコードで実行できませんでした。",
        );
    }
    if base.iter().any(|it| matches!(it.verdict, Verdict::Unknown { .. })) {
        return language.pick(
            "The issue has examples, and they could not be tried. Tests that the model wrote for its own change prove nothing.",
            "イシューの例を実行できませんでした。モデルが自身の変更のために書いたテストは証明になりません。",
        );
    }
    if !base.is_empty() {
        return language.pick(
            "The issue has examples, and none of them failed before as it should. Tests that the model wrote for its own change prove nothing.",
            "イシューの例は、変更前のコードで想定どおりには失敗しませんでした。モデルが自身の変更のために書いたテストは証明になりません。",
        );
    }
    language.pick(
        "No example was found in the issue that could be tried, such as `f(1)` should be `2`, and no check that was red before is green now. Tests that the model wrote for its own change prove nothing.",
        "実行できる例（`f(1)` は `2` を返すべき、など）がイシューに見つからず、変更前に失敗していて今は成功するチェックもありません。モデルが自身の変更のために書いたテストは証明になりません。",
    )
}

/// What the worker put right in the model's answer until the examples held: a person has to see
/// whether it is meant.
pub(super) fn by_trial(story: &Story, language: Language) -> Vec<String> {
    let told = story.mutations().into_iter().take(MOST).map(|it| {
        let (path, old, new) = (code(&it.path), code(&it.old), code(&it.new));
        match language {
            Language::En => format!(
                "Of the model's answer the worker changed {old} to {new} in {path}: the first of \
                 many small changes with which the examples hold. Look whether it is meant."
            ),
            Language::Ja => format!(
                "{path} では、モデルの回答のうち {old} をワーカーが {new} に変更しました。小さな変更を順に試し、例を満たした最初のものです。意図に合うかご確認ください。"
            ),
        }
    });
    told.collect()
}
