//! What an engine does on its own, as a measure for what we do with it, and what it says it did.

use crate::database::Place;
use crate::seam::Conn;
use crate::{Db, DbError, OnConflict, Rows, params, values};

/// What a database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes on disk, indexes included.
    pub bytes: u64,
}

/// What a database server says it has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerActs {
    /// Number of the process that serves this connection, where it runs.
    pub process: u32,
    /// Bytes written ahead into its log.
    pub log_bytes: u64,
    /// How often the log was forced to disk.
    pub log_syncs: u64,
}

impl Db {
    /// Counts all rows, tables with names that start with `except` left out, and the bytes of the
    /// whole. Reads every table.
    ///
    /// # Errors
    /// When the database fails.
    pub fn contents(&self, except: &str) -> Result<Contents, DbError> {
        let tables = if self.is_server() {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()"
        } else {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        };
        let rows = self.read(|tx| {
            let mut rows = 0;
            for table in tx.query(tables, params![])? {
                let table = table.text(0)?;
                if !table.starts_with(except) {
                    let sql = format!("SELECT COUNT(*) FROM \"{table}\"");
                    rows += tx.query_one(&sql, params![])?.i64(0)?.unsigned_abs();
                }
            }
            Ok::<u64, DbError>(rows)
        })?;
        Ok(Contents { rows, bytes: self.size_on_disk()? })
    }

    /// What the server says it has done; `None` on an embedded database.
    ///
    /// # Errors
    /// When the database fails or keeps no such statistics.
    pub fn server_acts(&self) -> Result<Option<ServerActs>, DbError> {
        if !self.is_server() {
            return Ok(None);
        }
        self.read(|tx| {
            let version = "SELECT CAST(current_setting('server_version_num') AS BIGINT),
                           CAST(pg_backend_pid() AS BIGINT)";
            let row = tx.query_one(version, params![])?;
            let (version, process) = (row.i64(0)?, row.u32(1)?);
            // From version 18 on, forced writes are counted with all other input and output.
            let acts = if version >= 180_000 {
                "SELECT CAST(wal_bytes AS BIGINT), (SELECT CAST(COALESCE(SUM(fsyncs), 0) AS BIGINT)
                 FROM pg_stat_io WHERE object = 'wal') FROM pg_stat_wal"
            } else {
                "SELECT CAST(wal_bytes AS BIGINT), CAST(wal_sync AS BIGINT) FROM pg_stat_wal"
            };
            let row = tx.query_one(acts, params![])?;
            let (log_bytes, log_syncs) = (row.i64(0)?.unsigned_abs(), row.i64(1)?.unsigned_abs());
            Ok(Some(ServerActs { process, log_bytes, log_syncs }))
        })
    }
}

/// One table of numbered blobs and nothing else: no index, no second table, no thought.
pub struct Bare(Conn);

impl Bare {
    /// Makes the table in a new file or on a server, as durable as the platform's own.
    ///
    /// # Errors
    /// When the place cannot be opened or has the table already.
    pub fn create(url: &str) -> Result<Bare, DbError> {
        let mut conn = Place::parse(url)?.connect(true)?;
        conn.define("CREATE TABLE bare (id BIGINT NOT NULL PRIMARY KEY, body BLOB NOT NULL)")?;
        Ok(Bare(conn))
    }

    /// Writes so many rows in one transaction, numbered from `first`, the bytes of each taken from
    /// `noise`: on disk when this returns. SQLite inserts them, PostgreSQL copies them in.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn write(
        &mut self,
        first: i64,
        rows: usize,
        bytes_per_row: usize,
        noise: &[u8],
    ) -> Result<(), DbError> {
        let room = noise.len().saturating_sub(bytes_per_row).max(1);
        let mut batch = Rows::with_capacity(rows, 2);
        for (number, turn) in (first..).zip(0..rows) {
            let from = turn.wrapping_mul(7_919) % room;
            let body = noise.get(from..).unwrap_or_default();
            batch.push(values![number, body.get(..bytes_per_row).unwrap_or(body)]);
        }
        self.0.begin(true)?;
        self.0.insert_many("bare", &["id", "body"], &batch, OnConflict::Fail)?;
        self.0.commit().map(drop)
    }

    /// Takes the table away again.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn remove(mut self) -> Result<(), DbError> {
        self.0.run("DROP TABLE bare")
    }
}

#[cfg(test)]
mod tests {
    use crate::test;

    #[test]
    fn rows_written_bare_are_counted_and_can_be_taken_away() {
        let folder = test::Folder::new();
        let file = folder.path().join("bare.db").display().to_string();
        let schema = test::Schema::new();
        for url in [Some(file), schema.as_ref().map(test::Schema::url)].into_iter().flatten() {
            let mut bare = super::Bare::create(&url).unwrap();
            bare.write(1, 100, 300, &[7; 1_000]).unwrap();
            bare.write(101, 50, 300, &[7; 1_000]).unwrap();
            let settings = crate::Settings::new(url, test::master_key());
            let db = crate::Db::open(&settings).unwrap();
            let contents = db.contents("other_").unwrap();
            assert_eq!(contents.rows, 150);
            assert!(contents.bytes > 150 * 300);
            assert_eq!(db.contents("ba").unwrap().rows, 0);
            assert_eq!(db.server_acts().unwrap().is_some(), db.is_server());
            bare.remove().unwrap();
        }
    }
}
