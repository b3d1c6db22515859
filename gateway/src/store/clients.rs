//! Registered apps, and which users they reach.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};
use serde::{Deserialize, Serialize};

use super::collection;
use crate::domain::client::Client;

pub(super) const CLIENT: Collection = collection("client");
pub(super) const LINK: Collection = collection("link");

/// Registered apps, by `client_id`.
#[derive(Debug, Clone)]
pub struct Clients(Table<Client>);

impl Clients {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        Self(Table::new(Arc::clone(store), CLIENT, |_| Place::default()))
    }

    /// The registration, of one that is not disabled.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, id: &str) -> Result<Option<Client>> {
        Ok(self.0.find(id).await?.filter(|client| !client.disabled))
    }

    /// The registration, disabled or not: for operators.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn registered(&self, id: &str) -> Result<Option<Client>> {
        self.0.find(id).await
    }

    /// All registrations, those of disabled ones too.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn all(&self) -> Result<Vec<Client>> {
        Ok(super::every(&self.0, None).await?.into_iter().map(|(_, client)| client).collect())
    }

    /// Changes the registration of one, disabled or not; `false` where there is none.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn change(&self, id: &str, change: impl Fn(Client) -> Client + Send + Sync + 'static) -> Result<bool> {
        self.0
            .update(id, move |found| match found {
                Some(client) => (Update::Put(change(client)), true),
                None => (Update::Keep, false),
            })
            .await
    }

    /// Registers it; `false` when the id is taken.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn register(&self, client: Client) -> Result<bool> {
        let id = client.id.clone();
        self.0.insert(&id, client).await
    }
}

/// That a client reaches a user.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Link {
    client: String,
    user: String,
}

/// Which client reaches which user.
#[derive(Debug, Clone)]
pub struct Links(Table<Link>);

impl Links {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        Self(Table::new(Arc::clone(store), LINK, |link| Place { group: Some(link.client.clone()), expires_at: None }))
    }

    /// Lets the client reach the user.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn link(&self, client: &str, user: &str) -> Result<()> {
        let link = Link { client: client.to_owned(), user: user.to_owned() };
        self.0.insert(&key(client, user), link).await.map(drop)
    }

    /// Lets it reach the user no more.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn unlink(&self, client: &str, user: &str) -> Result<()> {
        self.0.remove(&key(client, user)).await.map(drop)
    }

    /// Whether it does.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn exists(&self, client: &str, user: &str) -> Result<bool> {
        Ok(self.0.find(&key(client, user)).await?.is_some())
    }
}

/// Client ids have no slash, so no two pairs share a key.
fn key(client: &str, user: &str) -> String {
    format!("{client}/{user}")
}
