//! The records of the stand-in's memory, narrow: what is remembered of orders, payments, waybills
//! and inventories.

use kernel::Time;

use super::memory::Key;
use super::packed::{Taker, put_number, put_signed, put_text};

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
    /// Stored, and released as soon as its goods have arrived: may be cancelled
    /// until then.
    Awaiting = 4,
    /// Export: gone, and closed.
    Closed = 5,
    /// Export: closed, and part of a declaration.
    Summarised = 6,
}

/// An import inventory as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inventory {
    pub(crate) standing: Standing,
    pub(crate) quota: Key,
    pub(crate) value: i64,
    /// The second of its release; 0 when none is set or it waits for goods to arrive.
    pub(crate) released: u32,
    /// The arrival it waits for.
    pub(crate) arrival: Option<Key>,
    /// Whether it came directly (9610), not out of a bonded zone.
    pub(crate) direct: bool,
    /// Names who is told of its tax bill.
    pub(crate) parties: u32,
    pub(crate) bill: Bill,
    pub(crate) pre_no: String,
    pub(crate) invt_no: String,
    /// Its lines.
    pub(crate) goods: Goods,
}

/// Where the tax bill of an inventory stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bill {
    /// Its number, counted from 1; 0 when there is none to pay.
    pub(crate) number: u8,
    /// Whether it was carried to a payment notice.
    pub(crate) summarised: bool,
}

/// The lines of an inventory, packed: how many, and what of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Goods(pub(crate) Vec<u8>);

/// One line of an inventory as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GoodsLine {
    /// `gnum`.
    pub(crate) number: u64,
    /// `gcode`, as a number.
    pub(crate) hs_code: u64,
    /// `qty`, in units of 0.00001.
    pub(crate) quantity: u64,
    /// Import: value, duty, VAT and consumption tax in fen.
    pub(crate) amounts: [i64; 4],
    /// Export: stands for unit and currency.
    pub(crate) measure: u32,
}

impl Goods {
    /// Packs lines.
    pub(crate) fn of(lines: impl Iterator<Item = GoodsLine>) -> Goods {
        // Most lines take 15 to 20 bytes.
        let mut bytes = Vec::with_capacity(20 * lines.size_hint().0);
        for line in lines {
            put_number(&mut bytes, line.number);
            put_number(&mut bytes, line.hs_code);
            put_number(&mut bytes, line.quantity);
            line.amounts.iter().for_each(|amount| put_signed(&mut bytes, *amount));
            put_number(&mut bytes, u64::from(line.measure));
        }
        Goods(bytes)
    }

    /// The lines, in their order.
    pub(crate) fn lines(&self) -> Vec<GoodsLine> {
        let mut taker = Taker(&self.0);
        std::iter::from_fn(|| {
            Some(GoodsLine {
                number: taker.number()?,
                hs_code: taker.number()?,
                quantity: taker.number()?,
                amounts: [taker.signed()?, taker.signed()?, taker.signed()?, taker.signed()?],
                measure: narrow(taker.number()?),
            })
        })
        .collect()
    }
}

/// An export order as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExportOrder {
    pub(crate) app_time: u64,
    /// `E`, `B` or `W`.
    pub(crate) kind: u8,
    pub(crate) line_count: u32,
    pub(crate) lines: u32,
}

/// How goods cross the border, in words that can be compared; 0 stands for what is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transport {
    pub(crate) mode: u8,
    pub(crate) voyage: u32,
    pub(crate) bill: u32,
}

impl Transport {
    /// Whether nothing that both say differs.
    pub(crate) fn fits(&self, other: &Transport) -> bool {
        let same = |one: u32, other: u32| one == 0 || other == 0 || one == other;
        let modes = self.mode == 0 || other.mode == 0 || self.mode == other.mode;
        modes && same(self.voyage, other.voyage) && same(self.bill, other.bill)
    }

    /// Whether voyage and bill of lading are known.
    pub(crate) fn is_complete(&self) -> bool {
        self.voyage != 0 && self.bill != 0
    }
}

