//! Planning, sending, receiving, recalling.

use db::{Ctx, DbError, Event, Tx};
use kernel::Finding;
use ledger::Act;
use serde_json::json;

use super::store;
use super::types::*;
use crate::accounts::{self, Side, Step, guarded, key, link};
use crate::book::store::{book_of, find_book, records_named, records_of};
use crate::book::{self, Book, Line, Record, Seer, short};
use crate::movement::{self, Cause, Movement};
use crate::refusal::{Failure, Refusal};
use crate::{Quantity, fault, quantity};

const REFERENCE_CHARS_MAX: usize = 64;

/// Sets goods aside to go to another book.
///
/// # Errors
/// `bonded.not_found`, `bonded.book.closed`; all findings: records, units, modes, short stock.
pub(crate) fn plan(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    draft: &TransferDraft,
) -> Result<Transfer, Failure> {
    let from = book::owned(tx, seer, draft.from.trim())?;
    let to = find_book(tx, draft.to.trim())?;
    if !from.open || to.as_ref().is_some_and(|to| !to.open) {
        return Err(Refusal::BookClosed.into());
    }
    let mut findings = between(&from, to.as_ref(), &draft.to);
    let drafts: Vec<_> = draft.lines.iter().map(TransferLineDraft::line).collect();
    let lines = book::resolve(tx, from.id, &drafts, &mut findings)?;
    let to_records = match &to {
        Some(to) => to_records(tx, to, draft, &lines, &mut findings)?,
        None => lines.iter().map(|_| None).collect(),
    };
    if findings.is_empty() {
        findings = short(tx, &lines)?;
    }
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    let line = |(line, to): (Line, Option<Record>)| TransferLine {
        number: line.number,
        record: line.record,
        to_record: to.map(|record| record.id),
        quantity: line.quantity,
        received: Quantity::ZERO,
        recalled: Quantity::ZERO,
    };
    let transfer = Transfer {
        id: ctx.id(),
        from_book: from.id,
        from_number: from.number.clone(),
        to_book: to.as_ref().map(|to| to.id),
        to_number: draft.to.trim().into(),
        out_reference: String::new(),
        in_reference: String::new(),
        state: State::Planned,
        version: 1,
        lines: lines.into_iter().zip(to_records).map(line).collect(),
    };
    let hold = |line: &TransferLine| {
        let act = line.record.counted().aside(Side::Transit, line.quantity);
        guarded(key(transfer.id.to_i64(), Step::Hold, line.number), act)
    };
    accounts::apply(tx, ctx, &transfer.lines.iter().map(hold).collect::<Vec<_>>())?;
    store::insert(tx, &transfer, ctx.now)?;
    tell(tx, ctx, "bonded.transfer_planned", &transfer)?;
    Ok(transfer)
}

fn between(from: &Book, to: Option<&Book>, named: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    fault::code("to", named, 30, "", &mut findings);
    if named.trim() == &*from.number {
        let same = fault::error(
            "bonded.transfer.same_book",
            ("转出与转入是同一账册", "the goods would not leave their book"),
            ("填写另一本账册", "name another book"),
        );
        findings.push(same.at("to").found(named, "another book"));
    }
    if let Some(to) = to.filter(|to| from.mode_bound && to.trade_mode != from.trade_mode) {
        let other = fault::error(
            "bonded.mode",
            ("两本账册监管方式不同，不能流转", "the books are of different modes"),
            ("转入相同监管方式的账册", "transfer to a book of the same mode"),
        );
        findings.push(other.at("to").found(&*to.trade_mode, &*from.trade_mode));
    }
    findings
}

