//! Answers of `oauth2/token` (8.3.3 / 8.4.4).

use secrecy::SecretString;
use serde::Serialize;

/// Answer of `oauth2/token`.
#[derive(Debug, Serialize)]
pub struct TokenAnswer {
    /// The access token.
    #[serde(serialize_with = "crate::secret::expose")]
    pub access_token: SecretString,
    /// Service scope only.
    #[serde(serialize_with = "crate::secret::expose_some", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
    /// `Bearer` for the service scope in both versions.
    pub token_type: &'static str,
    /// Seconds; always a number, some clients insist.
    pub expires_in: u32,
}
