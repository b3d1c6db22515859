//! Operations with keys that live on the token, and its random source.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use rsign_api::algorithm::KeyType;

use super::generate::read_public;
use super::open::label;
use super::{Token, TokenError};
use crate::hsm::{PublicKey, TokenKey};

impl Token {
    /// HMAC-SHA-256 under the header-MAC key.
    pub(super) fn mac(&self, data: &[u8]) -> Result<Vec<u8>, TokenError> {
        Ok(self.session()?.sign(&Mechanism::Sha256Hmac, self.keys.mac, data)?)
    }

    /// HMAC-SHA-256 under the second-factor key.
    pub(super) fn factor_secret(&self, data: &[u8]) -> Result<Vec<u8>, TokenError> {
        let key = self.keys.factor.ok_or_else(|| TokenError::misconfigured(format!("no key {}", label::FACTOR)))?;
        Ok(self.session()?.sign(&Mechanism::Sha256Hmac, key, data)?)
    }

    /// Raw ECDSA P-256 over a SHA-256 digest.
    pub(super) fn token_sign(&self, key: TokenKey, digest: &[u8; 32]) -> Result<Vec<u8>, TokenError> {
        Ok(self.session()?.sign(&Mechanism::Ecdsa, self.handle(key), digest)?)
    }

    /// SEC1 point of a token key.
    pub(super) fn token_public(&self, key: TokenKey) -> Result<Vec<u8>, TokenError> {
        let session = self.session()?;
        let wanted = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::Token(true),
            Attribute::Label(label::of(key).as_bytes().to_vec()),
        ];
        let found = session.find_objects(&wanted)?;
        let [public] = found[..] else {
            return Err(TokenError::misconfigured(format!("{} public keys {}", found.len(), label::of(key))));
        };
        match read_public(&session, KeyType::P256, public)? {
            PublicKey::Ec { point } => Ok(point),
            PublicKey::Rsa { .. } => Err(TokenError::misconfigured("a token key is not P-256")),
        }
    }

    /// Octets from the HSM's random source.
    pub(super) fn random(&self, length: usize) -> Result<Vec<u8>, TokenError> {
        let length = u32::try_from(length).map_err(|_| TokenError::Device("too many random octets".to_owned()))?;
        Ok(self.session()?.generate_random_vec(length)?)
    }

    fn handle(&self, key: TokenKey) -> ObjectHandle {
        match key {
            TokenKey::Identity => self.keys.identity,
            TokenKey::Audit => self.keys.audit,
            TokenKey::Authority => self.keys.authority,
        }
    }
}