/// The records of the other book that the lines go to.
fn to_records(
    tx: &mut Tx,
    to: &Book,
    draft: &TransferDraft,
    lines: &[Line],
    findings: &mut Vec<Finding>,
) -> Result<Vec<Option<Record>>, DbError> {
    let items = draft.lines.iter().map(|line| line.to_item().to_owned());
    let records = records_named(tx, to.id, items)?;
    let mut found = Vec::with_capacity(lines.len());
    for line in lines {
        let n = line.number as usize - 1;
        let Some(named) = draft.lines.get(n) else { continue };
        let path = |field: &str| format!("lines[{n}].{field}");
        let record = records.get(named.to_item());
        match record {
            None => findings
                .push(book::rules::unknown_record(path("to_item_record_no"), named.to_item())),
            Some(record) if record.unit != line.record.unit => findings
                .push(book::rules::other_unit(path("unit"), &line.record.unit, &record.unit)),
            Some(record) if record.hs_code != line.record.hs_code => {
                let other = fault::error(
                    "bonded.transfer.other_goods",
                    ("转入料号的商品编码不同", "the record of the other book has another HS code"),
                    ("核对转入料号", "check the record of the other book"),
                );
                let path = path("to_item_record_no");
                findings.push(other.at(path).found(&*record.hs_code, &*line.record.hs_code));
            }
            Some(_) => {}
        }
        found.push(record.cloned());
    }
    Ok(found)
}

/// A transfer with its two books, if the caller holds one of them.
pub(crate) fn find(
    tx: &mut Tx,
    seer: Seer,
    id: TransferId,
) -> Result<(Transfer, Book, Option<Book>), Failure> {
    let transfer = store::find(tx, id)?.ok_or(Refusal::NotFound)?;
    let from = book_of(tx, transfer.from_book)?;
    let to = transfer.to_book.map(|to| book_of(tx, to)).transpose()?;
    let sees = |book: &Book| seer.sees(book.holder);
    if sees(&from) || to.as_ref().is_some_and(sees) {
        Ok((transfer, from, to))
    } else {
        Err(Refusal::NotFound.into())
    }
}

/// The transfer for whom sends it, in a state that allows the act.
fn sending(tx: &mut Tx, seer: Seer, id: TransferId, needs: State) -> Result<Transfer, Failure> {
    let (transfer, from, _) = find(tx, seer, id)?;
    if !seer.sees(from.holder) {
        return Err(Refusal::NotFound.into());
    }
    in_state(transfer, needs)
}

fn in_state(transfer: Transfer, needs: State) -> Result<Transfer, Failure> {
    if transfer.state == needs {
        return Ok(transfer);
    }
    Err(Refusal::State { found: transfer.state.word(), expected: needs.word() }.into())
}

fn save(tx: &mut Tx, ctx: &Ctx, transfer: &Transfer) -> Result<(), Failure> {
    if store::update(tx, transfer, ctx.now)? { Ok(()) } else { Err(Refusal::Changed.into()) }
}

/// The goods have left under this checklist.
///
/// # Errors
/// `bonded.not_found`, `bonded.state`, `bonded.changed`; a checklist number of wrong form.
pub(crate) fn dispatch(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: TransferId,
    reference: &str,
) -> Result<Transfer, Failure> {
    let mut transfer = sending(tx, seer, id, State::Planned)?;
    transfer.out_reference = checklist(reference)?;
    transfer.state = State::InTransit;
    let source = id.to_i64();
    let post = |line: &TransferLine| {
        let hold = key(source, Step::Hold, line.number);
        let act = Act::PostHold { hold, amount: None };
        ledger::Transfer::new(key(source, Step::Post, line.number), act)
    };
    accounts::apply(tx, ctx, &transfer.lines.iter().map(post).collect::<Vec<_>>())?;
    let moved = |line: &TransferLine| {
        let quantity = line.quantity.negated();
        Movement::new(ctx, line.record.id, Cause::Dispatched, quantity, source)
    };
    movement::insert(tx, &transfer.lines.iter().map(moved).collect::<Vec<_>>())?;
    save(tx, ctx, &transfer)?;
    tell(tx, ctx, "bonded.transfer_dispatched", &transfer)?;
    Ok(transfer)
}

