//! What the stand-in remembers of each document: a few fixed-width words, enough to compare it
//! with its counterparts. Names, numbers and addresses of persons are kept as keyed hashes only.
//! All of it is in memory, about 250 bytes a parcel; each batch's changes are one row of a log,
//! from which the memory is made again.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use kernel::Fen;

/// Names one remembered thing. Made from its kind and its business key.
pub(crate) type Key = [u8; 16];

/// What kind of thing a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An envelope, by sender and message id.
    Envelope,
    /// An envelope refused once by a scenario and taken at the next try.
    Refused,
    /// An order, by platform and order number.
    Order,
    /// A payment, by platform and order number.
    Payment,
    /// A waybill, by carrier and number.
    Waybill,
    /// A waybill status, by carrier and number.
    WaybillStatus,
    /// An inventory, by platform and order number.
    Inventory,
    /// A warehousing sheet that names a waybill.
    Arrival,
    /// A warehousing sheet, by firm and its own number.
    Sheet,
    /// What a buyer has used of a year's limit.
    Quota,
    /// The last number given out in a series.
    Series,
    /// A further piece of a long body.
    More,
    /// A return application, by firm and its own number.
    Return,
    /// What of an inventory has been returned.
    Returned,
    /// Who is told of a tax bill, and who answers for it.
    Parties,
    /// Declared import inventories, some in each, by running number.
    Declared,
    /// An export order, by platform, firm and order number.
    ExportOrder,
    /// A receipt of funds, by the same.
    Funds,
    /// An export waybill, by carrier and number.
    ExportWaybill,
    /// An export inventory, by declarant and its own number.
    ExportInventory,
    /// The export inventory of an order.
    OfOrder,
    /// The export inventory of a waybill, by carrier and number.
    OfWaybill,
    /// The export inventory with a number of customs.
    OfNumber,
    /// The arrival of an exported parcel, by its waybill.
    ExportArrival,
    /// The departure of an exported parcel, by its waybill.
    ExportDeparture,
    /// A sheet of consolidation, arrival or departure, or a summary, by firm and its own number.
    ExportSheet,
    /// Closed export inventories of a consignor, some in each, by running number.
    Closed,
    /// The tally of a returned parcel, by carrier and number.
    Tally,
}

/// The key of a thing. Business keys come from outside, so the hash must only spread well: nothing
/// is decided by it that a forger could want.
pub(crate) fn key(kind: Kind, parts: &[&str]) -> Key {
    let mut hash = Fnv::new();
    hash.eat(&[kind as u8]);
    for part in parts {
        hash.eat(part.as_bytes());
        hash.eat(&[0xFF]);
    }
    hash.0.to_be_bytes()
}

/// The key of a thing that belongs to another.
pub(crate) fn of_key(kind: Kind, owner: &Key, number: u64) -> Key {
    let mut hash = Fnv::new();
    hash.eat(&[kind as u8]);
    hash.eat(owner);
    hash.eat(&number.to_be_bytes());
    hash.0.to_be_bytes()
}

/// The key of a buyer's use of one year's limit.
pub(crate) fn quota_key(buyer: u64, year: i16) -> Key {
    let mut hash = Fnv::new();
    hash.eat(&[Kind::Quota as u8]);
    hash.eat(&buyer.to_be_bytes());
    hash.eat(&year.to_be_bytes());
    hash.0.to_be_bytes()
}

/// 64 bits that follow from texts.
pub(crate) fn bits(parts: &[&[u8]]) -> u64 {
    let mut hash = Fnv::new();
    parts.iter().for_each(|part| hash.eat(part));
    hash.0 as u64
}

/// 32 bits that stand for a text when only equality matters.
pub(crate) fn word(text: &str) -> u32 {
    bits(&[text.as_bytes()]) as u32
}

/// FNV-1a of 128 bits: the same on every machine and in every release.
struct Fnv(u128);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    fn eat(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte))
                .wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
        }
    }
}

