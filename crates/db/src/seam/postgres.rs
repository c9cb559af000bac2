//! The PostgreSQL side of the seam.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::time::Duration;

use bytes::BytesMut;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::config::SslMode;
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, IsNull, ToSql, Type as PgType};
use postgres::{Client, Config, NoTls, Statement};

use crate::row::Block;
use crate::seam::keys;
use crate::{DbError, Keys, OnConflict, Row, Rows, Type, Value};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How soon a server that vanished without a word is noticed.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
/// Waiting for a lock ends as "busy"; a transaction that does nothing for minutes is a bug, and
/// its locks must not stay for ever. A commit that was answered is on disk, however the server is
/// set up. Settings in the URL come later and win.
const OPTIONS: &str = "-c lock_timeout=4s -c idle_in_transaction_session_timeout=300s \
                       -c synchronous_commit=on";
/// Writers look things up by key. A plan is made once for a statement, often while its table is
/// nearly empty: then reading all of it looks cheap, and such a plan would stay while the table
/// grows, until the server next counts its rows. Joins by key alone stay right; and planning anew
/// each time would cost more than the statement. Readers, who count and sum, keep every choice.
const BEGIN_WRITE: &str = "BEGIN; SET LOCAL enable_hashjoin = off; \
    SET LOCAL enable_mergejoin = off; SET LOCAL plan_cache_mode = force_generic_plan";
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const STATEMENTS_CACHED_MAX: usize = 1_000;
/// From so many rows on, `COPY` beats one `INSERT`: it costs two more round trips, and less a row.
const COPY_FROM_ROWS: usize = 32;

/// One connection.
pub(crate) struct Conn {
    client: Client,
    statements: HashMap<Box<str>, Statement>,
    round_trips: u64,
}

/// Reads a URL and adds what every connection of ours has. `search_path` puts a test into a schema
/// of its own.
pub(crate) fn config(url: &str, search_path: Option<&str>) -> Result<Config, DbError> {
    // The driver's text names the faulty part and never the password.
    let wrong =
        |e: postgres::Error| DbError::Settings(format!("the PostgreSQL URL: {}", cause(&e)));
    let mut config: Config = url.parse().map_err(wrong)?;
    if config.get_ssl_mode() == SslMode::Require {
        return Err(DbError::Settings(
            "sslmode=require: connections are not encrypted by the program; use a Unix socket, \
             a private network or a tunnel"
                .to_owned(),
        ));
    }
    let theirs = config.get_options().unwrap_or_default();
    let path = search_path.map(|path| format!(" -c search_path={path}")).unwrap_or_default();
    let options = format!("{OPTIONS} {theirs}{path}");
    config
        .options(options.trim_end())
        .application_name("kouan")
        .connect_timeout(CONNECT_TIMEOUT)
        .keepalives_idle(KEEPALIVE_IDLE);
    Ok(config)
}

