//! Where paths of certificates may end: the built-in CA, and what the operator names.

use std::sync::Arc;

use rsign_ades::evidence::{Subject, path};

use super::authority::Authority;
use crate::port::clock::Clock;
use crate::port::signer;

/// The service.
#[derive(Debug)]
pub struct Anchors {
    authority: Arc<Authority>,
    named: Vec<Subject>,
    clock: Arc<dyn Clock>,
}

impl Anchors {
    /// The service; what the operator names is DER.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(authority: Arc<Authority>, named: &[Vec<u8>], clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let named = named.iter().map(|der| Ok(Subject::read(der)?)).collect::<anyhow::Result<_>>()?;
        Ok(Self { authority, named, clock })
    }

    /// The certificates from this one up to an anchor, both included; `None` where there is no such path.
    ///
    /// # Errors
    /// When the signer does not say what the built-in CA is, and the path ends at none that the operator names.
    pub async fn path(&self, leaf: &Subject, pool: &[Subject]) -> Result<Option<Vec<Subject>>, signer::Error> {
        let now = u64::try_from(self.clock.now() / 1000).unwrap_or_default();
        if let Some(found) = path(leaf, pool, &self.named, now) {
            return Ok(Some(found));
        }
        let own = self.authority.published().await?.certificate;
        let Ok(own) = Subject::read(&own) else { return Ok(None) };
        let anchors: Vec<Subject> = self.named.iter().cloned().chain([own]).collect();
        Ok(path(leaf, pool, &anchors, now))
    }
}
