//! PAdES: the CMS goes into the gap that the signer left in the PDF, or stands by itself where only a digest was given.
//!
//! At the levels that last the document's security store gets what a validator needs, and at B-LTA a document time-stamp over
//! all of it follows (EN 319 142-1, 6). Around a digest there is no document to put that into: the client, who has it, gets it
//! beside the CMS, and stamps no document here. No PDF is read here, and no CMS: it is put around what the signer formed.

use rsign_ades::pdf::Prepared;
use rsign_ades::{Signatory, cms};
use rsign_api::csc::documents::Document;
use rsign_api::document::Level;
use rsign_api::octets::Octets;
use rsign_api::signer::{DocumentSubject, SignedDocument};

use super::{Documents, Error, Finished, unfinished};
use crate::service::evidence::Found;

impl Documents {
    /// Puts a signature together, with what its level adds.
    pub(super) async fn pdf(
        &self,
        client: &str,
        document: &Document,
        signed: &SignedDocument,
        signatory: &Signatory,
        (stamp, found): (Option<Vec<u8>>, &Found),
    ) -> Result<Finished, Error> {
        let octets = match &document.subject {
            DocumentSubject::Digest(_) => {
                let cms = finish(&signed.prepared, &signed.signature, signatory, stamp).map_err(unfinished)?;
                return Ok(Finished::Object(cms));
            }
            DocumentSubject::Document(octets) => octets,
        };
        let length = usize::try_from(octets.len()).map_err(unfinished)?;
        let Prepared { attributes, update } = Prepared::from_octets(&signed.prepared, length).map_err(unfinished)?;
        let cms = finish(&attributes, &signed.signature, signatory, stamp).map_err(unfinished)?;
        let appended = update.fill(&cms).map_err(unfinished)?;
        let pdf = Octets::joined(vec![octets.clone(), appended.into()]);
        if document.level < Level::Lt {
            return Ok(Finished::WithSignature(pdf));
        }
        let function = (document.level == Level::Lta).then(|| document.scheme.hash());
        Ok(Finished::WithSignature(self.augmentation.pdf(Some(client), pdf, found, function).await?))
    }
}

fn finish(
    attributes: &[u8],
    signature: &[u8],
    signatory: &Signatory,
    stamp: Option<Vec<u8>>,
) -> Result<Vec<u8>, cms::Error> {
    let unsigned: Vec<_> = stamp.map(cms::Attribute::signature_time_stamp).transpose()?.into_iter().collect();
    cms::finish(&cms::Signed {
        signatory,
        content_type: cms::DATA,
        content: None,
        attributes,
        signature,
        certificates: &[],
        crls: &[],
        ocsp: &[],
        unsigned: &unsigned,
    })
}
