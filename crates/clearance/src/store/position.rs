//! Where documents stand: the columns that inventories and the other documents have alike.

use db::{DbError, Keys, Row, Tx, Type, values};

use crate::document::DocumentId;
use crate::lifecycle::{Position, State};

/// Which of the two tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Inventory,
    Document,
}

/// A document, its version, and where it stands: before a change as read, after it as to be saved.
pub(crate) type Placed = (DocumentId, i64, Position);

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Table::Inventory => "clearance_inventory",
            Table::Document => "clearance_document",
        }
    }
}

/// Where these documents stand.
pub(crate) fn positions(
    tx: &mut Tx,
    table: Table,
    ids: impl Iterator<Item = DocumentId>,
) -> Result<Vec<Placed>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.for_each(|id| keys.push(values![id]));
    let table = table.name();
    let sql = format!(
        "SELECT k.n, d.id, d.version, d.state, d.state_at, d.floor_at FROM keys k
         JOIN {table} d ON d.id = k.a"
    );
    tx.query_keys(&sql, &keys)?.iter().map(of_row).collect()
}

fn of_row(row: &Row) -> Result<Placed, DbError> {
    let state = State::of_code(row.i64(3)?);
    let position = Position { state, at: row.opt_time(4)?, floor: row.opt_time(5)? };
    Ok((row.id(1)?, row.i64(2)?, position))
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

/// A row that was not there in the version expected was changed by somebody else meanwhile.
pub(super) fn all_changed(changed: u64, wanted: usize) -> Result<(), DbError> {
    if changed == wanted as u64 {
        return Ok(());
    }
    Err(DbError::Busy("a document was changed at the same time".to_owned()))
}
