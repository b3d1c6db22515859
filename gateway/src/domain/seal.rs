//! Secrets that have to lie in the store for a while, sealed under a key that does not lie there.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Serialize};

use crate::port::random::{Exhausted, Random};

/// It could not be sealed: no randomness, or a cryptographic library that fails.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a secret could not be sealed")]
pub struct Failed;

impl From<Exhausted> for Failed {
    fn from(_: Exhausted) -> Self {
        Self
    }
}

/// A sealed secret: nonce and AES-256-GCM ciphertext.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// What it is sealed for: a key for each, so that none opens what another sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A SAD between its code and its token, under the code itself (DESIGN 4).
    Code,
    /// A SAD between the end of a transaction and who fetches it.
    Transaction,
    /// A SAD between its owner's approval and the app that waits for it (DESIGN 4).
    Prompt,
    /// SHA-256 of a client secret, the key of `account_token` (DESIGN 6).
    AccountToken,
    /// A code that confirms an address.
    Address,
    /// What DPoP nonces are made with.
    Nonce,
}

impl Purpose {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Code => b"rsign/seal/code/v1",
            Self::Transaction => b"rsign/seal/transaction/v1",
            Self::Prompt => b"rsign/seal/prompt/v1",
            Self::AccountToken => b"rsign/seal/account-token/v1",
            Self::Address => b"rsign/seal/address/v1",
            Self::Nonce => b"rsign/seal/nonce/v1",
        }
    }
}

/// Key material that keys for purposes are derived from; not shown by `Debug`.
pub struct Material(SecretSlice<u8>);

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[key material]")
    }
}

impl Material {
    /// Of these octets, which hold 256 bits nobody can guess.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        Self(SecretSlice::from(octets.to_vec()))
    }

    /// Drawn now: good until the process ends.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn draw(random: &dyn Random) -> Result<Self, Exhausted> {
        let mut octets = zeroize::Zeroizing::new([0; 32]);
        random.fill(octets.as_mut())?;
        Ok(Self::new(octets.as_ref()))
    }

    /// Seals; `context` has to be named again to open it.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn seal(&self, purpose: Purpose, context: &str, secret: &[u8], random: &dyn Random) -> Result<Sealed, Failed> {
        let mut octets = [0; NONCE_LEN];
        random.fill(&mut octets)?;
        let (nonce, context) = (Nonce::assume_unique_for_key(octets), Aad::from(context.as_bytes()));
        let mut sealed = secret.to_vec();
        let key = self.key(purpose).ok_or(Failed)?;
        let tag = key.seal_in_place_separate_tag(nonce, context, &mut sealed).map_err(|_| Failed)?;
        Ok(Sealed(BASE64URL_NOPAD.encode(&[&octets[..], sealed.as_slice(), tag.as_ref()].concat())))
    }

    /// Opens; `None` where anything is not as it was.
    #[must_use]
    pub fn open(&self, purpose: Purpose, context: &str, sealed: &Sealed) -> Option<SecretSlice<u8>> {
        let octets = BASE64URL_NOPAD.decode(sealed.0.as_bytes()).ok()?;
        let (nonce, body) = octets.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = zeroize::Zeroizing::new(body.to_vec());
        let opened = self.key(purpose)?.open_in_place(nonce, Aad::from(context.as_bytes()), &mut body).ok()?;
        Some(SecretSlice::from(opened.to_vec()))
    }

    /// A key for one purpose (RFC 5869).
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> Option<zeroize::Zeroizing<[u8; 32]>> {
        let info = [purpose.info()];
        let root = Salt::new(HKDF_SHA256, &[]).extract(self.0.expose_secret());
        let okm = root.expand(&info, HKDF_SHA256).ok()?;
        let mut key = zeroize::Zeroizing::new([0; 32]);
        okm.fill(key.as_mut()).ok()?;
        Some(key)
    }

    fn key(&self, purpose: Purpose) -> Option<LessSafeKey> {
        let key = self.derive(purpose)?;
        UnboundKey::new(&AES_256_GCM, key.as_ref()).ok().map(LessSafeKey::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::random::SystemSource;

    #[test]
    fn opens_only_as_it_was_sealed() {
        let random = SystemSource::default();
        let material = Material::new(b"ac_code");
        let sealed = material.seal(Purpose::Code, "app", b"sad_x", &random).unwrap();
        let open = |material: &Material, purpose, context| {
            material.open(purpose, context, &sealed).map(|secret| secret.expose_secret().to_vec())
        };
        assert_eq!(open(&material, Purpose::Code, "app"), Some(b"sad_x".to_vec()));
        assert_eq!(open(&material, Purpose::Code, "other"), None);
        assert_eq!(open(&material, Purpose::Transaction, "app"), None);
        assert_eq!(open(&Material::new(b"ac_other"), Purpose::Code, "app"), None);
        assert!(material.open(Purpose::Code, "app", &Sealed("AAAA".to_owned())).is_none());
        assert!(!format!("{sealed:?}{material:?}").contains("sad"));
    }
}
