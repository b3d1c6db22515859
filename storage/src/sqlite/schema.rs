//! Opens the file: permissions, pragmas, schema version, tables.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, config::DbConfig};

use super::documents::table;
use crate::{Collection, Error, Result};

/// Schema this program writes, in `PRAGMA user_version`.
const SCHEMA: u32 = 1;

/// How long to wait for another process that holds the write lock (an admin command beside the service).
const BUSY: Duration = Duration::from_secs(5);

/// Prepared statements kept per connection: a handful for each collection and for the journal.
const STATEMENTS: usize = 128;

/// The connection that writes; the file is created if absent and brought to this program's schema.
pub(super) fn open(path: &Path, collections: &[Collection]) -> Result<Connection> {
    create_private(path)?;
    let mut connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    prepare(&connection)?;
    refuse_newer(&connection)?;
    write_ahead(&connection)?;
    // NORMAL: a commit does not sync the WAL, [`super::syncer`] does before anybody is told of it. 4000 pages (16 MiB) of WAL let pages that change often be
    // written back once instead of each time. 4 MiB of cache: SQLite walks all of it at every commit that splits a
    // page, and what is not in it is in the operating system's. secure_delete=FAST overwrites deleted rows (wrapped
    // keys) where their page is written anyway.
    connection.execute_batch(
        "PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -4096;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA secure_delete = FAST;",
    )?;
    lay_out(&mut connection, collections)?;
    Ok(connection)
}

/// A connection that only reads, to a file [`open`] has laid out.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))?;
    prepare(&connection)?;
    // Small on purpose: every commit empties it, so it serves one read and the operating system's cache the next.
    connection.execute_batch("PRAGMA cache_size = -512;")?;
    Ok(connection)
}

/// `NO_MUTEX`: a connection is never used by two threads at once, Rust sees to that.
fn flags(mode: OpenFlags) -> OpenFlags {
    mode | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn prepare(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A statement's plan never depends on what is bound to it; without this SQLite prepares some again at every call.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
    Ok(())
}

/// Creates the file readable by its owner alone; SQLite gives the WAL and its index the same mode.
fn create_private(path: &Path) -> Result<()> {
    // POSIX: closing a file drops every lock this process has on it, SQLite's too. So one that exists is not touched,
    // and no other opener of this process gets past here before a new one is closed.
    static CREATING: Mutex<()> = Mutex::new(());
    let _alone = CREATING.lock();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Error::Unavailable(Box::new(error))),
        _ => Ok(()),
    }
}

fn refuse_newer(connection: &Connection) -> Result<()> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > SCHEMA {
        return Err(Error::NewerSchema { found, known: SCHEMA });
    }
    Ok(())
}

/// Whether [`open`] has laid the file out, in a schema that this program knows.
pub(super) fn is_laid_out(connection: &Connection) -> Result<bool> {
    refuse_newer(connection)?;
    let journal = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'journal')";
    Ok(connection.query_row(journal, [], |row| row.get(0))?)
}

/// Turns the WAL on. Two processes doing so to a new file at once get "busy" without SQLite waiting, so we wait.
fn write_ahead(connection: &Connection) -> Result<()> {
    let until = Instant::now() + BUSY;
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(Error::Unavailable(format!("no WAL on this file system, but {mode}").into())),
            Err(error) if is_busy(&error) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

fn lay_out(connection: &mut Connection, collections: &[Collection]) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    refuse_newer(&transaction)?; // once more under the lock: a newer rsign may have come first
    for &collection in collections {
        transaction.execute_batch(&document_table(collection))?;
    }
    transaction.execute_batch(JOURNAL)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found < SCHEMA {
        transaction.pragma_update(None, "user_version", SCHEMA)?;
    }
    Ok(transaction.commit()?)
}

/// A table with row ids: rows go to its end, many to a page, and only the small index on the id is written all over
/// the place. With the body in a tree ordered by random ids a step costs twice the CPU and disk.
fn document_table(collection: Collection) -> String {
    let table = table(collection);
    format!(
        "CREATE TABLE IF NOT EXISTS {table} (
             id TEXT PRIMARY KEY NOT NULL, grp TEXT, expires_at INTEGER, body BLOB NOT NULL
         );
         CREATE INDEX IF NOT EXISTS {table}_grp ON {table} (grp, id) WHERE grp IS NOT NULL;
         CREATE INDEX IF NOT EXISTS {table}_expires_at ON {table} (expires_at) WHERE expires_at IS NOT NULL;"
    )
}

/// Without row ids: a chain is only ever written at its end, which is the tree's end too.
const JOURNAL: &str = "CREATE TABLE IF NOT EXISTS journal (
         chain TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, event BLOB NOT NULL,
         PRIMARY KEY (chain, seq)
     ) WITHOUT ROWID;";
