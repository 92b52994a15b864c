//! Which models are held, and how many jobs wait for which: read from the store, as whoever asks
//! need not be the worker.

use std::collections::BTreeMap;

use serde::Serialize;

use super::terms;
use crate::config::Config;
use crate::domain::job::{JobState, Progress};
use crate::domain::time::Timestamp;
use crate::engine::decide::awaited;
use crate::store::{JobFilter, Store, StoreError};

/// How many waiting jobs are looked at.
const MOST: usize = 1_000;

/// A model that is held, or that jobs wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Awaited {
    /// Its name.
    pub model: String,
    /// Where it is asked; `None` for one whose server asked for no pause.
    pub server: Option<String>,
    /// When it is asked again; `None`: each minute.
    pub until: Option<Timestamp>,
    /// Why it is waited for.
    pub why: String,
    /// How many jobs wait.
    pub jobs: usize,
}

/// The models that are held at `now`, and those that jobs wait for.
///
/// # Errors
/// When the store fails.
pub async fn awaited_models(
    config: &Config,
    store: &Store,
    now: Timestamp,
) -> Result<Vec<Awaited>, StoreError> {
    let policy = terms::policy(config);
    let filter = JobFilter { state: Some(JobState::Waiting), ..JobFilter::default() };
    let mut jobs = BTreeMap::<String, (usize, String)>::new();
    for job in store.jobs(&filter, MOST).await? {
        let Ok(progress) = Progress::replay(&store.records(&job.id).await?) else { continue };
        let Some(model) = awaited(&progress, &policy) else { continue };
        let why = progress.trouble.map(|it| it.message).unwrap_or_default();
        jobs.entry(model.name).or_insert((0, why)).0 += 1;
    }
    let mut all = Vec::new();
    for hold in store.held_models().await? {
        let waiting = jobs.remove(&hold.key.model).map_or(0, |(count, _)| count);
        if waiting > 0 || !hold.left(now).is_zero() {
            all.push(Awaited {
                model: hold.key.model,
                server: Some(hold.key.server),
                until: Some(hold.until),
                why: hold.said,
                jobs: waiting,
            });
        }
    }
    let away = jobs.into_iter().map(|(model, (jobs, why))| Awaited {
        model,
        server: None,
        until: None,
        why,
        jobs,
    });
    all.extend(away);
    Ok(all)
}
