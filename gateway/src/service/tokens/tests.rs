use std::sync::atomic::Ordering;

use rsign_api::signer::Subject;
use rsign_storage::Location;
use serde_json::json;

use super::*;
use crate::domain::client::Reach;
use crate::domain::token::Eras;
use crate::domain::user::{PasswordHash, User};
use crate::port::clock::Hands;
use crate::port::random::SystemSource;

struct Bench {
    tokens: Tokens,
    clock: Arc<Hands>,
    _directory: tempfile::TempDir,
}

async fn bench() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite { path: directory.path().join("gateway.sqlite") };
    let repositories = Repositories::open(&location).await.unwrap();
    for id in ["app", "other"] {
        let client = json!({
            "id": id, "secret": null, "profile": "legacy", "pin_transport": "clear", "redirect_uris": [], "reach": "linked",
            "refresh_tokens": true, "public_key": null,
        });
        assert!(repositories.clients.register(serde_json::from_value(client).unwrap()).await.unwrap());
    }
    for id in ["ann", "bob"] {
        let subject = Subject {
            country: "PT".to_owned(),
            organization: None,
            given_name: "Ann".to_owned(),
            surname: "Lee".to_owned(),
            serial_number: format!("RS:PT-{id}"),
            common_name: "Ann Lee".to_owned(),
        };
        let (username, password) = (id.to_owned(), PasswordHash::none());
        let id = id.to_owned();
        let user = User { id, username, password, subject, contact: None, disabled: false, era: 0 };
        assert!(repositories.users.register(user).await.unwrap());
    }
    let clock = Arc::new(Hands::default());
    let lifetimes = Lifetimes { access: 3600, grant: 7200 };
    let tokens =
        Tokens::new(&repositories, lifetimes, Arc::clone(&clock) as Arc<dyn Clock>, Arc::new(SystemSource::default()));
    Bench { tokens, clock, _directory: directory }
}

fn bearer(client: &str, user: Option<&str>) -> Bearer {
    Bearer {
        client: client.to_owned(),
        user: user.map(str::to_owned),
        reach: Reach::Linked,
        key: None,
        eras: Eras::default(),
    }
}

fn shown(token: &SecretString) -> &str {
    token.expose_secret()
}

#[tokio::test]
async fn tokens_are_typed_and_expire() {
    let bench = bench().await;
    let issued = bench.tokens.issue_with_refresh(bearer("app", None)).await.unwrap();
    let refresh = issued.refresh.unwrap();
    assert!(shown(&issued.access).starts_with("st_") && shown(&refresh).starts_with("rt_"));
    assert_eq!(bench.tokens.resolve(shown(&issued.access)).await.unwrap(), (bearer("app", None), None));
    // a refresh token is no access token, nor the other way round.
    assert!(matches!(bench.tokens.resolve(shown(&refresh)).await, Err(Error::Unknown)));
    assert!(matches!(bench.tokens.renew(shown(&issued.access), "app", None).await, Err(Error::Unknown)));
    bench.clock.0.store(3_600_000, Ordering::Relaxed);
    assert!(matches!(bench.tokens.resolve(shown(&issued.access)).await, Err(Error::Expired)));
    bench.clock.0.store(7_200_000, Ordering::Relaxed);
    assert!(matches!(bench.tokens.renew(shown(&refresh), "app", None).await, Err(Error::Expired)));
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_its_grant() {
    let bench = bench().await;
    let first = bench.tokens.issue_with_refresh(bearer("app", Some("ann"))).await.unwrap();
    let old = first.refresh.unwrap();
    let second = bench.tokens.renew(shown(&old), "app", None).await.unwrap();
    assert_eq!(bench.tokens.resolve(shown(&second.access)).await.unwrap().0.user.as_deref(), Some("ann"));
    assert!(matches!(bench.tokens.renew(shown(&old), "app", None).await, Err(Error::Unknown)));
    assert!(matches!(bench.tokens.resolve(shown(&second.access)).await, Err(Error::Expired)));
    assert!(matches!(bench.tokens.resolve(shown(&first.access)).await, Err(Error::Expired)));
    assert!(matches!(bench.tokens.renew(shown(&second.refresh.unwrap()), "app", None).await, Err(Error::Expired)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_refreshes_at_once_one_wins_at_most() {
    let bench = Arc::new(bench().await);
    let issued = bench.tokens.issue_with_refresh(bearer("app", None)).await.unwrap();
    let refresh = Arc::new(issued.refresh.unwrap());
    let renewals: Vec<_> = (0..20)
        .map(|_| {
            let (bench, refresh) = (Arc::clone(&bench), Arc::clone(&refresh));
            tokio::spawn(async move { bench.tokens.renew(shown(&refresh), "app", None).await.is_ok() })
        })
        .collect();
    let mut won = 0;
    for renewal in renewals {
        won += usize::from(renewal.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn tokens_of_other_clients_are_unknown() {
    let bench = bench().await;
    let issued = bench.tokens.issue_with_refresh(bearer("app", Some("ann"))).await.unwrap();
    let refresh = issued.refresh.unwrap();
    assert!(matches!(bench.tokens.renew(shown(&refresh), "other", None).await, Err(Error::Unknown)));
    for stranger in [bearer("other", None), bearer("app", Some("bob"))] {
        for token in [&issued.access, &refresh] {
            assert!(matches!(bench.tokens.revoke(shown(token), &stranger).await, Err(Error::Unknown)));
        }
    }
    assert!(bench.tokens.resolve(shown(&issued.access)).await.is_ok());
}

#[tokio::test]
async fn revoking_ends_an_access_token_alone_and_a_refresh_token_with_all_of_its_grant() {
    let bench = bench().await;
    let issued = bench.tokens.issue_with_refresh(bearer("app", None)).await.unwrap();
    let refresh = issued.refresh.unwrap();
    bench.tokens.revoke(shown(&issued.access), &bearer("app", None)).await.unwrap();
    assert!(matches!(bench.tokens.resolve(shown(&issued.access)).await, Err(Error::Expired)));
    let renewed = bench.tokens.renew(shown(&refresh), "app", None).await.unwrap();
    bench.tokens.revoke(shown(&renewed.refresh.unwrap()), &bearer("app", None)).await.unwrap();
    assert!(matches!(bench.tokens.resolve(shown(&renewed.access)).await, Err(Error::Expired)));
}
