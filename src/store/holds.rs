//! Which models nobody asks for a while, so that a restart honours it.

use async_trait::async_trait;

use crate::engine::cooldown::{Hold, ModelKey};

use super::StoreError;

/// The models that turned us away.
#[async_trait]
pub trait Holds: Send + Sync {
    /// Notes that a model is held because its server turned us away. A hold of the same model at
    /// the same server is replaced.
    ///
    /// # Errors
    /// When the database fails.
    async fn hold_model(&self, hold: &Hold) -> Result<(), StoreError>;

    /// All that are noted, by model and server, also those that are over: nobody has heard of
    /// their models since. Each is `Kind::Busy`: what is only away is looked for at each start.
    ///
    /// # Errors
    /// When the database fails.
    async fn held_models(&self) -> Result<Vec<Hold>, StoreError>;

    /// The model answers again: there is no hold of it. Nor does it matter when there was none.
    ///
    /// # Errors
    /// When the database fails.
    async fn release_model(&self, key: &ModelKey) -> Result<(), StoreError>;
}
