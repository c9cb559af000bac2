//! One document of any kind with its business key, and its packed form beside the key columns.

use kernel::{Date, Decimal, Time};

use super::export::{Collective, FundsReceipt, NO_PLATFORM};
use super::export_pack as export;
use super::guid;
use super::kind::{Direction, Kind};
use super::pack::{Packer, Unpacker};
use super::types::*;

/// The facts of a document other than an inventory, of either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facts {
    /// 订单.
    Order(Order),
    /// 支付单.
    Payment(Payment),
    /// 运单.
    Waybill(Waybill),
    /// 运单状态.
    WaybillStatus(WaybillStatus),
    /// 撤销申请单.
    CancelApplication(CancelApplication),
    /// 入库明细单.
    Warehousing(Warehousing),
    /// 收款单.
    FundsReceipt(FundsReceipt),
    /// 运抵单, 清单总分单, 离境单, 汇总申请单.
    Collective(Box<Collective>),
}

/// The business key of a document other than an inventory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which document.
    pub kind: Kind,
    /// The firm whose numbering it is.
    pub issuer: String,
    /// Its number there.
    pub number: String,
}

/// The columns beside the packed facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns<'a> {
    /// What ties it to others: see the migration.
    pub link_no: Option<&'a str>,
    /// Further firms named in it.
    pub second_code: Option<&'a str>,
    /// Further firms named in it.
    pub third_code: Option<&'a str>,
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl Facts {
    /// Which document.
    pub fn kind(&self) -> Kind {
        match self {
            Facts::Order(d) => d.kind(),
            Facts::Payment(_) => Kind::Payment,
            Facts::Waybill(d) => d.kind(),
            Facts::WaybillStatus(_) => Kind::WaybillStatus,
            Facts::CancelApplication(d) => d.kind(),
            Facts::Warehousing(_) => Kind::Warehousing,
            Facts::FundsReceipt(_) => Kind::FundsReceipt,
            Facts::Collective(d) => d.kind,
        }
    }

    /// Common head.
    pub fn head(&self) -> &Head {
        match self {
            Facts::Order(d) => &d.head,
            Facts::Payment(d) => &d.head,
            Facts::Waybill(d) => &d.head,
            Facts::WaybillStatus(d) => &d.head,
            Facts::CancelApplication(d) => &d.head,
            Facts::Warehousing(d) => &d.head,
            Facts::FundsReceipt(d) => &d.head,
            Facts::Collective(d) => &d.head,
        }
    }

    /// The firm whose numbering the document has.
    pub fn issuer(&self) -> &str {
        match self {
            Facts::Order(d) => d.shop(),
            Facts::Payment(d) => &d.pay_code,
            Facts::Waybill(d) => &d.logistics_code,
            Facts::WaybillStatus(d) => &d.logistics_code,
            Facts::CancelApplication(d) => &d.agent_code,
            Facts::Warehousing(d) => &d.operator_code,
            Facts::FundsReceipt(d) => &d.ebc_code,
            Facts::Collective(d) => &d.issuer,
        }
    }

    /// Its number there.
    pub fn number(&self) -> &str {
        match self {
            Facts::Order(d) => &d.order_no,
            Facts::Payment(d) => &d.pay_transaction_id,
            Facts::Waybill(d) => &d.logistics_no,
            Facts::WaybillStatus(d) => &d.logistics_no,
            Facts::CancelApplication(d) => &d.invt_no,
            Facts::Warehousing(d) => &d.cop_no,
            Facts::FundsReceipt(d) => &d.number,
            Facts::Collective(d) => &d.number,
        }
    }

    /// The business key.
    pub fn key(&self) -> Key {
        let (issuer, number) = (self.issuer().to_owned(), self.number().to_owned());
        Key { kind: self.kind(), issuer, number }
    }

    /// The columns kept beside the packed facts.
    pub fn columns(&self) -> Columns<'_> {
        match self {
            Facts::Order(d) => Columns {
                link_no: None,
                second_code: filled(&d.ebc_code).filter(|code| *code != d.shop()),
                third_code: filled(&d.pay_code),
            },
            Facts::Payment(d) => Columns {
                link_no: filled(&d.order_no),
                second_code: filled(&d.ebp_code),
                third_code: None,
            },
            Facts::Waybill(d) => {
                let second_code = filled(&d.ebc_code);
                Columns { link_no: filled(&d.order_no), second_code, third_code: None }
            }
            Facts::WaybillStatus(_) => Columns::default(),
            Facts::CancelApplication(d) => Columns {
                link_no: filled(&d.cop_no),
                second_code: filled(&d.ebc_code),
                third_code: filled(&d.ebp_code),
            },
            Facts::Warehousing(d) => Columns {
                link_no: filled(&d.bill_no),
                second_code: filled(&d.logistics_code),
                third_code: None,
            },
            Facts::FundsReceipt(d) => Columns {
                link_no: filled(&d.order_no),
                second_code: filled(&d.ebp_code).filter(|code| *code != NO_PLATFORM),
                third_code: filled(&d.pay_code),
            },
            Facts::Collective(d) => {
                let second = if d.names_inventories() { &d.ebc_code } else { &d.logistics_code };
                Columns {
                    link_no: filled(&d.bill_no),
                    second_code: filled(second).filter(|code| *code != d.issuer),
                    third_code: filled(&d.broker_code),
                }
            }
        }
    }

    /// The stored form: everything that is in no column.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let mut p = Packer::new();
        pack_guid(&mut p, &self.head().guid);
        let exported = self.kind().direction() == Direction::Export;
        match self {
            Facts::Order(d) if exported => export::pack_order(&mut p, d),
            Facts::Order(d) => pack_order(&mut p, d),
            Facts::Waybill(d) if exported => export::pack_waybill(&mut p, d),
            Facts::Payment(d) => {
                p.decimal(d.paid);
                p.signed(d.pay_time.to_millis());
                pack_buyer(&mut p, &d.payer);
            }
            Facts::Waybill(d) => {
                p.text(&d.bill_no);
                p.optional(d.freight);
                p.optional(d.insurance);
                p.decimal(d.weight_kg);
                pack_consignee(&mut p, &d.consignee);
            }
            Facts::WaybillStatus(d) => {
                p.text(&d.status);
                p.signed(d.time.to_millis());
            }
            Facts::CancelApplication(d) => {
                p.text(&d.pre_no);
                p.text(&d.customs_code);
                p.text(&d.order_no);
                p.text(&d.logistics_code);
                p.text(&d.logistics_no);
                p.raw(&d.buyer);
                p.text(&d.reason);
            }
            Facts::Warehousing(d) => {
                p.text(&d.pre_no);
                p.text(&d.customs_code);
                p.number(d.waybills.len() as u64);
                d.waybills.iter().for_each(|number| p.text(number));
            }
            Facts::FundsReceipt(d) => export::pack_funds(&mut p, d),
            Facts::Collective(d) => export::pack_collective(&mut p, d),
        }
        p.finish()
    }

    /// Reads the stored form. `None` when a later program wrote it.
    pub(crate) fn unpack(
        key: Key,
        columns: Columns<'_>,
        head: Head,
        bytes: &[u8],
    ) -> Option<Facts> {
        let mut u = Unpacker::new(bytes)?;
        let head = Head { guid: unpack_guid(&mut u), ..head };
        let Key { kind, issuer, number } = key;
        let link = columns.link_no.unwrap_or_default().to_owned();
        let second = columns.second_code.unwrap_or_default().to_owned();
        let third = columns.third_code.unwrap_or_default().to_owned();
        Some(match kind {
            Kind::Order => Facts::Order(Order {
                head,
                ebc_code: if second.is_empty() { issuer.clone() } else { second },
                ebp_code: issuer,
                order_no: number,
                pay_code: third,
                ..unpack_order(&mut u)
            }),
            Kind::Payment => Facts::Payment(Payment {
                head,
                pay_code: issuer,
                pay_transaction_id: number,
                ebp_code: second,
                order_no: link,
                paid: u.decimal(),
                pay_time: Time::from_millis(u.signed()),
                payer: unpack_buyer(&mut u),
            }),
            Kind::Waybill => Facts::Waybill(Waybill {
                head,
                logistics_code: issuer,
                logistics_no: number,
                order_no: link,
                ..unpack_waybill(&mut u)
            }),
            Kind::WaybillStatus => Facts::WaybillStatus(WaybillStatus {
                head,
                logistics_code: issuer,
                logistics_no: number,
                status: u.text(),
                time: Time::from_millis(u.signed()),
            }),
            Kind::CancelApplication | Kind::ExportCancel => {
                Facts::CancelApplication(CancelApplication {
                    head,
                    direction: kind.direction(),
                    agent_code: issuer,
                    invt_no: number,
                    cop_no: link,
                    ebc_code: second,
                    ebp_code: third,
                    ..unpack_cancel(&mut u)
                })
            }
            Kind::Warehousing => Facts::Warehousing(Warehousing {
                head,
                operator_code: issuer,
                cop_no: number,
                bill_no: link,
                logistics_code: second,
                ..unpack_warehousing(&mut u)
            }),
            kind => {
                return export::unpack(
                    kind,
                    head,
                    export::Named { issuer, number, link, second, third },
                    &mut u,
                );
            }
        })
    }
}

