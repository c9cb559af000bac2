//! The life of a bill. Every change is checked against its inventories, audited and told.

use std::collections::HashMap;

use db::{Ctx, DbError, Tx};
use kernel::{Date, Fen};
use register::rules::{NoRule, Rules};
use serde_json::json;

use super::rules::{self, Terms, Window};
use super::store;
use super::types::*;
use crate::charge::book::{Book, Entry};
use crate::charge::journal::{Journal, Place};
use crate::charge::store as charges;
use crate::charge::*;
pub use crate::guarantee::flow::Failure;
use crate::guarantee::flow::wrong;
use crate::guarantee::refusal::TaxRefusal;
use crate::guarantee::{BillBy, Guarantor, store as guarantors, tell};

/// Charges carried, and returned, at once.
const PAGE: u32 = 1_000;
const REFERENCE_CHARS_MAX: usize = 64;
const REASON_CHARS_MAX: usize = 200;

/// Carries what has left its return window to the bills of its guarantors, at most `max`
/// inventories, and, when nothing is left to carry, closes the bills whose period is over and tells of
/// those that were not paid by their last day. Run it on
/// the first occasion of each day, and again while there is more.
///
/// An inventory goes on the bill of the period in which its first day to pay lies; when that is
/// closed already (its release was learned late), on the bill of today's.
///
/// # Errors
/// When the law of a day is not known; [`DbError::Busy`] when others changed the same rows: do the
/// transaction again; when the database fails.
pub fn advance(tx: &mut Tx, ctx: &Ctx, rules: &Rules, max: u32) -> Result<Advanced, Failure> {
    let today = ctx.now.date();
    let mut advanced = Advanced::default();
    while advanced.carried < max {
        let Some(released_on) = charges::first_due(tx)? else { break };
        let window = Window::of(rules, released_on).map_err(unknown_law)?;
        if window.carry_on() > today {
            break;
        }
        while !give_back_void(tx, ctx, |tx| store::void_due(tx, released_on, PAGE))? {}
        let page = PAGE.min(max - advanced.carried);
        let due = charges::due(tx, released_on, page)?;
        if due.is_empty() {
            continue;
        }
        advanced.carried += u32::try_from(due.len()).unwrap_or(u32::MAX);
        carry(tx, ctx, rules, &window, due)?;
    }
    if advanced.carried >= max {
        return Ok(Advanced { more: true, ..advanced });
    }
    let over = store::closable(tx, today, PAGE)?;
    advanced.more = over.len() as u32 == PAGE;
    for bill in over {
        advanced.closed += 1;
        close(tx, ctx, bill)?;
    }
    for bill in store::overdue(tx, today, PAGE)? {
        advanced.overdue += 1;
        let told = Bill { overdue: true, ..bill };
        save(tx, ctx, told, "tax.bill_overdue", "bill.overdue", "")?;
    }
    Ok(advanced)
}

/// Puts the due charges of one day of release on bills.
fn carry(
    tx: &mut Tx,
    ctx: &Ctx,
    rules: &Rules,
    window: &Window,
    due: Vec<Entry>,
) -> Result<(), Failure> {
    let mut book = Book::of(tx, due)?;
    let ids: std::collections::BTreeSet<GuarantorId> =
        book.liabilities.values().map(|liability| liability.guarantor).collect();
    let by: HashMap<GuarantorId, Option<BillBy>> = guarantors::by_ids(tx, ids.into_iter())?
        .into_iter()
        .map(|one| (one.id, one.bill_by))
        .collect();
    let today = ctx.now.date();
    let terms = Terms::read(&rules.on(today)).map_err(unknown_law)?;
    let mut bills: HashMap<(GuarantorId, Box<str>), Bill> = HashMap::new();
    let found: Vec<(Key, LiabilityId, Parts)> =
        book.entries().iter().map(|entry| (entry.key, entry.liability, entry.tax)).collect();
    for (key, liability, tax) in found {
        let Some(liability) = book.liabilities.get(&liability) else {
            return Err(DbError::Damaged("a charge without liability".to_owned()).into());
        };
        let guarantor = liability.guarantor;
        let firm: Box<str> = match by.get(&guarantor).copied().flatten().unwrap_or(terms.by) {
            BillBy::Guarantor => "".into(),
            BillBy::GuarantorAndFirm => liability.firm.clone(),
        };
        let place = (guarantor, firm);
        if !bills.contains_key(&place) {
            let bill = open(tx, ctx, &terms, window, &place)?;
            bills.insert(place.clone(), bill);
        }
        if let Some(bill) = bills.get_mut(&place) {
            bill.inventories += 1;
            bill.tax = bill.tax.plus(tax);
            bill.pay_until = bill.pay_until.min(window.pay_until);
            book.carry(&key, bill.id);
        }
    }
    book.save(tx, ctx)?;
    for bill in bills.values() {
        store::update(tx, bill)?;
    }
    Ok(())
}

