//! The port [`TimeStamps`] over HTTP (RFC 3161, 3.4).

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use rsign_api::timestamp::{QUERY, REPLY};

use crate::config::timestamp::TimestampConfig;
use crate::port::time_stamps::{TimeStamps, Unavailable};

/// Longest answer that is read, octets: a token with its certificates has some thousand.
const LONGEST: usize = 64 * 1024;

/// The client.
#[derive(Debug)]
pub struct TsaClient {
    http: reqwest::Client,
    url: String,
}

/// What servers say of a request that they do not take from anybody; of who asks, or of themselves, they say other things.
const OF_THE_REQUEST: [StatusCode; 4] = [
    StatusCode::BAD_REQUEST,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::UNPROCESSABLE_ENTITY,
];

impl TsaClient {
    /// For the authority the operator names.
    ///
    /// # Errors
    /// When the trust anchors cannot be read.
    pub fn new(config: &TimestampConfig) -> anyhow::Result<Self> {
        let mut http = reqwest::Client::builder()
            .timeout(Duration::from_secs(config.timeout_seconds))
            .redirect(reqwest::redirect::Policy::none());
        if let Some(anchor) = &config.ca {
            let pem = std::fs::read(anchor).with_context(|| format!("cannot read {}", anchor.display()))?;
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
        }
        Ok(Self { http: http.build()?, url: config.url.clone() })
    }
}

#[async_trait]
impl TimeStamps for TsaClient {
    async fn ask(&self, query: Vec<u8>) -> Result<Vec<u8>, Unavailable> {
        let request = self.http.post(&self.url).header(CONTENT_TYPE, QUERY).body(query);
        let mut answer = request.send().await.map_err(|error| Unavailable::Away(error.into()))?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let fits = kind.is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == REPLY));
        if OF_THE_REQUEST.contains(&answer.status()) {
            return Err(Unavailable::Refused(answer.status().as_u16()));
        }
        if !answer.status().is_success() || !fits {
            return Err(Unavailable::Away(format!("it answered {} with {kind:?}", answer.status()).into()));
        }
        let mut octets = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| Unavailable::Away(error.into()))? {
            octets.extend_from_slice(&chunk);
            if octets.len() > LONGEST {
                return Err(Unavailable::Away("its answer is too long".into()));
            }
        }
        Ok(octets)
    }
}
