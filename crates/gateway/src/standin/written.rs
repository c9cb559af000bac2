//! The text of receipts: the element of each, made from its packed form when it is delivered, so
//! that up to 100 of them travel in one message and nothing is written twice.

use ceb::MessageType;
use ceb::schema::{Field, Flow, Format};
use kernel::{Fen, Time};

use super::family::coded_into;
use super::packed::{Guid, TAX_ECHO, Taker};

/// Where a field of a receipt comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
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
    pub(super) fn of(name: &str) -> Leaf {
        match name {
            "guid" => Leaf::Guid,
            "returnStatus" => Leaf::Status,
            "returnTime" => Leaf::Time,
            "returnInfo" => Leaf::Info,
            "preNo" => Leaf::PreNo,
            "invtNo" => Leaf::InvtNo,
            "rkdNo" | "sumNo" => Leaf::RkdNo,
            _ => Leaf::Echo,
        }
    }
}

/// One field of a receipt.
#[derive(Clone, Copy)]
struct LeafAt {
    name: &'static str,
    leaf: Leaf,
    /// Whether it stands there even with nothing in it: the schema of export wants it so.
    kept: bool,
}

impl LeafAt {
    fn of(field: &Field, flow: Flow) -> LeafAt {
        let may_be_empty = matches!(field.format, Format::Text { min: 0, .. });
        let kept = flow == Flow::Export && field.required && may_be_empty;
        LeafAt { name: field.name, leaf: Leaf::of(field.name), kept }
    }
}

/// Writes packed receipts of one type as elements.
pub(crate) struct Writer<'a> {
    kind: Option<&'static MessageType>,
    out: &'a mut Vec<u8>,
    leaves: Vec<LeafAt>,
    /// The last time written, and how.
    time: (Time, String),
}

impl<'a> Writer<'a> {
    /// Writes receipts of a type, such as `CEB622`, behind what is there.
    pub(crate) fn new(kind: &str, out: &'a mut Vec<u8>) -> Writer<'a> {
        let kind = ceb::message_type(kind);
        let fields = kind.map(|kind| kind.document.head.fields).unwrap_or_default();
        let flow = kind.map_or(Flow::Import, |kind| kind.flow);
        let leaves = fields.iter().map(|field| LeafAt::of(field, flow)).collect();
        Writer { kind, out, leaves, time: (Time::from_millis(i64::MIN), String::new()) }
    }

    /// Writes every receipt of a row; what is not a receipt ends it.
    pub(crate) fn row(&mut self, packed: &[u8]) {
        let mut taker = Taker(packed);
        let code = self.kind.map_or("", |kind| kind.code);
        while !taker.0.is_empty() {
            let written = match code {
                "CEB816" => self.tax(&mut taker),
                "CEB818" => self.bill_status(&mut taker),
                _ => self.one(&mut taker),
            };
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
            let LeafAt { name, leaf, kept } = self.leaves[at];
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
                Leaf::PreNo => self.unless_empty(name, pre_no, kept),
                Leaf::InvtNo if !invt_no.is_empty() => self.unless_empty(name, invt_no, kept),
                Leaf::RkdNo => self.unless_empty(name, rkd_no, kept),
                Leaf::InvtNo | Leaf::Echo => {
                    self.unless_empty(name, echoed.unwrap_or_default(), kept);
                }
            }
        }
        close(self.out, element);
        Some(())
    }

    fn tax(&mut self, taker: &mut Taker<'_>) -> Option<()> {
        let said_at = taker.time()?;
        let guid = taker.guid()?;
        let invt_no = taker.text()?;
        let (number, status) = (taker.byte()?, taker.byte()?);
        let notice = taker.text()?;
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
        self.tax_no(invt_no, number);
        self.amounts(&[duty, vat, consumption_tax]);
        self.with("status", |out| write_number(out, i64::from(status)));
        self.unless_empty("entDutyNo", notice, false);
        for (name, text) in TAX_ECHO.iter().zip(echo) {
            self.unless_empty(name, text, false);
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

    fn bill_status(&mut self, taker: &mut Taker<'_>) -> Option<()> {
        let said_at = taker.time()?;
        let guid = taker.guid()?;
        let invt_no = taker.text()?;
        let (number, status) = (taker.byte()?, taker.byte()?);
        let (notice, guarantor) = (taker.text()?, taker.text()?);
        open(self.out, "Tax");
        open(self.out, "TaxHeadStatus");
        self.with("guid", |out| write_guid(out, &guid));
        self.time("returnTime", said_at);
        self.with("invtNo", |out| escaped(out, invt_no));
        self.tax_no(invt_no, number);
        self.with("status", |out| write_number(out, i64::from(status)));
        self.unless_empty("entDutyNo", notice, false);
        self.unless_empty("assureCode", guarantor, false);
        close(self.out, "TaxHeadStatus");
        close(self.out, "Tax");
        Some(())
    }

    /// The number of a bill: that of its inventory and its own.
    fn tax_no(&mut self, invt_no: &[u8], number: u8) {
        self.with("taxNo", |out| {
            escaped(out, invt_no);
            out.extend_from_slice(&[b'0' + number / 10 % 10, b'0' + number % 10]);
        });
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

    fn unless_empty(&mut self, name: &str, text: &[u8], kept: bool) {
        if kept || !text.is_empty() {
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

/// Writes a guid.
pub(super) fn write_guid(out: &mut Vec<u8>, guid: &Guid) {
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

#[cfg(test)]
mod tests {
    use ceb::Record;

    use super::super::packed::{Echo, Info, Numbers, Return, echoed, retime};
    use super::*;

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