impl Inventory {
    /// The stored form: everything that is in no column.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let mut p = Packer::new();
        pack_guid(&mut p, &self.head.guid);
        p.text(&self.assure_code);
        p.text(&self.ems_no);
        p.number(self.declared_on.map_or(0, compact_day));
        for text in [&self.port_code, &self.traf_mode, &self.traf_no, &self.voyage_no] {
            p.text(text);
        }
        p.text(&self.bill_no);
        p.text(&self.country);
        for amount in [self.freight, self.insurance, self.gross_kg, self.net_kg] {
            p.decimal(amount);
        }
        pack_buyer_but_id(&mut p, &self.buyer);
        pack_veiled(&mut p, &self.address);
        p.number(self.lines.len() as u64);
        for line in &self.lines {
            p.number(u64::from(line.gnum));
            for text in [&line.item_no, &line.item_record_no, &line.item_name, &line.hs_code] {
                p.text(text);
            }
            p.text(&line.name);
            p.text(&line.unit);
            p.decimal(line.quantity);
            p.text(&line.unit1);
            p.decimal(line.quantity1);
            p.text(&line.unit2);
            p.optional(line.quantity2);
            p.decimal(line.price);
            p.decimal(line.total);
            p.text(&line.country);
            if self.export.is_some() {
                p.text(&line.currency);
            }
        }
        if let Some(terms) = &self.export {
            export::pack_terms(&mut p, terms);
        }
        p.finish()
    }

    /// Fills what [`Inventory::pack`] wrote into an inventory that holds its columns. `None` when a
    /// later program wrote it.
    pub(crate) fn unpack(self, bytes: &[u8]) -> Option<Inventory> {
        let mut u = Unpacker::new(bytes)?;
        let guid = unpack_guid(&mut u);
        let id = self.buyer.id;
        let exported = self.export.is_some();
        let mut inventory = Inventory {
            head: Head { guid, ..self.head },
            assure_code: u.text(),
            ems_no: u.text(),
            declared_on: day_of(u.number()),
            port_code: u.text(),
            traf_mode: u.text(),
            traf_no: u.text(),
            voyage_no: u.text(),
            bill_no: u.text(),
            country: u.text(),
            freight: u.decimal(),
            insurance: u.decimal(),
            gross_kg: u.decimal(),
            net_kg: u.decimal(),
            buyer: Buyer { id, ..unpack_buyer_but_id(&mut u) },
            address: unpack_veiled(&mut u),
            lines: (0..u.count()).map(|_| unpack_line(&mut u, exported)).collect(),
            ..self
        };
        if exported {
            inventory.export = Some(Box::new(export::unpack_terms(&mut u)));
        }
        Some(inventory)
    }
}

