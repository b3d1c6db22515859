//! The domain's no, in one word.

use serde::{Deserialize, Serialize};

use crate::objection::Reason;

/// A domain refusal: HTTP 409 with `{"refused": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub refused: Refusal,
    /// Which documents of the message it is about, if it is about some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<RefusedDocument>,
}

/// A document of a message that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedDocument {
    /// Which one, from 0.
    pub place: u32,
    /// Why.
    pub reason: Reason,
}

impl From<Refusal> for Refused {
    fn from(refused: Refusal) -> Self {
        Self { refused, documents: Vec::new() }
    }
}

impl Refused {
    /// Of these documents, by the first of them.
    #[must_use]
    pub fn of(documents: Vec<RefusedDocument>) -> Self {
        let refused = documents.first().map_or(Refusal::Document, |first| first.reason.refusal());
        Self { refused, documents }
    }
}

/// Why the signer said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The request itself is wrong: a gateway of another version, or a forged one.
    #[error("the request is malformed")]
    Malformed,
    /// There is no such credential, or it is another user's.
    #[error("there is no such credential")]
    UnknownCredential,
    /// The id was used before.
    #[error("the credential id is taken")]
    Taken,
    /// The state does not allow it: not active yet, suspended, blocked or destroyed.
    #[error("the credential is disabled")]
    Disabled,
    /// The certificate's notAfter has passed.
    #[error("the certificate has expired")]
    CertificateExpired,
    /// The certificate is not this key's.
    #[error("the certificate is not of this key")]
    ForeignCertificate,
    /// Judged and wrong.
    #[error("the PIN is wrong")]
    WrongPin,
    /// Not judged: the credential is locked, for this client or for all.
    #[error("the PIN is locked")]
    PinLocked,
    /// The second factor is missing, wrong, or was used before; the PIN was not judged.
    #[error("the second factor is wrong")]
    WrongFactor,
    /// Not judged: too many wrong codes before.
    #[error("the second factor is locked")]
    FactorLocked,
    /// A new PIN that policy does not allow.
    #[error("the new PIN is too weak")]
    WeakPin,
    /// Unknown, of another client, user or credential, or ended.
    #[error("the SAD is not valid")]
    InvalidSad,
    /// Was valid.
    #[error("the SAD has expired")]
    SadExpired,
    /// Not in the list, already spent otherwise, or no use left.
    #[error("a hash is not authorized by the SAD")]
    HashNotAuthorized,
    /// A document, or its digest, is none of those that the SAD's list approves.
    #[error("a document is none of those that were authorized")]
    ForeignDocument,
    /// The signer forms no signatures of this format, or not where this one is to stand.
    #[error("the format is not one that is formed here")]
    Format,
    /// The signature cannot stand where it is to stand: a certification of what is signed already.
    #[error("the signature cannot stand there")]
    Envelope,
    /// The document cannot be read, or must not be changed.
    #[error("the document is not one that can be signed")]
    Document,
    /// What is to be said in the signature besides is unknown, or malformed.
    #[error("a signed property is not one that can be said")]
    Property,
    /// Evidence that does not show what a document is to hold it for.
    #[error("the evidence does not show that every certificate is good")]
    Evidence,
    /// SCAL 2 without hashes, or another number of hashes than signatures.
    #[error("the number of hashes and of signatures do not agree")]
    CountMismatch,
    /// More than the credential's `multisign`.
    #[error("too many signatures are asked for")]
    TooManySignatures,
    /// A digest is not as long as its hash function's.
    #[error("a digest has the wrong length")]
    DigestLength,
    /// The key cannot make such a signature, or policy forbids it.
    #[error("the algorithm is not one of the key's")]
    Algorithm,
    /// The signer's own policy forbids what was asked for.
    #[error("the signer's policy does not allow it")]
    NotAllowed,
    /// The wrapped key is not the one that was made for the credential.
    #[error("the wrapped key is not this credential's")]
    ForeignKey,
    /// There is no such channel (any more), or what came over it was wrong: then it is gone.
    #[error("the channel failed")]
    Channel,
    /// A bounded queue is full or the HSM or store is away: HTTP 503, try again.
    #[error("the service is busy")]
    Busy,
}
