//! PAdES: around the digest of a `/ByteRange` that the client made, or in a PDF that a helper process has read.

use std::time::SystemTime;

use rsign_ades::pdf::{self, Prepared, Said, Update};
use rsign_ades::{Hasher, Signatory, cms};
use rsign_api::objection::Reason;
use rsign_api::signer::{DocumentSubject, DocumentToSign, Property, Refusal};
use rsign_api::timestamp;

use super::form::{Formed, unsaid};
use crate::foreign::{Fault, Foreign, Wanted};
use crate::service::{Error, Result};

/// Room in a PDF for all of a CMS but its certificates and signed attributes: the signature, and a time-stamp on it.
const ROOM: usize = (2 << 10) + timestamp::LONGEST;

/// See [`super::Signer::formable`].
pub(super) async fn formable(
    helpers: &dyn Foreign,
    client: &str,
    asked: &DocumentToSign,
    signatory: &Signatory,
    at: SystemTime,
) -> Result<Option<Update>> {
    let said = said(&asked.properties)?;
    match &asked.subject {
        DocumentSubject::Digest(_) if said.is_of_document() => Err(Reason::NeedsDocument.into()),
        DocumentSubject::Digest(_) => Ok(None),
        DocumentSubject::Document(octets) => {
            let attributes = attributes(asked, &vec![0; signatory.scheme.hash().len()], signatory)?;
            let reserve = ROOM + attributes.len() + signatory.chain.iter().map(Vec::len).sum::<usize>();
            let wanted = Wanted { envelope: asked.envelope, properties: &asked.properties, at, reserve };
            helpers.update(client, octets, wanted).await.map(Some).map_err(fault)
        }
    }
}

/// The time is in the PDF. Of a digest, whoever made it says that it is of a `/ByteRange`.
pub(super) fn form(
    asked: &DocumentToSign,
    digest: &[u8],
    found: Option<(&Update, &Hasher)>,
    signatory: &Signatory,
) -> Result<Formed> {
    let hash = signatory.scheme.hash();
    match (&asked.subject, found) {
        (DocumentSubject::Digest(_), _) => {
            let prepared = attributes(asked, digest, signatory)?;
            Ok(Formed { digest: rsign_ades::digest(hash, &prepared), prepared })
        }
        (DocumentSubject::Document(_), Some((update, original))) => {
            // What was hashed to see whether it was approved is what is signed, with nothing but the update behind it.
            let digests = update.digests_after(original);
            if digests.original != digest {
                return Err(Error::Incident("an update of another document".to_owned()));
            }
            let attributes = attributes(asked, &digests.byte_range, signatory)?;
            let digest = rsign_ades::digest(hash, &attributes);
            Ok(Formed { digest, prepared: Prepared { attributes, update: update.clone() }.to_octets() })
        }
        (DocumentSubject::Document(_), None) => Err(Error::Incident("a PDF without its update".to_owned())),
    }
}

/// The signed attributes around this digest.
fn attributes(asked: &DocumentToSign, digest: &[u8], signatory: &Signatory) -> Result<Vec<u8>> {
    let properties = said(&asked.properties)?.attributes().map_err(unsaid)?;
    let wanted = cms::Wanted { content_type: cms::DATA, digest, signing_time: None, properties: &properties };
    cms::prepare(&wanted, signatory).map_err(|error| Error::Incident(error.to_string()))
}

fn said(properties: &[Property]) -> Result<Said> {
    let named = properties.iter().map(|property| (property.name.as_str(), property.value.as_deref()));
    pdf::read_properties(named).map_err(unsaid)
}

/// What is answered where a document could not be read.
pub(in crate::service) fn fault(fault: Fault) -> Error {
    tracing::warn!(reason = %fault, "a document was not signed");
    match fault {
        Fault::Unfit(reason, _) => reason.into(),
        Fault::Refused(refusal, _) => refusal.into(),
        Fault::Busy => Refusal::Busy.into(),
        Fault::Unavailable(error) => Error::Incident(error.to_string()),
    }
}
