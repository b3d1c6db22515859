//! `alg`: how JWS calls a scheme (RFC 7518, 3.1), and how JAdES calls a hash function.

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};

use super::Error;
use crate::{Signatory, key};

/// The value of `alg`.
pub(super) fn name(signatory: &Signatory) -> Result<&'static str, Error> {
    match signatory.scheme {
        Scheme::Pkcs1 { hash } => Ok(match hash {
            HashAlgorithm::Sha256 => "RS256",
            HashAlgorithm::Sha384 => "RS384",
            HashAlgorithm::Sha512 => "RS512",
        }),
        Scheme::Pss { hash, salt } if salt as usize == hash.len() => Ok(match hash {
            HashAlgorithm::Sha256 => "PS256",
            HashAlgorithm::Sha384 => "PS384",
            HashAlgorithm::Sha512 => "PS512",
        }),
        Scheme::Pss { .. } => Err(Error::NoName("PSS with a salt that is not as long as the hash")),
        Scheme::Ecdsa { hash } => match (curve(signatory)?, hash) {
            (KeyType::P256, HashAlgorithm::Sha256) => Ok("ES256"),
            (KeyType::P384, HashAlgorithm::Sha384) => Ok("ES384"),
            (KeyType::P521, HashAlgorithm::Sha512) => Ok("ES512"),
            _ => Err(Error::NoName("ECDSA with this curve and this hash function")),
        },
    }
}

/// Length in bytes of r and of s, none for RSA.
pub(super) fn length(signatory: &Signatory) -> Result<Option<usize>, Error> {
    match signatory.scheme {
        Scheme::Ecdsa { .. } => curve(signatory).map(|curve| Some(key::length(curve))),
        Scheme::Pkcs1 { .. } | Scheme::Pss { .. } => Ok(None),
    }
}

/// How `sigD` and `x5t#o` call a hash function.
pub(super) const fn hash(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha256 => "S256",
        HashAlgorithm::Sha384 => "S384",
        HashAlgorithm::Sha512 => "S512",
    }
}

fn curve(signatory: &Signatory) -> Result<KeyType, Error> {
    let certificate = signatory.chain.first().ok_or(Error::NoCertificate)?;
    key::curve(certificate)?.ok_or(Error::NoName("ECDSA with a key on an unknown curve"))
}
