//! Notifications: what happens is told to those who asked to hear of it.
//!
//! Nothing here is in a job's way: jobs write their journals, triggers in the database note what
//! is to be told (`database/005_outbox.sql`), and this task makes notices of it. What is noted and
//! not yet told when the process dies is told by the next one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::AppError;
use super::beside::{Beside, End};
use crate::config::{self, Config, Sink};
use crate::database::DatabaseError;
use crate::domain::job::{Event, JobId, Story};
use crate::domain::time::Timestamp;
use crate::engine::notice::{self, Happening, ModelWatch, ModelWord, Notice, Teller};
use crate::engine::report::Language;
use crate::notify::desktop::Desktop;
use crate::notify::discord::Discord;
use crate::notify::email::{Account, Email};
use crate::notify::log::Log;
use crate::notify::outbox::{Outbox, Untold, UntoldKind};
use crate::notify::sender::{Ready, Sender};
use crate::notify::slack::Slack;
use crate::notify::webhook::Webhook;
use crate::notify::{Channel, Guard, Words};
use crate::redact::Redactor;
use crate::store::{Found, StoreError};
use crate::worker::journal::News;

/// How often it is noted that the worker lives.
const BEAT: Duration = Duration::from_secs(5 * 60);
/// How often it is looked for what nobody announces: the embedded queue buries by itself.
const LOOK: Duration = Duration::from_secs(60);
/// How long senders may go on when the shift is over.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Under these names things are remembered from one worker to the next.
const ALIVE: &str = "alive";
const MODELS: &str = "models";

/// Starts telling.
pub(super) async fn start(beside: &Beside) -> Result<(), AppError> {
    let telling = Telling {
        outbox: Outbox::new(beside.database.clone()),
        beside: beside.clone(),
        models: ModelWatch::default(),
        senders: HashMap::new(),
        last: CancellationToken::new(),
    };
    // From here on nothing is missed, whenever the task gets to run.
    let news = beside.news.subscribe();
    beside.tasks.spawn(telling.work(news));
    Ok(())
}

/// The channel as it is configured, whether it is told of anything or not.
pub fn channel(config: &Config, channel: &config::Channel, redactor: Redactor) -> Arc<dyn Channel> {
    let words = Words { language: language(config), template: channel.template.clone(), redactor };
    let guard = Guard::new(channel.allow_private);
    match &channel.sink {
        Sink::Slack(it) => Arc::new(Slack::new(guard, it.clone(), words)),
        Sink::Discord(it) => Arc::new(Discord::new(guard, it.clone(), words)),
        Sink::Webhook { address, secret } => {
            Arc::new(Webhook::new(guard, address.clone(), secret.clone(), words))
        }
        Sink::Email(mail) => {
            let account = Account {
                server: mail.server.clone(),
                encryption: mail.encryption,
                from: mail.from.clone(),
                to: mail.to.clone(),
                login: mail.login.clone(),
            };
            Arc::new(Email::new(guard, account, words))
        }
        Sink::Desktop => Arc::new(Desktop::new(config.notify.desktop.clone(), words)),
        Sink::Log => Arc::new(Log::new(words)),
    }
}

/// Who tells, at this moment.
pub fn teller(config: &Config, at: Timestamp) -> Teller<'_> {
    // An Enterprise Server has its pages where it has its repositories.
    let site = config.github.git_url.as_str();
    let site = if site.starts_with("http") { site } else { "" };
    Teller { worker: &config.worker.worker_id, language: language(config), at, site }
}

fn language(config: &Config) -> Language {
    match config.worker.language {
        config::Language::English => Language::En,
        config::Language::Japanese => Language::Ja,
    }
}

struct Telling {
    beside: Beside,
    outbox: Outbox,
    models: ModelWatch,
    senders: HashMap<String, (Arc<Notify>, JoinHandle<()>)>,
    last: CancellationToken,
}

impl Telling {
    async fn work(mut self, mut news: Receiver<News>) {
        said(self.begin().await);
        let (mut beat, mut look) = (tokio::time::interval(BEAT), tokio::time::interval(LOOK));
        let over = self.beside.over.clone();
        loop {
            let done = tokio::select! {
                biased;
                () = over.cancelled() => break,
                heard = news.recv() => match heard {
                    Ok(news) => self.hear(news).await,
                    // What was missed is noted in the database.
                    Err(RecvError::Lagged(_)) => self.tell_untold().await,
                    Err(RecvError::Closed) => break,
                },
                () = self.model_is_due() => self.tell_of_model().await,
                _ = look.tick() => self.tell_untold().await,
                _ = beat.tick() => self.outbox.remember(ALIVE, Some(self.now().0.to_string())).await,
            };
            said(done);
        }
        said(self.end().await);
    }

