//! The store in a MongoDB deployment, for services of more than one machine; a standalone server will do for tests.
//!
//! Every document carries a `version`. A step reads the document, decides, and writes filtered on id and version
//! ([`documents`]); who lost the race reads again. Nothing here needs a transaction. Writes are acknowledged by a
//! majority and journaled, reads come from the primary with read concern majority ([`connect`]).
//!
//! [`body`] turns JSON into BSON and back, [`journal`] appends to the hash chains. This folder is the only place
//! that names `mongodb`.

mod body;
mod connect;
mod documents;
mod error;
mod journal;
mod pause;

use std::{collections::HashMap, path::Path};

use async_trait::async_trait;
use mongodb::{Database, bson::doc};

use crate::{Chained, Chains, Collection, Document, Error, Result, Step, Store};
use documents::Documents;
use error::in_time;
use journal::{Entries, Journal};

/// An open MongoDB store.
#[derive(Debug)]
pub(crate) struct Mongo {
    database: Database,
    collections: HashMap<&'static str, Documents>,
    journal: Journal,
}

impl Mongo {
    /// Connects, creating the indexes of `collections` where absent. The connection string is read from `uri_file`.
    pub(crate) async fn open(uri_file: &Path, database: &str, collections: &[Collection]) -> Result<Self> {
        let database = connect::open(uri_file, database, collections).await?;
        let journal = Journal::start(&database);
        let collections = collections.iter().map(|&it| (it.name, Documents::new(&database, it))).collect();
        Ok(Self { database, collections, journal })
    }

    fn documents(&self, collection: Collection) -> Result<&Documents> {
        self.collections
            .get(collection.name)
            .ok_or_else(|| Error::Unavailable(format!("no collection {} in this store", collection.name).into()))
    }
}

/// Names of the collections of a database.
pub(crate) async fn collections(uri_file: &Path, database: &str) -> Result<Vec<String>> {
    connect::collections(uri_file, database).await
}

#[async_trait]
impl Store for Mongo {
    async fn find(&self, collection: Collection, id: &str) -> Result<Option<Document>> {
        in_time(self.documents(collection)?.find(id)).await
    }

    async fn step(&self, collection: Collection, id: &str, step: Step) -> Result<()> {
        in_time(self.documents(collection)?.step(id, step)).await
    }

    async fn list(
        &self,
        collection: Collection,
        group: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>> {
        in_time(self.documents(collection)?.list(group, after, limit)).await
    }

    async fn purge(&self, collection: Collection, now: i64) -> Result<u64> {
        in_time(self.documents(collection)?.purge(now)).await
    }

    async fn append(&self, chain: &str, event: Vec<u8>) -> Result<Chained> {
        in_time(self.journal.append(chain, event)).await
    }

    async fn read_chain(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>> {
        in_time(self.journal.entries.read(chain, from, limit)).await
    }

    async fn chains(&self) -> Result<Vec<String>> {
        in_time(self.journal.entries.chains()).await
    }

    async fn ping(&self) -> Result<()> {
        in_time(async { Ok(self.database.run_command(doc! { "ping": 1 }).await.map(drop)?) }).await
    }
}

/// The chains of a database that is there.
#[derive(Debug)]
pub(crate) struct Trail(Entries);

/// `None` where no rsign has laid the database out.
pub(crate) async fn open_chains(uri_file: &Path, database: &str) -> Result<Option<Trail>> {
    let database = connect::open_existing(uri_file, database).await?;
    Ok(database.map(|database| Trail(Entries::of(&database))))
}

#[async_trait]
impl Chains for Trail {
    async fn chains(&self) -> Result<Vec<String>> {
        in_time(self.0.chains()).await
    }

    async fn read_chain(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>> {
        in_time(self.0.read(chain, from, limit)).await
    }
}
