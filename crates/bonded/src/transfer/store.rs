//! All SQL of transfers.

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::Time;
use register::party::PartyId;

use super::types::*;
use crate::Quantity;
use crate::book::store::record;

const TRANSFER: &str = "t.id, t.from_book, t.to_book, t.to_number, t.out_reference, \
     t.in_reference, t.state, t.version, f.number";

pub(super) fn insert(tx: &mut Tx, transfer: &Transfer, now: Time) -> Result<(), DbError> {
    let sql = "INSERT INTO bonded_transfer (id, from_book, to_book, to_number, out_reference, \
         in_reference, state, version, changed_at) VALUES ($1, $2, $3, $4, '', '', $5, $6, $7)";
    let Transfer { id, from_book, to_book, to_number, state, version, .. } = transfer;
    let word = state.word();
    tx.execute(sql, params![*id, *from_book, *to_book, to_number, word, *version, now])?;
    let rows: Rows<'_> = transfer
        .lines
        .iter()
        .map(|line| {
            let quantity = line.quantity.to_i64();
            values![*id, line.number, line.record.id, line.to_record, quantity, 0, 0]
        })
        .collect();
    let columns = ["transfer", "line", "record", "to_record", "quantity", "received", "recalled"];
    tx.insert_many("bonded_transfer_line", &columns, &rows, OnConflict::Fail).map(drop)
}

/// Saves what changed over the version it was read at. False when somebody else was faster.
pub(super) fn update(tx: &mut Tx, transfer: &Transfer, now: Time) -> Result<bool, DbError> {
    let sql = "UPDATE bonded_transfer SET out_reference = $2, in_reference = $3, state = $4, \
         version = version + 1, changed_at = $5 WHERE id = $1 AND version = $6";
    let Transfer { id, out_reference, in_reference, state, version, .. } = transfer;
    let word = state.word();
    let values = params![*id, out_reference, in_reference, word, now, *version];
    if tx.execute(sql, values)? != 1 {
        return Ok(false);
    }
    let mut keys = Keys::new(&[Type::Int; 4]);
    for line in &transfer.lines {
        let (received, recalled) = (line.received.to_i64(), line.recalled.to_i64());
        keys.push(values![*id, line.number, received, recalled]);
    }
    let sql = "UPDATE bonded_transfer_line SET received = k.c, recalled = k.d FROM keys k \
         WHERE bonded_transfer_line.transfer = k.a AND bonded_transfer_line.line = k.b";
    tx.update_many(sql, &keys)?;
    Ok(true)
}

pub(super) fn find(tx: &mut Tx, id: TransferId) -> Result<Option<Transfer>, DbError> {
    let sql = format!(
        "SELECT {TRANSFER} FROM bonded_transfer t \
         JOIN bonded_book f ON f.id = t.from_book WHERE t.id = $1"
    );
    let Some(row) = tx.query_opt(&sql, params![id])? else { return Ok(None) };
    let mut found = transfer(&row)?;
    let sql = "SELECT r.id, r.book, r.item_no, r.hs_code, r.name, r.unit, l.line, l.to_record, \
         l.quantity, l.received, l.recalled FROM bonded_transfer_line l \
         JOIN bonded_record r ON r.id = l.record WHERE l.transfer = $1 ORDER BY l.line";
    for row in tx.query(sql, params![id])? {
        let quantity = |column| row.i64(column).map(Quantity::from_i64);
        found.lines.push(TransferLine {
            record: record(&row, 0)?,
            number: row.u32(6)?,
            to_record: row.opt_id(7)?,
            quantity: quantity(8)?,
            received: quantity(9)?,
            recalled: quantity(10)?,
        });
    }
    Ok(Some(found))
}

/// Transfers from or to books of a holder (or of all) after `after`, without lines.
pub(crate) fn list(
    tx: &mut Tx,
    holder: Option<PartyId>,
    state: Option<&str>,
    after: TransferId,
    limit: i64,
) -> Result<Vec<Transfer>, DbError> {
    let sql = format!(
        "SELECT {TRANSFER} FROM bonded_transfer t JOIN bonded_book f ON f.id = t.from_book \
         LEFT JOIN bonded_book i ON i.id = t.to_book WHERE t.id > $1 \
         AND (CAST($2 AS BIGINT) IS NULL OR f.holder = $2 OR i.holder = $2) \
         AND (CAST($3 AS TEXT) IS NULL OR t.state = $3) ORDER BY t.id LIMIT $4"
    );
    tx.query(&sql, params![after, holder, state, limit])?.iter().map(transfer).collect()
}

fn transfer(row: &Row) -> Result<Transfer, DbError> {
    let damaged = || DbError::Damaged("the state of a transfer cannot be read".to_owned());
    Ok(Transfer {
        id: row.id(0)?,
        from_book: row.id(1)?,
        from_number: row.text(8)?.into(),
        to_book: row.opt_id(2)?,
        to_number: row.text(3)?.into(),
        out_reference: row.text(4)?.to_owned(),
        in_reference: row.text(5)?.to_owned(),
        state: State::parse(row.text(6)?).ok_or_else(damaged)?,
        version: row.i64(7)?,
        lines: Vec::new(),
    })
}
