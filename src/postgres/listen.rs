//! `LISTEN`: who waits for a message is woken when one is there, from whichever worker.
//!
//! A notice says only "look": what is there to do stands in the tables, so a lost notice costs
//! time and nothing else. While nobody listens (the connection ended, and another is being made)
//! the bell says so, and whoever waits looks now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::task::JoinHandle;
use tokio_postgres::AsyncMessage;

use super::error::judge;
use super::{Address, CONNECT, FIRST_PAUSE, PostgresError};

/// How often the server is asked whether it is still there: a firewall forgets silent connections.
const ASKED: Duration = Duration::from_secs(30);
/// The longest pause before the next connection is tried.
const SLOWEST: Duration = Duration::from_secs(5);

/// Rings when another worker, or this one, has put something into the queue.
#[derive(Default)]
pub struct Bell {
    rung: Notify,
    hears: AtomicBool,
}

impl Bell {
    /// Ends with the next ring. `enable` it before looking at what it is to be woken for.
    pub fn rung(&self) -> Notified<'_> {
        self.rung.notified()
    }

    /// Whether anybody listens.
    pub fn hears(&self) -> bool {
        self.hears.load(Ordering::Acquire)
    }

    fn set(&self, hears: bool) {
        self.hears.store(hears, Ordering::Release);
        // What came in between was not heard, and who waits must know how long to.
        self.rung.notify_waiters();
    }
}

pub(super) struct Listener {
    pub(super) bell: Arc<Bell>,
    task: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn start(address: Address) -> Listener {
    let bell = Arc::<Bell>::default();
    let task = tokio::spawn(keep_listening(address, bell.clone()));
    Listener { bell, task }
}

async fn keep_listening(address: Address, bell: Arc<Bell>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let ended = listen(&address, &bell).await;
        if bell.hears() {
            pause = FIRST_PAUSE;
            bell.set(false);
        }
        tracing::debug!(error = %ended, "not listening to the database");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(SLOWEST);
    }
}

/// Listens until that fails, and says why.
async fn listen(address: &Address, bell: &Bell) -> PostgresError {
    let tls = match address.tls() {
        Ok(tls) => tls,
        Err(error) => return error,
    };
    let connecting = tokio::time::timeout(CONNECT, address.config().connect(tls));
    let (client, mut connection) = match connecting.await {
        Ok(Ok(both)) => both,
        Ok(Err(error)) => return judge(address, &error),
        Err(_) => return address.away("no connection could be had in time".to_owned()),
    };
    let mut messages = poll_fn(move |context| connection.poll_message(context));
    let hearing = async {
        while let Some(message) = messages.next().await {
            match message {
                Ok(AsyncMessage::Notification(_)) => bell.rung.notify_waiters(),
                Ok(_) => {}
                Err(error) => return judge(address, &error),
            }
        }
        address.away("the connection that listens has ended".to_owned())
    };
    // It is driven by `hearing`, so that both have to go on at the same time.
    let asking = async {
        // A session that waits for days is no idle one (the setting came with version 14).
        let listen = format!(
            "SELECT set_config('idle_session_timeout', '0', false)
             WHERE current_setting('idle_session_timeout', true) IS NOT NULL;
             LISTEN {}",
            address.schema()
        );
        if let Err(error) = client.batch_execute(&listen).await {
            return judge(address, &error);
        }
        bell.set(true);
        loop {
            tokio::time::sleep(ASKED).await;
            match tokio::time::timeout(CONNECT, client.batch_execute("")).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return judge(address, &error),
                Err(_) => return address.away("the connection that listens is dead".to_owned()),
            }
        }
    };
    tokio::select! {
        ended = hearing => ended,
        ended = asking => ended,
    }
}
