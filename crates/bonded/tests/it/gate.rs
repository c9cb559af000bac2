//! The supervised place and the gate: warehousing details, instructions, passes.

use bonded::{Arrived, ArrivedLine};
use serde_json::{Value, json};

use crate::stage::*;

fn detail(key: u8, bill: &'static str) -> Arrived<'static> {
    Arrived {
        key: [key; 16],
        operator_code: PLACE,
        customs_code: "4253",
        bill_no: bill,
        voyage_no: "CA123",
        sheet_no: "",
        lines: vec![
            ArrivedLine { gnum: 1, waybill_no: "SF001" },
            ArrivedLine { gnum: 2, waybill_no: "SF002" },
        ],
    }
}

fn entry(checklist: &str, bill: &str) -> Value {
    json!({
        "checklist_no": checklist, "declaration_no": "425320261000000001", "trade_mode": "1210",
        "bill_no": bill, "entered_on": "2026-11-20",
        "lines": [{"item_record_no": "A", "quantity": "100", "unit": "011"}],
    })
}

#[test]
fn an_entry_credits_the_book_once_and_finds_its_warehousing_details() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "0")]).await;
        let arrive = |keys: Vec<(u8, &'static str)>| {
            let details: Vec<_> = keys.into_iter().map(|(key, bill)| detail(key, bill)).collect();
            stage.site.write(move |tx, ctx| bonded::arrived(tx, ctx, &details))
        };
        arrive(vec![(1, "999-1"), (2, "999-2"), (1, "999-1")]).await.unwrap();
        let path = format!("books/{BOOK}/entries");
        let made = stage.post(&stage.a, &path, entry("QD1", "999-1")).await;
        assert_eq!((made.status, &made.json()["arrivals"]), (201, &json!(1)));
        let id = made.json()["id"].clone();
        assert_eq!(stage.done(&stage.a, &path, entry("QD1", "999-1")).await["id"], id);
        let other = stage.post(&stage.a, &path, entry("QD1", "999-3")).await;
        assert_eq!((other.status, other.code().as_str()), (409, "bonded.different"));
        // One that comes after its entry finds it too, and the same again is one.
        arrive(vec![(3, "999-1"), (1, "999-1")]).await.unwrap();
        let shown = stage.get(&stage.a, &format!("entries/{}", id.as_str().unwrap())).await.json();
        assert_eq!((&shown["arrivals"], &shown["waybills"]), (&json!(2), &json!(4)));
        assert_eq!(stage.figures(BOOK, "A", &["on_hand", "entered"]).await, ["100", "100"]);

        let of_place = stage.get(&stage.place, "arrivals").await.json();
        assert_eq!(of_place["items"].as_array().unwrap().len(), 3);
        assert_eq!(of_place["items"][0]["entry"], id);
        let one = format!("arrivals/{}", of_place["items"][0]["id"].as_str().unwrap());
        let whole = stage.get(&stage.place, &one).await.json();
        assert_eq!(whole["waybills"], json!(["SF001", "SF002"]));
        assert_eq!(stage.get(&stage.a, &one).await.status, 404, "another's waybills stay its own");
        stage.verify().await;
    });
}

#[test]
fn an_entry_under_another_mode_or_of_unknown_goods_is_refused() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "0")]).await;
        let mut body = entry("Q D", "");
        body["trade_mode"] = json!("1239");
        body["entered_on"] = json!("2026-11-24");
        body["lines"] = json!([
            {"item_record_no": "X", "quantity": "1"},
            {"item_record_no": "A", "quantity": "-1", "unit": "035"},
        ]);
        let answer = stage.post(&stage.a, &format!("books/{BOOK}/entries"), body).await;
        let expected = [
            "checklist_no bonded.field.code",
            "entered_on bonded.day.future",
            "trade_mode bonded.mode",
            "lines[0].item_record_no bonded.record.unknown",
            "lines[1].quantity bonded.quantity",
            "lines[1].unit bonded.unit",
        ];
        assert_eq!((answer.status, faults(&answer)), (422, expected.map(String::from).to_vec()));
        assert_eq!(stage.figures(BOOK, "A", &["on_hand"]).await, ["0"]);
    });
}

#[test]
fn the_line_is_instructed_and_its_result_comes_back() {
    play(|stage| async move {
        stage.site.write(|tx, ctx| bonded::arrived(tx, ctx, &[detail(1, "999-1")])).await.unwrap();
        let one = |reference: &str, waybill: &str, act: &str| json!({"reference": reference, "waybill_no": waybill, "act": act});
        let all = ["release", "inspect", "divert", "stop_line", "on_the_spot"];
        let all = all.map(|act| one(act, "SF001", act));
        let given = stage.done(&stage.operator, "instructions", json!({"instructions": all})).await;
        let ids = given["ids"].as_array().unwrap().clone();
        assert_eq!(ids.len(), 5);
        let again = json!({"instructions": [one("inspect", "SF001", "inspect")]});
        assert_eq!(stage.done(&stage.operator, "instructions", again).await["ids"][0], ids[1]);
        let other = json!({"instructions": [one("inspect", "SF002", "inspect")]});
        assert_eq!(
            stage.post(&stage.operator, "instructions", other).await.code(),
            "bonded.different"
        );
        let lost = json!({"instructions": [one("new", "SF404", "inspect")]});
        let lost = stage.post(&stage.operator, "instructions", lost).await;
        assert_eq!(lost.code(), "bonded.instruction.operator");

        let path = format!("instructions/{}/answer", ids[1].as_str().unwrap());
        let result = json!({"result": "found", "image": "XR-20261123-7", "remark": "夹藏"});
        assert_eq!(stage.post(&stage.a, &path, result.clone()).await.status, 404);
        let answered = stage.done(&stage.place, &path, result.clone()).await;
        assert_eq!((&answered["result"], &answered["act"]), (&json!("found"), &json!("inspect")));
        stage.done(&stage.place, &path, result).await;
        let changed = stage.post(&stage.place, &path, json!({"result": "clear"})).await;
        assert_eq!(changed.code(), "bonded.state");
        let list = stage.get(&stage.place, "instructions?waybill_no=SF001").await.json();
        let results: Vec<&str> =
            list["items"].as_array().unwrap().iter().filter_map(|i| i["result"].as_str()).collect();
        assert_eq!(results, ["", "found", "", "", ""]);
    });
}

