//! Ollama, and the models that the configuration names.

use super::Finding;
use crate::agent::AgentError;
use crate::agent::ollama::{ModelFacts, Ollama, local_name};
use crate::config::Config;
use crate::domain::job::Model;

/// What was learnt of one model: `None` for one that is not Ollama's.
type Seen = Option<Result<ModelFacts, AgentError>>;

/// Asks Ollama whether it is there, and for each model of its.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let models = &config.aider.models;
    if !models.iter().any(|it| local_name(&it.name).is_some()) {
        let mut findings =
            vec![Finding::info("ollama", "not needed: no model of its is configured")];
        findings
            .extend(models.iter().map(|it| judge_model(it, &None, !config.aider.env.is_empty())));
        return findings;
    }
    let ollama = match Ollama::new(&config.ollama.host) {
        Ok(ollama) => ollama,
        Err(error) => return vec![judge_ollama(&config.ollama.host, Err(error))],
    };
    let version = ollama.version().await;
    let is_up = version.is_ok();
    let mut findings = vec![judge_ollama(ollama.base(), version)];
    for model in models {
        let seen = match local_name(&model.name) {
            // Nothing can be learnt of it now, and one fail is enough.
            Some(_) if !is_up => continue,
            Some(name) => Some(ollama.show(name).await),
            None => None,
        };
        findings.push(judge_model(model, &seen, !config.aider.env.is_empty()));
    }
    findings
}

fn judge_ollama(base: &str, version: Result<String, AgentError>) -> Finding {
    match version {
        Ok(version) => Finding::ok("ollama", format!("{version} at {base}")),
        Err(error) => {
            let detail = error.to_string();
            let detail = detail.split(": start it with").next().unwrap_or_default();
            Finding::fail("ollama", detail, "ollama serve; or set `ollama.host`")
        }
    }
}

fn judge_model(model: &Model, seen: &Seen, has_keys: bool) -> Finding {
    let Model { name, num_ctx, .. } = model;
    match seen {
        None if has_keys => Finding::info("model", format!("{name}: not Ollama's; not asked")),
        None => Finding::warn(
            "model",
            format!("{name}: not Ollama's, and `aider.env` has no key for it"),
            "set its key in `aider.env`, such as {GEMINI_API_KEY: ${GEMINI_API_KEY}}".to_owned(),
        ),
        Some(Err(AgentError::ModelMissing { remedy, .. })) => {
            Finding::fail("model", format!("{name}: Ollama does not have it"), remedy)
        }
        Some(Err(error)) => {
            Finding::fail("model", format!("{name}: {error}"), "look at Ollama's own log")
        }
        Some(Ok(ModelFacts { context: Some(trained) })) if trained < num_ctx => Finding::warn(
            "model",
            format!("{name}: reads {trained} tokens, and num_ctx is {num_ctx}"),
            format!("set `num_ctx: {trained}` for it in `aider.models`"),
        ),
        Some(Ok(ModelFacts { context: Some(trained) })) => {
            Finding::ok("model", format!("{name}, {num_ctx} of {trained} tokens"))
        }
        Some(Ok(ModelFacts { context: None })) => {
            Finding::ok("model", format!("{name}, {num_ctx} tokens"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Status;
    use super::*;

    fn model(num_ctx: u32) -> Model {
        Model {
            name: "ollama_chat/m:1b".to_owned(),
            timeout: Duration::from_secs(1),
            num_ctx,
            edit_format: "whole".to_owned(),
            attempts: 1,
            samples: 1,
            calls: 0,
            reads: false,
            observes: false,
            max_fixes: None,
            editor: None,
        }
    }

    fn trained(context: Option<u32>) -> Seen {
        Some(Ok(ModelFacts { context }))
    }

    #[test]
    fn a_model_that_reads_less_than_it_is_given_is_doubted() {
        assert_eq!(judge_model(&model(8192), &trained(Some(8192)), false).status, Status::Ok);
        assert_eq!(judge_model(&model(8192), &trained(None), false).status, Status::Ok);
        let small = judge_model(&model(8192), &trained(Some(2048)), false);
        assert_eq!(small.status, Status::Warn);
        assert!(small.remedy.unwrap().contains("num_ctx: 2048"));
    }

    #[test]
    fn a_missing_model_names_the_command_that_brings_it() {
        let remedy = "ollama pull m:1b".to_owned();
        let missing = AgentError::ModelMissing { model: "m:1b".to_owned(), remedy: remedy.clone() };
        let judged = judge_model(&model(1), &Some(Err(missing)), false);
        assert_eq!((judged.status, judged.remedy), (Status::Fail, Some(remedy)));
    }

    #[test]
    fn a_hosted_model_wants_a_key() {
        assert_eq!(judge_model(&model(1), &None, true).status, Status::Info);
        assert_eq!(judge_model(&model(1), &None, false).status, Status::Warn);
    }

    #[test]
    fn an_ollama_that_is_away_says_how_to_start_it() {
        let away = "Ollama at http://x cannot be reached: start it with `ollama serve`, or …";
        let judged = judge_ollama("http://x", Err(AgentError::ModelAway(away.to_owned())));
        assert_eq!(judged.detail, "Ollama at http://x cannot be reached");
        assert!(judged.remedy.unwrap().starts_with("ollama serve"));
    }
}
