//! How the process stops: politely, then firmly, then at once.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Two bells. `drain`: take nothing new, finish what you hold. `abort`: put it down now.
#[derive(Clone, Debug, Default)]
pub struct Bells {
    /// Take nothing new.
    pub drain: CancellationToken,
    /// Put everything down.
    pub abort: CancellationToken,
}

/// How long a job may go on after a service manager said stop: enough to finish a push and its
/// pull request, and less than any manager's own limit.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Rings the bells as signals come: the first drains, the second aborts, the third calls `exit`.
/// After a service manager's first signal the second bell rings by itself when patience is over:
/// a job may take an hour, is put down where it is, and goes on from there.
/// `signal` is awaited anew for each.
pub async fn ring<F>(bells: Bells, mut signal: impl FnMut() -> F, exit: impl FnOnce())
where
    F: Future<Output = Signal>,
{
    let first = signal().await;
    bells.drain.cancel();
    tracing::info!("taking nothing new, finishing what runs; once more to put it down");
    let patience = async {
        match first {
            Signal::Interrupt => std::future::pending().await,
            Signal::Terminate => tokio::time::sleep(PATIENCE).await,
        }
    };
    let mut signals = 1;
    tokio::select! {
        biased;
        _ = signal() => signals += 1,
        () = patience => {}
    }
    bells.abort.cancel();
    tracing::info!("putting the running jobs down; they go on from here at the next start");
    while signals < 3 {
        signal().await;
        signals += 1;
    }
    exit();
}

/// What asks us to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C on a terminal.
    Interrupt,
    /// A service manager, or `kill`.
    Terminate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_service_manager_need_not_ask_twice() {
        let bells = Bells::default();
        let mut asked = 0;
        let next = || {
            asked += 1;
            let first = asked == 1;
            async move {
                match first {
                    true => Signal::Terminate,
                    false => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = ring(bells.clone(), next, || ()) => {}
            () = bells.abort.cancelled() => {}
        }
        assert!(bells.drain.is_cancelled());
    }

    #[tokio::test]
    async fn the_first_ctrl_c_drains_the_second_aborts_the_third_leaves() {
        let bells = Bells::default();
        let (send, receive) = tokio::sync::mpsc::unbounded_channel();
        let receive = std::sync::Arc::new(tokio::sync::Mutex::new(receive));
        let left = CancellationToken::new();
        let next = move || {
            let receive = receive.clone();
            async move { receive.lock().await.recv().await.unwrap() }
        };
        let gone = left.clone();
        let ringing = tokio::spawn(ring(bells.clone(), next, move || gone.cancel()));
        send.send(Signal::Interrupt).unwrap();
        bells.drain.cancelled().await;
        assert!(!bells.abort.is_cancelled());
        send.send(Signal::Interrupt).unwrap();
        bells.abort.cancelled().await;
        assert!(!left.is_cancelled());
        send.send(Signal::Interrupt).unwrap();
        ringing.await.unwrap();
        assert!(left.is_cancelled());
    }
}
