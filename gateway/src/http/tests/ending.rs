//! What an operator ends: an app whose secret leaked, a person who left.

use std::sync::Arc;

use data_encoding::BASE64;
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::csc::signatures::Deferral;
use rsign_api::signer::{Authorized, ChannelOutcome, Scal};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::flow::parameter;
use super::{Bench, HASH, PUBLIC, registration, until};
use crate::app::{App, Parts};
use crate::domain::client::{PinTransport, Reach};
use crate::domain::language::Language;
use crate::domain::token::{Bearer, Eras};
use crate::domain::user::PasswordHash;
use crate::port::fake_callback::FakeCallback;
use crate::service::clients::Registration;
use crate::service::ending::{Ended, Ending};
use crate::service::jobs::{self, Asker, Hashes, Order, Polled, Work};
use crate::service::oauth::requests::{self, Next};
use crate::service::{clients, tokens};

const LIST: &str = "/csc/v1/credentials/list";

#[tokio::test]
async fn a_disabled_app_has_nothing_any_more() {
    let bench = Bench::new().await;
    let (ending, body) = (Ending::new(&bench.parts.repositories), json!({ "userID": bench.ann }));
    bench.credential(&bench.ann, Scal::Two).await;
    let secret = bench.client("app", PinTransport::Sealed, Reach::All).await;
    let form = |secret: &str| format!("grant_type=client_credentials&client_id=app&client_secret={secret}");
    let token = async |secret: &str| bench.form("/oauth2/token", &form(secret), None).await;
    let held = token(&secret).await.token();
    let other = bench.client_token("other", PinTransport::Sealed, Reach::All).await;
    assert_eq!(bench.call(LIST, &held, body.clone()).await.status, 200);

    // The grant of its refresh token, and its access token.
    assert_eq!(ending.disable_client("app", true).await.unwrap(), Some(Ended { tokens: 2, sessions: 0 }));
    assert_eq!(bench.call(LIST, &held, body.clone()).await.status, 401);
    let unknown = token(&secret).await;
    assert_eq!(unknown.error(), (400, "invalid_request", "Invalid parameter client_id"));
    let asked = [("response_type", "code"), ("client_id", "app"), ("scope", "service")];
    assert_eq!(bench.authorize(&asked).await.status, 400, "nor is anybody sent to it");
    assert_eq!(bench.call(LIST, &other, body.clone()).await.status, 200, "others have what they had");

    // Let in again, it asks anew.
    assert_eq!(ending.disable_client("app", false).await.unwrap(), Some(Ended::default()));
    assert_eq!(bench.call(LIST, &held, body.clone()).await.status, 401);
    let again = token(&secret).await.token();
    assert_eq!(bench.call(LIST, &again, body.clone()).await.status, 200);
    assert_eq!(ending.disable_client("nobody", true).await.unwrap(), None);
}

/// What was begun before an operator ended it, and stored after that.
#[tokio::test]
async fn what_was_under_way_is_dead_when_it_comes() {
    let bench = Bench::new().await;
    let (ending, tokens) = (Ending::new(&bench.parts.repositories), &bench.site.app.tokens);
    bench.client("app", PinTransport::Sealed, Reach::All).await;
    let users = &bench.parts.repositories.users;
    let ann = users.find(&bench.ann).await.unwrap().unwrap();
    // A password was judged, and a client recognised.
    let bearer = |user: Option<String>| Bearer {
        client: "app".to_owned(),
        user,
        reach: Reach::All,
        key: None,
        eras: Eras { client: 0, user: ann.era },
    };
    for switch in [true, false] {
        ending.disable_user(&bench.ann, switch).await.unwrap();
        let (cookie, _) = bench.site.app.sessions.begin(&ann, Language::En, None, None).await.unwrap();
        assert!(bench.site.app.sessions.find(Some(cookie.expose_secret())).await.unwrap().is_none());
        let issued = tokens.issue_with_refresh(bearer(Some(ann.id.clone()))).await.unwrap();
        assert!(matches!(tokens.resolve(issued.access.expose_secret()).await, Err(tokens::Error::Expired)));
        let refresh = issued.refresh.unwrap();
        assert!(matches!(tokens.renew(refresh.expose_secret(), "app", None).await, Err(tokens::Error::Expired)));
    }
    let again = users.find(&bench.ann).await.unwrap().unwrap();
    assert_eq!(again.era, ann.era + 1);
    for switch in [true, false] {
        ending.disable_client("app", switch).await.unwrap();
        let issued = tokens.issue(bearer(None)).await.unwrap();
        assert!(matches!(tokens.resolve(issued.access.expose_secret()).await, Err(tokens::Error::Expired)));
    }
    // A change of password by who knew the old one comes after the operator's.
    let hash = |text: &str| PasswordHash(text.to_owned());
    assert!(users.set_password(&ann.id, hash("$operator")).await.unwrap());
    assert!(!users.replace_password(&ann.id, ann.password.clone(), hash("$thief")).await.unwrap());
    let found = users.find(&ann.id).await.unwrap().unwrap();
    assert_eq!((found.password, found.era), (hash("$operator"), ann.era + 2));
}