    /// What an earlier worker left.
    async fn begin(&mut self) -> Result<(), DatabaseError> {
        for name in self.outbox.channels().await? {
            self.wake(&name);
        }
        if let Some(models) = self.outbox.recall(MODELS).await? {
            self.models = serde_json::from_str(&models).unwrap_or_default();
        }
        if let Some(seen) = self.outbox.recall(ALIVE).await? {
            let seen = Timestamp(seen.parse().unwrap_or_default());
            self.tell(&Happening::StartedAgain { seen }, None).await?;
        }
        self.outbox.remember(ALIVE, Some(self.now().0.to_string())).await?;
        self.tell_untold().await
    }

    /// The last words: what cannot be sent now waits for the next worker.
    async fn end(&mut self) -> Result<(), DatabaseError> {
        let told = self.tell_last_words().await;
        self.last.cancel();
        let senders = self.senders.drain().map(|it| it.1.1).collect::<Vec<_>>();
        let ends = senders.iter().map(JoinHandle::abort_handle).collect::<Vec<_>>();
        let all = async {
            for sender in senders {
                let _ = sender.await;
            }
        };
        if tokio::time::timeout(LAST_WORDS, all).await.is_err() {
            tracing::info!("notices that were not sent wait for the next start");
            ends.iter().for_each(tokio::task::AbortHandle::abort);
        }
        told
    }

    async fn tell_last_words(&mut self) -> Result<(), DatabaseError> {
        self.tell_untold().await?;
        // Whoever lets it work until nothing is left does not want to hear that nothing is.
        let end = self.beside.end.get().copied().unwrap_or(End::Failed);
        if end != End::Emptied {
            let told_to = end == End::Told;
            self.tell(&Happening::Stopped { told_to }, None).await?;
        }
        self.outbox.remember(ALIVE, None).await
    }

    async fn hear(&mut self, news: News) -> Result<(), DatabaseError> {
        match news {
            News::Recorded { record, .. } => {
                let before = self.models.clone();
                let word = self.models.heard(&record);
                if before != self.models {
                    self.keep_models().await?;
                }
                if let Some(word) = word {
                    self.tell_word(word).await?;
                }
                if record.event == Event::Closed { self.tell_untold().await } else { Ok(()) }
            }
            // The embedded queue's dead letters are noted in the database.
            News::Buried { .. } if self.beside.config.now().sqs.queue_url.is_none() => {
                self.tell_untold().await
            }
            News::Buried { message, reason } => {
                self.tell(&Happening::Buried { message: &message, reason: &reason }, None).await
            }
        }
    }

    /// Makes notices of all that is noted.
    async fn tell_untold(&mut self) -> Result<(), DatabaseError> {
        self.fetch_untold().await?;
        loop {
            let untold = self.outbox.untold().await?;
            if untold.is_empty() {
                return Ok(());
            }
            for Untold { seq, what } in untold {
                match what {
                    UntoldKind::Job(job) => match self.story(&job).await? {
                        Some(story) => self.tell(&Happening::JobOver(&story), Some(seq)).await?,
                        None => self.post(None, Some(seq)).await?,
                    },
                    UntoldKind::Letter { message, reason } => {
                        let happening = Happening::Buried { message: &message, reason: &reason };
                        self.tell(&happening, Some(seq)).await?;
                    }
                }
            }
        }
    }

    /// What workers that share a store have noted there, and no other is telling of.
    async fn fetch_untold(&self) -> Result<(), DatabaseError> {
        let Some(shared) = &self.beside.untold else { return Ok(()) };
        loop {
            let tidings = shared.take().await?;
            if tidings.is_empty() {
                return Ok(());
            }
            let seqs = tidings.iter().map(|it| it.seq).collect();
            self.outbox.take_over(tidings).await?;
            // Only now: from here on they are on this worker's disk.
            shared.moved(seqs).await?;
        }
    }

