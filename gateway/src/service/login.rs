//! `auth/login`: a person's user name and password, as the built-in client `basic` (DESIGN 6).

use std::net::IpAddr;
use std::sync::Arc;

use secrecy::SecretString;

use super::account::people::{self, People};
use super::tokens::{self, Issued, Tokens};
use crate::domain::client::{BASIC, Reach};
use crate::domain::token::{Bearer, Eras};

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody was recognised.
    #[error(transparent)]
    Person(#[from] people::Error),
    /// The token was not accepted, or none could be issued.
    #[error(transparent)]
    Token(#[from] tokens::Error),
}

/// Whether the sign-in shall outlast its access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remember {
    /// A refresh token is issued.
    Yes,
    /// None is.
    No,
}

/// The service.
#[derive(Debug)]
pub struct Login {
    people: Arc<People>,
    tokens: Arc<Tokens>,
}

impl Login {
    /// The service over its parts.
    #[must_use]
    pub const fn new(people: Arc<People>, tokens: Arc<Tokens>) -> Self {
        Self { people, tokens }
    }

    /// Signs a person in.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign_in(
        &self,
        username: &str,
        password: SecretString,
        remember: Remember,
        address: Option<IpAddr>,
    ) -> Result<Issued, Error> {
        let user = self.people.sign_in(username, password, address).await?;
        let eras = Eras { client: 0, user: user.era };
        let bearer = Bearer { client: BASIC.to_owned(), user: Some(user.id), reach: Reach::Linked, key: None, eras };
        match remember {
            Remember::Yes => Ok(self.tokens.issue_with_refresh(bearer).await?),
            Remember::No => Ok(self.tokens.issue(bearer).await?),
        }
    }

    /// Renews a sign-in.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew(&self, refresh_token: &str) -> Result<Issued, Error> {
        Ok(self.tokens.renew(refresh_token, BASIC, None).await?)
    }
}
