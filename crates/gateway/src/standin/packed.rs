//! A receipt while it waits: the time of saying, what is said, and what is echoed, in narrow
//! form. The text of its one element is made when it is delivered, so that up to 100 of them
//! travel in one message and nothing is written twice.

use ceb::schema::FieldIndex;
use ceb::{MessageType, Record};
use kernel::{Fen, Time};

use super::family::coded_into;
use super::memory::bits;

/// Numbers the authorities assign.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// 预录入编号, by the e-port.
    pub(crate) pre_no: Option<String>,
    /// 清单编号, by customs.
    pub(crate) invt_no: Option<String>,
    /// 入库单编号, by customs.
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

fn parse(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    let mut digits = 0;
    for (at, character) in text.iter().enumerate() {
        if HYPHENS.contains(&at) {
            if *character != b'-' {
                return None;
            }
            continue;
        }
        let digit = match character {
            b'0'..=b'9' => character - b'0',
            b'A'..=b'F' => character - b'A' + 10,
            _ => return None,
        };
        bytes[digits / 2] = bytes[digits / 2] << 4 | digit;
        digits += 1;
    }
    Some(bytes)
}

fn write_guid(out: &mut Vec<u8>, guid: &Guid) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    match guid {
        Guid::Text(text) => escaped(out, text.as_bytes()),
        Guid::Bytes(bytes) => {
            for (at, byte) in bytes.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    out.push(b'-');
                }
                out.push(DIGITS[usize::from(byte >> 4)]);
                out.push(DIGITS[usize::from(byte & 15)]);
            }
        }
    }
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
const TAX_ECHO: [&str; 5] = ["assureCode", "ebcCode", "logisticsCode", "agentCode", "customsCode"];

/// Packs a tax bill for one released inventory.
pub(crate) fn pack_tax<'a>(
    out: &mut Vec<u8>,
    inventory: &Record,
    invt_no: &str,
    lines: impl ExactSizeIterator<Item = TaxLine<'a>>,
    said_at: Time,
) {
    out.extend_from_slice(&said_at.to_millis().to_be_bytes());
    put_guid(out, &Guid::made(inventory.text("guid").unwrap_or_default(), 816));
    put_text(out, invt_no);
    for name in TAX_ECHO {
        put_text(out, inventory.text(name).unwrap_or_default());
    }
    put_number(out, lines.len() as u64);
    for line in lines {
        put_text(out, line.hs_code);
        for amount in [line.value, line.duty, line.vat, line.consumption_tax] {
            put_signed(out, amount.0);
        }
    }
}

/// Sets the time of saying in a receipt that waited.
pub(crate) fn retime(packed: &mut [u8], said_at: Time) {
    if let Some(slot) = packed.get_mut(..TIME_BYTES) {
        slot.copy_from_slice(&said_at.to_millis().to_be_bytes());
    }
}

fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
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
struct Taker<'a>(&'a [u8]);

impl<'a> Taker<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    fn number(&mut self) -> Option<u64> {
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

    fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    fn guid(&mut self) -> Option<Guid> {
        match self.byte()? {
            1 => Some(Guid::Bytes(self.array()?)),
            _ => Some(Guid::Text(String::from_utf8_lossy(self.text()?).into_owned())),
        }
    }

    fn time(&mut self) -> Option<Time> {
        Some(Time::from_millis(i64::from_be_bytes(self.array()?)))
    }
}

/// Where a field of a receipt comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Guid,
    Status,
    Time,
    Info,
    PreNo,
    InvtNo,
    RkdNo,
    Echo,
}

impl Leaf {
    fn of(name: &str) -> Leaf {
        match name {
            "guid" => Leaf::Guid,
            "returnStatus" => Leaf::Status,
            "returnTime" => Leaf::Time,
            "returnInfo" => Leaf::Info,
            "preNo" => Leaf::PreNo,
            "invtNo" => Leaf::InvtNo,
            "rkdNo" => Leaf::RkdNo,
            _ => Leaf::Echo,
        }
    }
}

/// Writes packed receipts of one type as elements.
pub(crate) struct Writer<'a> {
    kind: Option<&'static MessageType>,
    out: &'a mut Vec<u8>,
    leaves: Vec<(&'static str, Leaf)>,
    /// The last time written, and how.
    time: (Time, String),
}

