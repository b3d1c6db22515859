//! Dual control (F-02): two officers agree to one thing, each by signing a statement that names it and nothing else, with
//! a key that never comes here.

use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::certificate::{spki, verify};

/// An officer's word, waiting for another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The officer's name.
    pub officer: String,
    /// SHA-256 of the officer's `SubjectPublicKeyInfo`: two names of one key are one officer.
    pub key: Bytes,
    /// When, Unix milliseconds.
    pub at: i64,
}

impl Proposal {
    /// Of an officer with this key.
    #[must_use]
    pub fn of(officer: &str, key: &[u8], at: i64) -> Self {
        Self { officer: officer.to_owned(), key: Bytes(Sha256::digest(key).to_vec()), at }
    }
}

/// Takes a word. With that of another officer before it, not older than `life` milliseconds, they agree: gives the first
/// one's name then. Otherwise it waits.
pub fn agree(waiting: &mut Option<Proposal>, word: Proposal, life: i64) -> Option<String> {
    match waiting.take() {
        Some(first) if first.key == word.key && first.at + life > word.at => {
            *waiting = Some(first);
            None
        }
        Some(first) if first.at + life > word.at => Some(first.officer),
        _ => {
            *waiting = Some(word);
            None
        }
    }
}

/// Whether this is the signature of the statement by the key: ECDSA (DER) or RSA PKCS#1 v1.5, over its SHA-256.
#[must_use]
pub fn is_signed(key: &[u8], statement: &str, signature: &[u8]) -> bool {
    let hash = HashAlgorithm::Sha256;
    let scheme = match spki::key_type(key) {
        Ok(kind) if kind.is_rsa() => Scheme::Pkcs1 { hash },
        Ok(_) => Scheme::Ecdsa { hash },
        Err(_) => return false,
    };
    verify(key, scheme, &Sha256::digest(statement.as_bytes()), signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_agree_within_the_time_and_one_does_not() {
        const LIFE: i64 = 100;
        let mut waiting = None;
        let mut say = |officer: &str, key: &[u8], at| agree(&mut waiting, Proposal::of(officer, key, at), LIFE);
        assert_eq!(say("ada", b"a", 0), None);
        assert_eq!(say("ada", b"a", 1), None, "said twice is said once");
        assert_eq!(say("eve", b"a", 2), None, "one key is one officer");
        assert_eq!(say("bob", b"b", 99).as_deref(), Some("ada"));
        assert_eq!(say("bob", b"b", 100), None, "what was agreed is over");
        assert_eq!(say("ada", b"a", 200), None, "the first word is too old, the second is now the first");
        assert_eq!(say("bob", b"b", 299).as_deref(), Some("ada"));
    }
}
