//! Clients that sign their requests: what an operator of the signer knows of them, past any gateway (DESIGN 5).

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::key_folder;

/// Keys of clients, and what follows from having one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// A folder with one public key for each client that signs its requests: `CLIENT-ID.pem`. It is looked into anew
    /// each time.
    #[serde(default)]
    keys: Option<PathBuf>,
    /// Whether nobody else may have hashes approved: without it a gateway could name a client that signs nothing.
    #[serde(default)]
    required: bool,
    /// What the requests have to name as `aud`: the gateway's issuer. Not looked at when absent.
    #[serde(default)]
    audience: Option<String>,
}

/// What a client has to show for its requests.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it has no key here.
    Free,
    /// Its signature, by this key (`SubjectPublicKeyInfo`, DER).
    Signs(Vec<u8>),
    /// It has no key, and only those with one are served.
    Unknown,
}

impl Clients {
    /// Keys in this folder.
    #[must_use]
    pub fn new(keys: PathBuf, required: bool, audience: Option<String>) -> Self {
        Self { keys: Some(keys), required, audience }
    }

    /// Where the keys are.
    #[must_use]
    pub fn keys(&self) -> Option<&Path> {
        self.keys.as_deref()
    }

    /// Whether only those with a key may have hashes approved.
    #[must_use]
    pub const fn required(&self) -> bool {
        self.required
    }

    /// What requests have to name as `aud`.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// What this client has to show. Where there is a folder, an id that could not name a file in it is unknown: the
    /// gateway registers none (letters, digits, `-`, `_`, `.`, no leading dot).
    ///
    /// # Errors
    /// When there is a file that cannot be read, or holds no key: then nothing is known, and nothing follows.
    pub async fn standing(&self, client: &str) -> io::Result<Standing> {
        let without = if self.required { Standing::Unknown } else { Standing::Free };
        let Some(folder) = &self.keys else { return Ok(without) };
        if !key_folder::is_name(client) {
            return Ok(Standing::Unknown);
        }
        Ok(key_folder::read(folder, client).await?.map_or(without, Standing::Signs))
    }
}
