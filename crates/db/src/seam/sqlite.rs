//! The SQLite side of the seam.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ffi};

use crate::backup::{Label, Progress};
use crate::migrate;
use crate::row::Block;
use crate::seam::keys;
use crate::{DbError, Keys, OnConflict, Row, Rows, Value};

/// How long another process may hold the file before a statement gives up. Five tries of the
/// intake end before a request does.
const BUSY_TIMEOUT: Duration = Duration::from_secs(4);
/// How long, once it is known that somebody holds it for long: those who wait in line for the one
/// connection that writes must hear of it before their senders lose patience.
const BUSY_TIMEOUT_KNOWN: Duration = Duration::from_millis(200);
const STATEMENTS_CACHED: usize = 512;
/// Pages a connection may keep in memory, in KiB as SQLite's negative `cache_size` wants it.
const WRITER_CACHE_KIB: i64 = 65_536;
const READER_CACHE_KIB: i64 = 16_384;
const READER_MMAP_BYTES: i64 = 256 << 20;
/// A commit that takes the log past this many pages has them moved to the file. Larger means fewer
/// writes of the same page, and more to sync at once while commits wait for the same disk.
const CHECKPOINT_PAGES: u64 = 8_000;
/// A log that grew longer is cut to this when it begins anew; below it its place on disk is used
/// again, which syncs faster than growing.
const JOURNAL_BYTES_KEPT: i64 = 128 << 20;

thread_local! {
    /// Pages in the log after the last commit on this thread, as the engine's hook told.
    static PAGES_LOGGED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Bytes in the log in front of each page.
const FRAME_HEAD_BYTES: u64 = 24;

/// One connection.
pub(crate) struct Conn {
    connection: Connection,
    query_only: QueryOnly,
    log: Log,
    plans: HashMap<(Box<str>, usize, usize), Arc<Plan>>,
}

/// How a statement for many keys is run here.
struct Plan {
    sql: String,
    /// The number (from 0) of the parameter at each position.
    numbers: Vec<usize>,
}

/// What is known of the log.
#[derive(Clone, Copy, Default)]
pub(crate) struct Log {
    frame_bytes: u64,
    pages: u64,
}

/// Whether the connection refuses writes at the moment. The one connection of a database in memory
/// serves both sides and changes its mind.
#[derive(PartialEq, Eq)]
struct QueryOnly(bool);

/// How a connection is to be opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Reads and writes; every commit is on disk when it returns.
    Writer,
    /// As the writer, but the operating system may lose commits at a power cut. For tests only.
    HastyWriter,
    /// Cannot write.
    Reader,
}

impl Conn {
    fn new(connection: Connection, query_only: bool) -> Conn {
        let (query_only, log) = (QueryOnly(query_only), Log::default());
        Conn { connection, query_only, log, plans: HashMap::new() }
    }

    pub(crate) fn open(path: &Path, role: Role) -> Result<Conn, DbError> {
        // Not when it is there: closing a file gives up this program's locks on it, those of other
        // connections too.
        if role != Role::Reader && !path.exists() {
            create_private(path)?;
        }
        let flags = match role {
            Role::Reader => OpenFlags::SQLITE_OPEN_READ_ONLY,
            _ => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(mapped)?;
        Conn::new(connection, false).prepared_for(role)
    }

    pub(crate) fn open_in_memory() -> Result<Conn, DbError> {
        let connection = Connection::open_in_memory().map_err(mapped)?;
        Conn::new(connection, false).prepared_for(Role::HastyWriter)
    }

    fn prepared_for(mut self, role: Role) -> Result<Conn, DbError> {
        self.connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        self.connection.busy_timeout(BUSY_TIMEOUT).map_err(mapped)?;
        let set = |name: &str, value: &dyn std::fmt::Display| {
            self.connection.pragma_update(None, name, value.to_string()).map_err(mapped)
        };
        set("foreign_keys", &"ON")?;
        set("trusted_schema", &"OFF")?;
        set("temp_store", &"MEMORY")?;
        if role == Role::Reader {
            set("cache_size", &-READER_CACHE_KIB)?;
            set("mmap_size", &READER_MMAP_BYTES)?;
        } else {
            set("journal_mode", &"WAL")?;
            set("synchronous", &if role == Role::Writer { "FULL" } else { "OFF" })?;
            set("cache_size", &-WRITER_CACHE_KIB)?;
            set("journal_size_limit", &JOURNAL_BYTES_KEPT)?;
            // Takes the place of the engine's own checkpoints.
            self.connection.wal_hook(Some(|_, pages| {
                PAGES_LOGGED.set(u64::try_from(pages).ok());
                Ok(())
            }));
            let page_bytes: i64 = self
                .connection
                .query_row("PRAGMA page_size", [], |row| row.get(0))
                .map_err(mapped)?;
            self.log.frame_bytes = page_bytes.unsigned_abs() + FRAME_HEAD_BYTES;
        }
        Ok(self)
    }

    /// Copies everything, as it is now, into a new file, and checks the copy.
    pub(crate) fn copy_to(
        &mut self,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), DbError> {
        create_private(path)?;
        let mut copy = Connection::open(path).map_err(mapped)?;
        // An open read transaction holds the instant still, so that the copy need not start again
        // whenever somebody writes.
        self.run("BEGIN; SELECT COUNT(*) FROM sqlite_schema;")?;
        let copied = copy_pages(&self.connection, &mut copy, progress);
        self.run("COMMIT")?;
        copied?;
        // One file that needs no log beside it.
        copy.pragma_update(None, "journal_mode", "DELETE").map_err(mapped)?;
        checked(&copy, path)
    }

    /// Replaces everything by what a file holds, in one transaction.
    pub(crate) fn copy_from(
        &mut self,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), DbError> {
        let source =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(mapped)?;
        if self.query_only == QueryOnly(true) {
            self.run("PRAGMA query_only = OFF")?;
            self.query_only = QueryOnly(false);
        }
        self.connection.flush_prepared_statement_cache();
        copy_pages(&source, &mut self.connection, progress)
    }

    /// Runs statements without parameters.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), DbError> {
        self.connection.execute_batch(sql).map_err(mapped)
    }

