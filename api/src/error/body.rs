//! The body of an error, and the sentences that name what they are about.

use std::collections::BTreeSet;

use serde::Serialize;

use super::code;
use crate::objection::{self, Objection, Told, plain};
use crate::version::Version;

/// The body of every error answer (clause 10.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// The code.
    pub error: &'static str,
    /// The sentence.
    pub error_description: String,
    /// The sentence again, for clients that read this member and crash without it (the EUDI Python relying party).
    pub message: String,
    /// Ours: what of the call is refused, and why.
    #[serde(rename = "rsign_refused", skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Told>,
}

impl ErrorBody {
    /// A body with this code and sentence.
    #[must_use]
    pub fn new(error: &'static str, sentence: impl Into<String>) -> Self {
        let message = sentence.into();
        Self { error, error_description: message.clone(), message, refused: Vec::new() }
    }

    /// The same, which says what of the call is refused, and why.
    #[must_use]
    pub fn about(self, objections: &[Objection]) -> Self {
        Self { refused: objection::told(objections), ..self }
    }
}

/// 11.10: the v1 sentence names the certificate's subject, the v2 one does not.
#[must_use]
pub fn certificate_expired(version: Version, organization: &str, common_name: &str) -> ErrorBody {
    let sentence = match version {
        Version::V1 => format!("Signing certificate 'O={organization},CN={common_name}' is expired."),
        Version::V2 => "Signing certificate is expired".to_owned(),
    };
    ErrorBody::new(code::INVALID_REQUEST, sentence)
}

/// Ours, HTTP 413: a body of more than so many octets.
#[must_use]
pub fn body_too_long(most: usize) -> ErrorBody {
    let most = if most.is_multiple_of(1024) { format!("{} KiB", most / 1024) } else { format!("{most} octets") };
    ErrorBody::new(code::INVALID_REQUEST, format!("The body is longer than {most}"))
}

/// 11.11: the sentence names the attributes it is about.
#[must_use]
pub fn signed_properties(invalid: &[&str]) -> ErrorBody {
    let mut sentence = "Invalid parameter signed_props".to_owned();
    if !invalid.is_empty() {
        let mut seen = BTreeSet::new();
        let once = invalid.iter().filter(|name| seen.insert(**name));
        let names: Vec<String> = once.map(|name| plain(name)).collect();
        sentence.push_str(&format!(" ({})", names.join(", ")));
    }
    ErrorBody::new(code::INVALID_REQUEST, sentence)
}
