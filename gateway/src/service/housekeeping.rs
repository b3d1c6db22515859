//! What has to be done from time to time: expired tokens go, enrolments nobody finished go, the CRL is renewed.

use std::sync::Arc;

use rsign_api::signer::State;

use super::authority::Authority;
use super::credentials::{self, Credentials};
use super::enrolment::{self, Enrolment};
use super::rates::Rates;
use crate::port::clock::Clock;
use crate::store::Repositories;

/// How long an enrolment may take, milliseconds (DESIGN 3).
const PATIENCE: i64 = 60 * 60 * 1000;

/// Enrolments looked at in one read.
const PAGE: usize = 100;

/// Why a round broke off; the next one tries again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// A credential could not be looked at.
    #[error(transparent)]
    Credential(#[from] credentials::Error),
    /// A credential could not be destroyed.
    #[error(transparent)]
    Enrolment(#[from] enrolment::Error),
}

/// The service.
#[derive(Debug)]
pub struct Housekeeping {
    repositories: Repositories,
    credentials: Arc<Credentials>,
    enrolment: Arc<Enrolment>,
    authority: Arc<Authority>,
    rates: Arc<Rates>,
    clock: Arc<dyn Clock>,
}

impl Housekeeping {
    /// The service over its parts.
    #[must_use]
    pub fn new(
        repositories: Repositories,
        credentials: Arc<Credentials>,
        enrolment: Arc<Enrolment>,
        authority: Arc<Authority>,
        rates: Arc<Rates>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { repositories, credentials, enrolment, authority, rates, clock }
    }

    /// One round; what fails is logged and tried again in the next.
    pub async fn round(&self) {
        self.rates.forget();
        if let Err(error) = self.purge().await {
            tracing::warn!(%error, "expired tokens could not be removed");
        }
        if let Err(error) = self.finish_enrolments().await {
            tracing::warn!(%error, "unfinished enrolments could not be looked through");
        }
        if let Err(error) = self.authority.published().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the signer gives no CRL; [signer] says where it is, and which certificates count");
        }
    }

    async fn purge(&self) -> Result<(), Error> {
        let gone = self.repositories.purge(self.clock.now()).await?;
        if gone > 0 {
            tracing::debug!(gone, "expired tokens removed");
        }
        Ok(())
    }

    async fn finish_enrolments(&self) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let page = self.repositories.enrolments.open(after.as_deref(), PAGE).await?;
            for (id, enrolment) in &page {
                if enrolment.started_at + PATIENCE <= self.clock.now() {
                    // One that cannot be ended now does not keep the others from it.
                    if let Err(error) = self.finish(id).await {
                        tracing::warn!(%error, credential.id = id, "an unfinished enrolment could not be ended");
                    }
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    /// Never became active: destroyed on both sides. Anything else (active, or suspended since) is no longer ours.
    async fn finish(&self, id: &str) -> Result<(), Error> {
        let state = match self.repositories.credentials.find(id).await? {
            Some(credential) => self.credentials.state(&credential).await?,
            None => None,
        };
        match state {
            None | Some(State::Generated | State::Linked) => {
                tracing::info!(
                    credential.id = id,
                    "an enrolment was not finished in time; the credential is destroyed"
                );
                Ok(self.enrolment.abandon(id).await?)
            }
            Some(State::Active | State::Suspended | State::Blocked | State::Destroyed) => {
                self.repositories.enrolments.end(id).await?;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
