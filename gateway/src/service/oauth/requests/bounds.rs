//! How long requests wait, and how many of them.

use crate::domain::authorization_request::{AuthorizationRequest, PATIENCE, PUSHED_SECONDS};
use crate::service::room::Bounds;

/// How long a request waits at most, pushed and then before its user, milliseconds.
pub const LIFETIME: i64 = PATIENCE + PUSHED_SECONDS as i64 * 1000;

/// Room for what strangers ask: 131,072 small requests of one client from one network within [`LIFETIME`], eight times
/// as many in all.
pub const OF_STRANGERS: Bounds = Bounds { all: 1024 * MEBI, share: 128 * MEBI };

/// Room for what clients ask that have shown who they are.
pub(super) const OF_CLIENTS: Bounds = Bounds { all: 2048 * MEBI, share: 512 * MEBI };

const MEBI: usize = 1024 * 1024;

/// Octets that a request takes in the store.
pub(super) fn length(request: &AuthorizationRequest) -> usize {
    serde_json::to_vec(request).map_or(usize::MAX / 2, |octets| octets.len())
}
