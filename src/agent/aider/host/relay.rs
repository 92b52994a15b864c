//! From the host's door to the socket of the turn that is on: the door is shown to the cage when
//! it is made, and what listens for a turn comes later and goes earlier.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::agent::socket::Near;

/// Connections at once, as many as the bridge inside has.
const MOST: usize = 64;

/// Passes connections on until it is dropped. Where nobody listens at `to`, they are closed.
pub(super) async fn relay(door: &UnixListener, to: &Path) -> std::convert::Infallible {
    let mut live = JoinSet::new();
    loop {
        tokio::select! {
            accepted = door.accept(), if live.len() < MOST => match accepted {
                Ok((inside, _)) => {
                    live.spawn(pass(inside, to.to_owned()));
                }
                // Out of descriptors: some are given back when connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = live.join_next(), if !live.is_empty() => {}
        }
    }
}

async fn pass(mut inside: UnixStream, to: PathBuf) {
    let Ok(near) = Near::new(&to) else { return };
    if let Ok(mut outside) = UnixStream::connect(near.path()).await {
        let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
    }
}
