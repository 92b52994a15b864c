//! What a refusal of a model's server means.
//!
//! The words are those that the servers were seen to send: Ollama (`server/routes.go`,
//! `server/sched.go`), llama.cpp's server, vLLM, and the hosted ones as litellm hands them on.

use std::time::Duration;

use super::stated;
use crate::domain::job::{Failure, Fault};

/// The server is there, and will not have us now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushback {
    /// What it said, as a sentence without its full stop. Safe to show to people.
    pub words: String,
    /// For how long it wants to be left alone, if it says so.
    pub wait: Option<Duration>,
}

impl Pushback {
    /// The same in other words.
    #[must_use]
    pub fn saying(self, words: impl Into<String>) -> Self {
        Self { words: words.into(), ..self }
    }
}

impl From<Pushback> for Failure {
    fn from(it: Pushback) -> Self {
        let retry_after_ms = it.wait.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX));
        Self { fault: Fault::ModelBusy, message: it.words, retry_after_ms }
    }
}

/// Memory that is not there now, and may be when another model was unloaded.
const MEMORY: [&str; 8] = [
    "out of memory",
    "outofmemory",
    "more system memory",
    "cudamalloc failed",
    "unable to allocate",
    "failed to allocate",
    "insufficient memory",
    "not enough memory",
];
/// What somebody has to pay for, or what comes back with the next day or month.
const QUOTA: [&str; 10] = [
    "quota",
    "insufficient credits",
    "credit balance",
    "credit_balance",
    "insufficient balance",
    "usage limit",
    "usage_limit",
    "spend limit",
    "spend_limit",
    "payment required",
];
/// Too much in too short a time.
const RATE: [&str; 8] = [
    "rate limit",
    "rate_limit",
    "ratelimit",
    "too many requests",
    "resource_exhausted",
    "resource exhausted",
    "resource has been exhausted",
    "throttl",
];
/// Others are being served.
const BUSY: [&str; 9] = [
    "server busy",
    "is busy",
    "maximum pending requests",
    "overloaded",
    "over capacity",
    "at capacity",
    "capacity exceeded",
    "high demand",
    "no slot available",
];
/// litellm's names for what no waiting changes.
const FINAL: [&str; 4] =
    ["AuthenticationError", "NotFoundError", "ContextWindowExceededError", "PermissionDeniedError"];

