//! CAdES of every level beside the signatures that a CMS has already.

use rsign_ades::{Signatory, cms};
use rsign_api::csc::documents::Document;
use rsign_api::document::Level;
use rsign_api::signer::SignedDocument;

use super::finish::{Finished, not_formed, unfinished};
use super::text::whole;
use super::{Documents, Error};
use crate::service::evidence::Found;

impl Documents {
    /// Puts a signature together, and into the CMS.
    pub(super) async fn beside(
        &self,
        document: &Document,
        signed: &SignedDocument,
        signatory: &Signatory,
        stamp: Option<Vec<u8>>,
        found: &Found,
    ) -> Result<Finished, Error> {
        let octets = whole(document)?.ok_or_else(not_formed)?;
        let existing = cms::Existing::read(&octets).map_err(unfinished)?;
        let mut all = Found { certificates: existing.certificates(), crls: existing.revocations(), ocsp: Vec::new() };
        if document.level >= Level::Lt {
            all.add(found.clone());
        }
        let stamp = stamp.map(cms::Attribute::signature_time_stamp).transpose().map_err(unfinished)?;
        let mut unsigned: Vec<_> = stamp.into_iter().collect();
        if document.level == Level::Lta {
            let digest = rsign_ades::digest(document.scheme.hash(), existing.content());
            let parts = parts(signed, signatory, &all, &unsigned);
            let archive = cms::Archive::prepare(&parts, &digest).map_err(unfinished)?;
            let token = self.archive(document, archive.imprint.clone()).await?;
            unsigned.push(archive.attribute(&token).map_err(unfinished)?);
        }
        let object = existing.with(&parts(signed, signatory, &all, &unsigned)).map_err(unfinished)?;
        Ok(Finished::WithSignature(object.into()))
    }
}

fn parts<'a>(
    signed: &'a SignedDocument,
    signatory: &'a Signatory,
    all: &'a Found,
    unsigned: &'a [cms::Attribute],
) -> cms::Signed<'a> {
    cms::Signed {
        signatory,
        content_type: cms::DATA,
        // It stays where it is.
        content: None,
        attributes: &signed.prepared,
        signature: &signed.signature,
        certificates: &all.certificates,
        crls: &all.crls,
        ocsp: &all.ocsp,
        unsigned,
    }
}
