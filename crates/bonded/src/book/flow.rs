//! Registering books, filing records, entering the zone, closing.

use db::{Ctx, DbError, Event, Tx};
use kernel::Finding;
use register::party::{Party, PartyId, Role, State, Zone};
use register::rules::Rules;
use serde_json::json;

use super::types::*;
use super::{rules, store};
use crate::accounts::{self, Side, Step, key};
use crate::movement::{self, Cause, Movement};
use crate::refusal::{Failure, Refusal};
use crate::{Quantity, fault, quantity, site};

/// Whose things may be seen: one firm's, or everybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seer {
    All,
    Firm(PartyId),
}

impl Seer {
    /// For the `WHERE` of a query; none is everybody.
    pub(crate) fn firm(self) -> Option<PartyId> {
        match self {
            Seer::All => None,
            Seer::Firm(party) => Some(party),
        }
    }

    pub(crate) fn sees(self, holder: PartyId) -> bool {
        self.firm().is_none_or(|party| party == holder)
    }
}

/// Who a caller with this firm code is. A firm that is not registered sees nothing.
pub(crate) fn seer(tx: &mut Tx, party: Option<&str>) -> Result<Seer, Failure> {
    let Some(code) = party else { return Ok(Seer::All) };
    Ok(Seer::Firm(firm(tx, code)?.ok_or(Refusal::NotFound)?.id))
}

