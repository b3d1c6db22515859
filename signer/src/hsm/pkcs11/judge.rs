//! Opens a slot, and tells a wrong PIN from a device that fails.
//!
//! Tokens answer a wrong key with the codes of device failure (`CKR_GENERAL_ERROR` on SoftHSM2, `CKR_DEVICE_ERROR`
//! on Kryoptic). So after a failure the canary is opened: if that fails as well, the device is to blame. If it opens,
//! the slot is tried once more, and only a second failure is a refusal.

use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use sha2::{Digest as _, Sha256};

use super::mechanism::KEY_WRAP;
use super::template::{self, Extractable, Usage};
use super::{Master, Token, TokenError};
use crate::hsm::{MasterVersion, Opener};

/// What the judge found.
pub(super) enum Opened {
    /// The KEK.
    Kek(ObjectHandle),
    /// The opener is not this slot's.
    Refused,
}

impl Token {
    /// Opens the KEK of a slot.
    pub(super) fn open_slot(
        &self,
        session: &Session,
        opener: &Opener,
        slot: &[u8],
        extractable: Extractable,
    ) -> Result<Opened, TokenError> {
        // Not having this K_MK says nothing of the opener: never a refusal.
        let master = self.master(opener.master)?;
        let template = template::opened_kek(extractable, self.wrap);
        match self.unwrap_slot(session, master, opener, slot, &template) {
            Ok(kek) => return Ok(Opened::Kek(kek)),
            Err(TokenError::Device(_)) => self.check_canary(opener.master, master)?,
            Err(fault) => return Err(fault),
        }
        match self.unwrap_slot(session, master, opener, slot, &template) {
            Ok(kek) => Ok(Opened::Kek(kek)),
            Err(TokenError::Device(_)) => Ok(Opened::Refused),
            Err(fault) => Err(fault),
        }
    }

    fn unwrap_slot(
        &self,
        session: &Session,
        master: &Master,
        opener: &Opener,
        slot: &[u8],
        template: &[Attribute],
    ) -> Result<ObjectHandle, TokenError> {
        // A derivation never depends on the PIN being right: its failure is the device's, whatever the code.
        let key = self
            .derive
            .derive(session, master.key, opener, &template::wrapping_key(Usage::Unwrap))
            .map_err(|error| TokenError::Lost(error.to_string()))?;
        Ok(self.raw.unwrap(session, KEY_WRAP, key, slot, template)?)
    }

    /// Puts a KEK into a new slot.
    pub(super) fn wrap_slot(
        &self,
        session: &Session,
        opener: &Opener,
        kek: ObjectHandle,
    ) -> Result<Vec<u8>, TokenError> {
        let master = self.master(opener.master)?.key;
        let key = self.derive.derive(session, master, opener, &template::wrapping_key(Usage::Wrap))?;
        self.raw.wrap(session, KEY_WRAP, key, kek)
    }

    /// Opens the canary of a K_MK in a session of its own.
    pub(super) fn check_canary(&self, version: MasterVersion, master: &Master) -> Result<(), TokenError> {
        let session = self.session()?;
        let template = template::opened_kek(Extractable::No, self.wrap);
        match self.unwrap_slot(&session, master, &canary_opener(version), &master.canary, &template) {
            Ok(_) => Ok(()),
            Err(error) => Err(TokenError::Lost(format!("K_MK {version}: the canary does not open: {error}"))),
        }
    }

    /// Opens the canary of every K_MK, and says of which it does not.
    pub(super) fn check_canaries(&self) -> Result<(), TokenError> {
        let failed = self.masters.iter().filter_map(|(version, master)| self.check_canary(*version, master).err());
        let failed: Vec<String> = failed.map(|error| error.to_string()).collect();
        if failed.is_empty() { Ok(()) } else { Err(TokenError::Lost(failed.join("; "))) }
    }
}

/// The canary's opener is public: what it wraps protects nothing.
pub(super) fn canary_opener(master: MasterVersion) -> Opener {
    let octets: [u8; 32] = Sha256::digest(b"rsign/canary/v1").into();
    Opener::new(master, octets.into())
}
