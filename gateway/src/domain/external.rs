//! People whom somebody else vouches for: sign-ins that are under way, and who is who.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A person, as an identity provider knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its name for the person: never given to another, unlike an e-mail address.
    pub subject: String,
    /// What it says the person is called.
    pub given_name: Option<String>,
    /// Likewise.
    pub family_name: Option<String>,
}

/// How long a sign-in elsewhere may take, milliseconds.
pub const PATIENCE: i64 = 10 * 60 * 1000;

/// A sign-in that is under way elsewhere. Nonce and PKCE verifier are not here: they come from the browser's own
/// secret, so another browser that shows the same answer gets nothing for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalSignIn {
    /// The provider, by its name in the configuration.
    pub provider: String,
    /// Where it leads: name of a page, and the id that belongs to it.
    pub next: (String, String),
    /// The account that shall be tied to whoever answers, where its owner asked for that.
    pub link: Option<String>,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// Somebody who is known elsewhere but not here, while they fill the sign-up form in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// Who it is.
    pub identity: Identity,
    /// The provider, by its name in the configuration.
    pub provider: String,
    /// Digest of the browser's secret.
    pub browser: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// An account's name elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    /// The account.
    pub user: String,
    /// Issuer identifier.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
}

/// An account whose owner is giving a way in up: one at a time, so that of the last two one stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untying {
    /// Unix milliseconds: whoever took so long has died.
    pub expires_at: i64,
}

/// How long giving one up may take, milliseconds.
pub const UNTYING: i64 = 60 * 1000;

impl Tie {
    /// What it is found by: issuer and subject together, and nothing else (security.md 2.1).
    #[must_use]
    pub fn id(issuer: &str, subject: &str) -> String {
        let mut digest = Sha256::new();
        // Neither can run into the other.
        digest.update(u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(issuer);
        digest.update(subject);
        data_encoding::HEXLOWER.encode(&digest.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::Tie;

    #[test]
    fn issuer_and_subject_do_not_run_into_each_other() {
        assert_ne!(Tie::id("https://a", "b"), Tie::id("https://ab", ""));
        assert_eq!(Tie::id("https://a", "b"), Tie::id("https://a", "b"));
    }
}
