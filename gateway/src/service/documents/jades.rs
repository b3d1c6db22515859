//! JAdES of every level (TS 119 182-1, 6).

use rsign_ades::{Addition, Signatory, jws};
use rsign_api::csc::documents::Document;
use rsign_api::document::{Envelope, Level};
use rsign_api::signer::SignedDocument;

use super::finish::{Finished, not_formed, text, unfinished};
use super::text::whole;
use super::{Documents, Error};

/// The octets that a time-stamp on the signature is over.
pub(super) fn stamped(signatory: &Signatory, signed: &SignedDocument) -> Result<Vec<u8>, Error> {
    jws::to_be_stamped(signatory, &signed.signature).map_err(unfinished)
}

impl Documents {
    /// Puts signature and additions together; those of all levels but the highest are given.
    pub(super) async fn jades(
        &self,
        document: &Document,
        signed: &SignedDocument,
        signatory: &Signatory,
        mut additions: Vec<Addition>,
    ) -> Result<Finished, Error> {
        let octets = whole(document)?;
        let octets = octets.as_deref();
        let beside;
        let content = match (octets, document.envelope) {
            (Some(document), Envelope::Attached) => jws::Content::Attached { document, media_type: None },
            // What the header says of the document is in what the signer prepared.
            (_, Envelope::Detached) => jws::Content::Detached { name: "", digest: &[], media_type: None },
            (Some(document), Envelope::Parallel) => {
                beside = jws::Signed::read(document).map_err(unfinished)?;
                jws::Content::Parallel(&beside)
            }
            _ => return Err(not_formed()),
        };
        let protected = text(signed)?;
        if document.level == Level::Lta {
            let octets = octets.ok_or_else(not_formed)?;
            let value = &signed.signature;
            let imprint = jws::archive_imprint(protected, &content, octets, signatory, value, &additions);
            additions.push(Addition::Archive(self.archive(document, imprint.map_err(unfinished)?).await?));
        }
        let jws = jws::finish(protected, &content, signatory, &signed.signature, &additions).map_err(unfinished)?;
        Ok(match content {
            jws::Content::Detached { .. } => Finished::Object(jws),
            _ => Finished::WithSignature(jws.into()),
        })
    }
}
