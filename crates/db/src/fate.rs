//! Faults on purpose. A database opened by [`crate::test::Disk`] asks before every statement and
//! commit whether it shall go well, so that a test can let the disk fail, or the process die, at any
//! of them. Databases opened in any other way ask nobody.

/// Where a transaction stands when it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It is about to begin.
    Begin {
        /// Whether it may write.
        write: bool,
    },
    /// It is about to run a statement.
    Statement {
        /// Whether the transaction may write.
        write: bool,
    },
    /// It is about to commit.
    Commit {
        /// Whether the transaction may have written.
        write: bool,
    },
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes as it goes.
    Go,
    /// It fails as if the disk did: nothing of it is done.
    Fail,
    /// A commit that is done, and of which the caller hears that it failed: the answer was lost.
    /// Anything else goes as it goes.
    FailAfter,
}

/// Who decides.
pub trait Fates: Send + Sync {
    /// Decides at a moment. Must not use the database.
    fn decide(&self, moment: Moment) -> Fate;
}
