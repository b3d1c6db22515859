//! The built-in CA's certificate, CRL and OCSP answers, fetched from the signer and kept for those who ask often.

mod ocsp;

use std::sync::Arc;

use rsign_api::signer::Authority as Published;
use tokio::sync::Mutex;

use crate::port::clock::Clock;
use crate::port::signer::{self, Signer};

/// How old a CRL may be before it is fetched again, milliseconds.
const FRESH: i64 = 10 * 60 * 1000;

/// When to try again if it could not be, milliseconds.
const RETRY: i64 = 30 * 1000;

/// The service.
#[derive(Debug)]
pub struct Authority {
    signer: Arc<dyn Signer>,
    clock: Arc<dyn Clock>,
    cached: Mutex<Option<(i64, Published)>>,
    answers: ocsp::Answers,
}

impl Authority {
    /// The service.
    #[must_use]
    pub fn new(signer: Arc<dyn Signer>, clock: Arc<dyn Clock>) -> Self {
        Self { signer, clock, cached: Mutex::new(None), answers: ocsp::Answers::default() }
    }

    /// Something was revoked: the next who asks gets a list that has it. (Of another replica's they hear in ten minutes.)
    pub async fn outdate(&self) {
        let now = self.clock.now();
        if let Some((fetched, _)) = self.cached.lock().await.as_mut() {
            *fetched = now - FRESH;
        }
        self.answers.forget().await;
    }

    /// Certificate and CRL. One fetch serves all who wait for it; while the signer is away the last ones are given,
    /// since a CRL says itself how long it holds.
    ///
    /// # Errors
    /// When there is nothing yet and the signer does not answer.
    pub async fn published(&self) -> Result<Published, signer::Error> {
        let mut cached = self.cached.lock().await;
        let now = self.clock.now();
        if let Some((fetched, published)) = &*cached
            && now - fetched < FRESH
        {
            return Ok(published.clone());
        }
        match (self.signer.authority().await, &*cached) {
            (Ok(published), _) => {
                *cached = Some((now, published.clone()));
                Ok(published)
            }
            (Err(error), Some((_, old))) => {
                tracing::warn!(%error, "the CRL could not be refreshed");
                let old = old.clone();
                *cached = Some((now - FRESH + RETRY, old.clone()));
                Ok(old)
            }
            (Err(error), None) => Err(error),
        }
    }
}
