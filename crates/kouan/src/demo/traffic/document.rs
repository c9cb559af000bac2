//! Parcels as documents of the message family.

use ceb::{Document, Message, MessageType, Record};
use kernel::{Decimal, Time};

use super::chance::Chance;
use super::fault::Fault;
use super::good::Good;
use super::parcel::{Line, Parcel};
use super::person::Person;
use super::trade::{BONDED, Firm, Route};

const YUAN: &str = "142";
const CHINA: &str = "142";

/// Fills one record; a name the definition does not know is a bug that a test would show.
struct Fill(Record);

impl Fill {
    fn head(kind: &MessageType) -> Fill {
        Fill(Record::new(kind.document.head))
    }

    fn set(mut self, name: &str, value: &str) -> Fill {
        let known = self.0.set(name, value);
        debug_assert!(known, "no field {name}");
        self
    }

    fn number(self, name: &str, value: Decimal) -> Fill {
        self.set(name, &value.normalize().to_string())
    }

    fn common(self, chance: &mut Chance, at: Time) -> Fill {
        self.set("guid", &chance.guid())
            .set("appType", "1")
            .set("appTime", &at.to_compact())
            .set("appStatus", "2")
    }

    fn firm(self, role: &str, firm: &Firm) -> Fill {
        self.set(&format!("{role}Code"), &firm.code).set(&format!("{role}Name"), &firm.name)
    }

    fn buyer(self, person: &Person) -> Fill {
        self.set("buyerIdType", "1")
            .set("buyerIdNumber", &person.id_number)
            .set("buyerName", &person.name)
            .set("buyerTelephone", &person.phone)
    }

    fn consignee(self, person: &Person) -> Fill {
        self.set("consignee", &person.name)
            .set("consigneeTelephone", &person.phone)
            .set("consigneeAddress", &person.address)
    }

    fn line(self, gnum: usize, line: &Line) -> Fill {
        self.set("gnum", &gnum.to_string())
            .set("itemNo", &line.good.sku)
            .set("itemName", &line.good.name)
            .set("gmodel", &line.good.model)
            .set("barCode", &line.good.barcode)
            .set("unit", &line.good.unit)
            .set("qty", &line.pieces.to_string())
            .number("price", line.price.to_yuan())
            .number("totalPrice", line.total().to_yuan())
            .set("currency", YUAN)
            .set("country", &line.good.country)
    }

    fn done(self, lines: Vec<Record>) -> Document {
        Document { head: self.0, lines, line: 0 }
    }
}

fn new_line(kind: &MessageType) -> Option<Record> {
    kind.document.lines.map(|lines| Record::new(lines.record))
}

/// 电子订单.
pub(super) fn order(kind: &MessageType, route: &Route, parcel: &Parcel, at: Time) -> Document {
    let mut chance = parcel.chance(311);
    let basket = &parcel.basket;
    let lines = basket
        .lines
        .iter()
        .zip(1..)
        .filter_map(|(line, gnum)| Some(Fill(new_line(kind)?).line(gnum, line).0))
        .collect();
    Fill::head(kind)
        .common(&mut chance, at)
        .set("orderType", "I")
        .set("orderNo", &parcel.order_no)
        .firm("ebp", &route.platform)
        .firm("ebc", &parcel.seller(route))
        .number("goodsValue", basket.goods_value().to_yuan())
        .number("freight", basket.freight.to_yuan())
        .number("discount", basket.discount.to_yuan())
        .number("taxTotal", parcel.tax.to_yuan())
        .number("acturalPaid", parcel.paid().to_yuan())
        .set("currency", YUAN)
        .set("buyerRegNo", &format!("U{:09}", chance.below(1_000_000_000)))
        .buyer(&parcel.buyer)
        .firm("pay", &route.payment)
        .set("payTransactionId", &parcel.transaction)
        .consignee(&parcel.buyer)
        .set("consigneeDistrict", parcel.buyer.district)
        .done(lines)
}