/// Everything remembered, and what the open batch changes of it. A thing that was forgotten again
/// has an empty body.
#[derive(Default)]
pub(crate) struct Memory {
    known: Bodies,
    changed: HashMap<Key, Box<[u8]>, BuildHasherDefault<KeyHasher>>,
}

/// Bodies by key, narrow: one after another, each behind its length, and found by half of the key.
#[derive(Default)]
struct Bodies {
    places: HashMap<u64, u32, BuildHasherDefault<KeyHasher>>,
    bodies: Vec<u8>,
}

impl Bodies {
    fn find(&self, key: &Key) -> Option<&[u8]> {
        let place = *self.places.get(&half(key))? as usize;
        let (length, rest) = self.bodies.get(place..)?.split_first()?;
        rest.get(..usize::from(*length))
    }

    fn put(&mut self, key: &Key, body: &[u8]) {
        // No body is longer: the longest holds two numbers of at most 60 characters.
        let body = body.get(..usize::from(u8::MAX)).unwrap_or(body);
        let length = body.len() as u8;
        let place = self.places.get(&half(key)).map(|place| *place as usize);
        if let Some(place) = place
            && self.bodies.get(place) == Some(&length)
            && let Some(slot) = self.bodies.get_mut(place + 1..=place + body.len())
        {
            slot.copy_from_slice(body);
            return;
        }
        // Four GiB are some twenty million parcels; what comes after is not remembered.
        let Ok(place) = u32::try_from(self.bodies.len()) else { return };
        self.bodies.push(length);
        self.bodies.extend_from_slice(body);
        self.places.insert(half(key), place);
    }
}

fn half(key: &Key) -> u64 {
    key.last_chunk::<8>().map_or(0, |half| u64::from_be_bytes(*half))
}

