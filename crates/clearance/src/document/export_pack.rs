//! The stored form of what only exports have.

use kernel::Time;

use super::export::{Collective, CollectiveLine, ExportTerms, FundsReceipt, NO_PLATFORM};
use super::facts::{Facts, compact_day, day_of};
use super::kind::{Direction, Kind};
use super::pack::{Packer, Unpacker};
use super::types::{Head, Order, OrderLine, Waybill};

/// The columns of a document, as text.
pub(super) struct Named {
    pub(super) issuer: String,
    pub(super) number: String,
    pub(super) link: String,
    pub(super) second: String,
    pub(super) third: String,
}

/// Reads the stored form of what only exports have.
pub(super) fn unpack(kind: Kind, head: Head, of: Named, u: &mut Unpacker<'_>) -> Option<Facts> {
    let Named { issuer, number, link, second, third } = of;
    Some(match kind {
        Kind::ExportOrder => Facts::Order(Order {
            head,
            direction: Direction::Export,
            order_no: number,
            ebc_code: if second.is_empty() { issuer } else { second },
            ..unpack_order(u)
        }),
        Kind::ExportWaybill => Facts::Waybill(Waybill {
            head,
            direction: Direction::Export,
            logistics_code: issuer,
            logistics_no: number,
            ebc_code: second,
            ..unpack_waybill(u)
        }),
        Kind::FundsReceipt => Facts::FundsReceipt(FundsReceipt {
            head,
            ebc_code: issuer,
            ebp_code: if second.is_empty() { NO_PLATFORM.to_owned() } else { second },
            order_no: link,
            pay_code: third,
            number,
            ..unpack_funds(u)
        }),
        Kind::Arrival | Kind::Consolidation | Kind::Departure | Kind::SummaryApplication => {
            let summary = kind == Kind::SummaryApplication;
            let second = if second.is_empty() { issuer.clone() } else { second };
            let (ebc_code, logistics_code) =
                if summary { (second, String::new()) } else { (String::new(), second) };
            let columns = Collective {
                head,
                issuer,
                number,
                bill_no: link,
                ebc_code,
                logistics_code,
                broker_code: third,
                ..Collective::new(kind)
            };
            Facts::Collective(Box::new(unpack_collective(columns, u)))
        }
        _ => return None,
    })
}

/// Writes what follows the guid of an export order.
pub(super) fn pack_order(p: &mut Packer, d: &Order) {
    p.text(&d.ebp_code);
    p.text(&d.order_type);
    p.text(&d.currency);
    p.decimal(d.goods_value);
    p.decimal(d.freight);
    p.number(d.lines.len() as u64);
    for line in &d.lines {
        p.number(u64::from(line.gnum));
        p.text(&line.item_no);
        p.text(&line.item_name);
        p.text(&line.unit);
        p.decimal(line.quantity);
        p.decimal(line.price);
        p.decimal(line.total);
    }
}

pub(super) fn unpack_order(u: &mut Unpacker<'_>) -> Order {
    Order {
        ebp_code: u.text(),
        order_type: u.text(),
        currency: u.text(),
        goods_value: u.decimal(),
        freight: u.decimal(),
        lines: (0..u.count())
            .map(|_| OrderLine {
                gnum: u32::try_from(u.number()).unwrap_or_default(),
                item_no: u.text(),
                item_name: u.text(),
                unit: u.text(),
                quantity: u.decimal(),
                price: u.decimal(),
                total: u.decimal(),
                country: String::new(),
            })
            .collect(),
        ..Order::default()
    }
}

pub(super) fn pack_waybill(p: &mut Packer, d: &Waybill) {
    p.optional(d.freight);
    p.optional(d.insurance);
    p.decimal(d.weight_kg);
}

pub(super) fn unpack_waybill(u: &mut Unpacker<'_>) -> Waybill {
    Waybill {
        freight: u.optional(),
        insurance: u.optional(),
        weight_kg: u.decimal(),
        ..Waybill::default()
    }
}

pub(super) fn pack_funds(p: &mut Packer, d: &FundsReceipt) {
    p.text(&d.pay_no);
    p.decimal(d.charge);
    p.text(&d.currency);
    p.signed(d.received.to_millis());
}

pub(super) fn unpack_funds(u: &mut Unpacker<'_>) -> FundsReceipt {
    FundsReceipt {
        pay_no: u.text(),
        charge: u.decimal(),
        currency: u.text(),
        received: Time::from_millis(u.signed()),
        ..FundsReceipt::default()
    }
}

pub(super) fn pack_collective(p: &mut Packer, d: &Collective) {
    p.number(d.parts);
    for text in [&d.pre_no, &d.customs_code, &d.place_no, &d.traf_mode, &d.traf_name] {
        p.text(text);
    }
    p.text(&d.voyage_no);
    p.text(&d.flags);
    for time in [d.from, d.until] {
        p.signed(time.map_or(0, Time::to_millis));
    }
    p.optional(d.gross_kg);
    p.number(d.lines.len() as u64);
    for line in &d.lines {
        p.text(&line.number);
        p.text(&line.package_no);
    }
}

/// Fills what [`pack_collective`] wrote into one that holds its columns.
pub(super) fn unpack_collective(columns: Collective, u: &mut Unpacker<'_>) -> Collective {
    let time = |millis: i64| (millis != 0).then(|| Time::from_millis(millis));
    Collective {
        parts: u.number(),
        pre_no: u.text(),
        customs_code: u.text(),
        place_no: u.text(),
        traf_mode: u.text(),
        traf_name: u.text(),
        voyage_no: u.text(),
        flags: u.text(),
        from: time(u.signed()),
        until: time(u.signed()),
        gross_kg: u.optional(),
        lines: (0..u.count())
            .map(|_| CollectiveLine { number: u.text(), package_no: u.text() })
            .collect(),
        ..columns
    }
}

pub(super) fn pack_terms(p: &mut Packer, d: &ExportTerms) {
    p.text(&d.statistics_flag);
    p.number(d.leaves_on.map_or(0, compact_day));
    for text in [&d.owner_code, &d.destination_port, &d.license_no, &d.package_no, &d.place_no] {
        p.text(text);
    }
    p.text(&d.freight_currency);
    p.text(&d.insurance_currency);
    p.number(d.packages);
}

pub(super) fn unpack_terms(u: &mut Unpacker<'_>) -> ExportTerms {
    ExportTerms {
        statistics_flag: u.text(),
        leaves_on: day_of(u.number()),
        owner_code: u.text(),
        destination_port: u.text(),
        license_no: u.text(),
        package_no: u.text(),
        place_no: u.text(),
        freight_currency: u.text(),
        insurance_currency: u.text(),
        packages: u.number(),
    }
}
