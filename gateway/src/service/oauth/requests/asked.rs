//! A request as its client made it, and as its user is shown it.

use std::net::IpAddr;

use rsign_api::csc::authorization::{Dialect, Scope};
use rsign_api::signer::Entry;
use secrecy::SecretString;

use crate::domain::authorization_request::AnswerTo;
use crate::domain::pkce::Challenge;

/// A request as a client made it: each parameter is well formed, nothing is checked against the client.
#[derive(Debug)]
pub struct Asked {
    /// Where the answer goes; the URI is registered.
    pub answer: AnswerTo,
    /// PKCE.
    pub challenge: Option<Challenge>,
    /// What is asked for.
    pub scope: Scope,
    /// Which version it speaks.
    pub dialect: Dialect,
    /// `account_token`.
    pub account_token: Option<SecretString>,
    /// `lang`.
    pub lang: Option<String>,
    /// Thumbprint of the DPoP key its code shall be bound to.
    pub key: Option<String>,
    /// The request as it was signed, where it was.
    pub signed: Option<String>,
    /// Whether the user has to sign in for it, signed in or not (`prompt=login`).
    pub sign_in: bool,
    /// Where it came from, where that is known.
    pub address: Option<IpAddr>,
}

/// A request as its user is shown it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// What users know the app by.
    pub client: String,
    /// `client_id`.
    pub client_id: String,
    /// What is asked for.
    pub scope: RequestScope,
    /// The account it is for, `userID`, where the app says so.
    pub account: Option<String>,
    /// The credential, where the app named one; otherwise the user chooses.
    pub credential: Option<String>,
    /// Hashes to approve.
    pub list: Vec<Entry>,
    /// What the app calls them, in the order of the list.
    pub labels: Vec<Option<String>>,
    /// Signatures asked for; none for scope `service`.
    pub signatures: u32,
    /// What the app says it is about.
    pub description: Option<String>,
    /// `lang`.
    pub lang: Option<String>,
    /// Whether its user has to sign in for it.
    pub sign_in: bool,
    /// Where the answer goes; for the page's `form-action`.
    pub redirect_uri: String,
}

/// `scope` without what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestScope {
    /// The methods of the API.
    Service,
    /// Signatures.
    Credential,
    /// A key.
    Create,
    /// The end of a key.
    Delete,
}
