//! Independent verification: RustCrypto's `rsa`, `p256`, `p384` and `p521`, and nothing any signer of ours uses.

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::pss;
use sha2::{Sha256, Sha384, Sha512};
use spki::DecodePublicKey as _;
use x509_cert::Certificate;

use crate::algorithm::{Hash, Scheme};

/// The public key of a certificate.
#[derive(Debug, Clone)]
pub(crate) enum PublicKey {
    /// RSA.
    Rsa(Box<rsa::PublicKey>),
    /// P-256.
    P256(p256::ecdsa::VerifyingKey),
    /// P-384.
    P384(p384::ecdsa::VerifyingKey),
    /// P-521.
    P521(p521::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Of a certificate in DER.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of_certificate(der: &[u8]) -> Result<Self, String> {
        let certificate = Certificate::from_der(der).map_err(|error| format!("no X.509 certificate: {error}"))?;
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let whole = spki.to_der().map_err(|error| error.to_string())?;
        if let Ok(key) = rsa::PublicKey::from_public_key_der(&whole) {
            return Ok(Self::Rsa(Box::new(key)));
        }
        let curve = spki.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        let point = spki.subject_public_key.raw_bytes();
        let key = match curve.map(|curve| curve.to_string()).as_deref() {
            Some("1.2.840.10045.3.1.7") => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P256).ok(),
            Some("1.3.132.0.34") => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P384).ok(),
            Some("1.3.132.0.35") => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P521).ok(),
            _ => None,
        };
        key.ok_or_else(|| "a key this checker cannot verify with".to_owned())
    }

    /// Bits, as `key.len` has them.
    pub(crate) fn bits(&self) -> u64 {
        match self {
            Self::Rsa(key) => u64::from(rsa::traits::PublicKeyParts::n(key.as_ref()).bit_width()),
            Self::P256(_) => 256,
            Self::P384(_) => 384,
            Self::P521(_) => 521,
        }
    }

    /// OID of the curve.
    pub(crate) const fn curve(&self) -> Option<&'static str> {
        match self {
            Self::Rsa(_) => None,
            Self::P256(_) => Some("1.2.840.10045.3.1.7"),
            Self::P384(_) => Some("1.3.132.0.34"),
            Self::P521(_) => Some("1.3.132.0.35"),
        }
    }

    /// Whether this is its signature over that digest.
    pub(crate) fn verifies(&self, scheme: Scheme, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        match (self, scheme) {
            (Self::Rsa(key), Scheme::Pkcs1) => pkcs1(key, hash, digest, signature),
            (Self::Rsa(key), Scheme::Pss) => pss(key, hash, digest, signature),
            (Self::P256(key), Scheme::Ecdsa) => {
                let signature = p256::ecdsa::Signature::from_der(signature)
                    .or_else(|_| p256::ecdsa::Signature::from_slice(signature));
                signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
            }
            (Self::P384(key), Scheme::Ecdsa) => {
                let signature = p384::ecdsa::Signature::from_der(signature)
                    .or_else(|_| p384::ecdsa::Signature::from_slice(signature));
                signature.is_ok_and(|signature| key.verify_prehash(&padded(digest, 48), &signature).is_ok())
            }
            (Self::P521(key), Scheme::Ecdsa) => {
                let signature = p521::ecdsa::Signature::from_der(signature)
                    .or_else(|_| p521::ecdsa::Signature::from_slice(signature));
                signature.is_ok_and(|signature| key.verify_prehash(&padded(digest, 66), &signature).is_ok())
            }
            _ => false,
        }
    }
}

/// A digest shorter than the order is the same number with zeros before it.
fn padded(digest: &[u8], length: usize) -> Vec<u8> {
    [vec![0; length.saturating_sub(digest.len())], digest.to_vec()].concat()
}

fn pkcs1(key: &rsa::PublicKey, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
    match hash {
        Hash::Sha256 => key.pkcs1v15_verify_prehash::<Sha256>(digest, signature),
        Hash::Sha384 => key.pkcs1v15_verify_prehash::<Sha384>(digest, signature),
        Hash::Sha512 => key.pkcs1v15_verify_prehash::<Sha512>(digest, signature),
    }
    .is_ok()
}

fn pss(key: &rsa::PublicKey, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = pss::Signature::try_from(signature) else { return false };
    match hash {
        Hash::Sha256 => pss::VerifyingKey::<Sha256>::new(key.clone()).verify_prehash(digest, &signature),
        Hash::Sha384 => pss::VerifyingKey::<Sha384>::new(key.clone()).verify_prehash(digest, &signature),
        Hash::Sha512 => pss::VerifyingKey::<Sha512>::new(key.clone()).verify_prehash(digest, &signature),
    }
    .is_ok()
}
