//! `[timestamp]`: the time-stamping authority behind `signatures/timestamp`; without it the method is not offered.

use std::path::PathBuf;

use anyhow::Context as _;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;

/// Where time-stamps come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampConfig {
    /// URL of an RFC 3161 authority, http or https.
    pub url: String,
    /// PEM of the CAs its TLS certificate comes from; absent: those this machine trusts.
    pub ca: Option<PathBuf>,
    /// PEM of the certificates above its own, up to the root, as far as its answers do not bring them: what signatures of
    /// the levels B-LT and B-LTA have to hold. Not needed where the built-in CA made the authority's certificate.
    pub authorities: Option<PathBuf>,
    /// How long it may take for one answer.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

impl TimestampConfig {
    /// The certificates above the authority's own, DER.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn authorities(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let Some(path) = &self.authorities else { return Ok(Vec::new()) };
        let read = CertificateDer::pem_file_iter(path).with_context(|| path.display().to_string())?;
        let read = read.map(|certificate| Ok(certificate.with_context(|| path.display().to_string())?.to_vec()));
        read.collect()
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !url::Url::parse(&self.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            faults.push("[timestamp] url is no http or https URL".to_owned());
        }
        if self.timeout_seconds == 0 {
            faults.push("[timestamp] timeout_seconds must be at least 1".to_owned());
        }
        faults
    }
}

const fn default_timeout() -> u64 {
    10
}
