//! Where CRLs and OCSP answers are to be had.

use async_trait::async_trait;

/// It was not to be had.
#[derive(Debug, thiserror::Error)]
#[error("the revocation data at {url:?} is not available")]
pub struct Unavailable {
    /// Where: what a certificate says, which may be anything.
    pub url: String,
    /// Why.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

/// Revocation data of others.
#[async_trait]
pub trait Revocations: Send + Sync + std::fmt::Debug {
    /// The CRL at this URL, DER, unjudged.
    async fn crl(&self, url: &str) -> Result<Vec<u8>, Unavailable>;

    /// The `OCSPResponse` to this `OCSPRequest`, both DER, unjudged.
    async fn ocsp(&self, url: &str, request: Vec<u8>) -> Result<Vec<u8>, Unavailable>;
}
