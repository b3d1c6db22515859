//! What the key ceremony left in the store, and the versions of K_MK since: one document, shared by all signers on it.

mod round;
mod uses;

use rsign_api::bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::hsm::{MasterVersion, Masters};
use crate::officers::Proposal;

pub use round::Round;
pub use uses::Uses;

/// How long nothing may be wrapped under a K_MK any more before it can be destroyed, milliseconds. A signer looks at this
/// document once a minute, a key may take four more to be made, and no SAD lives longer than a quarter of an hour.
pub const RETIREMENT: i64 = 20 * 60_000;

/// The document. Canary and name at its top are the newest K_MK's: a program that knows but one does not start on a K_MK
/// that it would not use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CeremonyRow {
    /// See [`crate::hsm::pkcs11::Ceremony::canary`]; of the newest K_MK.
    pub canary: Bytes,
    /// The newest K_MK: what is wrapped now is wrapped under it.
    pub master: MasterVersion,
    /// Certificate of the built-in CA, DER.
    pub authority: Bytes,
    /// Unix milliseconds.
    pub performed_at: i64,
    /// Earlier ones, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// When the newest was made, Unix milliseconds; with the ceremony where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<i64>,
    /// The first of two officers' word on a K_MK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
    /// What officers can sign now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
}

/// A K_MK that another took the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Which.
    pub version: MasterVersion,
    /// Its canary.
    pub canary: Bytes,
    /// When it was made, Unix milliseconds.
    pub made_at: i64,
    /// What became of it.
    pub state: EarlierState,
}

/// Kept, until it retires; then destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum EarlierState {
    /// Opens what is under it.
    Kept,
    /// The same, but nothing is wrapped under it any more.
    Retiring {
        /// Unix milliseconds.
        since: i64,
    },
    /// Opens nothing any more; its key is about to be destroyed.
    Destroying,
    /// Its key was destroyed.
    Destroyed {
        /// Unix milliseconds.
        at: i64,
    },
}

impl EarlierState {
    /// Whether it opens nothing any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Destroying | Self::Destroyed { .. })
    }
}

/// What two officers agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", content = "version", rename_all = "snake_case")]
pub enum Act {
    /// Make this K_MK, the next.
    New(MasterVersion),
    /// Destroy this one.
    Destroy(MasterVersion),
}

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::New(version) => write!(f, "new {version}"),
            Self::Destroy(version) => write!(f, "destroy {version}"),
        }
    }
}

/// An officer's word, and on what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// On what.
    #[serde(flatten)]
    pub act: Act,
    /// The word.
    pub word: Proposal,
}

/// Why something cannot be done to a K_MK.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MasterError {
    /// There is none of this name.
    #[error("there is no {0}")]
    Unknown(MasterVersion),
    /// It is the newest.
    #[error("{0} is the current one: what is wrapped now is wrapped under it")]
    Current(MasterVersion),
    /// It is not the next: another call made that meanwhile.
    #[error("{0} is not the next one any more: somebody else was quicker")]
    NotNext(MasterVersion),
    /// What an officer signed is not what can be signed now.
    #[error("the statement is good no more: print another one, without --signature, and have that signed")]
    Lapsed,
    /// Nobody agreed to its end.
    #[error("{0} is kept: two officers have to agree to its end (--officer NAME --signature FILE)")]
    Kept(MasterVersion),
    /// A signer may still be wrapping under it.
    #[error(
        "{version} has to wait {minutes} more minutes: a signer that began something before it retired may not have ended"
    )]
    Waiting {
        /// Which.
        version: MasterVersion,
        /// How long.
        minutes: i64,
    },
}

impl CeremonyRow {
    /// What a ceremony leaves.
    #[must_use]
    pub const fn first(canary: Bytes, authority: Bytes, performed_at: i64) -> Self {
        let master = MasterVersion::FIRST;
        Self {
            canary,
            master,
            authority,
            performed_at,
            earlier: Vec::new(),
            made_at: None,
            proposed: None,
            round: None,
        }
    }

