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
        if document.level == Level::Lta {
            let work = Work::new(document, signed, signatory, &additions);
            let imprint = self.reading.apart(move || work.imprint()).await?;
            additions.push(Addition::Archive(self.archive(document, imprint).await?));
        }
        let work = Work::new(document, signed, signatory, &additions);
        self.reading.apart(move || work.finish()).await
    }
}

/// What is done with a document that is read for it.
struct Work {
    document: Document,
    signed: SignedDocument,
    signatory: Signatory,
    additions: Vec<Addition>,
}

impl Work {
    fn new(document: &Document, signed: &SignedDocument, signatory: &Signatory, additions: &[Addition]) -> Self {
        let (document, signed) = (document.clone(), signed.clone());
        Self { document, signed, signatory: signatory.clone(), additions: additions.to_vec() }
    }

    /// What the archive time-stamp is to be over.
    fn imprint(&self) -> Result<Vec<u8>, Error> {
        let octets = whole(&self.document)?.ok_or_else(not_formed)?;
        let (beside, value) = (self.beside(Some(&octets))?, &self.signed.signature);
        let content = self.content(Some(&octets), beside.as_ref())?;
        let protected = text(&self.signed)?;
        jws::archive_imprint(protected, &content, &octets, &self.signatory, value, &self.additions).map_err(unfinished)
    }

    fn finish(&self) -> Result<Finished, Error> {
        let octets = whole(&self.document)?;
        let beside = self.beside(octets.as_deref())?;
        let content = self.content(octets.as_deref(), beside.as_ref())?;
        let (protected, value) = (text(&self.signed)?, &self.signed.signature);
        let jws = jws::finish(protected, &content, &self.signatory, value, &self.additions).map_err(unfinished)?;
        Ok(match content {
            jws::Content::Detached { .. } => Finished::Object(jws),
            _ => Finished::WithSignature(jws.into()),
        })
    }

    /// The document that has signatures already.
    fn beside(&self, octets: Option<&[u8]>) -> Result<Option<jws::Signed>, Error> {
        let octets = octets.filter(|_| self.document.envelope == Envelope::Parallel);
        octets.map(jws::Signed::read).transpose().map_err(unfinished)
    }

    fn content<'a>(
        &self,
        octets: Option<&'a [u8]>,
        beside: Option<&'a jws::Signed>,
    ) -> Result<jws::Content<'a>, Error> {
        match (octets, beside, self.document.envelope) {
            (Some(document), _, Envelope::Attached) => Ok(jws::Content::Attached { document, media_type: None }),
            // What the header says of the document is in what the signer prepared.
            (_, _, Envelope::Detached) => Ok(jws::Content::Detached { name: "", digest: &[], media_type: None }),
            (_, Some(beside), Envelope::Parallel) => Ok(jws::Content::Parallel(beside)),
            _ => Err(not_formed()),
        }
    }
}
