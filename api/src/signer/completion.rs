//! A signature gets what its level adds. The signer has its helper process do it, since the document that it stands in or beside
//! is foreign, and so are evidence and time-stamps.

use serde::{Deserialize, Serialize};

use super::{SignedDocument, WithDocuments};
use crate::algorithm::Scheme;
use crate::bytes::Bytes;
use crate::document::{Envelope, Format};
use crate::octets::{self, Octets};
use crate::parts::Part;

/// Adds time-stamps and evidence to a signature, each judged first, and puts it where it stands. Nothing is signed and nothing
/// approved: whoever has signature and document could do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteSignature {
    /// Its format.
    pub format: Format,
    /// Where it stands.
    pub envelope: Envelope,
    /// The scheme.
    pub scheme: Scheme,
    /// The signer's certificate, then those of its issuers; each DER.
    pub chain: Vec<Bytes>,
    /// What the signer gave.
    pub signed: SignedDocument,
    /// The document: what has to be known of it.
    pub subject: KnownDocument,
    /// A `TimeStampToken` on the signature (B-T).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Bytes>,
    /// What it is validated with (B-LT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceOctets>,
    /// The time-stamp on all of that (B-LTA).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<ArchiveStamp>,
    /// Whose document it is: a client has its turns, whatever it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// What a document is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KnownDocument {
    /// All of it; the message has the number of its octets, which travel behind it. Where the signature goes beside others,
    /// at B-LTA in JAdES and XAdES, and at B-LT and B-LTA in PAdES.
    Document(#[serde(with = "octets::beside")] Octets),
    /// It is not here.
    Elsewhere {
        /// How many octets it has, if that is known: where the signature stands in it or around it. Of a PDF that was signed
        /// by its digest it is not, and the CMS stands by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length: Option<u64>,
        /// Its digest by the scheme's hash function: at B-LTA in CAdES.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Bytes>,
    },
}

/// Certificates and what shows that they are good.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EvidenceOctets {
    /// Certificates, DER.
    pub certificates: Vec<Bytes>,
    /// `CertificateList`s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crls: Vec<Bytes>,
    /// `OCSPResponse`s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ocsp: Vec<Bytes>,
}

/// A time-stamp on all of a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArchiveStamp {
    /// There is none yet: the answer is what it is to be over.
    Wanted,
    /// The `TimeStampToken`, over that.
    Token(Bytes),
}

/// The signature, or what its archive time-stamp is to be over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompletedSignature {
    /// A hash by the scheme's hash function, where the time-stamp is wanted.
    Imprint(Bytes),
    /// The signature; with its document where that is in it, around it or beside it.
    Parts(Vec<Part>),
}

impl WithDocuments for CompleteSignature {
    fn octets(&self) -> Vec<&Octets> {
        match &self.subject {
            KnownDocument::Document(octets) => vec![octets],
            KnownDocument::Elsewhere { .. } => Vec::new(),
        }
    }

    fn octets_mut(&mut self) -> Vec<&mut Octets> {
        match &mut self.subject {
            KnownDocument::Document(octets) => vec![octets],
            KnownDocument::Elsewhere { .. } => Vec::new(),
        }
    }
}
