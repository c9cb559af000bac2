//! Reads the documents of export into claims: what each says, in words that can be compared.

use ceb::{Document, Record};

use super::super::case::{Claim, Reader, lines_word, number, text};
use super::super::memory::{Key, Kind, bits, key, of_key, scaled, word};
use super::super::records::{ExportOrder, Goods, GoodsLine, Transport, second_of};
use super::super::refund::ReturnClaim;

/// What a document of export claims.
pub(crate) enum Outward {
    Order { key: Key, inventory: Key, order: ExportOrder },
    Funds { key: Key, inventory: Key, app_time: u64 },
    Waybill { key: Key },
    Inventory(Box<InventoryClaim>),
    Cancel { number: Key, agent: u32 },
    Consolidation(SheetClaim),
    Arrival(SheetClaim),
    Departure(SheetClaim),
    Summary(Box<SummaryClaim>),
    Tally { key: Key, parcel: Key },
}

/// What an export inventory claims.
pub(crate) struct InventoryClaim {
    pub(crate) key: Key,
    pub(crate) order: Key,
    pub(crate) of_order: Key,
    pub(crate) funds: Key,
    pub(crate) waybill: Key,
    /// Names the parcel: its inventory lies there, its arrival and departure beside.
    pub(crate) parcel: Key,
    pub(crate) invt_series: Key,
    pub(crate) kind: u8,
    pub(crate) mode: u16,
    pub(crate) transport: Transport,
    pub(crate) agent: u32,
    pub(crate) firm: u32,
    pub(crate) merges: bool,
    pub(crate) merge: u32,
    pub(crate) owner: u32,
    pub(crate) gross: u64,
    pub(crate) net: u64,
    pub(crate) line_count: u32,
    pub(crate) lines: u32,
    pub(crate) goods: Goods,
}

/// What a sheet of waybills claims.
pub(crate) struct SheetClaim {
    pub(crate) key: Key,
    pub(crate) transport: Transport,
    /// The parcels of its lines, in their order.
    pub(crate) parcels: Vec<Key>,
}

/// What a summary application claims.
pub(crate) struct SummaryClaim {
    pub(crate) key: Key,
    pub(crate) agent: u32,
    pub(crate) firm: u32,
    /// Where closed inventories of the consignor are listed.
    pub(crate) closed: Key,
    /// First and last second of the span; `None` when inventories are listed.
    pub(crate) span: Option<(u32, u32)>,
    /// The inventories listed, by number.
    pub(crate) listed: Vec<(Key, String)>,
    pub(crate) sum_series: Key,
}

impl Reader<'_> {
    /// The claim of a document of export, by the number of its family.
    pub(crate) fn outward(&self, family: u32, document: &Document) -> Claim {
        let head = &document.head;
        let claim = match family {
            303 => self.export_order(document),
            403 => Outward::Funds {
                key: order_key(Kind::Funds, head),
                inventory: order_key(Kind::OfOrder, head),
                app_time: number(head, "appTime"),
            },
            505 => Outward::Waybill { key: waybill_key(Kind::ExportWaybill, head, head) },
            603 => Outward::Inventory(Box::new(self.export_inventory(document))),
            605 => Outward::Cancel {
                number: number_key(text(head, "invtNo")),
                agent: word(text(head, "agentCode")),
            },
            607 => Outward::Consolidation(sheet(document, "agentCode", "607")),
            507 => Outward::Arrival(sheet(document, "operatorCode", "507")),
            509 => Outward::Departure(sheet(document, "logisticsCode", "509")),
            701 => Outward::Summary(Box::new(self.summary(document))),
            213 => return Claim::Return(Box::new(self.export_return(document))),
            _ => Outward::Tally {
                key: key(Kind::ExportSheet, &["215", text(head, "operatorCode"), own_no(head)]),
                parcel: waybill_key(Kind::Tally, head, head),
            },
        };
        Claim::Outward(claim)
    }

    fn export_order(&self, document: &Document) -> Outward {
        let head = &document.head;
        Outward::Order {
            key: order_key(Kind::ExportOrder, head),
            inventory: order_key(Kind::OfOrder, head),
            order: ExportOrder {
                app_time: number(head, "appTime"),
                kind: text(head, "orderType").bytes().next().unwrap_or_default(),
                line_count: document.lines.len() as u32,
                lines: lines_word(&document.lines),
            },
        }
    }

    fn export_inventory(&self, document: &Document) -> InventoryClaim {
        let head = &document.head;
        let mode = text(head, "tradeMode");
        InventoryClaim {
            key: key(Kind::ExportInventory, &[text(head, "agentCode"), text(head, "copNo")]),
            order: order_key(Kind::ExportOrder, head),
            of_order: order_key(Kind::OfOrder, head),
            funds: order_key(Kind::Funds, head),
            waybill: waybill_key(Kind::ExportWaybill, head, head),
            parcel: waybill_key(Kind::OfWaybill, head, head),
            invt_series: self.series.of_year(text(head, "customsCode"), "E"),
            kind: match mode {
                "9710" => b'B',
                "9810" => b'W',
                _ => b'E',
            },
            mode: mode.parse().unwrap_or_default(),
            transport: transport(head),
            agent: word(text(head, "agentCode")),
            firm: word(text(head, "ebcCode")),
            merges: text(head, "statisticsFlag") == "B",
            merge: merge_word(head),
            owner: word(text(head, "ownerCode")),
            gross: amount(head, "grossWeight"),
            net: amount(head, "netWeight"),
            line_count: document.lines.len() as u32,
            lines: lines_word(&document.lines),
            goods: Goods::of(document.lines.iter().map(goods_line)),
        }
    }

    fn summary(&self, document: &Document) -> SummaryClaim {
        let head = &document.head;
        let second =
            |name: &str| head.text(name).and_then(kernel::Time::parse_compact).map(second_of);
        let listed = document.lines.iter().map(|line| {
            let number = text(line, "invtNo");
            (number_key(number), number.to_owned())
        });
        SummaryClaim {
            key: sheet_key(head, "agentCode", "701"),
            agent: word(text(head, "agentCode")),
            firm: word(text(head, "ebcCode")),
            closed: closed_list(word(text(head, "ebcCode"))),
            span: second("startTime").zip(second("endTime")),
            listed: listed.collect(),
            sum_series: self.series.of_year(text(head, "customsCode"), "S"),
        }
    }

    fn export_return(&self, document: &Document) -> ReturnClaim {
        let head = &document.head;
        ReturnClaim {
            key: key(Kind::Return, &[text(head, "agentCode"), own_no(head)]),
            inventory: number_key(text(head, "invtNo")),
            invt_no: text(head, "invtNo").to_owned(),
            tally: Some(waybill_key(Kind::Tally, head, head)),
            mode: text(head, "tradeMode").parse().unwrap_or_default(),
            lines: document.lines.iter().map(goods_line).collect(),
        }
    }
}

