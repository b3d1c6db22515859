//! PKCS#11, and the only folder that names `cryptoki`.
//!
//! [`Token`] is an opened, logged-in and checked token; its operations are one file each. Handles of session objects
//! never outlive the PKCS#11 session of one operation: closing it destroys them all. Templates are set explicitly
//! ([`template`]) because libraries differ in their defaults, and read back: those of the token's own keys at start, those
//! of session objects by [`rehearsal`]. Nothing here copies objects, sets attributes or creates objects from plain values.

mod ceremony;
mod error;
#[expect(
    unsafe_code,
    reason = "cryptoki 0.12 has no CKM_AES_KEY_WRAP_KWP; this file calls C_WrapKey and C_UnwrapKey itself"
)]
mod ffi;
mod floor;
mod generate;
mod judge;
mod master;
mod mechanism;
mod open;
mod rehearsal;
mod rewrap;
mod sign;
mod template;
mod token_key;

use std::collections::BTreeMap;
use std::path::PathBuf;

use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use serde::{Deserialize, Serialize};

pub use ceremony::{Ceremony, CeremonyError, create_token};
pub use error::TokenError;
pub use floor::{Floor, FloorKind};
pub use master::{destroy_master, make_master};
pub use mechanism::{Derive, Wrap};

use super::{Answer, Job, MasterVersion};

/// Where the token is and how its mechanisms are used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSettings {
    /// The vendor's PKCS#11 library.
    pub module: PathBuf,
    /// Label of the token. A slot number is no identity: it changes when readers do.
    pub label: String,
    /// File with the HSM user's PIN.
    pub pin_file: PathBuf,
    /// How K_wrap comes from K_MK.
    pub derive: Derive,
    /// How K_sign is wrapped under its KEK.
    pub wrap: Wrap,
    /// Environment of the vendor's library, such as `SOFTHSM2_CONF`.
    pub environment: BTreeMap<String, String>,
}

/// The token's own keys, found once at start.
#[derive(Debug, Clone, Copy)]
struct TokenKeys {
    mac: ObjectHandle,
    /// None on the token of a ceremony before there were second factors.
    factor: Option<ObjectHandle>,
    identity: ObjectHandle,
    audit: ObjectHandle,
    authority: ObjectHandle,
}

/// One K_MK.
#[derive(Debug)]
struct Master {
    key: ObjectHandle,
    canary: Vec<u8>,
}

/// An opened token.
#[derive(Debug)]
pub struct Token {
    /// Keeps the login: PKCS#11 logs out when an application's last session closes. Before the library: fields are
    /// dropped in order.
    _login: std::sync::Mutex<Session>,
    library: open::Library,
    raw: ffi::KeyWrap,
    slot: Slot,
    keys: TokenKeys,
    masters: BTreeMap<MasterVersion, Master>,
    /// The newest of them.
    current: MasterVersion,
    derive: Derive,
    wrap: Wrap,
}

impl Token {
    /// Does one job in a session of its own.
    ///
    /// # Errors
    /// [`TokenError::Lost`] when the token must be opened again; anything else concerns this job alone.
    pub fn run(&self, job: &Job) -> Result<Answer, TokenError> {
        match job {
            Job::Generate { key, opener } => self.generate(*key, opener).map(Answer::Generated),
            Job::Rewrap { opener, slot, new_opener, check, renew } => {
                self.rewrap(opener, slot, new_opener, *check, *renew)
            }
            Job::Sign { opener, slot, wrapped_key, key, scheme, digests } => {
                self.sign(opener, slot, wrapped_key, *key, *scheme, digests)
            }
            Job::Mac { data } => self.mac(data).map(Answer::Octets),
            Job::FactorSecret { data } => self.factor_secret(data).map(Answer::Octets),
            Job::TokenSign { key, digest } => self.token_sign(*key, digest).map(Answer::Octets),
            Job::TokenPublic { key } => self.token_public(*key).map(Answer::Octets),
            Job::Random { length } => self.random(*length).map(Answer::Octets),
            Job::Check => self.check_canaries().map(|()| Answer::Octets(Vec::new())),
        }
    }

    /// A session for one operation. Read-only is enough: session objects may be made in it.
    fn session(&self) -> Result<Session, TokenError> {
        Ok(self.library.open_ro_session(self.slot)?)
    }
}
