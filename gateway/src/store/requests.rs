//! Authorization requests: pushed ones by the digest of their handle, others by id while their users decide.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::authorization_request::AuthorizationRequest;

pub(super) const REQUEST: Collection = collection("authorization_request");
pub(super) const PUSHED: Collection = collection("pushed_request");

/// Requests that wait.
#[derive(Debug, Clone)]
pub struct AuthorizationRequests {
    waiting: Table<AuthorizationRequest>,
    pushed: Table<AuthorizationRequest>,
}

impl AuthorizationRequests {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |request: &AuthorizationRequest| Place { group: None, expires_at: Some(request.expires_at) };
        Self {
            waiting: Table::new(Arc::clone(store), REQUEST, place),
            pushed: Table::new(Arc::clone(store), PUSHED, place),
        }
    }

    /// The request of this id.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, id: &str) -> Result<Option<AuthorizationRequest>> {
        self.waiting.find(id).await
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, id: &str, request: AuthorizationRequest) -> Result<bool> {
        self.waiting.insert(id, request).await
    }

    /// Gives its user time until then, if there was less: the PIN is still to be typed.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn prolong(&self, id: &str, until: i64) -> Result<()> {
        self.waiting
            .update(id, move |found| match found {
                Some(request) if !request.decided && request.expires_at < until => {
                    (Update::Put(AuthorizationRequest { expires_at: until, ..request }), ())
                }
                _ => (Update::Keep, ()),
            })
            .await
    }

    /// Ends the time to decide; the request, if it was not over before. So of two answers one counts.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn decide(&self, id: &str, now: i64) -> Result<Option<AuthorizationRequest>> {
        self.waiting
            .update(id, move |found| match found {
                Some(request) if !request.decided && request.expires_at > now => {
                    (Update::Put(AuthorizationRequest { decided: true, ..request.clone() }), Some(request))
                }
                _ => (Update::Keep, None),
            })
            .await
    }

    /// Stores a pushed one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn push(&self, digest: &str, request: AuthorizationRequest) -> Result<bool> {
        self.pushed.insert(digest, request).await
    }

    /// Takes a pushed one of this client, once. Another client's stays where it is.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn pull(&self, digest: &str, client: &str, now: i64) -> Result<Option<AuthorizationRequest>> {
        let client = client.to_owned();
        self.pushed
            .update(digest, move |found| match found {
                Some(request) if request.client == client => {
                    let alive = request.expires_at > now;
                    (Update::Remove, alive.then_some(request))
                }
                _ => (Update::Keep, None),
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        Ok(self.waiting.purge(now).await? + self.pushed.purge(now).await?)
    }
}
