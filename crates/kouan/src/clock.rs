//! Where the present comes from: the wall clock, or a simulated day.
#![expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is told by")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kernel::{Clock, Time};

/// The wall clock of this machine.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Measures how long something took.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A clock that stands still until it is moved on, and never goes back: a simulated day played as
/// fast as it can be. Let go, it runs on with the wall clock.
pub struct DayClock {
    millis: AtomicI64,
    running_since: OnceLock<Instant>,
}

impl DayClock {
    /// Stands at `start`.
    pub fn at(start: Time) -> DayClock {
        DayClock { millis: AtomicI64::new(start.to_millis()), running_since: OnceLock::new() }
    }

    /// Moves on to `time`; nothing happens when it is past already.
    pub fn advance_to(&self, time: Time) {
        self.millis.fetch_max(time.to_millis(), Ordering::Relaxed);
    }

    /// From here on it runs with the wall clock.
    pub fn let_go(&self) {
        self.running_since.get_or_init(Instant::now);
    }
}

impl Clock for DayClock {
    fn now(&self) -> Time {
        let standing = Time::from_millis(self.millis.load(Ordering::Relaxed));
        match self.running_since.get() {
            None => standing,
            Some(since) => {
                standing.plus_millis(i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX))
            }
        }
    }
}
