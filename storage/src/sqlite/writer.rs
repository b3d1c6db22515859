//! The one thread that writes: group commit, in two steps that overlap.
//!
//! It blocks for a job, takes all others that queued meanwhile, and runs them in one transaction. Where the process
//! says that nobody is delayed by it ([`Leisure`]), it waits a moment for more of them. What was committed is in the
//! WAL, seen by every connection and safe from the end of this process; [`Syncer`] makes it safe from the loss of power
//! while the next transaction runs.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::syncer::Syncer;
use crate::{Error, Leisure, Result};

/// Jobs that may wait; callers beyond that wait for a place.
const QUEUE: usize = 4096;

/// Jobs in one transaction, so that the first of them is not kept waiting by an endless stream.
const BATCH: usize = 512;

/// A commit costs the processor as much as a dozen jobs. So at leisure it waits in steps of this for more of them,
const MOMENT: Duration = Duration::from_micros(600);

/// until it has so many,
const ENOUGH: usize = 48;

/// or has waited so often.
const MOMENTS: usize = 8;

/// Handle to the thread; dropping it lets the queue run dry, then closes the file.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, syncer: Syncer, leisure: Leisure) -> Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || serve(&connection, jobs, &syncer, &leisure))
            .map_err(|error| Error::Unavailable(Box::new(error)))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs `work` inside a transaction it may share with other jobs; answers when that has come so far. `work` makes
    /// at most one writing statement (see [`super::documents`]) and runs again if another job broke the transaction.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        until: Until,
        work: impl FnMut(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Pending { until, work, outcome: None, answer });
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.send(job).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        // Waits for the last commit and the closing of the file. The last handle may be dropped by a closure that
        // runs on the thread itself, which then ends on its own.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer thread panicked");
        }
    }
}

fn closed() -> Error {
    Error::Unavailable("the store's writer is gone".into())
}

/// What a caller waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Everybody sees it, and the end of this process does not undo it.
    Committed,
    /// The loss of power does not undo it either, nor what its work has seen.
    Durable,
}

/// A job as the threads see it.
pub(super) trait Job: Send {
    /// What its caller waits for.
    fn until(&self) -> Until;

    /// Does the work and keeps what came of it.
    fn run(&mut self, connection: &Connection);

    /// Puts an error in the place of what came of it; an error of its own stays.
    fn fail(&mut self, error: Error);

    /// Tells the caller.
    fn answer(self: Box<Self>);
}

struct Pending<T, F> {
    until: Until,
    work: F,
    outcome: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnMut(&Connection) -> Result<T> + Send> Job for Pending<T, F> {
    fn until(&self) -> Until {
        self.until
    }

    fn run(&mut self, connection: &Connection) {
        self.outcome = Some((self.work)(connection));
    }

    fn fail(&mut self, error: Error) {
        if !matches!(self.outcome, Some(Err(_))) {
            self.outcome = Some(Err(error));
        }
    }

    fn answer(self: Box<Self>) {
        // A caller that went away does not change what was committed.
        let _ = self.answer.send(self.outcome.unwrap_or_else(|| Err(closed())));
    }
}

fn serve(connection: &Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>, syncer: &Syncer, leisure: &Leisure) {
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
        gather(&mut jobs, &mut batch, leisure);
        settle(connection, &mut batch);
        let (committed, durable): (Vec<_>, Vec<_>) = batch.drain(..).partition(|job| job.until() == Until::Committed);
        syncer.take(durable, connection.total_changes());
        committed.into_iter().for_each(Job::answer);
    }
}

/// Waits for company, as long as that delays nobody.
fn gather(jobs: &mut mpsc::Receiver<Box<dyn Job>>, batch: &mut Vec<Box<dyn Job>>, leisure: &Leisure) {
    for _ in 0..MOMENTS {
        if batch.len() >= ENOUGH || !leisure.is_now() {
            return;
        }
        thread::sleep(MOMENT);
        while batch.len() < BATCH
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
    }
}

/// Runs the batch as one transaction, or, if one of its jobs breaks that, each job in its own.
fn settle(connection: &Connection, batch: &mut [Box<dyn Job>]) {
    match transact(connection, batch) {
        Ok(()) => {}
        Err(Failure::Broken) if batch.len() > 1 => {
            batch.chunks_mut(1).for_each(|job| settle(connection, job));
        }
        Err(Failure::Broken) => batch.iter_mut().for_each(|job| job.fail(broken())),
        Err(Failure::Engine(error)) => {
            let error = Arc::new(error);
            batch.iter_mut().for_each(|job| job.fail(Error::Unavailable(Box::new(Arc::clone(&error)))));
        }
    }
}

fn broken() -> Error {
    Error::Unavailable("the engine rolled the transaction back".into())
}

/// Why a transaction was not committed.
enum Failure {
    /// A job's statement failed in a way that ended the transaction (disk full, I/O error).
    Broken,
    /// It could not begin or could not commit.
    Engine(rusqlite::Error),
}

/// IMMEDIATE takes the write lock first, so no job fails later because another process was quicker. A transaction in
/// which nothing was written commits without touching the disk.
fn transact(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> std::result::Result<(), Failure> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for job in jobs {
        job.run(connection);
        if connection.is_autocommit() {
            return Err(Failure::Broken);
        }
    }
    execute(connection, "COMMIT").inspect_err(|_| {
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
    })
}

fn execute(connection: &Connection, statement: &str) -> std::result::Result<(), Failure> {
    let mut statement = connection.prepare_cached(statement).map_err(Failure::Engine)?;
    statement.execute([]).map(drop).map_err(Failure::Engine)
}
