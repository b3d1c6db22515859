//! What still stands under each K_MK: what would be lost with it.

use std::collections::BTreeMap;
use std::fmt;

use rsign_storage::Result;

use crate::hsm::MasterVersion;
use crate::store::Tables;

const PAGE: usize = 500;

/// What stands under one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    /// Credentials whose PIN slot does.
    pub credentials: usize,
    /// SADs that live and still open their key.
    pub sads: usize,
    /// Whether the key of who answers OCSP does.
    pub responder: bool,
}

impl Uses {
    /// Whether nothing does.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Everything in the store, by K_MK.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(tables: &Tables, now: i64) -> Result<BTreeMap<MasterVersion, Self>> {
        let mut uses: BTreeMap<MasterVersion, Self> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = tables.credentials.list(None, after.as_deref(), PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for slot in page.into_iter().filter_map(|(_, row)| row.slot) {
                uses.entry(slot.master).or_default().credentials += 1;
            }
        }
        after = None;
        loop {
            let page = tables.sads.list(None, after.as_deref(), PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (_, sad) in page.into_iter().filter(|(_, sad)| sad.slot.is_some() && sad.expires_at > now) {
                uses.entry(sad.master).or_default().sads += 1;
            }
        }
        if let Some(row) = tables.responder().await? {
            uses.entry(row.master).or_default().responder = true;
        }
        Ok(uses)
    }
}

impl fmt::Display for Uses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        let counted = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        if self.credentials > 0 {
            parts.push(counted(self.credentials, "credential"));
        }
        if self.sads > 0 {
            parts.push(counted(self.sads, "live SAD"));
        }
        if self.responder {
            parts.push("the key of the OCSP responder".to_owned());
        }
        f.write_str(&if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") })
    }
}
