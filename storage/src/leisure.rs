//! When a commit may take its time.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// Says whether a commit may wait a moment for company: it may while what its callers do next would queue anyway, as
/// in the signer while the HSM has more jobs than it can take. A store that never heard of it never waits.
#[derive(Clone, Default)]
pub struct Leisure(Arc<OnceLock<Box<dyn Fn() -> bool + Send + Sync>>>);

impl Leisure {
    /// From now on `is_now` says it; the first to tell counts.
    pub fn tell(&self, is_now: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(is_now));
    }

    pub(crate) fn is_now(&self) -> bool {
        self.0.get().is_some_and(|is_now| is_now())
    }
}

impl fmt::Debug for Leisure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leisure").field(&self.is_now()).finish()
    }
}
