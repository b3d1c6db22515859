//! What becomes of a request: a user agrees, for signatures with the PIN, or does not.

use rsign_api::csc::authorization::{Errand, Scope, Wish};
use rsign_api::error::{self as csc, Fault, oauth2 as wire};
use rsign_api::signer::{Enrol, FactorKind, Operation, Scal, Stretch};

use super::{Error, Next, Requests};
use crate::domain::authorization_request::AuthorizationRequest;
use crate::domain::client::{Client, Reach};
use crate::domain::credential::{AuthMode, Credential};
use crate::domain::language::Language;
use crate::domain::session::Session;
use crate::domain::token::{Bearer, Eras};
use crate::domain::transaction::{self, Origin};
use crate::service::oauth::codes::Given;
use crate::service::transactions::{self, Returned, Start};

/// Why nothing came of a request that its user has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The user does not want it.
    Refused,
    /// The user's key cannot sign now: it is locked, blocked or suspended.
    Unusable,
}

impl Denial {
    const fn fault(self) -> Fault {
        match self {
            Self::Refused => wire::DENIED,
            Self::Unusable => wire::KEY_UNUSABLE,
        }
    }
}

impl Requests {
    /// The user says yes: for the service that is all; for signatures the signing page asks for the PIN.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn approve(&self, id: &str, session: &Session, chosen: Option<&str>) -> Result<Next, Error> {
        let (request, client) = self.waiting(id).await?;
        if request.account.as_ref().is_some_and(|account| *account != session.user) {
            return Err(Error::OtherAccount);
        }
        if request.sign_in && !session.is_for(id) {
            return Err(Error::SignIn);
        }
        let wish = match &request.scope {
            Scope::Credential(wish) => wish,
            Scope::Service => return self.agree(id, session).await,
            Scope::Errand(Errand::Create { .. }) => {
                return Ok(Next::Sign(self.ask_for_new_pin(id, &request, client, session).await?));
            }
            Scope::Errand(Errand::Delete { credential }) => {
                self.credentials.reach(&speaking_for(&request, session), credential).await?;
                return self.agree(id, session).await;
            }
        };
        let credential = match (&wish.credential, chosen) {
            (Some(named), _) => named.as_str(),
            (None, Some(chosen)) => chosen,
            (None, None) => return Err(Error::NoCredential),
        };
        let credential = self.credentials.reach(&speaking_for(&request, session), credential).await?;
        self.credentials.require_enabled(&credential).await?;
        if let Err(fault) = fits(wish, &credential) {
            let request = self.stored.decide(id, self.clock.now()).await?.ok_or(Error::Unknown)?;
            return Ok(Next::Redirect(self.refusal(&request.answer, fault)));
        }
        Ok(Next::Sign(self.ask_for_pin((id, &request), client, wish, &credential, session).await?))
    }

    /// The user says no; where the browser goes with that.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn deny(&self, id: &str, _: &Session) -> Result<String, Error> {
        self.waiting(id).await?;
        let request = self.stored.decide(id, self.clock.now()).await?.ok_or(Error::Unknown)?;
        Ok(self.refusal(&request.answer, Denial::Refused.fault()))
    }

    /// The browser comes back from the signing page, with a denial or without; where it goes.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn come_back(&self, tx: &str, session: &Session, denial: Option<Denial>) -> Result<Next, Error> {
        let returned = self.transactions.come_back(tx, &session.digest).await?;
        if let (Returned::Request { request, client, sad, made: false, .. }, Some(denial)) = (&returned, denial) {
            // It may have been approved since, too.
            let approved = match sad {
                Some(_) => sad,
                None => &self.transactions.end(tx).await?,
            };
            if let Some(approved) = approved {
                self.transactions.discard(client, approved.sad.clone()).await;
            }
            let request = self.stored.decide(request, self.clock.now()).await?.ok_or(Error::Unknown)?;
            return Ok(Next::Redirect(self.refusal(&request.answer, denial.fault())));
        }
        match returned {
            Returned::Account { path } => Ok(Next::Redirect(format!("{}{path}?tx={tx}", self.issuer))),
            // Nothing was approved: the user may think again, or say no.
            Returned::Request { request, sad: None, made: false, .. } => {
                Ok(Next::Redirect(self.approval_page(&request)))
            }
            // Too late for the app, the key is its owner's all the same.
            Returned::Request { request, sad: None, credential, .. } => {
                let request = self.stored.decide(&request, self.clock.now()).await?.ok_or(Error::Unknown)?;
                let url = self.answer_with_code(request, session, Given::Key(credential)).await?;
                Ok(Next::Redirect(url))
            }
            Returned::Request { request, client, credential, sad: Some(sad), .. } => {
                let Some(request) = self.stored.decide(&request, self.clock.now()).await? else {
                    self.transactions.discard(&client, sad.sad).await;
                    return Err(Error::Unknown);
                };
                let url = self.answer_with_code(request, session, Given::Sad(credential, sad)).await?;
                Ok(Next::Redirect(url))
            }
        }
    }

    /// The yes is all there is to it.
    async fn agree(&self, id: &str, session: &Session) -> Result<Next, Error> {
        let request = self.stored.decide(id, self.clock.now()).await?.ok_or(Error::Unknown)?;
        Ok(Next::Redirect(self.answer_with_code(request, session, Given::Nothing).await?))
    }

    /// To the signing page, where the user chooses a PIN and the key is made (DESIGN 3): this zone never has the PIN.
    async fn ask_for_new_pin(
        &self,
        id: &str,
        request: &AuthorizationRequest,
        client: Client,
        session: &Session,
    ) -> Result<String, Error> {
        let Some(creation) = &self.creation else { return Err(transactions::Error::NoPage.into()) };
        let begun = self.enrolment.begin_one_of(&session.user, creation.most).await?;
        let (credential, subject) = begun.ok_or(Error::Enough)?;
        self.stored.prolong(id, self.clock.now() + transaction::PATIENCE).await?;
        let (key, multisign) = (creation.key, creation.multisign);
        let stretch = Stretch::default();
        let enrol = Enrol { key, scal: Scal::Two, multisign, stretch, factor: FactorKind::None, subject };
        let started = self
            .transactions
            .register(Start {
                operation: Operation::Enrol,
                user: session.user.clone(),
                app: Some(client.name().to_owned()),
                client: client.id,
                credential,
                signatures: 0,
                list: Vec::new(),
                labels: Vec::new(),
                enrol: Some(enrol),
                label: None,
                mode: AuthMode::default(),
                signed: None,
                origin: Origin::Request { request: id.to_owned(), session: session.digest.clone() },
                eras: eras(request, session),
                language: request.lang.as_deref().and_then(Language::of_tag).unwrap_or(session.language),
            })
            .await?;
        Ok(self.transactions.page(&started)?)
    }

    async fn ask_for_pin(
        &self,
        (id, request): (&str, &AuthorizationRequest),
        client: Client,
        wish: &Wish,
        credential: &Credential,
        session: &Session,
    ) -> Result<String, Error> {
        if !self.transactions.has_page() {
            return Err(transactions::Error::NoPage.into());
        }
        self.stored.prolong(id, self.clock.now() + transaction::PATIENCE).await?;
        let started = self
            .transactions
            .register(Start {
                operation: Operation::Authorise,
                user: session.user.clone(),
                app: Some(client.name().to_owned()),
                client: client.id,
                credential: credential.id.clone(),
                signatures: wish.signatures,
                list: wish.list.clone(),
                labels: wish.labels.clone(),
                enrol: None,
                label: None,
                mode: AuthMode::default(),
                signed: request.signed.clone(),
                origin: Origin::Request { request: id.to_owned(), session: session.digest.clone() },
                eras: eras(request, session),
                language: request.lang.as_deref().and_then(Language::of_tag).unwrap_or(session.language),
            })
            .await?;
        Ok(self.transactions.page(&started)?)
    }
}

/// The app, in the name of the user who is there.
fn speaking_for(request: &AuthorizationRequest, session: &Session) -> Bearer {
    let (client, user) = (request.client.clone(), Some(session.user.clone()));
    Bearer { client, user, reach: Reach::Linked, key: None, eras: eras(request, session) }
}

/// Those of the app when it asked, and of the user when the browser was recognised.
const fn eras(request: &AuthorizationRequest, session: &Session) -> Eras {
    Eras { client: request.era, user: session.era }
}

/// What only the credential tells: how many signatures at once, and whether hashes have to be named.
fn fits(wish: &Wish, credential: &Credential) -> Result<(), Fault> {
    if wish.signatures > credential.multisign {
        return Err(csc::SIGNATURES_TOO_HIGH);
    }
    if credential.scal == Scal::Two && wish.list.len() != wish.signatures as usize {
        return Err(if wish.list.is_empty() { wire::HASHES } else { csc::SIGNATURES_VALUE });
    }
    Ok(())
}
