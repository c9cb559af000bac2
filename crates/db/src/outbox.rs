//! The outbox: events written in the transaction that makes them true, and handled exactly once by
//! each consumer.
//!
//! **Order.** Events are collected in memory and written at the very end of their transaction. The
//! first thing that does is to raise the row `db.event` of `db_number`, which on PostgreSQL locks
//! that row until the commit (SQLite has one writer anyhow). So numbers are handed out in the
//! order of commits, without gaps: when a consumer sees number 7, everything up to 7 is visible,
//! and nothing smaller can appear later. A sequence or an id made earlier would not give this,
//! because transactions commit in another order than they begin. The lock is the last one taken
//! and is held only while the events themselves are written, so it cannot be part of a deadlock.
//!
//! **Cost.** The events of one transaction are one row (up to a thousand each), compressed: some
//! 20 bytes an event instead of 200, and one index entry instead of many.
//!
//! **Exactly once.** [`Db::consume`] hands a batch to the handler inside a writing transaction and
//! moves the consumer's cursor in the same transaction: what the handler writes and the fact that
//! it was handled commit together.
//!
//! **A bad event** must not stop the rest. When a batch fails, the next one is half as long, until
//! the bad event is alone; after [`EVENT_FAILURES_MAX`] failures it is set aside in
//! `db_dead_event`, visible ([`Tx::dead_events`]) and replayable ([`Tx::replay`]). An outage of
//! the database does not count as a failure of the event.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use kernel::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::{RawValue, to_raw_value};

use crate::{Ctx, Db, DbError, OnConflict, Row, Rows, Tx, params, values};

/// How often an event is tried alone before it is set aside.
pub const EVENT_FAILURES_MAX: i64 = 5;
/// Events in one stored row; more make several rows.
const EVENTS_PER_ROW_MAX: usize = 1_000;
/// Shorter bodies are not worth compressing.
const PACK_FROM_BYTES: usize = 256;
/// What an error says is kept up to this many characters.
const ERROR_CHARS_MAX: usize = 500;
/// The name in `db_number` of the last event's number.
const NUMBER: &str = "db.event";

/// A fact that has just become true. It must make sense by itself, years later, and must not hold
/// personal data.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Past tense, with its room: `clearance.inventory_released`.
    pub kind: &'static str,
    /// What it is about: an id in its text form.
    pub subject: String,
    /// The snapshot, with a `version` when its form may change.
    pub body: Snapshot,
}

/// What an event tells, as JSON written once.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Snapshot(Box<RawValue>);

impl Snapshot {
    /// Writes it down. What cannot be written as JSON becomes `null`.
    pub fn of(told: &impl Serialize) -> Snapshot {
        Snapshot(to_raw_value(told).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl From<Json> for Snapshot {
    fn from(told: Json) -> Snapshot {
        Snapshot::of(&told)
    }
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Snapshot) -> bool {
        self.0.get() == other.0.get()
    }
}

/// An event as handed to consumers.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// Its number: grows by one in the order of commits.
    pub seq: i64,
    /// See [`Event::kind`].
    pub kind: String,
    /// See [`Event::subject`].
    pub subject: String,
    /// When it was emitted.
    pub at: Time,
    /// See [`Event::body`].
    pub body: Json,
}

/// An event that a consumer could not handle.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadEvent {
    /// The event.
    pub event: StoredEvent,
    /// What the handler said last.
    pub error: String,
    /// How often it was tried.
    pub failures: i64,
    /// Whether it has been asked to be tried again and not yet been.
    pub replay: bool,
}

