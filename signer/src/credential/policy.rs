//! Which keys may be made.

use rsign_api::signer::{Refusal, Scal, Stretch};
use serde::Deserialize;

/// What an operator lets a gateway ask for. None of it is in what a user confirms, so a gateway could ask for the
/// weakest there is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnrolmentPolicy {
    /// Keys of SCAL 1, whose hashes may arrive after the PIN.
    pub scal1: bool,
    /// PINs that reach the HSM without Argon2id: a search through all of them costs no more than the HSM's time.
    pub hmac: bool,
    /// Most signatures of one authorization.
    pub multisign: u32,
    /// Certificates of other CAs than the built-in one, which holds them to the name that their owner was shown.
    pub other_ca: bool,
}

impl Default for EnrolmentPolicy {
    fn default() -> Self {
        Self { scal1: false, hmac: false, multisign: 1000, other_ca: false }
    }
}

impl EnrolmentPolicy {
    /// Whether such a key may be made; if not, by which setting.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`], [`Refusal::TooManySignatures`].
    pub fn judge(self, scal: Scal, stretch: Stretch, multisign: u32) -> Result<(), (Refusal, &'static str)> {
        match () {
            () if scal == Scal::One && !self.scal1 => Err((Refusal::NotAllowed, "[enrolment] scal1 = false")),
            () if stretch == Stretch::Hmac && !self.hmac => Err((Refusal::NotAllowed, "[enrolment] hmac = false")),
            () if multisign > self.multisign => Err((Refusal::TooManySignatures, "[enrolment] multisign")),
            () => Ok(()),
        }
    }

    /// Whether a certificate of another CA may be tied to a key; if not, by which setting.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`].
    pub fn judge_other_ca(self) -> Result<(), (Refusal, &'static str)> {
        if self.other_ca { Ok(()) } else { Err((Refusal::NotAllowed, "[enrolment] other_ca = false")) }
    }
}
