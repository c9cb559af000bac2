//! Sending: what is due is claimed, made into messages, and reported on.

use std::collections::{HashMap, HashSet};

use ceb::{Message, ReadOptions};
use db::{Ctx, DbError, OriginalId, Tx};
use kernel::Time;

use crate::dispatch::recent::Kept;
use crate::dispatch::{Dispatch, DispatchId, Recent, Sending, Sent};
use crate::document::{Direction, DocumentId};
use crate::lifecycle::State;
use crate::lifecycle::state::{SEND_FAILED, SENT};
use crate::receipt::scrub::scrub;
use crate::store::course::{self, Course, Reported, Table};
use crate::store::history::Step;
use crate::store::message::{self, Due};
use crate::store::paper;

/// How long a claim holds before others may claim it again.
const LEASE_MS: i64 = 120_000;

/// Waits before each further try, in milliseconds; the last repeats.
const RETRY_MS: [i64; 6] = [2_000, 10_000, 30_000, 120_000, 600_000, 1_800_000];

/// Something claimed to be sent, its message not opened yet.
#[derive(Clone, Debug)]
pub struct Claim {
    due: Due,
    original: OriginalId,
}

impl Claim {
    /// Which dispatch.
    pub fn id(&self) -> DispatchId {
        self.due.id
    }
}

/// Claims what is due to be sent, at most `max` messages, oldest first. Each must be reported on
/// with [`dispatched`]; what is not comes again after two minutes.
///
/// An inventory never overtakes its order, payment or waybill, or customs would reject it for want
/// of them: it waits while one of them is still to be sent, because sending failed or whoever sent
/// it died. Within a batch they go first.
///
/// # Errors
/// When the database fails.
pub fn claim(tx: &mut Tx, ctx: &Ctx, max: u32) -> Result<Vec<Claim>, DbError> {
    let (mut dues, originals): (Vec<Due>, Vec<OriginalId>) =
        message::due(tx, ctx.now, max)?.into_iter().unzip();
    let originals: HashMap<DispatchId, OriginalId> =
        dues.iter().map(|due| due.id).zip(originals).collect();
    let full = u32::try_from(dues.len()).is_ok_and(|count| count >= max);
    if may_overtake(tx, ctx.now, &dues, full)? {
        let early = early(tx, &dues)?;
        let wait = ctx.now.plus_millis(RETRY_MS[0]);
        message::hold_back(tx, &early, wait)?;
        dues.retain(|due| !early.contains(&due.id));
    }
    dues.sort_by_key(|due| due.kind.is_inventory());
    message::claim(tx, &dues, ctx.now.plus_millis(LEASE_MS))?;
    let claims = dues.into_iter().filter_map(|due| {
        let original = *originals.get(&due.id)?;
        Some(Claim { due, original })
    });
    Ok(claims.collect())
}

/// Opens the messages of the first claims: as many as come to `bytes_max`, but at least one. Reads
/// only, so that nobody who writes waits for it, and only what is not among the recent.
///
/// # Errors
/// When the database fails, or an original is damaged.
pub fn open(
    tx: &mut Tx,
    recent: &Recent,
    claims: &[Claim],
    bytes_max: usize,
) -> Result<Vec<Dispatch>, DbError> {
    let mut dispatches = Vec::with_capacity(claims.len());
    let mut bytes = 0;
    for claim in claims {
        if bytes >= bytes_max && !dispatches.is_empty() {
            break;
        }
        let dispatch = made(tx, recent, claim)?;
        bytes += dispatch.bytes.len();
        dispatches.push(dispatch);
    }
    Ok(dispatches)
}

/// [`claim`] and [`open`] in one: all of them, and from the archive.
///
/// # Errors
/// When the database fails, or an original is damaged.
pub fn claim_dispatches(tx: &mut Tx, ctx: &Ctx, max: u32) -> Result<Vec<Dispatch>, DbError> {
    let claims = claim(tx, ctx, max)?;
    open(tx, &Recent::of(0), &claims, usize::MAX)
}

/// Whether an inventory among these may be due before one of its documents: only when some wait
/// for another try, which is seldom.
fn may_overtake(tx: &mut Tx, now: Time, dues: &[Due], full: bool) -> Result<bool, DbError> {
    if !dues.iter().any(|due| due.kind.is_inventory()) {
        return Ok(false);
    }
    // More is due than these: a document changed meanwhile may stand behind its inventory.
    Ok(full || dues.iter().any(|due| due.attempts > 0) || message::papers_wait(tx, now)?)
}

