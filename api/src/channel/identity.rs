//! The signer's identity keys, as a client pins them: never learned from the wire (3.2).

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::Failure;

/// What stands before the point in a `SubjectPublicKeyInfo` of id-ecPublicKey on secp256r1, DER (RFC 5480): there is
/// one such encoding of an uncompressed point, 91 octets.
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// `kid` = SHA-256 of the identity key's `SubjectPublicKeyInfo`, DER.
#[must_use]
pub fn kid(spki: &[u8]) -> [u8; 32] {
    Sha256::digest(spki).into()
}

/// The identity keys a client trusts: the current one and the next.
pub struct Pinned(Vec<([u8; 32], VerifyingKey)>);

impl Pinned {
    /// From the keys' `SubjectPublicKeyInfo`s, DER.
    ///
    /// # Errors
    /// One of them is no P-256 key with an uncompressed point.
    pub fn new<'a>(spkis: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Failure> {
        let keys = spkis.into_iter().map(|spki| Ok((kid(spki), read_spki(spki)?)));
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// Checks a raw r|s signature (low s not required, 3.6) by the key that is named; an unknown one is never trusted.
    pub(super) fn verify(&self, kid: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), Failure> {
        let (_, key) = self.0.iter().find(|(known, _)| known == kid).ok_or(Failure)?;
        let signature = Signature::from_slice(signature).map_err(|_| Failure)?;
        key.verify(message, &signature).map_err(|_| Failure)
    }
}

fn read_spki(spki: &[u8]) -> Result<VerifyingKey, Failure> {
    let point = spki.strip_prefix(&SPKI_HEAD).ok_or(Failure)?;
    if point.len() != 65 {
        return Err(Failure);
    }
    VerifyingKey::from_sec1_bytes(point).map_err(|_| Failure)
}
