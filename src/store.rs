//! Jobs and their events, durable before they are believed.
//!
//! A job's row is a reading of its events, kept in step with them in one transaction, so that
//! lists need not fold. What a job printed is a file (`store/joblog.rs`); where its parts begin is
//! kept here. Behind this door: `sqlite` and `postgres`. All pass `tests/it/contract/store.rs`.
//!
//! **Fencing.** Each claim of a job carries a token that only grows. Whoever writes as the one who
//! works on a job shows its [`Fence`]; an older one is refused, so that a worker that slept through
//! its lease writes nothing any more.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::domain::job::JobId;

mod claimant;
mod claims;
mod encoding;
mod fates;
mod holds;
mod job;
pub mod joblog;
mod jobs;
mod leases;
mod lookup;
mod memory;
mod polls;
pub mod postgres;
mod row;
pub mod sqlite;

pub use claimant::{Claimant, Fence, Taken};
pub use claims::Claims;
pub use fates::{Fates, Followed};
pub use holds::Holds;
pub use job::{Admission, Found, Job, JobFilter, LogSection, StoreError};
pub use jobs::Jobs;
pub use leases::Leases;
pub use lookup::Lookup;
pub use memory::Memory;
pub use polls::{Polls, Watched};

/// The jobs. Clones are the same store.
pub type Store = Arc<dyn JobStore>;

/// All that a store does.
pub trait JobStore: Jobs + Leases + Claims + Lookup + Memory + Polls + Holds + Fates {
    /// Whether workers on other machines use it too: then its leases say who works on what, and
    /// the queue only carries.
    fn is_shared(&self) -> bool;
}

/// The name of the job that a task with this key has, or would have: two workers give the same
/// task the same name.
pub fn job_id(key: &str) -> JobId {
    let digest = Sha256::digest(key.as_bytes());
    JobId(digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}
