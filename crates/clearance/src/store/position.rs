//! Where documents stand: the columns that inventories and the other documents have alike.

use db::{DbError, Keys, Tx, Type, params, values};

use crate::document::{DocumentId, Kind, MessageId};
use crate::lifecycle::state::SEND_FAILED;
use crate::lifecycle::{Position, State};

/// Which of the two tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Inventory,
    Document,
}

/// A document, the version its new position was decided on, and that position.
pub(crate) type Placed = (DocumentId, i64, Position);

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Table::Inventory => "clearance_inventory",
            Table::Document => "clearance_document",
        }
    }
}

/// Saves new positions beside the versions they were decided on.
pub(crate) fn reposition(
    tx: &mut Tx,
    table: Table,
    moves: impl Iterator<Item = Placed>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int; 5]);
    for (id, version, position) in moves {
        let (state, at, floor) = (position.state.code(), position.at, position.floor);
        keys.push(values![id, version, state, at, floor]);
    }
    let table = table.name();
    let sql = format!(
        "UPDATE {table} SET state = k.c, state_at = k.d, floor_at = k.e, version = version + 1
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

/// Notes that documents were sent (`SENT`) or could not be (`SEND_FAILED`): those that were ready,
/// or failed before. Receipts may have overtaken us; then nothing changes.
pub(crate) fn dispatched(
    tx: &mut Tx,
    table: Table,
    reported: &[(Reported, State)],
) -> Result<(), DbError> {
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
    let table = table.name();
    let waiting = [State::Ready.code().into(), SEND_FAILED.code().into()];
    let sql = format!(
        "UPDATE {table} SET state = k.d, version = version + 1 FROM keys k
         WHERE {table}.id >= k.b AND {table}.id <= k.c AND {table}.message_id = k.a
         AND ({table}.state = $1 OR ({table}.state = $2 AND k.d <> $2))"
    );
    tx.update_many_with(&sql, &spans, &waiting)?;
    let sql = format!(
        "UPDATE {table} SET state = k.b, version = version + 1 FROM keys k
         WHERE {table}.id = k.a AND ({table}.state = $1 OR ({table}.state = $2 AND k.b <> $2))"
    );
    tx.update_many_with(&sql, &singles, &waiting).map(drop)
}

/// A row that was not there in the version expected was changed by somebody else meanwhile.
pub(super) fn all_changed(changed: u64, wanted: usize) -> Result<(), DbError> {
    if changed == wanted as u64 {
        return Ok(());
    }
    Err(DbError::Busy("a document was changed at the same time".to_owned()))
}

/// What a document is, where it came in, and where it stands.
pub(crate) fn stands(
    tx: &mut Tx,
    id: DocumentId,
) -> Result<Option<(Kind, MessageId, i64, State)>, DbError> {
    let sql = "SELECT CAST($2 AS BIGINT), message_id, position, state FROM clearance_inventory
               WHERE id = $1
               UNION ALL
               SELECT kind, message_id, position, state FROM clearance_document WHERE id = $1";
    let found = tx.query_opt(sql, params![id, Kind::Inventory.number()])?;
    let Some(row) = found else { return Ok(None) };
    let Some(kind) = Kind::of_number(row.i64(0)?) else { return Ok(None) };
    Ok(Some((kind, row.id(1)?, row.i64(2)?, State::of_code(row.i64(3)?))))
}
