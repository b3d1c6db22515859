//! A signer service as `serve` builds it, and credentials in it.

use std::path::PathBuf;
use std::sync::Arc;

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::objection::Reason;
use rsign_api::signer::{
    Authorize, Authorized, ChangePin, ChangeState, CreateCredential, CreatedCredential, Entry, Extend, FactorKind,
    IssueCertificate, LinkCertificate, Refusal, Scal, Sign, Signed, State, Stretch, Subject,
};
use rsign_signer::SystemRandom;
use rsign_signer::ceremony::CeremonyRow;
use rsign_signer::certificate::{own_scheme, verify};
use rsign_signer::clients::Clients;
use rsign_signer::clock::{Clock as _, StoppedClock, SystemClock};
use rsign_signer::credential::{Credential, EnrolmentPolicy};
use rsign_signer::foreign::process::Helpers;
use rsign_signer::hsm::Pool;
use rsign_signer::sad::{Sad, SadToken};
use rsign_signer::service::{Error, Parts, Policy, Result, Signer};
use rsign_signer::store::Tables;
use rsign_storage::Store;
use secrecy::ExposeSecret as _;

use super::probe::Probe;
use crate::harness::{Kind, TestToken, digest, random};

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A service, and everything it stands on.
pub(crate) struct House {
    pub(crate) signer: Arc<Signer>,
    pub(crate) hsm: Arc<Probe>,
    pub(crate) clock: Arc<StoppedClock>,
    pub(crate) tables: Tables,
    pub(crate) store: Arc<dyn Store>,
    ceremony: CeremonyRow,
    policy: Policy,
    pool: Arc<Pool>,
    token: TestToken,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Policy::default()).await
    }

    pub(crate) async fn with(policy: Policy) -> Self {
        Self::built(policy, Clients::default()).await
    }

    /// Every kind of key may be made: PINs are not stretched in most tests, and SCAL 1 has its own.
    pub(crate) async fn built(policy: Policy, clients: Clients) -> Self {
        let token = TestToken::ready(Kind::SoftHsm2).unwrap();
        Self::on(token, policy, clients).await
    }

    /// On another token than most tests need.
    pub(crate) async fn on(token: TestToken, policy: Policy, clients: Clients) -> Self {
        let enrolment = EnrolmentPolicy { scal1: true, hmac: true, multisign: 1000, other_ca: false };
        Self::strict_on(token, Policy { enrolment, properties: true, ..policy }, clients).await
    }

    pub(crate) async fn strict(policy: Policy, clients: Clients) -> Self {
        Self::strict_on(TestToken::ready(Kind::SoftHsm2).unwrap(), policy, clients).await
    }

    async fn strict_on(mut token: TestToken, policy: Policy, clients: Clients) -> Self {
        token.config.clients = clients;
        let (pool, store, ceremony) = (token.pool().await, token.store().await, token.ceremony().await);
        let hsm = Arc::new(Probe::new(pool.clone()));
        let clock = Arc::new(StoppedClock::at(SystemClock.now()));
        let tables = Tables::new(&store);
        let signer = build(&token, &hsm, &clock, &store, &ceremony, &policy);
        Self { signer, hsm, clock, tables, store, ceremony, policy, pool, token }
    }

    /// Another instance over the same store and HSM: what a restart brings, or a second process.
    pub(crate) fn restarted(&self) -> Arc<Signer> {
        build(&self.token, &self.hsm, &self.clock, &self.store, &self.ceremony, &self.policy)
    }

    /// Another instance, with the policy changed.
    pub(crate) fn under(&self, change: impl FnOnce(&mut Policy)) -> Arc<Signer> {
        let mut policy = self.policy.clone();
        change(&mut policy);
        build(&self.token, &self.hsm, &self.clock, &self.store, &self.ceremony, &policy)
    }

    /// Where the officers' keys are looked for.
    pub(crate) fn officers(&self) -> PathBuf {
        self.token.path("officers")
    }

    /// Another instance, over another way to the store.
    pub(crate) fn over(&self, store: &Arc<dyn Store>) -> Arc<Signer> {
        build(&self.token, &self.hsm, &self.clock, store, &self.ceremony, &self.policy)
    }

    /// Ends it as its operator does; the token and its store stay.
    pub(crate) async fn shut(self) -> TestToken {
        self.pool.stop().await;
        self.token
    }

    /// Ends the workers. Not in `drop`: it has to wait.
    pub(crate) async fn close(self) {
        self.pool.stop().await;
    }

    /// An active credential that binds hashes, with quick PIN stretching: what Argon2id costs is not the point here.
    pub(crate) async fn enrol(&self, key: KeyType) -> Owned {
        self.enrol_as(&format!("user-{}", id()), key, Scal::Two, 10).await
    }

    pub(crate) async fn enrol_as(&self, user: &str, key: KeyType, scal: Scal, multisign: u32) -> Owned {
        self.enrol_certified(user, key, scal, multisign).await.0
    }

    /// The same, with the certificate.
    pub(crate) async fn enrol_certified(
        &self,
        user: &str,
        key: KeyType,
        scal: Scal,
        multisign: u32,
    ) -> (Owned, Vec<u8>) {
        let asked = CreateCredential { scal, multisign, ..create(user, key) };
        let created = self.signer.create(&asked).await.unwrap();
        let certificate = self.link(&asked.credential).await;
        let pin = self.signer.reveal_pin(&asked.credential).await.unwrap().expose_secret().to_owned();
        self.signer.acknowledge_pin(&asked.credential).await.unwrap();
        (Owned::new(&asked, created, pin), certificate)
    }

    /// Certificate of the built-in CA.
    pub(crate) fn authority(&self) -> Bytes {
        self.ceremony.authority.clone()
    }

    /// Has the built-in CA certify a key, and links the certificate.
    pub(crate) async fn link(&self, credential: &str) -> Vec<u8> {
        let asked = IssueCertificate { credential: credential.to_owned(), subject: subject() };
        let certificate = self.signer.issue(&asked).await.unwrap().certificate;
        let asked = LinkCertificate { credential: credential.to_owned(), certificate: certificate.clone() };
        self.signer.link(&asked).await.unwrap();
        certificate.0
    }

    /// A SAD for these hashes.
    pub(crate) async fn authorize(&self, owned: &Owned, hashes: &[Bytes]) -> String {
        let authorized = self.signer.authorize(&owned.authorize(hashes)).await.unwrap();
        authorized.sad.expose_secret().to_owned()
    }

    pub(crate) async fn sign(&self, owned: &Owned, sad: &str, hashes: &[Bytes]) -> Result<Signed> {
        self.signer.sign(&owned.sign(sad, hashes)).await
    }

    pub(crate) async fn change_state(&self, owned: &Owned, state: State) -> Result<State> {
        let asked = ChangeState { credential: owned.id.clone(), state };
        self.signer.change_state(&asked).await.map(|status| status.state)
    }

    pub(crate) async fn row(&self, owned: &Owned) -> Credential {
        self.tables.credentials.find(&owned.id).await.unwrap().unwrap()
    }

    pub(crate) async fn sad(&self, sad: &str) -> Option<Sad> {
        self.tables.sads.find(&row_of(sad)).await.unwrap()
    }

    /// Changes a SAD's row past the service, as whoever holds the store can.
    pub(crate) async fn tamper_with_sad(&self, sad: &str, mut change: impl FnMut(&mut Sad) + Send + 'static) {
        let changed = move |row: &mut Sad| {
            change(row);
            Ok::<_, ()>(())
        };
        self.tables.change_sad(&row_of(sad), changed).await.unwrap().unwrap().unwrap();
    }

    /// The same with a credential's row.
    pub(crate) async fn tamper_with(&self, owned: &Owned, change: impl FnMut(&mut Credential) + Send + 'static) {
        self.tables.change_credential(&owned.id, change).await.unwrap().unwrap();
    }

    /// Everything the audit trail says, one JSON object a line.
    pub(crate) async fn audit(&self) -> String {
        let entries = self.store.read_chain("contract", 1, 100_000).await.unwrap();
        entries.iter().map(|entry| String::from_utf8_lossy(&entry.event).into_owned() + "\n").collect()
    }
}

