use std::sync::atomic::Ordering;

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{FactorKind, Refusal, Scal, Stretch, Subject};
use rsign_storage::Location;

use super::*;
use crate::app::Parts;
use crate::domain::credential::{AuthMode, Known};
use crate::domain::job::{Job, Progress};
use crate::domain::user::{PasswordHash, User};
use crate::port::clock::Hands;
use crate::port::fake_callback::FakeCallback;
use crate::port::fake_revocations::FakeRevocations;
use crate::port::fake_signer::FakeSigner;
use crate::port::random::SystemSource;
use crate::port::signer::Signer;
use crate::service::enrolment::Wanted;
use crate::service::post::Couriers;
use crate::service::rates::Rates;

const HOUR: i64 = 60 * 60 * 1000;

struct Bench {
    housekeeping: Housekeeping,
    repositories: Repositories,
    signer: Arc<FakeSigner>,
    clock: Arc<Hands>,
    id: String,
    _directory: tempfile::TempDir,
}

/// A credential whose enrolment began at time 0.
async fn bench() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite { path: directory.path().join("gateway.sqlite") };
    let repositories = Repositories::open(&location).await.unwrap();
    let (signer, clock) = (Arc::new(FakeSigner::default()), Arc::new(Hands::default()));
    let parts = Parts {
        repositories: repositories.clone(),
        signer: Arc::clone(&signer) as Arc<dyn Signer>,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        random: Arc::new(SystemSource::default()),
        providers: Vec::new(),
        callback: Arc::new(FakeCallback::default()),
        couriers: Couriers::default(),
        stamping: Vec::new(),
        revocations: Arc::new(FakeRevocations::default()),
        anchors: Vec::new(),
        elsewhere: None,
        material: None,
    };
    let subject = Subject {
        country: "PT".to_owned(),
        organization: None,
        given_name: "Ann".to_owned(),
        surname: "Lee".to_owned(),
        serial_number: "RS:PT-1".to_owned(),
        common_name: "Ann Lee".to_owned(),
    };
    let (id, password) = ("ann".to_owned(), PasswordHash(String::new()));
    let user = User { id: id.clone(), username: id, password, subject, contact: None, disabled: false, era: 0 };
    assert!(repositories.users.register(user).await.unwrap());
    let enrolment = Arc::new(parts.enrolment("default"));
    let wanted = Wanted {
        key: KeyType::P256,
        scal: Scal::Two,
        multisign: 1,
        stretch: Stretch::Hmac,
        factor: FactorKind::None,
        mode: AuthMode::Explicit,
    };
    let id = enrolment.create("ann", wanted).await.unwrap();
    let housekeeping = Housekeeping::new(
        repositories.clone(),
        Arc::new(Credentials::new(&repositories, Arc::clone(&parts.signer))),
        enrolment,
        Arc::new(Authority::new(Arc::clone(&parts.signer), Arc::clone(&parts.clock))),
        Arc::new(Rates::new(1, 1, Arc::clone(&parts.clock))),
        Arc::clone(&parts.clock),
    );
    Bench { housekeeping, repositories, signer, clock, id, _directory: directory }
}

impl Bench {
    async fn at(&self, now: i64, state: State) -> Known {
        self.clock.0.store(now, Ordering::Relaxed);
        *self.signer.state.lock().unwrap() = state;
        self.housekeeping.round().await;
        self.repositories.credentials.find(&self.id).await.unwrap().unwrap().state
    }

    async fn open(&self) -> usize {
        self.repositories.enrolments.open(None, 10).await.unwrap().len()
    }
}

#[tokio::test]
async fn an_enrolment_has_one_hour() {
    let bench = bench().await;
    assert_eq!(bench.at(HOUR - 1, State::Linked).await, Known::Enrolling);
    assert_eq!(bench.at(HOUR, State::Linked).await, Known::Destroyed);
    assert_eq!(*bench.signer.state.lock().unwrap(), State::Destroyed);
    let gone = bench.repositories.credentials.find(&bench.id).await.unwrap().unwrap();
    assert!(gone.key.is_empty());
    assert_eq!(bench.open().await, 0);
}

#[tokio::test]
async fn what_became_active_stays() {
    let bench = bench().await;
    assert_eq!(bench.at(HOUR, State::Active).await, Known::Active);
    assert_eq!(bench.open().await, 0);
}

#[tokio::test]
async fn what_was_suspended_before_anybody_looked_stays() {
    let bench = bench().await;
    assert_eq!(bench.at(HOUR, State::Suspended).await, Known::Enrolling);
    assert_eq!(bench.open().await, 0);
}

#[tokio::test]
async fn one_that_cannot_be_ended_does_not_keep_the_others() {
    let bench = bench().await;
    let enrolments = &bench.repositories.enrolments;
    // Begun and never made: the signer is not asked about it, and it comes after the first in the order of ids.
    enrolments.begin("zz", "ann", 0).await.unwrap();
    *bench.signer.refusal.lock().unwrap() = Some(Refusal::Busy);
    bench.signer.willing_to_change.store(true, Ordering::Relaxed);
    bench.at(HOUR, State::Linked).await;
    let left: Vec<_> = enrolments.open(None, 10).await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, [bench.id]);
}

#[tokio::test]
async fn a_signer_that_is_away_costs_no_credential() {
    let bench = bench().await;
    *bench.signer.away.lock().unwrap() = true;
    assert_eq!(bench.at(HOUR, State::Linked).await, Known::Enrolling);
    *bench.signer.away.lock().unwrap() = false;
    *bench.signer.refusal.lock().unwrap() = Some(Refusal::Busy);
    assert_eq!(bench.at(2 * HOUR, State::Linked).await, Known::Enrolling);
    assert_eq!(bench.open().await, 1);
}

#[tokio::test]
async fn signatures_that_nobody_fetched_in_time_go() {
    let bench = bench().await;
    let job = Job {
        client: "app".to_owned(),
        user: "ann".to_owned(),
        eras: None,
        credential: bench.id.clone(),
        documents: false,
        progress: Progress::Running(0),
        expires_at: 1000,
    };
    assert!(bench.repositories.jobs.store("one", job).await.unwrap());
    bench.repositories.jobs.end("one", Progress::Signed(Vec::new())).await.unwrap();
    bench.at(999, State::Active).await;
    let kept = bench.repositories.jobs.find("one").await.unwrap();
    assert!(matches!(kept.unwrap().progress, Progress::Signed(_)));
    bench.at(1001, State::Active).await;
    assert!(bench.repositories.jobs.find("one").await.unwrap().is_none());
}
