//! CAdES of the levels that last: B-LT with what a validator needs besides its roots, B-LTA with a time-stamp on all of
//! that (EN 319 122-1, 6).

use rsign_ades::{Signatory, cms};
use rsign_api::csc::documents::Document;
use rsign_api::csc::timestamp::Stampable;
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
            let parts = parts(document, signed, &signatory, found, &unsigned);
            let archive = cms::Archive::prepare(&parts, &digest(document)).map_err(unfinished)?;
            let algorithm = document.scheme.hash();
            let asked = Stampable { algorithm, hash: archive.imprint.clone(), nonce: None };
            let token = self.stamp(Some(asked)).await?;
            let token = token.ok_or_else(|| Error::Unfinished("there is no time-stamp".into()))?;
            unsigned.push(archive.attribute(&token).map_err(unfinished)?);
        }
        let parts = parts(document, signed, &signatory, found, &unsigned);
        let object = cms::finish(&parts).map_err(unfinished)?;
        Ok(if parts.content.is_some() { Finished::WithSignature(object) } else { Finished::Object(object) })
    }
}

fn parts<'a>(
    document: &'a Document,
    signed: &'a SignedDocument,
    signatory: &'a Signatory,
    found: &'a Found,
    unsigned: &'a [cms::Attribute],
) -> cms::Signed<'a> {
    cms::Signed {
        signatory,
        content_type: cms::DATA,
        content: finish::content(document),
        attributes: &signed.prepared,
        signature: &signed.signature,
        certificates: &found.certificates,
        crls: &found.crls,
        ocsp: &found.ocsp,
        unsigned,
    }
}

/// Of what is signed, by the scheme's hash function.
fn digest(document: &Document) -> Vec<u8> {
    match &document.subject {
        DocumentSubject::Digest(digest) => digest.0.clone(),
        DocumentSubject::Document(octets) => rsign_ades::digest(document.scheme.hash(), octets),
    }
}

fn unfinished(error: cms::Error) -> Error {
    Error::Unfinished(error.into())
}
