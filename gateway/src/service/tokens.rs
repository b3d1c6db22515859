//! Issues, recognises, renews and revokes service tokens.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::token::{
    AccessToken, Bearer, Commission, Confirmation, CredentialToken, Grant, Kind, RefreshToken, digest,
};
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::service::presence::Presence;
use crate::store::{AccessTokens, CredentialTokens, Grants, RefreshTokens, Repositories, Rotation};

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Never issued, of another kind, of another client, or purged.
    #[error("the token is not known")]
    Unknown,
    /// Its time is over, or it was revoked.
    #[error("the token has expired or was revoked")]
    Expired,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// What a client is given.
#[derive(Debug)]
pub struct Issued {
    /// Access token.
    pub access: SecretString,
    /// Refresh token, where one was asked for.
    pub refresh: Option<SecretString>,
    /// Seconds the access token is good for.
    pub expires_in: u32,
}

/// Seconds tokens are good for.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Access tokens.
    pub access: u32,
    /// Grants: a refresh token and all that follow from it.
    pub grant: u32,
}

/// The service.
#[derive(Debug)]
pub struct Tokens {
    access: AccessTokens,
    refresh: RefreshTokens,
    grants: Grants,
    credential_tokens: CredentialTokens,
    presence: Presence,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// How long a token of an errand is good, seconds.
const ERRAND: u32 = 300;

impl Tokens {
    /// The service over its repositories.
    #[must_use]
    pub fn new(
        repositories: &Repositories,
        lifetimes: Lifetimes,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            access: repositories.access.clone(),
            refresh: repositories.refresh.clone(),
            grants: repositories.grants.clone(),
            credential_tokens: repositories.credential_tokens.clone(),
            presence: Presence::new(repositories),
            lifetimes,
            clock,
            random,
        }
    }

    /// An access token alone.
    ///
    /// # Errors
    /// Store or randomness.
    pub async fn issue(&self, bearer: Bearer) -> Result<Issued, Error> {
        let access = self.store_access(bearer, None).await?;
        Ok(Issued { access, refresh: None, expires_in: self.lifetimes.access })
    }

    /// An access token and the refresh token of a new grant.
    ///
    /// # Errors
    /// Store or randomness.
    pub async fn issue_with_refresh(&self, bearer: Bearer) -> Result<Issued, Error> {
        let id = self.random.id()?;
        self.issue_refreshable(bearer, id).await
    }

    /// The tokens of a code: all belong to `grant`, so that they end together if the code is shown again.
    ///
    /// # Errors
    /// Store or randomness.
    pub async fn issue_under(&self, bearer: Bearer, grant: String, refresh: bool) -> Result<Issued, Error> {
        if refresh {
            return self.issue_refreshable(bearer, grant).await;
        }
        // Nothing is refreshed by it, but its user finds the app by it and can put it out.
        let expires_at = self.clock.now() + i64::from(self.lifetimes.access) * 1000;
        let alone = Grant { bearer: bearer.clone(), current: String::new(), expires_at, revoked: false };
        self.grants.store(&grant, alone).await?;
        let access = self.store_access(bearer, Some(grant)).await?;
        Ok(Issued { access, refresh: None, expires_in: self.lifetimes.access })
    }

    /// The token of an errand: it ends with its code, and after five minutes.
    ///
    /// # Errors
    /// Store or randomness.
    pub async fn issue_for(&self, bearer: Bearer, grant: String, commission: Commission) -> Result<Issued, Error> {
        let expires_at = self.clock.now() + i64::from(ERRAND) * 1000;
        let alone = Grant { bearer: bearer.clone(), current: String::new(), expires_at, revoked: false };
        self.grants.store(&grant, alone).await?;
        let token = Kind::Access.draw(&*self.random)?;
        let stored =
            AccessToken { bearer, grant: Some(grant), expires_at, revoked: false, commission: Some(commission) };
        self.access.store(&digest(token.expose_secret()), stored).await?;
        Ok(Issued { access: token, refresh: None, expires_in: ERRAND })
    }

