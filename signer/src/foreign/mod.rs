//! Foreign PDFs, XML, CMS and JWS, and what is put into them. They are parsed in a process that has no HSM, no store, no
//! configuration and no way to open a file: whatever a document does to it, the signer hears a clean no.
//!
//! [`process`] starts one such process for each document and ends it in time; [`helper`] is what runs in it.

mod complete;
mod confinement;
pub mod helper;
pub mod process;
mod renew;
mod turns;
mod wire;

use std::time::SystemTime;

use async_trait::async_trait;
use rsign_ades::pdf::Update;
use rsign_ades::xml::Spot;
use rsign_ades::{Envelope, Format};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::objection::Reason;
use rsign_api::octets::Octets;
use rsign_api::signer::{CompleteSignature, CompletedSignature, Property, Refusal, RenewDocument, RenewedDocument};
use serde::{Deserialize, Serialize};

/// The signature that a PDF is to get.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Certification or approval.
    pub envelope: Envelope,
    /// What is to be said in it.
    pub properties: &'a [Property],
    /// Its time.
    pub at: SystemTime,
    /// Octets the CMS may have.
    pub reserve: usize,
}

/// Why there is no update.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The document, or what is to be said in it. Who reads it chooses one of the words; what else it says is for the
    /// operator alone.
    #[error("{1}")]
    Unfit(Reason, String),
    /// What comes with the document, or is asked of it.
    #[error("{1}")]
    Refused(Refusal, String),
    /// Too many documents are being read.
    #[error("too many documents are being read")]
    Busy,
    /// No process could be started.
    #[error("documents cannot be read: {0}")]
    Unavailable(#[source] std::io::Error),
}

/// What is signed of an XML document, and where the signature goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canonical {
    /// Digest of the canonical form.
    pub digest: Vec<u8>,
    /// The place.
    pub spot: Spot,
}

/// What is there of a signed document that is to get one more signature, beside those it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Existing {
    /// Digest of what a CMS is over.
    Cms(Vec<u8>),
    /// Of a JWS.
    Jws {
        /// Where in the document its payload begins, in bytes.
        start: u64,
        /// Where that ends.
        end: u64,
        /// The media type that a signature names.
        content_type: Option<String>,
    },
}

/// Reads foreign documents, each in a process of its own. Who asks is said each time: one client's documents do not keep
/// those of others waiting.
#[async_trait]
pub trait Foreign: Send + Sync + std::fmt::Debug {
    /// The update of this document, with a gap for the CMS.
    async fn update(&self, client: &str, document: &Octets, wanted: Wanted<'_>) -> Result<Update, Fault>;

    /// A signature with what is added to it, or what its archive time-stamp is to be over. Time-stamps and evidence are judged
    /// first, at this Unix second.
    async fn complete(&self, client: &str, asked: &CompleteSignature, now: u64) -> Result<CompletedSignature, Fault>;

    /// The next step of a signature of long ago that is to last longer; what is brought for it is judged first, at this Unix
    /// second.
    async fn renew(&self, client: &str, asked: &RenewDocument, now: u64) -> Result<RenewedDocument, Fault>;

    /// The digest of an XML document's canonical form by this hash function, and where its signature goes.
    async fn canonical(&self, client: &str, document: &Octets, hash: HashAlgorithm) -> Result<Canonical, Fault>;

    /// What a CMS or JWS is over; of a CMS its digest by this hash function.
    async fn existing(
        &self,
        client: &str,
        document: &Octets,
        format: Format,
        hash: HashAlgorithm,
    ) -> Result<Existing, Fault>;
}
