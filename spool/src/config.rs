//! What an operator says about documents on their way.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Bounds, Spool};

/// Folder and bounds, octets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpoolConfig {
    /// Where files are made that have no name: not in memory (tmpfs), or the bounds are bounds of memory. Absent: where
    /// the store's file is, else where this machine has temporary files.
    pub folder: Option<PathBuf>,
    /// One document.
    pub document: u64,
    /// All documents of one request.
    pub request: u64,
    /// All documents of one client that are here at once.
    pub client: u64,
    /// All documents that are here at once.
    pub all: u64,
    /// What of these may be in memory; the others are in files.
    pub memory: u64,
}

impl Default for SpoolConfig {
    fn default() -> Self {
        Self { folder: None, document: 128 << 20, request: 384 << 20, client: 1 << 30, all: 2 << 30, memory: 32 << 20 }
    }
}

impl SpoolConfig {
    /// What is wrong with it, if anything is.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let ordered = 0 < self.document
            && self.document <= self.request
            && self.request <= self.client
            && self.client <= self.all;
        (!ordered).then(|| "[spool] document, request, client and all must be in this order, and not 0".to_owned())
    }

    /// Opens it. `store` is the file of the store, if it is one.
    #[must_use]
    pub fn open(&self, store: Option<&Path>) -> Spool {
        let beside = store.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        let folder = self.folder.clone().or_else(|| beside.map(Path::to_owned)).unwrap_or_else(std::env::temp_dir);
        let Self { document, request, client, all, memory, .. } = *self;
        Spool::new(folder, Bounds { document, request, client, all, memory })
    }
}
