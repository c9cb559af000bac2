//! Stored messages, what is due to be sent, steps, refusals.

use std::collections::{BTreeMap, HashSet};

use db::{DbError, Keys, OnConflict, OriginalId, Row, Rows, Tx, Type, params, values};
use kernel::{Id, Time};

use crate::dispatch::DispatchId;
use crate::document::pack::{Packer, Unpacker};
use crate::document::{DocumentId, Kind, MessageId};

/// A message as stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: MessageId,
    pub(crate) kind: Kind,
    pub(crate) guid: [u8; 16],
    pub(crate) sender: String,
    pub(crate) original_id: i64,
    pub(crate) documents: i64,
    pub(crate) received_at: Time,
}

const COLUMNS: [&str; 7] =
    ["id", "kind", "guid", "sender_code", "original_id", "documents", "received_at"];

fn of_row(row: &Row) -> Result<Stored, DbError> {
    let damaged = || DbError::Damaged("clearance_message".to_owned());
    Ok(Stored {
        id: row.id(0)?,
        kind: Kind::of_number(row.i64(1)?).ok_or_else(damaged)?,
        guid: row.bytes(2)?.try_into().map_err(|_| damaged())?,
        sender: row.text(3)?.to_owned(),
        original_id: row.i64(4)?,
        documents: row.i64(5)?,
        received_at: row.time(6)?,
    })
}

/// Stores messages.
pub(crate) fn insert(tx: &mut Tx, messages: &[Stored]) -> Result<(), DbError> {
    let rows: Rows<'_> = messages
        .iter()
        .map(|m| {
            values![
                m.id,
                m.kind.number(),
                &m.guid,
                &m.sender,
                m.original_id,
                m.documents,
                m.received_at,
            ]
        })
        .collect();
    tx.insert_many("clearance_message", &COLUMNS, &rows, OnConflict::Fail).map(drop)
}

/// The messages of these ids.
pub(crate) fn by_ids(tx: &mut Tx, ids: &[MessageId]) -> Result<Vec<Stored>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    let sql = format!("SELECT {} FROM clearance_message WHERE id = $1", COLUMNS.join(", "));
    for id in ids {
        found.extend(tx.query_opt(&sql, params![*id])?.map(|row| of_row(&row)).transpose()?);
    }
    Ok(found)
}

/// The messages of a guid, newest first.
pub(crate) fn by_guid(tx: &mut Tx, guid: &[u8; 16]) -> Result<Vec<Stored>, DbError> {
    let sql = format!(
        "SELECT {} FROM clearance_message WHERE guid = $1 ORDER BY id DESC",
        COLUMNS.join(", ")
    );
    tx.query(&sql, params![guid])?.iter().map(of_row).collect()
}

/// Something due to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) id: DispatchId,
    pub(crate) kind: Kind,
    pub(crate) message_id: MessageId,
    /// Places of the documents in the message; `None` for all of it.
    pub(crate) positions: Option<Vec<i64>>,
    pub(crate) documents: Vec<DocumentId>,
    pub(crate) attempts: i64,
}

fn pack_list(list: impl ExactSizeIterator<Item = i64>) -> Vec<u8> {
    let mut packer = Packer::new();
    packer.number(list.len() as u64);
    let mut before = 0;
    for value in list {
        packer.signed(value - before);
        before = value;
    }
    packer.finish()
}

fn unpack_list(bytes: &[u8]) -> Vec<i64> {
    let Some(mut unpacker) = Unpacker::new(bytes) else { return Vec::new() };
    let mut value = 0;
    (0..unpacker.count())
        .map(|_| {
            value += unpacker.signed();
            value
        })
        .collect()
}

/// Stores what is due now.
pub(crate) fn insert_due(tx: &mut Tx, dues: &[Due], now: Time) -> Result<(), DbError> {
    let rows: Rows<'_> = dues
        .iter()
        .map(|due| {
            let positions = due.positions.as_ref().map(|list| pack_list(list.iter().copied()));
            values![
                due.id,
                due.kind.number(),
                due.message_id,
                positions,
                pack_list(due.documents.iter().map(|id| id.to_i64())),
                due.attempts,
                now,
                false,
            ]
        })
        .collect();
    let columns =
        ["id", "kind", "message_id", "positions", "documents", "attempts", "due_at", "claimed"];
    tx.insert_many("clearance_dispatch", &columns, &rows, OnConflict::Fail).map(drop)
}

fn due_of_row(row: &Row) -> Result<Due, DbError> {
    let damaged = || DbError::Damaged("clearance_dispatch".to_owned());
    Ok(Due {
        id: row.id(0)?,
        kind: Kind::of_number(row.i64(1)?).ok_or_else(damaged)?,
        message_id: row.id(2)?,
        positions: row.opt_bytes(3)?.map(unpack_list),
        documents: unpack_list(row.bytes(4)?).into_iter().map(Id::from_i64).collect(),
        attempts: row.i64(5)?,
    })
}

/// What is due, oldest first, with the original of its message. What was claimed and never reported
/// on comes again when its lease has run out.
pub(crate) fn due(tx: &mut Tx, now: Time, max: u32) -> Result<Vec<(Due, OriginalId)>, DbError> {
    let sql = "SELECT d.id, d.kind, d.message_id, d.positions, d.documents, d.attempts,
                      m.original_id
               FROM clearance_dispatch d JOIN clearance_message m ON m.id = d.message_id
               WHERE d.due_at <= $1 ORDER BY d.due_at, d.id LIMIT $2";
    let rows = tx.query(sql, params![now, max])?;
    rows.iter().map(|row| Ok((due_of_row(row)?, row.id(6)?))).collect()
}

