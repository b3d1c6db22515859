//! Sessions by the digest of their cookie, grouped by user.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::session::Session;

pub(super) const SESSION: Collection = collection("session");

/// Sessions of one user that are read at once.
const PAGE: usize = 100;

/// Signed-in browsers.
#[derive(Debug, Clone)]
pub struct Sessions(Table<Session>);

impl Sessions {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place =
            |session: &Session| Place { group: Some(session.user.clone()), expires_at: Some(session.expires_at) };
        Self(Table::new(Arc::clone(store), SESSION, place))
    }

    /// The session of this digest.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, digest: &str) -> Result<Option<Session>> {
        self.0.find(digest).await
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, session: Session) -> Result<bool> {
        let digest = session.digest.clone();
        self.0.insert(&digest, session).await
    }

    /// Changes one that is there; what stood there before.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn change(
        &self,
        digest: &str,
        change: impl Fn(&mut Session) + Send + 'static,
    ) -> Result<Option<Session>> {
        self.0
            .update(digest, move |found| match found {
                Some(before) => {
                    let mut after = before.clone();
                    change(&mut after);
                    let update = if after == before { Update::Keep } else { Update::Put(after) };
                    (update, Some(before))
                }
                None => (Update::Keep, None),
            })
            .await
    }

    /// Ends one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn remove(&self, digest: &str) -> Result<bool> {
        self.0.remove(digest).await
    }

    /// All of a user's sessions, those that ended but are not purged yet among them.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn of_user(&self, user: &str) -> Result<Vec<Session>> {
        let mut sessions = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.0.list(Some(user), after.as_deref(), PAGE).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|(digest, _)| digest.clone());
            sessions.extend(page.into_iter().map(|(_, session)| session));
            if after.is_none() {
                return Ok(sessions);
            }
        }
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}
