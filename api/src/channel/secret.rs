//! Secrets: wiped when dropped, without `Debug`, `Clone` or `Serialize`.

use p256::{PublicKey, SecretKey};
use zeroize::{Zeroize as _, Zeroizing};

/// Octets of a PIN, of a factor, of a decrypted body.
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes octets over; the vector must not have been moved by growing, or its old places still hold them.
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// One end's private key of one handshake.
pub struct Ephemeral(SecretKey);

impl Ephemeral {
    /// The key whose scalar these random octets are. `None`, about once in 2³², when they are zero or not below the
    /// group's order: draw again.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the caller's copy is wiped here")]
    pub fn from_octets(octets: Zeroizing<[u8; 32]>) -> Option<Self> {
        SecretKey::from_slice(octets.as_slice()).ok().map(Self)
    }

    /// The public value, X or Y.
    pub(super) fn share(&self) -> PublicKey {
        self.0.public_key()
    }

    /// Z: the x-coordinate of the common point, 32 octets.
    pub(super) fn agree(&self, other: &PublicKey) -> Box<Zeroizing<[u8; 32]>> {
        let common = self.0.diffie_hellman(other);
        let mut z = Box::new(Zeroizing::new([0; 32]));
        z.copy_from_slice(common.raw_secret_bytes());
        z
    }
}
