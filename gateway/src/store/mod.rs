//! The gateway's repositories: thin structs over [`rsign_storage::Table`], methods named for the domain.

mod clients;
mod codes;
mod contacts;
mod credentials;
mod external;
#[cfg(test)]
pub(crate) mod faulty;
mod history;
mod jobs;
mod marks;
mod prompts;
mod requests;
mod seen;
mod sessions;
mod tokens;
mod transactions;
mod users;

use std::sync::Arc;

use rsign_storage::{Collection, Location, Store, Table};

pub use clients::{Clients, Links};
pub use codes::{Codes, Redemption};
pub use contacts::Contacts;
pub use credentials::{Credentials, Enrolments};
pub use external::External;
pub use history::History;
pub use jobs::Jobs;
pub use marks::Marks;
pub use prompts::Prompts;
pub use requests::AuthorizationRequests;
pub use seen::SeenIds;
pub use sessions::Sessions;
pub use tokens::{AccessTokens, CredentialTokens, Grants, RefreshTokens, Rotation};
pub use transactions::Transactions;
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
    /// Addresses that are not confirmed.
    pub contacts: Contacts,
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
    /// Credential-scope tokens.
    pub credential_tokens: CredentialTokens,
    /// What apps ask users for.
    pub requests: AuthorizationRequests,
    /// Authorization codes.
    pub codes: Codes,
    /// Ids of messages that may be shown once.
    pub seen: SeenIds,
    /// Uses of the end-to-end channel.
    pub transactions: Transactions,
    /// Signed-in browsers.
    pub sessions: Sessions,
    /// What users approved.
    pub history: History,
    /// Signatures that are fetched later.
    pub jobs: Jobs,
    /// What apps ask users for without a PIN.
    pub prompts: Prompts,
    /// People whom identity providers vouch for.
    pub external: External,
    /// What the store was begun with.
    pub marks: Marks,
    store: Arc<dyn Store>,
}

impl Repositories {
    /// Opens the store.
    ///
    /// # Errors
    /// See [`rsign_storage::open`].
    pub async fn open(location: &Location) -> rsign_storage::Result<Self> {
        Ok(Self::over(&Self::store(location).await?))
    }

    /// Opens the store behind a switch that makes it fail.
    #[cfg(test)]
    pub(crate) async fn open_behind(location: &Location, switch: Arc<faulty::Switch>) -> rsign_storage::Result<Self> {
        let store: Arc<dyn Store> = Arc::new(faulty::Faulty { store: Self::store(location).await?, switch });
        Ok(Self::over(&store))
    }

    async fn store(location: &Location) -> rsign_storage::Result<Arc<dyn Store>> {
        let collections = [
            clients::CLIENT,
            clients::LINK,
            users::USER,
            users::USERNAME,
            contacts::PROPOSAL,
            contacts::DELIVERED,
            credentials::CREDENTIAL,
            credentials::CERTIFICATE,
            credentials::ENROLMENT,
            tokens::ACCESS,
            tokens::REFRESH,
            tokens::GRANT,
            tokens::CREDENTIAL_TOKEN,
            requests::REQUEST,
            requests::PUSHED,
            codes::CODE,
            seen::SEEN,
            transactions::TRANSACTION,
            sessions::SESSION,
            history::APPROVAL,
            jobs::JOB,
            prompts::PROMPT,
            prompts::DESK,
            external::SIGN_IN,
            external::INTRODUCTION,
            external::TIE,
            external::UNTYING,
            marks::MARK,
        ];
        rsign_storage::open(location, &collections).await
    }

    fn over(store: &Arc<dyn Store>) -> Self {
        Self {
            clients: Clients::over(store),
            links: Links::over(store),
            users: Users::over(store),
            contacts: Contacts::over(store),
            credentials: Credentials::over(store),
            enrolments: Enrolments::over(store),
            access: AccessTokens::over(store),
            refresh: RefreshTokens::over(store),
            grants: Grants::over(store),
            credential_tokens: CredentialTokens::over(store),
            requests: AuthorizationRequests::over(store),
            codes: Codes::over(store),
            seen: SeenIds::over(store),
            transactions: Transactions::over(store),
            sessions: Sessions::over(store),
            history: History::over(store),
            jobs: Jobs::over(store),
            prompts: Prompts::over(store),
            external: External::over(store),
            marks: Marks::over(store),
            store: Arc::clone(store),
        }
    }

    /// Fails where the store does not answer.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn ping(&self) -> rsign_storage::Result<()> {
        self.store.ping().await
    }

    /// Removes tokens, sessions, jobs and entries of the history whose time is over.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn purge(&self, now: i64) -> rsign_storage::Result<u64> {
        let tokens = self.access.purge(now).await? + self.refresh.purge(now).await? + self.grants.purge(now).await?;
        let codes = self.credential_tokens.purge(now).await? + self.codes.purge(now).await?;
        let asked = self.requests.purge(now).await? + self.transactions.purge(now).await?;
        let asked = asked + self.seen.purge(now).await?;
        let people = self.sessions.purge(now).await? + self.external.purge(now).await?;
        let people = people + self.jobs.purge(now).await? + self.prompts.purge(now).await?;
        let people = people + self.contacts.purge(now).await?;
        Ok(tokens + codes + asked + people + self.history.purge(now).await?)
    }
}

/// A collection of that name.
const fn collection(name: &'static str) -> Collection {
    Collection { name }
}

/// Aggregates that are read at once.
const PAGE: usize = 100;

/// All aggregates of a group, or of a table, with their ids; page by page.
async fn every<T>(table: &Table<T>, group: Option<&str>) -> rsign_storage::Result<Vec<(String, T)>>
where
    T: serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    let mut found: Vec<(String, T)> = Vec::new();
    loop {
        let after = found.last().map(|(id, _)| id.clone());
        let page = table.list(group, after.as_deref(), PAGE).await?;
        let last = page.len() < PAGE;
        found.extend(page);
        if last {
            return Ok(found);
        }
    }
}
