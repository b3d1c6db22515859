//! Addresses that people gave and have not confirmed, by account; and what was sent to each address.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::contact::{Contact, Delivered, Proposal};

pub(super) const PROPOSAL: Collection = collection("contact_proposal");
pub(super) const DELIVERED: Collection = collection("contact_delivered");

/// Proposals, one an account.
#[derive(Debug, Clone)]
pub struct Contacts {
    proposals: Table<Proposal>,
    delivered: Table<Delivered>,
}

impl Contacts {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |proposal: &Proposal| Place { group: None, expires_at: Some(proposal.forgotten_at()) };
        let of_address = |delivered: &Delivered| Place { group: None, expires_at: Some(delivered.forgotten_at()) };
        Self {
            proposals: Table::new(Arc::clone(store), PROPOSAL, place),
            delivered: Table::new(Arc::clone(store), DELIVERED, of_address),
        }
    }

    /// That of an account.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, user: &str) -> Result<Option<Proposal>> {
        self.proposals.find(user).await
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
        self.proposals
            .update(user, move |found| match change(found) {
                (Some(proposal), answer) => (Update::Put(proposal), answer),
                (None, answer) => (Update::Keep, answer),
            })
            .await
    }

    /// Counts one more code to an address; or milliseconds until there may be one, and it is not counted.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn deliver(&self, contact: &Contact, now: i64) -> Result<Option<i64>> {
        self.delivered
            .update(&contact.box_name(), move |found: Option<Delivered>| {
                let (delivered, wait) = found.unwrap_or_default().another(now);
                (if wait.is_some() { Update::Keep } else { Update::Put(delivered) }, wait)
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        Ok(self.proposals.purge(now).await? + self.delivered.purge(now).await?)
    }
}
