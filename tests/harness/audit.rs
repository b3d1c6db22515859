//! The signer's audit trail, read with the auditor's commands.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{Credential, command, program};

/// Every entry, oldest first.
#[derive(Debug, Clone)]
pub struct Trail {
    /// As printed.
    pub text: String,
    events: Vec<Value>,
}

impl Trail {
    /// Runs `audit show`.
    ///
    /// # Panics
    /// When it fails, or prints what is no entry.
    #[must_use]
    pub fn read(signer_config: &Path) -> Self {
        let text = audit(signer_config, "show").unwrap_or_else(|said| panic!("{said}"));
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone()).collect();
        Self { text, events }
    }

    /// Runs `audit verify`: whether every chain is whole, and what was said of it.
    ///
    /// # Errors
    /// What it said of a broken chain.
    pub fn verify(signer_config: &Path) -> Result<String, String> {
        audit(signer_config, "verify")
    }

    /// Entries of this event and outcome.
    pub fn of<'a>(&'a self, event: &'a str, outcome: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events.iter().filter(move |entry| entry["event"] == event && entry["outcome"] == outcome)
    }

    /// Wrong PINs that were judged for this credential, of all clients or of one.
    #[must_use]
    pub fn wrong_pins(&self, credential: &Credential, client: Option<&str>) -> usize {
        self.of("authorized", "failure")
            .filter(|entry| entry["credential"] == *credential.id)
            .filter(|entry| client.is_none_or(|client| entry["client"] == client))
            .count()
    }
}

fn audit(signer_config: &Path, what: &str) -> Result<String, String> {
    command(Command::new(program("rsign-signer")).arg("--config").arg(signer_config).args(["audit", what]))
}
