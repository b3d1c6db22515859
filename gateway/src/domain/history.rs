//! What a user approved: one entry per authorization.

use rsign_api::channel::list::{List, short_code};
use rsign_api::signer;
use serde::{Deserialize, Serialize};

/// The short code of a list, as the signing page and apps compute it; none where there is no list, or none that the
/// channel could carry.
#[must_use]
pub fn code(list: &[signer::Entry]) -> Option<String> {
    List::registered(list).ok().map(|list| short_code(&list.digest()))
}

/// An approval, as its user will read it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Whose key it is.
    pub user: String,
    /// `client_id` of the app.
    pub client: String,
    /// What the app was called then.
    pub app: String,
    /// The key.
    pub credential: String,
    /// Signatures approved.
    pub signatures: u32,
    /// What the app called the documents, cleaned; not all of them where there are many.
    pub labels: Vec<String>,
    /// The short code of the list, as page and app showed it; none where there was no list.
    pub code: Option<String>,
    /// How the PIN came.
    pub way: Way,
}

/// How the PIN of an approval reached the signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// From the signing page or an app, sealed end to end.
    Sealed,
    /// Through an app and this gateway, in clear (DESIGN 5).
    Clear,
}

/// An entry of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Unix milliseconds.
    pub at: i64,
    /// Unix milliseconds: when it is forgotten.
    pub expires_at: i64,
    /// What was approved.
    #[serde(flatten)]
    pub approval: Approval,
}