fn build(
    token: &TestToken,
    hsm: &Arc<Probe>,
    clock: &Arc<StoppedClock>,
    store: &Arc<dyn Store>,
    ceremony: &CeremonyRow,
    policy: &Policy,
) -> Arc<Signer> {
    let parts = Parts {
        hsm: hsm.clone(),
        foreign: Arc::new(Helpers::new(env!("CARGO_BIN_EXE_rsign-signer").into(), 2)),
        store: Arc::clone(store),
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        instance: "contract".to_owned(),
        policy: policy.clone(),
        mechanisms: (token.config.hsm.derive, token.config.hsm.wrap),
        masters: ceremony.masters(),
        authority: ceremony.authority.0.clone(),
        profile: token.config.profile(),
        clients: token.config.clients.clone(),
        officers: Some(token.path("officers")),
    };
    Arc::new(Signer::new(parts).unwrap())
}

fn row_of(sad: &str) -> String {
    SadToken::parse(&sad.into()).unwrap().row()
}

fn id() -> String {
    data_encoding::HEXLOWER.encode(&random::<16>())
}

pub(crate) fn subject() -> Subject {
    Subject {
        country: "EE".to_owned(),
        organization: None,
        given_name: "Ann".to_owned(),
        surname: "Owner".to_owned(),
        serial_number: "PNOEE-38001085718".to_owned(),
        common_name: "Ann Owner".to_owned(),
    }
}

