//! What the worker tells the service manager that started it: systemd's notify protocol. Under
//! another manager, or none, it says nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// The service works: it has its state, its queue and its code host.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// It reads its configuration anew; `ready` says when it has.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// It takes nothing new, and ends when what runs is over or put down.
pub fn stopping(status: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// One line about what it does, for `systemctl status`.
pub fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// It lives. Owed at least once in `watchdog()`.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// After how long without `alive` the manager takes the service for dead; `None`: never.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|it| !it.is_zero())
}

/// Not being heard is no reason to stop working.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager was not told");
    }
}
