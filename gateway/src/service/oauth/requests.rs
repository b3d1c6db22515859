//! Authorization requests: found good and kept here (8.3.2 / 8.4.2, 8.4.3), decided by their users in [`approval`].

mod approval;
mod asked;
mod bounds;

use std::sync::Arc;

use rsign_api::algorithm::KeyType;
use rsign_api::csc::authorization::{Errand, Scope, Wish};
use rsign_api::error::{self as csc, Fault, oauth2 as wire};
use rsign_api::version::Version;
use secrecy::{ExposeSecret as _, SecretString};

pub use self::approval::Denial;
pub use self::asked::{Asked, Request, RequestScope};
pub use self::bounds::{LIFETIME, OF_STRANGERS};
use self::bounds::{OF_CLIENTS, length};
use super::account_tokens::{self, AccountTokens};
use super::codes::{self, Codes, Given};
use crate::domain::authorization_request::{AnswerTo, AuthorizationRequest, PATIENCE, PUSHED_SECONDS};
use crate::domain::client::Client;
use crate::domain::pkce::Challenge;
use crate::domain::redirect::with_answer;
use crate::domain::session::Session;
use crate::domain::token::{Kind, digest};
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::service::credentials::{self, Credentials};
use crate::service::enrolment::{self, Enrolment};
use crate::service::room::{Full, Room};
use crate::service::transactions::{self, Transactions};
use crate::store::{AuthorizationRequests as Stored, Clients};

