//! All SQL of gate passes.

use std::collections::HashSet;

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use register::party::PartyId;

use super::types::*;
use crate::Quantity;

const PASS: &str = "p.id, p.number, p.holder, p.zone, p.direction, p.vehicle_no, p.tare, \
     p.weighed, p.tolerance, p.state, p.version, p.reason, p.issued_at, p.passed_at, p.closed_at, \
     p.holder_code";

pub(super) fn insert(tx: &mut Tx, pass: &Pass) -> Result<(), DbError> {
    let sql = "INSERT INTO bonded_pass (id, number, holder, zone, direction, vehicle_no, tare, \
         tolerance, state, version, reason, holder_code) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11)";
    let Pass { id, number, holder, zone, direction, vehicle_no, .. } = pass;
    let values = params![
        *id,
        number,
        *holder,
        zone,
        direction.word(),
        vehicle_no,
        pass.tare.to_i64(),
        pass.tolerance,
        pass.state.word(),
        pass.version,
        &pass.holder_code,
    ];
    tx.execute(sql, values)?;
    insert_items(tx, *id, &pass.items)
}

pub(super) fn insert_items(tx: &mut Tx, pass: PassId, items: &[PassItem]) -> Result<(), DbError> {
    let rows: Rows<'_> = items
        .iter()
        .map(|item| {
            let weight = item.weight.to_i64();
            values![pass, item.line, item.kind.word(), &item.number, weight, true]
        })
        .collect();
    let columns = ["pass", "line", "kind", "number", "weight", "live"];
    tx.insert_many("bonded_pass_item", &columns, &rows, OnConflict::Fail).map(drop)
}

pub(super) fn remove_items(tx: &mut Tx, pass: PassId, lines: &[u32]) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    lines.iter().for_each(|line| keys.push(values![*line]));
    let sql = "DELETE FROM bonded_pass_item WHERE pass = $1 AND line IN (SELECT k.a FROM keys k)";
    tx.update_many_with(sql, &keys, params![pass]).map(drop)
}

/// Frees what a voided pass carried.
pub(super) fn free_items(tx: &mut Tx, pass: PassId) -> Result<(), DbError> {
    let sql = "UPDATE bonded_pass_item SET live = FALSE WHERE pass = $1";
    tx.execute(sql, params![pass]).map(drop)
}

/// Which of these documents are on a pass that is not voided, by place.
pub(super) fn bound(tx: &mut Tx, items: &[PassItem]) -> Result<HashSet<u32>, DbError> {
    let mut keys = Keys::new(&[Type::Text, Type::Text]);
    items.iter().for_each(|item| keys.push(values![item.kind.word(), &item.number]));
    let sql = "SELECT k.n FROM keys k JOIN bonded_pass_item i \
         ON i.kind = k.a AND i.number = k.b AND i.live";
    tx.query_keys(sql, &keys)?.iter().map(|row| row.u32(0)).collect()
}

/// Which of these are entries of the holder, or its transfers under way, by place.
pub(super) fn owned(
    tx: &mut Tx,
    holder: PartyId,
    items: &[PassItem],
) -> Result<HashSet<u32>, DbError> {
    let mut entries = Keys::new(&[Type::Int, Type::Text]);
    let mut transfers = Keys::new(&[Type::Int, Type::Int]);
    for (n, item) in (0_u32..).zip(items) {
        match item.kind {
            PassItemKind::Entry => entries.push(values![n, &item.number]),
            PassItemKind::Transfer => {
                let id = item.number.parse::<crate::TransferId>();
                transfers.push(values![n, id.map_or(0, kernel::Id::to_i64)]);
            }
            PassItemKind::Inventory => {}
        }
    }
    let sql = "SELECT k.n, k.a FROM keys k JOIN bonded_book b ON b.holder = $1 \
         JOIN bonded_entry e ON e.book = b.id AND e.checklist_no = k.b";
    let mut found = HashSet::new();
    for row in tx.query_keys_with(sql, &entries, params![holder])? {
        found.insert(row.u32(1)?);
    }
    let sql = "SELECT k.n, k.a FROM keys k JOIN bonded_transfer t ON t.id = k.b \
         JOIN bonded_book f ON f.id = t.from_book LEFT JOIN bonded_book i ON i.id = t.to_book \
         WHERE (f.holder = $1 OR i.holder = $1) AND t.state IN ('planned', 'in_transit')";
    for row in tx.query_keys_with(sql, &transfers, params![holder])? {
        found.insert(row.u32(1)?);
    }
    Ok(found)
}

