//! Where the present comes from: the wall clock, or a simulated day that runs beside it.

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

/// A clock that starts at a chosen instant and runs as fast as the wall clock.
pub struct SimulatedClock {
    start: Time,
    since: Instant,
}

impl SimulatedClock {
    /// Starts now, showing `start`.
    pub fn starting_at(start: Time) -> SimulatedClock {
        SimulatedClock { start, since: Instant::now() }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Time {
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.start.plus_millis(passed)
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
