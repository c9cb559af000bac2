//! A transaction: statements, the bulk door, savepoints.

use std::sync::Arc;

use kernel::{Id, IdSource, Time};

use crate::database::{Db, Lent};
use crate::fate::{Fate, Moment};
use crate::pending::Pending;
use crate::seam::Conn;
use crate::stats::Ended;
use crate::{DbError, Keys, OnConflict, Row, Rows, Sealer, Value};

/// Who acts, when, and where ids come from: passed to every flow beside the transaction.
#[derive(Clone)]
pub struct Ctx {
    /// The present instant, the same for the whole act.
    pub now: Time,
    /// Where ids come from.
    pub ids: Arc<IdSource>,
    /// Who acts: an API key's id, a worker's name.
    pub actor: Arc<str>,
}

impl Ctx {
    /// A new id.
    pub fn id<K>(&self) -> Id<K> {
        self.ids.next(self.now)
    }
}

/// An open transaction. Made by [`Db::write`] and [`Db::read`], which commit it when the closure
/// returns `Ok` and undo it on `Err` or panic.
///
/// A failed statement ends the transaction on both engines: nothing more can be done in it but to
/// return the error. What may fail and be survived belongs in [`Tx::attempt`].
pub struct Tx {
    lent: Lent,
    write: bool,
    open: bool,
    failed: bool,
    outage: bool,
    depth: u32,
    statements: u64,
    pub(crate) pending: Pending,
}

impl Tx {
    pub(crate) fn begin(lent: Lent, write: bool) -> Tx {
        Tx {
            lent,
            write,
            open: true,
            failed: false,
            outage: false,
            depth: 0,
            statements: 0,
            pending: Pending::default(),
        }
    }

