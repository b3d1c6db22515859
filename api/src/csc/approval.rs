//! What is approved out of band: `credentials/authorize` without a PIN (11.6), `credentials/authorizeCheck` (11.7).

use serde::Serialize;

use super::{Ask, authorization};
use crate::error::{self, Fault, oauth2};

impl Ask<'_> {
    /// `description`, as it is shown to the user: at most 500 characters, without those that deceive.
    ///
    /// # Errors
    /// Longer, or no string.
    pub fn description(&self) -> Result<Option<String>, Fault> {
        let Some(value) = self.body.get("description") else { return Ok(None) };
        let said = value.text().ok_or(oauth2::DESCRIPTION)?;
        authorization::text(said).map(Some).map_err(|_| oauth2::DESCRIPTION)
    }

    /// `handle`: what an approval that is under way is asked about by.
    ///
    /// # Errors
    /// Missing, or no string.
    pub fn handle(&self) -> Result<&str, Fault> {
        self.string("handle").ok_or(error::HANDLE)
    }
}

/// Answer of `credentials/authorize` and `authorizeCheck` while the user has not decided, HTTP 202 (11.6, 11.7 of v2).
#[derive(Debug, Serialize)]
pub struct Pending<'a> {
    /// What to ask `authorizeCheck` about.
    pub handle: &'a str,
}
