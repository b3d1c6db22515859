//! A store that fails when a test says so.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rsign_storage::{Chained, Collection, Document, Error, Result, Step, Store};

/// How a store fails.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// It does not answer.
    Away,
    /// What it holds cannot be read.
    Corrupt,
}

/// What the test says.
#[derive(Debug, Default)]
pub(crate) struct Switch(Mutex<Option<Fault>>);

impl Switch {
    /// From now on it fails so, or not at all.
    pub(crate) fn set(&self, fault: Option<Fault>) {
        *self.0.lock().unwrap() = fault;
    }

    fn check(&self) -> Result<()> {
        match *self.0.lock().unwrap() {
            None => Ok(()),
            Some(Fault::Away) => Err(Error::Unavailable("connection refused".into())),
            Some(Fault::Corrupt) => {
                Err(Error::Corrupt { collection: "x", id: "x".to_owned(), source: "expected value at line 1".into() })
            }
        }
    }
}

/// The store behind the switch.
#[derive(Debug)]
pub(crate) struct Faulty {
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// The switch.
    pub(crate) switch: Arc<Switch>,
}

#[async_trait]
impl Store for Faulty {
    async fn find(&self, collection: Collection, id: &str) -> Result<Option<Document>> {
        self.switch.check()?;
        self.store.find(collection, id).await
    }

    async fn step(&self, collection: Collection, id: &str, step: Step) -> Result<()> {
        self.switch.check()?;
        self.store.step(collection, id, step).await
    }

    async fn list(
        &self,
        collection: Collection,
        group: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>> {
        self.switch.check()?;
        self.store.list(collection, group, after, limit).await
    }

    async fn purge(&self, collection: Collection, now: i64) -> Result<u64> {
        self.switch.check()?;
        self.store.purge(collection, now).await
    }

    async fn append(&self, chain: &str, event: Vec<u8>) -> Result<Chained> {
        self.switch.check()?;
        self.store.append(chain, event).await
    }

    async fn read_chain(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>> {
        self.switch.check()?;
        self.store.read_chain(chain, from, limit).await
    }

    async fn chains(&self) -> Result<Vec<String>> {
        self.switch.check()?;
        self.store.chains().await
    }

    async fn ping(&self) -> Result<()> {
        self.switch.check()?;
        self.store.ping().await
    }
}