/// An event not yet written: kind, subject, time, body.
#[derive(Serialize)]
pub(crate) struct Emitted(&'static str, String, Time, Snapshot);

#[derive(Deserialize)]
struct Read(String, String, Time, Json);

impl Tx {
    /// Announces a fact, in this transaction.
    pub fn emit(&mut self, ctx: &Ctx, event: Event) -> Result<(), DbError> {
        self.emit_many(ctx, [event])
    }

    /// Announces many facts, in this order.
    pub fn emit_many(
        &mut self,
        ctx: &Ctx,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<(), DbError> {
        self.must_write()?;
        let emitted = events.into_iter().map(|e| Emitted(e.kind, e.subject, ctx.now, e.body));
        self.pending.events.extend(emitted);
        Ok(())
    }

    /// The number of the last event there is; 0 before the first.
    pub fn last_event(&mut self) -> Result<i64, DbError> {
        let sql = "SELECT value FROM db_number WHERE name = $1";
        self.query_opt(sql, params![NUMBER])?.map_or(Ok(0), |row| row.i64(0))
    }

    /// The number of the last event a consumer has handled; 0 before the first.
    pub fn cursor(&mut self, consumer: &str) -> Result<i64, DbError> {
        let sql = "SELECT seq FROM db_cursor WHERE consumer = $1";
        self.query_opt(sql, params![consumer])?.map_or(Ok(0), |row| row.i64(0))
    }

    /// Events numbered above `after`, at most `max`, oldest first.
    pub fn events(&mut self, after: i64, max: usize) -> Result<Vec<StoredEvent>, DbError> {
        let mut events: Vec<StoredEvent> = Vec::new();
        let mut last = after;
        while events.len() < max {
            let sql = "SELECT last_seq, count, packed, body FROM db_event
                       WHERE last_seq > $1 ORDER BY last_seq LIMIT 8";
            let rows = self.query(sql, params![last])?;
            for row in &rows {
                last = row.i64(0)?;
                events.extend(unpacked(row)?.into_iter().filter(|event| event.seq > after));
                if events.len() >= max {
                    break;
                }
            }
            if rows.is_empty() {
                break;
            }
        }
        events.truncate(max);
        Ok(events)
    }

    /// Deletes events that are older than `before` and that every consumer that ever began has
    /// passed. Gives the number of rows deleted.
    pub fn prune_events(&mut self, before: Time) -> Result<u64, DbError> {
        let sql = "DELETE FROM db_event WHERE at < $1
                   AND last_seq <= (SELECT COALESCE(MIN(seq), 0) FROM db_cursor)";
        self.execute(sql, params![before])
    }

    /// Events that could not be handled, by consumer and number, from after the given place.
    pub fn dead_events(
        &mut self,
        consumer: &str,
        after: i64,
        max: u32,
    ) -> Result<Vec<DeadEvent>, DbError> {
        let sql = "SELECT seq, kind, subject, at, body, error, failures, replay FROM db_dead_event
                   WHERE consumer = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        self.query(sql, params![consumer, after, max])?.iter().map(dead_event).collect()
    }

    /// Asks for a dead event to be handled again by the next [`Db::consume`] of its consumer.
    /// `false` when there is none of that number.
    pub fn replay(&mut self, consumer: &str, seq: i64) -> Result<bool, DbError> {
        let sql = "UPDATE db_dead_event SET replay = TRUE WHERE consumer = $1 AND seq = $2";
        self.pending.jobs = true;
        Ok(self.execute(sql, params![consumer, seq])? == 1)
    }
}

impl Db {
    /// Hands the next events, at most `max`, to a consumer, oldest first, and remembers that they
    /// were handled: in the same transaction as what the handler writes. Gives how many were
    /// handled; 0 when there are none. A new consumer starts with the oldest event kept.
    ///
    /// `Err` is the handler's; what it wrote is undone, the failure is noted, and the next call
    /// tries again with fewer. Two processes with the same consumer take turns. A handler that
    /// filters does so by `kind` and returns `Ok` for what is not its concern.
    pub fn consume<E, F>(&self, consumer: &str, max: usize, handler: F) -> Result<usize, E>
    where
        E: From<DbError> + Display,
        F: FnOnce(&mut Tx, &[StoredEvent]) -> Result<(), E>,
    {
        if !self.read(|tx| has_work(tx, consumer))? {
            return Ok(0);
        }
        let mut batch = None;
        let mut outage = false;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut tx = self.begin(true)?;
            let chosen = batch.insert(choose(&mut tx, consumer, max)?);
            if chosen.events.is_empty() {
                return Ok(0);
            }
            let handled = handler(&mut tx, &chosen.events);
            outage = tx.outage();
            handled?;
            let advanced = advance(&mut tx, consumer, chosen, max);
            outage = tx.outage();
            advanced?;
            outage = true; // Whatever a commit fails of is not the event's fault.
            tx.commit()?;
            Ok(chosen.events.len())
        }));
        let failed = batch.filter(|batch| !outage && !batch.events.is_empty());
        match outcome {
            Ok(Ok(count)) => Ok(count),
            Ok(Err(error)) => {
                if let Some(batch) = failed {
                    let text = clip(&format!("{error}"));
                    self.write(|tx| note_failure(tx, consumer, &batch, &text))?;
                }
                Err(error)
            }
            Err(panic) => {
                if let Some(batch) = failed {
                    // The panic is what the caller must hear of; a second fault adds nothing.
                    self.write(|tx| note_failure(tx, consumer, &batch, "the handler panicked"))
                        .ok();
                }
                resume_unwind(panic)
            }
        }
    }
}