/// A request for a key of this user under a new id.
pub(crate) fn create(user: &str, key: KeyType) -> CreateCredential {
    CreateCredential {
        tenant: "tenant".to_owned(),
        user: user.to_owned(),
        credential: id(),
        key,
        scal: Scal::Two,
        multisign: 10,
        stretch: Stretch::Hmac,
        factor: FactorKind::None,
        label: None,
        subject: subject(),
    }
}

/// A SHA-256 digest, a different one for each number.
pub(crate) fn hash(number: u32) -> Bytes {
    Bytes(digest(HashAlgorithm::Sha256, number))
}

pub(crate) fn entries(hashes: &[Bytes]) -> Vec<Entry> {
    hashes
        .iter()
        .map(|hash| Entry { r#type: Default::default(), algorithm: None, hash: hash.clone(), label: None })
        .collect()
}

/// A credential as gateway and owner know it together.
#[derive(Clone)]
pub(crate) struct Owned {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) kind: KeyType,
    pub(crate) key: Bytes,
    pub(crate) spki: Bytes,
    pub(crate) pin: String,
}

/// The client that everything is asked for unless a test says otherwise.
pub(crate) const CLIENT: &str = "client-a";

impl Owned {
    pub(crate) fn new(asked: &CreateCredential, created: CreatedCredential, pin: String) -> Self {
        let (id, user) = (asked.credential.clone(), asked.user.clone());
        Self { id, user, kind: asked.key, key: created.key, spki: created.spki, pin }
    }

    pub(crate) fn scheme(&self) -> Scheme {
        match own_scheme(self.kind) {
            Scheme::Ecdsa { .. } => Scheme::Ecdsa { hash: HashAlgorithm::Sha256 },
            other => other,
        }
    }

    pub(crate) fn authorize(&self, hashes: &[Bytes]) -> Authorize {
        self.authorize_with(&self.pin, hashes)
    }

    pub(crate) fn authorize_with(&self, pin: &str, hashes: &[Bytes]) -> Authorize {
        Authorize {
            credential: self.id.clone(),
            user: self.user.clone(),
            client: CLIENT.to_owned(),
            signatures: u32::try_from(hashes.len().max(1)).unwrap(),
            list: entries(hashes),
            pin: pin.into(),
            code: None,
        }
    }

    pub(crate) fn sign(&self, sad: &str, hashes: &[Bytes]) -> Sign {
        Sign {
            credential: self.id.clone(),
            client: CLIENT.to_owned(),
            user: Some(self.user.clone()),
            sad: sad.into(),
            key: self.key.clone(),
            scheme: self.scheme(),
            hashes: hashes.to_vec(),
        }
    }

    pub(crate) fn extend(&self, sad: &str, hashes: &[Bytes]) -> Extend {
        Extend {
            credential: self.id.clone(),
            client: CLIENT.to_owned(),
            user: Some(self.user.clone()),
            sad: sad.into(),
            list: entries(hashes),
        }
    }

    pub(crate) fn change_pin(&self, pin: &str, new_pin: &str) -> ChangePin {
        ChangePin {
            credential: self.id.clone(),
            user: self.user.clone(),
            client: CLIENT.to_owned(),
            pin: pin.into(),
            new_pin: new_pin.into(),
            code: None,
        }
    }

    /// A PIN that is not this credential's, a different one for each number.
    pub(crate) fn wrong_pin(&self, number: u32) -> String {
        let last = self.pin.chars().last().unwrap();
        format!("{}{number}x{last}", &self.pin[..4])
    }

    /// Whether each signature is good for its hash.
    pub(crate) fn signed(&self, hashes: &[Bytes], signed: &Signed) -> bool {
        signed.signatures.len() == hashes.len()
            && hashes
                .iter()
                .zip(&signed.signatures)
                .all(|(hash, signature)| verify(&self.spki, self.scheme(), hash, signature))
    }
}

/// The refusal, or what came instead.
pub(crate) fn refusal<T>(outcome: Result<T>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal) | Error::Setting { refusal, .. }) => refusal,
        Err(Error::Documents(documents)) => documents[0].reason.refusal(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

/// Which documents were refused, and why.
pub(crate) fn reasons<T>(outcome: Result<T>) -> Vec<(u32, Reason)> {
    match outcome {
        Err(Error::Documents(documents)) => documents.iter().map(|one| (one.place, one.reason)).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

pub(crate) fn is_incident<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Incident(_)))
}

/// The SAD as text.
pub(crate) fn text(authorized: &Authorized) -> String {
    authorized.sad.expose_secret().to_owned()
}
