//! The services, wired; ports meet adapters in [`parts`] and nowhere else.

mod parts;

pub mod fitting;

pub mod lasting;

use std::sync::Arc;
use std::time::Duration;

use rsign_spool::Spool;
use tokio::sync::Semaphore;

use self::lasting::Lasting;
pub use self::parts::Parts;
use crate::config::Config;
use crate::domain::language::Language;
use crate::domain::seal::Material;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::service::account::apps::Apps;
use crate::service::account::contacts::Contacts;
use crate::service::account::external::External;
use crate::service::account::history::History;
use crate::service::account::keys::Keys;
use crate::service::account::people::People;
use crate::service::account::sessions::Sessions;
use crate::service::account::throttle::{PASSWORDS, Throttle};
use crate::service::authority::Authority;
use crate::service::authorization::Authorization;
use crate::service::clients::Clients;
use crate::service::credentials::Credentials;
use crate::service::documents::Documents;
use crate::service::health::Health;
use crate::service::housekeeping::Housekeeping;
use crate::service::jobs::{Jobs, Patience};
use crate::service::login::Login;
use crate::service::oauth::account_tokens::AccountTokens;
use crate::service::oauth::assertions::Assertions;
use crate::service::oauth::certificates::Certificates;
use crate::service::oauth::codes::Codes;
use crate::service::oauth::proofs::Proofs;
use crate::service::oauth::requests::{self, Creation, Requests};
use crate::service::oauth::signed_requests::SignedRequests;
use crate::service::one_time_codes::OneTimeCodes;
use crate::service::passwords::Passwords;
use crate::service::post::Post;
use crate::service::presence::Presence;
use crate::service::prompts::{self, Prompts};
use crate::service::rates::Rates;
use crate::service::room::Room;
use crate::service::signing::Signing;
use crate::service::stopping::Stopping;
use crate::service::time_stamps::TimeStamps;
use crate::service::tokens::{Lifetimes, Tokens};
use crate::service::transactions::Transactions;

