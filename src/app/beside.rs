//! What works beside a shift: it watches, tells, wakes and feeds it, and never stands in its way.

use std::sync::{Arc, OnceLock};

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{AppError, lining, living, minding, seeing, telling, waking, watching};
use crate::code_host::Watch;
use crate::config::Config;
use crate::database::Database;
use crate::queue::TaskQueue;
use crate::redact::Redactor;
use crate::store::Store;
use crate::store::postgres::untold::SharedUntold;
use crate::telemetry::metrics::Metrics;
use crate::worker::board::Board;
use crate::worker::drive::Clock;
use crate::worker::hands::Tools;
use crate::worker::journal::News;
use crate::worker::lifecycle::Bells;
use crate::worker::line::Pens;
use crate::worker::live::Live;
use crate::worker::models::Models;
use crate::worker::slots::Slots;

/// How a shift ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to stop.
    Told,
    /// It was to leave when nothing was left to do, and did.
    Emptied,
    /// Something failed that it cannot work without.
    Failed,
}

/// What those beside a shift are given. Clones are the same things.
#[derive(Clone)]
pub struct Beside {
    /// What the operator decides, as it is now: a reload replaces it.
    pub config: Live<Config>,
    /// The database in the state folder.
    pub database: Database,
    /// The jobs.
    pub store: Store,
    /// What happened to the jobs of all workers that share the store, and was not told.
    pub untold: Option<SharedUntold>,
    /// Where tasks come from.
    pub queue: Arc<dyn TaskQueue>,
    /// Where issues live, for whoever looks again and again.
    pub watch: Arc<dyn Watch>,
    /// Whether the shift leaves when nothing is waiting.
    pub until_empty: bool,
    /// What jobs that begin now work with.
    pub tools: Live<Tools>,
    /// The places for jobs.
    pub slots: Slots,
    /// Who writes of a place in line.
    pub pens: Pens,
    /// What the shift is doing.
    pub board: Arc<Board>,
    /// The models that its jobs share.
    pub models: Models,
    /// What happens. Subscribe when starting: what was sent before is gone.
    pub news: broadcast::Sender<News>,
    /// What is counted.
    pub metrics: Metrics,
    /// When the shift stops taking work.
    pub bells: Bells,
    /// What time it is.
    pub clock: Clock,
    /// Takes the secrets out of all that leaves.
    pub redactor: Redactor,
    /// How the shift ended, once it has: before `over` is cancelled.
    pub end: Arc<OnceLock<End>>,
    /// Cancelled when the shift is over: say what is left to say, within seconds, and end.
    pub over: CancellationToken,
    /// Where those beside run; the process waits for them, at most `LAST_WORDS`.
    pub tasks: TaskTracker,
}

impl Beside {
    /// Starts everything that works beside a shift.
    ///
    /// # Errors
    /// When something that the operator asked for by name cannot be had, such as an address that
    /// another program listens on.
    pub(super) async fn start(&self) -> Result<(), AppError> {
        seeing::start(self).await?;
        telling::start(self).await?;
        watching::start(self).await?;
        waking::start(self).await?;
        lining::start(self).await?;
        minding::start(self);
        // Last: what says that the worker is ready.
        living::start(self);
        Ok(())
    }
}
