//! From an export document of the message family to its facts.

use ceb::{Document, Record};

use super::canonical;
use super::export::{Collective, CollectiveLine, ExportTerms, FundsReceipt};
use super::facts::Facts;
use super::kind::{Direction, Kind};
use super::read::{Fields, Veil, inventory_line, order_line};
use super::types::*;

/// Reads an export document other than an inventory or a cancel application.
pub(super) fn facts(kind: Kind, f: &Fields<'_>, head: Head, document: &Document) -> Option<Facts> {
    Some(match kind {
        Kind::ExportOrder => Facts::Order(Order {
            head,
            direction: Direction::Export,
            order_type: f.text("orderType"),
            currency: f.text("currency"),
            ebp_code: f.text("ebpCode"),
            order_no: f.text("orderNo"),
            ebc_code: f.text("ebcCode"),
            goods_value: f.decimal("goodsValue"),
            freight: f.decimal("freight"),
            lines: document.lines.iter().map(|line| order_line(line, f.veil)).collect(),
            ..Order::default()
        }),
        Kind::ExportWaybill => Facts::Waybill(Waybill {
            head,
            direction: Direction::Export,
            logistics_code: f.text("logisticsCode"),
            logistics_no: f.text("logisticsNo"),
            ebc_code: f.text("ebcCode"),
            freight: f.record.decimal("freight"),
            insurance: f.record.decimal("insuredFee"),
            weight_kg: f.decimal("grossWeight"),
            ..Waybill::default()
        }),
        Kind::FundsReceipt => {
            let (order_no, pay_no) = (f.text("orderNo"), f.text("payNo"));
            Facts::FundsReceipt(FundsReceipt {
                head,
                number: FundsReceipt::number_of(&order_no, &pay_no),
                ebc_code: f.text("ebcCode"),
                ebp_code: f.text("ebpCode"),
                order_no,
                pay_code: f.text("payCode"),
                pay_no,
                charge: f.decimal("charge"),
                currency: f.text("currency"),
                received: f.time("accountingDate"),
            })
        }
        kind if kind.is_collective() => {
            Facts::Collective(Box::new(collective(kind, f, head, document)))
        }
        _ => return None,
    })
}

fn collective(kind: Kind, f: &Fields<'_>, head: Head, document: &Document) -> Collective {
    let (from, until) = match kind {
        Kind::Departure => ("leaveTime", ""),
        _ => ("startTime", "endTime"),
    };
    let traf_name = match kind {
        Kind::Arrival => "domesticTrafNo",
        _ => "trafName",
    };
    let line_number = match kind {
        Kind::SummaryApplication => "invtNo",
        _ => "logisticsNo",
    };
    let time = |name: &str| f.opt(name).and_then(kernel::Time::parse_compact);
    let line = |record: &Record| {
        let text = |name: &str| record.text(name).unwrap_or_default().trim().to_owned();
        CollectiveLine { number: text(line_number), package_no: text("totalPackageNo") }
    };
    Collective {
        head,
        kind,
        issuer: f.text(kind.sender_field()),
        number: Collective::number_of(&f.text("copNo"), f.opt("msgSeqNo").unwrap_or_default()),
        parts: f.opt("msgCount").and_then(|count| count.parse().ok()).unwrap_or(1),
        pre_no: f.text("preNo"),
        customs_code: f.text("customsCode"),
        place_no: f.text("loctNo"),
        logistics_code: f.text("logisticsCode"),
        ebc_code: f.text("ebcCode"),
        broker_code: f.text("declAgentCode"),
        bill_no: f.text("billNo"),
        traf_mode: f.text("trafMode"),
        traf_name: f.text(traf_name),
        voyage_no: f.text("voyageNo"),
        from: time(from),
        until: time(until),
        flags: format!("{}{}", f.text("summaryFlag"), f.text("itemNameFlag")),
        gross_kg: f.record.decimal("grossWeight"),
        lines: document.lines.iter().map(line).collect(),
    }
}

/// Reads an export inventory.
pub(super) fn inventory(document: &Document, veil: &Veil<'_>) -> Inventory {
    let f = &Fields { record: &document.head, veil };
    let order_no = f.text("orderNo");
    let cop_no = f.opt("copNo").unwrap_or(&order_no).to_owned();
    let terms = ExportTerms {
        statistics_flag: f.text("statisticsFlag"),
        leaves_on: f.opt("ieDate").and_then(kernel::time::parse_compact_date),
        owner_code: f.text("ownerCode"),
        destination_port: f.text("POD"),
        license_no: f.text("licenseNo"),
        package_no: f.text("totalPackageNo"),
        place_no: f.text("loctNo"),
        freight_currency: f.text("fCurrency"),
        insurance_currency: f.text("iCurrency"),
        packages: f.opt("packNo").and_then(|count| count.parse().ok()).unwrap_or_default(),
    };
    Inventory {
        head: f.head(&canonical::content(Kind::ExportInventory, document)),
        export: Some(Box::new(terms)),
        agent_code: f.text("agentCode"),
        cop_no,
        pre_no: f.text("preNo"),
        invt_no: f.text("invtNo"),
        order_no,
        ebp_code: f.text("ebpCode"),
        ebc_code: f.text("ebcCode"),
        logistics_code: f.text("logisticsCode"),
        logistics_no: f.text("logisticsNo"),
        ems_no: f.text("emsNo"),
        area_code: f.text("iacCode"),
        customs_code: f.text("customsCode"),
        port_code: f.text("portCode"),
        trade_mode: f.text("tradeMode"),
        traf_mode: f.text("trafMode"),
        traf_no: f.text("trafName"),
        voyage_no: f.text("voyageNo"),
        bill_no: f.text("billNo"),
        country: f.text("country"),
        freight: f.decimal("freight"),
        insurance: f.decimal("insuredFee"),
        gross_kg: f.decimal("grossWeight"),
        net_kg: f.decimal("netWeight"),
        lines: document.lines.iter().map(|line| export_line(line, veil)).collect(),
        ..Inventory::default()
    }
}

fn export_line(record: &Record, veil: &Veil<'_>) -> InventoryLine {
    let currency = record.text("currency").unwrap_or_default().trim().to_owned();
    InventoryLine { currency, ..inventory_line(record, veil) }
}