    /// Runs a statement that returns no rows; gives the number of rows changed.
    ///
    /// One text serves both engines. Parameters are `$1`, `$2`, …, in any order and repeatedly.
    /// Where PostgreSQL cannot tell a parameter mark's type from its place (`$1 IS NULL`, the select
    /// list), write `CAST($1 AS TEXT)`. Sums are written `CAST(SUM(x) AS BIGINT)`.
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        self.on(|conn| conn.execute(sql, params))
    }

    /// Runs a statement and gives its rows (`SELECT`, or anything with `RETURNING`).
    pub fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        self.on(|conn| conn.query(sql, params))
    }

    /// The one row there is; [`DbError::RowCount`] when there are none or several.
    pub fn query_one(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Row, DbError> {
        self.query_opt(sql, params)?.ok_or(DbError::RowCount { found: "none" })
    }

    /// The row if there is one; [`DbError::RowCount`] when there are several.
    pub fn query_opt(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        let mut rows = self.query(sql, params)?;
        if rows.len() > 1 {
            return Err(DbError::RowCount { found: "several" });
        }
        Ok(rows.pop())
    }

    /// Inserts many rows; gives how many were inserted. SQLite runs one prepared statement in a
    /// loop, PostgreSQL receives binary `COPY`, or one `INSERT … UNNEST` for
    /// [`OnConflict::Ignore`]. Table and columns are names from the program, never from outside.
    pub fn insert_many(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &Rows<'_>,
        on_conflict: OnConflict,
    ) -> Result<u64, DbError> {
        if !std::iter::once(&table).chain(columns).all(|name| is_name(name)) {
            return Err(DbError::Other(format!("a name in {table} is not a plain name")));
        }
        rows.check_width(columns.len())?;
        if rows.is_empty() {
            return Ok(0);
        }
        self.on(|conn| conn.insert_many(table, columns, rows, on_conflict))
    }

    /// Runs one `SELECT` for many keys. The text joins a table `keys` that the seam supplies, with
    /// columns `n` (the key's place, from 0) and `a`, `b`, `c`, …:
    ///
    /// ```sql
    /// SELECT k.n, o.id FROM keys k
    /// JOIN clearance_order o ON o.ebp_code = k.a AND o.order_no = k.b
    /// ```
    ///
    /// Column 0 of the result must be `k.n`; rows come back ordered by it. Write the statement so
    /// that **each row of the result depends on one key only**: join from `keys` to other tables
    /// by an index, group by `k.n` if at all, and do not compare keys with one another, limit, or
    /// count over all keys. A `WITH` of your own may stand in front. SQLite runs the statement
    /// once a key, PostgreSQL once in all; under that rule the answers are the same.
    pub fn query_keys(&mut self, sql: &str, keys: &Keys<'_>) -> Result<Vec<Row>, DbError> {
        self.query_keys_with(sql, keys, &[])
    }

    /// [`Tx::query_keys`] with further parameters `$1`, `$2`, … that are the same for all keys.
    pub fn query_keys_with(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<Vec<Row>, DbError> {
        keys.check()?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.on(|conn| conn.query_keys(sql, keys, params))
    }

    /// Runs one `UPDATE`, `DELETE` or `INSERT … SELECT` for many keys; gives the number of rows
    /// changed:
    ///
    /// ```sql
    /// UPDATE clearance_order SET state = k.c FROM keys k
    /// WHERE clearance_order.id = k.a AND clearance_order.version = k.b
    /// ```
    ///
    /// The rule of [`Tx::query_keys`] holds, and **no two keys may change the same row** (with
    /// two, PostgreSQL would apply only one). `DELETE` writes
    /// `WHERE id IN (SELECT k.a FROM keys k)`.
    pub fn update_many(&mut self, sql: &str, keys: &Keys<'_>) -> Result<u64, DbError> {
        self.update_many_with(sql, keys, &[])
    }

    /// [`Tx::update_many`] with further parameters `$1`, `$2`, … that are the same for all keys.
    pub fn update_many_with(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<u64, DbError> {
        keys.check()?;
        if keys.is_empty() {
            return Ok(0);
        }
        self.on(|conn| conn.update_keys(sql, keys, params))
    }

    /// Does something that may fail without ending the transaction: on `Err` everything done
    /// inside is undone, events and audit included, and the transaction goes on.
    pub fn attempt<T, E, F>(&mut self, f: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: FnOnce(&mut Tx) -> Result<T, E>,
    {
        let name = format!("attempt_{}", self.depth);
        self.on(|conn| conn.run(&format!("SAVEPOINT {name}")))?;
        let mark = self.pending.mark();
        self.depth += 1;
        let outcome = f(self);
        self.depth -= 1;
        let undo = format!("ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}");
        match outcome {
            Ok(value) if !self.failed => {
                self.on(|conn| conn.run(&format!("RELEASE SAVEPOINT {name}")))?;
                Ok(value)
            }
            Ok(_) => Err(E::from(DbError::Aborted)),
            Err(error) => {
                self.pending.undo_to(mark);
                self.failed = false;
                // When the connection is lost this fails too, and the transaction stays failed.
                self.on(|conn| conn.run(&undo)).ok();
                Err(error)
            }
        }
    }

    /// Seals and hashes personal data.
    pub fn sealer(&self) -> &Sealer {
        self.lent.db().sealer()
    }

    pub(crate) fn db(&self) -> &Db {
        self.lent.db()
    }

    /// What is only collected now and written later is refused as early as a statement would be.
    pub(crate) fn must_write(&mut self) -> Result<(), DbError> {
        match (self.failed, self.write) {
            (true, _) => Err(DbError::Aborted),
            (false, true) => Ok(()),
            (false, false) => {
                self.failed = true;
                Err(DbError::ReadOnly)
            }
        }
    }

    /// Whether an outage (not the work itself) made a statement fail.
    pub(crate) fn outage(&self) -> bool {
        self.outage
    }

    pub(crate) fn on<T>(
        &mut self,
        f: impl FnOnce(&mut Conn) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        if self.failed {
            return Err(DbError::Aborted);
        }
        self.statements += 1;
        let fate = self.db().fate(Moment::Statement { write: self.write });
        let lent = match fate {
            Fate::Fail => Err(DbError::on_purpose()),
            _ => self.lent.conn(),
        };
        let result = lent.and_then(f);
        self.lent.read_only |= self.write && matches!(result, Err(DbError::ReadOnly));
        let result = result.map_err(|error| error.of_writing(self.write));
        if let Err(error) = &result {
            self.failed = true;
            self.outage |= error.is_outage();
            if self.write && matches!(error, DbError::Unavailable(_)) {
                self.db().trouble().note(error);
            }
        }
        result
    }

    /// Writes what was collected, then commits. After this the transaction is over, whatever the
    /// outcome.
    pub(crate) fn commit(mut self) -> Result<(), DbError> {
        if self.failed {
            return Err(DbError::Aborted);
        }
        let news = self.pending.is_news();
        if self.write {
            self.write_pending()?;
        }
        let fate = self.db().fate(Moment::Commit { write: self.write });
        if fate == Fate::Fail {
            return Err(DbError::on_purpose());
        }
        let statements = self.statements;
        let (logged, round_trips) = self.on(Conn::commit)?;
        self.open = false;
        let ended = if self.write { Ended::Wrote(logged) } else { Ended::Read };
        self.db().counters().ended(ended, statements, round_trips);
        if news {
            self.db().announce();
        }
        if self.write {
            // A commit that had nothing to write does not show that writing works.
            if logged != Some(0) {
                self.db().trouble().over();
            }
            self.lent.checkpoint();
        }
        if fate == Fate::FailAfter { Err(DbError::on_purpose()) } else { Ok(()) }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.open {
            self.lent.undo();
        }
    }
}

/// Lower-case letters, digits and underscores: needs no quoting on either engine.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
