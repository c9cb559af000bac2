//! A receipt while it waits: the time of saying, what is said, and what is echoed, in narrow
//! form. Its element is written when it is delivered (see [`super::written`]).

use ceb::schema::FieldIndex;
use ceb::{MessageType, Record};
use kernel::{Fen, Time};

use super::memory::bits;
use super::written::{Leaf, write_guid};

/// Numbers the authorities assign.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// 预录入编号, by the e-port.
    pub(crate) pre_no: Option<String>,
    /// 清单编号, by customs.
    pub(crate) invt_no: Option<String>,
    /// 入库单编号 or 汇总申请编号, by customs.
    pub(crate) rkd_no: Option<String>,
}

/// `returnInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Info {
    /// Words.
    Text(String),
    /// A code of customs and its words.
    Coded(u32),
    /// The e-port took a document.
    Taken,
    /// The e-port took an inventory: its words name message, firm and order.
    TakenInventory {
        /// Guid of the message.
        message: Guid,
        /// `ebcCode`.
        firm: String,
        /// `orderNo`.
        order_no: String,
    },
}

/// A guid: 16 bytes when it is written as they are written here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Guid {
    /// Written as 36 upper-case characters.
    Bytes([u8; 16]),
    /// In any other form.
    Text(String),
}

impl Guid {
    /// A guid as a document names it.
    pub(crate) fn of(text: &str) -> Guid {
        parse(text).map_or_else(|| Guid::Text(text.to_owned()), Guid::Bytes)
    }

    /// A guid that follows from a text and a number: the same input gives the same receipts.
    pub(crate) fn made(text: &str, number: u64) -> Guid {
        let left = bits(&[text.as_bytes()]) ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let right = bits(&[text.as_bytes(), b"/", &number.to_be_bytes()]);
        Guid::Bytes(((u128::from(left) << 64) | u128::from(right)).to_be_bytes())
    }
}

impl std::fmt::Display for Guid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = Vec::with_capacity(36);
        write_guid(&mut out, self);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

/// Places of the hyphens among the 36 characters.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Places of the first of each pair of digits.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The digit a character stands for; all bits set for what is none.
const DIGIT: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

fn parse(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    if HYPHENS.iter().any(|at| text[*at] != b'-') {
        return None;
    }
    let mut bytes = [0; 16];
    let mut wrong = 0;
    for (byte, at) in bytes.iter_mut().zip(PAIRS) {
        let (high, low) = (DIGIT[usize::from(text[at])], DIGIT[usize::from(text[at + 1])]);
        wrong |= high | low;
        *byte = high << 4 | low;
    }
    (wrong < 16).then_some(bytes)
}

/// What the receipts of one document echo, ready to be put into each of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Echo(Vec<u8>);

/// Which fields of a receipt are taken from the head of its document, by position.
pub(crate) fn echoed(receipt: &MessageType, head: &Record) -> Vec<(u8, FieldIndex)> {
    let fields = receipt.document.head.fields.iter().zip(0u8..);
    let echoed = fields.filter_map(|(field, at)| match Leaf::of(field.name) {
        Leaf::Echo | Leaf::InvtNo => Some((at, head.def().index(field.name)?)),
        _ => None,
    });
    echoed.collect()
}

impl Echo {
    /// The echoed fields that hold something.
    pub(crate) fn of(fields: &[(u8, FieldIndex)], head: &Record) -> Echo {
        let mut bytes = Vec::with_capacity(96);
        bytes.push(0);
        for (at, own) in fields {
            if let Some(text) = head.at(*own) {
                bytes[0] += 1;
                bytes.push(*at);
                put_text(&mut bytes, text);
            }
        }
        Echo(bytes)
    }
}

/// Bytes of the time at the beginning of a packed receipt.
const TIME_BYTES: usize = 8;

/// One return, packed.
pub(crate) struct Return<'a> {
    pub(crate) guid: &'a Guid,
    pub(crate) status: i64,
    pub(crate) info: &'a Info,
    pub(crate) numbers: &'a Numbers,
    pub(crate) echo: &'a Echo,
    pub(crate) said_at: Time,
}

impl Return<'_> {
    /// Packs it behind others.
    pub(crate) fn pack(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.said_at.to_millis().to_be_bytes());
        put_signed(out, self.status);
        put_guid(out, self.guid);
        match self.info {
            Info::Text(text) => {
                out.push(0);
                put_text(out, text);
            }
            Info::Coded(code) => {
                out.push(1);
                put_number(out, u64::from(*code));
            }
            Info::Taken => out.push(2),
            Info::TakenInventory { message, firm, order_no } => {
                out.push(3);
                put_guid(out, message);
                put_text(out, firm);
                put_text(out, order_no);
            }
        }
        // The e-port has given a number before customs has.
        let numbers = self.numbers;
        let later = self.status != 2;
        put_text(out, numbers.pre_no.as_deref().unwrap_or_default());
        put_text(out, numbers.invt_no.as_deref().filter(|_| later).unwrap_or_default());
        put_text(out, numbers.rkd_no.as_deref().filter(|_| later).unwrap_or_default());
        out.extend_from_slice(&self.echo.0);
    }
}