/// The inventory with this number of customs.
pub(crate) fn number_key(invt_no: &str) -> Key {
    key(Kind::OfNumber, &[invt_no])
}

/// Where closed inventories of a consignor are listed.
pub(crate) fn closed_list(firm: u32) -> Key {
    of_key(Kind::Closed, &[0; 16], u64::from(firm))
}

/// The arrival of a parcel.
pub(crate) fn arrival_key(parcel: &Key) -> Key {
    of_key(Kind::ExportArrival, parcel, 0)
}

/// The departure of a parcel.
pub(crate) fn departure_key(parcel: &Key) -> Key {
    of_key(Kind::ExportDeparture, parcel, 0)
}

/// Orders of platforms abroad all name 无 as their platform: the firm tells them apart.
fn order_key(kind: Kind, head: &Record) -> Key {
    key(kind, &[text(head, "ebpCode"), text(head, "ebcCode"), text(head, "orderNo")])
}

fn waybill_key(kind: Kind, head: &Record, line: &Record) -> Key {
    key(kind, &[text(head, "logisticsCode"), text(line, "logisticsNo")])
}

fn own_no(head: &Record) -> &str {
    head.text("coElNo").unwrap_or_else(|| text(head, "copNo"))
}

fn sheet_key(head: &Record, firm: &str, family: &str) -> Key {
    let part = text(head, "msgSeqNo");
    key(Kind::ExportSheet, &[family, text(head, firm), text(head, "copNo"), part])
}

fn sheet(document: &Document, firm: &str, family: &str) -> SheetClaim {
    let head = &document.head;
    let parcels = document.lines.iter().map(|line| waybill_key(Kind::OfWaybill, head, line));
    SheetClaim {
        key: sheet_key(head, firm, family),
        transport: transport(head),
        parcels: parcels.collect(),
    }
}

fn transport(head: &Record) -> Transport {
    let said = |name: &str| head.text(name).map_or(0, word);
    Transport {
        mode: text(head, "trafMode").bytes().next().unwrap_or_default(),
        voyage: said("voyageNo"),
        bill: said("billNo"),
    }
}

fn amount(record: &Record, name: &str) -> u64 {
    scaled(text(record, name)).unwrap_or_default()
}

/// What all inventories of one declaration have in common besides the producer: consignor,
/// transport, destination, port of exit and mode.
fn merge_word(head: &Record) -> u32 {
    let parts = ["ebcCode", "trafMode", "country", "portCode", "tradeMode"];
    parts.iter().fold(0, |all, name| {
        let own = bits(&[text(head, name).as_bytes(), b"\n"]) as u32;
        all.rotate_left(5) ^ own
    })
}

pub(crate) fn goods_line(line: &Record) -> GoodsLine {
    let measure = bits(&[text(line, "unit").as_bytes(), b"\n", text(line, "currency").as_bytes()]);
    GoodsLine {
        number: number(line, "gnum"),
        hs_code: number(line, "gcode"),
        quantity: amount(line, "qty"),
        measure: measure as u32,
        ..GoodsLine::default()
    }
}
