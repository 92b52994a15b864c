//! A child that a host forked for us, as the process room oversees children.

use nix::sys::signal::Signal;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{OwnedMutexGuard, watch};

use super::Phase;
use super::wire::{Control, Message};
use crate::domain::verification::Exit;
use crate::process::Leader;

/// One run. The host is nobody else's until this is dropped.
pub(super) struct Remote {
    control: OwnedMutexGuard<Option<Control>>,
    phase: watch::Receiver<Phase>,
    gone: bool,
}

impl Remote {
    pub(super) fn new(
        control: OwnedMutexGuard<Option<Control>>,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        Self { control, phase, gone: false }
    }

    fn signal(&mut self, signal: Signal) {
        if let Some(control) = self.control.as_mut()
            && !control.signal(signal as i32)
        {
            // Whoever cannot be reached cannot be trusted to end anything.
            control.end_host();
        }
    }
}

impl Leader for Remote {
    async fn wait(&mut self) -> std::io::Result<Exit> {
        loop {
            let message = match self.control.as_mut() {
                Some(control) => control.messages.recv().await,
                None => None,
            };
            match message {
                Some(Message::Exit(code @ 0..)) => return Ok(Exit::Code(code)),
                Some(Message::Exit(signal)) => return Ok(Exit::Signal(signal.saturating_neg())),
                Some(Message::Gone) => self.gone = true,
                Some(_) => {}
                // The host died, or was killed; its cage takes the rest with it.
                None => return Ok(Exit::Signal(Signal::SIGKILL as i32)),
            }
        }
    }

    fn terminate(&mut self) {
        self.signal(Signal::SIGTERM);
    }

    fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
    }

    fn lives_on(&mut self) -> bool {
        while let Some(control) = self.control.as_mut() {
            match control.messages.try_recv() {
                Ok(Message::Gone) => self.gone = true,
                Ok(_) => {}
                Err(TryRecvError::Empty) => return !self.gone,
                Err(TryRecvError::Disconnected) => break,
            }
        }
        !self.gone && !matches!(*self.phase.borrow(), Phase::Over(_))
    }
}

/// What did not end is ended with its host.
impl Drop for Remote {
    fn drop(&mut self) {
        if self.lives_on()
            && let Some(control) = self.control.as_ref()
        {
            control.end_host();
        }
    }
}
