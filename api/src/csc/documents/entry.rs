//! One entry of `documentDigests` or `documents`: its members one by one, in the order of the table.

use data_encoding::BASE64;

use super::{Lifted, Offer, Wrong};
use crate::algorithm::{KeyType, Scheme};
use crate::bytes::Bytes;
use crate::document::{Envelope, Format, Level};
use crate::error::{self, Fault};
use crate::json::{Object, Value};
use crate::objection::{Array, Detail, Member, Objection, Place, Reason};
use crate::octets::Octets;
use crate::sign_algo::{self, Named};
use crate::signer::{DocumentSubject, Property};

/// An entry, in part.
pub(super) struct Entry<'a> {
    pub(super) body: &'a Object<'a>,
    pub(super) place: Place,
    /// `hashAlgorithmOID` of the request, where the entry has none (2.1 moved it there).
    pub(super) common_hash: Option<&'a str>,
    pub(super) lifted: Option<&'a Lifted>,
    /// Whether what the signature is validated with is wanted beside it.
    pub(super) validation: bool,
}

/// What is wrong with an entry: the row of the table, and what it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bad {
    fault: Fault,
    reason: Reason,
    member: Option<Member>,
}

impl Bad {
    /// Of the member that this is always about.
    pub(super) const fn new(fault: Fault, reason: Reason) -> Self {
        Self { fault, reason, member: reason.member() }
    }

    /// It is none.
    pub(super) const fn entry(fault: Fault) -> Self {
        Self::new(fault, Reason::Entry)
    }

    const fn missing(fault: Fault, member: Member) -> Self {
        Self { fault, reason: Reason::Missing, member: Some(member) }
    }

    const fn no_base64(fault: Fault, member: Member) -> Self {
        Self { fault, reason: Reason::NoBase64, member: Some(member) }
    }

    /// Of the entry in this place.
    pub(super) fn at(self, place: Place) -> Wrong {
        let objection = Objection::new(place, self.reason);
        Wrong::Entry(self.fault, Box::new(Objection { detail: self.member.map(Detail::Member), ..objection }))
    }
}

impl From<Fault> for Bad {
    /// Rows of the algorithm, which signHash has too.
    fn from(fault: Fault) -> Self {
        match fault {
            error::SIGN_ALGO_MISSING => Self::missing(fault, Member::SignAlgo),
            error::SIGN_ALGO_PARAMS_MISSING => Self::missing(fault, Member::SignAlgoParams),
            error::SIGN_ALGO_PARAMS => Self::new(fault, Reason::AlgorithmParams),
            error::HASH_ALGO_MISSING => Self::missing(fault, Member::HashAlgorithmOid),
            error::HASH_ALGO => Self::new(fault, Reason::HashAlgorithm),
            error::HASH_CONTRADICTS => Self::new(fault, Reason::HashContradicts),
            _ => Self::new(fault, Reason::KeyAlgorithm),
        }
    }
}

/// `hashes`: an array, or, as one text prints it, a string.
pub(super) fn hashes(entry: &Entry<'_>) -> Result<Vec<DocumentSubject>, Bad> {
    let items = match entry.body.get("hashes") {
        Some(Value::Array(items)) if !items.is_empty() => items.as_slice(),
        Some(one @ Value::Text(_)) => std::slice::from_ref(one),
        _ => return Err(Bad::entry(error::DOCUMENT_DIGESTS)),
    };
    let bad = Bad::no_base64(error::HASHES_BASE64, Member::Hashes);
    let decode = |item: &Value<'_>| decoded(item).map(DocumentSubject::Digest).ok_or(bad);
    items.iter().map(decode).collect()
}