fn pass(items: Value) -> Value {
    json!({
        "zone": "4253", "direction": "out", "vehicle_no": "鲁L<1>", "tare_kg": "5000",
        "items": items,
    })
}

fn item(number: &str, weight: &str) -> Value {
    json!({"kind": "inventory", "number": number, "weight_kg": weight})
}

#[test]
fn a_pass_is_bound_issued_weighed_and_closed() {
    play(|stage| async move {
        let made = stage.done(&stage.a, "passes", pass(json!([item("42532026I1", "100")]))).await;
        assert_eq!(
            (&made["state"], &made["number"]),
            (&json!("draft"), &json!("HF425320260000001"))
        );
        let path = format!("passes/{}", made["id"].as_str().unwrap());
        let act = |act: &str| format!("{path}/{act}");
        let more = json!({"items": [item("42532026I2", "900"), item("42532026I3", "1")]});
        stage.done(&stage.a, &act("bind"), more).await;
        let bound = stage.done(&stage.a, &act("unbind"), json!({"lines": [3]})).await;
        assert_eq!(bound["declared_kg"], "6000");
        let taken = stage.post(&stage.b, "passes", pass(json!([item("42532026I2", "1")]))).await;
        assert_eq!(faults(&taken), ["items[0].number bonded.pass.bound"]);

        let weigh = |kg: &str| json!({"weighed_kg": kg});
        let early = stage.post(&stage.operator, &act("weigh"), weigh("6000")).await;
        assert_eq!(early.code(), "bonded.state");
        stage.done(&stage.a, &act("issue"), json!({})).await;
        let late = json!({"items": [item("42532026I4", "1")]});
        assert_eq!(stage.post(&stage.a, &act("bind"), late).await.code(), "bonded.state");
        let own = stage.post(&stage.a, &act("weigh"), weigh("6000")).await;
        assert_eq!(own.status, 403, "the gate weighs, not the firm");

        let heavy = stage.done(&stage.operator, &act("weigh"), weigh("6300.00001")).await;
        assert_eq!(
            (&heavy["state"], &heavy["findings"][0]["code"]),
            (&json!("issued"), &json!("bonded.pass.weight"))
        );
        assert_eq!(heavy["findings"][0]["expected"], "5700 ..= 6300");
        let passed = stage.done(&stage.operator, &act("weigh"), weigh("6300")).await;
        assert_eq!((&passed["state"], &passed["findings"]), (&json!("passed"), &json!([])));
        let void = stage.post(&stage.a, &act("void"), json!({"reason": "x"})).await;
        assert_eq!(void.code(), "bonded.state");
        assert_eq!(stage.done(&stage.operator, &act("close"), json!({})).await["state"], "closed");
    });
}

#[test]
fn a_voided_pass_frees_what_it_carried() {
    play(|stage| async move {
        let items = json!([item("42532026I1", "100")]);
        let made = stage.done(&stage.a, "passes", pass(items.clone())).await;
        let path = format!("passes/{}", made["id"].as_str().unwrap());
        stage.done(&stage.a, &format!("{path}/void"), json!({"reason": "换车"})).await;
        let next = stage.done(&stage.a, "passes", pass(items)).await;
        assert_eq!(next["number"], "HF425320260000002");
        let foreign = json!([{"kind": "entry", "number": "QD404", "weight_kg": "1"}]);
        let answer = stage.post(&stage.a, "passes", pass(foreign)).await;
        assert_eq!(faults(&answer), ["items[0].number bonded.pass.unknown"]);
        let empty = stage.done(&stage.a, "passes", pass(json!([]))).await;
        let issue = format!("passes/{}/issue", empty["id"].as_str().unwrap());
        assert_eq!(stage.post(&stage.a, &issue, json!({})).await.code(), "bonded.no_lines");
    });
}

#[test]
fn the_printed_form_needs_nothing_else_and_hides_no_markup() {
    play(|stage| async move {
        let made = stage.done(&stage.a, "passes", pass(json!([item("42532026I1", "100.5")]))).await;
        let path = format!("passes/{}/print", made["id"].as_str().unwrap());
        let page = stage.get(&stage.a, &path).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.text.contains("<svg") && page.text.contains("HF425320260000001"));
        assert!(page.text.contains("鲁L&lt;1&gt;") && !page.text.contains("鲁L<1>"));
        assert!(page.text.contains("5100.5"), "vehicle and goods");
        assert!(!page.text.contains("<script") && !page.text.contains("href="));
    });
}
