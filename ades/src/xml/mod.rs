//! XAdES baseline signatures (EN 319 132-1): XML signatures with the qualifying properties of ETSI.
//!
//! [`prepare`] forms the `ds:Signature` element without a value, [`to_be_signed`] what of it is hashed and signed, and
//! [`finish`] puts value, time-stamps and what it is validated with in. What is stored between the steps is that element.
//!
//! * *Detached*: the element by itself; its reference names the document and has the digest of its octets.
//! * *Enveloping*: the document stands in the element as Base64 and is decoded before it is hashed, so any document can be
//!   signed, nothing foreign is parsed, and the digest is again that of its octets.
//! * *Enveloped*: the element becomes the last child of the document element, and the octets of the document stay as they
//!   are around it. The reference is to the whole document in canonical form, comments left out as everywhere in XML
//!   signatures; it is Canonical XML 1.0, which keeps namespaces that only values of attributes use.
//!
//! Canonicalisation is in `canonical.rs`, on the tree of `roxmltree`. `ds:SignedInfo`, the signed properties and the signature value are canonicalised
//! exclusively, so that it makes no difference what document they stand in.

mod algorithm;
mod archive;
mod canonical;
mod document;
mod element;
mod limits;
mod property;
mod stored;
mod unsigned;

use std::time::SystemTime;

use rsign_api::objection::Reason;

pub use document::{Document, LIMIT, MAX_DEPTH, Spot};
pub use property::{NAMES, Said, read as read_properties};
pub(crate) use stored::Stored;

use crate::{Addition, Around, Signatory, key};

