//! One match on the format: what is signed around a document.

use std::time::SystemTime;

use rsign_ades::{Format, Signatory, cms};
use rsign_api::signer::{DocumentToSign, Property, Refusal};

use crate::service::{Error, Result, Signer};

/// What the key signs, and what the format needs besides to finish.
#[derive(Debug)]
pub(super) struct Formed {
    /// By the scheme's hash function.
    pub(super) digest: Vec<u8>,
    /// Stored with the signature, and given out with it.
    pub(super) prepared: Vec<u8>,
}

impl Signer {
    /// Whether it can be formed at all: asked before anything is reserved.
    pub(super) fn formable(&self, asked: &DocumentToSign) -> Result<()> {
        match asked.format {
            Format::Cades => attributes(&asked.properties).map(drop),
            Format::Pades | Format::Xades | Format::Jades => Err(Refusal::Format.into()),
        }
    }

    /// Forms it. The document's digest is by the hash function of the signatory's scheme; the document itself, where
    /// the signer has it, is in what was asked.
    pub(super) async fn form_one(
        &self,
        asked: &DocumentToSign,
        digest: &[u8],
        signatory: &Signatory,
        at: SystemTime,
    ) -> Result<Formed> {
        match asked.format {
            Format::Cades => cades(asked, digest, signatory, at),
            Format::Pades | Format::Xades | Format::Jades => Err(Refusal::Format.into()),
        }
    }
}

fn cades(asked: &DocumentToSign, digest: &[u8], signatory: &Signatory, at: SystemTime) -> Result<Formed> {
    let wanted = cms::Wanted {
        content_type: cms::DATA,
        digest,
        signing_time: Some(at),
        properties: &attributes(&asked.properties)?,
    };
    let prepared = cms::prepare(&wanted, signatory).map_err(|error| Error::Incident(error.to_string()))?;
    Ok(Formed { digest: rsign_ades::digest(signatory.scheme.hash(), &prepared), prepared })
}

fn attributes(properties: &[Property]) -> Result<Vec<cms::Attribute>> {
    let named = properties.iter().map(|property| (property.name.as_str(), property.value.as_deref()));
    cms::read_properties(named).map_err(|_| Refusal::Property.into())
}
