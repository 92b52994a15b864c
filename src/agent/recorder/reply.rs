//! One reply of the model's, put together from the lines of its stream.

use axum::http::HeaderMap;
use serde_json::Value;

use super::{Answer, End};
use crate::agent::ollama::{self, error_text};

/// More text than any reply that a turn can use.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// One line of the stream: a token or two, or a whole reply where the agent asked for no stream.
const MAX_LINE: usize = 4 << 20;
/// A small model that has lost the thread writes the same line until its length is over.
const MAX_SAME_LINES: usize = 30;

#[derive(Debug, Default)]
pub(super) struct Reply {
    text: String,
    partial: Vec<u8>,
    seen: bool,
    done: bool,
    done_reason: Option<String>,
    error: Option<String>,
    garbage: bool,
    endless: Option<&'static str>,
    read: u64,
    written: u64,
    headers: HeaderMap,
}

impl Reply {
    /// A reply that begins with these headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self { headers: headers.clone(), ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.seen
    }

    /// Whether nothing that still comes can make it usable.
    pub(super) fn is_over(&self) -> bool {
        self.done || self.error.is_some() || self.endless.is_some()
    }

    /// Takes in bytes of the stream; gives back the text that they add.
    pub(super) fn take(&mut self, bytes: &[u8]) -> String {
        self.seen |= !bytes.is_empty();
        let before = self.text.len();
        for piece in bytes.split_inclusive(|it| *it == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.line();
            } else if self.partial.len() > MAX_LINE {
                self.endless = Some("one line of it would not end");
            }
        }
        if self.text.len() > MAX_TEXT {
            self.text.truncate(self.text.floor_char_boundary(MAX_TEXT));
            self.endless = Some("it would not end");
        }
        let fresh = self.text.get(before..).unwrap_or_default().to_owned();
        if fresh.contains('\n') && repeats(&self.text) {
            self.endless = Some("it repeated the same line without end");
        }
        fresh
    }

    fn line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        if line.iter().all(u8::is_ascii_whitespace) || self.done {
            return;
        }
        let Ok(value) = serde_json::from_slice::<Value>(&line) else {
            self.garbage = true;
            return;
        };
        if let Some(error) = value["error"].as_str() {
            self.error = Some(error.chars().take(300).collect());
            return;
        }
        if !value["done"].is_boolean() {
            self.garbage = true;
            return;
        }
        self.text.push_str(value["message"]["content"].as_str().unwrap_or_default());
        if value["done"] == true {
            self.done = true;
            self.done_reason = value["done_reason"].as_str().map(str::to_owned);
            self.read = value["prompt_eval_count"].as_u64().unwrap_or_default();
            self.written = value["eval_count"].as_u64().unwrap_or_default();
        }
    }

    /// The stream ended, or there is no sense in reading on.
    pub(super) fn finish(mut self, status: u16) -> Answer {
        if !(200..300).contains(&status) {
            let said = error_text(&self.partial);
            let said = self.error.as_ref().map_or(said, |words| format!(": {words}"));
            let words = format!("Ollama answered with status {status}{said}");
            return Answer::failed(self.refusal(Some(status), words), Some(status));
        }
        if !self.partial.is_empty() && self.endless.is_none() {
            self.line();
        }
        let end = if let Some(error) = self.error.take() {
            self.refusal(None, format!("Ollama broke off: {error}"))
        } else if let Some(words) = self.endless {
            End::Cut(words.to_owned())
        } else if self.garbage {
            End::Failed("Ollama answered with something that is not its own form".to_owned())
        } else if !self.done {
            End::Cut("the stream ended before the reply did".to_owned())
        } else if self.done_reason.as_deref() == Some("length") {
            End::Cut("it reached the length that a reply may have".to_owned())
        } else {
            End::Whole
        };
        self.answer(end, Some(status))
    }

    /// Whether the server is only busy, or cannot do it at all.
    fn refusal(&self, status: Option<u16>, words: String) -> End {
        let text = match self.partial.is_empty() {
            true => words.as_str().into(),
            false => String::from_utf8_lossy(&self.partial),
        };
        match ollama::pushback(status, &self.headers, &text) {
            Some(it) => End::Busy(it.saying(words)),
            None => End::Failed(words),
        }
    }

    /// The connection broke.
    pub(super) fn broken(mut self, status: u16) -> Answer {
        self.partial.clear();
        if self.done || self.error.is_some() || !(200..300).contains(&status) {
            return self.finish(status);
        }
        let end = if self.seen {
            End::Cut("the connection broke in the middle of the reply".to_owned())
        } else {
            End::Failed("Ollama closed the connection without a reply".to_owned())
        };
        self.answer(end, Some(status))
    }

    /// It stopped coming.
    pub(super) fn timed_out(self, quiet: Answer) -> Answer {
        self.answer(quiet.end, None)
    }

    fn answer(self, end: End, status: Option<u16>) -> Answer {
        let Self { mut text, done_reason, read, written, .. } = self;
        if let Some(said) = after_thoughts(&text).filter(|_| end == End::Whole) {
            text = said.to_owned();
        }
        Answer { end, status, done_reason, read, written, text }
    }
}

