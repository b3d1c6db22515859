//! Moves a KEK from one slot to another: authorization, extension, change of PIN. K_sign is not touched.

use super::judge::Opened;
use super::template::Extractable;
use super::{Token, TokenError};
use crate::hsm::{Answer, Opener};

impl Token {
    pub(super) fn rewrap(
        &self,
        opener: &Opener,
        slot: &[u8],
        new_opener: &Opener,
        check: bool,
    ) -> Result<Answer, TokenError> {
        let session = self.session()?;
        let Opened::Kek(kek) = self.open_slot(&session, opener, slot, Extractable::Yes)? else {
            return Ok(Answer::Refused);
        };
        let rewrapped = self.wrap_slot(&session, new_opener, kek)?;
        if check {
            let Opened::Kek(_) = self.open_slot(&session, new_opener, &rewrapped, Extractable::No)? else {
                return Err(TokenError::Device("the new slot does not open".to_owned()));
            };
        }
        Ok(Answer::Rewrapped(rewrapped))
    }
}