/// Why something could not be formed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The signer's certificate is not DER, or the signature value is none.
    #[error("this is not what DER can say: {0}")]
    Der(#[from] der::Error),
    /// Nobody signs.
    #[error("the signer has no certificate")]
    NoCertificate,
    /// RFC 9231 knows PSS with a salt as long as the hash, without naming parameters.
    #[error("XML signatures have no short name for {0}")]
    NoName(&'static str),
    /// The digest is not of the scheme's hash function.
    #[error("the digest is not of the scheme's hash function")]
    Digest,
    /// The clock says something that no date can.
    #[error("the signing time cannot be written")]
    Time,
    /// What was stored between the steps is not what [`prepare`] makes.
    #[error("this is no unfinished signature")]
    Unfinished,
    /// The document cannot carry a signature, and why.
    #[error("this XML cannot be signed: {1}")]
    Document(Reason, &'static str),
    /// The signature is none that gets another archive time-stamp here.
    #[error("{0}")]
    Stored(&'static str),
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// A document that stays outside.
    Detached {
        /// URI reference of the document.
        name: &'a str,
        /// Digest of its octets, by the hash function of the signatory's scheme.
        digest: &'a [u8],
        /// Its media type.
        media_type: &'a str,
    },
    /// A document that will stand inside the signature.
    Enveloping {
        /// Digest of its octets.
        digest: &'a [u8],
        /// Its media type.
        media_type: &'a str,
    },
    /// An XML document that will have the signature inside.
    Enveloped {
        /// [`Document::digest`].
        digest: &'a [u8],
    },
}

/// Where the finished signature stands.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// By itself.
    Detached,
    /// Around this document.
    Around(&'a [u8]),
    /// In this document.
    Within {
        /// The document.
        document: &'a [u8],
        /// [`Document::spot`].
        spot: &'a Spot,
    },
}

/// That XML signatures have a name for what this signatory does.
///
/// # Errors
/// When they have none.
pub fn sayable(signatory: &Signatory) -> Result<(), Error> {
    algorithm::signature(signatory.scheme).and(algorithm::length(signatory)).map(drop)
}

/// The signature element without a value.
///
/// # Errors
/// See [`Error`].
pub fn prepare(
    content: &Content<'_>,
    said: &Said,
    signing_time: SystemTime,
    signatory: &Signatory,
) -> Result<String, Error> {
    element::unfinished(content, said, signing_time, signatory)
}

/// What is hashed and signed: the canonical form of `ds:SignedInfo`.
///
/// # Errors
/// When this is not what [`prepare`] made.
pub fn to_be_signed(unfinished: &str) -> Result<Vec<u8>, Error> {
    document::canonical(unfinished, "SignedInfo")
}

/// What a time-stamp on the signature is over: the canonical form of `ds:SignatureValue` (EN 319 132-1, 5.3).
///
/// # Errors
/// When this is not what [`prepare`] made, or the value is not of this key.
pub fn to_be_stamped(unfinished: &str, signatory: &Signatory, value: &[u8]) -> Result<Vec<u8>, Error> {
    let signed = element::finished(unfinished, &encoded(signatory, value)?, &[], None)?;
    document::canonical(&signed, "SignatureValue")
}

/// What an archive time-stamp (EN 319 132-1, 5.5.2) behind these additions is to be over: its digest by the hash function of
/// the signatory's scheme. `detached` is the document, all of it, where the place is [`Place::Detached`].
///
/// # Errors
/// When this is not what [`prepare`] made, the value is not of this key, or the document cannot be read.
pub fn archive_imprint(
    unfinished: &str,
    signatory: &Signatory,
    value: &[u8],
    additions: &[Addition],
    place: Place<'_>,
    detached: &[u8],
) -> Result<Vec<u8>, Error> {
    archive::imprint(unfinished, signatory, value, additions, place, detached)
}

/// The signature, or the document that has it. `value` is what the key made, ECDSA in DER.
///
/// # Errors
/// When this is not what [`prepare`] made, or the value is not of this key.
pub fn finish(
    unfinished: &str,
    signatory: &Signatory,
    value: &[u8],
    additions: &[Addition],
    place: Place<'_>,
) -> Result<Vec<u8>, Error> {
    let alone = || finish_alone(unfinished, signatory, value, additions);
    match place {
        Place::Detached => Ok(alone()?.into_bytes()),
        Place::Around(document) => {
            Ok(element::finished(unfinished, &encoded(signatory, value)?, additions, Some(document))?.into_bytes())
        }
        Place::Within { document, spot } => spot.fill(document, &alone()?),
    }
}

/// The signature by itself: one that stands in its document, or away from it.
///
/// # Errors
/// When this is not what [`prepare`] made, or the value is not of this key.
pub fn finish_alone(
    unfinished: &str,
    signatory: &Signatory,
    value: &[u8],
    additions: &[Addition],
) -> Result<String, Error> {
    element::finished(unfinished, &encoded(signatory, value)?, additions, None)
}

/// What the signature has before and behind the Base64 of the document that stands in it.
///
/// # Errors
/// The same.
pub fn finish_around(
    unfinished: &str,
    signatory: &Signatory,
    value: &[u8],
    additions: &[Addition],
) -> Result<Around, Error> {
    element::around(&finish_alone(unfinished, signatory, value, additions)?)
}

/// What is to be stored of an enveloped signature between the steps: where it goes, and the element.
#[must_use]
pub fn stored(spot: &Spot, unfinished: &str) -> String {
    spot.line() + unfinished
}

/// What was stored: the element, before it where it goes if that is inside a document.
///
/// # Errors
/// When it is neither.
pub fn restored(stored: &str) -> Result<(Option<Spot>, &str), Error> {
    if stored.starts_with('<') {
        return Ok((None, stored));
    }
    let (line, unfinished) = stored.split_once('\n').ok_or(Error::Unfinished)?;
    Ok((Some(Spot::parse(line).ok_or(Error::Unfinished)?), unfinished))
}

/// The value as XML signatures have it (RFC 4050, 3.3: r and s, as long as the order of the curve).
fn encoded(signatory: &Signatory, value: &[u8]) -> Result<Vec<u8>, Error> {
    match algorithm::length(signatory)? {
        Some(length) => Ok(key::fixed(value, length)?),
        None => Ok(value.to_vec()),
    }
}

#[cfg(test)]
mod tests;
