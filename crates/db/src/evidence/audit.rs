//! Walks the whole log beside the database: every record against its leaf, every leaf against the
//! kept hashes and the published checkpoints.

use std::collections::{HashMap, VecDeque};

use super::checkpoint::Checkpoint;
use super::log::{Entry, entries, number, original};
use super::merkle::{Hash, node_hash, root};
use super::record::Record;
use crate::{Db, DbError, Keys, OriginalId, Tx, Type, params, values};

/// Rows of leaves read in one transaction.
const ROWS_AT_ONCE: i64 = 64;
/// More would only say the same again.
const FAULTS_MAX: usize = 1_000;
/// Each level of kept hashes stands over 2^8 of the one below.
const LEVEL_BITS: u32 = 8;

/// Something wrong between the database and its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The record no longer is what its leaf stands for.
    Changed {
        /// Place of the leaf.
        index: u64,
        /// Id of the record.
        id: i64,
        /// Whether the record is an original; otherwise its text is kept with the log.
        original: bool,
    },
    /// The leaf's original is gone.
    Missing {
        /// Place of the leaf.
        index: u64,
        /// Id of the original.
        id: OriginalId,
    },
    /// The record stands at a place that is another's.
    Moved {
        /// Where it stands.
        index: u64,
        /// Where its leaf is.
        belongs: u64,
        /// Id of the record.
        id: i64,
    },
    /// An original that has no leaf.
    Unlogged(OriginalId),
    /// Leaves `from..to` are gone.
    Gap {
        /// The first that is missing.
        from: u64,
        /// The first that is there again.
        to: u64,
    },
    /// A stored row of leaves cannot be read.
    Unreadable(u64),
    /// A kept hash is not that of the leaves under it.
    Node {
        /// The first leaf under it.
        from: u64,
        /// The first leaf that is no longer under it.
        to: u64,
    },
    /// The leaves do not lead to the root that was published.
    Checkpoint(u64),
    /// What was published has more leaves than there are.
    Shorter {
        /// Leaves there are.
        size: u64,
        /// Leaves that were published.
        published: u64,
    },
    /// The bytes of an original are not those of its record, or cannot be opened.
    Content(OriginalId),
}

/// What a walk over the log came to.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Leaves there are.
    pub size: u64,
    /// Those that stand for originals.
    pub originals: u64,
    /// The checkpoints that were recomputed.
    pub checkpoints: u64,
    /// Everything that is wrong, at most a thousand.
    pub faults: Vec<Fault>,
}

impl Db {
    /// Walks the whole log. With `contents`, every original is opened and hashed as well, which
    /// takes far longer. Writes nothing; others may go on meanwhile. `progress` is told the leaves
    /// done and how many there are.
    pub fn audit_evidence(
        &self,
        contents: bool,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Audit, DbError> {
        let (size, there) = self.read(|tx| {
            let there = tx.query_one("SELECT COUNT(*) FROM db_original", &[])?.i64(0)?;
            Ok::<_, DbError>((tx.evidence_size()?, there))
        })?;
        let mut walk = Walk { contents, ..Walk::default() };
        walk.audit.size = size;
        while walk.next < size {
            let from = walk.next;
            self.read(|tx| walk.on(tx, size))?;
            progress(walk.next, size);
            if walk.next == from {
                break;
            }
        }
        self.read(|tx| walk.end(tx, size))?;
        if i64::try_from(walk.found) != Ok(there) {
            self.read(|tx| unlogged(tx, &mut walk))?;
        }
        let mut audit = walk.audit;
        audit.faults.truncate(FAULTS_MAX);
        Ok(audit)
    }
}

/// A record that is not what its leaf stands for, until it is known whether it is another leaf's.
struct Misfit {
    index: u64,
    id: i64,
    leaf: Hash,
    original: bool,
}

#[derive(Default)]
struct Walk {
    contents: bool,
    /// The place of the next leaf.
    next: u64,
    /// Originals that have both row and leaf.
    found: u64,
    /// Roots of complete subtrees, larger ones first: height and hash.
    peaks: Vec<(u32, Hash)>,
    /// Whether a gap makes roots meaningless from here on.
    broken: bool,
    checkpoints: VecDeque<Checkpoint>,
    misfits: Vec<Misfit>,
    /// Leaves seen in rows with misfits, to find where a record belongs.
    places: HashMap<Hash, u64>,
    audit: Audit,
}

impl Walk {
    /// Walks the next rows.
    fn on(&mut self, tx: &mut Tx, size: u64) -> Result<(), DbError> {
        let sql = "SELECT first, count, ids, hashes, texts FROM db_leaf
                   WHERE first >= $1 AND first < $2 ORDER BY first LIMIT $3";
        let rows = tx.query(sql, params![number(self.next)?, number(size)?, ROWS_AT_ONCE])?;
        for row in &rows {
            let first = u64::try_from(row.i64(0)?).unwrap_or_default();
            if first > self.next {
                self.gap(self.next, first);
            }
            let Ok(all) = entries(row) else {
                self.fault(Fault::Unreadable(first));
                self.broken = true;
                self.next = first + u64::try_from(row.i64(1)?).unwrap_or(1).max(1);
                continue;
            };
            self.records(tx, &all)?;
            for entry in &all {
                self.leaf(tx, entry)?;
            }
        }
        if rows.is_empty() {
            self.gap(self.next, size);
        }
        Ok(())
    }

