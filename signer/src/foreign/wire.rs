//! Frames between the signer and a helper: u32 length (big-endian), then the message in postcard. The document follows
//! the question as it is.

use std::io::{self, Read, Write};

use rsign_ades::pdf::BESIDE;
use rsign_ades::{Envelope, Format};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::objection::Reason;
use rsign_api::signer::{CompletedSignature, Property, Refusal, RenewedDocument};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Canonical, Existing};

/// Longest message: the evidence that goes into a document.
pub(super) const MAX_FRAME: usize = 16 << 20;

/// What a helper is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Question {
    pub(super) task: Task,
    /// Octets of the document.
    pub(super) document: u64,
}

/// What is to be done with the document.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Task {
    /// A PDF: make room for a signature.
    UpdatePdf {
        envelope: Envelope,
        properties: Vec<Property>,
        /// Milliseconds since 1970.
        at: u64,
        reserve: u64,
    },
    /// XML: find its canonical form and the place of its signature.
    Xml { hash: HashAlgorithm },
    /// A CMS or JWS: find what it is over.
    Signed { format: Format, hash: HashAlgorithm },
    /// A signature: add what belongs to its level.
    Complete {
        /// [`rsign_api::signer::CompleteSignature`] in JSON; the document, if there is one, is that of the question.
        message: String,
        /// Unix seconds.
        now: u64,
    },
    /// A signature of long ago: the next step of what makes it last longer.
    Renew {
        /// [`rsign_api::signer::RenewDocument`] in JSON; what is signed follows the document, if it is there.
        message: String,
        /// Unix seconds.
        now: u64,
    },
}

impl Task {
    /// Octets that the answer may have, some more than what is asked for takes.
    pub(super) fn longest_answer(&self) -> usize {
        const SPARE: usize = 64 << 10;
        let most = match self {
            Self::UpdatePdf { reserve, .. } => {
                usize::try_from(*reserve).unwrap_or(MAX_FRAME).saturating_mul(2) + BESIDE + SPARE
            }
            Self::Xml { .. } | Self::Signed { .. } => SPARE,
            _ => MAX_FRAME,
        };
        most.min(MAX_FRAME)
    }
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// See [`rsign_ades::pdf::Update::from_parts`].
    Update { octets: Vec<u8>, start: u64, end: u64 },
    /// See [`super::Canonical`].
    Xml(Canonical),
    /// See [`super::Existing`].
    Signed(Existing),
    /// What comes with the document, or is asked of it; and words for the operator.
    Refused(Refusal, String),
    /// The signature, or what its archive time-stamp is to be over.
    Completed(CompletedSignature),
    /// See [`RenewedDocument`].
    Renewed(RenewedDocument),
    /// The document, or what is to be said in it: the word that clients hear, and words for the operator.
    Unfit(Reason, String),
}

/// The frame of a message.
pub(super) fn encode<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut frame = postcard::to_extend(message, vec![0; 4]).map_err(io::Error::other)?;
    let length = u32::try_from(frame.len() - 4).ok().filter(|length| *length as usize <= MAX_FRAME);
    let length = length.ok_or_else(|| io::Error::other("message too long for a frame"))?;
    if let Some(head) = frame.first_chunk_mut::<4>() {
        *head = length.to_be_bytes();
    }
    Ok(frame)
}

pub(super) fn decode<T: DeserializeOwned>(content: &[u8]) -> io::Result<T> {
    postcard::from_bytes(content).map_err(io::Error::other)
}

/// Reads a message.
pub(super) fn read<T: DeserializeOwned>(mut from: impl Read) -> io::Result<T> {
    let mut head = [0; 4];
    from.read_exact(&mut head)?;
    let length = u32::from_be_bytes(head) as usize;
    if length > MAX_FRAME {
        return Err(io::Error::other("frame too long"));
    }
    let mut content = vec![0; length];
    from.read_exact(&mut content)?;
    decode(&content)
}

/// Writes a message.
pub(super) fn write<T: Serialize>(mut to: impl Write, message: &T) -> io::Result<()> {
    to.write_all(&encode(message)?)
}
