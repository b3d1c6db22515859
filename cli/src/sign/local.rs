//! Signatures that are formed here, for services that sign hashes only: PAdES baseline B-B in a PDF, and beside any other
//! file a detached CAdES baseline B-B.

use std::time::SystemTime;

use anyhow::Context as _;
use rsign_ades::pdf::{self, Kind, Limits, Request, Update};
use rsign_ades::{Signatory, cms};
use rsign_api::algorithm::{HashAlgorithm, Scheme};

use super::keys::Credential;
use super::plan::{File, Form};

/// Room in a PDF for all of a CMS but its certificates.
const ROOM: usize = 8 << 10;

/// A signature that lacks only the signature value.
#[derive(Debug)]
pub(super) struct Formed<'a> {
    /// SHA-256 of the signed attributes: the DTBS/R, 32 bytes.
    pub(super) digest: Vec<u8>,
    attributes: Vec<u8>,
    signatory: Signatory,
    /// The PDF, and what is appended to it.
    update: Option<(&'a [u8], Update)>,
}

impl<'a> Formed<'a> {
    /// Forms what is to be signed over a file with this credential.
    pub(super) fn prepare(file: &'a File, credential: &Credential, now: SystemTime) -> anyhow::Result<Self> {
        let hash = HashAlgorithm::Sha256;
        let signatory = Signatory { chain: credential.chain.clone(), scheme: scheme(credential.algorithm) };
        let update = match file.form {
            Form::Pades => {
                let reserve = ROOM + signatory.chain.iter().map(Vec::len).sum::<usize>();
                let request = Request { reserve, ..Request::new(Kind::Revision, now) };
                let update = pdf::prepare(&file.content, &request, &Limits::default());
                Some(update.with_context(|| format!("{} is not signed", file.path.display()))?)
            }
            _ => None,
        };
        let digest = match &update {
            Some(update) => update.digests(&file.content, hash).byte_range,
            None => rsign_ades::digest(hash, &file.content),
        };
        let wanted = cms::Wanted {
            content_type: cms::DATA,
            digest: &digest,
            // A PDF says it itself (EN 319 142-1, 6.3).
            signing_time: update.is_none().then_some(now),
            properties: &[],
        };
        let attributes = cms::prepare(&wanted, &signatory).context("the service shows no fitting certificate")?;
        let update = update.map(|update| (file.content.as_slice(), update));
        Ok(Self { digest: rsign_ades::digest(hash, &attributes), attributes, signatory, update })
    }

    /// What the signature is over, DER.
    #[cfg(test)]
    pub(super) fn attributes(&self) -> &[u8] {
        &self.attributes
    }

    /// The signed PDF, or the whole `ContentInfo`, DER.
    pub(super) fn finish(self, signature: &[u8]) -> anyhow::Result<Vec<u8>> {
        let cms = cms::finish(&cms::Signed {
            signatory: &self.signatory,
            content_type: cms::DATA,
            content: None,
            attributes: &self.attributes,
            signature,
            certificates: &[],
            crls: &[],
            ocsp: &[],
            unsigned: &[],
        })?;
        match self.update {
            None => Ok(cms),
            Some((original, update)) => Ok([original, &update.fill(&cms)?].concat()),
        }
    }
}

/// Of the two algorithms that this program asks for.
fn scheme(oid: &str) -> Scheme {
    let hash = HashAlgorithm::Sha256;
    if oid.starts_with("1.2.840.113549.") { Scheme::Pkcs1 { hash } } else { Scheme::Ecdsa { hash } }
}