/// What a consumer is given at once.
struct Batch {
    events: Vec<StoredEvent>,
    replay: bool,
    /// How many it could have been given; grows again with every success.
    limit: i64,
}

/// Writes the events of a transaction: see the head of the file.
pub(crate) fn write(tx: &mut Tx, events: &[Emitted]) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let mut last = tx.next_numbers(NUMBER, events.len() as i64)? - 1;
    let mut rows = Rows::new();
    for chunk in events.chunks(EVENTS_PER_ROW_MAX) {
        let count = chunk.len() as i64;
        last += count;
        let at = chunk.iter().map(|event| event.2).max().unwrap_or_default();
        let plain = serde_json::to_vec(chunk).map_err(|e| DbError::Other(e.to_string()))?;
        let packed = plain.len() >= PACK_FROM_BYTES;
        let body = if packed { crate::shrink(&plain)? } else { plain };
        rows.push(values![last, count, at, packed, body]);
    }
    let columns = ["last_seq", "count", "at", "packed", "body"];
    tx.insert_many("db_event", &columns, &rows, OnConflict::Fail)?;
    Ok(())
}

fn unpacked(row: &Row) -> Result<Vec<StoredEvent>, DbError> {
    let (last, count) = (row.i64(0)?, row.i64(1)?);
    let damaged = |e: &dyn Display| DbError::Damaged(format!("events up to {last}: {e}"));
    let body = row.bytes(3)?;
    let plain =
        if row.bool(2)? { &zstd::stream::decode_all(body).map_err(|e| damaged(&e))? } else { body };
    let read: Vec<Read> = serde_json::from_slice(plain).map_err(|e| damaged(&e))?;
    if read.len() as i64 != count {
        return Err(damaged(&"not as many as counted"));
    }
    let numbered = (last - count + 1..).zip(read);
    Ok(numbered
        .map(|(seq, Read(kind, subject, at, body))| StoredEvent { seq, kind, subject, at, body })
        .collect())
}

/// A look without a writing transaction, so that asking in vain costs no disk write.
fn has_work(tx: &mut Tx, consumer: &str) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM db_dead_event WHERE consumer = $1 AND replay LIMIT 1";
    Ok(tx.last_event()? > tx.cursor(consumer)? || tx.query_opt(sql, params![consumer])?.is_some())
}

/// Locks the consumer's cursor, then takes what is due: a replay first, alone.
fn choose(tx: &mut Tx, consumer: &str, max: usize) -> Result<Batch, DbError> {
    let new = "INSERT INTO db_cursor (consumer, seq, batch_max, failures)
               VALUES ($1, 0, $2, 0) ON CONFLICT DO NOTHING";
    tx.execute(new, params![consumer, max as i64])?;
    let lock = "UPDATE db_cursor SET consumer = consumer WHERE consumer = $1
                RETURNING seq, batch_max";
    let cursor = tx.query_one(lock, params![consumer])?;
    let limit = cursor.i64(1)?.clamp(1, max.max(1) as i64);
    let replay = "SELECT seq, kind, subject, at, body, error, failures, replay FROM db_dead_event
                  WHERE consumer = $1 AND replay ORDER BY seq LIMIT 1";
    if let Some(row) = tx.query_opt(replay, params![consumer])? {
        return Ok(Batch { events: vec![dead_event(&row)?.event], replay: true, limit });
    }
    let events = tx.events(cursor.i64(0)?, limit as usize)?;
    Ok(Batch { events, replay: false, limit })
}