    /// Waits for others less long, or as long as usual.
    pub(crate) fn hurry(&mut self, hurry: bool) -> Result<(), DbError> {
        let wait = if hurry { BUSY_TIMEOUT_KNOWN } else { BUSY_TIMEOUT };
        self.connection.busy_timeout(wait).map_err(mapped)
    }

    pub(crate) fn begin(&mut self, write: bool) -> Result<(), DbError> {
        if self.query_only == QueryOnly(write) {
            self.run(if write { "PRAGMA query_only = OFF" } else { "PRAGMA query_only = ON" })?;
            self.query_only = QueryOnly(!write);
        }
        self.run(if write { "BEGIN IMMEDIATE" } else { "BEGIN" })
    }

    /// Commits; gives the bytes of log this wrote.
    pub(crate) fn commit(&mut self) -> Result<u64, DbError> {
        PAGES_LOGGED.set(None);
        self.run("COMMIT")?;
        let Some(pages) = PAGES_LOGGED.take() else { return Ok(0) };
        // Fewer than before: the log began anew, after all of it had been moved into the file.
        let new = if pages < self.log.pages { pages } else { pages - self.log.pages };
        self.log.pages = pages;
        Ok(new * self.log.frame_bytes)
    }

    /// Whether the log is long enough to be moved into the file.
    pub(crate) fn wants_checkpoint(&self) -> bool {
        self.log.pages >= CHECKPOINT_PAGES
    }

