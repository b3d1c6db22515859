//! One match on the format: what a signature becomes that is CMS or stands in a PDF. JSON and XML have their own files.

use rsign_ades::pdf::Prepared;
use rsign_ades::{Signatory, cms};
use rsign_api::bytes::Bytes;
use rsign_api::csc::documents::Document;
use rsign_api::document::{Envelope, Format};
use rsign_api::signer::{DocumentSubject, Refusal, SignedDocument};

use super::{Error, jades, xades};
use crate::port::signer;
use crate::service::signing;

/// A result, and which of the answer's lists it belongs to.
#[derive(Debug)]
pub(super) enum Finished {
    /// It holds the document.
    WithSignature(Vec<u8>),
    /// It stands by itself.
    Object(Vec<u8>),
}

/// The octets that a time-stamp on the signature is over.
pub(super) fn stamped(document: &Document, signed: &SignedDocument, chain: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let signatory = Signatory { chain: chain.to_vec(), scheme: document.scheme };
    match document.format {
        Format::Cades | Format::Pades => Ok(signed.signature.0.clone()),
        Format::Jades => jades::stamped(&signatory, signed),
        Format::Xades => xades::stamped(&signatory, signed),
    }
}

/// Puts signature, certificates and time-stamp together, in CMS or in a PDF.
pub(super) fn finish(
    document: &Document,
    signed: &SignedDocument,
    chain: &[Vec<u8>],
    stamp: Option<Vec<u8>>,
) -> Result<Finished, Error> {
    match document.format {
        Format::Pades => pades(document, signed, chain, stamp),
        _ => cades(document, signed, chain, stamp).map_err(unfinished),
    }
}

/// A CMS where the client made the update, the whole PDF where the signer did.
fn pades(
    document: &Document,
    signed: &SignedDocument,
    chain: &[Vec<u8>],
    stamp: Option<Vec<u8>>,
) -> Result<Finished, Error> {
    match &document.subject {
        DocumentSubject::Digest(_) => cades(document, signed, chain, stamp).map_err(unfinished),
        DocumentSubject::Document(octets) => {
            let Prepared { attributes, update } =
                Prepared::from_octets(&signed.prepared, octets.len()).map_err(unfinished)?;
            let signed = SignedDocument { signature: signed.signature.clone(), prepared: Bytes(attributes) };
            let (Finished::Object(cms) | Finished::WithSignature(cms)) =
                cades(document, &signed, chain, stamp).map_err(unfinished)?;
            let appended = update.fill(&cms).map_err(unfinished)?;
            Ok(Finished::WithSignature([octets.0.as_slice(), &appended].concat()))
        }
    }
}

fn cades(
    document: &Document,
    signed: &SignedDocument,
    chain: &[Vec<u8>],
    stamp: Option<Vec<u8>>,
) -> Result<Finished, cms::Error> {
    let signatory = Signatory { chain: chain.to_vec(), scheme: document.scheme };
    let content = content(document);
    let unsigned: Vec<_> = stamp.map(cms::Attribute::signature_time_stamp).transpose()?.into_iter().collect();
    let object = cms::finish(&cms::Signed {
        signatory: &signatory,
        content_type: cms::DATA,
        content,
        attributes: &signed.prepared,
        signature: &signed.signature,
        certificates: &[],
        crls: &[],
        ocsp: &[],
        unsigned: &unsigned,
    })?;
    Ok(if content.is_some() { Finished::WithSignature(object) } else { Finished::Object(object) })
}

/// What the signer prepared, in the formats that are text.
pub(super) fn text(signed: &SignedDocument) -> Result<&str, Error> {
    std::str::from_utf8(&signed.prepared).map_err(unfinished)
}

pub(super) fn unfinished(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unfinished(error.into())
}

/// What an attached signature holds.
pub(super) fn content(document: &Document) -> Option<&[u8]> {
    match (&document.subject, document.envelope) {
        (DocumentSubject::Document(octets), Envelope::Attached) => Some(octets.0.as_slice()),
        _ => None,
    }
}

pub(super) fn not_formed() -> Error {
    signing::Error::Signer(signer::Error::Refused(Refusal::Format)).into()
}
