//! What a database has done since it was opened: for metrics and benchmarks.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the database was opened, over all its connections in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Writing transactions that committed, each of them durable when it returned.
    pub commits: u64,
    /// Reading transactions that ended.
    pub reads: u64,
    /// Statements of the transactions that committed; a bulk call of any number of rows is one.
    pub statements: u64,
    /// Waits for an answer of the server. 0 on SQLite, which has none.
    pub round_trips: u64,
    /// Times the disk was told to make everything so far durable. SQLite: counted, one a commit
    /// that changed something and two a checkpoint. PostgreSQL: one a commit, as seen from here.
    pub fsyncs: u64,
    /// Times SQLite's log was moved into the file.
    pub checkpoints: u64,
    /// Bytes written to SQLite's log. What a checkpoint writes to the file comes on top, each
    /// changed page once; the system's own count (`/proc/self/io`) has both.
    pub bytes_logged: u64,
}

/// The counters behind [`Stats`].
#[derive(Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    reads: AtomicU64,
    statements: AtomicU64,
    round_trips: AtomicU64,
    fsyncs: AtomicU64,
    checkpoints: AtomicU64,
    bytes_logged: AtomicU64,
    counted: AtomicU64,
}

/// Which kind of transaction ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It wrote, and this many bytes of log were written; `None` on a server.
    Wrote(Option<u64>),
    /// It read.
    Read,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Counters {
    /// How many commits there had been when a server's tables were last counted.
    pub(crate) fn counted(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, commits: u64) {
        self.counted.store(commits, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self, how: Ended, statements: u64, round_trips: u64) {
        match how {
            Ended::Wrote(logged) => {
                add(&self.commits, 1);
                add(&self.fsyncs, u64::from(logged != Some(0)));
                add(&self.bytes_logged, logged.unwrap_or(0));
            }
            Ended::Read => add(&self.reads, 1),
        }
        add(&self.statements, statements);
        add(&self.round_trips, round_trips);
    }

    pub(crate) fn checkpointed(&self) {
        add(&self.checkpoints, 1);
        add(&self.fsyncs, 2);
    }

    pub(crate) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            commits: read(&self.commits),
            reads: read(&self.reads),
            statements: read(&self.statements),
            round_trips: read(&self.round_trips),
            fsyncs: read(&self.fsyncs),
            checkpoints: read(&self.checkpoints),
            bytes_logged: read(&self.bytes_logged),
        }
    }
}
