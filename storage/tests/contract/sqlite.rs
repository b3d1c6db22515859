//! The suite on SQLite, and what only SQLite can get wrong.

#[path = "suite/chain.rs"]
mod chain;
#[path = "suite/documents.rs"]
mod documents;
#[path = "sqlite/faults.rs"]
mod faults;
#[path = "suite/lifecycle.rs"]
mod lifecycle;
#[path = "suite/races.rs"]
mod races;

use std::{path::PathBuf, sync::Arc};

use rsign_storage::{Chains, Location, Result, Store, open, open_chains};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::common::COLLECTIONS;

/// A directory for one store.
#[derive(Clone)]
struct Bench {
    directory: Arc<TempDir>,
}

/// An empty place; never `None`, SQLite is always there.
async fn bench() -> Option<Bench> {
    Some(Bench { directory: Arc::new(tempfile::tempdir().unwrap()) })
}

impl Bench {
    fn path(&self) -> PathBuf {
        self.directory.path().join("store.db")
    }

    fn location(&self) -> Location {
        Location::Sqlite { path: self.path() }
    }

    async fn try_open(&self) -> Result<Arc<dyn Store>> {
        open(&self.location(), COLLECTIONS).await
    }

    async fn chains(&self) -> Result<Option<Box<dyn Chains>>> {
        open_chains(&self.location()).await
    }

    /// Whether nobody has written anything.
    async fn is_untouched(&self) -> bool {
        std::fs::read_dir(self.directory.path()).unwrap().next().is_none()
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.try_open().await.unwrap()
    }

    /// A connection of its own, as another program would have.
    fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    async fn raise_schema(&self, version: u32) {
        self.raw().pragma_update(None, "user_version", version).unwrap();
    }

    async fn edit_event(&self, chain: &str, sequence: u64, event: Vec<u8>) {
        let edit = "UPDATE journal SET event = ?3 WHERE chain = ?1 AND seq = ?2";
        let edited = self.raw().execute(edit, params![chain, sequence as i64, event]).unwrap();
        assert_eq!(edited, 1);
    }
}
