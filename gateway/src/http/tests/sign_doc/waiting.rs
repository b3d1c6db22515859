//! Signed documents that wait to be fetched: there is room for them before they are signed, and they count.

use axum::body::Body;
use axum::http::Request;
use rsign_api::csc::documents::SignedDocuments;
use rsign_api::octets::Octets;
use rsign_api::signer::Refusal;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Scene, with};
use crate::domain::client::BASIC;
use crate::domain::job::{Job, Progress};

#[tokio::test]
async fn what_is_fetched_later_counts_until_it_is_read() {
    let scene = Scene::set().await;
    let bench = &scene.bench;
    let long = |length: usize| -> Vec<Octets> { vec![vec![7; length].into()] };
    let signed = SignedDocuments { with_signature: long(500_000), objects: long(300_000), validation: None };
    let progress = Progress::Documents(signed.clone());
    let job = Job {
        client: BASIC.to_owned(),
        user: bench.ann.clone(),
        eras: None,
        credential: scene.credential.clone(),
        documents: true,
        progress,
        expires_at: bench.parts.clock.now() + 3_600_000,
    };
    assert!(bench.parts.repositories.jobs.store("a-job", job).await.unwrap());
    let poll = || {
        let request = Request::post("/csc/v2/signatures/signPolling")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", scene.token));
        bench.router.clone().oneshot(request.body(Body::from(r#"{"requestID":"a-job"}"#)).unwrap())
    };
    let (unread, read) = (poll().await.unwrap(), poll().await.unwrap());
    assert_eq!((unread.status().as_u16(), read.status().as_u16()), (200, 200));
    assert_eq!(bench.site.app.spool.kept(), 1_600_000);
    let body = axum::body::to_bytes(read.into_body(), 4 << 20).await.unwrap();
    assert!(body == serde_json::to_vec(&signed).unwrap(), "it is what was stored");
    assert_eq!(bench.site.app.spool.kept(), 800_000);
    drop(unread);
    assert_eq!(bench.site.app.spool.kept(), 0);
}

#[tokio::test]
async fn where_signed_documents_have_no_room_to_wait_nothing_is_signed() {
    let scene = Scene::with("basic = true\n[asynchronous]\nwaiting_documents_per_client = 9000", "").await;
    let mut later = scene.body(with("x", Value::Null));
    later["operationMode"] = json!("A");
    let signed = || scene.bench.signer.documents.lock().unwrap().len();
    // What comes of a refusal takes none.
    *scene.bench.signer.refusal.lock().unwrap() = Some(Refusal::ForeignDocument);
    for _ in 0..5 {
        assert_eq!(scene.call(later.clone()).await.status, 403);
    }
    *scene.bench.signer.refusal.lock().unwrap() = None;
    for count in 1..=3 {
        assert_eq!(scene.call(later.clone()).await.status, 200);
        assert_eq!(signed(), count);
    }
    for _ in 0..2 {
        assert_eq!(scene.call(later.clone()).await.status, 503);
        assert_eq!(signed(), 3, "refused before it is signed");
    }
    let mut at_once = later;
    at_once["operationMode"] = json!("S");
    assert_eq!(scene.call(at_once).await.status, 200);
}
