//! Whether the token's session objects are what their templates say: a token may ignore an attribute silently.
//!
//! Read back where it costs nothing: at start, on the objects of a key that nobody keeps, and whenever a key is made, on
//! that key's own. Between them no operation asks for an object that was not looked at.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use rsign_api::algorithm::KeyType;

use super::generate::{key_pair, kind};
use super::judge::{Opened, canary_opener};
use super::open::read_back;
use super::template::{self, Extractable, Usage};
use super::{Token, TokenError};
use crate::hsm::Opener;

impl Token {
    /// Makes a P-256 key and opens it, in one session, and keeps nothing.
    ///
    /// # Errors
    /// When an object is not what its template says, or one of the operations fails.
    pub(super) fn rehearse(&self) -> Result<(), TokenError> {
        let session = self.session()?;
        let made = template::signing_key(kind(KeyType::P256), Extractable::Yes);
        let (_, private) = key_pair(&session, KeyType::P256, &made, None)?;
        let kek = session.generate_key(&Mechanism::AesKeyGen, &template::new_kek())?;
        // The canary's opener is public, and so would be what it wraps; but nothing of this is kept.
        self.compare(&session, KeyType::P256, (private, kek), &canary_opener(self.current)).map(drop)
    }

    /// Wraps a new key, opens it again as every signature will, and reads all of it back. Gives wrapped key and slot.
    pub(super) fn compare(
        &self,
        session: &Session,
        key: KeyType,
        (private, kek): (ObjectHandle, ObjectHandle),
        opener: &Opener,
    ) -> Result<(Vec<u8>, Vec<u8>), TokenError> {
        read_back(session, private, "K_sign, made", &template::signing_key(kind(key), Extractable::Yes))?;
        read_back(session, kek, "KEK, made", &template::new_kek())?;
        let master = self.master(opener.master)?.key;
        for usage in [Usage::Wrap, Usage::Unwrap] {
            let wanted = template::wrapping_key(usage);
            let derived = self.derive.derive(session, master, opener, &wanted)?;
            read_back(session, derived, "K_wrap", &wanted)?;
        }
        let slot = self.wrap_slot(session, opener, kek)?;
        let named = |error: TokenError| error.at(format!("[hsm] wrap = {}", self.wrap.name()));
        let wrapped = self.raw.wrap(session, self.wrap.number(), kek, private).map_err(named)?;
        for extractable in [Extractable::Yes, Extractable::No] {
            let Opened::Kek(opened) = self.open_slot(session, opener, &slot, extractable)? else {
                return Err(TokenError::Device("a new slot does not open".to_owned()));
            };
            read_back(session, opened, "KEK, opened", &template::opened_kek(extractable, self.wrap))?;
            if extractable == Extractable::No {
                let wanted = template::signing_key(kind(key), Extractable::No);
                let signing = self
                    .raw
                    .unwrap(session, self.wrap.number(), opened, &wrapped, &wanted)
                    .map_err(|error| named(error.into()))?;
                read_back(session, signing, "K_sign, opened", &wanted)?;
            }
        }
        Ok((wrapped, slot))
    }
}
