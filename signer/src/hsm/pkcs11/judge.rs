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
use super::{Token, TokenError};
use crate::hsm::Opener;

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
        let template = template::opened_kek(extractable, self.wrap);
        match self.unwrap_slot(session, opener, slot, &template) {
            Ok(kek) => return Ok(Opened::Kek(kek)),
            Err(TokenError::Device(_)) => self.check_canary()?,
            Err(fault) => return Err(fault),
        }
        match self.unwrap_slot(session, opener, slot, &template) {
            Ok(kek) => Ok(Opened::Kek(kek)),
            Err(TokenError::Device(_)) => Ok(Opened::Refused),
            Err(fault) => Err(fault),
        }
    }

    fn unwrap_slot(
        &self,
        session: &Session,
        opener: &Opener,
        slot: &[u8],
        template: &[Attribute],
    ) -> Result<ObjectHandle, TokenError> {
        // A derivation never depends on the PIN being right: its failure is the device's, whatever the code.
        let key = self
            .derive
            .derive(session, self.keys.master, opener, &template::wrapping_key(Usage::Unwrap))
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
        let key = self.derive.derive(session, self.keys.master, opener, &template::wrapping_key(Usage::Wrap))?;
        self.raw.wrap(session, KEY_WRAP, key, kek)
    }

    /// Opens the canary in a session of its own.
    pub(super) fn check_canary(&self) -> Result<(), TokenError> {
        let session = self.session()?;
        let template = template::opened_kek(Extractable::No, self.wrap);
        match self.unwrap_slot(&session, &canary_opener(), &self.canary, &template) {
            Ok(_) => Ok(()),
            Err(error) => Err(TokenError::Lost(format!("the canary does not open: {error}"))),
        }
    }
}

/// The canary's opener is public: what it wraps protects nothing.
pub(super) fn canary_opener() -> Opener {
    let octets: [u8; 32] = Sha256::digest(b"rsign/canary/v1").into();
    Opener::from(octets)
}
