//! One collection: reading, and the step as compare-and-set on the document's version.

use std::hash::{BuildHasher, RandomState};

use futures_util::TryStreamExt;
use mongodb::{
    Database,
    bson::{Document as Filter, RawBson, RawBsonRef, RawDocument, RawDocumentBuf, doc, rawdoc},
};
use tokio::sync::Mutex;

use super::{
    body::{self, Fault},
    error::is_duplicate,
    pause::{chance, pause},
};
use crate::{Change, Collection, Document, Error, Result, Step, decide::decide};

/// Tries of one step. Only other processes are raced, so more means that something else is wrong.
const TRIES: u32 = 64;

/// Locks that keep the steps of this process on one document in line.
const LANES: usize = 256;

/// A collection of the database.
#[derive(Debug)]
pub(super) struct Documents {
    collection: Collection,
    stored: mongodb::Collection<RawDocumentBuf>,
    lanes: [Mutex<()>; LANES],
    hasher: RandomState,
}

/// Name of the MongoDB collection; the prefix keeps it apart from the journal.
pub(super) fn name(collection: Collection) -> String {
    format!("{PREFIX}{}", collection.name)
}

/// What its names begin with.
pub(super) const PREFIX: &str = "doc_";

impl Documents {
    pub(super) fn new(database: &Database, collection: Collection) -> Self {
        let lanes = std::array::from_fn(|_| Mutex::default());
        Self { collection, stored: database.collection(&name(collection)), lanes, hasher: RandomState::new() }
    }

    pub(super) async fn find(&self, id: &str) -> Result<Option<Document>> {
        Ok(self.read(id).await?.map(|(_, document)| document))
    }

    /// Reads, decides, writes; again while other processes are quicker. Steps of this process on one document queue
    /// for a lane instead of racing: of n racers n - 1 would have read in vain.
    pub(super) async fn step(&self, id: &str, mut step: Step) -> Result<()> {
        let lane = self.hasher.hash_one(id) as usize % LANES;
        let _turn = self.lanes[lane].lock().await;
        for tries in 0..TRIES {
            let found = self.read(id).await?;
            let (version, document) = found.unzip();
            let change = decide(self.collection, id, &mut step, document.as_ref())?;
            if self.write(id, version, change).await? {
                return Ok(());
            }
            pause(tries).await;
        }
        Err(Error::Unavailable(format!("{TRIES} other writers were quicker").into()))
    }

    /// Applies the change if the document still has `version` (is still absent); says whether it did.
    async fn write(&self, id: &str, version: Option<i64>, change: Change) -> Result<bool> {
        match (change, version) {
            (Change::Keep, _) | (Change::Remove, None) => Ok(true),
            (Change::Remove, Some(version)) => {
                let gone = self.stored.delete_one(doc! { "_id": id, "version": version }).await?;
                Ok(gone.deleted_count == 1)
            }
            (Change::Put(new), Some(version)) => {
                let new = self.store(new, version.wrapping_add(1))?;
                let replaced = self.stored.replace_one(doc! { "_id": id, "version": version }, new).await?;
                Ok(replaced.matched_count == 1)
            }
            // Versions begin anywhere: a document that was removed and created again must not match an old reader's.
            (Change::Put(new), None) => match self.stored.insert_one(self.store(new, chance() as i64)?).await {
                Err(error) if is_duplicate(&error) => Ok(false),
                done => Ok(done.map(|_| true)?),
            },
        }
    }

    pub(super) async fn list(&self, group: Option<&str>, after: Option<&str>, limit: usize) -> Result<Vec<Document>> {
        if limit == 0 {
            return Ok(Vec::new()); // to MongoDB 0 means no limit
        }
        let mut filter = Filter::new();
        if let Some(group) = group {
            filter.insert("group", group);
        }
        if let Some(after) = after {
            filter.insert("_id", doc! { "$gt": after });
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.stored.find(filter).sort(doc! { "_id": 1 }).limit(limit).await?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await?;
        found.iter().map(|stored| Ok(self.load(stored)?.1)).collect()
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        Ok(self.stored.delete_many(doc! { "expires_at": { "$lt": now } }).await?.deleted_count)
    }

    async fn read(&self, id: &str) -> Result<Option<(i64, Document)>> {
        self.stored.find_one(doc! { "_id": id }).await?.map(|stored| self.load(&stored)).transpose()
    }

    fn store(&self, document: Document, version: i64) -> Result<RawDocumentBuf> {
        let body = body::from_json(&document.body).map_err(|fault| self.corrupt(&document.id, fault))?;
        Ok(rawdoc! {
            "_id": document.id,
            "version": version,
            "group": document.group.map_or(RawBson::Null, RawBson::String),
            "expires_at": document.expires_at.map_or(RawBson::Null, RawBson::Int64),
            "body": body,
        })
    }

    fn load(&self, stored: &RawDocument) -> Result<(i64, Document)> {
        let parse = |id: &str| -> std::result::Result<_, Fault> {
            let group = stored.get("group")?.and_then(RawBsonRef::as_str).map(str::to_owned);
            let expires_at = stored.get("expires_at")?.and_then(RawBsonRef::as_i64);
            let body = body::to_json(stored.get_document("body")?)?;
            Ok((stored.get_i64("version")?, Document { id: id.to_owned(), group, expires_at, body }))
        };
        let id = stored.get_str("_id").unwrap_or_default();
        parse(id).map_err(|fault| self.corrupt(id, fault))
    }

    fn corrupt(&self, id: &str, source: Fault) -> Error {
        Error::Corrupt { collection: self.collection.name, id: id.to_owned(), source }
    }
}