impl Conn {
    pub(crate) fn open(config: &Config) -> Result<Conn, DbError> {
        let client = config.connect(NoTls).map_err(mapped)?;
        Ok(Conn { client, statements: HashMap::new(), round_trips: 0 })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Waits for the server since this was last asked.
    pub(crate) fn take_round_trips(&mut self) -> u64 {
        std::mem::take(&mut self.round_trips)
    }

    pub(crate) fn begin(&mut self, write: bool) -> Result<(), DbError> {
        self.run(if write { BEGIN_WRITE } else { BEGIN_READ })
    }

    /// Runs statements without parameters.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), DbError> {
        self.round_trips += 1;
        self.client.batch_execute(sql).map_err(mapped)
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, DbError> {
        let statement = self.statement(sql)?;
        self.round_trips += 1;
        let mut rows =
            self.client.query_raw(&statement, params.iter().map(Bound)).map_err(mapped)?;
        while rows.next().map_err(mapped)?.is_some() {}
        Ok(rows.rows_affected().unwrap_or(0))
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        let statement = self.statement(sql)?;
        self.round_trips += 1;
        let rows = self.client.query_raw(&statement, params.iter().map(Bound)).map_err(mapped)?;
        fetch(&statement, rows)
    }

    pub(crate) fn insert_many(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &Rows<'_>,
        on_conflict: OnConflict,
    ) -> Result<u64, DbError> {
        let places: Vec<String> = (1..=columns.len()).map(|i| format!("${i}")).collect();
        let (names, places) = (columns.join(", "), places.join(", "));
        // Never run: it tells the types of the columns.
        let typed = self.statement(&format!("INSERT INTO {table} ({names}) VALUES ({places})"))?;
        if on_conflict == OnConflict::Fail && rows.len() >= COPY_FROM_ROWS {
            let copy = self.statement(&format!("COPY {table} ({names}) FROM STDIN BINARY"))?;
            self.round_trips += 2;
            let sink = self.client.copy_in(&copy).map_err(mapped)?;
            let mut writer = BinaryCopyInWriter::new(sink, typed.params());
            for row in rows.iter() {
                writer.write_raw(row.iter().map(Bound)).map_err(mapped)?;
            }
            return writer.finish().map_err(mapped);
        }
        let arrays: Vec<String> = typed
            .params()
            .iter()
            .enumerate()
            .map(|(i, kind)| format!("${}::{}[]", i + 1, kind.name()))
            .collect();
        let tail = match on_conflict {
            OnConflict::Fail => "",
            OnConflict::Ignore => " ON CONFLICT DO NOTHING",
        };
        let arrays = arrays.join(", ");
        let sql = format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({arrays}){tail}");
        let statement = self.statement(&sql)?;
        self.round_trips += 1;
        let values: Vec<Vec<Bound<'_>>> = (0..columns.len()).map(|i| column(rows, i)).collect();
        let rows = self.client.query_raw(&statement, &values).map_err(mapped)?;
        changed(rows)
    }

    pub(crate) fn query_keys(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<Vec<Row>, DbError> {
        let (statement, values) = self.with_keys(sql, keys, params)?;
        let params = params.iter().map(Bound).map(Param::One).chain(values);
        let params: Vec<Param<'_>> = params.collect();
        self.round_trips += 1;
        let rows = self.client.query_raw(&statement, &params).map_err(mapped)?;
        let mut rows = fetch(&statement, rows)?;
        // As SQLite gives them.
        rows.sort_by_key(|row| row.i64(0).unwrap_or(i64::MAX));
        Ok(rows)
    }

    pub(crate) fn update_keys(
        &mut self,
        sql: &str,
        keys: &Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<u64, DbError> {
        let (statement, values) = self.with_keys(sql, keys, params)?;
        let params = params.iter().map(Bound).map(Param::One).chain(values);
        let params: Vec<Param<'_>> = params.collect();
        self.round_trips += 1;
        changed(self.client.query_raw(&statement, &params).map_err(mapped)?)
    }

    /// The statement with its table of keys in front, which comes from one array a column.
    fn with_keys<'k>(
        &mut self,
        sql: &str,
        keys: &'k Keys<'_>,
        params: &[Value<'_>],
    ) -> Result<(Statement, Vec<Param<'k>>), DbError> {
        let names = keys.column_names().join(", ");
        let arrays: Vec<String> = keys
            .types()
            .iter()
            .enumerate()
            .map(|(i, kind)| format!("${}::{}[]", params.len() + 1 + i, type_name(*kind)))
            .collect();
        let arrays = arrays.join(", ");
        let table = format!(
            "keys(n, {names}) AS (SELECT place - 1, {names} \
             FROM UNNEST({arrays}) WITH ORDINALITY AS u({names}, place))"
        );
        let statement = self.statement(&keys::with(&table, sql))?;
        let columns = 0..keys.types().len();
        Ok((statement, columns.map(|i| Param::Many(column(keys.rows(), i))).collect()))
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, DbError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_CACHED_MAX {
            self.statements.clear();
        }
        self.round_trips += 1;
        let statement = self.client.prepare(sql).map_err(mapped)?;
        self.statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }
}

fn type_name(kind: Type) -> &'static str {
    match kind {
        Type::Int => "bigint",
        Type::Bool => "boolean",
        Type::Text => "text",
        Type::Bytes => "bytea",
    }
}

fn column<'v>(rows: &'v Rows<'_>, column: usize) -> Vec<Bound<'v>> {
    rows.column(column).map(Bound).collect()
}

fn changed(mut rows: postgres::RowIter<'_>) -> Result<u64, DbError> {
    while rows.next().map_err(mapped)?.is_some() {}
    Ok(rows.rows_affected().unwrap_or(0))
}

fn fetch(statement: &Statement, mut rows: postgres::RowIter<'_>) -> Result<Vec<Row>, DbError> {
    let columns = statement.columns();
    let mut block = Block::new(columns.iter().map(|column| column.name().into()).collect());
    while let Some(row) = rows.next().map_err(mapped)? {
        for column in 0..columns.len() {
            match row.try_get(column).map_err(mapped)? {
                Cell::Null => block.push_null(),
                Cell::Int(value) => block.push_int(value),
                Cell::Bool(value) => block.push_bool(value),
                Cell::Text(text) => block.push_text(text),
                Cell::Bytes(bytes) => block.push_bytes(bytes),
            }
        }
    }
    Ok(block.into_rows())
}

type Fault = Box<dyn StdError + Sync + Send>;

/// A value on its way into a statement.
#[derive(Debug)]
struct Bound<'a>(&'a Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &PgType, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(value), &PgType::INT8) => value.to_sql(ty, out),
            (Value::Int(value), &PgType::INT4) => i32::try_from(*value)?.to_sql(ty, out),
            (Value::Int(value), &PgType::INT2) => i16::try_from(*value)?.to_sql(ty, out),
            (Value::Bool(value), &PgType::BOOL) => value.to_sql(ty, out),
            (Value::Text(text), &PgType::TEXT | &PgType::VARCHAR | &PgType::NAME) => {
                text.to_sql(ty, out)
            }
            (Value::Bytes(bytes), &PgType::BYTEA) => bytes.as_ref().to_sql(ty, out),
            (value, ty) => Err(format!("a parameter is {value:?} where {ty} is wanted").into()),
        }
    }

    fn accepts(_: &PgType) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}

