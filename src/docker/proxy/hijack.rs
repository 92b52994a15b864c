//! A connection that becomes somebody's input and output.

use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, copy, split};
use tokio_util::sync::CancellationToken;

/// How long a client may still send after the engine has said its last word.
const LINGER: Duration = Duration::from_secs(5);

/// Carries bytes both ways until both have ended. An end on one side is passed on as such: the
/// output of a program goes on after its input has ended.
pub(super) async fn carry(client: OnUpgrade, engine: OnUpgrade, stop: CancellationToken) {
    let both = async {
        let (client, engine) = tokio::try_join!(client, engine)?;
        let (mut from_client, mut to_client) = split(TokioIo::new(client));
        let (mut from_engine, mut to_engine) = split(TokioIo::new(engine));
        let inwards = async {
            let _ = copy(&mut from_client, &mut to_engine).await;
            let _ = to_engine.shutdown().await;
        };
        let outwards = async {
            let _ = copy(&mut from_engine, &mut to_client).await;
            let _ = to_client.shutdown().await;
        };
        tokio::pin!(inwards, outwards);
        tokio::select! {
            () = &mut outwards => drop(tokio::time::timeout(LINGER, inwards).await),
            () = &mut inwards => outwards.await,
        }
        Ok::<(), hyper::Error>(())
    };
    tokio::select! {
        () = stop.cancelled() => (),
        // Either side may leave at any moment; there is nobody else to tell.
        _ = both => (),
    }
}