impl<'a> Writer<'a> {
    /// Writes receipts of a type, such as `CEB622`, behind what is there.
    pub(crate) fn new(kind: &str, out: &'a mut Vec<u8>) -> Writer<'a> {
        let kind = ceb::message_type(kind);
        let fields = kind.map(|kind| kind.document.head.fields).unwrap_or_default();
        let leaves = fields.iter().map(|field| (field.name, Leaf::of(field.name))).collect();
        Writer { kind, out, leaves, time: (Time::from_millis(i64::MIN), String::new()) }
    }

    /// Writes every receipt of a row; what is not a receipt ends it.
    pub(crate) fn row(&mut self, packed: &[u8]) {
        let mut taker = Taker(packed);
        let is_tax = self.kind.is_some_and(|kind| kind.code == "CEB816");
        while !taker.0.is_empty() {
            let written = if is_tax { self.tax(&mut taker) } else { self.one(&mut taker) };
            if written.is_none() {
                return;
            }
        }
    }

    fn one(&mut self, taker: &mut Taker<'_>) -> Option<()> {
        let element = self.kind?.document.element;
        let said_at = taker.time()?;
        let status = taker.signed()?;
        let guid = taker.guid()?;
        let info = Shown::take(taker)?;
        let (pre_no, invt_no, rkd_no) = (taker.text()?, taker.text()?, taker.text()?);
        let mut echoes = taker.byte()?;
        let mut echo = next_echo(taker, &mut echoes)?;
        open(self.out, element);
        for at in 0..self.leaves.len() {
            let (name, leaf) = self.leaves[at];
            let mut echoed = None;
            if echo.is_some_and(|(place, _)| usize::from(place) == at) {
                echoed = echo.map(|(_, text)| text);
                echo = next_echo(taker, &mut echoes)?;
            }
            match leaf {
                Leaf::Guid => self.with(name, |out| write_guid(out, &guid)),
                Leaf::Status => self.with(name, |out| write_number(out, status)),
                Leaf::Time => self.time(name, said_at),
                Leaf::Info => self.with(name, |out| info.write(out, &guid)),
                Leaf::PreNo => self.unless_empty(name, pre_no),
                Leaf::InvtNo if !invt_no.is_empty() => self.unless_empty(name, invt_no),
                Leaf::RkdNo => self.unless_empty(name, rkd_no),
                Leaf::InvtNo | Leaf::Echo => self.unless_empty(name, echoed.unwrap_or_default()),
            }
        }
        close(self.out, element);
        Some(())
    }

    fn tax(&mut self, taker: &mut Taker<'_>) -> Option<()> {
        let said_at = taker.time()?;
        let guid = taker.guid()?;
        let invt_no = taker.text()?;
        let mut echo: [&[u8]; TAX_ECHO.len()] = [&[]; TAX_ECHO.len()];
        for slot in &mut echo {
            *slot = taker.text()?;
        }
        let count = usize::try_from(taker.number()?).ok()?;
        let mut lines = Vec::with_capacity(count.min(taker.0.len()));
        let mut sums = [Fen::ZERO; 4];
        for _ in 0..count {
            let hs_code = taker.text()?;
            let mut amounts = [Fen::ZERO; 4];
            for (amount, sum) in amounts.iter_mut().zip(&mut sums) {
                *amount = Fen(taker.signed()?);
                *sum = Fen(sum.0.saturating_add(amount.0));
            }
            lines.push((hs_code, amounts));
        }
        let [_, duty, vat, consumption_tax] = sums;
        open(self.out, "Tax");
        open(self.out, "TaxHeadRd");
        self.with("guid", |out| write_guid(out, &guid));
        self.time("returnTime", said_at);
        self.with("invtNo", |out| escaped(out, invt_no));
        self.with("taxNo", |out| {
            escaped(out, invt_no);
            out.extend_from_slice(b"01");
        });
        self.amounts(&[duty, vat, consumption_tax]);
        self.with("status", |out| out.push(b'1'));
        for (name, text) in TAX_ECHO.iter().zip(echo) {
            self.unless_empty(name, text);
        }
        close(self.out, "TaxHeadRd");
        for (index, (hs_code, [value, duty, vat, consumption_tax])) in lines.iter().enumerate() {
            open(self.out, "TaxListRd");
            self.with("gnum", |out| write_number(out, index as i64 + 1));
            self.with("gcode", |out| escaped(out, hs_code));
            self.with("taxPrice", |out| write_yuan(out, *value));
            self.amounts(&[*duty, *vat, *consumption_tax]);
            close(self.out, "TaxListRd");
        }
        close(self.out, "Tax");
        Some(())
    }

    fn amounts(&mut self, amounts: &[Fen; 3]) {
        for (name, amount) in ["customsTax", "valueAddedTax", "consumptionTax"].iter().zip(amounts)
        {
            self.with(name, |out| write_yuan(out, *amount));
        }
    }

    fn time(&mut self, name: &str, at: Time) {
        if self.time.0 != at {
            self.time = (at, at.to_compact_millis());
        }
        open(self.out, name);
        self.out.extend_from_slice(self.time.1.as_bytes());
        close(self.out, name);
    }

    fn unless_empty(&mut self, name: &str, text: &[u8]) {
        if !text.is_empty() {
            self.with(name, |out| escaped(out, text));
        }
    }

    fn with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        open(self.out, name);
        write(self.out);
        close(self.out, name);
    }
}

