//! Spends approved hashes: the path the service is measured by.

use std::sync::Arc;

use rsign_api::algorithm::Scheme;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Refusal, Sign};
use secrecy::SecretString;

use crate::domain::credential::Credential;
use crate::domain::token::Bearer;
use crate::port::signer::{self, Signer};
use crate::store::Credentials;

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The certificate's time is over; its subject, for the sentence.
    #[error("the signing certificate has expired")]
    CertificateExpired {
        /// `O`.
        organization: String,
        /// `CN`.
        common_name: String,
    },
    /// The signer said no, or nothing.
    #[error(transparent)]
    Signer(#[from] signer::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
}

/// The service.
#[derive(Debug)]
pub struct Signing {
    credentials: Credentials,
    signer: Arc<dyn Signer>,
}

impl Signing {
    /// The service.
    #[must_use]
    pub fn new(credentials: Credentials, signer: Arc<dyn Signer>) -> Self {
        Self { credentials, signer }
    }

    /// Signatures in the order of the hashes.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign(
        &self,
        bearer: Bearer,
        credential: Credential,
        sad: SecretString,
        scheme: Scheme,
        hashes: Vec<Bytes>,
    ) -> Result<Vec<Bytes>, Error> {
        let count = hashes.len();
        let Credential { id, key, .. } = credential;
        let ask = Sign { credential: id.clone(), client: bearer.client, user: bearer.user, sad, key, scheme, hashes };
        match self.signer.sign(ask).await {
            Ok(signed) if signed.signatures.len() == count => Ok(signed.signatures),
            Ok(_) => Err(signer::Error::Unavailable("the signer gave another number of signatures".into()).into()),
            Err(signer::Error::Refused(Refusal::CertificateExpired)) => {
                let facts = self.credentials.certificate(&id).await?.map(|certificate| certificate.facts);
                let (organization, common_name) =
                    facts.map(|facts| (facts.organization, facts.common_name)).unwrap_or_default();
                Err(Error::CertificateExpired { organization, common_name })
            }
            Err(error) => Err(error.into()),
        }
    }
}
