//! What a provider says of itself (OpenID Connect Discovery 1.0), and its keys; both kept for a while.

use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use crate::port::clock::Clock;
use crate::port::identity::{Error, Result};

/// How long metadata and keys are believed, milliseconds.
const FRESH: i64 = 60 * 60 * 1000;

/// How soon keys may be fetched again because a token names another, milliseconds.
const AGAIN: i64 = 60 * 1000;

/// Longest answer that is read, octets.
const LONGEST: usize = 256 * 1024;

/// A provider's metadata.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    /// Whether its answers bear `iss` (RFC 9207).
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub(super) sends_issuer: bool,
}

impl Metadata {
    /// Whether all end points are reached over TLS. Plain http on this computer is for a provider that is on it too:
    /// no other may send our requests, with our secret in them, to whatever listens here.
    fn is_safe(&self) -> bool {
        let near = is_loopback(&self.issuer);
        let points = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        points.into_iter().all(|point| is_safe(point) && (near || point.starts_with("https://")))
    }
}

/// Where they come from.
#[derive(Debug)]
pub(super) struct Source {
    issuer: String,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    metadata: Mutex<Option<(i64, Metadata)>>,
    keys: Mutex<Option<(i64, Arc<JwkSet>)>>,
}

impl Source {
    pub(super) fn new(issuer: String, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, http, clock, metadata: Mutex::default(), keys: Mutex::default() }
    }

    /// The metadata, which has to be this issuer's.
    pub(super) async fn metadata(&self) -> Result<Metadata> {
        let mut kept = self.metadata.lock().await;
        let now = self.clock.now();
        if let Some((fetched, metadata)) = &*kept
            && now - fetched < FRESH
        {
            return Ok(metadata.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let metadata: Metadata = self.fetch(&url).await?;
        if metadata.issuer != self.issuer {
            return Err(Error::Refused("its metadata are another issuer's"));
        }
        if !metadata.is_safe() {
            return Err(Error::Refused("an end point is not https"));
        }
        *kept = Some((now, metadata.clone()));
        Ok(metadata)
    }

    /// Its keys.
    pub(super) async fn keys(&self, metadata: &Metadata) -> Result<Arc<JwkSet>> {
        self.keys_not_older_than(FRESH, metadata).await
    }

    /// Its keys, fetched again unless that was just done.
    pub(super) async fn newer_keys(&self, metadata: &Metadata) -> Result<Arc<JwkSet>> {
        self.keys_not_older_than(AGAIN, metadata).await
    }

    async fn keys_not_older_than(&self, age: i64, metadata: &Metadata) -> Result<Arc<JwkSet>> {
        let mut kept = self.keys.lock().await;
        let now = self.clock.now();
        if let Some((fetched, keys)) = &*kept
            && now - fetched < age
        {
            return Ok(Arc::clone(keys));
        }
        let keys: Arc<JwkSet> = Arc::new(self.fetch(&metadata.jwks_uri).await?);
        *kept = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    async fn fetch<T: DeserializeOwned>(&self, url: &str) -> Result<T> {
        let away = |error: reqwest::Error| Error::Unavailable(error.into());
        let answer = self.http.get(url).header("accept", "application/json").send().await.map_err(away)?;
        let answer = answer.error_for_status().map_err(away)?;
        serde_json::from_slice(&body(answer).await.map_err(away)?).map_err(|error| Error::Unavailable(error.into()))
    }
}

/// An answer's body, as far as it may go: what is cut off makes no sense any more.
pub(super) async fn body(mut answer: reqwest::Response) -> std::result::Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            body.truncate(LONGEST);
            break;
        }
    }
    Ok(body)
}

/// Over TLS, or on this computer.
pub(crate) fn is_safe(url: &str) -> bool {
    url::Url::parse(url)
        .is_ok_and(|parsed| parsed.scheme() == "https" || (parsed.scheme() == "http" && is_loopback(url)))
}

/// On this computer.
fn is_loopback(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")))
}

#[cfg(test)]
mod tests {
    use super::Metadata;

    #[test]
    fn only_a_provider_on_this_computer_has_end_points_on_it() {
        let of = |issuer: &str, point: &str| Metadata {
            issuer: issuer.to_owned(),
            authorization_endpoint: format!("{issuer}/authorize"),
            token_endpoint: point.to_owned(),
            jwks_uri: format!("{issuer}/keys"),
            sends_issuer: true,
        };
        assert!(of("https://idp.example", "https://idp.example/token").is_safe());
        assert!(of("http://127.0.0.1:8080", "http://127.0.0.1:8080/token").is_safe());
        assert!(!of("https://idp.example", "http://127.0.0.1:8200/token").is_safe());
        assert!(!of("https://idp.example", "http://localhost/token").is_safe());
        assert!(!of("http://127.0.0.1:8080", "http://idp.example/token").is_safe());
    }
}
