//! Addresses that people gave and have not confirmed, by account.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::contact::Proposal;

pub(super) const PROPOSAL: Collection = collection("contact_proposal");

/// Proposals, one an account.
#[derive(Debug, Clone)]
pub struct Contacts(Table<Proposal>);

impl Contacts {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |proposal: &Proposal| Place { group: None, expires_at: Some(proposal.forgotten_at()) };
        Self(Table::new(Arc::clone(store), PROPOSAL, place))
    }

    /// That of an account.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, user: &str) -> Result<Option<Proposal>> {
        self.0.find(user).await
    }

    /// Changes it in one step, and answers.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn change<R: Send + 'static>(
        &self,
        user: &str,
        change: impl Fn(Option<Proposal>) -> (Option<Proposal>, R) + Send + 'static,
    ) -> Result<R> {
        self.0
            .update(user, move |found| match change(found) {
                (Some(proposal), answer) => (Update::Put(proposal), answer),
                (None, answer) => (Update::Keep, answer),
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}
