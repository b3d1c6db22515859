use std::sync::atomic::Ordering;

use rsign_storage::Location;

use super::*;
use crate::domain::history::Way;
use crate::port::clock::Hands;
use crate::port::random::SystemSource;
use crate::store::Repositories;

struct Bench {
    history: History,
    clock: Arc<Hands>,
    repositories: Repositories,
    _directory: tempfile::TempDir,
}

async fn bench() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite { path: directory.path().join("gateway.sqlite") };
    let repositories = Repositories::open(&location).await.unwrap();
    let clock = Arc::new(Hands::default());
    let random = Arc::new(SystemSource::default());
    let history = History::new(repositories.history.clone(), 1, Arc::clone(&clock) as Arc<dyn Clock>, random);
    Bench { history, clock, repositories, _directory: directory }
}

impl Bench {
    async fn record(&self, at: i64, user: &str, credential: &str) {
        self.clock.0.store(at, Ordering::Relaxed);
        let approval = Approval {
            user: user.to_owned(),
            client: "app".to_owned(),
            app: "App".to_owned(),
            credential: credential.to_owned(),
            signatures: 1,
            labels: vec![format!("{at}\u{202e}")],
            code: None,
            way: Way::Clear,
        };
        self.history.record(approval).await.unwrap();
    }

    async fn read(&self, credential: Option<&str>, after: Option<&str>) -> (Vec<i64>, Option<String>) {
        let page = self.history.read("ann", credential, after, 2).await.unwrap();
        (page.entries.into_iter().map(|entry| entry.at).collect(), page.next)
    }
}

#[tokio::test]
async fn pages_begin_with_the_newest_and_end_with_the_oldest() {
    let bench = bench().await;
    for (at, key) in [(1, "a"), (2, "b"), (3, "a"), (4, "a"), (4, "b")] {
        bench.record(at, "ann", key).await;
    }
    bench.record(5, "bob", "a").await;
    let (first, next) = bench.read(None, None).await;
    assert_eq!(first, [4, 4]);
    let (second, next) = bench.read(None, next.as_deref()).await;
    assert_eq!(second, [3, 2]);
    assert_eq!(bench.read(None, next.as_deref()).await, (vec![1], None));
    let (first, next) = bench.read(Some("a"), None).await;
    assert_eq!(first, [4, 3]);
    assert_eq!(bench.read(Some("a"), next.as_deref()).await, (vec![1], None));
}

#[tokio::test]
async fn entries_are_cleaned_when_written_and_forgotten_in_time() {
    let bench = bench().await;
    bench.record(1000, "ann", "a").await;
    let page = bench.history.read("ann", None, None, 2).await.unwrap();
    assert_eq!(page.entries[0].approval.labels, ["1000"]);
    let day = 24 * 60 * 60 * 1000;
    assert_eq!(bench.repositories.purge(1000 + day).await.unwrap(), 0);
    assert_eq!(bench.repositories.purge(1001 + day).await.unwrap(), 1);
}
