//! The accounts of a record in the ledger, and what their sums mean.
//!
//! Stock is credited by what comes in and debited by what goes out; each way in or out has an
//! account of its own, so debits equal credits record by record and the equation of an account
//! book is a property of the ledger. A limit of nothing on the stock makes it impossible to take
//! out, or set aside, more than is free.

use db::{DbError, Tx};
use ledger::{AccountKey, Act, Balance, Key, Ledger, Opening, Sharing, Transfer, Unit};

use crate::Quantity;
use crate::book::RecordId;

/// One account of a record. The numbers are stored; they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// On hand in the zone.
    Stock = 100,
    /// Taken over when the record was filed.
    Opening = 101,
    /// Entered the zone.
    Entered = 102,
    /// Left with released inventories; returns come back from here.
    Exited = 103,
    /// On the way to another book.
    Transit = 104,
    /// Destroyed.
    Destroyed = 105,
    /// Arrived in another book.
    Gone = 106,
    /// Came from another book.
    Came = 107,
    /// Adjusted by decision after a stock-take.
    Adjusted = 108,
}

const SIDES: [Side; 9] = [
    Side::Stock,
    Side::Opening,
    Side::Entered,
    Side::Exited,
    Side::Transit,
    Side::Destroyed,
    Side::Gone,
    Side::Came,
    Side::Adjusted,
];

/// A record as the ledger knows it: its id and what its quantities count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counted {
    pub(crate) record: RecordId,
    /// The customs unit code as a number.
    pub(crate) unit: u16,
}

/// Units of goods lie above those of money.
const UNIT_BASE: u16 = 1_000;

impl Counted {
    /// `unit` is a customs unit code: three digits, checked when the record was filed.
    pub(crate) fn new(record: RecordId, unit: &str) -> Counted {
        Counted { record, unit: unit.parse().unwrap_or_default() }
    }

    pub(crate) fn account(self, side: Side) -> AccountKey {
        let mut owner = [0; 16];
        owner[..8].copy_from_slice(&self.record.to_i64().to_be_bytes());
        AccountKey { ledger: ledger_of(side, self.unit), owner, period: 0 }
    }

    /// In: credits the stock.
    pub(crate) fn into_stock(self, from: Side, quantity: Quantity) -> Act {
        let (debit, credit) = (self.account(from), self.account(Side::Stock));
        Act::Post { debit, credit, amount: quantity.to_i64() }
    }

    /// Out: debits the stock. To be guarded by [`guarded`].
    pub(crate) fn out_of_stock(self, to: Side, quantity: Quantity) -> Act {
        let (debit, credit) = (self.account(Side::Stock), self.account(to));
        Act::Post { debit, credit, amount: quantity.to_i64() }
    }

    /// Set aside to go out.
    pub(crate) fn aside(self, to: Side, quantity: Quantity) -> Act {
        let (debit, credit) = (self.account(Side::Stock), self.account(to));
        Act::Hold { debit, credit, amount: quantity.to_i64(), expires: None }
    }
}

fn ledger_of(side: Side, unit: u16) -> Ledger {
    Ledger {
        code: side as u16,
        unit: Unit(UNIT_BASE.saturating_add(unit)),
        opening: Opening::OnFirstUse,
        sharing: Sharing::Own,
    }
}

/// The steps in the life of a thing with lines; the number of the line follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Hold = 1,
    Post = 2,
    Void = 3,
    Back = 4,
    Arrive = 5,
    Shelve = 6,
}

const LINE_BITS: u32 = 20;
/// The greatest line number that fits a key.
pub(crate) const LINE_MAX: u32 = (1 << LINE_BITS) - 1;

/// The key of a step of a line of a thing.
pub(crate) fn key(thing: i64, step: Step, line: u32) -> Key {
    Key::of(thing, ledger_of(Side::Stock, 0), ((step as u32) << LINE_BITS) | (line & LINE_MAX))
}

/// A transfer that must leave no less than nothing on the account debited.
pub(crate) fn guarded(key: Key, act: Act) -> Transfer {
    Transfer { limit: Some(0), ..Transfer::new(key, act) }
}

/// Joins transfers from `from` on into a group that happens whole or not at all.
pub(crate) fn link(transfers: &mut [Transfer], from: usize) {
    let until = transfers.len().saturating_sub(1).max(from);
    if let Some(group) = transfers.get_mut(from..until) {
        group.iter_mut().for_each(|transfer| transfer.linked = true);
    }
}

