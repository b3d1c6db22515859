//! `credentials/create` (2.2, 11.4) and `credentials/delete` (2.2, 11.5). The text of 2.2 has one source, and no sentences.

use serde::Serialize;

use super::Ask;
use crate::error::{self, Fault};
use crate::json::Value;

impl Ask<'_> {
    /// `certificatePolicy` of `credentialCreationRequest`.
    ///
    /// # Errors
    /// The object is missing, or something else; so is the policy.
    pub fn creation(&self) -> Result<Option<&str>, Fault> {
        let Some(Value::Object(request)) = self.body.get("credentialCreationRequest") else {
            return Err(error::CREATION);
        };
        match request.get("subjectData") {
            None | Some(Value::Object(_)) => {}
            Some(_) => return Err(error::CREATION),
        }
        request.get("certificatePolicy").map(|policy| policy.text().ok_or(error::CREATION)).transpose()
    }

    /// `credentialID` of `credentialDeletionRequest`. Its certificate is revoked in any case; a reason is looked at, and
    /// the CA's own is given.
    ///
    /// # Errors
    /// The object is missing or something else, or its members are; no string names no credential.
    pub fn deletion(&self) -> Result<&str, Fault> {
        let Some(Value::Object(request)) = self.body.get("credentialDeletionRequest") else {
            return Err(error::DELETION);
        };
        // CRLReason (RFC 5280, 5.3.1); 7 is not used.
        match request.get("revocationReason") {
            None => {}
            Some(Value::Integer(reason)) if (0..=10).contains(reason) && *reason != 7 => {}
            Some(_) => return Err(error::DELETION),
        }
        request.get("credentialID").and_then(Value::text).ok_or(error::CREDENTIAL)
    }
}

/// Answer of `credentials/create`; with `credentialInfo` it is [`Described`](super::credentials::Described).
#[derive(Debug, Serialize)]
pub struct Created {
    /// The new one.
    #[serde(rename = "credentialID")]
    pub id: String,
}
