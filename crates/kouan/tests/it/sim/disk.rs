//! The disk of the story: it fails where chance says, and with it the process may die.

use std::sync::{Mutex, PoisonError};

use db::fate::{Fate, Fates, Moment};

/// What happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A write fails, as if the disk were full.
    Write,
    /// A commit fails, and nothing of it is kept.
    Commit,
    /// A commit is kept, and its caller hears that it failed.
    LostCommit,
    /// A read fails.
    Read,
    /// The process dies before a write.
    DeathAtWrite,
    /// The process dies after a commit, before anybody hears of it.
    DeathAfterCommit,
}

/// Counts down to the next trouble.
#[derive(Default)]
pub(super) struct Disk(Mutex<State>);

#[derive(Default)]
struct State {
    dead: bool,
    /// Somebody looks who is no part of the story.
    quiet: bool,
    armed: Option<(Trouble, usize)>,
    struck: Option<Trouble>,
    /// Transactions kept.
    writes: u64,
}

impl Disk {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets trouble strike at the n-th moment of its kind from here on, counted from 1.
    pub(super) fn arm(&self, trouble: Trouble, at: usize) {
        self.change(|state| state.armed = Some((trouble, at.max(1))));
    }

    /// No trouble any more.
    pub(super) fn disarm(&self) {
        self.change(|state| state.armed = None);
    }

    /// Whether trouble is on its way.
    pub(super) fn is_armed(&self) -> bool {
        self.change(|state| state.armed.is_some())
    }

    /// The process dies: nothing reaches the disk any more.
    pub(super) fn die(&self) {
        self.change(|state| state.dead = true);
    }

    pub(super) fn is_dead(&self) -> bool {
        self.change(|state| state.dead)
    }

    /// Lets somebody look whom no trouble meets.
    pub(super) fn quietly<T>(&self, look: impl FnOnce() -> T) -> T {
        self.change(|state| state.quiet = true);
        let seen = look();
        self.change(|state| state.quiet = false);
        seen
    }

    /// A new process.
    pub(super) fn revive(&self) {
        self.change(|state| *state = State { writes: state.writes, ..State::default() });
    }

    /// The trouble that has struck since it was last asked.
    pub(super) fn struck(&self) -> Option<Trouble> {
        self.change(|state| state.struck.take())
    }

    /// How many transactions were kept so far.
    pub(super) fn commits(&self) -> u64 {
        self.change(|state| state.writes)
    }
}

impl Fates for Disk {
    fn decide(&self, moment: Moment) -> Fate {
        self.change(|state| {
            if state.quiet {
                return Fate::Go;
            }
            if state.dead {
                return Fate::Fail;
            }
            let fate = state.meet(moment);
            if matches!(moment, Moment::Commit { write: true }) && fate != Fate::Fail {
                state.writes += 1;
            }
            fate
        })
    }
}

impl State {
    fn meet(&mut self, moment: Moment) -> Fate {
        let Some((trouble, left)) = self.armed else { return Fate::Go };
        let concerned = match trouble {
            Trouble::Write | Trouble::DeathAtWrite => {
                matches!(moment, Moment::Statement { write: true } | Moment::Begin { write: true })
            }
            Trouble::Read => matches!(moment, Moment::Statement { write: false }),
            Trouble::Commit | Trouble::LostCommit | Trouble::DeathAfterCommit => {
                matches!(moment, Moment::Commit { write: true })
            }
        };
        if !concerned {
            return Fate::Go;
        }
        if left > 1 {
            self.armed = Some((trouble, left - 1));
            return Fate::Go;
        }
        self.armed = None;
        self.struck = Some(trouble);
        match trouble {
            Trouble::Write | Trouble::Read | Trouble::Commit => Fate::Fail,
            Trouble::LostCommit => Fate::FailAfter,
            Trouble::DeathAtWrite => {
                self.dead = true;
                Fate::Fail
            }
            Trouble::DeathAfterCommit => {
                self.dead = true;
                Fate::FailAfter
            }
        }
    }
}
