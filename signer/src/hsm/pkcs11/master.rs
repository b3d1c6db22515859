//! K_MK on the token: made, found by its version, destroyed.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

use super::ceremony::{labelled, sized};
use super::judge::canary_opener;
use super::mechanism::KEY_WRAP;
use super::open::{candidates, find_key, label};
use super::template::{self, Usage};
use super::{Derive, Master, Token, TokenError, TokenSettings, ffi};
use crate::hsm::{MasterVersion, Masters};

impl Token {
    /// A K_MK of this token.
    ///
    /// # Errors
    /// When this process was not told of it: never a word on a PIN.
    pub(super) fn master(&self, version: MasterVersion) -> Result<&Master, TokenError> {
        self.masters.get(&version).ok_or_else(|| {
            TokenError::Device(format!(
                "K_MK {version} is not known to this signer: where it was made since the signer began, start the signer \
                 again; where it was destroyed, nothing is left under it"
            ))
        })
    }
}

/// Makes the K_MK of this version, on the token of the versions before it, and gives its canary. One that is there
/// already, and is what it would be if made now, is taken: it was made by a call that got no further.
///
/// # Errors
/// When this is not that token, or there are several of this version, or one that is not as it should be.
pub fn make_master(settings: &TokenSettings, masters: &Masters, version: MasterVersion) -> Result<Vec<u8>, TokenError> {
    let token = Token::open(settings, masters)?;
    let session = token.library.open_rw_session(token.slot)?;
    let label = label::master(version);
    if candidates(&session, &label)?.is_empty() {
        generate_master(&session, settings.derive, version)?;
    }
    let key = find_key(&session, &label, &template::master_key(settings.derive))?;
    canary(&session, &token.raw, settings.derive, version, key)
}

/// Destroys the K_MK of this version on the token; `false` when it was not there. `masters` are those that stay.
///
/// # Errors
/// When this is not the token of those, or the key does not go.
pub fn destroy_master(settings: &TokenSettings, masters: &Masters, version: MasterVersion) -> Result<bool, TokenError> {
    if masters.canaries.contains_key(&version) {
        return Err(TokenError::misconfigured(format!("K_MK {version} is one of those that stay")));
    }
    let token = Token::open(settings, masters)?;
    let session = token.library.open_rw_session(token.slot)?;
    let label = label::master(version);
    let found = candidates(&session, &label)?;
    for key in &found {
        session.destroy_object(*key)?;
    }
    match candidates(&session, &label)?.len() {
        0 => Ok(!found.is_empty()),
        left => Err(TokenError::Device(format!("{left} keys are still labelled {label}"))),
    }
}

/// A K_MK under the label of its version.
pub(super) fn generate_master(
    session: &Session,
    derive: Derive,
    version: MasterVersion,
) -> Result<ObjectHandle, TokenError> {
    let template = labelled(template::master_key(derive), &label::master(version));
    Ok(session.generate_key(&derive.master_generation(), &sized(template))?)
}

/// A throw-away key under a wrapping key of this K_MK.
pub(super) fn canary(
    session: &Session,
    raw: &ffi::KeyWrap,
    derive: Derive,
    version: MasterVersion,
    master: ObjectHandle,
) -> Result<Vec<u8>, TokenError> {
    let throw_away = session.generate_key(&Mechanism::AesKeyGen, &template::new_kek())?;
    let wrapping = derive.derive(session, master, &canary_opener(version), &template::wrapping_key(Usage::Wrap))?;
    raw.wrap(session, KEY_WRAP, wrapping, throw_away)
}
