//! Worker processes and the bounded [`queue`] before them: started, watched, replaced.
//!
//! A *seat* is one place for a worker. Its task starts a process, feeds it from the shared queue, and replaces it when
//! it ends, loses the token, or has done its share of operations: SoftHSM2 frees session objects only at `C_Finalize`
//! (0.7 KiB a signature), so the old process is drained and closed after the next one is ready. Workers start one after
//! the other: at each login SoftHSM2 rewrites the file that another process reads to find the token. Whoever calls
//! gets an answer within a time, whatever becomes of worker, library and device.

mod process;
mod queue;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{oneshot, watch};

use self::process::{End, Process};
use self::queue::{Queue, Taker};
use super::wire::{Hope, NotReady};
use super::{Answer, Fault, Hsm, Job, Masters, pkcs11::TokenSettings};

/// How the pool is made.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// The program to start as `program hsm-worker`.
    pub program: PathBuf,
    /// The token.
    pub token: TokenSettings,
    /// The versions of K_MK.
    pub masters: Masters,
    /// Worker processes.
    pub workers: u32,
    /// Jobs a worker does at the same time.
    pub threads: u32,
    /// Jobs that may wait; more is [`Fault::Busy`].
    pub queue: usize,
    /// Jobs after which a worker is replaced.
    pub replace_after: u64,
}

/// How long a call waits at most, in the queue and in the worker together. Twice this, since a call is repeated once
/// when its worker was lost, is less than the lease of a PIN try: an HSM that is away never costs one.
const PATIENCE: Duration = Duration::from_secs(14);
/// The same for making a key, which takes some tokens long.
const PATIENCE_GENERATING: Duration = Duration::from_secs(120);
/// How long a worker may take to open the token.
const STARTING: Duration = Duration::from_secs(30);

/// The HSM behind worker processes.
#[derive(Debug)]
pub struct Pool {
    patience: Duration,
    queue: Arc<Queue<Waiting>>,
    ready: Arc<AtomicU32>,
    stop: watch::Sender<bool>,
    seats: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

#[derive(Debug)]
struct Waiting {
    job: Job,
    answer: oneshot::Sender<Result<Answer, Fault>>,
}

impl Pool {
    /// Starts the workers and waits until each is ready.
    ///
    /// # Errors
    /// What the first worker said that could not open the token.
    pub async fn start(settings: PoolSettings) -> Result<Arc<Self>, String> {
        Self::start_with_patience(settings, PATIENCE).await
    }

    /// As [`Pool::start`], with calls that wait for another time at most: for tests.
    ///
    /// # Errors
    /// See [`Pool::start`].
    pub async fn start_with_patience(settings: PoolSettings, patience: Duration) -> Result<Arc<Self>, String> {
        let queue = Arc::new(Queue::new(settings.queue.max(1)));
        let (stop, stopped) = watch::channel(false);
        let ready = Arc::new(AtomicU32::new(0));
        let workers = settings.workers.max(1);
        let starter = Arc::new(Starter { settings, patience, turn: tokio::sync::Mutex::new(()) });
        let mut seats = Vec::new();
        for _ in 0..workers {
            let process = starter.start_patiently().await.map_err(|error| error.why)?;
            ready.fetch_add(1, Ordering::Relaxed);
            let seat = Seat {
                starter: Arc::clone(&starter),
                jobs: Taker::new(&queue),
                ready: Arc::clone(&ready),
                stopped: stopped.clone(),
            };
            seats.push(tokio::spawn(seat.keep(process)));
        }
        Ok(Arc::new(Self { patience, queue, ready, stop, seats: Mutex::new(seats) }))
    }

    /// Jobs that no worker has taken yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Lets running jobs end, closes every worker and waits for it.
    pub async fn stop(&self) {
        // Closed first: what a seat finds in the queue when it ends is all there will ever be.
        self.queue.close();
        let _ = self.stop.send(true);
        let seats = self.seats.lock().map(|mut seats| std::mem::take(&mut *seats)).unwrap_or_default();
        for seat in seats {
            let _ = seat.await;
        }
    }
}

#[async_trait]
impl Hsm for Pool {
    async fn run(&self, job: Job) -> Result<Answer, Fault> {
        self.run_for("", job).await
    }

