//! Machine ids: time-ordered 63-bit integers, narrow on disk, made from an injected clock.
//!
//! Authorities' numbers (order number, inventory number) are never ids; they are fields.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::time::Time;

/// Names a kind of id: the prefix that outsiders see.
pub trait Kind {
    /// Short lower-case prefix, such as `inv`.
    const PREFIX: &'static str;
}

/// An id of one kind. Shown as `prefix_` and 13 characters of Crockford base 32.
pub struct Id<K> {
    value: i64,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// Wraps the stored integer.
    pub const fn from_i64(value: i64) -> Id<K> {
        Id { value, kind: PhantomData }
    }

    /// The integer as stored.
    pub const fn to_i64(self) -> i64 {
        self.value
    }

    /// When it was made, to the millisecond; a little later when ids were made faster than the
    /// counter allows.
    pub const fn time(self) -> Time {
        Time::from_millis(self.value >> (NODE_BITS + COUNTER_BITS))
    }

    /// The smallest id that can be made at an instant: a span of time is a span of ids.
    pub const fn first_at(at: Time) -> Id<K> {
        Id::from_i64(at.to_millis().saturating_mul(1 << (NODE_BITS + COUNTER_BITS)))
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Id<K> {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Id<K>) -> bool {
        self.value == other.value
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Id<K>) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Id<K>) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 13;

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'0'; DIGITS];
        let mut rest = self.value.cast_unsigned();
        for slot in text.iter_mut().rev() {
            *slot = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        write!(f, "{}_{}", K::PREFIX, String::from_utf8_lossy(&text))
    }
}

/// A text that is not an id of the wanted kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an id of the form {0}_ and 13 base-32 characters")]
pub struct NotAnId(&'static str);

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Id<K>, NotAnId> {
        let wrong = || NotAnId(K::PREFIX);
        let digits = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|digits| digits.len() == DIGITS)
            .ok_or_else(wrong)?;
        let mut value: u64 = 0;
        for byte in digits.bytes() {
            let digit = ALPHABET.iter().position(|a| *a == byte).ok_or_else(wrong)?;
            value = value.checked_mul(32).ok_or_else(wrong)? | digit as u64;
        }
        i64::try_from(value).map(Id::from_i64).map_err(|_| wrong())
    }
}

impl<K: Kind> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Id<K>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

const NODE_BITS: u32 = 6;
const COUNTER_BITS: u32 = 15;

/// Makes ids that grow with time and never repeat within one node: 42 bits of milliseconds since
/// 1970, 6 bits of node, 15 bits of counter. When a millisecond is used up, or the clock steps
/// back, it borrows from the next millisecond rather than waiting.
pub struct IdSource {
    node: i64,
    last: AtomicI64,
}

impl IdSource {
    /// A source for one node. `node` is taken modulo 64; two running nodes of one database must
    /// differ.
    pub fn new(node: u8) -> IdSource {
        IdSource { node: i64::from(node & 63), last: AtomicI64::new(0) }
    }

    /// Makes no id that is not later than the given one, whatever the clock says: for the first
    /// ids after a start.
    #[must_use]
    pub fn after<K>(self, id: Id<K>) -> IdSource {
        let next_milli = id.time().to_millis() + 1;
        self.last.fetch_max((next_milli << COUNTER_BITS) - 1, Ordering::Relaxed);
        self
    }

    /// The next id at `now`.
    pub fn next<K>(&self, now: Time) -> Id<K> {
        let floor = now.to_millis() << COUNTER_BITS;
        let before = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(floor.max(last + 1)))
            .unwrap_or_default();
        let tick = floor.max(before + 1);
        let millis = tick >> COUNTER_BITS;
        let counter = tick & ((1 << COUNTER_BITS) - 1);
        Id::from_i64((millis << (NODE_BITS + COUNTER_BITS)) | (self.node << COUNTER_BITS) | counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Parcel {}
    impl Kind for Parcel {
        const PREFIX: &'static str = "pcl";
    }
    enum Other {}
    impl Kind for Other {
        const PREFIX: &'static str = "oth";
    }

    #[test]
    fn grows_even_when_the_clock_steps_back() {
        let source = IdSource::new(3);
        let mut last = source.next::<Parcel>(Time::from_millis(1_700_000_000_000));
        for step in [0, 1, -5_000, 2, 0] {
            let next = source.next(Time::from_millis(1_700_000_000_000 + step));
            assert!(next > last, "{next:?} after {last:?}");
            last = next;
        }
    }

    #[test]
    fn a_start_with_a_clock_gone_back_goes_on_after_the_last_id() {
        let before = IdSource::new(3).next::<Parcel>(Time::from_millis(1_700_000_000_000));
        let source = IdSource::new(3).after(before);
        let next = source.next::<Parcel>(Time::from_millis(1_699_900_000_000));
        assert!(next > before, "{next:?} after {before:?}");
        let later = Time::from_millis(1_800_000_000_000);
        assert_eq!(source.next::<Parcel>(later).time(), later);
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let now = Time::from_millis(1_763_000_000_123);
        let id = IdSource::new(63).next::<Parcel>(now);
        assert_eq!(id.time(), now);
        assert!(Id::first_at(now) <= id && id < Id::first_at(now.plus_millis(1)));
    }

    #[test]
    fn text_form_round_trips_and_names_its_kind() {
        let id: Id<Parcel> = IdSource::new(0).next(Time::from_millis(1_763_000_000_000));
        let text = id.to_string();
        assert!(text.starts_with("pcl_"));
        assert_eq!(text.parse::<Id<Parcel>>(), Ok(id));
        assert!(text.parse::<Id<Other>>().is_err());
        assert!("pcl_zzzzzzzzzzzzz".parse::<Id<Parcel>>().is_err());
    }
}
