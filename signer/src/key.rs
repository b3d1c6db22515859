//! The wrapped key as the gateway stores it: a header that says what it is, the HSM's MAC over the header, and K_sign
//! under its KEK.
//!
//! `"RSK1" | u32 length | header (JSON) | MAC (32) | wrapped key`. The gateway cannot make one, and whatever it swaps,
//! the digest in the signer's row, the MAC, or the KEK refuses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rsign_api::algorithm::{KeyType, Scheme};
use rsign_api::bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::certificate::Verifier;
use crate::hsm::pkcs11::{Derive, Wrap};

const MAGIC: &[u8; 4] = b"RSK1";

/// What a wrapped key says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Tenant of the user.
    pub tenant: String,
    /// The user.
    pub user: String,
    /// The credential.
    pub credential: String,
    /// Version of its key.
    pub key_version: u32,
    /// Kind of key.
    pub key: KeyType,
    /// `SubjectPublicKeyInfo`, DER.
    pub spki: Bytes,
    /// How wrapping keys are derived.
    pub derive: Derive,
    /// How K_sign is wrapped.
    pub wrap: Wrap,
    /// The K_MK that was the newest when it was made: its PIN slot says which it is under now.
    pub master: String,
}

/// A parsed wrapped key.
#[derive(Debug)]
pub struct WrappedKey {
    /// Its header.
    pub header: Header,
    /// The MAC over [`WrappedKey::authenticated`].
    pub mac: [u8; 32],
    /// What the MAC covers.
    pub authenticated: Vec<u8>,
    /// K_sign under the KEK.
    pub wrapped: Vec<u8>,
    /// Parsed for each scheme that was asked for.
    verifiers: Mutex<HashMap<Scheme, Verifier>>,
}

/// Not a wrapped key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a wrapped key of rsign")]
pub struct NotAKey;

/// The octets the MAC covers.
///
/// # Errors
/// [`NotAKey`] when the header cannot be written.
pub fn authenticated(header: &Header) -> Result<Vec<u8>, NotAKey> {
    let json = serde_json::to_vec(header).map_err(|_| NotAKey)?;
    let length = u32::try_from(json.len()).map_err(|_| NotAKey)?;
    Ok([MAGIC.as_slice(), &length.to_be_bytes(), &json].concat())
}

/// Puts the parts together.
#[must_use]
pub fn assemble(authenticated: &[u8], mac: &[u8], wrapped: &[u8]) -> Vec<u8> {
    [authenticated, mac, wrapped].concat()
}

impl WrappedKey {
    /// Takes it apart; the MAC is not checked here.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn parse(octets: &[u8]) -> Result<Self, NotAKey> {
        let (magic, rest) = octets.split_first_chunk::<4>().ok_or(NotAKey)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(NotAKey)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| NotAKey)?;
        let (json, rest) = rest.split_at_checked(length).ok_or(NotAKey)?;
        let (mac, wrapped) = rest.split_first_chunk::<32>().ok_or(NotAKey)?;
        if magic != MAGIC || wrapped.is_empty() {
            return Err(NotAKey);
        }
        let header: Header = serde_json::from_slice(json).map_err(|_| NotAKey)?;
        let covered = octets.get(..8 + length).ok_or(NotAKey)?;
        Ok(Self {
            header,
            mac: *mac,
            authenticated: covered.to_vec(),
            wrapped: wrapped.to_vec(),
            verifiers: Mutex::default(),
        })
    }
}

impl WrappedKey {
    /// What checks signatures of this key before they are released; `None` when it cannot make such.
    #[must_use]
    pub fn verifier(&self, scheme: Scheme) -> Option<Verifier> {
        let mut verifiers = self.verifiers.lock().ok()?;
        if let Some(verifier) = verifiers.get(&scheme) {
            return Some(verifier.clone());
        }
        let verifier = Verifier::new(&self.header.spki, scheme).ok()?;
        // A client chooses the salt length of PSS: a handful of schemes is worth remembering, not all of them.
        if verifiers.len() < 8 {
            verifiers.insert(scheme, verifier.clone());
        }
        Some(verifier)
    }
}

/// SHA-256 of a whole wrapped key: what the signer's row keeps of it.
#[must_use]
pub fn digest(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

/// Keys whose MAC the HSM has checked, by the digest of the whole: the same octets need no second check.
#[derive(Debug, Default)]
pub struct Checked(Mutex<HashMap<[u8; 32], Arc<WrappedKey>>>);

/// Entries after which the memory starts afresh; one is about 2 kB.
const REMEMBERED: usize = 4096;

impl Checked {
    /// The key, if it was checked before.
    #[must_use]
    pub fn recall(&self, digest: &[u8; 32]) -> Option<Arc<WrappedKey>> {
        self.0.lock().ok()?.get(digest).cloned()
    }

    /// Remembers a key whose MAC was right.
    pub fn remember(&self, digest: [u8; 32], key: &Arc<WrappedKey>) {
        if let Ok(mut keys) = self.0.lock() {
            if keys.len() >= REMEMBERED {
                keys.clear();
            }
            keys.insert(digest, Arc::clone(key));
        }
    }
}
