//! Times of envelopes: `xs:dateTime` and `xs:date`.

use jiff::civil::{Date, DateTime};
use kernel::Time;

const MILLIS_PER_MINUTE: i64 = 60_000;
const BEIJING_MINUTES: i64 = 8 * 60;

/// Reads an `xs:dateTime` with a four-digit year. Without a zone it is Beijing time; what is finer
/// than a millisecond is dropped. `None` when it is none or names no real instant.
pub(super) fn parse(text: &str) -> Option<Time> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let (date, rest) = text.split_once('T')?;
    let date = day(date)?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let [hour, minute, second] = fields(clock, ':')?;
    let (millis, zone) = fraction(rest)?;
    let clock = jiff::civil::Time::new(hour, minute, second, millis * 1_000_000).ok()?;
    let offset_minutes = offset(zone)?;
    let beijing = Time::of(DateTime::from_parts(date, clock))?;
    Some(beijing.plus_millis((BEIJING_MINUTES - offset_minutes) * MILLIS_PER_MINUTE))
}

/// Reads an `xs:date`; a zone, or a time behind a `T` as some nodes send it, is ignored.
pub(super) fn parse_day(text: &str) -> Option<Date> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let (date, rest) = text.split_at_checked(10)?;
    let known = rest.is_empty() || offset(rest).is_some() || parse(text).is_some();
    if known { day(date) } else { None }
}

/// Writes Beijing time without a zone, as the field does: `2026-11-23T10:00:00`, with milliseconds
/// only when there are any.
pub(super) fn write(time: Time) -> String {
    let at = time.beijing();
    let seconds = at.strftime("%Y-%m-%dT%H:%M:%S");
    match at.subsec_nanosecond() / 1_000_000 {
        0 => seconds.to_string(),
        millis => format!("{seconds}.{millis:03}"),
    }
}

fn day(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let digits = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Three two-digit numbers.
fn fields(text: &str, separator: char) -> Option<[i8; 3]> {
    let mut parts = text.split(separator);
    let numbers = [parts.next()?, parts.next()?, parts.next()?].map(two_digits);
    match (numbers, parts.next()) {
        ([Some(a), Some(b), Some(c)], None) => Some([a, b, c]),
        _ => None,
    }
}

fn two_digits(text: &str) -> Option<i8> {
    let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Milliseconds of a fraction of a second, and what follows.
fn fraction(text: &str) -> Option<(i32, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    if digits.is_empty() {
        return None;
    }
    let padded: String = digits.chars().chain("000".chars()).take(3).collect();
    Some((padded.parse().ok()?, after))
}

/// Minutes east of Greenwich; nothing means Beijing.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone {
        "" => return Some(BEIJING_MINUTES),
        "Z" => return Some(0),
        _ => match (zone.strip_prefix('+'), zone.strip_prefix('-')) {
            (Some(rest), _) => (1, rest),
            (_, Some(rest)) => (-1, rest),
            _ => return None,
        },
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Some(sign * (i64::from(hours) * 60 + i64::from(minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_heeded_and_beijing_is_meant_without_one() {
        for (text, millis) in [
            ("2017-01-02T23:19:32", 1_483_370_372_000),
            ("2017-01-02T15:19:32Z", 1_483_370_372_000),
            ("2017-01-02T23:19:32.5+08:00", 1_483_370_372_500),
            ("2017-01-02T10:19:32.1239-05:00", 1_483_370_372_123),
        ] {
            assert_eq!(parse(text).map(Time::to_millis), Some(millis), "{text}");
        }
        for text in [
            "2017-01-02",
            "2017-01-02T25:00:00",
            "2017-02-30T00:00:00",
            "2017-1-02T00:00:00",
            "2017-01-02T00:00:00.",
            "2017-01-02T00:00:00+0800",
            "-2017-01-02T00:00:00",
            "é",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for millis in [0, 1_483_370_372_000, 1_483_370_372_123] {
            let time = Time::from_millis(millis);
            assert_eq!(parse(&write(time)), Some(time));
        }
    }

    #[test]
    fn days_may_carry_zone_or_time() {
        let day = Some(jiff::civil::date(2026, 11, 23));
        for text in ["2026-11-23", "2026-11-23Z", "2026-11-23+08:00", "2026-11-23T10:00:00"] {
            assert_eq!(parse_day(text), day, "{text}");
        }
        assert_eq!(parse_day("2026-11-23x"), None);
    }
}