    /// The versions that have to be on the token.
    #[must_use]
    pub fn masters(&self) -> Masters {
        let alive = self.earlier.iter().filter(|one| !one.state.is_over());
        let mut canaries: std::collections::BTreeMap<_, _> =
            alive.map(|one| (one.version, one.canary.0.clone())).collect();
        canaries.insert(self.master, self.canary.0.clone());
        Masters { current: self.master, canaries }
    }

    /// What is wrapped now is wrapped under this, by a signer that knows these; none where it has to be started again.
    #[must_use]
    pub fn wrapping(&self, known: &Masters) -> Option<MasterVersion> {
        if known.canaries.contains_key(&self.master) {
            return Some(self.master);
        }
        let kept = self.earlier.iter().filter(|one| one.state == EarlierState::Kept).map(|one| one.version);
        kept.filter(|version| known.canaries.contains_key(version)).max()
    }

    /// The version to be made next.
    #[must_use]
    pub const fn next(&self) -> MasterVersion {
        self.master.next()
    }

    /// Puts the next K_MK in front.
    ///
    /// # Errors
    /// [`MasterError::NotNext`].
    pub fn promote(&mut self, version: MasterVersion, canary: Vec<u8>, now: i64) -> Result<(), MasterError> {
        if version != self.next() {
            return Err(MasterError::NotNext(version));
        }
        self.earlier.push(Earlier {
            version: self.master,
            canary: std::mem::replace(&mut self.canary, Bytes(canary)),
            made_at: self.made_at.unwrap_or(self.performed_at),
            state: EarlierState::Kept,
        });
        self.master = version;
        self.made_at = Some(now);
        Ok(())
    }

    /// An earlier version.
    ///
    /// # Errors
    /// [`MasterError::Unknown`], [`MasterError::Current`].
    pub fn earlier(&mut self, version: MasterVersion) -> Result<&mut Earlier, MasterError> {
        if version == self.master {
            return Err(MasterError::Current(version));
        }
        self.earlier.iter_mut().find(|one| one.version == version).ok_or(MasterError::Unknown(version))
    }

    /// From now on nothing is wrapped under it. Changes nothing where that was said before.
    ///
    /// # Errors
    /// See [`CeremonyRow::earlier`].
    pub fn retire(&mut self, version: MasterVersion, now: i64) -> Result<(), MasterError> {
        let one = self.earlier(version)?;
        if one.state == EarlierState::Kept {
            one.state = EarlierState::Retiring { since: now };
        }
        Ok(())
    }

    /// From now on it opens nothing, and no signer asks for it when it starts: its key can be destroyed. Changes nothing the
    /// second time.
    ///
    /// # Errors
    /// [`MasterError::Kept`], [`MasterError::Waiting`], and see [`CeremonyRow::earlier`].
    pub fn destroy(&mut self, version: MasterVersion, now: i64) -> Result<(), MasterError> {
        let one = self.earlier(version)?;
        match one.state {
            EarlierState::Kept => return Err(MasterError::Kept(version)),
            EarlierState::Retiring { since } if now < since + RETIREMENT => {
                let minutes = (since + RETIREMENT - now + 59_999) / 60_000;
                return Err(MasterError::Waiting { version, minutes });
            }
            EarlierState::Retiring { .. } => one.state = EarlierState::Destroying,
            EarlierState::Destroying | EarlierState::Destroyed { .. } => {}
        }
        Ok(())
    }

    /// Its key was destroyed.
    ///
    /// # Errors
    /// See [`CeremonyRow::earlier`].
    pub fn destroyed(&mut self, version: MasterVersion, now: i64) -> Result<(), MasterError> {
        let one = self.earlier(version)?;
        if one.state == EarlierState::Destroying {
            one.state = EarlierState::Destroyed { at: now };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
