//! What may be shown once: ids of signed messages, until they would have expired anyway.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};
use serde::{Deserialize, Serialize};

use super::collection;
use crate::domain::token::digest;

pub(super) const SEEN: Collection = collection("seen");

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    expires_at: i64,
}

/// Ids that were seen.
#[derive(Debug, Clone)]
pub struct SeenIds(Table<Seen>);

impl SeenIds {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        Self(Table::new(Arc::clone(store), SEEN, |seen| Place { group: None, expires_at: Some(seen.expires_at) }))
    }

    /// Whether this is the first time; `whose` keeps the ids of different issuers apart.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn is_first(&self, whose: &str, id: &str, now: i64, expires_at: i64) -> Result<bool> {
        self.0
            .update(&digest(&format!("{whose}\n{id}")), move |found| match found {
                Some(seen) if seen.expires_at > now => (Update::Keep, false),
                _ => (Update::Put(Seen { expires_at }), true),
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}
