//! The suite on MongoDB, and what only a server can do: be somewhere else, and be dead.

#[path = "suite/chain.rs"]
mod chain;
#[path = "suite/documents.rs"]
mod documents;
#[path = "mongo/faults.rs"]
mod faults;
#[path = "suite/lifecycle.rs"]
mod lifecycle;
#[path = "mongo/mongod.rs"]
mod mongod;
#[path = "suite/races.rs"]
mod races;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use mongodb::{
    Client, Database,
    bson::{Binary, Document, doc, spec::BinarySubtype},
};
use rsign_storage::{Chains, Location, Result, Store, open, open_chains};
use tempfile::TempDir;

use crate::common::COLLECTIONS;

/// A database for one store, on the server all tests share.
#[derive(Clone)]
struct Bench {
    uri: String,
    database: String,
    directory: Arc<TempDir>,
}

/// An empty place, or `None` when there is no server to be had.
async fn bench() -> Option<Bench> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = mongod::shared().await?;
    Some(Bench::new(server.uri(), &format!("contract_{}", COUNT.fetch_add(1, Ordering::SeqCst))))
}

impl Bench {
    fn new(uri: String, database: &str) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        std::fs::write(directory.path().join("uri"), format!("{uri}\n")).unwrap();
        Self { uri, database: database.to_owned(), directory }
    }

    fn location(&self) -> Location {
        Location::Mongo { uri_file: self.directory.path().join("uri"), database: self.database.clone() }
    }

    async fn try_open(&self) -> Result<Arc<dyn Store>> {
        open(&self.location(), COLLECTIONS).await
    }

    async fn chains(&self) -> Result<Option<Box<dyn Chains>>> {
        open_chains(&self.location()).await
    }

    /// Whether nobody has written anything.
    async fn is_untouched(&self) -> bool {
        self.raw().await.list_collection_names().await.unwrap().is_empty()
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.try_open().await.unwrap()
    }

    /// A connection of its own, as another program would have.
    async fn raw(&self) -> Database {
        Client::with_uri_str(&self.uri).await.unwrap().database(&self.database)
    }

    async fn raise_schema(&self, version: u32) {
        let raised = doc! { "$set": { "version": i64::from(version) } };
        let schema = self.raw().await.collection::<Document>("schema");
        assert_eq!(schema.update_many(doc! {}, raised).await.unwrap().modified_count, 1);
    }

    async fn edit_event(&self, chain: &str, sequence: u64, event: Vec<u8>) {
        let place = doc! { "chain": chain, "sequence": sequence as i64 };
        let event = Binary { subtype: BinarySubtype::Generic, bytes: event };
        let journal = self.raw().await.collection::<Document>("journal");
        let edited = journal.update_one(place, doc! { "$set": { "event": event } }).await.unwrap();
        assert_eq!(edited.modified_count, 1);
    }
}
