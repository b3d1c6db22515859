//! What the signer does, in the words of the domain; knows no HTTP, no SQL, no PKCS#11.
//!
//! * [`enrolment`](Signer::create): key, certificate, PIN, life cycle
//! * [`authorization`](Signer::authorize): PIN in, SAD out
//! * [`signing`](Signer::sign): SAD and hashes in, signatures out
//! * [`documents`](Signer::sign_documents): SAD and documents, or their digests, in; what is signed is formed here
//! * [`completion`](Signer::complete_signature): signatures get evidence and time-stamps
//! * [`ocsp`](Signer::ocsp): the built-in CA's word on its certificates
//! * `factor`: codes of an authenticator app, and codes as such before every PIN
//! * [`codes`](Signer::draw_code): codes that are sent
//! * [`unblock`](Signer::unblock): two officers bring back what wrong PINs blocked
//! * [`channel`](Signer::open_channel): the same and more, asked for inside an end-to-end channel

mod authority;
mod authorization;
mod channel;
mod checkpoint;
mod codes;
mod completion;
mod documents;
mod enrolment;
mod factor;
mod life;
mod masters;
mod ocsp;
mod pin_try;
mod responder;
mod signing;
mod spending;
mod turn;
mod unblock;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rsign_api::objection::Reason;
use rsign_api::signer::{Health, Refusal, RefusedDocument};
use rsign_storage::Store;
use tokio::sync::{OnceCell, Semaphore};

use crate::Random;
use crate::audit::Audit;
use crate::certificate::{Authority, Profile};
use crate::channel::{Channels, Limits, instance_number};
use crate::clients::Clients;
use crate::clock::Clock;
use crate::credential::{CodePolicy, EnrolmentPolicy, TryPolicy};
use crate::foreign::Foreign;
use crate::hsm::pkcs11::{Derive, Wrap};
use crate::hsm::{Answer, Fault, Hsm, Job, Masters};
use crate::key::Checked;
use crate::pin::Pin;
use crate::store::Tables;

pub use unblock::Unblocking;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The domain said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It said so because of a setting of the operator, whose name callers do not hear.
    #[error("{refusal} ({setting})")]
    Setting {
        /// What they hear.
        refusal: Refusal,
        /// Section and name.
        setting: &'static str,
    },
    /// It said so to documents of the message, and why to each.
    #[error("{} of the documents cannot be signed: {:?}", .0.len(), .0.first().map(|first| first.reason))]
    Documents(Vec<RefusedDocument>),
    /// The HSM is busy or away.
    #[error(transparent)]
    Hsm(#[from] Fault),
    /// The store is away.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// Something that must not happen: an incident.
    #[error("incident: {0}")]
    Incident(String),
}

impl From<Reason> for Error {
    /// To the only one.
    fn from(reason: Reason) -> Self {
        Self::Documents(vec![RefusedDocument { place: 0, reason }])
    }
}

/// Result of a service call.
pub type Result<T> = std::result::Result<T, Error>;

/// Numbers of the service. Times in milliseconds.
#[derive(Debug, Clone)]
pub struct Policy {
    /// PIN tries.
    pub tries: TryPolicy,
    /// Wrong PINs of one client in an hour, over all credentials, after which only those it used lately are judged.
    pub brake: usize,
    /// Life of a SAD.
    pub sad_life: i64,
    /// Life of a SAD with all its extensions.
    pub sad_absolute: i64,
    /// How long one run may hold a reservation.
    pub reservation: i64,
    /// Calls that may wait for a try of one credential.
    pub waiting: usize,
    /// How long one of them waits.
    pub patience: i64,
    /// PINs stretched at the same time; each takes 19 MiB.
    pub stretching: usize,
    /// Digests of one HSM job: a batch is split, so that it uses every worker and lets others in between.
    pub batch: usize,
    /// How long a credential may stay inactive after it was made.
    pub unfinished: i64,
    /// How long one officer's word waits for another's.
    pub proposal: i64,
    /// Which keys may be made.
    pub enrolment: EnrolmentPolicy,
    /// Codes that are sent.
    pub codes: CodePolicy,
    /// End-to-end channels.
    pub channels: Limits,
    /// What authenticator apps call this service.
    pub issuer: String,
    /// Whether signatures of documents may say what the request alone asks for (`signed_props`): no page shows it.
    pub properties: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tries: TryPolicy::default(),
            brake: 100,
            sad_life: 5 * 60_000,
            sad_absolute: 15 * 60_000,
            reservation: 30_000,
            waiting: 512,
            patience: 25_000,
            stretching: std::thread::available_parallelism().map_or(2, usize::from),
            batch: 50,
            unfinished: 60 * 60_000,
            proposal: 24 * 60 * 60_000,
            enrolment: EnrolmentPolicy::default(),
            codes: CodePolicy::default(),
            channels: Limits::default(),
            issuer: "rsign".to_owned(),
            properties: false,
        }
    }
}

