//! All SQL of warehousing details and instructions.

use std::collections::HashMap;

use db::{Ctx, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};

use super::types::*;
use crate::book::EntryId;

const ARRIVAL: &str = "a.id, a.operator_code, a.customs_code, a.bill_no, a.voyage_no, a.sheet_no, \
     a.entry, (SELECT COUNT(*) FROM bonded_arrival_line l WHERE l.arrival = a.id)";
const INSTRUCTION: &str = "i.id, i.reference, i.waybill_no, i.operator_code, i.act, i.note, \
     i.result, i.image, i.remark, i.answered_at";

/// Which of these documents arrived before, by place.
pub(super) fn known(tx: &mut Tx, arrived: &[Arrived<'_>]) -> Result<Vec<bool>, DbError> {
    let mut keys = Keys::new(&[Type::Bytes]);
    arrived.iter().for_each(|one| keys.push(values![&one.key]));
    let sql = "SELECT k.n FROM keys k JOIN bonded_arrival a ON a.key = k.a";
    let mut known = vec![false; arrived.len()];
    for row in tx.query_keys(sql, &keys)? {
        if let Some(slot) = known.get_mut(row.u32(0)? as usize) {
            *slot = true;
        }
    }
    Ok(known)
}

/// The latest entry of each bill of which there is one.
pub(super) fn entries_of(tx: &mut Tx, bills: &[&str]) -> Result<HashMap<String, EntryId>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    bills.iter().filter(|bill| !bill.is_empty()).for_each(|bill| keys.push(values![*bill]));
    let sql = "SELECT k.n, k.a, MAX(e.id) FROM keys k JOIN bonded_entry e ON e.bill_no = k.a \
         GROUP BY k.n, k.a";
    let rows = tx.query_keys(sql, &keys)?;
    rows.iter().map(|row| Ok((row.text(1)?.to_owned(), row.id(2)?))).collect()
}

/// Details that are new, each with its entry if it is known.
pub(super) fn insert(
    tx: &mut Tx,
    ctx: &Ctx,
    new: &[(&Arrived<'_>, Option<EntryId>)],
) -> Result<(), DbError> {
    let ids: Vec<ArrivalId> = new.iter().map(|_| ctx.id()).collect();
    let rows: Rows<'_> = new
        .iter()
        .zip(&ids)
        .map(|((one, entry), id)| {
            values![
                *id,
                &one.key,
                one.operator_code,
                one.customs_code,
                one.bill_no,
                one.voyage_no,
                one.sheet_no,
                *entry,
            ]
        })
        .collect();
    let columns =
        ["id", "key", "operator_code", "customs_code", "bill_no", "voyage_no", "sheet_no", "entry"];
    tx.insert_many("bonded_arrival", &columns, &rows, OnConflict::Fail).map_err(crossed)?;
    let rows: Rows<'_> = new
        .iter()
        .zip(&ids)
        .flat_map(|((one, _), id)| one.lines.iter().map(move |line| (*id, line)))
        .map(|(id, line)| values![id, line.gnum, line.waybill_no])
        .collect();
    let columns = ["arrival", "line", "waybill_no"];
    // A line number given twice is judged elsewhere; one of the two is enough to find the parcel.
    tx.insert_many("bonded_arrival_line", &columns, &rows, OnConflict::Ignore).map(drop)
}

/// Gives an entry the details of its bill that have none yet.
pub(crate) fn link_entry(tx: &mut Tx, entry: EntryId, bill_no: &str) -> Result<(), DbError> {
    if bill_no.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE bonded_arrival SET entry = $1 WHERE bill_no = $2 AND entry IS NULL";
    tx.execute(sql, params![entry, bill_no]).map(drop)
}

/// Details after `after`, of one operator (by any of its codes) or of all.
pub(crate) fn arrivals(
    tx: &mut Tx,
    operator: Option<&[String; 2]>,
    after: ArrivalId,
    limit: i64,
) -> Result<Vec<Arrival>, DbError> {
    let sql = format!(
        "SELECT {ARRIVAL} FROM bonded_arrival a WHERE a.id > $1 \
         AND (CAST($2 AS TEXT) IS NULL OR a.operator_code IN ($2, $3)) ORDER BY a.id LIMIT $4"
    );
    let (one, other) = (operator.map(|codes| &codes[0]), operator.map(|codes| &codes[1]));
    tx.query(&sql, params![after, one, other, limit])?.iter().map(arrival).collect()
}

/// How many details and lines belong to an entry.
pub(crate) fn counted(tx: &mut Tx, entry: EntryId) -> Result<(i64, i64), DbError> {
    let sql = "SELECT COUNT(DISTINCT a.id), COUNT(l.line) FROM bonded_arrival a \
         LEFT JOIN bonded_arrival_line l ON l.arrival = a.id WHERE a.entry = $1";
    let row = tx.query_one(sql, params![entry])?;
    Ok((row.i64(0)?, row.i64(1)?))
}

/// A detail with its waybills.
pub(crate) fn find_arrival(
    tx: &mut Tx,
    id: ArrivalId,
) -> Result<Option<(Arrival, Vec<String>)>, DbError> {
    let sql = format!("SELECT {ARRIVAL} FROM bonded_arrival a WHERE a.id = $1");
    let Some(row) = tx.query_opt(&sql, params![id])? else { return Ok(None) };
    let sql = "SELECT waybill_no FROM bonded_arrival_line WHERE arrival = $1 ORDER BY line";
    let lines = tx.query(sql, params![id])?;
    let lines = lines.iter().map(|row| row.text(0).map(str::to_owned));
    Ok(Some((arrival(&row)?, lines.collect::<Result<_, DbError>>()?)))
}

/// The operator where each of these waybills arrived last.
pub(super) fn operators_of(
    tx: &mut Tx,
    waybills: impl Iterator<Item = String>,
) -> Result<HashMap<String, String>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    waybills.for_each(|waybill| keys.push(values![waybill]));
    let sql = "SELECT k.n, k.a, a.operator_code, a.id FROM keys k \
         JOIN bonded_arrival_line l ON l.waybill_no = k.a \
         JOIN bonded_arrival a ON a.id = l.arrival";
    let mut found: HashMap<String, (ArrivalId, String)> = HashMap::new();
    for row in tx.query_keys(sql, &keys)? {
        let (id, operator) = (row.id(3)?, row.text(2)?);
        let slot = found.entry(row.text(1)?.to_owned()).or_insert((id, operator.to_owned()));
        if slot.0 < id {
            *slot = (id, operator.to_owned());
        }
    }
    Ok(found.into_iter().map(|(waybill, (_, operator))| (waybill, operator)).collect())
}

/// Instructions with these references, by reference.
pub(super) fn referred(
    tx: &mut Tx,
    references: impl Iterator<Item = String>,
) -> Result<HashMap<String, Instructed>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    references.for_each(|reference| keys.push(values![reference]));
    let sql = format!(
        "SELECT k.n, {INSTRUCTION} FROM keys k JOIN bonded_instruction i ON i.reference = k.a"
    );
    let rows = tx.query_keys(&sql, &keys)?;
    rows.iter().map(|row| instruction(row, 1).map(|i| (i.reference.clone(), i))).collect()
}

