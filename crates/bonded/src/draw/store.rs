//! All SQL of draws and returns.

use std::collections::HashMap;

use db::{DbError, Keys, OnConflict, Rows, Tx, Type, values};
use kernel::Time;

use super::rules::Shelves;
use super::types::*;
use crate::Quantity;
use crate::accounts::Counted;
use crate::book::OPEN;

/// What the books and records that these draws name say.
pub(super) fn shelves<'a>(tx: &mut Tx, draws: &[Draw<'a>]) -> Result<Shelves<'a>, DbError> {
    let mut places: Vec<(&'a str, &'a str)> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for draw in draws {
        let named = draw.lines.iter().map(|line| line.item_record_no);
        // A draw without lines still has a book.
        for item in named.chain(draw.lines.is_empty().then_some("")) {
            if seen.insert((draw.book, item)) {
                places.push((draw.book, item));
            }
        }
    }
    let mut keys = Keys::new(&[Type::Text, Type::Text]);
    places.iter().for_each(|(book, item)| keys.push(values![*book, *item]));
    let sql = "SELECT k.n, b.id, b.state, b.holder_code, b.area_code, b.trade_mode, b.mode_bound, \
         r.id, r.unit FROM keys k JOIN bonded_book b ON b.number = k.a \
         LEFT JOIN bonded_record r ON r.book = b.id AND r.item_no = k.b";
    let mut shelves = Shelves::default();
    for row in tx.query_keys(sql, &keys)? {
        let Some(place) = places.get(row.u32(0)? as usize) else { continue };
        if !shelves.books.contains_key(place.0) {
            let shelf = Shelf {
                book: row.id(1)?,
                open: row.text(2)? == OPEN,
                holder_code: row.text(3)?.into(),
                area_code: row.text(4)?.into(),
                trade_mode: row.text(5)?.into(),
                mode_bound: row.bool(6)?,
            };
            shelves.books.insert(place.0, shelf);
        }
        if let (Some(record), Some(unit)) = (row.opt_id(7)?, row.opt_text(8)?) {
            shelves.records.insert(*place, (Counted::new(record, unit), unit.into()));
        }
    }
    Ok(shelves)
}

/// The latest round of each of these keys that there is, with its lines: two queries, of which
/// the second only when something was drawn before.
pub(super) fn latest(
    tx: &mut Tx,
    keys: impl Iterator<Item = [u8; 16]>,
) -> Result<HashMap<[u8; 16], Drawn>, DbError> {
    let asked: Vec<[u8; 16]> = keys.collect();
    let mut wanted = Keys::new(&[Type::Bytes]);
    asked.iter().for_each(|key| wanted.push(values![key]));
    let sql = "SELECT k.n, d.id, d.round, d.book, d.state FROM keys k \
         JOIN bonded_draw d ON d.key = k.a";
    let mut found: HashMap<[u8; 16], Drawn> = HashMap::new();
    for row in tx.query_keys(sql, &wanted)? {
        let Some(key) = asked.get(row.u32(0)? as usize) else { continue };
        let round = row.i64(2)?;
        if found.get(key).is_some_and(|known| known.round >= round) {
            continue;
        }
        let state = State::parse(row.i64(4)?)
            .ok_or_else(|| DbError::Damaged("the state of a draw cannot be read".to_owned()))?;
        let drawn = Drawn { id: row.id(1)?, round, book: row.id(3)?, state, lines: Vec::new() };
        found.insert(*key, drawn);
    }
    lines(tx, &mut found)?;
    Ok(found)
}

fn lines(tx: &mut Tx, draws: &mut HashMap<[u8; 16], Drawn>) -> Result<(), DbError> {
    let mut draws: Vec<&mut Drawn> = draws.values_mut().collect();
    let mut wanted = Keys::new(&[Type::Int]);
    draws.iter().for_each(|drawn| wanted.push(values![drawn.id]));
    let sql = "SELECT k.n, l.gnum, l.record, r.unit, r.item_no, l.quantity, l.returned \
         FROM keys k JOIN bonded_draw_line l ON l.draw = k.a \
         JOIN bonded_record r ON r.id = l.record";
    for row in tx.query_keys(sql, &wanted)? {
        let Some(drawn) = draws.get_mut(row.u32(0)? as usize) else { continue };
        drawn.lines.push(Line {
            gnum: row.u32(1)?,
            of: Counted::new(row.id(2)?, row.text(3)?),
            item_no: row.text(4)?.into(),
            quantity: Quantity::from_i64(row.i64(5)?),
            returned: Quantity::from_i64(row.i64(6)?),
        });
    }
    draws.iter_mut().for_each(|drawn| drawn.lines.sort_unstable_by_key(|line| line.gnum));
    Ok(())
}

