//! A worker process: started, fed, read, closed.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use zeroize::Zeroizing;

use super::queue::Queue;
use super::{PoolSettings, Starter, Waiting, patience};
use crate::hsm::wire::{self, JobFrame, NotReady, Outcome, OutcomeFrame, Ready, Start};
use crate::hsm::{Answer, Fault};

/// Why a process takes no more jobs.
pub(super) enum End {
    Stopped(Process),
    Lost(Process),
    Worn(Process),
}

type InFlight = Arc<Mutex<HashMap<u64, Running>>>;

/// A job in a worker's hands.
struct Running {
    answer: oneshot::Sender<Result<Answer, Fault>>,
    /// After this nobody waits for it any more: the worker hangs.
    until: Instant,
    _permit: OwnedSemaphorePermit,
}

/// A worker process and the jobs it has not answered yet.
pub(super) struct Process {
    child: Child,
    pub(super) pid: u32,
    to: OwnedWriteHalf,
    in_flight: InFlight,
    gone: watch::Receiver<bool>,
    number: AtomicU64,
}

impl Process {
    pub(super) async fn start(settings: &PoolSettings, replaces: bool) -> Result<Self, NotReady> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        let child = Command::new(&settings.program)
            .arg("hsm-worker")
            .envs(&settings.token.environment)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| NotReady::yet(format!("cannot start {}: {error}", settings.program.display())))?;
        let pid = child.id().unwrap_or_default();
        ours.set_nonblocking(true)?;
        let (from, mut to) = UnixStream::from_std(ours)?.into_split();
        let mut from = BufReader::new(from);
        let start = Start {
            token: settings.token.clone(),
            masters: settings.masters.clone(),
            replaces,
            threads: settings.threads,
        };
        let frame = wire::encode(&start)?;
        to.write_all(&frame).await?;
        let ready: Ready =
            read(&mut from).await.ok_or_else(|| NotReady::yet("the worker ended before it was ready"))?;
        ready?;
        tracing::info!(worker.pid = pid, "HSM worker ready");
        let in_flight = InFlight::default();
        let (lost, gone) = watch::channel(false);
        tokio::spawn(take_answers(from, Arc::clone(&in_flight), lost));
        Ok(Self { child, pid, to, in_flight, gone, number: AtomicU64::new(0) })
    }

    /// Gives it jobs until it is lost, worn or the pool stops.
    pub(super) async fn feed(
        mut self,
        jobs: &Queue<Waiting>,
        stopped: &mut watch::Receiver<bool>,
        starter: &Starter,
        lanes: usize,
    ) -> End {
        let free = Arc::new(Semaphore::new(lanes));
        let mut lost = self.gone.clone();
        let in_flight = Arc::clone(&self.in_flight);
        let hung = hangs(&in_flight);
        tokio::pin!(hung);
        loop {
            if self.number.load(Ordering::Relaxed) >= starter.settings.replace_after {
                return End::Worn(self);
            }
            let permit = tokio::select! {
                permit = Arc::clone(&free).acquire_owned() => permit.ok(),
                _ = lost.wait_for(|gone| *gone) => None,
                () = &mut hung => None,
            };
            let Some(permit) = permit else { break };
            let waiting = tokio::select! {
                waiting = jobs.next() => waiting,
                _ = lost.wait_for(|gone| *gone) => break,
                () = &mut hung => break,
                _ = stopped.wait_for(|stop| *stop) => None,
            };
            let Some(waiting) = waiting else { return End::Stopped(self) };
            if waiting.answer.is_closed() {
                continue;
            }
            if !self.hand_over(waiting, permit, starter.patience).await {
                break;
            }
        }
        End::Lost(self)
    }

    async fn hand_over(&mut self, waiting: Waiting, permit: OwnedSemaphorePermit, usual: Duration) -> bool {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let until = Instant::now() + patience(&waiting.job, usual);
        let frame = wire::encode(&JobFrame { number, content: waiting.job });
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                let _ = waiting.answer.send(Err(Fault::Device(error.to_string())));
                return true;
            }
        };
        if let Ok(mut in_flight) = self.in_flight.lock() {
            in_flight.insert(number, Running { answer: waiting.answer, until, _permit: permit });
        }
        // The answers' task may have given up between the check and the insert: then nobody would ever answer.
        let written = self.to.write_all(&frame).await.is_ok() && !*self.gone.borrow();
        if !written {
            fail_all(&self.in_flight);
        }
        written
    }

    /// Waits for what it still does, closes the socket, waits for the process; kills it after ten seconds at most.
    pub(super) async fn close(mut self) {
        let drained = async {
            while !*self.gone.borrow() && is_awaited(&self.in_flight) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(8), drained).await;
        drop(self.to);
        if tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
        fail_all(&self.in_flight);
    }
}

async fn take_answers(mut from: BufReader<OwnedReadHalf>, in_flight: InFlight, lost: watch::Sender<bool>) {
    while let Some(OutcomeFrame { number, content }) = read(&mut from).await {
        let waiting = in_flight.lock().ok().and_then(|mut jobs| jobs.remove(&number));
        let dead = matches!(content, Outcome::Dead(_));
        if let Some(running) = waiting {
            let _ = running.answer.send(match content {
                Outcome::Answer(answer) => Ok(answer),
                Outcome::Failed(why) => Err(Fault::Device(why)),
                Outcome::Dead(why) => {
                    tracing::error!(error = why, "HSM lost");
                    Err(Fault::Lost)
                }
            });
        }
        if dead {
            break;
        }
    }
    let _ = lost.send(true);
    fail_all(&in_flight);
}

fn fail_all(in_flight: &InFlight) {
    let jobs = in_flight.lock().map(|mut jobs| std::mem::take(&mut *jobs)).unwrap_or_default();
    for running in jobs.into_values() {
        let _ = running.answer.send(Err(Fault::Lost));
    }
}

/// Whether a job is still waited for.
fn is_awaited(in_flight: &InFlight) -> bool {
    let now = Instant::now();
    in_flight.lock().is_ok_and(|jobs| jobs.values().any(|running| running.until > now))
}

/// Ends when a job takes longer than anybody waits for it.
async fn hangs(in_flight: &InFlight) {
    let overdue = |now| in_flight.lock().is_ok_and(|jobs| jobs.values().any(|running| running.until <= now));
    while !overdue(Instant::now()) {
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

async fn read<T: serde::de::DeserializeOwned>(from: &mut BufReader<OwnedReadHalf>) -> Option<T> {
    let length = from.read_u32().await.ok()? as usize;
    if length > wire::MAX_FRAME {
        return None;
    }
    let mut content = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut content).await.ok()?;
    wire::decode(&content).ok()
}
