//! The thread that makes commits durable.
//!
//! SQLite commits into the WAL without syncing it (`synchronous=NORMAL`); this thread syncs it, and answers whoever
//! waited for that. The WAL is written in order, so one sync covers every commit before it. A checkpoint syncs the WAL
//! by itself before it touches the database file, and frames have checksums: after a loss of power SQLite finds a
//! prefix of the commits, at least to the last sync.

use std::{
    fs::File,
    io,
    path::Path,
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
};

use super::writer::Job;
use crate::{Error, Result};

/// Handle to the thread; dropping it waits for the last sync.
#[derive(Debug)]
pub(super) struct Syncer {
    queue: Option<Sender<Settled>>,
    thread: Option<JoinHandle<()>>,
}

/// Jobs of one transaction, and how many changes the connection had made when it was committed.
struct Settled {
    jobs: Vec<Box<dyn Job>>,
    changes: u64,
}

impl Syncer {
    /// For the database at `path`, which is open in WAL mode.
    pub(super) fn start(path: &Path) -> Result<Self> {
        let unavailable = |error: io::Error| Error::Unavailable(Box::new(error));
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        // The WAL has no locks that closing it could drop, unlike the database file.
        let wal = File::open(wal).map_err(unavailable)?;
        let (queue, settled) = mpsc::channel();
        let thread = thread::Builder::new().name("sqlite-syncer".to_owned());
        let thread = thread.spawn(move || serve(&wal, &settled)).map_err(unavailable)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Answers `jobs` when the disk has all that was committed up to now.
    pub(super) fn take(&self, jobs: Vec<Box<dyn Job>>, changes: u64) {
        if let (false, Some(queue)) = (jobs.is_empty(), &self.queue) {
            // Should the thread be gone, its jobs' callers hear that the store is.
            let _ = queue.send(Settled { jobs, changes });
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's syncing thread panicked");
        }
    }
}

fn serve(wal: &File, settled: &Receiver<Settled>) {
    // What a process before this one has left in the WAL may not be on the disk: the first sync is never spared.
    let mut durable = None;
    let mut lost = None;
    while let Ok(Settled { mut jobs, mut changes }) = settled.recv() {
        while let Ok(more) = settled.try_recv() {
            jobs.extend(more.jobs);
            changes = more.changes;
        }
        if lost.is_none() && durable.is_none_or(|durable| changes > durable) {
            match wal.sync_data() {
                Ok(()) => durable = Some(changes),
                Err(error) => lost = Some(error.kind()),
            }
        }
        // After a failed sync the kernel has forgotten what it could not write: a later one that succeeds proves
        // nothing. Only a new process, which reads what is there, may go on.
        if let Some(kind) = lost {
            tracing::error!(error = %kind, "the store's file cannot be synced; restart this program when the disk is well");
            jobs.iter_mut().for_each(|job| job.fail(Error::Unavailable(Box::new(io::Error::from(kind)))));
        }
        jobs.into_iter().for_each(Job::answer);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::{fs::File, io::Write, sync::mpsc};

    use rusqlite::Connection;

    use super::{Settled, serve};
    use crate::{
        Error,
        sqlite::writer::{Job, Until},
    };

    /// A job that tells how it was answered.
    struct Told(mpsc::Sender<bool>, bool);

    impl Job for Told {
        fn until(&self) -> Until {
            Until::Durable
        }

        fn run(&mut self, _: &Connection) {}

        fn fail(&mut self, _: Error) {
            self.1 = false;
        }

        fn answer(self: Box<Self>) {
            self.0.send(self.1).unwrap();
        }
    }

    /// How jobs are answered whose transactions left so many changes, each after the one before.
    fn answers(wal: File, changes: &[u64]) -> Vec<bool> {
        let (told, heard) = mpsc::channel();
        let (queue, settled) = mpsc::channel();
        let thread = std::thread::spawn(move || serve(&wal, &settled));
        let ask = |&changes| {
            queue.send(Settled { jobs: vec![Box::new(Told(told.clone(), true))], changes }).unwrap();
            heard.recv().unwrap()
        };
        let answers = changes.iter().map(ask).collect();
        drop(queue);
        thread.join().unwrap();
        answers
    }

    #[test]
    fn who_waits_for_the_disk_is_answered_when_it_has_everything() {
        let mut wal = tempfile::tempfile().unwrap();
        wal.write_all(b"frames").unwrap();
        assert_eq!(answers(wal, &[1, 1, 2]), [true, true, true]);
    }

    /// `/dev/null` cannot be synced: the disk that failed. The first failure holds for good, also for who wrote nothing.
    #[test]
    fn after_a_failed_sync_nobody_is_told_that_it_is_safe() {
        assert_eq!(answers(File::open("/dev/null").unwrap(), &[1, 1, 2]), [false, false, false]);
    }
}
