//! The store in one SQLite file: WAL, group commit, every answer after a sync.
//!
//! All writes go through one thread ([`writer`]), which runs whatever queued up while the last commit was being made
//! durable as one transaction: n concurrent steps cost one fsync, and a step's closure is called inside the
//! transaction, once. Reads take a read-only connection ([`readers`]) on the calling thread. Several processes may
//! have the file open; SQLite's own locks keep them apart.
//!
//! [`schema`] opens and lays out the file, [`documents`] and [`journal`] hold the SQL. This folder is the only place
//! that names `rusqlite`.

mod documents;
mod journal;
mod readers;
mod schema;
mod syncer;
mod writer;

use std::{collections::HashMap, path::Path, sync::Arc};

use async_trait::async_trait;

use crate::{Chained, Chains, Collection, Document, Error, Leisure, Result, Step, Store};
use documents::Documents;
use readers::Readers;
use syncer::Syncer;
use writer::{Until, Writer};

/// Rows one [`Store::purge`] job deletes, so that a large purge does not keep the steps behind it waiting.
const PURGE_SLICE: usize = 256;

/// An open SQLite store.
#[derive(Debug)]
pub(crate) struct Sqlite {
    collections: HashMap<&'static str, Arc<Documents>>,
    // Dropped before the writer: whoever closes the file last folds the WAL into it, and a reader cannot.
    readers: Readers,
    writer: Writer,
}

impl Sqlite {
    /// Opens the file, creating it and the tables of `collections` where absent.
    pub(crate) fn open(path: &Path, collections: &[Collection], leisure: Leisure) -> Result<Self> {
        let connection = schema::open(path, collections)?;
        let collections = collections.iter().map(|&it| (it.name, Arc::new(Documents::new(it)))).collect();
        Ok(Self {
            collections,
            readers: Readers::new(path),
            writer: Writer::start(connection, Syncer::start(path)?, leisure)?,
        })
    }

    fn documents(&self, collection: Collection) -> Result<&Arc<Documents>> {
        self.collections
            .get(collection.name)
            .ok_or_else(|| Error::Unavailable(format!("no collection {} in this store", collection.name).into()))
    }

    async fn step_until(&self, until: Until, collection: Collection, id: &str, mut step: Step) -> Result<()> {
        let documents = Arc::clone(self.documents(collection)?);
        let id = id.to_owned();
        self.writer.run(until, move |connection| documents.step(connection, &id, &mut step)).await
    }

    async fn append_until(&self, until: Until, chain: &str, event: Vec<u8>) -> Result<Chained> {
        let chain = chain.to_owned();
        self.writer.run(until, move |connection| journal::append(connection, &chain, &event)).await
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn find(&self, collection: Collection, id: &str) -> Result<Option<Document>> {
        let documents = self.documents(collection)?;
        self.readers.read(|connection| documents.find(connection, id))
    }

    async fn step(&self, collection: Collection, id: &str, step: Step) -> Result<()> {
        self.step_until(Until::Durable, collection, id, step).await
    }

    async fn step_unsynced(&self, collection: Collection, id: &str, step: Step) -> Result<()> {
        self.step_until(Until::Committed, collection, id, step).await
    }

    async fn list(
        &self,
        collection: Collection,
        group: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>> {
        let documents = self.documents(collection)?;
        self.readers.read(|connection| documents.list(connection, group, after, limit))
    }

    async fn purge(&self, collection: Collection, now: i64) -> Result<u64> {
        let mut total = 0;
        loop {
            let documents = Arc::clone(self.documents(collection)?);
            let removed = self
                .writer
                .run(Until::Durable, move |connection| documents.purge(connection, now, PURGE_SLICE))
                .await?;
            total += removed as u64;
            if removed < PURGE_SLICE {
                return Ok(total);
            }
        }
    }

    async fn append(&self, chain: &str, event: Vec<u8>) -> Result<Chained> {
        self.append_until(Until::Durable, chain, event).await
    }

    async fn append_unsynced(&self, chain: &str, event: Vec<u8>) -> Result<Chained> {
        self.append_until(Until::Committed, chain, event).await
    }

    async fn read_chain(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>> {
        self.readers.read(|connection| journal::read(connection, chain, from, limit))
    }

    async fn chains(&self) -> Result<Vec<String>> {
        self.readers.read(journal::chains)
    }

    async fn ping(&self) -> Result<()> {
        // An empty transaction: it needs the writer thread alive, the write lock free and the disk well, and costs no
        // fsync of its own.
        self.writer.run(Until::Durable, |_| Ok(())).await
    }
}

/// Names of the collections of a file, none where there is no file; by a connection that cannot write.
pub(crate) fn collections(path: &Path) -> Result<Vec<String>> {
    if !path.try_exists().map_err(|error| Error::Unavailable(Box::new(error)))? {
        return Ok(Vec::new());
    }
    documents::collections(&schema::open_reader(path)?)
}

/// The chains of a file that is there, by a connection that cannot write.
#[derive(Debug)]
pub(crate) struct Trail(Readers);

/// `None` where there is no file, or none that an rsign has laid out.
pub(crate) fn open_chains(path: &Path) -> Result<Option<Trail>> {
    if !path.try_exists().map_err(|error| Error::Unavailable(Box::new(error)))? {
        return Ok(None);
    }
    let readers = Readers::new(path);
    let is_laid_out = readers.read(schema::is_laid_out)?;
    Ok(is_laid_out.then_some(Trail(readers)))
}

#[async_trait]
impl Chains for Trail {
    async fn chains(&self) -> Result<Vec<String>> {
        self.0.read(journal::chains)
    }

    async fn read_chain(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>> {
        self.0.read(|connection| journal::read(connection, chain, from, limit))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// A limit or sequence number as SQLite counts; there are no more rows than fit.
fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
