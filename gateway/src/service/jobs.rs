//! Signatures that are fetched later (`operationMode` A). They are made at once and in memory, as DESIGN 4 wants it:
//! only their delivery is deferred. What is refused soon is refused in the answer; what takes longer goes on after it.

mod telling;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use rsign_api::algorithm::Scheme;
use rsign_api::bytes::Bytes;
use rsign_api::csc::documents::SignedDocuments;
use rsign_api::csc::signatures::Deferral;
use rsign_api::document::Level;
use rsign_api::objection::Objection;
use rsign_spool::Spool;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle};

use self::telling::Telling;
use self::waiting::{LONGEST, expected, stored, too_long};
use super::documents::{self, Documents};
use super::presence::Presence;
use super::room::{Full, Held, Room};
use super::signing::{self, Signing};
use crate::domain::credential::Credential;
use crate::domain::job::{Failure, Job, Progress};
use crate::domain::token::Bearer;
use crate::port::callback::Callback;
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::port::signer;
use crate::store::{Clients, Jobs as Stored};

/// Why a job is not taken, or not delivered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URI is not one that is registered for the client.
    #[error("the response URI is not registered for the client")]
    ResponseUri,
    /// No such job for this bearer, or its time is over.
    #[error("there is no such job")]
    Unknown,
    /// The user named is not the job's.
    #[error("the job is another user's")]
    OtherUser,
    /// A user is named, and the bearer has one.
    #[error("a user is named under user-specific authorization")]
    UserNamed,
    /// The owner of the key is not there any more.
    #[error("the owner of the key is gone")]
    Gone,
    /// Too many are under way.
    #[error("too many jobs are under way")]
    Busy,
    /// The signed documents would be longer than what can wait in one piece: those that are in their signatures.
    #[error("the signed documents are too long to wait")]
    TooLong(Vec<Objection>),
    /// Too many signed documents wait already.
    #[error(transparent)]
    Full(#[from] Full),
    /// Nobody knows whether there are signatures.
    #[error("the job was lost")]
    Lost,
    /// There are no signatures.
    #[error(transparent)]
    Signing(#[from] signing::Error),
    /// There are no signed documents.
    #[error(transparent)]
    Documents(#[from] documents::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// What a job is made of.
#[derive(Debug)]
pub struct Order {
    /// What is to be done.
    pub work: Work,
    /// How long the signatures are kept, and whom to tell.
    pub deferral: Deferral,
}

/// What is to be done.
#[derive(Debug)]
pub enum Work {
    /// Hashes are to be signed.
    Hashes(Hashes),
    /// Documents are.
    Documents(documents::Order),
}

/// Hashes that are to be signed.
#[derive(Debug)]
pub struct Hashes {
    /// Who asks.
    pub bearer: Bearer,
    /// With which credential.
    pub credential: Credential,
    /// The SAD.
    pub sad: SecretString,
    /// How.
    pub scheme: Scheme,
    /// What.
    pub hashes: Vec<Bytes>,
}

/// What a poll brings.
#[derive(Debug)]
pub enum Polled {
    /// Not there yet.
    Running,
    /// In the order of the hashes.
    Signed(Vec<Bytes>),
    /// In the order of the documents.
    Documents(SignedDocuments),
}

/// Who polls.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Whom the token speaks for.
    pub bearer: &'a Bearer,
    /// The credential of a credential's token.
    pub credential: Option<&'a str>,
    /// The user the request names.
    pub user: Option<&'a str>,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long an answer waits for the signatures.
    pub answer: Duration,
    /// How long a job may be under way.
    pub job: Duration,
}

/// The service, and what it stands on.
#[derive(Debug)]
pub struct Jobs {
    /// Jobs.
    pub(crate) stored: Stored,
    /// Registrations: the URIs that may be told.
    pub(crate) clients: Clients,
    /// Whether app and user are still there.
    pub(crate) presence: Presence,
    /// Makes the signatures.
    pub(crate) signing: Arc<Signing>,
    /// Makes signed documents.
    pub(crate) documents: Arc<Documents>,
    /// Tells apps.
    pub(crate) callback: Arc<dyn Callback>,
    /// How long things may take.
    pub(crate) patience: Patience,
    /// One for each job that may be under way at once.
    pub(crate) slots: Arc<Semaphore>,
    /// For signed documents that wait.
    pub(crate) results: Arc<Room>,
    /// For those that are fetched.
    pub(crate) spool: Spool,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance.
    pub(crate) random: Arc<dyn Random>,
}

type Running = JoinHandle<Result<Progress, Error>>;

impl Jobs {
    /// Begins to sign, and says what the signatures can be fetched by.
    ///
    /// # Errors
    /// See [`Error`]; what the signer refuses within the patience of an answer is an error of this call.
    pub async fn start(&self, order: Order) -> Result<String, Error> {
        let Order { work, deferral } = order;
        let (bearer, credential, documents) = match &work {
            Work::Hashes(hashes) => (&hashes.bearer, &hashes.credential, false),
            Work::Documents(documents) => (&documents.bearer, &documents.credential, true),
        };
        self.require_registered(&bearer.client, deferral.response_uri.as_deref()).await?;
        let held = match &work {
            Work::Documents(order) => Some(self.room(order).await?),
            Work::Hashes(_) => None,
        };
        let slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| Error::Busy)?;
        let id = self.random.id()?;
        let now = self.clock.now();
        let eras = self.presence.of(bearer, &credential.user).await?.ok_or(Error::Gone)?;
        let telling = Telling {
            callback: Arc::clone(&self.callback),
            presence: self.presence.clone(),
            client: bearer.client.clone(),
            user: credential.user.clone(),
            eras,
            uri: deferral.response_uri,
            slot,
        };
        let job = Job {
            client: bearer.client.clone(),
            user: credential.user.clone(),
            eras: Some(eras),
            credential: credential.id.clone(),
            documents,
            progress: Progress::Running(now + milliseconds(self.patience.job)),
            expires_at: now.saturating_add(i64::try_from(deferral.validity).unwrap_or(i64::MAX)),
        };
        let mut work = self.begin(work, held);
        match tokio::time::timeout(self.patience.answer, &mut work).await {
            Ok(outcome) => {
                let progress = outcome.map_err(crashed)??;
                self.stored.store(&id, Job { progress, ..job }).await?;
                let id = id.clone();
                tokio::spawn(async move { telling.tell(&id).await });
            }
            Err(_) => {
                self.stored.store(&id, job).await?;
                self.follow(&id, work, telling);
            }
        }
        Ok(id)
    }

    /// Room for what will wait, had before anything is signed for it.
    async fn room(&self, order: &documents::Order) -> Result<Held, Error> {
        let mut evidence = 0;
        if order.validation || order.documents.iter().any(|document| document.level >= Level::Lt) {
            if !order.checked {
                let id = order.credential.id.clone();
                self.documents.check(&order.bearer, Some(id), order.sad.clone()).await?;
            }
            evidence = self.documents.evidence(&order.credential.id).await?;
        }
        let octets = expected(&order.documents, usize::try_from(evidence).unwrap_or(usize::MAX), order.validation);
        if octets > LONGEST {
            return Err(Error::TooLong(too_long(&order.documents)));
        }
        Ok(self.results.hold(&order.bearer.client, octets)?)
    }

    /// `held` is for what comes of documents.
    fn begin(&self, work: Work, held: Option<Held>) -> Running {
        let (signing, documents) = (Arc::clone(&self.signing), Arc::clone(&self.documents));
        tokio::spawn(async move {
            match work {
                Work::Hashes(Hashes { bearer, credential, sad, scheme, hashes }) => {
                    Ok(Progress::Signed(signing.sign(bearer, credential, sad, scheme, hashes).await?))
                }
                Work::Documents(order) => {
                    let too_long = too_long(&order.documents);
                    let signed = documents.sign(order).await?;
                    let octets = stored(&signed);
                    if octets > LONGEST {
                        return Err(Error::TooLong(too_long));
                    }
                    if let Some(held) = held {
                        held.keep(octets);
                    }
                    Ok(Progress::Documents(signed))
                }
            }
        })
    }

    /// A URI that was not agreed on beforehand is never called.
    async fn require_registered(&self, client: &str, uri: Option<&str>) -> Result<(), Error> {
        let Some(uri) = uri else { return Ok(()) };
        let registered = self.clients.find(client).await?.is_some_and(|client| client.calls_back(uri));
        if registered { Ok(()) } else { Err(Error::ResponseUri) }
    }

    /// Notes the outcome when it is there, then tells the app.
    fn follow(&self, id: &str, work: Running, telling: Telling) {
        let (stored, id) = (self.stored.clone(), id.to_owned());
        tokio::spawn(async move {
            let progress = match work.await.map_err(crashed) {
                Ok(Ok(progress)) => progress,
                Ok(Err(error)) | Err(error) => Progress::Failed(failure(error)),
            };
            if let Err(error) = stored.end(&id, progress).await {
                tracing::error!(%error, "the outcome of an asynchronous job could not be stored");
                return;
            }
            telling.tell(&id).await;
        });
    }

    /// What has become of a job.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn poll(&self, id: &str, asker: Asker<'_>) -> Result<Polled, Error> {
        let now = self.clock.now();
        let found = self.stored.find(id).await?;
        let job = found.filter(|job| job.expires_at > now && job.is_for(asker.bearer, asker.credential));
        let job = job.ok_or(Error::Unknown)?;
        if let Some(eras) = job.eras
            && !self.presence.stands(&job.client, Some(&job.user), eras).await?
        {
            return Err(Error::Unknown);
        }
        match asker.user {
            Some(_) if asker.bearer.user.is_some() => return Err(Error::UserNamed),
            Some(user) if user != job.user => return Err(Error::OtherUser),
            _ => {}
        }
        match job.progress {
            Progress::Running(until) if until > now => Ok(Polled::Running),
            Progress::Signed(signatures) => Ok(Polled::Signed(signatures)),
            Progress::Documents(signed) => {
                Ok(Polled::Documents(documents::counted(signed, &self.spool, &job.client).await?))
            }
            Progress::Failed(failure) => Err(failed(failure, job.documents)),
            Progress::Running(_) => Err(Error::Lost),
        }
    }
}

