//! Goods between books.

use serde_json::{Value, json};

use crate::stage::*;

const FIGURES: [&str; 6] =
    ["on_hand", "free", "to_be_transferred", "in_transit", "transferred_out", "transferred_in"];

fn plan(to: &str, item: &str, quantity: &str) -> Value {
    let line = json!({"item_record_no": item, "quantity": quantity});
    json!({"from": BOOK, "to": to, "lines": [line]})
}

#[test]
fn goods_leave_are_on_the_way_and_arrive_in_parts() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "100")]).await;
        stage.shelve(&stage.b, OTHER, &[("A", "1")]).await;
        let planned = stage.done(&stage.a, "transfers", plan(OTHER, "A", "60")).await;
        let path = format!("transfers/{}", planned["id"].as_str().unwrap());
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["100", "40", "60", "0", "0", "0"]);

        let early = json!({"reference": "QD2"});
        let refused = stage.post(&stage.b, &format!("{path}/receive"), early).await;
        assert_eq!((refused.status, refused.code().as_str()), (409, "bonded.state"));
        let leaving = json!({"reference": "QD1"});
        let hidden = stage.post(&stage.b, &format!("{path}/dispatch"), leaving.clone()).await;
        assert_eq!(hidden.status, 404, "only who sends says that it left");
        stage.done(&stage.a, &format!("{path}/dispatch"), leaving).await;
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["40", "40", "0", "60", "0", "0"]);

        let part = |quantity: &str| json!({"reference": "QD2", "lines": [{"line": 1, "quantity": quantity}]});
        let receive = format!("{path}/receive");
        assert_eq!(stage.post(&stage.a, &receive, part("1")).await.status, 404);
        let answer = stage.post(&stage.b, &receive, part("61")).await;
        assert_eq!(faults(&answer), ["lines[0].quantity bonded.transfer.too_much"]);
        let some = stage.done(&stage.b, &receive, part("45")).await;
        assert_eq!(
            (&some["state"], &some["lines"][0]["left"]),
            (&json!("in_transit"), &json!("15"))
        );
        stage.verify().await;
        let back = json!({"reason": "破损退回"});
        let closed = stage.done(&stage.a, &format!("{path}/recall"), back).await;
        assert_eq!(closed["state"], "closed");
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["55", "55", "0", "0", "45", "0"]);
        assert_eq!(stage.figures(OTHER, "A", &FIGURES).await, ["46", "46", "0", "0", "0", "45"]);
        let movements = stage.movements(BOOK, "A").await;
        assert_eq!(movements, ["recalled 15", "dispatched -60", "opening 100"]);
        stage.verify().await;
    });
}

#[test]
fn a_book_kept_elsewhere_receives_by_the_word_of_who_sent() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        let planned = stage.done(&stage.a, "transfers", plan("T3701W000009", "A", "10")).await;
        assert_eq!(planned["to_is_here"], false);
        let path = format!("transfers/{}", planned["id"].as_str().unwrap());
        stage.done(&stage.a, &format!("{path}/dispatch"), json!({"reference": "QD1"})).await;
        let arrived = json!({"reference": "QD9"});
        let closed = stage.done(&stage.a, &format!("{path}/receive"), arrived).await;
        assert_eq!(closed["state"], "closed");
        assert_eq!(stage.figures(BOOK, "A", &FIGURES).await, ["0", "0", "0", "0", "10", "0"]);
        stage.verify().await;
    });
}

#[test]
fn what_cannot_go_is_told_and_what_is_given_up_comes_free() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        let plans = [
            (plan(OTHER, "A", "1"), "lines[0].to_item_record_no bonded.record.unknown"),
            (plan("T3701W000009", "A", "11"), "lines[0].quantity bonded.short"),
            (plan("T3701W000009", "X", "1"), "lines[0].item_record_no bonded.record.unknown"),
            (plan(BOOK, "A", "1"), "to bonded.transfer.same_book"),
        ];
        for (body, fault) in plans {
            let answer = stage.post(&stage.a, "transfers", body).await;
            assert_eq!((answer.status, faults(&answer)), (422, vec![fault.to_owned()]));
        }
        // A book of another mode: the goods could never leave it.
        let body = json!({"number": "T4253W000003", "zone": "4253", "trade_mode": "1239"});
        stage.done(&stage.b, "books", body).await;
        stage.shelve(&stage.b, "T4253W000003", &[("A", "0")]).await;
        let answer = stage.post(&stage.a, "transfers", plan("T4253W000003", "A", "1")).await;
        assert_eq!(faults(&answer), ["to bonded.mode"]);

        let planned = stage.done(&stage.a, "transfers", plan("T3701W000009", "A", "10")).await;
        let path = format!("transfers/{}/cancel", planned["id"].as_str().unwrap());
        let unsaid = stage.post(&stage.a, &path, json!({"reason": " "})).await;
        assert_eq!(faults(&unsaid), ["reason bonded.field.length"]);
        stage.done(&stage.a, &path, json!({"reason": "计划取消"})).await;
        assert_eq!(stage.figures(BOOK, "A", &["free"]).await, ["10"]);
        stage.verify().await;
    });
}