fn checklist(reference: &str) -> Result<String, Failure> {
    let mut findings = Vec::new();
    let reference = fault::code("reference", reference, REFERENCE_CHARS_MAX, "-", &mut findings);
    if findings.is_empty() { Ok(reference) } else { Err(Failure::Findings(findings)) }
}

/// Goods have arrived: all that is on the way, or parts of lines. The firm that receives says so;
/// for a book that is not on this platform, the firm that sent.
///
/// # Errors
/// As [`dispatch`]; parts that are more than is on the way.
pub(crate) fn receive(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: TransferId,
    reference: &str,
    parts: Option<&[Part]>,
) -> Result<Transfer, Failure> {
    let (transfer, from, to) = find(tx, seer, id)?;
    if !seer.sees(to.as_ref().unwrap_or(&from).holder) {
        return Err(Refusal::NotFound.into());
    }
    let mut transfer = in_state(transfer, State::InTransit)?;
    let reference = checklist(reference)?;
    let parts = arriving(&transfer, parts)?;
    let receipt = ctx.id::<TransferKind>().to_i64();
    let shelved = transfer.lines.iter().filter_map(|line| line.to_record);
    let records = records_of(tx, shelved)?;
    let (mut transfers, mut movements) = (Vec::new(), Vec::new());
    for (number, quantity) in parts {
        let Some(line) = transfer.lines.iter_mut().find(|line| line.number == number) else {
            continue;
        };
        line.received = line.received.plus(quantity);
        let of = line.record.counted();
        let (debit, credit) = (of.account(Side::Transit), of.account(Side::Gone));
        let act = Act::Post { debit, credit, amount: quantity.to_i64() };
        let first = transfers.len();
        transfers.push(guarded(key(receipt, Step::Arrive, number), act));
        if let Some(record) = line.to_record.and_then(|id| records.get(&id)) {
            let act = record.counted().into_stock(Side::Came, quantity);
            transfers.push(ledger::Transfer::new(key(receipt, Step::Shelve, number), act));
            let (record, source) = (record.id, id.to_i64());
            movements.push(Movement::new(ctx, record, Cause::Received, quantity, source));
        }
        link(&mut transfers, first);
    }
    accounts::apply(tx, ctx, &transfers)?;
    movement::insert(tx, &movements)?;
    transfer.in_reference = reference;
    close_when_done(&mut transfer);
    save(tx, ctx, &transfer)?;
    tell(tx, ctx, "bonded.transfer_received", &transfer)?;
    Ok(transfer)
}

fn close_when_done(transfer: &mut Transfer) {
    if transfer.lines.iter().all(|line| line.left() == Quantity::ZERO) {
        transfer.state = State::Closed;
    }
}

/// How much of which line arrives.
fn arriving(transfer: &Transfer, parts: Option<&[Part]>) -> Result<Vec<(u32, Quantity)>, Failure> {
    let Some(parts) = parts else {
        let left = transfer.lines.iter().map(|line| (line.number, line.left()));
        return Ok(left.filter(|(_, left)| left.is_positive()).collect());
    };
    if parts.len() > transfer.lines.len() {
        let many = book::rules::too_many_lines(parts.len(), transfer.lines.len());
        return Err(Failure::Findings(vec![many]));
    }
    let mut findings = Vec::new();
    let mut out: Vec<(u32, Quantity)> = Vec::with_capacity(parts.len());
    for (n, part) in parts.iter().enumerate() {
        let path = |field: &str| format!("lines[{n}].{field}");
        let line = transfer.lines.iter().find(|line| line.number == part.line);
        let line = line.filter(|_| !out.iter().any(|(number, _)| *number == part.line));
        let Some(line) = line else {
            findings.push(unknown_line(path("line"), part.line));
            continue;
        };
        match quantity::read(&path("quantity"), &part.quantity, true) {
            Ok(quantity) if quantity > line.left() => {
                let more = fault::error(
                    "bonded.transfer.too_much",
                    ("到货数量大于在途数量", "more arrives than is on the way"),
                    ("按实收填写；多出的货另行盘点", "give what arrived; count what is more"),
                );
                let expected = format!("<= {}", line.left());
                findings.push(more.at(path("quantity")).found(quantity.to_string(), expected));
            }
            Ok(quantity) => out.push((part.line, quantity)),
            Err(finding) => findings.push(finding),
        }
    }
    if parts.is_empty() {
        findings.push(book::rules::no_lines("lines"));
    }
    if findings.is_empty() { Ok(out) } else { Err(Failure::Findings(findings)) }
}

