//! The gateway's repositories: thin structs over [`rsign_storage::Table`], methods named for the domain.

mod clients;
mod credentials;
mod tokens;
mod users;

use std::sync::Arc;

use rsign_storage::{Collection, Location, Store};

pub use clients::{Clients, Links};
pub use credentials::{Credentials, Enrolments};
pub use tokens::{AccessTokens, Grants, RefreshTokens, Rotation};
pub use users::Users;

/// All repositories over one store.
#[derive(Debug, Clone)]
pub struct Repositories {
    /// Registered apps.
    pub clients: Clients,
    /// Which client reaches which user.
    pub links: Links,
    /// Accounts.
    pub users: Users,
    /// Credentials.
    pub credentials: Credentials,
    /// Unfinished enrolments.
    pub enrolments: Enrolments,
    /// Access tokens.
    pub access: AccessTokens,
    /// Refresh tokens.
    pub refresh: RefreshTokens,
    /// What tokens descend from.
    pub grants: Grants,
}

impl Repositories {
    /// Opens the store.
    ///
    /// # Errors
    /// See [`rsign_storage::open`].
    pub async fn open(location: &Location) -> rsign_storage::Result<Self> {
        let collections = [
            clients::CLIENT,
            clients::LINK,
            users::USER,
            users::USERNAME,
            credentials::CREDENTIAL,
            credentials::CERTIFICATE,
            credentials::ENROLMENT,
            tokens::ACCESS,
            tokens::REFRESH,
            tokens::GRANT,
        ];
        Ok(Self::over(&rsign_storage::open(location, &collections).await?))
    }

    fn over(store: &Arc<dyn Store>) -> Self {
        Self {
            clients: Clients::over(store),
            links: Links::over(store),
            users: Users::over(store),
            credentials: Credentials::over(store),
            enrolments: Enrolments::over(store),
            access: AccessTokens::over(store),
            refresh: RefreshTokens::over(store),
            grants: Grants::over(store),
        }
    }

    /// Removes tokens whose time is over.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn purge(&self, now: i64) -> rsign_storage::Result<u64> {
        Ok(self.access.purge(now).await? + self.refresh.purge(now).await? + self.grants.purge(now).await?)
    }
}

/// A collection of that name.
const fn collection(name: &'static str) -> Collection {
    Collection { name }
}
