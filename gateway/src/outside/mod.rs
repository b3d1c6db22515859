//! HTTP to addresses that others name: to checked ones only, without redirects and without a proxy; what is answered is
//! read only where that is the purpose, and to a length (security.md A-27).

mod metadata;
mod resolve;

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::CONTENT_TYPE;
use url::Host;

use self::metadata::is_metadata;
use self::resolve::Checked;
use crate::domain::callback::is_public;

/// Which addresses may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reachable {
    /// Those of the public Internet.
    Public,
    /// And those of this machine: for tests.
    Loopback,
    /// Those of this machine, and of private networks: where the operator's own services are.
    Private,
}

impl Reachable {
    fn allows(self, address: IpAddr) -> bool {
        let among = match self {
            Self::Public => is_public(address),
            Self::Loopback => is_public(address) || address.is_loopback(),
            Self::Private => is_public(address) || address.is_loopback() || is_private(address),
        };
        among && !is_metadata(address)
    }
}

/// Addresses that networks give themselves (RFC 1918, RFC 4193); not those of a link.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
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
        Ok(self.http.post(self.checked(url)?))
    }

    /// A GET of this URL.
    ///
    /// # Errors
    /// See [`Self::post`].
    pub(crate) fn get(&self, url: &str) -> Result<reqwest::RequestBuilder, Error> {
        Ok(self.http.get(self.checked(url)?))
    }

    fn checked(&self, url: &str) -> Result<url::Url, Error> {
        let url = url::Url::parse(url).map_err(|error| Error::Unreached(error.into()))?;
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if literal.is_some_and(|address| !self.reachable.allows(address)) {
            return Err(Error::Forbidden);
        }
        Ok(url)
    }
}

/// What may be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// https.
    Https,
    /// http too: for tests on this machine, and for what is signed.
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

/// Sends it, and reads an answer of this media type, or of any, of at most so many octets.
///
/// # Errors
/// See [`Error`].
pub(crate) async fn fetch(
    request: reqwest::RequestBuilder,
    kind: Option<&str>,
    longest: usize,
) -> Result<Vec<u8>, Error> {
    let mut answer = request.send().await.map_err(unreached)?;
    if !answer.status().is_success() {
        return Err(Error::Unreached(format!("it answered {}", answer.status()).into()));
    }
    let told = answer.headers().get(CONTENT_TYPE).and_then(|told| told.to_str().ok()).unwrap_or_default();
    let told = told.split(';').next().unwrap_or_default().trim();
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case(told)) {
        return Err(Error::Unreached(format!("it answered with {told:?}").into()));
    }
    let mut octets = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreached)? {
        octets.extend_from_slice(&chunk);
        if octets.len() > longest {
            return Err(Error::Unreached("its answer is too long".into()));
        }
    }
    Ok(octets)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_27_where_clouds_keep_their_metadata_nobody_is_asked_whatever_the_operator_allows() {
        for closed in [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "0.0.0.0",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:42::42",
            "fe80::a9fe:a9fe",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
        ] {
            for reachable in [Reachable::Public, Reachable::Loopback, Reachable::Private] {
                assert!(!reachable.allows(closed.parse().unwrap()), "{closed} {reachable:?}");
            }
        }
        for open in ["10.0.0.1", "172.16.0.1", "192.168.7.7", "127.0.0.1", "::1", "fd00::1", "fd12:3456::1", "fc00::1"]
        {
            assert!(Reachable::Private.allows(open.parse().unwrap()), "{open}");
            assert!(!Reachable::Public.allows(open.parse().unwrap()), "{open}");
        }
        for open in ["8.8.8.8", "168.63.129.17", "2001:4860:4860::8888"] {
            assert!(Reachable::Public.allows(open.parse().unwrap()), "{open}");
        }
    }
}
