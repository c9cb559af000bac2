//! The stored form of a document's facts: length-prefixed fields in a fixed order behind one
//! version byte. Short, and read back without parsing text.

use kernel::Decimal;

/// Bumped when a field is added at the end; older rows then read the new field as empty.
const VERSION: u8 = 1;

/// Writes fields one after another.
pub(crate) struct Packer {
    bytes: Vec<u8>,
}

impl Packer {
    pub(crate) fn new() -> Packer {
        Packer::with_capacity(256)
    }

    /// Nothing yet, and room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Packer {
        let mut bytes = Vec::with_capacity(bytes);
        bytes.push(VERSION);
        Packer { bytes }
    }

    /// Goes on behind what was packed before.
    pub(crate) fn after(bytes: Vec<u8>) -> Packer {
        Packer { bytes }
    }

    pub(crate) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value as u8 & 0x7f) | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(crate) fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Scale and mantissa, so that 199.00 and 199 are stored alike.
    pub(crate) fn decimal(&mut self, value: Decimal) {
        let value = value.normalize();
        let mantissa = value.mantissa();
        self.bytes.push(value.scale() as u8);
        match i64::try_from(mantissa) {
            Ok(short) => self.signed(short),
            // Marked by a non-minimal zero, which `signed` never writes.
            Err(_) => {
                self.bytes.extend_from_slice(&[0x80, 0x00]);
                self.bytes.extend_from_slice(&mantissa.to_le_bytes());
            }
        }
    }

    pub(crate) fn optional(&mut self, value: Option<Decimal>) {
        match value {
            None => self.bytes.push(0),
            Some(value) => {
                self.bytes.push(1);
                self.decimal(value);
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads fields in the order written. Past the end every field is empty, so that a row written
/// before a field existed still reads.
pub(crate) struct Unpacker<'a> {
    rest: &'a [u8],
}

impl<'a> Unpacker<'a> {
    /// `None` when the bytes were written by a later version than this program knows.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Unpacker<'a>> {
        match bytes.split_first() {
            Some((&version, rest)) if version <= VERSION => Some(Unpacker { rest }),
            _ => None,
        }
    }

    /// Whether everything has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((&first, rest)) => {
                self.rest = rest;
                first
            }
            None => 0,
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }

    pub(crate) fn signed(&mut self) -> i64 {
        let value = self.number();
        (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let count = count.min(self.rest.len());
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }

    pub(crate) fn text(&mut self) -> String {
        let count = usize::try_from(self.number()).unwrap_or(usize::MAX);
        String::from_utf8_lossy(self.take(count)).into_owned()
    }

    pub(crate) fn raw<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let taken = self.take(N);
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }

    pub(crate) fn decimal(&mut self) -> Decimal {
        let scale = u32::from(self.byte());
        let mantissa = if self.rest.starts_with(&[0x80, 0x00]) {
            self.take(2);
            i128::from_le_bytes(self.raw())
        } else {
            i128::from(self.signed())
        };
        Decimal::try_from_i128_with_scale(mantissa, scale).unwrap_or_default()
    }

    pub(crate) fn optional(&mut self) -> Option<Decimal> {
        (self.byte() == 1).then(|| self.decimal())
    }

    /// A count that cannot be more than `most`.
    pub(crate) fn count_of(&mut self, most: usize) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX).min(most)
    }

    /// A count of things that follow, bounded by what can follow.
    pub(crate) fn count(&mut self) -> usize {
        let most = self.rest.len();
        self.count_of(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let numbers = ["0", "199", "199.00", "-3.5", "99999999999999.99999", "0.00001"];
        let mut packer = Packer::new();
        packer.text("清单");
        packer.signed(-621_005);
        packer.raw(&[7; 8]);
        for number in numbers {
            packer.decimal(number.parse().unwrap_or_default());
        }
        packer.decimal(Decimal::MAX);
        packer.optional(None);
        packer.optional(Some(Decimal::ONE));
        let bytes = packer.finish();
        let mut reader = Unpacker::new(&bytes).expect("known version");
        assert_eq!(reader.text(), "清单");
        assert_eq!(reader.signed(), -621_005);
        assert_eq!(reader.raw::<8>(), [7; 8]);
        for number in numbers {
            assert_eq!(reader.decimal(), number.parse::<Decimal>().unwrap_or_default());
        }
        assert_eq!(reader.decimal(), Decimal::MAX);
        assert_eq!(reader.optional(), None);
        assert_eq!(reader.optional(), Some(Decimal::ONE));
        assert_eq!(reader.text(), "", "a field added later reads as empty");
    }

    #[test]
    fn a_later_version_is_not_guessed_at() {
        assert!(Unpacker::new(&[VERSION + 1, 0]).is_none());
        assert!(Unpacker::new(&[]).is_none());
    }
}