fn advance(tx: &mut Tx, consumer: &str, batch: &Batch, max: usize) -> Result<(), DbError> {
    let Some(last) = batch.events.last() else { return Ok(()) };
    if batch.replay {
        let sql = "DELETE FROM db_dead_event WHERE consumer = $1 AND seq = $2";
        tx.execute(sql, params![consumer, last.seq])?;
        return Ok(());
    }
    let limit = batch.limit.saturating_mul(2).min(max.max(1) as i64);
    let sql = "UPDATE db_cursor SET seq = $2, batch_max = $3, failures = 0, error = NULL
               WHERE consumer = $1";
    tx.execute(sql, params![consumer, last.seq, limit])?;
    Ok(())
}

/// After the batch was undone: make the next one smaller, or count against the one event it was,
/// or set that event aside.
fn note_failure(tx: &mut Tx, consumer: &str, batch: &Batch, error: &str) -> Result<(), DbError> {
    let Some(first) = batch.events.first() else { return Ok(()) };
    if batch.replay {
        let sql = "UPDATE db_dead_event SET replay = FALSE, failures = failures + 1, error = $3
                   WHERE consumer = $1 AND seq = $2";
        tx.execute(sql, params![consumer, first.seq, error])?;
        return Ok(());
    }
    // Another process may have taken its turn since; then this failure is past.
    if tx.cursor(consumer)? >= first.seq {
        return Ok(());
    }
    let new = "INSERT INTO db_cursor (consumer, seq, batch_max, failures)
               VALUES ($1, 0, 1, 0) ON CONFLICT DO NOTHING";
    tx.execute(new, params![consumer])?;
    let alone = batch.events.len() == 1;
    let half = (batch.events.len() as i64 / 2).max(1);
    let sql = "UPDATE db_cursor SET failures = failures + $2, batch_max = $3, error = $4
               WHERE consumer = $1 RETURNING failures";
    let failures = tx.query_one(sql, params![consumer, i64::from(alone), half, error])?.i64(0)?;
    if failures >= EVENT_FAILURES_MAX {
        set_aside(tx, consumer, first, error, failures)?;
        advance(tx, consumer, &Batch { events: vec![first.clone()], replay: false, limit: 1 }, 2)?;
    }
    Ok(())
}

fn set_aside(
    tx: &mut Tx,
    consumer: &str,
    event: &StoredEvent,
    error: &str,
    failures: i64,
) -> Result<(), DbError> {
    tracing::warn!(consumer, seq = event.seq, kind = event.kind, error, "set an event aside");
    let sql = "INSERT INTO db_dead_event
               (consumer, seq, kind, subject, at, body, error, failures, replay)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE)";
    let StoredEvent { seq, kind, subject, at, body } = event;
    let body = body.to_string();
    tx.execute(sql, params![consumer, *seq, kind, subject, *at, body, error, failures])?;
    Ok(())
}

fn dead_event(row: &Row) -> Result<DeadEvent, DbError> {
    let body = serde_json::from_str(row.text(4)?)
        .map_err(|e| DbError::Damaged(format!("a dead event: {e}")))?;
    let event = StoredEvent {
        seq: row.i64(0)?,
        kind: row.text(1)?.to_owned(),
        subject: row.text(2)?.to_owned(),
        at: row.time(3)?,
        body,
    };
    let (error, failures) = (row.text(5)?.to_owned(), row.i64(6)?);
    Ok(DeadEvent { event, error, failures, replay: row.bool(7)? })
}

/// Keeps an error text within bounds.
pub(crate) fn clip(error: &str) -> String {
    error.chars().take(ERROR_CHARS_MAX).collect()
}
