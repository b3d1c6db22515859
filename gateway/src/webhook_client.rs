//! The port [`Courier`] over a webhook: a service of the operator's choice (SMS, say) gets text and address as JSON,
//! signed as Standard Webhooks has it, so that it knows who sends, and takes nothing twice.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::config::otp::WebhookConfig;
use crate::domain::notice::Notice;
use crate::outside::{Outside, Reachable, Scheme, send};
use crate::port::clock::Clock;
use crate::port::courier::{Courier, Undelivered};
use crate::port::random::Random;

/// The client.
#[derive(Debug)]
pub struct WebhookClient {
    http: Outside,
    url: String,
    key: Key,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

struct Key(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[key]")
    }
}

/// What is sent.
#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    /// E.164.
    to: &'a str,
    /// Where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u32>,
    /// What to tell its owner, code included.
    text: &'a str,
    lang: &'static str,
}

impl WebhookClient {
    /// For the service the operator names.
    ///
    /// # Errors
    /// When trust anchors or the key cannot be read.
    pub fn new(config: &WebhookConfig, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> anyhow::Result<Self> {
        let (reachable, scheme) =
            if config.loopback { (Reachable::Loopback, Scheme::Any) } else { (Reachable::Public, Scheme::Https) };
        let patience = Duration::from_secs(config.timeout_seconds);
        let http = Outside::new(reachable, scheme, config.ca.as_deref(), patience)?;
        Ok(Self { http, url: config.url.clone(), key: Key(config.key()?), clock, random })
    }

    /// `v1,` and the Base64 of HMAC-SHA-256 over id, time and body, with points between.
    fn sign(&self, id: &str, time: &str, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key.0).ok()?;
        for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
            mac.update(part);
        }
        Some(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
    }
}

#[async_trait]
impl Courier for WebhookClient {
    async fn deliver(&self, to: &str, notice: &Notice) -> Result<(), Undelivered> {
        let text = notice.text();
        let message = Message {
            r#type: notice.kind(),
            to,
            code: notice.code().map(|code| code.digits.expose_secret()),
            expires_in: notice.code().map(|code| code.seconds),
            text: text.expose_secret(),
            lang: notice.language.code(),
        };
        let body = serde_json::to_vec(&message).map_err(|error| Undelivered(error.into()))?;
        let id = self.random.id().map_err(|error| Undelivered(error.into()))?;
        let time = (self.clock.now() / 1000).to_string();
        let signature = self.sign(&id, &time, &body).ok_or_else(|| Undelivered("the key is unfit".into()))?;
        let request = self.http.post(&self.url).map_err(|error| Undelivered(error.into()))?;
        let request = request
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &time)
            .header("webhook-signature", signature)
            .body(body);
        send(request).await.map_err(|error| Undelivered(error.into()))
    }
}

#[cfg(test)]
mod tests;