/// No such line, or named twice.
pub(crate) fn unknown_line(path: String, found: u32) -> Finding {
    fault::error(
        "bonded.line_number",
        ("没有该行，或行号重复", "there is no such line, or it is named twice"),
        ("按行号各填一次", "name each line once by its number"),
    )
    .at(path)
    .found(found.to_string(), "a line of it, once")
}

/// What has not arrived comes back to the book it left.
///
/// # Errors
/// `bonded.not_found`, `bonded.state`, `bonded.changed`; a missing reason.
pub(crate) fn recall(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: TransferId,
    reason: &str,
) -> Result<Transfer, Failure> {
    let mut transfer = sending(tx, seer, id, State::InTransit)?;
    let reason = reasoned(reason)?;
    let source = id.to_i64();
    let (mut transfers, mut movements) = (Vec::new(), Vec::new());
    for line in transfer.lines.iter_mut().filter(|line| line.left().is_positive()) {
        let (left, number) = (line.left(), line.number);
        let posting = key(source, Step::Post, number);
        let act = Act::Reverse { posting, amount: Some(left.to_i64()) };
        transfers.push(ledger::Transfer::new(key(source, Step::Back, number), act));
        movements.push(Movement::new(ctx, line.record.id, Cause::Recalled, left, source));
        line.recalled = left;
    }
    accounts::apply(tx, ctx, &transfers)?;
    movement::insert(tx, &movements)?;
    transfer.state = State::Closed;
    save(tx, ctx, &transfer)?;
    tx.audit(ctx, "bonded.transfer.recall", &id.to_string(), &reason)?;
    tell(tx, ctx, "bonded.transfer_recalled", &transfer)?;
    Ok(transfer)
}

/// A reason given.
pub(crate) fn reasoned(reason: &str) -> Result<String, Failure> {
    let mut findings = Vec::new();
    let reason = fault::text("reason", reason, 500, &mut findings);
    if findings.is_empty() { Ok(reason) } else { Err(Failure::Findings(findings)) }
}

/// Gives up a transfer before the goods leave.
///
/// # Errors
/// As [`recall`].
pub(crate) fn cancel(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: TransferId,
    reason: &str,
) -> Result<Transfer, Failure> {
    let mut transfer = sending(tx, seer, id, State::Planned)?;
    let reason = reasoned(reason)?;
    let source = id.to_i64();
    let void = |line: &TransferLine| {
        let act = Act::VoidHold { hold: key(source, Step::Hold, line.number) };
        ledger::Transfer::new(key(source, Step::Void, line.number), act)
    };
    accounts::apply(tx, ctx, &transfer.lines.iter().map(void).collect::<Vec<_>>())?;
    transfer.state = State::Cancelled;
    save(tx, ctx, &transfer)?;
    tx.audit(ctx, "bonded.transfer.cancel", &id.to_string(), &reason)?;
    tell(tx, ctx, "bonded.transfer_cancelled", &transfer)?;
    Ok(transfer)
}

fn tell(tx: &mut Tx, ctx: &Ctx, kind: &'static str, transfer: &Transfer) -> Result<(), DbError> {
    let subject = transfer.id.to_string();
    tx.audit(ctx, kind, &subject, transfer.state.word())?;
    let body = json!({
        "version": 1,
        "id": transfer.id,
        "to": transfer.to_number,
        "state": transfer.state.word(),
    });
    tx.emit(ctx, Event { kind, subject, body: body.into() })
}
