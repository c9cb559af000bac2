//! How the service is set up: its times, its limits, the law, and what it keeps at hand.

use kernel::{Date, Time};
use register::rules::{NoRule, Rules};

use crate::hot::Hot;

/// Times and limits. What is `None` follows the law of the day.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Milliseconds from the request to the end of its time; `None`: the rule
    /// `raw_payment.answer_seconds`.
    pub answer_ms: Option<i64>,
    /// Waits between sendings that fail; the last one repeats.
    pub retry_ms: Vec<i64>,
    /// Requests that may wait at the same time; further ones hear 20001.
    pub open_max: i64,
    /// Bytes of records kept opened in memory.
    pub hot_bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            answer_ms: None,
            retry_ms: vec![1_000, 2_000, 5_000, 10_000, 20_000],
            open_max: 10_000,
            hot_bytes_max: 64 << 20,
        }
    }
}

/// The service's desk: one a process, shared by the door and the worker.
pub struct Office {
    pub(crate) settings: Settings,
    pub(crate) rules: Rules,
    pub(crate) hot: Hot,
}

impl Office {
    /// Set up like this, under this law.
    pub fn new(settings: Settings, rules: Rules) -> Office {
        let hot = Hot::new(settings.hot_bytes_max);
        Office { settings, rules, hot }
    }

    /// When the time of a request that comes now is over.
    ///
    /// # Errors
    /// When no setting says it and the law of the day does not either.
    pub fn due(&self, now: Time) -> Result<Time, NoRule> {
        let answer_ms = match self.settings.answer_ms {
            Some(answer_ms) => answer_ms,
            None => self.rules.on(now.date()).int("raw_payment.answer_seconds")?.value * 1_000,
        };
        Ok(now.plus_millis(answer_ms))
    }

    /// The wait before the next sending, after so many.
    pub(crate) fn wait_ms(&self, sendings: usize) -> i64 {
        let waits = &self.settings.retry_ms;
        waits.get(sendings).or_else(|| waits.last()).copied().unwrap_or(1_000).max(1)
    }

    /// Years that payments are kept, on a day.
    pub(crate) fn years_kept(&self, on: Date) -> Result<i64, NoRule> {
        Ok(self.rules.on(on).int("retention.transactions_years")?.value)
    }
}
