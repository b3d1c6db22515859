//! Secrets that have to go over the wire once: serde's way past the redaction.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serializer;

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
