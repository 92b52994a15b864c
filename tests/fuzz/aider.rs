//! What Aider printed and what the model answered: `agent::aider`.

use codingworker::agent::EditVerdict;
use codingworker::agent::aider::{from_output, from_record, printed_tokens};
use codingworker::agent::recorder::{Answer, End};
use codingworker::domain::verification::Exit;

pub(crate) const WORDS: &[&str] = &[
    "Tokens: 1.2k sent, 300 received.\n",
    "Tokens: 9e99M sent, -1 received.\n",
    "Tokens: NaN sent, inf received.\n",
    "Only 3 reflections allowed, stopping.\n",
    "litellm.APIConnectionError: no\n",
    "Retrying in 0.2 seconds...\n",
    "Empty response received from LLM\n",
    "has hit a token limit!\n",
    "did not conform to the edit format\n",
    "No filename provided before \n",
    "Applied edit to a.py\n",
    "\x1e",
    "\x1f",
    "\r\n",
    "\u{1b}[31m",
    "\n\n",
    "k",
    "M",
    ",",
];

/// Records are parted by `\x1e` from what was printed; each begins with the letter of its end.
/// The first byte is how Aider left.
///
/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&b'0', &[]));
    let exit = match first {
        b't' => Exit::TimedOut,
        b's' => Exit::Silent,
        b'k' => Exit::Signal(9),
        b'1'..=b'9' => Exit::Code(i32::from(first - b'0')),
        _ => Exit::Code(0),
    };
    let text = String::from_utf8_lossy(rest);
    let mut parts = text.split('\u{1e}');
    let output = parts.next().unwrap_or_default();
    let answers: Vec<Answer> = parts.take(64).map(answer).collect();

    let printed = from_output(exit, output);
    assert_eq!(printed, from_output(exit, output));
    is_sound(exit, &printed);
    let (calls, tokens) = printed_tokens(output);
    assert!(calls as usize <= output.lines().count());
    assert!(calls > 0 || (tokens.read, tokens.written) == (0, 0), "tokens of no call");

    let recorded = from_record(exit, &answers, output);
    is_sound(exit, &recorded);
    if recorded == Ok(EditVerdict::Answered) {
        let last = answers.last().expect("answered without an answer");
        assert_eq!(last.end, End::Whole, "half a reply passes");
    }
    // A model can write anything, also Aider's own words: its answer does not fail by them.
    let by_model = "Only 3 reflections allowed, stopping.\ndid not conform to the edit format";
    let said = answers.iter().any(|it| it.end == End::Whole);
    if said && recorded == Ok(EditVerdict::Answered) {
        let mut more = answers.clone();
        more[0].text = format!("{by_model}\n{}", more[0].text);
        let output = format!("{output}\n{by_model}");
        assert_eq!(from_record(exit, &more, &output), recorded, "a model spoke for Aider");
    }
}

fn answer(text: &str) -> Answer {
    let words = || text.chars().take(80).collect();
    let end = match text.chars().next() {
        Some('c') => End::Cut(words()),
        Some('r') => End::Refused(words()),
        Some('t') => End::TimedOut(words()),
        Some('f') => End::Failed(words()),
        _ => End::Whole,
    };
    let text = text.to_owned();
    Answer { end, status: Some(200), done_reason: None, read: 1, written: 1, text }
}

fn is_sound(exit: Exit, verdict: &Result<EditVerdict, String>) {
    let late = matches!(exit, Exit::TimedOut | Exit::Silent);
    assert!(!late || *verdict == Ok(EditVerdict::TimedOut), "what came too late is judged");
    match verdict {
        Ok(EditVerdict::Answered) => assert_eq!(exit, Exit::Code(0), "a failed run passes"),
        Ok(_) => {}
        Err(why) => {
            assert!(why.starts_with("aider") || why.starts_with("the model"), "{why}");
            assert!(why.chars().count() < 600, "{} characters", why.chars().count());
        }
    }
}
