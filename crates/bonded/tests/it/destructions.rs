//! Destruction by 海关总署公告2025年第79号, with its clocks.

use serde_json::{Value, json};

use crate::stage::*;

const FIGURES: [&str; 4] = ["on_hand", "free", "awaiting_destruction", "destroyed"];

fn application(quantity: &str) -> Value {
    json!({
        "book": BOOK, "ground": "expired", "explanation": "面膜过期", "cannot_be_reexported": true,
        "authorised_by": "91371102XAR010095C", "destroyer_code": "91371102XAR1917117",
        "destroyer_name": "示例环保处置有限公司", "destroyer_in_scope": true,
        "place": "日照市示例路1号", "outside_zone": true,
        "papers": ["explanation", "plan", "authorisation", "application_form", "qualification",
            "contract"],
        "lines": [{"item_record_no": "A", "quantity": quantity}],
    })
}

async fn approved(stage: &Stage, quantity: &str) -> String {
    stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
    let one = stage.done(&stage.a, "destructions", application(quantity)).await;
    let path = format!("destructions/{}", one["id"].as_str().unwrap());
    stage.on_day("2026-04-01");
    let approval = json!({"approval_no": "XH-2026-1", "approved_on": "2026-04-01"});
    let one = stage.done(&stage.a, &format!("{path}/approve"), approval).await;
    // Worked example T4: finish by 31 May, ask for more from 24 May.
    assert_eq!(
        (&one["due_on"], &one["extension_from"]),
        (&json!("2026-05-31"), &json!("2026-05-24"))
    );
    path
}

fn finding_codes(one: &Value) -> Vec<&str> {
    one["findings"].as_array().unwrap().iter().filter_map(|f| f["code"].as_str()).collect()
}

#[test]
fn goods_wait_are_destroyed_and_papers_follow_in_working_days() {
    play(|stage| async move {
        let path = approved(&stage, "6").await;
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["10", "4", "6", "0"]);
        let finish = |on: &str, until: Value| {
            json!({
                "finished_on": on, "video": "NVR-7", "video_until": until,
                "lines": [{"line": 1, "quantity": "5"}],
            })
        };
        stage.on_day("2026-05-20");
        let act = format!("{path}/finish");
        let wrong = finish("2026-05-21", json!("2029-05-01"));
        let answer = stage.post(&stage.a, &act, wrong).await;
        let expected = ["finished_on bonded.day.future", "video_until bonded.destroy.video"];
        assert_eq!(faults(&answer), expected);
        let done = stage.done(&stage.a, &act, finish("2026-05-20", Value::Null)).await;
        assert_eq!(
            (&done["state"], &done["video_until"]),
            (&json!("finished"), &json!("2029-05-20"))
        );
        assert_eq!(done["papers_due_on"], "2026-06-10", "fifteen working days");
        assert_eq!(finding_codes(&done), [""; 0]);
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["5", "5", "0", "5"]);

        stage.on_day("2026-06-11");
        let late = stage.get(&stage.a, &path).await.json();
        assert_eq!(finding_codes(&late), ["bonded.destroy.papers_late"]);
        let papers = |residue: Value| {
            json!({
                "filed_on": "2026-06-10", "declaration_no": "425320261000000200",
                "residue": "12.30", "residue_declaration_no": residue,
            })
        };
        let act = format!("{path}/papers");
        let answer = stage.post(&stage.a, &act, papers(Value::Null)).await;
        assert_eq!(faults(&answer), ["residue_declaration_no bonded.field.code"]);
        let filed = stage.done(&stage.a, &act, papers(json!("425320261000000844"))).await;
        assert_eq!((&filed["state"], &filed["residue"]), (&json!("filed"), &json!("12.30")));
        assert_eq!(finding_codes(&filed), [""; 0], "filed in time");
        assert_eq!(stage.movements(BOOK, "A").await, ["destroyed -5", "opening 10"]);
        stage.verify().await;
    });
}

#[test]
fn more_time_is_asked_for_within_the_last_days_once_and_not_too_much() {
    play(|stage| async move {
        let path = approved(&stage, "6").await;
        stage.on_day("2026-06-30");
        let act = format!("{path}/extend");
        let ask = |on: &str, days: i64| json!({"requested_on": on, "days": days});
        for (on, days, fault) in [
            ("2026-05-23", 30, "requested_on bonded.destroy.extension_window"),
            ("2026-06-01", 30, "requested_on bonded.destroy.extension_window"),
            ("2026-05-24", 31, "days bonded.destroy.extension_days"),
            ("2026-05-31", 0, "days bonded.destroy.extension_days"),
        ] {
            let answer = stage.post(&stage.a, &act, ask(on, days)).await;
            assert_eq!((answer.status, faults(&answer)), (422, vec![fault.to_owned()]), "{on}");
        }
        let window = stage.post(&stage.a, &act, ask("2026-05-23", 30)).await.json();
        assert_eq!(window["errors"][0]["expected"], "2026-05-24 ..= 2026-05-31");
        let longer = stage.done(&stage.a, &act, ask("2026-05-31", 30)).await;
        assert_eq!(longer["due_on"], "2026-06-30");
        let twice = stage.post(&stage.a, &act, ask("2026-05-31", 1)).await;
        assert_eq!(twice.code(), "bonded.destroy.extended_already");

        let due = stage.get(&stage.a, "destructions?due_by=2026-06-30").await.json();
        assert_eq!(due["items"].as_array().unwrap().len(), 1);
        let none = stage.get(&stage.a, "destructions?due_by=2026-06-29").await.json();
        assert_eq!(none["items"].as_array().unwrap().len(), 0);
        assert_eq!(finding_codes(&due["items"][0]), ["bonded.destroy.due"]);
        stage.on_day("2026-07-01");
        let done = json!({"finished_on": "2026-07-01", "video": "NVR-7"});
        let done = stage.done(&stage.a, &format!("{path}/finish"), done).await;
        assert_eq!(finding_codes(&done), ["bonded.destroy.late"], "it is a fact, and it is late");
        stage.verify().await;
    });
}

#[test]
fn an_application_that_lacks_something_is_told_everything() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        let mut body = application("10.5");
        body["ground"] = json!("bored");
        body["cannot_be_reexported"] = json!(false);
        body["papers"] = json!(["plan"]);
        let answer = stage.post(&stage.a, "destructions", body).await;
        let expected = [
            "ground bonded.destroy.ground",
            "cannot_be_reexported bonded.destroy.condition",
            "papers bonded.destroy.papers",
            "lines[0].quantity bonded.short",
        ];
        assert_eq!((answer.status, faults(&answer)), (422, expected.map(String::from).to_vec()));

        let one = stage.done(&stage.a, "destructions", application("10")).await;
        assert_eq!(codes(&stage.draw(vec![draw(1, &[(1, "A", "1")])]).await[0]), ["bonded.short"]);
        let path = format!("destructions/{}", one["id"].as_str().unwrap());
        let early = json!({"finished_on": "2026-11-23", "video": "NVR-7"});
        let answer = stage.post(&stage.a, &format!("{path}/finish"), early).await;
        assert_eq!((answer.status, answer.code().as_str()), (409, "bonded.state"));
        let reason = json!({"reason": "可退运"});
        let refused = stage.done(&stage.a, &format!("{path}/refuse"), reason).await;
        assert_eq!(refused["state"], "refused");
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["10", "10", "0", "0"]);
        let again = stage.post(&stage.a, &format!("{path}/withdraw"), json!({"reason": "x"})).await;
        assert_eq!(again.code(), "bonded.state");
        stage.verify().await;
    });
}
