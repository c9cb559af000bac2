//! Leaves: written at the end of a transaction, found by place or by the record's id.

use kernel::Time;

use super::merkle::{Hash, leaf_hash};
use super::record::{Content, Record};
use crate::{DbError, OnConflict, Row, Rows, Tx, params, values};

/// Leaves in one stored row; more make several rows.
pub const LEAVES_PER_ROW_MAX: usize = 1_000;
/// The name in `db_number` of the number of leaves.
const NUMBER: &str = "db.evidence";
const PACK_LEVEL: i32 = 1;
/// Rows read at once when looking for a record.
const LOOK_AT_ONCE: i64 = 16;

/// A leaf not yet written.
pub(crate) struct Leaf {
    pub(crate) id: i64,
    pub(crate) hash: Hash,
    /// The text, of records that are stored nowhere else.
    pub(crate) text: Option<Box<str>>,
}

/// A leaf of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 0.
    pub index: u64,
    /// The id of its record.
    pub id: i64,
    /// Its hash.
    pub hash: Hash,
    /// The record, when the log itself keeps it; that of an original is made from the original's
    /// row, see [`Tx::evidence_record`].
    pub text: Option<String>,
}

impl Tx {
    /// Puts records into the evidence log, in this order and in this transaction. Their text is
    /// kept with the log.
    pub fn witness<'a>(
        &mut self,
        records: impl IntoIterator<Item = &'a Record>,
    ) -> Result<(), DbError> {
        self.must_write()?;
        let leaf = |record: &Record| Leaf {
            id: record.id(),
            hash: record.leaf(),
            text: Some(record.text().into()),
        };
        self.pending.leaves.extend(records.into_iter().map(leaf));
        Ok(())
    }

    /// How many leaves the log has.
    pub fn evidence_size(&mut self) -> Result<u64, DbError> {
        let sql = "SELECT value FROM db_number WHERE name = $1";
        let size = self.query_opt(sql, params![NUMBER])?.map_or(Ok(0), |row| row.i64(0))?;
        u64::try_from(size).map_err(|_| damaged("its size"))
    }

    /// The leaf of the record with this id; `None` when the log has none.
    pub fn evidence_of(&mut self, id: i64) -> Result<Option<Entry>, DbError> {
        // Ids grow with time and so do rows: the first rows that reach as far as the id are the
        // ones to look at.
        let sql = "SELECT first, count, ids, hashes, texts, id_max FROM db_leaf
                   WHERE id_max >= $1 AND (id_max > $2 OR (id_max = $2 AND first > $3))
                   AND id_min <= $1 ORDER BY id_max, first LIMIT $4";
        let (mut after, mut first) = (i64::MIN, -1);
        loop {
            let rows = self.query(sql, params![id, after, first, LOOK_AT_ONCE])?;
            let Some(last) = rows.last() else { return Ok(None) };
            (after, first) = (last.i64(5)?, last.i64(0)?);
            for row in &rows {
                if let Some(entry) = entries(row)?.into_iter().find(|entry| entry.id == id) {
                    return Ok(Some(entry));
                }
            }
        }
    }

    /// The leaves at places `from..to`, as far as there are any, in order. A row that cannot be
    /// read is [`DbError::Damaged`].
    pub fn evidence_entries(&mut self, from: u64, to: u64) -> Result<Vec<Entry>, DbError> {
        let mut out = Vec::new();
        for row in self.leaf_rows("first, count, ids, hashes, texts", from, to)? {
            let within = |entry: &Entry| (from..to).contains(&entry.index);
            out.extend(entries(&row)?.into_iter().filter(within));
        }
        Ok(out)
    }

    /// The hashes of leaves `from..to`; fewer when some are missing.
    pub(crate) fn leaf_hashes(&mut self, from: u64, to: u64) -> Result<Vec<Hash>, DbError> {
        let mut out = Vec::new();
        for row in self.leaf_rows("first, count, hashes", from, to)? {
            let first = place(&row, 0)?;
            let hashes = hashes(row.bytes(2)?).ok_or_else(|| damaged_at(first))?;
            let places = (first..).zip(hashes);
            out.extend(places.filter(|(at, _)| (from..to).contains(at)).map(|(_, hash)| hash));
        }
        Ok(out)
    }

    fn leaf_rows(&mut self, columns: &str, from: u64, to: u64) -> Result<Vec<Row>, DbError> {
        let sql = format!(
            "SELECT {columns} FROM db_leaf
             WHERE first >= (SELECT COALESCE(MAX(first), 0) FROM db_leaf WHERE first <= $1)
             AND first < $2 ORDER BY first"
        );
        self.query(&sql, params![number(from)?, number(to)?])
    }

    /// The text a leaf stands for, made from what is stored now: for an original from its row, for
    /// every other record from the log. `None` when the original is gone.
    pub fn evidence_record(&mut self, entry: &Entry) -> Result<Option<String>, DbError> {
        if let Some(text) = &entry.text {
            return Ok(Some(text.clone()));
        }
        let sql = "SELECT id, kind, door, sender, at, length, hash FROM db_original WHERE id = $1";
        let row = self.query_opt(sql, params![entry.id])?;
        row.map(|row| Ok(original(&row, 0)?.text().to_owned())).transpose()
    }
}

