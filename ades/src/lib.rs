//! Advanced electronic signatures in the four formats of ETSI: what has to be signed around a document or its digest,
//! and what the signature then becomes. No I/O, no keys and no clock: octets and times in, octets out.
//!
//! Each format works in two steps, so that the signature value may come from anywhere: *prepare* forms the octets that
//! are hashed and signed, *finish* puts the value in its place. What lies between the steps can be stored, and time-stamps
//! and revocation data are added later to what has been signed.
//!
//! Certificates, CRLs, OCSP answers and time-stamp tokens stay the octets they came as; nothing foreign is encoded anew.

mod key;

pub mod jws;
pub mod xml;

use rsign_api::algorithm::{HashAlgorithm, Scheme};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// Who signs, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatory {
    /// The signer's certificate first, then those of its issuers, each DER.
    pub chain: Vec<Vec<u8>>,
    /// The scheme; its hash function is also that of the document's digest.
    pub scheme: Scheme,
}

/// Level of a baseline signature (EN 319 1x2-1, clause 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// B-B: signed.
    B,
    /// B-T: with a time-stamp on the signature.
    T,
    /// B-LT: with everything a validator needs besides its roots.
    Lt,
    /// B-LTA: with a time-stamp on all of that.
    Lta,
}

/// Hash of these octets.
#[must_use]
pub fn digest(algorithm: HashAlgorithm, octets: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(octets);
    hasher.finish()
}

/// A hash of octets that come piece by piece.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn new(algorithm: HashAlgorithm) -> Self {
        match algorithm {
            HashAlgorithm::Sha256 => Self::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => Self::Sha384(Sha384::new()),
            HashAlgorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn update(&mut self, octets: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(octets),
            Self::Sha384(hasher) => hasher.update(octets),
            Self::Sha512(hasher) => hasher.update(octets),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}
