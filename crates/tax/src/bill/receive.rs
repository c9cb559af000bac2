//! Taking in what customs says of e-tax bills: matched with what was reckoned, inventory by
//! inventory.

use std::collections::{BTreeSet, HashSet};

use ceb::Message;
use db::{Ctx, DbError, Tx};
use kernel::Time;
use serde_json::json;

use super::electronic::{self, ElectronicBill};
use super::flow;
use super::receive_store::{self as store, Found, Kept, Said};
use super::rules;
use super::types::*;
use crate::charge::book::Book;
use crate::charge::{BillId, Key, Parts, Return};
use crate::guarantee::flow::Failure;
use crate::guarantee::{store as guarantors, tell};

/// Takes in a CEB816 or CEB818 message: keeps what customs says beside each inventory's tax, names
/// where the two differ, and follows a void. A fixed number of statements, whatever the number of
/// documents, but for inventories named twice. The same message again changes nothing; what is
/// older than what is known is left aside.
///
/// # Errors
/// All findings when the message cannot be read; [`DbError::Busy`] when others changed the same
/// charges: do the transaction again; when the database fails.
pub fn receive(tx: &mut Tx, ctx: &Ctx, message: &Message) -> Result<Vec<Received>, Failure> {
    let bills = electronic::read(message).map_err(Failure::Findings)?;
    let mut received = Vec::with_capacity(bills.len());
    let mut rest = bills.as_slice();
    while !rest.is_empty() {
        // Runs within which no inventory comes twice; nearly always one.
        let mut seen = HashSet::with_capacity(rest.len());
        let run = rest.iter().take_while(|bill| seen.insert(bill.invt_no.as_str())).count();
        let (now, later) = rest.split_at(run.max(1));
        received.extend(round(tx, ctx, now)?);
        rest = later;
    }
    Ok(received)
}

fn round(tx: &mut Tx, ctx: &Ctx, bills: &[ElectronicBill]) -> Result<Vec<Received>, DbError> {
    let found = store::by_numbers(tx, bills.iter().map(|bill| bill.invt_no.as_str()))?;
    let off = bills.iter().filter_map(|bill| {
        let found = found.get(&bill.invt_no)?;
        let stated = bill.tax.as_ref()?;
        (!rules::differences(stated, &found.tax).is_empty()).then_some(found.key)
    });
    let voided = store::voided(tx, off)?;
    let numbers = bills.iter().filter_map(|bill| bill.notice.as_deref());
    let notices = store::notices(tx, ctx, numbers)?;
    let (mut said, mut kept, mut back) = (Vec::new(), Vec::new(), Vec::new());
    let mut received = Vec::with_capacity(bills.len());
    let mut touched: BTreeSet<BillId> = BTreeSet::new();
    for bill in bills {
        // `read` has seen to it that there is one.
        let Some(status) = bill.status() else { continue };
        let outcome = match found.get(&bill.invt_no) {
            None => {
                kept.push(Kept { bill, status, charge: None });
                Outcome::Unknown
            }
            Some(found) => {
                let own = found.tax.plus(voided.get(&found.key).copied().unwrap_or_default());
                let outcome = judge(bill, status, found, &own);
                if !matches!(outcome, Outcome::Repeat | Outcome::Late) {
                    let notice = bill.notice.as_ref().and_then(|no| notices.get(no).copied());
                    said.push(Said { key: found.key, bill, status, notice });
                    touched.extend(found.bill);
                    if status == ElectronicStatus::Void && found.is_final {
                        back.push((found.key, found.at.unwrap_or_default()));
                    }
                }
                if matches!(outcome, Outcome::Differs(_)) {
                    let charge = Some((found.key, found.guarantor, own));
                    kept.push(Kept { bill, status, charge });
                }
                outcome
            }
        };
        let (invt_no, tax_no) = (bill.invt_no.clone(), bill.tax_no.clone());
        received.push(Received { invt_no, tax_no, outcome });
    }
    store::keep(tx, &said)?;
    store::insert_differences(tx, ctx, &kept)?;
    let known = found.keys().map(String::as_str);
    store::forget_strays(tx, known)?;
    give_back(tx, ctx, back)?;
    let touched: Vec<BillId> = touched.into_iter().collect();
    flow::follow(tx, ctx, &touched)?;
    alert(tx, ctx, &kept)?;
    Ok(received)
}

/// A void e-tax bill whose inventory is on a final bill: its tax is not to be paid any more, unless
/// a return that is known here is why it was made void; then customs makes one for what is left.
/// Before that the last word of customs counts when the inventory is carried and the bill closed.
fn give_back(tx: &mut Tx, ctx: &Ctx, void: Vec<(Key, Time)>) -> Result<(), DbError> {
    let explained = store::returned_since(tx, void.iter().copied())?;
    let keys: Vec<Key> =
        void.into_iter().map(|(key, _)| key).filter(|key| !explained.contains(key)).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut book = Book::load(tx, keys.iter().copied())?;
    for key in keys {
        book.give_back(&Return { key, of: key, tax: None });
    }
    book.save(tx, ctx)
}

fn judge(bill: &ElectronicBill, status: ElectronicStatus, found: &Found, own: &Parts) -> Outcome {
    if found.at.is_some_and(|at| bill.returned_at < at) {
        return Outcome::Late;
    }
    let same = found.status == Some(status) && found.tax_no.as_deref() == Some(&*bill.tax_no);
    if same && found.at == Some(bill.returned_at) {
        return Outcome::Repeat;
    }
    let differences = match (&bill.tax, status) {
        (Some(stated), ElectronicStatus::Generated | ElectronicStatus::Summarised) => {
            rules::differences(stated, own)
        }
        _ => Vec::new(),
    };
    if differences.is_empty() { Outcome::Matched } else { Outcome::Differs(differences) }
}

/// Inventories named in one notice; the list of differences has all.
const NAMED_MAX: usize = 20;

/// Tells each guarantor once of the differences of a message.
fn alert(tx: &mut Tx, ctx: &Ctx, kept: &[Kept<'_>]) -> Result<(), DbError> {
    let ids: BTreeSet<_> =
        kept.iter().filter_map(|one| one.charge.map(|(_, guarantor, _)| guarantor)).collect();
    for guarantor in guarantors::by_ids(tx, ids.into_iter())? {
        let of = |one: &&Kept<'_>| one.charge.is_some_and(|(_, of, _)| of == guarantor.id);
        let some: Vec<_> = kept.iter().filter(of).take(NAMED_MAX).map(named).collect();
        let body = json!({
            "version": 1,
            "guarantor": guarantor.code,
            "differences": kept.iter().filter(of).count(),
            "inventories": some,
        });
        let subject = guarantor.code.to_string();
        tell(tx, ctx, "tax.bill_differs", &guarantor.code, subject, body)?;
    }
    Ok(())
}

fn named(one: &Kept<'_>) -> serde_json::Value {
    let stated = one.bill.tax.unwrap_or_default();
    let own = one.charge.map(|(_, _, own)| own).unwrap_or_default();
    json!({
        "invt_no": one.bill.invt_no,
        "tax_no": one.bill.tax_no,
        "stated": {
            "duty": stated.duty.to_string(),
            "vat": stated.vat.to_string(),
            "consumption_tax": stated.consumption_tax.to_string(),
        },
        "own": {
            "duty": own.duty.to_string(),
            "vat": own.vat.to_string(),
            "consumption_tax": own.consumption_tax.to_string(),
        },
    })
}
