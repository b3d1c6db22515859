//! Signing with a credential's id and PIN alone, one approval for one hash: what stands behind the
//! SignServer-compatible interface. Only clients whose registration says so are its workers.

use std::sync::Arc;

use rsign_api::algorithm::Scheme;
use rsign_api::bytes::Bytes;
use rsign_api::sign_server::Process;
use rsign_api::signer::{Entry, EntryType};
use secrecy::SecretString;

use super::authorization::{self, Authorization, Wanted};
use super::credentials::{self, Credentials};
use super::signing::{self, Signing};
use crate::domain::client::Client;
use crate::domain::credential::Credential;
use crate::domain::token::{Bearer, Eras};

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The credential cannot be used.
    #[error(transparent)]
    Credential(#[from] credentials::Error),
    /// The PIN was not taken.
    #[error(transparent)]
    Authorization(#[from] authorization::Error),
    /// The signer did not sign.
    #[error(transparent)]
    Signing(#[from] signing::Error),
}

/// A signature, or none where only the certificate was asked for.
#[derive(Debug)]
pub struct Outcome {
    /// The signature.
    pub signature: Bytes,
    /// The credential's certificate, DER.
    pub certificate: Bytes,
}

/// The services it goes through.
#[derive(Debug, Clone, Copy)]
pub struct Workers<'a> {
    /// Whose credentials a client reaches.
    pub credentials: &'a Arc<Credentials>,
    /// PIN in, SAD out.
    pub authorization: &'a Authorization,
    /// SAD in, signature out.
    pub signing: &'a Arc<Signing>,
}

impl Workers<'_> {
    /// Signs. The request for the certificate alone signs nothing and judges no PIN: who knows a credential's id, 128
    /// random bits, learns its certificate.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn process(
        self,
        client: Client,
        credential: &str,
        pin: SecretString,
        asked: Process,
    ) -> Result<Outcome, Error> {
        let eras = Eras { client: client.era, user: 0 };
        let bearer = Bearer { client: client.id, user: None, reach: client.reach, key: None, eras };
        let credential = self.credentials.reach(&bearer, credential).await?;
        let certificate = self.credentials.certificate(&credential).await?.end_entity;
        if asked.asks_for_the_certificate() {
            return Ok(Outcome { signature: Bytes::default(), certificate });
        }
        self.credentials.require_enabled(&credential).await?;
        let scheme = scheme(&credential, &asked);
        let hash = Bytes(asked.hash);
        let entry =
            Entry { r#type: EntryType::default(), algorithm: Some(asked.algorithm), hash: hash.clone(), label: None };
        let wanted = Wanted { signatures: 1, list: vec![entry] };
        let authorized = self.authorization.authorize(&bearer, &credential, wanted, pin, None).await?;
        let signed = self.signing.sign(bearer, credential, authorized.sad, scheme, vec![hash]).await?;
        Ok(Outcome { signature: signed.into_iter().next().unwrap_or_default(), certificate })
    }
}

/// What SignServer's clients expect of a key: PKCS#1 v1.5 of RSA.
fn scheme(credential: &Credential, asked: &Process) -> Scheme {
    let hash = asked.algorithm;
    if credential.key_type.is_rsa() { Scheme::Pkcs1 { hash } } else { Scheme::Ecdsa { hash } }
}
