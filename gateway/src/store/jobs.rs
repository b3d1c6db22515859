//! Signatures that are fetched later, by the id they are fetched by.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::job::{Job, Progress};

pub(super) const JOB: Collection = collection("job");

/// Asynchronous jobs.
#[derive(Debug, Clone)]
pub struct Jobs(Table<Job>);

impl Jobs {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |job: &Job| Place { group: None, expires_at: Some(job.expires_at) };
        Self(Table::new(Arc::clone(store), JOB, place))
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, id: &str, job: Job) -> Result<bool> {
        self.0.insert(id, job).await
    }

    /// The job.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, id: &str) -> Result<Option<Job>> {
        self.0.find(id).await
    }

    /// Notes how it ended.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn end(&self, id: &str, progress: Progress) -> Result<()> {
        self.0
            .update(id, move |found| match found {
                Some(job) => (Update::Put(Job { progress: progress.clone(), ..job }), ()),
                None => (Update::Keep, ()),
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}
