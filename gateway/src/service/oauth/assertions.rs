//! `private_key_jwt` (RFC 7523): a client proves who it is with a key whose public half is registered.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey};

use crate::domain::client::{Client, Profile};
use crate::domain::jwt::Jwt;
use crate::port::clock::Clock;
use crate::store::SeenIds;

/// How long an assertion may be good, seconds (security.md 2.1).
const LONGEST_LIFE: i64 = 60;

/// How far a client's clock may be off, seconds.
const SKEW: i64 = 10;

/// Longest `jti`.
const LONGEST_ID: usize = 255;

/// Why an assertion is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It proves nothing.
    #[error("the client assertion is not valid: {0}")]
    Invalid(&'static str),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
}

/// The service.
#[derive(Debug)]
pub struct Assertions {
    seen: SeenIds,
    issuer: String,
    clock: Arc<dyn Clock>,
}

impl Assertions {
    /// The service of this issuer.
    #[must_use]
    pub fn new(seen: SeenIds, issuer: String, clock: Arc<dyn Clock>) -> Self {
        Self { seen, issuer, clock }
    }

    /// Whom an assertion says it is of. Nothing is proved yet.
    #[must_use]
    pub fn claimed(assertion: &str) -> Option<String> {
        let jwt = Jwt::parse(assertion)?;
        let claims = jwt.claims()?;
        claims.text("sub").map(str::to_owned)
    }

    /// Whether it is this client's, for us, now, and for the first time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(&self, client: &Client, assertion: &str) -> Result<(), Error> {
        let jwt = Jwt::parse(assertion).ok_or(Error::Invalid("it is no JWT"))?;
        let pem = client.public_key.as_deref().ok_or(Error::Invalid("the client has no key"))?;
        let (key, algorithms) = key(pem, client.profile).ok_or(Error::Invalid("the client's key is of no use"))?;
        if !jwt.is_signed_by(&key, algorithms) {
            return Err(Error::Invalid("the signature is wrong"));
        }
        let claims = jwt.claims().ok_or(Error::Invalid("it is no JWT"))?;
        let own = Some(client.id.as_str());
        if claims.text("iss") != own || claims.text("sub") != own {
            return Err(Error::Invalid("iss and sub are not the client"));
        }
        if !claims.is_for(&self.issuer) {
            return Err(Error::Invalid("aud is not this issuer alone"));
        }
        let now = self.clock.now();
        let seconds = now / 1000;
        let expires = claims.time("exp").ok_or(Error::Invalid("exp is missing"))?;
        if expires <= seconds - SKEW || expires > seconds + LONGEST_LIFE + SKEW {
            return Err(Error::Invalid("exp has passed, or is further away than a minute"));
        }
        let future = |name| claims.time(name).is_some_and(|time| time > seconds + SKEW);
        if future("nbf") || future("iat") {
            return Err(Error::Invalid("it is not good yet"));
        }
        let id = claims.text("jti").filter(|id| id.len() <= LONGEST_ID).ok_or(Error::Invalid("jti is missing"))?;
        let expires_at = (expires + SKEW + 1) * 1000;
        if self.seen.is_first(&format!("client_assertion {}", client.id), id, now, expires_at).await? {
            Ok(())
        } else {
            Err(Error::Invalid("it was used before"))
        }
    }
}

/// A registered key, and what it may sign with: one family for each kind. RSA PKCS#1 v1.5 is for the legacy
/// profile only (FAPI 2.0, 5.4).
pub(super) fn key(pem: &str, profile: Profile) -> Option<(DecodingKey, &'static [Algorithm])> {
    let pem = pem.as_bytes();
    if let Ok(key) = DecodingKey::from_ec_pem(pem) {
        return Some((key, &[Algorithm::ES256, Algorithm::ES384]));
    }
    if let Ok(key) = DecodingKey::from_ed_pem(pem) {
        return Some((key, &[Algorithm::EdDSA]));
    }
    let key = DecodingKey::from_rsa_pem(pem).ok()?;
    match profile {
        Profile::Legacy => Some((key, &[Algorithm::PS256, Algorithm::RS256])),
        Profile::Hardened => Some((key, &[Algorithm::PS256])),
    }
}

/// Whether a PEM text holds a public key that assertions can be checked with.
#[must_use]
pub fn is_usable(pem: &str) -> bool {
    key(pem, Profile::Hardened).is_some()
}
