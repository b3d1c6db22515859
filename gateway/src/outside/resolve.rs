//! Looks names up, and gives only addresses that may be called: the connection goes to what was checked, so a name that
//! changes its mind meanwhile (DNS rebinding) gains nothing.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Reachable;

/// A name with an address that may not be called.
#[derive(Debug, thiserror::Error)]
#[error("the name has an address that is not a public one")]
pub(super) struct Forbidden;

/// The resolver of this machine, checked.
#[derive(Debug)]
pub(super) struct Checked(pub(super) Reachable);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reachable = self.0;
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One bad address among good ones is no accident.
            if !found.iter().all(|address| reachable.allows(address.ip())) {
                return Err(Forbidden.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
