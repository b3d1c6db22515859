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

    /// Whether browsers call it by another name than that of the bound address, as behind a reverse proxy.
    #[must_use]
    pub fn is_called_otherwise(&self, bound: SocketAddr) -> bool {
        let url = self.public_url.as_ref().and_then(|url| url::Url::parse(url).ok());
        let host = url.as_ref().and_then(url::Url::host_str);
        host.is_some_and(|host| host.trim_matches(['[', ']']) != bound.ip().to_string())
    }
}

/// Where anybody fetches the CA certificate and the CRL, in plain http as RFC 5280 expects.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PkiConfig {
    /// Address and port.
    pub address: SocketAddr,
}

#[cfg(test)]
mod tests {
    use super::ListenConfig;

    #[test]
    fn what_browsers_call_it_may_be_another_place() {
        let of = |url: Option<&str>, bound: &str| {
            let address = bound.parse().unwrap();
            let public_url = url.map(str::to_owned);
            let listen = ListenConfig { address, certificate: None, key: None, public_url, prefix: None };
            listen.is_called_otherwise(address)
        };
        assert!(of(Some("https://rsign.example"), "127.0.0.1:8080"));
        assert!(!of(Some("http://127.0.0.1:9000"), "127.0.0.1:8080"));
        assert!(!of(Some("https://[::1]"), "[::1]:8443"));
        assert!(!of(None, "0.0.0.0:443"));
    }
}