/// What the service is built from.
#[derive(Debug)]
pub struct Parts {
    /// The HSM.
    pub hsm: Arc<dyn Hsm>,
    /// Reads foreign documents.
    pub foreign: Arc<dyn Foreign>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Name of this instance; names its audit chain.
    pub instance: String,
    /// Numbers.
    pub policy: Policy,
    /// Recorded in slots and headers.
    pub mechanisms: (Derive, Wrap),
    /// The versions of K_MK that the HSM's workers know.
    pub masters: Masters,
    /// Certificate of the built-in CA, DER.
    pub authority: Vec<u8>,
    /// What certificates of the built-in CA look like.
    pub profile: Profile,
    /// Clients that sign their requests.
    pub clients: Clients,
    /// A folder with one public key for each officer who may unblock credentials; without it nobody may.
    pub officers: Option<PathBuf>,
}

/// A PIN that waits to be handed over.
#[derive(Debug)]
struct Drawn {
    pin: Pin,
    /// What its owner calls the account.
    label: Option<String>,
}

/// The service.
#[derive(Debug)]
pub struct Signer {
    hsm: Arc<dyn Hsm>,
    foreign: Arc<dyn Foreign>,
    store: Arc<dyn Store>,
    tables: Tables,
    audit: Audit,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    policy: Policy,
    mechanisms: (Derive, Wrap),
    masters: masters::Known,
    authority: Authority,
    authority_der: Vec<u8>,
    profile: Profile,
    checked: Checked,
    turns: turn::Turns,
    stretching: Semaphore,
    memory: crate::pin::Memory,
    /// PINs drawn for new credentials and not handed over yet; nowhere else, so a restart ends those enrolments.
    drawn: Mutex<HashMap<String, Drawn>>,
    /// Number of this instance in its channels' names.
    instance: u32,
    channels: Channels,
    clients: Clients,
    officers: Option<PathBuf>,
    /// The last entry of the audit chain, when it was a checkpoint.
    checkpointed: tokio::sync::Mutex<u64>,
    /// Who answers OCSP, as it is in the store.
    responder: tokio::sync::Mutex<Option<Arc<responder::Responder>>>,
    /// `kid` of the identity key that signs their handshakes.
    identity: OnceCell<[u8; 32]>,
}

impl Signer {
    /// Builds it.
    ///
    /// # Errors
    /// When the CA certificate cannot be read.
    pub fn new(parts: Parts) -> std::result::Result<Self, crate::certificate::Error> {
        let turns = turn::Turns::new(&parts.policy);
        let channels = Channels::new(parts.policy.channels);
        Ok(Self {
            tables: Tables::new(&parts.store),
            audit: Audit::new(Arc::clone(&parts.store), &parts.instance, Arc::clone(&parts.clock)),
            authority: Authority::from_certificate(&parts.authority)?,
            authority_der: parts.authority,
            stretching: Semaphore::new(parts.policy.stretching),
            memory: crate::pin::Memory::default(),
            hsm: parts.hsm,
            foreign: parts.foreign,
            store: parts.store,
            clock: parts.clock,
            random: parts.random,
            policy: parts.policy,
            mechanisms: parts.mechanisms,
            masters: masters::Known::new(parts.masters),
            profile: parts.profile,
            checked: Checked::default(),
            turns,
            drawn: Mutex::default(),
            instance: instance_number(&parts.instance),
            channels,
            clients: parts.clients,
            officers: parts.officers,
            checkpointed: tokio::sync::Mutex::default(),
            responder: tokio::sync::Mutex::default(),
            identity: OnceCell::new(),
        })
    }

    /// The open channels.
    #[must_use]
    pub const fn channels(&self) -> &Channels {
        &self.channels
    }

    /// The audit trail.
    #[must_use]
    pub const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// How it is.
    pub async fn health(&self) -> Health {
        Health { store: self.store.ping().await.is_ok(), workers: self.hsm.ready(), instance: self.instance }
    }

    /// Runs a job; once more when a worker was lost with it. That is safe: nothing of a job's outcome was released,
    /// and a PIN that was being judged is the same PIN.
    async fn run(&self, job: Job) -> std::result::Result<Answer, Fault> {
        self.run_for("", job).await
    }

    /// The same, in the turn of a client.
    async fn run_for(&self, client: &str, job: Job) -> std::result::Result<Answer, Fault> {
        match self.hsm.run_for(client, job.clone()).await {
            Err(Fault::Lost) => self.hsm.run_for(client, job).await,
            outcome => outcome,
        }
    }

    fn draw_id(&self) -> String {
        let mut octets = [0; 16];
        self.random.fill(&mut octets);
        data_encoding::HEXLOWER.encode(&octets)
    }
}

fn unexpected(answer: &Answer) -> Error {
    Error::Incident(format!("the HSM worker answered another job: {:?}", std::mem::discriminant(answer)))
}
