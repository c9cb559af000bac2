//! What firms are told about receipts: meaning, remedy, and who said it.

use serde_json::json;

use super::api::Door;
use super::support::*;

/// A tax bill of customs for the inventory of a parcel.
fn tax_bill(parcel: &Parcel, status: i64) -> String {
    let invt_no = parcel.invt_no();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ceb:CEB816Message xmlns:ceb="http://www.chinaport.gov.cn/ceb"
 guid="4CDE1CFD-EDED-46B1-946C-8B8022E4FC94" version="1.0"><ceb:Tax><ceb:TaxHeadRd>
<ceb:guid>4CDE1CFD-EDED-46B1-946C-8B8022E4FC94</ceb:guid>
<ceb:returnTime>20261123100100000</ceb:returnTime><ceb:invtNo>{invt_no}</ceb:invtNo>
<ceb:taxNo>{invt_no}01</ceb:taxNo><ceb:customsTax>0</ceb:customsTax>
<ceb:valueAddedTax>18.2</ceb:valueAddedTax><ceb:consumptionTax>0</ceb:consumptionTax>
<ceb:status>{status}</ceb:status></ceb:TaxHeadRd></ceb:Tax></ceb:CEB816Message>"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_bill_is_told_as_a_tax_bill_of_customs() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    let id = door.parcel(&parcel).await;
    door.house.send();
    door.house.answer(&parcel, 800, 9);
    let broker = door.firm(BROKER).await;
    for (status, meaning) in [(1, "generated"), (2, "summarised"), (3, "void")] {
        let taken = door.house.receipt(&tax_bill(&parcel, status));
        assert_eq!((taken.receipts, taken.orphans), (1, 0), "{:?}", taken.findings);
        let path = format!("/api/v1/receipts?message_type=CEB816&status={status}");
        let list = door.get(&broker, &path).await.json();
        let bill = &list["items"][0];
        let en = format!("tax bill: {meaning}");
        assert_eq!(bill["meaning"]["en"], en, "{list}");
        assert!(bill["remedy"]["en"].as_str().is_some_and(|text| !text.contains("e-port")));
        let line = door.get(&broker, &format!("/api/v1/inventories/{id}/timeline")).await.json();
        let steps = line["steps"].as_array().expect("steps");
        let step = steps.iter().find(|step| step["meaning"]["en"] == en);
        let step = step.unwrap_or_else(|| panic!("no step {en}: {line}"));
        assert_eq!((&step["sender"], &step["effect"]), (&json!("customs"), &json!("informs")));
        assert_eq!(step["remedy"], bill["remedy"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_gives_the_remedy_of_the_list() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    door.parcel(&parcel).await;
    door.house.send();
    let rejection = parcel.inventory_receipt(100, 9).replace("[Code:100;", "[Code:1313;");
    assert_eq!(door.house.receipt(&rejection).moved, 1);
    let broker = door.firm(BROKER).await;
    let list = door.get(&broker, "/api/v1/receipts?status=100").await.json();
    assert_eq!(list["items"][0]["meaning"]["en"], "the buyer exceeds the yearly limit");
    let notices = door.get(&broker, "/api/v1/notices").await.json();
    let all = notices["items"].as_array().expect("notices");
    let told = all.iter().find(|one| one["kind"] == "clearance.receipt_arrived").expect("told");
    for name in ["meaning", "remedy"] {
        assert_eq!(told["body"][name], list["items"][0][name], "{notices}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_sign_what_the_platform_signs() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    let answer = door.post(&door.firm(PLATFORM).await, "/api/v1/orders", &parcel.order()).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert!(!answer.text.contains("signature."), "{}", answer.text);
}
