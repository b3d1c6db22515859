//! Nobody has a CRL.

use async_trait::async_trait;

use super::revocations::{Revocations, Unavailable};

/// Answers nothing.
#[derive(Debug)]
pub(crate) struct NoRevocations;

#[async_trait]
impl Revocations for NoRevocations {
    async fn crl(&self, url: &str) -> Result<Vec<u8>, Unavailable> {
        Err(Unavailable { url: url.to_owned(), cause: "connection refused".into() })
    }
}
