//! Business findings: right messages have none, and each fault is found where it is.

use ceb::{
    CodeList, CodeLists, Message, MessageType, ReadOptions, check, document_from_json, read, write,
};
use kernel::Level;
use serde_json::{Value, json};

struct Lists;

impl CodeLists for Lists {
    fn contains(&self, list: CodeList, code: &str) -> Option<bool> {
        Some(match list {
            CodeList::Country | CodeList::Currency => ["142", "116", "502"].contains(&code),
            CodeList::Unit => ["007", "035"].contains(&code),
            CodeList::CustomsDistrict => ["4203"].contains(&code),
            CodeList::TransportMode => ["5", "Y"].contains(&code),
            CodeList::ReceiptStatus => ["2", "120", "800"].contains(&code),
            CodeList::Division => ["370303"].contains(&code),
            _ => return None,
        })
    }
}

fn order() -> Value {
    json!({
        "OrderHead": {
            "guid": "4CDE1CFD-EDED-46B1-946C-B8022E42FC01", "appType": "1",
            "appTime": "20261111000001", "appStatus": "2", "orderType": "I",
            "orderNo": "ORD-1", "ebpCode": "3703960001", "ebpName": "淄博测试平台",
            "ebcCode": "91370303MA3C123462", "ebcName": "淄博测试电商",
            "goodsValue": "199.98", "freight": "10", "discount": "5", "taxTotal": "18.20",
            "acturalPaid": "223.18", "buyerRegNo": "u1", "buyerName": "李小宝",
            "buyerTelephone": "13812345678", "buyerIdType": "1",
            "buyerIdNumber": "370303188003078812", "consignee": "李小宝",
            "consigneeTelephone": "13812345678", "consigneeAddress": "山东省淄博市张店区人民路1号",
            "consigneeDistrict": "370303"
        },
        "OrderList": [
            {"gnum": "1", "itemName": "面霜", "gmodel": "50ml", "unit": "007", "qty": "2",
             "price": "49.99", "totalPrice": "99.98", "currency": "142", "country": "116"},
            {"gnum": "2", "itemName": "奶粉", "gmodel": "900g", "unit": "007", "qty": "3",
             "price": "33.33", "totalPrice": "100.00", "currency": "142", "country": "116"}
        ]
    })
}

fn inventory() -> Value {
    json!({
        "InventoryHead": {
            "guid": "4CDE1CFD-EDED-46B1-946C-B8022E42FC02", "appType": "1",
            "appTime": "20261111000001", "appStatus": "2", "orderNo": "ORD-1",
            "ebpCode": "3703960001", "ebpName": "平台", "ebcCode": "3703960002", "ebcName": "电商",
            "logisticsNo": "SF1", "logisticsCode": "3703960003", "logisticsName": "物流",
            "copNo": "C1", "assureCode": "3703960002", "emsNo": "T4203W000001", "ieFlag": "I",
            "declTime": "20261111", "customsCode": "4203", "portCode": "4203",
            "buyerIdType": "1", "buyerIdNumber": "370303188003078812", "buyerName": "李小宝",
            "buyerTelephone": "13812345678", "consigneeAddress": "山东省淄博市张店区人民路1号",
            "agentCode": "3703960004", "agentName": "报关行", "areaCode": "3703960005",
            "areaName": "仓库", "tradeMode": "1210", "trafMode": "Y", "country": "142",
            "freight": "0", "insuredFee": "0", "packNo": "1", "grossWeight": "1.2",
            "netWeight": "1"
        },
        "InventoryList": [
            {"gnum": "1", "itemRecordNo": "1", "gcode": "3304990029", "gname": "面霜",
             "gmodel": "50ml", "country": "116", "qty": "2", "unit": "007",
             "qty1": "0.1", "unit1": "035", "qty2": "2", "unit2": "007", "price": "49.99",
             "totalPrice": "99.98"}
        ]
    })
}

/// A message of these documents, transmitted and not signed.
fn message(kind: &'static MessageType, documents: &[Value]) -> Message {
    let mut message = Message::new(kind, "4CDE1CFD-EDED-46B1-946C-B8022E42FC94");
    for value in documents {
        let (document, findings) = document_from_json(kind, value);
        assert!(findings.is_empty(), "{findings:#?}");
        message.documents.extend(document);
    }
    if let Some(def) = kind.transfer() {
        let mut transfer = ceb::Record::new(def);
        transfer.set("copCode", "3703960001");
        transfer.set("copName", "平台");
        transfer.set("dxpMode", "DXP");
        transfer.set("dxpId", "DXPENT0000000001");
        message.transfer = Some(transfer);
    }
    message.signed = true;
    message
}

fn kind(code: &str) -> &'static MessageType {
    ceb::message_type(code).unwrap()
}