fn unpack_line(u: &mut Unpacker<'_>, exported: bool) -> InventoryLine {
    InventoryLine {
        gnum: u32::try_from(u.number()).unwrap_or_default(),
        item_no: u.text(),
        item_record_no: u.text(),
        item_name: u.text(),
        hs_code: u.text(),
        name: u.text(),
        unit: u.text(),
        quantity: u.decimal(),
        unit1: u.text(),
        quantity1: u.decimal(),
        unit2: u.text(),
        quantity2: u.optional(),
        price: u.decimal(),
        total: u.decimal(),
        country: u.text(),
        currency: if exported { u.text() } else { String::new() },
    }
}

pub(super) fn compact_day(day: Date) -> u64 {
    let part = |value: i64| value.unsigned_abs();
    part(i64::from(day.year())) * 10_000
        + part(i64::from(day.month())) * 100
        + part(i64::from(day.day()))
}

pub(super) fn day_of(compact: u64) -> Option<Date> {
    kernel::time::parse_compact_date(&format!("{compact:08}"))
}

fn pack_order(p: &mut Packer, d: &Order) {
    p.text(&d.pay_transaction_id);
    for amount in [d.goods_value, d.freight, d.discount, d.tax_total, d.paid] {
        p.decimal(amount);
    }
    pack_buyer(p, &d.buyer);
    pack_consignee(p, &d.consignee);
    p.number(d.lines.len() as u64);
    for line in &d.lines {
        p.number(u64::from(line.gnum));
        p.text(&line.item_no);
        p.text(&line.item_name);
        p.text(&line.unit);
        p.decimal(line.quantity);
        p.decimal(line.price);
        p.decimal(line.total);
        p.text(&line.country);
    }
}

