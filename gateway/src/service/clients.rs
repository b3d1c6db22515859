//! Registers and authenticates signing apps.

use std::sync::Arc;

use secrecy::SecretString;

use crate::domain::client::{Client, Profile, SecretDigest, is_client_id};
use crate::domain::client::{PinTransport, Reach};
use crate::port::random::{Exhausted, Random};
use crate::store::{Clients as Registrations, Links, Users};

/// Why a client is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such client.
    #[error("there is no such client")]
    Unknown,
    /// The secret is wrong, or the client has none.
    #[error("the client secret is wrong")]
    WrongSecret,
    /// The id cannot be one.
    #[error("a client id is 1 to 64 letters, digits, dots, dashes and underscores, and not `basic`")]
    BadId,
    /// The id is taken.
    #[error("the client id is taken")]
    Taken,
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// What an operator decides about a new client.
#[derive(Debug)]
pub struct Registration {
    /// `client_id`.
    pub id: String,
    /// Its OAuth rules.
    pub profile: Profile,
    /// Its PIN transport.
    pub pin_transport: PinTransport,
    /// Exact redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Which users its own tokens reach.
    pub reach: Reach,
    /// Whether it is given refresh tokens.
    pub refresh_tokens: bool,
    /// PEM of the key it authenticates with.
    pub public_key: Option<String>,
    /// Whether a secret is generated.
    pub secret: bool,
}

/// The service.
#[derive(Debug)]
pub struct Clients {
    registrations: Registrations,
    links: Links,
    users: Users,
    random: Arc<dyn Random>,
}

impl Clients {
    /// The service over its repositories.
    #[must_use]
    pub fn new(registrations: Registrations, links: Links, users: Users, random: Arc<dyn Random>) -> Self {
        Self { registrations, links, users, random }
    }

    /// Registers a client. The secret is generated and only here in clear.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn register(&self, wanted: Registration) -> Result<Option<SecretString>, Error> {
        if !is_client_id(&wanted.id) {
            return Err(Error::BadId);
        }
        let secret = if wanted.secret { Some(self.random.secret()?) } else { None };
        let client = Client {
            id: wanted.id,
            secret: secret.as_deref().map(SecretDigest::of),
            profile: wanted.profile,
            pin_transport: wanted.pin_transport,
            redirect_uris: wanted.redirect_uris,
            reach: wanted.reach,
            refresh_tokens: wanted.refresh_tokens,
            public_key: wanted.public_key,
        };
        if !self.registrations.register(client).await? {
            return Err(Error::Taken);
        }
        Ok(secret.map(SecretString::from))
    }

    /// Lets a client reach a user.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn link(&self, client: &str, user: &str) -> Result<(), Error> {
        self.find(client).await?;
        self.users.find(user).await?.ok_or(Error::UnknownUser)?;
        Ok(self.links.link(client, user).await?)
    }

    /// The registration.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn find(&self, id: &str) -> Result<Client, Error> {
        if !is_client_id(id) {
            return Err(Error::Unknown);
        }
        self.registrations.find(id).await?.ok_or(Error::Unknown)
    }

    /// The registration, if the secret is its.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn authenticate(&self, id: &str, secret: &str) -> Result<Client, Error> {
        let client = self.find(id).await?;
        match &client.secret {
            Some(digest) if digest.fits(secret) => Ok(client),
            _ => Err(Error::WrongSecret),
        }
    }
}
