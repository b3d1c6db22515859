//! The one store both services stand on.
//!
//! An aggregate of the domain (a credential row, a SAD, an access token) is one *document*, and every change to it
//! is one *step*: a pure function from the document as it is to the document as it shall be, applied atomically.
//! SQLite does that inside a transaction, MongoDB by comparing and setting the document's version, so neither needs
//! a transaction over two documents. The repositories of the services ([`Table`]) speak only to the port [`Store`];
//! `rusqlite` is named only under `sqlite/`, `mongodb` only under `mongo/`, and one contract suite runs on both.
//!
//! Start reading at [`Store`], then [`Table`].

mod decide;
mod journal;
mod leisure;
mod mongo;
mod sqlite;
mod table;

use std::sync::Arc;

use async_trait::async_trait;

pub use journal::{Chained, GENESIS, link, verify};
pub use leisure::Leisure;
pub use table::{Place, Table, Update};

/// A named set of documents. Collections are created by the adapter when the store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Collection {
    /// The collection's name: lower-case ASCII letters and underscores.
    pub name: &'static str,
}

/// One aggregate as the store sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Unique within its collection.
    pub id: String,
    /// What [`Store::list`] finds it by; not unique.
    pub group: Option<String>,
    /// Unix time in milliseconds after which [`Store::purge`] removes it; reads may still see it until then.
    pub expires_at: Option<i64>,
    /// The aggregate as a JSON object.
    pub body: Vec<u8>,
}

/// What a step decides about the document it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Leave everything as it is; nothing is written.
    Keep,
    /// Write this in its place, or create it. The id must be the one the step was called for.
    Put(Document),
    /// Delete it.
    Remove,
}

/// A pure function over one document. It may be called more than once (another writer was quicker): the last call
/// is the one that counts, and it must not act on anything but its argument and what it returns.
pub type Step = Box<dyn FnMut(Option<&Document>) -> Change + Send>;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine did not answer, or answered with an error of its own. Whether the write happened is unknown.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store was written by a newer rsign.
    #[error(
        "the store has schema {found}, this program knows {known}: run the rsign that wrote it, or one that is newer, or \
         restore what was there before the update"
    )]
    NewerSchema {
        /// Schema of the store.
        found: u32,
        /// Newest schema this program knows.
        known: u32,
    },
    /// A document is not what this program writes.
    #[error("document {id} of {collection} cannot be read")]
    Corrupt {
        /// The collection it is in.
        collection: &'static str,
        /// Its id.
        id: String,
        /// What the parser said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Result of a store call.
pub type Result<T> = std::result::Result<T, Error>;

/// The port. Every method is one atomic, durable step: when it has returned `Ok`, the effect survives power loss; but
/// for the two that say otherwise.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// The document with this id, as last committed.
    async fn find(&self, collection: Collection, id: &str) -> Result<Option<Document>>;

    /// Reads, decides and writes as one step.
    async fn step(&self, collection: Collection, id: &str, step: Step) -> Result<()>;

    /// As [`Store::step`], but returns as soon as everybody sees the effect and the end of this process does not undo
    /// it; the loss of power may. It survives that too when any later `step` or `append` has returned. For what is of
    /// no use until a later step has followed it.
    async fn step_unsynced(&self, collection: Collection, id: &str, step: Step) -> Result<()> {
        self.step(collection, id, step).await
    }

    /// Documents of a group (of all groups with `None`) in order of id, those after `after` first, at most `limit`.
    async fn list(
        &self,
        collection: Collection,
        group: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>>;

    /// Removes what expired before `now` (Unix milliseconds); says how many documents went.
    async fn purge(&self, collection: Collection, now: i64) -> Result<u64>;

    /// Appends an event (JSON) to the hash chain `chain` and returns its place. Only one process appends to a chain.
    async fn append(&self, chain: &str, event: Vec<u8>) -> Result<Chained>;

    /// [`Store::append`] as [`Store::step_unsynced`] is [`Store::step`].
    async fn append_unsynced(&self, chain: &str, event: Vec<u8>) -> Result<Chained> {
        self.append(chain, event).await
    }

    /// Events of a chain from sequence number `from` on, at most `limit`.
    async fn read_chain(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>>;

    /// Names of the chains in the store.
    async fn chains(&self) -> Result<Vec<String>>;

    /// Fails when the engine does not answer.
    async fn ping(&self) -> Result<()>;
}

/// The hash chains of a store, for who only reads them.
#[async_trait]
pub trait Chains: Send + Sync + std::fmt::Debug {
    /// See [`Store::chains`].
    async fn chains(&self) -> Result<Vec<String>>;

    /// See [`Store::read_chain`].
    async fn read_chain(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>>;
}

/// Where a store lies.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "engine")]
pub enum Location {
    /// A file on this machine: WAL, synced before anybody is told.
    Sqlite {
        /// The database file; created if absent, mode 0600.
        path: std::path::PathBuf,
    },
    /// A MongoDB deployment; write concern majority, journaled.
    Mongo {
        /// A file that holds the connection string.
        uri_file: std::path::PathBuf,
        /// Database name.
        database: String,
    },
}

impl Location {
    /// The file it is, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&std::path::Path> {
        match self {
            Self::Sqlite { path } => Some(path),
            Self::Mongo { .. } => None,
        }
    }
}

/// Names of the collections that are there; nothing is created or changed.
///
/// # Errors
/// When the engine cannot be reached, or what is there is no store.
pub async fn collections(location: &Location) -> Result<Vec<String>> {
    match location {
        Location::Sqlite { path } => sqlite::collections(path),
        Location::Mongo { uri_file, database } => mongo::collections(uri_file, database).await,
    }
}

/// For who is told of it: the file, or the database. A connection string may hold a password.
impl std::fmt::Display for Location {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite { path } => path.display().fmt(to),
            Self::Mongo { database, .. } => write!(to, "database {database}"),
        }
    }
}

/// Opens the chains of a store that is there, to read them; nothing is created or changed. `None` where no rsign has
/// laid out a store.
///
/// # Errors
/// See [`open`].
pub async fn open_chains(location: &Location) -> Result<Option<Box<dyn Chains>>> {
    Ok(match location {
        Location::Sqlite { path } => sqlite::open_chains(path)?.map(|chains| Box::new(chains) as _),
        Location::Mongo { uri_file, database } => {
            mongo::open_chains(uri_file, database).await?.map(|chains| Box::new(chains) as _)
        }
    })
}

/// Opens the store, creating collections and indexes where absent.
///
/// # Errors
/// When the engine cannot be reached or the schema is newer than this program.
pub async fn open(location: &Location, collections: &[Collection]) -> Result<Arc<dyn Store>> {
    open_with(location, collections, Leisure::default()).await
}

/// As [`open`], by a process that can say when a commit may wait for company.
///
/// # Errors
/// See [`open`].
pub async fn open_with(location: &Location, collections: &[Collection], leisure: Leisure) -> Result<Arc<dyn Store>> {
    match location {
        Location::Sqlite { path } => Ok(Arc::new(sqlite::Sqlite::open(path, collections, leisure)?)),
        Location::Mongo { uri_file, database } => {
            Ok(Arc::new(mongo::Mongo::open(uri_file, database, collections).await?))
        }
    }
}
