//! The SAD as it travels: which row, and `r`.

use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::Random;
use crate::hsm::{MasterVersion, Opener};

const PREFIX: &str = "sad_";

/// `sad_` and base64url of the row's id (16 bytes, not secret) and `r` (32 bytes).
#[derive(Clone)]
pub struct SadToken {
    row: [u8; 16],
    r: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for SadToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SadToken({}, [redacted])", self.row())
    }
}

impl SadToken {
    /// A new one.
    #[must_use]
    pub fn draw(random: &dyn Random) -> Self {
        let (mut row, mut r) = ([0; 16], Zeroizing::new([0; 32]));
        random.fill(&mut row);
        random.fill(r.as_mut_slice());
        Self { row, r }
    }

    /// Reads one; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &SecretString) -> Option<Self> {
        let encoded = text.expose_secret().strip_prefix(PREFIX)?;
        let octets = Zeroizing::new(BASE64URL_NOPAD.decode(encoded.as_bytes()).ok()?);
        let (row, r) = octets.split_first_chunk::<16>()?;
        Some(Self { row: *row, r: Zeroizing::new(r.try_into().ok()?) })
    }

    /// For the wire.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        let octets = Zeroizing::new([self.row.as_slice(), self.r.as_slice()].concat());
        SecretString::from(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&octets)))
    }

    /// Id of the row.
    #[must_use]
    pub fn row(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.row)
    }

    /// SHA-256(r), what the row keeps.
    #[must_use]
    pub fn handle(&self) -> [u8; 32] {
        Sha256::digest(self.r.as_slice()).into()
    }

    /// What K_ot is derived from: `H("rsign/sad/v1\0" | r | L)`.
    #[must_use]
    pub fn opener(&self, binding: &[u8; 32], master: MasterVersion) -> Opener {
        let mut hash = Sha256::new();
        hash.update(b"rsign/sad/v1\0");
        hash.update(self.r.as_slice());
        hash.update(binding);
        let octets: [u8; 32] = hash.finalize().into();
        Opener::new(master, octets.into())
    }

    /// The extended SAD: `HMAC(r, "rsign/sad/extend/v1" | L')`, the same each time for the same list and expiry.
    #[must_use]
    pub fn extended(&self, binding: &[u8; 32]) -> Option<Self> {
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let mut mac = Hmac::<Sha256>::new_from_slice(self.r.as_slice()).ok()?;
        mac.update(b"rsign/sad/extend/v1");
        mac.update(binding);
        Some(Self { row: self.row, r: Zeroizing::new(mac.finalize().into_bytes().into()) })
    }
}