/// The open bill for what is carried now.
fn open(
    tx: &mut Tx,
    ctx: &Ctx,
    terms: &Terms,
    window: &Window,
    (guarantor, firm): &(GuarantorId, Box<str>),
) -> Result<Bill, DbError> {
    let mut day = window.carry_on();
    loop {
        let (from_on, to_on) = terms.cycle.period(day);
        match store::of_period(tx, *guarantor, firm, from_on)? {
            Some(bill) if bill.state == BillState::Open => return Ok(bill),
            // Closed: on today's bill, and after that on the next.
            Some(bill) => day = days_after(bill.to_on, 1).max(ctx.now.date()),
            // An old period that never had a bill gets none any more.
            None if to_on < ctx.now.date() && day < ctx.now.date() => day = ctx.now.date(),
            None => {
                let bill = Bill {
                    id: ctx.id(),
                    guarantor: *guarantor,
                    firm: firm.clone(),
                    from_on,
                    to_on,
                    state: BillState::Open,
                    inventories: 0,
                    tax: Parts::ZERO,
                    refunded: Fen(0),
                    pay_until: window.pay_until,
                    notices: Vec::new(),
                    closed_on: None,
                    issued_on: None,
                    paid_on: None,
                    payment: None,
                    voided_on: None,
                    refunded_on: None,
                    reason: None,
                    overdue: false,
                    version: 1,
                };
                store::insert(tx, &bill)?;
                return Ok(bill);
            }
        }
    }
}

/// Takes back the tax of a page of charges whose e-tax bill is void: customs has not replaced it
/// while it could. Gives whether that was the last page.
fn give_back_void(
    tx: &mut Tx,
    ctx: &Ctx,
    page: impl FnOnce(&mut Tx) -> Result<Vec<Key>, DbError>,
) -> Result<bool, DbError> {
    let keys = page(tx)?;
    if keys.is_empty() {
        return Ok(true);
    }
    let mut book = Book::load(tx, keys.iter().copied())?;
    for key in &keys {
        book.give_back(&Return { key: *key, of: *key, tax: None });
    }
    book.save(tx, ctx)?;
    Ok(false)
}

fn close(tx: &mut Tx, ctx: &Ctx, bill: Bill) -> Result<(), DbError> {
    while !give_back_void(tx, ctx, |tx| store::void_billed(tx, bill.id, PAGE))? {}
    let Some(bill) = store::find(tx, bill.id)? else { return Ok(()) };
    let bill = Bill { state: BillState::Closed, closed_on: Some(ctx.now.date()), ..bill };
    let bill = save(tx, ctx, bill, "tax.bill_closed", "bill.close", "")?;
    settle_state(tx, ctx, bill).map(drop)
}

/// After inventories of these bills changed: what is void or refunded whole is said so, and what
/// customs has issued whole.
pub(crate) fn follow(tx: &mut Tx, ctx: &Ctx, bills: &[BillId]) -> Result<(), DbError> {
    for id in bills {
        let Some(bill) = store::find(tx, *id)? else { continue };
        check(tx, &bill)?;
        settle_state(tx, ctx, bill)?;
    }
    Ok(())
}