/// An export inventory as remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExportInventory {
    pub(crate) standing: Standing,
    /// Whether it is to be summarised (`statisticsFlag` B).
    pub(crate) merges: bool,
    /// `tradeMode`, as a number.
    pub(crate) mode: u16,
    pub(crate) transport: Transport,
    pub(crate) agent: u32,
    pub(crate) firm: u32,
    /// Stands for all that inventories merged into one declaration have in common.
    pub(crate) merge: u32,
    /// Its producer.
    pub(crate) owner: u32,
    /// Milliseconds from the arrival to the release.
    pub(crate) delay_ms: u32,
    /// The millisecond of its release; 0 while it waits for goods to arrive.
    pub(crate) released: u64,
    /// The second of its closing; 0 before.
    pub(crate) closed: u32,
    /// Names its waybill.
    pub(crate) parcel: Key,
    pub(crate) gross: u64,
    pub(crate) net: u64,
    pub(crate) invt_no: String,
    pub(crate) waybill_no: String,
    /// Prefixes of its order number.
    pub(crate) asked: String,
    pub(crate) goods: Goods,
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

impl Standing {
    fn of(byte: u8) -> Option<Standing> {
        Some(match byte {
            0 => Standing::Open,
            1 => Standing::Kept,
            2 => Standing::Settled,
            3 => Standing::Cancelled,
            4 => Standing::Awaiting,
            5 => Standing::Closed,
            6 => Standing::Summarised,
            _ => return None,
        })
    }

    /// Whether the inventory may be declared again.
    pub(crate) fn is_free(self) -> bool {
        matches!(self, Standing::Open | Standing::Cancelled)
    }
}

const SUMMARISED: u8 = 1;
const DIRECT: u8 = 2;
const WAITS: u8 = 4;

impl Inventory {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(96 + self.goods.0.len());
        body.push(self.standing as u8);
        body.extend_from_slice(&self.quota);
        put_signed(&mut body, self.value);
        put_number(&mut body, u64::from(self.released));
        put_number(&mut body, u64::from(self.parties));
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let waits = flag(self.arrival.is_some(), WAITS);
        body.push(flag(self.bill.summarised, SUMMARISED) | flag(self.direct, DIRECT) | waits);
        body.push(self.bill.number);
        body.extend_from_slice(self.arrival.as_ref().map_or(&[], |key| &key[..]));
        put_text(&mut body, &self.pre_no);
        put_text(&mut body, &self.invt_no);
        body.extend_from_slice(&self.goods.0);
        body
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<Inventory> {
        let mut taker = Taker(body);
        let standing = Standing::of(taker.byte()?)?;
        let (quota, value) = (taker.array()?, taker.signed()?);
        let (released, parties) = (narrow(taker.number()?), narrow(taker.number()?));
        let (flags, number) = (taker.byte()?, taker.byte()?);
        Some(Inventory {
            standing,
            quota,
            value,
            released,
            arrival: if flags & WAITS == 0 { None } else { Some(taker.array()?) },
            direct: flags & DIRECT != 0,
            parties,
            bill: Bill { number, summarised: flags & SUMMARISED != 0 },
            pre_no: taker.string()?,
            invt_no: taker.string()?,
            goods: Goods(taker.0.to_vec()),
        })
    }
}

impl ExportOrder {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut body = vec![self.kind];
        body.extend_from_slice(&self.app_time.to_be_bytes());
        body.extend_from_slice(&self.line_count.to_be_bytes());
        body.extend_from_slice(&self.lines.to_be_bytes());
        body
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<ExportOrder> {
        let (kind, rest) = body.split_first()?;
        let mut words = Words(rest);
        (rest.len() == 16).then(|| ExportOrder {
            kind: *kind,
            app_time: words.wide(),
            line_count: words.narrow(),
            lines: words.narrow(),
        })
    }
}

impl Transport {
    pub(crate) fn pack(&self, body: &mut Vec<u8>) {
        body.push(self.mode);
        put_number(body, u64::from(self.voyage));
        put_number(body, u64::from(self.bill));
    }