    /// Moves what can be moved from the log into the file, without making anybody wait. Gives
    /// whether that was everything.
    pub(crate) fn checkpoint(&mut self) -> Result<bool, DbError> {
        let rows = self.query("PRAGMA wal_checkpoint(PASSIVE)", &[])?;
        let Some(row) = rows.first() else { return Ok(true) };
        Ok(row.i64(0)? == 0 && row.i64(1)? == row.i64(2)?)
    }

    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        let mut statement = self.prepared(sql)?;
        bind_all(&mut statement, params)?;
        let changed = statement.raw_execute().map_err(mapped)?;
        Ok(changed as u64)
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        let mut statement = self.prepared(sql)?;
        bind_all(&mut statement, params)?;
        let mut block = Block::new(names(&statement));
        fetch(&mut statement, &mut block)?;
        Ok(block.into_rows())
    }

    pub(crate) fn insert_many(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &Rows<'_>,
        on_conflict: OnConflict,
    ) -> Result<u64, DbError> {
        let places: Vec<String> = (1..=columns.len()).map(|i| format!("${i}")).collect();
        let tail = match on_conflict {
            OnConflict::Fail => "",
            OnConflict::Ignore => " ON CONFLICT DO NOTHING",
        };
        let (columns, places) = (columns.join(", "), places.join(", "));
        let sql = format!("INSERT INTO {table} ({columns}) VALUES ({places}){tail}");
        let mut statement = self.prepared(&sql)?;
        let mut inserted = 0;
        for row in rows.iter() {
            // Parameters appear in order, so position and number are the same.
            for (i, value) in row.iter().enumerate() {
                statement.raw_bind_parameter(i + 1, Bound(value)).map_err(mapped)?;
            }
            inserted += statement.raw_execute().map_err(mapped)? as u64;
        }
        Ok(inserted)
    }

    /// Runs the statement once a key, as a table `keys` of one row. Measured against a table in
    /// memory and against JSON, this is the fastest, and it always enters the other tables by key.
    pub(crate) fn query_keys(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<Vec<Row>, DbError> {
        let mut block = None;
        self.each_key(sql, keys, params, |statement| {
            let block = block.get_or_insert_with(|| Block::new(names(statement)));
            fetch(statement, block)
        })?;
        Ok(block.map(Block::into_rows).unwrap_or_default())
    }

    pub(crate) fn update_keys(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<u64, DbError> {
        let mut changed = 0;
        self.each_key(sql, keys, params, |statement| {
            changed += statement.raw_execute().map_err(mapped)? as u64;
            Ok(())
        })?;
        Ok(changed)
    }

    fn each_key(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
        mut run: impl FnMut(&mut CachedStatement<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let plan = self.plan(sql, keys, params.len())?;
        let mut statement = self.prepared(&plan.sql)?;
        for (n, key) in keys.rows().iter().enumerate() {
            let n = Value::Int(n as i64);
            for (position, number) in plan.numbers.iter().enumerate() {
                let value = match number.checked_sub(params.len()) {
                    None => &params[*number],
                    Some(0) => &n,
                    Some(i) => &key[i - 1],
                };
                statement.raw_bind_parameter(position + 1, Bound(value)).map_err(mapped)?;
            }
            run(&mut statement)?;
        }
        Ok(())
    }

    /// How to run a statement for these keys: with their columns as parameters where its form
    /// allows, else joined to a table of one row.
    fn plan(&mut self, sql: &str, keys: &Keys<'_>, params: usize) -> Result<Arc<Plan>, DbError> {
        let name = (Box::from(sql), params, keys.types().len());
        if let Some(plan) = self.plans.get(&name) {
            return Ok(Arc::clone(plan));
        }
        let columns = keys.column_names();
        let number = |name: &str| match columns.iter().position(|column| *column == name) {
            Some(i) => Some(params + 2 + i),
            None => (name == "n").then_some(params + 1),
        };
        let sql = keys::without(sql, number).unwrap_or_else(|| {
            let places: Vec<String> =
                (0..=columns.len()).map(|i| format!("${}", params + 1 + i)).collect();
            let (columns, places) = (columns.join(", "), places.join(", "));
            keys::with(&format!("keys(n, {columns}) AS (VALUES ({places}))"), sql)
        });
        let numbers = numbers(&self.prepared(&sql)?)?;
        check_count(&numbers, params + 1 + columns.len())?;
        let plan = Arc::new(Plan { sql, numbers });
        if self.plans.len() >= STATEMENTS_CACHED {
            self.plans.clear();
        }
        self.plans.insert(name, Arc::clone(&plan));
        Ok(plan)
    }

    fn prepared(&self, sql: &str) -> Result<CachedStatement<'_>, DbError> {
        self.connection.prepare_cached(sql).map_err(mapped)
    }
}

/// Makes the file, if it is not there, for the user of the program alone. SQLite gives the log
/// beside it the same rights.
fn create_private(path: &Path) -> Result<(), DbError> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(path);
    opened.map(drop).map_err(|e| DbError::Unavailable(format!("{}: {e}", path.display())))
}

/// Every table and column there is.
pub(crate) const COLUMNS: &str = "SELECT t.name, c.name FROM sqlite_schema t
    JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";

/// Pages copied between two reports of progress.
const PAGES_PER_STEP: i32 = 1_024;

fn copy_pages(
    from: &Connection,
    to: &mut Connection,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), DbError> {
    let backup = Backup::new(from, to).map_err(mapped)?;
    loop {
        let step = backup.step(PAGES_PER_STEP).map_err(mapped)?;
        let at = backup.progress();
        let (total, left) = (at.pagecount.unsigned_abs(), at.remaining.unsigned_abs());
        progress(Progress { done: (total - left).into(), total: total.into() });
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // The busy timeout has passed already.
            _ => return Err(DbError::Busy("others hold the database".to_owned())),
        }
    }
}

fn checked(connection: &Connection, path: &Path) -> Result<(), DbError> {
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(mapped)?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(DbError::Damaged(format!("{}: {verdict}", path.display())))
}

/// What a backup file says about itself.
pub(crate) fn label(path: &Path) -> Result<Label, DbError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(mapped)?;
    let mut conn = Conn::new(connection, true);
    checked(&conn.connection, path)?;
    let not_ours = |_| DbError::Damaged(format!("{} is not a backup", path.display()));
    let rows = conn.query("SELECT room, number, checksum FROM db_migration", &[]);
    let migrations = migrate::applied(&rows.map_err(not_ours)?)?;
    let sql = "SELECT value FROM db_setting WHERE name = 'db.key_check'";
    let rows = conn.query(sql, &[]).map_err(not_ours)?;
    let key_check = rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()?;
    Ok(Label { migrations, key_check })
}

