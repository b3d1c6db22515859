//! Ends all that an app or a person holds here, for an operator: an app's secret has leaked, a person has left. What they
//! hold is of an era ([`crate::domain::token::Eras`]), and dead when that is over; here it is also marked as ended.

use serde::Serialize;

use crate::domain::client::Client;
use crate::domain::token::Bearer;
use crate::store::{
    AccessTokens, Clients, CredentialTokens, Credentials, External, Grants, Repositories, Sessions, Users,
};

fn switched(client: Client, disabled: bool) -> Client {
    let client = if disabled { client.renewed() } else { client };
    Client { disabled, ..client }
}

/// Keys of one person that are named, at most.
const KEYS: usize = 1000;

/// The service.
#[derive(Debug)]
pub struct Ending {
    clients: Clients,
    users: Users,
    credentials: Credentials,
    sessions: Sessions,
    grants: Grants,
    access: AccessTokens,
    credential_tokens: CredentialTokens,
    external: External,
}

/// What was ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// Access and credential tokens, and grants with their refresh tokens, that were good by their record.
    pub tokens: usize,
    /// Browsers that were signed in.
    pub sessions: usize,
}

impl Ending {
    /// The service over its repositories.
    #[must_use]
    pub fn new(repositories: &Repositories) -> Self {
        Self {
            clients: repositories.clients.clone(),
            users: repositories.users.clone(),
            credentials: repositories.credentials.clone(),
            sessions: repositories.sessions.clone(),
            grants: repositories.grants.clone(),
            access: repositories.access.clone(),
            credential_tokens: repositories.credential_tokens.clone(),
            external: repositories.external.clone(),
        }
    }

    /// Nobody is this app any more, or somebody is again; `None` where there is no such app. What it held is dead
    /// from then on, and stays so.
    ///
    /// # Errors
    /// The store.
    pub async fn disable_client(&self, id: &str, disabled: bool) -> rsign_storage::Result<Option<Ended>> {
        if !self.clients.change(id, move |client| switched(client, disabled)).await? {
            return Ok(None);
        }
        if disabled { self.of_client(id).await.map(Some) } else { Ok(Some(Ended::default())) }
    }

    /// Nobody signs in as this person any more, or they do again; `None` where there is no such person. The person's keys
    /// stay as they are.
    ///
    /// # Errors
    /// The store.
    pub async fn disable_user(&self, id: &str, disabled: bool) -> rsign_storage::Result<Option<Ended>> {
        if !self.users.disable(id, disabled).await? {
            return Ok(None);
        }
        if disabled { self.of_user(id).await.map(Some) } else { Ok(Some(Ended::default())) }
    }

    /// Ends all tokens of an app.
    ///
    /// # Errors
    /// The store.
    pub async fn of_client(&self, client: &str) -> rsign_storage::Result<Ended> {
        self.all(|bearer| bearer.client == client).await
    }

    /// Ends all sessions of a person, and all tokens that speak for them.
    ///
    /// # Errors
    /// The store.
    pub async fn of_user(&self, user: &str) -> rsign_storage::Result<Ended> {
        let mut sessions = 0;
        for session in self.sessions.of_user(user).await? {
            sessions += usize::from(self.sessions.remove(&session.digest).await?);
        }
        Ok(Ended { sessions, ..self.all(|bearer| bearer.user.as_deref() == Some(user)).await? })
    }

    /// Unties a person's account from every identity provider: somebody else may have tied it; how many there were.
    ///
    /// # Errors
    /// The store.
    pub async fn untie(&self, user: &str) -> rsign_storage::Result<usize> {
        let ties = self.external.of_user(user).await?;
        for tie in &ties {
            self.external.untie(tie).await?;
        }
        Ok(ties.len())
    }

    /// The person's keys, by `credentialID`.
    ///
    /// # Errors
    /// The store.
    pub async fn keys_of(&self, user: &str) -> rsign_storage::Result<Vec<String>> {
        Ok(self
            .credentials
            .of_user(Some(user), None, KEYS)
            .await?
            .into_iter()
            .map(|credential| credential.id)
            .collect())
    }

    /// Grants first: what more could come of them.
    async fn all(&self, is_meant: impl Fn(&Bearer) -> bool) -> rsign_storage::Result<Ended> {
        let mut tokens = 0;
        for (id, grant) in self.grants.all().await? {
            if !grant.revoked && is_meant(&grant.bearer) {
                self.grants.revoke(&id).await?;
                tokens += 1;
            }
        }
        for (digest, token) in self.access.all().await? {
            if !token.revoked && is_meant(&token.bearer) {
                self.access.revoke(&digest).await?;
                tokens += 1;
            }
        }
        for (digest, token) in self.credential_tokens.all().await? {
            if !token.revoked && is_meant(&token.bearer) {
                self.credential_tokens.revoke(&digest).await?;
                tokens += 1;
            }
        }
        Ok(Ended { tokens, sessions: 0 })
    }
}
