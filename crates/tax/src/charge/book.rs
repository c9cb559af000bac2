//! The working set of one batch: charges as loaded, what happens to them, and writing it back.

use std::collections::{HashMap, HashSet};

use db::{Ctx, DbError, Tx};
use kernel::Fen;

use super::bill_store::{self, BillChange, BillSide};
use super::journal::{Journal, Place};
pub(crate) use super::rules::Entry;
use super::rules::{self, Back, Ends};
use super::store::{self, Liability, ReturnRow};
use super::types::*;

/// Charges of a batch, with what they touch.
pub(crate) struct Book {
    entries: Vec<Entry>,
    by_key: HashMap<Key, usize>,
    pub(crate) liabilities: HashMap<LiabilityId, Liability>,
    pub(crate) journal: Journal,
    bills: HashMap<BillId, BillSide>,
    refunded: HashMap<Key, Parts>,
    returns: Vec<ReturnRow>,
}

impl Book {
    /// The charges with these keys that there are, and nothing else yet.
    pub(crate) fn load(tx: &mut Tx, keys: impl Iterator<Item = Key>) -> Result<Book, DbError> {
        let mut seen = HashSet::new();
        let entries = store::charges(tx, keys.filter(|key| seen.insert(*key)))?;
        Book::of(tx, entries)
    }

    /// Around charges that were read already.
    pub(crate) fn of(tx: &mut Tx, entries: Vec<Entry>) -> Result<Book, DbError> {
        let by_key = entries.iter().enumerate().map(|(at, entry)| (entry.key, at)).collect();
        let ids = entries.iter().map(|entry| entry.liability);
        let liabilities = store::liabilities_by_id(tx, ids)?;
        let bills = bill_store::sides(tx, entries.iter().filter_map(|entry| entry.bill))?;
        let partly = entries.iter().filter(|entry| entry.refunded.0 > 0).map(|entry| entry.key);
        let refunded = bill_store::refunded(tx, partly)?;
        let (journal, returns) = (Journal::new(), Vec::new());
        Ok(Book { entries, by_key, liabilities, journal, bills, refunded, returns })
    }