/// Takes a bill to the state its inventories say it is in.
fn settle_state(tx: &mut Tx, ctx: &Ctx, bill: Bill) -> Result<Bill, DbError> {
    let today = ctx.now.date();
    let bill = match rules::ended(&bill) {
        Some(BillState::Void) => {
            let reason = bill.reason.clone().or_else(|| Some("returned".into()));
            let void = Bill { state: BillState::Void, voided_on: Some(today), reason, ..bill };
            return save(tx, ctx, void, "tax.bill_voided", "bill.void", "");
        }
        Some(BillState::Refunded) => {
            let reason = bill.reason.clone().or_else(|| Some("returned".into()));
            let state = BillState::Refunded;
            let back = Bill { state, refunded_on: Some(today), reason, ..bill };
            return save(tx, ctx, back, "tax.bill_refunded", "bill.refund", "");
        }
        _ => bill,
    };
    if bill.state != BillState::Closed {
        return Ok(bill);
    }
    let (missing, notices) = store::notices(tx, bill.id)?;
    if missing > 0 || notices.is_empty() {
        return Ok(bill);
    }
    let detail = notices.join(" ");
    let issued = Bill { state: BillState::Issued, issued_on: Some(today), notices, ..bill };
    save(tx, ctx, issued, "tax.bill_issued", "bill.issue", &detail)
}

/// Records customs' payment notice of a closed bill by hand, when no e-tax bill told of it.
///
/// # Errors
/// `bill.not_found`, `bill.state`; a number that is empty or too long.
pub fn issue(tx: &mut Tx, ctx: &Ctx, id: BillId, notice: &str, on: Date) -> Result<Bill, Failure> {
    let bill = find(tx, id)?;
    text("notice", notice, REFERENCE_CHARS_MAX, false)?;
    let known = bill.state == BillState::Issued && bill.notices == [notice];
    if known {
        return Ok(bill);
    }
    must_be(&bill, bill.state == BillState::Closed, "closed")?;
    let (state, notices) = (BillState::Issued, vec![notice.to_owned()]);
    let issued = Bill { state, issued_on: Some(on), notices, ..bill };
    Ok(save(tx, ctx, issued, "tax.bill_issued", "bill.issue", notice)?)
}

/// Records the payment of a bill: its tax is paid over, the guarantee is free again. The same
/// payment again changes nothing.
///
/// # Errors
/// `bill.not_found`, `bill.state`; `bill.amount_differs` unless it is paid to the fen.
pub fn pay(tx: &mut Tx, ctx: &Ctx, id: BillId, payment: &Payment<'_>) -> Result<Bill, Failure> {
    let bill = find(tx, id)?;
    text("reference", payment.reference, REFERENCE_CHARS_MAX, true)?;
    let paid = matches!(bill.state, BillState::Paid | BillState::Refunded);
    let known = bill.payment.as_deref() == Some(payment.reference);
    if paid && known && bill.tax.total() == payment.amount {
        return Ok(bill);
    }
    must_be(&bill, bill.state.is_payable(), "closed, issued")?;
    let total = bill.tax.total();
    if total != payment.amount {
        return Err(TaxRefusal::AmountDiffers { bill: total, paid: payment.amount }.into());
    }
    let lines = store::by_liability(tx, id)?;
    let ids = lines.iter().map(|(liability, _, _)| *liability);
    let liabilities = charges::liabilities_by_id(tx, ids)?;
    let mut journal = Journal::new();
    for (liability, inventories, amount) in lines {
        let (act, about) = (Act::Pay, id.to_i64());
        let place = Place { guarantor: bill.guarantor, liability, act, about };
        journal.add(place, inventories, amount);
    }
    journal.post(tx, ctx, &liabilities)?;
    let paid = Bill {
        state: BillState::Paid,
        paid_on: Some(payment.on),
        payment: Some(payment.reference.into()),
        ..bill
    };
    let paid = save(tx, ctx, paid, "tax.bill_paid", "bill.pay", payment.reference)?;
    if let Some(guarantor) = guarantors::by_ids(tx, std::iter::once(paid.guarantor))?.pop() {
        // There is more room: what is still near its end is told of anew.
        if guarantor.warned > 0 {
            guarantors::update(tx, &Guarantor { warned: 0, ..guarantor })?;
        }
    }
    Ok(paid)
}

/// Voids a bill that is not paid: all its tax is given back and its guarantee free.
///
/// # Errors
/// `bill.not_found`, `bill.state`; a missing reason.
pub fn void(tx: &mut Tx, ctx: &Ctx, id: BillId, reason: &str) -> Result<Bill, Failure> {
    let bill = find(tx, id)?;
    text("reason", reason, REASON_CHARS_MAX, true)?;
    if bill.state == BillState::Void {
        return Ok(bill);
    }
    must_be(&bill, bill.state.is_payable(), "closed, issued")?;
    undo(tx, ctx, bill, reason)
}

