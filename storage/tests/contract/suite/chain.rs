//! The hash chains: gapless, in order, and whole after whatever happened.

use std::{collections::BTreeSet, sync::Arc};

use rsign_storage::{Chained, GENESIS, Store, link, verify};

use super::bench;
use crate::common::at_once;

fn event(number: usize) -> Vec<u8> {
    format!(r#"{{"event": {number}, "text": "é\u0000"}}"#).into_bytes()
}

async fn whole(store: &Arc<dyn Store>, chain: &str) -> Vec<Chained> {
    let entries = store.read_chain(chain, 1, 9999).await.unwrap();
    verify(GENESIS, 0, &entries).unwrap();
    entries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_appends_at_once_make_one_chain() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    let appending = Arc::clone(&store);
    let mut told = at_once(200, move |number| {
        let store = Arc::clone(&appending);
        async move { store.append("audit", event(number)).await }
    })
    .await;
    told.sort_by_key(|entry| entry.sequence);
    let entries = whole(&store, "audit").await;
    assert_eq!(entries, told);
    let events: BTreeSet<_> = entries.into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, (0..200).map(event).collect(), "each event once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_goes_on_after_reopening() {
    let Some(bench) = bench().await else { return };
    for round in 0..3 {
        let store = bench.open().await;
        for number in 0..5 {
            let entry = store.append("audit", event(number)).await.unwrap();
            assert_eq!(entry.sequence, round * 5 + number as u64 + 1);
        }
        assert_eq!(whole(&store, "audit").await.len() as u64, (round + 1) * 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_are_apart_and_named() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    assert!(store.chains().await.unwrap().is_empty());
    for chain in ["two", "one", "two", "three/é"] {
        store.append(chain, event(0)).await.unwrap();
    }
    assert_eq!(store.chains().await.unwrap(), ["one", "three/é", "two"]);
    assert_eq!(whole(&store, "two").await.len(), 2);
    assert_eq!(whole(&store, "one").await.len(), 1);
    assert!(whole(&store, "four").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_read_and_verified_in_pages() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    for number in 0..10 {
        store.append("audit", event(number)).await.unwrap();
    }
    let (mut hash, mut read) = (GENESIS, 0);
    loop {
        let page = store.read_chain("audit", read + 1, 4).await.unwrap();
        if page.is_empty() {
            break;
        }
        hash = verify(hash, read, &page).unwrap();
        read += page.len() as u64;
    }
    assert_eq!(read, 10);
    assert!(store.read_chain("audit", 1, 0).await.unwrap().is_empty());
    assert!(store.read_chain("audit", u64::MAX, 9).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_behind_the_stores_back_is_found() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    for number in 0..10 {
        store.append("audit", event(number)).await.unwrap();
    }
    bench.edit_event("audit", 7, event(99)).await;
    let entries = store.read_chain("audit", 1, 99).await.unwrap();
    assert_eq!(entries.len(), 10);
    assert_eq!(verify(GENESIS, 0, &entries), Err(7));
}

/// Only one process should append to a chain; if two do, it must still be one chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_appenders_do_not_fork_the_chain() {
    let Some(bench) = bench().await else { return };
    let both = [bench.open().await, bench.open().await];
    let racing = both.clone();
    at_once(100, move |number| {
        let [one, two] = racing.clone();
        let store = if number % 2 == 0 { one } else { two };
        async move { store.append("audit", event(number)).await }
    })
    .await;
    let entries = whole(&both[0], "audit").await;
    assert_eq!(entries.len(), 100);
    let last = entries.last().unwrap();
    let next = both[1].append("audit", event(100)).await.unwrap();
    assert_eq!(next.hash, link(&last.hash, 101, &event(100)));
}
