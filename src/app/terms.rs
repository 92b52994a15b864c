//! What the operator's configuration means to the engine.

use super::folder;
use crate::config::{self, AnswerRefused, Config, Native};
use crate::domain::verification::Isolation;
use crate::engine::authority;
use crate::engine::decide::{OnFailure, Policy, Ready};
use crate::worker::hands::ASK;
use crate::worker::models::Limits;

/// Waits of at most a minute for a model that is away, about a night; of up to an hour for one
/// that is busy.
const MAX_WAITS: u32 = 12 * 60;

/// Who may start work.
pub(super) fn authority(config: &Config, level: Isolation) -> authority::Policy {
    let trust = &config.trust;
    authority::Policy {
        repositories: allowed(&trust.repositories),
        bots: trust.bots.clone(),
        own_account: trust.own_account,
        forks: trust.forks,
        level,
        native_public: trust.native == Native::Always || folder(config).is_some(),
        native_private: trust.native != Native::Never,
        native_allowed: allowed(&trust.allow_native),
        network_allowed: allowed(&trust.allow_network),
        max_runs_per_day: u64::from(trust.max_runs_per_day),
        answer_refused_in_public: trust.answer_refused == AnswerRefused::All,
        label: ASK.to_owned(),
    }
}

fn allowed(list: &[config::Allowed]) -> Vec<authority::Allowed> {
    let allowed = |it: &config::Allowed| match it {
        config::Allowed::Id(id) => authority::Allowed::Id(*id),
        config::Allowed::Name(name) => authority::Allowed::Name(name.to_string().to_lowercase()),
    };
    list.iter().map(allowed).collect()
}

/// How much the models may be asked.
pub(super) fn models(config: &Config) -> Limits {
    Limits { turns: config.worker.model_slots, cooldown: config.worker.model_cooldown }
}

/// The limits that jobs live under.
pub(super) fn policy(config: &Config) -> Policy {
    Policy {
        models: config.aider.models.clone(),
        max_fixes: config.verify.max_fixes,
        max_retries: config.worker.max_retries,
        retry_delay: config.worker.retry_delay,
        max_waits: MAX_WAITS,
        job_limit: config.worker.job_timeout,
        write_tests: config.verify.write_tests,
        on_failure: match config.verify.on_failure {
            config::OnFailure::Draft => OnFailure::Draft,
            config::OnFailure::Branch => OnFailure::Branch,
            config::OnFailure::Nothing => OnFailure::Nothing,
        },
        ready: match config.verify.ready {
            config::Ready::Proven => Ready::Proven,
            config::Ready::Green => Ready::Green,
        },
    }
}
