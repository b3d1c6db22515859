//! `signatures/signDoc` (11.11 in 2.0.0.2).

mod lifted;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

pub use lifted::Lifted;

use super::Ask;
use crate::algorithm::{KeyType, Scheme};
use crate::bytes::Bytes;
use crate::document::{Envelope, Format, Level};
use crate::error::{self, Fault};
use crate::json::{Object, Value};
use crate::objection::{Array, Objection, Place, Reason, Unsayable};
use crate::octets::{self, Octets};
use crate::sign_algo::{self, Named};
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
    Entry(Fault, Objection),
    /// The row that names the attributes it is about.
    Properties(Vec<Objection>),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self::Row(fault)
    }
}

/// One entry of `documentDigests` or `documents`, in part.
struct Entry<'a> {
    body: &'a Object<'a>,
    place: Place,
    /// `hashAlgorithmOID` of the request, where the entry has none (2.1 moved it there).
    common_hash: Option<&'a str>,
    lifted: Option<&'a Lifted>,
    /// Whether what the signature is validated with is wanted beside it.
    validation: bool,
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
            let Value::Object(body) = item else { return Err(wrong(place, fault)) };
            entries.push(Entry { body, place, common_hash, lifted: self.lifted, validation });
        }
        Ok(entries)
    }

    fn each(
        &self,
        entries: &[Entry<'_>],
        key: KeyType,
        offer: &Offer<'_>,
        subjects: fn(&Entry<'_>) -> Result<Vec<DocumentSubject>, Fault>,
    ) -> Result<Vec<Document>, Wrong> {
        let (mut documents, mut said) = (Vec::new(), 0);
        for entry in entries {
            let place = entry.place;
            let of_entry = |fault| wrong(place, fault);
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
                return Err(of_entry(error::DIGEST_LENGTH));
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

/// This row, of this entry.
fn wrong(place: Place, fault: Fault) -> Wrong {
    let none = fault == error::DOCUMENTS || fault == error::DOCUMENT_DIGESTS;
    let reason = if none { Reason::Entry } else { Reason::Member };
    Wrong::Entry(fault, Objection { place, property: None, reason })
}

/// `hashes`: an array, or, as one text prints it, a string.
fn hashes(entry: &Entry<'_>) -> Result<Vec<DocumentSubject>, Fault> {
    let items = match entry.body.get("hashes") {
        Some(Value::Array(items)) if !items.is_empty() => items.as_slice(),
        Some(one @ Value::Text(_)) => std::slice::from_ref(one),
        _ => return Err(error::DOCUMENT_DIGESTS),
    };
    let decode = |item: &Value<'_>| decoded(item).map(DocumentSubject::Digest).ok_or(error::HASHES_BASE64);
    items.iter().map(decode).collect()
}

/// `document`, or what was lifted out of the body in its place.
fn document(entry: &Entry<'_>) -> Result<Vec<DocumentSubject>, Fault> {
    let Some(Value::Text(text)) = entry.body.get("document") else { return Err(error::DOCUMENTS) };
    let octets = match entry.lifted.and_then(|lifted| lifted.find(text)) {
        Some(lifted) => lifted.cloned(),
        None => BASE64.decode(text.as_bytes()).ok().map(Octets::from),
    };
    Ok(vec![DocumentSubject::Document(octets.ok_or(error::DOCUMENTS_BASE64)?)])
}

/// Standard Base64 of something, which every digest is.
fn decoded(value: &Value<'_>) -> Option<Bytes> {
    let octets = BASE64.decode(value.text()?.as_bytes()).ok()?;
    (!octets.is_empty()).then_some(Bytes(octets))
}

impl Entry<'_> {
    /// Whether only a digest is there: then nothing can be put around a document, or into it.
    fn is_of_digest(&self) -> bool {
        self.place.array == Array::Digests
    }

    fn string(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::text)
    }

    fn format<'o>(&self, offer: &Offer<'o>) -> Result<(Format, &'o [Envelope]), Fault> {
        let name = self.string("signature_format").ok_or(error::SIGNATURE_FORMAT_MISSING)?;
        let offered = offer.formats.iter().find(|(format, _)| format.name() == name);
        offered.copied().ok_or(error::SIGNATURE_FORMAT)
    }

    fn level(&self, format: Format, offer: &Offer<'_>) -> Result<Level, Fault> {
        let level = match self.body.get("conformance_level") {
            None => Some(Level::default()),
            Some(name) => name.text().and_then(Level::named),
        };
        let highest = (offer.highest)(format, self.is_of_digest());
        let offered = |level: &Level| offer.levels.contains(level) && *level <= highest;
        // What B-LT adds stands in the PDF, which the client has: it gets that beside the signature, or it is not B-LT.
        let beside = self.is_of_digest() && format == Format::Pades;
        let held = |level: &Level| *level != Level::Lt || !beside || self.validation;
        level.filter(offered).filter(held).ok_or(error::CONFORMANCE_LEVEL)
    }

    /// A hash function that is named besides must be the algorithm's own.
    fn scheme(&self, key: KeyType) -> Result<Scheme, Fault> {
        let algorithm = self.string("signAlgo").ok_or(error::SIGN_ALGO_MISSING)?;
        let hash = self.string("hashAlgorithmOID").or(self.common_hash);
        let named = Named { algorithm, params: self.string("signAlgoParams"), hash };
        let scheme = named.scheme(key)?;
        match hash.map(sign_algo::hash).transpose()? {
            Some(hash) if hash != scheme.hash() => Err(error::HASH_CONTRADICTS),
            _ => Ok(scheme),
        }
    }

    fn properties(&self, format: Format, offer: &Offer<'_>) -> Result<Vec<Property>, Vec<Objection>> {
        let object = |property: Option<&str>, reason| {
            vec![Objection { place: self.place, property: property.map(str::to_owned), reason }]
        };
        let items = match self.body.get("signed_props") {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(object(None, Reason::Member)),
        };
        let mut properties = Vec::with_capacity(items.len());
        for item in items {
            let Value::Object(item) = item else { return Err(object(None, Reason::Member)) };
            let Some(name) = item.get("attribute_name").and_then(Value::text) else {
                return Err(object(None, Reason::Member));
            };
            let value = match item.get("attribute_value") {
                None => None,
                Some(Value::Text(value)) => Some(value.clone().into_owned()),
                Some(_) => return Err(object(Some(name), Reason::BadValue)),
            };
            properties.push(Property { name: name.to_owned(), value });
        }
        let unsayable = (offer.unsayable)(format, self.place.array, &properties);
        if unsayable.is_empty() {
            return Ok(properties);
        }
        Err(unsayable.into_iter().flat_map(|Unsayable { name, reason }| object(Some(&name), reason)).collect())
    }

    /// The format's default, but for a digest, beside which there is nothing to stand in.
    fn envelope(&self, format: Format, offered: &[Envelope]) -> Result<Envelope, Fault> {
        let possible = |envelope: &Envelope| {
            !self.is_of_digest()
                || matches!(envelope, Envelope::Detached | Envelope::Certification | Envelope::Revision)
        };
        let envelope = match self.body.get("signed_envelope_property") {
            None => format.envelopes().iter().copied().find(possible),
            Some(name) => name.text().and_then(Envelope::named).filter(possible),
        };
        envelope.filter(|envelope| offered.contains(envelope)).ok_or(error::ENVELOPE)
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
