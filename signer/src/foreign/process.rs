//! Starts a helper for each document, the next one before it is needed, and ends it in time.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use rsign_ades::pdf::{BESIDE, Limits, Update};
use rsign_ades::{Format, jws, xml};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::objection::Reason;
use rsign_api::octets::Octets;
use rsign_api::signer::{
    ArchiveStamp, CompleteSignature, CompletedSignature, KnownDocument, RenewDocument, RenewedDocument, StampImprint,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use super::turns::Turns;
use super::wire::{self, Answer, Question, Task};
use super::{Canonical, Existing, Fault, Foreign, Wanted};

/// How long a helper may take, from its question to its answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a document waits for others.
const QUEUE: Duration = Duration::from_secs(20);
/// How long after its use a helper is followed by the next: until then there is a signature to be made. Longer, and the next
/// document finds one that is still getting warm.
const PAUSE: Duration = Duration::from_millis(5);
/// Octets that may be on their way to a helper, if the system allows so many: then it is not woken for each piece.
const UNDER_WAY: usize = 1 << 20;

/// Octets that all certificates of a document's newest time-stamps may have.
const CERTIFICATES: usize = 1 << 20;
/// Characters of what a helper says about a document that anybody hears.
const WORDS: usize = 200;

/// What a helper said that was taken over.
const ANOTHER: &str = "the helper answered another question";

/// Helper processes, at most so many at once.
#[derive(Debug)]
pub struct Helpers {
    program: PathBuf,
    turns: Arc<Turns>,
    patience: Duration,
    memory: u64,
    /// One that has started and waits: the next document need not.
    spare: Arc<Mutex<Option<Helper>>>,
}

/// A process that has been asked nothing.
#[derive(Debug)]
struct Helper {
    child: Child,
    socket: UnixStream,
}

/// Octets of memory of one helper: a document of 256 MiB, and what lopdf makes of one.
pub const MEMORY: u64 = 1 << 30;

impl Helpers {
    /// Starts them as `program document-helper`, at most `count` at once.
    #[must_use]
    pub fn new(program: PathBuf, count: usize) -> Self {
        let turns = Turns::new(count);
        Self { program, turns, patience: PATIENCE, memory: MEMORY, spare: Arc::default() }
    }

    /// The same with another time limit.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same with so many octets of memory each.
    #[must_use]
    pub fn with_memory(self, memory: u64) -> Self {
        Self { memory, ..self }
    }

    async fn ask(&self, client: &str, document: &Octets, task: Task, most: usize) -> Result<Answer, Fault> {
        if document.len() > most as u64 {
            return Err(Fault::Unfit(Reason::TooLong, "the document is too long".to_owned()));
        }
        let place = tokio::time::timeout(QUEUE, self.turns.take(client)).await.ok().flatten().ok_or(Fault::Busy)?;
        let question = &Question { task, document: document.len() };
        let Helper { mut child, mut socket } = match self.waiting() {
            Some(helper) => helper,
            None => Helper::start(&self.program, self.memory, false).map_err(Fault::Unavailable)?,
        };
        let outcome = tokio::time::timeout(self.patience, talk(&mut socket, document, question)).await;
        let (program, memory, spare) = (self.program.clone(), self.memory, Arc::clone(&self.spare));
        tokio::spawn(async move {
            let _ = child.start_kill();
            let _ = child.wait().await;
            // Its place is free when it is gone.
            drop(place);
            tokio::time::sleep(PAUSE).await;
            let there = || spare.lock().unwrap_or_else(PoisonError::into_inner);
            if there().is_some() {
                return;
            }
            // Starting a process takes as long as some signatures.
            if let Ok(Ok(helper)) = tokio::task::spawn_blocking(move || Helper::start(&program, memory, true)).await {
                *there() = Some(helper);
            }
        });
        match outcome {
            Ok(Ok(Answer::Unfit(reason, why))) => Err(Fault::Unfit(reason, words(&why))),
            Ok(Ok(Answer::Refused(refusal, why))) => Err(Fault::Refused(refusal, words(&why))),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(refused(&format!("the helper ended without an answer: {error}"))),
            Err(_) => Err(refused("reading the document took too long")),
        }
    }

    /// The one that waits, if it is still there.
    fn waiting(&self) -> Option<Helper> {
        let mut helper = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        matches!(helper.child.try_wait(), Ok(None)).then_some(helper)
    }
}

impl Helper {
    fn start(program: &Path, memory: u64, warm: bool) -> io::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        rustix::net::sockopt::set_socket_send_buffer_size(&ours, UNDER_WAY)?;
        let socket = UnixStream::from_std(ours)?;
        // What a parser may say about a document goes nowhere, and it is told nothing of where it runs.
        let child = Command::new(program)
            .arg("document-helper")
            .arg("--memory")
            .arg(memory.to_string())
            .args(warm.then_some("--warm"))
            .env_clear()
            // What the allocator sets aside without using it would count as used.
            .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            // What it has once had it keeps: it lives for one document.
            .env("MIMALLOC_PURGE_DELAY", "-1")
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { child, socket })
    }
}

/// A document that takes its reader down is one that cannot be read.
fn refused(why: &str) -> Fault {
    Fault::Unfit(Reason::Unreadable, why.to_owned())
}

/// What a helper said, as far as it goes into a log: one that a document took over may say anything.
fn words(why: &str) -> String {
    why.chars().flat_map(char::escape_debug).take(WORDS).collect()
}

