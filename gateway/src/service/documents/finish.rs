//! One match on the format: what a signature becomes.

use rsign_ades::{Signatory, cms};
use rsign_api::csc::documents::Document;
use rsign_api::document::{Envelope, Format};
use rsign_api::signer::{DocumentSubject, Refusal, SignedDocument};

use super::Error;
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
pub(super) fn stamped(document: &Document, signed: &SignedDocument) -> Result<Vec<u8>, Error> {
    match document.format {
        Format::Cades => Ok(signed.signature.0.clone()),
        Format::Pades | Format::Xades | Format::Jades => Err(not_formed()),
    }
}

/// Puts signature, certificates and time-stamp together.
pub(super) fn finish(
    document: &Document,
    signed: &SignedDocument,
    chain: &[Vec<u8>],
    stamp: Option<Vec<u8>>,
) -> Result<Finished, Error> {
    match document.format {
        Format::Cades => cades(document, signed, chain, stamp).map_err(|error| Error::Unfinished(error.into())),
        Format::Pades | Format::Xades | Format::Jades => Err(not_formed()),
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

/// What an attached signature holds.
pub(super) fn content(document: &Document) -> Option<&[u8]> {
    match (&document.subject, document.envelope) {
        (DocumentSubject::Document(octets), Envelope::Attached) => Some(octets.0.as_slice()),
        _ => None,
    }
}

fn not_formed() -> Error {
    signing::Error::Signer(signer::Error::Refused(Refusal::Format)).into()
}
