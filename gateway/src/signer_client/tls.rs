//! Mutual TLS to the signer: its CA, or its own certificate, is the only trust anchor; we show one pinned certificate.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use crate::config::signer::SignerConfig;

/// How the client connects.
pub(super) fn connector(config: &SignerConfig) -> anyhow::Result<HttpsConnector<HttpConnector>> {
    let mut roots = RootCertStore::empty();
    for anchor in certificates(&config.ca)? {
        roots.add(anchor).with_context(|| format!("{} is no trust anchor", config.ca.display()))?;
    }
    let key = PrivateKeyDer::from_pem_file(&config.key)
        .with_context(|| format!("cannot read the key {}", config.key.display()))?;
    let tls = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates(&config.certificate)?, key)
        .context("certificate and key for the signer do not fit")?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(Duration::from_secs(3)));
    tcp.set_keepalive(Some(Duration::from_secs(30)));
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().wrap_connector(tcp))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).with_context(|| format!("cannot read {}", path.display()))?.collect();
    let found = found.with_context(|| format!("{} is not PEM", path.display()))?;
    anyhow::ensure!(!found.is_empty(), "{} holds no certificate", path.display());
    Ok(found)
}