/// Codes and paths found, in order.
fn found(message: &Message) -> Vec<(&'static str, String)> {
    check(message, &Lists).into_iter().map(|finding| (finding.code, finding.path)).collect()
}

/// Sets one value at `/record/field` or `/record/line/field` and tells what is found.
fn with(base: &Value, kind_code: &str, changes: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let mut value = base.clone();
    for (pointer, text) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[name] = json!(text);
    }
    found(&message(kind(kind_code), &[value]))
}

#[test]
fn right_documents_have_no_findings() {
    assert_eq!(found(&message(kind("CEB311"), &[order()])), []);
    assert_eq!(found(&message(kind("CEB621"), &[inventory()])), []);
}

#[test]
fn each_fault_of_an_order_is_found_in_its_place() {
    for (changes, code, path) in [
        (&[("/OrderHead/acturalPaid", "223.19")][..], "amount.paid", "OrderHead/acturalPaid"),
        (&[("/OrderHead/discount", "-5")], "amount.negative", "OrderHead/discount"),
        (&[("/OrderHead/orderType", "E")], "order.type", "OrderHead/orderType"),
        (&[("/OrderHead/buyerIdType", "2")], "id_type.limited", "OrderHead/buyerIdType"),
        (
            &[("/OrderHead/buyerIdNumber", "370303188003078813")],
            "id_number.check_digit",
            "OrderHead/buyerIdNumber",
        ),
        (
            &[("/OrderHead/buyerIdNumber", "130681136250023332")],
            "id_number.form",
            "OrderHead/buyerIdNumber",
        ),
        (
            &[("/OrderHead/ebcCode", "91370303MA3C123463")],
            "enterprise.check_digit",
            "OrderHead/ebcCode",
        ),
        (&[("/OrderHead/ebcCode", "无")], "enterprise.form", "OrderHead/ebcCode"),
        (&[("/OrderHead/appTime", "20260230000000")], "time.invalid", "OrderHead/appTime"),
        (&[("/OrderHead/appType", "9")], "code.unknown", "OrderHead/appType"),
        (
            &[("/OrderHead/consigneeDistrict", "999999")],
            "code.unknown",
            "OrderHead/consigneeDistrict",
        ),
        (
            &[("/OrderHead/guid", "4cde1cfd-EDED-46B1-946C-B8022E42FC01")],
            "guid.case",
            "OrderHead/guid",
        ),
        (
            &[("/OrderHead/guid", "4CDE1CFDXEDED-46B1-946C-B8022E42FC01")],
            "guid.form",
            "OrderHead/guid",
        ),
        (&[("/OrderList/0/unit", "999")], "code.unknown", "OrderList[1]/unit"),
        (&[("/OrderList/1/gnum", "3")], "line.number", "OrderList[2]/gnum"),
    ] {
        let found = with(&order(), "CEB311", changes);
        let path = format!("Order[1]/{path}");
        assert!(found.contains(&(code, path.clone())), "{code} {path}: {found:?}");
    }
}

#[test]
fn line_totals_may_be_off_by_rounding_only() {
    let total = |text: &str| {
        let sum = kernel::Decimal::from_str_exact(text).unwrap()
            + kernel::Decimal::from_str_exact("99.98").unwrap();
        let paid = sum + kernel::Decimal::from_str_exact("23.20").unwrap();
        with(
            &order(),
            "CEB311",
            &[
                ("/OrderList/1/totalPrice", text),
                ("/OrderHead/goodsValue", &sum.to_string()),
                ("/OrderHead/acturalPaid", &paid.to_string()),
            ],
        )
    };
    // 3 × 33.33 = 99.99; half a fen for each piece and half a fen for the total may be lost.
    assert_eq!(total("100.01"), []);
    assert_eq!(total("99.97"), []);
    let path = "Order[1]/OrderList[2]/totalPrice".to_owned();
    assert_eq!(total("100.02"), [("amount.line_total", path.clone())]);
    assert_eq!(total("99.96"), [("amount.line_total", path)]);
}

/// A code that was on its list is not looked up again, another code and another list are.
#[test]
fn each_code_is_held_against_its_own_list() {
    let mut message = message(kind("CEB311"), &[order(), order(), order()]);
    for (document, (unit, country)) in
        message.documents.iter_mut().zip([("007", "116"), ("116", "007"), ("007", "116")])
    {
        assert!(document.lines[1].set("unit", unit) && document.lines[1].set("country", country));
    }
    let unknown: Vec<String> = found(&message)
        .into_iter()
        .filter_map(|(code, path)| (code == "code.unknown").then_some(path))
        .collect();
    assert_eq!(unknown, ["Order[2]/OrderList[2]/unit", "Order[2]/OrderList[2]/country"]);
}

