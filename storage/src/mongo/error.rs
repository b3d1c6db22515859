//! What the driver's errors mean to us.

use std::{future::Future, time::Duration};

use mongodb::error::{ErrorKind, WriteFailure};

use crate::{Error, Result};

/// Longest a call may take, waiting for its turn included. The driver itself would wait for ever for a server that
/// accepted a command and then went silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Code of a duplicate key.
const DUPLICATE_KEY: i32 = 11000;

impl From<mongodb::error::Error> for Error {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// The call's answer, or that the store is not available.
pub(super) async fn in_time<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|late| Err(Error::Unavailable(Box::new(late))))
}

/// Whether the write was refused because the key exists; each kind of write says so in a shape of its own.
pub(super) fn is_duplicate(error: &mongodb::error::Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(failure)) => failure.code == DUPLICATE_KEY,
        ErrorKind::Command(failure) => failure.code == DUPLICATE_KEY,
        ErrorKind::InsertMany(_) => written_before_duplicate(error).is_some(),
        _ => false,
    }
}

/// How many documents of an ordered `insert_many` were written, and durably, before it met a duplicate key; `None`
/// when that is not what stopped it.
pub(super) fn written_before_duplicate(error: &mongodb::error::Error) -> Option<usize> {
    let ErrorKind::InsertMany(failure) = error.kind.as_ref() else { return None };
    if failure.write_concern_error.is_some() {
        return None;
    }
    let stopped = failure.write_errors.as_ref()?.first()?;
    (stopped.code == DUPLICATE_KEY).then_some(stopped.index)
}
