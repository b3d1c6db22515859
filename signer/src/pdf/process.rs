//! Starts a helper for each document, and ends it in time.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use rsign_ades::Format;
use rsign_ades::evidence::Evidence;
use rsign_ades::pdf::{Limits, Update};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::signer::Refusal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::wire::{self, Answer, Question, Task};
use super::{Augmented, Canonical, Existing, Fault, Pdf, Wanted};

/// How long a helper may take, from its start to its answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a document waits for others.
const QUEUE: Duration = Duration::from_secs(20);

/// What a helper said that was taken over.
const ANOTHER: &str = "the helper answered another question";

/// Helper processes, at most so many at once.
#[derive(Debug)]
pub struct Helpers {
    program: PathBuf,
    free: Semaphore,
    patience: Duration,
}

impl Helpers {
    /// Starts them as `program document-helper`, at most `count` at once.
    #[must_use]
    pub fn new(program: PathBuf, count: usize) -> Self {
        Self { program, free: Semaphore::new(count.max(1)), patience: PATIENCE }
    }

    /// The same with another time limit.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    async fn ask(&self, document: &[u8], task: Task) -> Result<Answer, Fault> {
        if document.len() > Limits::default().octets {
            return Err(refused("the document is too long"));
        }
        let permit = tokio::time::timeout(QUEUE, self.free.acquire()).await;
        let _permit = permit.map_err(|_| Fault::Busy)?.map_err(|_| Fault::Busy)?;
        let question = &Question { task, document: u64::try_from(document.len()).unwrap_or(u64::MAX) };
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(Fault::Unavailable)?;
        ours.set_nonblocking(true).map_err(Fault::Unavailable)?;
        let socket = UnixStream::from_std(ours).map_err(Fault::Unavailable)?;
        // What a parser may say about a document goes nowhere, and it is told nothing of where it runs.
        let mut child = Command::new(&self.program)
            .arg("document-helper")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(Fault::Unavailable)?;
        let outcome = tokio::time::timeout(self.patience, talk(socket, document, question)).await;
        let _ = child.start_kill();
        let _ = child.wait().await;
        match outcome {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(refused(&format!("the helper ended without an answer: {error}"))),
            Err(_) => Err(refused("reading the document took too long")),
        }
    }
}

/// A document that takes its reader down is one that cannot be read.
fn refused(why: &str) -> Fault {
    Fault::Refused(Refusal::Document, why.to_owned())
}

async fn talk(mut socket: UnixStream, document: &[u8], question: &Question) -> io::Result<Answer> {
    socket.write_all(&wire::encode(question)?).await?;
    // A helper that refuses a long document at once does not wait for the rest of it.
    let written = socket.write_all(document).await;
    let length = match socket.read_u32().await {
        Ok(length) => length as usize,
        Err(error) => return Err(written.err().unwrap_or(error)),
    };
    if length > wire::MAX_FRAME {
        return Err(io::Error::other("frame too long"));
    }
    let mut content = vec![0; length];
    socket.read_exact(&mut content).await?;
    wire::decode(&content)
}

#[async_trait]
impl Pdf for Helpers {
    async fn update(&self, document: &[u8], wanted: Wanted<'_>) -> Result<Update, Fault> {
        let since = wanted.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let task = Task::Pdf {
            envelope: wanted.envelope,
            properties: wanted.properties.to_vec(),
            at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            reserve: u64::try_from(wanted.reserve).unwrap_or(u64::MAX),
        };
        match self.ask(document, task).await? {
            Answer::Refused(refusal, why) => Err(Fault::Refused(refusal, why)),
            Answer::Update { octets, start, end } => {
                let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
                let update = Update::from_parts(octets, document.len(), place(start)..place(end));
                update.map_err(|error| refused(&error.to_string()))
            }
            _ => Err(refused(ANOTHER)),
        }
    }

    async fn augment(
        &self,
        document: &[u8],
        evidence: Evidence,
        reserve: Option<u32>,
        now: u64,
    ) -> Result<Augmented, Fault> {
        let Evidence { certificates, ocsp, crls } = evidence;
        match self.ask(document, Task::Augment { certificates, crls, ocsp, reserve, now }).await? {
            Answer::Refused(refusal, why) => Err(Fault::Refused(refusal, why)),
            Answer::Augmented { octets, gap } if gap.is_some() == reserve.is_some() => Ok(Augmented { octets, gap }),
            _ => Err(refused(ANOTHER)),
        }
    }

    async fn time_stamp(&self, document: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.ask(document, Task::TimeStamp).await? {
            Answer::Refused(refusal, why) => Err(Fault::Refused(refusal, why)),
            Answer::TimeStamp(token) => Ok(token),
            _ => Err(refused(ANOTHER)),
        }
    }

    async fn canonical(&self, document: &[u8], hash: HashAlgorithm) -> Result<Canonical, Fault> {
        match self.ask(document, Task::Xml { hash }).await? {
            Answer::Refused(refusal, why) => Err(Fault::Refused(refusal, why)),
            Answer::Xml(found) if found.digest.len() == hash.len() => Ok(found),
            _ => Err(refused(ANOTHER)),
        }
    }

    async fn existing(&self, document: &[u8], format: Format, hash: HashAlgorithm) -> Result<Existing, Fault> {
        match self.ask(document, Task::Signed { format, hash }).await? {
            Answer::Refused(refusal, why) => Err(Fault::Refused(refusal, why)),
            Answer::Signed(found) => match (format, &found) {
                (Format::Cades, Existing::Cms(digest)) if digest.len() == hash.len() => Ok(found),
                (Format::Jades, Existing::Jws { .. }) => Ok(found),
                _ => Err(refused(ANOTHER)),
            },
            _ => Err(refused(ANOTHER)),
        }
    }
}
