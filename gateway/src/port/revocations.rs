//! Where CRLs are to be had.

use async_trait::async_trait;

/// It was not to be had.
#[derive(Debug, thiserror::Error)]
#[error("the CRL at {url} is not available")]
pub struct Unavailable {
    /// Where.
    pub url: String,
    /// Why.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

/// CRLs of others.
#[async_trait]
pub trait Revocations: Send + Sync + std::fmt::Debug {
    /// The CRL at this URL, DER, unjudged.
    async fn crl(&self, url: &str) -> Result<Vec<u8>, Unavailable>;
}
