//! Who is overseen: a child of ours, or one that somebody else forked for us.

use std::future::Future;
use std::time::Duration;

use tokio::process::Child;

use super::family::Family;
use crate::domain::verification::Exit;

/// A running child, and all that came of it.
pub(crate) trait Leader: Send + 'static {
    /// How it ended, once it has. May be dropped and called again.
    fn wait(&mut self) -> impl Future<Output = std::io::Result<Exit>> + Send;

    /// Asks all to end.
    fn terminate(&mut self);

    /// Ends all.
    fn kill(&mut self);

    /// Whether anything is left, the child itself being reaped already.
    fn lives_on(&mut self) -> bool;
}

/// A child of ours.
pub(super) struct Own {
    pub(super) child: Child,
    pub(super) family: Family,
}

impl Leader for Own {
    async fn wait(&mut self) -> std::io::Result<Exit> {
        self.child.wait().await.map(exit_of)
    }

    fn terminate(&mut self) {
        self.family.terminate();
    }

    fn kill(&mut self) {
        self.family.kill();
    }

    fn lives_on(&mut self) -> bool {
        self.family.lives_on()
    }
}

fn exit_of(status: std::process::ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt;

    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}

/// Nobody waits for the answer any more: SIGKILL for all at once; a task buries the dead.
pub(super) fn abandon(mut leader: impl Leader, burial: Duration, look_again: Duration) {
    leader.kill();
    // Without a runtime the program itself is about to end.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        let _ = tokio::time::timeout(burial, leader.wait()).await;
        let until = tokio::time::Instant::now() + burial;
        while leader.lives_on() && tokio::time::Instant::now() < until {
            leader.kill();
            tokio::time::sleep(look_again).await;
        }
    });
}
