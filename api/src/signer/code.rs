//! Messages about codes that are sent: the signer draws them and judges them, the gateway has them delivered.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::secret::expose_some;

/// Asks for a code of a credential whose second factor is [`super::FactorKind::Online`]. It is good for this client
/// only, and takes the place of the one drawn for it before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DrawCode {
    /// The credential.
    pub credential: String,
    /// Its owner.
    pub user: String,
    /// The client that will present it.
    pub client: String,
}

/// A code, or how long to wait for one. The signer keeps what it needs to judge it, and not the code.
#[derive(Debug, Serialize, Deserialize)]
pub struct DrawnCode {
    /// Six digits; none when this credential or this client had too many lately.
    #[serde(default, serialize_with = "expose_some", skip_serializing_if = "Option::is_none")]
    pub code: Option<SecretString>,
    /// How long it is good for; without one, after how long to ask again.
    pub seconds: u32,
}