    async fn run_for(&self, client: &str, job: Job) -> Result<Answer, Fault> {
        let (answer, outcome) = oneshot::channel();
        let patience = patience(&job, self.patience);
        let given_back = self.queue.push(client, Waiting { job, answer }).map_err(|_| Fault::Busy)?;
        if let Some(waiting) = given_back {
            let _ = waiting.answer.send(Err(Fault::Busy));
        }
        match tokio::time::timeout(patience, outcome).await {
            Ok(outcome) => outcome.unwrap_or(Err(Fault::Lost)),
            Err(_) => Err(Fault::Busy),
        }
    }

    fn ready(&self) -> u32 {
        self.ready.load(Ordering::Relaxed)
    }
}

fn patience(job: &Job, usual: Duration) -> Duration {
    if matches!(job, Job::Generate { .. }) { usual.max(PATIENCE_GENERATING) } else { usual }
}

/// Starts workers, one at a time.
struct Starter {
    settings: PoolSettings,
    patience: Duration,
    turn: tokio::sync::Mutex<()>,
}

impl Starter {
    /// Tries a few times: another program may be logging in just now, and what the token says at a bad moment it
    /// need not say again.
    async fn start_patiently(&self) -> Result<Process, NotReady> {
        for _ in 0..4 {
            match self.start(false).await {
                Err(error) if error.hope == Hope::Soon => {
                    // The last word is said, or everything is well.
                    tracing::debug!(error = error.why, "HSM worker does not start; trying again");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                started => return started,
            }
        }
        self.start(false).await
    }

    /// The first workers have to find everything that the store names. Those in their place may miss an earlier K_MK.
    async fn start(&self, replaces: bool) -> Result<Process, NotReady> {
        let _turn = self.turn.lock().await;
        let started = tokio::time::timeout(STARTING, Process::start(&self.settings, replaces)).await;
        started.unwrap_or_else(|_| Err(NotReady::yet("the worker did not open the token in time")))
    }
}

/// One place for a worker.
struct Seat {
    starter: Arc<Starter>,
    jobs: Taker<Waiting>,
    ready: Arc<AtomicU32>,
    stopped: watch::Receiver<bool>,
}

impl Seat {
    async fn keep(mut self, first: Process) {
        self.serve(first).await;
    }

    async fn serve(&mut self, first: Process) {
        let mut process = first;
        loop {
            let lanes = self.lanes();
            let next = match process.feed(&self.jobs.0, &mut self.stopped, &self.starter, lanes).await {
                End::Stopped(process) => {
                    self.ready.fetch_sub(1, Ordering::Relaxed);
                    return process.close().await;
                }
                End::Lost(process) => {
                    tracing::warn!(worker.pid = process.pid, "HSM worker lost; starting another");
                    self.ready.fetch_sub(1, Ordering::Relaxed);
                    process.close().await;
                    self.another().await
                }
                End::Worn(process) => {
                    // The next one is ready before the old one stops taking its last answers.
                    let next = self.starter.start(true).await;
                    tokio::spawn(process.close());
                    match next {
                        Ok(next) => Some(next),
                        Err(error) => {
                            tracing::error!(error = error.why, "HSM worker does not start");
                            self.ready.fetch_sub(1, Ordering::Relaxed);
                            self.another().await
                        }
                    }
                }
            };
            let Some(next) = next else { return };
            process = next;
        }
    }

    /// A worker for an empty seat, however long it takes; `None` when the pool stops or there is no hope.
    async fn another(&mut self) -> Option<Process> {
        let mut pause = Duration::from_millis(20);
        loop {
            match self.starter.start(true).await {
                Ok(process) => {
                    self.ready.fetch_add(1, Ordering::Relaxed);
                    return Some(process);
                }
                Err(error) if error.hope == Hope::Never => {
                    tracing::error!(error = error.why, "HSM worker does not start and is given up");
                    return None;
                }
                Err(error) => tracing::error!(error = error.why, "HSM worker does not start"),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = self.stopped.wait_for(|stop| *stop) => return None,
            }
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    /// Jobs in flight: one more than threads, so that the next frame is there when a thread gets free.
    fn lanes(&self) -> usize {
        self.starter.settings.threads.max(1) as usize + 1
    }
}
