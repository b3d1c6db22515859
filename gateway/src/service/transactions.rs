//! Uses of the end-to-end channel: registered here, relayed in [`relay`], fetched here (DESIGN 5). What passes is
//! sealed; of a PIN nothing is ever here.

mod relay;

use std::sync::Arc;

use rsign_api::signer::{Authorized, Enrol, Entry, Operation, Registration, RevokeSad};
use secrecy::{ExposeSecret as _, SecretString};

pub use relay::{Opened, Relayed};

use super::account::history::{self, History};
use super::enrolment::{self, Enrolment};
use super::presence::Presence;
use super::prompts::{self, Prompts};
use crate::domain::certificate::Facts;
use crate::domain::credential::{AuthMode, Credential};
use crate::domain::language::Language;
use crate::domain::seal::{self, Material, Purpose};
use crate::domain::token::{Bearer, Eras, digest};
use crate::domain::transaction::{Origin, PATIENCE, Progress, Transaction};
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::port::signer::{self, Signer};
use crate::store::{Credentials, Transactions as Stored};

/// Why a transaction does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none of this id, or it is somebody else's.
    #[error("there is no such transaction")]
    Unknown,
    /// Its time is over.
    #[error("the transaction has expired")]
    Expired,
    /// An operator has ended what the app, or the user, had under way.
    #[error("an operator has ended it")]
    Withdrawn,
    /// The channel failed, or nothing more can come of it.
    #[error("the transaction failed")]
    Failed,
    /// There is no signing page that a browser could be sent to.
    #[error("no signing page is configured")]
    NoPage,
    /// The signer said no, or nothing.
    #[error(transparent)]
    Signer(#[from] signer::Error),
    /// What was made could not be kept.
    #[error(transparent)]
    Enrolment(#[from] enrolment::Error),
    /// What was approved could not be written down.
    #[error(transparent)]
    History(#[from] history::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
    /// The SAD could not be sealed.
    #[error(transparent)]
    Seal(#[from] seal::Failed),
    /// The app could not be given what its user approved.
    #[error(transparent)]
    Prompt(#[from] prompts::Error),
}

/// What a transaction shall be for.
#[derive(Debug)]
pub struct Start {
    /// What the channel does.
    pub operation: Operation,
    /// The user whose PIN it is.
    pub user: String,
    /// The client that asks; [`crate::domain::client::ACCOUNT`] for the account pages.
    pub client: String,
    /// What users know the client by; none for the account pages.
    pub app: Option<String>,
    /// The credential; for an enrolment the id that [`Enrolment::begin`] gave.
    pub credential: String,
    /// Signatures asked for.
    pub signatures: u32,
    /// Hashes to approve.
    pub list: Vec<Entry>,
    /// What the client calls them.
    pub labels: Vec<Option<String>>,
    /// What an enrolment makes.
    pub enrol: Option<Enrol>,
    /// What an authenticator app shall call the account, where one is set up.
    pub label: Option<String>,
    /// How apps shall get SADs of what an enrolment makes.
    pub mode: AuthMode,
    /// What the client asked for, as it signed it (RFC 9101).
    pub signed: Option<String>,
    /// Who starts it.
    pub origin: Origin,
    /// Of when it is: those in which who starts it was recognised, which may be a while ago.
    pub eras: Eras,
    /// Language of the page.
    pub language: Language,
}

/// A transaction that waits for its page or app.
#[derive(Debug)]
pub struct Started {
    /// Its id.
    pub tx: String,
    /// What opens its channel: for whoever shall ask for the PIN.
    pub token: SecretString,
}

/// What a browser that comes back from the signing page belongs to.
#[derive(Debug)]
pub enum Returned {
    /// An authorization request; with the SAD, if one came of it.
    Request {
        /// Its id.
        request: String,
        /// The client that asked.
        client: String,
        /// The credential that was approved with.
        credential: String,
        /// The SAD.
        sad: Option<Approved>,
        /// Whether a key was made.
        made: bool,
    },
    /// An account page.
    Account {
        /// Its path.
        path: String,
    },
}

/// A SAD, and until when it is good.
#[derive(Debug)]
pub struct Approved {
    /// The SAD.
    pub sad: SecretString,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// The service, and what it stands on.
#[derive(Debug)]
pub struct Transactions {
    /// Where transactions are kept.
    pub(crate) stored: Stored,
    /// Where wrapped keys are kept.
    pub(crate) credentials: Credentials,
    /// Whether app and user are still there.
    pub(crate) presence: Presence,
    /// Keeps what an enrolment makes.
    pub(crate) enrolment: Arc<Enrolment>,
    /// Where approvals are written down.
    pub(crate) history: Arc<History>,
    /// Gives apps what their users approved out of band.
    pub(crate) prompts: Arc<Prompts>,
    /// Most keys of one user, where users make them.
    pub(crate) keys_per_user: usize,
    /// The signer.
    pub(crate) signer: Arc<dyn Signer>,
    /// What SADs that wait are sealed under.
    pub(crate) material: Arc<Material>,
    /// Tenant of every user here.
    pub(crate) tenant: String,
    /// Origin of the signing page.
    pub(crate) sign_origin: Option<String>,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance.
    pub(crate) random: Arc<dyn Random>,
}

/// Version of every key: none is ever replaced under its id.
const KEY_VERSION: u32 = 1;

/// Longest id that is looked up; ours have 22 characters.
const LONGEST: usize = 64;

impl Transactions {
    /// The eras of what this bearer starts with a key of this person.
    ///
    /// # Errors
    /// The store; withdrawn, where the person is not there any more.
    pub async fn eras(&self, bearer: &Bearer, user: &str) -> Result<Eras, Error> {
        self.presence.of(bearer, user).await?.ok_or(Error::Withdrawn)
    }

    /// Registers a transaction.
    ///
    /// # Errors
    /// Store or randomness; withdrawn, where app or user are not there any more, or an operator has ended what they had
    /// since who starts it was recognised.
    pub async fn register(&self, start: Start) -> Result<Started, Error> {
        let eras = start.eras;
        if !self.presence.stands(&start.client, Some(&start.user), eras).await? {
            return Err(Error::Withdrawn);
        }
        let (tx, token) = (self.random.handle()?, SecretString::from(self.random.secret()?));
        let registration = Registration {
            operation: start.operation,
            tx: tx.clone(),
            tenant: self.tenant.clone(),
            user: start.user,
            client: start.client,
            credential: start.credential,
            key_version: KEY_VERSION,
            signatures: start.signatures,
            list: start.list,
            enrol: start.enrol,
            label: start.label,
        };
        let transaction = Transaction {
            token: digest(token.expose_secret()),
            registration,
            signed: start.signed,
            app: start.app,
            labels: start.labels,
            mode: start.mode,
            origin: start.origin,
            eras,
            language: start.language,
            hellos: 0,
            sid: None,
            progress: Progress::Open,
            expires_at: self.clock.now() + PATIENCE,
        };
        self.stored.store(transaction).await?;
        Ok(Started { tx, token })
    }

    /// Where a browser goes with it: the token in the fragment is seen by no server (DESIGN 5).
    ///
    /// # Errors
    /// [`Error::NoPage`].
    pub fn page(&self, started: &Started) -> Result<String, Error> {
        let origin = self.sign_origin.as_deref().ok_or(Error::NoPage)?;
        Ok(format!("{origin}/#{}.{}", started.tx, started.token.expose_secret()))
    }

    /// Whether there is a signing page at all.
    #[must_use]
    pub const fn has_page(&self) -> bool {
        self.sign_origin.is_some()
    }

    /// The living transaction that this token opens.
    ///
    /// # Errors
    /// Unknown, expired, withdrawn.
    pub async fn find(&self, tx: &str, token: &str) -> Result<Transaction, Error> {
        let transaction = self.look_up(tx).await?;
        if transaction.token != digest(token) {
            return Err(Error::Unknown);
        }
        if transaction.expires_at <= self.clock.now() {
            return Err(Error::Expired);
        }
        if self.stands(&transaction).await? { Ok(transaction) } else { Err(Error::Withdrawn) }
    }

    async fn stands(&self, transaction: &Transaction) -> Result<bool, Error> {
        let Registration { client, user, .. } = &transaction.registration;
        Ok(self.presence.stands(client, Some(user), transaction.eras).await?)
    }

    /// The credential of a transaction, and what its certificate says.
    ///
    /// # Errors
    /// The store.
    pub async fn credential(&self, id: &str) -> rsign_storage::Result<Option<(Credential, Facts)>> {
        let Some(credential) = self.credentials.find(id).await? else { return Ok(None) };
        let certificate = self.credentials.certificate(id).await?;
        Ok(certificate.map(|certificate| (credential, certificate.facts)))
    }

    /// What the browser of this session came back from; a SAD is given out once.
    ///
    /// # Errors
    /// Unknown, where another session started it; withdrawn, where nobody is to be sent to the app any more.
    pub async fn come_back(&self, tx: &str, session: &str) -> Result<Returned, Error> {
        let transaction = self.look_up(tx).await?;
        match &transaction.origin {
            Origin::Request { request, session: own } if own == session => {
                let request = request.clone();
                let Registration { client, credential, .. } = transaction.registration.clone();
                if !self.stands(&transaction).await? {
                    if let Some(approved) = self.fetch(transaction).await? {
                        self.discard(&client, approved.sad).await;
                    }
                    return Err(Error::Withdrawn);
                }
                let made = transaction.registration.enrol.is_some() && transaction.progress == Progress::Done;
                Ok(Returned::Request { request, client, credential, made, sad: self.fetch(transaction).await? })
            }
            Origin::Account { session: own, return_to } if own == session => {
                Ok(Returned::Account { path: return_to.clone() })
            }
            Origin::Prompt { prompt, session: own } if own == session => {
                Ok(Returned::Account { path: format!("/account/waiting/{prompt}") })
            }
            Origin::Request { .. } | Origin::Account { .. } | Origin::Prompt { .. } | Origin::Api => {
                Err(Error::Unknown)
            }
        }
    }

    /// Nothing shall come of it any more; what has come of it by now, to be ended.
    ///
    /// # Errors
    /// Unknown, or the store.
    pub async fn end(&self, tx: &str) -> Result<Option<Approved>, Error> {
        let before = self.stored.end(tx).await?.ok_or(Error::Unknown)?;
        self.fetch(before).await
    }

    /// Whether what the browser of this session started came to its end.
    ///
    /// # Errors
    /// Unknown, where another session started it.
    pub async fn is_done(&self, tx: &str, session: &str) -> Result<bool, Error> {
        let transaction = self.look_up(tx).await?;
        match &transaction.origin {
            Origin::Account { session: own, .. } | Origin::Prompt { session: own, .. } if own == session => {
                Ok(transaction.progress == Progress::Done)
            }
            _ => Err(Error::Unknown),
        }
    }

    /// The SAD of a transaction that an app registered itself, if it names the same members again; once.
    ///
    /// # Errors
    /// Unknown, where anything differs or nothing is there to be fetched.
    pub async fn redeem(
        &self,
        tx: &str,
        client: &str,
        (user, credential): (&str, &str),
        signatures: u32,
        list: &[Entry],
    ) -> Result<Authorized, Error> {
        let transaction = self.look_up(tx).await?;
        let same = transaction.is_of(client, user, credential, signatures, list);
        if transaction.origin != Origin::Api || !same || !self.stands(&transaction).await? {
            return Err(Error::Unknown);
        }
        let Approved { sad, expires_at } = self.fetch(transaction).await?.ok_or(Error::Unknown)?;
        Ok(Authorized { sad, expires_in: self.seconds_until(expires_at) })
    }

    /// Ends a SAD that nobody will use. If that fails it expires by itself, in minutes.
    pub async fn discard(&self, client: &str, sad: SecretString) {
        if let Err(error) = self.signer.revoke(RevokeSad { client: client.to_owned(), sad }).await {
            tracing::warn!(%error, client.id = client, "a SAD that nobody will use could not be ended");
        }
    }

    fn seconds_until(&self, at: i64) -> u32 {
        u32::try_from((at - self.clock.now()) / 1000).unwrap_or(0)
    }

    async fn look_up(&self, tx: &str) -> Result<Transaction, Error> {
        let found = if tx.len() <= LONGEST { self.stored.find(tx).await? } else { None };
        found.ok_or(Error::Unknown)
    }

    async fn fetch(&self, transaction: Transaction) -> Result<Option<Approved>, Error> {
        let (tx, progress) = (&transaction.registration.tx, transaction.progress);
        let Progress::Authorised { sad, expires_at } = &progress else { return Ok(None) };
        let opened = self.material.open(Purpose::Transaction, tx, sad);
        let expires_at = *expires_at;
        let sad = opened.and_then(|sad| String::from_utf8(sad.expose_secret().to_vec()).ok()).map(SecretString::from);
        if expires_at <= self.clock.now() || !self.stored.advance(tx, None, progress, Progress::Done).await? {
            return Ok(None);
        }
        Ok(sad.map(|sad| Approved { sad, expires_at }))
    }
}
