//! One match on the format: what a signature becomes that is CMS or stands in a PDF. JSON and XML have their own files.

use rsign_ades::pdf::Prepared;
use rsign_ades::{Signatory, cms};
use rsign_api::bytes::Bytes;
use rsign_api::csc::documents::Document;
use rsign_api::document::{Envelope, Format};
use rsign_api::octets::Octets;
use rsign_api::signer::{DocumentSubject, Refusal, SignedDocument};

use super::{Error, jades, xades};
use crate::port::signer;
use crate::service::signing;

/// A result, and which of the answer's lists it belongs to.
#[derive(Debug)]
pub(super) enum Finished {
    /// It holds the document.
    WithSignature(Octets),
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
            let length = usize::try_from(octets.len()).map_err(unfinished)?;
            let Prepared { attributes, update } =
                Prepared::from_octets(&signed.prepared, length).map_err(unfinished)?;
            let signed = SignedDocument { signature: signed.signature.clone(), prepared: Bytes(attributes) };
            let signatory = Signatory { chain: chain.to_vec(), scheme: document.scheme };
            let unsigned = stamps(stamp).map_err(unfinished)?;
            let cms = cms::finish(&parts(&signatory, &signed, &unsigned)).map_err(unfinished)?;
            let appended = update.fill(&cms).map_err(unfinished)?;
            Ok(Finished::WithSignature(Octets::joined(vec![octets.clone(), appended.into()])))
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
    let unsigned = stamps(stamp)?;
    around(document, &parts(&signatory, signed, &unsigned))
}

/// A CMS, around its document if it is attached.
pub(super) fn around(document: &Document, parts: &cms::Signed<'_>) -> Result<Finished, cms::Error> {
    match (&document.subject, document.envelope) {
        (DocumentSubject::Document(octets), Envelope::Attached) => {
            let cms::Around { before, after } = cms::finish_around(parts, octets.len())?;
            Ok(Finished::WithSignature(Octets::joined(vec![before.into(), octets.clone(), after.into()])))
        }
        _ => cms::finish(parts).map(Finished::Object),
    }
}

fn parts<'a>(signatory: &'a Signatory, signed: &'a SignedDocument, unsigned: &'a [cms::Attribute]) -> cms::Signed<'a> {
    cms::Signed {
        signatory,
        content_type: cms::DATA,
        content: None,
        attributes: &signed.prepared,
        signature: &signed.signature,
        certificates: &[],
        crls: &[],
        ocsp: &[],
        unsigned,
    }
}

fn stamps(stamp: Option<Vec<u8>>) -> Result<Vec<cms::Attribute>, cms::Error> {
    Ok(stamp.map(cms::Attribute::signature_time_stamp).transpose()?.into_iter().collect())
}

/// What the signer prepared, in the formats that are text.
pub(super) fn text(signed: &SignedDocument) -> Result<&str, Error> {
    std::str::from_utf8(&signed.prepared).map_err(unfinished)
}

pub(super) fn unfinished(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unfinished(error.into())
}

pub(super) fn not_formed() -> Error {
    signing::Error::Signer(signer::Error::Refused(Refusal::Format)).into()
}
