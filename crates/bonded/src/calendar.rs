//! Working days: weekdays but the days off by notice, and the weekends worked instead.
//!
//! The lists are law by date (`calendar.days_off`, `calendar.days_worked`), one period a year. Of
//! a year without them only weekends are known, and the answer says so.

use jiff::civil::Weekday;
use kernel::Date;
use register::rules::Rules;

/// Days of work according to the rules.
#[derive(Clone, Copy)]
pub struct Calendar<'a> {
    rules: &'a Rules,
}

/// A day reckoned in working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingDay {
    /// The day.
    pub day: Date,
    /// Whether the holidays of every year on the way were known.
    pub certain: bool,
}

impl<'a> Calendar<'a> {
    /// The calendar of these rules.
    pub fn new(rules: &'a Rules) -> Calendar<'a> {
        Calendar { rules }
    }

    /// Whether it is a working day; the second says whether the year's holidays are known.
    fn works(&self, day: Date) -> (bool, bool) {
        let law = self.rules.on(day);
        let names = |id: &str| {
            let text = day.to_string();
            law.list(id).map(|list| list.value.iter().any(|one| **one == *text))
        };
        let weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        match (names("calendar.days_off"), names("calendar.days_worked")) {
            (Ok(off), Ok(worked)) => (worked || weekday && !off, true),
            _ => (weekday, false),
        }
    }

    /// The working day so many working days after a day, which is not counted itself. None when
    /// it is beyond the calendar.
    pub fn after(&self, day: Date, working_days: i64) -> Option<WorkingDay> {
        let (mut day, mut left, mut certain) = (day, working_days, true);
        while left > 0 {
            day = day.tomorrow().ok()?;
            let (works, known) = self.works(day);
            certain &= known;
            left -= i64::from(works);
        }
        Some(WorkingDay { day, certain })
    }
}
