//! The relay of the channel: who may use it, what it tells, what comes of it (A-05, A-08, A-28, A-37; DESIGN 5).

mod broken;
mod denied;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::{Method, Request, header};
use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{
    Authorized, ChannelOutcome, CreatedCredential, Enrol, FactorKind, Obstacle, Operation, Refusal, Scal, State,
    Stretch,
};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::flow::{Visited, parameter};
use super::{Bench, HASH, PUBLIC, registration};
use crate::app::{App, Parts};
use crate::domain::client::{ACCOUNT, PinTransport, Reach};
use crate::domain::credential::{AuthMode, Known};
use crate::domain::language::Language;
use crate::domain::token::Eras;
use crate::domain::transaction::Origin;
use crate::port::random::{Exhausted, Random, SystemSource};
use crate::service::oauth::requests::Next;
use crate::service::transactions::{Start, Started};

const SIGN: &str = "https://sign.example";

impl Bench {
    fn due(&self, outcomes: impl IntoIterator<Item = ChannelOutcome>) {
        self.signer.outcomes.lock().unwrap().extend(outcomes);
    }

    /// One record: the state it leads to, or the word of its error.
    async fn record(&self, tx: &str, token: &str) -> String {
        let heard = self.relay(tx, token, "record", json!({ "record": "AQID" })).await;
        let word = if heard.status == 200 { &heard.json["state"] } else { &heard.json["error"] };
        word.as_str().unwrap().to_owned()
    }

    async fn start(&self, operation: Operation, enrol: Option<Enrol>, credential: &str) -> Started {
        let (_, session) = self.browser(&self.ann).await;
        let start = Start {
            operation,
            user: self.ann.clone(),
            client: ACCOUNT.to_owned(),
            app: None,
            credential: credential.to_owned(),
            signatures: 0,
            list: Vec::new(),
            labels: Vec::new(),
            enrol,
            label: None,
            mode: AuthMode::default(),
            signed: None,
            origin: Origin::Account { session: session.digest.clone(), return_to: "/account/keys".to_owned() },
            eras: session.eras(),
            language: Language::Pt,
        };
        self.site.app.transactions.register(start).await.unwrap()
    }
}

fn authorised(sad: &str) -> ChannelOutcome {
    ChannelOutcome::Authorised(Authorized { sad: sad.into(), expires_in: 300 })
}

