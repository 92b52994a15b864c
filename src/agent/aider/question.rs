//! One question to one of Ollama's models. What it answers is text, and nothing is done with it here.

use std::time::Instant;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::agent::aider::shortened;
use crate::agent::ollama::{self, Ollama};
use crate::agent::recorder::{self, End, Limits};
use crate::agent::{AgentError, Edit, EditVerdict, Question};
use crate::domain::job::Tokens;

pub(super) async fn ask(
    ollama: &Ollama,
    limits: Limits,
    question: Question<'_>,
    stop: &CancellationToken,
) -> Result<Edit, AgentError> {
    let model = question.model;
    let Some(name) = ollama::local_name(&model.name) else {
        return Err(AgentError::NotStarted(format!(
            "`edit_format: definition` is for models of Ollama's, and `{}` is none: set `whole` or `diff`",
            model.name
        )));
    };
    let began = Instant::now();
    let body = json!({
        "model": name,
        "stream": true,
        "keep_alive": ollama::KEEP_ALIVE,
        "messages": [
            {"role": "system", "content": question.system},
            {"role": "user", "content": question.user},
        ],
        "options": {
            "num_ctx": model.num_ctx,
            "num_predict": question.reply.min(model.reply_tokens()),
            "temperature": (f64::from(question.temperature) * 100.0).round() / 100.0,
            "seed": question.seed,
        },
    });
    let limits = Limits { total: limits.total.min(model.timeout), ..limits };
    let answer = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(AgentError::Stopped),
        it = recorder::ask(ollama.base(), &body, limits) => it,
    };
    let answer =
        answer.map_err(|error| AgentError::NotStarted(format!("no HTTP client: {error}")))?;
    let verdict = match answer.end {
        End::Whole => EditVerdict::Answered,
        End::Cut(words) => EditVerdict::Truncated(words),
        End::Refused(_) => EditVerdict::FormatFailure,
        End::TimedOut(_) => EditVerdict::TimedOut,
        End::Failed(words) => EditVerdict::ModelUnavailable(words),
        End::Busy(pushback) => EditVerdict::ModelBusy(pushback),
    };
    Ok(Edit {
        verdict,
        reply: shortened(&answer.text),
        calls: 1,
        tokens: Tokens { read: answer.read, written: answer.written },
        took: began.elapsed(),
    })
}
