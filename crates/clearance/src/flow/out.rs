//! Sending: what is due is claimed, made into messages, and reported on.

use std::collections::{HashMap, HashSet};

use ceb::{Message, ReadOptions};
use db::{Ctx, DbError, OriginalId, Tx};
use kernel::Time;

use crate::dispatch::{Dispatch, DispatchId, Sending, Sent};
use crate::document::{DocumentId, Kind, MessageId};
use crate::lifecycle::State;
use crate::receipt::scrub::scrub;
use crate::store::message::{self, Due, Step};
use crate::store::paper;
use crate::store::position::{self, Placed, Table};

/// How long a claim holds before others may claim it again.
const LEASE_MS: i64 = 120_000;

/// Waits before each further try, in milliseconds; the last repeats.
const RETRY_MS: [i64; 6] = [2_000, 10_000, 30_000, 120_000, 600_000, 1_800_000];

/// Claims what is due to be sent, at most `max` messages, oldest first. Each must be reported on
/// with [`dispatched`]; what is not comes again after two minutes.
///
/// An inventory never overtakes its order, payment or waybill, or customs would reject it for want
/// of them: it waits while one of them is still to be sent, because sending failed or whoever sent
/// it died. Within a batch they go first.
///
/// # Errors
/// When the database fails, or an original is damaged.
pub fn claim_dispatches(tx: &mut Tx, ctx: &Ctx, max: u32) -> Result<Vec<Dispatch>, DbError> {
    let mut dues = message::due(tx, ctx.now, max)?;
    if may_overtake(tx, ctx.now, &dues)? {
        let early = early(tx, &dues)?;
        let wait = ctx.now.plus_millis(RETRY_MS[0]);
        message::hold_back(tx, &early, wait)?;
        dues.retain(|due| !early.contains(&due.id));
    }
    dues.sort_by_key(|due| due.kind == Kind::Inventory);
    message::claim(tx, &dues, ctx.now.plus_millis(LEASE_MS))?;
    let ids: Vec<MessageId> = dues.iter().map(|due| due.message_id).collect();
    let messages: HashMap<MessageId, message::Stored> =
        message::by_ids(tx, &ids)?.into_iter().map(|m| (m.id, m)).collect();
    let mut dispatches = Vec::with_capacity(dues.len());
    for due in dues {
        let Some(stored) = messages.get(&due.message_id) else {
            return Err(DbError::Damaged(format!("message {}", due.message_id)));
        };
        dispatches.push(made(tx, &due, stored)?);
    }
    Ok(dispatches)
}

/// Whether an inventory among these may be due before one of its documents: only when some wait
/// for another try, which is seldom.
fn may_overtake(tx: &mut Tx, now: Time, dues: &[Due]) -> Result<bool, DbError> {
    if !dues.iter().any(|due| due.kind == Kind::Inventory) {
        return Ok(false);
    }
    Ok(dues.iter().any(|due| due.attempts > 0) || message::papers_wait(tx, now)?)
}

/// The dispatches of inventories of which a document is yet to be sent, and not with these.
fn early(tx: &mut Tx, dues: &[Due]) -> Result<HashSet<DispatchId>, DbError> {
    let (inventories, papers): (Vec<&Due>, Vec<&Due>) =
        dues.iter().partition(|due| due.kind == Kind::Inventory);
    let going: HashSet<DocumentId> =
        papers.iter().flat_map(|due| due.documents.iter().copied()).collect();
    let declared: Vec<(DispatchId, DocumentId)> = inventories
        .iter()
        .flat_map(|due| due.documents.iter().map(|document| (due.id, *document)))
        .collect();
    let mut unsent = paper::unsent_of(tx, declared.iter().map(|(_, document)| *document))?;
    unsent.retain(|one| !going.contains(&one.paper));
    if unsent.is_empty() {
        return Ok(HashSet::new());
    }
    // What was refused for good is not sent either, and nobody waits for it.
    let due = message::messages_due(tx)?;
    unsent.retain(|one| due.contains(&one.message_id));
    Ok(unsent.iter().filter_map(|one| declared.get(one.place).map(|(id, _)| *id)).collect())
}

/// Gives up the claims of a process that is gone: what it held is due now. Only when no other
/// process works on this database.
///
/// # Errors
/// When the database fails.
pub fn release_dispatches(tx: &mut Tx, ctx: &Ctx) -> Result<u64, DbError> {
    message::release(tx, ctx.now)
}

/// The clock went back by so many milliseconds: what waits to be sent waits no longer than it did.
///
/// # Errors
/// When the database fails.
pub fn bring_forward(tx: &mut Tx, ctx: &Ctx, by_ms: i64) -> Result<u64, DbError> {
    message::bring_forward(tx, ctx.now, by_ms)
}

