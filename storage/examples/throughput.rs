//! How many steps a second a store makes durable here, what each costs, and what one fsync takes.
//!
//! `cargo run --release -p rsign-storage --example throughput -- DIRECTORY` measures SQLite in that directory;
//! `... -- DIRECTORY URI` measures MongoDB at that connection string (database `throughput`, dropped by nobody).

#![allow(clippy::unwrap_used, reason = "a measurement stops at the first thing that is not as it should be")]

use std::{
    env, fs,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rsign_storage::{Change, Collection, Document, Location, Store, open};
use tokio::task::JoinSet;

const CREDENTIALS: Collection = Collection { name: "credential" };
const SESSIONS: Collection = Collection { name: "session" };
const DURATION: Duration = Duration::from_secs(5);
const ROWS: usize = 10_000;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let directory = env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let place = Path::new(&directory);
    println!("fsync of 4 KiB appended: {:?} (median of 200)", fsync(place));
    let scratch = tempfile::tempdir_in(place).unwrap();
    let location = match env::args().nth(2) {
        None => Location::Sqlite { path: scratch.path().join("store.db") },
        Some(uri) => {
            fs::write(scratch.path().join("uri"), uri).unwrap();
            Location::Mongo { uri_file: scratch.path().join("uri"), database: "throughput".to_owned() }
        }
    };
    let store = open(&location, &[CREDENTIALS, SESSIONS]).await.unwrap();
    fill(&store).await;
    println!("{:<28}{:>6}{:>10}{:>12}{:>10}{:>10}", "", "tasks", "per s", "CPU us each", "p50 ms", "p99 ms");
    for tasks in [1, 8, 64, 512] {
        measure("update 600 B, one of 10^4", tasks, &store, update).await;
        measure("create 1 KiB, group, expiry", tasks, &store, create).await;
        measure("append 400 B to a chain", tasks, &store, append).await;
        measure("find 600 B, 9 to 1 update", tasks, &store, mixed).await;
    }
    let resident = fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", resident.lines().find(|line| line.starts_with("VmHWM")).unwrap());
}

/// Time one 4 KiB append takes to be durable.
fn fsync(directory: &Path) -> Duration {
    let mut file = tempfile::tempfile_in(directory).unwrap();
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            file.write_all(&[1; 4096]).unwrap();
            let began = Instant::now();
            file.sync_data().unwrap();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[100]
}

async fn fill(store: &Arc<dyn Store>) {
    let mut tasks = JoinSet::new();
    for number in 0..ROWS {
        let store = Arc::clone(store);
        tasks.spawn(async move { put(&store, CREDENTIALS, credential(number)).await });
    }
    tasks.join_all().await;
}

/// Keeps `tasks` of them running for a while.
async fn measure<F: Future<Output = ()> + Send>(
    what: &str,
    tasks: usize,
    store: &Arc<dyn Store>,
    action: impl Fn(Arc<dyn Store>, usize) -> F + Copy + Send + 'static,
) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let (cpu, began) = (cpu(), Instant::now());
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let store = Arc::clone(store);
        running.spawn(async move {
            let mut times = Vec::new();
            while began.elapsed() < DURATION {
                let started = Instant::now();
                action(Arc::clone(&store), NUMBER.fetch_add(1, Ordering::Relaxed)).await;
                times.push(started.elapsed());
            }
            times
        });
    }
    let mut times = running.join_all().await.concat();
    let (spent, elapsed) = (self::cpu() - cpu, began.elapsed());
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    println!(
        "{what:<28}{tasks:>6}{:>10.0}{:>12.1}{:>10.2}{:>10.2}",
        times.len() as f64 / elapsed.as_secs_f64(),
        spent.as_secs_f64() * 1e6 / times.len() as f64,
        at(0.5),
        at(0.99)
    );
}

/// User and system time of this process, to 10 ms.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).map(|it| it.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// The body changes, as SQLite leaves a page alone that would stay the same.
async fn update(store: Arc<dyn Store>, number: usize) {
    let new = Document { id: id(number * 7919 % ROWS), ..credential(number) };
    let step = move |found: Option<&Document>| {
        let group = found.unwrap().group.clone();
        Change::Put(Document { group, ..new.clone() })
    };
    store.step(CREDENTIALS, &id(number * 7919 % ROWS), Box::new(step)).await.unwrap();
}

async fn create(store: Arc<dyn Store>, number: usize) {
    let body = format!(r#"{{"wrapped": "{}"}}"#, "w".repeat(1010)).into_bytes();
    let (group, expires_at) = (Some(id(number % 100)), Some(number as i64));
    put(&store, SESSIONS, Document { id: id(number + 1_000_000), group, expires_at, body }).await;
}

async fn append(store: Arc<dyn Store>, _: usize) {
    store.append("audit", format!(r#"{{"what": "{}"}}"#, "e".repeat(386)).into_bytes()).await.unwrap();
}

async fn mixed(store: Arc<dyn Store>, number: usize) {
    match number % 10 {
        0 => update(store, number).await,
        _ => assert!(store.find(CREDENTIALS, &id(number * 7919 % ROWS)).await.unwrap().is_some()),
    }
}

async fn put(store: &Arc<dyn Store>, collection: Collection, document: Document) {
    let id = document.id.clone();
    store.step(collection, &id, Box::new(move |_| Change::Put(document.clone()))).await.unwrap();
}

fn credential(number: usize) -> Document {
    let body = format!(r#"{{"slot": "{number:0588}"}}"#).into_bytes();
    Document { id: id(number), group: Some(id(number / 4)), expires_at: None, body }
}

/// Ids come in no order, as the services' random ones do.
fn id(number: usize) -> String {
    format!("{:032x}", (number as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}
