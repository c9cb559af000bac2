//! Where documents stand and what they went through: the columns that inventories and the other
//! documents have alike.

use db::{DbError, Keys, Row, Tx, Type, params, values};

use super::history::History;
use crate::document::{DocumentId, Kind, MessageId};
use crate::lifecycle::state::SEND_FAILED;
use crate::lifecycle::{Position, State};
use crate::receipt::ReceiptId;

/// Which of the two tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Inventory,
    Document,
}

/// A document's course: before a change as read, after it as to be saved.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    pub(crate) id: DocumentId,
    pub(crate) version: i64,
    pub(crate) position: Position,
    pub(crate) history: History,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Table::Inventory => "clearance_inventory_course",
            Table::Document => "clearance_document_course",
        }
    }
}

/// The courses of these documents.
pub(crate) fn courses(
    tx: &mut Tx,
    table: Table,
    ids: impl Iterator<Item = DocumentId>,
) -> Result<Vec<Course>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.for_each(|id| keys.push(values![id]));
    let table = table.name();
    let sql = format!(
        "SELECT k.n, c.id, c.version, c.state, c.state_at, c.floor_at, c.history FROM keys k
         JOIN {table} c ON c.id = k.a"
    );
    tx.query_keys(&sql, &keys)?.iter().map(of_row).collect()
}

fn of_row(row: &Row) -> Result<Course, DbError> {
    Ok(Course {
        id: row.id(1)?,
        version: row.i64(2)?,
        position: position(row, 3)?,
        history: History::of_bytes(row.bytes(6)?),
    })
}

/// Reads the columns `state, state_at, floor_at` from `first` on.
pub(super) fn position(row: &Row, first: usize) -> Result<Position, DbError> {
    Ok(Position {
        state: State::of_code(row.i64(first)?),
        at: row.opt_time(first + 1)?,
        floor: row.opt_time(first + 2)?,
    })
}

/// Saves courses beside the versions they were decided on.
pub(crate) fn save<'a>(
    tx: &mut Tx,
    table: Table,
    courses: impl Iterator<Item = (DocumentId, i64, Position, &'a History)>,
) -> Result<(), DbError> {
    use Type::{Bytes, Int};
    let mut keys = Keys::new(&[Int, Int, Int, Int, Int, Bytes]);
    for (id, version, position, history) in courses {
        let (state, at, floor) = (position.state.code(), position.at, position.floor);
        keys.push(values![id, version, state, at, floor, history.bytes()]);
    }
    let table = table.name();
    let sql = format!(
        "UPDATE {table} SET state = k.c, state_at = k.d, floor_at = k.e, history = k.f,
             version = version + 1
         FROM keys k WHERE {table}.id = k.a AND {table}.version = k.b"
    );
    let changed = tx.update_many(&sql, &keys)?;
    all_changed(changed, keys.len())
}

/// Documents that were sent, or could not be: as many as one message brought, or one.
pub(crate) enum Reported {
    /// All documents of a message, and the span of their ids: from, to.
    Message(MessageId, DocumentId, DocumentId),
    /// One document.
    Document(DocumentId),
}

/// Notes that documents other than inventories were sent (`SENT`) or could not be (`SEND_FAILED`):
/// those that were ready, or failed before. Receipts may have overtaken us; then nothing changes.
pub(crate) fn dispatched(tx: &mut Tx, reported: &[(Reported, State)]) -> Result<(), DbError> {
    let mut spans = Keys::new(&[Type::Int; 4]);
    let mut singles = Keys::new(&[Type::Int; 2]);
    for (reported, state) in reported {
        match reported {
            Reported::Message(message, from, to) => {
                spans.push(values![*message, *from, *to, state.code()]);
            }
            Reported::Document(id) => singles.push(values![*id, state.code()]),
        }
    }
    let waiting = [State::Ready.code().into(), SEND_FAILED.code().into()];
    let sql = "UPDATE clearance_document_course SET state = k.d, version = version + 1 FROM keys k
         WHERE id >= k.b AND id <= k.c AND (state = $1 OR (state = $2 AND k.d <> $2))
         AND (SELECT d.message_id FROM clearance_document d
              WHERE d.id = clearance_document_course.id) = k.a";
    tx.update_many_with(sql, &spans, &waiting)?;
    let sql = "UPDATE clearance_document_course SET state = k.b, version = version + 1 FROM keys k
         WHERE id = k.a AND (state = $1 OR (state = $2 AND k.b <> $2))";
    tx.update_many_with(sql, &singles, &waiting).map(drop)
}

/// A row that was not there in the version expected was changed by somebody else meanwhile.
pub(super) fn all_changed(changed: u64, wanted: usize) -> Result<(), DbError> {
    if changed == wanted as u64 {
        return Ok(());
    }
    Err(DbError::Busy("a document was changed at the same time".to_owned()))
}

/// What a document is, where it came in, where it stands, and the receipts that came for it.
pub(crate) struct Standing {
    pub(crate) kind: Kind,
    pub(crate) message_id: MessageId,
    /// Place in that message, from 0.
    pub(crate) position: i64,
    pub(crate) state: State,
    pub(crate) receipts: Vec<ReceiptId>,
}

/// Where a document of any kind stands.
pub(crate) fn standing(tx: &mut Tx, id: DocumentId) -> Result<Option<Standing>, DbError> {
    let sql = "SELECT CASE WHEN i.export THEN CAST($3 AS BIGINT) ELSE CAST($2 AS BIGINT) END,
                      i.message_id, i.position, c.state, c.history
               FROM clearance_inventory i
               JOIN clearance_inventory_course c ON c.id = i.id WHERE i.id = $1
               UNION ALL
               SELECT d.kind, d.message_id, d.position, c.state, c.history
               FROM clearance_document d
               JOIN clearance_document_course c ON c.id = d.id WHERE d.id = $1";
    let [import, export] = [Kind::Inventory, Kind::ExportInventory].map(Kind::number);
    let found = tx.query_opt(sql, params![id, import, export])?;
    let Some(row) = found else { return Ok(None) };
    let Some(kind) = Kind::of_number(row.i64(0)?) else { return Ok(None) };
    Ok(Some(Standing {
        kind,
        message_id: row.id(1)?,
        position: row.i64(2)?,
        state: State::of_code(row.i64(3)?),
        receipts: History::of_bytes(row.bytes(4)?).receipts(id),
    }))
}