    pub(crate) fn entry(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(*self.by_key.get(key)?)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds a movement of one inventory.
    pub(crate) fn move_one(&mut self, liability: LiabilityId, act: Act, amount: Fen, about: i64) {
        if let Some(guarantor) = self.liabilities.get(&liability).map(|found| found.guarantor) {
            self.journal.add(Place { guarantor, liability, act, about }, 1, amount);
        }
    }

    /// Holds: a new charge, or one that is held or freed, in its new form.
    pub(crate) fn hold(&mut self, asked: &Charge<'_>, liability: LiabilityId, before: Fen) {
        let known = self.by_key.get(&asked.key).copied();
        if let Some(old) = known.and_then(|at| self.entries.get(at)).map(|entry| entry.liability) {
            self.move_one(old, Act::GiveBack, before, 0);
        }
        let held = Entry {
            key: asked.key,
            liability,
            state: ChargeState::Held,
            version: 1,
            tax: asked.tax,
            refunded: Fen(0),
            declared_on: Some(asked.on),
            released_on: None,
            bill: None,
            invt_no: asked.invt_no.map(Box::from),
            stored: false,
            changed: true,
            released_now: false,
        };
        match known.and_then(|at| self.entries.get_mut(at)) {
            Some(entry) => {
                let (version, stored) = (entry.version, entry.stored);
                *entry = Entry { version, stored, ..held };
            }
            None => {
                self.by_key.insert(asked.key, self.entries.len());
                self.entries.push(held);
            }
        }
        self.move_one(liability, Act::Hold, asked.tax.total(), 0);
    }

    /// Ends a declaration.
    pub(crate) fn settle(&mut self, key: &Key, settlement: &Settlement<'_>) -> Settled {
        let Some(at) = self.by_key.get(key).copied() else { return Settled::Unknown };
        let Some(entry) = self.entries.get_mut(at) else { return Settled::Unknown };
        let (liability, total) = (entry.liability, entry.tax.total());
        match (rules::settle(entry.state, settlement), settlement) {
            (Ends::Not(outcome), _) => outcome,
            (Ends::Release, Settlement::Released { at, invt_no }) => {
                entry.state = ChargeState::Due;
                entry.released_on = Some(at.date());
                entry.released_now = !entry.changed;
                entry.changed = true;
                entry.invt_no = invt_no.map(Box::from);
                self.move_one(liability, Act::Release, total, 0);
                Settled::Done
            }
            (Ends::ComesBack, _) => {
                match self.give_back(&Return { key: *key, of: *key, tax: None }) {
                    Returned::Refunded(_) => Settled::Refunded,
                    Returned::Voided(_) => Settled::Done,
                    _ => Settled::Already,
                }
            }
            (Ends::Free | Ends::Release, _) => {
                entry.state = ChargeState::Freed;
                entry.changed = true;
                entry.released_now = false;
                self.move_one(liability, Act::GiveBack, total, 0);
                Settled::Done
            }
        }
    }

    /// Takes back the tax of what was returned.
    pub(crate) fn give_back(&mut self, asked: &Return) -> Returned {
        let Some(at) = self.by_key.get(&asked.of).copied() else { return Returned::NotReleased };
        let Some(entry) = self.entries.get_mut(at) else { return Returned::NotReleased };
        let refunded = self.refunded.get(&asked.of).copied().unwrap_or_default();
        let bill = entry.bill.and_then(|id| self.bills.get_mut(&id));
        let paid = bill.as_ref().is_some_and(|bill| bill.paid);
        let Back { tax, refund } = match rules::give_back(entry, asked.tax, refunded, paid) {
            Ok(back) => back,
            Err(outcome) => return outcome,
        };
        if refund && tax.total().0 == 0 {
            return Returned::Already;
        }
        let (liability, state, about) = (entry.liability, entry.state, entry.bill);
        entry.changed = true;
        entry.released_now = false;
        if refund {
            entry.refunded = Fen(entry.refunded.0 + tax.total().0);
            self.refunded.insert(asked.of, refunded.plus(tax));
        } else {
            entry.tax = entry.tax.minus(tax);
            if entry.tax == Parts::ZERO {
                entry.state = ChargeState::Void;
            }
        }
        if let Some(bill) = bill {
            let left = entry.state == ChargeState::Void;
            bill.change.take(tax, refund, left);
        }
        if tax.total().0 > 0 {
            self.returns.push(ReturnRow { key: asked.key, of: asked.of, refund, tax });
        }
        let act = match (state, refund) {
            (_, true) => Act::Refund,
            (ChargeState::Due, _) => Act::VoidDue,
            _ => Act::VoidBilled,
        };
        self.move_one(liability, act, tax.total(), about.map_or(0, BillId::to_i64));
        if refund { Returned::Refunded(tax) } else { Returned::Voided(tax) }
    }

    /// Puts a due charge on a bill.
    pub(crate) fn carry(&mut self, key: &Key, bill: BillId) {
        let Some(at) = self.by_key.get(key).copied() else { return };
        let Some(entry) = self.entries.get_mut(at) else { return };
        entry.state = ChargeState::Billed;
        entry.bill = Some(bill);
        entry.changed = true;
        entry.released_now = false;
        let (liability, total) = (entry.liability, entry.tax.total());
        self.move_one(liability, Act::Carry, total, bill.to_i64());
    }

    /// What the batch did to bills that were there before.
    pub(crate) fn bill_changes(&self) -> impl Iterator<Item = (BillId, BillChange)> {
        let changed = |side: &&BillSide| side.change != BillChange::default();
        self.bills.values().filter(changed).map(|side| (side.id, side.change))
    }

    /// Writes back.
    ///
    /// # Errors
    /// [`DbError::Busy`] when others changed the same rows: do the transaction again; when the
    /// database fails.
    pub(crate) fn save(self, tx: &mut Tx, ctx: &Ctx) -> Result<(), DbError> {
        let new = self.entries.iter().filter(|entry| !entry.stored);
        store::insert_charges(tx, new)?;
        let stored = || self.entries.iter().filter(|entry| entry.stored && entry.changed);
        store::release_charges(tx, stored().filter(|entry| entry.released_now))?;
        store::update_charges(tx, stored().filter(|entry| !entry.released_now))?;
        store::insert_returns(tx, ctx, &self.returns)?;
        bill_store::change(tx, self.bills.values())?;
        self.journal.post(tx, ctx, &self.liabilities)
    }
}
