//! All SQL of destructions.

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::{Fen, Time};
use register::party::PartyId;

use super::types::*;
use crate::Quantity;
use crate::book::BookId;
use crate::book::store::{opt_day, record};

const DESTRUCTION: &str = "d.id, d.book, d.state, d.version, d.ground, d.explanation, \
     d.applicant_authorised_by, d.destroyer_code, d.destroyer_name, d.place, d.papers, \
     d.approval_no, d.approved_on, d.due_on, d.extension_from, d.extension_requested_on, \
     d.finished_on, d.video, d.video_until, d.papers_due_on, d.papers_on, d.declaration_no, \
     d.residue_fen, d.residue_declaration_no, d.reason, b.number";

pub(super) fn insert(tx: &mut Tx, one: &Destruction, now: Time) -> Result<(), DbError> {
    let sql = "INSERT INTO bonded_destruction (id, book, state, version, ground, explanation, \
         applicant_authorised_by, destroyer_code, destroyer_name, place, papers, approval_no, \
         video, declaration_no, residue_fen, residue_declaration_no, reason, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', '', 0, '', '', $12)";
    let Destruction { ground, explanation, authorised_by, destroyer_code, .. } = one;
    let Destruction { destroyer_name, place, papers, .. } = one;
    let values = params![
        one.id,
        one.book,
        one.state.word(),
        one.version,
        ground,
        explanation,
        authorised_by,
        destroyer_code,
        destroyer_name,
        place,
        papers,
        now,
    ];
    tx.execute(sql, values)?;
    let rows: Rows<'_> = one
        .lines
        .iter()
        .map(|line| values![one.id, line.number, line.record.id, line.quantity.to_i64(), 0])
        .collect();
    let columns = ["destruction", "line", "record", "quantity", "destroyed"];
    tx.insert_many("bonded_destruction_line", &columns, &rows, OnConflict::Fail).map(drop)
}

/// Saves what changed over the version it was read at. False when somebody else was faster.
pub(super) fn update(tx: &mut Tx, one: &Destruction, now: Time) -> Result<bool, DbError> {
    let sql = "UPDATE bonded_destruction SET state = $2, version = version + 1, \
         approval_no = $3, approved_on = $4, due_on = $5, extension_from = $6, \
         extension_requested_on = $7, finished_on = $8, video = $9, video_until = $10, \
         papers_due_on = $11, papers_on = $12, declaration_no = $13, residue_fen = $14, \
         residue_declaration_no = $15, reason = $16, changed_at = $17 \
         WHERE id = $1 AND version = $18";
    let values = params![
        one.id,
        one.state.word(),
        &one.approval_no,
        one.approved_on,
        one.due_on,
        one.extension_from,
        one.extension_requested_on,
        one.finished_on,
        &one.video,
        one.video_until,
        one.papers_due_on,
        one.papers_on,
        &one.declaration_no,
        one.residue,
        &one.residue_declaration_no,
        &one.reason,
        now,
        one.version,
    ];
    if tx.execute(sql, values)? != 1 {
        return Ok(false);
    }
    let mut keys = Keys::new(&[Type::Int; 3]);
    one.lines
        .iter()
        .for_each(|line| keys.push(values![one.id, line.number, line.destroyed.to_i64()]));
    let sql = "UPDATE bonded_destruction_line SET destroyed = k.c FROM keys k \
         WHERE bonded_destruction_line.destruction = k.a AND bonded_destruction_line.line = k.b";
    tx.update_many(sql, &keys)?;
    Ok(true)
}

pub(super) fn find(tx: &mut Tx, id: DestructionId) -> Result<Option<Destruction>, DbError> {
    let sql = format!(
        "SELECT {DESTRUCTION} FROM bonded_destruction d \
         JOIN bonded_book b ON b.id = d.book WHERE d.id = $1"
    );
    let Some(row) = tx.query_opt(&sql, params![id])? else { return Ok(None) };
    let mut found = destruction(&row)?;
    let sql = "SELECT r.id, r.book, r.item_no, r.hs_code, r.name, r.unit, l.line, l.quantity, \
         l.destroyed FROM bonded_destruction_line l JOIN bonded_record r ON r.id = l.record \
         WHERE l.destruction = $1 ORDER BY l.line";
    for row in tx.query(sql, params![id])? {
        found.lines.push(DestructionLine {
            record: record(&row, 0)?,
            number: row.u32(6)?,
            quantity: Quantity::from_i64(row.i64(7)?),
            destroyed: Quantity::from_i64(row.i64(8)?),
        });
    }
    Ok(Some(found))
}

/// What a list of destructions is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) holder: Option<PartyId>,
    pub(crate) book: Option<BookId>,
    pub(crate) state: Option<String>,
    /// Only those to be finished, or to have papers filed, up to this day.
    pub(crate) due_by: Option<kernel::Date>,
}

/// Destructions after `after`, without lines.
pub(crate) fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: DestructionId,
    limit: i64,
) -> Result<Vec<Destruction>, DbError> {
    let sql = format!(
        "SELECT {DESTRUCTION} FROM bonded_destruction d JOIN bonded_book b ON b.id = d.book \
         WHERE d.id > $1 AND (CAST($2 AS BIGINT) IS NULL OR b.holder = $2) \
         AND (CAST($3 AS BIGINT) IS NULL OR d.book = $3) \
         AND (CAST($4 AS TEXT) IS NULL OR d.state = $4) \
         AND (CAST($5 AS TEXT) IS NULL OR (d.state = 'approved' AND d.due_on <= $5) \
              OR (d.state = 'finished' AND d.papers_due_on <= $5)) \
         ORDER BY d.id LIMIT $6"
    );
    let Filter { holder, book, state, due_by } = filter;
    let values = params![after, *holder, *book, state.as_deref(), *due_by, limit];
    tx.query(&sql, values)?.iter().map(destruction).collect()
}

fn destruction(row: &Row) -> Result<Destruction, DbError> {
    let damaged = || DbError::Damaged("the state of a destruction cannot be read".to_owned());
    let text = |column| row.text(column).map(str::to_owned);
    Ok(Destruction {
        id: row.id(0)?,
        book: row.id(1)?,
        book_number: row.text(25)?.into(),
        state: State::parse(row.text(2)?).ok_or_else(damaged)?,
        version: row.i64(3)?,
        ground: text(4)?,
        explanation: text(5)?,
        authorised_by: text(6)?,
        destroyer_code: text(7)?,
        destroyer_name: text(8)?,
        place: text(9)?,
        papers: text(10)?,
        approval_no: text(11)?,
        approved_on: opt_day(row, 12)?,
        due_on: opt_day(row, 13)?,
        extension_from: opt_day(row, 14)?,
        extension_requested_on: opt_day(row, 15)?,
        finished_on: opt_day(row, 16)?,
        video: text(17)?,
        video_until: opt_day(row, 18)?,
        papers_due_on: opt_day(row, 19)?,
        papers_on: opt_day(row, 20)?,
        declaration_no: text(21)?,
        residue: Fen(row.i64(22)?),
        residue_declaration_no: text(23)?,
        reason: text(24)?,
        lines: Vec::new(),
    })
}
