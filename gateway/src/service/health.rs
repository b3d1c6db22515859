//! Whether this gateway can serve now, for load balancers and operators: its store answers, and so does a signer that can sign.
//! Anybody may ask; the two are asked once a second at most, whoever asks and however often.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;

use crate::port::clock::Clock;
use crate::port::signer::Signer;
use crate::store::Repositories;

/// How long what was found counts, milliseconds.
const FRESH: i64 = 1000;

/// How long each part may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreHealth {
    /// It answers.
    Ok,
    /// It does not, or not in time.
    Unavailable,
}

/// How the signer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignerHealth {
    /// It answers, and can sign.
    Ok,
    /// It does not answer, or not in time; or this gateway and it do not believe each other's certificate.
    Unreachable,
    /// It answers, and no worker has its HSM open.
    HsmUnavailable,
    /// It answers, and its store does not.
    StoreUnavailable,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The gateway's store.
    pub store: StoreHealth,
    /// The signer.
    pub signer: SignerHealth,
}

impl Found {
    /// Whether calls can be served.
    #[must_use]
    pub fn is_ready(self) -> bool {
        self == Self { store: StoreHealth::Ok, signer: SignerHealth::Ok }
    }
}

/// The service.
#[derive(Debug)]
pub struct Health {
    repositories: Repositories,
    signer: Arc<dyn Signer>,
    clock: Arc<dyn Clock>,
    /// What was found last, and when, Unix milliseconds.
    last: Mutex<Option<(i64, Found)>>,
}

impl Health {
    /// The service over its parts.
    #[must_use]
    pub fn new(repositories: Repositories, signer: Arc<dyn Signer>, clock: Arc<dyn Clock>) -> Self {
        Self { repositories, signer, clock, last: Mutex::default() }
    }

    /// How the parts are, or were within the last second.
    pub async fn look(self: &Arc<Self>) -> Found {
        let health = Arc::clone(self);
        // In a task of its own: who asks and hangs up again and again asks nobody more often.
        let looked = tokio::spawn(async move { health.found().await }).await;
        looked.unwrap_or(Found { store: StoreHealth::Unavailable, signer: SignerHealth::Unreachable })
    }

    /// Others wait for who asks.
    async fn found(&self) -> Found {
        let mut last = self.last.lock().await;
        if let Some((at, found)) = *last
            && (self.clock.now() - at).abs() < FRESH
        {
            return found;
        }
        let (store, signer) = tokio::join!(self.store(), self.signer());
        let found = Found { store, signer };
        if last.is_none_or(|(_, before)| before != found) {
            match found.is_ready() {
                true => tracing::info!("ready"),
                false => tracing::warn!(?store, ?signer, "not ready"),
            }
        }
        *last = Some((self.clock.now(), found));
        found
    }

    async fn store(&self) -> StoreHealth {
        match tokio::time::timeout(PATIENCE, self.repositories.ping()).await {
            Ok(Ok(())) => StoreHealth::Ok,
            Ok(Err(_)) | Err(_) => StoreHealth::Unavailable,
        }
    }

    async fn signer(&self) -> SignerHealth {
        match tokio::time::timeout(PATIENCE, self.signer.health()).await {
            Ok(Ok(health)) if health.workers == 0 => SignerHealth::HsmUnavailable,
            Ok(Ok(health)) if !health.store => SignerHealth::StoreUnavailable,
            Ok(Ok(_)) => SignerHealth::Ok,
            Ok(Err(_)) | Err(_) => SignerHealth::Unreachable,
        }
    }
}
