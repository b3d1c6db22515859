//! Makes credentials and changes their state (DESIGN 3). The PIN is never here: the signer's host shows it.

mod recertification;

use std::collections::BTreeSet;
use std::sync::Arc;

use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{
    ChangeState, CreateCredential, CreatedCredential, CredentialName, FactorKind, IssueCertificate, LinkCertificate,
    Refusal, Scal, State, Stretch, Subject,
};

use super::certification::{self, Certification};
use crate::domain::certificate::Facts;
use crate::domain::credential::{AuthMode, Certificate, Credential, Known};
use crate::domain::transaction::PATIENCE;
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::port::signer::{self, Signer};
use crate::store::{Credentials, Enrolments, Repositories, Users};

/// Most keys and enrolments of one user that are counted.
const MOST: usize = 1000;

/// Why there is no credential, or none that changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// There is no such credential.
    #[error("there is no such credential")]
    UnknownCredential,
    /// Nothing undoes that.
    #[error("the credential is destroyed, for good")]
    Destroyed,
    /// The signer has it in a state that does not lead there.
    #[error("the signer has it as {0:?}, which does not become {1:?}")]
    NoWay(State, State),
    /// The CA's answer is no certificate.
    #[error("the CA gave no X.509 certificate")]
    Certificate(#[from] der::Error),
    /// Another CA gave none.
    #[error(transparent)]
    Elsewhere(#[from] certification::Error),
    /// The key is there, and is destroyed unless that is made up for.
    #[error(
        "the key {id} is made, and not certified; `credential certify --id {id}` tries again, until it is destroyed an hour after \
         it was begun"
    )]
    Uncertified {
        /// Of the credential.
        id: String,
        /// Why.
        source: Box<Self>,
    },
    /// Only what is in use gets another certificate.
    #[error("the credential is not in use: the signer does not have it as active, or it was set aside here")]
    NotInUse,
    /// The signer's operator does not have certificates of other CAs.
    #[error("the signer ties no certificate of another CA to a key: [enrolment] other_ca of its configuration")]
    OtherCa,
    /// The CA was changed meanwhile.
    #[error("the key was made for the built-in CA, and [est] certifies keys now: make another one")]
    NoRequest,
    /// The id was used before; it has 128 random bits, so something is very wrong.
    #[error("the credential id is taken")]
    Taken,
    /// The signer said no, or nothing.
    #[error(transparent)]
    Signer(#[from] signer::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// What an operator decides about a new credential.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Kind of key.
    pub key: KeyType,
    /// What a SAD binds.
    pub scal: Scal,
    /// Most signatures of one authorization.
    pub multisign: u32,
    /// How the PIN is stretched.
    pub stretch: Stretch,
    /// What it needs besides its PIN.
    pub factor: FactorKind,
    /// How apps get a SAD of it.
    pub mode: AuthMode,
}

/// The service.
#[derive(Debug)]
pub struct Enrolment {
    tenant: String,
    users: Users,
    credentials: Credentials,
    enrolments: Enrolments,
    signer: Arc<dyn Signer>,
    elsewhere: Option<Certification>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Enrolment {
    /// The service over its repositories; `elsewhere` certifies keys, or the built-in CA.
    #[must_use]
    pub fn new(
        tenant: String,
        repositories: &Repositories,
        signer: Arc<dyn Signer>,
        elsewhere: Option<Certification>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            tenant,
            users: repositories.users.clone(),
            credentials: repositories.credentials.clone(),
            enrolments: repositories.enrolments.clone(),
            signer,
            elsewhere,
            clock,
            random,
        }
    }

