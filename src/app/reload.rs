//! A new configuration for a worker that works: what can change does, for the jobs that begin
//! from then on; what cannot is named, and stays.

use super::tools::{Fixed, tools};
use super::worker::tell_about_models;
use super::{AppError, terms};
use crate::config::Config;
use crate::engine::decide::Policy;
use crate::telemetry::metrics::Metrics;
use crate::worker::drive::Clock;
use crate::worker::hands::Tools;
use crate::worker::live::Live;
use crate::worker::models::Models;
use crate::worker::slots::Slots;

/// The parts of a worker that follow the configuration.
pub struct Reload {
    pub(super) config: Live<Config>,
    pub(super) tools: Live<Tools>,
    pub(super) policy: Live<Policy>,
    pub(super) slots: Slots,
    pub(super) models: Models,
    pub(super) fixed: Fixed,
    pub(super) metrics: Metrics,
    pub(super) clock: Clock,
}

impl Reload {
    /// Takes `newer`, and names the keys that have changed and need a restart.
    ///
    /// # Errors
    /// When a worker cannot be made of it. Everything is as it was then.
    pub fn take(&self, newer: Config) -> Result<Vec<&'static str>, AppError> {
        let (newer, held) = newer.following(&self.config.now());
        let made = tools(&newer, &self.fixed)?;
        // Before anything can be said about them.
        self.fixed.redactor.learn(newer.secrets());
        tell_about_models(made.agent.clone(), newer.aider.models.clone());
        self.policy.replace(terms::policy(&newer));
        self.models.follow(made.agent.clone(), terms::models(&newer));
        self.tools.replace(made);
        self.slots.resize(newer.worker.slots);
        self.config.replace(newer);
        Ok(held)
    }

    /// Counts that the configuration was read anew, and whether it is in force now.
    pub fn count(&self, taken: bool) {
        self.metrics.reloaded(taken, (self.clock)());
    }
}
