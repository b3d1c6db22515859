//! Opening, reopening, and stores this program must not touch.

use rsign_storage::{Change, Error, GENESIS, verify};

use super::bench;
use crate::common::{THINGS, at_once, body, counters, document, increment, put};

#[tokio::test(flavor = "multi_thread")]
async fn reopening_keeps_everything() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    put(&store, document("a", Some("g"), Some(5))).await;
    store.append("audit", b"{}".to_vec()).await.unwrap();
    drop(store);
    let store = bench.open().await;
    let found = store.find(THINGS, "a").await.unwrap().unwrap();
    assert_eq!(body(&found), body(&document("a", None, None)));
    assert_eq!((found.group.as_deref(), found.expires_at), (Some("g"), Some(5)));
    let entries = store.read_chain("audit", 1, 9).await.unwrap();
    assert_eq!(entries.len(), 1);
    verify(GENESIS, 0, &entries).unwrap();
    store.ping().await.unwrap();
}

/// What need not be on the disk yet is seen at once and outlives the process, and keeps its place before what follows.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_synced_yet_is_there_for_everybody_and_in_order() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    let new = document("a", Some("g"), None);
    store.step_unsynced(THINGS, "a", Box::new(move |_| Change::Put(new.clone()))).await.unwrap();
    store.append_unsynced("audit", b"{}".to_vec()).await.unwrap();
    let other = bench.open().await;
    assert!(other.find(THINGS, "a").await.unwrap().is_some());
    store.append("audit", b"{}".to_vec()).await.unwrap();
    drop((store, other));
    let store = bench.open().await;
    assert!(store.find(THINGS, "a").await.unwrap().is_some());
    let entries = store.read_chain("audit", 1, 9).await.unwrap();
    assert_eq!(entries.len(), 2);
    verify(GENESIS, 0, &entries).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() {
    let Some(bench) = bench().await else { return };
    put(&bench.open().await, document("a", None, None)).await;
    bench.raise_schema(99).await;
    let refused = bench.try_open().await;
    assert!(matches!(refused, Err(Error::NewerSchema { found: 99, known }) if known < 99), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_which_collections_are_there_creates_none() {
    let Some(bench) = bench().await else { return };
    for _ in 0..2 {
        assert!(rsign_storage::collections(&bench.location()).await.unwrap().is_empty());
    }
    put(&bench.open().await, document("a", None, None)).await;
    let found = rsign_storage::collections(&bench.location()).await.unwrap();
    assert!(found.iter().any(|name| name == THINGS.name), "{found:?}");
    assert!(!found.iter().any(|name| name.contains("journal") || name.contains("schema")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_open_a_new_store_at_once() {
    let Some(bench) = bench().await else { return };
    let racing = bench.clone();
    let stores = at_once(8, move |_| {
        let bench = racing.clone();
        async move { bench.try_open().await }
    })
    .await;
    for store in &stores {
        increment(&counters(store), "a").await.unwrap();
    }
    assert_eq!(counters(&stores[0]).find("a").await.unwrap().unwrap().value, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_reads_the_chains_creates_nothing() {
    let Some(bench) = bench().await else { return };
    assert!(bench.chains().await.unwrap().is_none());
    assert!(bench.is_untouched().await);
    let store = bench.open().await;
    for number in 0..3 {
        store.append("audit", format!("{{\"number\":{number}}}").into_bytes()).await.unwrap();
    }
    // Beside the process that writes, and after it.
    for writer in [Some(store), None] {
        let chains = bench.chains().await.unwrap().unwrap();
        assert_eq!(chains.chains().await.unwrap(), ["audit"]);
        let entries = chains.read_chain("audit", 2, 9).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [2, 3]);
        drop(writer);
    }
    bench.raise_schema(99).await;
    assert!(matches!(bench.chains().await, Err(Error::NewerSchema { found: 99, .. })));
}
