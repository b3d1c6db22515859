//! Advanced electronic signatures in the four formats of ETSI: what has to be signed around a document or its digest,
//! and what the signature then becomes. No I/O, no keys and no clock: octets and times in, octets out.
//!
//! Each format works in two steps, so that the signature value may come from anywhere: *prepare* forms the octets that
//! are hashed and signed, *finish* puts the value in its place. What lies between the steps can be stored, and time-stamps
//! and revocation data are added later to what has been signed.
//!
//! Certificates, CRLs, OCSP answers and time-stamp tokens stay the octets they came as; nothing foreign is encoded anew.

mod addition;
pub mod cms;
pub mod evidence;
pub mod jws;
mod key;
pub mod pdf;
mod syntax;
pub mod xml;

use data_encoding::BASE64URL_NOPAD;
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

pub use addition::Addition;
pub use rsign_api::document::{Envelope, Format, Level};

/// Who signs, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatory {
    /// The signer's certificate first, then those of its issuers, each DER.
    pub chain: Vec<Vec<u8>>,
    /// The scheme; its hash function is also that of the document's digest.
    pub scheme: Scheme,
}

/// Hash of these octets.
#[must_use]
pub fn digest(algorithm: HashAlgorithm, octets: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(octets);
    hasher.finish()
}

/// A name for octets that nobody named: their hash as a URI (RFC 6920).
#[must_use]
pub fn name(algorithm: HashAlgorithm, digest: &[u8]) -> String {
    let function = match algorithm {
        HashAlgorithm::Sha256 => "sha-256",
        HashAlgorithm::Sha384 => "sha-384",
        HashAlgorithm::Sha512 => "sha-512",
    };
    format!("ni:///{function};{}", BASE64URL_NOPAD.encode(digest))
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
