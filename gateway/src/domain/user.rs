//! A person with an account.

use rsign_api::signer::Subject;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::contact::Contact;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// `userID`: 128 random bits, never used again.
    pub id: String,
    /// Name to sign in with.
    pub username: String,
    /// PHC string of the password.
    pub password: PasswordHash,
    /// Who the person is, as certificates say it.
    pub subject: Subject,
    /// Where codes reach the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Whether an operator has closed it: then it is as if there were none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// How often all sessions and tokens were ended: those of an earlier era are dead.
    #[serde(default)]
    pub era: u32,
}

impl User {
    /// The same person in the next era, with no session and no token.
    #[must_use]
    pub fn renewed(self) -> Self {
        Self { era: self.era.wrapping_add(1), ..self }
    }
}

/// A PHC string; not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(pub String);

impl PasswordHash {
    /// Of somebody who signs in elsewhere: no password fits it.
    #[must_use]
    pub fn none() -> Self {
        Self("!".to_owned())
    }

    /// Whether any password can fit it.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.0.starts_with('$')
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hash]")
    }
}

/// Who has a user name. Inserted before the account, so that a name is given once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Username {
    /// The account.
    pub user: String,
}

/// The form of a user name that must be unique: without surrounding space, NFKC, in lower case.
#[must_use]
pub fn canonical(username: &str) -> String {
    username.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()
}
