//! Whether an issue is too large for the models here: said before anything is done for it, with
//! how to cut it.

use crate::domain::job::Model;
use crate::engine::prompt;

/// What the models of a ladder can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Tokens that the one with the most room reads beside its answer.
    read: u32,
    /// Which one that is.
    largest: String,
    /// How often the models may be asked for one issue, where all of them write definitions and
    /// none may be asked without end.
    questions: Option<u32>,
}

impl Bounds {
    /// `models` as they are tried.
    pub fn of(models: &[Model]) -> Self {
        let room = |it: &Model| it.num_ctx.saturating_sub(it.reply_tokens());
        let largest = models.iter().max_by_key(|it| room(it));
        let small = models.iter().all(|it| it.writes_definitions() && it.calls > 0);
        Self {
            read: largest.map_or(u32::MAX, room),
            largest: largest.map(|it| it.name.clone()).unwrap_or_default(),
            questions: models.iter().map(|it| it.calls).max().filter(|_| small),
        }
    }

    /// Why an issue is too large, and what to do about it; `None`: it is not. Of its text what is
    /// code or a log can be cut off, what is said in words cannot.
    pub fn excess(&self, title: &str, body: &str) -> Option<String> {
        let prose = prose(body);
        let tokens = prompt::tokens(title).saturating_add(prompt::tokens(&prose));
        let (read, largest) = (self.read, &self.largest);
        if tokens > read {
            return Some(format!(
                "the issue has about {tokens} tokens of text beside its code, and {largest} reads \
                 {read} at once: cut it into issues of one change each, or let the operator give a \
                 model a larger `num_ctx`; then set the label again"
            ));
        }
        let demands = prose.lines().filter(|it| is_demand(it)).count();
        let questions = self.questions.filter(|it| demands > *it as usize)?;
        Some(format!(
            "the issue is a list of {demands} points, and {largest} is asked {questions} times for \
             one issue: cut it into issues of one change each, or let the operator add a larger \
             model to `aider.models`; then set the label again"
        ))
    }
}

/// A point of a list, but none below one.
fn is_demand(line: &str) -> bool {
    let digits = line.trim_start_matches(|it: char| it.is_ascii_digit());
    let numbered = digits.len() < line.len() && digits.starts_with(". ");
    numbered || ["- ", "* ", "+ ", "・"].iter().any(|it| line.starts_with(it))
}

/// Without blocks of code.
fn prose(body: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut prose = String::new();
    for line in body.lines() {
        let mark = ["```", "~~~"].into_iter().find(|it| line.trim_start().starts_with(it));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) if line.starts_with("    ") || line.starts_with('\t') => {}
            (None, None) => prose.extend([line, "\n"]),
        }
    }
    prose
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, num_ctx: u32, edit_format: &str, calls: u32) -> Model {
        Model {
            name: name.to_owned(),
            timeout: std::time::Duration::ZERO,
            num_ctx,
            edit_format: edit_format.to_owned(),
            attempts: 3,
            samples: 4,
            calls,
            reads: true,
            observes: true,
            max_fixes: None,
            editor: None,
        }
    }

    #[test]
    fn what_is_said_in_words_has_to_fit_and_a_log_does_not() {
        let models =
            [model("small", 2048, Model::DEFINITION, 10), model("large", 8192, "whole", 0)];
        let words = "Please change this, too. ".repeat(400);
        let (small, both) = (Bounds::of(&models[..1]), Bounds::of(&models));
        let why = small.excess("Title", &words).unwrap();
        assert!(why.contains("about 3") && why.contains("small reads 1280"), "{why}");
        assert_eq!(both.excess("Title", &words), None, "the other one has room");
        for log in [format!("```\n{words}\n```\n"), format!("    {words}\n")] {
            assert_eq!(small.excess("It crashes", &log), None);
        }
        assert!(small.excess("It crashes", &format!("```\n```\n{words}")).is_some());
        assert_eq!(Bounds::of(&[]).excess("Title", &words), None);
    }

    #[test]
    fn a_list_of_more_than_it_is_asked_is_cut_into_issues() {
        let point = |it: usize| format!("- [ ] point {it}\n  - a detail\n");
        let list = |most: usize| (0..most).map(point).collect::<String>();
        let bounds = |calls| Bounds::of(&[model("small", 8192, Model::DEFINITION, calls)]);
        assert_eq!(bounds(10).excess("Title", &list(10)), None);
        let why = bounds(10).excess("Title", &list(11)).unwrap();
        assert!(why.contains("a list of 11 points") && why.contains("asked 10 times"), "{why}");
        assert!(bounds(2).excess("Title", "1. one\n2. two\n3. three\n").is_some());
        assert_eq!(bounds(2).excess("Title", "```\n- a\n- b\n- c\n```\n2.5 is too much\n"), None);
        assert_eq!(bounds(0).excess("Title", &list(99)), None, "it is asked without end");
        let larger =
            [model("small", 8192, Model::DEFINITION, 10), model("large", 8192, "whole", 0)];
        assert_eq!(Bounds::of(&larger).excess("Title", &list(99)), None);
    }
}
