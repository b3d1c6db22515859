//! Tokens by digest, and the grants they descend from.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::{PAGE, collection, every};
use crate::domain::token::{AccessToken, Bearer, CredentialToken, Grant, RefreshToken};

pub(super) const ACCESS: Collection = collection("access_token");
pub(super) const REFRESH: Collection = collection("refresh_token");
pub(super) const GRANT: Collection = collection("grant");
pub(super) const CREDENTIAL_TOKEN: Collection = collection("credential_token");

/// Access tokens, grouped by grant; those without one by user.
#[derive(Debug, Clone)]
pub struct AccessTokens(Table<AccessToken>);

impl AccessTokens {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |token: &AccessToken| {
            let user = token.bearer.user.as_deref().map(alone);
            Place { group: token.grant.clone().or(user), expires_at: Some(token.expires_at) }
        };
        Self(Table::new(Arc::clone(store), ACCESS, place))
    }

    /// The token of this digest.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, digest: &str) -> Result<Option<AccessToken>> {
        self.0.find(digest).await
    }

    /// All of them, by digest.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn all(&self) -> Result<Vec<(String, AccessToken)>> {
        every(&self.0, None).await
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, digest: &str, token: AccessToken) -> Result<bool> {
        self.0.insert(digest, token).await
    }

    /// A user's tokens that belong to no grant, by digest.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn alone_of(&self, user: &str) -> Result<Vec<(String, AccessToken)>> {
        every(&self.0, Some(&alone(user))).await
    }

    /// Ends one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn revoke(&self, digest: &str) -> Result<()> {
        self.0
            .update(digest, |found| match found {
                Some(token) => (Update::Put(AccessToken { revoked: true, ..token }), ()),
                None => (Update::Keep, ()),
            })
            .await
    }

    /// Ends all of a grant.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn revoke_grant(&self, grant: &str) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let page = self.0.list(Some(grant), after.as_deref(), PAGE).await?;
            for (digest, _) in &page {
                self.revoke(digest).await?;
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}

/// Grants have hexadecimal ids, so this is none of theirs.
fn alone(user: &str) -> String {
    format!("user {user}")
}

/// Credential-scope tokens, grouped by user.
#[derive(Debug, Clone)]
pub struct CredentialTokens(Table<CredentialToken>);

impl CredentialTokens {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place =
            |token: &CredentialToken| Place { group: token.bearer.user.clone(), expires_at: Some(token.expires_at) };
        Self(Table::new(Arc::clone(store), CREDENTIAL_TOKEN, place))
    }

    /// The token of this digest.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, digest: &str) -> Result<Option<CredentialToken>> {
        self.0.find(digest).await
    }

    /// A user's tokens, by digest.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn of_user(&self, user: &str) -> Result<Vec<(String, CredentialToken)>> {
        every(&self.0, Some(user)).await
    }

    /// All of them, by digest.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn all(&self) -> Result<Vec<(String, CredentialToken)>> {
        every(&self.0, None).await
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, digest: &str, token: CredentialToken) -> Result<bool> {
        self.0.insert(digest, token).await
    }

    /// Ends one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn revoke(&self, digest: &str) -> Result<()> {
        self.0
            .update(digest, |found| match found {
                Some(token) => (Update::Put(CredentialToken { revoked: true, ..token }), ()),
                None => (Update::Keep, ()),
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}

/// Refresh tokens. Used ones stay until they expire: that is how reuse is noticed.
#[derive(Debug, Clone)]
pub struct RefreshTokens(Table<RefreshToken>);

impl RefreshTokens {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |token: &RefreshToken| Place { group: None, expires_at: Some(token.expires_at) };
        Self(Table::new(Arc::clone(store), REFRESH, place))
    }

    /// The token of this digest.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, digest: &str) -> Result<Option<RefreshToken>> {
        self.0.find(digest).await
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, digest: &str, token: RefreshToken) -> Result<bool> {
        self.0.insert(digest, token).await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}

/// What became of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The presented token was the current one; the next is now.
    Rotated,
    /// The presented token was used before: somebody has a copy. The grant is revoked.
    Reused,
    /// The grant is over.
    Ended,
}

/// Grants, by id, grouped by user.
#[derive(Debug, Clone)]
pub struct Grants(Table<Grant>);

impl Grants {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |grant: &Grant| Place { group: grant.bearer.user.clone(), expires_at: Some(grant.expires_at) };
        Self(Table::new(Arc::clone(store), GRANT, place))
    }

    /// The grant.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, id: &str) -> Result<Option<Grant>> {
        self.0.find(id).await
    }

    /// A user's grants, by id.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn of_user(&self, user: &str) -> Result<Vec<(String, Grant)>> {
        every(&self.0, Some(user)).await
    }

    /// All of them, by id.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn all(&self) -> Result<Vec<(String, Grant)>> {
        every(&self.0, None).await
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, id: &str, grant: Grant) -> Result<bool> {
        self.0.insert(id, grant).await
    }

    /// Makes `next` the current refresh token if `presented` is; one step, so of two refreshes at once one wins and
    /// the other counts as reuse.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn rotate(&self, id: &str, presented: &str, next: &str, now: i64) -> Result<Rotation> {
        let (presented, next) = (presented.to_owned(), next.to_owned());
        self.0
            .update(id, move |found| match found {
                Some(grant) if grant.revoked || grant.expires_at <= now => (Update::Keep, Rotation::Ended),
                Some(grant) if grant.current == presented => {
                    (Update::Put(Grant { current: next.clone(), ..grant }), Rotation::Rotated)
                }
                Some(grant) => (Update::Put(Grant { revoked: true, ..grant }), Rotation::Reused),
                None => (Update::Keep, Rotation::Ended),
            })
            .await
    }

    /// Ends it; whom it spoke for, if it was there.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn revoke(&self, id: &str) -> Result<Option<Bearer>> {
        self.0
            .update(id, |found| match found {
                Some(grant) => {
                    let bearer = grant.bearer.clone();
                    (Update::Put(Grant { revoked: true, ..grant }), Some(bearer))
                }
                None => (Update::Keep, None),
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}