    /// Ends all tokens of a grant.
    ///
    /// # Errors
    /// The store.
    pub async fn end_grant(&self, grant: &str) -> Result<(), Error> {
        self.grants.revoke(grant).await?;
        Ok(self.access.revoke_grant(grant).await?)
    }

    async fn issue_refreshable(&self, bearer: Bearer, id: String) -> Result<Issued, Error> {
        let expires_at = self.clock.now() + i64::from(self.lifetimes.grant) * 1000;
        let refresh = self.store_refresh(&id, expires_at).await?;
        let current = digest(refresh.expose_secret());
        self.grants.store(&id, Grant { bearer: bearer.clone(), current, expires_at, revoked: false }).await?;
        let access = self.store_access(bearer, Some(id)).await?;
        Ok(Issued { access, refresh: Some(refresh), expires_in: self.lifetimes.access })
    }

    /// From here on a SAD is recognised as the access token of scope `credential` (DESIGN 4).
    ///
    /// # Errors
    /// The store.
    pub async fn adopt(&self, sad: &SecretString, token: CredentialToken) -> Result<(), Error> {
        self.credential_tokens.store(&digest(sad.expose_secret()), token).await?;
        Ok(())
    }

    /// What a credential-scope token is good for.
    ///
    /// # Errors
    /// Unknown or expired.
    pub async fn resolve_credential(&self, token: &str) -> Result<CredentialToken, Error> {
        if Kind::of(token) != Some(Kind::Sad) {
            return Err(Error::Unknown);
        }
        let found = self.credential_tokens.find(&digest(token)).await?.ok_or(Error::Unknown)?;
        if found.revoked || found.expires_at <= self.clock.now() || !self.stands(&found.bearer).await? {
            return Err(Error::Expired);
        }
        Ok(found)
    }

    /// Whether a SAD may be spent beside a service token that is bound to this key: one that came as an access token
    /// may have been ended by its user, and is good for its own key only. Any other only the signer knows.
    ///
    /// # Errors
    /// The store.
    pub async fn may_spend(&self, sad: &str, key: Option<&Confirmation>) -> Result<bool, Error> {
        let found = self.credential_tokens.find(&digest(sad)).await?;
        Ok(found.is_none_or(|token| !token.revoked && (token.bearer.key.is_none() || token.bearer.key.as_ref() == key)))
    }

    /// A renewed SAD takes the place of the one it was made of, where that was an access token.
    ///
    /// # Errors
    /// The store.
    pub async fn succeed(&self, old: &str, new: &SecretString, expires_in: u32) -> Result<(), Error> {
        let Some(found) = self.credential_tokens.find(&digest(old)).await? else { return Ok(()) };
        let expires_at = self.clock.now() + i64::from(expires_in) * 1000;
        self.adopt(new, CredentialToken { expires_at, ..found }).await
    }

    /// A SAD that was ended is no access token any more.
    ///
    /// # Errors
    /// The store.
    pub async fn forget_sad(&self, sad: &str) -> Result<(), Error> {
        Ok(self.credential_tokens.revoke(&digest(sad)).await?)
    }

    /// Whom an access token speaks for, and the one thing it is good for, where it is for an errand.
    ///
    /// # Errors
    /// Unknown or expired.
    pub async fn resolve(&self, token: &str) -> Result<(Bearer, Option<Commission>), Error> {
        if Kind::of(token) != Some(Kind::Access) {
            return Err(Error::Unknown);
        }
        let found = self.access.find(&digest(token)).await?.ok_or(Error::Unknown)?;
        if found.revoked || found.expires_at <= self.clock.now() || !self.stands(&found.bearer).await? {
            return Err(Error::Expired);
        }
        Ok((found.bearer, found.commission))
    }

    /// Whether client and user are still there, and nothing was ended by an operator since they were recognised: looked at
    /// whenever something is used, since it may have been stored after that.
    ///
    /// # Errors
    /// The store.
    pub async fn stands(&self, bearer: &Bearer) -> Result<bool, Error> {
        Ok(self.presence.stands(&bearer.client, bearer.user.as_deref(), bearer.eras).await?)
    }

