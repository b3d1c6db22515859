//! The port [`Callback`] over HTTPS: to checked addresses only, without redirects, and what is answered is not read
//! (security.md A-27).

mod resolve;

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use url::Host;

use self::resolve::Checked;
use crate::config::asynchronous::AsynchronousConfig;
use crate::domain::callback::is_public;
use crate::port::callback::{Callback, Error};

/// How long an app may take, from looking its name up to its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which addresses may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reachable {
    /// Those of the public Internet.
    Public,
    /// And those of this machine: for tests of apps.
    Loopback,
}

impl Reachable {
    fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::Loopback && address.is_loopback())
    }
}

/// The client.
#[derive(Debug)]
pub struct CallbackClient {
    http: reqwest::Client,
    reachable: Reachable,
}

impl CallbackClient {
    /// As the operator wants it.
    ///
    /// # Errors
    /// When the trust anchors cannot be read.
    pub fn new(config: &AsynchronousConfig) -> anyhow::Result<Self> {
        let reachable = if config.loopback_responses { Reachable::Loopback } else { Reachable::Public };
        let mut http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            // A proxy of the environment would look names up by itself.
            .no_proxy()
            .https_only(true)
            .pool_max_idle_per_host(0)
            .dns_resolver(Checked(reachable));
        if let Some(anchor) = &config.response_ca {
            let pem = std::fs::read(anchor).with_context(|| format!("cannot read {}", anchor.display()))?;
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
        }
        Ok(Self { http: http.build()?, reachable })
    }
}

#[async_trait]
impl Callback for CallbackClient {
    async fn tell(&self, uri: &str, response: &str) -> Result<(), Error> {
        let url = url::Url::parse(uri).map_err(|error| Error::Unreached(error.into()))?;
        // An address in the place of a name is not looked up, so the resolver does not see it.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if literal.is_some_and(|address| !self.reachable.allows(address)) {
            return Err(Error::Forbidden);
        }
        let body = serde_json::json!({ "responseID": response });
        let answer = self.http.post(url).json(&body).send().await.map_err(unreached)?;
        // The body stays unread, and its connection goes with it.
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Error::Unreached(format!("it answered {}", answer.status()).into()))
    }
}

fn unreached(error: reqwest::Error) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(inner) = cause {
        if inner.is::<resolve::Forbidden>() {
            return Error::Forbidden;
        }
        cause = inner.source();
    }
    Error::Unreached(error.into())
}

#[cfg(test)]
mod tests;
