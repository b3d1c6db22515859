//! Checks every signature of a slice, after its clock has stopped.

use anyhow::Context as _;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use der::{Decode as _, Encode as _};
use sha2::{Digest as _, Sha256};

/// A credential's public key.
#[derive(Debug, Clone)]
pub(super) struct PublicKey {
    rsa: bool,
    spki: Vec<u8>,
}

impl PublicKey {
    pub(super) fn of_certificate(der: &[u8]) -> anyhow::Result<Self> {
        let certificate = x509_cert::Certificate::from_der(der).context("the certificate")?;
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let rsa = spki.algorithm.oid.to_string() == "1.2.840.113549.1.1.1";
        Ok(Self { rsa, spki: spki.to_der()? })
    }

    /// Whether this is a signature over the message with this number.
    pub(super) fn verifies(&self, number: u64, signature: &[u8]) -> bool {
        let message = message(number);
        if self.rsa {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.spki).verify(&message, signature).is_ok()
        } else {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.spki).verify(&message, signature).is_ok()
        }
    }
}

/// Every message of a run is another: a signature that belongs to another caller does not verify.
pub(super) fn message(number: u64) -> [u8; 24] {
    let mut message = *b"rsign bench 0000 \0\0\0\0\0\0\0";
    message[16..].copy_from_slice(&number.to_be_bytes());
    message
}

pub(super) fn digest(number: u64) -> [u8; 32] {
    Sha256::digest(message(number)).into()
}
