//! `operationMode` A and `signatures/signPolling`: signatures that are fetched later, and apps that are told.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::api::{sign_hash, signatures};
use harness::{Algorithm, Answer, Hash, Pieces, Session, Version, Wanted, parameter, send, shared};
use rustix::process::Signal;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use crate::common::{Outsider, WHILE, fetched, until};
use crate::pages::{Scene, token};
use crate::rows::spelled;

const LOST: &str = "Invalid parameter requestID";

/// Body of `signHash` in mode A.
fn deferred(who: &Outsider, sad: &str, hashes: &[Hash]) -> Value {
    let mut body = spelled(Version::V2, &sign_hash(&who.credential, sad, &Algorithm::usual("P-256"), hashes));
    body["operationMode"] = json!("A");
    body
}

async fn start(session: &Session, body: Value) -> String {
    let answer = session.call("v2/signatures/signHash", body).await.ok();
    assert!(answer.get("signatures").is_none(), "{answer}");
    answer["responseID"].as_str().unwrap().to_owned()
}

async fn poll(session: &Session, id: &str) -> Answer {
    session.call("v2/signatures/signPolling", json!({ "requestID": id })).await
}

#[tokio::test]
async fn signatures_are_fetched_later_by_who_asked_for_them() {
    let who = Outsider::enrol("later", Wanted::QUICK).await;
    let hashes = Hash::many("later", 3);
    let sad = who.session.authorize(&who.credential, &hashes).await;
    let id = start(&who.session, deferred(&who, &sad, &hashes)).await;
    for _ in 0..2 {
        let fetched = signatures(&fetched(&who.session, &id).await.ok());
        assert_eq!(fetched.len(), 3);
        for (hash, signature) in hashes.iter().zip(&fetched) {
            who.verifies(&Algorithm::usual("P-256"), hash, signature);
        }
        // The same hashes again: the same signatures, whatever the mode.
        assert_eq!(who.session.sign(&who.credential, &sad, &Algorithm::usual("P-256"), &hashes).await, fetched);
    }
    // to everybody else there is no such job.
    let other = Outsider::enrol("not-theirs", Wanted::QUICK).await;
    let app = shared().api().client(shared().ready.client("legacy", "clear")).await;
    for session in [&other.session, &app] {
        assert_eq!(poll(session, &id).await.error(), (400, "invalid_request", LOST));
    }
}

#[tokio::test]
async fn polling_answers_by_its_rows() {
    let who = Outsider::enrol("polling", Wanted::QUICK).await;
    let other = Outsider::enrol("polling-other", Wanted::QUICK).await;
    let app = shared().api().client(shared().ready.client("legacy", "clear")).await;
    let hash = [Hash::of("polling")];
    let mine = start(&who.session, {
        let sad = who.session.authorize(&who.credential, &hash).await;
        deferred(&who, &sad, &hash)
    });
    let mine = mine.await;
    let apps = start(&app, {
        let sad = app.authorize(&who.credential, &hash).await;
        deferred(&who, &sad, &hash)
    });
    let apps = apps.await;
    assert_eq!(fetched(&app, &apps).await.status, 200);
    let missing = "Missing (or invalid type) string parameter requestID";
    let rows = [
        (&who.session, json!({}), missing),
        (&who.session, json!({ "requestID": null }), missing),
        (&who.session, json!({ "requestID": 7 }), missing),
        (&who.session, json!({ "requestID": "" }), LOST),
        (&who.session, json!({ "requestID": "x".repeat(10_000) }), LOST),
        (&who.session, json!({ "requestID": mine, "userID": who.user.id }), "userID parameter SHALL be null"),
        (&app, json!({ "requestID": apps, "userID": other.user.id }), "Invalid parameter \"userID\""),
        (&app, json!({ "requestID": apps, "userID": 7 }), "Invalid parameter \"userID\""),
        (&who.session, json!({ "requestID": mine, "clientData": 7 }), "Invalid parameter clientData"),
    ];
    for (session, body, sentence) in rows {
        for version in Version::BOTH {
            let heard = session.call(&format!("{}/signatures/signPolling", version.segment()), body.clone()).await;
            assert_eq!(heard.error(), (400, "invalid_request", sentence), "{body}");
        }
    }
    let ask = json!({ "requestID": apps, "userID": who.user.id, "clientData": "x" });
    assert_eq!(signatures(&app.call("v2/signatures/signPolling", ask).await.ok()).len(), 1);
}

