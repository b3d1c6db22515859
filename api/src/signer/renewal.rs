//! Signatures of long ago that are to last longer. The signer has its helper process read them, whatever their format: what the
//! gateway hears of a document is what its newest time-stamps were signed by, what newer ones are to be over, and in the end
//! what it becomes.

use serde::{Deserialize, Serialize};

use super::{EvidenceOctets, WithDocuments};
use crate::algorithm::HashAlgorithm;
use crate::bytes::Bytes;
use crate::octets::{self, Octets};
use crate::parts::Part;

/// Whom renewal has its turns for: no client is called so.
pub const RENEWAL: &str = "(renewal)";

/// Asks about a signed document, by steps: what is brought along says which. Nothing is signed and nothing approved: whoever has
/// the document could do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewDocument {
    /// A PDF, CMS, JSON or XML; the message has the number of its octets, which travel behind it.
    #[serde(with = "octets::beside")]
    pub document: Octets,
    /// What a detached signature signs, in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "octets::beside::some")]
    pub content: Option<Octets>,
    /// What shows that the newest time-stamps were good, for each of them, in their order. Absent: there is none yet, and the
    /// answer is which there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceOctets>,
    /// Newer `TimeStampToken`s, one for each. Absent: there is none yet, and the answer is what they are to be over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stamps: Vec<Bytes>,
    /// Whose document it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

impl WithDocuments for RenewDocument {
    fn octets(&self) -> Vec<&Octets> {
        std::iter::once(&self.document).chain(&self.content).collect()
    }

    fn octets_mut(&mut self) -> Vec<&mut Octets> {
        std::iter::once(&mut self.document).chain(&mut self.content).collect()
    }
}

/// What is said of a document, or what it becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RenewedDocument {
    /// Nobody signed it.
    Unsigned,
    /// It is signed, and has no time-stamp over all of it.
    Unstamped,
    /// It cannot be read, or what it says is not so; and why, in a sentence.
    Unfit(String),
    /// It has time-stamps over all of it.
    Stamped {
        /// The newest of each signature, at least one.
        stamps: Vec<NewestStamp>,
        /// Whether what is signed is not in it.
        detached: bool,
    },
    /// What newer time-stamps are to be over, in the order of those.
    Imprints(Vec<StampImprint>),
    /// The document with what was added.
    Parts(Vec<Part>),
}

/// A time-stamp that is believed, whoever signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewestStamp {
    /// Until when the certificate of who signed it lasts, Unix seconds.
    pub until: u64,
    /// That certificate, then the others that the token brings; each DER.
    pub certificates: Vec<Bytes>,
}

/// What a time-stamp is to be over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StampImprint {
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// The hash.
    pub hash: Bytes,
}