/// The next echoed field: `Some(None)` after the last, `None` when the bytes are damaged.
#[expect(clippy::option_option, reason = "the outer one is damage")]
fn next_echo<'a>(taker: &mut Taker<'a>, left: &mut u8) -> Option<Option<(u8, &'a [u8])>> {
    if *left == 0 {
        return Some(None);
    }
    *left -= 1;
    Some(Some((taker.byte()?, taker.text()?)))
}

/// `returnInfo` as it was packed.
enum Shown<'a> {
    Text(&'a [u8]),
    Coded(u32),
    Taken,
    TakenInventory { message: Guid, firm: &'a [u8], order_no: &'a [u8] },
}

impl<'a> Shown<'a> {
    fn take(taker: &mut Taker<'a>) -> Option<Shown<'a>> {
        Some(match taker.byte()? {
            0 => Shown::Text(taker.text()?),
            1 => Shown::Coded(u32::try_from(taker.number()?).ok()?),
            2 => Shown::Taken,
            _ => Shown::TakenInventory {
                message: taker.guid()?,
                firm: taker.text()?,
                order_no: taker.text()?,
            },
        })
    }

    fn write(&self, out: &mut Vec<u8>, guid: &Guid) {
        match self {
            Shown::Text(text) => escaped(out, text),
            Shown::Coded(code) => coded_into(out, *code),
            Shown::Taken => {
                out.extend_from_slice("新增申报成功[".as_bytes());
                write_guid(out, guid);
                out.push(b']');
            }
            Shown::TakenInventory { message, firm, order_no } => {
                out.extend_from_slice("清单新增申报成功[".as_bytes());
                write_guid(out, message);
                out.extend_from_slice("][电商企业编码：".as_bytes());
                escaped(out, firm);
                out.extend_from_slice("订单编号：".as_bytes());
                escaped(out, order_no);
                out.push(b']');
            }
        }
    }
}

/// Writes a whole number.
fn write_number(out: &mut Vec<u8>, value: i64) {
    use std::io::Write;
    // A vector takes everything.
    let _ = write!(out, "{value}");
}

fn write_yuan(out: &mut Vec<u8>, amount: Fen) {
    use std::io::Write;
    let _ = write!(out, "{amount}");
}

/// Opens an element.
pub(crate) fn open(out: &mut Vec<u8>, element: &str) {
    out.push(b'<');
    out.extend_from_slice(element.as_bytes());
    out.push(b'>');
}

/// Closes an element.
pub(crate) fn close(out: &mut Vec<u8>, element: &str) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(element.as_bytes());
    out.push(b'>');
}

/// Text between tags.
pub(crate) fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    if !text.iter().any(|byte| matches!(byte, b'&' | b'<' | b'>')) {
        out.extend_from_slice(text);
        return;
    }
    for byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            byte => out.push(*byte),
        }
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
        for text in ["4cde1cfd-eded-46b1-946c-b8022e42fc94", "7", "", &"-".repeat(36)] {
            assert_eq!(Guid::of(text), Guid::Text(text.to_owned()));
        }
    }

    #[test]
    fn a_return_comes_back_with_the_time_of_its_release() {
        let kind = ceb::message_type("CEB312").unwrap();
        let mut head = Record::new(ceb::message_type("CEB311").unwrap().document.head);
        for (name, value) in [("guid", "G"), ("ebpCode", "A&B"), ("orderNo", "N1")] {
            assert!(head.set(name, value));
        }
        let one = Return {
            guid: &Guid::of("G"),
            status: -301_010,
            info: &Info::Coded(1800),
            numbers: &Numbers::default(),
            echo: &Echo::of(&echoed(kind, &head), &head),
            said_at: Time::from_millis(0),
        };
        let mut packed = Vec::new();
        one.pack(&mut packed);
        retime(&mut packed, Time::parse_compact("20261124093000123").unwrap());
        let mut out = Vec::new();
        Writer::new("CEB312", &mut out).row(&packed);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "<OrderReturn><guid>G</guid><ebpCode>A&amp;B</ebpCode><orderNo>N1</orderNo>\
             <returnStatus>-301010</returnStatus><returnTime>20261124093000123</returnTime>\
             <returnInfo>[Code:1800;Desc:逻辑校验通过]</returnInfo></OrderReturn>"
        );
    }

    #[test]
    fn broken_bytes_write_nothing_more() {
        let mut out = Vec::new();
        for packed in [&[1_u8][..], &[0; 9], &[0xFF; 40]] {
            Writer::new("CEB816", &mut out).row(packed);
            Writer::new("CEB622", &mut out).row(packed);
        }
        assert_eq!(String::from_utf8(out).unwrap(), "");
    }
}
