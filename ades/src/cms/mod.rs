//! CMS `SignedData` (RFC 5652) with the attributes of CAdES (EN 319 122-1), in two steps: [`prepare`] forms the signed
//! attributes, [`finish`] puts signature and certificates around them.
//!
//! The octets between the steps are the DER of a SET OF: what is hashed and signed, and what is stored.

mod algorithm;
mod archive;
mod attribute;
mod ber;
mod certificate;
mod certs_only;
mod parallel;
mod property;
mod signed_data;
mod stored;
mod tlv;
mod token;

use std::time::SystemTime;

use der::asn1::ObjectIdentifier;
use rsign_api::objection::Reason;

pub use archive::Archive;
pub use attribute::Attribute;
pub use certs_only::certificates_only;
pub use parallel::Existing;
pub use property::{NAMES, read as read_properties};
pub use signed_data::{Signed, finish, finish_around, finish_bare};
pub(crate) use stored::Stored;
pub use token::certificates as token_certificates;

pub use crate::Around;
use crate::Signatory;

/// `id-data`: any octets.
pub const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");

/// Why something could not be formed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was given is no DER, or is too long for it.
    #[error("this is not what DER can say: {0}")]
    Der(#[from] der::Error),
    /// Nobody signs.
    #[error("the signer has no certificate")]
    NoCertificate,
    /// The digest is not of the scheme's hash function.
    #[error("the digest is not of the scheme's hash function")]
    Digest,
    /// The clock says something that no time of ASN.1 can.
    #[error("the signing time cannot be written")]
    Time,
    /// The document is no CMS that a signature can be put beside.
    #[error("no signature can be put beside those of this document: {1}")]
    Parallel(Reason, &'static str),
    /// The signature is none that gets another archive time-stamp here.
    #[error("{0}")]
    Stored(&'static str),
}

/// What a signature is to say.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Type of the content, [`DATA`] for documents.
    pub content_type: ObjectIdentifier,
    /// Digest of the content, by the hash function of the signatory's scheme.
    pub digest: &'a [u8],
    /// `signing-time`: mandatory in CAdES, forbidden in PAdES, whose time stands in the PDF.
    pub signing_time: Option<SystemTime>,
    /// Further signed attributes.
    pub properties: &'a [Attribute],
}

/// The signed attributes, a DER SET OF: their hash is what the key signs.
///
/// # Errors
/// See [`Error`].
pub fn prepare(wanted: &Wanted<'_>, signatory: &Signatory) -> Result<Vec<u8>, Error> {
    let hash = signatory.scheme.hash();
    if wanted.digest.len() != hash.len() {
        return Err(Error::Digest);
    }
    let certificate = signatory.chain.first().ok_or(Error::NoCertificate)?;
    let mut attributes = vec![
        Attribute::content_type(wanted.content_type)?,
        Attribute::message_digest(wanted.digest)?,
        Attribute::signing_certificate(hash, certificate)?,
    ];
    if let Some(time) = wanted.signing_time {
        attributes.push(Attribute::signing_time(time)?);
    }
    let members = attributes.iter().chain(wanted.properties).map(Attribute::to_der).collect::<Result<_, _>>()?;
    tlv::set_of(der::Tag::Set, members)
}

#[cfg(test)]
mod tests;
