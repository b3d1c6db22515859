//! What users approved, newest first.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table};

use super::collection;
use crate::domain::history::Entry;

pub(super) const APPROVAL: Collection = collection("approval");

/// Approvals, grouped by user.
#[derive(Debug, Clone)]
pub struct History(Table<Entry>);

impl History {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place =
            |entry: &Entry| Place { group: Some(entry.approval.user.clone()), expires_at: Some(entry.expires_at) };
        Self(Table::new(Arc::clone(store), APPROVAL, place))
    }

    /// Adds an entry; `unique` tells those of one millisecond apart.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn add(&self, unique: &str, entry: Entry) -> Result<bool> {
        let id = id(entry.at, unique);
        self.0.insert(&id, entry).await
    }

    /// A user's entries with their ids, newest first, those after `after`.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn of_user(&self, user: &str, after: Option<&str>, limit: usize) -> Result<Vec<(String, Entry)>> {
        self.0.list(Some(user), after, limit).await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}

/// The store lists by id, upwards; so the later, the smaller.
fn id(at: i64, unique: &str) -> String {
    format!("{:016x}-{unique}", i64::MAX - at.max(0))
}
