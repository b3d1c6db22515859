//! Group commit under faults, the lock held by another process, the file's mode.

use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rsign_storage::{Change, Document, Location, Result, Store, open};
use tokio::task::JoinSet;

use super::{Bench, bench};
use crate::common::{COLLECTIONS, Counter, OTHERS, THINGS, counters, document, is_unavailable, put};

/// Puts forty documents at once, most of them surely in one transaction; gives the ids that failed, in order.
async fn put_forty(store: &Arc<dyn Store>) -> Vec<String> {
    let mut tasks = JoinSet::new();
    for number in 0..40 {
        let (store, id) = (Arc::clone(store), format!("{number:02}"));
        let new = document(&id, None, None);
        tasks.spawn(async move {
            let step = move |_: Option<&Document>| Change::Put(new.clone());
            (store.step(THINGS, &id, Box::new(step)).await, id)
        });
    }
    let failed = |(result, id): (Result<()>, String)| is_unavailable(&result).then_some(id);
    let mut failed: Vec<String> = tasks.join_all().await.into_iter().filter_map(failed).collect();
    failed.sort();
    failed
}

async fn with_trigger(bench: &Bench, action: &str) -> Arc<dyn Store> {
    let store = bench.open().await;
    let trigger = format!(
        "CREATE TRIGGER fault BEFORE INSERT ON doc_things WHEN NEW.id IN ('13', '31')
         BEGIN SELECT RAISE({action}, 'as the test wants'); END;"
    );
    bench.raw().execute_batch(&trigger).unwrap();
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failing_statement_takes_no_other_job_along() {
    let bench = bench().await.unwrap();
    let store = with_trigger(&bench, "ABORT").await;
    assert_eq!(put_forty(&store).await, ["13", "31"]);
    assert_eq!(store.list(THINGS, None, None, 99).await.unwrap().len(), 38);
}

/// A full disk or an I/O error makes SQLite roll the whole transaction back; so does this trigger.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_transaction_takes_no_other_job_along() {
    let bench = bench().await.unwrap();
    let store = with_trigger(&bench, "ROLLBACK").await;
    assert_eq!(put_forty(&store).await, ["13", "31"]);
    assert_eq!(store.list(THINGS, None, None, 99).await.unwrap().len(), 38);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_vanished_is_an_error_of_its_collection_alone() {
    let bench = bench().await.unwrap();
    let store = bench.open().await;
    put(&store, document("a", None, None)).await;
    bench.raw().execute_batch("DROP TABLE doc_other_things").unwrap();
    assert!(is_unavailable(&store.find(OTHERS, "a").await));
    assert!(is_unavailable(&store.step(OTHERS, "a", Box::new(|_| Change::Keep)).await));
    assert!(store.find(THINGS, "a").await.unwrap().is_some());
    put(&store, document("b", None, None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_step_runs_once() {
    let bench = bench().await.unwrap();
    let both = [bench.open().await, bench.open().await];
    let runs = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let (store, runs) = (Arc::clone(&both[number % 2]), Arc::clone(&runs));
        tasks.spawn(async move {
            let step = move |_: Option<&Document>| {
                runs.fetch_add(1, Ordering::SeqCst);
                Change::Put(document("one", None, None))
            };
            store.step(THINGS, "one", Box::new(step)).await
        });
    }
    tasks.join_all().await.into_iter().collect::<Result<()>>().unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_keep_do_not_touch_the_disk() {
    let bench = bench().await.unwrap();
    let store = bench.open().await;
    put(&store, document("a", None, None)).await;
    let wal = bench.directory.path().join("store.db-wal");
    let state = || {
        let found = std::fs::metadata(&wal).unwrap();
        (found.len(), found.modified().unwrap())
    };
    let before = state();
    for _ in 0..50 {
        store.step(THINGS, "a", Box::new(|_| Change::Keep)).await.unwrap();
        store.step(THINGS, "b", Box::new(|_| Change::Remove)).await.unwrap();
        store.ping().await.unwrap();
    }
    assert_eq!(state(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_held_for_long_makes_the_store_unavailable_and_then_heals() {
    let bench = bench().await.unwrap();
    let store = bench.open().await;
    let other = bench.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let asked = Instant::now();
    let counters = counters(&store);
    let (stepped, pinged) = tokio::join!(counters.insert("a", Counter::default()), store.ping());
    assert!(is_unavailable(&stepped) && is_unavailable(&pinged));
    assert!(asked.elapsed() < Duration::from_secs(30));
    assert_eq!(store.find(THINGS, "a").await.unwrap(), None, "reads go on");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(counters.insert("a", Counter::default()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_are_their_owners_alone() {
    let bench = bench().await.unwrap();
    let store = bench.open().await;
    put(&store, document("a", None, None)).await;
    for file in ["store.db", "store.db-wal", "store.db-shm"] {
        let mode = std::fs::metadata(bench.directory.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    drop(store);
    let left: Vec<_> = std::fs::read_dir(bench.directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "closing folds the log into the file");
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_an_error() {
    let bench = bench().await.unwrap();
    let location = Location::Sqlite { path: bench.directory.path().join("no/store.db") };
    assert!(is_unavailable(&open(&location, COLLECTIONS).await));
}
