//! `account_token` (8.3.1 / 8.4.1): a client says, under its secret, which of our users a request is for.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::ExposeSecret as _;

use crate::domain::client::{Client, Reach};
use crate::domain::jwt::Jwt;
use crate::domain::seal::{Material, Purpose};
use crate::port::clock::Clock;
use crate::store::{Links, SeenIds, Users};

/// How old a token may be, seconds; the standard leaves it to us.
const AGE: i64 = 300;

/// How far a client's clock may be ahead, seconds.
const SKEW: i64 = 30;

/// Longest `jti`.
const LONGEST_ID: usize = 255;

/// Why an account token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no JWT with the members it must have.
    #[error("the account_token is malformed")]
    Malformed,
    /// It is not believed: signature, client, age, repetition, or the account.
    #[error("the account_token is not believed: {0}")]
    Denied(&'static str),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
}

/// The service.
#[derive(Debug)]
pub struct AccountTokens {
    users: Users,
    links: Links,
    seen: SeenIds,
    material: Arc<Material>,
    clock: Arc<dyn Clock>,
}

impl AccountTokens {
    /// The service over its repositories.
    #[must_use]
    pub fn new(users: Users, links: Links, seen: SeenIds, material: Arc<Material>, clock: Arc<dyn Clock>) -> Self {
        Self { users, links, seen, material, clock }
    }

    /// The user it names. The key is found by the client alone, whatever the header says of keys; the only algorithm
    /// is HS256 (security.md 2.2).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn user(&self, client: &Client, token: &str) -> Result<String, Error> {
        let jwt = Jwt::parse(token).ok_or(Error::Malformed)?;
        let sealed = client.account_key.as_ref().ok_or(Error::Denied("the client has no key for it"))?;
        let key = self.material.open(Purpose::AccountToken, &client.id, sealed);
        let key = key.ok_or(Error::Denied("its key is sealed under another configuration key"))?;
        if !jwt.is_signed_by(&DecodingKey::from_secret(key.expose_secret()), &[Algorithm::HS256]) {
            return Err(Error::Denied("the signature is wrong"));
        }
        let claims = jwt.claims().ok_or(Error::Malformed)?;
        let text = |name| claims.text(name).ok_or(Error::Malformed);
        let (account, id, client_id) = (text("sub")?, text("jti")?, text("azp")?);
        let issued_at = claims.time("iat").ok_or(Error::Malformed)?;
        if id.len() > LONGEST_ID || account.len() > LONGEST_ID {
            return Err(Error::Malformed);
        }
        if client_id != client.id {
            return Err(Error::Denied("it is another client's"));
        }
        let now = self.clock.now();
        let age = (now / 1000).saturating_sub(issued_at);
        if !(-SKEW..=AGE).contains(&age) {
            return Err(Error::Denied("it is too old, or from the future"));
        }
        let expires_at = (issued_at + AGE + 1) * 1000;
        if !self.seen.is_first(&format!("account_token {client_id}"), id, now, expires_at).await? {
            return Err(Error::Denied("it was used before"));
        }
        let user = self.users.find(account).await?;
        let known = client.reach == Reach::All || self.links.exists(&client.id, account).await?;
        match user {
            Some(user) if known => Ok(user.id),
            _ => Err(Error::Denied("the client has no such user")),
        }
    }
}
