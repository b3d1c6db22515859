//! CAdES of the levels that last: B-LT with what a validator needs besides its roots, B-LTA with a time-stamp on all of
//! that (EN 319 122-1, 6).

use rsign_ades::{Hasher, Signatory, cms};
use rsign_api::csc::documents::Document;
use rsign_api::document::{Format, Level};
use rsign_api::signer::{DocumentSubject, Refusal, SignedDocument};

use super::finish::{self, Finished};
use super::{Documents, Error};
use crate::port::signer;
use crate::service::evidence::Found;
use crate::service::signing;

impl Documents {
    /// Puts a signature of a level that lasts together.
    pub(super) async fn lasting(
        &self,
        document: &Document,
        signed: &SignedDocument,
        chain: &[Vec<u8>],
        stamp: Option<Vec<u8>>,
        found: &Found,
    ) -> Result<Finished, Error> {
        if document.format != Format::Cades {
            return Err(signing::Error::Signer(signer::Error::Refused(Refusal::Format)).into());
        }
        let signatory = Signatory { chain: chain.to_vec(), scheme: document.scheme };
        let stamp = stamp.ok_or_else(|| Error::Unfinished("there is no time-stamp".into()))?;
        let mut unsigned = vec![cms::Attribute::signature_time_stamp(stamp).map_err(unfinished)?];
        if document.level == Level::Lta {
            let parts = parts(signed, &signatory, found, &unsigned);
            let archive = cms::Archive::prepare(&parts, &digest(document).await?).map_err(unfinished)?;
            let token = self.archive(document, archive.imprint.clone()).await?;
            unsigned.push(archive.attribute(&token).map_err(unfinished)?);
        }
        finish::around(document, &parts(signed, &signatory, found, &unsigned)).map_err(unfinished)
    }
}

/// Of a signature whose content, if it has one inside, is put there by whoever finishes it.
pub(super) fn parts<'a>(
    signed: &'a SignedDocument,
    signatory: &'a Signatory,
    found: &'a Found,
    unsigned: &'a [cms::Attribute],
) -> cms::Signed<'a> {
    cms::Signed {
        signatory,
        content_type: cms::DATA,
        content: None,
        attributes: &signed.prepared,
        signature: &signed.signature,
        certificates: &found.certificates,
        crls: &found.crls,
        ocsp: &found.ocsp,
        unsigned,
    }
}

/// Of what is signed, by the scheme's hash function.
async fn digest(document: &Document) -> Result<Vec<u8>, Error> {
    let hash = document.scheme.hash();
    match document.subject.clone() {
        DocumentSubject::Digest(digest) => Ok(digest.0),
        DocumentSubject::Document(octets) => {
            let hashed = tokio::task::spawn_blocking(move || Hasher::over(hash, &octets)).await;
            Ok(hashed.map_err(finish::unfinished)?.map_err(finish::unfinished)?.finish())
        }
    }
}

fn unfinished(error: cms::Error) -> Error {
    Error::Unfinished(error.into())
}
