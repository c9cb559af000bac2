//! Where the present comes from: the wall clock, or a simulated day.
#![expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is told by")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
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

/// A step back that is bridged: longer than clocks are set by hand or by the network in a day's
/// work, shorter than anything that waits in the platform for long.
pub const BRIDGED_MS: i64 = 300_000;

/// The wall clock as the platform is told of it. Time does not run backwards unnoticed.
///
/// - After a step back of up to five minutes it goes on from where it was at half speed until the
///   wall clock has caught up: order is kept, nothing stands still, and it is never more than the
///   step ahead.
/// - After a longer one it follows: what the machine believes is what certificates, law by date and
///   the firms go by. What waits in the database is then brought forward by the step (worker
///   `upkeep`), and ids go on above the last one.
///
/// Both are said in the log.
pub struct SteadyClock {
    machine: Box<dyn Fn() -> Machine + Send + Sync>,
    told: Mutex<Told>,
}

/// What the machine says at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The wall clock, milliseconds since 1970.
    pub wall_ms: i64,
    /// How long it runs; never goes back.
    pub uptime_ms: i64,
}

/// What was told last.
struct Told {
    time_ms: i64,
    uptime_ms: i64,
    /// Half a millisecond that was not told yet.
    half: i64,
    bridging: bool,
}

impl SteadyClock {
    /// Over this machine's clocks.
    pub fn new() -> SteadyClock {
        let start = Instant::now();
        SteadyClock::over(move || Machine {
            wall_ms: SystemClock.now().to_millis(),
            uptime_ms: i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX),
        })
    }

    /// Over given clocks.
    pub fn over(machine: impl Fn() -> Machine + Send + Sync + 'static) -> SteadyClock {
        let Machine { wall_ms, uptime_ms } = machine();
        let told = Told { time_ms: wall_ms, uptime_ms, half: 0, bridging: false };
        SteadyClock { machine: Box::new(machine), told: Mutex::new(told) }
    }
}

impl Default for SteadyClock {
    fn default() -> SteadyClock {
        SteadyClock::new()
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Time {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked for under the lock, so that two threads cannot tell out of order.
        let Machine { wall_ms, uptime_ms } = (self.machine)();
        let behind_ms = told.time_ms - wall_ms;
        if behind_ms <= 0 {
            if told.bridging {
                tracing::warn!("the system clock has caught up");
            }
            (told.time_ms, told.bridging) = (wall_ms, false);
        } else if behind_ms > BRIDGED_MS {
            tracing::error!(behind_ms, "the system clock went back; the platform follows");
            (told.time_ms, told.bridging) = (wall_ms, false);
        } else {
            if !told.bridging {
                tracing::warn!(behind_ms, "the system clock went back; time goes on slowly");
            }
            let halves = (uptime_ms - told.uptime_ms).max(0) + told.half;
            told.time_ms += halves / 2;
            (told.half, told.bridging) = (halves % 2, true);
        }
        told.uptime_ms = uptime_ms;
        Time::from_millis(told.time_ms)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A machine whose clocks are set by hand, and the clock over it.
    fn machine() -> (Arc<[AtomicI64; 2]>, SteadyClock) {
        let hands = Arc::new([AtomicI64::new(1_000_000), AtomicI64::new(0)]);
        let seen = Arc::clone(&hands);
        let clock = SteadyClock::over(move || Machine {
            wall_ms: seen[0].load(Ordering::Relaxed),
            uptime_ms: seen[1].load(Ordering::Relaxed),
        });
        (hands, clock)
    }

    fn pass(hands: &[AtomicI64; 2], ms: i64) {
        hands.iter().for_each(|hand| _ = hand.fetch_add(ms, Ordering::Relaxed));
    }

    #[test]
    fn a_small_step_back_is_bridged_at_half_speed() {
        let (hands, clock) = machine();
        assert_eq!(clock.now().to_millis(), 1_000_000);
        hands[0].fetch_sub(5_000, Ordering::Relaxed);
        let mut last = clock.now().to_millis();
        assert_eq!(last, 1_000_000);
        for _ in 0..10_000 {
            pass(&hands, 1);
            let now = clock.now().to_millis();
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
        // Ten seconds on, the wall clock has made up for five.
        assert_eq!(last, hands[0].load(Ordering::Relaxed));
        pass(&hands, 10);
        assert_eq!(clock.now().to_millis(), last + 10);
    }

    #[test]
    fn a_large_step_back_is_followed() {
        let (hands, clock) = machine();
        clock.now();
        hands[0].fetch_sub(BRIDGED_MS + 1, Ordering::Relaxed);
        assert_eq!(clock.now().to_millis(), 1_000_000 - BRIDGED_MS - 1);
        pass(&hands, 7);
        assert_eq!(clock.now().to_millis(), 1_000_000 - BRIDGED_MS + 6);
    }
}
