//! Typed access to one collection: serde in, serde out, the step written over the domain's own type.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Change, Collection, Document, Error, Result, Step, Store};

/// A collection whose documents are all `T`.
#[derive(Debug)]
pub struct Table<T> {
    store: Arc<dyn Store>,
    collection: Collection,
    place: fn(&T) -> Place,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), ..*self }
    }
}

/// The store's own columns, derived from the aggregate at every write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// See [`Document::group`].
    pub group: Option<String>,
    /// See [`Document::expires_at`].
    pub expires_at: Option<i64>,
}

/// What a typed step decides.
#[derive(Debug)]
pub enum Update<T> {
    /// Write nothing.
    Keep,
    /// Write this.
    Put(T),
    /// Delete it.
    Remove,
}

impl<T: Serialize + DeserializeOwned + 'static> Table<T> {
    /// A table over `collection`; `place` says how an aggregate is grouped and when it expires.
    pub fn new(store: Arc<dyn Store>, collection: Collection, place: fn(&T) -> Place) -> Self {
        Self { store, collection, place, kind: PhantomData }
    }

    /// The aggregate with this id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn find(&self, id: &str) -> Result<Option<T>> {
        let found = self.store.find(self.collection, id).await?;
        found.map(|document| parse(self.collection, &document)).transpose()
    }

    /// Creates it; `false` when the id is taken.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn insert(&self, id: &str, value: T) -> Result<bool>
    where
        T: Send + Clone,
    {
        self.update(id, move |found| match found {
            Some(_) => (Update::Keep, false),
            None => (Update::Put(value.clone()), true),
        })
        .await
    }

    /// One atomic step: `decide` sees the aggregate as it is, says what becomes of it, and gives an answer.
    /// It may run more than once; the answer of the last run is returned.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update<R, F>(&self, id: &str, decide: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnMut(Option<T>) -> (Update<T>, R) + Send + 'static,
    {
        let (step, answer) = self.step(id, decide);
        self.store.step(self.collection, id, step).await?;
        taken(&answer)
    }

    /// As [`Table::update`], with the promise of [`Store::step_unsynced`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_unsynced<R, F>(&self, id: &str, decide: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnMut(Option<T>) -> (Update<T>, R) + Send + 'static,
    {
        let (step, answer) = self.step(id, decide);
        self.store.step_unsynced(self.collection, id, step).await?;
        taken(&answer)
    }

    /// The step as the store runs it, and where its answer will be.
    fn step<R, F>(&self, id: &str, mut decide: F) -> (Step, Slot<R>)
    where
        R: Send + 'static,
        F: FnMut(Option<T>) -> (Update<T>, R) + Send + 'static,
    {
        let answer = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&answer);
        let (collection, place, key) = (self.collection, self.place, id.to_owned());
        let step = move |found: Option<&Document>| {
            let parsed = found.map(|document| parse::<T>(collection, document)).transpose();
            let (change, outcome) = match parsed {
                Ok(value) => {
                    let (update, answer) = decide(value);
                    match write(collection, &key, place, update) {
                        Ok(change) => (change, Ok(answer)),
                        Err(error) => (Change::Keep, Err(error)),
                    }
                }
                Err(error) => (Change::Keep, Err(error)),
            };
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(outcome);
            }
            change
        };
        (Box::new(step), answer)
    }

    /// Deletes it; `false` when there was none.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove(&self, id: &str) -> Result<bool> {
        self.update(id, |found| match found {
            Some(_) => (Update::Remove, true),
            None => (Update::Keep, false),
        })
        .await
    }

    /// Aggregates of a group (all with `None`), in order of id, at most `limit`, those after `after`; with their ids.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, group: Option<&str>, after: Option<&str>, limit: usize) -> Result<Vec<(String, T)>> {
        let found = self.store.list(self.collection, group, after, limit).await?;
        found.into_iter().map(|document| Ok((document.id.clone(), parse(self.collection, &document)?))).collect()
    }

    /// Removes what expired before `now`, Unix milliseconds.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn purge(&self, now: i64) -> Result<u64> {
        self.store.purge(self.collection, now).await
    }
}

/// Where a step leaves its answer; each run replaces the one before.
type Slot<R> = Arc<Mutex<Option<Result<R>>>>;

fn taken<R>(answer: &Slot<R>) -> Result<R> {
    let outcome = answer.lock().ok().and_then(|mut slot| slot.take());
    outcome.unwrap_or_else(|| Err(Error::Unavailable("the step was not run".into())))
}

fn parse<T: DeserializeOwned>(collection: Collection, document: &Document) -> Result<T> {
    serde_json::from_slice(&document.body).map_err(|source| Error::Corrupt {
        collection: collection.name,
        id: document.id.clone(),
        source: source.into(),
    })
}

fn write<T: Serialize>(collection: Collection, id: &str, place: fn(&T) -> Place, update: Update<T>) -> Result<Change> {
    let value = match update {
        Update::Keep => return Ok(Change::Keep),
        Update::Remove => return Ok(Change::Remove),
        Update::Put(value) => value,
    };
    let Place { group, expires_at } = place(&value);
    let body =
        encode(&value).map_err(|source| Error::Corrupt { collection: collection.name, id: id.to_owned(), source })?;
    Ok(Change::Put(Document { id: id.to_owned(), group, expires_at, body }))
}

/// The aggregate as a JSON object; MongoDB holds nothing else, so nothing else is written anywhere.
fn encode<T: Serialize>(value: &T) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let body = serde_json::to_vec(value)?;
    if body.first() != Some(&b'{') {
        return Err("an aggregate must be a JSON object".into());
    }
    Ok(body)
}
