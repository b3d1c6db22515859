//! What becomes of a signature. What of it is foreign, its time-stamps, its evidence, and the document that it goes into beside
//! others or with all that it is validated with, is read and put together by the signer's helper process; here it is fetched and
//! handed over.
//!
//! Signatures of B-B are put together here, but for those that go beside others: nothing is parsed for that. CMS, JSON and XML
//! around them, and what is appended to a PDF, are the signer's and ours; the document is not looked at, and where in it a
//! signature goes the signer has found.

use rsign_ades::completion::{Known, Signature};
use rsign_ades::{Hasher, Signatory, xml};
use rsign_api::bytes::Bytes;
use rsign_api::csc::documents::Document;
use rsign_api::document::{Envelope, Format, Level};
use rsign_api::octets::Octets;
use rsign_api::parts::{self, Part};
use rsign_api::signer::{
    ArchiveStamp, CompleteSignature, CompletedSignature, DocumentSubject, EvidenceOctets, KnownDocument, SignedDocument,
};

use super::{Documents, Error, Finished, unfinished};
use crate::service::evidence::Found;

/// Longest document that is needed as a whole.
pub(super) const MOST: u64 = xml::LIMIT as u64;

impl Documents {
    /// Puts a signature together, with what its level adds.
    pub(super) async fn completed(
        &self,
        client: &str,
        document: &Document,
        signed: &SignedDocument,
        signatory: &Signatory,
        (stamp, found): (Option<Vec<u8>>, &Found),
    ) -> Result<Finished, Error> {
        let mut parts = if document.level == Level::B && document.envelope != Envelope::Parallel {
            signature(document, signed, signatory).finish().map_err(unfinished)?
        } else {
            let ask = ask(document, signed, signatory, stamp, found).await?;
            let ask = CompleteSignature { client: Some(client.to_owned()), ..ask };
            self.by_signer(document, ask).await?
        };
        let is_alone = document.envelope == Envelope::Detached || octets(document).is_none();
        match (is_alone, parts.pop()) {
            (true, Some(Part::Octets(octets))) if parts.is_empty() => Ok(Finished::Object(octets.0)),
            (true, _) | (_, None) => Err(odd()),
            (false, Some(last)) => {
                parts.push(last);
                Ok(Finished::WithSignature(parts::joined(parts, octets(document)).map_err(unfinished)?))
            }
        }
    }

    /// The signer's helper puts it together; at B-LTA it first says what the time-stamp on all of it is to be over.
    async fn by_signer(&self, document: &Document, ask: CompleteSignature) -> Result<Vec<Part>, Error> {
        if document.level < Level::Lta {
            return self.parts(ask).await;
        }
        let wanted = CompleteSignature { archive: Some(ArchiveStamp::Wanted), ..ask.clone() };
        let imprint = match self.signer.complete_signature(wanted).await {
            Ok(CompletedSignature::Imprint(imprint)) => imprint.0,
            Ok(CompletedSignature::Parts(_)) => return Err(odd()),
            Err(error) => return Err(Error::Uncompleted(error)),
        };
        let token = ArchiveStamp::Token(Bytes(self.archive(document, imprint).await?));
        self.parts(CompleteSignature { archive: Some(token), ..ask }).await
    }

    /// Its parts. Few are on their way at the same time, of all calls: what others put into a document may be long.
    async fn parts(&self, ask: CompleteSignature) -> Result<Vec<Part>, Error> {
        let _turn = self.completing.acquire().await.map_err(unfinished)?;
        match self.signer.complete_signature(ask).await {
            Ok(CompletedSignature::Parts(parts)) => Ok(parts),
            Ok(CompletedSignature::Imprint(_)) => Err(odd()),
            Err(error) => Err(Error::Uncompleted(error)),
        }
    }
}

/// The octets that a time-stamp on the signature is over. In XML that is a canonical form, of the element that the signer
/// formed: nothing of the document is in it.
pub(super) fn to_be_stamped(
    document: &Document,
    signed: &SignedDocument,
    signatory: &Signatory,
) -> Result<Vec<u8>, Error> {
    signature(document, signed, signatory).to_be_stamped().map_err(unfinished)
}

/// Whether the document is longer than it may be where it becomes text, or is needed as a whole: asked before it is signed.
pub(super) fn is_too_long(document: &Document) -> bool {
    let whole = match document.format {
        Format::Jades | Format::Xades => document.envelope != Envelope::Detached || document.level == Level::Lta,
        Format::Cades => document.envelope == Envelope::Parallel,
        Format::Pades => false,
    };
    whole && octets(document).is_some_and(|octets| octets.len() > MOST)
}

/// With nothing added.
fn signature<'a>(document: &Document, signed: &'a SignedDocument, signatory: &'a Signatory) -> Signature<'a> {
    Signature {
        format: document.format,
        envelope: document.envelope,
        signatory,
        prepared: &signed.prepared,
        value: &signed.signature,
        additions: &[],
        document: Known { length: octets(document).map(Octets::len), ..Known::default() },
    }
}

/// What the signer is asked, but for an archive time-stamp.
async fn ask(
    document: &Document,
    signed: &SignedDocument,
    signatory: &Signatory,
    stamp: Option<Vec<u8>>,
    found: &Found,
) -> Result<CompleteSignature, Error> {
    let bytes = |all: &[Vec<u8>]| all.iter().cloned().map(Bytes).collect();
    let Found { certificates, crls, ocsp } = found;
    let evidence = || EvidenceOctets { certificates: bytes(certificates), crls: bytes(crls), ocsp: bytes(ocsp) };
    Ok(CompleteSignature {
        format: document.format,
        envelope: document.envelope,
        scheme: document.scheme,
        chain: bytes(&signatory.chain),
        signed: signed.clone(),
        subject: known(document).await?,
        stamp: stamp.map(Bytes),
        evidence: (document.level >= Level::Lt).then(evidence),
        archive: None,
        client: None,
    })
}

/// What the signer has to know of a document: no more goes there.
async fn known(document: &Document) -> Result<KnownDocument, Error> {
    let lasting = document.level == Level::Lta;
    let read = match document.format {
        Format::Cades => document.envelope == Envelope::Parallel,
        Format::Jades | Format::Xades => document.envelope == Envelope::Parallel || lasting,
        Format::Pades => document.level >= Level::Lt,
    };
    let (length, digest) = match &document.subject {
        DocumentSubject::Document(octets) if read => return Ok(KnownDocument::Document(octets.clone())),
        DocumentSubject::Document(octets) if lasting => {
            let (function, whole) = (document.scheme.hash(), octets.clone());
            let hashed = tokio::task::spawn_blocking(move || Hasher::over(function, &whole)).await;
            let hashed = hashed.map_err(unfinished)?.map_err(unfinished)?;
            (Some(octets.len()), Some(Bytes(hashed.finish())))
        }
        DocumentSubject::Document(octets) => (Some(octets.len()), None),
        DocumentSubject::Digest(digest) => (None, Some(digest.clone())),
    };
    Ok(KnownDocument::Elsewhere { length, digest })
}

const fn octets(document: &Document) -> Option<&Octets> {
    match &document.subject {
        DocumentSubject::Document(octets) => Some(octets),
        DocumentSubject::Digest(_) => None,
    }
}

fn odd() -> Error {
    unfinished("the signer gave something else than was asked")
}
