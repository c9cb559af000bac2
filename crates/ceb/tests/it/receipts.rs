//! Receipts as they really come: other prefixes, old encodings, fields missing and fields unknown.

use ceb::{ReadOptions, ReceiptView, read};
use kernel::{Level, Time};

const INVENTORY_RECEIPT: &str = "<CEB622Message xmlns=\"http://www.chinaport.gov.cn/ceb\" \
    guid=\"4CDE1CFD-EDED-46B1-946C-B8022E42FC94\" version=\"1.0\"><InventoryReturn>\
    <guid>4CDE1CFD-EDED-46B1-946C-B8022E42FC94</guid><ebcCode>3703960002</ebcCode>\
    <returnInfo>清单[x]报文校验失败:[Code:1313;Desc:超过年度限额]</returnInfo>\
    <returnStatus>-621001</returnStatus><surprise>1</surprise>\
    <returnTime>20230807143302123</returnTime></InventoryReturn></CEB622Message>";

#[test]
fn a_receipt_that_breaks_the_schema_is_still_read() {
    let reading = read(INVENTORY_RECEIPT.as_bytes(), &ReadOptions::lenient());
    assert!(!reading.structure_valid);
    assert!(reading.findings.iter().all(|finding| finding.level == Level::Warning));
    let mut found: Vec<&str> = reading.findings.iter().map(|finding| finding.code).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "element.misplaced",
            "element.misplaced",
            "element.unknown",
            "field.missing",
            "field.missing"
        ]
    );
    let message = reading.message.unwrap();
    assert_eq!(message.documents[0].head.extra("surprise"), Some("1"));
    let view = &ReceiptView::all(&message)[0];
    assert_eq!((view.status, view.codes.as_slice()), ("-621001", &[-621_001, 1313][..]));
    assert_eq!(view.reasons[0].text, "超过年度限额");
    assert_eq!(view.time, Time::parse_compact("20230807143302123"));
    assert_eq!(view.keys, [("ebcCode", "3703960002")]);
    assert_eq!(view.key("copNo"), None);
}

#[test]
fn old_encodings_marks_and_prefixes_make_no_difference() {
    let plain = read(INVENTORY_RECEIPT.as_bytes(), &ReadOptions::lenient()).message.unwrap();
    let declared = format!("<?xml version=\"1.0\" encoding=\"gb2312\"?>\r\n{INVENTORY_RECEIPT}");
    let (gb, _, _) = encoding_rs::GB18030.encode(&declared);
    let reading = read(&gb, &ReadOptions::lenient());
    assert!(reading.findings.iter().any(|finding| finding.code == "xml.encoding_not_utf8"));
    assert_eq!(reading.message.unwrap().documents, plain.documents);
    let marked = format!("\u{feff}{INVENTORY_RECEIPT}");
    assert_eq!(read(marked.as_bytes(), &ReadOptions::lenient()).message.unwrap(), plain);
    let prefixed = INVENTORY_RECEIPT
        .replace("</", "</x:")
        .replace('<', "<x:")
        .replace("<x:/x:", "</x:")
        .replace("xmlns=", "xmlns:x=");
    assert_eq!(read(prefixed.as_bytes(), &ReadOptions::lenient()).message.unwrap(), plain);
}

#[test]
fn live_tax_bills_carry_keys_no_schema_names() {
    let text = "<CEB816Message xmlns=\"http://www.chinaport.gov.cn/ceb\" guid=\"g\" version=\"1.0\">\
        <Tax><TaxHeadRd><guid>g</guid><returnTime>20230807143302123</returnTime>\
        <invtNo>64092023I000722460</invtNo><taxNo>T1</taxNo><customsTax>0</customsTax>\
        <valueAddedTax>9.1</valueAddedTax><consumptionTax>0</consumptionTax><status>1</status>\
        <orderNo>O1</orderNo><logisticNo>L1</logisticNo></TaxHeadRd><TaxListRd><gnum>1</gnum>\
        </TaxListRd></Tax></CEB816Message>";
    let message = read(text.as_bytes(), &ReadOptions::lenient()).message.unwrap();
    let view = &ReceiptView::all(&message)[0];
    assert_eq!((view.status, view.key("orderNo")), ("1", Some("O1")));
    assert_eq!((view.key("logisticsNo"), view.key("taxNo")), (Some("L1"), Some("T1")));
    assert_eq!(message.documents[0].lines[0].text("gnum"), Some("1"));
}

#[test]
fn no_receipt_is_dropped_for_being_one_too_many() {
    let one = "<OrderReturn><orderNo>1</orderNo></OrderReturn>";
    let text = format!(
        "<CEB312Message xmlns=\"http://www.chinaport.gov.cn/ceb\" guid=\"g\" version=\"1\">{}\
         </CEB312Message>",
        one.repeat(150)
    );
    let message = read(text.as_bytes(), &ReadOptions::lenient()).message.unwrap();
    assert_eq!(message.documents.len(), 150);
    assert!(ceb::check(&message, &ceb::NoCodeLists).iter().all(|f| f.level == Level::Warning));
}

#[test]
fn a_receipt_without_namespace_is_read_and_said_to_lack_it() {
    let text = INVENTORY_RECEIPT.replace(" xmlns=\"http://www.chinaport.gov.cn/ceb\"", "");
    let reading = read(text.as_bytes(), &ReadOptions::lenient());
    let namespace = reading.findings.iter().filter(|f| f.code == "message.namespace");
    assert_eq!(namespace.count(), 1);
    assert_eq!(reading.message.unwrap().documents[0].head.text("ebcCode"), Some("3703960002"));
    let strict = read(text.as_bytes(), &ReadOptions::strict());
    assert!(!strict.structure_valid);
}
