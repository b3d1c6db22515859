//! `[asynchronous]`: signatures that are fetched later (`operationMode` A).

use std::path::PathBuf;

use rsign_api::csc::signatures::Validities;
use serde::Deserialize;

use crate::service::room::Bounds;

/// Bounds, and how apps are called back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AsynchronousConfig {
    /// Least `validity_period`, milliseconds.
    pub shortest_validity_ms: u64,
    /// Most, milliseconds.
    pub longest_validity_ms: u64,
    /// Where a request names none, milliseconds.
    pub usual_validity_ms: u64,
    /// How long an answer waits for the signatures: what is refused is then refused at once, milliseconds.
    pub patience_ms: u64,
    /// Jobs under way at once.
    pub jobs: usize,
    /// Octets of signed documents that may wait to be fetched.
    pub waiting_documents: usize,
    /// And of one client.
    pub waiting_documents_per_client: usize,
    /// PEM of the CAs that the certificates of `response_uri`s come from; absent: those this machine trusts.
    pub response_ca: Option<PathBuf>,
    /// Also calls `response_uri`s on this machine. For tests of apps, never for a service: it lets a client make the
    /// gateway call what only this machine should reach.
    pub loopback_responses: bool,
}

impl Default for AsynchronousConfig {
    fn default() -> Self {
        Self {
            shortest_validity_ms: 1000,
            longest_validity_ms: 24 * 3600 * 1000,
            usual_validity_ms: 3600 * 1000,
            patience_ms: 500,
            jobs: 1024,
            waiting_documents: 1 << 30,
            waiting_documents_per_client: 256 << 20,
            response_ca: None,
            loopback_responses: false,
        }
    }
}

impl AsynchronousConfig {
    /// What `validity_period` may be.
    #[must_use]
    pub const fn validities(&self) -> Validities {
        Validities {
            shortest: self.shortest_validity_ms,
            longest: self.longest_validity_ms,
            usual: self.usual_validity_ms,
        }
    }

    /// What may wait of signed documents.
    #[must_use]
    pub const fn waiting(&self) -> Bounds {
        Bounds { all: self.waiting_documents, share: self.waiting_documents_per_client }
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let ordered = self.shortest_validity_ms <= self.usual_validity_ms
            && self.usual_validity_ms <= self.longest_validity_ms
            && self.longest_validity_ms <= 365 * 24 * 3600 * 1000;
        let mut faults = Vec::new();
        if !ordered {
            faults.push(
                "[asynchronous] shortest, usual and longest validity must be in this order, at most a year".to_owned(),
            );
        }
        if self.jobs == 0 {
            faults.push("[asynchronous] jobs must be at least 1".to_owned());
        }
        faults
    }
}
