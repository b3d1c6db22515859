//! The hash chains: a task that appends what queued during the previous insert with one ordered insert.
//!
//! The unique index (chain, sequence) and the order of the insert keep a chain whole whatever happens: an entry is
//! written only where nobody wrote another, and only after the one it commits to.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use mongodb::{
    Collection, Database,
    bson::{Binary, Bson, Document as Stored, doc, spec::BinarySubtype},
};
use tokio::sync::{mpsc, oneshot};

use super::{error::written_before_duplicate, pause::pause};
use crate::{Chained, Error, GENESIS, Result, link};

/// Name of the MongoDB collection.
pub(super) const NAME: &str = "journal";

/// Events that may wait; callers beyond that wait for a place.
const QUEUE: usize = 4096;

/// Events of one insert.
const BATCH: usize = 512;

/// Tries of one batch, against an append whose outcome was unknown and against other processes.
const TRIES: u32 = 16;

/// Handle to the task, and the collection it writes to.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) entries: Entries,
    queue: mpsc::Sender<Append>,
}

struct Append {
    chain: String,
    event: Vec<u8>,
    answer: oneshot::Sender<Result<Chained>>,
}

impl Journal {
    /// Starts the task, on the runtime of the caller.
    pub(super) fn start(database: &Database) -> Self {
        let entries = database.collection(NAME);
        let (queue, appends) = mpsc::channel(QUEUE);
        tokio::spawn(serve(Appender { entries: entries.clone(), heads: HashMap::new() }, appends));
        Self { entries: Entries(entries), queue }
    }

    pub(super) async fn append(&self, chain: &str, event: Vec<u8>) -> Result<Chained> {
        let (answer, answered) = oneshot::channel();
        let append = Append { chain: chain.to_owned(), event, answer };
        self.queue.send(append).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

/// What the chains hold.
#[derive(Debug)]
pub(super) struct Entries(Collection<Stored>);

impl Entries {
    pub(super) fn of(database: &Database) -> Self {
        Self(database.collection(NAME))
    }

    pub(super) async fn read(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>> {
        if limit == 0 {
            return Ok(Vec::new()); // to MongoDB 0 means no limit
        }
        let filter = doc! { "chain": chain, "sequence": { "$gte": count(from) } };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.0.find(filter).sort(doc! { "sequence": 1 }).limit(limit).await?;
        let found: Vec<Stored> = found.try_collect().await?;
        found.iter().map(load).collect()
    }

    pub(super) async fn chains(&self) -> Result<Vec<String>> {
        let names = self.0.distinct("chain", doc! {}).await?;
        let mut names: Vec<String> = names.iter().filter_map(Bson::as_str).map(str::to_owned).collect();
        names.sort_unstable();
        Ok(names)
    }
}

fn closed() -> Error {
    Error::Unavailable("the task that appends is gone".into())
}

async fn serve(mut appender: Appender, mut appends: mpsc::Receiver<Append>) {
    let mut batch = Vec::with_capacity(BATCH);
    while appends.recv_many(&mut batch, BATCH).await > 0 {
        let mut chains: HashMap<String, Vec<Append>> = HashMap::new();
        for append in batch.drain(..) {
            chains.entry(append.chain.clone()).or_default().push(append);
        }
        for (chain, appends) in chains {
            appender.append(&chain, appends).await;
        }
    }
}

/// Where a chain ends: sequence number and hash.
type Head = (u64, [u8; 32]);

struct Appender {
    entries: Collection<Stored>,
    /// Ends of the chains as this process left them; forgotten after every error.
    heads: HashMap<String, Head>,
}

impl Appender {
    /// Appends the events of one chain and answers all of them.
    async fn append(&mut self, chain: &str, mut appends: Vec<Append>) {
        for tries in 0..TRIES {
            match self.insert(chain, &mut appends).await {
                Ok(()) if appends.is_empty() => return,
                Ok(()) => pause(tries).await,
                Err(error) => return refuse(appends, &error.to_string()),
            }
        }
        refuse(appends, "the chain grew under our hands");
    }

    /// Inserts the events, answering and removing those that are in; the rest met entries of another writer.
    async fn insert(&mut self, chain: &str, appends: &mut Vec<Append>) -> mongodb::error::Result<()> {
        // Taken out, and put back only when it is known for certain.
        let head = match self.heads.remove(chain) {
            Some(head) => head,
            None => self.head(chain).await?,
        };
        let entries = follow(head, appends);
        let stored = entries.iter().map(|entry| store(chain, entry));
        let written = match self.entries.insert_many(stored).ordered(true).await {
            Ok(_) => entries.len(),
            Err(error) => written_before_duplicate(&error).ok_or(error)?,
        };
        if let Some(last) = entries.last()
            && written == entries.len()
        {
            self.heads.insert(chain.to_owned(), (last.sequence, last.hash));
        }
        for (append, entry) in appends.drain(..written).zip(entries) {
            let _ = append.answer.send(Ok(entry)); // a caller that went away changes nothing
        }
        Ok(())
    }

    async fn head(&self, chain: &str) -> mongodb::error::Result<Head> {
        let last = self.entries.find_one(doc! { "chain": chain }).sort(doc! { "sequence": -1 }).await?;
        match last.as_ref().map(load).transpose() {
            Ok(last) => Ok(last.map_or((0, GENESIS), |last| (last.sequence, last.hash))),
            Err(error) => Err(mongodb::error::Error::custom(error)),
        }
    }
}

fn refuse(appends: Vec<Append>, why: &str) {
    for append in appends {
        let _ = append.answer.send(Err(Error::Unavailable(why.into())));
    }
}

/// The entries that put these events after `head`.
fn follow((mut sequence, mut hash): Head, appends: &[Append]) -> Vec<Chained> {
    let next = |append: &Append| {
        sequence += 1;
        hash = link(&hash, sequence, &append.event);
        Chained { sequence, hash, event: append.event.clone() }
    };
    appends.iter().map(next).collect()
}

/// The event is kept as bytes: the hash is over the exact bytes.
fn store(chain: &str, entry: &Chained) -> Stored {
    doc! {
        "chain": chain,
        "sequence": count(entry.sequence),
        "hash": binary(entry.hash.to_vec()),
        "event": binary(entry.event.clone()),
    }
}

fn load(stored: &Stored) -> Result<Chained> {
    let parse = || -> Option<Chained> {
        let sequence = u64::try_from(stored.get_i64("sequence").ok()?).ok()?;
        let hash = stored.get_binary_generic("hash").ok()?.as_slice().try_into().ok()?;
        Some(Chained { sequence, hash, event: stored.get_binary_generic("event").ok()?.clone() })
    };
    parse().ok_or_else(|| Error::Corrupt {
        collection: NAME,
        id: format!(
            "{} {}",
            stored.get_str("chain").unwrap_or_default(),
            stored.get_i64("sequence").unwrap_or_default()
        ),
        source: "not a journal entry".into(),
    })
}

fn binary(bytes: Vec<u8>) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes }
}

fn count(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
