//! All SQL of movements.

use std::collections::HashMap;

use db::{Ctx, DbError, OnConflict, Row, Rows, Tx, params, values};

use super::types::*;
use crate::Quantity;
use crate::book::RecordId;

impl Movement {
    /// A movement that happens now.
    pub(crate) fn new(
        ctx: &Ctx,
        record: RecordId,
        cause: Cause,
        quantity: Quantity,
        source: i64,
    ) -> Movement {
        Movement { id: ctx.id(), record, cause, quantity, source, reference: String::new() }
    }
}

/// Writes movements.
pub(crate) fn insert(tx: &mut Tx, movements: &[Movement]) -> Result<(), DbError> {
    let rows: Rows<'_> = movements
        .iter()
        .map(|one| {
            let quantity = one.quantity.to_i64();
            values![one.record, one.id, one.cause as i64, quantity, one.source]
        })
        .collect();
    let columns = ["record", "movement", "cause", "quantity", "source"];
    tx.insert_many("bonded_movement", &columns, &rows, OnConflict::Fail).map(drop)
}

/// Movements of a record before `before`, latest first, each with how people know its cause.
pub(crate) fn of_record(
    tx: &mut Tx,
    record: RecordId,
    before: MovementId,
    limit: i64,
) -> Result<Vec<Movement>, DbError> {
    let sql = "SELECT m.movement, m.record, m.cause, m.quantity, m.source, e.checklist_no, d.key, \
         r.key, t.out_reference, x.approval_no FROM bonded_movement m \
         LEFT JOIN bonded_entry e ON m.cause = 2 AND e.id = m.source \
         LEFT JOIN bonded_draw d ON m.cause IN (3, 5) AND d.id = m.source \
         LEFT JOIN bonded_return r ON m.cause = 4 AND r.id = m.source \
         LEFT JOIN bonded_transfer t ON m.cause IN (6, 7, 8) AND t.id = m.source \
         LEFT JOIN bonded_destruction x ON m.cause = 9 AND x.id = m.source \
         WHERE m.record = $1 AND m.movement < $2 ORDER BY m.movement DESC LIMIT $3";
    tx.query(sql, params![record, before, limit])?.iter().map(movement).collect()
}

fn movement(row: &Row) -> Result<Movement, DbError> {
    let cause = Cause::parse(row.i64(2)?)
        .ok_or_else(|| DbError::Damaged("the cause of a movement cannot be read".to_owned()))?;
    let key = row.opt_bytes(6)?.or(row.opt_bytes(7)?).map(hex);
    let text = row.opt_text(5)?.or(row.opt_text(8)?).or(row.opt_text(9)?);
    Ok(Movement {
        id: row.id(0)?,
        record: row.id(1)?,
        cause,
        quantity: Quantity::from_i64(row.i64(3)?),
        source: row.i64(4)?,
        reference: key.or(text.map(str::to_owned)).unwrap_or_default(),
    })
}

/// A key as clearance gave it, for people.
fn hex(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sum of the movements of every record, by cause, of records after `after`.
pub(crate) fn totals(
    tx: &mut Tx,
    from: RecordId,
    to: RecordId,
) -> Result<HashMap<(RecordId, Cause), Quantity>, DbError> {
    let sql = "SELECT record, cause, CAST(SUM(quantity) AS BIGINT) FROM bonded_movement \
         WHERE record >= $1 AND record <= $2 GROUP BY record, cause";
    let mut totals = HashMap::new();
    for row in tx.query(sql, params![from, to])? {
        if let Some(cause) = Cause::parse(row.i64(1)?) {
            totals.insert((row.id(0)?, cause), Quantity::from_i64(row.i64(2)?));
        }
    }
    Ok(totals)
}
