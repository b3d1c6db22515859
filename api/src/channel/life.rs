//! How long a session may be used (3.3). Times are Unix seconds, passed in.

use super::{Failure, MAX_IDLE};

/// When a session ends, and when it was last used.
pub(super) struct Life {
    /// It lives while the time is below.
    exp: u64,
    /// When the ServerHello or the last answer passed.
    used: u64,
    /// How long it may be idle.
    idle: u64,
}

impl Life {
    pub(super) const fn new(exp: u64, now: u64) -> Self {
        Self { exp, used: now, idle: MAX_IDLE }
    }

    /// Not over: what holds for an answer, which the signer may take its time for.
    pub(super) const fn check_exp(&self, now: u64) -> Result<(), Failure> {
        if now < self.exp { Ok(()) } else { Err(Failure) }
    }

    /// Neither over nor idle for too long: what holds for a request.
    pub(super) fn check(&self, now: u64) -> Result<(), Failure> {
        let idle = now.saturating_sub(self.used);
        if idle <= self.idle { self.check_exp(now) } else { Err(Failure) }
    }

    /// A key was enrolled or a second factor begun: its owner has the rest of the session to write the PIN down or set
    /// up an app.
    pub(super) const fn wait_for_owner(&mut self) {
        self.idle = u64::MAX;
    }

    /// An answer passed.
    pub(super) const fn used(&mut self, now: u64) {
        self.used = now;
    }
}