#[tokio::test]
async fn no_code_and_no_channel_outlives_its_user_or_its_app() {
    let bench = Bench::new().await;
    let ending = Ending::new(&bench.parts.repositories);
    let secret = bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let service = [("response_type", "code"), ("client_id", "app"), ("scope", "service")];
    let signing = [("response_type", "code"), ("client_id", "app"), ("scope", "credential"), ("credentialID", &id)];
    let signing = [&signing[..], &[("hash", HASH)]].concat();
    for user in [true, false] {
        let switch = async |off: bool| match user {
            true => ending.disable_user(&bench.ann, off).await.unwrap(),
            false => ending.disable_client("app", off).await.unwrap(),
        };
        let (cookie, session) = bench.browser(&bench.ann).await;
        let accepted = bench.authorize(&service).await;
        let Next::Redirect(back) = bench.approve(accepted.request(), &session).await else { panic!() };
        let code = parameter(&back, "code").unwrap();
        let accepted = bench.authorize(&signing).await;
        let Next::Sign(url) = bench.approve(accepted.request(), &session).await else { panic!() };
        let (tx, token) = url.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
        let third = bench.authorize(&service).await;
        switch(true).await.unwrap();
        let relayed = bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await;
        assert_eq!((relayed.status, &relayed.json["error"]), (410, &json!("withdrawn")));
        if user {
            assert_eq!(bench.come_back(tx, &cookie).await.location(), "", "nobody is signed in");
        } else {
            let back = bench.come_back(tx, &cookie).await;
            assert!(back.status == 410 && back.text.contains("This request was withdrawn"), "{}", back.text);
        }
        switch(false).await.unwrap();
        if !user {
            let requests = &bench.site.app.requests;
            assert!(matches!(requests.describe(third.request()).await, Err(requests::Error::Withdrawn)));
            assert!(matches!(requests.approve(third.request(), &session, None).await, Err(requests::Error::Withdrawn)));
            assert!(matches!(requests.deny(third.request(), &session).await, Err(requests::Error::Withdrawn)));
            assert_eq!(bench.come_back(tx, &cookie).await.status, 410, "nor later");
        }
        let relayed = bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await;
        assert_eq!(relayed.json["error"], "withdrawn");
        let asked = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("client_secret", &secret),
            ("code", &code),
            ("redirect_uri", "https://app.example/cb"),
        ];
        let heard = bench.token(&asked).await;
        assert_eq!(heard.json["error"], "invalid_grant", "{:?}", heard.json);
    }
}

#[tokio::test]
async fn a_leaked_secret_is_replaced() {
    let bench = Bench::new().await;
    let old = bench.client("app", PinTransport::Sealed, Reach::All).await;
    let clients = bench.parts.clients();
    let new = clients.renew_secret("app").await.unwrap();
    assert!(matches!(clients.authenticate("app", &old, None).await, Err(clients::Error::WrongSecret)));
    assert!(clients.authenticate("app", new.expose_secret(), None).await.is_ok());
    assert!(matches!(clients.renew_secret("nobody").await, Err(clients::Error::Unknown)));
}

