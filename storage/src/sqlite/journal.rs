//! The SQL of the hash chains.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::count;
use crate::{Chained, GENESIS, Result, link};

/// Names of all chains. `SELECT DISTINCT` would walk every entry; this jumps from one chain to the next.
const CHAINS: &str = "WITH RECURSIVE names (chain) AS (
         SELECT min(chain) FROM journal
         UNION ALL SELECT (SELECT min(chain) FROM journal WHERE chain > names.chain) FROM names WHERE chain NOT NULL
     ) SELECT chain FROM names WHERE chain NOT NULL";

/// Appends to the chain. The head is read from the table each time: it is the last key of an index and always at
/// hand, and so another process that appended is never missed.
pub(super) fn append(connection: &Connection, chain: &str, event: &[u8]) -> Result<Chained> {
    let (before, previous) = head(connection, chain)?;
    let sequence = before + 1;
    let hash = link(&previous, sequence, event);
    connection
        .prepare_cached("INSERT INTO journal (chain, seq, hash, event) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![chain, count(sequence), hash, event])?;
    Ok(Chained { sequence, hash, event: event.to_vec() })
}

/// The last sequence number of the chain and the hash at it.
fn head(connection: &Connection, chain: &str) -> Result<(u64, [u8; 32])> {
    let last = connection
        .prepare_cached("SELECT seq, hash FROM journal WHERE chain = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([chain], |row| Ok((sequence(row)?, row.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or((0, GENESIS)))
}

pub(super) fn read(connection: &Connection, chain: &str, from: u64, limit: usize) -> Result<Vec<Chained>> {
    let mut select = connection
        .prepare_cached("SELECT seq, hash, event FROM journal WHERE chain = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3")?;
    let entries = select.query_map(params![chain, count(from), count(limit)], |row| {
        Ok(Chained { sequence: sequence(row)?, hash: row.get(1)?, event: row.get(2)? })
    })?;
    Ok(entries.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn chains(connection: &Connection) -> Result<Vec<String>> {
    let mut select = connection.prepare_cached(CHAINS)?;
    let names = select.query_map([], |row| row.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

fn sequence(row: &Row<'_>) -> rusqlite::Result<u64> {
    let stored: i64 = row.get(0)?;
    u64::try_from(stored).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, stored))
}