/// One value, or the array of a column of keys.
#[derive(Debug)]
enum Param<'a> {
    One(Bound<'a>),
    Many(Vec<Bound<'a>>),
}

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &PgType, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match self {
            Param::One(value) => value.to_sql(ty, out),
            Param::Many(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(_: &PgType) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}

/// A value on its way out, not copied.
enum Cell<'a> {
    Null,
    Int(i64),
    Bool(bool),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(ty: &PgType, raw: &'a [u8]) -> Result<Cell<'a>, Fault> {
        match *ty {
            PgType::INT8 => i64::from_sql(ty, raw).map(Cell::Int),
            PgType::INT4 => i32::from_sql(ty, raw).map(|value| Cell::Int(value.into())),
            PgType::INT2 => i16::from_sql(ty, raw).map(|value| Cell::Int(value.into())),
            PgType::BOOL => bool::from_sql(ty, raw).map(Cell::Bool),
            PgType::TEXT | PgType::VARCHAR | PgType::NAME | PgType::UNKNOWN => {
                <&str>::from_sql(ty, raw).map(Cell::Text)
            }
            PgType::BYTEA => Ok(Cell::Bytes(raw)),
            PgType::VOID => Ok(Cell::Null),
            _ => Err(format!("the result is {ty}; write CAST(… AS BIGINT) or AS TEXT").into()),
        }
    }

    fn from_sql_null(_: &PgType) -> Result<Cell<'a>, Fault> {
        Ok(Cell::Null)
    }

    fn accepts(_: &PgType) -> bool {
        true
    }
}

/// Sorts PostgreSQL's errors by what the caller can do. The server's "detail" holds values of the
/// row, so only the names of columns are taken from it.
pub(crate) fn mapped(error: postgres::Error) -> DbError {
    let Some(db) = error.as_db_error() else {
        let local = error.source().is_some_and(|cause| !cause.is::<std::io::Error>());
        return if local && !error.is_closed() {
            DbError::Other(cause(&error))
        } else {
            DbError::Unavailable(cause(&error))
        };
    };
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let message = db.message().to_owned();
    let code = db.code();
    match code.code().get(..2).unwrap_or_default() {
        _ if *code == SqlState::UNIQUE_VIOLATION => {
            DbError::Unique { table: owned(db.table()), columns: unique_columns(db.detail()) }
        }
        _ if *code == SqlState::FOREIGN_KEY_VIOLATION => DbError::ForeignKey,
        _ if *code == SqlState::CHECK_VIOLATION => {
            DbError::Check { constraint: owned(db.constraint()) }
        }
        _ if *code == SqlState::NOT_NULL_VIOLATION => {
            DbError::NotNull { table: owned(db.table()), column: owned(db.column()) }
        }
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => DbError::ReadOnly,
        _ if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::QUERY_CANCELED => {
            DbError::Busy(message)
        }
        // Serialization failure and deadlock.
        "40" => DbError::Busy(message),
        // Connection lost, no room or memory, shutting down, input or output failed.
        "08" | "53" | "57" | "58" => DbError::Unavailable(message),
        "XX" if *code != SqlState::INTERNAL_ERROR => DbError::Damaged(message),
        // Wrong password or name: an operator's matter, like a server that is away.
        "28" | "3D" => DbError::Unavailable(message),
        _ => DbError::Other(message),
    }
}

/// Reads `Key (a, b)=(…) already exists.`, in whatever language the server speaks.
fn unique_columns(detail: Option<&str>) -> Vec<String> {
    let detail = detail.unwrap_or_default();
    let end = detail.find(")=(").unwrap_or(0);
    let start = detail[..end].find('(').map_or(end, |i| i + 1);
    let names = detail[start..end].split(", ").filter(|name| !name.is_empty());
    names.map(|name| name.trim_matches('"').to_owned()).collect()
}

/// What went wrong and why, in one line.
fn cause(error: &postgres::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}").replace('\n', " "),
        None => error.to_string(),
    }
}
