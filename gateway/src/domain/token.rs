//! Tokens: opaque, typed by prefix, 256 bit, stored as SHA-256 only.

use data_encoding::HEXLOWER;
use rsign_api::csc::authorization::Errand;
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
    /// Signature activation data, which is also the access token of scope `credential` (DESIGN 4).
    Sad,
    /// Authorization code.
    Code,
    /// Handle of a pushed authorization request, behind its URN.
    Pushed,
    /// Id of an authorization request while its user decides.
    Request,
    /// Handle of what a user is asked out of band.
    Handle,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Access, Self::Refresh, Self::Sad, Self::Code, Self::Pushed, Self::Request, Self::Handle];

    /// What its tokens begin with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "st_",
            Self::Refresh => "rt_",
            Self::Sad => "sad_",
            Self::Code => "ac_",
            Self::Pushed => "pr_",
            Self::Request => "ar_",
            Self::Handle => "ah_",
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
    /// The key whose holder alone may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Confirmation>,
    /// Of when it is.
    #[serde(default)]
    pub eras: Eras,
}

/// The eras of client and user when they were recognised: what an operator ended since is not theirs any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eras {
    /// That of the client.
    pub client: u32,
    /// That of the user, where there is one.
    pub user: u32,
}

/// What a sender-constrained token is bound to: `cnf` of a token (RFC 7800).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirmation {
    /// Thumbprint of a DPoP key (RFC 9449, 6.1).
    Jkt(String),
    /// SHA-256 of a client certificate (RFC 8705, 3.1).
    X5t(String),
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
    /// The one thing it is good for; none: the methods of the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission: Option<Commission>,
}

/// What a token is for that a user granted for one errand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commission {
    /// What was asked for.
    pub errand: Errand,
    /// The credential that was made for it, or shall end.
    pub credential: String,
}

/// A credential-scope token as the gateway recognises it; what it is worth only the signer knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialToken {
    /// Whom it speaks for.
    pub bearer: Bearer,
    /// The one credential it is good for.
    pub credential: String,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// Ended early.
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
