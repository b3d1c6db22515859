//! When who asks was recognised: at the head of a request. A body may take its time, and an operator may end meanwhile what
//! they had; then they are looked at once more.

use super::error::Problem;
use super::site::Site;
use crate::domain::token::Bearer;
use crate::service::tokens;

/// After so long it is worth a look into the store, milliseconds: not for every short call.
const LONG: i64 = 1000;

/// The moment, Unix milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recognised(i64);

impl Recognised {
    /// Now.
    pub(super) fn now(site: &Site) -> Self {
        Self(site.app.clock.now())
    }

    /// Whether it may not be true any more. By a clock that was set back meanwhile nobody knows.
    pub(super) fn is_long_ago(self, site: &Site) -> bool {
        !(0..LONG).contains(&(site.app.clock.now() - self.0))
    }

    /// Refuses a bearer whose time ended meanwhile, as one that comes with such a token.
    pub(super) async fn require_still(self, site: &Site, bearer: &Bearer) -> Result<(), Problem> {
        if self.is_long_ago(site) && !site.app.tokens.stands(bearer).await? {
            return Err(tokens::Error::Expired.into());
        }
        Ok(())
    }
}
