//! What the stand-in remembers of each document: a few fixed-width words, enough to compare it
//! with its counterparts. Names, numbers and addresses of persons are kept as keyed hashes only.

use std::collections::HashMap;

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
pub(crate) fn quota_key(buyer: [u8; 16], year: i16) -> Key {
    let mut hash = Fnv::new();
    hash.eat(&[Kind::Quota as u8]);
    hash.eat(&buyer);
    hash.eat(&year.to_be_bytes());
    hash.0.to_be_bytes()
}

/// 64 bits that stand for a text when only equality matters.
pub(crate) fn word(text: &str) -> u64 {
    let mut hash = Fnv::new();
    hash.eat(text.as_bytes());
    u64::try_from(hash.0 & u128::from(u64::MAX)).unwrap_or_default()
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
    pub(crate) firm: u64,
    pub(crate) paid: u64,
    pub(crate) pay_firm: u64,
    pub(crate) name: u64,
    pub(crate) id_number: u64,
    pub(crate) phone: u64,
    pub(crate) consignee: u64,
    pub(crate) line_count: u64,
    pub(crate) lines: u64,
}

/// A payment as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) app_time: u64,
    pub(crate) amount: u64,
    pub(crate) firm: u64,
    pub(crate) name: u64,
    pub(crate) id_number: u64,
}

/// A waybill as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waybill {
    pub(crate) order_no: u64,
    pub(crate) consignee: u64,
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

const WIDTH: usize = 8;

fn pack(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn unpack<const N: usize>(body: &[u8]) -> Option<[u64; N]> {
    let mut words = [0; N];
    if body.len() != N * WIDTH {
        return None;
    }
    for (word, chunk) in words.iter_mut().zip(body.chunks_exact(WIDTH)) {
        *word = u64::from_be_bytes(chunk.try_into().ok()?);
    }
    Some(words)
}

impl Order {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        pack(&[
            self.app_time,
            self.firm,
            self.paid,
            self.pay_firm,
            self.name,
            self.id_number,
            self.phone,
            self.consignee,
            self.line_count,
            self.lines,
        ])
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<Order> {
        let [app_time, firm, paid, pay_firm, name, id_number, phone, consignee, line_count, lines] =
            unpack(body)?;
        Some(Order {
            app_time,
            firm,
            paid,
            pay_firm,
            name,
            id_number,
            phone,
            consignee,
            line_count,
            lines,
        })
    }
}

impl Payment {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        pack(&[self.app_time, self.amount, self.firm, self.name, self.id_number])
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<Payment> {
        let [app_time, amount, firm, name, id_number] = unpack(body)?;
        Some(Payment { app_time, amount, firm, name, id_number })
    }
}

impl Waybill {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        pack(&[self.order_no, self.consignee])
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<Waybill> {
        let [order_no, consignee] = unpack(body)?;
        Some(Waybill { order_no, consignee })
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

/// What was loaded for a batch, and what the batch changed. A thing that was forgotten again is
/// kept with an empty body.
#[derive(Default)]
pub(crate) struct Memory {
    slots: HashMap<Key, Slot>,
}

struct Slot {
    body: Vec<u8>,
    stored: bool,
    changed: bool,
}

/// What a batch changed, to be written.
pub(crate) struct Changes {
    pub(crate) new: Vec<(Key, Vec<u8>)>,
    pub(crate) changed: Vec<(Key, Vec<u8>)>,
}

impl Memory {
    /// Takes in a stored row.
    pub(crate) fn load(&mut self, key: Key, body: Vec<u8>) {
        self.slots.insert(key, Slot { body, stored: true, changed: false });
    }

    /// The body under a key, unless there is none or it was forgotten.
    pub(crate) fn find(&self, key: &Key) -> Option<&[u8]> {
        self.slots.get(key).map(|slot| slot.body.as_slice()).filter(|body| !body.is_empty())
    }

    /// Whether something is remembered under a key.
    pub(crate) fn knows(&self, key: &Key) -> bool {
        self.find(key).is_some()
    }

    /// Remembers a body, which must not be empty, or forgets with an empty one.
    pub(crate) fn put(&mut self, key: Key, body: Vec<u8>) {
        match self.slots.get_mut(&key) {
            Some(slot) => {
                slot.body = body;
                slot.changed = true;
            }
            None => {
                self.slots.insert(key, Slot { body, stored: false, changed: true });
            }
        }
    }

    /// Forgets what is under a key.
    pub(crate) fn forget(&mut self, key: &Key) {
        if self.knows(key) {
            self.put(*key, Vec::new());
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
        self.put(key, used.to_be_bytes().to_vec());
    }

    /// The next number of a series, from 1.
    pub(crate) fn next_number(&mut self, series: Key) -> u64 {
        let stored = self.find(&series).and_then(|body| <[u8; 8]>::try_from(body).ok());
        let next = stored.map_or(0, u64::from_be_bytes) + 1;
        self.put(series, next.to_be_bytes().to_vec());
        next
    }

    /// Everything that has to be written, in the order of the keys.
    pub(crate) fn changes(self) -> Changes {
        let mut changes = Changes { new: Vec::new(), changed: Vec::new() };
        for (key, slot) in self.slots {
            match (slot.changed, slot.stored) {
                (true, true) => changes.changed.push((key, slot.body)),
                (true, false) => changes.new.push((key, slot.body)),
                (false, _) => {}
            }
        }
        changes.new.sort_unstable();
        changes.changed.sort_unstable();
        changes
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
        assert_ne!(quota_key([1; 16], 2026), quota_key([1; 16], 2027));
    }

    #[test]
    fn quota_is_used_and_given_back() {
        let mut memory = Memory::default();
        let buyer = quota_key([1; 16], 2026);
        memory.use_quota(buyer, 50_000);
        memory.use_quota(buyer, 10_000);
        memory.use_quota(buyer, -50_000);
        assert_eq!(memory.used(&buyer), Fen(10_000));
        assert_eq!(memory.changes().new.len(), 1);
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
