use std::sync::atomic::Ordering;

use rsign_api::signer::Subject;
use rsign_storage::Location;

use super::*;
use crate::domain::session::IDLE;
use crate::domain::user::PasswordHash;
use crate::port::clock::Hands;
use crate::port::random::SystemSource;
use crate::store::Repositories;

fn ann() -> User {
    let subject = Subject {
        country: "PT".to_owned(),
        organization: None,
        given_name: "Ann".to_owned(),
        surname: "Lee".to_owned(),
        serial_number: "RS:PT-1".to_owned(),
        common_name: "Ann Lee".to_owned(),
    };
    let password = PasswordHash(String::new());
    User { id: "ann".to_owned(), username: "ann".to_owned(), password, subject, contact: None, disabled: false, era: 0 }
}

struct Bench {
    sessions: Sessions,
    clock: Arc<Hands>,
    _directory: tempfile::TempDir,
}

async fn bench() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite { path: directory.path().join("gateway.sqlite") };
    let repositories = Repositories::open(&location).await.unwrap();
    assert!(repositories.users.register(ann()).await.unwrap());
    let clock = Arc::new(Hands::default());
    let random = Arc::new(SystemSource::default());
    let sessions =
        Sessions::new(repositories.sessions, repositories.users.clone(), Arc::clone(&clock) as Arc<dyn Clock>, random);
    Bench { sessions, clock, _directory: directory }
}

impl Bench {
    async fn begin(&self) -> (SecretString, Session) {
        self.sessions.begin(&ann(), Language::En, None, None).await.unwrap()
    }

    async fn lives(&self, now: i64, cookie: &SecretString) -> bool {
        self.clock.0.store(now, Ordering::Relaxed);
        self.sessions.find(Some(cookie.expose_secret())).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn a_session_nobody_uses_ends_after_half_an_hour_and_every_one_after_eight() {
    let bench = bench().await;
    let (idle, _) = bench.begin().await;
    assert!(bench.lives(IDLE - 1, &idle).await);
    assert!(bench.lives(2 * IDLE - 2, &idle).await);
    assert!(!bench.lives(3 * IDLE, &idle).await);

    bench.clock.0.store(0, Ordering::Relaxed);
    let (busy, _) = bench.begin().await;
    let mut now = 0;
    while now < LONGEST {
        assert!(bench.lives(now, &busy).await, "{now}");
        now += IDLE / 2;
    }
    assert!(!bench.lives(LONGEST, &busy).await);
}

#[tokio::test]
async fn only_the_cookie_opens_a_session_and_signing_out_closes_it() {
    let bench = bench().await;
    let (cookie, session) = bench.begin().await;
    let (other, _) = bench.begin().await;
    assert_ne!(cookie.expose_secret(), other.expose_secret());
    assert!(bench.sessions.find(Some(&session.digest)).await.unwrap().is_none());
    assert!(bench.sessions.find(Some(&"x".repeat(5000))).await.unwrap().is_none());
    bench.sessions.end_others(&session).await.unwrap();
    assert!(bench.lives(0, &cookie).await && !bench.lives(0, &other).await);
    bench.sessions.end(&session).await.unwrap();
    assert!(!bench.lives(0, &cookie).await);
    // A page that was under way when its session ended does not bring it back.
    bench.sessions.speak(&session, Language::Pt).await.unwrap();
    assert!(!bench.lives(0, &cookie).await);
}

#[tokio::test]
async fn a_notice_is_told_once() {
    let bench = bench().await;
    let (cookie, session) = bench.begin().await;
    bench.sessions.leave(&session, Notice::KeyDeleted).await.unwrap();
    let session = bench.sessions.find(Some(cookie.expose_secret())).await.unwrap().unwrap();
    assert_eq!(bench.sessions.take_notice(&session).await.unwrap(), Some(Notice::KeyDeleted));
    assert_eq!(bench.sessions.take_notice(&session).await.unwrap(), None);
}

#[tokio::test]
async fn a_user_has_so_many_sessions_and_the_oldest_ends() {
    let bench = bench().await;
    let mut begun = Vec::new();
    for now in 0..=i64::try_from(MOST).unwrap() {
        bench.clock.0.store(now, Ordering::Relaxed);
        begun.push(bench.begin().await.0);
    }
    let mut alive = Vec::new();
    for cookie in &begun {
        alive.push(bench.lives(100, cookie).await);
    }
    assert!(!alive[0] && alive[1..].iter().all(|alive| *alive), "{alive:?}");
}

#[tokio::test]
async fn all_others_end_however_many_there_are() {
    let bench = bench().await;
    let (cookie, session) = bench.begin().await;
    // More than are read at once: from a time before there was a limit.
    for n in 0..250 {
        let old = Session { digest: format!("{n:064x}"), ..session.clone() };
        bench.sessions.stored.store(old).await.unwrap();
    }
    bench.sessions.end_others(&session).await.unwrap();
    assert_eq!(bench.sessions.stored.of_user("ann").await.unwrap().len(), 1);
    assert!(bench.lives(0, &cookie).await);
}
