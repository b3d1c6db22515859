//! Tokens: opaque, typed by prefix, 256 bit, stored as SHA-256 only.

use data_encoding::HEXLOWER;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::client::Reach;
use crate::port::random::{Exhausted, Random};

/// Kinds of tokens, told apart by their prefix and kept in tables of their own (security.md 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Service access token.
    Access,
    /// Refresh token.
    Refresh,
    /// Signature activation data; the signer knows it, the gateway only recognises it.
    Sad,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Access, Self::Refresh, Self::Sad];

    /// What its tokens begin with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "st_",
            Self::Refresh => "rt_",
            Self::Sad => "sad_",
        }
    }

    /// The kind of this token.
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| token.starts_with(kind.prefix()))
    }

    /// A new token.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn draw(self, random: &dyn Random) -> Result<SecretString, Exhausted> {
        Ok(SecretString::from(format!("{}{}", self.prefix(), random.secret()?)))
    }
}

/// What a token is found by.
#[must_use]
pub fn digest(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token))
}

/// Whom a token speaks for: the client always, a user where the authorization was user-specific.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearer {
    /// The client it was issued to.
    pub client: String,
    /// The user it acts for (CSC 2.1: user-specific authorization).
    pub user: Option<String>,
    /// Which users it reaches if it has none of its own.
    pub reach: Reach,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Whom it speaks for.
    pub bearer: Bearer,
    /// The grant whose end is its end; none where no refresh token was issued.
    pub grant: Option<String>,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// Ended early; kept until it would have expired, so that it is told from an unknown one.
    pub revoked: bool,
}

/// A refresh token: only the way to its grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// The grant.
    pub grant: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// All tokens that descend from one sign-in or one client authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whom its tokens speak for.
    pub bearer: Bearer,
    /// Digest of the one refresh token that may be used now; any other was used before.
    pub current: String,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// Ended early.
    pub revoked: bool,
}