/// The record of an original from `id, kind, door, sender, at, length, hash`, the first of which
/// is column `at`. A hash of another length, which only a tamperer writes, stands as it is.
pub(super) fn original(row: &Row, at: usize) -> Result<Record, DbError> {
    let (kind, door, sender) = (row.text(at + 1)?, row.text(at + 2)?, row.text(at + 3)?);
    let (length, hash) = (row.i64(at + 5)?, row.bytes(at + 6)?);
    let of = Content { door, kind, sender, length, hash };
    Ok(Record::original(row.id(at)?, row.time(at + 4)?, &of))
}

/// Writes the leaves of a transaction: see the head of the room.
pub(crate) fn write(tx: &mut Tx, leaves: &[Leaf]) -> Result<(), DbError> {
    if leaves.is_empty() {
        return Ok(());
    }
    let mut first = tx.next_numbers(NUMBER, leaves.len() as i64)? - 1;
    let mut rows = Rows::new();
    for chunk in leaves.chunks(LEAVES_PER_ROW_MAX) {
        let mut hashes = Vec::with_capacity(chunk.len() * size_of::<Hash>());
        chunk.iter().for_each(|leaf| hashes.extend_from_slice(&leaf.hash));
        let ids = || chunk.iter().map(|leaf| leaf.id);
        let (min, max) = (ids().min().unwrap_or_default(), ids().max().unwrap_or_default());
        let count = chunk.len() as i64;
        rows.push(values![first, count, min, max, pack_ids(chunk), hashes, pack_texts(chunk)?]);
        first += count;
    }
    let columns = ["first", "count", "id_min", "id_max", "ids", "hashes", "texts"];
    tx.insert_many("db_leaf", &columns, &rows, OnConflict::Fail).map(drop)
}

/// Each id as its distance from the one before, with one bit that tells whether a text goes with
/// it: three or four bytes, because ids of one transaction are neighbours.
fn pack_ids(leaves: &[Leaf]) -> Vec<u8> {
    let mut out = Vec::with_capacity(leaves.len() * 5);
    let mut before = 0_i64;
    for leaf in leaves {
        let step = leaf.id.wrapping_sub(before);
        let zigzag = ((step << 1) ^ (step >> 63)).cast_unsigned();
        put(&mut out, u128::from(zigzag) << 1 | u128::from(leaf.text.is_some()));
        before = leaf.id;
    }
    out
}

fn unpack_ids(mut bytes: &[u8]) -> Option<Vec<(i64, bool)>> {
    let mut out = Vec::new();
    let mut before = 0_i64;
    while !bytes.is_empty() {
        let number = take(&mut bytes)?;
        let zigzag = u64::try_from(number >> 1).ok()?;
        let step = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
        before = before.wrapping_add(step);
        out.push((before, number & 1 == 1));
    }
    Some(out)
}

/// The texts one after another, each with its length before it; `None` when there are none.
fn pack_texts(leaves: &[Leaf]) -> Result<Option<Vec<u8>>, DbError> {
    let mut plain = Vec::new();
    for text in leaves.iter().filter_map(|leaf| leaf.text.as_deref()) {
        put(&mut plain, text.len() as u128);
        plain.extend_from_slice(text.as_bytes());
    }
    if plain.is_empty() {
        return Ok(None);
    }
    let packed = zstd::bulk::compress(&plain, PACK_LEVEL);
    packed.map(Some).map_err(|e| DbError::Other(format!("zstd: {e}")))
}

