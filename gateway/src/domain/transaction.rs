//! One use of the end-to-end channel: what the gateway registered from outside, and how far it has come (DESIGN 5).

use rsign_api::bytes::Bytes;
use rsign_api::channel::wire::State;
use rsign_api::signer::{Entry, Registration};
use serde::{Deserialize, Serialize};

use super::credential::AuthMode;
use super::language::Language;
use super::seal::Sealed;
use super::token::Eras;

/// How long a transaction may take, milliseconds.
pub const PATIENCE: i64 = 5 * 60 * 1000;

/// Handshakes one transaction may try: a page whose user took a minute to think starts again, a flood does not reach
/// the signer.
const HELLOS: u8 = 20;

/// A transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transaction {
    /// Digest of the token whose holder may use the channel.
    pub token: String,
    /// What the signer is told, and computes `ctx` from.
    pub registration: Registration,
    /// What the client asked for, as it signed it, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// What users know the app by.
    pub app: Option<String>,
    /// What the app calls the documents, in the order of the list.
    pub labels: Vec<Option<String>>,
    /// How apps shall get SADs of the key that is made, where one is.
    #[serde(default)]
    pub mode: AuthMode,
    /// Who started it, and so who fetches what comes of it.
    pub origin: Origin,
    /// Of when it is: nothing comes of what an operator ended since.
    #[serde(default)]
    pub eras: Eras,
    /// Language of the page.
    pub language: Language,
    /// Handshakes so far.
    pub hellos: u8,
    /// The channel, once it is open; begins with the number of the signer's instance.
    pub sid: Option<Bytes>,
    /// How far it has come.
    pub progress: Progress,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// Who started a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Origin {
    /// A user approves an authorization request.
    Request {
        /// Its id.
        request: String,
        /// Digest of the session.
        session: String,
    },
    /// A user approves what an app asked at `credentials/authorize`: what comes of it goes to the app at once.
    Prompt {
        /// Id of the prompt.
        prompt: String,
        /// Digest of the session.
        session: String,
    },
    /// An app that seals PINs itself.
    Api,
    /// An account page.
    Account {
        /// Digest of the session.
        session: String,
        /// Path of the page to go back to: from our own table, never from a request.
        return_to: String,
    },
}

/// How far a transaction has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Progress {
    /// Nothing has come of it yet.
    Open,
    /// A key was made; its owner has not acknowledged the PIN.
    Made {
        /// Whether certificate and key are tied together.
        linked: bool,
    },
    /// A second factor was begun; its owner has not shown a code of it.
    Begun,
    /// A SAD waits to be fetched.
    Authorised {
        /// The SAD.
        sad: Sealed,
        /// Until when it is good, Unix milliseconds.
        expires_at: i64,
    },
    /// It was fetched, or what was asked for was done.
    Done,
    /// Nothing will come of it.
    Failed,
}

impl Progress {
    /// Whether records may still pass.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Made { .. } | Self::Begun)
    }

    /// What the device is told of it.
    #[must_use]
    pub const fn state(&self) -> State {
        match self {
            Self::Open | Self::Made { .. } | Self::Begun => State::Open,
            Self::Authorised { .. } | Self::Done => State::Done,
            Self::Failed => State::Failed,
        }
    }
}

impl Transaction {
    /// Counts a handshake, if there may be another.
    #[must_use]
    pub fn greet(self) -> Option<Self> {
        let fresh = self.progress == Progress::Open && self.hellos < HELLOS;
        fresh.then(|| Self { hellos: self.hellos + 1, ..self })
    }

    /// In its next state. A key that was made, or a factor begun, gives its owner the rest of the channel's life, which
    /// began within the transaction's, to write the PIN down or set up the app.
    #[must_use]
    pub fn advanced(self, progress: Progress) -> Self {
        let made = self.progress == Progress::Open && matches!(progress, Progress::Made { .. } | Progress::Begun);
        let expires_at = if made { self.expires_at + PATIENCE } else { self.expires_at };
        Self { progress, expires_at, ..self }
    }

    /// Whether an app that names these members means this transaction.
    #[must_use]
    pub fn is_of(&self, client: &str, user: &str, credential: &str, signatures: u32, list: &[Entry]) -> bool {
        let registered = &self.registration;
        let same = |(one, other): (&Entry, &Entry)| {
            one.hash == other.hash && (one.algorithm == other.algorithm || other.algorithm.is_none())
        };
        registered.client == client
            && registered.user == user
            && registered.credential == credential
            && registered.signatures == signatures
            && registered.list.len() == list.len()
            && registered.list.iter().zip(list).all(same)
    }
}
