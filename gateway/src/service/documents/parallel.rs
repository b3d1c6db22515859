//! CAdES of every level beside the signatures that a CMS has already.

use rsign_ades::{Signatory, cms};
use rsign_api::csc::documents::Document;
use rsign_api::document::Level;
use rsign_api::signer::SignedDocument;

use super::cades::parts;
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
        let stamp = stamp.map(cms::Attribute::signature_time_stamp).transpose().map_err(unfinished)?;
        let found = if document.level >= Level::Lt { found.clone() } else { Found::default() };
        let unsigned = stamp.into_iter().collect();
        let (octets, signed, signatory) = (document.clone(), signed.clone(), signatory.clone());
        let mut work = Work { document: octets, signed, signatory, found, unsigned };
        if document.level == Level::Lta {
            let (archive, mut stamped) = self.reading.apart(move || Ok((work.archive()?, work))).await?;
            let token = self.archive(document, archive.imprint.clone()).await?;
            stamped.unsigned.push(archive.attribute(&token).map_err(unfinished)?);
            work = stamped;
        }
        self.reading.apart(move || work.finish()).await
    }
}

/// What is done with a document that is read for it.
struct Work {
    document: Document,
    signed: SignedDocument,
    signatory: Signatory,
    /// What the level wants.
    found: Found,
    unsigned: Vec<cms::Attribute>,
}

impl Work {
    /// What the archive time-stamp is to be over.
    fn archive(&self) -> Result<cms::Archive, Error> {
        let octets = whole(&self.document)?.ok_or_else(not_formed)?;
        let existing = cms::Existing::read(&octets).map_err(unfinished)?;
        let digest = rsign_ades::digest(self.document.scheme.hash(), existing.content());
        let all = self.all(&existing);
        cms::Archive::prepare(&parts(&self.signed, &self.signatory, &all, &self.unsigned), &digest).map_err(unfinished)
    }

    fn finish(&self) -> Result<Finished, Error> {
        let octets = whole(&self.document)?.ok_or_else(not_formed)?;
        let existing = cms::Existing::read(&octets).map_err(unfinished)?;
        let all = self.all(&existing);
        let object = existing.with(&parts(&self.signed, &self.signatory, &all, &self.unsigned)).map_err(unfinished)?;
        Ok(Finished::WithSignature(object.into()))
    }

    /// With what the document holds.
    fn all(&self, existing: &cms::Existing<'_>) -> Found {
        let mut all = Found { certificates: existing.certificates(), crls: existing.revocations(), ocsp: Vec::new() };
        all.add(self.found.clone());
        all
    }
}
