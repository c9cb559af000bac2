//! All SQL of stock-takes.

use std::collections::HashSet;

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::Time;

use super::types::*;
use crate::Quantity;
use crate::book::BookId;

const STOCKTAKE: &str = "s.id, s.book, s.state, s.version, s.counted, s.differing";

pub(super) fn insert(tx: &mut Tx, one: &Stocktake, now: Time) -> Result<(), DbError> {
    let sql = "INSERT INTO bonded_stocktake (id, book, state, version, counted, differing, \
         changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Stocktake { id, book, state, version, counted, differing, .. } = one;
    tx.execute(sql, params![*id, *book, state, *version, *counted, *differing, now])?;
    let rows: Rows<'_> = one
        .differences
        .iter()
        .map(|d| {
            let (expected, counted) = (d.expected.to_i64(), d.counted.to_i64());
            values![*id, d.line, d.record, &d.item_no, expected, counted, "", ""]
        })
        .collect();
    let columns =
        ["stocktake", "line", "record", "item_no", "expected", "counted", "decision", "reason"];
    tx.insert_many("bonded_stocktake_line", &columns, &rows, OnConflict::Fail).map(drop)
}

/// Saves decisions over the version that was read. False when somebody else was faster.
pub(super) fn decide(
    tx: &mut Tx,
    one: &Stocktake,
    lines: &HashSet<u32>,
    now: Time,
) -> Result<bool, DbError> {
    let sql = "UPDATE bonded_stocktake SET state = $2, version = version + 1, changed_at = $3 \
         WHERE id = $1 AND version = $4";
    if tx.execute(sql, params![one.id, &one.state, now, one.version])? != 1 {
        return Ok(false);
    }
    let mut keys = Keys::new(&[Type::Int, Type::Int, Type::Text, Type::Text]);
    for difference in one.differences.iter().filter(|d| lines.contains(&d.line)) {
        keys.push(values![one.id, difference.line, &difference.decision, &difference.reason,]);
    }
    let sql = "UPDATE bonded_stocktake_line SET decision = k.c, reason = k.d FROM keys k \
         WHERE bonded_stocktake_line.stocktake = k.a AND bonded_stocktake_line.line = k.b";
    tx.update_many(sql, &keys)?;
    Ok(true)
}

pub(super) fn find(tx: &mut Tx, id: StocktakeId) -> Result<Option<Stocktake>, DbError> {
    let sql = format!("SELECT {STOCKTAKE} FROM bonded_stocktake s WHERE s.id = $1");
    let Some(row) = tx.query_opt(&sql, params![id])? else { return Ok(None) };
    let mut found = stocktake(&row)?;
    let sql = "SELECT line, record, item_no, expected, counted, decision, reason \
         FROM bonded_stocktake_line WHERE stocktake = $1 ORDER BY line";
    for row in tx.query(sql, params![id])? {
        found.differences.push(Difference {
            line: row.u32(0)?,
            record: row.opt_id(1)?,
            item_no: row.text(2)?.to_owned(),
            expected: Quantity::from_i64(row.i64(3)?),
            counted: Quantity::from_i64(row.i64(4)?),
            decision: row.text(5)?.to_owned(),
            reason: row.text(6)?.to_owned(),
        });
    }
    Ok(Some(found))
}

/// Stock-takes of a book after `after`, without differences.
pub(crate) fn list(
    tx: &mut Tx,
    book: BookId,
    after: StocktakeId,
    limit: i64,
) -> Result<Vec<Stocktake>, DbError> {
    let sql = format!(
        "SELECT {STOCKTAKE} FROM bonded_stocktake s WHERE s.book = $1 AND s.id > $2 \
         ORDER BY s.id LIMIT $3"
    );
    tx.query(&sql, params![book, after, limit])?.iter().map(stocktake).collect()
}

fn stocktake(row: &Row) -> Result<Stocktake, DbError> {
    Ok(Stocktake {
        id: row.id(0)?,
        book: row.id(1)?,
        state: row.text(2)?.to_owned(),
        version: row.i64(3)?,
        counted: row.i64(4)?,
        differing: row.i64(5)?,
        differences: Vec::new(),
    })
}
