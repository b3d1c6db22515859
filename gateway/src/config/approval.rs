//! `[approval]`: credentials of mode implicit, whose users are asked out of band.

use serde::Deserialize;

use crate::domain::prompt::Bounds;

/// Bounds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApprovalConfig {
    /// How long `credentials/authorize` of version 1 waits for the user, milliseconds.
    pub wait_ms: u64,
    /// Prompts of one client that may wait for one user.
    pub of_client: usize,
    /// Prompts that may wait for one user in all.
    pub of_user: usize,
    /// Prompts of one client that one user may refuse or leave alone within an hour, before the client has to wait.
    pub in_vain: usize,
}

impl Default for ApprovalConfig {
    fn default() -> Self {
        Self { wait_ms: 25_000, of_client: 3, of_user: 10, in_vain: 10 }
    }
}

impl ApprovalConfig {
    /// How much may wait.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        Bounds { of_client: self.of_client, of_user: self.of_user, in_vain: self.in_vain }
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.wait_ms > 120_000 {
            faults.push("[approval] wait_ms is at most 120000".to_owned());
        }
        if [self.of_client, self.of_user, self.in_vain].contains(&0) || self.of_user > 100 {
            faults.push("[approval] of_client, of_user and in_vain are at least 1, of_user at most 100".to_owned());
        }
        faults
    }
}
