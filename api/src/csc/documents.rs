//! `signatures/signDoc` (11.11 in 2.0.0.2).

mod entry;
mod lifted;

use serde::{Deserialize, Serialize};

use self::entry::{Bad, Entry, document, hashes};
pub use self::lifted::Lifted;

use super::Ask;
use crate::algorithm::{KeyType, Scheme};
use crate::bytes::Bytes;
use crate::document::{Envelope, Format, Level};
use crate::error::{self, Fault};
use crate::json::Value;
use crate::objection::{Array, Objection, Place, Reason, Unsayable};
use crate::octets::{self, Octets};
use crate::signer::{DocumentSubject, Property};

/// Octets of what is to be said in the signatures of a call, all together: a signature has its own of it, also where an entry
/// has many hashes.
const MOST_SAID: usize = 4 << 20;

/// One document to be signed; a digest entry with several hashes is several of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Format of the signature.
    pub format: Format,
    /// Its level.
    pub level: Level,
    /// Where it stands.
    pub envelope: Envelope,
    /// The scheme.
    pub scheme: Scheme,
    /// The document or its digest, by the scheme's hash function.
    pub subject: DocumentSubject,
    /// What else is to be said in the signature.
    pub properties: Vec<Property>,
    /// The entry that asks for it.
    pub place: Place,
}

/// Those properties that a format cannot say of what stands in an array.
pub type Judge = dyn Fn(Format, Array, &[Property]) -> Vec<Unsayable>;

/// What the service can do; everything else has its sentence.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// Formats, and where their signatures may stand.
    pub formats: &'a [(Format, &'a [Envelope])],
    /// Levels.
    pub levels: &'a [Level],
    /// The highest level of a format, of a document or of its digest alone.
    pub highest: &'a dyn Fn(Format, bool) -> Level,
    /// Those properties that the format cannot say of what stands in this array.
    pub unsayable: &'a Judge,
}

impl std::fmt::Debug for Offer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Offer").field("formats", &self.formats).field("levels", &self.levels).finish_non_exhaustive()
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// A row of the table.
    Row(Fault),
    /// The same of one entry.
    Entry(Fault, Box<Objection>),
    /// The row that names the attributes it is about.
    Properties(Vec<Objection>),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self::Row(fault)
    }
}

impl Ask<'_> {
    /// `signatureQualifier`.
    ///
    /// # Errors
    /// No string.
    pub fn qualifier(&self) -> Result<Option<&str>, Fault> {
        match self.body.get("signatureQualifier") {
            None => Ok(None),
            Some(Value::Text(qualifier)) => Ok(Some(qualifier)),
            Some(_) => Err(error::QUALIFIER),
        }
    }

    /// `returnValidationInfo`.
    #[must_use]
    pub fn wants_validation(&self) -> bool {
        self.switch("returnValidationInfo")
    }

    /// `documentDigests` or `documents`, in the order of the table.
    ///
    /// # Errors
    /// The table's sentences.
    pub fn documents(&self, key: KeyType, offer: &Offer<'_>) -> Result<Vec<Document>, Wrong> {
        let digests = self.document_entries("documentDigests", Array::Digests, error::DOCUMENT_DIGESTS)?;
        let whole = self.document_entries("documents", Array::Documents, error::DOCUMENTS)?;
        match (digests.is_empty(), whole.is_empty()) {
            (true, true) => Err(error::NO_DOCUMENTS.into()),
            (false, false) => Err(error::BOTH_DOCUMENTS.into()),
            (false, true) => self.each(&digests, key, offer, hashes),
            (true, false) => self.each(&whole, key, offer, document),
        }
    }

    /// The objects of an array; none where it is absent.
    fn document_entries(&self, name: &str, array: Array, fault: Fault) -> Result<Vec<Entry<'_>>, Wrong> {
        let items = match self.body.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(fault.into()),
        };
        let (common_hash, validation) = (self.hash_algorithm(), self.wants_validation());
        let mut entries = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = Place { array, index };
            let Value::Object(body) = item else {
                return Err(Bad::entry(fault).at(place));
            };
            entries.push(Entry { body, place, common_hash, lifted: self.lifted, validation });
        }
        Ok(entries)
    }

    fn each(
        &self,
        entries: &[Entry<'_>],
        key: KeyType,
        offer: &Offer<'_>,
        subjects: fn(&Entry<'_>) -> Result<Vec<DocumentSubject>, Bad>,
    ) -> Result<Vec<Document>, Wrong> {
        let (mut documents, mut said) = (Vec::new(), 0);
        for entry in entries {
            let place = entry.place;
            let of_entry = |bad: Bad| bad.at(place);
            let subjects = subjects(entry).map_err(of_entry)?;
            let (format, envelopes) = entry.format(offer).map_err(of_entry)?;
            let level = entry.level(format, offer).map_err(of_entry)?;
            let scheme = entry.scheme(key).map_err(of_entry)?;
            let properties = entry.properties(format, offer).map_err(Wrong::Properties)?;
            let envelope = entry.envelope(format, envelopes).map_err(of_entry)?;
            let fits = |subject: &DocumentSubject| match subject {
                DocumentSubject::Digest(digest) => digest.len() == scheme.hash().len(),
                DocumentSubject::Document(_) => true,
            };
            if !subjects.iter().all(fits) {
                return Err(of_entry(Bad::new(error::DIGEST_LENGTH, Reason::DigestLength)));
            }
            // Before each of them gets properties of its own.
            said += subjects.len() * properties.iter().map(Property::octets).sum::<usize>();
            if documents.len() + subjects.len() > self.limits.hashes || said > MOST_SAID {
                return Err(error::MALFORMED.into());
            }
            let of =
                |subject| Document { format, level, envelope, scheme, subject, properties: properties.clone(), place };
            documents.extend(subjects.into_iter().map(of));
        }
        Ok(documents)
    }
}

/// Answer of `signDoc`, and of `signPolling` for it. Results stand in the order of the request, those that hold their
/// document apart from those that do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedDocuments {
    /// Documents with their signatures.
    #[serde(rename = "DocumentWithSignature", with = "octets::base64", default, skip_serializing_if = "Vec::is_empty")]
    pub with_signature: Vec<Octets>,
    /// Signatures by themselves.
    #[serde(rename = "SignatureObject", with = "octets::base64", default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Octets>,
    /// What they are validated with, where that was asked for.
    #[serde(rename = "validationInfo", default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationInfo>,
}

/// `validationInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationInfo {
    /// `OCSPResponse`s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ocsp: Vec<Bytes>,
    /// `CertificateList`s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crl: Vec<Bytes>,
    /// Certificates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Bytes>,
}

#[cfg(test)]
mod tests;
