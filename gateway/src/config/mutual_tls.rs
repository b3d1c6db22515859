//! `[mutual_tls]`: a second listener that asks for client certificates (RFC 8705). It is not the first one, since there
//! browsers would ask their users to choose a certificate.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// Where clients that have a certificate reach the gateway; certificate and key are those of `[listen]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutualTlsConfig {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// What clients call it by, without path and trailing slash; absent: the bound address.
    pub public_url: Option<String>,
    /// PEM of the CAs whose certificates are known by their subject; absent: only certificates that are registered
    /// themselves.
    pub ca: Option<PathBuf>,
}

impl MutualTlsConfig {
    pub(super) fn faults(&self, tls: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if !tls {
            faults.push("[mutual_tls] needs certificate and key in [listen]".to_owned());
        }
        if let Some(url) = &self.public_url
            && (!url.starts_with("https://") || url.ends_with('/'))
        {
            faults.push("[mutual_tls] public_url is an https URL without trailing slash".to_owned());
        }
        faults
    }
}