/// Why a request does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is asked for cannot be had so; the client hears it.
    #[error("the request was refused: {}", .0.sentence(Version::V2))]
    Refused(Fault),
    /// Too many wait already.
    #[error(transparent)]
    Full(#[from] Full),
    /// An operator has ended what its client had under way.
    #[error("an operator has ended it")]
    Withdrawn,
    /// There is no such request, or its time is over.
    #[error("there is no such request, or it is over")]
    Unknown,
    /// It is for another account than the one that is signed in.
    #[error("the request is for another account")]
    OtherAccount,
    /// The credential is not one of this user's, or the user has not chosen one.
    #[error("the user has no such credential")]
    NoCredential,
    /// The user did not sign in for this request, and it wants that.
    #[error("the request wants its user to sign in again")]
    SignIn,
    /// The credential cannot sign now.
    #[error("the credential is disabled")]
    Disabled,
    /// The user has as many keys as one may have.
    #[error("the user has enough keys")]
    Enough,
    /// The key could not be prepared.
    #[error(transparent)]
    Enrolment(#[from] enrolment::Error),
    /// The channel could not be prepared.
    #[error(transparent)]
    Transaction(#[from] transactions::Error),
    /// The code could not be issued.
    #[error(transparent)]
    Code(#[from] codes::Error),
    /// The credential could not be looked at.
    #[error(transparent)]
    Credential(credentials::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

impl From<credentials::Error> for Error {
    fn from(error: credentials::Error) -> Self {
        match error {
            credentials::Error::Unknown => Self::NoCredential,
            credentials::Error::Disabled => Self::Disabled,
            other => Self::Credential(other),
        }
    }
}

/// What keys apps may have made.
#[derive(Debug, Clone)]
pub struct Creation {
    /// Kind of key.
    pub key: KeyType,
    /// Most signatures of one authorization.
    pub multisign: u32,
    /// Most keys of one user.
    pub most: usize,
    /// What `certificatePolicy` may be.
    pub policies: Vec<String>,
}

/// Where a browser goes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Back to the app, with the answer.
    Redirect(String),
    /// To the signing page.
    Sign(String),
}

/// The service.
#[derive(Debug)]
pub struct Requests {
    stored: Stored,
    clients: Clients,
    accounts: AccountTokens,
    credentials: Arc<Credentials>,
    codes: Arc<Codes>,
    transactions: Arc<Transactions>,
    room: Arc<Room>,
    client_room: Room,
    qualifiers: Vec<String>,
    creation: Option<Creation>,
    enrolment: Arc<Enrolment>,
    issuer: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What [`Requests::new`] takes.
#[derive(Debug)]
pub struct Parts {
    /// Where requests are kept.
    pub stored: Stored,
    /// Registered apps.
    pub clients: Clients,
    /// Judges account tokens.
    pub accounts: AccountTokens,
    /// Credentials and who reaches them.
    pub credentials: Arc<Credentials>,
    /// Issues codes.
    pub codes: Arc<Codes>,
    /// Uses of the channel.
    pub transactions: Arc<Transactions>,
    /// For what strangers ask.
    pub room: Arc<Room>,
    /// `signatureQualifier`s that credentials here satisfy.
    pub qualifiers: Vec<String>,
    /// What keys apps may have made; none: none.
    pub creation: Option<Creation>,
    /// Allocates their ids.
    pub enrolment: Arc<Enrolment>,
    /// Our issuer identifier.
    pub issuer: String,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

/// Longest id or handle that is looked up.
const LONGEST: usize = 64;

impl Requests {
    /// The service over its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { stored, clients, accounts, credentials, codes, transactions, room, .. } = parts;
        let Parts { qualifiers, creation, enrolment, issuer, clock, random, .. } = parts;
        let client_room = Room::new(OF_CLIENTS, LIFETIME, Arc::clone(&clock));
        Self {
            stored,
            clients,
            accounts,
            credentials,
            codes,
            transactions,
            room,
            client_room,
            qualifiers,
            creation,
            enrolment,
            issuer,
            clock,
            random,
        }
    }

    /// Keeps a request until its user has decided; its id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn accept(&self, client: &Client, asked: Asked) -> Result<String, Error> {
        if client.must_push() {
            return Err(Error::Refused(wire::PUSH_REQUIRED));
        }
        let address = asked.address;
        let request = self.judge(client, asked, PATIENCE).await?;
        self.room.take(&client.id, address, length(&request))?;
        self.keep(request).await
    }

    /// Keeps a pushed request until it is used; its handle.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn push(&self, client: &Client, asked: Asked) -> Result<SecretString, Error> {
        let address = asked.address;
        let request = self.judge(client, asked, i64::from(PUSHED_SECONDS) * 1000).await?;
        // Who has shown who they are answers for themselves wherever they are.
        if client.public {
            self.room.take(&client.id, address, length(&request))?;
        } else {
            self.client_room.take(&client.id, None, length(&request))?;
        }
        let handle = Kind::Pushed.draw(&*self.random)?;
        self.stored.push(&digest(handle.expose_secret()), request).await?;
        Ok(handle)
    }

    /// Takes a pushed request of this client, once, and keeps it until its user has decided; its id.
    ///
    /// # Errors
    /// Unknown: never pushed, by another client, used or too old.
    pub async fn pull(&self, client: &Client, handle: &str) -> Result<String, Error> {
        if handle.len() > LONGEST {
            return Err(Error::Unknown);
        }
        let now = self.clock.now();
        let pulled = self.stored.pull(&digest(handle), &client.id, now).await?;
        let pulled = pulled.filter(|pulled| pulled.era == client.era).ok_or(Error::Unknown)?;
        self.keep(AuthorizationRequest { expires_at: now + PATIENCE, ..pulled }).await
    }

    /// The request, for the page that asks its user.
    ///
    /// # Errors
    /// Unknown, over or withdrawn.
    pub async fn describe(&self, id: &str) -> Result<Request, Error> {
        let (request, client) = self.waiting(id).await?;
        let none = || Wish {
            credential: None,
            qualifier: None,
            signatures: 0,
            list: Vec::new(),
            labels: Vec::new(),
            description: None,
            details: None,
        };
        let (scope, wish) = match request.scope {
            Scope::Service => (RequestScope::Service, None),
            Scope::Credential(wish) => (RequestScope::Credential, Some(wish)),
            Scope::Errand(Errand::Create { .. }) => (RequestScope::Create, None),
            Scope::Errand(Errand::Delete { credential }) => {
                (RequestScope::Delete, Some(Wish { credential: Some(credential), ..none() }))
            }
        };
        let Wish { credential, signatures, list, labels, description, .. } = wish.unwrap_or_else(none);
        Ok(Request {
            id: id.to_owned(),
            client: client.name().to_owned(),
            client_id: client.id,
            scope,
            account: request.account,
            credential,
            list,
            labels,
            signatures,
            description,
            lang: request.lang,
            sign_in: request.sign_in,
            redirect_uri: request.answer.redirect_uri,
        })
    }

    /// The page where a user decides on a request.
    #[must_use]
    pub fn approval_page(&self, id: &str) -> String {
        format!("{}/account/approve?request={id}", self.issuer)
    }

    /// The answer that tells a client of an error.
    #[must_use]
    pub fn refusal(&self, answer: &AnswerTo, fault: Fault) -> String {
        let (error, sentence) = (fault.code(Version::V2), fault.sentence(Version::V2));
        self.answer(answer, &[("error", error), ("error_description", sentence)])
    }

    async fn answer_with_code(
        &self,
        request: AuthorizationRequest,
        session: &Session,
        given: Given,
    ) -> Result<String, Error> {
        let answer = request.answer.clone();
        let code = self.codes.issue(request, session, given).await?;
        Ok(self.answer(&answer, &[("code", code.expose_secret())]))
    }

    /// `state` as it came, and `iss` always (RFC 9207; A-02).
    fn answer(&self, answer: &AnswerTo, said: &[(&str, &str)]) -> String {
        let mut parameters = said.to_vec();
        parameters.extend(answer.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", &self.issuer));
        with_answer(&answer.redirect_uri, &parameters)
    }

    /// A request that its user can decide on, and its client.
    async fn waiting(&self, id: &str) -> Result<(AuthorizationRequest, Client), Error> {
        let found = if id.len() <= LONGEST { self.stored.find(id).await? } else { None };
        let found = found.filter(|request| !request.decided && request.expires_at > self.clock.now());
        let request = found.ok_or(Error::Unknown)?;
        let client = self.clients.find(&request.client).await?.filter(|client| client.era == request.era);
        Ok((request, client.ok_or(Error::Withdrawn)?))
    }

    async fn keep(&self, request: AuthorizationRequest) -> Result<String, Error> {
        let id = Kind::Request.draw(&*self.random)?.expose_secret().to_owned();
        self.stored.store(&id, request).await?;
        Ok(id)
    }

    /// Whether this client may ask so.
    async fn judge(&self, client: &Client, asked: Asked, patience: i64) -> Result<AuthorizationRequest, Error> {
        if client.signed_requests && asked.signed.is_none() {
            return Err(Error::Refused(wire::REQUEST_UNSIGNED));
        }
        match &asked.challenge {
            None if client.must_challenge() => return Err(Error::Refused(wire::CHALLENGE_MISSING)),
            Some(Challenge::Plain(_)) if client.must_challenge() => return Err(Error::Refused(wire::CHALLENGE_METHOD)),
            _ => {}
        }
        if let Scope::Credential(Wish { qualifier: Some(qualifier), .. }) = &asked.scope
            && !self.qualifiers.contains(qualifier)
        {
            return Err(Error::Refused(wire::QUALIFIER));
        }
        if let Scope::Errand(errand) = &asked.scope {
            let Some(creation) = &self.creation else { return Err(Error::Refused(csc::INVALID_SCOPE)) };
            if let Errand::Create { policy: Some(policy) } = errand
                && !creation.policies.contains(policy)
            {
                return Err(Error::Refused(wire::DETAILS));
            }
        }
        // Who gives a key up signs in for that, as on the account pages.
        let sign_in = asked.sign_in || matches!(asked.scope, Scope::Errand(Errand::Delete { .. }));
        let account = match &asked.account_token {
            Some(token) => Some(self.accounts.user(client, token.expose_secret()).await.map_err(not_believed)?),
            None => None,
        };
        let now = self.clock.now();
        Ok(AuthorizationRequest {
            client: client.id.clone(),
            era: client.era,
            answer: asked.answer,
            challenge: asked.challenge,
            scope: asked.scope,
            dialect: asked.dialect,
            account,
            lang: asked.lang,
            key: asked.key,
            signed: asked.signed,
            sign_in,
            expires_at: now + patience,
            decided: false,
        })
    }
}

/// A client hears that its account token was not accepted; why is for the log.
fn not_believed(error: account_tokens::Error) -> Error {
    match error {
        account_tokens::Error::Malformed => Error::Refused(wire::ACCOUNT_TOKEN),
        account_tokens::Error::Denied(reason) => {
            tracing::warn!(reason, "an account_token was not accepted");
            Error::Refused(wire::ACCOUNT_DENIED)
        }
        account_tokens::Error::Store(error) => error.into(),
    }
}
