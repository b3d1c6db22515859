//! HTTP to addresses that others name: to checked ones only, without redirects and without a proxy, and what is
//! answered is not read (security.md A-27).

mod resolve;

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use url::Host;

use self::resolve::Checked;
use crate::domain::callback::is_public;

/// Which addresses may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reachable {
    /// Those of the public Internet.
    Public,
    /// And those of this machine: for tests.
    Loopback,
}

impl Reachable {
    fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::Loopback && address.is_loopback())
    }
}

/// Why nobody heard.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The address is not one of the public Internet.
    #[error("the address is not a public one")]
    Forbidden,
    /// There was no answer, or not one of success.
    #[error("it was not reached")]
    Unreached(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The client.
#[derive(Debug)]
pub(crate) struct Outside {
    http: reqwest::Client,
    reachable: Reachable,
}

impl Outside {
    /// Trusting these CAs, or those this machine trusts. `patience` is from looking the name up to the answer.
    ///
    /// # Errors
    /// When the trust anchors cannot be read.
    pub(crate) fn new(
        reachable: Reachable,
        scheme: Scheme,
        ca: Option<&Path>,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let mut http = reqwest::Client::builder()
            .timeout(patience)
            .redirect(reqwest::redirect::Policy::none())
            // A proxy of the environment would look names up by itself.
            .no_proxy()
            .https_only(scheme == Scheme::Https)
            .pool_max_idle_per_host(0)
            .dns_resolver(Checked(reachable));
        if let Some(anchor) = ca {
            let pem = std::fs::read(anchor).with_context(|| format!("cannot read {}", anchor.display()))?;
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
        }
        Ok(Self { http: http.build()?, reachable })
    }

    /// A POST to this URL.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for an address that stands there itself; those of a name are checked when it is looked up.
    pub(crate) fn post(&self, url: &str) -> Result<reqwest::RequestBuilder, Error> {
        let url = url::Url::parse(url).map_err(|error| Error::Unreached(error.into()))?;
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if literal.is_some_and(|address| !self.reachable.allows(address)) {
            return Err(Error::Forbidden);
        }
        Ok(self.http.post(url))
    }
}

/// What may be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// https.
    Https,
    /// http too: for tests on this machine.
    Any,
}

/// Sends it. The answer's body stays unread, and its connection goes with it.
///
/// # Errors
/// See [`Error`].
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Result<(), Error> {
    let answer = request.send().await.map_err(unreached)?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(Error::Unreached(format!("it answered {}", answer.status()).into()))
}

fn unreached(error: reqwest::Error) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(inner) = cause {
        if inner.is::<resolve::Forbidden>() {
            return Error::Forbidden;
        }
        cause = inner.source();
    }
    // Its URL is the operator's or an app's; what stands in the query is nobody else's.
    Error::Unreached(error.without_url().into())
}