#[test]
fn times_are_real_or_found() {
    for (time, real) in [
        ("20261111000001", true),
        ("20260228235959", true),
        ("20260229000000", false),
        ("20280229000000", true),
        ("20261231235959", true),
        ("20260431000000", false),
        ("20261301000000", false),
        ("20260001000000", false),
        ("20260100000000", false),
        ("20261111240000", false),
        ("20261111006000", false),
        ("20261111000060", false),
        ("09991111000000", true),
        ("99991231235959", false),
        ("2026111100000x", false),
        ("2026-1-1 00:00", false),
    ] {
        let found = with(&order(), "CEB311", &[("/OrderHead/appTime", time)]);
        let invalid = ("time.invalid", "Order[1]/OrderHead/appTime".to_owned());
        assert_eq!(!found.contains(&invalid), real, "{time}: {found:?}");
    }
    for (day, real) in
        [("20260228", true), ("20260230", false), ("20260131", true), ("2026111x", false)]
    {
        let found = with(&inventory(), "CEB621", &[("/InventoryHead/declTime", day)]);
        let invalid = ("date.invalid", "Inventory[1]/InventoryHead/declTime".to_owned());
        assert_eq!(!found.contains(&invalid), real, "{day}: {found:?}");
    }
    for (amount, code) in [
        ("0", "quantity.not_positive"),
        ("0.00", "quantity.not_positive"),
        ("-1", "quantity.not_positive"),
        ("1.", "amount.line_total"),
        ("0.00001", "amount.line_total"),
    ] {
        let found = with(&order(), "CEB311", &[("/OrderList/0/qty", amount)]);
        assert!(found.iter().any(|(own, _)| *own == code), "{amount}: {found:?}");
        let positive = code != "quantity.not_positive";
        assert_eq!(found.iter().all(|(own, _)| *own != "quantity.not_positive"), positive);
    }
}

/// Structure has been found against such a price already; the check goes on all the same.
#[test]
fn a_price_finer_than_decimals_are_stops_no_check() {
    let mut message = message(kind("CEB311"), &[order()]);
    let line = &mut message.documents[0].lines[0];
    assert!(line.set("price", "1.0000000000000000000000000000"));
    assert!(found(&message).iter().all(|(code, _)| *code != "amount.line_total"));
}

#[test]
fn goods_value_beside_the_lines_is_only_a_warning() {
    let changes = [("/OrderHead/goodsValue", "200"), ("/OrderHead/acturalPaid", "223.20")];
    let mut value = order();
    for (pointer, text) in changes {
        *value.pointer_mut(pointer).unwrap() = json!(text);
    }
    let findings = check(&message(kind("CEB311"), &[value]), &Lists);
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].code, findings[0].level), ("amount.goods_value", Level::Warning));
    assert_eq!(findings[0].expected, "199.98");
    assert!(findings[0].remedy.zh.contains("电商企业"));
}

#[test]
fn bonded_and_direct_import_ask_for_different_things() {
    let head = |name: &str| format!("Inventory[1]/InventoryHead/{name}");
    let missing = with(
        &inventory(),
        "CEB621",
        &[
            ("/InventoryHead/emsNo", ""),
            ("/InventoryHead/areaCode", ""),
            ("/InventoryHead/areaName", ""),
            ("/InventoryHead/country", "116"),
            ("/InventoryHead/billNo", "B1"),
            ("/InventoryList/0/itemRecordNo", ""),
        ],
    );
    assert_eq!(
        missing,
        [
            ("mode.field_missing", head("emsNo")),
            ("mode.field_missing", head("areaCode")),
            ("mode.field_missing", head("areaName")),
            ("mode.field_superfluous", head("billNo")),
            ("mode.country", head("country")),
            ("mode.field_missing", "Inventory[1]/InventoryList[1]/itemRecordNo".into()),
        ]
    );
    let direct = [("/InventoryHead/tradeMode", "9610"), ("/InventoryHead/trafMode", "5")];
    let expected = ["trafNo", "voyageNo", "billNo"].map(|name| ("mode.field_missing", head(name)));
    assert_eq!(with(&inventory(), "CEB621", &direct), expected);
}