/// What a model says when it has thought aloud, where an older server leaves that in the reply; a
/// chat template may have begun the thoughts itself. What is in them is no answer, and a listing in
/// them no edit.
fn after_thoughts(text: &str) -> Option<&str> {
    const END: &str = "</think>";
    let is_end = |it: &str| it.trim() == END;
    match text.trim_start().starts_with("<think>") {
        true => text.split_once(END).map(|it| it.1.trim_start()),
        false if text.contains("<think>") => None,
        false => {
            let mut at = 0;
            let mut ends = text.split_inclusive('\n').map(|line| {
                at += line.len();
                (line, at)
            });
            ends.find(|(line, _)| is_end(line)).map(|(_, at)| text[at..].trim_start())
        }
    }
}

/// Whether the text's last lines are all the same. Blank ones and lone brackets may repeat.
fn repeats(text: &str) -> bool {
    let mut lines = text.lines().rev();
    // The last line may not be complete yet.
    lines.next();
    let Some(last) = lines.next().filter(|it| it.trim().len() > 4) else { return false };
    lines.take(MAX_SAME_LINES - 1).filter(|it| *it == last).count() == MAX_SAME_LINES - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str) -> String {
        format!("{}\n", serde_json::json!({"message": {"content": text}, "done": false}))
    }

    fn last(reason: &str) -> String {
        let line = serde_json::json!({
            "message": {"content": ""}, "done": true, "done_reason": reason,
            "prompt_eval_count": 7, "eval_count": 3,
        });
        format!("{line}\n")
    }

    fn answer(stream: &[u8]) -> Answer {
        let mut reply = Reply::default();
        for byte in stream {
            reply.take(&[*byte]);
        }
        reply.finish(200)
    }

    #[test]
    fn a_reply_is_whole_however_its_bytes_arrive() {
        let stream = format!("{}{}{}", piece("日本"), piece("語\n"), last("stop"));
        let answer = answer(stream.as_bytes());
        assert_eq!(answer.end, End::Whole);
        assert_eq!((answer.text.as_str(), answer.read, answer.written), ("日本語\n", 7, 3));
    }

    #[test]
    fn what_a_model_thinks_aloud_is_no_part_of_its_answer() {
        let said = |text: &str| answer(format!("{}{}", piece(text), last("stop")).as_bytes()).text;
        assert_eq!(said("<think>\na.py\n```\nx\n```\n</think>\n\nDone."), "Done.");
        assert_eq!(said("begun by the template\n</think>\n\nDone."), "Done.");
        for text in ["<think>\nno end", "`x = '</think>'`", "a <think>\n</think>\nb", "Done."] {
            assert_eq!(said(text), text);
        }
    }

    #[test]
    fn without_a_last_word_it_is_cut() {
        assert!(matches!(answer(piece("half").as_bytes()).end, End::Cut(_)));
        assert!(matches!(answer(b"").end, End::Cut(_)));
        let long = format!("{}{}", piece("half"), last("length"));
        assert!(matches!(answer(long.as_bytes()).end, End::Cut(_)));
    }

    #[test]
    fn errors_and_garbage_are_failures() {
        let oom = format!("{}{}", piece("half"), "{\"error\":\"CUDA out of memory\"}\n");
        let End::Busy(pushback) = answer(oom.as_bytes()).end else { panic!("not turned away") };
        assert!(pushback.words.contains("CUDA out of memory"), "{pushback:?}");
        assert!(matches!(answer(b"<html>busy</html>").end, End::Failed(_)));
        assert!(matches!(answer(b"{}\n").end, End::Failed(_)));
        let mut refused = Reply::default();
        refused.take(b"{\"error\":\"model not found\"}");
        let End::Failed(words) = refused.finish(404).end else { panic!("not failed") };
        assert!(words.contains("404") && words.contains("model not found"), "{words}");
    }

    #[test]
    fn a_line_that_repeats_without_end_is_cut_short() {
        let mut reply = Reply::default();
        for _ in 0..MAX_SAME_LINES + 1 {
            reply.take(piece("    return x + 1\n").as_bytes());
        }
        assert!(reply.is_over());
        let mut brackets = Reply::default();
        for _ in 0..MAX_SAME_LINES * 2 {
            brackets.take(piece("}\n").as_bytes());
        }
        assert!(!brackets.is_over());
    }

    #[test]
    fn a_reply_has_a_bound() {
        let mut reply = Reply::default();
        let mut n = 0;
        while !reply.is_over() && n < 100 {
            reply.take(piece(&format!("{n}{}\n", "x".repeat(60_000))).as_bytes());
            n += 1;
        }
        let answer = reply.finish(200);
        assert!(matches!(answer.end, End::Cut(_)));
        assert!(answer.text.len() <= MAX_TEXT);
    }
}