async fn cors(bench: &Bench, method: Method, origin: &str) -> Visited {
    let request = Request::builder().method(method).uri("/rch/tx").header(header::ORIGIN, origin);
    bench.visit(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn only_the_signing_pages_scripts_may_ask() {
    let bench = Bench::new().await;
    let preflight = cors(&bench, Method::OPTIONS, SIGN).await;
    assert_eq!((preflight.status, preflight.text.as_str()), (204, ""));
    let field = |name: &str| preflight.headers[name].to_str().unwrap().to_owned();
    assert_eq!(field("access-control-allow-origin"), SIGN);
    assert_eq!(field("access-control-allow-methods"), "GET, POST");
    assert_eq!(field("access-control-allow-headers"), "authorization, content-type");
    assert!(preflight.headers.get("access-control-allow-credentials").is_none());
    let answer = cors(&bench, Method::GET, SIGN).await;
    assert_eq!(answer.headers["access-control-allow-origin"], SIGN, "it has to read errors too");
    for origin in [PUBLIC, "https://sign.example.evil.example", "https://SIGN.example", "null", "http://sign.example"] {
        for method in [Method::OPTIONS, Method::GET] {
            let seen = cors(&bench, method, origin).await;
            assert!(seen.headers.get("access-control-allow-origin").is_none(), "{origin}");
            assert_eq!(seen.headers[header::VARY], "origin");
        }
    }
}

#[tokio::test]
async fn a_37_the_page_is_told_what_the_signer_is_told() {
    let bench = Bench::new().await;
    bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let details = json!([{ "type": "credential", "credentialID": id, "hashAlgorithmOID": super::flow::SHA256,
        "documentDigests": [{ "hash": HASH, "label": "a\u{202e}b" }] }])
    .to_string();
    let asked =
        [("response_type", "code"), ("client_id", "app"), ("authorization_details", &details), ("lang", "pt-PT")];
    let accepted = bench.authorize(&asked).await;
    let (_, session) = bench.browser(&bench.ann).await;
    let Next::Sign(url) = bench.approve(accepted.request(), &session).await else { panic!() };
    let (tx, token) = url.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
    let request = Request::get(format!("/rch/{tx}")).header(header::AUTHORIZATION, format!("Bearer {token}"));
    let told = bench.exchange(request.body(Body::empty()).unwrap()).await.json;
    assert_eq!(bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await.status, 200);
    let hellos = bench.signer.hellos.lock().unwrap();
    let registered = serde_json::to_value(&hellos[0].registration).unwrap();
    for (page, signer) in
        [("operation", "operation"), ("tx", "tx"), ("tenant", "tenant"), ("user", "user"), ("client", "client")]
    {
        assert_eq!(told[page], registered[signer], "{page}");
    }
    assert_eq!((&told["credential"], &told["keyVersion"]), (&registered["credential"], &registered["key_version"]));
    assert_eq!(
        told["list"],
        json!({ "algorithm": super::flow::SHA256, "entries": [
        { "type": "untyped", "hash": HASH.trim_end_matches('='), "label": "ab" }] })
    );
    assert_eq!(
        (&told["signatures"], &told["language"], &told["app"]["name"]),
        (&json!(1), &json!("pt"), &json!("app"))
    );
    assert_eq!(told["return"], format!("{PUBLIC}/oauth2/return?tx={tx}"));
    assert_eq!(told["certificate"]["keyType"], "RSA-2048");
}

#[tokio::test]
async fn a_transaction_is_for_its_token_and_its_time() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let Started { tx, token } = bench.start(Operation::ChangePin, None, &id).await;
    let token = token.expose_secret();
    let hello = async |tx: &str, token: &str, body| {
        let heard = bench.relay(tx, token, "hello", body).await;
        (heard.status, heard.json["error"].as_str().unwrap_or_default().to_owned())
    };
    let good = json!({ "hello": "AAAA" });
    assert_eq!(hello(&tx, "x", good.clone()).await, (404, "unknown".to_owned()));
    assert_eq!(hello("AAAAAAAAAAAAAAAAAAAAAA", token, good.clone()).await, (404, "unknown".to_owned()));
    assert_eq!(hello(&tx, token, json!({ "hello": "AA==" })).await, (400, "failed".to_owned()));
    assert_eq!(hello(&tx, token, json!({ "hello": "AAAA", "pin": "1" })).await, (400, "failed".to_owned()));
    assert_eq!(bench.record(&tx, token).await, "failed", "before the handshake");
    for refusal in [Refusal::Busy, Refusal::Channel] {
        *bench.signer.refusal.lock().unwrap() = Some(refusal);
        let word = if refusal == Refusal::Busy { "busy" } else { "failed" };
        assert_eq!(hello(&tx, token, good.clone()).await.1, word);
    }
    *bench.signer.refusal.lock().unwrap() = None;
    assert_eq!(hello(&tx, token, good.clone()).await.0, 200);
    bench.due([ChannelOutcome::Open(Obstacle::WrongPin), ChannelOutcome::PinChanged]);
    assert_eq!(bench.record(&tx, token).await, "open");
    assert_eq!(bench.record(&tx, token).await, "done");
    assert_eq!(hello(&tx, token, good.clone()).await.1, "failed", "nothing more comes of it");
    bench.wait(300_000);
    assert_eq!(bench.record(&tx, token).await, "expired");
    // A flood of handshakes does not reach the signer.
    let Started { tx, token } = bench.start(Operation::ChangePin, None, &id).await;
    let before = bench.signer.hellos.lock().unwrap().len();
    for _ in 0..30 {
        hello(&tx, token.expose_secret(), good.clone()).await;
    }
    assert_eq!(bench.signer.hellos.lock().unwrap().len() - before, 20);
}

#[tokio::test]
async fn a_05_a_08_only_the_session_that_began_comes_back() {
    let bench = Bench::new().await;
    bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let asked = [("response_type", "code"), ("client_id", "app"), ("scope", "credential"), ("credentialID", &id)];
    let accepted = bench.authorize(&[&asked[..], &[("hash", HASH)]].concat()).await;
    let (cookie, session) = bench.browser(&bench.ann).await;
    let Next::Sign(url) = bench.approve(accepted.request(), &session).await else { panic!() };
    let (tx, _) = url.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
    // Nothing was approved yet: back to the page that asks.
    assert!(bench.come_back(tx, &cookie).await.location().contains("/account/approve?request=ar_"));
    bench.sign_page(&url, "sad_one").await;
    let bob = bench.user("bob").await;
    let (foreign, _) = bench.browser(&bob).await;
    let (elsewhere, _) = bench.browser(&bench.ann).await;
    for cookie in [foreign, elsewhere, "x".into()] {
        let seen = bench.come_back(tx, &cookie).await;
        assert_eq!((seen.status, seen.location()), (403, ""));
    }
    let back = bench.come_back(tx, &cookie).await;
    assert!(parameter(back.location(), "code").unwrap().starts_with("ac_"));
    // The code is given out once.
    assert!(bench.come_back(tx, &cookie).await.location().contains("/account/approve?request="));
}

#[tokio::test]
async fn who_types_a_pin_has_time_for_it() {
    let bench = Bench::new().await;
    bench.register(registration("app")).await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let asked = [("response_type", "code"), ("client_id", "app"), ("scope", "credential"), ("credentialID", &id)];
    let accepted = bench.authorize(&[&asked[..], &[("hash", HASH)]].concat()).await;
    bench.wait(599_000);
    let (cookie, session) = bench.browser(&bench.ann).await;
    let Next::Sign(url) = bench.approve(accepted.request(), &session).await else { panic!() };
    bench.wait(200_000);
    let tx = bench.sign_page(&url, "sad_late").await;
    assert!(parameter(bench.come_back(&tx, &cookie).await.location(), "code").is_some());
    // Once the request is over, what was approved for it is ended and not kept.
    let accepted = bench.authorize(&[&asked[..], &[("hash", HASH)]].concat()).await;
    let Next::Sign(first) = bench.approve(accepted.request(), &session).await else { panic!() };
    bench.site.app.requests.deny(accepted.request(), &session).await.unwrap();
    let tx = bench.sign_page(&first, "sad_one").await;
    assert_eq!(bench.come_back(&tx, &cookie).await.status, 410);
    assert_eq!(*bench.signer.ended.lock().unwrap(), ["sad_one"]);
}

#[tokio::test]
async fn a_sealed_pin_is_a_finished_transaction_of_the_same_members() {
    let bench = Bench::new().await;
    let (id, other) = (bench.credential(&bench.ann, Scal::Two).await, bench.credential(&bench.ann, Scal::Two).await);
    let app = bench.client_token("app", PinTransport::Sealed, Reach::All).await;
    let stranger = bench.client_token("stranger", PinTransport::Sealed, Reach::All).await;
    let ask = json!({ "credentialID": id, "numSignatures": 1, "hash": [HASH] });
    let registered = bench.call("/rch", &app, ask.clone()).await;
    assert_eq!((registered.status, &registered.json["expires_in"]), (200, &json!(300)), "{:?}", registered.json);
    let text = |name: &str| registered.json[name].as_str().unwrap().to_owned();
    let (tx, token) = (text("tx"), text("token"));
    let authorize = async |token: &str, changed: serde_json::Value| {
        let mut ask = ask.clone();
        ask["PIN"] = json!(format!("rch1:{tx}"));
        ask.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        bench.call("/csc/v1/credentials/authorize", token, ask).await
    };
    let wrong = (400, "invalid_pin", "The PIN is invalid");
    assert_eq!(authorize(&app, json!({})).await.error(), wrong, "before anything came of it");
    bench.relay(&tx, &token, "hello", json!({ "hello": "AAAA" })).await;
    bench.due([authorised("sad_one")]);
    assert_eq!(bench.record(&tx, &token).await, "done");
    let two = json!({ "numSignatures": 2, "hash": [HASH, HASH] });
    let hash = json!({ "hash": ["BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="] });
    for changed in [two, hash, json!({ "credentialID": other }), json!({ "PIN": "rch1:x" })] {
        assert_eq!(authorize(&app, changed.clone()).await.error(), wrong, "{changed}");
    }
    assert_eq!(authorize(&stranger, json!({})).await.error(), wrong, "A-08");
    let clear = authorize(&app, json!({ "PIN": "31415926" })).await;
    assert!(clear.error().2.contains("sealed"), "A-46");
    assert_eq!(authorize(&app, json!({})).await.json, json!({ "SAD": "sad_one", "expiresIn": 300 }));
    assert_eq!(authorize(&app, json!({})).await.error(), wrong, "once");
    assert!(bench.signer.pins.lock().unwrap().is_empty(), "none of this was a try");
    // Registration is judged like authorize.
    for (changed, sentence) in [
        (json!({ "credentialID": id }), "Missing (or invalid type) integer parameter numSignatures"),
        (json!({ "credentialID": "x", "numSignatures": 1 }), "Invalid parameter credentialID"),
        (json!({ "credentialID": id, "operation": "enrol" }), "Invalid parameter operation"),
    ] {
        assert_eq!(bench.call("/rch", &app, changed).await.error().2, sentence);
    }
    let native = json!({ "credentialID": id, "numSignatures": 2, "operation": "sign" });
    assert_eq!(bench.call("/rch", &app, native).await.status, 200);
}

#[tokio::test]
async fn a_key_is_kept_certified_and_activated() {
    let bench = Bench::new().await;
    let (id, subject) = bench.parts.enrolment("default").begin(&bench.ann).await.unwrap();
    let enrol = Enrol {
        key: KeyType::P256,
        scal: Scal::Two,
        multisign: 5,
        stretch: Stretch::Hmac,
        factor: FactorKind::None,
        subject,
    };
    let Started { tx, token } = bench.start(Operation::Enrol, Some(enrol), &id).await;
    let token = token.expose_secret();
    assert_eq!(bench.relay(&tx, token, "hello", json!({ "hello": "AAAA" })).await.status, 200);
    let some = Bytes(vec![1, 2, 3]);
    let created = CreatedCredential { key: some.clone(), spki: some.clone(), request: some, factor: FactorKind::None };
    *bench.signer.state.lock().unwrap() = State::Linked;
    bench.due([ChannelOutcome::Enrolled(created), ChannelOutcome::Open(Obstacle::NotYet), ChannelOutcome::Closed]);
    assert_eq!(bench.record(&tx, token).await, "open");
    let kept = bench.parts.repositories.credentials.find(&id).await.unwrap().unwrap();
    assert!(kept.certified && kept.state == Known::Enrolling && kept.multisign == 5);
    assert_eq!(bench.record(&tx, token).await, "open", "not yet");
    *bench.signer.state.lock().unwrap() = State::Active;
    assert_eq!(bench.record(&tx, token).await, "done");
    assert_eq!(bench.parts.repositories.credentials.find(&id).await.unwrap().unwrap().state, Known::Active);
    assert!(bench.parts.repositories.enrolments.open(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_factor_is_noted_once_it_is_confirmed() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let Started { tx, token } = bench.start(Operation::Factor, None, &id).await;
    let token = token.expose_secret();
    let told = async || bench.described(&tx, token).await["factor"].clone();
    assert_eq!(told().await, "none");
    let hello = async || bench.relay(&tx, token, "hello", json!({ "hello": "AAAA" })).await.status;
    assert_eq!(hello().await, 200);
    bench.due([
        ChannelOutcome::Open(Obstacle::WrongPin),
        ChannelOutcome::FactorBegun,
        ChannelOutcome::Open(Obstacle::WrongFactor),
        ChannelOutcome::FactorConfirmed,
    ]);
    assert_eq!(bench.record(&tx, token).await, "open");
    assert_eq!(bench.record(&tx, token).await, "open");
    assert_ne!(hello().await, 200, "what was begun is in its channel and in no other");
    // The owner looks for the phone: what is left of the channel's life, though the transaction's began before.
    bench.wait(299_000);
    assert_eq!(bench.record(&tx, token).await, "open");
    bench.wait(60_000);
    assert_eq!(bench.record(&tx, token).await, "done");
    let kept = bench.parts.repositories.credentials.find(&id).await.unwrap().unwrap();
    assert_eq!(kept.factor, FactorKind::Totp);
    let again = bench.start(Operation::ChangePin, None, &id).await;
    assert_eq!(bench.described(&again.tx, again.token.expose_secret()).await["factor"], "totp");
}
