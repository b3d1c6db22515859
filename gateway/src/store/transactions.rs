//! Transactions of the channel, by id.

use std::sync::Arc;

use rsign_api::bytes::Bytes;
use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::transaction::{Progress, Transaction};

pub(super) const TRANSACTION: Collection = collection("transaction");

/// Transactions.
#[derive(Debug, Clone)]
pub struct Transactions(Table<Transaction>);

impl Transactions {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |transaction: &Transaction| Place { group: None, expires_at: Some(transaction.expires_at) };
        Self(Table::new(Arc::clone(store), TRANSACTION, place))
    }

    /// The transaction.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, tx: &str) -> Result<Option<Transaction>> {
        self.0.find(tx).await
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, transaction: Transaction) -> Result<bool> {
        let tx = transaction.registration.tx.clone();
        self.0.insert(&tx, transaction).await
    }

    /// Counts a handshake before the signer is asked for it; `false` where there may be no more.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn greet(&self, tx: &str) -> Result<bool> {
        self.0
            .update(tx, |found| match found.and_then(Transaction::greet) {
                Some(greeted) => (Update::Put(greeted), true),
                None => (Update::Keep, false),
            })
            .await
    }

    /// Notes the channel; the last handshake counts.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn open(&self, tx: &str, sid: Bytes) -> Result<bool> {
        self.0
            .update(tx, move |found| match found {
                Some(transaction) if transaction.progress == Progress::Open => {
                    (Update::Put(Transaction { sid: Some(sid.clone()), ..transaction }), true)
                }
                _ => (Update::Keep, false),
            })
            .await
    }

    /// Forgets the channel, if it is still this one: it is broken.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn close(&self, tx: &str, sid: Bytes) -> Result<()> {
        self.0
            .update(tx, move |found| match found {
                Some(transaction) if transaction.sid.as_ref() == Some(&sid) => {
                    (Update::Put(Transaction { sid: None, ..transaction }), ())
                }
                _ => (Update::Keep, ()),
            })
            .await
    }

    /// Goes from one state to the next, if it is in it and the channel is still this one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn advance(&self, tx: &str, sid: Option<&Bytes>, from: Progress, to: Progress) -> Result<bool> {
        let sid = sid.cloned();
        self.0
            .update(tx, move |found| match found {
                Some(transaction) if transaction.progress == from && (sid.is_none() || transaction.sid == sid) => {
                    (Update::Put(transaction.advanced(to.clone())), true)
                }
                _ => (Update::Keep, false),
            })
            .await
    }

    /// Nothing shall come of it any more, if nothing has; what it was before.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn end(&self, tx: &str) -> Result<Option<Transaction>> {
        self.0
            .update(tx, |found| match found {
                Some(open) if open.progress.is_open() => {
                    (Update::Put(open.clone().advanced(Progress::Failed)), Some(open))
                }
                other => (Update::Keep, other),
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        self.0.purge(now).await
    }
}
