//! Every status that the documents name is given by every operation that names it; no other is.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::ConnectInfo;
use hyper::body::{Bytes, Frame};
use rsign_api::signer::Refusal;

use super::*;
use crate::domain::job::Failure;
use crate::store::faulty::Fault;

/// A body that never comes.
struct Silence;

impl hyper::body::Body for Silence {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        Poll::Pending
    }
}

/// Whether passwords or client secrets are judged there, and counted when they are wrong.
fn path_of_secrets(path: &str) -> bool {
    path.starts_with("/oauth2/") || path.ends_with("/auth/login")
}

/// A request that gets this status. What the gateway has to be like for it is set already.
async fn asking(world: &World, operation: Operation<'_>, status: u16) -> Request<Body> {
    let right = world.right(operation).await;
    let (method, path) = (operation.method, operation.path);
    let is_csc = path.starts_with("/csc/") || path == "/scan/settings";
    let body = |text: &str| Ask { body: text.to_owned(), ..right.clone() }.request(method, path);
    match status {
        200 if path == "/oauth2/revoke" => revocation_for_200(world).await,
        200 if path.ends_with("/sendOTP") => {
            let (id, secret) = hears_200(world).await;
            let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
            let token = world.bench.token(&form).await.token();
            Ask { authorization: Some(format!("Bearer {token}")), ..right }.request(method, path)
        }
        202 if path.ends_with("/credentials/authorize") => {
            let implicit = world.bench.credential_of(&world.bench.ann, Scal::Two, AuthMode::Implicit).await;
            let body = json!({ "credentialID": implicit, "numSignatures": 1, "hashes": [HASH], "authData": [] });
            Ask::json(&world.user, &body).request(method, path)
        }
        202 if path.ends_with("/authorizeCheck") => {
            Ask::json(&world.user, &json!({ "handle": world.handle(false).await })).request(method, path)
        }
        202 => {
            let job = world.job(BASIC, Progress::Running(i64::MAX)).await;
            Ask::json(&world.user, &json!({ "requestID": job })).request(method, path)
        }
        403 if path.ends_with("/signPolling") => {
            let refused = Progress::Failed(Failure::Refused(Refusal::ForeignDocument));
            let job = world.job(BASIC, refused).await;
            Ask::json(&world.user, &json!({ "requestID": job })).request(method, path)
        }
        404 => right.request(method, "/rest/v1/workers/nobody/process"),
        400 if path == "/scan/settings" => Ask::open(&json!({})).request(method, path),
        405 => right.request("put", path),
        408 => right.request_of(method, path, Body::new(Silence)),
        413 => body(&"x".repeat(600 * 1024)),
        400 if path == "/oauth2/authorize" => Ask { query: "client_id=nobody".to_owned(), ..right.clone() }.request_of(
            method,
            path,
            Body::from("client_id=nobody"),
        ),
        410 => {
            let over = "client_id=app&request_uri=urn:ietf:params:oauth:request_uri:pr_x";
            Ask { query: over.to_owned(), ..right.clone() }.request_of(method, path, Body::from(over))
        }
        400 if is_csc => body("["),
        400 => body("x=1&x=2"),
        401 if path.ends_with("/auth/login") => Ask { authorization: None, ..right }.request(method, path),
        401 if is_csc => Ask::json("st_nobody", &json!({})).request(method, path),
        401 => {
            let form = format!("{}&client_id=app", right.body);
            let form = if form.contains("client_id=app&client_id") { right.body.clone() } else { form };
            let ask = Ask { authorization: None, body: form.trim_start_matches('&').to_owned(), ..right };
            ask.request(method, path)
        }
        429 => {
            // Only who is wrong again has to wait where secrets are counted.
            let wrong = Some(format!("Basic {}", BASE64.encode(b"app:wrong")));
            let ask = if path.starts_with("/oauth2/") { Ask { authorization: wrong, ..right } } else { right };
            let mut request = ask.request(method, path);
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 4711))));
            request
        }
        501 => Ask::json(&world.user, &json!({})).request(method, path),
        _ => right.request(method, path),
    }
}

