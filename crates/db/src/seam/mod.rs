//! The seam: the only place that knows there are two engines.

pub(crate) mod dump;
pub(crate) mod keys;
pub(crate) mod pool;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::path::Path;

use crate::backup::Progress;
use crate::{DbError, Keys, OnConflict, Row, Rows, Value, sql};

/// A connection to either engine, at most one transaction open on it.
pub(crate) enum Conn {
    Sqlite(Box<sqlite::Conn>),
    Postgres(Box<postgres::Conn>),
}

impl Conn {
    /// Whether it is known to be of no more use.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Conn::Sqlite(_) => false,
            Conn::Postgres(c) => c.is_closed(),
        }
    }

    /// Waits for others less long while it is known that they take long; a server tells by itself.
    pub(crate) fn hurry(&mut self, hurry: bool) -> Result<(), DbError> {
        match self {
            Conn::Sqlite(c) => c.hurry(hurry),
            Conn::Postgres(_) => Ok(()),
        }
    }

    pub(crate) fn begin(&mut self, write: bool) -> Result<(), DbError> {
        match self {
            Conn::Sqlite(c) => c.begin(write),
            Conn::Postgres(c) => c.begin(write),
        }
    }

    /// Commits; gives the bytes of log written, where there is a log here, and the round trips of
    /// the connection since the last commit.
    pub(crate) fn commit(&mut self) -> Result<(Option<u64>, u64), DbError> {
        match self {
            Conn::Sqlite(c) => c.commit().map(|logged| (Some(logged), 0)),
            Conn::Postgres(c) => c.run("COMMIT").map(|()| (None, c.take_round_trips())),
        }
    }

    /// Undoes what is open. `false` when the connection can no longer be used.
    pub(crate) fn rollback(&mut self) -> bool {
        match self {
            Conn::Sqlite(c) => !c.in_transaction() || c.run("ROLLBACK").is_ok(),
            Conn::Postgres(c) => !c.is_closed() && c.run("ROLLBACK").is_ok(),
        }
    }

    /// Runs statements without parameters.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), DbError> {
        match self {
            Conn::Sqlite(c) => c.run(sql),
            Conn::Postgres(c) => c.run(sql),
        }
    }

    /// Runs a statement of a migration, its types translated.
    pub(crate) fn define(&mut self, statement: &str) -> Result<(), DbError> {
        match self {
            Conn::Sqlite(c) => c.run(&sql::for_sqlite(statement)),
            Conn::Postgres(c) => c.run(&sql::for_postgres(statement)),
        }
    }

    /// Makes other programs that want to migrate wait until this transaction ends. On SQLite every
    /// writer waits anyhow.
    pub(crate) fn lock_schema(&mut self) -> Result<(), DbError> {
        match self {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(c) => {
                c.run("SELECT pg_advisory_xact_lock(hashtext(current_schema()), 18765)")
            }
        }
    }

    /// What makes claimers pass over each other's rows instead of waiting for them.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self {
            Conn::Sqlite(_) => "",
            Conn::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        }
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        match self {
            Conn::Sqlite(c) => c.execute(sql, params),
            Conn::Postgres(c) => c.execute(sql, params),
        }
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        match self {
            Conn::Sqlite(c) => c.query(sql, params),
            Conn::Postgres(c) => c.query(sql, params),
        }
    }

    pub(crate) fn insert_many(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &Rows<'_>,
        on_conflict: OnConflict,
    ) -> Result<u64, DbError> {
        match self {
            Conn::Sqlite(c) => c.insert_many(table, columns, rows, on_conflict),
            Conn::Postgres(c) => c.insert_many(table, columns, rows, on_conflict),
        }
    }

    pub(crate) fn query_keys(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<Vec<Row>, DbError> {
        match self {
            Conn::Sqlite(c) => c.query_keys(sql, keys, params),
            Conn::Postgres(c) => c.query_keys(sql, keys, params),
        }
    }

    pub(crate) fn update_keys(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<u64, DbError> {
        match self {
            Conn::Sqlite(c) => c.update_keys(sql, keys, params),
            Conn::Postgres(c) => c.update_keys(sql, keys, params),
        }
    }

    /// SQLite: copies everything into a new file.
    pub(crate) fn copy_to(
        &mut self,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), DbError> {
        match self {
            Conn::Sqlite(c) => c.copy_to(path, progress),
            Conn::Postgres(_) => Err(DbError::Other("a server is dumped, not copied".to_owned())),
        }
    }

    /// SQLite: replaces everything by what a file holds.
    pub(crate) fn copy_from(
        &mut self,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), DbError> {
        match self {
            Conn::Sqlite(c) => c.copy_from(path, progress),
            Conn::Postgres(_) => Err(DbError::Other("a server is dumped, not copied".to_owned())),
        }
    }
}