/// A value on its way into a statement, not copied.
struct Bound<'a>(&'a Value<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Bool(value) => ValueRef::Integer(i64::from(*value)),
            // PostgreSQL cannot store it; what one engine refuses, both do.
            Value::Text(text) if text.as_bytes().contains(&0) => {
                let fault = "a text holds the character NUL";
                return Err(rusqlite::Error::ToSqlConversionFailure(fault.into()));
            }
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The number (from 0) behind each parameter mark position: SQLite numbers `$2, $1` by appearance.
fn numbers(statement: &CachedStatement<'_>) -> Result<Vec<usize>, DbError> {
    (1..=statement.parameter_count())
        .map(|position| {
            statement
                .parameter_name(position)
                .and_then(|name| name.strip_prefix('$'))
                .and_then(|number| number.parse::<usize>().ok())
                .and_then(|number| number.checked_sub(1))
                .ok_or_else(|| DbError::Other("parameter marks are $1, $2, …".to_owned()))
        })
        .collect()
}

fn check_count(numbers: &[usize], given: usize) -> Result<(), DbError> {
    let wanted = numbers.iter().map(|number| number + 1).max().unwrap_or(0);
    if wanted > given {
        return Err(DbError::Other(format!("{wanted} parameters wanted, {given} given")));
    }
    Ok(())
}

fn bind_all(statement: &mut CachedStatement<'_>, params: &[Value<'_>]) -> Result<(), DbError> {
    let numbers = numbers(statement)?;
    check_count(&numbers, params.len())?;
    if numbers.iter().map(|number| number + 1).max().unwrap_or(0) != params.len() {
        return Err(DbError::Other(format!("{} parameters are too many", params.len())));
    }
    for (position, number) in numbers.into_iter().enumerate() {
        statement.raw_bind_parameter(position + 1, Bound(&params[number])).map_err(mapped)?;
    }
    Ok(())
}

fn names(statement: &CachedStatement<'_>) -> Vec<Box<str>> {
    statement.column_names().into_iter().map(Box::from).collect()
}

fn fetch(statement: &mut CachedStatement<'_>, block: &mut Block) -> Result<(), DbError> {
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(mapped)? {
        for column in 0..width {
            match row.get_ref(column).map_err(mapped)? {
                ValueRef::Null => block.push_null(),
                ValueRef::Integer(value) => block.push_int(value),
                ValueRef::Text(_) => {
                    let value = row.get_ref(column).map_err(mapped)?;
                    block.push_text(value.as_str().map_err(|_| {
                        DbError::Damaged(format!("column {column} holds text that is not UTF-8"))
                    })?);
                }
                ValueRef::Blob(bytes) => block.push_bytes(bytes),
                ValueRef::Real(_) => {
                    return Err(DbError::Other(format!(
                        "column {column} is a floating-point number; write CAST(… AS BIGINT)"
                    )));
                }
            }
        }
    }
    Ok(())
}

/// Sorts SQLite's errors by what the caller can do.
pub(crate) fn mapped(error: rusqlite::Error) -> DbError {
    let rusqlite::Error::SqliteFailure(code, message) = &error else {
        return DbError::Other(error.to_string());
    };
    let text = message.clone().unwrap_or_else(|| code.to_string());
    let after_colon = || text.split_once(": ").map_or("", |(_, rest)| rest).to_owned();
    match (code.code, code.extended_code) {
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            unique(&after_colon())
        }
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => DbError::ForeignKey,
        (_, ffi::SQLITE_CONSTRAINT_CHECK) => DbError::Check { constraint: after_colon() },
        (_, ffi::SQLITE_CONSTRAINT_NOTNULL) => {
            let place = after_colon();
            let (table, column) = place.split_once('.').unwrap_or(("", &place));
            DbError::NotNull { table: table.to_owned(), column: column.to_owned() }
        }
        (
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
            _,
        ) => DbError::Busy(text),
        (ErrorCode::ReadOnly, _) => DbError::ReadOnly,
        (
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied,
            _,
        ) => DbError::Unavailable(text),
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => DbError::Damaged(text),
        _ => DbError::Other(text),
    }
}

/// Reads `table.column, table.column`, or `index 'name'` for an index on an expression.
fn unique(places: &str) -> DbError {
    let mut table = String::new();
    let mut columns = Vec::new();
    for place in places.split(", ") {
        match place.split_once('.') {
            Some((t, column)) => {
                t.clone_into(&mut table);
                columns.push(column.to_owned());
            }
            None => columns.push(place.to_owned()),
        }
    }
    DbError::Unique { table, columns }
}
