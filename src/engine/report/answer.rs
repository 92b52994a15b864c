//! Answers to comments that ask for no change.

use std::fmt::Write;

use crate::domain::job::{Answer, JobId};
use crate::engine::report::{Language, code, sentence};

/// A request, as one would write it.
pub(super) const EXAMPLE: &str = "`@ai-fix rename calc to calcTotal`";
/// The most jobs or models that are listed one by one.
const MOST: usize = 20;

/// The commands that a comment can give, each with what it does.
pub fn commands(language: Language) -> [(&'static str, &'static str); 5] {
    [
        (
            "@ai-fix WHAT TO CHANGE",
            language.pick(
                "makes the change and pushes it to this pull request",
                "変更を行い、このプルリクエストにプッシュします",
            ),
        ),
        (
            "@ai-fix retry",
            language.pick("runs the last request again", "直前の依頼をもう一度実行します"),
        ),
        (
            "@ai-fix stop",
            language.pick(
                "ends what is running on this pull request",
                "このプルリクエストで実行中の作業を中止します",
            ),
        ),
        (
            "@ai-fix model NAME",
            language.pick(
                "puts a model of the worker's list first on this pull request",
                "このプルリクエストで最初に使うモデルを選びます",
            ),
        ),
        (
            "@ai-fix status",
            language.pick(
                "tells what was done on this pull request",
                "このプルリクエストでの作業状況を表示します",
            ),
        ),
    ]
}

/// What a comment gets that asks for no change.
pub(super) fn answer(answer: &Answer, language: Language) -> String {
    match answer {
        Answer::Question => match language {
            Language::En => format!(
                "Found nothing to change: this reads as a question. {} {EXAMPLE}.\n",
                "A request begins with `@ai-fix` and says what to change, for example"
            ),
            Language::Ja => format!(
                "質問と判断したため、何も変更していません。依頼は `@ai-fix` で始め、変更内容を書いてください。例: {EXAMPLE}\n"
            ),
        },
        Answer::Unknown { word } => unknown(word, language),
        Answer::NothingToRetry => match language {
            Language::En => format!(
                "There is nothing to try again on this pull request. Say what to change, for example {EXAMPLE}.\n"
            ),
            Language::Ja => format!(
                "このプルリクエストには再実行できる依頼がありません。変更内容を書いてください。例: {EXAMPLE}\n"
            ),
        },
        Answer::Model { name } => {
            let name = code(name);
            match language {
                Language::En => {
                    format!("From now on {name} is asked first on this pull request.\n")
                }
                Language::Ja => {
                    format!("今後、このプルリクエストでは {name} を最初に使います。\n")
                }
            }
        }
        Answer::NoSuchModel { name, known } => {
            let (name, known) = (code(name), listed(known.iter().map(String::as_str)));
            match language {
                Language::En => {
                    format!("{name} is none of this worker's models. These are: {known}.\n")
                }
                Language::Ja => {
                    format!("{name} はこのワーカーのモデルではありません。使えるモデル: {known}\n")
                }
            }
        }
        Answer::Stopping { jobs } => {
            let jobs = listed(jobs.iter().map(|it| it.0.as_str()));
            match language {
                Language::En => format!("Told to stop: {jobs}.\n"),
                Language::Ja => format!("中止を指示しました: {jobs}\n"),
            }
        }
        Answer::NothingToStop => language
            .pick(
                "Nothing is running for this pull request.\n",
                "このプルリクエストで実行中の作業はありません。\n",
            )
            .to_owned(),
        Answer::Status { jobs } => status(jobs, language),
    }
}

fn unknown(word: &str, language: Language) -> String {
    let mut out = match (word.trim().is_empty(), language) {
        (true, Language::En) => "`@ai-fix` alone asks for nothing.".to_owned(),
        (true, Language::Ja) => "`@ai-fix` だけでは依頼になりません。".to_owned(),
        (false, Language::En) => format!("{} is no command.", code(word)),
        (false, Language::Ja) => format!("{} というコマンドはありません。", code(word)),
    };
    out += language.pick(" There are:\n\n", "使えるコマンド:\n\n");
    for (command, does) in commands(language) {
        let _ = writeln!(out, "- {}: {does}", code(command));
    }
    out
}

fn status(jobs: &[(JobId, String)], language: Language) -> String {
    if jobs.is_empty() {
        return language
            .pick(
                "Nothing was asked for on this pull request yet.\n",
                "このプルリクエストへの依頼はまだありません。\n",
            )
            .to_owned();
    }
    let mut out = String::from(language.pick(
        "On this pull request, newest first:\n\n",
        "このプルリクエストでの作業（新しい順）:\n\n",
    ));
    for (job, how) in jobs.iter().take(MOST) {
        let _ = writeln!(out, "- {}: {}", code(&job.0), sentence(how));
    }
    out
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.take(MOST).map(code).collect::<Vec<_>>().join(", ")
}