/// New draws, each with its key.
pub(super) fn insert(tx: &mut Tx, draws: &[([u8; 16], Drawn)]) -> Result<(), DbError> {
    let rows: Rows<'_> = draws
        .iter()
        .map(|(key, drawn)| {
            let state = drawn.state as i64;
            // One that is released at once is settled when it is made.
            let at = (drawn.state == State::Released).then(|| drawn.id.time());
            values![drawn.id, key, drawn.round, drawn.book, state, at]
        })
        .collect();
    let columns = ["id", "key", "round", "book", "state", "settled_at"];
    tx.insert_many("bonded_draw", &columns, &rows, OnConflict::Fail).map_err(crossed)?;
    let rows: Rows<'_> = draws
        .iter()
        .flat_map(|(_, drawn)| drawn.lines.iter().map(move |line| (drawn.id, line)))
        .map(|(draw, line)| {
            let (quantity, returned) = (line.quantity.to_i64(), line.returned.to_i64());
            values![draw, line.gnum, line.of.record, quantity, returned]
        })
        .collect();
    let columns = ["draw", "gnum", "record", "quantity", "returned"];
    tx.insert_many("bonded_draw_line", &columns, &rows, OnConflict::Fail).map(drop)
}

/// Moves draws from the state they were read in to another.
pub(super) fn settle(
    tx: &mut Tx,
    now: Time,
    changes: &[(DrawId, State, State)],
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Int, Type::Int]);
    for (draw, from, to) in changes {
        keys.push(values![*draw, *from as i64, *to as i64]);
    }
    let sql = "UPDATE bonded_draw SET state = k.c, settled_at = $1 FROM keys k \
         WHERE bonded_draw.id = k.a AND bonded_draw.state = k.b";
    let changed = tx.update_many_with(sql, &keys, db::params![now])?;
    if changed == keys.len() as u64 { Ok(()) } else { Err(busy()) }
}

/// Lines of which more came back than was read: draw, line, before, after.
pub(super) fn returned(
    tx: &mut Tx,
    changes: &[(DrawId, u32, Quantity, Quantity)],
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int; 4]);
    for (draw, gnum, before, after) in changes {
        keys.push(values![*draw, *gnum, before.to_i64(), after.to_i64()]);
    }
    let sql = "UPDATE bonded_draw_line SET returned = k.d FROM keys k \
         WHERE bonded_draw_line.draw = k.a AND bonded_draw_line.gnum = k.b \
         AND bonded_draw_line.returned = k.c";
    let changed = tx.update_many(sql, &keys)?;
    if changed == keys.len() as u64 { Ok(()) } else { Err(busy()) }
}

/// The returns with these keys that there are.
pub(super) fn returns(
    tx: &mut Tx,
    keys: impl Iterator<Item = [u8; 16]>,
) -> Result<HashMap<[u8; 16], Returned>, DbError> {
    let asked: Vec<[u8; 16]> = keys.collect();
    let mut wanted = Keys::new(&[Type::Bytes]);
    asked.iter().for_each(|key| wanted.push(values![key]));
    let sql = "SELECT k.n, t.draw, l.gnum, l.quantity FROM keys k \
         JOIN bonded_return t ON t.key = k.a JOIN bonded_return_line l ON l.return_id = t.id";
    let mut found: HashMap<[u8; 16], Returned> = HashMap::new();
    for row in tx.query_keys(sql, &wanted)? {
        let Some(key) = asked.get(row.u32(0)? as usize) else { continue };
        let draw = row.id(1)?;
        let line = (row.u32(2)?, Quantity::from_i64(row.i64(3)?));
        found.entry(*key).or_insert(Returned { draw, lines: Vec::new() }).lines.push(line);
    }
    found.values_mut().for_each(|known| known.lines.sort_unstable());
    Ok(found)
}

/// New returns: id, key, draw, lines.
pub(super) fn insert_returns(tx: &mut Tx, returns: &[NewReturn]) -> Result<(), DbError> {
    let rows: Rows<'_> = returns.iter().map(|new| values![new.id, &new.key, new.draw]).collect();
    tx.insert_many("bonded_return", &["id", "key", "draw"], &rows, OnConflict::Fail)
        .map_err(crossed)?;
    let rows: Rows<'_> = returns
        .iter()
        .flat_map(|new| new.lines.iter().map(move |line| (new.id, line)))
        .map(|(id, (gnum, quantity))| values![id, *gnum, quantity.to_i64()])
        .collect();
    let columns = ["return_id", "gnum", "quantity"];
    tx.insert_many("bonded_return_line", &columns, &rows, OnConflict::Fail).map(drop)
}

/// A return about to be kept.
pub(super) struct NewReturn {
    pub(super) id: ReturnId,
    pub(super) key: [u8; 16],
    pub(super) draw: DrawId,
    pub(super) lines: Vec<(u32, Quantity)>,
}

fn crossed(error: DbError) -> DbError {
    match error {
        DbError::Unique { .. } => busy(),
        other => other,
    }
}

fn busy() -> DbError {
    DbError::Busy("another transaction settled the same draw".to_owned())
}
