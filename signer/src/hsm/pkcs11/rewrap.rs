//! Moves a KEK from one slot to another: authorization, extension, change of PIN. K_sign is not touched.

use super::judge::Opened;
use super::template::Extractable;
use super::{Token, TokenError};
use crate::hsm::{Answer, MasterVersion, Opener};

impl Token {
    pub(super) fn rewrap(
        &self,
        opener: &Opener,
        slot: &[u8],
        new_opener: &Opener,
        check: bool,
        renew: Option<MasterVersion>,
    ) -> Result<Answer, TokenError> {
        let session = self.session()?;
        let Opened::Kek(kek) = self.open_slot(&session, opener, slot, Extractable::Yes)? else {
            return Ok(Answer::Refused);
        };
        let into = |opener: &Opener, check: bool| -> Result<Vec<u8>, TokenError> {
            let slot = self.wrap_slot(&session, opener, kek)?;
            if check {
                let Opened::Kek(_) = self.open_slot(&session, opener, &slot, Extractable::No)? else {
                    return Err(TokenError::Device("the new slot does not open".to_owned()));
                };
            }
            Ok(slot)
        };
        let renewed = renew.map(|master| into(&opener.under(master), true)).transpose()?;
        Ok(Answer::Rewrapped { slot: into(new_opener, check)?, renewed })
    }
}