/// What a refusal means: `None` when it is not one that waiting for a stated or a longer time is
/// the answer to. `status` is the reply's, if it had one; `header` looks one of its headers up;
/// `text` is its body, or what was printed of it.
pub fn pushback<'a>(
    status: Option<u16>,
    header: impl Fn(&str) -> Option<&'a str>,
    text: &str,
) -> Option<Pushback> {
    let wait = header("retry-after-ms")
        .and_then(stated::header_ms)
        .or_else(|| header("retry-after").and_then(|it| stated::header(it, header("date"))))
        .or_else(|| stated::in_text(text));
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|it| lower.contains(it));
    let means = match status {
        Some(429 | 529) => true,
        Some(402) => true,
        Some(503) => wait.is_some() || says(&BUSY) || says(&RATE) || says(&QUOTA) || says(&MEMORY),
        // Anthropic answers a balance that is used up with 400.
        Some(400 | 403) => says(&QUOTA),
        Some(500..=599) => says(&MEMORY) || says(&BUSY) || says(&RATE) || says(&QUOTA),
        Some(_) => false,
        None if FINAL.iter().any(|it| text.contains(&format!("litellm.{it}"))) => false,
        None if text.contains("litellm.BadRequestError") => says(&QUOTA),
        None => says(&MEMORY) || says(&BUSY) || says(&RATE) || says(&QUOTA),
    };
    let kind = || match () {
        () if says(&MEMORY) => "the model's server is out of memory",
        () if says(&QUOTA) || status == Some(402) => "a quota of the model's provider is used up",
        () if says(&RATE) => "the model's server limits how often it is asked",
        () => "the model's server is busy",
    };
    means.then(|| Pushback { words: kind().to_owned(), wait })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<&'static str> {
        None
    }

    fn words(status: Option<u16>, text: &str) -> Option<String> {
        pushback(status, none, text).map(|it| it.words)
    }

    #[test]
    fn the_servers_own_words_are_understood() {
        for (status, text, meaning) in [
            // Ollama
            (
                Some(503),
                "server busy, please try again.  maximum pending requests exceeded",
                "busy",
            ),
            (Some(503), "Server overloaded, please retry shortly (ref: aaa)", "busy"),
            (
                Some(500),
                "model requires more system memory (5.6 GiB) than is available (3.2 GiB)",
                "memory",
            ),
            (
                Some(500),
                "llama runner process has terminated: cudaMalloc failed: out of memory",
                "memory",
            ),
            (None, "CUDA error: out of memory", "memory"),
            (Some(429), "you've reached your hourly usage limit, please upgrade", "quota"),
            (Some(429), "", "busy"),
            // vLLM, and proxies before others
            (Some(500), "torch.OutOfMemoryError: CUDA out of memory.", "memory"),
            (Some(503), "The server is overloaded.", "busy"),
            (Some(503), "{\"error\":{\"message\":\"no slot available\"}}", "busy"),
            // OpenAI, Anthropic, Gemini, OpenRouter, DeepSeek, by way of litellm
            (None, "litellm.RateLimitError: OpenAIException - Rate limit reached", "limits"),
            (None, "litellm.RateLimitError: x You exceeded your current quota, please", "quota"),
            (
                None,
                "litellm.InternalServerError: AnthropicException - {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
                "busy",
            ),
            (
                None,
                "litellm.BadRequestError: Your credit balance is too low to access the Anthropic API",
                "quota",
            ),
            (
                None,
                "litellm.RateLimitError: Resource has been exhausted (e.g. check it).",
                "limits",
            ),
            (
                None,
                "litellm.APIError: OpenrouterException {\"code\":402, Insufficient credits",
                "quota",
            ),
            (Some(402), "Insufficient Balance", "quota"),
            (Some(529), "", "busy"),
        ] {
            let said = words(status, text);
            assert!(said.as_ref().is_some_and(|it| it.contains(meaning)), "{text}: {said:?}");
        }
    }

    #[test]
    fn what_waiting_does_not_change_or_what_is_only_gone_is_no_pushback() {
        for (status, text) in [
            (Some(404), "model 'x' not found"),
            (Some(400), "this model does not support it"),
            (Some(401), "too many wrong keys: rate limit"),
            (Some(500), "llama runner process has terminated: exit status 2"),
            (Some(502), "Bad Gateway"),
            (Some(503), ""),
            // llama.cpp and vLLM while they start: it is only away for a moment.
            (Some(503), "{\"error\":{\"code\":503,\"message\":\"Loading model\"}}"),
            (None, "litellm.AuthenticationError: wrong key, or quota"),
            (None, "litellm.APIConnectionError: Connection refused"),
            (None, "litellm.BadRequestError: LLM Provider NOT provided"),
        ] {
            assert_eq!(words(status, text), None, "{status:?} {text}");
        }
    }

    #[test]
    fn a_stated_time_is_taken_from_headers_first_and_then_from_the_text() {
        let both = |name: &str| match name {
            "retry-after" => Some("17"),
            "retry-after-ms" => Some("16500"),
            _ => None,
        };
        let wait = |it: Option<Pushback>| it.unwrap().wait.map(|it| it.as_millis());
        assert_eq!(wait(pushback(Some(429), both, "try again in 3s")), Some(16_500));
        let one = |name: &str| (name == "retry-after").then_some("17");
        assert_eq!(wait(pushback(Some(503), one, "")), Some(17_000));
        assert_eq!(wait(pushback(Some(429), none, "Please try again in 3s.")), Some(3_000));
        assert_eq!(wait(pushback(Some(429), none, "slow down")), None);
        let date = |name: &str| match name {
            "retry-after" => Some("Sun, 06 Nov 1994 08:50:37 GMT"),
            "date" => Some("Sun, 06 Nov 1994 08:49:37 GMT"),
            _ => None,
        };
        assert_eq!(wait(pushback(Some(429), date, "")), Some(60_000));
    }
}
