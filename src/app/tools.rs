//! What jobs work with: made of the configuration, and of what stays while it changes.

use std::path::PathBuf;
use std::sync::Arc;

use super::{AppError, Surroundings, agent, around, clock, terms};
use crate::audit::Audit;
use crate::cage::Cage;
use crate::code_host::CodeHost;
use crate::config::{self, Config};
use crate::database::Database;
use crate::deps::Deps;
use crate::deps::caches::Caches;
use crate::domain::job::Model;
use crate::engine::report::{Language, Masthead};
use crate::engine::size::Bounds;
use crate::redact::Redactor;
use crate::store::Store;
use crate::worker::hands::Tools;
use crate::workspace::Workspaces;

/// What stays as it was when the worker started.
pub(super) struct Fixed {
    pub(super) around: Surroundings,
    pub(super) cage: Arc<dyn Cage>,
    pub(super) mark: String,
    pub(super) host: Arc<dyn CodeHost>,
    pub(super) workspaces: Workspaces,
    pub(super) deps: Deps,
    /// Where the store of caches is.
    pub(super) caches: PathBuf,
    pub(super) database: Database,
    pub(super) store: Store,
    pub(super) redactor: Redactor,
}

/// What checks left behind, for jobs that begin from now on.
pub(super) fn caches(config: &Config, fixed: &Fixed) -> Caches {
    Caches::new(fixed.caches.clone(), config.verify.cache_max_bytes)
}

/// What jobs that begin from now on work with.
///
/// # Errors
/// When Ollama's address is none, or the configuration wants an engine that cannot be used.
pub(super) fn tools(config: &Config, fixed: &Fixed) -> Result<Tools, AppError> {
    let (around, cage) = (&fixed.around, &fixed.cage);
    Ok(Tools {
        agent: Arc::new(agent(config, around, cage.clone(), Some(fixed.mark.clone()))?),
        agent_level: cage.level(),
        runner: around::runner(config, around, cage.clone(), &fixed.mark)?,
        deps: fixed.deps.clone(),
        caches: config.verify.cache.then(|| caches(config, fixed)),
        places: around::places(config),
        host: fixed.host.clone(),
        workspaces: fixed.workspaces.clone(),
        masthead: Masthead {
            language: match config.worker.language {
                config::Language::English => Language::En,
                config::Language::Japanese => Language::Ja,
            },
            worker: config.worker.worker_id.clone(),
        },
        authority: terms::authority(config, cage.level()),
        gate: config.gate.clone(),
        secrets: config.secrets().into_iter().collect(),
        store: fixed.store.clone(),
        audit: Audit::new(fixed.database.clone()),
        ladder: config.aider.models.iter().map(|it| it.name.clone()).collect(),
        bounds: Bounds::of(&config.aider.models),
        redactor: fixed.redactor.clone(),
        branch_prefix: config.worker.branch_prefix.clone(),
        agent_ahead: !config.aider.models.first().is_some_and(Model::writes_definitions),
        renames: config.edit.rename == config::RenameBy::Worker,
        mutants: config.edit.mutants,
        check_limit: config.verify.timeout,
        clock: clock(),
    })
}
