//! Days and periods of collection, and what a bill's state allows. Pure.

use kernel::{Date, Fen, Round};
use register::rules::{Law, NoRule, Rules};

use super::types::*;
use crate::charge::{Parts, days_after};
use crate::guarantee::BillBy;

/// The days that count from the release of an inventory; the day of release itself is not counted
/// (regulations A5, B7; worked example T1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Day of release.
    pub released_on: Date,
    /// Last day to ask for a return.
    pub return_by: Date,
    /// Last day for the goods to be back.
    pub arrive_by: Date,
    /// First day to pay: the inventory goes on a bill.
    pub pay_from: Date,
    /// Last day to pay.
    pub pay_until: Date,
}

impl Window {
    /// The window by the law of the day of release.
    ///
    /// # Errors
    /// [`NoRule`] when the law of that day is not known.
    pub fn of(rules: &Rules, released_on: Date) -> Result<Window, NoRule> {
        let law = rules.on(released_on);
        let after = |id| law.int(id).map(|days| days_after(released_on, days.value));
        Ok(Window {
            released_on,
            return_by: after("import.return.request_days")?,
            arrive_by: after("import.return.arrive_days")?,
            pay_from: after("import.tax.pay_from_day")?,
            pay_until: after("import.tax.pay_until_day")?,
        })
    }

    /// The day on which the inventory goes on a bill: its first day to pay, when no return can be
    /// asked for any more.
    pub fn carry_on(&self) -> Date {
        self.pay_from.max(days_after(self.return_by, 1))
    }
}

/// How long a bill's period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cycle {
    /// From the 1st to the 15th, and from the 16th to the end of the month.
    HalfMonth,
    /// A calendar month.
    Month,
}

impl Cycle {
    /// The cycle of a word of the rules.
    pub fn parse(word: &str) -> Option<Cycle> {
        match word {
            "half_month" => Some(Cycle::HalfMonth),
            "month" => Some(Cycle::Month),
            _ => None,
        }
    }

    /// First and last day of the period a day lies in.
    pub fn period(self, day: Date) -> (Date, Date) {
        let (first, last) = (day.first_of_month(), day.last_of_month());
        match self {
            Cycle::Month => (first, last),
            Cycle::HalfMonth if day.day() <= 15 => (first, days_after(first, 14)),
            Cycle::HalfMonth => (days_after(first, 15), last),
        }
    }
}

/// What bills need of the law of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) cycle: Cycle,
    pub(crate) by: BillBy,
}

impl Terms {
    pub(crate) fn read(law: &Law<'_>) -> Result<Terms, NoRule> {
        let unknown = |id: &str| NoRule { id: id.into(), on: law.date() };
        let cycle = law.text("import.tax.collection_cycle")?;
        let by = law.text("import.tax.bill_by")?;
        Ok(Terms {
            cycle: Cycle::parse(&cycle.value).ok_or_else(|| unknown(&cycle.id))?,
            by: BillBy::parse(&by.value).ok_or_else(|| unknown(&by.id))?,
        })
    }
}

/// The state a bill ends in by what came back, if it does.
pub(crate) fn ended(bill: &Bill) -> Option<BillState> {
    match bill.state {
        BillState::Closed | BillState::Issued if bill.tax.total().0 == 0 => Some(BillState::Void),
        BillState::Paid if bill.refunded == bill.tax.total() => Some(BillState::Refunded),
        _ => None,
    }
}

/// Where customs and we differ: the stated taxes, rounded to the fen, against our own.
pub fn differences(stated: &Stated, own: &Parts) -> Vec<Difference> {
    let parts = [
        ("customsTax", stated.duty, own.duty),
        ("valueAddedTax", stated.vat, own.vat),
        ("consumptionTax", stated.consumption_tax, own.consumption_tax),
    ];
    let differs = |stated, own: Fen| Fen::from_yuan(stated, Round::HalfUp) != Some(own);
    parts
        .into_iter()
        .filter(|(_, stated, own)| differs(*stated, *own))
        .map(|(part, stated, own)| Difference { part, stated, own })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    #[test]
    fn t1_release_on_the_first_of_march() {
        let window = Window::of(&Rules::builtin(), day("2026-03-01")).expect("law");
        assert_eq!(window.return_by, day("2026-03-31"));
        assert_eq!(window.arrive_by, day("2026-04-15"));
        assert_eq!((window.pay_from, window.pay_until), (day("2026-04-01"), day("2026-04-15")));
        assert_eq!(window.carry_on(), day("2026-04-01"));
        // Were the window for returns longer, it would wait.
        let longer = Window { return_by: day("2026-04-05"), ..window };
        assert_eq!(longer.carry_on(), day("2026-04-06"));
        // The half-month its tax is carried in ends on the last day to pay.
        assert_eq!(Cycle::HalfMonth.period(window.pay_from).1, window.pay_until);
    }

    #[test]
    fn periods_meet_without_gap_or_overlap() {
        for cycle in [Cycle::HalfMonth, Cycle::Month] {
            let mut on = day("2027-12-20");
            let (mut from, mut to) = cycle.period(on);
            while on < day("2029-01-05") {
                let next = days_after(on, 1);
                let period = cycle.period(next);
                if next <= to {
                    assert_eq!(period, (from, to), "{next}");
                } else {
                    assert_eq!(period.0, next, "a period begins where the last one ended");
                    (from, to) = period;
                }
                on = next;
            }
        }
        assert_eq!(Cycle::HalfMonth.period(day("2028-02-29")).0, day("2028-02-16"));
        assert_eq!(Cycle::HalfMonth.period(day("2026-05-15")).1, day("2026-05-15"));
    }

    #[test]
    fn differences_are_counted_in_fen_after_rounding() {
        let own = Parts { duty: Fen(0), vat: Fen(2_539), consumption_tax: Fen(5_250) };
        let stated = |vat: &str| Stated {
            vat: vat.parse().expect("a number"),
            consumption_tax: "52.5".parse().expect("a number"),
            ..Stated::default()
        };
        for fits in ["25.39", "25.38500", "25.39499"] {
            assert_eq!(differences(&stated(fits), &own), []);
        }
        for (vat, off) in [("25.38499", "25.38499"), ("25.395", "25.395")] {
            let found = differences(&stated(vat), &own);
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].part, found[0].own), ("valueAddedTax", Fen(2_539)));
            assert_eq!(found[0].stated.to_string(), off);
        }
    }
}