    /// New tokens for a refresh token of this client. The refresh token is replaced; one that was used before ends
    /// its whole grant, for then two parties hold it (RFC 9700, 4.14.2).
    ///
    /// # Errors
    /// Unknown, expired, or used before (which looks like unknown).
    pub async fn renew(&self, token: &str, client: &str, key: Option<Confirmation>) -> Result<Issued, Error> {
        let presented = digest(token);
        let found = match Kind::of(token) {
            Some(Kind::Refresh) => self.refresh.find(&presented).await?.ok_or(Error::Unknown)?,
            _ => return Err(Error::Unknown),
        };
        let grant = self.grants.find(&found.grant).await?.ok_or(Error::Unknown)?;
        if grant.bearer.client != client {
            return Err(Error::Unknown);
        }
        // What was bound to a key stays bound: only its holder may go on.
        if grant.bearer.key.is_some() && grant.bearer.key != key {
            return Err(Error::Unknown);
        }
        if !self.stands(&grant.bearer).await? {
            return Err(Error::Expired);
        }
        // Stored before the rotation, so that a revocation that comes after it finds them.
        let refresh = self.store_refresh(&found.grant, grant.expires_at).await?;
        let bearer = Bearer { key, ..grant.bearer };
        let access = self.store_access(bearer, Some(found.grant.clone())).await?;
        let next = digest(refresh.expose_secret());
        match self.grants.rotate(&found.grant, &presented, &next, self.clock.now()).await? {
            Rotation::Rotated => Ok(Issued { access, refresh: Some(refresh), expires_in: self.lifetimes.access }),
            Rotation::Ended => {
                self.access.revoke(&digest(access.expose_secret())).await?;
                Err(Error::Expired)
            }
            Rotation::Reused => {
                self.access.revoke_grant(&found.grant).await?;
                tracing::warn!(client.id = client, "a refresh token was used twice; its grant is revoked");
                Err(Error::Unknown)
            }
        }
    }

    /// Ends a token: an access token alone, or with a refresh token everything of its grant (CSC 8.3.4). Only the
    /// client it belongs to may, and where the caller speaks for a user, only that user.
    ///
    /// # Errors
    /// Unknown, or somebody else's, which looks the same.
    pub async fn revoke(&self, token: &str, by: &Bearer) -> Result<(), Error> {
        let digest = digest(token);
        match Kind::of(token) {
            Some(Kind::Access) => {
                let found = self.access.find(&digest).await?.ok_or(Error::Unknown)?;
                may_end(by, &found.bearer)?;
                Ok(self.access.revoke(&digest).await?)
            }
            Some(Kind::Refresh) => {
                let found = self.refresh.find(&digest).await?.ok_or(Error::Unknown)?;
                let grant = self.grants.find(&found.grant).await?.ok_or(Error::Unknown)?;
                may_end(by, &grant.bearer)?;
                self.grants.revoke(&found.grant).await?;
                Ok(self.access.revoke_grant(&found.grant).await?)
            }
            Some(Kind::Sad | Kind::Code | Kind::Pushed | Kind::Request | Kind::Handle) | None => Err(Error::Unknown),
        }
    }

    async fn store_access(&self, bearer: Bearer, grant: Option<String>) -> Result<SecretString, Error> {
        let token = Kind::Access.draw(&*self.random)?;
        let expires_at = self.clock.now() + i64::from(self.lifetimes.access) * 1000;
        let stored = AccessToken { bearer, grant, expires_at, revoked: false, commission: None };
        self.access.store(&digest(token.expose_secret()), stored).await?;
        Ok(token)
    }

    async fn store_refresh(&self, grant: &str, expires_at: i64) -> Result<SecretString, Error> {
        let token = Kind::Refresh.draw(&*self.random)?;
        let stored = RefreshToken { grant: grant.to_owned(), expires_at };
        self.refresh.store(&digest(token.expose_secret()), stored).await?;
        Ok(token)
    }
}

fn may_end(by: &Bearer, bearer: &Bearer) -> Result<(), Error> {
    let same_user = by.user.is_none() || by.user == bearer.user;
    if by.client == bearer.client && same_user { Ok(()) } else { Err(Error::Unknown) }
}

#[cfg(test)]
mod tests;
