//! Writes down what users approve, and reads it to them.

use std::sync::Arc;

use crate::domain::history::{Approval, Entry};
use crate::domain::plain::plain;
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::store::History as Stored;

/// Labels that are kept of one approval.
const LABELS: usize = 20;

/// Characters that are kept of a label or a name.
const LABEL: usize = 200;

/// Entries read at once while looking for those of one key.
const PAGE: usize = 100;

/// How many entries one look through a user's history reads.
const FARTHEST: usize = 1000;

/// Why the history cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// A page of the history.
#[derive(Debug, Default)]
pub struct Page {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// The service.
#[derive(Debug)]
pub struct History {
    stored: Stored,
    kept: i64,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl History {
    /// The service; entries are kept for so many days.
    #[must_use]
    pub fn new(stored: Stored, days: u32, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { stored, kept: i64::from(days) * 24 * 60 * 60 * 1000, clock, random }
    }

    /// Writes an approval down. Whoever lets a PIN become a SAD calls this before the SAD is given away, so that no
    /// signature exists that its owner cannot find here.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn record(&self, approval: Approval) -> Result<(), Error> {
        let at = self.clock.now();
        let labels = approval.labels.iter().take(LABELS).map(|label| plain(label, LABEL)).collect();
        let approval = Approval { labels, app: plain(&approval.app, LABEL), ..approval };
        self.stored.add(&self.random.id()?, Entry { at, expires_at: at + self.kept, approval }).await?;
        Ok(())
    }

    /// What a user approved; with `credential` only what was approved with that key.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn read(
        &self,
        user: &str,
        credential: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        let mut page = Page { entries: Vec::new(), next: after.map(str::to_owned) };
        for _ in 0..FARTHEST / PAGE {
            let read = self.stored.of_user(user, page.next.as_deref(), PAGE).await?;
            let last = read.len() < PAGE;
            for (id, entry) in read {
                if credential.is_some_and(|wanted| wanted != entry.approval.credential) {
                    page.next = Some(id);
                    continue;
                }
                if page.entries.len() == limit {
                    return Ok(page);
                }
                page.entries.push(entry);
                page.next = Some(id);
            }
            if last {
                page.next = None;
                return Ok(page);
            }
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests;