    /// Makes a key, has it certified, and ties the two together. Whatever breaks off in between is destroyed by
    /// [`super::housekeeping`], since the enrolment was noted first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create(&self, user: &str, wanted: Wanted) -> Result<String, Error> {
        let (id, subject) = self.begin(user).await?;
        let created = self
            .signer
            .create(CreateCredential {
                tenant: self.tenant.clone(),
                user: user.to_owned(),
                credential: id.clone(),
                key: wanted.key,
                scal: wanted.scal,
                multisign: wanted.multisign,
                stretch: wanted.stretch,
                factor: wanted.factor,
                label: Some(subject.common_name.clone()),
                subject,
            })
            .await?;
        self.keep(&id, user, wanted, created).await?;
        match self.complete(&id).await {
            Ok(()) => Ok(id),
            Err(error) => Err(Error::Uncertified { id, source: Box::new(error) }),
        }
    }

    /// Notes that a key is going to be made: its id, and whom its certificate will name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn begin(&self, user: &str) -> Result<(String, Subject), Error> {
        let user = self.users.find(user).await?.ok_or(Error::UnknownUser)?;
        let id = self.random.id()?;
        self.enrolments.begin(&id, &user.id, self.clock.now()).await?;
        Ok((id, user.subject))
    }

    /// How many keys a user has, or may have soon, beside that of this id: those that exist, and those that are being
    /// made. One whose owner never went to choose a PIN counts for ten minutes only.
    ///
    /// # Errors
    /// The store.
    pub async fn others(&self, user: &str, id: &str) -> Result<usize, Error> {
        let existing = self.credentials.of_user(Some(user), None, MOST).await?.into_iter().map(|key| key.id);
        let mut ids: BTreeSet<String> = existing.collect();
        for (id, enrolment) in self.enrolments.of_user(user, MOST).await? {
            let is_fresh = enrolment.started_at + 2 * PATIENCE > self.clock.now();
            if is_fresh || self.credentials.find(&id).await?.is_some_and(|key| key.state != Known::Destroyed) {
                ids.insert(id);
            }
        }
        ids.remove(id);
        Ok(ids.len())
    }

    /// As [`Self::begin`], for who may have so many keys; none for who has as many. Noted first and counted then, so
    /// that of two at once neither is overlooked.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn begin_one_of(&self, user: &str, most: usize) -> Result<Option<(String, Subject)>, Error> {
        let (id, subject) = self.begin(user).await?;
        if self.others(user, &id).await? < most {
            return Ok(Some((id, subject)));
        }
        self.end(&id).await?;
        Ok(None)
    }

    /// Keeps a key that the signer made.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn keep(&self, id: &str, user: &str, wanted: Wanted, made: CreatedCredential) -> Result<(), Error> {
        let credential = Credential {
            id: id.to_owned(),
            user: user.to_owned(),
            key_type: wanted.key,
            scal: wanted.scal,
            multisign: wanted.multisign,
            factor: made.factor,
            mode: wanted.mode,
            key: made.key,
            certified: false,
            state: Known::Enrolling,
        };
        // First, so that whoever finds the key finds it, too.
        if self.elsewhere.is_some() {
            self.enrolments.keep_request(id, made.request).await?;
        }
        if self.credentials.store(credential).await? { Ok(()) } else { Err(Error::Taken) }
    }

    /// Has a kept key certified, and ties the two together; does again what was not finished.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn complete(&self, id: &str) -> Result<(), Error> {
        let credential = self.credentials.find(id).await?.ok_or(Error::UnknownCredential)?;
        let certificate = match self.credentials.certificate(id).await? {
            Some(certificate) => certificate,
            None => {
                let user = self.users.find(&credential.user).await?.ok_or(Error::UnknownUser)?;
                self.certify(id, user.subject).await?
            }
        };
        // Of two that asked at once both link the one that is kept.
        let certificate = self.credentials.certify(id, certificate).await?;
        self.link(id, certificate.end_entity).await?;
        Ok(())
    }

    /// Notes that an enrolment is over.
    ///
    /// # Errors
    /// The store.
    pub async fn end(&self, id: &str) -> Result<(), Error> {
        self.enrolments.end(id).await?;
        Ok(())
    }

    async fn link(&self, id: &str, certificate: Bytes) -> Result<(), Error> {
        match self.signer.link(LinkCertificate { credential: id.to_owned(), certificate }).await {
            Ok(_) => Ok(()),
            Err(signer::Error::Refused(Refusal::NotAllowed)) => Err(Error::OtherCa),
            Err(error) => Err(error.into()),
        }
    }

    async fn certify(&self, id: &str, subject: Subject) -> Result<Certificate, Error> {
        if let Some(elsewhere) = &self.elsewhere {
            let request = match self.enrolments.request(id).await? {
                None => self.credentials.certificate(id).await?.and_then(|present| present.request),
                kept => kept,
            };
            let request = request.ok_or(Error::NoRequest)?;
            let certificate = elsewhere.certify(&request).await?;
            let Facts { serial_number, subject, issuer, .. } = &certificate.facts;
            tracing::info!(credential.id = id, serial_number, subject, issuer, "certified by another CA");
            return Ok(certificate);
        }
        let issued = self.signer.issue(IssueCertificate { credential: id.to_owned(), subject }).await?;
        let facts = Facts::read(&issued.certificate)?;
        let (end_entity, chain) = (issued.certificate, issued.chain);
        Ok(Certificate { end_entity, chain, facts, elsewhere: false, request: None, earlier: Vec::new() })
    }

    /// Suspends, reactivates or destroys: the signer first, for its word counts. It is told whatever was known here before,
    /// since it may have been restored from a backup that knows less. Says what it has then; none where it has no such
    /// credential.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change_state(&self, id: &str, state: State, known: Known) -> Result<Option<State>, Error> {
        let credential = self.credentials.find(id).await?.ok_or(Error::UnknownCredential)?;
        if credential.state == Known::Destroyed && known != Known::Destroyed {
            return Err(Error::Destroyed);
        }
        let has = self.tell(id, state).await?;
        if has.is_none() && known != Known::Destroyed {
            return Err(signer::Error::Refused(Refusal::UnknownCredential).into());
        }
        self.credentials.record(id, known).await?;
        if known == Known::Destroyed {
            self.enrolments.end(id).await?;
            self.say_where_to_revoke(id).await?;
        }
        Ok(has)
    }

    /// Tells the signer again what it was told of this credential, where that has to hold: that it is destroyed, or
    /// suspended. None where it has no such credential; otherwise what it had, and has now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn reconcile(&self, credential: &Credential) -> Result<Option<(State, State)>, Error> {
        let state = match credential.state {
            Known::Destroyed => State::Destroyed,
            Known::Suspended => State::Suspended,
            Known::Enrolling | Known::Active => return Ok(None),
        };
        let Some(had) = self.stands(&credential.id).await? else { return Ok(None) };
        // What is destroyed there is so for good, and that is more than was asked.
        let has = if had == State::Destroyed { Some(had) } else { self.tell(&credential.id, state).await? };
        Ok(has.map(|has| (had, has)))
    }

    /// Tells the signer, unless that has it so already; what it has then. None where it has no such credential.
    async fn tell(&self, id: &str, state: State) -> Result<Option<State>, Error> {
        let Some(had) = self.stands(id).await? else { return Ok(None) };
        if had == state {
            return Ok(Some(had));
        }
        match self.signer.change_state(ChangeState { credential: id.to_owned(), state }).await {
            Ok(status) => Ok(Some(status.state)),
            Err(signer::Error::Refused(Refusal::Disabled)) => Err(Error::NoWay(had, state)),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the signer has it; none where it has no such credential.
    async fn stands(&self, id: &str) -> Result<Option<State>, Error> {
        match self.signer.status(CredentialName { credential: id.to_owned() }).await {
            Ok(status) => Ok(Some(status.state)),
            Err(signer::Error::Refused(Refusal::UnknownCredential)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Destroys what an enrolment left, on both sides; a credential the signer does not know is gone there already.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn abandon(&self, id: &str) -> Result<(), Error> {
        match self.signer.change_state(ChangeState { credential: id.to_owned(), state: State::Destroyed }).await {
            Ok(_) | Err(signer::Error::Refused(Refusal::UnknownCredential)) => {}
            // The answer to an earlier call may have got lost.
            Err(signer::Error::Refused(Refusal::Disabled)) if self.stands(id).await? == Some(State::Destroyed) => {}
            Err(error) => return Err(error.into()),
        }
        self.credentials.record(id, Known::Destroyed).await?;
        self.enrolments.end(id).await?;
        self.say_where_to_revoke(id).await
    }
}
