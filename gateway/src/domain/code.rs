//! An authorization code: what it was issued for, and who may have it once.

use rsign_api::csc::Limits;
use rsign_api::csc::authorization::{Dialect, Wish};
use serde::{Deserialize, Serialize};

use super::authorization_request::AnswerTo;
use super::pkce::Challenge;
use super::seal::Sealed;
use super::token::Commission;

/// How long a code is good, milliseconds (security.md F-24).
pub const LIFETIME: i64 = 60 * 1000;

/// How long a code is remembered, milliseconds: who shows it again ends what came of it.
pub const MEMORY: i64 = 24 * 60 * 60 * 1000;

/// A code, stored under its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The client it was issued to.
    pub client: String,
    /// The client's era when it asked.
    #[serde(default)]
    pub client_era: u32,
    /// The user who agreed.
    pub user: String,
    /// The user's era when that was.
    #[serde(default)]
    pub era: u32,
    /// Where it was sent.
    pub answer: AnswerTo,
    /// PKCE.
    pub challenge: Option<Challenge>,
    /// The version its request spoke.
    pub dialect: Dialect,
    /// Thumbprint of the DPoP key it is bound to.
    pub key: Option<String>,
    /// What was granted.
    pub granted: Granted,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// Set when it is redeemed: the grant that all its tokens belong to.
    pub spent: Option<Spent>,
}

/// What a user granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Granted {
    /// The methods of the API.
    Service,
    /// Signatures.
    Credential(Box<Approved>),
    /// A credential made, or its end.
    Errand(Box<Commission>),
}

/// Signatures a user approved with a PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// What was asked for.
    pub wish: Wish,
    /// The credential.
    pub credential: String,
    /// The SAD, sealed under the code.
    pub sad: Sealed,
    /// Until when the SAD is good, Unix milliseconds.
    pub sad_expires_at: i64,
}

/// What became of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The grant of its tokens.
    pub grant: String,
    /// Whether it was shown again since.
    pub replayed: bool,
}

/// What a client shows together with a code.
#[derive(Debug, Clone)]
pub struct Presentation {
    /// The client, authenticated.
    pub client: String,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `code_verifier`.
    pub verifier: Option<String>,
    /// Thumbprint of the DPoP key it proved.
    pub key: Option<String>,
    /// `authorization_details`, where it repeats them, and what they may hold.
    pub details: Option<(String, Limits)>,
}

/// Why a code is not redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// Another client's, or too old.
    Unknown,
    /// Redeemed before.
    Spent,
    /// The redirect URI is not that of the request.
    Redirect,
    /// The verifier is missing, wrong, or one that was never announced.
    Verifier,
    /// The DPoP key is not that of the request.
    Key,
    /// The details are not those of the request.
    Details,
}

impl Code {
    /// Whether it may be redeemed so.
    ///
    /// # Errors
    /// [`Mismatch`]; a stranger hears nothing else than that there is no such code.
    pub fn judge(&self, shown: &Presentation, now: i64) -> Result<(), Mismatch> {
        if self.client != shown.client {
            return Err(Mismatch::Unknown);
        }
        if self.spent.is_some() {
            return Err(Mismatch::Spent);
        }
        if self.expires_at <= now {
            return Err(Mismatch::Unknown);
        }
        let redirect = match &shown.redirect_uri {
            Some(uri) => *uri == self.answer.redirect_uri,
            None => !self.answer.named,
        };
        if !redirect {
            return Err(Mismatch::Redirect);
        }
        let verified = match (&self.challenge, &shown.verifier) {
            (Some(challenge), Some(verifier)) => challenge.fits(verifier),
            (None, None) => true,
            // A verifier without challenge: somebody took the challenge out of the request (RFC 9700, 2.1.1).
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !verified {
            return Err(Mismatch::Verifier);
        }
        if self.key.is_some() && self.key != shown.key {
            return Err(Mismatch::Key);
        }
        let repeated = match (&shown.details, &self.granted) {
            (None, _) => true,
            (Some((details, limits)), Granted::Credential(approved)) => approved.wish.is_repeated_by(details, *limits),
            (Some((details, limits)), Granted::Errand(given)) => given.errand.is_repeated_by(details, *limits),
            (Some(_), Granted::Service) => false,
        };
        if repeated { Ok(()) } else { Err(Mismatch::Details) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn code(challenge: Option<Challenge>) -> Code {
        Code {
            client: "app".to_owned(),
            client_era: 0,
            user: "ann".to_owned(),
            era: 0,
            answer: AnswerTo { redirect_uri: "https://a/cb".to_owned(), named: true, state: None },
            challenge,
            dialect: Dialect::V2,
            key: None,
            granted: Granted::Service,
            expires_at: 60,
            spent: None,
        }
    }

    fn shown(verifier: Option<&str>) -> Presentation {
        Presentation {
            client: "app".to_owned(),
            redirect_uri: Some("https://a/cb".to_owned()),
            verifier: verifier.map(str::to_owned),
            key: None,
            details: None,
        }
    }

    #[test]
    fn a_03_a_08_a_code_is_for_its_client_and_time() {
        let good = code(None);
        assert_eq!(good.judge(&shown(None), 59), Ok(()));
        assert_eq!(good.judge(&shown(None), 60), Err(Mismatch::Unknown));
        let stranger = Presentation { client: "other".to_owned(), ..shown(None) };
        assert_eq!(good.judge(&stranger, 0), Err(Mismatch::Unknown));
        let spent = Code { spent: Some(Spent { grant: "g".to_owned(), replayed: false }), ..code(None) };
        assert_eq!(spent.judge(&shown(None), 0), Err(Mismatch::Spent));
        assert_eq!(spent.judge(&stranger, 0), Err(Mismatch::Unknown));
        let elsewhere = Presentation { redirect_uri: Some("https://a/cb/".to_owned()), ..shown(None) };
        assert_eq!(good.judge(&elsewhere, 0), Err(Mismatch::Redirect));
        let nowhere = Presentation { redirect_uri: None, ..shown(None) };
        assert_eq!(good.judge(&nowhere, 0), Err(Mismatch::Redirect));
        let bound = Code { key: Some("k".to_owned()), ..code(None) };
        assert_eq!(bound.judge(&shown(None), 0), Err(Mismatch::Key));
    }

    #[test]
    fn a_04_a_verifier_is_neither_left_out_nor_made_up() {
        let challenged = code(Some(Challenge::Plain(VERIFIER.to_owned())));
        assert_eq!(challenged.judge(&shown(Some(VERIFIER)), 0), Ok(()));
        assert_eq!(challenged.judge(&shown(None), 0), Err(Mismatch::Verifier));
        assert_eq!(challenged.judge(&shown(Some(&"x".repeat(43))), 0), Err(Mismatch::Verifier));
        assert_eq!(code(None).judge(&shown(Some(VERIFIER)), 0), Err(Mismatch::Verifier));
    }
}
