//! Authorization codes by digest.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::code::{Code, MEMORY, Mismatch, Presentation, Spent};

pub(super) const CODE: Collection = collection("authorization_code");

/// Codes of one user that are read at once.
const PAGE: usize = 100;

/// Codes, grouped by user. Spent ones stay for a while: that is how a replay is noticed.
#[derive(Debug, Clone)]
pub struct Codes(Table<Code>);

/// What became of a code that was shown.
#[derive(Debug)]
pub enum Redemption {
    /// It is spent now, for this grant.
    Redeemed(Box<Code>),
    /// It was spent before: this came of it, and has to end.
    Replayed(Box<Code>, Spent),
    /// Nothing.
    Refused(Mismatch),
}

impl Codes {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |code: &Code| Place { group: Some(code.user.clone()), expires_at: Some(code.expires_at + MEMORY) };
        Self(Table::new(Arc::clone(store), CODE, place))
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, digest: &str, code: Code) -> Result<bool> {
        self.0.insert(digest, code).await
    }

    /// Spends it for `grant`, if it may be; one step, so that of two at once the second is a replay.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn redeem(&self, digest: &str, shown: &Presentation, grant: &str, now: i64) -> Result<Redemption> {
        let (shown, grant) = (shown.clone(), grant.to_owned());
        self.0
            .update(digest, move |found| {
                let Some(code) = found else { return (Update::Keep, Redemption::Refused(Mismatch::Unknown)) };
                match (code.judge(&shown, now), code.spent.clone()) {
                    (Ok(()), _) => {
                        let spent = Some(Spent { grant: grant.clone(), replayed: false });
                        (Update::Put(Code { spent, ..code.clone() }), Redemption::Redeemed(Box::new(code)))
                    }
                    (Err(Mismatch::Spent), Some(spent)) => {
                        let marked = Some(Spent { replayed: true, ..spent.clone() });
                        (
                            Update::Put(Code { spent: marked, ..code.clone() }),
                            Redemption::Replayed(Box::new(code), spent),
                        )
                    }
                    (Err(mismatch), _) => (Update::Keep, Redemption::Refused(mismatch)),
                }
            })
            .await
    }

    /// Whether it was shown again after it was spent.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn is_replayed(&self, digest: &str) -> Result<bool> {
        let found = self.0.find(digest).await?;
        Ok(found.and_then(|code| code.spent).is_none_or(|spent| spent.replayed))
    }

    /// Forgets a user's codes for a client. One that is being redeemed at this moment counts as replayed then, and
    /// what comes of it ends.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn forget(&self, user: &str, client: &str) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let page = self.0.list(Some(user), after.as_deref(), PAGE).await?;
            for (digest, code) in &page {
                if code.client == client {
                    self.0.remove(digest).await?;
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}
