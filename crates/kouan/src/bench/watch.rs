//! Follows parcels to their end through the database, and looks every one of them over when the
//! run is done.

use clearance::census::{self, Standing};
use clearance::document::{DocumentId, Kind};
use db::{Db, DbError, Tx};

use crate::Failure;
use crate::demo::traffic::{Day, Fault, Outcome};

/// Rows of one look.
const ROWS: u32 = 500;

/// Walks over the inventories in the order of their arrival, as far as they have come to their end.
pub(super) struct Follower<'a> {
    db: &'a Db,
    day: &'a Day,
    after: DocumentId,
    /// Inventories that have come to their end, or take minutes by plan.
    pub(super) passed: u64,
}

impl<'a> Follower<'a> {
    pub(super) fn new(db: &'a Db, day: &'a Day) -> Follower<'a> {
        Follower { db, day, after: START, passed: 0 }
    }

    /// Walks on to the first inventory that is not at its end.
    pub(super) fn advance(&mut self) -> Result<(), Failure> {
        loop {
            let after = self.after;
            let rows = self.db.read(|tx| census::inventories_after(tx, after, ROWS))?;
            let count = rows.len();
            for row in rows {
                let fault = parcel_of(self.day, &row).and_then(|parcel| self.day.fault(parcel));
                if !is_slow(fault) && row.state.word() != planned_state(fault) {
                    return Ok(());
                }
                self.after = row.id;
                self.passed += 1;
            }
            if count < ROWS as usize {
                return Ok(());
            }
        }
    }
}

fn parcel_of(day: &Day, row: &Standing) -> Option<usize> {
    day.parcel_of(row.order_no.as_deref()?)
}

/// Whether customs takes minutes over it.
fn is_slow(fault: Option<Fault>) -> bool {
    matches!(fault, Some(Fault::Inspected | Fault::Late))
}

/// Where the plan says an inventory ends up, in the word of its state. The benchmark sends no
/// cancel applications.
fn planned_state(fault: Option<Fault>) -> &'static str {
    match fault.map_or(Outcome::Closed, |fault| fault.row().outcome) {
        Outcome::Closed => "closed",
        Outcome::Rejected => "rejected",
        Outcome::RefusedByEport => "failed",
        Outcome::InReview | Outcome::Cancelled => "review",
        Outcome::Detained => "detained",
        Outcome::Suspended => "suspended",
        Outcome::ReturnedAbroad => "returned_abroad",
        Outcome::Unanswered => "sent",
        Outcome::Waiting => "waiting",
        Outcome::Mismatched | Outcome::Stopped => "held",
        Outcome::RefusedAtDoor => "refused",
    }
}

/// The place before the first document, in the order of their ids from above `after`, that is not
/// at its planned end; `None` when all are. Walks on where the last walk stopped.
pub(super) fn first_unfinished(db: &Db, day: &Day, mut after: At) -> Result<Option<At>, Failure> {
    while let Some(walk) = WALKS.get(after.table) {
        loop {
            let rows = db.read(|tx| walk(tx, after.id, ROWS))?;
            for row in &rows {
                if !is_at_end(day, row) {
                    return Ok(Some(after));
                }
                after.id = row.id;
            }
            if rows.len() < ROWS as usize {
                break;
            }
        }
        after = At { table: after.table + 1, id: START };
    }
    Ok(None)
}

/// A place in a walk over all documents.
#[derive(Clone, Copy)]
pub(super) struct At {
    table: usize,
    id: DocumentId,
}

impl At {
    /// Before everything.
    pub(super) const START: At = At { table: 0, id: START };
}

const START: DocumentId = DocumentId::from_i64(0);

type Walk = fn(&mut Tx, DocumentId, u32) -> Result<Vec<Standing>, DbError>;

const WALKS: [Walk; 2] = [census::inventories_after, census::papers_after];