/// Whether it is an answer to what was asked.
fn fits(renewed: &RenewedDocument, asked: &RenewDocument) -> bool {
    let (count, is_stamped) = (asked.evidence.len(), !asked.stamps.is_empty());
    match renewed {
        RenewedDocument::Unsigned | RenewedDocument::Unstamped => count == 0,
        RenewedDocument::Stamped { stamps, .. } => {
            let octets: usize = stamps.iter().flat_map(|stamp| &stamp.certificates).map(|der| der.len()).sum();
            count == 0 && !stamps.is_empty() && octets <= CERTIFICATES
        }
        RenewedDocument::Imprints(all) => {
            let long = |imprint: &StampImprint| imprint.hash.len() == imprint.algorithm.len();
            count > 0 && !is_stamped && all.len() == count && all.iter().all(long)
        }
        RenewedDocument::Parts(_) => is_stamped,
        // That is for the signer to say.
        RenewedDocument::Unfit(_) => false,
    }
}

async fn talk(socket: &mut UnixStream, document: &Octets, question: &Question) -> io::Result<Answer> {
    socket.write_all(&wire::encode(question)?).await?;
    // A helper that refuses a long document at once does not wait for the rest of it.
    let written = send(socket, document).await;
    let length = match socket.read_u32().await {
        Ok(length) => length as usize,
        Err(error) => return Err(written.err().unwrap_or(error)),
    };
    if length > question.task.longest_answer() {
        return Err(io::Error::other("frame too long"));
    }
    let mut content = vec![0; length];
    socket.read_exact(&mut content).await?;
    wire::decode(&content)
}

async fn send(socket: &mut UnixStream, document: &Octets) -> io::Result<()> {
    if let Some(octets) = document.held() {
        return socket.write_all(octets).await;
    }
    let mut pieces = rsign_spool::stream(document.clone());
    while let Some(piece) = pieces.next().await {
        socket.write_all(&piece?).await?;
    }
    Ok(())
}

#[async_trait]
impl Foreign for Helpers {
    async fn update(&self, client: &str, document: &Octets, wanted: Wanted<'_>) -> Result<Update, Fault> {
        let since = wanted.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let task = Task::UpdatePdf {
            envelope: wanted.envelope,
            properties: wanted.properties.to_vec(),
            at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            reserve: u64::try_from(wanted.reserve).unwrap_or(u64::MAX),
        };
        match self.ask(client, document, task, Limits::default().octets).await? {
            Answer::Update { octets, start, end } => {
                let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
                let length = usize::try_from(document.len()).unwrap_or(usize::MAX);
                let update = Update::from_parts(octets, length, place(start)..place(end));
                let update = update.map_err(|error| refused(&error.to_string()))?;
                let fits = update.reserve() == wanted.reserve && update.octets().len() <= update.gap().len() + BESIDE;
                if fits { Ok(update) } else { Err(refused("the update is too long")) }
            }
            _ => Err(refused(ANOTHER)),
        }
    }

    async fn complete(&self, client: &str, asked: &CompleteSignature, now: u64) -> Result<CompletedSignature, Fault> {
        let most = match asked.format {
            Format::Xades => xml::LIMIT,
            Format::Pades => Limits::default().octets,
            Format::Cades | Format::Jades => jws::LIMIT,
        };
        let nothing = Octets::from(Vec::new());
        let document = if let KnownDocument::Document(octets) = &asked.subject { octets } else { &nothing };
        let message = serde_json::to_string(asked).map_err(|error| refused(&error.to_string()))?;
        let wanted = asked.archive == Some(ArchiveStamp::Wanted);
        match self.ask(client, document, Task::Complete { message, now }, most).await? {
            Answer::Completed(completed) if wanted == matches!(completed, CompletedSignature::Imprint(_)) => {
                Ok(completed)
            }
            _ => Err(refused(ANOTHER)),
        }
    }

    async fn renew(&self, client: &str, asked: &RenewDocument, now: u64) -> Result<RenewedDocument, Fault> {
        let octets = match &asked.content {
            Some(content) => Octets::joined(vec![asked.document.clone(), content.clone()]),
            None => asked.document.clone(),
        };
        let message = serde_json::to_string(asked).map_err(|error| refused(&error.to_string()))?;
        let (task, most) = (Task::Renew { message, now }, Limits::default().octets);
        match self.ask(client, &octets, task, most).await? {
            Answer::Renewed(renewed) if fits(&renewed, asked) => Ok(renewed),
            _ => Err(refused(ANOTHER)),
        }
    }

    async fn canonical(&self, client: &str, document: &Octets, hash: HashAlgorithm) -> Result<Canonical, Fault> {
        match self.ask(client, document, Task::Xml { hash }, xml::LIMIT).await? {
            Answer::Xml(found) if found.digest.len() == hash.len() && found.spot.is_short() => Ok(found),
            _ => Err(refused(ANOTHER)),
        }
    }

    async fn existing(
        &self,
        client: &str,
        document: &Octets,
        format: Format,
        hash: HashAlgorithm,
    ) -> Result<Existing, Fault> {
        let sayable = |kind: &Option<String>| kind.as_deref().is_none_or(jws::is_media_type);
        match self.ask(client, document, Task::Signed { format, hash }, jws::LIMIT).await? {
            Answer::Signed(found) => match (format, &found) {
                (Format::Cades, Existing::Cms(digest)) if digest.len() == hash.len() => Ok(found),
                (Format::Jades, Existing::Jws { content_type, .. }) if sayable(content_type) => Ok(found),
                _ => Err(refused(ANOTHER)),
            },
            _ => Err(refused(ANOTHER)),
        }
    }
}
