//! Comparing, and deciding about what differs.

use std::collections::{HashMap, HashSet};

use db::{Ctx, DbError, Event, Tx};
use kernel::Finding;
use serde_json::json;

use super::types::*;
use super::{file, store};
use crate::accounts::{self, Side, Step, guarded, key};
use crate::book::store::{RecordFilter, book_of, records, records_of};
use crate::book::{self, Book, Line, Record, RecordId, Seer, short};
use crate::movement::{self, Cause, Movement};
use crate::refusal::{Failure, Refusal};
use crate::{Quantity, fault, transfer};

const PAGE: i64 = 500;

/// Compares the book with what the warehouse counted. What the file leaves out was not found.
/// Goods in transit are in no warehouse; goods held or awaiting destruction still are.
///
/// # Errors
/// Every fault of the file with its line.
pub(crate) fn count(
    tx: &mut Tx,
    ctx: &Ctx,
    book: &Book,
    bytes: &[u8],
) -> Result<Stocktake, Failure> {
    let mut counted = file::read(bytes).map_err(Failure::Findings)?;
    let total = counted.len();
    let mut findings = Vec::new();
    let mut differences = Vec::new();
    for (record, on_hand) in on_hand(tx, book)? {
        let found = counted.remove(&*record.item_no);
        let unit = found.as_ref().and_then(|one| one.unit.as_deref().map(|unit| (unit, one.line)));
        if let Some((unit, line)) = unit.filter(|(unit, _)| **unit != *record.unit) {
            let other = book::rules::other_unit("unit".to_owned(), unit, &record.unit);
            findings.push(other.on_line(line));
        }
        let counted = found.map_or(Quantity::ZERO, |one| one.quantity);
        if counted != on_hand {
            let (id, item_no) = (Some(record.id), record.item_no.to_string());
            differences.push(difference(id, item_no, on_hand, counted));
        }
    }
    for (item_no, one) in counted.into_iter().filter(|(_, one)| one.quantity.is_positive()) {
        differences.push(difference(None, item_no, Quantity::ZERO, one.quantity));
    }
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    (1..).zip(&mut differences).for_each(|(line, difference)| difference.line = line);
    let state = if differences.is_empty() { CLOSED } else { OPEN };
    let one = Stocktake {
        id: ctx.id(),
        book: book.id,
        state: state.to_owned(),
        version: 1,
        counted: i64::try_from(total).unwrap_or(i64::MAX),
        differing: i64::try_from(differences.len()).unwrap_or(i64::MAX),
        differences,
    };
    store::insert(tx, &one, ctx.now)?;
    tell(tx, ctx, "bonded.stocktake_taken", book, &one)?;
    Ok(one)
}

fn difference(
    record: Option<RecordId>,
    item_no: String,
    expected: Quantity,
    counted: Quantity,
) -> Difference {
    let (decision, reason) = (String::new(), String::new());
    Difference { line: 0, record, item_no, expected, counted, decision, reason }
}

/// Every record of a book with what is on hand.
fn on_hand(tx: &mut Tx, book: &Book) -> Result<Vec<(Record, Quantity)>, DbError> {
    let filter = RecordFilter { book: Some(book.id), ..RecordFilter::default() };
    let (mut all, mut after) = (Vec::new(), RecordId::from_i64(0));
    loop {
        let page = records(tx, &filter, after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(all) };
        after = last.id;
        let counted: Vec<_> = page.iter().map(|(record, _)| record.counted()).collect();
        let positions = accounts::positions(tx, &counted)?;
        let records = page.into_iter().map(|(record, _)| record);
        all.extend(records.zip(positions.iter().map(|position| position.on_hand)));
    }
}

/// A stock-take with its book, if the caller may see it.
pub(crate) fn find(tx: &mut Tx, seer: Seer, id: StocktakeId) -> Result<(Stocktake, Book), Failure> {
    let one = store::find(tx, id)?.ok_or(Refusal::NotFound)?;
    let book = book_of(tx, one.book)?;
    if seer.sees(book.holder) { Ok((one, book)) } else { Err(Refusal::NotFound.into()) }
}

