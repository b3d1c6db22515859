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
pub mod completion;
pub mod evidence;
pub mod jws;
mod key;
pub mod pdf;
mod property;
pub mod stored;
mod syntax;
pub mod xml;

use data_encoding::BASE64URL_NOPAD;
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::octets::Octets;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

pub use addition::Addition;
pub use rsign_api::document::{Envelope, Format, Level};
pub use stored::Stored;

/// Who signs, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatory {
    /// The signer's certificate first, then those of its issuers, each DER.
    pub chain: Vec<Vec<u8>>,
    /// The scheme; its hash function is also that of the document's digest.
    pub scheme: Scheme,
}

/// What stands before and behind octets that are not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// What comes before them.
    pub before: Vec<u8>,
    /// What comes behind them.
    pub after: Vec<u8>,
}

impl Around {
    /// With these octets in their place.
    fn filled(&self, octets: &[u8]) -> Vec<u8> {
        [&self.before, octets, &self.after].concat()
    }
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
#[derive(Debug, Clone)]
pub struct Hasher(State);

#[derive(Debug, Clone)]
enum State {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// Of nothing yet.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self(match algorithm {
            HashAlgorithm::Sha256 => State::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => State::Sha384(Sha384::new()),
            HashAlgorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// The same function of all octets of this document. Blocks where they are not in memory.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn over(algorithm: HashAlgorithm, octets: &Octets) -> std::io::Result<Self> {
        let mut hasher = Self::new(algorithm);
        octets.each(|piece| hasher.update(piece))?;
        Ok(hasher)
    }

    /// Takes what comes next.
    pub fn update(&mut self, octets: &[u8]) {
        match &mut self.0 {
            State::Sha256(hasher) => hasher.update(octets),
            State::Sha384(hasher) => hasher.update(octets),
            State::Sha512(hasher) => hasher.update(octets),
        }
    }

    /// The hash of all that came.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Sha256(hasher) => hasher.finalize().to_vec(),
            State::Sha384(hasher) => hasher.finalize().to_vec(),
            State::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}
