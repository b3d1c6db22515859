//! Messages about the end-to-end channel RCH1: the gateway relays what it cannot read, and hears what became of it.
//!
//! What the device and the signer say to each other is in [`crate::channel`]. These messages carry it, together with
//! what the gateway knows from outside: the signer works only where both agree.

use serde::{Deserialize, Serialize};

use super::{Authorized, CreatedCredential, Entry, FactorKind, Scal, Stretch, Subject};
use crate::algorithm::KeyType;
use crate::bytes::Bytes;

/// What a channel is opened for; to close it is allowed in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Make a key under a PIN that the user chooses or is given.
    Enrol,
    /// Approve hashes: a SAD for the client.
    Authorise,
    /// Approve hashes and have them signed, both inside the channel.
    Sign,
    /// Another PIN.
    ChangePin,
    /// A second factor, or another one in its place.
    Factor,
}

/// A transaction as the gateway registered it. The signer recomputes `ctx` from it and opens no channel whose hello
/// names another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// What for.
    pub operation: Operation,
    /// Id of the transaction.
    pub tx: String,
    /// Tenant of the user.
    pub tenant: String,
    /// The user whose PIN it is.
    pub user: String,
    /// The client that asked, and whose tries are counted.
    pub client: String,
    /// The credential; for enrolment the id allocated for it.
    pub credential: String,
    /// Version of its key, from 1.
    pub key_version: u32,
    /// Signatures asked for; for [`Operation::Sign`] the most there may be, 0 where the gateway does not know.
    #[serde(default)]
    pub signatures: u32,
    /// The hashes to approve; empty for all but [`Operation::Authorise`].
    #[serde(default)]
    pub list: Vec<Entry>,
    /// What to make; for [`Operation::Enrol`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrol: Option<Enrol>,
    /// What the owner calls the account in an authenticator app; the credential's id where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A credential to be made: [`super::CreateCredential`] without what the registration says anyway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// Kind of key.
    pub key: KeyType,
    /// What its SADs bind.
    pub scal: Scal,
    /// Most signatures one authorization may cover, at least 1.
    pub multisign: u32,
    /// How the PIN is stretched.
    #[serde(default)]
    pub stretch: Stretch,
    /// What the credential needs besides its PIN.
    #[serde(default)]
    pub factor: FactorKind,
    /// Subject of the PKCS#10.
    pub subject: Subject,
}

/// Opens a channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChannelHello {
    /// What it is for.
    pub registration: Registration,
    /// ClientHello.
    pub hello: Bytes,
    /// The authorization request as the client signed it (RFC 9101), where it did: a client whose key is registered at
    /// the signer gets no channel for an `authorise` it did not sign (DESIGN 5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// An open channel, for the device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChannelOpened {
    /// ServerHello. Its `sid`, which begins with the number of the signer's instance, is bytes 6 to 21.
    pub hello: Bytes,
    /// The identity key's signature over the handshake, raw r|s.
    pub signature: Bytes,
    /// The signer's key confirmation.
    pub finished: Bytes,
}

/// Carries one record to the signer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChannelRecord {
    /// The channel.
    pub sid: Bytes,
    /// The device's key confirmation: with its first record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Bytes>,
    /// The record, opaque to the gateway.
    pub record: Bytes,
    /// What the gateway stored as [`CreatedCredential::key`]; for [`Operation::Sign`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Bytes>,
}

/// The answer to one record.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChannelAnswer {
    /// The record for the device, opaque to the gateway.
    pub record: Bytes,
    /// What became of the transaction, for the gateway.
    pub outcome: ChannelOutcome,
}

/// What the gateway learns beside a record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelOutcome {
    /// Nothing was done. The channel stays open for another record; the device knows why, exactly.
    Open(Obstacle),
    /// Nothing was done, and nothing will be: what stood in the record is not what was registered. The channel is gone.
    Failed,
    /// The SAD, which is never in a record.
    Authorised(Authorized),
    /// The key. Its PIN is the device's until it closes the channel, which activates the credential.
    Enrolled(CreatedCredential),
    /// Another PIN holds.
    PinChanged,
    /// A second factor was begun: nothing holds until its first code has come.
    FactorBegun,
    /// The credential needs this second factor from now on; after an enrolment, from its activation on.
    FactorConfirmed,
    /// Hashes were signed; the signatures stand in the record.
    Signed {
        /// How many.
        count: u32,
    },
    /// The channel is gone; after an enrolment the PIN is handed over and the credential active.
    Closed,
}

/// What stood in the way, as coarse as the gateway may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// A PIN was judged and wrong.
    WrongPin,
    /// The PIN is locked, for this client or for all.
    PinLocked,
    /// A code of the second factor is missing or was wrong, or the factor is locked.
    WrongFactor,
    /// Not yet: the certificate is not linked, or the signer is busy.
    NotYet,
    /// Anything else: a new PIN that is too weak, a credential that is disabled, numbers that do not agree.
    Refused,
}
