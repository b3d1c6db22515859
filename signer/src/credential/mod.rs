//! The signer's row of a credential: PIN slot, state, tries, and what was linked to it.

mod factor;
mod online;
mod policy;
mod tries;

use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Refusal, Scal, State};
use serde::{Deserialize, Serialize};

pub use factor::{Factor, Presented, Spend};
pub use online::{CodePolicy, Codes, SentCode};
pub use policy::EnrolmentPolicy;
pub use tries::{Begin, Tries, TryPolicy};

use crate::hsm::MasterVersion;
use crate::officers::{self, Proposal};
use crate::pin::{Binding, Stretching};

/// One credential. Every change is one compare-and-set of this row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id, 128 random bits or more, never used again.
    pub id: String,
    /// Tenant of its owner.
    pub tenant: String,
    /// Its owner.
    pub user: String,
    /// Version of its key, from 1.
    pub key_version: u32,
    /// Kind of key.
    pub key: KeyType,
    /// What its SADs bind.
    pub scal: Scal,
    /// Most signatures of one authorization.
    pub multisign: u32,
    /// Where it stands in its life.
    pub state: State,
    /// Unix milliseconds.
    pub created_at: i64,
    /// When it entered its state, Unix milliseconds.
    pub changed_at: i64,
    /// What its owner was shown when it was made, kind of key and subject
    /// ([`enrol_digest`](rsign_api::channel::context::enrol_digest)): its certificate says nothing else.
    #[serde(default)]
    pub enrolled: Bytes,
    /// SHA-256 of the wrapped key the gateway holds.
    pub wrapped_key: Bytes,
    /// The public key, `SubjectPublicKeyInfo`, DER.
    pub spki: Bytes,
    /// The PIN slot; gone when destroyed.
    pub slot: Option<Slot>,
    /// Raised by change of PIN, block, suspension and deletion: ends every live SAD.
    pub epoch: u32,
    /// The certificate, once linked.
    pub certificate: Option<Linked>,
    /// Those it had before, the last ones, while their time is not over: what was begun with one is finished.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Linked>,
    /// PIN tries.
    pub tries: Tries,
    /// What it needs besides the PIN; checked before a try is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Factor>,
    /// The first of two officers' word, while it is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unblocking: Option<Proposal>,
}

/// Certificates that a key has had, and whose time is not over, that are kept beside its present one.
const MOST_EARLIER: usize = 16;

/// KEK under the wrapping key of the PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// How the PIN is stretched.
    pub stretching: Stretching,
    /// AES-KW, 40 bytes.
    pub wrapped: Bytes,
    /// Which K_MK it is under.
    pub master: MasterVersion,
}

/// What the signer keeps of a linked certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// SHA-256 of its DER.
    pub digest: Bytes,
    /// notBefore, Unix milliseconds.
    pub not_before: i64,
    /// notAfter, Unix milliseconds.
    pub not_after: i64,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// Whether another CA than the built-in one issued it, whose serial numbers are none of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
}

impl Linked {
    /// For the audit trail: which it is, exactly.
    #[must_use]
    pub fn told(&self) -> String {
        let (whose, digest) = (if self.elsewhere { ", of another CA" } else { "" }, &self.digest);
        format!("serial {}{whose}, SHA-256 {}", self.serial, data_encoding::HEXLOWER.encode(digest))
    }
}

impl Credential {
    /// What binds its PIN slot.
    #[must_use]
    pub fn binding(&self) -> Binding<'_> {
        Binding {
            tenant: &self.tenant,
            user: &self.user,
            credential: &self.id,
            key_version: self.key_version,
            key: self.key,
            factor: self.factor.as_ref().map(|factor| (factor.kind, factor.salt.0.as_slice())),
        }
    }

    /// Whether it may sign at this time (F-12).
    ///
    /// # Errors
    /// [`Refusal::Disabled`], [`Refusal::PinLocked`] when blocked, [`Refusal::CertificateExpired`].
    pub fn usable(&self, now: i64) -> Result<(), Refusal> {
        match self.state {
            State::Active => {}
            State::Blocked => return Err(Refusal::PinLocked),
            _ => return Err(Refusal::Disabled),
        }
        match &self.certificate {
            Some(certificate) if certificate.not_after > now && certificate.not_before <= now => Ok(()),
            Some(_) => Err(Refusal::CertificateExpired),
            None => Err(Refusal::Disabled),
        }
    }

    /// Takes an officer's word. With that of another one before it, not older than `life` milliseconds, the credential
    /// is active again, with new tries. Gives the first officer's name then.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] when it is not blocked.
    pub fn unblock(&mut self, word: Proposal, life: i64) -> Result<Option<String>, Refusal> {
        if self.state != State::Blocked {
            return Err(Refusal::Disabled);
        }
        let at = word.at;
        let first = officers::agree(&mut self.unblocking, word, life);
        if first.is_some() {
            self.state = State::Active;
            self.changed_at = at;
            self.tries = Tries::default();
        }
        Ok(first)
    }

    /// Ties a certificate to it: its first, with which it is linked; or, while it is active, the next one.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] in any other state.
    pub fn link(&mut self, certificate: Linked, now: i64) -> Result<(), Refusal> {
        if self.state != State::Active {
            self.enter(State::Linked, now)?;
        } else if let Some(present) = self.certificate.take_if(|present| present.digest != certificate.digest) {
            self.earlier.retain(|one| one.not_after > now && one.digest != certificate.digest);
            // What it was used for is over soon; the revocation list does not depend on it.
            if self.earlier.len() == MOST_EARLIER {
                self.earlier.remove(0);
            }
            self.earlier.push(present);
        }
        self.certificate = Some(certificate);
        Ok(())
    }

    /// Whether this digest, SHA-256, is that of a certificate it has, or had within its time.
    #[must_use]
    pub fn has_certificate(&self, digest: &[u8], now: i64) -> bool {
        let earlier = self.earlier.iter().filter(|one| one.not_after > now);
        self.certificate.iter().chain(earlier).any(|one| *one.digest.0 == *digest)
    }

    /// Moves to another state, as F-10 allows.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] when there is no such transition.
    pub fn enter(&mut self, next: State, now: i64) -> Result<(), Refusal> {
        use State::{Active, Blocked, Destroyed, Generated, Linked, Suspended};
        let allowed = matches!(
            (self.state, next),
            (Generated, Linked)
                | (Linked | Suspended, Active)
                | (Active, Suspended | Blocked)
                | (Suspended, Blocked)
                | (Generated | Linked | Active | Suspended | Blocked, Destroyed)
        );
        if !allowed {
            return Err(Refusal::Disabled);
        }
        if matches!(next, Suspended | Blocked | Destroyed) {
            self.epoch += 1;
        }
        if next == Destroyed {
            self.slot = None;
        }
        self.unblocking = None;
        self.state = next;
        self.changed_at = now;
        Ok(())
    }
}
