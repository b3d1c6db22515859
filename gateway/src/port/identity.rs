//! Somebody else who knows people: an OpenID provider as the gateway sees it.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::domain::external::Identity;
use crate::domain::language::Language;

/// Why nobody was recognised.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the provider gave cannot be believed, or it gave nothing.
    #[error("the identity provider's answer was not accepted: {0}")]
    Refused(&'static str),
    /// It could not be reached, or what it said made no sense.
    #[error("the identity provider is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// What a sign-in is asked for with.
#[derive(Debug)]
pub struct Question {
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Comes back with the answer.
    pub state: String,
    /// Stands in the identity token.
    pub nonce: String,
    /// Proves to the provider that whoever asks and whoever fetches are one (PKCE).
    pub verifier: SecretString,
    /// Language of the provider's page.
    pub language: Language,
}

/// What came back, for the same question.
#[derive(Debug)]
pub struct Answer {
    /// The code.
    pub code: SecretString,
    /// `iss`, where the provider sends it (RFC 9207).
    pub issuer: Option<String>,
}

/// An OpenID provider.
#[async_trait]
pub trait IdentityProvider: Send + Sync + std::fmt::Debug {
    /// Where a browser goes to sign in there.
    async fn question(&self, question: &Question) -> Result<String>;
    /// Who came back.
    async fn identity(&self, question: &Question, answer: Answer) -> Result<Identity>;
}
