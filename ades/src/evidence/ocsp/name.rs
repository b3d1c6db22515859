//! What OCSP calls a certificate: hashes of its issuer's name and key, and its serial number.

use data_encoding::HEXLOWER;
use der::Any;
use der::asn1::{Int, ObjectIdentifier, OctetString};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::message::CertId;
use crate::evidence::{Subject, algorithm};

/// `CertID`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// The hash function.
    pub function: ObjectIdentifier,
    /// Hash of the DER of the issuer's name.
    pub issuer_name: Vec<u8>,
    /// Hash of the octets of the issuer's public key.
    pub issuer_key: Vec<u8>,
    /// Serial number, as the octets of its INTEGER.
    pub serial: Vec<u8>,
}

impl Name {
    /// Of a certificate of this issuer. By SHA-1, as responders everywhere expect (RFC 5019, 2.1.1): it names, and
    /// protects nothing.
    #[must_use]
    pub fn of(subject: &Subject, issuer: &Subject) -> Self {
        Self::with(algorithm::SHA1, issuer, subject.serial()).unwrap_or_else(|| Self {
            function: algorithm::SHA1,
            issuer_name: Vec::new(),
            issuer_key: Vec::new(),
            serial: Vec::new(),
        })
    }

    /// Whether it names a certificate of this issuer.
    #[must_use]
    pub fn is_of(&self, issuer: &Subject) -> bool {
        Self::with(self.function, issuer, &self.serial).is_some_and(|own| own == *self)
    }

    /// Whether it names this certificate of this issuer.
    #[must_use]
    pub fn names(&self, subject: &Subject, issuer: &Subject) -> bool {
        self.serial == subject.serial() && self.is_of(issuer)
    }

    /// The serial number in lower-case hexadecimal, without the zero that keeps an INTEGER positive.
    #[must_use]
    pub fn serial_text(&self) -> String {
        HEXLOWER.encode(self.serial.strip_prefix(&[0]).unwrap_or(&self.serial))
    }

    fn with(function: ObjectIdentifier, issuer: &Subject, serial: &[u8]) -> Option<Self> {
        Some(Self {
            function,
            issuer_name: algorithm::hash(function, &issuer.name())?,
            issuer_key: algorithm::hash(function, issuer.key())?,
            serial: serial.to_vec(),
        })
    }

    pub(super) fn read(id: &CertId) -> Self {
        Self {
            function: id.function.oid,
            issuer_name: id.issuer_name.as_bytes().to_vec(),
            issuer_key: id.issuer_key.as_bytes().to_vec(),
            serial: id.serial.as_bytes().to_vec(),
        }
    }

    /// With NULL for parameters, as every client writes it.
    pub(super) fn write(&self) -> der::Result<CertId> {
        Ok(CertId {
            function: AlgorithmIdentifierOwned { oid: self.function, parameters: Some(Any::null()) },
            issuer_name: OctetString::new(self.issuer_name.clone())?,
            issuer_key: OctetString::new(self.issuer_key.clone())?,
            serial: Int::new(&self.serial)?,
        })
    }
}
