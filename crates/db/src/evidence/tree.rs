//! The tree over the stored leaves: hashes of complete groups are kept, everything else is computed
//! from them, so that a proof in a log of any size takes a handful of reads.

use std::collections::HashMap;

use super::log::{damaged, number};
use super::merkle::{self, Hash, half, node_hash, root};
use crate::{DbError, OnConflict, Rows, Tx, params, values};

/// Leaves under one kept hash of the first level, and children of every kept hash.
const GROUP: u64 = 256;
const GROUP_BITS: u32 = 8;
/// Groups worked off in one go, so that a transaction stays short.
const GROWN_AT_ONCE: u64 = 256;

impl Tx {
    /// Computes and keeps the hashes of groups that have become complete, at most some ten
    /// thousand leaves' worth. Gives whether there is more to do.
    pub fn grow_evidence(&mut self) -> Result<bool, DbError> {
        let size = self.evidence_size()?;
        let mut more = false;
        let (mut level, mut complete) = (1, size / GROUP);
        while complete > 0 {
            let sql = "SELECT COALESCE(MAX(n) + 1, 0) FROM db_node WHERE level = $1";
            let row = self.query_one(sql, params![level])?;
            let from = u64::try_from(row.i64(0)?).map_err(|_| damaged("a node"))?;
            let to = complete.min(from.saturating_add(GROWN_AT_ONCE));
            more |= to < complete;
            let mut rows = Rows::new();
            let mut grown = Vec::new();
            for n in from..to {
                grown.push((n, root(&self.children(level - 1, n, size)?)));
            }
            for (n, hash) in &grown {
                rows.push(values![level, number(*n)?, hash]);
            }
            let columns = ["level", "n", "hash"];
            // Another process may be at the same work and came to the same hashes.
            self.insert_many("db_node", &columns, &rows, OnConflict::Ignore)?;
            // A level rests on what is kept of the one below.
            (level, complete) = (level + 1, to.max(from) / GROUP);
        }
        Ok(more)
    }

    /// The up to 256 hashes of a level that lie in one group: leaves on level 0, kept hashes above.
    fn children(&mut self, level: u32, group: u64, size: u64) -> Result<Vec<Hash>, DbError> {
        let (from, to) = (group << GROUP_BITS, (group + 1) << GROUP_BITS);
        if level == 0 {
            let to = to.min(size);
            let hashes = self.leaf_hashes(from, to)?;
            let gap = || damaged(&format!("leaves are missing between {from} and {to}"));
            return if hashes.len() as u64 == to - from { Ok(hashes) } else { Err(gap()) };
        }
        let sql = "SELECT n, hash FROM db_node
                   WHERE level = $1 AND n >= $2 AND n < $3 ORDER BY n";
        let rows = self.query(sql, params![level, number(from)?, number(to)?])?;
        let mut hashes = Vec::with_capacity(rows.len());
        for (row, n) in rows.iter().zip(from..) {
            let hash = row.bytes(1)?.try_into();
            let sound = u64::try_from(row.i64(0)?) == Ok(n);
            hashes.push(hash.ok().filter(|_| sound).ok_or_else(|| damaged("a node"))?);
        }
        Ok(hashes)
    }
}

/// The tree of the first leaves of the log, for as long as a transaction.
pub struct Tree<'t> {
    tx: &'t mut Tx,
    size: u64,
    groups: HashMap<(u32, u64), Vec<Hash>>,
}

impl<'t> Tree<'t> {
    /// The tree of the first `size` leaves. [`DbError::Other`] when there are fewer, or when the
    /// hashes of its groups are not all kept yet: see [`Tx::grow_evidence`].
    pub fn of(tx: &'t mut Tx, size: u64) -> Result<Tree<'t>, DbError> {
        let there = tx.evidence_size()?;
        if size > there {
            let text = format!("the log has {there} leaves, not {size}");
            return Err(DbError::Other(text));
        }
        Ok(Tree { tx, size, groups: HashMap::new() })
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its root.
    pub fn root(&mut self) -> Result<Hash, DbError> {
        match self.size {
            0 => Ok(root(&[])),
            size => self.under(0, size),
        }
    }

    /// The root of its first `size` leaves.
    pub fn root_of_first(&mut self, size: u64) -> Result<Hash, DbError> {
        match size {
            0 => Ok(root(&[])),
            size if size <= self.size => self.under(0, size),
            _ => Err(DbError::Other("the tree is smaller".to_owned())),
        }
    }

    /// The way from a leaf to the root; the leaf must be in the tree.
    pub fn inclusion(&mut self, index: u64) -> Result<Vec<Hash>, DbError> {
        if index >= self.size {
            return Err(DbError::Other("the leaf is not in the tree".to_owned()));
        }
        merkle::inclusion(index, self.size, &mut |low, high| self.under(low, high))
    }

    /// What shows that its first `from` leaves were not changed since they were all; `from` is 1 to
    /// its size.
    pub fn consistency(&mut self, from: u64) -> Result<Vec<Hash>, DbError> {
        if from == 0 || from > self.size {
            return Err(DbError::Other("no tree of that size came before".to_owned()));
        }
        merkle::consistency(from, self.size, &mut |low, high| self.under(low, high))
    }

    /// What lies beside leaves `from..to`, which must be in the tree.
    pub fn surroundings(&mut self, from: u64, to: u64) -> Result<Vec<Hash>, DbError> {
        if from >= to || to > self.size {
            return Err(DbError::Other("the range is not in the tree".to_owned()));
        }
        merkle::surroundings(from, to, self.size, &mut |low, high| self.under(low, high))
    }

    /// The root over leaves `low..high`, of which there are some.
    fn under(&mut self, low: u64, high: u64) -> Result<Hash, DbError> {
        let length = high - low;
        if length.is_power_of_two() && low.is_multiple_of(length) {
            return self.node(length.trailing_zeros(), low / length);
        }
        let middle = low + half(length);
        let (left, right) = (self.under(low, middle)?, self.under(middle, high)?);
        Ok(node_hash(&left, &right))
    }

    /// The root over the `n`th 2^`height` leaves.
    fn node(&mut self, height: u32, n: u64) -> Result<Hash, DbError> {
        let (level, rest) = (height / GROUP_BITS, height % GROUP_BITS);
        let first = n << rest;
        let key = (level, first >> GROUP_BITS);
        if !self.groups.contains_key(&key) {
            let hashes = self.tx.children(key.0, key.1, self.size)?;
            self.groups.insert(key, hashes);
        }
        let offset = (first % GROUP) as usize;
        let hashes = self.groups.get(&key).and_then(|all| all.get(offset..offset + (1 << rest)));
        hashes.map(root).ok_or_else(|| {
            DbError::Other(format!("the hashes of the log's groups are not kept up to {first}"))
        })
    }
}
