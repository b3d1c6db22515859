//! The signer as the gateway sees it.

use async_trait::async_trait;
use rsign_api::signer::{
    AnsweredOcsp, AskOcsp, Authority, Authorize, Authorized, ChangeState, ChannelAnswer, ChannelHello, ChannelOpened,
    ChannelRecord, CheckSad, CompleteSignature, CompletedSignature, CreateCredential, CreatedCredential,
    CredentialName, CredentialStatus, Done, DrawCode, DrawnCode, Extend, Health, IssueCertificate, IssuedCertificate,
    LinkCertificate, Refusal, RefusedDocument, RenewDocument, RenewedDocument, RevokeSad, Sign, SignDocuments, Signed,
    SignedDocuments,
};

/// Why the signer did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It said no.
    #[error("the signer refused: {0}")]
    Refused(Refusal),
    /// It said no to documents of the message, and why to each.
    #[error("the signer refused: {}", .0.first().map_or("a document", |first| first.reason.explanation()))]
    Documents(Vec<RefusedDocument>),
    /// It has more to do than it can queue, or its HSM or store is away. Nothing was done.
    #[error("the signer is busy, or its HSM or store is away: its log says which")]
    Busy,
    /// It could not be reached, or what it said made no sense. What it did is unknown.
    #[error("the signer is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why it took no part of a document: what [`Error::Unavailable`] has as its source then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a document is longer than the signer takes")]
pub struct TooLong;

/// Result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// The qualified zone. Each method is one message of [`rsign_api::signer`].
#[async_trait]
pub trait Signer: Send + Sync + std::fmt::Debug {
    /// Makes a key.
    async fn create(&self, ask: CreateCredential) -> Result<CreatedCredential>;
    /// Asks the built-in CA for a certificate.
    async fn issue(&self, ask: IssueCertificate) -> Result<IssuedCertificate>;
    /// Ties a certificate to its key.
    async fn link(&self, ask: LinkCertificate) -> Result<CredentialStatus>;
    /// Where a credential stands.
    async fn status(&self, ask: CredentialName) -> Result<CredentialStatus>;
    /// Suspends, reactivates, destroys.
    async fn change_state(&self, ask: ChangeState) -> Result<CredentialStatus>;
    /// Draws a code to be sent.
    async fn draw_code(&self, ask: DrawCode) -> Result<DrawnCode>;
    /// Turns a PIN into a SAD.
    async fn authorize(&self, ask: Authorize) -> Result<Authorized>;
    /// Renews a SAD.
    async fn extend(&self, ask: Extend) -> Result<Authorized>;
    /// Ends a SAD.
    async fn revoke(&self, ask: RevokeSad) -> Result<Done>;
    /// Spends approved hashes.
    async fn sign(&self, ask: Sign) -> Result<Signed>;
    /// Looks whether a SAD may be spent.
    async fn check_sad(&self, ask: CheckSad) -> Result<Done>;
    /// Spends approved documents or their digests.
    async fn sign_documents(&self, ask: SignDocuments) -> Result<SignedDocuments>;
    /// Adds to a signature, or says what its archive time-stamp is to be over.
    async fn complete_signature(&self, ask: CompleteSignature) -> Result<CompletedSignature>;
    /// Says what a signed document is, or makes it last longer.
    async fn renew_document(&self, ask: RenewDocument) -> Result<RenewedDocument>;
    /// Opens an end-to-end channel.
    async fn channel_hello(&self, ask: ChannelHello) -> Result<ChannelOpened>;
    /// Carries one of its records.
    async fn channel_record(&self, ask: ChannelRecord) -> Result<ChannelAnswer>;
    /// The built-in CA's certificate and a fresh CRL.
    async fn authority(&self) -> Result<Authority>;
    /// How it is.
    async fn health(&self) -> Result<Health>;
    /// The built-in CA's word on certificates of its own.
    async fn ocsp(&self, ask: AskOcsp) -> Result<AnsweredOcsp>;
}