/// The services, wired.
#[derive(Debug)]
pub struct App {
    /// Registered apps.
    pub clients: Clients,
    /// What apps ask users for.
    pub requests: Requests,
    /// How clients sign who they are.
    pub assertions: Assertions,
    /// What clients ask for under their signature.
    pub signed_requests: SignedRequests,
    /// How clients show who they are in the handshake.
    pub certificates: Certificates,
    /// What binds tokens to their holders.
    pub proofs: Proofs,
    /// Authorization codes.
    pub codes: Arc<Codes>,
    /// Uses of the end-to-end channel.
    pub transactions: Arc<Transactions>,
    /// What apps ask users for without a PIN.
    pub prompts: Arc<Prompts>,
    /// Service tokens.
    pub tokens: Arc<Tokens>,
    /// People; none where `auth/login` is off.
    pub login: Option<Login>,
    /// Accounts.
    pub people: Arc<People>,
    /// Where people are reached.
    pub contacts: Contacts,
    /// Signed-in browsers.
    pub sessions: Sessions,
    /// What users approved.
    pub history: Arc<History>,
    /// Users' own keys.
    pub keys: Keys,
    /// Apps that users let in.
    pub apps: Apps,
    /// Sign-in through identity providers.
    pub external: External,
    /// Credentials and who reaches them.
    pub credentials: Arc<Credentials>,
    /// SADs.
    pub authorization: Authorization,
    /// Codes that are sent.
    pub one_time_codes: Arc<OneTimeCodes>,
    /// Signatures.
    pub signing: Arc<Signing>,
    /// Signed documents.
    pub documents: Arc<Documents>,
    /// Where documents are while somebody works on them.
    pub spool: Spool,
    /// Signatures that are fetched later.
    pub jobs: Jobs,
    /// Time-stamps; none where no authority is named.
    pub time_stamps: Option<Arc<TimeStamps>>,
    /// CA certificate and CRL.
    pub authority: Arc<Authority>,
    /// For what strangers ask.
    pub room: Arc<Room>,
    /// How often who calls.
    pub rates: Arc<Rates>,
    /// Whether it is about to end.
    pub stopping: Arc<Stopping>,
    /// Whether it can serve.
    pub health: Arc<Health>,
    /// Rounds of cleaning up.
    pub housekeeping: Housekeeping,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

impl App {
    /// Wires the services of a gateway that apps and browsers call `public_url`.
    ///
    /// # Errors
    /// When the password hash or the random source does not work.
    pub fn new(config: &Config, parts: &Parts, public_url: &str) -> anyhow::Result<Self> {
        let Parts { repositories, signer, clock, random, providers, material, .. } = parts.clone();
        // Without a configuration key what waits to be fetched waits only as long as this process lives.
        let material = material.map_or_else(|| Material::draw(&*random).map(Arc::new), Ok)?;
        let limits = config.limits;
        let lifetimes = Lifetimes { access: limits.access_token_seconds, grant: limits.refresh_token_seconds };
        let tokens = Arc::new(Tokens::new(&repositories, lifetimes, Arc::clone(&clock), Arc::clone(&random)));
        let passwords = Arc::new(Passwords::new(limits.password_hashes, Arc::clone(&random))?);
        let throttle = || Arc::new(Throttle::new(PASSWORDS, Arc::clone(&clock)));
        let people = People::new(repositories.users.clone(), passwords, throttle(), throttle(), Arc::clone(&random));
        let people = Arc::new(people);
        let login = config.auth.basic.then(|| Login::new(Arc::clone(&people), Arc::clone(&tokens)));
        let credentials = Arc::new(Credentials::new(&repositories, Arc::clone(&signer)));
        let authority = Arc::new(Authority::new(Arc::clone(&signer), Arc::clone(&clock)));
        let enrolment = Arc::new(parts.enrolment(&config.tenant));
        let keys = Keys::new(
            repositories.credentials.clone(),
            Arc::clone(&signer),
            Arc::clone(&enrolment),
            Arc::clone(&clock),
        );
        let room = Arc::new(Room::new(requests::OF_STRANGERS, requests::LIFETIME, Arc::clone(&clock)));
        let apps = Apps::new(&repositories, Arc::clone(&clock));
        let external = External::new(
            providers,
            repositories.external.clone(),
            repositories.users.clone(),
            Arc::clone(&room),
            public_url.to_owned(),
            Arc::clone(&clock),
            Arc::clone(&random),
        );
        let rates =
            Arc::new(Rates::new(limits.client_calls_per_second, limits.user_calls_per_second, Arc::clone(&clock)));
        let housekeeping = Housekeeping::new(
            repositories.clone(),
            Arc::clone(&credentials),
            Arc::clone(&enrolment),
            Arc::clone(&authority),
            Arc::clone(&rates),
            Arc::clone(&clock),
        );
        let sessions = Sessions::new(
            repositories.sessions.clone(),
            repositories.users.clone(),
            Arc::clone(&clock),
            Arc::clone(&parts.random),
        );
        let history = Arc::new(History::new(
            repositories.history.clone(),
            config.account.history_days,
            Arc::clone(&clock),
            Arc::clone(&parts.random),
        ));
        let post = Arc::new(Post::new(
            repositories.users.clone(),
            parts.couriers.clone(),
            config.info.name.clone(),
            Language::of_tag(&config.info.lang).unwrap_or_default(),
        ));
        let contacts = Contacts {
            stored: repositories.contacts.clone(),
            users: repositories.users.clone(),
            post: Arc::clone(&post),
            material: Arc::clone(&material),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        };
        let stopping = Arc::new(Stopping::new(Duration::from_secs(limits.grace_seconds)));
        let health = Health::new(repositories.clone(), Arc::clone(&signer), Arc::clone(&clock));
        let health = Arc::new(health);
        let presence = Presence::new(&repositories);
        let prompts = Arc::new(Prompts {
            stored: repositories.prompts.clone(),
            clients: repositories.clients.clone(),
            presence: presence.clone(),
            credentials: Arc::clone(&credentials),
            material: Arc::clone(&material),
            post: Arc::clone(&post),
            bounds: config.approval.bounds(),
            patience: Duration::from_millis(config.approval.wait_ms),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            waiters: prompts::Waiters::default(),
            stopping: Arc::clone(&stopping),
        });
        let transactions = Arc::new(Transactions {
            stored: repositories.transactions.clone(),
            credentials: repositories.credentials.clone(),
            presence: presence.clone(),
            enrolment: Arc::clone(&enrolment),
            history: Arc::clone(&history),
            prompts: Arc::clone(&prompts),
            keys_per_user: config.account.keys_per_user,
            signer: Arc::clone(&signer),
            material: Arc::clone(&material),
            tenant: config.tenant.clone(),
            sign_origin: config.page.sign_origin.clone(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        });
        let codes = Arc::new(Codes::new(
            repositories.codes.clone(),
            Arc::clone(&tokens),
            Arc::clone(&signer),
            Arc::clone(&clock),
            Arc::clone(&random),
        ));
        let accounts = AccountTokens::new(
            repositories.users.clone(),
            repositories.links.clone(),
            repositories.seen.clone(),
            Arc::clone(&material),
            Arc::clone(&clock),
        );
        let seen = repositories.seen.clone();
        let assertions = Assertions::new(seen.clone(), public_url.to_owned(), Arc::clone(&clock));
        let authorities = config.mutual_tls.as_ref().and_then(|mutual| mutual.ca.as_deref());
        let certificates = Certificates::read(authorities, Arc::clone(&clock))?;
        let proofs =
            Proofs::new(seen, bases(config, public_url), &material, config.auth.dpop_nonces, Arc::clone(&clock))?;
        let requests = Requests::new(requests::Parts {
            stored: repositories.requests.clone(),
            clients: repositories.clients.clone(),
            accounts,
            credentials: Arc::clone(&credentials),
            codes: Arc::clone(&codes),
            transactions: Arc::clone(&transactions),
            room: Arc::clone(&room),
            qualifiers: config.info.signature_qualifiers.clone(),
            creation: creation(config),
            enrolment: Arc::clone(&enrolment),
            issuer: public_url.to_owned(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        });
        let authorization = Authorization::new(
            repositories.clients,
            config.auth.basic_pin_transport,
            Arc::clone(&history),
            Arc::clone(&signer),
        );
        let one_time_codes = Arc::new(OneTimeCodes::new(&parts.repositories, post, Arc::clone(&signer)));
        let lasting = lasting::Parts {
            stamping: parts.stamping.clone(),
            revocations: Arc::clone(&parts.revocations),
            anchors: parts.anchors.clone(),
        };
        let lasting = Lasting::new(lasting, &authority, &clock, &random)?;
        let (stamps, evidence) = (lasting.time_stamps, lasting.evidence);
        let spool = config.spool.open(config.store.file());
        let documents = Arc::new(Documents::new(
            repositories.credentials.clone(),
            Arc::clone(&signer),
            stamps.clone(),
            evidence,
            spool.clone(),
        ));
        let signing = Arc::new(Signing::new(repositories.credentials, signer));
        let jobs = Jobs {
            stored: repositories.jobs,
            clients: parts.repositories.clients.clone(),
            presence,
            signing: Arc::clone(&signing),
            documents: Arc::clone(&documents),
            callback: Arc::clone(&parts.callback),
            patience: patience(config),
            slots: Arc::new(Semaphore::new(config.asynchronous.jobs)),
            results: Arc::new(results(config, &clock)),
            spool: spool.clone(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        };
        Ok(Self {
            clients: parts.clients(),
            requests,
            assertions,
            signed_requests: SignedRequests::new(public_url.to_owned(), Arc::clone(&clock)),
            certificates,
            proofs,
            codes,
            transactions,
            prompts,
            tokens,
            login,
            people,
            contacts,
            sessions,
            history,
            keys,
            apps,
            external,
            credentials,
            authorization,
            one_time_codes,
            signing,
            documents,
            spool,
            jobs,
            time_stamps: stamps,
            authority,
            rates,
            stopping,
            room,
            health,
            housekeeping,
            clock,
            random,
        })
    }
}

/// The kind of key that is recommended to users is that which apps have made.
fn creation(config: &Config) -> Option<Creation> {
    let account = &config.account;
    let key = account.keys.first().filter(|_| config.page.sign_origin.is_some())?;
    Some(Creation {
        key: *key,
        multisign: account.multisign,
        most: account.keys_per_user,
        policies: account.certificate_policies.clone(),
    })
}

/// Room for what waits to be fetched.
fn results(config: &Config, clock: &Arc<dyn Clock>) -> Room {
    let longest = i64::try_from(config.asynchronous.longest_validity_ms).unwrap_or(i64::MAX);
    Room::new(config.asynchronous.waiting(), longest, Arc::clone(clock))
}

/// A call of the signer may have to wait for its turn as long again as it may take.
fn patience(config: &Config) -> Patience {
    Patience {
        answer: Duration::from_millis(config.asynchronous.patience_ms),
        job: Duration::from_secs(2 * config.signer.timeout_seconds),
    }
}

/// Every URL that clients may call this gateway by: DPoP proofs name it.
fn bases(config: &Config, public_url: &str) -> Vec<String> {
    let mutual = config.mutual_tls.as_ref().and_then(|mutual| mutual.public_url.clone());
    let bare: Vec<_> = std::iter::once(public_url.to_owned()).chain(mutual).collect();
    let prefixed =
        config.listen.prefix.iter().flat_map(|prefix| bare.iter().map(move |base| format!("{base}{prefix}")));
    bare.iter().cloned().chain(prefixed).collect()
}
