//! Which apps a user has let in, and how they are put out again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::client::BASIC;
use crate::port::clock::Clock;
use crate::store::{AccessTokens, Clients, Codes, CredentialTokens, Grants, Links, Repositories};

/// An app that has access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// `client_id`.
    pub client: String,
    /// What users know it by; none for whatever signs in with the user's own password.
    pub name: Option<String>,
    /// Until when, unless it is used, Unix milliseconds.
    pub until: i64,
}

/// The service.
#[derive(Debug)]
pub struct Apps {
    clients: Clients,
    links: Links,
    codes: Codes,
    grants: Grants,
    access: AccessTokens,
    credential: CredentialTokens,
    clock: Arc<dyn Clock>,
}

impl Apps {
    /// The service over its repositories.
    #[must_use]
    pub fn new(repositories: &Repositories, clock: Arc<dyn Clock>) -> Self {
        Self {
            clients: repositories.clients.clone(),
            links: repositories.links.clone(),
            codes: repositories.codes.clone(),
            grants: repositories.grants.clone(),
            access: repositories.access.clone(),
            credential: repositories.credential_tokens.clone(),
            clock,
        }
    }

    /// Apps that hold something of this user that is still good.
    ///
    /// # Errors
    /// The store.
    pub async fn of(&self, user: &str) -> rsign_storage::Result<Vec<App>> {
        let mut until: BTreeMap<String, i64> = BTreeMap::new();
        let mut note = |client: String, expires_at: i64, revoked: bool| {
            if !revoked && expires_at > self.clock.now() {
                let latest = until.entry(client).or_default();
                *latest = expires_at.max(*latest);
            }
        };
        for (_, grant) in self.grants.of_user(user).await? {
            note(grant.bearer.client, grant.expires_at, grant.revoked);
        }
        for (_, token) in self.access.alone_of(user).await? {
            note(token.bearer.client, token.expires_at, token.revoked);
        }
        for (_, token) in self.credential.of_user(user).await? {
            note(token.bearer.client, token.expires_at, token.revoked);
        }
        let mut apps = Vec::new();
        for (client, until) in until {
            let name = self.name(&client).await?;
            apps.push(App { client, name, until });
        }
        Ok(apps)
    }

    /// What an app is called; none for whatever signs in with the user's own password.
    ///
    /// # Errors
    /// The store.
    pub async fn name(&self, client: &str) -> rsign_storage::Result<Option<String>> {
        if client == BASIC {
            return Ok(None);
        }
        let found = self.clients.find(client).await?;
        Ok(Some(found.map_or_else(|| client.to_owned(), |found| found.name().to_owned())))
    }

    /// Ends all that an app holds of this user. What more could come of is ended first: codes, then grants.
    ///
    /// # Errors
    /// The store.
    pub async fn revoke(&self, user: &str, client: &str) -> rsign_storage::Result<()> {
        self.codes.forget(user, client).await?;
        for (id, grant) in self.grants.of_user(user).await? {
            if grant.bearer.client == client {
                self.grants.revoke(&id).await?;
                self.access.revoke_grant(&id).await?;
            }
        }
        for (digest, token) in self.access.alone_of(user).await? {
            if token.bearer.client == client {
                self.access.revoke(&digest).await?;
            }
        }
        for (digest, token) in self.credential.of_user(user).await? {
            if token.bearer.client == client {
                self.credential.revoke(&digest).await?;
            }
        }
        self.links.unlink(client, user).await?;
        tracing::info!(user.id = user, client.id = client, "access was removed by its user");
        Ok(())
    }
}