#[tokio::test]
async fn nobody_signs_in_to_a_disabled_account() {
    let bench = Bench::new().await;
    let ending = Ending::new(&bench.parts.repositories);
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.login("ann").await;
    bench.browser(&bench.ann).await;
    assert_eq!(bench.call(LIST, &token, json!({})).await.status, 200);

    let ended = ending.disable_user(&bench.ann, true).await.unwrap();
    assert_eq!(ended, Some(Ended { tokens: 1, sessions: 1 }));
    assert_eq!(ending.keys_of(&bench.ann).await.unwrap(), std::slice::from_ref(&key));
    assert_eq!(bench.call(LIST, &token, json!({})).await.status, 401);
    let refused = bench.login_with("ann", "hunter22", json!({})).await;
    let wrong = bench.login_with("ann", "hunter23", json!({})).await;
    assert_eq!(refused.error(), wrong.error(), "as with a wrong password");
    let app = bench.client_token("app", PinTransport::Sealed, Reach::All).await;
    assert_eq!(bench.call(LIST, &app, json!({ "userID": bench.ann })).await.status, 400);
    let info = bench.call("/csc/v1/credentials/info", &app, json!({ "credentialID": key })).await;
    assert_eq!(info.error().2, "Invalid parameter credentialID", "no app reaches the key");

    ending.disable_user(&bench.ann, false).await.unwrap();
    assert_eq!(bench.call(LIST, &bench.login("ann").await, json!({})).await.status, 200);
    assert_eq!(ending.disable_user("nobody", true).await.unwrap(), None);
}

/// What was pushed in an earlier era nobody takes up, not even with the new secret.
#[tokio::test]
async fn a_pushed_request_ends_with_its_era() {
    let bench = Bench::new().await;
    let secret = bench.register(registration("app")).await;
    let basic = |secret: &str| Some(format!("Basic {}", BASE64.encode(format!("app:{secret}").as_bytes())));
    let push = async |secret: &str| {
        let basic = basic(secret);
        let heard = bench.form("/oauth2/pushed_authorize", "response_type=code&scope=service", basic.as_deref()).await;
        heard.json["request_uri"].as_str().unwrap().to_owned()
    };
    let go = async |uri: &str| {
        let gone = bench.authorize(&[("client_id", "app"), ("request_uri", uri)]).await;
        gone.location().contains("/account/approve")
    };
    let old = push(&secret).await;
    let new = bench.parts.clients().renew_secret("app").await.unwrap();
    assert!(!go(&old).await);
    let uri = push(new.expose_secret()).await;
    assert!(go(&uri).await);
}

/// A PIN that an app sealed by itself: what came of it is fetched in the era that it was asked for in, or not at all.
#[tokio::test]
async fn a_sealed_approval_ends_with_its_era() {
    let bench = Bench::new().await;
    let ending = Ending::new(&bench.parts.repositories);
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let mut app = bench.client_token("app", PinTransport::Sealed, Reach::All).await;
    for ended in [false, true] {
        let mut ask = json!({ "credentialID": key, "numSignatures": 1, "hash": [HASH] });
        let registered = bench.call("/rch", &app, ask.clone()).await.json;
        let (tx, token) = (registered["tx"].as_str().unwrap(), registered["token"].as_str().unwrap());
        bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await;
        let outcome = ChannelOutcome::Authorised(Authorized { sad: "sad_one".into(), expires_in: 300 });
        bench.signer.outcomes.lock().unwrap().push_back(outcome);
        assert_eq!(bench.relay(tx, token, "record", json!({ "record": "AQID" })).await.json["state"], "done");
        if ended {
            ending.disable_client("app", true).await.unwrap();
            ending.disable_client("app", false).await.unwrap();
            let secret = bench.parts.clients().renew_secret("app").await.unwrap();
            let form = format!("grant_type=client_credentials&client_id=app&client_secret={}", secret.expose_secret());
            app = bench.form("/oauth2/token", &form, None).await.token();
        }
        ask["PIN"] = json!(format!("rch1:{tx}"));
        let heard = bench.call("/csc/v1/credentials/authorize", &app, ask).await;
        match ended {
            false => assert_eq!(heard.json["SAD"], "sad_one"),
            true => assert_eq!(heard.error(), (400, "invalid_pin", "The PIN is invalid")),
        }
    }
}