/// Records that all that is left of a paid bill was refunded.
///
/// # Errors
/// `bill.not_found`, `bill.state`; a missing reason.
pub fn refund(tx: &mut Tx, ctx: &Ctx, id: BillId, reason: &str) -> Result<Bill, Failure> {
    let bill = find(tx, id)?;
    text("reason", reason, REASON_CHARS_MAX, true)?;
    if bill.state == BillState::Refunded {
        return Ok(bill);
    }
    must_be(&bill, bill.state == BillState::Paid, "paid")?;
    undo(tx, ctx, bill, reason)
}

/// Takes back what is left of every inventory of a bill.
fn undo(tx: &mut Tx, ctx: &Ctx, bill: Bill, reason: &str) -> Result<Bill, Failure> {
    let id = bill.id;
    store::update(tx, &Bill { reason: Some(reason.into()), ..bill })?;
    tx.audit(ctx, "bill.undo", &id.to_string(), reason)?;
    let mut after = None;
    loop {
        let keys = store::keys_left(tx, id, after, PAGE)?;
        after = keys.last().copied();
        if keys.is_empty() {
            break;
        }
        let mut book = Book::load(tx, keys.iter().copied())?;
        for key in keys {
            book.give_back(&Return { key, of: key, tax: None });
        }
        book.save(tx, ctx)?;
    }
    follow(tx, ctx, &[id])?;
    find(tx, id)
}

/// The bill with this id.
///
/// # Errors
/// `bill.not_found`.
pub fn find(tx: &mut Tx, id: BillId) -> Result<Bill, Failure> {
    store::find(tx, id)?.ok_or(Failure::Refused(TaxRefusal::BillNotFound))
}

/// Saves a bill in its new state, checks it against its inventories, and tells.
fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    bill: Bill,
    event: &'static str,
    act: &str,
    detail: &str,
) -> Result<Bill, DbError> {
    check(tx, &bill)?;
    store::update(tx, &bill)?;
    let found = guarantors::by_ids(tx, std::iter::once(bill.guarantor))?.pop();
    let code = found.map(|guarantor| guarantor.code).unwrap_or_default();
    let body = json!({
        "version": 1,
        "bill": bill.id,
        "guarantor": code,
        "firm": bill.firm,
        "from": bill.from_on.to_string(),
        "to": bill.to_on.to_string(),
        "state": bill.state.name(),
        "inventories": bill.inventories,
        "tax": bill.tax.total().to_string(),
        "refunded": bill.refunded.to_string(),
        "pay_by": bill.pay_by().to_string(),
        "notices": bill.notices,
    });
    tell(tx, ctx, event, &code, bill.id.to_string(), body)?;
    tx.audit(ctx, act, &bill.id.to_string(), detail)?;
    Ok(Bill { version: bill.version + 1, ..bill })
}

/// A bill is the sum of its inventories, to the fen.
fn check(tx: &mut Tx, bill: &Bill) -> Result<(), DbError> {
    let footing = store::footing(tx, bill.id)?;
    let kept =
        store::Footing { inventories: bill.inventories, tax: bill.tax, refunded: bill.refunded };
    if footing == kept {
        return Ok(());
    }
    Err(DbError::Damaged(format!("bill {} is not the sum of its inventories", bill.id)))
}

fn must_be(bill: &Bill, allowed: bool, expected: &'static str) -> Result<(), Failure> {
    let found = bill.state.name();
    if allowed { Ok(()) } else { Err(TaxRefusal::BillState { found, expected }.into()) }
}

fn text(path: &str, value: &str, max: usize, spaces: bool) -> Result<(), Failure> {
    let good = !value.trim().is_empty() && value.chars().count() <= max;
    if good && (spaces || !value.contains(char::is_whitespace)) {
        return Ok(());
    }
    let expected = format!("1 … {max} characters");
    Err(Failure::Findings(vec![wrong(path, value, &expected)]))
}

fn unknown_law(none: NoRule) -> Failure {
    Failure::Findings(vec![none.to_finding()])
}
