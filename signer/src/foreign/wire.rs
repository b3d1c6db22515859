//! Frames between the signer and a helper: u32 length (big-endian), then the message in postcard. The document follows
//! the question as it is.

use std::io::{self, Read, Write};

use rsign_ades::pdf::BESIDE;
use rsign_ades::{Envelope, Format};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::objection::Reason;
use rsign_api::signer::{CompletedSignature, Property, Refusal};
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
    /// A PDF: add evidence, and room for a document time-stamp.
    AugmentPdf {
        certificates: Vec<Vec<u8>>,
        crls: Vec<Vec<u8>>,
        ocsp: Vec<Vec<u8>>,
        reserve: Option<u32>,
        /// Unix seconds.
        now: u64,
    },
    /// A signature of CAdES, JAdES or XAdES: add what belongs to its level.
    Complete {
        /// [`rsign_api::signer::CompleteSignature`] in JSON; the document, if there is one, is that of the question.
        message: String,
        /// Unix seconds.
        now: u64,
    },
    /// A PDF: find its newest document time-stamp.
    TimeStamp,
}

impl Task {
    /// Octets that the answer may have, some more than what is asked for takes.
    pub(super) fn longest_answer(&self) -> usize {
        const SPARE: usize = 64 << 10;
        let gap = |reserve: u64| usize::try_from(reserve).unwrap_or(MAX_FRAME).saturating_mul(2);
        let most = match self {
            Self::UpdatePdf { reserve, .. } => gap(*reserve) + BESIDE + SPARE,
            Self::AugmentPdf { certificates, crls, ocsp, reserve, .. } => {
                let evidence: usize = [certificates, crls, ocsp].into_iter().flatten().map(Vec::len).sum();
                evidence + gap(reserve.map_or(0, u64::from)) + 2 * BESIDE + SPARE
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
    /// What adds evidence, and where a token goes in it.
    Augmented { octets: Vec<u8>, gap: Option<(u32, u32)> },
    /// The signature, or what its archive time-stamp is to be over.
    Completed(CompletedSignature),
    /// The newest document time-stamp's token.
    TimeStamp(Option<Vec<u8>>),
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
