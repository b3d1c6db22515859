//! A server that dies and comes back, one that was never there, and a secret that must not be told.

use std::{
    error::Error as _,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use rsign_storage::{GENESIS, Result, Store, verify};

use super::{
    Bench,
    mongod::{self, Kind, Mongod},
};
use crate::common::{THINGS, counters, increment, is_unavailable};

/// Twice what one look for a server takes, which is what a call queued behind a failing one may wait, and time
/// enough for a slow machine.
const SOON: Duration = Duration::from_secs(30);

async fn fails_soon<T>(call: impl Future<Output = Result<T>>) {
    let asked = Instant::now();
    assert!(is_unavailable(&call.await));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dead_server_is_unavailable_soon_and_heals_when_it_is_back() {
    let Some(program) = mongod::program() else { return };
    let directory = tempfile::tempdir().unwrap();
    let server = Mongod::start_somewhere(&program, directory.path(), Kind::Standalone).await;
    let port = server.port();
    let bench = Bench::new(server.uri(), "dead");
    let store = bench.open().await;
    let counters = counters(&store);
    increment(&counters, "a").await.unwrap();
    store.append("audit", b"{}".to_vec()).await.unwrap();

    drop(server);
    tokio::join!(
        fails_soon(store.ping()),
        fails_soon(store.find(THINGS, "a")),
        fails_soon(increment(&counters, "a")),
        fails_soon(increment(&counters, "a")),
        fails_soon(store.append("audit", b"{}".to_vec())),
        fails_soon(store.list(THINGS, None, None, 9)),
        fails_soon(bench.try_open()),
    );

    let _server = Mongod::start(&program, directory.path(), port, Kind::Standalone).await.unwrap();
    healed(&store).await;
    assert_eq!(increment(&counters, "a").await.unwrap(), 2, "what was acknowledged survived SIGKILL");
    let next = store.append("audit", b"{}".to_vec()).await.unwrap();
    assert_eq!(next.sequence, 2);
    verify(GENESIS, 0, &store.read_chain("audit", 1, 9).await.unwrap()).unwrap();
}

/// A frozen machine: connections stand, nothing answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_silent_server_is_unavailable_soon_and_heals_when_it_speaks() {
    let Some(program) = mongod::program() else { return };
    let directory = tempfile::tempdir().unwrap();
    let server = Mongod::start_somewhere(&program, directory.path(), Kind::Standalone).await;
    let bench = Bench::new(server.uri(), "silent");
    let store = bench.open().await;
    let counters = counters(&store);
    increment(&counters, "a").await.unwrap();

    server.signal("STOP");
    tokio::join!(
        fails_soon(store.ping()),
        fails_soon(store.find(THINGS, "a")),
        fails_soon(increment(&counters, "a")),
        fails_soon(store.append("audit", b"{}".to_vec())),
        fails_soon(bench.try_open()),
    );

    server.signal("CONT");
    healed(&store).await;
    // The frozen increment may or may not have been carried out; either way it counts from what is stored.
    let stored = counters.find("a").await.unwrap().unwrap().value;
    assert!((1..=2).contains(&stored));
    assert_eq!(increment(&counters, "a").await.unwrap(), stored + 1);
    store.append("audit", b"{}".to_vec()).await.unwrap();
    verify(GENESIS, 0, &store.read_chain("audit", 1, 9).await.unwrap()).unwrap();
}

async fn healed(store: &Arc<dyn Store>) {
    let back = Instant::now();
    while store.ping().await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_connection_string_is_never_repeated() {
    for uri in ["mongodb://user:hunter2@", "mongo://user:hunter2@host", "user:hunter2", "mongodb://u:hunter2@h/?w=x&y"]
    {
        let refused = Bench::new(uri.to_owned(), "any").try_open().await.unwrap_err();
        let source = refused.source().map(ToString::to_string);
        assert!(!format!("{refused} {refused:?} {source:?}").contains("hunter2"), "{uri}");
    }
}
