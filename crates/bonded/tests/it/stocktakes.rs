//! The book against the warehouse.

use serde_json::json;

use crate::stage::*;

#[test]
fn differences_are_listed_and_only_a_decision_adjusts_the_book() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10"), ("B", "5"), ("C", "2")]).await;
        // Held goods are in the warehouse still.
        stage.draw(vec![draw(1, &[(1, "A", "4")])]).await;
        let file = "料号,数量,库位\nA,8,01\nA,4,02\nB,5,01\nX,7,03\n";
        let path = format!("books/{BOOK}/stocktakes");
        let taken = stage.csv(&stage.a, &path, file).await;
        assert_eq!(taken.status, 201, "{}", taken.text);
        let taken = taken.json();
        assert_eq!((&taken["state"], &taken["counted"]), (&json!("open"), &json!(3)));
        let shown: Vec<String> = taken["differences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| format!("{} {} {}", d["line"], d["item_record_no"], d["difference"]))
            .collect();
        assert_eq!(shown, ["1 \"A\" \"2\"", "2 \"C\" \"-2\"", "3 \"X\" \"7\""]);
        assert_eq!(stage.figures(BOOK, "A", &["on_hand"]).await, ["10"], "nothing moved by itself");

        let act = format!("stocktakes/{}/decide", taken["id"].as_str().unwrap());
        let decide = |line: u32, decision: &str, reason: &str| json!({"decisions": [{"line": line, "decision": decision, "reason": reason}]});
        let refused = [
            (decide(1, "adjust", " "), "decisions[0].reason bonded.field.length"),
            (decide(3, "adjust", "入账"), "decisions[0].decision bonded.stocktake.no_record"),
            (decide(9, "leave", "无"), "decisions[0].line bonded.line_number"),
        ];
        for (body, fault) in refused {
            assert_eq!(faults(&stage.post(&stage.a, &act, body).await), [fault]);
        }
        stage.done(&stage.a, &act, decide(1, "adjust", "漏录核注，已报关")).await;
        assert_eq!(stage.figures(BOOK, "A", &["on_hand", "adjusted"]).await, ["12", "2"]);
        let twice = stage.post(&stage.a, &act, decide(1, "adjust", "再来")).await;
        assert_eq!(faults(&twice), ["decisions[0].line bonded.line_number"]);
        stage.done(&stage.a, &act, decide(3, "leave", "另案处理")).await;
        let last = stage.done(&stage.a, &act, decide(2, "adjust", "盘亏，已报关")).await;
        assert_eq!(last["state"], "closed");
        assert_eq!(stage.figures(BOOK, "C", &["on_hand", "adjusted"]).await, ["0", "-2"]);
        assert_eq!(stage.movements(BOOK, "C").await, ["adjusted -2", "opening 2"]);
        stage.verify().await;
    });
}

#[test]
fn an_adjustment_never_takes_what_is_held() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        stage.draw(vec![draw(1, &[(1, "A", "8")])]).await;
        let path = format!("books/{BOOK}/stocktakes");
        let taken = stage.csv(&stage.a, &path, "item_record_no,quantity\nA,7\n").await.json();
        let act = format!("stocktakes/{}/decide", taken["id"].as_str().unwrap());
        let body = json!({"decisions": [{"line": 1, "decision": "adjust", "reason": "盘亏"}]});
        let answer = stage.post(&stage.a, &act, body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "bonded.short"));
        stage.settle(1, bonded::Settlement::GivenBack).await;
        stage.done(&stage.a, &act, body).await;
        assert_eq!(stage.figures(BOOK, "A", &["on_hand", "free"]).await, ["7", "7"]);
        stage.verify().await;
    });
}

#[test]
fn an_agreeing_count_is_closed_at_once_and_a_bad_file_is_told_by_line() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        let path = format!("books/{BOOK}/stocktakes");
        let agreed = stage.csv(&stage.a, &path, "item_record_no,quantity\nA,10.0\n").await.json();
        assert_eq!((&agreed["state"], &agreed["differing"]), (&json!("closed"), &json!(0)));
        let bad = stage.csv(&stage.a, &path, "item_record_no,quantity\nA,ten\nA,1\n").await;
        assert_eq!((bad.status, &bad.json()["errors"][0]["line"]), (422, &json!(2)));
        let unit = "item_record_no,quantity,unit\nA,1,035\n";
        assert_eq!(faults(&stage.csv(&stage.a, &path, unit).await), ["unit bonded.unit"]);
        let list = stage.get(&stage.a, &path).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "a bad file leaves nothing");
    });
}
