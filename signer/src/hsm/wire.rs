//! Frames between the signer and a worker: u32 length (big-endian), then the message in postcard.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{Answer, Job, Masters, pkcs11};

/// Longest frame: a job of 1000 digests with a 4096-bit key stays far below.
pub(super) const MAX_FRAME: usize = 1 << 20;

/// First frame to a worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Start {
    /// Where the token is and how its mechanisms are used.
    pub(super) token: pkcs11::TokenSettings,
    /// The versions of K_MK.
    pub(super) masters: Masters,
    /// Whether it takes the place of another: an earlier K_MK may have been destroyed since that one began.
    pub(super) replaces: bool,
    /// Jobs done at the same time.
    pub(super) threads: u32,
}

/// First frame from a worker: ready, or why not.
pub(super) type Ready = Result<(), NotReady>;

/// Why a worker is not ready.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NotReady {
    /// For the operator.
    pub(super) why: String,
    /// Whether another try may end otherwise.
    pub(super) hope: Hope,
}

/// See [`NotReady`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Hope {
    /// At once: a device or a library at a bad moment.
    Soon,
    /// When an operator has mended the token.
    Later,
    /// Never by itself: the HSM refused its user's PIN, and each try brings it nearer its lock.
    Never,
}

impl From<io::Error> for NotReady {
    fn from(error: io::Error) -> Self {
        Self::yet(error.to_string())
    }
}

impl NotReady {
    pub(super) fn yet(why: impl Into<String>) -> Self {
        Self { why: why.into(), hope: Hope::Soon }
    }
}

/// A job with its number.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Numbered<T> {
    /// Chosen by the signer, echoed by the worker.
    pub(super) number: u64,
    /// The job or its outcome.
    pub(super) content: T,
}

/// What a worker says of a job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// Done, or refused.
    Answer(Answer),
    /// The HSM failed at this job, but the worker can go on.
    Failed(String),
    /// Session, device or login are gone: the worker ends after this.
    Dead(String),
}

pub(super) type JobFrame = Numbered<Job>;
pub(super) type OutcomeFrame = Numbered<Outcome>;

/// The frame of a message; wiped when dropped, since it may hold an opener.
pub(super) fn encode<T: Serialize>(message: &T) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut frame = vec![0; 4];
    // Room for any job but a batch: a vector that grows leaves its old octets, with the opener, behind.
    frame.reserve(8192);
    let mut frame = Zeroizing::new(
        postcard::to_extend(message, frame).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
    );
    let length = u32::try_from(frame.len() - 4).unwrap_or(u32::MAX);
    if length as usize > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "message too long for a frame"));
    }
    if let Some(head) = frame.first_chunk_mut::<4>() {
        *head = length.to_be_bytes();
    }
    Ok(frame)
}

pub(super) fn decode<T: DeserializeOwned>(content: &[u8]) -> io::Result<T> {
    postcard::from_bytes(content).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Blocking side, for the worker. `None` when the other side has closed.
pub(super) fn read_frame<T: DeserializeOwned>(mut from: impl Read) -> io::Result<Option<T>> {
    let mut head = [0; 4];
    match from.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(head) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    let mut content = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut content)?;
    decode(&content).map(Some)
}

/// Blocking side, for the worker.
pub(super) fn write_frame<T: Serialize>(mut to: impl Write, message: &T) -> io::Result<()> {
    to.write_all(&encode(message)?)
}
