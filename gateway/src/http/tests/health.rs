//! What load balancers ask: whether the process lives, and whether it can serve.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, header};
use rsign_api::signer::Health;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Bench, Heard};
use crate::http::health::closing_router;
use crate::store::faulty::Fault;

impl Bench {
    async fn health(&self, path: &str) -> (u16, Value) {
        let heard = self.exchange(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(heard.headers[header::CACHE_CONTROL], "no-store");
        (heard.status, heard.json)
    }

    async fn ready(&self) -> (u16, Value) {
        self.wait(1000);
        self.health("/health/ready").await
    }

    fn healths(&self) -> usize {
        self.signer.healths.load(Ordering::Relaxed)
    }
}

fn not_ready(store: &str, signer: &str) -> (u16, Value) {
    (503, json!({ "status": "not_ready", "store": store, "signer": signer }))
}

#[tokio::test]
async fn each_part_that_is_away_is_named_and_nothing_else() {
    let bench = Bench::new().await;
    let ready = (200, json!({ "status": "ready", "store": "ok", "signer": "ok" }));
    let live = (200, json!({ "status": "live" }));
    assert_eq!(bench.ready().await, ready);
    assert_eq!(bench.health("/elsewhere/health/ready").await, ready, "below the prefix, too");
    bench.store.set(Some(Fault::Away));
    assert_eq!(bench.ready().await, not_ready("unavailable", "ok"));
    assert_eq!(bench.health("/health/live").await, live, "it lives all the same");
    *bench.signer.away.lock().unwrap() = true;
    assert_eq!(bench.ready().await, not_ready("unavailable", "unreachable"));
    bench.store.set(None);
    assert_eq!(bench.ready().await, not_ready("ok", "unreachable"));
    *bench.signer.away.lock().unwrap() = false;
    for (store, workers, said) in [(true, 0, "hsm_unavailable"), (false, 2, "store_unavailable")] {
        *bench.signer.health.lock().unwrap() = Health { store, workers, instance: 1 };
        assert_eq!(bench.ready().await, not_ready("ok", said));
    }
    *bench.signer.health.lock().unwrap() = Health { store: true, workers: 1, instance: 1 };
    assert_eq!(bench.ready().await, ready);
    bench.site.app.stopping.begin();
    assert_eq!(bench.health("/health/ready").await, (503, json!({ "status": "stopping" })));
    assert_eq!(bench.health("/health/live").await, live);
}

#[tokio::test]
async fn the_parts_are_asked_once_a_second_however_many_ask() {
    let bench = Bench::new().await;
    let all = futures_util::future::join_all((0..50).map(|_| bench.health("/health/ready"))).await;
    assert!(all.iter().all(|(status, _)| *status == 200));
    assert_eq!(bench.healths(), 1);
    bench.wait(999);
    bench.health("/health/ready").await;
    assert_eq!(bench.healths(), 1);
    assert_eq!((bench.ready().await.0, bench.healths()), (200, 2));
    // Who hangs up again and again makes it no more.
    bench.wait(1000);
    let held = bench.signer.health_turn.clone().acquire_owned().await.unwrap();
    for _ in 0..20 {
        let asked = bench.health("/health/ready");
        assert!(tokio::time::timeout(Duration::from_millis(5), asked).await.is_err());
    }
    assert_eq!(bench.healths(), 3);
    drop(held);
    assert_eq!((bench.health("/health/ready").await.0, bench.healths()), (200, 3));
}

#[tokio::test]
async fn a_part_that_does_not_answer_is_waited_for_two_seconds() {
    let bench = Bench::new().await;
    let _held = bench.signer.health_turn.clone().acquire_owned().await.unwrap();
    let began = Instant::now();
    assert_eq!(bench.ready().await, not_ready("ok", "unreachable"));
    assert!((1..5).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn who_comes_during_the_stop_hears_so() {
    let bench = Bench::new().await;
    bench.site.app.stopping.begin();
    let router = closing_router(std::sync::Arc::clone(&bench.site));
    for (method, path, status, word) in [
        ("GET", "/health/ready", 503, "stopping"),
        ("GET", "/elsewhere/health/live", 200, "live"),
        ("POST", "/csc/v2/info", 503, "temporarily_unavailable"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, 4096).await.unwrap();
        let heard =
            Heard { status: head.status.as_u16(), headers: head.headers, json: serde_json::from_slice(&body).unwrap() };
        assert_eq!((heard.status, &heard.headers[header::CONNECTION]), (status, &"close".parse().unwrap()), "{path}");
        assert!(heard.json["status"] == word || heard.json["error"] == word, "{:?}", heard.json);
        assert_eq!(heard.headers.contains_key(header::RETRY_AFTER), heard.json["error"].is_string(), "{path}");
    }
}
