//! The only writer of events: into the store first, then to whoever listens.

use async_trait::async_trait;
use tokio::sync::broadcast;

use crate::domain::job::{JobId, Progress, Record, Story};
use crate::store::Store;
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
    news: broadcast::Sender<News>,
}

impl StoreJournal {
    /// A journal in `store` whose records are also sent to `news`.
    pub fn new(store: Store, news: broadcast::Sender<News>) -> Self {
        Self { store, news }
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
        let url = match &record.event {
            crate::domain::job::Event::Opened(it) => Some(it.url.as_str()),
            _ => None,
        };
        self.store
            .append(&story.job, record, progress.state(), url)
            .await
            .map_err(|it| JournalError(it.to_string()))?;
        // Nobody listening is no failure: the store has it.
        let _ = self
            .news
            .send(News::Recorded { job: story.job.clone(), record: Box::new(record.clone()) });
        Ok(())
    }
}
