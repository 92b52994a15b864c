//! How a turn went. Aider's exit code is 0 when the server is down, when nothing was edited
//! and when it gave up; so this reads the record of the model's answers, then what it printed.

use std::collections::HashSet;

use crate::agent::EditVerdict;
use crate::agent::recorder::{Answer, End};
use crate::domain::job::Tokens;
use crate::domain::verification::Exit;
use crate::engine::cooldown::{self, Pushback};

/// How much of an error of litellm's is looked at, in bytes.
const MOST_ERROR: usize = 4 * 1024;

/// What a turn came to, or why it was none.
///
/// # Errors
/// When Aider did not do its part: it asked nothing, or left with a code of its own.
pub fn from_record(exit: Exit, answers: &[Answer], output: &str) -> Result<EditVerdict, String> {
    // Over our limit or silent, whatever was answered before.
    if matches!(exit, Exit::TimedOut | Exit::Silent) {
        return Ok(EditVerdict::TimedOut);
    }
    let Some(last) = answers.last() else {
        return Err(format!("aider asked the model nothing and {}: {}", ended(exit), tail(output)));
    };
    match &last.end {
        End::Whole => {}
        End::Cut(words) => return Ok(EditVerdict::Truncated(words.clone())),
        End::Refused(_) => return Ok(EditVerdict::FormatFailure),
        End::TimedOut(_) => return Ok(EditVerdict::TimedOut),
        End::Busy(pushback) => return Ok(EditVerdict::ModelBusy(pushback.clone())),
        End::Failed(words) => return Ok(EditVerdict::ModelUnavailable(words.clone())),
    }
    if exit != Exit::Code(0) {
        return Err(format!("aider {}: {}", ended(exit), tail(output)));
    }
    let own = own_lines(output, answers);
    Ok(if own.iter().any(|it| is_format_failure(it)) {
        EditVerdict::FormatFailure
    } else {
        EditVerdict::Answered
    })
}

/// The same for a model that is not behind the recorder: all there is is what was printed.
///
/// # Errors
/// As `from_record`, and when the model's provider refuses the call.
pub fn from_output(exit: Exit, output: &str) -> Result<EditVerdict, String> {
    if matches!(exit, Exit::TimedOut | Exit::Silent) {
        return Ok(EditVerdict::TimedOut);
    }
    if exit != Exit::Code(0) {
        return Err(format!("aider {}: {}", ended(exit), tail(output)));
    }
    let has = |what: &str| output.lines().find(|it| it.contains(what)).map(str::to_owned);
    if has("has hit a token limit!").is_some() {
        return Ok(EditVerdict::Truncated("it reached the length that it may have".to_owned()));
    }
    // Where a call failed and a later one did not, the reply counts; a stream that broke after
    // the last try leaves half a file behind, and no line with its tokens.
    let calls = output.lines().filter(|it| it.starts_with("Tokens: ")).count();
    let error = output.lines().rev().find(|it| it.starts_with("litellm.") && it.contains("Error"));
    // A limit or a quota: Aider has tried for a minute, and a hold begins here.
    if let Some(pushback) = error.filter(|_| calls == 0).and_then(|it| turned_away(it, output)) {
        return Ok(EditVerdict::ModelBusy(pushback));
    }
    let retries = output.lines().filter(|it| it.starts_with("Retrying in ")).count();
    if let Some(error) = error.filter(|_| calls == 0 && retries == 0) {
        // Aider does not try again what cannot pass: a wrong key, a model that is not there.
        let said: String = error.chars().take(300).collect();
        let remedy = "look at `aider.env` and at the model's name";
        return Err(format!("the model's provider refuses the call: {said}; {remedy}"));
    }
    if let Some(error) = error.filter(|_| calls == 0 || retries >= 8) {
        return Ok(EditVerdict::ModelUnavailable(error.chars().take(300).collect()));
    }
    if has("Empty response received from LLM").is_some() {
        let words = "the model sent an empty reply".to_owned();
        return Ok(EditVerdict::ModelUnavailable(words));
    }
    if calls == 0 {
        return Err(format!("aider asked the model nothing: {}", tail(output)));
    }
    Ok(if output.lines().any(is_format_failure) {
        EditVerdict::FormatFailure
    } else {
        EditVerdict::Answered
    })
}