/// A client that is registered to hear 200: its id and secret.
async fn hears_200(world: &World) -> (String, String) {
    let id = format!("rfc-{}", &world.bench.parts.random.id().unwrap()[..8]);
    let wanted = Registration { revokes_with_ok: true, sends_otp_with_ok: true, ..registration(&id) };
    let secret = world.bench.register(Registration { reach: Reach::All, ..wanted }).await;
    (id, secret)
}

async fn revocation_for_200(world: &World) -> Request<Body> {
    let (id, secret) = hears_200(world).await;
    let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let token = world.bench.token(&form).await.token();
    let basic = BASE64.encode(format!("{id}:{secret}").as_bytes());
    Ask::form(Some(format!("Basic {basic}")), &[("token", &token)]).request("post", "/oauth2/revoke")
}

/// So many wrong passwords and client secrets from one address that the next try has to wait.
async fn guess(world: &World) {
    let basic = BASE64.encode(b"ann:wrong");
    for number in 0..60 {
        let wrong = Some(format!("Basic {}", BASE64.encode(b"app:wrong")));
        let mut request = Ask::form(wrong, &[("grant_type", "client_credentials")]).request("post", "/oauth2/token");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 4711))));
        world.bench.exchange(request).await;
        if number >= 6 {
            continue;
        }
        let ask = Ask { authorization: Some(format!("Basic {basic}")), ..Ask::open(&json!({})) };
        let mut request = ask.request("post", "/csc/v1/auth/login");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 4711))));
        world.bench.exchange(request).await;
    }
}

#[tokio::test]
async fn every_documented_status_is_given_and_no_other() {
    let limits = "body_timeout_seconds = 1\ndocuments_timeout_seconds = 1\ndocuments = 524288";
    let limits = format!("{limits}\n{PATIENT}");
    let world = World::new(everything(&limits).await).await;
    let off = World::new(Bench::configured("basic = false", "", |config| config.account.keys.clear()).await).await;
    guess(&world).await;
    let busy = everything("client_calls_per_second = 1\nuser_calls_per_second = 1").await;
    let busy = World::new(busy).await;
    for judge in &csc() {
        let (mut documented, mut slow) = (0, Vec::new());
        for operation in judge.document.operations() {
            // 414 is given below the router; a test of the whole system sees it.
            for status in operation.statuses().into_iter().filter(|status| *status != 414) {
                documented += 1;
                let is_counted = !path_of_secrets(operation.path);
                let world = match status {
                    501 => &off,
                    // What was found a moment ago counts for a second: there nobody has asked.
                    503 if operation.path == "/health/ready" => &off,
                    429 if is_counted => &busy,
                    _ => &world,
                };
                let request = asking(world, operation, status).await;
                if status == 429 && is_counted {
                    // The one call there is for this second.
                    world.bench.exchange(asking(world, operation, status).await).await;
                }
                if status == 408 {
                    slow.push((operation, request));
                    continue;
                }
                world.bench.store.set(match status {
                    500 => Some(Fault::Corrupt),
                    503 => Some(Fault::Away),
                    _ => None,
                });
                *world.bench.signer.refusal.lock().unwrap() = (status == 403).then_some(Refusal::ForeignDocument);
                let heard = judged(&world.bench, judge, operation, request).await;
                *world.bench.signer.refusal.lock().unwrap() = None;
                world.bench.store.set(None);
                assert_eq!(heard.status, status, "{} {}: {}", operation.method, operation.path, heard.sentence());
            }
        }
        // Each takes a second, so they are slow at once.
        let mut tasks = tokio::task::JoinSet::new();
        for (operation, request) in slow {
            let (router, path) = (world.bench.router.clone(), operation.path.to_owned());
            tasks.spawn(async move { (path, router.oneshot(request).await.unwrap().status().as_u16()) });
        }
        for (path, status) in tasks.join_all().await {
            assert_eq!(status, 408, "{path}");
        }
        assert!(documented > 80, "{documented}");
    }
}