/// One line of a tax bill.
pub(crate) struct TaxLine<'a> {
    pub(crate) hs_code: &'a str,
    pub(crate) value: Fen,
    pub(crate) duty: Fen,
    pub(crate) vat: Fen,
    pub(crate) consumption_tax: Fen,
}

/// What a tax bill repeats of its inventory.
pub(super) const TAX_ECHO: [&str; 5] =
    ["assureCode", "ebcCode", "logisticsCode", "agentCode", "customsCode"];

/// A tax bill for one inventory, without its lines.
pub(crate) struct TaxBill<'a> {
    pub(crate) guid: Guid,
    pub(crate) invt_no: &'a str,
    /// How many bills the inventory has had, this one counted.
    pub(crate) number: u8,
    pub(crate) status: u8,
    /// The payment notice it was carried to; empty before.
    pub(crate) notice: &'a str,
    /// What it repeats of its inventory.
    pub(crate) echo: [&'a str; TAX_ECHO.len()],
    pub(crate) said_at: Time,
}

impl TaxBill<'_> {
    /// Packs it with its lines behind others.
    pub(crate) fn pack<'a>(
        &self,
        out: &mut Vec<u8>,
        lines: impl ExactSizeIterator<Item = TaxLine<'a>>,
    ) {
        out.extend_from_slice(&self.said_at.to_millis().to_be_bytes());
        put_guid(out, &self.guid);
        put_text(out, self.invt_no);
        out.extend_from_slice(&[self.number, self.status]);
        put_text(out, self.notice);
        self.echo.iter().for_each(|text| put_text(out, text));
        put_number(out, lines.len() as u64);
        for line in lines {
            put_text(out, line.hs_code);
            for amount in [line.value, line.duty, line.vat, line.consumption_tax] {
                put_signed(out, amount.0);
            }
        }
    }
}

/// The state of a tax bill.
pub(crate) struct BillStatus<'a> {
    pub(crate) guid: Guid,
    pub(crate) invt_no: &'a str,
    /// Which bill of its inventory.
    pub(crate) number: u8,
    pub(crate) status: u8,
    /// The payment notice it was carried to; empty before.
    pub(crate) notice: &'a str,
    pub(crate) guarantor: &'a str,
    pub(crate) said_at: Time,
}

impl BillStatus<'_> {
    /// Packs it behind others.
    pub(crate) fn pack(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.said_at.to_millis().to_be_bytes());
        put_guid(out, &self.guid);
        put_text(out, self.invt_no);
        out.extend_from_slice(&[self.number, self.status]);
        put_text(out, self.notice);
        put_text(out, self.guarantor);
    }
}

/// Sets the time of saying in a receipt that waited.
pub(crate) fn retime(packed: &mut [u8], said_at: Time) {
    if let Some(slot) = packed.get_mut(..TIME_BYTES) {
        slot.copy_from_slice(&said_at.to_millis().to_be_bytes());
    }
}

pub(super) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_guid(out: &mut Vec<u8>, guid: &Guid) {
    match guid {
        Guid::Bytes(bytes) => {
            out.push(1);
            out.extend_from_slice(bytes);
        }
        Guid::Text(text) => {
            out.push(0);
            put_text(out, text);
        }
    }
}

/// Takes off the front what was put there. `None` when the bytes are not what was packed.
pub(super) struct Taker<'a>(pub(super) &'a [u8]);

impl<'a> Taker<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    pub(super) fn string(&mut self) -> Option<String> {
        self.text().map(|text| String::from_utf8_lossy(text).into_owned())
    }

    pub(super) fn guid(&mut self) -> Option<Guid> {
        match self.byte()? {
            1 => Some(Guid::Bytes(self.array()?)),
            _ => Some(Guid::Text(String::from_utf8_lossy(self.text()?).into_owned())),
        }
    }

    pub(super) fn time(&mut self) -> Option<Time> {
        Some(Time::from_millis(i64::from_be_bytes(self.array()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_have_the_form_of_the_family() {
        let guid = Guid::made("37032026I000000001", 120);
        assert_eq!(guid.to_string().len(), 36);
        assert_eq!(guid, Guid::of(&guid.to_string()));
        assert_eq!(guid, Guid::made("37032026I000000001", 120));
        assert_ne!(guid, Guid::made("37032026I000000001", 800));
    }

    #[test]
    fn a_guid_in_another_form_is_echoed_as_it_came() {
        let odd = [
            "4cde1cfd-eded-46b1-946c-b8022e42fc94",
            "4CDE1CFD-EDED-46B1-946C-B8022E42FC9G",
            "4CDE1CFD-EDED-46B1-946C0B8022E42FC94",
            "-CDE1CFD-EDED-46B1-946C-B8022E42FC94",
            "7",
            "",
            &"-".repeat(36),
        ];
        for text in odd {
            assert_eq!(Guid::of(text), Guid::Text(text.to_owned()));
        }
    }
}