#[tokio::test]
async fn mode_a_answers_by_its_rows_and_signs_nothing() {
    let who = Outsider::enrol("mode-rows", Wanted::QUICK).await;
    let hash = [Hash::of("mode rows")];
    let sad = who.session.authorize(&who.credential, &hash).await;
    let right = deferred(&who, &sad, &hash);
    let mode = "Invalid parameter operationMode";
    let bounds = "Out of bounds parameter validity_period";
    for (name, value, sentence) in [
        ("operationMode", json!("B"), mode),
        ("operationMode", json!("a"), mode),
        ("operationMode", json!(1), mode),
        ("validity_period", json!("1000"), "Invalid parameter validity_period"),
        ("validity_period", json!(1.5), "Invalid parameter validity_period"),
        ("validity_period", json!(0), bounds),
        ("validity_period", json!(-1000), bounds),
        ("validity_period", json!(999), bounds),
        ("validity_period", json!(24 * 3600 * 1000 + 1), bounds),
        ("validity_period", json!(u64::MAX), bounds),
        ("response_uri", json!(7), "Invalid parameter response_uri"),
        // registered beforehand or never called.
        ("response_uri", json!("https://app.example/done"), "Invalid parameter response_uri"),
        ("response_uri", json!(""), "Invalid parameter response_uri"),
    ] {
        let mut body = right.clone();
        body[name] = value;
        let heard = who.session.call("v2/signatures/signHash", body.clone()).await;
        assert_eq!(heard.error(), (400, "invalid_request", sentence), "{body}");
    }
    let trail = shared().trail();
    let signed = trail.of("signed", "success").filter(|entry| entry["credential"] == *who.credential.id);
    assert_eq!(signed.count(), 0, "what is refused is not signed");
    // Under S the two say nothing, whatever they are.
    let mut body = right.clone();
    (body["operationMode"], body["validity_period"], body["response_uri"]) = (json!("S"), json!("x"), json!(7));
    assert_eq!(signatures(&who.session.call("v2/signatures/signHash", body).await.ok()).len(), 1);
    // What the signer refuses is refused in the answer, or where that did not wait for it, to who polls.
    let mut heard = who.session.call("v2/signatures/signHash", deferred(&who, &sad, &[Hash::of("another")])).await;
    if let Some(id) = heard.json["responseID"].as_str() {
        heard = fetched(&who.session, id).await;
    }
    assert_eq!(heard.error(), (400, "invalid_request", "Hash is not authorized by the SAD"));
}

#[tokio::test]
async fn signatures_are_gone_after_their_time() {
    let who = Outsider::enrol("short-lived", Wanted::QUICK).await;
    let hash = [Hash::of("short-lived")];
    let sad = who.session.authorize(&who.credential, &hash).await;
    let mut body = deferred(&who, &sad, &hash);
    body["validity_period"] = json!(1000);
    let (id, started) = (start(&who.session, body).await, Instant::now());
    while started.elapsed() < Duration::from_millis(1100) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(poll(&who.session, &id).await.error(), (400, "invalid_request", LOST));
}

#[tokio::test]
async fn a_credential_token_fetches_what_its_credential_signed_and_nothing_else() {
    let mut scene = Scene::set("async-bearer").await;
    let hash = [Hash::of("async bearer")];
    let landed = scene.approve(&hash).await;
    let bearer = scene.api.with(&token(scene.redeem(&parameter(&landed, "code").unwrap()).await));
    let mut body = deferred(&scene.who, "", &hash);
    body.as_object_mut().unwrap().remove("SAD");
    let id = start(&bearer, body).await;
    let fetched = signatures(&fetched(&bearer, &id).await.ok());
    scene.who.verifies(&Algorithm::usual("P-256"), &hash[0], &fetched[0]);
    // The same app with the token of another credential of the same person.
    let second = shared().operator().enrol(&scene.who.user.id, Wanted::QUICK);
    scene.who.credential = second;
    let landed = scene.approve(&hash).await;
    let other = scene.api.with(&token(scene.redeem(&parameter(&landed, "code").unwrap()).await));
    assert_eq!(poll(&other, &id).await.error(), (400, "invalid_request", LOST));
}

/// Both services, with these settings for what is fetched later, and an app that may be told at this URI.
async fn pieces(settings: &str, uri: &str) -> (Pieces, Outsider, Session) {
    let mut pieces = Pieces::seeded();
    pieces.configure("gateway.toml", |config| {
        config.insert("asynchronous".to_owned(), settings.parse::<toml::Table>().unwrap().into());
    });
    pieces.start_signer();
    pieces.start_gateway();
    let (operator, api) = (pieces.operator(), pieces.api());
    let app = operator.add_client_with("told", &["--response-uri", uri]);
    let who = Outsider::enrol_on(&operator, &api, "told", Wanted::QUICK).await;
    let app = api.client(&app).await;
    (pieces, who, app)
}

