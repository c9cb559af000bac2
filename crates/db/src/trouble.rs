//! Whether the disk takes what is written: noted by every transaction that writes, and asked by
//! those who tell the operator. Also how much room is left, and how far ids have come.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::{Db, DbError, params};

/// Bytes of one trial: more than the log keeps free by chance.
const TRIAL_BYTES: usize = 256 * 1024;
const TRIAL: &str = "db.trial";

/// Why writing fails at the moment, if it does.
#[derive(Default)]
pub(crate) struct Trouble {
    there: AtomicBool,
    why: Mutex<String>,
}

impl Trouble {
    pub(crate) fn note(&self, error: &DbError) {
        let mut why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.there.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "the database cannot be written");
        }
        *why = error.to_string();
    }

    pub(crate) fn is_there(&self) -> bool {
        self.there.load(Ordering::Relaxed)
    }

    pub(crate) fn over(&self) {
        if self.is_there() && self.there.swap(false, Ordering::Relaxed) {
            tracing::warn!("the database can be written again");
        }
    }

    fn why(&self) -> Option<String> {
        let why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_there().then(|| why.clone())
    }
}

impl Db {
    /// Why the last attempt to write failed: the disk is full or cannot be written, the server is
    /// away, another program holds the file. `None` when writing works, as far as anybody tried.
    pub fn write_trouble(&self) -> Option<String> {
        self.trouble().why()
    }

    /// Writes something and takes it away again, to find out whether writing works.
    ///
    /// # Errors
    /// As any writing transaction.
    pub fn try_writing(&self) -> Result<(), DbError> {
        let filler = "0".repeat(TRIAL_BYTES);
        self.write(|tx| tx.set_setting(TRIAL, &filler))?;
        self.write(|tx| {
            tx.execute("DELETE FROM db_setting WHERE name = $1", params![TRIAL]).map(drop)
        })
    }

    /// Bytes free on the disk of an SQLite file; `None` in memory, on a server, and where the
    /// system does not tell.
    pub fn free_bytes(&self) -> Option<u64> {
        self.file().and_then(free_bytes)
    }

    /// The largest id there is in any table, 0 when there is none: ids made from here on must be
    /// larger, whatever the clock says by now.
    ///
    /// # Errors
    /// When the database fails.
    pub fn newest_id(&self) -> Result<i64, DbError> {
        let tables = if self.is_server() {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT)
             FROM information_schema.columns WHERE table_schema = current_schema()
             AND column_name IN ('id', 'id_max') AND data_type = 'bigint'"
        } else {
            "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND c.name IN ('id', 'id_max') AND c.type = 'INTEGER'"
        };
        self.read(|tx| {
            let mut newest = 0;
            for table in tx.query(tables, &[])? {
                let (table, id) = (table.text(0)?, table.text(1)?);
                let sql = format!("SELECT COALESCE(MAX({id}), 0) FROM {table}");
                newest = tx.query_one(&sql, &[])?.i64(0)?.max(newest);
            }
            Ok(newest)
        })
    }
}

/// Bytes free for the program on the disk that holds a file or folder.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let found = [Some(path), folder, Some(Path::new("."))].into_iter().flatten();
    let found = found.filter_map(|place| rustix::fs::statvfs(place).ok()).next()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}
