//! All SQL of books, records and entries.

use std::collections::HashMap;

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::{Date, Time};
use register::party::PartyId;

use super::types::*;
use crate::Quantity;

const BOOK: &str = "b.id, b.number, b.holder, b.holder_code, b.area_code, b.zone, b.trade_mode, \
     b.mode_bound, b.state";
const RECORD: &str = "r.id, r.book, r.item_no, r.hs_code, r.name, r.unit";
const ENTRY: &str = "e.id, e.book, e.checklist_no, e.declaration_no, e.trade_mode, e.bill_no, \
     e.entered_on";

pub(crate) fn find_book(tx: &mut Tx, number: &str) -> Result<Option<Book>, DbError> {
    let sql = format!("SELECT {BOOK} FROM bonded_book b WHERE b.number = $1");
    tx.query_opt(&sql, params![number])?.as_ref().map(book).transpose()
}

pub(crate) fn book_of(tx: &mut Tx, id: BookId) -> Result<Book, DbError> {
    let sql = format!("SELECT {BOOK} FROM bonded_book b WHERE b.id = $1");
    book(&tx.query_one(&sql, params![id])?)
}

/// Books after `after`, of one holder or of all, in order of registration.
pub(crate) fn books(
    tx: &mut Tx,
    holder: Option<PartyId>,
    after: BookId,
    limit: i64,
) -> Result<Vec<Book>, DbError> {
    let sql = format!(
        "SELECT {BOOK} FROM bonded_book b WHERE b.id > $1 \
         AND (CAST($2 AS BIGINT) IS NULL OR b.holder = $2) ORDER BY b.id LIMIT $3"
    );
    tx.query(&sql, params![after, holder, limit])?.iter().map(book).collect()
}

pub(super) fn insert_book(tx: &mut Tx, book: &Book, now: Time) -> Result<(), DbError> {
    let sql = "INSERT INTO bonded_book (id, number, holder, holder_code, area_code, zone, \
         trade_mode, mode_bound, state, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let Book { number, holder_code, area_code, zone, trade_mode, .. } = book;
    let values = params![
        book.id,
        number,
        book.holder,
        holder_code,
        area_code,
        zone,
        trade_mode,
        book.mode_bound,
        OPEN,
        now,
    ];
    tx.execute(sql, values).map(drop)
}

pub(super) fn bind_mode(tx: &mut Tx, book: BookId, bound: bool) -> Result<(), DbError> {
    let sql = "UPDATE bonded_book SET mode_bound = $2 WHERE id = $1";
    tx.execute(sql, params![book, bound]).map(drop)
}

pub(super) fn close_book(tx: &mut Tx, book: BookId, now: Time) -> Result<bool, DbError> {
    let sql = "UPDATE bonded_book SET state = $2, changed_at = $3 WHERE id = $1 AND state = $4";
    Ok(tx.execute(sql, params![book, CLOSED, now, OPEN])? == 1)
}

/// Records of a book with these numbers, by number.
pub(crate) fn records_named(
    tx: &mut Tx,
    book: BookId,
    items: impl Iterator<Item = String>,
) -> Result<HashMap<String, Record>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    items.for_each(|item| keys.push(values![item]));
    let sql = format!(
        "SELECT k.n, {RECORD} FROM keys k JOIN bonded_record r ON r.book = $1 AND r.item_no = k.a"
    );
    let rows = tx.query_keys_with(&sql, &keys, params![book])?;
    rows.iter().map(|row| record(row, 1).map(|r| (r.item_no.to_string(), r))).collect()
}

/// Records by id.
pub(crate) fn records_of(
    tx: &mut Tx,
    ids: impl Iterator<Item = RecordId>,
) -> Result<HashMap<RecordId, Record>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.for_each(|id| keys.push(values![id]));
    let sql = format!("SELECT k.n, {RECORD} FROM keys k JOIN bonded_record r ON r.id = k.a");
    let rows = tx.query_keys(&sql, &keys)?;
    rows.iter().map(|row| record(row, 1).map(|r| (r.id, r))).collect()
}

/// What a list of records is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordFilter {
    pub(crate) holder: Option<PartyId>,
    pub(crate) book: Option<BookId>,
    pub(crate) zone: Option<String>,
    pub(crate) item_no: Option<String>,
    pub(crate) hs_code: Option<String>,
}

/// Records after `after` with the number of their book and its zone.
pub(crate) fn records(
    tx: &mut Tx,
    filter: &RecordFilter,
    after: RecordId,
    limit: i64,
) -> Result<Vec<(Record, Book)>, DbError> {
    let sql = format!(
        "SELECT {RECORD}, {BOOK} FROM bonded_record r JOIN bonded_book b ON b.id = r.book \
         WHERE r.id > $1 AND (CAST($2 AS BIGINT) IS NULL OR b.holder = $2) \
         AND (CAST($3 AS BIGINT) IS NULL OR r.book = $3) \
         AND (CAST($4 AS TEXT) IS NULL OR b.zone = $4) \
         AND (CAST($5 AS TEXT) IS NULL OR r.item_no = $5) \
         AND (CAST($6 AS TEXT) IS NULL OR r.hs_code = $6) ORDER BY r.id LIMIT $7"
    );
    let RecordFilter { holder, book: of, zone, item_no, hs_code } = filter;
    let (zone, item_no, hs_code) = (zone.as_deref(), item_no.as_deref(), hs_code.as_deref());
    let rows = tx.query(&sql, params![after, *holder, *of, zone, item_no, hs_code, limit])?;
    rows.iter().map(|row| Ok((record(row, 0)?, book_at(row, 6)?))).collect()
}

