//! Which credentials a bearer reaches, and how they stand.

use std::sync::Arc;

use rsign_api::signer::{CredentialName, CredentialStatus, Refusal, State};

use crate::domain::client::Reach;
use crate::domain::credential::{Certificate, Credential, Known};
use crate::domain::token::Bearer;
use crate::port::signer::{self, Signer};
use crate::store::{Credentials as Stored, Enrolments, Links, Repositories, Users};

/// Why a credential cannot be used or told of.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none of this id, or it is somebody else's: nothing tells the two apart.
    #[error("there is no such credential")]
    Unknown,
    /// It cannot sign now.
    #[error("the credential is disabled")]
    Disabled,
    /// A user was named although the bearer speaks for one already.
    #[error("the authorization is user-specific, yet a user is named")]
    UserNamed,
    /// No user was named, or one this bearer does not reach.
    #[error("there is no such user")]
    UnknownUser,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// The signer did not answer.
    #[error(transparent)]
    Signer(#[from] signer::Error),
}

/// The service.
#[derive(Debug)]
pub struct Credentials {
    stored: Stored,
    enrolments: Enrolments,
    links: Links,
    users: Users,
    signer: Arc<dyn Signer>,
}

/// Longest id that is looked up; ours have 32 characters.
const LONGEST_ID: usize = 64;

impl Credentials {
    /// The service over its repositories.
    #[must_use]
    pub fn new(repositories: &Repositories, signer: Arc<dyn Signer>) -> Self {
        Self {
            stored: repositories.credentials.clone(),
            enrolments: repositories.enrolments.clone(),
            links: repositories.links.clone(),
            users: repositories.users.clone(),
            signer,
        }
    }

    /// The credential, if it exists for this bearer. As many reads for unknown
    /// ids as for foreign ones. Keys of a disabled account are nobody's.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn reach(&self, bearer: &Bearer, id: &str) -> Result<Credential, Error> {
        let found = if id.len() <= LONGEST_ID { self.stored.find(id).await? } else { None };
        let owner = found.as_ref().map_or("", |credential| credential.user.as_str());
        // Whom a bearer speaks for was looked at when it was recognised.
        let is_there = bearer.user.is_some() || self.users.find(owner).await?.is_some();
        let reached = is_there && self.reaches(bearer, owner).await?;
        found
            .filter(|credential| reached && credential.certified && credential.state != Known::Destroyed)
            .ok_or(Error::Unknown)
    }

    /// The user whose credentials the bearer may list.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn user(&self, bearer: &Bearer, named: Option<&str>) -> Result<String, Error> {
        match (&bearer.user, named) {
            (Some(own), None) => Ok(own.clone()),
            (Some(_), Some(_)) => Err(Error::UserNamed),
            (None, None) => Err(Error::UnknownUser),
            (None, Some(named)) if named.len() > LONGEST_ID => Err(Error::UnknownUser),
            (None, Some(named)) => {
                let reached = self.reaches(bearer, named).await?;
                match self.users.find(named).await? {
                    Some(user) if reached => Ok(user.id),
                    _ => Err(Error::UnknownUser),
                }
            }
        }
    }

    /// Its certificate.
    ///
    /// # Errors
    /// The store; unknown, if it vanished meanwhile.
    pub async fn certificate(&self, credential: &Credential) -> Result<Certificate, Error> {
        self.stored.certificate(&credential.id).await?.ok_or(Error::Unknown)
    }

    /// A page of a user's credentials.
    ///
    /// # Errors
    /// The store.
    pub async fn of_user(&self, user: &str, after: Option<&str>, limit: usize) -> Result<Vec<Credential>, Error> {
        Ok(self.stored.of_user(Some(user), after, limit).await?)
    }

    /// Refuses what the gateway knows cannot sign. Asks the signer only while an enrolment is under way.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn require_enabled(&self, credential: &Credential) -> Result<(), Error> {
        match credential.state {
            Known::Active => Ok(()),
            Known::Enrolling => self.confirm_enabled(credential).await,
            Known::Suspended | Known::Destroyed => Err(Error::Disabled),
        }
    }

    /// Refuses what the signer says cannot sign.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn confirm_enabled(&self, credential: &Credential) -> Result<(), Error> {
        if self.is_enabled(credential).await? { Ok(()) } else { Err(Error::Disabled) }
    }

    /// Whether it can sign, by the signer's word.
    ///
    /// # Errors
    /// The signer or the store.
    pub async fn is_enabled(&self, credential: &Credential) -> Result<bool, Error> {
        Ok(self.state(credential).await? == Some(State::Active))
    }

    /// Whether it can sign at this moment, by the signer's word: wrong PINs lock it neither.
    ///
    /// # Errors
    /// The signer or the store.
    pub async fn is_ready(&self, credential: &Credential) -> Result<bool, Error> {
        let status = self.status(credential).await?;
        Ok(status.is_some_and(|status| status.state == State::Active && status.locked_until.is_none()))
    }

    /// Where it stands, by the signer's word (`None`: unknown there); notes the end of an enrolment on the way.
    ///
    /// # Errors
    /// The signer or the store.
    pub async fn state(&self, credential: &Credential) -> Result<Option<State>, Error> {
        Ok(self.status(credential).await?.map(|status| status.state))
    }

    async fn status(&self, credential: &Credential) -> Result<Option<CredentialStatus>, Error> {
        let name = CredentialName { credential: credential.id.clone() };
        let status = match self.signer.status(name).await {
            Ok(status) => status,
            Err(signer::Error::Refused(Refusal::UnknownCredential)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if status.state == State::Active && credential.state == Known::Enrolling {
            self.stored.activate(&credential.id).await?;
            self.enrolments.end(&credential.id).await?;
        }
        Ok(Some(status))
    }

    /// Until when wrong PINs lock it, Unix seconds, by the signer's word.
    ///
    /// # Errors
    /// The signer; disabled, where it cannot sign at all.
    pub async fn locked_until(&self, credential: &Credential) -> Result<Option<i64>, Error> {
        let name = CredentialName { credential: credential.id.clone() };
        match self.signer.status(name).await {
            Ok(status) if status.state == State::Active => Ok(status.locked_until),
            Ok(_) | Err(signer::Error::Refused(Refusal::UnknownCredential)) => Err(Error::Disabled),
            Err(error) => Err(error.into()),
        }
    }

    async fn reaches(&self, bearer: &Bearer, user: &str) -> Result<bool, rsign_storage::Error> {
        match (&bearer.user, bearer.reach) {
            (Some(own), _) => Ok(own == user),
            (None, Reach::All) => Ok(true),
            (None, Reach::Linked) => self.links.exists(&bearer.client, user).await,
        }
    }
}
