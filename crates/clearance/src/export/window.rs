//! Until when an export may come back: at all, free of tax, and through which customs
//! (regulations A5).

use kernel::Date;
use register::rules::{Law, NoRule};

/// 9610, the mode for which the law says where else goods may come back.
const RETAIL: &str = "9610";

/// Until when goods may come back, the last day included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// 退运进境: back at all.
    pub physical: Date,
    /// 免税: unsold or refused, in their original state, and not food; `None` where the law waives
    /// no tax for goods exported in that mode on that day.
    pub tax_free: Option<Date>,
}

/// Where goods may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// Only the customs they were exported through.
    Same,
    /// Customs of the trial as well.
    Pilot,
    /// Any customs with a supervised place for it.
    Any,
}

impl Through {
    /// The word used in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Through::Same => "same",
            Through::Pilot => "pilot",
            Through::Any => "any",
        }
    }
}

/// The windows of what was released for export on a day, by the law of that day.
///
/// # Errors
/// [`NoRule`] when the law of that day has no window.
pub fn windows(mode: &str, law: &Law<'_>) -> Result<Windows, NoRule> {
    let released = law.date();
    let physical = after_months(released, law.int("export.return.physical")?.value);
    let waived = law.has("export.return.tax_waiver_months")
        && law.list("export.return.tax_waiver_modes")?.value.iter().any(|one| **one == *mode);
    let tax_free = match waived {
        true => Some(after_months(released, law.int("export.return.tax_waiver_months")?.value)),
        false => None,
    };
    Ok(Windows { physical, tax_free })
}

/// Where goods exported in a mode may come back on the day of the law.
pub fn through(mode: &str, law: &Law<'_>) -> Through {
    let rule = law.text("export.return.cross_customs");
    match rule.as_ref().map(|rule| &*rule.value) {
        Ok("all") if mode == RETAIL => Through::Any,
        Ok("pilot") if mode == RETAIL => Through::Pilot,
        _ => Through::Same,
    }
}

/// So many months on, or the last day of a month that is shorter.
fn after_months(day: Date, months: i64) -> Date {
    day.checked_add(jiff::Span::new().months(i32::try_from(months).unwrap_or(i32::MAX)))
        .unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use register::rules::Rules;

    use super::*;

    /// Example T2: exported 2026-08-31, tax free until 2027-02-28, back until 2027-08-31.
    #[test]
    fn windows_end_with_the_month() {
        let rules = Rules::builtin();
        for (mode, released, physical, tax_free) in [
            ("9610", (2026, 8, 31), (2027, 8, 31), Some((2027, 2, 28))),
            ("9810", (2027, 12, 31), (2028, 12, 31), Some((2028, 6, 30))),
            ("9610", (2028, 1, 1), (2029, 1, 1), None),
            ("0110", (2026, 8, 31), (2027, 8, 31), None),
        ] {
            let day = |(year, month, day)| Date::constant(year, month, day);
            let found = windows(mode, &rules.on(day(released))).expect("law");
            let expected = Windows { physical: day(physical), tax_free: tax_free.map(day) };
            assert_eq!(found, expected, "{mode} {released:?}");
        }
        assert!(windows("9610", &rules.on(Date::constant(2019, 1, 1))).is_err());
    }

    #[test]
    fn goods_come_back_through_more_and_more_customs() {
        let rules = Rules::builtin();
        for (mode, day, place) in [
            ("9610", Date::constant(2024, 12, 14), Through::Same),
            ("9610", Date::constant(2024, 12, 15), Through::Pilot),
            ("9610", Date::constant(2026, 4, 1), Through::Any),
            ("1210", Date::constant(2026, 4, 1), Through::Same),
        ] {
            assert_eq!(through(mode, &rules.on(day)), place, "{mode} {day}");
        }
    }
}
