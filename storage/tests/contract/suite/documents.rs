//! Reading and stepping one document, listing and purging many.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rsign_storage::{Change, Collection, Document, Error, Update};
use serde_json::{Value, json};

use super::bench;
use crate::common::{Counter, OTHERS, THINGS, body, counters, document, ids, increment, is_unavailable, put, table};

#[tokio::test(flavor = "multi_thread")]
async fn a_document_comes_back_as_it_was_put() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    assert_eq!(store.find(THINGS, "a").await.unwrap(), None);
    let wanted = document("a", Some("group"), Some(-5));
    put(&store, wanted.clone()).await;
    let found = store.find(THINGS, "a").await.unwrap().unwrap();
    assert_eq!(body(&found), body(&wanted));
    assert_eq!((found.id, found.group, found.expires_at), (wanted.id, wanted.group, wanted.expires_at));
    assert_eq!(store.find(OTHERS, "a").await.unwrap(), None, "collections are apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn put_replaces_body_group_and_expiry() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    put(&store, document("a", Some("old"), Some(1))).await;
    put(&store, document("a", Some("old"), Some(1))).await;
    put(&store, document("a", Some("new"), None)).await;
    assert!(store.list(THINGS, Some("old"), None, 9).await.unwrap().is_empty());
    assert_eq!(ids(&store.list(THINGS, Some("new"), None, 9).await.unwrap()), ["a"]);
    assert_eq!(store.purge(THINGS, 9).await.unwrap(), 0);
    put(&store, document("a", None, Some(1))).await;
    assert!(store.list(THINGS, Some("new"), None, 9).await.unwrap().is_empty());
    assert_eq!(store.purge(THINGS, 9).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn insert_refuses_a_taken_id_and_remove_an_absent_one() {
    let Some(bench) = bench().await else { return };
    let counters = counters(&bench.open().await);
    assert!(counters.insert("a", Counter { value: 1 }).await.unwrap());
    assert!(!counters.insert("a", Counter { value: 2 }).await.unwrap());
    assert_eq!(counters.find("a").await.unwrap(), Some(Counter { value: 1 }));
    assert!(counters.remove("a").await.unwrap());
    assert!(!counters.remove("a").await.unwrap());
    assert_eq!(counters.find("a").await.unwrap(), None);
    assert!(counters.insert("a", Counter { value: 3 }).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_sees_the_latest_and_keep_writes_nothing() {
    let Some(bench) = bench().await else { return };
    let counters = counters(&bench.open().await);
    for expected in 1..=20 {
        assert_eq!(increment(&counters, "a").await.unwrap(), expected);
        let seen = counters.update("a", |found| (Update::Keep, found)).await.unwrap();
        assert_eq!(seen, Some(Counter { value: expected }));
    }
    let absent = counters.update("b", |found| (Update::Keep, found)).await.unwrap();
    assert_eq!(absent, None);
    assert_eq!(counters.find("b").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_harms_nobody() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    let counters = counters(&store);
    increment(&counters, "a").await.unwrap();
    let panicked = store.step(THINGS, "a", Box::new(|_| panic!("as the test wants"))).await;
    assert!(is_unavailable(&panicked));
    let other_id = |_: Option<&Document>| Change::Put(document("b", None, None));
    let refused = store.step(THINGS, "a", Box::new(other_id)).await;
    assert!(matches!(refused, Err(Error::Corrupt { collection: "things", .. })));
    assert!(is_unavailable(&store.find(Collection { name: "nowhere" }, "a").await));
    assert_eq!(increment(&counters, "a").await.unwrap(), 2);
    assert_eq!(store.find(THINGS, "b").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregate_of_another_kind_is_named() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    put(&store, document("a", None, None)).await;
    let found = counters(&store).find("a").await;
    assert!(matches!(found, Err(Error::Corrupt { collection: "things", id, .. }) if id == "a"));
    assert!(matches!(increment(&counters(&store), "a").await, Err(Error::Corrupt { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_in_order_of_id_and_come_in_pages() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    for (id, group) in [("b", "g"), ("é", "g"), ("a", "g"), ("B", "h"), ("aa", "g"), ("z", "g"), ("~", "h")] {
        put(&store, document(id, Some(group), None)).await;
    }
    put(&store, document("c", None, None)).await;
    let list = async |group, after, limit| store.list(THINGS, group, after, limit).await.unwrap();
    assert_eq!(ids(&list(None, None, 99).await), ["B", "a", "aa", "b", "c", "z", "~", "é"]);
    assert_eq!(ids(&list(Some("g"), None, 3).await), ["a", "aa", "b"]);
    assert_eq!(ids(&list(Some("g"), Some("b"), 3).await), ["z", "é"]);
    assert_eq!(ids(&list(Some("g"), Some("ab"), 1).await), ["b"], "the mark need not exist");
    assert_eq!(ids(&list(None, Some("c"), 2).await), ["z", "~"]);
    assert!(list(Some("g"), Some("é"), 3).await.is_empty());
    assert!(list(Some("i"), None, 3).await.is_empty());
    assert!(list(None, None, 0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn purge_removes_what_expired_and_nothing_else() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    for (id, expires_at) in [("past", Some(99)), ("now", Some(100)), ("later", Some(101)), ("never", None)] {
        put(&store, document(id, None, expires_at)).await;
    }
    assert_eq!(store.purge(THINGS, 100).await.unwrap(), 1);
    assert_eq!(ids(&store.list(THINGS, None, None, 9).await.unwrap()), ["later", "never", "now"]);
    assert_eq!(store.purge(THINGS, i64::MAX).await.unwrap(), 2);
    assert_eq!(ids(&store.list(THINGS, None, None, 9).await.unwrap()), ["never"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_purge_removes_all() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    let putting = Arc::clone(&store);
    crate::common::at_once(600, move |number| {
        let store = Arc::clone(&putting);
        async move {
            put(&store, document(&format!("{number:03}"), None, Some(1))).await;
            Ok(())
        }
    })
    .await;
    put(&store, document("never", None, None)).await;
    assert_eq!(store.purge(THINGS, 2).await.unwrap(), 600);
    assert_eq!(ids(&store.list(THINGS, None, None, 9).await.unwrap()), ["never"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_comes_back_exactly() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    let things = table::<Value>(&store);
    let value = json!({
        "integers": [0, -1, i32::MIN, i32::MAX, i64::MIN, i64::MAX, u64::MAX, u64::MAX - 1, 1_u64 << 63],
        "nested": [[], [[], [[1, [2, [3]]]]], [{ "a": [{ "b": [null, true, false] }] }], {}],
        "text": ["", "\u{0}", "é\u{1f512}\"\\", "2026-11-24T00:00:00Z", "507f1f77bcf86cd799439011"],
        "": { "": "" },
        "$oid": "507f1f77bcf86cd799439011",
        "keys": { "$set": 1, "$numberLong": "5", "client.example.com": 2, "_id": 3, "a.$b": 4, "é": 5, "7": 6 },
        "floats": [0.5, -1.25, 1.0],
        "null": null,
    });
    assert!(things.insert("a", value.clone()).await.unwrap());
    assert_eq!(things.find("a").await.unwrap(), Some(value.clone()));
    let seen = things.update("a", |found| (Update::Put(found.clone().unwrap()), found)).await.unwrap();
    assert_eq!(seen, Some(value.clone()));
    assert_eq!(things.list(None, None, 9).await.unwrap(), [("a".to_owned(), value)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_object_is_an_aggregate() {
    let Some(bench) = bench().await else { return };
    let things = table::<Value>(&bench.open().await);
    assert!(matches!(things.insert("a", json!([1])).await, Err(Error::Corrupt { .. })));
    assert_eq!(things.find("a").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_aggregate_comes_back() {
    let Some(bench) = bench().await else { return };
    let things = table::<Value>(&bench.open().await);
    let entries: Vec<Value> =
        (0..1000).map(|n| json!({ "hash": "h".repeat(88), "answer": "s".repeat(684), "n": n })).collect();
    let value = json!({ "entries": entries });
    things.insert("a", value.clone()).await.unwrap();
    assert_eq!(things.find("a").await.unwrap(), Some(value));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_that_of_the_last_run() {
    let Some(bench) = bench().await else { return };
    let counters = counters(&bench.open().await);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let answer =
        counters.update("a", move |_| (Update::Put(Counter::default()), counted.fetch_add(1, Ordering::SeqCst) + 1));
    assert_eq!(answer.await.unwrap(), runs.load(Ordering::SeqCst));
}
