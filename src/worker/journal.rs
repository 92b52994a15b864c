//! The only writer of events: into the store first, then to whoever listens.

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::domain::job::{Event, JobId, Progress, Record, Story};
use crate::fault::{Mutation, mutated};
use crate::store::{Fence, Store, StoreError};
use crate::worker::drive::{Journal, JournalError};

/// What has just happened, for those who watch.
#[derive(Clone, Debug)]
pub enum News {
    /// A record has become durable.
    Recorded {
        /// Whose.
        job: JobId,
        /// What.
        record: Box<Record>,
    },
    /// A message went to the dead letters.
    Buried {
        /// What the queue calls it.
        message: String,
        /// Why.
        reason: String,
    },
}

/// Writes to the store, then tells the listeners.
pub struct StoreJournal {
    store: Store,
    fence: Fence,
    news: broadcast::Sender<News>,
}

impl StoreJournal {
    /// The journal in `store` of the job that `fence` lets us write, whose records are also sent
    /// to `news`.
    pub fn new(store: Store, fence: Fence, news: broadcast::Sender<News>) -> Self {
        Self { store, fence, news }
    }
}

#[async_trait]
impl Journal for StoreJournal {
    async fn append(
        &mut self,
        story: &Story,
        record: &Record,
        progress: &Progress,
    ) -> Result<(), JournalError> {
        if mutated(Mutation::BelieveFirst) && matches!(record.event, Event::Committed { .. }) {
            return Ok(());
        }
        let failed = |it: StoreError| JournalError { fault: it.fault(), message: it.to_string() };
        let url = match &record.event {
            Event::Opened(it) => Some(it.url.as_str()),
            _ => None,
        };
        let point = |when| crate::fault::point_of("journal", &record.event, when);
        point("before").await.map_err(|it| failed(it.into()))?;
        self.store.append(&self.fence, record, progress.state(), url).await.map_err(failed)?;
        point("after").await.map_err(|it| failed(it.into()))?;
        // Nobody listening is no failure: the store has it.
        let _ = self
            .news
            .send(News::Recorded { job: story.job.clone(), record: Box::new(record.clone()) });
        Ok(())
    }
}
