//! What lasts: evidence and time-stamps for signed PDFs, which the signer has read by its helper process; and OCSP
//! answers of the built-in CA.

use serde::{Deserialize, Serialize};

use super::WithDocuments;
use crate::bytes::Bytes;
use crate::octets::{self, Octets};

/// Adds evidence to a signed PDF (EN 319 142-1, 5.4), and room for a document time-stamp. Nothing is signed and nothing
/// approved: whoever has the document could do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AugmentPdf {
    /// The PDF; the message has the number of its octets, which travel behind it.
    #[serde(with = "octets::beside")]
    pub document: Octets,
    /// Certificates, DER.
    pub certificates: Vec<Bytes>,
    /// `CertificateList`s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crls: Vec<Bytes>,
    /// `OCSPResponse`s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ocsp: Vec<Bytes>,
    /// Octets that the token of a document time-stamp may have; absent: none is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<u32>,
    /// Whose document it is: a client has its turns, whatever it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

impl WithDocuments for AugmentPdf {
    fn octets(&self) -> Vec<&Octets> {
        vec![&self.document]
    }

    fn octets_mut(&mut self) -> Vec<&mut Octets> {
        vec![&mut self.document]
    }
}

impl WithDocuments for ReadTimeStamp {
    fn octets(&self) -> Vec<&Octets> {
        vec![&self.document]
    }

    fn octets_mut(&mut self) -> Vec<&mut Octets> {
        vec![&mut self.document]
    }
}

/// What is to be appended to the PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AugmentedPdf {
    /// One update, or two, one after the other.
    pub appended: Bytes,
    /// Where the token goes, where room for one was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

/// A hexadecimal string with its brackets, counted from the start of what is appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Its first octet.
    pub start: u32,
    /// The first octet behind it.
    pub end: u32,
}

/// Asks for the newest document time-stamp of a PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadTimeStamp {
    /// The PDF, as there.
    #[serde(with = "octets::beside")]
    pub document: Octets,
}

/// The newest document time-stamp of a PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundTimeStamp {
    /// Its `TimeStampToken`; absent where the last signature of the PDF is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Bytes>,
}

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
