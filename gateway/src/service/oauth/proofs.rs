//! DPoP proofs (RFC 9449): whoever holds a bound token also holds its key, and shows it anew with each request.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::domain::jwt::Jwt;
use crate::domain::seal::{Failed, Material, Purpose};
use crate::port::clock::Clock;
use crate::store::SeenIds;

/// How old a proof may be, and how far a client's clock may be ahead, seconds.
const WINDOW: i64 = 60;

/// How long a nonce of ours is the current one, seconds; the one before it is taken too.
const TURN: i64 = 300;

/// Longest `jti`.
const LONGEST_ID: usize = 255;

/// Why a proof is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It proves nothing.
    #[error("the DPoP proof is not valid: {0}")]
    Invalid(&'static str),
    /// It has to carry one of our nonces.
    #[error("the DPoP proof lacks a current nonce")]
    Nonce,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
}

/// The request a proof came with.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The proof.
    pub proof: &'a str,
    /// Method of the request.
    pub method: &'a str,
    /// Its path.
    pub path: &'a str,
    /// The access token it came with, where there is one.
    pub token: Option<&'a str>,
}

/// The service.
#[derive(Debug)]
pub struct Proofs {
    seen: SeenIds,
    bases: Vec<String>,
    nonce_key: Option<Zeroizing<[u8; 32]>>,
    clock: Arc<dyn Clock>,
}

impl Proofs {
    /// The service of a gateway that is called by these URLs; `nonces` says whether proofs have to carry ours.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn new(
        seen: SeenIds,
        bases: Vec<String>,
        material: &Material,
        nonces: bool,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failed> {
        let nonce_key = if nonces { Some(material.derive(Purpose::Nonce).ok_or(Failed)?) } else { None };
        Ok(Self { seen, bases, nonce_key, clock })
    }

    /// The thumbprint of the key that was proved.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(&self, shown: Shown<'_>) -> Result<String, Error> {
        let now = self.clock.now();
        let jwt = Jwt::parse(shown.proof).ok_or(Error::Invalid("it is no JWT"))?;
        let thumbprint = signer_of(&jwt)?;
        let claims = jwt.claims().ok_or(Error::Invalid("it is no JWT"))?;
        if claims.text("htm") != Some(shown.method) {
            return Err(Error::Invalid("htm is another method"));
        }
        if !claims.text("htu").is_some_and(|uri| self.is_here(uri, shown.path)) {
            return Err(Error::Invalid("htu is another address"));
        }
        let issued_at = claims.time("iat").ok_or(Error::Invalid("iat is missing"))?;
        if !(-WINDOW..=WINDOW).contains(&(now / 1000).saturating_sub(issued_at)) {
            return Err(Error::Invalid("iat is too old, or in the future"));
        }
        let bound = shown.token.map(|token| BASE64URL_NOPAD.encode(&Sha256::digest(token)));
        if claims.text("ath") != bound.as_deref() {
            return Err(Error::Invalid("ath is of another token"));
        }
        if !self.is_current(claims.text("nonce"), now / 1000) {
            return Err(Error::Nonce);
        }
        let id = claims.text("jti").filter(|id| id.len() <= LONGEST_ID).ok_or(Error::Invalid("jti is missing"))?;
        let expires_at = (issued_at + WINDOW + 1) * 1000;
        if self.seen.is_first(&format!("dpop {thumbprint}"), id, now, expires_at).await? {
            Ok(thumbprint)
        } else {
            Err(Error::Invalid("it was used before"))
        }
    }

    /// A nonce for the next proof, where proofs have to carry one. Any gateway of the same configuration key knows it.
    #[must_use]
    pub fn nonce(&self) -> Option<String> {
        self.nonce_of(self.clock.now() / 1000 / TURN)
    }

    fn nonce_of(&self, turn: i64) -> Option<String> {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, self.nonce_key.as_ref()?.as_ref());
        let tag = aws_lc_rs::hmac::sign(&key, &turn.to_be_bytes());
        Some(BASE64URL_NOPAD.encode(tag.as_ref().get(..16)?))
    }

    fn is_current(&self, nonce: Option<&str>, seconds: i64) -> bool {
        let turn = seconds / TURN;
        let is = |turn| {
            let (Some(ours), Some(theirs)) = (self.nonce_of(turn), nonce) else { return false };
            bool::from(ours.as_bytes().ct_eq(theirs.as_bytes()))
        };
        self.nonce_key.is_none() || is(turn) || is(turn - 1)
    }

    /// Compared as URLs, without query and fragment (RFC 9449, 4.3).
    fn is_here(&self, uri: &str, path: &str) -> bool {
        let Ok(named) = url::Url::parse(uri) else { return false };
        let same = |base: &String| {
            url::Url::parse(&format!("{base}{path}"))
                .is_ok_and(|here| here.origin() == named.origin() && here.path() == named.path())
        };
        self.bases.iter().any(same)
    }
}

/// Checks type, key and signature; the thumbprint of the key (RFC 7638).
fn signer_of(jwt: &Jwt<'_>) -> Result<String, Error> {
    let header = jwt.header().ok_or(Error::Invalid("it is no JWT"))?;
    if header.text("typ") != Some("dpop+jwt") {
        return Err(Error::Invalid("typ is not dpop+jwt"));
    }
    let json = header.object("jwk").filter(|key| key.get("d").is_none() && key.get("k").is_none());
    let public = json.ok_or(Error::Invalid("jwk is no public key"))?;
    let jwk = read(public).ok_or(Error::Invalid("jwk is no key that is accepted here"))?;
    let algorithms = algorithms(&jwk).ok_or(Error::Invalid("jwk is no key that is accepted here"))?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| Error::Invalid("jwk is malformed"))?;
    if !jwt.is_signed_by(&key, algorithms) {
        return Err(Error::Invalid("the signature is wrong"));
    }
    jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| Error::Invalid("jwk is malformed"))
}

/// The members that make the key, and no others: what it claims to be for is not looked at.
fn read(public: &rsign_api::json::Object<'_>) -> Option<Jwk> {
    let mut members = serde_json::Map::new();
    for name in ["kty", "crv", "x", "y", "n", "e"] {
        if let Some(text) = public.get(name).and_then(rsign_api::json::Value::text) {
            members.insert(name.to_owned(), text.into());
        }
    }
    serde_json::from_value(members.into()).ok()
}

/// One family of algorithms for each kind of key (FAPI 2.0, 5.4).
const fn algorithms(jwk: &Jwk) -> Option<&'static [Algorithm]> {
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => Some(&[Algorithm::ES256]),
            EllipticCurve::P384 => Some(&[Algorithm::ES384]),
            _ => None,
        },
        AlgorithmParameters::RSA(_) => Some(&[Algorithm::PS256]),
        AlgorithmParameters::OctetKeyPair(_) => Some(&[Algorithm::EdDSA]),
        _ => None,
    }
}