fn firm(tx: &mut Tx, code: &str) -> Result<Option<Party>, DbError> {
    match register::party::flow::find(tx, code) {
        Ok(found) => Ok(Some(found.party)),
        Err(web::Failure::Db(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Both codes of a firm, by which documents may name it; none for who sees everything. A firm
/// that is not registered sees nothing.
pub(crate) fn codes_of(tx: &mut Tx, own: Option<&str>) -> Result<Option<[String; 2]>, Failure> {
    let Some(code) = own else { return Ok(None) };
    let party = firm(tx, code)?.ok_or(Refusal::NotFound)?;
    let code = |code: &Option<Box<str>>| code.as_deref().unwrap_or(party.code()).to_owned();
    Ok(Some([code(&party.social_credit_code), code(&party.customs_code)]))
}

/// The firm of this code, if it is registered and, for a firm, the caller itself.
pub(crate) fn firm_of(
    tx: &mut Tx,
    own: Option<&str>,
    code: &str,
) -> Result<Option<(PartyId, Box<str>)>, DbError> {
    let found = firm(tx, code)?.filter(|party| own.is_none_or(|own| party.has_code(own)));
    Ok(found.map(|party| (party.id, party.code().into())))
}

/// The Chinese name of the firm of this code.
pub(crate) fn name_of(tx: &mut Tx, code: &str) -> Result<Option<String>, DbError> {
    Ok(firm(tx, code)?.map(|party| party.name.zh.to_string()))
}

/// The book of this number, if the caller may see it.
pub(crate) fn owned(tx: &mut Tx, seer: Seer, number: &str) -> Result<Book, Failure> {
    let book = store::find_book(tx, number)?.filter(|book| seer.sees(book.holder));
    book.ok_or(Failure::Refused(Refusal::NotFound))
}

/// Registers a book. `own`: the firm that asks; none for the operator. The same again is found.
///
/// # Errors
/// All findings about the draft; `bonded.book.taken`.
pub fn open_book(
    tx: &mut Tx,
    ctx: &Ctx,
    law: &Rules,
    own: Option<&str>,
    draft: &BookDraft,
) -> Result<Book, Failure> {
    let today = ctx.now.date();
    let law = law.on(today);
    let no_rule = |unknown| Failure::Findings(vec![fault::no_rule(&unknown)]);
    let mut findings = rules::book(draft, &law).map_err(no_rule)?;
    let bound = law.bool("bonded.exit_mode_equals_entry").map_err(no_rule)?.value;
    let named = draft.holder.as_deref().or(own).unwrap_or_default();
    let holder = firm(tx, named)?.filter(|party| own.is_none_or(|own| party.has_code(own)));
    let fit = |party: &Party| {
        party.roles.has(Role::ZoneFirm) && party.standing.on(today) == State::Active
    };
    let Some(holder) = holder.filter(fit) else {
        let unfit = fault::error(
            "bonded.book.holder",
            (
                "经营企业未登记、已停用、不是区内企业，或不是本企业",
                "the holder is not registered, not active, no zone enterprise, or not you",
            ),
            (
                "先以区内企业角色登记；企业只能登记自己的账册",
                "register it as a zone enterprise; a firm registers its own books",
            ),
        );
        findings.push(unfit.at("holder").found(named, "an active zone enterprise"));
        return Err(Failure::Findings(findings));
    };
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    let book = Book {
        id: ctx.id(),
        number: draft.number.trim().into(),
        holder: holder.id,
        holder_code: holder.code().into(),
        area_code: holder.customs_code.as_deref().unwrap_or(holder.code()).into(),
        zone: draft.zone.as_str().into(),
        trade_mode: draft.trade_mode.as_str().into(),
        mode_bound: bound,
        open: true,
    };
    if let Some(known) = store::find_book(tx, &book.number)? {
        let same = known.holder == book.holder
            && known.zone == book.zone
            && known.trade_mode == book.trade_mode;
        return if same { Ok(known) } else { Err(Refusal::BookTaken.into()) };
    }
    store::insert_book(tx, &book, ctx.now).map_err(|error| match error {
        DbError::Unique { .. } => Refusal::BookTaken.into(),
        other => Failure::Db(other),
    })?;
    tx.audit(ctx, "bonded.book.open", &book.number, &book.holder_code)?;
    let body = json!({"version": 1, "number": book.number, "holder": book.holder_code});
    let kind = "bonded.book_opened";
    tx.emit(ctx, Event { kind, subject: book.number.to_string(), body: body.into() })?;
    Ok(book)
}

/// Registers the account books that a zone file names. What is registered already stays.
///
/// # Errors
/// As [`open_book`].
pub fn load_zone(tx: &mut Tx, ctx: &Ctx, law: &Rules, zone: &Zone) -> Result<usize, Failure> {
    for one in &zone.account_books {
        if store::find_book(tx, &one.ems_no)?.is_some() {
            continue;
        }
        let draft = BookDraft {
            number: one.ems_no.clone(),
            holder: Some(one.firm.clone()),
            zone: one.district.clone(),
            trade_mode: "1210".to_owned(),
        };
        open_book(tx, ctx, law, None, &draft)?;
    }
    Ok(zone.account_books.len())
}

/// Files records in a book, or changes the name and HS code of those filed. The opening stock
/// counts only for a record that is new.
///
/// # Errors
/// `bonded.not_found`, `bonded.book.closed`; all findings.
pub fn file_records(
    tx: &mut Tx,
    ctx: &Ctx,
    book: &Book,
    drafts: &[RecordDraft],
) -> Result<Vec<Record>, Failure> {
    if !book.open {
        return Err(Refusal::BookClosed.into());
    }
    let mut findings = rules::records(drafts);
    let items = drafts.iter().map(|draft| draft.item_record_no.trim().to_owned());
    let known = store::records_named(tx, book.id, items)?;
    let (mut fresh, mut changed, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let (mut transfers, mut movements) = (Vec::new(), Vec::new());
    for (n, draft) in drafts.iter().enumerate() {
        let before = known.get(draft.item_record_no.trim());
        if let Some(filed) = before.filter(|filed| *filed.unit != *draft.unit) {
            let path = format!("records[{n}].unit");
            findings.push(rules::other_unit(path, &draft.unit, &filed.unit));
        }
        let record = Record {
            id: before.map_or_else(|| ctx.id(), |filed| filed.id),
            book: book.id,
            item_no: draft.item_record_no.trim().into(),
            hs_code: draft.hs_code.as_str().into(),
            name: draft.name.trim().into(),
            unit: draft.unit.as_str().into(),
        };
        match before {
            Some(filed) if *filed != record => changed.push(record.clone()),
            Some(_) => {}
            None => {
                let opening = draft.opening.as_deref().map(|text| quantity::read("", text, false));
                if let Some(Ok(opening)) = opening.filter(|o| *o != Ok(Quantity::ZERO)) {
                    let source = record.id.to_i64();
                    let act = record.counted().into_stock(Side::Opening, opening);
                    transfers.push(ledger::Transfer::new(key(source, Step::Post, 0), act));
                    let new = Movement::new(ctx, record.id, Cause::Opening, opening, source);
                    movements.push(new);
                }
                fresh.push(record.clone());
            }
        }
        all.push(record);
    }
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    accounts::apply(tx, ctx, &transfers)?;
    store::insert_records(tx, &fresh)?;
    store::update_records(tx, &changed)?;
    movement::insert(tx, &movements)?;
    if !fresh.is_empty() || !changed.is_empty() {
        let detail = format!("{} new, {} changed", fresh.len(), changed.len());
        tx.audit(ctx, "bonded.records.file", &book.number, &detail)?;
    }
    Ok(all)
}

/// Lines of one paper; the customs' own have at most some hundred.
const LINES_MAX: usize = 10_000;

/// The records and quantities that lines name; findings for those that make no sense.
pub(crate) fn resolve(
    tx: &mut Tx,
    book: BookId,
    drafts: &[LineDraft],
    findings: &mut Vec<Finding>,
) -> Result<Vec<Line>, DbError> {
    let items = drafts.iter().map(|draft| draft.item_record_no.trim().to_owned());
    let records = store::records_named(tx, book, items)?;
    let mut lines = Vec::with_capacity(drafts.len());
    if drafts.is_empty() {
        findings.push(rules::no_lines("lines"));
    }
    if drafts.len() > LINES_MAX {
        findings.push(rules::too_many_lines(drafts.len(), LINES_MAX));
        return Ok(Vec::new());
    }
    for ((n, draft), number) in drafts.iter().enumerate().zip(1..) {
        let path = |field: &str| format!("lines[{n}].{field}");
        let read = quantity::read(&path("quantity"), &draft.quantity, true);
        let quantity = read.map_err(|finding| findings.push(finding)).ok();
        let item = draft.item_record_no.trim();
        let Some(record) = records.get(item) else {
            findings.push(rules::unknown_record(path("item_record_no"), item));
            continue;
        };
        if let Some(unit) = draft.unit.as_deref().filter(|unit| **unit != *record.unit) {
            findings.push(rules::other_unit(path("unit"), unit, &record.unit));
        }
        if let Some(quantity) = quantity {
            lines.push(Line { number, record: record.clone(), quantity });
        }
    }
    Ok(lines)
}

/// Credits a book with what entered the zone. The same checklist again is found.
///
/// # Errors
/// `bonded.book.closed`, `bonded.different`; all findings.
pub fn enter(
    tx: &mut Tx,
    ctx: &Ctx,
    law: &Rules,
    book: &Book,
    draft: &EntryDraft,
) -> Result<Entry, Failure> {
    if !book.open {
        return Err(Refusal::BookClosed.into());
    }
    let bound = law.on(draft.entered_on).bool("bonded.exit_mode_equals_entry");
    // Before the rule nothing was bound.
    let bound = bound.is_ok_and(|ruling| ruling.value);
    let mut findings = rules::entry(draft, book, bound, ctx.now.date());
    let lines = resolve(tx, book.id, &draft.lines, &mut findings)?;
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    let entry = Entry {
        id: ctx.id(),
        book: book.id,
        checklist_no: draft.checklist_no.trim().into(),
        declaration_no: draft.declaration_no.trim().into(),
        trade_mode: draft.trade_mode.as_str().into(),
        bill_no: draft.bill_no.trim().into(),
        entered_on: draft.entered_on,
        lines,
    };
    if let Some(known) = store::find_entry_of(tx, book.id, &entry.checklist_no)? {
        let same = Entry { id: known.id, ..entry } == known;
        return if same { Ok(known) } else { Err(Refusal::Different.into()) };
    }
    store::insert_entry(tx, &entry)?;
    if bound && !book.mode_bound {
        store::bind_mode(tx, book.id, true)?;
    }
    let source = entry.id.to_i64();
    let credit = |line: &Line| {
        let act = line.record.counted().into_stock(Side::Entered, line.quantity);
        ledger::Transfer::new(key(source, Step::Post, line.number), act)
    };
    let transfers: Vec<_> = entry.lines.iter().map(credit).collect();
    accounts::apply(tx, ctx, &transfers)?;
    let moved =
        |line: &Line| Movement::new(ctx, line.record.id, Cause::Entered, line.quantity, source);
    movement::insert(tx, &entry.lines.iter().map(moved).collect::<Vec<_>>())?;
    site::link_entry(tx, entry.id, &entry.bill_no)?;
    tx.audit(ctx, "bonded.enter", &book.number, &entry.checklist_no)?;
    let body = json!({
        "version": 1,
        "book": book.number,
        "checklist_no": entry.checklist_no,
        "declaration_no": entry.declaration_no,
        "lines": entry.lines.len(),
    });
    tx.emit(
        ctx,
        Event { kind: "bonded.entered", subject: entry.id.to_string(), body: body.into() },
    )?;
    Ok(entry)
}

/// An entry with its book, if the caller may see it.
pub(crate) fn find_entry(tx: &mut Tx, seer: Seer, id: EntryId) -> Result<(Entry, Book), Failure> {
    let entry = store::find_entry(tx, id)?.ok_or(Refusal::NotFound)?;
    let book = store::book_of(tx, entry.book)?;
    if seer.sees(book.holder) { Ok((entry, book)) } else { Err(Refusal::NotFound.into()) }
}

/// Records a page of which is read at a time when a book is closed.
const PAGE: i64 = 500;

/// Closes a book on which nothing is left.
///
/// # Errors
/// `bonded.book.closed`, `bonded.book.not_empty`.
pub(crate) fn close(tx: &mut Tx, ctx: &Ctx, book: &Book) -> Result<Book, Failure> {
    let filter = store::RecordFilter { book: Some(book.id), ..Default::default() };
    let mut after = RecordId::from_i64(0);
    loop {
        let page = store::records(tx, &filter, after, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = last.id;
        let counted: Vec<_> = page.iter().map(|(record, _)| record.counted()).collect();
        let positions = accounts::positions(tx, &counted)?;
        let left = |p: &accounts::Position| p.on_hand.is_positive() || p.in_transit.is_positive();
        if positions.iter().any(left) {
            return Err(Refusal::NotEmpty.into());
        }
    }
    if !store::close_book(tx, book.id, ctx.now)? {
        return Err(Refusal::BookClosed.into());
    }
    tx.audit(ctx, "bonded.book.close", &book.number, "")?;
    Ok(Book { open: false, ..book.clone() })
}

/// A finding for every record of which the lines ask more than is free.
pub(crate) fn short(tx: &mut Tx, lines: &[Line]) -> Result<Vec<Finding>, DbError> {
    let mut asked: Vec<(&Line, Quantity)> = Vec::with_capacity(lines.len());
    for line in lines {
        match asked.iter_mut().find(|(first, _)| first.record.id == line.record.id) {
            Some((_, sum)) => *sum = sum.plus(line.quantity),
            None => asked.push((line, line.quantity)),
        }
    }
    let counted: Vec<_> = asked.iter().map(|(line, _)| line.record.counted()).collect();
    let free = accounts::free(tx, &counted)?;
    let short = asked.iter().zip(free).filter(|((_, asked), free)| asked > free);
    Ok(short.map(|((line, asked), free)| rules::short(line, *asked, free)).collect())
}