/// Marks as claimed until `lease`.
pub(crate) fn claim(tx: &mut Tx, dues: &[Due], lease: Time) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Int]);
    dues.iter().for_each(|due| keys.push(values![due.id, lease]));
    tx.update_many(
        "UPDATE clearance_dispatch SET due_at = k.b, claimed = TRUE
         FROM keys k WHERE clearance_dispatch.id = k.a",
        &keys,
    )
    .map(drop)
}

/// Whether documents other than inventories are to be sent later than now: claimed by somebody, or
/// waiting for another try.
pub(crate) fn papers_wait(tx: &mut Tx, now: Time) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM clearance_dispatch
               WHERE due_at > $1 AND kind <> $2 AND kind <> $3 LIMIT 1";
    let [import, export] = [Kind::Inventory, Kind::ExportInventory].map(Kind::number);
    Ok(tx.query_opt(sql, params![now, import, export])?.is_some())
}

/// The messages of which something is to be sent, now or later.
pub(crate) fn messages_due(tx: &mut Tx) -> Result<HashSet<MessageId>, DbError> {
    let rows = tx.query("SELECT DISTINCT message_id FROM clearance_dispatch", &[])?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Lets dispatches wait until `due`, without counting that as a try.
pub(crate) fn hold_back(tx: &mut Tx, ids: &HashSet<DispatchId>, due: Time) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = "UPDATE clearance_dispatch SET due_at = $1, claimed = FALSE
               WHERE id IN (SELECT k.a FROM keys k)";
    tx.update_many_with(sql, &keys, params![due]).map(drop)
}

/// Makes due now what somebody had claimed.
pub(crate) fn release(tx: &mut Tx, now: Time) -> Result<u64, DbError> {
    let sql = "UPDATE clearance_dispatch SET due_at = $1, claimed = FALSE WHERE claimed";
    tx.execute(sql, params![now])
}

/// Makes what is due after now due so much earlier.
pub(crate) fn bring_forward(tx: &mut Tx, now: Time, by_ms: i64) -> Result<u64, DbError> {
    let sql = "UPDATE clearance_dispatch SET due_at = due_at - $2 WHERE due_at > $1";
    tx.execute(sql, params![now, by_ms])
}

/// The claimed dispatches of these ids.
pub(crate) fn dues(tx: &mut Tx, ids: &[DispatchId]) -> Result<Vec<Due>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = "SELECT k.n, d.id, d.kind, d.message_id, d.positions, d.documents, d.attempts
               FROM keys k JOIN clearance_dispatch d ON d.id = k.a";
    let rows = tx.query_keys(sql, &keys)?;
    let damaged = || DbError::Damaged("clearance_dispatch".to_owned());
    rows.iter()
        .map(|row| {
            Ok(Due {
                id: row.id(1)?,
                kind: Kind::of_number(row.i64(2)?).ok_or_else(damaged)?,
                message_id: row.id(3)?,
                positions: row.opt_bytes(4)?.map(unpack_list),
                documents: unpack_list(row.bytes(5)?).into_iter().map(Id::from_i64).collect(),
                attempts: row.i64(6)?,
            })
        })
        .collect()
}

/// Takes dispatches off the list.
pub(crate) fn delete_dues(tx: &mut Tx, ids: &[DispatchId]) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = "DELETE FROM clearance_dispatch WHERE id IN (SELECT k.a FROM keys k)";
    tx.update_many(sql, &keys).map(drop)
}

/// Puts dispatches that failed back on the list: which, due when.
pub(crate) fn postpone(tx: &mut Tx, dues: &[(DispatchId, Time)]) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Int]);
    dues.iter().for_each(|(id, at)| keys.push(values![*id, *at]));
    tx.update_many(
        "UPDATE clearance_dispatch SET due_at = k.b, claimed = FALSE, attempts = attempts + 1
         FROM keys k WHERE clearance_dispatch.id = k.a",
        &keys,
    )
    .map(drop)
}

/// What is due of a message, and whether it is being sent at the moment.
pub(crate) fn dues_of(tx: &mut Tx, message: MessageId) -> Result<Vec<(Due, bool)>, DbError> {
    let sql = "SELECT id, kind, message_id, positions, documents, attempts, claimed
               FROM clearance_dispatch WHERE message_id = $1";
    let rows = tx.query(sql, params![message])?;
    rows.iter().map(|row| Ok((due_of_row(row)?, row.bool(6)?))).collect()
}

/// Leaves these places of a message and documents in a dispatch.
pub(crate) fn narrow(
    tx: &mut Tx,
    id: DispatchId,
    positions: &[i64],
    documents: &[DocumentId],
) -> Result<(), DbError> {
    let sql = "UPDATE clearance_dispatch SET positions = $2, documents = $3 WHERE id = $1";
    let documents = pack_list(documents.iter().map(|id| id.to_i64()));
    tx.execute(sql, params![id, pack_list(positions.iter().copied()), documents]).map(drop)
}

/// Adds to the counts of what was refused: by day (`yyyymmdd`) and code.
pub(crate) fn count_refusals(
    tx: &mut Tx,
    counts: &BTreeMap<(i64, &'static str), i64>,
) -> Result<(), DbError> {
    for ((day, code), count) in counts {
        let sql = "INSERT INTO clearance_refusal (day, code, count) VALUES ($1, $2, $3)
                   ON CONFLICT (day, code)
                   DO UPDATE SET count = clearance_refusal.count + excluded.count";
        tx.execute(sql, params![*day, *code, *count])?;
    }
    Ok(())
}
