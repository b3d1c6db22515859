//! What the signer takes from a certificate that is linked to one of its keys, whoever issued it.

use der::{Decode as _, Encode as _};
use rsign_api::algorithm::KeyType;
use sha2::{Digest as _, Sha256};

use super::{Error, Validity, spki};

/// The facts of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// `SubjectPublicKeyInfo`, DER: to be compared with the key's own, octet by octet.
    pub spki: Vec<u8>,
    /// The kind of key.
    pub key: KeyType,
    /// From when until when it is valid.
    pub validity: Validity,
    /// Serial number, big-endian, without the zero octet that only keeps the sign clear.
    pub serial: Vec<u8>,
    /// Subject in the text form of RFC 4514, most specific attribute first.
    pub subject: String,
    /// SHA-256 of the DER.
    pub digest: [u8; 32],
}

impl Certificate {
    /// Reads the DER; its signature and path are for the relying party to judge.
    pub fn read(der: &[u8]) -> Result<Self, Error> {
        let certificate = x509_cert::Certificate::from_der(der)?;
        let tbs = certificate.tbs_certificate();
        Ok(Self {
            spki: tbs.subject_public_key_info().to_der()?,
            key: spki::identify(tbs.subject_public_key_info())?,
            validity: Validity::decode(tbs.validity())?,
            serial: unsigned(tbs.serial_number().as_bytes()).to_vec(),
            subject: tbs.subject().to_string(),
            digest: Sha256::digest(der).into(),
        })
    }
}

fn unsigned(serial: &[u8]) -> &[u8] {
    match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        whole => whole,
    }
}
