//! All SQL of the stand-in.

use db::{DbError, Keys, Migration, OnConflict, Rows, Tx, Type, values};
use kernel::{Id, IdSource, Time};

use super::memory::{Changes, Key, Memory};
use super::receipt::{Due, Held, RAW};

/// Tables of the stand-in.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    room: "gateway",
    number: 1,
    name: "standin",
    sql: include_str!("../../migrations/0001_standin.sql"),
}];

/// Names a stored receipt.
pub(crate) enum DueId {}

/// A stored receipt that is due.
pub(crate) struct Waiting {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) receiver: String,
    pub(crate) returns: i64,
    pub(crate) bytes: Vec<u8>,
}

/// Loads what is remembered under `keys`, which may repeat.
pub(crate) fn load(tx: &mut Tx, memory: &mut Memory, keys: &mut Vec<Key>) -> Result<(), DbError> {
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(());
    }
    let mut wanted = Keys::new(&[Type::Bytes]);
    for key in keys.iter() {
        wanted.push(values![key]);
    }
    let sql = "SELECT k.n, d.body FROM keys k JOIN standin_document d ON d.key = k.a";
    for row in tx.query_keys(sql, &wanted)? {
        let place = usize::try_from(row.i64(0)?).unwrap_or(usize::MAX);
        if let Some(key) = keys.get(place) {
            memory.load(*key, row.bytes(1)?.to_vec());
        }
    }
    Ok(())
}

/// Writes what a batch changed.
pub(crate) fn remember(tx: &mut Tx, changes: &Changes) -> Result<(), DbError> {
    let mut new = Rows::with_capacity(changes.new.len(), 2);
    for (key, body) in &changes.new {
        new.push(values![key, body]);
    }
    tx.insert_many("standin_document", &["key", "body"], &new, OnConflict::Fail)?;
    if changes.changed.is_empty() {
        return Ok(());
    }
    let mut changed = Keys::new(&[Type::Bytes, Type::Bytes]);
    for (key, body) in &changes.changed {
        changed.push(values![key, body]);
    }
    let sql = "UPDATE standin_document SET body = k.b FROM keys k WHERE standin_document.key = k.a";
    tx.update_many(sql, &changed)?;
    Ok(())
}

/// Writes receipts on their way.
pub(crate) fn add_due(tx: &mut Tx, ids: &IdSource, now: Time, due: &[Due]) -> Result<(), DbError> {
    let mut rows = Rows::with_capacity(due.len(), 6);
    for one in due {
        let id: Id<DueId> = ids.next(now);
        rows.push(values![id, one.due_at, one.kind, &one.receiver, one.returns, &one.bytes]);
    }
    let columns = ["id", "due_at", "kind", "receiver", "returns", "bytes"];
    tx.insert_many("standin_due", &columns, &rows, OnConflict::Fail)?;
    Ok(())
}

/// Writes receipts that wait for goods to arrive.
pub(crate) fn add_held(
    tx: &mut Tx,
    ids: &IdSource,
    now: Time,
    held: &[Held],
) -> Result<(), DbError> {
    let mut rows = Rows::with_capacity(held.len(), 7);
    for one in held {
        let id: Id<DueId> = ids.next(now);
        rows.push(values![
            id,
            &one.waybill,
            one.kind,
            &one.receiver,
            one.due_after_ms,
            one.said_after_ms,
            &one.bytes
        ]);
    }
    let columns = ["id", "waybill", "kind", "receiver", "due_after_ms", "said_after_ms", "bytes"];
    tx.insert_many("standin_held", &columns, &rows, OnConflict::Fail)?;
    Ok(())
}

/// Takes out the receipts that wait for these waybills.
pub(crate) fn take_held(tx: &mut Tx, waybills: &[Key]) -> Result<Vec<Held>, DbError> {
    if waybills.is_empty() {
        return Ok(Vec::new());
    }
    let mut wanted = Keys::new(&[Type::Bytes]);
    for waybill in waybills {
        wanted.push(values![waybill]);
    }
    let sql = "SELECT k.n, h.id, h.kind, h.receiver, h.due_after_ms, h.said_after_ms, h.bytes \
               FROM keys k JOIN standin_held h ON h.waybill = k.a";
    let mut held = Vec::new();
    let mut ids = Vec::new();
    for row in tx.query_keys(sql, &wanted)? {
        let place = usize::try_from(row.i64(0)?).unwrap_or(usize::MAX);
        let Some(waybill) = waybills.get(place) else { continue };
        ids.push(row.i64(1)?);
        held.push(Held {
            waybill: *waybill,
            kind: kind_of(row.text(2)?),
            receiver: row.text(3)?.to_owned(),
            due_after_ms: row.i64(4)?,
            said_after_ms: row.i64(5)?,
            bytes: row.bytes(6)?.to_vec(),
        });
    }
    delete(tx, "DELETE FROM standin_held WHERE id IN (SELECT k.a FROM keys k)", &ids)?;
    Ok(held)
}

/// Receipts due at `now`, oldest first.
pub(crate) fn due(tx: &mut Tx, now: Time, max: i64) -> Result<Vec<Waiting>, DbError> {
    let sql = "SELECT id, kind, receiver, returns, bytes FROM standin_due \
               WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    let rows = tx.query(sql, db::params![now, max])?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                id: row.i64(0)?,
                kind: row.text(1)?.to_owned(),
                receiver: row.text(2)?.to_owned(),
                returns: row.i64(3)?,
                bytes: row.bytes(4)?.to_vec(),
            })
        })
        .collect()
}

/// Forgets receipts that were delivered.
pub(crate) fn delivered(tx: &mut Tx, ids: &[i64]) -> Result<(), DbError> {
    delete(tx, "DELETE FROM standin_due WHERE id IN (SELECT k.a FROM keys k)", ids)
}

/// When the next receipt is due; `None` when none waits.
pub(crate) fn next_due(tx: &mut Tx) -> Result<Option<Time>, DbError> {
    let sql = "SELECT due_at FROM standin_due ORDER BY due_at, id LIMIT 1";
    let row = tx.query_opt(sql, db::params![])?;
    row.map(|row| row.i64(0).map(Time::from_millis)).transpose()
}

fn delete(tx: &mut Tx, sql: &str, ids: &[i64]) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut keys = Keys::new(&[Type::Int]);
    for id in ids {
        keys.push(values![*id]);
    }
    tx.update_many(sql, &keys)?;
    Ok(())
}

/// Types of the stand-in's receipts, as static words.
fn kind_of(text: &str) -> &'static str {
    ceb::message_type(text).map_or(RAW, |kind| kind.code)
}