/// Only a bug ends a task without an outcome.
fn crashed(error: JoinError) -> Error {
    signing::Error::Signer(signer::Error::Unavailable(error.into())).into()
}

/// How it is told later.
fn failure(error: Error) -> Failure {
    match error {
        Error::Documents(documents::Error::Refused(objections)) => return Failure::Documents(objections),
        Error::Signing(error) | Error::Documents(documents::Error::Signing(error)) => match error {
            signing::Error::Signer(signer::Error::Refused(refusal)) => return Failure::Refused(refusal),
            signing::Error::CertificateExpired { organization, common_name } => {
                return Failure::CertificateExpired { organization, common_name };
            }
            error @ (signing::Error::Signer(_) | signing::Error::Store(_)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an asynchronous job failed");
            }
        },
        error => tracing::error!(error = &error as &dyn std::error::Error, "an asynchronous job failed"),
    }
    Failure::Lost
}

/// What was noted, as the error it was.
fn failed(failure: Failure, documents: bool) -> Error {
    let error = match failure {
        Failure::Refused(refusal) => signing::Error::Signer(signer::Error::Refused(refusal)),
        Failure::CertificateExpired { organization, common_name } => {
            signing::Error::CertificateExpired { organization, common_name }
        }
        Failure::Documents(objections) => return documents::Error::Refused(objections).into(),
        Failure::Lost => return Error::Lost,
    };
    if documents { documents::Error::Signing(error).into() } else { error.into() }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
