//! Secrets that have to go over the wire once: serde's way past the redaction, and buffers that leave no copy.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serializer;
use zeroize::Zeroizing;

/// Adds to what may hold a secret. Where that has to move, the old place is wiped.
pub fn append(buffer: &mut Zeroizing<Vec<u8>>, octets: &[u8]) {
    let length = buffer.len() + octets.len();
    if length > buffer.capacity() {
        let mut moved = Zeroizing::new(Vec::with_capacity(length.max(2 * buffer.capacity())));
        moved.extend_from_slice(buffer);
        *buffer = moved;
    }
    buffer.extend_from_slice(octets);
}

/// Serde's way to a secret that has to go over the wire once.
pub(crate) fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// Serde's way to a secret that may be absent.
pub(crate) fn expose_some<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose_secret()),
        None => serializer.serialize_none(),
    }
}
