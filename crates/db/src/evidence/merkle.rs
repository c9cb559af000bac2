//! The hash tree of RFC 6962: leaves, nodes, roots, and the two proofs. Pure.
//!
//! What lies under a node is asked of the caller by its range of leaves, so that the same code
//! proves from a slice in memory and from a database.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// What stands before a leaf's input: no leaf can pass for a node.
pub(crate) const LEAF: u8 = 0;
const NODE: u8 = 1;

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The hash of a leaf: SHA-256 of a zero byte and the record.
pub fn leaf_hash(record: &[u8]) -> Hash {
    Sha256::new().chain_update([LEAF]).chain_update(record).finalize().into()
}

/// The hash of a node over its two halves.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [NODE; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    sha256(&bytes)
}

/// The root over leaf hashes; over none, the hash of nothing.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(half(many.len() as u64) as usize);
            node_hash(&root(left), &root(right))
        }
    }
}

/// The largest power of two below `size`, which is 2 or more.
pub(crate) fn half(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// The way from leaf `index` up to the root of `size` leaves, from below. `under` gives the root
/// over leaves `a..b`. `index` is below `size`.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    under: &mut impl FnMut(u64, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut low, mut high) = (0, size);
    let mut others = Vec::new();
    while high - low > 1 {
        let middle = low + half(high - low);
        if index < middle {
            others.push((middle, high));
            high = middle;
        } else {
            others.push((low, middle));
            low = middle;
        }
    }
    others.into_iter().rev().map(|(a, b)| under(a, b)).collect()
}

/// The root that leaf and way lead to; `None` when the way cannot be one of that length.
pub fn root_of_inclusion(index: u64, size: u64, leaf: &Hash, way: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (index, size.checked_sub(1)?);
    if at > last {
        return None;
    }
    let mut hash = *leaf;
    for other in way {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(other, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

/// What shows that the first `from` of `to` leaves are those of the smaller tree. `from` is 1 to
/// `to`.
pub fn consistency<E>(
    from: u64,
    to: u64,
    under: &mut impl FnMut(u64, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut low, mut high) = (0, to);
    let mut others = Vec::new();
    while from != high {
        let middle = low + half(high - low);
        if from <= middle {
            others.push((middle, high));
            high = middle;
        } else {
            others.push((low, middle));
            low = middle;
        }
    }
    // The smaller tree as a whole is known to whoever asks.
    if low > 0 {
        others.push((low, high));
    }
    others.into_iter().rev().map(|(a, b)| under(a, b)).collect()
}

/// The two roots a consistency proof leads to, given the root of the smaller tree; `None` when it
/// cannot be a proof between these sizes.
pub fn roots_of_consistency(
    from: u64,
    to: u64,
    smaller: &Hash,
    proof: &[Hash],
) -> Option<(Hash, Hash)> {
    if from == 0 || from > to {
        return None;
    }
    if from == to {
        return proof.is_empty().then_some((*smaller, *smaller));
    }
    let mut rest = proof.iter();
    let first = if from.is_power_of_two() { smaller } else { rest.next()? };
    let (mut at, mut last) = (from - 1, to - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old, mut new) = (*first, *first);
    for other in rest {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            old = node_hash(other, &old);
            new = node_hash(other, &new);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some((old, new))
}

/// What lies beside leaves `from..to` in a tree of `size`: the roots that, with these leaves, give
/// the root of the whole. From left to right.
pub fn surroundings<E>(
    from: u64,
    to: u64,
    size: u64,
    under: &mut impl FnMut(u64, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut out = Vec::new();
    let mut open = vec![(0, size)];
    while let Some((low, high)) = open.pop() {
        if from <= low && high <= to {
            continue;
        }
        if high <= from || to <= low {
            out.push(under(low, high)?);
            continue;
        }
        let middle = low + half(high - low);
        open.push((middle, high));
        open.push((low, middle));
    }
    Ok(out)
}

/// The root of `size` leaves from the leaves at `from` and following, and their surroundings.
/// `None` when the two do not fit together.
pub fn root_of_range(from: u64, leaves: &[Hash], size: u64, beside: &[Hash]) -> Option<Hash> {
    let to = from.checked_add(leaves.len() as u64)?;
    if leaves.is_empty() || to > size {
        return None;
    }
    let mut rest = beside.iter();
    let hash = over(from, leaves, (0, size), &mut rest)?;
    rest.next().is_none().then_some(hash)
}

fn over(
    from: u64,
    leaves: &[Hash],
    (low, high): (u64, u64),
    beside: &mut std::slice::Iter<'_, Hash>,
) -> Option<Hash> {
    let to = from + leaves.len() as u64;
    if from <= low && high <= to {
        let (a, b) = (usize::try_from(low - from).ok()?, usize::try_from(high - from).ok()?);
        return Some(root(leaves.get(a..b)?));
    }
    if high <= from || to <= low {
        return beside.next().copied();
    }
    let middle = low + half(high - low);
    let left = over(from, leaves, (low, middle), beside)?;
    let right = over(from, leaves, (middle, high), beside)?;
    Some(node_hash(&left, &right))
}

#[cfg(test)]
mod tests;