/// 支付单.
pub(super) fn payment(kind: &MessageType, route: &Route, parcel: &Parcel, at: Time) -> Document {
    let mut chance = parcel.chance(411);
    let mut paid = parcel.paid().to_yuan();
    if parcel.fault == Some(Fault::AmountDiffers) {
        paid += Decimal::new(chance.between(1, 900), 2);
    }
    Fill::head(kind)
        .common(&mut chance, at)
        .firm("pay", &route.payment)
        .set("payTransactionId", &parcel.transaction)
        .set("orderNo", &parcel.order_no)
        .firm("ebp", &route.platform)
        .set("payerIdType", "1")
        .set("payerIdNumber", &parcel.payer.id_number)
        .set("payerName", &parcel.payer.name)
        .set("telephone", &parcel.payer.phone)
        .number("amountPaid", paid)
        .set("currency", YUAN)
        .set("payTime", &parcel.ordered_at.to_compact())
        .done(Vec::new())
}

/// 运单.
pub(super) fn waybill(kind: &MessageType, route: &Route, parcel: &Parcel, at: Time) -> Document {
    let mut chance = parcel.chance(511);
    let goods: Vec<&str> = parcel.basket.lines.iter().map(|line| line.good.name.as_str()).collect();
    let consignee = match parcel.fault {
        Some(Fault::ConsigneeDiffers) => parcel.stranger(),
        _ => parcel.buyer.clone(),
    };
    let fill = Fill::head(kind)
        .common(&mut chance, at)
        .firm("logistics", &route.carrier)
        .set("logisticsNo", &parcel.logistics_no)
        .set("orderNo", &parcel.order_no)
        .number("freight", parcel.basket.freight.to_yuan())
        .set("insuredFee", "0")
        .set("currency", YUAN)
        .number("weight", parcel.basket.gross_kg())
        .set("packNo", "1")
        .set("goodsInfo", &goods.join("、"))
        .consignee(&consignee);
    let fill = match &parcel.voyage {
        Some(voyage) => fill.set("billNo", &voyage.bill_no),
        None => fill,
    };
    fill.done(Vec::new())
}

/// 运单状态: signed for.
pub(super) fn signed_for(kind: &MessageType, route: &Route, parcel: &Parcel, at: Time) -> Document {
    let mut chance = parcel.chance(513);
    Fill::head(kind)
        .common(&mut chance, at)
        .firm("logistics", &route.carrier)
        .set("logisticsNo", &parcel.logistics_no)
        .set("logisticsStatus", "S")
        .set("logisticsTime", &at.to_compact())
        .done(Vec::new())
}

/// 进口清单.
pub(super) fn inventory(kind: &MessageType, route: &Route, parcel: &Parcel, at: Time) -> Document {
    let mut chance = parcel.chance(621);
    let mut sold: &[Line] = &parcel.basket.lines;
    if parcel.fault == Some(Fault::LineCountDiffers) {
        sold = sold.split_last().map_or(sold, |(_, rest)| rest);
    }
    let lines = sold
        .iter()
        .zip(1..)
        .filter_map(|(line, gnum)| {
            let misdeclared = parcel.basket.misdeclared.as_ref().filter(|_| gnum == 1);
            let good = misdeclared.unwrap_or(&line.good);
            Some(inventory_line(new_line(kind)?, route, gnum, line, good))
        })
        .collect();
    let fill = Fill::head(kind)
        .common(&mut chance, at)
        .set("orderNo", &parcel.order_no)
        .firm("ebp", &route.platform)
        .firm("ebc", &parcel.seller(route))
        .set("logisticsNo", &parcel.logistics_no)
        .firm("logistics", &route.carrier)
        .set("copNo", &parcel.cop_no)
        .set("assureCode", &parcel.guarantor(route).code)
        .set("ieFlag", "I")
        .set("declTime", &at.date().strftime("%Y%m%d").to_string())
        .set("customsCode", &route.district)
        .set("portCode", &route.district)
        .set("ieDate", &at.date().strftime("%Y%m%d").to_string())
        .buyer(&parcel.buyer)
        .set("consigneeAddress", &parcel.buyer.address)
        .firm("agent", &parcel.declarant(route))
        .set("tradeMode", route.mode)
        .number("freight", parcel.basket.freight.to_yuan())
        .set("insuredFee", "0")
        .set("currency", YUAN)
        .set("wrapType", "2")
        .set("packNo", "1")
        .number("grossWeight", parcel.basket.gross_kg())
        .number("netWeight", parcel.basket.net_kg());
    leg(fill, route, parcel).done(lines)
}

