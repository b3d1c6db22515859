//! Read-only connections, one for each thread that reads at the moment.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rusqlite::Connection;

use super::schema::open_reader;
use crate::Result;

/// Connections kept when nobody reads. More readers than this at once open one each and close it afterwards.
const IDLE: usize = 8;

/// The pool. A read runs on the thread that asks, also on an async worker: a point read comes from the operating
/// system's page cache in some ten microseconds, which is less than a hop to another thread and back costs. So there
/// are never more connections than threads, and nobody waits for one.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default() }
    }

    /// Runs `read`, which sees everything committed before it began.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        // After an error the connection is not put back: a fresh one may well be sound.
        let answer = read(&connection)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
        Ok(answer)
    }
}
