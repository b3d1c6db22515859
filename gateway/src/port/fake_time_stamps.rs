//! An authority that does as it is told; its certificate is [`testing::stamping_certificate`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rsign_ades::evidence::testing::{self, Manner};

use super::clock::{Clock as _, SystemClock};
use super::time_stamps::{TimeStamps, Unavailable};

/// The authority.
#[derive(Debug)]
pub(crate) struct FakeStamps {
    pub(crate) manner: Manner,
    /// Nobody is there.
    pub(crate) dead: bool,
    /// It takes for ever, and its client waits this long.
    pub(crate) patience: Option<Duration>,
    /// What its clock says, Unix seconds; none says what the system's says.
    pub(crate) at: Option<u64>,
    /// How often it was asked.
    pub(crate) asked: AtomicUsize,
}

impl Default for FakeStamps {
    fn default() -> Self {
        Self::that(Manner::Right)
    }
}

impl FakeStamps {
    pub(crate) fn that(manner: Manner) -> Self {
        Self { manner, dead: false, patience: None, at: None, asked: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl TimeStamps for FakeStamps {
    async fn ask(&self, query: Vec<u8>) -> Result<Vec<u8>, Unavailable> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(patience) = self.patience {
            let elapsed = tokio::time::timeout(patience, std::future::pending::<()>()).await;
            return Err(Unavailable::Away(format!("{elapsed:?}").into()));
        }
        if self.dead {
            return Err(Unavailable::Away("connection refused".into()));
        }
        let system = u64::try_from(SystemClock.now() / 1000).unwrap();
        Ok(testing::stamp(&query, self.manner, self.at.unwrap_or(system)))
    }
}
