//! A new second factor, as an authenticator app takes it in.

use super::super::{Failure, Secret};
use super::within;

/// Most octets of the URI.
const MAX_URI: usize = 1024;
/// Modules on a side of the largest QR code there is (ISO/IEC 18004, version 40), and of the smallest; each size has 4
/// more.
const MAX_SIDE: u8 = 177;
const MIN_SIDE: u8 = 21;

/// The secret of a TOTP generator (RFC 6238), told to its owner once.
pub struct Authenticator {
    uri: Secret,
    code: Secret,
}

impl Authenticator {
    /// From the URI (`otpauth://totp/…`, UTF-8) and the same as a QR code: its side in modules and their bits by rows,
    /// most significant first, filled up with zeros.
    ///
    /// # Errors
    /// The URI is empty or longer than 1024 octets or no UTF-8, or the code is none.
    pub fn new(uri: Secret, code: Secret) -> Result<Self, Failure> {
        within(uri.reveal(), MAX_URI)?;
        std::str::from_utf8(uri.reveal()).map_err(|_| Failure)?;
        let [side, modules @ ..] = code.reveal() else { return Err(Failure) };
        let bits = usize::from(*side) * usize::from(*side);
        let fits = (MIN_SIDE..=MAX_SIDE).contains(side) && (side - MIN_SIDE).is_multiple_of(4);
        // A side is odd, so is its square: the last octet is never full.
        let padding = 0xff_u8 >> (bits % 8);
        if fits && modules.len() == bits.div_ceil(8) && modules.last().is_some_and(|last| last & padding == 0) {
            Ok(Self { uri, code })
        } else {
            Err(Failure)
        }
    }

    /// The URI.
    #[must_use]
    pub fn uri(&self) -> &[u8] {
        self.uri.reveal()
    }

    /// The QR code: side, then modules.
    #[must_use]
    pub fn code(&self) -> &[u8] {
        self.code.reveal()
    }
}
