//! Exports through the door: who sees what, the timeline, summaries, declarations by form.

use clearance::document::Kind;
use serde_json::{Value as Json, json};

use super::api::Door;
use super::export_support::*;
use super::support::*;

impl Door {
    /// Hands an export in, each document by its own firm; gives the inventory's id.
    async fn export(&self, export: &Export) -> String {
        for (code, path, document) in [
            (SELLER, "export-orders", export.order()),
            (SELLER, "funds-receipts", export.funds()),
            (CARRIER, "export-waybills", export.waybill()),
            (BROKER, "export-inventories", export.inventory()),
        ] {
            let key = self.firm(code).await;
            let answer = self.post(&key, &format!("/api/v1/{path}"), &document).await;
            assert_eq!(answer.status, 202, "{path}: {}", answer.text);
        }
        let path = format!("/api/v1/inventories?direction=export&cop_no={}", export.cop_no());
        let list = self.get(&self.operator().await, &path).await;
        list.json()["items"][0]["id"].as_str().expect("an id").to_owned()
    }
}

fn steps(timeline: &Json) -> Vec<String> {
    let steps = timeline["steps"].as_array().cloned().unwrap_or_default();
    steps.iter().map(|step| step["code"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_by_json_from_order_to_timeline() {
    let door = Door::open();
    let export = Export::retail(1);
    let id = door.export(&export).await;
    door.house.send();
    door.house.answer_export(&export, &[2, 120]);
    let broker = door.firm(BROKER).await;
    let path = format!("/api/v1/inventories/{id}/timeline");
    let timeline = door.get(&broker, &path).await.json();
    assert_eq!(timeline["next"]["step"], "arrival", "{timeline}");
    let site = door.firm(SITE).await;
    let arrival = collective(Kind::Arrival, "YD1", &[&export]);
    assert_eq!(door.post(&site, "/api/v1/arrivals", &arrival).await.status, 202);
    door.house.send();
    door.house.answer_export(&export, &[2, 120, 800]);
    let carrier = door.firm(CARRIER).await;
    let departure = collective(Kind::Departure, "LJ1", &[&export]);
    assert_eq!(door.post(&carrier, "/api/v1/departures", &departure).await.status, 202);
    let timeline = door.get(&broker, &path).await.json();
    let steps = steps(&timeline);
    for code in ["received", "2", "120", "800", "arrived", "departed"] {
        assert!(steps.contains(&code.to_owned()), "{code}: {steps:?}");
    }
    assert_eq!(timeline["next"]["step"], "close");
    let returns = json!({
        "physical_until": "2027-11-23", "tax_free_until": "2027-05-23", "customs": "any",
    });
    assert_eq!(timeline["returns"], returns);
    door.house.answer_export(&export, &[2, 120, 800, 899]);
    let timeline = door.get(&broker, &path).await.json();
    assert_eq!(timeline["next"]["step"], "summary");
    let one = door.get(&broker, &format!("/api/v1/inventories/{id}")).await.json();
    assert_eq!((&one["direction"], &one["quota"]), (&json!("export"), &json!("none")));
    assert_eq!(one["document"]["statisticsFlag"], "B");
    assert_eq!(one["document"]["lines"][0]["currency"], "142");
    let trace = door.get(&broker, &format!("/api/v1/trace/{}", export.logistics_no())).await.json();
    assert_eq!(trace["inventories"].as_array().map(Vec::len), Some(1));
    assert_eq!(trace["documents"], json!([]), "the broker is named by none of them");
    let operator = door.operator().await;
    let trace = door.get(&operator, &format!("/api/v1/trace/{}", export.order_no())).await.json();
    assert_eq!(trace["documents"].as_array().map(Vec::len), Some(5), "{trace}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_tell_imports_from_exports_and_firms_from_strangers() {
    let door = Door::open();
    let export = Export::retail(1);
    let id = door.export(&export).await;
    door.parcel(&Parcel::new(2)).await;
    let operator = door.operator().await;
    for (filter, count) in [("", 2), ("?direction=export", 1), ("?direction=import", 1)] {
        let list = door.get(&operator, &format!("/api/v1/inventories{filter}")).await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(count), "{filter}");
    }
    let wrong = door.get(&operator, "/api/v1/inventories?direction=sideways").await;
    assert_eq!(wrong.status, 400);
    let other = door.firm(OTHER_SELLER).await;
    assert_eq!(door.get(&other, &format!("/api/v1/inventories/{id}")).await.status, 404);
    let seller = door.firm(SELLER).await;
    for (path, seen) in [
        ("export-orders", 1),
        ("funds-receipts", 1),
        ("export-waybills", 0),
        ("export-cancel-applications", 0),
        ("consolidations", 0),
        ("summary-applications", 0),
    ] {
        let path = format!("/api/v1/{path}");
        let own = door.get(&seller, &path).await.json();
        assert_eq!(own["items"].as_array().map(Vec::len), Some(seen), "{path}");
        let theirs = door.get(&other, &path).await.json();
        assert_eq!(theirs["items"].as_array().map(Vec::len), Some(0), "{path}");
    }
    // A firm may not send another's order, nor declare for a seller that gave no leave.
    let answer = door.post(&other, "/api/v1/export-orders", &Export::retail(3).order()).await;
    assert_eq!(answer.status, 422);
    let mut foreign = Export::retail(4).inventory();
    foreign["InventoryHead"]["agentCode"] = OTHER_SELLER.into();
    assert_eq!(door.post(&other, "/api/v1/export-inventories", &foreign).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_cancelled_by_the_shortcut() {
    let door = Door::open();
    let export = Export::retail(1);
    let id = door.export(&export).await;
    let broker = door.firm(BROKER).await;
    let path = format!("/api/v1/inventories/{id}/cancel");
    let asked = json!({ "reason": "买家取消订单" });
    assert_eq!(door.post(&broker, &path, &asked).await.status, 409, "not at customs yet");
    door.house.send();
    door.house.answer_export(&export, &[2, 120]);
    let answer = door.post(&broker, &path, &asked).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json()["message_type"], "CEB605");
}

/// Example T5: what closed in March 2026 is summarised by 15 April.
#[tokio::test(flavor = "multi_thread")]
async fn what_closed_in_march_is_drafted_and_handed_in() {
    let door = Door::open();
    let start = kernel::Time::parse_compact("20260302100000").expect("a time");
    door.house.clock.set(start);
    let of = |n: u32, country: &'static str| Export {
        app_time: "20260302100000".to_owned(),
        country,
        ..Export::retail(n)
    };
    let all = [of(1, "502"), of(2, "502"), of(3, "304"), of(4, "502")];
    for export in &all {
        assert_eq!(door.house.export(export)["state"], "ready");
    }
    door.house.send();
    door.house.clock.set(kernel::Time::parse_compact("20260402090000").expect("a time"));
    for (export, closed) in all.iter().zip(["20260310", "20260331", "20260320", "20260401"]) {
        for (status, time) in [(120, "080000"), (800, "090000"), (899, "100000")] {
            door.house.receipt(&export.inventory_receipt_at(status, &format!("{closed}{time}")));
        }
    }
    door.house.clock.set(kernel::Time::parse_compact("20260416090000").expect("a time"));
    let broker = door.firm(BROKER).await;
    let list = door.get(&broker, "/api/v1/unsummarised-inventories").await.json();
    let items = list["items"].as_array().expect("items");
    let told: Vec<_> = items
        .iter()
        .map(|one| (one["invt_no"].as_str(), one["due_on"].as_str(), one["overdue"].as_bool()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("42512026E000000001"), Some("2026-04-15"), Some(true)),
            (Some("42512026E000000003"), Some("2026-04-15"), Some(true)),
            (Some("42512026E000000002"), Some("2026-04-15"), Some(true)),
            (Some("42512026E000000004"), Some("2026-05-15"), Some(false)),
        ]
    );
    assert_eq!(items[0]["age_days"], 36);
    let page = door.get(&broker, "/api/v1/unsummarised-inventories?limit=3").await.json();
    let next = page["next"].as_str().expect("more");
    let path = format!("/api/v1/unsummarised-inventories?limit=3&after={next}");
    let rest = door.get(&broker, &path).await.json();
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));
    let drafts = door.get(&broker, "/api/v1/summary-drafts?month=2026-03").await.json();
    let drafts = drafts.as_array().expect("drafts");
    assert_eq!(drafts.len(), 2, "one for each destination");
    let america = drafts.iter().find(|one| one["country"] == "502").expect("America");
    assert_eq!(america["invt_nos"].as_array().map(Vec::len), Some(2));
    assert_eq!(america["due_on"], "2026-04-15");
    let lines = america["lines"].as_array().expect("lines");
    assert_eq!(
        (lines.len(), &lines[0]["quantity"], &lines[0]["total"]),
        (1, &json!("4"), &json!("80"))
    );
    let other = door.firm(OTHER_SELLER).await;
    let theirs = door.get(&other, "/api/v1/summary-drafts?month=2026-03").await.json();
    assert_eq!(theirs, json!([]));
    let asked = json!({ "month": "2026-03" });
    let answer = door.post(&broker, "/api/v1/summary-drafts/submit", &asked).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json()["items"].as_array().map(Vec::len), Some(2));
    let again = door.post(&broker, "/api/v1/summary-drafts/submit", &asked).await;
    assert_eq!(again.status, 409, "{}", again.text);
    let list = door.get(&broker, "/api/v1/unsummarised-inventories?month=2026-03").await.json();
    assert!(list["items"][0]["application_id"].is_string());
    door.house.receipt(&summary_result(&[&all[0], &all[1], &all[2]], "420220260000000001"));
    let list = door.get(&broker, "/api/v1/unsummarised-inventories").await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    let results = door.get(&broker, "/api/v1/summary-results").await.json();
    assert_eq!(results["items"][0]["entry_no"], "420220260000000001");
    assert_eq!(results["items"][0]["inventories"], 3);
    let theirs = door.get(&other, "/api/v1/summary-results").await.json();
    assert_eq!(theirs["items"], json!([]));
    let bad = door.get(&broker, "/api/v1/summary-drafts?month=2026-13").await;
    assert_eq!(bad.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn declarations_by_form_are_recorded_once() {
    let door = Door::open();
    let broker = door.firm(BROKER).await;
    let asked = json!({
        "number": "420220260000000001", "mode": "0110", "firm": SELLER, "agent": BROKER,
        "date": "2026-11-20", "amount": "9000", "currency": "502",
        "lines": [{
            "gnum": 1, "hs_code": "6109100021", "name": "T恤衫", "quantity": "100",
            "unit": "011", "total": "9000", "country": "502",
        }],
    });
    let path = "/api/v1/declaration-references";
    let answer = door.post(&broker, path, &asked).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(door.post(&broker, path, &asked).await.status, 200);
    let mut other = asked.clone();
    other["amount"] = "8000".into();
    other["lines"][0]["total"] = "8000".into();
    assert_eq!(door.post(&broker, path, &other).await.status, 409);
    other["number"] = "42".into();
    other["mode"] = "9610".into();
    let wrong = door.post(&broker, path, &other).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.json()["errors"].as_array().map(Vec::len), Some(2), "{}", wrong.text);
    let stranger = door.firm(OTHER_SELLER).await;
    assert_eq!(door.get(&stranger, &format!("{path}/{id}")).await.status, 404);
    assert_eq!(door.post(&stranger, path, &asked).await.status, 422);
    let list = door.get(&broker, &format!("{path}?mode=0110")).await.json();
    assert_eq!(list["items"][0]["number"], "420220260000000001");
    assert_eq!(door.house.events("clearance.declaration_recorded").len(), 1);
}