fn unpack_order(u: &mut Unpacker<'_>) -> Order {
    Order {
        pay_transaction_id: u.text(),
        goods_value: u.decimal(),
        freight: u.decimal(),
        discount: u.decimal(),
        tax_total: u.decimal(),
        paid: u.decimal(),
        buyer: unpack_buyer(u),
        consignee: unpack_consignee(u),
        lines: (0..u.count())
            .map(|_| OrderLine {
                gnum: u32::try_from(u.number()).unwrap_or_default(),
                item_no: u.text(),
                item_name: u.text(),
                unit: u.text(),
                quantity: u.decimal(),
                price: u.decimal(),
                total: u.decimal(),
                country: u.text(),
            })
            .collect(),
        ..Order::default()
    }
}

fn unpack_waybill(u: &mut Unpacker<'_>) -> Waybill {
    Waybill {
        bill_no: u.text(),
        freight: u.optional(),
        insurance: u.optional(),
        weight_kg: u.decimal(),
        consignee: unpack_consignee(u),
        ..Waybill::default()
    }
}

fn unpack_cancel(u: &mut Unpacker<'_>) -> CancelApplication {
    CancelApplication {
        pre_no: u.text(),
        customs_code: u.text(),
        order_no: u.text(),
        logistics_code: u.text(),
        logistics_no: u.text(),
        buyer: u.raw(),
        reason: u.text(),
        ..CancelApplication::default()
    }
}

fn unpack_warehousing(u: &mut Unpacker<'_>) -> Warehousing {
    Warehousing {
        pre_no: u.text(),
        customs_code: u.text(),
        waybills: (0..u.count()).map(|_| u.text()).collect(),
        ..Warehousing::default()
    }
}

/// A UUID in upper case takes 17 bytes; any other guid is kept as it was written.
fn pack_guid(p: &mut Packer, text: &str) {
    match guid::parse(text).filter(|bytes| guid::show(bytes) == text) {
        Some(bytes) => {
            p.number(1);
            p.raw(&bytes);
        }
        None => {
            p.number(0);
            p.text(text);
        }
    }
}

fn unpack_guid(u: &mut Unpacker<'_>) -> String {
    if u.number() == 1 { guid::show(&u.raw()) } else { u.text() }
}

fn pack_veiled(p: &mut Packer, value: &Veiled) {
    p.text(&value.mask);
    p.raw(&value.hash);
}

fn unpack_veiled(u: &mut Unpacker<'_>) -> Veiled {
    Veiled { mask: u.text(), hash: u.raw() }
}

fn pack_buyer_but_id(p: &mut Packer, buyer: &Buyer) {
    p.text(&buyer.id_mask);
    pack_veiled(p, &buyer.name);
    pack_veiled(p, &buyer.telephone);
}

fn unpack_buyer_but_id(u: &mut Unpacker<'_>) -> Buyer {
    Buyer { id: [0; 16], id_mask: u.text(), name: unpack_veiled(u), telephone: unpack_veiled(u) }
}

fn pack_buyer(p: &mut Packer, buyer: &Buyer) {
    p.raw(&buyer.id);
    pack_buyer_but_id(p, buyer);
}

fn unpack_buyer(u: &mut Unpacker<'_>) -> Buyer {
    let id = u.raw();
    Buyer { id, ..unpack_buyer_but_id(u) }
}

fn pack_consignee(p: &mut Packer, consignee: &Consignee) {
    pack_veiled(p, &consignee.name);
    pack_veiled(p, &consignee.telephone);
    pack_veiled(p, &consignee.address);
}

fn unpack_consignee(u: &mut Unpacker<'_>) -> Consignee {
    Consignee { name: unpack_veiled(u), telephone: unpack_veiled(u), address: unpack_veiled(u) }
}

/// The amount of an inventory: what counts against the buyer's limits before freight and
/// insurance, yuan.
pub fn goods_total(inventory: &Inventory) -> Decimal {
    inventory.lines.iter().map(|line| line.total).sum()
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