    /// `None`: it is not there, or cannot be read, and will not be later.
    async fn story(&self, job: &JobId) -> Result<Option<Story>, DatabaseError> {
        let store = &self.beside.store;
        let found = match store.find(&job.0).await {
            Ok(Found::One(found)) => store.records(job).await.map(|it| (found, it)),
            Ok(_) => return Ok(None),
            Err(error) => Err(error),
        };
        match found {
            Ok((found, records)) => Ok(Some(Story { job: found.id, task: found.task, records })),
            // That passes, and it is still noted.
            Err(StoreError::Database(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%job, %error, "nobody is told of the job");
                Ok(None)
            }
        }
    }

    async fn model_is_due(&self) {
        let quiet = self.beside.config.now().notify.model_quiet;
        match self.models.look_at(quiet) {
            Some(then) => tokio::time::sleep(then.since(self.now())).await,
            None => std::future::pending().await,
        }
    }

    async fn tell_of_model(&mut self) -> Result<(), DatabaseError> {
        let quiet = self.beside.config.now().notify.model_quiet;
        let Some(word) = self.models.due(self.now(), quiet) else { return Ok(()) };
        self.tell_word(word).await?;
        self.keep_models().await
    }

    async fn tell_word(&mut self, word: ModelWord) -> Result<(), DatabaseError> {
        let happening = match &word {
            ModelWord::Unreachable { why, since } => {
                Happening::ModelUnreachable { why, since: *since }
            }
            ModelWord::Back { since } => Happening::ModelBack { since: *since },
        };
        self.tell(&happening, None).await
    }

    async fn keep_models(&self) -> Result<(), DatabaseError> {
        let models = serde_json::to_string(&self.models).unwrap_or_default();
        self.outbox.remember(MODELS, Some(models)).await
    }

    async fn tell(
        &mut self,
        happening: &Happening<'_>,
        told: Option<i64>,
    ) -> Result<(), DatabaseError> {
        let config = self.beside.config.now();
        let notice = notice::notice(happening, &teller(&config, self.now()));
        self.post(notice, told).await
    }

    /// Writes a notice for each channel that wants it.
    async fn post(
        &mut self,
        notice: Option<Notice>,
        told: Option<i64>,
    ) -> Result<(), DatabaseError> {
        let config = self.beside.config.now();
        let wants = |it: &&config::Channel| {
            notice
                .as_ref()
                .is_some_and(|notice| notice::is_wanted(notice, &it.events, &it.repositories))
        };
        let channels: Vec<String> =
            config.notify.channels.iter().filter(wants).map(|it| it.name.clone()).collect();
        if channels.is_empty() && told.is_none() {
            return Ok(());
        }
        // What is written down holds no secret either.
        let notice = notice.map(|it| self.clean(it));
        let crowded = self.outbox.post(channels.clone(), notice.as_ref(), told, self.now()).await?;
        for channel in crowded {
            tracing::warn!(channel, "the outbox is full: its oldest notices were dropped");
        }
        for channel in channels {
            self.wake(&channel);
        }
        Ok(())
    }

    fn clean(&self, notice: Notice) -> Notice {
        let clean = |text: String| self.beside.redactor.text(&text).into_owned();
        Notice { title: clean(notice.title), reason: clean(notice.reason), ..notice }
    }

    /// Sees that a channel's sender runs, and that it looks.
    fn wake(&mut self, name: &str) {
        if let Some((poke, sender)) = self.senders.get(name)
            && !sender.is_finished()
        {
            return poke.notify_one();
        }
        let config = self.beside.config.clone();
        let find = move |name: &str| {
            let config = config.now();
            let found = config.notify.channels.iter().find(|it| it.name == name)?;
            Some(Ready {
                // Of the configuration as it is now, with secrets that a reload has brought.
                channel: channel(&config, found, Redactor::new(config.secrets())),
                max_per_hour: config.notify.max_per_hour,
                worker: config.worker.worker_id.clone(),
                language: language(&config),
            })
        };
        let poke = Arc::new(Notify::new());
        let sender = Sender {
            name: name.to_owned(),
            outbox: self.outbox.clone(),
            find: Arc::new(find),
            clock: self.beside.clock.clone(),
            poke: poke.clone(),
            last: self.last.clone(),
        };
        let task = self.beside.tasks.spawn(sender.work());
        self.senders.insert(name.to_owned(), (poke, task));
    }

    fn now(&self) -> Timestamp {
        (self.beside.clock)()
    }
}

/// The store fails for those who work, too, and they stop: there is nothing to do about it here.
fn said(done: Result<(), DatabaseError>) {
    if let Err(error) = done {
        tracing::warn!(%error, "what happened is told later, or at the next start");
    }
}