/// The dispatches of inventories of which a document is yet to be sent, and not with these.
fn early(tx: &mut Tx, dues: &[Due]) -> Result<HashSet<DispatchId>, DbError> {
    let (inventories, papers): (Vec<&Due>, Vec<&Due>) =
        dues.iter().partition(|due| due.kind.is_inventory());
    let going: HashSet<DocumentId> =
        papers.iter().flat_map(|due| due.documents.iter().copied()).collect();
    let mut early = HashSet::new();
    for direction in [Direction::Import, Direction::Export] {
        let declared: Vec<(DispatchId, DocumentId)> = inventories
            .iter()
            .filter(|due| due.kind.direction() == direction)
            .flat_map(|due| due.documents.iter().map(|document| (due.id, *document)))
            .collect();
        if declared.is_empty() {
            continue;
        }
        let documents = declared.iter().map(|(_, document)| *document);
        let mut unsent = paper::unsent_of(tx, direction, documents)?;
        unsent.retain(|one| !going.contains(&one.paper));
        if unsent.is_empty() {
            continue;
        }
        // What was refused for good is not sent either, and nobody waits for it.
        let due = message::messages_due(tx)?;
        unsent.retain(|one| due.contains(&one.message_id));
        early.extend(unsent.iter().filter_map(|one| declared.get(one.place).map(|(id, _)| *id)));
    }
    Ok(early)
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
fn made(tx: &mut Tx, recent: &Recent, claim: &Claim) -> Result<Dispatch, DbError> {
    let Claim { due, original } = claim;
    let damaged = |why: &str| DbError::Damaged(format!("original of {}: {why}", due.message_id));
    let kept = recent.take(*original);
    let whole = |kept: Kept| Dispatch {
        id: due.id,
        kind: due.kind,
        sender_dxp: kept.sender_dxp,
        bytes: kept.bytes,
        needs_signature: !kept.signed,
        documents: kept.documents,
        attempts: u32::try_from(due.attempts).unwrap_or_default(),
    };
    let kept = match (kept, &due.positions) {
        (Some(kept), None) => return Ok(whole(kept)),
        (kept, _) => kept.map(|kept| kept.bytes),
    };
    let bytes = match kept {
        Some(bytes) => bytes,
        None => tx.original(*original)?.ok_or_else(|| damaged("gone"))?.bytes.into_inner(),
    };
    let reading = ceb::read(&bytes, &ReadOptions::lenient());
    let message = reading.message.ok_or_else(|| damaged("not readable"))?;
    let sender_dxp = message.dxp_id().unwrap_or_default().to_owned();
    let (signed, documents) = (message.signed, message.documents.len());
    let whole = whole(Kept { bytes, sender_dxp, signed, documents });
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
    let mut papers = Vec::new();
    let mut inventories = HashMap::new();
    for one in sent {
        let Some(due) = dues.get(&one.id) else { continue };
        match one.outcome {
            Sending::Taken | Sending::Refused(_) => done.push(due.id),
            Sending::Later => later.push((due.id, retry_at(ctx.now, due.attempts))),
        }
        if due.kind.is_inventory() {
            inventories.extend(due.documents.iter().map(|id| (*id, &one.outcome)));
        } else {
            let state = if one.outcome == Sending::Taken { SENT } else { SEND_FAILED };
            report(due, state, &mut papers);
        }
    }
    message::delete_dues(tx, &done)?;
    message::postpone(tx, &later)?;
    mark_inventories(tx, ctx, &inventories)?;
    course::dispatched(tx, &papers)
}

fn retry_at(now: Time, attempts: i64) -> Time {
    let n = usize::try_from(attempts).unwrap_or_default().min(RETRY_MS.len() - 1);
    now.plus_millis(RETRY_MS[n])
}

/// How far the ids of one message's documents may lie apart, for each document, to be looked at as
/// one span. Made one after another they lie close; those of documents changed or added later do
/// not.
const SPAN_MAX: i64 = 16;

/// The documents of a dispatch. Those that make up a whole message are one span of ids, so that a
/// hundred of them cost one statement.
fn report(due: &Due, state: State, reported: &mut Vec<(Reported, State)>) {
    let ids = || due.documents.iter().copied();
    if due.positions.is_none()
        && let (Some(from), Some(to)) = (ids().min(), ids().max())
        && (to.to_i64() - from.to_i64()) / SPAN_MAX <= due.documents.len() as i64
    {
        reported.push((Reported::Message(due.message_id, from, to), state));
        return;
    }
    reported.extend(ids().map(|id| (Reported::Document(id), state)));
}

/// Notes that inventories were sent, or could not be, with the step that says so.
fn mark_inventories(
    tx: &mut Tx,
    ctx: &Ctx,
    marks: &HashMap<DocumentId, &Sending>,
) -> Result<(), DbError> {
    let mut moved = Vec::with_capacity(marks.len());
    for course in course::courses(tx, Table::Inventory, marks.keys().copied())? {
        let Some(outcome) = marks.get(&course.id) else { continue };
        let position = course.position.dispatched(matches!(outcome, Sending::Taken));
        if position == course.position || course.position.state == State::Draft {
            continue;
        }
        let text = match outcome {
            Sending::Refused(reason) => scrub(reason),
            Sending::Taken | Sending::Later => String::new(),
        };
        let step = Step { id: ctx.id(), state: position.state, sender: String::new(), text };
        let mut course = Course { position, ..course };
        course.history.step(course.id, &step);
        moved.push(course);
    }
    moved.sort_by_key(|course| course.id);
    let courses = moved.iter().map(|c| (c.id, c.version, c.position, &c.history));
    course::save(tx, Table::Inventory, courses)
}
