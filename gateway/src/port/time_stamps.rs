//! Who knows what time it is, and signs it.

use async_trait::async_trait;

/// There is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The authority is away, or answers nobody.
    #[error("the time-stamping authority is not available")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It does not take this request; it may well take others.
    #[error("the time-stamping authority refused a request with HTTP status {0}")]
    Refused(u16),
}

/// A time-stamping authority.
#[async_trait]
pub trait TimeStamps: Send + Sync + std::fmt::Debug {
    /// The `TimeStampResp` to this `TimeStampReq`, both DER, unjudged.
    async fn ask(&self, query: Vec<u8>) -> Result<Vec<u8>, Unavailable>;
}
