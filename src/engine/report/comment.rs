//! The one comment on the issue, and the one that answers a request on a pull request, from
//! start to end.

use std::fmt::Write;

use crate::domain::job::{Asked, Event, Phase, Refusal, Story, Told};
use crate::domain::verification::Verification;
use crate::engine::report::ending::ending;
use crate::engine::report::{
    Language, Masthead, code, day, found_by, isolation, link, marker, own, sentence, thread_marker,
};

/// What the job's own comment says now, in Markdown. Ends with the marker by which it is found
/// again, which is `found_by`.
pub fn comment(story: &Story, head: &Masthead, phase: Phase) -> String {
    reply(story, head, phase, own(story))
}

/// What the comment says now that answers `asked`: one of several requests that are done together,
/// by the job of one of them. `None`: nothing was read yet, and the job's own task is answered.
pub fn reply(story: &Story, head: &Masthead, phase: Phase, asked: Option<&Asked>) -> String {
    let language = head.language;
    let worker = code(&head.worker);
    let mut out = asked.map(|it| addressed(it, language)).unwrap_or_default();
    out += &match phase {
        Phase::Queued => match language {
            Language::En => format!("Queued by CodingWorker on {worker}.\n"),
            Language::Ja => format!("CodingWorker（{worker}）が受け付けました。\n"),
        },
        Phase::Working => match language {
            Language::En => format!("CodingWorker is working on this, on {worker}.\n"),
            Language::Ja => format!("CodingWorker（{worker}）が作業中です。\n"),
        },
        Phase::Waiting => waiting(story, language),
        Phase::Ended => ending(story, head, asked),
    };
    if phase == Phase::Working {
        out.push_str(&baseline(story.baseline(), language));
    }
    let marker = match asked {
        Some(asked) => marker(&asked.job),
        None => found_by(story),
    };
    out + &foot(story, language, &marker)
}

/// A refusal alone, with the marker that goes with it: that of the job, or that of the one comment
/// a day for the whole thread.
pub fn refusal(story: &Story, head: &Masthead, refusal: &Refusal) -> String {
    let marker = match refusal.told {
        Told::Everyone | Told::Nobody => marker(&story.job),
        Told::OncePerThread => thread_marker(day(story)),
    };
    format!("{}\n{}", sentence(&refusal.reason), foot(story, head.language, &marker))
}

/// Names the job, but not under the comment that many jobs share: it must stay as it is.
fn foot(story: &Story, language: Language, marker: &str) -> String {
    if shared(story, marker) {
        return format!("\n{marker}\n");
    }
    let job = language.pick("Job", "ジョブ");
    // What is around the work is known once it was laid out.
    let around = story.checkout().map(|it| isolation(it.levels, language));
    let around = around.map(|it| match it.contains(':') {
        true => format!(" · {it}"),
        false => format!(" · {}: {it}", language.pick("isolation", "隔離")),
    });
    let around = around.unwrap_or_default();
    format!("\n<sub>{job} {}{around}</sub>\n{marker}\n", code(&story.job.0))
}

fn shared(story: &Story, marker: &str) -> bool {
    marker == thread_marker(day(story))
}

/// Whose request is answered. Nobody is called by it: who asked gets word as it is.
fn addressed(asked: &Asked, language: Language) -> String {
    let who = code(&asked.by.login);
    match language {
        Language::En => format!("On {} of {who}:\n\n", link("the request", &asked.url)),
        Language::Ja => format!("{who} さんの{}について:\n\n", link("依頼", &asked.url)),
    }
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
        Event::Failed(failure) if failure.fault.is_of_model() => Some(&failure.message),
        _ => None,
    });
    let reason = reason.map(|it| sentence(it)).unwrap_or_default();
    let mut out = match language {
        Language::En => format!("Waiting for the model: {reason}.\nIt goes on by itself.\n"),
        Language::Ja => format!("モデルを待っています: {reason}\n復旧すると自動的に再開します。\n"),
    };
    if story.task.comment().is_some() {
        let stop = language.pick("`@ai-fix stop` ends it.", "`@ai-fix stop` で中止できます。");
        let _ = writeln!(out, "{stop}");
    }
    out
}
