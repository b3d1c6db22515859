//! `auth/login`: a person's user name and password, as the built-in client `basic` (DESIGN 6).

use std::sync::Arc;

use secrecy::SecretString;

use super::passwords::{self, Passwords};
use super::tokens::{self, Issued, Tokens};
use crate::domain::client::{BASIC, Reach};
use crate::domain::token::Bearer;
use crate::store::Users;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// User or password is wrong; which of them is not said.
    #[error("user name or password is wrong")]
    Refused,
    /// The password could not be judged.
    #[error(transparent)]
    Password(#[from] passwords::Error),
    /// The token was not accepted, or none could be issued.
    #[error(transparent)]
    Token(#[from] tokens::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
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
    users: Users,
    passwords: Passwords,
    tokens: Arc<Tokens>,
}

impl Login {
    /// The service over its parts.
    #[must_use]
    pub fn new(users: Users, passwords: Passwords, tokens: Arc<Tokens>) -> Self {
        Self { users, passwords, tokens }
    }

    /// Signs a person in.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign_in(&self, username: &str, password: SecretString, remember: Remember) -> Result<Issued, Error> {
        let user = self.users.named(username).await?;
        if !self.passwords.fits(user.as_ref().map(|user| &user.password), password).await? {
            return Err(Error::Refused);
        }
        let user = user.map(|user| user.id);
        let bearer = Bearer { client: BASIC.to_owned(), user, reach: Reach::Linked };
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
        Ok(self.tokens.renew(refresh_token, BASIC).await?)
    }
}
