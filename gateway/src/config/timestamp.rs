//! `[timestamp]`: the time-stamping authority behind `signatures/timestamp`; without it the method is not offered.

use std::path::PathBuf;

use serde::Deserialize;

/// Where time-stamps come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampConfig {
    /// URL of an RFC 3161 authority, http or https.
    pub url: String,
    /// PEM of the CAs its TLS certificate comes from; absent: those this machine trusts.
    pub ca: Option<PathBuf>,
    /// How long it may take for one answer.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

impl TimestampConfig {
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
