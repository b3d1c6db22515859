//! The OAuth endpoints: `oauth2/authorize` (8.3.2 / 8.4.2), `oauth2/pushed_authorize` (8.4.3), `oauth2/token` (8.3.3 /
//! 8.4.4), `oauth2/revoke` (8.3.4 / 8.4.5), the metadata, and the way back from the signing page.

mod asked;
mod authorize;
mod client;
mod come_back;
mod form;
mod metadata;
mod push;
mod revoke;
mod stray;
mod token;

pub(super) use authorize::authorize;
pub(super) use come_back::come_back;
pub(super) use metadata::metadata;
pub(super) use push::push;
pub(super) use revoke::revoke;
pub(super) use token::token;

use rsign_api::version::Version;

/// These paths have no version; the sentences used here are the same in both.
const VERSION: Version = Version::V2;