/// Signatures that are fetched later: an app that was disabled meanwhile is told of none, and has none.
#[tokio::test]
async fn what_is_signed_for_a_disabled_app_is_nobodys() {
    let bench = Bench::with("", "[asynchronous]\npatience_ms = 1").await;
    let ending = Ending::new(&bench.parts.repositories);
    let key = bench.credential(&bench.ann, Scal::Two).await;
    let callback = Arc::new(FakeCallback::default());
    let parts = Parts { callback: callback.clone(), ..bench.parts.clone() };
    let app = App::new(&bench.site.config, &parts, PUBLIC).unwrap();
    bench.register(Registration { reach: Reach::All, ..registration("app") }).await;
    let bearer = async || {
        let era = bench.parts.repositories.clients.registered("app").await.unwrap().unwrap().era;
        let eras = Eras { client: era, user: 0 };
        Bearer { client: "app".to_owned(), user: None, reach: Reach::All, key: None, eras }
    };
    let start = async |uri: &str| {
        let bearer = bearer().await;
        let credential = app.credentials.reach(&bearer, &key).await.unwrap();
        let (scheme, hashes) = (Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 }, vec![Bytes(vec![7; 32])]);
        let work = Work::Hashes(Hashes { bearer, credential, sad: "sad_one".into(), scheme, hashes });
        let deferral = Deferral { validity: 3_600_000, response_uri: Some(uri.to_owned()) };
        app.jobs.start(Order { work, deferral }).await.unwrap()
    };
    let poll = async |id: &str| {
        let bearer = bearer().await;
        app.jobs.poll(id, Asker { bearer: &bearer, credential: None, user: None }).await
    };
    let done = "https://app.example/done";
    let slots = &app.jobs.slots;
    let all = slots.available_permits();
    // What comes of it is stored, and its app told, before its place is free again.
    let signed = async |count: usize| {
        let is_over = || bench.signer.signed.lock().unwrap().len() == count && slots.available_permits() == all;
        until("the job is over", || is_over().then_some(())).await;
    };
    let kept = start(done).await;
    signed(1).await;
    assert_eq!(*callback.0.lock().unwrap(), [(done.to_owned(), kept.clone())]);
    assert!(matches!(poll(&kept).await, Ok(Polled::Signed(_))));

    let held = bench.signer.sign_turn.clone().acquire_owned().await.unwrap();
    let under_way = start(done).await;
    assert!(matches!(poll(&under_way).await, Ok(Polled::Running)));
    ending.disable_client("app", true).await.unwrap();
    drop(held);
    signed(2).await;
    assert_eq!(callback.0.lock().unwrap().len(), 1, "nobody is told");
    ending.disable_client("app", false).await.unwrap();
    for job in [&kept, &under_way] {
        assert!(matches!(poll(job).await, Err(jobs::Error::Unknown)), "nor let in again");
    }

    // The same where the owner of the key was disabled.
    let held = bench.signer.sign_turn.clone().acquire_owned().await.unwrap();
    let under_way = start(done).await;
    ending.disable_user(&bench.ann, true).await.unwrap();
    drop(held);
    signed(3).await;
    assert!(matches!(poll(&under_way).await, Err(jobs::Error::Unknown)));
    ending.disable_user(&bench.ann, false).await.unwrap();
    assert!(matches!(poll(&under_way).await, Err(jobs::Error::Unknown)));
    assert_eq!(callback.0.lock().unwrap().len(), 1);
}
