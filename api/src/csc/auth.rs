//! `auth/login` (11.2), `auth/revoke` (11.3).

use secrecy::SecretString;
use serde::Serialize;

use super::Ask;
use crate::error::{self, Fault};
use crate::json::Value;

/// How `auth/login` may be asked for a token.
#[derive(Debug)]
pub enum Login {
    /// By user name and password in the Authorization header.
    Password {
        /// `rememberMe`: a refresh token is wanted too.
        remember: bool,
    },
    /// By a refresh token.
    Refresh(SecretString),
}

/// What kind of token `token_type_hint` says it is; a hint only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `access_token`.
    Access,
    /// `refresh_token`.
    Refresh,
}

impl TokenKind {
    /// Reads `token_type_hint`.
    #[must_use]
    pub fn from_hint(hint: &str) -> Option<Self> {
        match hint {
            "access_token" => Some(Self::Access),
            "refresh_token" => Some(Self::Refresh),
            _ => None,
        }
    }
}

impl Ask<'_> {
    /// What a login wants.
    ///
    /// # Errors
    /// A `refresh_token` that no refresh token of this service looks like.
    pub fn login(&self) -> Result<Login, Fault> {
        match self.body.get("refresh_token") {
            None => Ok(Login::Password { remember: self.switch("rememberMe") }),
            Some(Value::Text(token)) if token.starts_with("rt_") => {
                Ok(Login::Refresh(SecretString::from(token.as_ref())))
            }
            Some(_) => Err(error::REFRESH_TOKEN_FORMAT),
        }
    }

    /// The token to be revoked.
    ///
    /// # Errors
    /// Missing, or a hint nobody knows.
    pub fn token(&self) -> Result<SecretString, Fault> {
        let token = self.string("token").ok_or(error::TOKEN_MISSING)?;
        match self.body.get("token_type_hint") {
            None => {}
            Some(hint) if hint.text().and_then(TokenKind::from_hint).is_some() => {}
            Some(_) => return Err(error::TOKEN_HINT),
        }
        Ok(SecretString::from(token))
    }
}

/// Answer of `auth/login`.
#[derive(Debug, Serialize)]
pub struct LoginAnswer {
    /// The service access token.
    #[serde(serialize_with = "crate::secret::expose")]
    pub access_token: SecretString,
    /// Present where it was asked for.
    #[serde(serialize_with = "crate::secret::expose_some", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
    /// Not in CSC, but every OAuth library wants it.
    pub token_type: &'static str,
    /// Seconds the access token is good for.
    pub expires_in: u32,
}