    fn gap(&mut self, from: u64, to: u64) {
        self.fault(Fault::Gap { from, to });
        self.broken = true;
        self.next = to;
    }

    fn fault(&mut self, fault: Fault) {
        if self.audit.faults.len() < FAULTS_MAX {
            self.audit.faults.push(fault);
        }
    }

    /// Compares the records of a row with its leaves.
    fn records(&mut self, tx: &mut Tx, all: &[Entry]) -> Result<(), DbError> {
        let originals: Vec<&Entry> = all.iter().filter(|entry| entry.text.is_none()).collect();
        self.audit.originals += originals.len() as u64;
        let mut made: HashMap<i64, Record> = HashMap::with_capacity(originals.len());
        let mut keys = Keys::new(&[Type::Int]);
        originals.iter().for_each(|entry| keys.push(values![entry.id]));
        let sql = "SELECT k.n, o.id, o.kind, o.door, o.sender, o.at, o.length, o.hash
                   FROM keys k JOIN db_original o ON o.id = k.a";
        for row in tx.query_keys(sql, &keys)? {
            let record = original(&row, 1)?;
            made.insert(record.id(), record);
        }
        let before = self.misfits.len();
        for entry in all {
            let leaf = match (&entry.text, made.get(&entry.id)) {
                (Some(text), _) => super::merkle::leaf_hash(text.as_bytes()),
                (None, Some(record)) => record.leaf(),
                (None, None) => {
                    let id = OriginalId::from_i64(entry.id);
                    self.fault(Fault::Missing { index: entry.index, id });
                    continue;
                }
            };
            let original = entry.text.is_none();
            self.found += u64::from(original);
            if leaf != entry.hash {
                let Entry { index, id, .. } = *entry;
                self.misfits.push(Misfit { index, id, leaf, original });
            }
            if original && self.contents {
                self.content(tx, OriginalId::from_i64(entry.id))?;
            }
        }
        if self.misfits.len() > before && self.misfits.len() < FAULTS_MAX {
            self.places.extend(all.iter().map(|entry| (entry.hash, entry.index)));
        }
        Ok(())
    }

