//! What the suite talks about: two collections and a few documents.

use std::{future::Future, sync::Arc};

use rsign_storage::{Change, Collection, Document, Error, Place, Result, Store, Table};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::task::JoinSet;

/// Every bench opens these two.
pub(crate) const COLLECTIONS: &[Collection] = &[THINGS, OTHERS];
pub(crate) const THINGS: Collection = Collection { name: "things" };
pub(crate) const OTHERS: Collection = Collection { name: "other_things" };

/// An aggregate that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) value: u64,
}

/// Counters, in no group and without expiry.
pub(crate) fn counters(store: &Arc<dyn Store>) -> Table<Counter> {
    table(store)
}

/// A table of anything, in no group and without expiry.
pub(crate) fn table<T: Serialize + DeserializeOwned + 'static>(store: &Arc<dyn Store>) -> Table<T> {
    Table::new(Arc::clone(store), THINGS, |_| Place::default())
}

/// A document with a small body.
pub(crate) fn document(id: &str, group: Option<&str>, expires_at: Option<i64>) -> Document {
    let body = serde_json::to_vec(&serde_json::json!({ "is": id })).unwrap();
    Document { id: id.to_owned(), group: group.map(str::to_owned), expires_at, body }
}

/// Writes the document whatever was there.
pub(crate) async fn put(store: &Arc<dyn Store>, document: Document) {
    let id = document.id.clone();
    let step = move |_: Option<&Document>| Change::Put(document.clone());
    store.step(THINGS, &id, Box::new(step)).await.unwrap();
}

/// The body of a document as JSON: how it is spelled is the engine's affair.
pub(crate) fn body(document: &Document) -> Value {
    serde_json::from_slice(&document.body).unwrap()
}

/// Ids of the documents, in the order they came.
pub(crate) fn ids(documents: &[Document]) -> Vec<&str> {
    documents.iter().map(|document| document.id.as_str()).collect()
}

/// One more.
pub(crate) async fn increment(counters: &Table<Counter>, id: &str) -> Result<u64> {
    let add = |found: Option<Counter>| {
        let value = found.unwrap_or_default().value + 1;
        (rsign_storage::Update::Put(Counter { value }), value)
    };
    counters.update(id, add).await
}

/// Runs `task` that often at once; gives the answers.
pub(crate) async fn at_once<T, F>(times: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let mut tasks: JoinSet<_> = (0..times).map(task).collect();
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        answers.push(answer.unwrap().unwrap());
    }
    answers
}

/// Whether the engine did not do it.
pub(crate) fn is_unavailable<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Unavailable(_)))
}
