//! A signed-in browser.

use serde::{Deserialize, Serialize};

use super::language::Language;
use super::token::Eras;

/// How long a session may last whatever happens, milliseconds.
pub const LONGEST: i64 = 8 * 60 * 60 * 1000;

/// How long it lasts while nobody uses it, milliseconds.
pub const IDLE: i64 = 30 * 60 * 1000;

/// Sessions one user may have at once: browsers, and those that were closed without signing out.
pub const MOST: usize = 50;

/// A session. Its cookie is 256 random bits; only their digest is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// SHA-256 of the cookie's value, in hexadecimal: what the session is found by, and what is bound to it.
    pub digest: String,
    /// The account.
    pub user: String,
    /// Its era when the session began.
    #[serde(default)]
    pub era: u32,
    /// What its owner is called.
    pub name: String,
    /// What the tokens of its forms are made with.
    pub csrf: String,
    /// Language of its pages.
    pub language: Language,
    /// The authorization request it was begun for, by its id: where one wants its user to sign in, that is to agree to
    /// this one and to no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds, to the minute.
    pub seen_at: i64,
    /// Unix milliseconds: never later than [`LONGEST`] after it began.
    pub expires_at: i64,
    /// Told on the next page, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

/// What was just done. Kept with the session and not in a URL, so that no link can claim it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// An account was opened.
    Welcome,
    /// A key was deleted.
    KeyDeleted,
    /// A key was made.
    KeyMade,
    /// None was.
    KeyNotMade,
    /// A PIN was changed.
    PinChanged,
    /// It was not.
    PinNotChanged,
    /// Codes of an authenticator app are needed from now on, or those of another one.
    FactorSet,
    /// As before.
    FactorNotSet,
    /// An app lost its access.
    AppRevoked,
    /// An app cannot ask out of band any more.
    AppBlocked,
    /// It can again.
    AppHeard,
    /// Other browsers were signed out.
    OthersSignedOut,
    /// The password is another.
    PasswordChanged,
    /// Codes go to another address.
    ContactChanged,
    /// The account is tied to an identity provider.
    Tied,
    /// It is no more.
    Untied,
    /// It still is, for nothing else would let its owner in.
    LastWayIn,
}

impl Session {
    /// Of when is what its owner does on the account pages, which are ours and have one era.
    #[must_use]
    pub const fn eras(&self) -> Eras {
        Eras { client: 0, user: self.era }
    }

    /// Whether it still counts.
    #[must_use]
    pub fn is_alive(&self, now: i64) -> bool {
        now < self.expires_at && now < self.seen_at + IDLE
    }

    /// Whether it was begun for this authorization request.
    #[must_use]
    pub fn is_for(&self, request: &str) -> bool {
        self.request.as_deref() == Some(request)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("user", &self.user).finish_non_exhaustive()
    }
}
