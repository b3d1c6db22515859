//! Which K_MK things are wrapped under now. The store says so, and is looked at once a minute: an operator's word that
//! an earlier one is not to be wrapped under any more reaches every signer on the store before that one can be destroyed.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::{Error, Result, Signer};
use crate::hsm::{Fault, MasterVersion, Masters};

/// How long a look holds.
const HOLDS: Duration = Duration::from_secs(60);

/// What this signer knows of K_MK.
#[derive(Debug)]
pub(super) struct Known {
    /// Those that were in the store when it began: its workers have them.
    masters: Masters,
    looked: Mutex<Option<(Instant, MasterVersion)>>,
}

impl Known {
    pub(super) const fn new(masters: Masters) -> Self {
        Self { masters, looked: Mutex::new(None) }
    }

    fn recall(&self) -> Option<MasterVersion> {
        let looked = self.looked.lock().ok()?;
        looked.filter(|(when, _)| when.elapsed() < HOLDS).map(|(_, version)| version)
    }
}

impl Signer {
    /// The K_MK to wrap under: the newest or, as long as that is kept, the newest that this signer began with.
    ///
    /// # Errors
    /// [`Fault::Device`] when nothing may be wrapped under what it began with: it has to be started again.
    pub(super) async fn master(&self) -> Result<MasterVersion> {
        if let Some(version) = self.masters.recall() {
            return Ok(version);
        }
        // Before the look: what it says may be old when it is here.
        let when = Instant::now();
        let row = self.tables.ceremony().await?;
        let row = row.ok_or_else(|| Error::Incident("the store has lost what the ceremony left".to_owned()))?;
        let newest = row.master;
        let Some(version) = row.wrapping(&self.masters.masters) else {
            return Err(Fault::Device(format!("this signer does not know K_MK {newest}: start it again")).into());
        };
        if version != newest {
            tracing::warn!("this signer does not know K_MK {newest}, which others use: start it again");
        }
        if let Ok(mut looked) = self.masters.looked.lock() {
            *looked = Some((when, version));
        }
        Ok(version)
    }

    /// Looks again, whatever was seen before: for a timer.
    ///
    /// # Errors
    /// See [`Signer::master`].
    pub async fn look_at_masters(&self) -> Result<()> {
        if let Ok(mut looked) = self.masters.looked.lock() {
            *looked = None;
        }
        self.master().await.map(drop)
    }
}
