//! What a charge's state allows. Pure.

use kernel::{Date, Fen};

use super::types::*;

/// A charge as a batch sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) liability: LiabilityId,
    pub(crate) state: ChargeState,
    /// The version it was read at.
    pub(crate) version: i64,
    pub(crate) tax: Parts,
    pub(crate) refunded: Fen,
    /// Day of declaration; only known of what this batch writes.
    pub(crate) declared_on: Option<Date>,
    pub(crate) released_on: Option<Date>,
    pub(crate) bill: Option<BillId>,
    /// The number to be written; none leaves the one that is there.
    pub(crate) invt_no: Option<Box<str>>,
    /// Whether the store has it already.
    pub(crate) stored: bool,
    /// Whether this batch changed it.
    pub(crate) changed: bool,
    /// Whether the only change was its release.
    pub(crate) released_now: bool,
}

/// What asking for a hold comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It is held already, or the tax is due already.
    Keep,
    /// It can be held, after this much that the same inventory held was given back.
    Hold { before: Fen },
    /// There is not enough.
    Short,
    /// It was released with another tax, or its tax is void: nothing is held for it any more.
    Released,
    /// One of the taxes is below nothing.
    NotAnAmount,
}

/// Whether a tax can be held. `available` is what is free of the guarantor that is asked;
/// `same` whether what the inventory holds, if anything, is held by the same guarantor.
pub(crate) fn hold(
    known: Option<&Entry>,
    asked: (LiabilityId, Parts),
    available: Fen,
    same: bool,
    blocks: bool,
) -> Asked {
    let (liability, tax) = asked;
    if !tax.is_amount() {
        return Asked::NotAnAmount;
    }
    let before = match known {
        None => Fen(0),
        Some(entry) => match entry.state {
            ChargeState::Held | ChargeState::Due | ChargeState::Billed
                if entry.tax == tax && entry.liability == liability =>
            {
                return Asked::Keep;
            }
            ChargeState::Held => entry.tax.total(),
            ChargeState::Freed => Fen(0),
            _ => return Asked::Released,
        },
    };
    let freed = if same { before.0 } else { 0 };
    let left = available.0.saturating_add(freed).saturating_sub(tax.total().0);
    // What asks for nothing is never short, however deep the account.
    if left < 0 && blocks && tax.total().0 > 0 { Asked::Short } else { Asked::Hold { before } }
}

/// What a settlement comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    Release,
    Free,
    /// All that is left comes back.
    ComesBack,
    Not(Settled),
}

pub(crate) fn settle(state: ChargeState, settlement: &Settlement<'_>) -> Ends {
    match (state, settlement) {
        (ChargeState::Held, Settlement::Released { .. }) => Ends::Release,
        (ChargeState::Held, Settlement::GivenBack) => Ends::Free,
        (ChargeState::Due | ChargeState::Billed, Settlement::Released { .. })
        | (ChargeState::Freed | ChargeState::Void, Settlement::GivenBack) => {
            Ends::Not(Settled::Already)
        }
        (ChargeState::Freed | ChargeState::Void, Settlement::Released { .. }) => {
            Ends::Not(Settled::Late)
        }
        (ChargeState::Due | ChargeState::Billed, Settlement::GivenBack) => Ends::ComesBack,
    }
}

/// What comes back of a released charge, and whether it had been paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Back {
    pub(crate) tax: Parts,
    pub(crate) refund: bool,
}