/// Decides about differences. An adjustment moves the book by the difference that was found, and
/// never below what is set aside.
///
/// # Errors
/// `bonded.state`, `bonded.changed`; all findings: unknown or decided lines, no reason, a record
/// the book does not have, more to take away than is free.
pub(crate) fn decide(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: StocktakeId,
    decisions: &[Decision],
) -> Result<Stocktake, Failure> {
    let (mut one, book) = find(tx, seer, id)?;
    if one.state != OPEN {
        return Err(Refusal::State { found: "closed", expected: OPEN }.into());
    }
    let mut findings = Vec::new();
    let mut decided = HashSet::with_capacity(decisions.len());
    for (n, decision) in decisions.iter().enumerate() {
        let path = |field: &str| format!("decisions[{n}].{field}");
        let reason = fault::text(&path("reason"), &decision.reason, 500, &mut findings);
        // Lines are numbered from 1 in order.
        let at = (decision.line as usize).wrapping_sub(1);
        let found = one.differences.get_mut(at).filter(|d| d.line == decision.line);
        let Some(difference) = found.filter(|d| d.decision.is_empty()) else {
            findings.push(transfer::unknown_line(path("line"), decision.line));
            continue;
        };
        if decision.decision == Decide::Adjust && difference.record.is_none() {
            findings.push(no_record(path("decision"), &difference.item_no));
        }
        difference.decision = decision.decision.word().to_owned();
        difference.reason = reason;
        decided.insert(difference.line);
    }
    if decisions.is_empty() {
        findings.push(book::rules::no_lines("decisions"));
    }
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    adjust(tx, ctx, &one, &decided)?;
    if one.differences.iter().all(|difference| !difference.decision.is_empty()) {
        one.state = CLOSED.to_owned();
    }
    if !store::decide(tx, &one, &decided, ctx.now)? {
        return Err(Refusal::Changed.into());
    }
    for difference in one.differences.iter().filter(|d| decided.contains(&d.line)) {
        let subject = format!("{} {}", book.number, difference.item_no);
        let detail = format!("{}: {}", difference.decision, difference.reason);
        tx.audit(ctx, "bonded.stocktake.decide", &subject, &detail)?;
    }
    tell(tx, ctx, "bonded.stocktake_decided", &book, &one)?;
    Ok(one)
}

/// Books the adjustments among the decided differences.
fn adjust(tx: &mut Tx, ctx: &Ctx, one: &Stocktake, decided: &HashSet<u32>) -> Result<(), Failure> {
    let adjusted: Vec<&Difference> = one
        .differences
        .iter()
        .filter(|d| decided.contains(&d.line) && d.decision == Decide::Adjust.word())
        .collect();
    let ids = adjusted.iter().filter_map(|difference| difference.record);
    let records: HashMap<RecordId, Record> = records_of(tx, ids)?;
    let source = one.id.to_i64();
    let (mut transfers, mut movements, mut down) = (Vec::new(), Vec::new(), Vec::new());
    for difference in adjusted {
        let Some(record) = difference.record.and_then(|id| records.get(&id)) else { continue };
        let change = difference.counted.minus(difference.expected);
        let key = key(source, Step::Post, difference.line);
        transfers.push(if change.is_positive() {
            ledger::Transfer::new(key, record.counted().into_stock(Side::Adjusted, change))
        } else {
            let (record, quantity) = (record.clone(), change.negated());
            let act = record.counted().out_of_stock(Side::Adjusted, quantity);
            down.push(Line { number: difference.line, record, quantity });
            guarded(key, act)
        });
        movements.push(Movement::new(ctx, record.id, Cause::Adjusted, change, source));
    }
    let short = short(tx, &down)?;
    if !short.is_empty() {
        return Err(Failure::Findings(short));
    }
    accounts::apply(tx, ctx, &transfers)?;
    Ok(movement::insert(tx, &movements)?)
}

fn no_record(path: String, item: &str) -> Finding {
    fault::error(
        "bonded.stocktake.no_record",
        ("账册没有该料号，不能调整", "the book has no such record to adjust"),
        ("先备案并补核注，或选择不调整", "file the record and credit its entry, or leave it"),
    )
    .at(path)
    .found(item, "a record of the book")
}

fn tell(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &'static str,
    book: &Book,
    one: &Stocktake,
) -> Result<(), DbError> {
    let subject = one.id.to_string();
    tx.audit(ctx, kind, &subject, &book.number)?;
    let body = json!({
        "version": 1,
        "id": one.id,
        "book": book.number,
        "state": one.state,
        "counted": one.counted,
        "differing": one.differing,
    });
    tx.emit(ctx, Event { kind, subject, body: body.into() })
}