    fn content(&mut self, tx: &mut Tx, id: OriginalId) -> Result<(), DbError> {
        match tx.original(id) {
            Ok(_) => Ok(()),
            Err(error) if error.is_outage() => Err(error),
            Err(DbError::Damaged(_) | DbError::Key(_)) => {
                self.fault(Fault::Content(id));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Takes a leaf into the tree, comparing kept hashes and checkpoints as they become complete.
    fn leaf(&mut self, tx: &mut Tx, entry: &Entry) -> Result<(), DbError> {
        self.next = entry.index + 1;
        if self.broken {
            return Ok(());
        }
        self.peaks.push((0, entry.hash));
        while let [.., (left_height, left), (right_height, right)] = &self.peaks[..]
            && left_height == right_height
        {
            let (height, hash) = (left_height + 1, node_hash(left, right));
            self.peaks.truncate(self.peaks.len() - 2);
            self.peaks.push((height, hash));
            if height.is_multiple_of(LEVEL_BITS) {
                self.node(tx, height, &hash)?;
            }
        }
        self.checkpoint(tx)
    }

    fn node(&mut self, tx: &mut Tx, height: u32, hash: &Hash) -> Result<(), DbError> {
        let (to, length) = (self.next, 1_u64 << height);
        let sql = "SELECT hash FROM db_node WHERE level = $1 AND n = $2";
        let place = number(to / length - 1)?;
        let kept = tx.query_opt(sql, params![height / LEVEL_BITS, place])?;
        if let Some(row) = kept
            && row.bytes(0)? != hash
        {
            self.fault(Fault::Node { from: to - length, to });
        }
        Ok(())
    }

    fn checkpoint(&mut self, tx: &mut Tx) -> Result<(), DbError> {
        if self.checkpoints.front().is_none_or(|next| next.size < self.next) {
            let all = tx.checkpoints(self.next - 1, ROWS_AT_ONCE)?;
            self.checkpoints = all.into();
            // None for a long time to come: do not ask again at every leaf.
            let far = self.audit.size.max(self.next).saturating_add(1);
            if self.checkpoints.is_empty() {
                let none = Checkpoint {
                    size: far,
                    at: Default::default(),
                    root: [0; 32],
                    note: String::new(),
                };
                self.checkpoints.push_back(none);
            }
        }
        let Some(next) = self.checkpoints.front() else { return Ok(()) };
        if next.size == self.next {
            let (size, published) = (next.size, next.root);
            let peaks = self.peaks.iter().rev().map(|(_, hash)| *hash);
            let whole = peaks.reduce(|right, left| node_hash(&left, &right));
            self.audit.checkpoints += 1;
            if whole.unwrap_or_else(|| root(&[])) != published {
                self.fault(Fault::Checkpoint(size));
            }
            self.checkpoints.pop_front();
        }
        Ok(())
    }

    /// Tells records that stand at another's place from records that were changed, and looks at the
    /// end of the log.
    fn end(&mut self, tx: &mut Tx, size: u64) -> Result<(), DbError> {
        for Misfit { index, id, leaf, original } in std::mem::take(&mut self.misfits) {
            match self.places.get(&leaf) {
                Some(belongs) => {
                    let belongs = *belongs;
                    self.fault(Fault::Moved { index, belongs, id });
                }
                None => self.fault(Fault::Changed { index, id, original }),
            }
        }
        let published = tx.latest_checkpoint()?.map_or(0, |last| last.size);
        if published > size && published > tx.evidence_size()? {
            self.fault(Fault::Shorter { size, published });
        }
        Ok(())
    }
}

/// Finds the originals without a leaf, once it is known that there are some.
fn unlogged(tx: &mut Tx, walk: &mut Walk) -> Result<(), DbError> {
    let size = walk.audit.size;
    let mut after = OriginalId::from_i64(i64::MIN);
    loop {
        let sql = "SELECT id FROM db_original WHERE id > $1 ORDER BY id LIMIT 1000";
        let rows = tx.query(sql, params![after])?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id(0)?;
        for row in &rows {
            let id: OriginalId = row.id(0)?;
            match tx.evidence_of(id.to_i64()) {
                Ok(Some(entry)) if entry.text.is_none() => {}
                // Written since the walk began.
                Ok(None) if tx.evidence_size()? > size && id.to_i64() > newest(tx, size)? => {}
                Ok(_) => walk.fault(Fault::Unlogged(id)),
                Err(DbError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The largest id among the last leaves of the walk.
fn newest(tx: &mut Tx, size: u64) -> Result<i64, DbError> {
    let sql = "SELECT COALESCE(MAX(id_max), 0) FROM db_leaf WHERE first < $1";
    tx.query_one(sql, params![number(size)?])?.i64(0)
}
