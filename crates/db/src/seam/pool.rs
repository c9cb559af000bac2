//! A bounded pool that serves those who wait in the order in which they came.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::DbError;

/// How long one waits for a connection before being told that the database is busy.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A fixed number of things, lent out one by one. A pool of one is a fair lock.
pub(crate) struct Pool<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    idle: Vec<T>,
    waiting: VecDeque<Arc<Waiter<T>>>,
}

struct Waiter<T> {
    given: Mutex<Option<T>>,
    ready: Condvar,
}

impl<T> Pool<T> {
    pub(crate) fn new(things: Vec<T>) -> Pool<T> {
        Pool { state: Mutex::new(State { idle: things, waiting: VecDeque::new() }) }
    }

    /// Takes one, waiting in line for up to half a minute.
    pub(crate) fn take(&self) -> Result<T, DbError> {
        let waiter = {
            let mut state = lock(&self.state);
            if state.waiting.is_empty()
                && let Some(thing) = state.idle.pop()
            {
                return Ok(thing);
            }
            let waiter = Arc::new(Waiter { given: Mutex::new(None), ready: Condvar::new() });
            state.waiting.push_back(Arc::clone(&waiter));
            waiter
        };
        let given = waiter
            .ready
            .wait_timeout_while(lock(&waiter.given), WAIT_MAX, |given| given.is_none())
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .take();
        if let Some(thing) = given {
            return Ok(thing);
        }
        // Leave the line; somebody may have handed over in the meantime.
        let mut state = lock(&self.state);
        state.waiting.retain(|other| !Arc::ptr_eq(other, &waiter));
        lock(&waiter.given).take().ok_or_else(|| {
            let seconds = WAIT_MAX.as_secs();
            DbError::Busy(format!(
                "no connection within {seconds} s (is one transaction opened inside another?)"
            ))
        })
    }

    /// Gives one back: to the first in line, or to the shelf.
    pub(crate) fn put(&self, thing: T) {
        let mut state = lock(&self.state);
        match state.waiting.pop_front() {
            Some(waiter) => {
                *lock(&waiter.given) = Some(thing);
                waiter.ready.notify_one();
            }
            None => state.idle.push(thing),
        }
    }
}

/// A panic in another thread does not make what the lock guards wrong: nothing here is left
/// half-done between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_are_served_in_order() {
        let pool = Pool::new(vec!["the one"]);
        let served = Mutex::new(Vec::new());
        let held = pool.take().unwrap();
        std::thread::scope(|scope| {
            for place in 0..5 {
                let (pool, served) = (&pool, &served);
                scope.spawn(move || {
                    let thing = pool.take().unwrap();
                    lock(served).push(place);
                    pool.put(thing);
                });
                while lock(&pool.state).waiting.len() <= place {
                    std::thread::yield_now();
                }
            }
            pool.put(held);
        });
        assert_eq!(*lock(&served), [0, 1, 2, 3, 4]);
    }
}