    pub(crate) fn take(taker: &mut Taker<'_>) -> Option<Transport> {
        Some(Transport {
            mode: taker.byte()?,
            voyage: narrow(taker.number()?),
            bill: narrow(taker.number()?),
        })
    }
}

impl ExportInventory {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(160 + self.goods.0.len());
        body.push(self.standing as u8);
        body.push(u8::from(self.merges));
        body.extend_from_slice(&self.parcel);
        self.transport.pack(&mut body);
        for number in [
            u64::from(self.mode),
            u64::from(self.agent),
            u64::from(self.firm),
            u64::from(self.merge),
            u64::from(self.owner),
            u64::from(self.delay_ms),
            self.released,
            u64::from(self.closed),
            self.gross,
            self.net,
        ] {
            put_number(&mut body, number);
        }
        for text in [&self.invt_no, &self.waybill_no, &self.asked] {
            put_text(&mut body, text);
        }
        body.extend_from_slice(&self.goods.0);
        body
    }

    pub(crate) fn from_bytes(body: &[u8]) -> Option<ExportInventory> {
        let mut taker = Taker(body);
        Some(ExportInventory {
            standing: Standing::of(taker.byte()?)?,
            merges: taker.byte()? != 0,
            parcel: taker.array()?,
            transport: Transport::take(&mut taker)?,
            mode: u16::try_from(taker.number()?).ok()?,
            agent: narrow(taker.number()?),
            firm: narrow(taker.number()?),
            merge: narrow(taker.number()?),
            owner: narrow(taker.number()?),
            delay_ms: narrow(taker.number()?),
            released: taker.number()?,
            closed: narrow(taker.number()?),
            gross: taker.number()?,
            net: taker.number()?,
            invt_no: taker.string()?,
            waybill_no: taker.string()?,
            asked: taker.string()?,
            goods: Goods(taker.0.to_vec()),
        })
    }
}

/// What was packed from 32 bits.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Seconds since 1970, as remembered.
pub(crate) fn second_of(at: Time) -> u32 {
    u32::try_from(at.to_millis() / 1000).unwrap_or_default()
}

/// The instant of a remembered second.
pub(crate) fn time_of(second: u32) -> Time {
    Time::from_millis(i64::from(second) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_comes_back() {
        let order = Order { app_time: 1, paid: 28_439_000, line_count: 3, ..Order::default() };
        assert_eq!(Order::from_bytes(&order.to_bytes()), Some(order));
        let line = GoodsLine {
            number: 1,
            hs_code: 3_304_990_099,
            quantity: 300_000,
            amounts: [19_950, 0, 1_815, -1],
            measure: u32::MAX,
        };
        let inventory = Inventory {
            standing: Standing::Kept,
            quota: [7; 16],
            value: 50_000,
            released: u32::MAX,
            arrival: Some([3; 16]),
            direct: true,
            parties: 9,
            bill: Bill { number: 2, summarised: true },
            pre_no: "B20261123000000001".into(),
            invt_no: "37032026I000000001".into(),
            goods: Goods::of([line.clone(), line.clone()].into_iter()),
        };
        assert_eq!(inventory.goods.lines(), [line.clone(), line]);
        assert_eq!(Inventory::from_bytes(&inventory.to_bytes()), Some(inventory));
        let export = ExportInventory {
            standing: Standing::Summarised,
            merges: true,
            mode: 9810,
            transport: Transport { mode: b'5', voyage: 1, bill: u32::MAX },
            invt_no: "42022026E00000000001".into(),
            waybill_no: "W1".into(),
            asked: "SDUP-".into(),
            ..ExportInventory::default()
        };
        assert_eq!(ExportInventory::from_bytes(&export.to_bytes()), Some(export));
        let order = ExportOrder { app_time: 5, kind: b'W', line_count: 1, lines: 8 };
        assert_eq!(ExportOrder::from_bytes(&order.to_bytes()), Some(order));
        assert_eq!(Order::from_bytes(b"short"), None);
        assert_eq!(ExportOrder::from_bytes(b""), None);
        assert_eq!(Inventory::from_bytes(b""), None);
    }
}