#[test]
fn each_fault_of_an_inventory_is_found_in_its_place() {
    for (pointer, text, code) in [
        ("/InventoryHead/packNo", "2", "pack_no.one"),
        ("/InventoryHead/ieFlag", "E", "ie_flag.wrong"),
        ("/InventoryHead/netWeight", "1.3", "weight.net_above_gross"),
        ("/InventoryHead/assureCode", "3703960009", "guarantor.no_party"),
        ("/InventoryHead/tradeMode", "9710", "mode.not_import"),
        ("/InventoryHead/declTime", "20261131", "date.invalid"),
        ("/InventoryHead/customsCode", "9999", "code.unknown"),
        ("/InventoryHead/preNo", "B2026", "pre_no.form"),
        ("/InventoryHead/invtNo", "42032026X000000001", "invt_no.form"),
        ("/InventoryHead/grossWeight", "0", "quantity.not_positive"),
        ("/InventoryList/0/gcode", "33049900AB", "hs_code.form"),
        ("/InventoryList/0/qty2", "", "line.second_quantity"),
        ("/InventoryList/0/unit2", "", "line.second_quantity"),
        ("/InventoryList/0/qty", "0", "quantity.not_positive"),
    ] {
        let found = with(&inventory(), "CEB621", &[(pointer, text)]);
        assert!(found.iter().any(|(found, _)| *found == code), "{pointer}: {found:?}");
    }
}

#[test]
fn what_is_declared_must_be_signed() {
    let mut unsigned = message(kind("CEB621"), &[inventory()]);
    unsigned.signed = false;
    assert_eq!(found(&unsigned), [("signature.missing", "Signature".to_owned())]);
    let mut order = message(kind("CEB311"), &[order()]);
    order.signed = false;
    let findings = check(&order, &Lists);
    assert_eq!((findings[0].code, findings[0].level), ("signature.advised", Level::Warning));
}

#[test]
fn the_same_document_twice_in_one_message_is_found() {
    let twice = message(kind("CEB311"), &[order(), order()]);
    let place = "Order[2]".to_owned();
    assert_eq!(found(&twice), [("document.duplicate", place.clone()), ("guid.repeated", place)]);
}

#[test]
fn findings_name_lines_and_hide_personal_data() {
    let mut value = order();
    value["OrderHead"]["buyerIdNumber"] = json!("370303188003078813");
    let bytes = write(&message(kind("CEB311"), &[value])).unwrap();
    let text = String::from_utf8(bytes).unwrap().replace("><", ">\n<");
    let message = read(text.as_bytes(), &ReadOptions::strict()).message.unwrap();
    let findings = check(&message, &Lists);
    let finding = findings.iter().find(|each| each.code == "id_number.check_digit").unwrap();
    let line = finding.line.unwrap() as usize;
    assert!(text.lines().nth(line - 1).unwrap().starts_with("<ceb:buyerIdNumber>"));
    assert_eq!(finding.found, "370*************13");
    let shown = format!("{message:?}");
    assert!(!shown.contains("370303188003078813") && !shown.contains("李小宝"), "{shown}");
}

#[test]
fn export_documents_have_their_own_rules() {
    let order = json!({
        "OrderHead": {"guid": "4CDE1CFD-EDED-46B1-946C-B8022E42FC03", "appType": "1",
            "appTime": "20261111000001", "appStatus": "2", "orderType": "I", "orderNo": "E1",
            "ebpCode": "无", "ebpName": "AliExpress", "ebcCode": "3703960002", "ebcName": "电商",
            "goodsValue": "10", "freight": "0", "currency": "502", "note": ""},
        "OrderList": [{"gnum": "1", "itemNo": "1", "itemName": "泵", "unit": "007",
            "currency": "502", "qty": "1", "price": "10", "totalPrice": "10"}]
    });
    let path = "Order[1]/OrderHead/orderType".to_owned();
    assert_eq!(with(&order, "CEB303", &[]), [("order.type", path)]);
    let summary = json!({"SummaryApplyHead": {"guid": "4CDE1CFD-EDED-46B1-946C-B8022E42FC04",
        "appType": "1", "appTime": "20261111000001", "appStatus": "2", "customsCode": "4203",
        "copNo": "1", "agentCode": "3703960004", "agentName": "行", "ebcCode": "3703960002",
        "ebcName": "电商", "declAgentCode": "3703960004", "declAgentName": "行",
        "startTime": "20261102000000", "endTime": "20261101000000", "summaryFlag": "1",
        "itemNameFlag": "1", "msgCount": "1", "msgSeqNo": "2"}});
    let head = |name: &str| format!("SummaryApply[1]/SummaryApplyHead/{name}");
    let expected = [("split.number", head("msgSeqNo")), ("summary.span", head("endTime"))];
    assert_eq!(with(&summary, "CEB701", &[]), expected);
    let neither = [("/SummaryApplyHead/startTime", ""), ("/SummaryApplyHead/endTime", "")];
    assert_eq!(with(&summary, "CEB701", &neither)[1], ("summary.span", head("startTime")));
    // Required, and empty: the export schema lets it pass, customs does not.
    let empty =
        with(&order, "CEB303", &[("/OrderHead/orderNo", ""), ("/OrderHead/orderType", "E")]);
    assert_eq!(empty, [("field.empty", "Order[1]/OrderHead/orderNo".to_owned())]);
}
