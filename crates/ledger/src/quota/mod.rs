//! The buyer's yearly limit (regulations B3): what each buyer holds and has used in a calendar
//! year.
//!
//! Held when an inventory is declared, used when it is released, given back on rejection, cancel
//! or return. Everything is idempotent by inventory: saying it twice changes nothing. The limit
//! itself is law and comes as an argument. The true quota is kept nationally by customs; this is
//! the shadow by which a firm learns before customs tells it.

mod flow;
mod rules;

use kernel::Fen;

use crate::types::*;

pub use flow::{confirm, give_back, hold, usage};

/// One account a buyer and year.
pub const BUYER: Ledger =
    Ledger { code: 1, unit: Unit::FEN, opening: Opening::OnFirstUse, sharing: Sharing::Own };

/// The other side: one account a year, whose credits are what all buyers used.
pub const ALL_BUYERS: Ledger =
    Ledger { code: 2, unit: Unit::FEN, opening: Opening::OnFirstUse, sharing: Sharing::Shared };

/// A buyer in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BuyerYear {
    /// Keyed hash of the buyer's identity.
    pub buyer: [u8; 16],
    /// Calendar year, Beijing.
    pub year: i16,
}

impl BuyerYear {
    pub(crate) fn account(&self) -> AccountKey {
        AccountKey { ledger: BUYER, owner: self.buyer, period: i32::from(self.year) }
    }

    pub(crate) fn counter(&self) -> AccountKey {
        AccountKey { ledger: ALL_BUYERS, owner: [0; 16], period: i32::from(self.year) }
    }
}

/// A declaration asks for room under the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Our id of the inventory.
    pub inventory: i64,
    /// Whose limit, of which year.
    pub of: BuyerYear,
    /// Dutiable value, more than nothing.
    pub amount: Fen,
    /// The limit of law on the day.
    pub limit: Fen,
}

/// What became of an [`Ask`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The amount is held for the inventory, now or already; in place of another amount if it held
    /// one.
    Ok,
    /// It would exceed the limit. What the inventory held before, it still holds.
    Refused {
        /// Used by the buyer in the year so far.
        used: Fen,
        /// Held for other inventories of the buyer.
        held: Fen,
        /// Asked for this one.
        asked: Fen,
        /// The limit.
        limit: Fen,
    },
    /// The inventory has been released with another amount; nothing can be held for it any more.
    Released,
    /// The amount is not positive, or beyond all counting.
    NotAnAmount,
}

/// What became of confirming a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// What was held is used, now or already.
    Ok,
    /// Nothing is held for the inventory.
    NothingHeld,
}

/// Something comes back to the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiveBack {
    /// Our id of the inventory.
    pub inventory: i64,
    /// All that is held or used; or, of a released one, a part.
    pub what: Back,
}

/// How much comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// Rejected, cancelled, or returned whole: all that is held, or all that is left of what was
    /// used.
    All,
    /// Returned in part.
    Part {
        /// Number of the return within the inventory, 0 to 1,048,575; the same number is the same
        /// return.
        number: u32,
        /// Dutiable value of what was returned.
        amount: Fen,
    },
}

/// What became of a [`GiveBack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Given back, now or already.
    Ok,
    /// There was nothing to give back.
    Nothing,
    /// A part of more than is left, of what is not released yet, with an amount that is none, or
    /// another return under the same number.
    TooMuch,
}

/// What a buyer has used and holds in a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Released and not returned.
    pub used: Fen,
    /// Declared and not decided.
    pub held: Fen,
}
