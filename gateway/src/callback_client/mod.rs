//! The port [`Callback`] over HTTPS.

use std::time::Duration;

use async_trait::async_trait;

use crate::config::asynchronous::AsynchronousConfig;
use crate::outside::{self, Outside, Reachable, Scheme, send};
use crate::port::callback::{Callback, Error};

/// How long an app may take, from looking its name up to its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The client.
#[derive(Debug)]
pub struct CallbackClient(Outside);

impl CallbackClient {
    /// As the operator wants it.
    ///
    /// # Errors
    /// When the trust anchors cannot be read.
    pub fn new(config: &AsynchronousConfig) -> anyhow::Result<Self> {
        let reachable = if config.loopback_responses { Reachable::Loopback } else { Reachable::Public };
        Ok(Self(Outside::new(reachable, Scheme::Https, config.response_ca.as_deref(), PATIENCE)?))
    }
}

#[async_trait]
impl Callback for CallbackClient {
    async fn tell(&self, uri: &str, response: &str) -> Result<(), Error> {
        let body = serde_json::json!({ "responseID": response });
        Ok(send(self.0.post(uri)?.json(&body)).await?)
    }
}

impl From<outside::Error> for Error {
    fn from(error: outside::Error) -> Self {
        match error {
            outside::Error::Forbidden => Self::Forbidden,
            outside::Error::Unreached(cause) => Self::Unreached(cause),
        }
    }
}

#[cfg(test)]
mod tests;
