//! Turns a PIN into a SAD, renews it, ends it. The SAD itself is the signer's affair (DESIGN 4).

use std::sync::Arc;

use rsign_api::signer::{Authorize, Authorized, Entry, Extend, Refusal, RevokeSad};
use secrecy::SecretString;

use crate::domain::client::{BASIC, PinTransport};
use crate::domain::credential::{AuthMode, Credential};
use crate::domain::history::{Approval, Way, code as history_code};
use crate::domain::token::Bearer;
use crate::port::signer::{self, Signer};
use crate::service::account::history::{self, History};
use crate::store::Clients;

/// Why there is no SAD.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client's registration wants PINs sealed.
    #[error("a PIN in clear came from a client of sealed transport")]
    SealedPin,
    /// The credential takes no PIN in clear, whoever brings it.
    #[error("a PIN in clear came for a credential whose owner is asked")]
    Implicit,
    /// The credential cannot sign now.
    #[error("the credential is disabled")]
    Disabled,
    /// The signer said no, or nothing.
    #[error(transparent)]
    Signer(signer::Error),
    /// What was approved could not be written down.
    #[error(transparent)]
    History(#[from] history::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
}

impl From<signer::Error> for Error {
    /// Without a valid certificate a credential is as good as disabled (CSC 6.1, key.status).
    fn from(error: signer::Error) -> Self {
        match error {
            signer::Error::Refused(Refusal::Disabled | Refusal::CertificateExpired) => Self::Disabled,
            other => Self::Signer(other),
        }
    }
}

/// What is to be authorized.
#[derive(Debug)]
pub struct Wanted {
    /// Signatures asked for.
    pub signatures: u32,
    /// Hashes to approve.
    pub list: Vec<Entry>,
}

/// The service.
#[derive(Debug)]
pub struct Authorization {
    clients: Clients,
    basic_transport: PinTransport,
    history: Arc<History>,
    signer: Arc<dyn Signer>,
}

impl Authorization {
    /// The service; `basic_transport` is the PIN transport of the built-in client.
    #[must_use]
    pub fn new(
        clients: Clients,
        basic_transport: PinTransport,
        history: Arc<History>,
        signer: Arc<dyn Signer>,
    ) -> Self {
        Self { clients, basic_transport, history, signer }
    }

    /// How PINs of this client come.
    ///
    /// # Errors
    /// The store.
    pub async fn transport(&self, bearer: &Bearer) -> rsign_storage::Result<PinTransport> {
        if bearer.client == BASIC {
            return Ok(self.basic_transport);
        }
        Ok(self.clients.find(&bearer.client).await?.map_or(PinTransport::Sealed, |client| client.pin_transport))
    }

    /// Whether sendOTP answers this client with 200.
    ///
    /// # Errors
    /// The store.
    pub async fn sends_otp_with_ok(&self, bearer: &Bearer) -> rsign_storage::Result<bool> {
        let found = if bearer.client == BASIC { None } else { self.clients.find(&bearer.client).await? };
        Ok(found.is_some_and(|client| client.sends_otp_with_ok))
    }

    /// Refuses clients whose PINs must come sealed, before a PIN in clear is even read.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn require_clear_transport(&self, bearer: &Bearer) -> Result<(), Error> {
        match self.transport(bearer).await? {
            PinTransport::Clear => Ok(()),
            PinTransport::Sealed => Err(Error::SealedPin),
        }
    }

    /// A SAD for a PIN in clear, once it is in its user's history.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn authorize(
        &self,
        bearer: &Bearer,
        credential: &Credential,
        wanted: Wanted,
        pin: SecretString,
        code: Option<SecretString>,
    ) -> Result<Authorized, Error> {
        if credential.mode == AuthMode::Implicit {
            return Err(Error::Implicit);
        }
        let ask = Authorize {
            credential: credential.id.clone(),
            user: credential.user.clone(),
            client: bearer.client.clone(),
            signatures: wanted.signatures,
            list: wanted.list,
            pin,
            code,
        };
        let approval = Approval {
            user: ask.user.clone(),
            client: ask.client.clone(),
            app: self.called(&bearer.client).await?,
            credential: ask.credential.clone(),
            signatures: ask.signatures,
            labels: Vec::new(),
            code: history_code(&ask.list),
            way: Way::Clear,
        };
        let authorized = self.signer.authorize(ask).await?;
        self.history.record(approval).await?;
        Ok(authorized)
    }

    async fn called(&self, client: &str) -> rsign_storage::Result<String> {
        let found = if client == BASIC { None } else { self.clients.find(client).await? };
        Ok(found.map_or_else(|| client.to_owned(), |found| found.name().to_owned()))
    }

    /// A renewed SAD.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn extend(
        &self,
        bearer: &Bearer,
        credential: &Credential,
        sad: SecretString,
        list: Vec<Entry>,
    ) -> Result<Authorized, Error> {
        let ask = Extend {
            credential: credential.id.clone(),
            client: bearer.client.clone(),
            user: bearer.user.clone(),
            sad,
            list,
        };
        Ok(self.signer.extend(ask).await?)
    }

    /// Ends a SAD early.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn revoke(&self, bearer: &Bearer, sad: SecretString) -> Result<(), Error> {
        let ask = RevokeSad { client: bearer.client.clone(), sad };
        self.signer.revoke(ask).await?;
        Ok(())
    }
}
