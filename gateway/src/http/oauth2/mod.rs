//! The OAuth endpoints: `oauth2/token` (8.3.3 / 8.4.4) and `oauth2/revoke` (8.3.4 / 8.4.5).

mod client;
mod form;
mod revoke;
mod token;

pub(super) use revoke::revoke;
pub(super) use token::token;

use rsign_api::version::Version;

/// These paths have no version; the sentences used here are the same in both.
const VERSION: Version = Version::V2;