/// The message to send: as it came, or packed anew from the documents that go.
fn made(tx: &mut Tx, due: &Due, stored: &message::Stored) -> Result<Dispatch, DbError> {
    let damaged = |why: &str| DbError::Damaged(format!("original of {}: {why}", stored.id));
    let original = tx.original(OriginalId::from_i64(stored.original_id))?;
    let bytes = original.ok_or_else(|| damaged("gone"))?.bytes.into_inner();
    let reading = ceb::read(&bytes, &ReadOptions::lenient());
    let message = reading.message.ok_or_else(|| damaged("not readable"))?;
    let sender_dxp = message.dxp_id().unwrap_or_default().to_owned();
    let attempts = u32::try_from(due.attempts).unwrap_or_default();
    let whole = Dispatch {
        id: due.id,
        kind: due.kind,
        sender_dxp,
        bytes,
        needs_signature: !message.signed,
        documents: message.documents.len(),
        attempts,
    };
    let Some(positions) = &due.positions else { return Ok(whole) };
    let part = part_of(message, positions);
    let documents = part.documents.len();
    let bytes = ceb::write(&part).map_err(|_| damaged("cannot be packed anew"))?;
    Ok(Dispatch { bytes, needs_signature: true, documents, ..whole })
}

/// A message of some of the documents. Its guid is that of its first document, so that the same
/// part always has the same.
fn part_of(message: Message, positions: &[i64]) -> Message {
    let mut all: Vec<Option<ceb::Document>> = message.documents.into_iter().map(Some).collect();
    let documents: Vec<ceb::Document> =
        positions.iter().filter_map(|at| all.get_mut(usize::try_from(*at).ok()?)?.take()).collect();
    let guid = documents.first().and_then(|document| document.head.text("guid"));
    let guid = guid.unwrap_or(&message.guid).to_owned();
    Message { guid, documents, signed: false, ..message }
}

/// Reports on what was sent. What the other side took is marked as sent; what could not be handed
/// over is tried again later, without end: the documents are owed. What was refused for good is not
/// tried again; the timeline says why, and the firm changes or withdraws it.
///
/// # Errors
/// When the database fails.
pub fn dispatched(tx: &mut Tx, ctx: &Ctx, sent: &[Sent]) -> Result<(), DbError> {
    let ids: Vec<DispatchId> = sent.iter().map(|one| one.id).collect();
    let dues: HashMap<DispatchId, Due> =
        message::dues(tx, &ids)?.into_iter().map(|due| (due.id, due)).collect();
    let mut done = Vec::new();
    let mut later = Vec::new();
    let mut papers: HashMap<DocumentId, &Sending> = HashMap::new();
    let mut inventories: HashMap<DocumentId, &Sending> = HashMap::new();
    for one in sent {
        let Some(due) = dues.get(&one.id) else { continue };
        match one.outcome {
            Sending::Taken | Sending::Refused(_) => done.push(due.id),
            Sending::Later => later.push((due.id, retry_at(ctx.now, due.attempts))),
        }
        let into = if due.kind == Kind::Inventory { &mut inventories } else { &mut papers };
        into.extend(due.documents.iter().map(|id| (*id, &one.outcome)));
    }
    message::delete_dues(tx, &done)?;
    message::postpone(tx, &later)?;
    mark_papers(tx, &papers)?;
    mark_inventories(tx, ctx, &inventories)
}

fn retry_at(now: Time, attempts: i64) -> Time {
    let n = usize::try_from(attempts).unwrap_or_default().min(RETRY_MS.len() - 1);
    now.plus_millis(RETRY_MS[n])
}

fn mark_papers(tx: &mut Tx, marks: &HashMap<DocumentId, &Sending>) -> Result<(), DbError> {
    let moves = moved(position::positions(tx, Table::Document, marks.keys().copied())?, marks);
    position::reposition(tx, Table::Document, moves.into_iter())
}

fn mark_inventories(
    tx: &mut Tx,
    ctx: &Ctx,
    marks: &HashMap<DocumentId, &Sending>,
) -> Result<(), DbError> {
    let moves = moved(position::positions(tx, Table::Inventory, marks.keys().copied())?, marks);
    let steps: Vec<Step> = moves
        .iter()
        .map(|(id, _, position)| Step {
            id: ctx.id(),
            document_id: *id,
            state: position.state,
            sender: None,
            text: match marks.get(id) {
                Some(Sending::Refused(reason)) => Some(scrub(reason)),
                _ => None,
            },
        })
        .collect();
    position::reposition(tx, Table::Inventory, moves.into_iter())?;
    message::insert_steps(tx, &steps)
}

/// The positions that change by having been sent or not.
fn moved(before: Vec<Placed>, marks: &HashMap<DocumentId, &Sending>) -> Vec<Placed> {
    let after = |(id, version, position): Placed| {
        let next = position.dispatched(matches!(marks.get(&id)?, Sending::Taken));
        (next != position && position.state != State::Draft).then_some((id, version, next))
    };
    let mut moves: Vec<Placed> = before.into_iter().filter_map(after).collect();
    moves.sort_by_key(|(id, _, _)| *id);
    moves
}
