//! Signing documents: the signer itself forms what is signed around an approved digest (DESIGN 4).

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::algorithm::{HashAlgorithm, Scheme};
use crate::bytes::Bytes;
use crate::document::{Envelope, Format};
use crate::octets::{self, Octets};
use crate::secret::expose;

/// Media type of a message that documents follow: its length (4 octets, big-endian), the message in JSON, then the
/// octets of each document in the order of the message, which says how many each has.
pub const WITH_DOCUMENTS: &str = "application/vnd.rsign.documents";

/// Spends approved documents or digests of documents.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignDocuments {
    /// The credential.
    pub credential: String,
    /// The client that asks.
    pub client: String,
    /// The user the bearer speaks for, where it does for one.
    #[serde(default)]
    pub user: Option<String>,
    /// The SAD.
    #[serde(serialize_with = "expose")]
    pub sad: SecretString,
    /// What the gateway stored as [`super::CreatedCredential::key`].
    pub key: Bytes,
    /// The credential's certificate, which the signer knows by its digest, then those of its issuers; each DER.
    pub chain: Vec<Bytes>,
    /// 1 to 1000.
    pub documents: Vec<DocumentToSign>,
}

/// Asks whether a SAD is one that this client may spend now: before documents that take their time are sent for nothing.
/// What counts is what [`SignDocuments`] finds.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckSad {
    /// The credential, where it is known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The client that asks.
    pub client: String,
    /// The user the bearer speaks for, where it does for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The SAD.
    #[serde(serialize_with = "expose")]
    pub sad: SecretString,
}

/// One document, and how to sign it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentToSign {
    /// Format of the signature.
    pub format: Format,
    /// Where the signature will stand.
    pub envelope: Envelope,
    /// The scheme; its hash function is also that of the document's digest in the signature.
    pub scheme: Scheme,
    /// What is signed.
    pub subject: DocumentSubject,
    /// What the client wants said in the signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// What of a document the signer is given; it says what kind of entry is spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentSubject {
    /// Its digest, as long as the scheme's hash function says: spends [`super::EntryType::Sdr`].
    Digest(Bytes),
    /// All of it: spends [`super::EntryType::Sodr`], approved by its digest under any hash function. The message has the
    /// number of its octets; they travel behind it.
    Document(#[serde(with = "octets::beside")] Octets),
}

/// A message that documents follow ([`WITH_DOCUMENTS`]).
pub trait WithDocuments {
    /// The documents, in their order.
    fn octets(&self) -> Vec<&Octets>;

    /// The same, to be replaced by what came.
    fn octets_mut(&mut self) -> Vec<&mut Octets>;

    /// By which hash function each will be hashed, in their order; none where they are not.
    fn functions(&self) -> Vec<HashAlgorithm> {
        Vec::new()
    }
}

impl WithDocuments for SignDocuments {
    fn octets(&self) -> Vec<&Octets> {
        let octets = self.documents.iter().filter_map(|document| match &document.subject {
            DocumentSubject::Document(octets) => Some(octets),
            DocumentSubject::Digest(_) => None,
        });
        octets.collect()
    }

    fn octets_mut(&mut self) -> Vec<&mut Octets> {
        let octets = self.documents.iter_mut().filter_map(|document| match &mut document.subject {
            DocumentSubject::Document(octets) => Some(octets),
            DocumentSubject::Digest(_) => None,
        });
        octets.collect()
    }

    fn functions(&self) -> Vec<HashAlgorithm> {
        let whole = |document: &&DocumentToSign| matches!(document.subject, DocumentSubject::Document(_));
        self.documents.iter().filter(whole).map(|document| document.scheme.hash()).collect()
    }
}

/// One of `signed_props`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Property {
    /// Name or OID.
    pub name: String,
    /// The value as the format has it; without one the service is to compute it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Property {
    /// Octets of its name and its value.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.name.len() + self.value.as_ref().map_or(0, String::len)
    }
}

/// What was signed, in the order of [`SignDocuments::documents`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedDocuments {
    /// One for each.
    pub documents: Vec<SignedDocument>,
}

/// A signature, and the octets around the digest that the signer formed: the same again for the same request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedDocument {
    /// RSA: the signature block as long as the modulus; ECDSA: DER.
    pub signature: Bytes,
    /// What the format needs besides to finish; for CAdES the signed attributes, a DER SET OF.
    pub prepared: Bytes,
}
