//! A line between the worker and the code host that is slow, breaks, or loses replies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is wrong with the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Every request is late by 200 ms.
    Late,
    /// Every third request breaks the connection, and never arrives.
    Breaks,
    /// Every third request arrives, is carried out, and its reply is lost.
    LosesReplies,
    /// Replies come in drops of 16 bytes, one each millisecond.
    Drips,
}

impl Line {
    pub(crate) const ALL: [Self; 4] = [Self::Late, Self::Breaks, Self::LosesReplies, Self::Drips];
}

/// A proxy; it ends when this is dropped.
pub(crate) struct Proxy {
    pub(crate) url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(to: SocketAddr, line: Line) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let count = Arc::new(AtomicU64::new(0));
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let count = count.clone();
                tokio::spawn(async move {
                    // Either side may go at any time: that is what this is for.
                    let _ = carry(client, to, line, &count).await;
                });
            }
        });
        Self { url, serving }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn carry(
    mut client: TcpStream,
    to: SocketAddr,
    line: Line,
    count: &AtomicU64,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(to).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let (mut asked, mut said) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut lost = false;
    loop {
        tokio::select! {
            read = from_client.read(&mut asked) => {
                let length = read?;
                let third = (count.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(3);
                if length == 0 || (third && line == Line::Breaks) {
                    return Ok(());
                }
                lost = third && line == Line::LosesReplies;
                if line == Line::Late {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                to_server.write_all(&asked[..length]).await?;
            }
            read = from_server.read(&mut said) => {
                let length = read?;
                if length == 0 || lost {
                    return Ok(());
                }
                let drop = if line == Line::Drips { 16 } else { length };
                for drop in said[..length].chunks(drop) {
                    to_client.write_all(drop).await?;
                    if line == Line::Drips {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            }
        }
    }
}
