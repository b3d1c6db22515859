//! A store one of whose steps fails when a test says so.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rsign_storage::{Chained, Collection, Document, Error, Result, Step, Store};

/// How the step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fails {
    /// Nothing is written.
    Before,
    /// It is written, and the answer is lost.
    After,
}

/// The store, whose step of this number on a collection fails.
#[derive(Debug)]
pub(crate) struct Faulty {
    store: Arc<dyn Store>,
    collection: &'static str,
    steps: AtomicUsize,
    fails: Mutex<Option<(usize, Fails)>>,
}

impl Faulty {
    pub(crate) fn over(store: &Arc<dyn Store>, collection: &'static str, step: usize, how: Fails) -> Arc<Self> {
        let fails = Mutex::new(Some((step, how)));
        Arc::new(Self { store: Arc::clone(store), collection, steps: AtomicUsize::new(0), fails })
    }

    /// Whether it has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.fails.lock().unwrap().is_none()
    }

    fn fault(&self, collection: Collection) -> Option<Fails> {
        if collection.name != self.collection {
            return None;
        }
        let number = self.steps.fetch_add(1, Ordering::SeqCst) + 1;
        self.fails.lock().unwrap().take_if(|(step, _)| *step == number).map(|(_, how)| how)
    }
}

#[async_trait]
impl Store for Faulty {
    async fn find(&self, collection: Collection, id: &str) -> Result<Option<Document>> {
        self.store.find(collection, id).await
    }

    async fn step(&self, collection: Collection, id: &str, step: Step) -> Result<()> {
        let fault = self.fault(collection);
        if fault != Some(Fails::Before) {
            self.store.step(collection, id, step).await?;
        }
        if fault.is_some() { Err(Error::Unavailable("the disk is full".into())) } else { Ok(()) }
    }

    async fn list(
        &self,
        collection: Collection,
        group: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>> {
        self.store.list(collection, group, after, limit).await
    }

    async fn purge(&self, collection: Collection, now: i64) -> Result<u64> {
        self.store.purge(collection, now).await
    }

    async fn append(&self, chain: &str, event: Vec<u8>) -> Result<Chained> {
        self.store.append(chain, event).await
    }

    async fn read_chain(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>> {
        self.store.read_chain(chain, from, limit).await
    }

    async fn chains(&self) -> Result<Vec<String>> {
        self.store.chains().await
    }

    async fn ping(&self) -> Result<()> {
        self.store.ping().await
    }
}
