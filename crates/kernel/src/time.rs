//! Instants in UTC, shown in Beijing time, and the compact forms of the message family.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01 00:00 UTC. Stored as this integer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(i64);

/// Where the present comes from. Only the binary knows the wall clock; everything else is told.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Time;
}

const BEIJING: Offset = jiff::tz::offset(8);

impl Time {
    /// From milliseconds since 1970-01-01 UTC.
    pub const fn from_millis(millis: i64) -> Time {
        Time(millis)
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn to_millis(self) -> i64 {
        self.0
    }

    /// Later (or, if negative, earlier) by milliseconds; saturates.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Time {
        Time(self.0.saturating_add(millis))
    }

    /// The calendar day in Beijing, which is the day of the law.
    pub fn date(self) -> Date {
        self.beijing().date()
    }

    /// Date and time in Beijing, to the millisecond.
    pub fn beijing(self) -> DateTime {
        jiff::Timestamp::from_millisecond(self.0)
            .unwrap_or_default()
            .to_zoned(TimeZone::fixed(BEIJING))
            .datetime()
    }

    /// RFC 3339 with the Beijing offset, such as `2026-11-23T10:00:00.000+08:00`: what people and
    /// API clients are shown.
    pub fn to_rfc3339(self) -> String {
        let at = self.beijing();
        let millis = at.subsec_nanosecond() / 1_000_000;
        format!("{}.{millis:03}+08:00", at.strftime("%Y-%m-%dT%H:%M:%S"))
    }

    /// `yyyyMMddHHmmss` in Beijing time, as messages carry it.
    pub fn to_compact(self) -> String {
        self.beijing().strftime("%Y%m%d%H%M%S").to_string()
    }

    /// `yyyyMMddHHmmssSSS` in Beijing time, as receipts carry it.
    pub fn to_compact_millis(self) -> String {
        let at = self.beijing();
        format!("{}{:03}", at.strftime("%Y%m%d%H%M%S"), at.subsec_nanosecond() / 1_000_000)
    }

    /// Reads `yyyyMMddHHmmss` (14 digits) or `yyyyMMddHHmmssSSS` (17) as Beijing time. `None` when
    /// it is neither or names no real instant.
    pub fn parse_compact(text: &str) -> Option<Time> {
        if !matches!(text.len(), 14 | 17) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let date = parse_compact_date(&text[..8])?;
        let part = |from: usize, to: usize| text[from..to].parse::<i8>().ok();
        let millis: i32 = if text.len() == 17 { text[14..].parse().ok()? } else { 0 };
        let time =
            jiff::civil::Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, millis * 1_000_000);
        Time::of(date.to_datetime(time.ok()?))
    }

    /// The instant of a Beijing date and time; `None` outside the years jiff can hold.
    pub fn of(beijing: DateTime) -> Option<Time> {
        BEIJING.to_timestamp(beijing).ok().map(|at| Time(at.as_millisecond()))
    }
}

/// Reads `yyyyMMdd`. `None` when it is not 8 digits or no real day.
pub fn parse_compact_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_time_is_beijing_time() {
        let time = Time::parse_compact("20261111000000").unwrap_or_default();
        assert_eq!(time.to_rfc3339(), "2026-11-11T00:00:00.000+08:00");
        assert_eq!(time.to_compact(), "20261111000000");
        assert_eq!(time.date(), jiff::civil::date(2026, 11, 11));
        assert_eq!(time.to_millis(), 1_794_326_400_000);
    }

    #[test]
    fn receipts_carry_milliseconds() {
        let time = Time::parse_compact("20230807143302123").unwrap_or_default();
        assert_eq!(time.to_compact_millis(), "20230807143302123");
    }

    #[test]
    fn impossible_times_are_not_times() {
        for text in ["20260230000000", "20261111240000", "2026111100000", "2026111100000x", ""] {
            assert_eq!(Time::parse_compact(text), None, "{text}");
        }
        assert_eq!(parse_compact_date("20260229"), None);
    }
}
