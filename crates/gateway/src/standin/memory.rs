//! What the stand-in remembers of each document: a few fixed-width words, enough to compare it
//! with its counterparts. Names, numbers and addresses of persons are kept as keyed hashes only.
//! All of it is in memory, about 250 bytes a parcel; each batch's changes are one row of a log,
//! from which the memory is made again.

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

/// An order as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) app_time: u64,
    pub(crate) firm: u32,
    pub(crate) paid: u64,
    pub(crate) pay_firm: u32,
    pub(crate) name: u32,
    pub(crate) id_number: u32,
    pub(crate) phone: u32,
    pub(crate) consignee: u32,
    pub(crate) line_count: u32,
    pub(crate) lines: u32,
}

/// A payment as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) app_time: u64,
    pub(crate) amount: u64,
    pub(crate) firm: u32,
    pub(crate) name: u32,
    pub(crate) id_number: u32,
}

/// A waybill as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waybill {
    pub(crate) order_no: u32,
    pub(crate) consignee: u32,
}

/// Where an inventory stands, as far as later messages can tell the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Refused or rejected: may be declared again.
    #[default]
    Open = 0,
    /// Stored, and kept back (review, detention, suspension): may be cancelled.
    Kept = 1,
    /// Released, closed or returned abroad, or on its way there: nothing can stop it.
    Settled = 2,
    /// Cancelled.
    Cancelled = 3,
    /// Stored, and released as soon as a warehousing sheet names its waybill: may be cancelled
    /// until then.
    Awaiting = 4,
}

/// An inventory as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inventory {
    pub(crate) standing: Standing,
    pub(crate) quota: Key,
    pub(crate) value: i64,
    pub(crate) pre_no: String,
    pub(crate) invt_no: String,
}

/// Takes words off the front of a body; past its end there are only zeros.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn narrow(&mut self) -> u32 {
        let (word, rest) = self.0.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        self.0 = rest;
        u32::from_be_bytes(*word)
    }

    fn wide(&mut self) -> u64 {
        let (word, rest) = self.0.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        self.0 = rest;
        u64::from_be_bytes(*word)
    }
}

impl Order {
    const BYTES: usize = 2 * 8 + 8 * 4;

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(Order::BYTES);
        body.extend_from_slice(&self.app_time.to_be_bytes());
        body.extend_from_slice(&self.paid.to_be_bytes());
        for word in [
            self.firm,
            self.pay_firm,
            self.name,
            self.id_number,
            self.phone,
            self.consignee,
            self.line_count,
            self.lines,
        ] {
            body.extend_from_slice(&word.to_be_bytes());
        }
        body
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<Order> {
        let mut words = Words(body);
        (body.len() == Order::BYTES).then(|| Order {
            app_time: words.wide(),
            paid: words.wide(),
            firm: words.narrow(),
            pay_firm: words.narrow(),
            name: words.narrow(),
            id_number: words.narrow(),
            phone: words.narrow(),
            consignee: words.narrow(),
            line_count: words.narrow(),
            lines: words.narrow(),
        })
    }
}

impl Payment {
    const BYTES: usize = 2 * 8 + 3 * 4;

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(Payment::BYTES);
        body.extend_from_slice(&self.app_time.to_be_bytes());
        body.extend_from_slice(&self.amount.to_be_bytes());
        for word in [self.firm, self.name, self.id_number] {
            body.extend_from_slice(&word.to_be_bytes());
        }
        body
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<Payment> {
        let mut words = Words(body);
        (body.len() == Payment::BYTES).then(|| Payment {
            app_time: words.wide(),
            amount: words.wide(),
            firm: words.narrow(),
            name: words.narrow(),
            id_number: words.narrow(),
        })
    }
}

impl Waybill {
    const BYTES: usize = 2 * 4;

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [self.order_no.to_be_bytes(), self.consignee.to_be_bytes()].concat()
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<Waybill> {
        let mut words = Words(body);
        (body.len() == Waybill::BYTES)
            .then(|| Waybill { order_no: words.narrow(), consignee: words.narrow() })
    }
}

impl Inventory {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut body = vec![self.standing as u8];
        body.extend_from_slice(&self.quota);
        body.extend_from_slice(&self.value.to_be_bytes());
        body.extend_from_slice(self.pre_no.as_bytes());
        body.push(b'|');
        body.extend_from_slice(self.invt_no.as_bytes());
        body
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<Inventory> {
        let (standing, rest) = body.split_first()?;
        let (quota, rest) = rest.split_first_chunk::<16>()?;
        let (value, numbers) = rest.split_first_chunk::<8>()?;
        let (pre_no, invt_no) = std::str::from_utf8(numbers).ok()?.split_once('|')?;
        Some(Inventory {
            standing: match standing {
                0 => Standing::Open,
                1 => Standing::Kept,
                2 => Standing::Settled,
                3 => Standing::Cancelled,
                4 => Standing::Awaiting,
                _ => return None,
            },
            quota: *quota,
            value: i64::from_be_bytes(*value),
            pre_no: pre_no.to_owned(),
            invt_no: invt_no.to_owned(),
        })
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
        let stored = self.find(&series).and_then(|body| <[u8; 8]>::try_from(body).ok());
        let next = stored.map_or(0, u64::from_be_bytes) + 1;
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
    fn what_is_remembered_comes_back() {
        let order = Order { app_time: 1, paid: 28_439_000, line_count: 3, ..Order::default() };
        assert_eq!(Order::from_bytes(&order.to_bytes()), Some(order));
        let inventory = Inventory {
            standing: Standing::Kept,
            quota: [7; 16],
            value: 50_000,
            pre_no: "B20261123000000001".into(),
            invt_no: "37032026I000000001".into(),
        };
        assert_eq!(Inventory::from_bytes(&inventory.to_bytes()), Some(inventory));
        assert_eq!(Order::from_bytes(b"short"), None);
        assert_eq!(Inventory::from_bytes(b""), None);
    }

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
