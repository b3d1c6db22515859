//! One match on the format: what is signed around a document.

use std::time::SystemTime;

use rsign_ades::pdf::{self, Prepared, Said, Update};
use rsign_ades::{Format, Signatory, cms};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{DocumentSubject, DocumentToSign, Property, Refusal};

use super::Document;
use crate::pdf::{Fault, Wanted};
use crate::service::{Error, Result, Signer};

/// Room in a PDF for all of a CMS but its certificates: attributes, signature and a time-stamp on it.
const ROOM: usize = 12 << 10;

/// What the key signs, and what the format needs besides to finish.
#[derive(Debug)]
pub(super) struct Formed {
    /// By the scheme's hash function.
    pub(super) digest: Vec<u8>,
    /// Stored with the signature, and given out with it.
    pub(super) prepared: Vec<u8>,
}

impl Signer {
    /// Whether it can be formed at all: asked before anything is reserved. A PDF is read for that, and where the
    /// signature will stand in it comes back.
    pub(super) async fn formable(&self, asked: &DocumentToSign, chain: &[Bytes]) -> Result<Option<Update>> {
        match (asked.format, &asked.subject) {
            (Format::Cades, _) => attributes(&asked.properties).map(|_| None),
            (Format::Pades, DocumentSubject::Digest(_)) => {
                let said = said(&asked.properties)?;
                if said.is_of_document() { Err(Refusal::Property.into()) } else { Ok(None) }
            }
            (Format::Pades, DocumentSubject::Document(octets)) => {
                said(&asked.properties)?;
                let wanted = Wanted {
                    envelope: asked.envelope,
                    properties: &asked.properties,
                    at: self.wall_clock(),
                    reserve: ROOM + chain.iter().map(|der| der.len()).sum::<usize>(),
                };
                self.pdf.update(octets, wanted).await.map(Some).map_err(fault)
            }
            (Format::Xades | Format::Jades, _) => Err(Refusal::Format.into()),
        }
    }
}

/// Forms it. The document's digest is by the hash function of the signatory's scheme; the document itself, where
/// the signer has it, is in what was asked.
pub(super) fn form_one(document: &Document, signatory: &Signatory, at: SystemTime) -> Result<Formed> {
    match document.asked.format {
        Format::Cades => cades(&document.asked, &document.digest, signatory, at),
        Format::Pades => pades(document, signatory),
        Format::Xades | Format::Jades => Err(Refusal::Format.into()),
    }
}

fn cades(asked: &DocumentToSign, digest: &[u8], signatory: &Signatory, at: SystemTime) -> Result<Formed> {
    let prepared = prepare(digest, Some(at), &attributes(&asked.properties)?, signatory)?;
    Ok(Formed { digest: rsign_ades::digest(signatory.scheme.hash(), &prepared), prepared })
}

/// The time is in the PDF. Of a digest, whoever made it says that it is of a `/ByteRange`.
fn pades(document: &Document, signatory: &Signatory) -> Result<Formed> {
    let properties = said(&document.asked.properties)?.attributes().map_err(|_| Refusal::Property)?;
    let hash = signatory.scheme.hash();
    match (&document.asked.subject, &document.update) {
        (DocumentSubject::Digest(digest), _) => {
            let prepared = prepare(digest, None, &properties, signatory)?;
            Ok(Formed { digest: rsign_ades::digest(hash, &prepared), prepared })
        }
        (DocumentSubject::Document(octets), Some(update)) => {
            // One pass: what was approved is what is signed, with nothing but the update behind it.
            let digests = update.digests(octets, hash);
            if digests.original != document.digest {
                return Err(Error::Incident("an update of another document".to_owned()));
            }
            let attributes = prepare(&digests.byte_range, None, &properties, signatory)?;
            let digest = rsign_ades::digest(hash, &attributes);
            Ok(Formed { digest, prepared: Prepared { attributes, update: update.clone() }.to_octets() })
        }
        (DocumentSubject::Document(_), None) => Err(Error::Incident("a PDF without its update".to_owned())),
    }
}

fn prepare(
    digest: &[u8],
    signing_time: Option<SystemTime>,
    properties: &[cms::Attribute],
    signatory: &Signatory,
) -> Result<Vec<u8>> {
    let wanted = cms::Wanted { content_type: cms::DATA, digest, signing_time, properties };
    cms::prepare(&wanted, signatory).map_err(|error| Error::Incident(error.to_string()))
}

fn attributes(properties: &[Property]) -> Result<Vec<cms::Attribute>> {
    cms::read_properties(named(properties)).map_err(|_| Refusal::Property.into())
}

fn said(properties: &[Property]) -> Result<Said> {
    pdf::read_properties(named(properties)).map_err(|_| Refusal::Property.into())
}

fn named(properties: &[Property]) -> impl Iterator<Item = (&str, Option<&str>)> {
    properties.iter().map(|property| (property.name.as_str(), property.value.as_deref()))
}

fn fault(fault: Fault) -> Error {
    tracing::warn!(reason = %fault, "a PDF was not signed");
    match fault {
        Fault::Refused(refusal, _) => refusal.into(),
        Fault::Busy => Refusal::Busy.into(),
        Fault::Unavailable(error) => Error::Incident(error.to_string()),
    }
}
