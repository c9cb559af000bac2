//! What of an instrument counts on a day, what may be taken away, when to warn. Pure.

use kernel::{Date, Fen};
use register::rules::{Law, NoRule};

use super::types::*;
use crate::charge::days_after;

/// What guarantees need of the law of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Whether a declaration without enough guarantee is refused; warned of otherwise.
    pub(crate) blocks: bool,
    /// Per cent of use from which on to warn, lowest first.
    pub(crate) warn_at: Vec<i64>,
    /// Days before the end of an instrument on which to warn, farthest first.
    pub(crate) remind_days: Vec<i64>,
}

/// How [`Terms`] says that a shortfall blocks.
const BLOCK: &str = "block";

impl Terms {
    pub(crate) fn read(law: &Law<'_>) -> Result<Terms, NoRule> {
        let required = law.bool("import.tax.guarantee_required")?.value;
        let shortfall = law.text("import.tax.guarantee_shortfall")?.value;
        let mut warn_at = numbers(&law.list("import.tax.guarantee_warn_percent")?.value);
        let mut remind_days = numbers(&law.list("import.tax.guarantee_remind_days")?.value);
        warn_at.sort_unstable();
        remind_days.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Terms { blocks: required && &*shortfall == BLOCK, warn_at, remind_days })
    }

    /// The highest threshold that this use has reached; 0 for none.
    pub(crate) fn level(&self, granted: Fen, available: Fen) -> i64 {
        if granted.0 <= 0 {
            return 0;
        }
        let used = granted.0.saturating_sub(available.0);
        let reached =
            |percent: i64| i128::from(used) * 100 >= i128::from(granted.0) * i128::from(percent);
        self.warn_at.iter().rev().copied().find(|percent| reached(*percent)).unwrap_or(0)
    }
}

fn numbers(words: &[Box<str>]) -> Vec<i64> {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}

/// What a day brings to an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It begins: so much is granted.
    Begins(Fen),
    /// So much of it lapses, and so much stays because tax would be uncovered.
    Lapses { gone: Fen, stays: Fen },
}

/// What a day brings, when so much is free of all the guarantor has lodged.
pub(crate) fn turn(instrument: &Instrument, today: Date, available: Fen) -> Option<Turn> {
    let is_past = instrument.valid_until.is_some_and(|until| until < today);
    match instrument.state {
        InstrumentState::Pending if instrument.valid_from <= today && !is_past => {
            Some(Turn::Begins(instrument.amount))
        }
        // It ended before anybody looked.
        InstrumentState::Pending if is_past => Some(Turn::Lapses { gone: Fen(0), stays: Fen(0) }),
        InstrumentState::Active | InstrumentState::Lapsing if is_past => {
            let gone = instrument.counted.0.min(available.0.max(0));
            Some(Turn::Lapses { gone: Fen(gone), stays: Fen(instrument.counted.0 - gone) })
        }
        _ => None,
    }
}

/// The first day on which there is something to do about an instrument.
pub(crate) fn changes_on(instrument: &Instrument) -> Option<Date> {
    match instrument.state {
        InstrumentState::Pending => Some(instrument.valid_from),
        InstrumentState::Active | InstrumentState::Lapsing => {
            instrument.valid_until.map(|until| days_after(until, 1))
        }
        InstrumentState::Ended => None,
    }
}

/// The number of days before the end that is to be told now, when it has not been.
pub(crate) fn remind(instrument: &Instrument, today: Date, days: &[i64]) -> Option<i64> {
    let until = instrument.valid_until?;
    if instrument.state != InstrumentState::Active {
        return None;
    }
    // The nearest that is reached: an instrument lodged for five days is told of once.
    let reached = days.iter().rev().copied().find(|days| days_after(today, *days) >= until)?;
    instrument.reminded.is_none_or(|told| reached < told).then_some(reached)
}

#[cfg(test)]
mod tests {
    use register::rules::Rules;

    use super::*;
    use crate::charge::GuarantorId;

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    fn instrument(state: InstrumentState, until: Option<&str>) -> Instrument {
        Instrument {
            id: InstrumentId::from_i64(1),
            guarantor: GuarantorId::from_i64(1),
            form: InstrumentForm::Letter,
            number: "L1".into(),
            issuer: "bank".into(),
            amount: Fen(1_000),
            counted: Fen(1_000),
            valid_from: day("2026-01-01"),
            valid_until: until.map(day),
            state,
            reminded: None,
            version: 1,
        }
    }

    #[test]
    fn an_instrument_counts_on_its_last_day_and_lapses_on_the_next() {
        let active = instrument(InstrumentState::Active, Some("2026-06-30"));
        assert_eq!(turn(&active, day("2026-06-30"), Fen(1_000)), None);
        let gone = Turn::Lapses { gone: Fen(1_000), stays: Fen(0) };
        assert_eq!(turn(&active, day("2026-07-01"), Fen(1_000)), Some(gone));
        assert_eq!(changes_on(&active), Some(day("2026-07-01")));
    }

    #[test]
    fn only_what_is_free_lapses() {
        let active = instrument(InstrumentState::Active, Some("2026-06-30"));
        let part = Turn::Lapses { gone: Fen(300), stays: Fen(700) };
        assert_eq!(turn(&active, day("2026-07-01"), Fen(300)), Some(part));
        let none = Turn::Lapses { gone: Fen(0), stays: Fen(1_000) };
        assert_eq!(turn(&active, day("2026-07-01"), Fen(-5)), Some(none));
    }

    #[test]
    fn an_instrument_begins_on_its_first_day() {
        let pending = instrument(InstrumentState::Pending, None);
        assert_eq!(turn(&pending, day("2025-12-31"), Fen(0)), None);
        assert_eq!(turn(&pending, day("2026-01-01"), Fen(0)), Some(Turn::Begins(Fen(1_000))));
    }

    #[test]
    fn reminders_come_once_each() {
        let mut active = instrument(InstrumentState::Active, Some("2026-06-30"));
        let days = [30, 7];
        assert_eq!(remind(&active, day("2026-05-30"), &days), None);
        assert_eq!(remind(&active, day("2026-05-31"), &days), Some(30));
        active.reminded = Some(30);
        assert_eq!(remind(&active, day("2026-06-22"), &days), None);
        assert_eq!(remind(&active, day("2026-06-23"), &days), Some(7));
        active.reminded = Some(7);
        assert_eq!(remind(&active, day("2026-06-30"), &days), None);
    }

    #[test]
    fn thresholds_are_those_of_the_rules() {
        let rules = Rules::builtin();
        let terms = Terms::read(&rules.on(day("2026-11-23"))).expect("terms");
        assert!(terms.blocks);
        let level = |available| terms.level(Fen(1_000), Fen(available));
        assert_eq!([level(201), level(200), level(100), level(50), level(-9)], [0, 80, 90, 95, 95]);
        assert_eq!(terms.level(Fen(0), Fen(-10)), 0);
    }
}
