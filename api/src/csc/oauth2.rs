//! Answers of `oauth2/token` (8.3.3 / 8.4.4).

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};

/// Answer of `oauth2/token`.
#[derive(Debug, Serialize)]
pub struct TokenAnswer {
    /// The access token.
    #[serde(serialize_with = "crate::csc::oauth2::expose")]
    pub access_token: SecretString,
    /// Service scope only.
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
    /// `Bearer` for the service scope in both versions.
    pub token_type: &'static str,
    /// Seconds; always a number, some clients insist.
    pub expires_in: u32,
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
