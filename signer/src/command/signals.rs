//! What the system may tell a process that serves.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that were asked for: from then on none of them ends the process by itself.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Asks for them; before the first thing is done that has to be ended in order.
    pub(super) fn take() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the word to end. SIGHUP is no such word: to many programs it says "read your configuration anew".
    pub(super) async fn end(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => {
                    tracing::warn!("SIGHUP: there is no reloading; a changed configuration counts after a restart");
                }
            }
        }
    }
}
