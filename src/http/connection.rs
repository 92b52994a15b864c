//! Connections: how many, how long, and how much of what they send is read.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::listen::{Listener, Listening};

/// Connections at once: scrapers and probes are few.
const MOST: usize = 32;
/// Until the whole head of a request is there; and a connection's life.
const HEAD: Duration = Duration::from_secs(5);
const LIFE: Duration = Duration::from_secs(20);
/// Of a request's head, in bytes and in lines.
const MOST_BYTES: usize = 16 << 10;
const MOST_LINES: usize = 64;

/// A connection, and whether a request has come over it.
struct Talk {
    task: JoinHandle<()>,
    asked: Arc<AtomicBool>,
}

/// Takes connections until `over`, one request each: bodies are not read, and nobody is waited
/// for. When all places are taken, the one that has said nothing for the longest has to go, so
/// silent ones shut nobody out.
pub(super) async fn serve(listener: Listener, router: Router, over: &CancellationToken) {
    let mut talks = VecDeque::<Talk>::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = over.cancelled() => break,
            accepted = accept(&listener, &router) => accepted,
        };
        match accepted {
            Ok(talk) => {
                talks.retain(|it| !it.task.is_finished());
                if talks.len() >= MOST {
                    let silent = |it: &Talk| !it.asked.load(Ordering::Relaxed);
                    let at = talks.iter().position(silent).unwrap_or(0);
                    if let Some(talk) = talks.remove(at) {
                        talk.task.abort();
                    }
                }
                talks.push_back(talk);
            }
            // Out of file descriptors, most likely: it passes.
            Err(error) => {
                tracing::debug!(%error, "no connection was taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    for talk in talks {
        talk.task.abort();
    }
}

async fn accept(listener: &Listener, router: &Router) -> io::Result<Talk> {
    let asked = Arc::<AtomicBool>::default();
    let router = router.clone().layer(axum::middleware::map_request({
        let asked = asked.clone();
        move |request: axum::extract::Request| {
            asked.store(true, Ordering::Relaxed);
            std::future::ready(request)
        }
    }));
    let task = match &listener.kind {
        Listening::Tcp(listener) => tokio::spawn(talk(listener.accept().await?.0, router)),
        Listening::Unix(listener) => tokio::spawn(talk(listener.accept().await?.0, router)),
    };
    Ok(Talk { task, asked })
}

fn talk<S>(stream: S, router: Router) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MOST_BYTES)
        .max_headers(MOST_LINES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    async move {
        // What goes wrong here is the other side's business.
        let _ = tokio::time::timeout(LIFE, connection).await;
    }
}
