//! How an app hears that its signatures are there.

use async_trait::async_trait;

/// Why it did not hear.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its address is not one of the public Internet.
    #[error("the address is not a public one")]
    Forbidden,
    /// It did not answer, or not with a success.
    #[error("the app was not reached")]
    Unreached(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Calls apps back.
#[async_trait]
pub trait Callback: Send + Sync + std::fmt::Debug {
    /// Tells the app at this URI that a response can be fetched: its id, and nothing else.
    async fn tell(&self, uri: &str, response: &str) -> Result<(), Error>;
}
