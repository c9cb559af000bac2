//! What is answered about export documents, by element name.

use kernel::Time;
use serde_json::{Value as Json, json};

use crate::document::{
    CancelApplication, Collective, ExportTerms, FundsReceipt, Inventory, Kind, Order, Waybill,
};

pub(super) fn order(d: &Order) -> Json {
    json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "orderType": d.order_type,
        "orderNo": d.order_no,
        "ebpCode": d.ebp_code,
        "ebcCode": d.ebc_code,
        "goodsValue": d.goods_value,
        "freight": d.freight,
        "currency": d.currency,
        "lines": d.lines.iter().map(|line| json!({
            "gnum": line.gnum,
            "itemNo": line.item_no,
            "itemName": line.item_name,
            "unit": line.unit,
            "qty": line.quantity,
            "price": line.price,
            "totalPrice": line.total,
        })).collect::<Vec<_>>(),
    })
}

pub(super) fn waybill(d: &Waybill) -> Json {
    json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "logisticsCode": d.logistics_code,
        "logisticsNo": d.logistics_no,
        "ebcCode": d.ebc_code,
        "freight": d.freight,
        "insuredFee": d.insurance,
        "grossWeight": d.weight_kg,
    })
}

pub(super) fn cancel(d: &CancelApplication) -> Json {
    json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "agentCode": d.agent_code,
        "ebcCode": d.ebc_code,
        "copNo": d.cop_no,
        "preNo": d.pre_no,
        "invtNo": d.invt_no,
        "customsCode": d.customs_code,
        "reason": d.reason,
    })
}

pub(super) fn funds(d: &FundsReceipt) -> Json {
    json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "ebpCode": d.ebp_code,
        "ebcCode": d.ebc_code,
        "orderNo": d.order_no,
        "payCode": d.pay_code,
        "payNo": d.pay_no,
        "charge": d.charge,
        "currency": d.currency,
        "accountingDate": d.received.to_compact(),
    })
}

pub(super) fn collective(d: &Collective) -> Json {
    let (cop_no, part) = d.own_number();
    let time = |time: Option<Time>| time.map(Time::to_compact);
    let mut out = json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "customsCode": d.customs_code,
        "copNo": cop_no,
        "msgSeqNo": part,
        "msgCount": d.parts,
        "preNo": d.pre_no,
        "loctNo": d.place_no,
    });
    out[d.kind.sender_field()] = d.issuer.as_str().into();
    if d.kind == Kind::SummaryApplication {
        out["ebcCode"] = d.ebc_code.as_str().into();
        out["declAgentCode"] = d.broker_code.as_str().into();
        out["startTime"] = time(d.from).into();
        out["endTime"] = time(d.until).into();
        out["summaryFlag"] = d.flags.get(..1).unwrap_or_default().into();
        out["itemNameFlag"] = d.flags.get(1..).unwrap_or_default().into();
        let lines = d.lines.iter().map(|line| json!({ "invtNo": line.number }));
        out["lines"] = lines.collect();
        return out;
    }
    out["logisticsCode"] = d.logistics_code.as_str().into();
    out["billNo"] = d.bill_no.as_str().into();
    out["trafMode"] = d.traf_mode.as_str().into();
    match d.kind {
        Kind::Arrival => out["domesticTrafNo"] = d.traf_name.as_str().into(),
        _ => {
            out["trafName"] = d.traf_name.as_str().into();
            out["voyageNo"] = d.voyage_no.as_str().into();
        }
    }
    match d.kind {
        Kind::Departure => out["leaveTime"] = time(d.from).into(),
        Kind::Consolidation => out["grossWeight"] = json!(d.gross_kg),
        _ => {}
    }
    let line = |line: &crate::document::CollectiveLine| json!({ "logisticsNo": line.number, "totalPackageNo": line.package_no });
    out["lines"] = d.lines.iter().map(line).collect();
    out
}

/// An export inventory by element name.
pub(super) fn inventory(d: &Inventory, terms: &ExportTerms) -> Json {
    let mut out = json!({
        "guid": d.head.guid,
        "appTime": d.head.app_time.to_compact(),
        "customsCode": d.customs_code,
        "ebpCode": d.ebp_code,
        "orderNo": d.order_no,
        "logisticsCode": d.logistics_code,
        "logisticsNo": d.logistics_no,
        "copNo": d.cop_no,
        "preNo": d.pre_no,
        "invtNo": d.invt_no,
        "portCode": d.port_code,
        "statisticsFlag": terms.statistics_flag,
        "agentCode": d.agent_code,
        "ebcCode": d.ebc_code,
        "ownerCode": terms.owner_code,
        "iacCode": d.area_code,
        "emsNo": d.ems_no,
        "tradeMode": d.trade_mode,
        "trafMode": d.traf_mode,
        "trafName": d.traf_no,
        "voyageNo": d.voyage_no,
        "billNo": d.bill_no,
        "totalPackageNo": terms.package_no,
        "loctNo": terms.place_no,
        "licenseNo": terms.license_no,
        "country": d.country,
        "POD": terms.destination_port,
    });
    out["ieDate"] = terms.leaves_on.map(|day| day.to_string()).into();
    out["freight"] = json!(d.freight);
    out["fCurrency"] = terms.freight_currency.as_str().into();
    out["insuredFee"] = json!(d.insurance);
    out["iCurrency"] = terms.insurance_currency.as_str().into();
    out["packNo"] = terms.packages.into();
    out["grossWeight"] = json!(d.gross_kg);
    out["netWeight"] = json!(d.net_kg);
    let lines = d.lines.iter().map(|line| {
        json!({
            "gnum": line.gnum,
            "itemNo": line.item_no,
            "itemRecordNo": line.item_record_no,
            "itemName": line.item_name,
            "gcode": line.hs_code,
            "gname": line.name,
            "country": line.country,
            "currency": line.currency,
            "qty": line.quantity,
            "unit": line.unit,
            "qty1": line.quantity1,
            "unit1": line.unit1,
            "qty2": line.quantity2,
            "unit2": line.unit2,
            "price": line.price,
            "totalPrice": line.total,
        })
    });
    out["lines"] = lines.collect();
    out
}