/// Keys are hashes already: some of their bits place them.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        // The length that comes before the bytes is the same for all keys.
        if let Some(last) = bytes.last_chunk::<8>() {
            self.0 ^= u64::from_be_bytes(*last);
        }
    }

    fn write_u64(&mut self, half: u64) {
        self.0 ^= half;
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// Bytes of a long body in one piece: with their count they fill a body.
const PIECE_BYTES: usize = 254;

/// Keys in one piece of a list: with the time before them they fit into a body.
const LIST_KEYS_MAX: usize = 15;

/// Bytes before each body in a row of the log: key and length.
const LOG_HEAD_BYTES: usize = 16 + 1;

impl Memory {
    /// Takes in a row of the log.
    ///
    /// # Errors
    /// When the row is not one.
    pub(crate) fn replay(&mut self, mut row: &[u8]) -> Option<()> {
        while let Some((key, rest)) = row.split_first_chunk::<16>() {
            let (length, rest) = rest.split_first()?;
            let (body, rest) = rest.split_at_checked(usize::from(*length))?;
            self.known.put(key, body);
            row = rest;
        }
        row.is_empty().then_some(())
    }

    /// What the open batch changed, as a row of the log.
    pub(crate) fn row(&self) -> Vec<u8> {
        let bodies: usize = self.changed.values().map(|body| LOG_HEAD_BYTES + body.len()).sum();
        let mut row = Vec::with_capacity(bodies);
        for (key, body) in &self.changed {
            let body = body.get(..usize::from(u8::MAX)).unwrap_or(body);
            row.extend_from_slice(key);
            row.push(body.len() as u8);
            row.extend_from_slice(body);
        }
        row
    }

    /// The open batch is stored: what it changed is known.
    pub(crate) fn keep(&mut self) {
        for (key, body) in self.changed.drain() {
            self.known.put(&key, &body);
        }
    }

    /// The open batch is void.
    pub(crate) fn undo(&mut self) {
        self.changed.clear();
    }

    /// The body under a key, unless there is none or it was forgotten.
    pub(crate) fn find(&self, key: &Key) -> Option<&[u8]> {
        let changed = self.changed.get(key).map(|body| &**body);
        changed.or_else(|| self.known.find(key)).filter(|body| !body.is_empty())
    }

    /// Whether something is remembered under a key.
    pub(crate) fn knows(&self, key: &Key) -> bool {
        self.find(key).is_some()
    }

    /// Remembers a body, which must not be empty, or forgets with an empty one.
    pub(crate) fn put(&mut self, key: Key, body: impl Into<Box<[u8]>>) {
        self.changed.insert(key, body.into());
    }

    /// Remembers a body of any length: what does not fit into one goes into pieces of its own.
    pub(crate) fn put_long(&mut self, key: Key, body: &[u8]) {
        if body.len() <= PIECE_BYTES {
            let mut whole = Vec::with_capacity(1 + body.len());
            whole.push(0);
            whole.extend_from_slice(body);
            self.put(key, whole);
            return;
        }
        let mut pieces = body.chunks(PIECE_BYTES);
        let first = pieces.next().unwrap_or_default();
        let more = pieces.len();
        let mut start = Vec::with_capacity(1 + first.len());
        start.push(u8::try_from(more).unwrap_or(u8::MAX));
        start.extend_from_slice(first);
        self.put(key, start);
        for (piece, number) in pieces.zip(1..) {
            self.put(of_key(Kind::More, &key, number), piece);
        }
    }

    /// The long body under a key.
    pub(crate) fn find_long(&self, key: &Key) -> Option<Cow<'_, [u8]>> {
        let (more, first) = self.find(key)?.split_first()?;
        if *more == 0 {
            return Some(Cow::Borrowed(first));
        }
        let mut body = first.to_vec();
        for number in 1..=u64::from(*more) {
            body.extend_from_slice(self.find(&of_key(Kind::More, key, number))?);
        }
        Some(Cow::Owned(body))
    }

    /// A number under a key; 0 when there is none.
    pub(crate) fn number(&self, key: &Key) -> u64 {
        let stored = self.find(key).and_then(|body| <[u8; 8]>::try_from(body).ok());
        stored.map_or(0, u64::from_be_bytes)
    }

    /// Another key under a key.
    pub(crate) fn refer(&self, key: &Key) -> Option<Key> {
        self.find(key).and_then(|body| Key::try_from(body).ok())
    }

    /// Adds keys to a list that is kept in pieces under running numbers. A piece that was written
    /// is never touched again.
    pub(crate) fn append(&mut self, kind: Kind, list: &Key, at: u32, keys: &[Key]) {
        let mut last = self.number(list);
        for keys in keys.chunks(LIST_KEYS_MAX) {
            last += 1;
            let piece = [&at.to_be_bytes(), keys.as_flattened()].concat();
            self.put(of_key(kind, list, last), piece);
        }
        if !keys.is_empty() {
            self.put(*list, last.to_be_bytes());
        }
    }

    /// One piece of such a list: the second its keys were added, and they.
    pub(crate) fn piece(&self, kind: Kind, list: &Key, number: u64) -> Option<(u32, Vec<Key>)> {
        let (at, keys) = self.find(&of_key(kind, list, number))?.split_first_chunk::<4>()?;
        let keys = keys.chunks_exact(16).filter_map(|key| Key::try_from(key).ok());
        Some((u32::from_be_bytes(*at), keys.collect()))
    }

    /// Forgets what is under a key.
    pub(crate) fn forget(&mut self, key: &Key) {
        if self.knows(key) {
            self.put(*key, []);
        }
    }

    /// What a buyer has used.
    pub(crate) fn used(&self, key: &Key) -> Fen {
        let stored = self.find(key).and_then(|body| <[u8; 8]>::try_from(body).ok());
        Fen(stored.map_or(0, i64::from_be_bytes))
    }

    /// Adds to (or, if negative, takes from) what a buyer has used.
    pub(crate) fn use_quota(&mut self, key: Key, amount: i64) {
        let used = self.used(&key).0.saturating_add(amount).max(0);
        self.put(key, used.to_be_bytes());
    }

    /// The next number of a series, from 1.
    pub(crate) fn next_number(&mut self, series: Key) -> u64 {
        let next = self.number(&series) + 1;
        self.put(series, next.to_be_bytes());
        next
    }
}

