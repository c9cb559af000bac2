//! Threads that run for ever beside the doors: forwarding, collecting receipts, pushing notices.
//! Each does what is due, then waits for news or for the next look, and stops between two rounds.

pub mod customs;
pub mod evidence;
pub mod push;
mod roster;
pub mod upkeep;

pub use roster::Roster;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Wakes workers that wait.
#[derive(Clone, Default)]
pub struct Bell(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    rung: u64,
    stopping: bool,
}

impl Bell {
    /// Wakes everybody who waits.
    pub fn ring(&self) {
        self.change(|state| state.rung += 1);
    }

    /// Wakes everybody and asks them to stop.
    pub fn stop(&self) {
        self.change(|state| state.stopping = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_all();
    }

    /// Waits until the bell has rung since `heard` or `at_most` has passed. `None` when asked to
    /// stop; otherwise how often it has rung.
    fn wait(&self, heard: u64, at_most: Duration) -> Option<u64> {
        let state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |state: &mut State| state.rung == heard && !state.stopping;
        let (state, _) = self
            .0
            .1
            .wait_timeout_while(state, at_most, quiet)
            .unwrap_or_else(PoisonError::into_inner);
        (!state.stopping).then_some(state.rung)
    }

    /// Waits so long, whatever rings, unless asked to stop. As [`Bell::wait`].
    fn rest(&self, so_long: Duration) -> Option<u64> {
        let state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = self
            .0
            .1
            .wait_timeout_while(state, so_long, |state| !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        (!state.stopping).then_some(state.rung)
    }
}

/// What one round of a worker came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// There was something to do; look again at once.
    Busy,
    /// There was something to do, and all of it is done; look again after this while, in which more
    /// gathers, whatever rings.
    Gather(Duration),
    /// Nothing was due.
    Idle,
}

/// A worker: its name in logs, how long it waits without news, and what a round does.
pub struct Worker {
    /// Name of the thread.
    pub name: &'static str,
    /// Longest wait between two looks when nothing rings.
    pub every: Duration,
    /// One round. An error is logged and the next round comes after the
    /// wait, which doubles with every failure in a row, up to ten seconds.
    pub round: Box<dyn FnMut() -> Result<Round, crate::Failure> + Send>,
}

/// Longest wait after failures: an outage that ends is noticed within it.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A round ended in a panic.
struct Panicked;

impl Worker {
    /// A panic undoes the transaction it is in, like any failure, and must not end the worker: what
    /// it was to do would never be done. A round keeps nothing between rounds but what it has seen.
    fn one_round(&mut self) -> Result<Result<Round, crate::Failure>, Panicked> {
        catch_unwind(AssertUnwindSafe(|| (self.round)())).map_err(|_| Panicked)
    }

    /// Starts the worker on a thread of its own; it ends when the bell says stop.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(self, bell: &Bell) -> std::io::Result<JoinHandle<()>> {
        self.start_on(bell, &Arc::default())
    }

    /// [`Worker::start`], entered in a roster that tells how it does.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start_on(
        mut self,
        bell: &Bell,
        roster: &Arc<Roster>,
    ) -> std::io::Result<JoinHandle<()>> {
        let (bell, roster) = (bell.clone(), Arc::clone(roster));
        roster.enter(self.name);
        std::thread::Builder::new().name(self.name.to_owned()).spawn(move || {
            let (mut heard, mut failures) = (0, 0);
            loop {
                let outcome = self.one_round();
                roster.note(self.name, &outcome);
                let outcome = outcome.unwrap_or_else(|Panicked| {
                    Err(crate::Failure::new("a bug; the next round starts anew"))
                });
                failures = if outcome.is_ok() { 0 } else { failures + 1 };
                let wait = match outcome {
                    Ok(Round::Busy) => Duration::ZERO,
                    Ok(Round::Gather(so_long)) => {
                        let Some(rung) = bell.rest(so_long) else { return };
                        // Whatever rang before the next round is seen by it.
                        heard = rung;
                        continue;
                    }
                    Ok(Round::Idle) => self.every,
                    Err(failure) => {
                        tracing::warn!(worker = self.name, %failure, "round failed");
                        self.every.saturating_mul(1 << failures.min(6)).min(WAIT_MAX)
                    }
                };
                match bell.wait(heard, wait) {
                    Some(rung) => heard = rung,
                    None => return,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_worker_looks_again_when_the_bell_rings_and_stops_when_told() {
        let (bell, (tell, hear)) = (Bell::default(), mpsc::channel());
        let round = Box::new(move || {
            let _ = tell.send(());
            Ok(Round::Idle)
        });
        let worker = Worker { name: "test", every: Duration::from_secs(3_600), round };
        let thread = worker.start(&bell).unwrap();
        hear.recv().unwrap();
        bell.ring();
        hear.recv().unwrap();
        bell.stop();
        thread.join().unwrap();
    }

    #[test]
    fn a_panic_is_not_the_last_round_and_is_told() {
        let (bell, (tell, hear)) = (Bell::default(), mpsc::channel());
        let (roster, mut rounds) = (Arc::new(Roster::default()), 0);
        let seen = Arc::clone(&roster);
        let round = Box::new(move || {
            rounds += 1;
            let _ = tell.send((rounds, seen.trouble()));
            assert_ne!(rounds, 1, "a bug");
            Ok(Round::Idle)
        });
        let worker = Worker { name: "test", every: Duration::from_millis(1), round };
        let thread = worker.start_on(&bell, &roster).unwrap();
        assert_eq!(hear.recv().unwrap(), (1, None));
        let (rounds, trouble) = hear.recv().unwrap();
        assert_eq!((rounds, trouble.unwrap().en), (2, "workers with a bug: test".to_owned()));
        let well = (3, None);
        assert_eq!(hear.recv().unwrap(), well, "it is over when a round goes well");
        bell.stop();
        thread.join().unwrap();
        assert_eq!(roster.panics(), [("test", 1)]);
    }

    #[test]
    fn a_worker_that_gathers_looks_again_without_being_rung_and_stops_at_once() {
        let (bell, (tell, hear)) = (Bell::default(), mpsc::channel());
        let mut rounds = 0;
        let round = Box::new(move || {
            rounds += 1;
            let _ = tell.send(());
            let so_long =
                if rounds < 3 { Duration::from_millis(1) } else { Duration::from_secs(3_600) };
            Ok(Round::Gather(so_long))
        });
        let worker = Worker { name: "test", every: Duration::from_secs(3_600), round };
        let thread = worker.start(&bell).unwrap();
        for _ in 0..3 {
            hear.recv().unwrap();
        }
        bell.stop();
        thread.join().unwrap();
    }

    #[test]
    fn a_failing_round_is_not_the_last() {
        let (bell, (tell, hear)) = (Bell::default(), mpsc::channel());
        let mut rounds = 0;
        let round = Box::new(move || {
            rounds += 1;
            let _ = tell.send(rounds);
            if rounds == 1 { Err(crate::Failure::new("no connection")) } else { Ok(Round::Idle) }
        });
        let worker = Worker { name: "test", every: Duration::from_millis(1), round };
        let thread = worker.start(&bell).unwrap();
        assert_eq!(hear.recv().unwrap(), 1);
        assert_eq!(hear.recv().unwrap(), 2);
        bell.stop();
        thread.join().unwrap();
    }
}
