//! The port [`Revocations`] over HTTP (RFC 5280, 4.2.1.13): only where certificates of the operator's own CA and of the
//! time-stamping authority the operator chose point to.

use std::time::Duration;

use async_trait::async_trait;

use crate::port::revocations::{Revocations, Unavailable};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest CRL that is read, octets.
const LONGEST: usize = 4 * 1024 * 1024;

/// The client.
#[derive(Debug)]
pub struct CrlClient {
    http: reqwest::Client,
}

impl CrlClient {
    /// The client.
    ///
    /// # Errors
    /// When there is no TLS.
    pub fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        Ok(Self { http: http.build()? })
    }

    async fn fetch(&self, url: &str) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let mut answer = self.http.get(url).send().await?;
        if !answer.status().is_success() {
            return Err(format!("it answered {}", answer.status()).into());
        }
        let mut octets = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            octets.extend_from_slice(&chunk);
            if octets.len() > LONGEST {
                return Err("it is too long".into());
            }
        }
        Ok(octets)
    }
}

#[async_trait]
impl Revocations for CrlClient {
    async fn crl(&self, url: &str) -> Result<Vec<u8>, Unavailable> {
        self.fetch(url).await.map_err(|cause| Unavailable { url: url.to_owned(), cause })
    }
}