/// Judges a return. `refunded` is what was refunded of each tax before; `paid` whether the bill
/// was.
pub(crate) fn give_back(
    entry: &Entry,
    asked: Option<Parts>,
    refunded: Parts,
    paid: bool,
) -> Result<Back, Returned> {
    let left = match entry.state {
        ChargeState::Due => entry.tax,
        ChargeState::Billed if paid => entry.tax.minus(refunded),
        ChargeState::Billed => entry.tax,
        ChargeState::Void => return Err(Returned::Already),
        ChargeState::Held | ChargeState::Freed => return Err(Returned::NotReleased),
    };
    let tax = asked.unwrap_or(left);
    if !tax.is_amount() || !left.covers(&tax) {
        return Err(Returned::TooMuch);
    }
    Ok(Back { tax, refund: entry.state == ChargeState::Billed && paid })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(duty: i64, vat: i64, consumption_tax: i64) -> Parts {
        Parts { duty: Fen(duty), vat: Fen(vat), consumption_tax: Fen(consumption_tax) }
    }

    fn entry(state: ChargeState) -> Entry {
        Entry {
            key: [1; 16],
            liability: LiabilityId::from_i64(7),
            state,
            version: 1,
            tax: parts(0, 900, 100),
            refunded: Fen(0),
            declared_on: None,
            released_on: None,
            bill: None,
            invt_no: None,
            stored: true,
            changed: false,
            released_now: false,
        }
    }

    #[test]
    fn a_hold_is_weighed_below_at_and_above_what_is_free() {
        let ask = |known: Option<&Entry>, vat, free| {
            hold(known, (LiabilityId::from_i64(7), parts(0, vat, 0)), Fen(free), true, true)
        };
        assert_eq!(ask(None, 1_000, 1_001), Asked::Hold { before: Fen(0) });
        assert_eq!(ask(None, 1_000, 1_000), Asked::Hold { before: Fen(0) });
        assert_eq!(ask(None, 1_000, 999), Asked::Short);
        assert_eq!(ask(None, 0, -5), Asked::Hold { before: Fen(0) });
        assert_eq!(ask(None, -1, 5), Asked::NotAnAmount);
        let held = entry(ChargeState::Held);
        assert_eq!(ask(Some(&held), 1_200, 200), Asked::Hold { before: Fen(1_000) });
        assert_eq!(ask(Some(&held), 1_200, 199), Asked::Short);
        assert_eq!(ask(Some(&entry(ChargeState::Freed)), 1_200, 1_199), Asked::Short);
        for state in [ChargeState::Due, ChargeState::Billed, ChargeState::Void] {
            assert_eq!(ask(Some(&entry(state)), 1_200, 9_999), Asked::Released, "{state:?}");
        }
    }

    #[test]
    fn the_same_again_is_kept_and_a_warning_law_does_not_block() {
        let asked = (LiabilityId::from_i64(7), parts(0, 900, 100));
        for state in [ChargeState::Held, ChargeState::Due, ChargeState::Billed] {
            assert_eq!(hold(Some(&entry(state)), asked, Fen(0), true, true), Asked::Keep);
        }
        assert_eq!(hold(None, asked, Fen(0), true, false), Asked::Hold { before: Fen(0) });
        let elsewhere = hold(Some(&entry(ChargeState::Held)), asked, Fen(0), false, true);
        assert_eq!(elsewhere, Asked::Keep, "same liability is same guarantor");
    }

    #[test]
    fn a_return_takes_at_most_what_is_left() {
        let due = entry(ChargeState::Due);
        let back = |asked| give_back(&due, asked, Parts::ZERO, false);
        assert_eq!(back(None), Ok(Back { tax: parts(0, 900, 100), refund: false }));
        let some = parts(0, 900, 0);
        assert_eq!(back(Some(some)), Ok(Back { tax: some, refund: false }));
        assert_eq!(back(Some(parts(0, 901, 0))), Err(Returned::TooMuch));
        assert_eq!(back(Some(parts(1, 0, 0))), Err(Returned::TooMuch));
        assert_eq!(back(Some(parts(0, -1, 0))), Err(Returned::TooMuch));
        let billed = entry(ChargeState::Billed);
        let rest = give_back(&billed, None, parts(0, 400, 100), true);
        assert_eq!(rest, Ok(Back { tax: parts(0, 500, 0), refund: true }));
        let held = give_back(&entry(ChargeState::Held), None, Parts::ZERO, false);
        assert_eq!(held, Err(Returned::NotReleased));
    }

    #[test]
    fn every_state_takes_either_end_in_one_way() {
        use ChargeState::*;
        let released = Settlement::Released { at: kernel::Time::default(), invt_no: None };
        for (state, on_release, on_give_back) in [
            (Held, Ends::Release, Ends::Free),
            (Due, Ends::Not(Settled::Already), Ends::ComesBack),
            (Freed, Ends::Not(Settled::Late), Ends::Not(Settled::Already)),
            (Billed, Ends::Not(Settled::Already), Ends::ComesBack),
            (Void, Ends::Not(Settled::Late), Ends::Not(Settled::Already)),
        ] {
            assert_eq!(settle(state, &released), on_release, "{state:?}");
            assert_eq!(settle(state, &Settlement::GivenBack), on_give_back, "{state:?}");
        }
    }
}