/// An amount of at most five decimals in units of 0.00001; `None` when it is none.
pub(crate) fn scaled(text: &str) -> Option<u64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 5 {
        return None;
    }
    let mut value: u64 = whole.parse().ok()?;
    for place in 0..5 {
        let digit = fraction.as_bytes().get(place).map_or(0, |b| b - b'0');
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_kinds_and_parts_apart() {
        let order = key(Kind::Order, &["ab", "c"]);
        assert_ne!(order, key(Kind::Order, &["a", "bc"]));
        assert_ne!(order, key(Kind::Payment, &["ab", "c"]));
        assert_ne!(quota_key(1, 2026), quota_key(1, 2027));
    }

    #[test]
    fn what_changed_is_found_as_it_is_now() {
        let mut memory = Memory::default();
        let keys: Vec<Key> = (0..50).map(|n| key(Kind::Order, &[&n.to_string()])).collect();
        for (length, text) in [(3, b'a'), (3, b'b'), (9, b'c'), (0, b'd'), (5, b'e')] {
            for key in &keys {
                memory.put(*key, vec![text; length]);
            }
            let row = memory.row();
            memory.keep();
            assert!(keys.iter().all(|key| memory.knows(key) == (length > 0)));
            let mut again = Memory::default();
            assert_eq!(again.replay(&row), Some(()));
            for key in keys.iter().filter(|_| length > 0) {
                assert_eq!(memory.find(key), Some(&*vec![text; length]));
                assert_eq!(again.find(key), memory.find(key));
            }
        }
    }

    #[test]
    fn long_bodies_and_lists_come_back_whole() {
        let mut memory = Memory::default();
        let owner = key(Kind::Order, &["1"]);
        for length in [0_usize, 1, 254, 255, 600, 100, 0] {
            let body: Vec<u8> = (0..length).map(|n| n as u8).collect();
            memory.put_long(owner, &body);
            memory.keep();
            assert_eq!(memory.find_long(&owner).as_deref(), Some(&*body), "{length}");
        }
        let list = key(Kind::Declared, &[]);
        let keys: Vec<Key> = (0..40).map(|n| key(Kind::Order, &[&n.to_string()])).collect();
        memory.append(Kind::Declared, &list, 7, &keys[..20]);
        memory.append(Kind::Declared, &list, 9, &keys[20..]);
        memory.append(Kind::Declared, &list, 9, &[]);
        let pieces: Vec<(u32, Vec<Key>)> = (1..=memory.number(&list))
            .filter_map(|number| memory.piece(Kind::Declared, &list, number))
            .collect();
        assert_eq!(pieces.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [7, 7, 9, 9]);
        assert_eq!(pieces.into_iter().flat_map(|(_, keys)| keys).collect::<Vec<_>>(), keys);
    }

    #[test]
    fn quota_is_used_and_given_back() {
        let mut memory = Memory::default();
        let buyer = quota_key(1, 2026);
        memory.use_quota(buyer, 50_000);
        memory.use_quota(buyer, 10_000);
        memory.use_quota(buyer, -50_000);
        assert_eq!(memory.used(&buyer), Fen(10_000));
        let row = memory.row();
        memory.undo();
        assert_eq!(memory.used(&buyer), Fen(0), "a batch that was not stored leaves nothing");
        assert_eq!(memory.replay(&row), Some(()));
        assert_eq!(memory.used(&buyer), Fen(10_000));
        assert_eq!(memory.replay(&row[1..]), None, "half a row is damage");
    }

    #[test]
    fn amounts_compare_whatever_their_zeros() {
        assert_eq!(scaled("284.39"), scaled("284.39000"));
        assert_eq!(scaled("0"), Some(0));
        for wrong in ["", ".5", "1.234567", "-1", "1e3", "99999999999999999999"] {
            assert_eq!(scaled(wrong), None, "{wrong}");
        }
    }
}
