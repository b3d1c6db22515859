//! PAdES of the levels that last: what a validator needs, in the document's security store, and at B-LTA a document
//! time-stamp over all of it (EN 319 142-1, 6). Around a digest there is no document to put that into: the client, who has
//! it, gets it beside the CMS, and stamps no document here.

use rsign_api::csc::documents::Document;
use rsign_api::document::Level;
use rsign_api::signer::SignedDocument;

use super::finish::{Finished, finish};
use super::{Documents, Error};
use crate::service::evidence::Found;

impl Documents {
    /// Puts a signature of a level that lasts together.
    pub(super) async fn lasting_pdf(
        &self,
        client: &str,
        document: &Document,
        signed: &SignedDocument,
        chain: &[Vec<u8>],
        stamp: Option<Vec<u8>>,
        found: &Found,
    ) -> Result<Finished, Error> {
        match finish(document, signed, chain, stamp)? {
            Finished::WithSignature(octets) => {
                let function = (document.level == Level::Lta).then(|| document.scheme.hash());
                Ok(Finished::WithSignature(self.augmentation.pdf(Some(client), octets, found, function).await?))
            }
            cms @ Finished::Object(_) => Ok(cms),
        }
    }
}