#[tokio::test]
async fn who_polls_too_early_hears_202() {
    let (pieces, who, app) = pieces("patience_ms = 100", "https://app.example/done").await;
    let hash = [Hash::of("early")];
    let sad = app.authorize(&who.credential, &hash).await;
    let signer = pieces.signer.as_ref().unwrap().pid();
    send(signer, Signal::STOP);
    let id = start(&app, deferred(&who, &sad, &hash)).await;
    let heard = poll(&app, &id).await;
    send(signer, Signal::CONT);
    let sentence = "The previous async request has been accepted but not yet completed";
    assert_eq!(heard.error(), (202, "accepted_request", sentence));
    let started = Instant::now();
    let fetched = loop {
        let heard = poll(&app, &id).await;
        if heard.status == 200 {
            break signatures(&heard.json);
        }
        assert_eq!(heard.status, 202);
        assert!(started.elapsed() < WHILE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    who.verifies(&Algorithm::usual("P-256"), &hash[0], &fetched[0]);
}

#[tokio::test]
async fn a_job_that_dies_with_its_gateway_is_lost_and_the_same_request_gives_the_signatures() {
    let (mut pieces, who, app) = pieces("patience_ms = 50", "https://app.example/done").await;
    // A job is lost after twice as long. Not yet while keys were made, which takes its time.
    pieces.stop_gateway();
    pieces.configure("gateway.toml", |config| {
        config["signer"].as_table_mut().unwrap().insert("timeout_seconds".to_owned(), 5.into());
    });
    pieces.start_gateway();
    let app = pieces.api().with(&app.token);
    let hash = [Hash::of("lost")];
    let sad = app.authorize(&who.credential, &hash).await;
    let signer = pieces.signer.as_ref().unwrap().pid();
    send(signer, Signal::STOP);
    let id = start(&app, deferred(&who, &sad, &hash)).await;
    pieces.kill_gateway();
    send(signer, Signal::CONT);
    pieces.start_gateway();
    // The connections of before are dead.
    let app = pieces.api().with(&app.token);
    let started = Instant::now();
    loop {
        let heard = poll(&app, &id).await;
        if heard.status != 202 {
            assert_eq!((heard.error().0, heard.error().1), (500, "server_error"));
            break;
        }
        assert!(started.elapsed() < WHILE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let id = start(&app, deferred(&who, &sad, &hash)).await;
    let fetched = signatures(&fetched(&app, &id).await.ok());
    who.verifies(&Algorithm::usual("P-256"), &hash[0], &fetched[0]);
}

/// An app's HTTPS server on this machine: what it is asked, head and body; it answers with this status line.
struct Listening {
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
}

impl Listening {
    fn with_certificate(pieces: &Pieces, listener: TcpListener) -> Self {
        let chain = CertificateDer::pem_file_iter(pieces.folder.file("page.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(pieces.folder.file("page.key")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_no_client_auth();
        let tls = builder.with_single_cert(chain.map(Result::unwrap).collect(), key).unwrap();
        Self { listener, tls: Arc::new(tls) }
    }

    /// Serves one call.
    fn serve(&self, answer: &str) -> String {
        let (mut stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut connection = rustls::ServerConnection::new(Arc::clone(&self.tls)).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut stream);
        let mut heard = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let length = stream.read(&mut buffer).unwrap();
            heard.extend_from_slice(&buffer[..length]);
            let text = String::from_utf8_lossy(&heard).into_owned();
            if text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with('}')) {
                stream.write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").as_bytes()).unwrap();
                return text;
            }
        }
    }

    /// Whether somebody calls within this time.
    fn is_called(&self, within: Duration) -> bool {
        self.listener.set_nonblocking(true).unwrap();
        let started = Instant::now();
        while started.elapsed() < within {
            if self.listener.accept().is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

/// A gateway with these settings beside the trust anchor, an app that listens, and what came of a job.
async fn told(settings: &str) -> (Pieces, Outsider, Session, Listening, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("https://localhost:{}/done?x=1", listener.local_addr().unwrap().port());
    let mut settings: toml::Table = settings.parse().unwrap();
    // Every seeded folder has the same TLS root.
    let anchor = shared().ready.tls_ca.clone().unwrap();
    settings.insert("response_ca".to_owned(), anchor.into());
    let (pieces, who, app) = pieces(&settings.to_string(), &uri).await;
    let listening = Listening::with_certificate(&pieces, listener);
    (pieces, who, app, listening, uri)
}

async fn job(who: &Outsider, app: &Session, uri: &str) -> String {
    let hash = [Hash::of(uri)];
    let sad = app.authorize(&who.credential, &hash).await;
    let mut body = deferred(who, &sad, &hash);
    body["response_uri"] = json!(uri);
    start(app, body).await
}

#[tokio::test]
async fn a_27_the_app_is_told_the_id_and_nothing_else() {
    let (_pieces, who, app, listening, uri) = told("loopback_responses = true").await;
    let listening = Arc::new(listening);
    let serving = Arc::clone(&listening);
    let heard = tokio::task::spawn_blocking(move || serving.serve("307 Temporary Redirect\r\nLocation: /elsewhere"));
    let id = job(&who, &app, &uri).await;
    let heard = heard.await.unwrap();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /done?x=1 HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({ "responseID": id }));
    assert!(!listening.is_called(Duration::from_secs(1)), "a redirect is not followed");
    assert_eq!(fetched(&app, &id).await.status, 200);
}

#[tokio::test]
async fn a_27_no_app_on_this_machine_is_called_unless_the_operator_says_so() {
    let (pieces, who, app, listening, uri) = told("").await;
    let id = job(&who, &app, &uri).await;
    assert_eq!(fetched(&app, &id).await.status, 200, "polling works all the same");
    let gateway = pieces.gateway.as_ref().unwrap();
    until("the log says that the app was not told", || {
        gateway.said().contains("an app was not told of its signatures")
    });
    assert!(!listening.is_called(Duration::from_secs(2)));
}