pub(super) fn insert_instructions(tx: &mut Tx, new: &[Instructed]) -> Result<(), DbError> {
    let rows: Rows<'_> = new
        .iter()
        .map(|i| {
            let at = i.answered_at;
            values![
                i.id,
                &i.reference,
                &i.waybill_no,
                &i.operator_code,
                &i.act,
                &i.note,
                &i.result,
                &i.image,
                &i.remark,
                at,
            ]
        })
        .collect();
    let columns = [
        "id",
        "reference",
        "waybill_no",
        "operator_code",
        "act",
        "note",
        "result",
        "image",
        "remark",
        "answered_at",
    ];
    tx.insert_many("bonded_instruction", &columns, &rows, OnConflict::Fail).map(drop)
}

pub(crate) fn find_instruction(
    tx: &mut Tx,
    id: InstructionId,
) -> Result<Option<Instructed>, DbError> {
    let sql = format!("SELECT {INSTRUCTION} FROM bonded_instruction i WHERE i.id = $1");
    tx.query_opt(&sql, params![id])?.map(|row| instruction(&row, 0)).transpose()
}

/// Instructions after `after`, of one operator or of all, of one parcel or of all.
pub(crate) fn instructions(
    tx: &mut Tx,
    operator: Option<&[String; 2]>,
    waybill_no: Option<&str>,
    after: InstructionId,
    limit: i64,
) -> Result<Vec<Instructed>, DbError> {
    let sql = format!(
        "SELECT {INSTRUCTION} FROM bonded_instruction i WHERE i.id > $1 \
         AND (CAST($2 AS TEXT) IS NULL OR i.operator_code IN ($2, $3)) \
         AND (CAST($4 AS TEXT) IS NULL OR i.waybill_no = $4) ORDER BY i.id LIMIT $5"
    );
    let (one, other) = (operator.map(|codes| &codes[0]), operator.map(|codes| &codes[1]));
    let rows = tx.query(&sql, params![after, one, other, waybill_no, limit])?;
    rows.iter().map(|row| instruction(row, 0)).collect()
}

/// Writes an answer; false when there is one already.
pub(super) fn answer(tx: &mut Tx, instructed: &Instructed) -> Result<bool, DbError> {
    let sql = "UPDATE bonded_instruction SET result = $2, image = $3, remark = $4, \
         answered_at = $5 WHERE id = $1 AND answered_at IS NULL";
    let Instructed { id, result, image, remark, answered_at, .. } = instructed;
    Ok(tx.execute(sql, params![*id, result, image, remark, *answered_at])? == 1)
}

/// Somebody else kept the same document at the same moment: to be done again.
fn crossed(error: DbError) -> DbError {
    match error {
        DbError::Unique { .. } => {
            DbError::Busy("another transaction kept the same detail".to_owned())
        }
        other => other,
    }
}

fn arrival(row: &Row) -> Result<Arrival, DbError> {
    let text = |column| row.text(column).map(str::to_owned);
    Ok(Arrival {
        id: row.id(0)?,
        operator_code: text(1)?,
        customs_code: text(2)?,
        bill_no: text(3)?,
        voyage_no: text(4)?,
        sheet_no: text(5)?,
        entry: row.opt_id(6)?,
        lines: row.i64(7)?,
    })
}

fn instruction(row: &Row, at: usize) -> Result<Instructed, DbError> {
    let text = |column| row.text(at + column).map(str::to_owned);
    Ok(Instructed {
        id: row.id(at)?,
        reference: text(1)?,
        waybill_no: text(2)?,
        operator_code: text(3)?,
        act: text(4)?,
        note: text(5)?,
        result: text(6)?,
        image: text(7)?,
        remark: text(8)?,
        answered_at: row.opt_time(at + 9)?,
    })
}
