//! The worker's own log: for whoever watches that anyway.

use async_trait::async_trait;

use super::{Channel, NotifyError, Parcel, Words};
use crate::engine::notice::inert;

/// The longest text, in characters.
const MOST: usize = 2_000;

/// The log.
#[derive(Debug)]
pub struct Log {
    words: Words,
}

impl Log {
    /// The log of this process.
    pub fn new(words: Words) -> Self {
        Self { words }
    }
}

#[async_trait]
impl Channel for Log {
    async fn send(&self, parcel: &Parcel) -> Result<(), NotifyError> {
        let notice = &parcel.notice;
        let text = self.words.text(notice, MOST, inert::plain, inert::plain).replace('\n', " | ");
        let (event, job) = (notice.kind.name(), notice.job.as_str());
        if notice.kind.is_bad() {
            tracing::warn!(event, job, delivery = parcel.delivery, "notice: {text}");
        } else {
            tracing::info!(event, job, delivery = parcel.delivery, "notice: {text}");
        }
        Ok(())
    }
}
