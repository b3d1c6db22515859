//! A detached signature over a file: CAdES baseline B-B, formed here and signed by the service.

use std::time::SystemTime;

use anyhow::Context as _;
use rsign_ades::{Signatory, cms};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::channel::list::{Entry, List, short_code};
use rsign_api::signer::EntryType;

use super::service::Credential;

/// OID of SHA-256.
pub(crate) const SHA256: &str = "2.16.840.1.101.3.4.2.1";

/// A signature that lacks only the signature value.
#[derive(Debug)]
pub(super) struct Detached {
    /// SHA-256 of the signed attributes: the DTBS/R, 32 bytes.
    pub(super) digest: Vec<u8>,
    attributes: Vec<u8>,
    signatory: Signatory,
}

impl Detached {
    /// Forms what is to be signed over `content` with this credential.
    pub(super) fn prepare(content: &[u8], credential: &Credential, now: SystemTime) -> anyhow::Result<Self> {
        let hash = HashAlgorithm::Sha256;
        let signatory = Signatory { chain: credential.chain.clone(), scheme: scheme(credential.algorithm) };
        let wanted = cms::Wanted {
            content_type: cms::DATA,
            digest: &rsign_ades::digest(hash, content),
            signing_time: Some(now),
            properties: &[],
        };
        let attributes = cms::prepare(&wanted, &signatory).context("the service shows no fitting certificate")?;
        Ok(Self { digest: rsign_ades::digest(hash, &attributes), attributes, signatory })
    }

    /// The short code of the list that holds this digest alone, as the service's pages show it.
    pub(super) fn short_code(&self) -> anyhow::Result<String> {
        let entry = Entry { r#type: EntryType::Untyped, hash: self.digest.clone(), label: None };
        let list = List::new(HashAlgorithm::Sha256, vec![entry]).ok().context("the digest is none of SHA-256")?;
        Ok(short_code(&list.digest()))
    }

    /// The whole `ContentInfo`, DER.
    pub(super) fn finish(self, signature: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(cms::finish(&cms::Signed {
            signatory: &self.signatory,
            content_type: cms::DATA,
            content: None,
            attributes: &self.attributes,
            signature,
            certificates: &[],
            crls: &[],
            ocsp: &[],
            unsigned: &[],
        })?)
    }
}

/// Of the two algorithms that this program asks for.
fn scheme(oid: &str) -> Scheme {
    let hash = HashAlgorithm::Sha256;
    if oid.starts_with("1.2.840.113549.") { Scheme::Pkcs1 { hash } } else { Scheme::Ecdsa { hash } }
}