pub(super) fn insert_records(tx: &mut Tx, records: &[Record]) -> Result<(), DbError> {
    let rows: Rows<'_> = records
        .iter()
        .map(|r| values![r.id, r.book, &r.item_no, &r.hs_code, &r.name, &r.unit])
        .collect();
    let columns = ["id", "book", "item_no", "hs_code", "name", "unit"];
    tx.insert_many("bonded_record", &columns, &rows, OnConflict::Fail).map(drop)
}

/// Name and HS code of records that are filed.
pub(super) fn update_records(tx: &mut Tx, records: &[Record]) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Text, Type::Text]);
    records.iter().for_each(|r| keys.push(values![r.id, &r.hs_code, &r.name]));
    let sql = "UPDATE bonded_record SET hs_code = k.b, name = k.c FROM keys k \
         WHERE bonded_record.id = k.a";
    tx.update_many(sql, &keys).map(drop)
}

pub(super) fn find_entry_of(
    tx: &mut Tx,
    book: BookId,
    checklist_no: &str,
) -> Result<Option<Entry>, DbError> {
    let sql =
        format!("SELECT {ENTRY} FROM bonded_entry e WHERE e.book = $1 AND e.checklist_no = $2");
    let row = tx.query_opt(&sql, params![book, checklist_no])?;
    row.map(|row| with_lines(tx, &row)).transpose()
}

pub(crate) fn find_entry(tx: &mut Tx, id: EntryId) -> Result<Option<Entry>, DbError> {
    let sql = format!("SELECT {ENTRY} FROM bonded_entry e WHERE e.id = $1");
    let row = tx.query_opt(&sql, params![id])?;
    row.map(|row| with_lines(tx, &row)).transpose()
}

/// Entries of a book after `after`, without lines.
pub(crate) fn entries(
    tx: &mut Tx,
    book: BookId,
    after: EntryId,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let sql = format!(
        "SELECT {ENTRY} FROM bonded_entry e WHERE e.book = $1 AND e.id > $2 ORDER BY e.id LIMIT $3"
    );
    tx.query(&sql, params![book, after, limit])?.iter().map(entry).collect()
}

fn with_lines(tx: &mut Tx, row: &Row) -> Result<Entry, DbError> {
    let mut found = entry(row)?;
    let sql = format!(
        "SELECT {RECORD}, l.line, l.quantity FROM bonded_entry_line l \
         JOIN bonded_record r ON r.id = l.record WHERE l.entry = $1 ORDER BY l.line"
    );
    for row in tx.query(&sql, params![found.id])? {
        let quantity = Quantity::from_i64(row.i64(7)?);
        found.lines.push(Line { number: row.u32(6)?, record: record(&row, 0)?, quantity });
    }
    Ok(found)
}

pub(super) fn insert_entry(tx: &mut Tx, entry: &Entry) -> Result<(), DbError> {
    let sql = "INSERT INTO bonded_entry (id, book, checklist_no, declaration_no, trade_mode, \
         bill_no, entered_on) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Entry { checklist_no, declaration_no, trade_mode, bill_no, .. } = entry;
    let on = entry.entered_on;
    tx.execute(
        sql,
        params![entry.id, entry.book, checklist_no, declaration_no, trade_mode, bill_no, on],
    )?;
    let rows: Rows<'_> = entry
        .lines
        .iter()
        .map(|line| values![entry.id, line.number, line.record.id, line.quantity.to_i64()])
        .collect();
    let columns = ["entry", "line", "record", "quantity"];
    tx.insert_many("bonded_entry_line", &columns, &rows, OnConflict::Fail).map(drop)
}

fn book(row: &Row) -> Result<Book, DbError> {
    book_at(row, 0)
}

fn book_at(row: &Row, at: usize) -> Result<Book, DbError> {
    Ok(Book {
        id: row.id(at)?,
        number: row.text(at + 1)?.into(),
        holder: row.id(at + 2)?,
        holder_code: row.text(at + 3)?.into(),
        area_code: row.text(at + 4)?.into(),
        zone: row.text(at + 5)?.into(),
        trade_mode: row.text(at + 6)?.into(),
        mode_bound: row.bool(at + 7)?,
        open: row.text(at + 8)? == OPEN,
    })
}

pub(crate) fn record(row: &Row, at: usize) -> Result<Record, DbError> {
    Ok(Record {
        id: row.id(at)?,
        book: row.id(at + 1)?,
        item_no: row.text(at + 2)?.into(),
        hs_code: row.text(at + 3)?.into(),
        name: row.text(at + 4)?.into(),
        unit: row.text(at + 5)?.into(),
    })
}

fn entry(row: &Row) -> Result<Entry, DbError> {
    Ok(Entry {
        id: row.id(0)?,
        book: row.id(1)?,
        checklist_no: row.text(2)?.into(),
        declaration_no: row.text(3)?.into(),
        trade_mode: row.text(4)?.into(),
        bill_no: row.text(5)?.into(),
        entered_on: day(row, 6)?,
        lines: Vec::new(),
    })
}

/// A day kept as text.
pub(crate) fn day(row: &Row, column: usize) -> Result<Date, DbError> {
    opt_day(row, column)?.ok_or_else(|| DbError::Damaged("a day is missing".to_owned()))
}

/// A day kept as text that may be null.
pub(crate) fn opt_day(row: &Row, column: usize) -> Result<Option<Date>, DbError> {
    let damaged = |_| DbError::Damaged("a day cannot be read".to_owned());
    row.opt_text(column)?.map(|text| text.parse().map_err(damaged)).transpose()
}