/// Whether a document is where the plan says it ends. What becomes of papers where something is
/// wrong is the stand-in's affair.
fn is_at_end(day: &Day, row: &Standing) -> bool {
    let Some(parcel) = parcel_of(day, row) else { return true };
    let fault = day.fault(parcel);
    match row.kind {
        Some(Kind::Inventory) => row.state.word() == planned_state(fault),
        _ => fault.is_some() || row.state.word() == "stored",
    }
}

/// What was found of the parcels in the end.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Parcels with all their documents stored and everything at its planned end.
    pub(super) complete: u64,
    /// Parcels that lack a document or are not at their end.
    pub(super) incomplete: u64,
    /// Documents stored.
    pub(super) documents: u64,
    /// Documents stored more than once for their parcel.
    pub(super) doubled: u64,
    /// A few parcels that are not complete, and why.
    pub(super) examples: Vec<String>,
}

const ORDER: u8 = 1;
const PAYMENT: u8 = 2;
const WAYBILL: u8 = 4;
const INVENTORY: u8 = 8;
const AT_END: u8 = 16;
const EXAMPLES_MAX: usize = 5;

/// Looks at every document in the database, and from it at every parcel up to `parcels`.
pub(super) fn look_over(db: &Db, day: &Day, parcels: usize) -> Result<Findings, Failure> {
    let mut found = Findings::default();
    let mut marks = vec![0u8; parcels];
    let mut unfinished = Vec::new();
    for walk in WALKS {
        let mut after = START;
        loop {
            let rows = db.read(|tx| walk(tx, after, ROWS))?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in &rows {
                found.documents += 1;
                mark(day, row, &mut marks, &mut found, &mut unfinished);
            }
        }
    }
    for (mark, parcel) in marks.iter().zip(0..) {
        if is_complete(*mark, day.fault(parcel)) {
            found.complete += 1;
        } else {
            found.incomplete += 1;
            if found.examples.len() < EXAMPLES_MAX {
                let fault = day.fault(parcel);
                found.examples.push(format!("parcel {parcel} ({fault:?}): marks {mark:05b}"));
            }
        }
    }
    found.examples.extend(unfinished);
    Ok(found)
}

fn mark(
    day: &Day,
    row: &Standing,
    marks: &mut [u8],
    found: &mut Findings,
    unfinished: &mut Vec<String>,
) {
    let bit = match row.kind {
        Some(Kind::Order) => ORDER,
        Some(Kind::Payment) => PAYMENT,
        Some(Kind::Waybill) => WAYBILL,
        Some(Kind::Inventory) => INVENTORY,
        _ => return,
    };
    let Some(parcel) = parcel_of(day, row) else { return };
    let Some(mark) = marks.get_mut(parcel) else { return };
    found.doubled += u64::from(*mark & bit != 0);
    *mark |= bit;
    let fault = day.fault(parcel);
    let state = row.state.word();
    let at_end = is_at_end(day, row);
    if bit == INVENTORY && at_end {
        *mark |= AT_END;
    }
    if !at_end && unfinished.len() < EXAMPLES_MAX {
        unfinished.push(format!("parcel {parcel} ({fault:?}): {:?} is {state}", row.kind));
    }
    if bit != INVENTORY && !at_end {
        // A paper without its receipts makes the parcel incomplete.
        *mark |= UNFINISHED;
    }
}

const UNFINISHED: u8 = 32;

/// Whether the marks of a parcel are as they should be.
fn is_complete(mark: u8, fault: Option<Fault>) -> bool {
    let all = ORDER | PAYMENT | WAYBILL | INVENTORY | AT_END;
    match fault {
        Some(Fault::PaymentMissing) => mark == all & !PAYMENT,
        Some(Fault::WaybillMissing) => mark == all & !WAYBILL,
        // Its order may have been refused with it, for the same reason.
        Some(fault) if fault.row().outcome == Outcome::RefusedAtDoor => mark & INVENTORY == 0,
        _ => mark == all,
    }
}
