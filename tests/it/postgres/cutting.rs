//! Stands between a worker and the server, and cuts the line at the moment that matters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where the line is cut, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The server never hears of the `COMMIT`.
    BeforeCommit = 1,
    /// The server has answered the `COMMIT`, and nobody hears of that.
    AfterCommit = 2,
    /// The server has begun the transaction, and hears nothing more.
    InTheMiddle = 3,
}

pub(super) struct Cutter {
    pub(super) port: u16,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan {
    armed: AtomicU8,
    cuts: AtomicU32,
}

impl Cutter {
    pub(super) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::<Plan>::default();
        let shared = plan.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::spawn(carry(client, server, shared.clone()));
            }
        });
        Self { port, plan }
    }

    /// The next transaction is cut. Says how many were until now.
    pub(super) fn arm(&self, cut: Cut) -> u32 {
        self.plan.armed.store(cut as u8, Ordering::SeqCst);
        self.cuts()
    }

    pub(super) fn cuts(&self) -> u32 {
        self.plan.cuts.load(Ordering::SeqCst)
    }
}

impl Plan {
    fn strike(&self, cut: Cut, sent: &[u8], words: &[u8]) -> bool {
        let meant = sent.windows(words.len()).any(|it| it == words);
        let armed = || {
            let none = Ordering::SeqCst;
            self.armed.compare_exchange(cut as u8, 0, none, none).is_ok()
        };
        let struck = meant && armed();
        self.cuts.fetch_add(struck.into(), Ordering::SeqCst);
        struck
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, plan: Arc<Plan>) {
    let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let sent = &up[..read.unwrap_or(0)];
                if sent.is_empty() || plan.strike(Cut::BeforeCommit, sent, b"COMMIT") {
                    return;
                }
                let last = plan.strike(Cut::AfterCommit, sent, b"COMMIT")
                    || plan.strike(Cut::InTheMiddle, sent, b"START TRANSACTION");
                if server.write_all(sent).await.is_err() {
                    return;
                }
                if last {
                    let _ = server.read(&mut down).await;
                    return;
                }
            }
            read = server.read(&mut down) => {
                let sent = &down[..read.unwrap_or(0)];
                if sent.is_empty() || client.write_all(sent).await.is_err() {
                    return;
                }
            }
        }
    }
}