/// Saves what changed over the version it was read at. False when somebody else was faster.
pub(super) fn update(tx: &mut Tx, pass: &Pass) -> Result<bool, DbError> {
    let sql = "UPDATE bonded_pass SET weighed = $2, state = $3, version = version + 1, \
         reason = $4, issued_at = $5, passed_at = $6, closed_at = $7 \
         WHERE id = $1 AND version = $8";
    let values = params![
        pass.id,
        pass.weighed.map(Quantity::to_i64),
        pass.state.word(),
        &pass.reason,
        pass.issued_at,
        pass.passed_at,
        pass.closed_at,
        pass.version,
    ];
    Ok(tx.execute(sql, values)? == 1)
}

pub(super) fn find(tx: &mut Tx, id: PassId) -> Result<Option<Pass>, DbError> {
    let sql = format!("SELECT {PASS} FROM bonded_pass p WHERE p.id = $1");
    let Some(row) = tx.query_opt(&sql, params![id])? else { return Ok(None) };
    let mut found = pass(&row)?;
    let sql = "SELECT line, kind, number, weight FROM bonded_pass_item \
         WHERE pass = $1 ORDER BY line";
    for row in tx.query(sql, params![id])? {
        let damaged = || DbError::Damaged("the kind of a document cannot be read".to_owned());
        found.items.push(PassItem {
            line: row.u32(0)?,
            kind: PassItemKind::parse(row.text(1)?).ok_or_else(damaged)?,
            number: row.text(2)?.to_owned(),
            weight: Quantity::from_i64(row.i64(3)?),
        });
    }
    Ok(Some(found))
}

/// Passes after `after`, of one holder or of all, without what they carry.
pub(crate) fn list(
    tx: &mut Tx,
    holder: Option<PartyId>,
    state: Option<&str>,
    after: PassId,
    limit: i64,
) -> Result<Vec<Pass>, DbError> {
    let sql = format!(
        "SELECT {PASS} FROM bonded_pass p WHERE p.id > $1 \
         AND (CAST($2 AS BIGINT) IS NULL OR p.holder = $2) \
         AND (CAST($3 AS TEXT) IS NULL OR p.state = $3) ORDER BY p.id LIMIT $4"
    );
    tx.query(&sql, params![after, holder, state, limit])?.iter().map(pass).collect()
}

fn pass(row: &Row) -> Result<Pass, DbError> {
    let damaged = || DbError::Damaged("a pass cannot be read".to_owned());
    let direction = match row.text(4)? {
        "in" => PassDirection::In,
        "out" => PassDirection::Out,
        _ => return Err(damaged()),
    };
    Ok(Pass {
        id: row.id(0)?,
        number: row.text(1)?.to_owned(),
        holder: row.id(2)?,
        holder_code: row.text(15)?.into(),
        zone: row.text(3)?.to_owned(),
        direction,
        vehicle_no: row.text(5)?.to_owned(),
        tare: Quantity::from_i64(row.i64(6)?),
        weighed: row.opt_i64(7)?.map(Quantity::from_i64),
        tolerance: row.decimal(8)?,
        state: State::parse(row.text(9)?).ok_or_else(damaged)?,
        version: row.i64(10)?,
        reason: row.text(11)?.to_owned(),
        issued_at: row.opt_time(12)?,
        passed_at: row.opt_time(13)?,
        closed_at: row.opt_time(14)?,
        items: Vec::new(),
    })
}
