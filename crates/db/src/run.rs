//! An index for random values, such as guids, that are often written and seldom looked up.
//!
//! A common index changes a page of its own for every random value: four kilobytes written to the
//! log, and again to the file, for sixteen bytes. Here the values of a transaction are one sorted
//! run, written at once; a background thread merges runs, so that a look-up asks few. Each value is
//! written three times in its life, thirteen bytes each.
//!
//! Of a value only forty bits are kept: who looks up compares the things found, of which one in
//! some thousand millions is a stranger.

use std::collections::BTreeMap;

use crate::{Db, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};

const NUMBER: &str = "db.run";
const ENTRY_BYTES: usize = 13;
const VALUE_BYTES: usize = 5;
const ENTRIES_PER_PART: usize = 4_096;
/// So many runs of a level become one of the next.
const MERGED: usize = 16;
/// Runs of this level are left as they are: merging more would take long.
const LEVEL_MAX: i64 = 2;

/// One noted thing: which index, its value, its id.
#[derive(Clone, Copy)]
pub(crate) struct Note {
    index: &'static str,
    value: u64,
    id: i64,
}

/// What is kept of a value.
fn kept(value: i64) -> u64 {
    value.cast_unsigned() >> (64 - 8 * VALUE_BYTES)
}

impl Tx {
    /// Notes that a thing of this id has this value: eight random bytes, such as the beginning of
    /// a hash. [`Tx::noted`] finds it again.
    pub fn note(&mut self, index: &'static str, value: i64, id: i64) -> Result<(), DbError> {
        self.must_write()?;
        self.pending.notes.push(Note { index, value: kept(value), id });
        Ok(())
    }

    /// The ids noted with this value, newest first. Some may be of another value: compare it on
    /// the things themselves.
    pub fn noted(&mut self, index: &str, value: i64) -> Result<Vec<i64>, DbError> {
        let value = kept(value);
        let pending = self.pending.notes.iter();
        let mut ids: Vec<i64> = pending
            .filter(|note| note.index == index && note.value == value)
            .map(|note| note.id)
            .collect();
        let sql = "SELECT (SELECT p.body FROM db_run_part p WHERE p.run = r.id AND p.first <= $2
                           ORDER BY p.first DESC LIMIT 1)
                   FROM db_run r WHERE r.name = $1";
        for row in self.query(sql, params![index, value.cast_signed()])? {
            ids.extend(row.opt_bytes(0)?.into_iter().flat_map(|part| ids_of(part, value)));
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        Ok(ids)
    }
}

/// Writes what a transaction noted.
pub(crate) fn write(tx: &mut Tx, notes: &[Note]) -> Result<(), DbError> {
    let mut by_index: BTreeMap<&str, Vec<(u64, i64)>> = BTreeMap::new();
    for note in notes {
        by_index.entry(note.index).or_default().push((note.value, note.id));
    }
    for (index, entries) in by_index {
        insert(tx, index, 0, entries)?;
    }
    Ok(())
}

fn insert(
    tx: &mut Tx,
    index: &str,
    level: i64,
    mut entries: Vec<(u64, i64)>,
) -> Result<(), DbError> {
    entries.sort_unstable();
    let run = tx.next_number(NUMBER)?;
    let sql = "INSERT INTO db_run (id, name, level) VALUES ($1, $2, $3)";
    tx.execute(sql, params![run, index, level])?;
    let mut rows = Rows::new();
    let mut rest = entries.as_slice();
    while let Some((first, _)) = rest.first() {
        let mut end = rest.len().min(ENTRIES_PER_PART);
        // Entries of one value stay together, so that one part has all of them.
        while end < rest.len() && rest[end].0 == rest[end - 1].0 {
            end += 1;
        }
        let (part, after) = rest.split_at(end);
        let mut body = Vec::with_capacity(part.len() * ENTRY_BYTES);
        for (value, id) in part {
            body.extend_from_slice(&value.to_be_bytes()[8 - VALUE_BYTES..]);
            body.extend_from_slice(&id.to_be_bytes());
        }
        rows.push(values![run, first.cast_signed(), body]);
        rest = after;
    }
    tx.insert_many("db_run_part", &["run", "first", "body"], &rows, OnConflict::Fail).map(drop)
}

fn entries(part: &[u8]) -> impl Iterator<Item = (u64, i64)> {
    part.chunks_exact(ENTRY_BYTES).map(entry)
}

fn entry(bytes: &[u8]) -> (u64, i64) {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    let (value, id) = bytes.split_at(VALUE_BYTES);
    (number(value), number(id).cast_signed())
}

/// The ids of this value in a sorted part.
fn ids_of(part: &[u8], value: u64) -> Vec<i64> {
    let count = part.len() / ENTRY_BYTES;
    let at = |i: usize| entry(&part[i * ENTRY_BYTES..(i + 1) * ENTRY_BYTES]);
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if at(middle).0 < value { low = middle + 1 } else { high = middle }
    }
    (low..count).map(at).take_while(|(found, _)| *found == value).map(|(_, id)| id).collect()
}

impl Db {
    /// Merges what [`Tx::note`] wrote, where enough has gathered. Gives how many runs were merged.
    /// Call it from a background thread, now and then.
    pub fn merge_notes(&self) -> Result<usize, DbError> {
        let sql = "SELECT name, level FROM db_run WHERE level < $1
                   GROUP BY name, level HAVING COUNT(*) >= $2";
        let due = self.read(|tx| tx.query(sql, params![LEVEL_MAX, MERGED as i64]))?;
        let mut merged = 0;
        for row in &due {
            let (name, level) = (row.text(0)?, row.i64(1)?);
            match self.write(|tx| merge(tx, name, level)) {
                Ok(count) => merged += count,
                // Another process merges the same.
                Err(DbError::Busy(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(merged)
    }
}

fn merge(tx: &mut Tx, name: &str, level: i64) -> Result<usize, DbError> {
    let sql = "SELECT id FROM db_run WHERE name = $1 AND level = $2 ORDER BY id LIMIT $3";
    let rows = tx.query(sql, params![name, level, MERGED as i64])?;
    let mut runs = Keys::new(&[Type::Int]);
    for row in &rows {
        runs.push(values![row.i64(0)?]);
    }
    let sql = "SELECT k.n, p.body FROM keys k JOIN db_run_part p ON p.run = k.a";
    let parts: Vec<Row> = tx.query_keys(sql, &runs)?;
    let mut all = Vec::new();
    for row in &parts {
        all.extend(entries(row.bytes(1)?));
    }
    let gone = tx.update_many("DELETE FROM db_run WHERE id IN (SELECT k.a FROM keys k)", &runs)?;
    if gone != runs.len() as u64 {
        return Err(DbError::Busy("the runs were merged by another process".to_owned()));
    }
    tx.update_many("DELETE FROM db_run_part WHERE run IN (SELECT k.a FROM keys k)", &runs)?;
    insert(tx, name, level + 1, all)?;
    Ok(runs.len())
}
