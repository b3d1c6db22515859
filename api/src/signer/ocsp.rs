//! OCSP answers of the built-in CA.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

/// Asks the built-in CA how certificates stand (RFC 6960).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskOcsp {
    /// Which, 1 to 8, all of this CA's.
    pub certificates: Vec<CertificateName>,
    /// What the answer must repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Bytes>,
}

/// `CertID`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateName {
    /// The hash function, by its OID.
    pub function: String,
    /// Hash of the issuer's name.
    pub issuer_name: Bytes,
    /// Hash of the issuer's key.
    pub issuer_key: Bytes,
    /// Serial number, as its INTEGER has it.
    pub serial: Bytes,
}

/// An answer of the built-in CA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredOcsp {
    /// The `OCSPResponse`, DER.
    pub answer: Bytes,
}
