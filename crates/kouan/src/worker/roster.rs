//! How the workers do: for health checks and metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use kernel::Text;

use super::{Panicked, Round};
use crate::Failure;

/// The workers of a platform and how each did last.
#[derive(Default)]
pub struct Roster(Mutex<BTreeMap<&'static str, Doing>>);

#[derive(Default)]
struct Doing {
    /// Rounds that ended in a panic since the start.
    panics: u64,
    /// Whether the last one did.
    panicked: bool,
    /// Rounds in a row that failed.
    failures: u64,
}

impl Roster {
    pub(super) fn enter(&self, name: &'static str) {
        self.change(name, |_| ());
    }

    pub(super) fn note(
        &self,
        name: &'static str,
        outcome: &Result<Result<Round, Failure>, Panicked>,
    ) {
        self.change(name, |doing| {
            doing.panicked = outcome.is_err();
            doing.panics += u64::from(doing.panicked);
            doing.failures = if matches!(outcome, Ok(Ok(_))) { 0 } else { doing.failures + 1 };
        });
        if outcome.is_err() {
            tracing::error!(worker = name, "a worker panicked and starts anew");
        }
    }

    fn change(&self, name: &'static str, change: impl FnOnce(&mut Doing)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(name).or_default());
    }

    /// What is wrong when a worker's last round ended in a panic; failures that are others'
    /// (customs away, the database away) show elsewhere.
    pub fn trouble(&self) -> Option<Text> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bad = all.iter().filter(|(_, doing)| doing.panicked).map(|(name, _)| *name);
        let names = bad.collect::<Vec<_>>().join(", ");
        let text =
            || Text::new(format!("后台任务出错:{names}"), format!("workers with a bug: {names}"));
        (!names.is_empty()).then(text)
    }

    /// Each worker's panics since the start.
    pub fn panics(&self) -> Vec<(&'static str, u64)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(name, doing)| (*name, doing.panics)).collect()
    }

    /// Each worker's rounds that failed in a row, 0 when the last went well.
    pub fn failures(&self) -> Vec<(&'static str, u64)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(name, doing)| (*name, doing.failures)).collect()
    }
}
