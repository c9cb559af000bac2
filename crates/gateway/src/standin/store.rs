//! All SQL of the stand-in.

use db::{DbError, Keys, Migration, OnConflict, Row, Rows, Tx, Type, values};
use kernel::{Id, IdSource, Time};

use super::memory::{Key, Memory};
use super::receipt::{Held, Outbox, RAW};

/// Tables of the stand-in.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    room: "gateway",
    number: 1,
    name: "standin",
    sql: include_str!("../../migrations/0001_standin.sql"),
}];

/// Names a stored receipt.
pub(crate) enum DueId {}

/// Names what is numbered in the log of the memory.
const LOG_NUMBER: &str = "standin.log";

/// Rows of the log read at once when the memory is made again.
const LOG_ROWS: i64 = 64;

/// Takes the next place in the log. Whoever else wants to judge waits until this transaction ends,
/// so that the memory may be brought up to this place.
pub(crate) fn next_place(tx: &mut Tx) -> Result<i64, DbError> {
    tx.next_number(LOG_NUMBER)
}

/// Brings the memory up to a place of the log, from the one it has; gives the last there is.
pub(crate) fn catch_up(tx: &mut Tx, memory: &mut Memory, mut seen: i64) -> Result<i64, DbError> {
    let sql = "SELECT place, body FROM standin_log WHERE place > $1 ORDER BY place LIMIT $2";
    loop {
        let rows = tx.query(sql, db::params![seen, LOG_ROWS])?;
        for row in &rows {
            seen = row.i64(0)?;
            let replayed = memory.replay(row.bytes(1)?);
            replayed.ok_or_else(|| DbError::Damaged(format!("row {seen} of standin_log")))?;
        }
        if rows.len() < usize::try_from(LOG_ROWS).unwrap_or_default() {
            return Ok(seen);
        }
    }
}

/// Writes what a batch changed.
pub(crate) fn remember(tx: &mut Tx, place: i64, memory: &Memory) -> Result<(), DbError> {
    let row = memory.row();
    if row.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO standin_log (place, body) VALUES ($1, $2)";
    tx.execute(sql, db::params![place, row]).map(drop)
}

/// Writes receipts on their way.
pub(crate) fn add_due(
    tx: &mut Tx,
    ids: &IdSource,
    now: Time,
    outbox: &Outbox,
) -> Result<(), DbError> {
    let mut rows = Rows::with_capacity(outbox.due.len(), 6);
    for one in &outbox.due {
        let id: Id<DueId> = ids.next(now);
        let receiver = outbox.receiver_of(one);
        rows.push(values![id, one.due_at, one.kind, receiver, one.returns, &one.bytes]);
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

/// A stored receipt that is due.
pub(crate) struct Waiting(Row);

impl Waiting {
    pub(crate) fn id(&self) -> Result<i64, DbError> {
        self.0.i64(0)
    }

    pub(crate) fn due_at(&self) -> Result<Time, DbError> {
        self.0.time(1)
    }

    pub(crate) fn kind(&self) -> Result<&str, DbError> {
        self.0.text(2)
    }

    pub(crate) fn receiver(&self) -> Result<&str, DbError> {
        self.0.text(3)
    }

    pub(crate) fn returns(&self) -> Result<i64, DbError> {
        self.0.i64(4)
    }

    pub(crate) fn bytes(&self) -> Result<&[u8], DbError> {
        self.0.bytes(5)
    }
}

/// Receipts due at `now`, oldest first, from after a due time and id.
pub(crate) fn due(
    tx: &mut Tx,
    now: Time,
    after: (Time, i64),
    max: i64,
) -> Result<Vec<Waiting>, DbError> {
    let sql = "SELECT id, due_at, kind, receiver, returns, bytes FROM standin_due \
               WHERE due_at <= $1 AND (due_at, id) > ($2, $3) ORDER BY due_at, id LIMIT $4";
    let rows = tx.query(sql, db::params![now, after.0, after.1, max])?;
    Ok(rows.into_iter().map(Waiting).collect())
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
