//! The SQL by which a charge's return changes its bill.

use std::collections::{HashMap, HashSet};

use db::{DbError, Keys, Tx, Type, values};

use super::store::{all, key, parts};
use super::types::*;

/// A bill as its charges see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BillSide {
    pub(crate) id: BillId,
    /// Whether it was paid: what comes back is then refunded.
    pub(crate) paid: bool,
    pub(crate) version: i64,
    pub(crate) change: BillChange,
}

/// What a batch takes off a bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BillChange {
    /// Inventories of which nothing is left.
    pub(crate) left: i64,
    /// Not to be paid any more.
    pub(crate) voided: Parts,
    /// Paid and refunded.
    pub(crate) refunded: i64,
}

impl BillChange {
    pub(crate) fn take(&mut self, tax: Parts, refund: bool, left: bool) {
        if refund {
            self.refunded += tax.total().0;
        } else {
            self.voided = self.voided.plus(tax);
        }
        self.left += i64::from(left);
    }
}

/// The bills with these ids.
pub(crate) fn sides(
    tx: &mut Tx,
    ids: impl Iterator<Item = BillId>,
) -> Result<HashMap<BillId, BillSide>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    let mut seen = HashSet::new();
    ids.filter(|id| seen.insert(*id)).for_each(|id| keys.push(values![id]));
    let sql = "SELECT k.n, b.id, b.state, b.version FROM keys k JOIN tax_bill b ON b.id = k.a";
    let mut sides = HashMap::new();
    for row in tx.query_keys(sql, &keys)? {
        let id = row.id(1)?;
        let paid = matches!(row.i64(2)?, 4 | 6);
        let (version, change) = (row.i64(3)?, BillChange::default());
        sides.insert(id, BillSide { id, paid, version, change });
    }
    Ok(sides)
}

/// What was refunded of each tax of these charges.
pub(crate) fn refunded(
    tx: &mut Tx,
    charges: impl Iterator<Item = Key>,
) -> Result<HashMap<Key, Parts>, DbError> {
    let mut keys = Keys::new(&[Type::Bytes]);
    charges.for_each(|key| keys.push(values![key]));
    let sql = "SELECT k.n, r.charge_key, r.duty, r.vat, r.consumption_tax FROM keys k \
         JOIN tax_return r ON r.charge_key = k.a WHERE r.refund";
    let mut sums: HashMap<Key, Parts> = HashMap::new();
    for row in tx.query_keys(sql, &keys)? {
        let sum = sums.entry(key(&row, 1)?).or_default();
        *sum = sum.plus(parts(&row, 2)?);
    }
    Ok(sums)
}

/// Writes what a batch took off bills.
pub(crate) fn change<'a>(
    tx: &mut Tx,
    sides: impl Iterator<Item = &'a BillSide>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int; 7]);
    for side in sides.filter(|side| side.change != BillChange::default()) {
        let BillChange { left, voided, refunded } = side.change;
        keys.push(values![
            side.id,
            side.version,
            left,
            voided.duty,
            voided.vat,
            voided.consumption_tax,
            refunded,
        ]);
    }
    let sql = "UPDATE tax_bill SET version = k.b + 1, inventories = inventories - k.c, \
         duty = duty - k.d, vat = vat - k.e, consumption_tax = consumption_tax - k.f, \
         refunded = refunded + k.g FROM keys k \
         WHERE tax_bill.id = k.a AND tax_bill.version = k.b";
    all(tx.update_many(sql, &keys)?, keys.len())
}
