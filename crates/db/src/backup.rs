//! Backup while the platform runs, restore, size, and the check of what is stored.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use crate::database::Place;
use crate::migrate::{self, Known};
use crate::seam::{dump, sqlite};
use crate::{Db, DbError, Migration, Row, hex};

/// How far a backup or restore has come. Units are the engine's; PostgreSQL only tells 0 of 1 and
/// 1 of 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Done so far.
    pub done: u64,
    /// To be done in all; may grow while it runs.
    pub total: u64,
}

/// What to do with a database that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave it and fail.
    Refuse,
    /// Replace everything in it.
    Replace,
}

/// What a backup says about itself before it is restored.
pub(crate) struct Label {
    pub(crate) migrations: migrate::Applied,
    pub(crate) key_check: Option<String>,
}

impl Db {
    /// Copies the whole database, as it is at one instant, into a new file, while others read and
    /// write. SQLite gives a checked SQLite file; PostgreSQL gives what `pg_dump` writes in its
    /// own format, and needs that program installed. Personal data stay sealed in it; the master
    /// key is not in it.
    pub fn backup(&self, path: &Path, mut progress: impl FnMut(Progress)) -> Result<(), DbError> {
        if path.exists() {
            return Err(DbError::Settings(format!("{} exists already", path.display())));
        }
        let part = beside(path, "part");
        let outcome = match self.place() {
            Place::Server(config) => {
                progress(Progress { done: 0, total: 1 });
                let schema = self.current_schema()?;
                dump::write(config, &schema, &part)?;
                progress(Progress { done: 1, total: 1 });
                Ok(())
            }
            Place::Memory | Place::File { .. } => {
                let mut lent = self.lend(false)?;
                lent.conn()?.copy_to(&part, &mut progress)
            }
        };
        let outcome = outcome.and_then(|()| settle(&part, path));
        if outcome.is_err() {
            // What is left of it must not be taken for a backup; the error is what counts.
            std::fs::remove_file(&part).ok();
        }
        outcome
    }

    /// Puts a backup into this database, all or nothing. Call it before [`Db::migrate`], with the
    /// same migrations, which then brings an older backup up to date.
    ///
    /// Refuses, before anything is changed: a target that holds data, unless told to replace
    /// them; a file that is damaged or no backup; one from a newer program; one sealed with
    /// another master key.
    pub fn restore(
        &self,
        from: &Path,
        migrations: &[Migration],
        overwrite: Overwrite,
        mut progress: impl FnMut(Progress),
    ) -> Result<(), DbError> {
        let label = match self.place() {
            Place::Server(_) => dump::label(from)?,
            Place::Memory | Place::File { .. } => sqlite::label(from)?,
        };
        let known: Known = crate::MIGRATIONS.iter().chain(migrations).copied().collect();
        migrate::check_applied(&label.migrations, &known)?;
        let ours = hex(&self.sealer().keyed_hash("key check", "kouan"));
        if label.key_check.is_some_and(|theirs| theirs != ours) {
            return Err(DbError::Key("the backup was sealed with another one".to_owned()));
        }
        if overwrite == Overwrite::Refuse && !self.columns()?.is_empty() {
            return Err(DbError::Settings("the database to restore into is not empty".to_owned()));
        }
        self.forget_dictionaries();
        match self.place() {
            Place::Server(config) => {
                progress(Progress { done: 0, total: 1 });
                dump::read(config, &self.current_schema()?, from)?;
                progress(Progress { done: 1, total: 1 });
                Ok(())
            }
            Place::Memory | Place::File { .. } => {
                let mut lent = self.lend(true)?;
                lent.conn()?.copy_from(from, &mut progress)
            }
        }
    }

    /// Bytes the data take on disk (SQLite: file and log; in memory: pages), indexes included.
    pub fn size_on_disk(&self) -> Result<u64, DbError> {
        if let Some(path) = self.file() {
            let length = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
            return Ok(length(path) + length(&with_suffix(path, "-wal")));
        }
        let sql = if self.is_server() {
            "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema() AND c.relkind = 'r'"
        } else {
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        };
        let bytes = self.read(|tx| tx.query_one(sql, &[])?.i64(0))?;
        Ok(bytes.unsigned_abs())
    }

    /// Moves SQLite's log into the file and empties it, so that [`Db::size_on_disk`] counts
    /// everything once. Nothing to do on PostgreSQL.
    pub fn checkpoint(&self) -> Result<(), DbError> {
        if self.file().is_some() {
            self.lend(true)?.conn()?.query("PRAGMA wal_checkpoint(TRUNCATE)", &[])?;
        }
        Ok(())
    }

    /// Looks for damage: the engine's own check, references without their row, and tables or
    /// columns that differ from the migrations. Gives one sentence a fault, none when all is well.
    /// Reads everything on SQLite, so it takes its time on a large file.
    pub fn check(&self) -> Result<Vec<String>, DbError> {
        let mut faults = Vec::new();
        let text = |row: &Row| row.text(0).map(str::to_owned);
        if self.is_server() {
            let sql = "SELECT 'index ' || c.relname || ' is not valid' FROM pg_index i
                       JOIN pg_class c ON c.oid = i.indexrelid
                       JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE n.nspname = current_schema() AND NOT i.indisvalid
                       UNION ALL
                       SELECT 'constraint ' || k.conname || ' is not validated'
                       FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
                       WHERE n.nspname = current_schema() AND NOT k.convalidated";
            for row in self.read(|tx| tx.query(sql, &[]))? {
                faults.push(text(&row)?);
            }
        } else {
            for row in self.read(|tx| tx.query("PRAGMA integrity_check(20)", &[]))? {
                faults.push(text(&row)?);
            }
            faults.retain(|fault| fault != "ok");
            for row in self.read(|tx| tx.query("PRAGMA foreign_key_check", &[]))? {
                faults.push(format!(
                    "a row of {} points to none of {}",
                    row.text(0)?,
                    row.text(2)?
                ));
            }
        }
        let known = self.known().lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !known.is_empty() {
            let (found, wanted) = (self.columns()?, migrate::wanted_columns(&known)?);
            let name = |(table, column): &(String, String)| format!("{table}.{column}");
            faults.extend(wanted.difference(&found).map(|c| format!("{} is missing", name(c))));
            faults.extend(found.difference(&wanted).map(|c| format!("{} is unknown", name(c))));
        }
        Ok(faults)
    }

    /// The tables and columns there are.
    fn columns(&self) -> Result<BTreeSet<(String, String)>, DbError> {
        let sql = if self.is_server() {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT)
             FROM information_schema.columns WHERE table_schema = current_schema()"
        } else {
            sqlite::COLUMNS
        };
        self.read(|tx| columns(&tx.query(sql, &[])?))
    }

    fn current_schema(&self) -> Result<String, DbError> {
        let sql = "SELECT CAST(current_schema() AS TEXT)";
        self.read(|tx| Ok(tx.query_one(sql, &[])?.text(0)?.to_owned()))
    }
}

pub(crate) fn columns(rows: &[Row]) -> Result<BTreeSet<(String, String)>, DbError> {
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}

/// Makes a finished file durable and gives it its name.
fn settle(part: &Path, path: &Path) -> Result<(), DbError> {
    let settled = || {
        File::open(part)?.sync_all()?;
        std::fs::rename(part, path)?;
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    };
    settled().map_err(|e| DbError::Unavailable(format!("{}: {e}", path.display())))
}

/// `path.suffix`, whatever the path ends in.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    with_suffix(path, &format!(".{suffix}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
