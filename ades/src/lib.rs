//! Advanced electronic signatures in the four formats of ETSI: what has to be signed around a document or its digest,
//! and what the signature then becomes. No I/O, no keys and no clock: octets and times in, octets out.
//!
//! Each format works in two steps, so that the signature value may come from anywhere: *prepare* forms the octets that
//! are hashed and signed, *finish* puts the value in its place. What lies between the steps can be stored, and time-stamps
//! and revocation data are added later to what has been signed.
//!
//! Certificates, CRLs, OCSP answers and time-stamp tokens stay the octets they came as; nothing foreign is encoded anew.

pub mod cms;

use rsign_api::algorithm::{HashAlgorithm, Scheme};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

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
    match algorithm {
        HashAlgorithm::Sha256 => Sha256::digest(octets).to_vec(),
        HashAlgorithm::Sha384 => Sha384::digest(octets).to_vec(),
        HashAlgorithm::Sha512 => Sha512::digest(octets).to_vec(),
    }
}
