//! The audit trail: what happened, chained by hash, written before an answer leaves.
//!
//! Never a PIN, a SAD, a key or a document: hashes to be signed appear only as the digest of their list (F-31).

use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;
use rsign_storage::{Chained, Result, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::channel::Sid;
use crate::clock::Clock;
use crate::hsm::MasterVersion;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The service started.
    Started,
    /// The service stopped in order.
    Stopped,
    /// The key ceremony was performed.
    Ceremony,
    /// An officer's word on a K_MK was taken, or not.
    MasterProposed,
    /// The next K_MK was made, or not.
    MasterMade,
    /// Nothing is wrapped under an earlier K_MK any more.
    MasterRetired,
    /// An earlier K_MK was destroyed, or not.
    MasterDestroyed,
    /// A key was made.
    CredentialCreated,
    /// A certificate was issued by the built-in CA.
    CertificateIssued,
    /// A certificate was linked.
    CertificateLinked,
    /// The drawn PIN was shown by the command on the signer's host.
    PinShown,
    /// The PIN was handed over and the credential became active.
    PinHandedOver,
    /// The PIN was changed.
    PinChanged,
    /// A second factor holds from now on: enrolled with the key, added or replaced.
    FactorChanged,
    /// A code was drawn to be sent, or not.
    CodeDrawn,
    /// Suspended, reactivated, blocked or destroyed.
    StateChanged,
    /// An officer's word that a blocked credential may be used again was taken, or not.
    UnblockProposed,
    /// A SAD was given, or the PIN was wrong.
    Authorized,
    /// A SAD was renewed.
    Extended,
    /// A SAD was ended early.
    Revoked,
    /// Hashes are about to be signed (F-33: intent before, result after).
    SigningIntended,
    /// Hashes were signed, or not.
    Signed,
    /// A SAD or hash was refused.
    Refused,
    /// An end-to-end channel was opened, or not.
    ChannelOpened,
    /// A channel was broken off: what came over it was forged, repeated, out of order, or not what was registered.
    ChannelFailed,
    /// The HSM failed.
    HsmFault,
    /// Someone without the gateway's certificate knocked.
    PeerRejected,
    /// The HSM signed where the chain stood.
    Checkpoint,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As asked.
    #[default]
    Success,
    /// Not as asked.
    Failure,
}

/// One entry. Absent members do not apply.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Entry {
    /// Unix milliseconds; set when it is written.
    pub time: i64,
    /// What happened.
    pub event: Option<Event>,
    /// How it ended.
    pub outcome: Outcome,
    /// The client that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The user it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The credential it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Id of the channel it is about or, for an approval, that it came over, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Id of the gateway's transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// Id of the SAD's row, not the SAD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sad: Option<String>,
    /// Signatures or hashes it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Digest of the list of hashes, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The K_MK that it is about, or that a PIN slot was moved to with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<MasterVersion>,
    /// Why, in a word or a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The HSM's word on where the chain stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
}

impl Entry {
    /// An entry of this event.
    #[must_use]
    pub fn of(event: Event) -> Self {
        Self { event: Some(event), ..Self::default() }
    }

    /// Names the client.
    #[must_use]
    pub fn client(mut self, client: &str) -> Self {
        self.client = Some(client.to_owned());
        self
    }

    /// Names the credential and its owner.
    #[must_use]
    pub fn credential(mut self, credential: &crate::credential::Credential) -> Self {
        self.user = Some(credential.user.clone());
        self.credential = Some(credential.id.clone());
        self
    }

    /// Names the channel.
    #[must_use]
    pub fn channel(mut self, sid: Option<&Sid>) -> Self {
        self.channel = sid.map(|sid| HEXLOWER.encode(sid));
        self
    }

    /// Names the SAD's row, and what it covers.
    #[must_use]
    pub fn hashes(mut self, sad: &str, count: usize, list: &[u8; 32]) -> Self {
        self.sad = Some(sad.to_owned());
        self.count = Some(count);
        self.list = Some(HEXLOWER.encode(list));
        self
    }

    /// Names the K_MK that it is about, or that a PIN slot was moved to.
    #[must_use]
    pub const fn master(mut self, master: Option<MasterVersion>) -> Self {
        self.master = master;
        self
    }

    /// It failed, and why.
    #[must_use]
    pub fn failed(mut self, reason: impl std::fmt::Display) -> Self {
        self.outcome = Outcome::Failure;
        self.reason = Some(reason.to_string());
        self
    }

    /// More about it.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// Where a chain stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Name of the chain.
    pub chain: Arc<str>,
    /// Number of its last entry.
    pub sequence: u64,
    /// Hash of that entry.
    pub hash: [u8; 32],
}

impl Head {
    /// What the audit key signs: `SHA-256("rsign/audit/v1\0" | u64 length of chain | chain | u64 sequence | hash)`.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"rsign/audit/v1\0");
        hash.update((self.chain.len() as u64).to_be_bytes());
        hash.update(self.chain.as_bytes());
        hash.update(self.sequence.to_be_bytes());
        hash.update(self.hash);
        hash.finalize().into()
    }
}

/// A signed [`Head`] (F-32): nobody without the HSM can write another past up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Number of the entry it is about; it stands in one of the next.
    pub sequence: u64,
    /// That entry's hash, hexadecimal.
    pub hash: String,
    /// ECDSA by the audit key, DER, hexadecimal.
    pub signature: String,
}

/// The trail of one instance.
#[derive(Debug, Clone)]
pub struct Audit {
    store: Arc<dyn Store>,
    instance: Arc<str>,
    clock: Arc<dyn Clock>,
    head: Arc<Mutex<Option<Head>>>,
}

impl Audit {
    /// The trail of this instance in this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, instance: &str, clock: Arc<dyn Clock>) -> Self {
        Self { store, instance: instance.into(), clock, head: Arc::default() }
    }

    /// Appends an entry. What it describes may go on only when this has returned `Ok` (F-33).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn record(&self, entry: Entry) -> Result<()> {
        let chained = self.store.append(&self.instance, self.event(entry)?).await?;
        self.advance(&chained);
        Ok(())
    }

    /// Where the chain stands, as far as this process wrote it.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        self.head.lock().ok().and_then(|head| head.clone())
    }

    fn advance(&self, chained: &Chained) {
        if let Ok(mut head) = self.head.lock()
            && head.as_ref().is_none_or(|head| head.sequence < chained.sequence)
        {
            *head = Some(Head { chain: Arc::clone(&self.instance), sequence: chained.sequence, hash: chained.hash });
        }
    }

    /// Appends an entry that says what is about to be done, with the promise of [`Store::append_unsynced`]: it is on
    /// the disk when the entry is that says how it ended, and before that nothing of it leaves.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn record_intent(&self, entry: Entry) -> Result<()> {
        self.store.append_unsynced(&self.instance, self.event(entry)?).await?;
        Ok(())
    }

    fn event(&self, mut entry: Entry) -> Result<Vec<u8>> {
        entry.time = self.clock.now();
        serde_json::to_vec(&entry).map_err(|error| rsign_storage::Error::Unavailable(error.into()))
    }
}
