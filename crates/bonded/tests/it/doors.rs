//! Who may see and do what; books; lists.

use axum::http::Method;
use serde_json::{Value, json};

use crate::stage::*;

#[test]
fn every_door_is_guarded() {
    play(|stage| async move {
        assert_eq!(stage.site.open_doors().await.unwrap(), [""; 0]);
    });
}

#[test]
fn another_firms_things_do_not_exist() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        let entry = json!({
            "checklist_no": "QD1", "declaration_no": "D1", "trade_mode": "1210",
            "entered_on": "2026-11-20", "lines": [{"item_record_no": "A", "quantity": "1"}],
        });
        let entry = stage.done(&stage.a, &format!("books/{BOOK}/entries"), entry).await;
        let transfer = json!({
            "from": BOOK, "to": "T3701W000009",
            "lines": [{"item_record_no": "A", "quantity": "1"}],
        });
        let transfer = stage.done(&stage.a, "transfers", transfer).await;
        let path = format!("books/{BOOK}/stocktakes");
        let stocktake = stage.csv(&stage.a, &path, "料号,数量\nA,1\n").await.json();
        let pass = json!({
            "zone": "4253", "direction": "out", "vehicle_no": "V", "tare_kg": "1", "items": [],
        });
        let pass = stage.done(&stage.a, "passes", pass).await;
        let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
        let paths = [
            format!("books/{BOOK}"),
            format!("books/{BOOK}/entries"),
            format!("books/{BOOK}/stocktakes"),
            format!("books/{BOOK}/records/A/movements"),
            format!("stock?book={BOOK}"),
            format!("entries/{}", id(&entry)),
            format!("transfers/{}", id(&transfer)),
            format!("stocktakes/{}", id(&stocktake)),
            format!("passes/{}", id(&pass)),
            format!("passes/{}/print", id(&pass)),
        ];
        for path in paths {
            assert_eq!(stage.get(&stage.a, &path).await.status, 200, "{path}");
            let path = format!("/api/v1/bonded/{path}");
            assert!(stage.site.is_hidden(&stage.b, &path).await, "{path}");
        }
        for list in ["stock", "transfers", "passes", "destructions"] {
            let seen = stage.get(&stage.b, list).await.json();
            assert_eq!(seen["items"], json!([]), "{list}");
        }
        let foreign = json!({"decisions": [{"line": 1, "decision": "leave", "reason": "x"}]});
        let act = format!("stocktakes/{}/decide", id(&stocktake));
        assert_eq!(stage.post(&stage.b, &act, foreign).await.status, 404);
    });
}

#[test]
fn a_book_is_registered_once_by_its_own_firm() {
    play(|stage| async move {
        let book = |number: &str| json!({"number": number, "zone": "4253", "trade_mode": "1210"});
        let opened = stage.post(&stage.a, "books", book("T4253W000009")).await;
        assert_eq!((opened.status, &opened.json()["area_code"]), (201, &json!(AREA)));
        stage.done(&stage.a, "books", book("T4253W000009")).await;
        let taken = stage.post(&stage.b, "books", book("T4253W000009")).await;
        assert_eq!((taken.status, taken.code().as_str()), (409, "bonded.book.taken"));
        let mut wrong = book("账册");
        (wrong["zone"], wrong["trade_mode"]) = (json!("42"), json!("9610"));
        wrong["holder"] = json!("91371102XAR181628G");
        let answer = stage.post(&stage.a, "books", wrong).await;
        let expected = [
            "number bonded.field.code",
            "zone bonded.field.digits",
            "trade_mode bonded.mode.unknown",
            "holder bonded.book.holder",
        ];
        assert_eq!(faults(&answer), expected);
        let list = stage.get(&stage.a, "books?limit=1").await.json();
        let next = list["next"].as_str().unwrap();
        let rest = stage.get(&stage.a, &format!("books?after={next}")).await.json();
        assert_eq!(rest["items"][0]["number"], "T4253W000009");
    });
}

#[test]
fn the_same_request_with_its_key_happens_once() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10")]).await;
        let body = json!({
            "from": BOOK, "to": "T3701W000009",
            "lines": [{"item_record_no": "A", "quantity": "4"}],
        });
        let headers = [("content-type", "application/json"), ("idempotency-key", "one")];
        let mut ids = Vec::new();
        for _ in 0..2 {
            let path = "/api/v1/bonded/transfers";
            let send =
                stage.site.request(Method::POST, path, Some(&stage.a), &headers, body.to_string());
            ids.push(send.await.json()["id"].clone());
        }
        assert_eq!(ids[0], ids[1]);
        assert_eq!(stage.figures(BOOK, "A", &["to_be_transferred"]).await, ["4"]);
    });
}

#[test]
fn stock_is_found_by_item_by_book_and_by_zone() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "10"), ("B", "1")]).await;
        stage.shelve(&stage.b, OTHER, &[("A", "5")]).await;
        let body = json!({"number": "T3701W1", "zone": "3701", "trade_mode": "1210"});
        stage.done(&stage.b, "books", body).await;
        stage.shelve(&stage.b, "T3701W1", &[("A", "7")]).await;
        let find = async |query: &str| -> Vec<String> {
            let json = stage.get(&stage.operator, &format!("stock?{query}")).await.json();
            let items = json["items"].as_array().unwrap().clone();
            items.iter().map(|i| format!("{} {}", i["book"], i["on_hand"])).collect()
        };
        let quoted = |rows: &[(&str, &str)]| -> Vec<String> {
            rows.iter().map(|(book, on_hand)| format!("\"{book}\" \"{on_hand}\"")).collect()
        };
        let everywhere = quoted(&[(BOOK, "10"), (OTHER, "5"), ("T3701W1", "7")]);
        assert_eq!(find("item_record_no=A").await, everywhere);
        assert_eq!(find("item_record_no=A&zone=4253").await, everywhere[..2]);
        assert_eq!(find(&format!("book={BOOK}")).await, quoted(&[(BOOK, "10"), (BOOK, "1")]));
        assert_eq!(find("hs_code=00000000").await, [""; 0]);
    });
}

#[test]
fn a_book_closes_only_when_nothing_is_left() {
    play(|stage| async move {
        stage.shelve(&stage.a, BOOK, &[("A", "1")]).await;
        let close = format!("books/{BOOK}/close");
        let full = stage.post(&stage.a, &close, json!({})).await;
        assert_eq!((full.status, full.code().as_str()), (409, "bonded.book.not_empty"));
        stage.draw(vec![draw(1, &[(1, "A", "1")])]).await;
        stage.settle(1, bonded::Settlement::Released).await;
        assert_eq!(stage.done(&stage.a, &close, json!({})).await["state"], "closed");
        let found = stage.draw(vec![draw(2, &[(1, "A", "1")])]).await;
        assert_eq!(codes(&found[0]), ["bonded.book.closed"]);
    });
}
