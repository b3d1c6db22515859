//! Who knows what time it is, and signs it.

use async_trait::async_trait;

/// The authority did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the time-stamping authority is not available")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A time-stamping authority.
#[async_trait]
pub trait TimeStamps: Send + Sync + std::fmt::Debug {
    /// The `TimeStampResp` to this `TimeStampReq`, both DER, unjudged.
    async fn ask(&self, query: Vec<u8>) -> Result<Vec<u8>, Unavailable>;
}