/// What the last error of litellm's means. It may state a time in the lines that follow.
fn turned_away(error: &str, output: &str) -> Option<Pushback> {
    let from = output.rfind(error).unwrap_or_default();
    let text = &output[from..output.floor_char_boundary(from + MOST_ERROR)];
    let said: String = error.chars().take(300).collect();
    Some(cooldown::pushback(None, |_| None, text)?.saying(format!("its provider said: {said}")))
}

/// Calls and tokens by the lines `Tokens: 1.2k sent, 300 received.`
pub fn printed_tokens(output: &str) -> (u32, Tokens) {
    let mut calls = 0;
    let mut tokens = Tokens::default();
    for line in output.lines().filter_map(|it| it.strip_prefix("Tokens: ")) {
        calls += 1;
        for part in line.split(", ") {
            let mut words = part.split_whitespace();
            let count = words.next().map_or(0, count);
            match words.next().map(|it| it.trim_end_matches('.')) {
                Some("sent") => tokens.read = tokens.read.saturating_add(count),
                Some("received") => tokens.written = tokens.written.saturating_add(count),
                _ => {}
            }
        }
    }
    (calls, tokens)
}

fn count(text: &str) -> u64 {
    let (digits, unit) = match text.strip_suffix(['k', 'M']) {
        Some(digits) if text.ends_with('k') => (digits, 1_000.0),
        Some(digits) => (digits, 1_000_000.0),
        None => (text, 1.0),
    };
    digits.replace(',', "").parse::<f64>().map_or(0, |it| (it * unit) as u64)
}

fn is_format_failure(line: &str) -> bool {
    line.contains("did not conform to the edit format")
        || line.starts_with("Only ") && line.contains("reflections allowed, stopping")
        || line.starts_with("No filename provided before ")
}

/// What Aider printed itself: a model can write anything, also Aider's own words.
pub(super) fn own_lines<'a>(output: &'a str, answers: &[Answer]) -> Vec<&'a str> {
    let replied: HashSet<&str> =
        answers.iter().flat_map(|it| it.text.lines()).map(str::trim_end).collect();
    output.lines().filter(|it| !replied.contains(it.trim_end())).collect()
}

fn ended(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("left with code {code}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::TimedOut | Exit::Silent => "ran out of time".to_owned(),
    }
}

fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().filter(|it| !it.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(3)..].join(" / ");
    last.chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(end: End, text: &str) -> Answer {
        Answer { end, status: Some(200), done_reason: None, read: 0, written: 0, text: text.into() }
    }

    #[test]
    fn the_record_speaks_before_the_output() {
        let cut = [answered(End::Whole, "x"), answered(End::Cut("it broke".into()), "x")];
        let output = "Applied edit to a.py\n";
        assert_eq!(
            from_record(Exit::Code(0), &cut, output),
            Ok(EditVerdict::Truncated("it broke".into()))
        );
        assert_eq!(from_record(Exit::TimedOut, &cut, output), Ok(EditVerdict::TimedOut));
        assert!(from_record(Exit::Code(2), &[], "error: bad flag").is_err());
    }

    #[test]
    fn aiders_words_in_a_reply_are_not_aiders() {
        let line = "Only 3 reflections allowed, stopping.";
        let by_model = [answered(End::Whole, line)];
        assert_eq!(from_record(Exit::Code(0), &by_model, line), Ok(EditVerdict::Answered));
        let by_aider = [answered(End::Whole, "hello")];
        assert_eq!(from_record(Exit::Code(0), &by_aider, line), Ok(EditVerdict::FormatFailure));
    }

    #[test]
    fn a_hosted_model_is_judged_by_what_was_printed() {
        let good = "Tokens: 1.2k sent, 300 received. Cost: $0.1\nApplied edit to a.py\n";
        assert_eq!(from_output(Exit::Code(0), good), Ok(EditVerdict::Answered));
        assert_eq!(printed_tokens(good), (1, Tokens { read: 1200, written: 300 }));
        let away = "litellm.APIConnectionError: no\nRetrying in 0.2 seconds...\n";
        assert!(matches!(from_output(Exit::Code(0), away), Ok(EditVerdict::ModelUnavailable(_))));
        let long = "Model gemini/x has hit a token limit!\n";
        assert!(matches!(from_output(Exit::Code(0), long), Ok(EditVerdict::Truncated(_))));
    }
}
