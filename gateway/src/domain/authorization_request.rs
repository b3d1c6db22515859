//! What an app asks a user for, from the moment it was found good until the user has decided.

use rsign_api::csc::authorization::{Dialect, Scope};
use serde::{Deserialize, Serialize};

use super::pkce::Challenge;

/// How long a user has to decide, milliseconds.
pub const PATIENCE: i64 = 10 * 60 * 1000;

/// How long a pushed request may wait to be used, seconds (8.4.3).
pub const PUSHED_SECONDS: u32 = 90;

/// An authorization request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The client that asks.
    pub client: String,
    /// Its era then: what an operator ended since is asked by nobody any more.
    #[serde(default)]
    pub era: u32,
    /// Where the answer goes.
    pub answer: AnswerTo,
    /// PKCE.
    pub challenge: Option<Challenge>,
    /// What is asked for.
    pub scope: Scope,
    /// Which version it speaks.
    pub dialect: Dialect,
    /// The user it is for, where an `account_token` said so.
    pub account: Option<String>,
    /// `lang`.
    pub lang: Option<String>,
    /// Thumbprint of the DPoP key its code is bound to (RFC 9449, 10).
    pub key: Option<String>,
    /// The request as the client signed it, where it did (RFC 9101): for the signer, which reads it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// Whether its user has to sign in for it, whoever is signed in already (`prompt=login`).
    pub sign_in: bool,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// Whether the user has decided: then nothing more comes of it.
    pub decided: bool,
}

/// Where an answer goes, checked against the registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTo {
    /// The URI.
    pub redirect_uri: String,
    /// Whether the request named it: then the token request has to as well (8.3.3).
    pub named: bool,
    /// `state`, given back as it came.
    pub state: Option<String>,
}

/// Longest `state` that is given back.
const LONGEST_STATE: usize = 1024;

/// Whether a `state` can be given back octet by octet.
#[must_use]
pub fn is_state(state: &str) -> bool {
    // What was no UTF-8 has become this character, and could not be given back.
    let whole = !state.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER);
    state.len() <= LONGEST_STATE && whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_29_a_state_is_echoed_or_refused() {
        for good in ["x", "a b&c=d%0a", "\u{e9}", &"x".repeat(1024)] {
            assert!(is_state(good), "{good}");
        }
        for bad in ["a\r\nSet-Cookie: x", "\0", "\u{7f}", "\u{fffd}", "\u{85}", &"x".repeat(1025)] {
            assert!(!is_state(bad), "{bad:?}");
        }
    }
}