/// What differs between bonded goods and direct mail.
fn leg(fill: Fill, route: &Route, parcel: &Parcel) -> Fill {
    match &parcel.voyage {
        Some(voyage) => fill
            .set("trafMode", "5")
            .set("trafNo", &voyage.plane)
            .set("voyageNo", &voyage.flight)
            .set("billNo", &voyage.bill_no)
            .set("country", &voyage.country),
        None => fill
            .set("emsNo", &route.warehouse.ems_no)
            .firm("area", &route.warehouse.firm)
            .set("trafMode", "Y")
            .set("country", CHINA),
    }
}

fn inventory_line(record: Record, route: &Route, gnum: usize, line: &Line, good: &Good) -> Record {
    let fill = Fill(record)
        .line(gnum, line)
        .set("gcode", &good.hs_code)
        .set("gname", &good.name)
        .number("qty1", good.statutory(&good.unit1, line.pieces))
        .set("unit1", &good.unit1);
    let fill = match &good.unit2 {
        Some(unit) => fill.number("qty2", good.statutory(unit, line.pieces)).set("unit2", unit),
        None => fill,
    };
    let fill = if route.mode == BONDED {
        fill.set("itemRecordNo", &format!("{}-{}", route.warehouse.ems_no, good.sku))
    } else {
        fill
    };
    fill.0
}

/// 撤销申请单 for an inventory that customs has numbered.
pub(super) fn cancel(
    kind: &MessageType,
    route: &Route,
    parcel: &Parcel,
    (pre_no, invt_no): (&str, &str),
    at: Time,
) -> Document {
    let mut chance = parcel.chance(623);
    Fill::head(kind)
        .common(&mut chance, at)
        .set("customsCode", &route.district)
        .set("orderNo", &parcel.order_no)
        .firm("ebp", &route.platform)
        .firm("ebc", &parcel.seller(route))
        .set("logisticsNo", &parcel.logistics_no)
        .firm("logistics", &route.carrier)
        .set("copNo", &parcel.cop_no)
        .set("preNo", pre_no)
        .set("invtNo", invt_no)
        .buyer(&parcel.buyer)
        .firm("agent", &parcel.declarant(route))
        .set("reason", "订购人申请退款，取消订单")
        .done(Vec::new())
}

/// 入库明细单: the parcels of one flight have arrived.
pub(super) fn sheet(
    kind: &MessageType,
    route: &Route,
    parcels: &[Parcel],
    at: Time,
) -> Option<Document> {
    let first = parcels.first()?;
    let voyage = first.voyage.as_ref()?;
    let mut chance = first.chance(711);
    let lines = parcels
        .iter()
        .zip(1..)
        .filter_map(|(parcel, gnum): (&Parcel, usize)| {
            let line = Fill(new_line(kind)?)
                .set("gnum", &gnum.to_string())
                .set("logisticsNo", &parcel.logistics_no);
            Some(line.0)
        })
        .collect();
    let document = Fill::head(kind)
        .common(&mut chance, at)
        .set("customsCode", &route.district)
        .set("copNo", &format!("R{}", first.cop_no.get(1..).unwrap_or_default()))
        .firm("operator", &route.site)
        .set("ieFlag", "I")
        .set("trafMode", "5")
        .set("trafNo", &voyage.plane)
        .set("voyageNo", &voyage.flight)
        .set("billNo", &voyage.bill_no)
        .firm("logistics", &route.carrier)
        .set("unloadLocation", "A01")
        .done(lines);
    Some(document)
}

/// A message around documents, as their sender transmits it.
pub(super) fn message(
    kind: &'static MessageType,
    sender: &Firm,
    guid: String,
    documents: Vec<Document>,
) -> Message {
    let mut message = Message::new(kind, guid);
    message.documents = documents;
    message.transfer = kind.transfer().map(|definition| {
        Fill(Record::new(definition))
            .set("copCode", &sender.code)
            .set("copName", &sender.name)
            .set("dxpMode", "DXP")
            .set("dxpId", &sender.dxp_id)
            .0
    });
    message
}

/// The order once more under its number, with a deduction nobody agreed on.
pub(super) fn changed_order(
    kind: &MessageType,
    route: &Route,
    parcel: &Parcel,
    at: Time,
) -> Document {
    let mut changed = parcel.clone();
    changed.basket.discount.0 += 100;
    let mut document = order(kind, route, &changed, at);
    document.head.set("guid", &parcel.chance(312).guid());
    document
}