fn unpack_texts(packed: &[u8]) -> Option<Vec<String>> {
    let plain = zstd::stream::decode_all(packed).ok()?;
    let mut rest = plain.as_slice();
    let mut out = Vec::new();
    while !rest.is_empty() {
        let length = usize::try_from(take(&mut rest)?).ok()?;
        let (text, after) = rest.split_at_checked(length)?;
        out.push(String::from_utf8(text.to_vec()).ok()?);
        rest = after;
    }
    Some(out)
}

/// Seven bits a byte, the lowest first; the top bit tells that more follow.
fn put(out: &mut Vec<u8>, mut number: u128) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u128> {
    let mut number = 0_u128;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u128::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The leaves of a row `first, count, ids, hashes, texts`.
pub(super) fn entries(row: &Row) -> Result<Vec<Entry>, DbError> {
    let first = place(row, 0)?;
    let count = place(row, 1)?;
    let wrong = || damaged_at(first);
    let ids = unpack_ids(row.bytes(2)?).ok_or_else(wrong)?;
    let hashes = hashes(row.bytes(3)?).ok_or_else(wrong)?;
    let texts = row.opt_bytes(4)?.map_or(Some(Vec::new()), unpack_texts).ok_or_else(wrong)?;
    let kept = ids.iter().filter(|(_, kept)| *kept).count();
    if [ids.len(), hashes.len()].map(|n| n as u64) != [count; 2] || kept != texts.len() {
        return Err(wrong());
    }
    let mut texts = texts.into_iter();
    let entry = |(index, ((id, kept), hash))| {
        let text = if kept { texts.next() } else { None };
        Entry { index, id, hash, text }
    };
    Ok((first..).zip(ids.into_iter().zip(hashes)).map(entry).collect())
}

fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let chunks = bytes.chunks_exact(size_of::<Hash>());
    chunks.remainder().is_empty().then(|| chunks.filter_map(|c| c.try_into().ok()).collect())
}

fn place(row: &Row, column: usize) -> Result<u64, DbError> {
    u64::try_from(row.i64(column)?).map_err(|_| damaged("a place"))
}

/// A place as stored.
pub(super) fn number(place: u64) -> Result<i64, DbError> {
    i64::try_from(place).map_err(|_| DbError::Other("no log is that long".to_owned()))
}

pub(super) fn damaged(what: &str) -> DbError {
    DbError::Damaged(format!("the evidence log: {what}"))
}

fn damaged_at(first: u64) -> DbError {
    damaged(&format!("the leaves from {first}"))
}

impl Entry {
    /// Whether this text is what the leaf stands for.
    pub fn is_of(&self, record: &str) -> bool {
        leaf_hash(record.as_bytes()) == self.hash
    }

    /// When its record was made, by its id.
    pub fn time(&self) -> Time {
        crate::OriginalId::from_i64(self.id).time()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(id: i64, text: Option<&str>) -> Leaf {
        Leaf { id, hash: [0; 32], text: text.map(Into::into) }
    }

    #[test]
    fn ids_and_texts_come_back_as_they_were() {
        let leaves = [
            leaf(i64::MAX, None),
            leaf(3, Some("三")),
            leaf(-1, None),
            leaf(i64::MIN, Some("")),
            leaf(0, None),
        ];
        let ids = unpack_ids(&pack_ids(&leaves)).unwrap();
        let wanted = [(i64::MAX, false), (3, true), (-1, false), (i64::MIN, true), (0, false)];
        assert_eq!(ids, wanted);
        let texts = pack_texts(&leaves).unwrap().unwrap();
        assert_eq!(unpack_texts(&texts).unwrap(), ["三", ""]);
        assert_eq!(pack_texts(&leaves[..1]).unwrap(), None);
    }

    #[test]
    fn neighbours_take_little_room() {
        let leaves: Vec<Leaf> = (0..100).map(|n| leaf((1 << 60) + n * 40, None)).collect();
        assert!(pack_ids(&leaves).len() < 10 + 2 * 100);
    }
}
