//! Published checkpoints: kept only when they extend the one before.

use kernel::Time;

use super::log::{damaged, number};
use super::merkle::Hash;
use super::tree::Tree;
use crate::{DbError, Row, Tx, params};

/// A checkpoint that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many leaves the log had.
    pub size: u64,
    /// When.
    pub at: Time,
    /// The root over them.
    pub root: Hash,
    /// The signed text, as published.
    pub note: String,
}

/// Why a checkpoint was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// The log no longer has the root that was published for a size it has passed.
    #[error("the log no longer leads to the root published for its first {0} leaves")]
    Rewritten(u64),
    /// The log is shorter than what was published of it.
    #[error("the log has {size} leaves; a checkpoint of {published} was published")]
    Shorter {
        /// Leaves there are.
        size: u64,
        /// Leaves there were.
        published: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

const COLUMNS: &str = "size, at, root, note";

impl Tx {
    /// The newest checkpoint.
    pub fn latest_checkpoint(&mut self) -> Result<Option<Checkpoint>, DbError> {
        let sql = format!("SELECT {COLUMNS} FROM db_checkpoint ORDER BY size DESC LIMIT 1");
        self.query_opt(&sql, &[])?.map(|row| checkpoint(&row)).transpose()
    }

    /// The checkpoint of exactly this size.
    pub fn checkpoint(&mut self, size: u64) -> Result<Option<Checkpoint>, DbError> {
        let sql = format!("SELECT {COLUMNS} FROM db_checkpoint WHERE size = $1");
        self.query_opt(&sql, params![number(size)?])?.map(|row| checkpoint(&row)).transpose()
    }

    /// The oldest checkpoint of a log that had this leaf.
    pub fn checkpoint_over(&mut self, index: u64) -> Result<Option<Checkpoint>, DbError> {
        let sql =
            format!("SELECT {COLUMNS} FROM db_checkpoint WHERE size > $1 ORDER BY size LIMIT 1");
        self.query_opt(&sql, params![number(index)?])?.map(|row| checkpoint(&row)).transpose()
    }

    /// Checkpoints larger than `after`, smallest first.
    pub fn checkpoints(&mut self, after: u64, max: i64) -> Result<Vec<Checkpoint>, DbError> {
        let sql =
            format!("SELECT {COLUMNS} FROM db_checkpoint WHERE size > $1 ORDER BY size LIMIT $2");
        self.query(&sql, params![number(after)?, max])?.iter().map(checkpoint).collect()
    }

    /// Whether the log still is what the newest checkpoint says it was, and as long.
    ///
    /// # Errors
    /// [`NotKept`] says what is wrong.
    pub fn extends_checkpoint(&mut self) -> Result<(), NotKept> {
        let Some(last) = self.latest_checkpoint()? else { return Ok(()) };
        let size = self.evidence_size()?;
        if size < last.size {
            return Err(NotKept::Shorter { size, published: last.size });
        }
        match Tree::of(self, last.size)?.root()? == last.root {
            true => Ok(()),
            false => Err(NotKept::Rewritten(last.size)),
        }
    }

    /// Publishes a checkpoint of the log as it is now, unless there is one of that size: `sign`
    /// makes the signed text from size and root. Gives the newest checkpoint, `None` when the log
    /// is empty.
    ///
    /// # Errors
    /// [`NotKept`] when the log does not extend what was published before: then nothing is
    /// published.
    pub fn keep_checkpoint(
        &mut self,
        at: Time,
        sign: impl FnOnce(u64, &Hash) -> Result<String, DbError>,
    ) -> Result<Option<Checkpoint>, NotKept> {
        // One at a time, also among several processes on one database.
        self.next_number("db.checkpoint")?;
        let size = self.evidence_size()?;
        while self.grow_evidence()? {}
        self.extends_checkpoint()?;
        let last = self.latest_checkpoint()?;
        if last.as_ref().map_or(0, |last| last.size) == size {
            return Ok(last);
        }
        let root = Tree::of(self, size)?.root()?;
        let made = Checkpoint { size, at, root, note: sign(size, &root)? };
        let sql = format!("INSERT INTO db_checkpoint ({COLUMNS}) VALUES ($1, $2, $3, $4)");
        self.execute(&sql, params![number(size)?, at, &made.root, &made.note])?;
        Ok(Some(made))
    }
}

fn checkpoint(row: &Row) -> Result<Checkpoint, DbError> {
    let wrong = |_| damaged("a checkpoint");
    Ok(Checkpoint {
        size: u64::try_from(row.i64(0)?).map_err(|_| damaged("a checkpoint"))?,
        at: row.time(1)?,
        root: row.bytes(2)?.try_into().map_err(wrong)?,
        note: row.text(3)?.to_owned(),
    })
}
