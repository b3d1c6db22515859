//! `[listen]` and `[pki]`: the two listeners.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// Where apps reach the gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenConfig {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Server certificate chain, PEM; absent together with `key`: plain http, on loopback only.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key: Option<PathBuf>,
    /// What apps call this service by, without path and trailing slash; absent: the bound address.
    pub public_url: Option<String>,
    /// Everything is served below this path too, e.g. `/adss/service/ras`, for apps that cannot be told otherwise.
    pub prefix: Option<String>,
}

impl ListenConfig {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.certificate.is_some() != self.key.is_some() {
            faults.push("[listen] certificate and key go together".to_owned());
        }
        if self.certificate.is_none() && !self.address.ip().is_loopback() {
            faults.push("[listen] plain http is for loopback addresses only".to_owned());
        }
        if let Some(prefix) = &self.prefix
            && (!prefix.starts_with('/') || prefix.ends_with('/') || prefix.contains(['{', '}', '*', '?', '#']))
        {
            faults.push("[listen] prefix is a path that starts with a slash and does not end with one".to_owned());
        }
        if let Some(url) = &self.public_url
            && !url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        {
            faults.push("[listen] public_url is no http or https URL".to_owned());
        }
        faults
    }

    /// The public URL without a trailing slash, given the address that was bound.
    #[must_use]
    pub fn public_url(&self, bound: SocketAddr) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        let url = self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{bound}"));
        url.trim_end_matches('/').to_owned()
    }
}

/// Where anybody fetches the CA certificate and the CRL, in plain http as RFC 5280 expects.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PkiConfig {
    /// Address and port.
    pub address: SocketAddr,
}