/// `document`, or what was lifted out of the body in its place.
pub(super) fn document(entry: &Entry<'_>) -> Result<Vec<DocumentSubject>, Bad> {
    let Some(Value::Text(text)) = entry.body.get("document") else { return Err(Bad::entry(error::DOCUMENTS)) };
    let octets = match entry.lifted.and_then(|lifted| lifted.find(text)) {
        Some(lifted) => lifted.cloned(),
        None => BASE64.decode(text.as_bytes()).ok().map(Octets::from),
    };
    let octets = octets.ok_or(Bad::no_base64(error::DOCUMENTS_BASE64, Member::Document))?;
    Ok(vec![DocumentSubject::Document(octets)])
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

    pub(super) fn format<'o>(&self, offer: &Offer<'o>) -> Result<(Format, &'o [Envelope]), Bad> {
        let missing = Bad::missing(error::SIGNATURE_FORMAT_MISSING, Member::SignatureFormat);
        let name = self.string("signature_format").ok_or(missing)?;
        let offered = offer.formats.iter().find(|(format, _)| format.name() == name);
        offered.copied().ok_or(Bad::new(error::SIGNATURE_FORMAT, Reason::UnknownFormat))
    }

    pub(super) fn level(&self, format: Format, offer: &Offer<'_>) -> Result<Level, Bad> {
        let level = match self.body.get("conformance_level") {
            None => Some(Level::default()),
            Some(name) => name.text().and_then(Level::named),
        };
        let bad = |reason| Bad::new(error::CONFORMANCE_LEVEL, reason);
        let level = level.ok_or(bad(Reason::UnknownLevel))?;
        if !offer.levels.contains(&level) {
            return Err(bad(Reason::LevelNotOffered));
        }
        if level > (offer.highest)(format, self.is_of_digest()) {
            return Err(bad(Reason::LevelNeedsDocument));
        }
        // What B-LT adds stands in the PDF, which the client has: it gets that beside the signature, or it is not B-LT.
        let beside = self.is_of_digest() && format == Format::Pades;
        if level == Level::Lt && beside && !self.validation {
            return Err(bad(Reason::LevelNeedsValidation));
        }
        Ok(level)
    }

    /// A hash function that is named besides must be the algorithm's own.
    pub(super) fn scheme(&self, key: KeyType) -> Result<Scheme, Bad> {
        let algorithm = self.string("signAlgo").ok_or(error::SIGN_ALGO_MISSING)?;
        let hash = self.string("hashAlgorithmOID").or(self.common_hash);
        let named = Named { algorithm, params: self.string("signAlgoParams"), hash };
        let scheme = named.scheme(key)?;
        match hash.map(sign_algo::hash).transpose()? {
            Some(hash) if hash != scheme.hash() => Err(error::HASH_CONTRADICTS.into()),
            _ => Ok(scheme),
        }
    }

    pub(super) fn properties(&self, format: Format, offer: &Offer<'_>) -> Result<Vec<Property>, Vec<Objection>> {
        let none = || vec![Objection::new(self.place, Reason::NoProperty)];
        let items = match self.body.get("signed_props") {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(none()),
        };
        let mut properties = Vec::with_capacity(items.len());
        for item in items {
            let Value::Object(item) = item else { return Err(none()) };
            let Some(name) = item.get("attribute_name").and_then(Value::text) else { return Err(none()) };
            let value = match item.get("attribute_value") {
                None => None,
                Some(Value::Text(value)) => Some(value.clone().into_owned()),
                Some(_) => return Err(vec![Objection::new(self.place, Reason::BadValue).of(name)]),
            };
            properties.push(Property { name: name.to_owned(), value });
        }
        let unsayable = (offer.unsayable)(format, self.place.array, &properties);
        if unsayable.is_empty() {
            return Ok(properties);
        }
        Err(unsayable.iter().map(|unsayable| unsayable.at(self.place)).collect())
    }

    /// The format's default, but for a digest, beside which there is nothing to stand in.
    pub(super) fn envelope(&self, format: Format, offered: &[Envelope]) -> Result<Envelope, Bad> {
        let possible = |envelope: &Envelope| {
            !self.is_of_digest()
                || matches!(envelope, Envelope::Detached | Envelope::Certification | Envelope::Revision)
        };
        let envelope = match self.body.get("signed_envelope_property") {
            None => format.envelopes().iter().copied().find(possible),
            Some(name) => name.text().and_then(Envelope::named),
        };
        let envelope = envelope.filter(|envelope| offered.contains(envelope));
        let envelope = envelope.ok_or(Bad::new(error::ENVELOPE, Reason::UnknownEnvelope))?;
        let of_digest = Bad::new(error::ENVELOPE, Reason::EnvelopeOfDigest);
        if possible(&envelope) { Ok(envelope) } else { Err(of_digest) }
    }
}