/// Applies transfers of which each was found possible a moment ago.
pub(crate) fn apply(tx: &mut Tx, ctx: &db::Ctx, transfers: &[Transfer]) -> Result<(), DbError> {
    let outcomes = ledger::apply(tx, ctx, transfers)?;
    match outcomes.iter().all(|outcome| outcome.stands()) {
        true => Ok(()),
        // Somebody drew between our look and our transfer; the transaction is done again.
        false => Err(DbError::Busy("the stock of a record changed meanwhile".to_owned())),
    }
}

/// What is where of one record, and how it came to be: the terms of the equation
/// `on hand = opening + entered + returned + transferred in − exited − destroyed − in transit −
/// transferred out + adjusted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// In the zone, held or not.
    pub on_hand: Quantity,
    /// On hand and not set aside: what can still be drawn.
    pub free: Quantity,
    /// Set aside for declared inventories.
    pub held: Quantity,
    /// Set aside for a transfer that has not left.
    pub to_be_transferred: Quantity,
    /// Set aside for destruction.
    pub awaiting_destruction: Quantity,
    /// On the way to another book.
    pub in_transit: Quantity,
    /// Taken over when the record was filed.
    pub opening: Quantity,
    /// Entered the zone.
    pub entered: Quantity,
    /// Came back after release.
    pub returned: Quantity,
    /// Came from other books.
    pub transferred_in: Quantity,
    /// Left with released inventories.
    pub exited: Quantity,
    /// Destroyed.
    pub destroyed: Quantity,
    /// Arrived in other books.
    pub transferred_out: Quantity,
    /// Found more (or, negative, less) by stock-take and adjusted.
    pub adjusted: Quantity,
}

impl Position {
    fn of(balances: &[Balance; SIDES.len()]) -> Position {
        let [stock, opening, entered, exited, transit, destroyed, gone, came, adjusted] = balances;
        let quantity = Quantity::from_i64;
        let on_hand = quantity(stock.credits_posted.saturating_sub(stock.debits_posted));
        Position {
            on_hand,
            free: on_hand.minus(quantity(stock.debits_held)),
            held: quantity(exited.credits_held),
            to_be_transferred: quantity(transit.credits_held),
            awaiting_destruction: quantity(destroyed.credits_held),
            in_transit: quantity(transit.credits_posted.saturating_sub(transit.debits_posted)),
            opening: quantity(opening.net_debits()),
            entered: quantity(entered.net_debits()),
            returned: quantity(exited.debits_posted),
            transferred_in: quantity(came.net_debits()),
            exited: quantity(exited.credits_posted),
            destroyed: quantity(destroyed.credits_posted),
            transferred_out: quantity(gone.credits_posted),
            adjusted: quantity(adjusted.net_debits()),
        }
    }

    /// What the equation says is on hand.
    pub fn reckoned(&self) -> Quantity {
        let ins = [self.opening, self.entered, self.returned, self.transferred_in, self.adjusted];
        let outs = [self.exited, self.destroyed, self.in_transit, self.transferred_out];
        let sum = |all: &[Quantity]| all.iter().fold(Quantity::ZERO, |sum, one| sum.plus(*one));
        sum(&ins).minus(sum(&outs))
    }

    /// Whether the equation holds and nothing is below nothing.
    pub fn holds(&self) -> bool {
        let aside = [self.held, self.to_be_transferred, self.awaiting_destruction];
        let aside = aside.iter().fold(Quantity::ZERO, |sum, one| sum.plus(*one));
        self.on_hand == self.reckoned()
            && self.free == self.on_hand.minus(aside)
            && self.free >= Quantity::ZERO
            && self.in_transit >= Quantity::ZERO
    }
}

/// Where each of these records stands, in order: one query.
pub(crate) fn positions(tx: &mut Tx, records: &[Counted]) -> Result<Vec<Position>, DbError> {
    let keys: Vec<AccountKey> = records
        .iter()
        .flat_map(|record| SIDES.into_iter().map(|side| record.account(side)))
        .collect();
    let balances = ledger::balances(tx, &keys)?;
    let (whole, _) = balances.as_chunks::<{ SIDES.len() }>();
    Ok(whole.iter().map(Position::of).collect())
}

/// What can still be drawn of each of these records, in order: one query.
pub(crate) fn free(tx: &mut Tx, records: &[Counted]) -> Result<Vec<Quantity>, DbError> {
    let keys: Vec<AccountKey> = records.iter().map(|record| record.account(Side::Stock)).collect();
    let free = |stock: &Balance| {
        Quantity::from_i64(stock.net_debits().saturating_add(stock.debits_held)).negated()
    };
    Ok(ledger::balances(tx, &keys)?.iter().map(free).collect())
}
