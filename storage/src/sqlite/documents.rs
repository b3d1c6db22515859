//! The SQL of one collection. Each function makes at most one writing statement: SQLite undoes a failing statement
//! whole, so a failing job leaves nothing in the transaction it shares with others, without savepoints.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::count;
use crate::{Change, Collection, Document, Result, Step, decide::decide};

/// A collection and its statements, spelled once; each connection keeps them prepared.
#[derive(Debug)]
pub(super) struct Documents {
    collection: Collection,
    find: String,
    insert: String,
    update: String,
    update_body: String,
    remove: String,
    purge: String,
    list_all: String,
    list_group: String,
}

/// Name of the table a collection is kept in; the prefix keeps it apart from the journal.
pub(super) fn table(collection: Collection) -> String {
    format!("{TABLE}{}", collection.name)
}

/// What the names of tables begin with.
const TABLE: &str = "doc_";

/// Names of all collections of the file.
pub(super) fn collections(connection: &Connection) -> Result<Vec<String>> {
    let mut tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(names.iter().filter_map(|name| name.strip_prefix(TABLE)).map(str::to_owned).collect())
}

impl Documents {
    pub(super) fn new(collection: Collection) -> Self {
        let table = table(collection);
        Self {
            collection,
            find: format!("SELECT id, grp, expires_at, body FROM {table} WHERE id = ?1"),
            insert: format!("INSERT INTO {table} (id, grp, expires_at, body) VALUES (?1, ?2, ?3, ?4)"),
            update: format!("UPDATE {table} SET grp = ?2, expires_at = ?3, body = ?4 WHERE id = ?1"),
            update_body: format!("UPDATE {table} SET body = ?2 WHERE id = ?1"),
            remove: format!("DELETE FROM {table} WHERE id = ?1"),
            purge: format!(
                "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE expires_at < ?1 LIMIT ?2)"
            ),
            list_all: format!("SELECT id, grp, expires_at, body FROM {table} WHERE id > ?1 ORDER BY id LIMIT ?2"),
            list_group: format!(
                "SELECT id, grp, expires_at, body FROM {table} WHERE grp = ?3 AND id > ?1 ORDER BY id LIMIT ?2"
            ),
        }
    }

    pub(super) fn find(&self, connection: &Connection, id: &str) -> Result<Option<Document>> {
        let mut find = connection.prepare_cached(&self.find)?;
        Ok(find.query_row([id], document).optional()?)
    }

    /// Reads, decides and writes; the caller holds the transaction.
    pub(super) fn step(&self, connection: &Connection, id: &str, step: &mut Step) -> Result<()> {
        let found = self.find(connection, id)?;
        match (decide(self.collection, id, step, found.as_ref())?, found) {
            (Change::Keep, _) | (Change::Remove, None) => Ok(()),
            (Change::Remove, Some(_)) => {
                connection.prepare_cached(&self.remove)?.execute([id])?;
                Ok(())
            }
            (Change::Put(new), None) => self.write(connection, &self.insert, &new),
            (Change::Put(new), Some(old)) => self.replace(connection, &old, &new),
        }
    }

    /// Most steps move neither group nor expiry; naming only the body spares SQLite both indexes.
    fn replace(&self, connection: &Connection, old: &Document, new: &Document) -> Result<()> {
        if old.group != new.group || old.expires_at != new.expires_at {
            return self.write(connection, &self.update, new);
        }
        connection.prepare_cached(&self.update_body)?.execute(params![new.id, new.body])?;
        Ok(())
    }

    fn write(&self, connection: &Connection, statement: &str, new: &Document) -> Result<()> {
        let mut write = connection.prepare_cached(statement)?;
        write.execute(params![new.id, new.group, new.expires_at, new.body])?;
        Ok(())
    }

    pub(super) fn list(
        &self,
        connection: &Connection,
        group: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>> {
        // No id is empty text, so everything comes after it.
        let (after, limit) = (after.unwrap_or_default(), count(limit));
        let rows = match group {
            None => connection
                .prepare_cached(&self.list_all)?
                .query_map(params![after, limit], document)?
                .collect::<rusqlite::Result<_>>(),
            Some(group) => connection
                .prepare_cached(&self.list_group)?
                .query_map(params![after, limit, group], document)?
                .collect::<rusqlite::Result<_>>(),
        };
        Ok(rows?)
    }

    /// Removes at most `limit` documents that expired before `now`.
    pub(super) fn purge(&self, connection: &Connection, now: i64, limit: usize) -> Result<usize> {
        Ok(connection.prepare_cached(&self.purge)?.execute(params![now, count(limit)])?)
    }
}

fn document(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document { id: row.get(0)?, group: row.get(1)?, expires_at: row.get(2)?, body: row.get(3)? })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Documents;
    use crate::{Collection, sqlite::schema};

    #[test]
    fn every_statement_finds_its_rows_by_an_index() {
        let things = Collection { name: "things" };
        let directory = tempfile::tempdir().unwrap();
        let connection = schema::open(&directory.path().join("store.db"), &[things]).unwrap();
        let all = Documents::new(things);
        let statements =
            [&all.find, &all.update, &all.update_body, &all.remove, &all.purge, &all.list_all, &all.list_group];
        for statement in statements {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let steps = plan.raw_query().mapped(|row| row.get::<_, String>(3));
            for step in steps.map(Result::unwrap) {
                assert!(step.starts_with("SEARCH") || step.starts_with("LIST SUBQUERY"), "{statement}: {step}");
            }
        }
    }
}
