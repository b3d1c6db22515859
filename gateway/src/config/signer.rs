//! `[signer]`: the way to the qualified zone.

use std::path::PathBuf;

use serde::Deserialize;

/// How the signer is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerConfig {
    /// Base URL, https.
    pub url: String,
    /// PEM of the CA that certified the signer, or of the signer's own certificate.
    pub ca: PathBuf,
    /// Our certificate, PEM; the signer pins it.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// How long a call may take; longer than the signer lets PIN tries queue.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    /// Signature calls under way at once; more wait in order.
    #[serde(default = "default_concurrent")]
    pub concurrent_signatures: usize,
}

impl SignerConfig {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.url.starts_with("https://") {
            faults.push("[signer] url must be https".to_owned());
        }
        if self.timeout_seconds == 0 || self.concurrent_signatures == 0 {
            faults.push("[signer] timeout_seconds and concurrent_signatures must be at least 1".to_owned());
        }
        faults
    }
}

const fn default_timeout() -> u64 {
    60
}

const fn default_concurrent() -> usize {
    64
}
