//! XAdES of every level (EN 319 132-1, 6).

use rsign_ades::xml::{self, Place, Spot};
use rsign_ades::{Addition, Signatory};
use rsign_api::csc::documents::Document;
use rsign_api::document::{Envelope, Level};
use rsign_api::signer::SignedDocument;

use super::finish::{Finished, not_formed, text, unfinished};
use super::text::whole;
use super::{Documents, Error};

/// The octets that a time-stamp on the signature is over.
pub(super) fn stamped(signatory: &Signatory, signed: &SignedDocument) -> Result<Vec<u8>, Error> {
    let (_, element) = xml::restored(text(signed)?).map_err(unfinished)?;
    xml::to_be_stamped(element, signatory, &signed.signature).map_err(unfinished)
}

impl Documents {
    /// Puts signature and additions together; those of all levels but the highest are given.
    pub(super) async fn xades(
        &self,
        document: &Document,
        signed: &SignedDocument,
        signatory: &Signatory,
        mut additions: Vec<Addition>,
    ) -> Result<Finished, Error> {
        if document.level == Level::Lta {
            let imprint = self.archive_imprint(document, signed, signatory, &additions).await?;
            additions.push(Addition::Archive(self.archive(document, imprint).await?));
        }
        let (document, signed, signatory) = (document.clone(), signed.clone(), signatory.clone());
        let finished = self.reading.apart(move || {
            let (spot, element) = xml::restored(text(&signed)?).map_err(unfinished)?;
            let octets = whole(&document)?;
            let place = place(document.envelope, octets.as_deref(), spot.as_ref())?;
            let signature = xml::finish(element, &signatory, &signed.signature, &additions, place);
            let signature = signature.map_err(unfinished)?;
            Ok(match place {
                Place::Detached => Finished::Object(signature),
                Place::Around(_) | Place::Within { .. } => Finished::WithSignature(signature.into()),
            })
        });
        finished.await
    }

    /// What the archive time-stamp is to be over. For that the document, if the signature is in it, is read once more (the
    /// signer has read and taken it before).
    async fn archive_imprint(
        &self,
        document: &Document,
        signed: &SignedDocument,
        signatory: &Signatory,
        additions: &[Addition],
    ) -> Result<Vec<u8>, Error> {
        let (document, signed) = (document.clone(), signed.clone());
        let (signatory, additions) = (signatory.clone(), additions.to_vec());
        let imprint = self.reading.apart(move || {
            let octets = whole(&document)?.ok_or_else(not_formed)?;
            let (spot, element) = xml::restored(text(&signed)?).map_err(unfinished)?;
            let place = place(document.envelope, Some(&octets), spot.as_ref())?;
            xml::archive_imprint(element, &signatory, &signed.signature, &additions, place, &octets).map_err(unfinished)
        });
        imprint.await
    }
}

fn place<'a>(envelope: Envelope, octets: Option<&'a [u8]>, spot: Option<&'a Spot>) -> Result<Place<'a>, Error> {
    match (octets, envelope) {
        (Some(document), Envelope::Enveloped) => Ok(Place::Within { document, spot: spot.ok_or_else(not_formed)? }),
        (Some(octets), Envelope::Enveloping) => Ok(Place::Around(octets)),
        (_, Envelope::Detached) => Ok(Place::Detached),
        _ => Err(not_formed()),
    }
}
