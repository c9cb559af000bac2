//! What can go wrong with a database, sorted by what the caller can do about it.

/// A failed act on the database. Texts never hold values of rows, which may be personal data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// There is such a row already: a refusal, once `table` and `columns` are given a name.
    /// Columns are in the order of the constraint.
    #[error("{table} already holds a row with the same {}", columns.join(", "))]
    Unique {
        /// The table.
        table: String,
        /// The columns that must differ.
        columns: Vec<String>,
    },
    /// A row points to one that does not exist, or one still pointed to was to be deleted.
    #[error("a row points to one that does not exist, or is still pointed to")]
    ForeignKey,
    /// A `CHECK` refused a value. Both engines name it when the constraint has a name.
    #[error("a value breaks the rule {constraint}")]
    Check {
        /// The constraint's name.
        constraint: String,
    },
    /// A column that must hold something was given nothing.
    #[error("{table}.{column} must hold a value")]
    NotNull {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Others hold what is needed, or the engine chose this transaction to give way. Nothing was
    /// written; do it again.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The database is away, or cannot be written (disk full, read-only). Do it again later. When
    /// it happens at the commit, the outcome is unknown until looked up by business key.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A write inside [`crate::Db::read`]: a bug.
    #[error("a write inside a read transaction")]
    ReadOnly,
    /// Stored bytes are not what was stored: a changed file, or a failed integrity check.
    #[error("stored bytes are damaged: {0}")]
    Damaged(String),
    /// The master key does not open this database, or lacks the version that sealed the bytes.
    #[error("the master key does not fit: {0}")]
    Key(String),
    /// A setting cannot be used.
    #[error("the database settings cannot be used: {0}")]
    Settings(String),
    /// The schema and the program do not fit one another.
    #[error("the database schema does not fit this program: {0}")]
    Schema(String),
    /// A result holds another type than the program reads.
    #[error("column {position} {name:?} of the result: wanted {wanted}, found {found}")]
    Column {
        /// Position in the result, from 0.
        position: usize,
        /// Name in the result.
        name: String,
        /// What the program reads.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// Exactly one row was wanted.
    #[error("wanted one row, found {found}")]
    RowCount {
        /// `none` or `several`.
        found: &'static str,
    },
    /// An earlier statement of this transaction failed, so nothing more can be done in it. Wrap
    /// what may fail in [`crate::Tx::attempt`].
    #[error("an earlier statement of this transaction failed")]
    Aborted,
    /// The job's lease ran out and somebody else may have the job; this work must not be saved.
    #[error("the lease on the job ran out")]
    LeaseLost,
    /// A fault in a statement or its use: a bug.
    #[error("the database refused the statement: {0}")]
    Other(String),
}

impl DbError {
    /// The failure of a disk that only a test has.
    pub(crate) fn on_purpose() -> DbError {
        DbError::Unavailable("a fault on purpose".to_owned())
    }

    /// What a refusal to write means to a transaction that may write: the disk or the server can
    /// only be read at the moment.
    pub(crate) fn of_writing(self, write: bool) -> DbError {
        match self {
            DbError::ReadOnly if write => {
                DbError::Unavailable("it can only be read at the moment".to_owned())
            }
            other => other,
        }
    }

    /// Whether the same act may succeed later without anything being changed: an outage.
    pub fn is_outage(&self) -> bool {
        matches!(self, DbError::Busy(_) | DbError::Unavailable(_))
    }

    /// Whether this is a second row where one is allowed, in exactly this table and columns.
    pub fn is_unique(&self, table: &str, columns: &[&str]) -> bool {
        matches!(self, DbError::Unique { table: t, columns: c } if t == table && c == columns)
    }
}
