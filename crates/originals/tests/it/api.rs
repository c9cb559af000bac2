//! Handing over records, and who sees them.

use kernel::Time;
use serde_json::{Value, json};
use web::Role;

use super::fixture::{OTHER, PLATFORM, Stage, check, original};

#[test]
fn no_door_is_open() {
    check(|stage| async move {
        assert_eq!(stage.site.open_doors().await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn every_fault_is_reported_and_nothing_stored() {
    check(|stage| async move {
        let mut wrong = original("O-1");
        let head = &mut wrong["payExchangeInfoHead"];
        head["totalAmount"] = json!("0");
        head["currency"] = json!("502");
        head["verDept"] = json!("9");
        head["payType"] = json!("7");
        head["tradingTime"] = json!("20261124000000");
        head["initalRequest"] = json!("x".repeat(8001));
        let order = &mut wrong["payExchangeInfoLists"][0];
        order["recpName"] = json!(" ");
        order["goodsInfo"][0]["itemLink"] = json!("shop.example");
        let twin = wrong["payExchangeInfoLists"][0].clone();
        wrong["payExchangeInfoLists"].as_array_mut().unwrap().push(twin);
        let answer = stage.submit(&[original("O-2"), wrong]).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        let json = answer.json();
        let paths: Vec<&str> = json["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["path"].as_str().unwrap())
            .collect();
        for field in [
            "payExchangeInfoHead.totalAmount",
            "payExchangeInfoHead.currency",
            "payExchangeInfoHead.verDept",
            "payExchangeInfoHead.payType",
            "payExchangeInfoHead.tradingTime",
            "payExchangeInfoHead.initalRequest",
            "payExchangeInfoLists[0].recpName",
            "payExchangeInfoLists[0].goodsInfo[0].itemLink",
            "payExchangeInfoLists[1].orderNo",
        ] {
            let path = format!("originals[1].{field}");
            assert!(paths.contains(&path.as_str()), "{path} {paths:?}");
        }
        let stored = stage.site.get(&stage.firm, "/api/v1/payment-originals/O-2").await;
        assert_eq!(stored.status, 404);
        assert_eq!(stage.submit(&[]).await.status, 422);
    });
}

#[test]
fn a_platform_hands_over_its_own_records_only() {
    check(|stage| async move {
        let mut foreign = original("O-1");
        foreign["payExchangeInfoHead"]["ebpCode"] = json!(OTHER);
        let answer = stage.submit(&[foreign.clone()]).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "originals.not_your_platform"));
        let operator = stage.site.key(Role::Operator, None).await.unwrap();
        let body = json!({ "originals": [foreign] });
        let taken = stage.site.post(&operator, "/api/v1/payment-originals", &body).await;
        assert_eq!(taken.status, 201, "the operator may for any: {}", taken.text);

        stage.submit(&[original("O-2")]).await;
        let other = stage.site.key(Role::Firm, Some(OTHER)).await.unwrap();
        assert!(stage.site.is_hidden(&other, "/api/v1/payment-originals/O-2").await);
        assert!(stage.site.is_hidden(&stage.firm, "/api/v1/payment-originals/O-1").await);
        let own = stage.site.get(&stage.firm, "/api/v1/payment-originals/O-2").await;
        assert_eq!(own.json()[0]["platform"], PLATFORM);
        for secret in ["李示例", "370000000000000001", "pay.example"] {
            assert!(!own.text.contains(secret), "{secret}");
        }
        stage.asked(PLATFORM, "O-2").await;
        let id = stage.asks("").await.remove(0)["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/payment-original-asks/{id}");
        assert!(stage.site.is_hidden(&other, &path).await);
    });
}

#[test]
fn names_and_accounts_lie_sealed() {
    check(|stage| async move {
        stage.submit(&[original("O-1")]).await;
        stage.asked(PLATFORM, "O-1").await;
        stage.work();
        let clear = stage
            .site
            .app
            .read(|tx| {
                let mut clear = Vec::new();
                for sql in ["SELECT body FROM originals_payment", "SELECT body FROM db_original"] {
                    for row in tx.query(sql, db::params![])? {
                        clear.extend_from_slice(row.bytes(0)?);
                        clear.push(b'\n');
                    }
                }
                Ok::<_, db::DbError>(clear)
            })
            .await
            .unwrap();
        assert!(clear.len() > 500);
        for secret in ["李示例", "370000000000000001", "玻璃茶具", "pay.example"] {
            let found = clear.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    });
}

async fn ids(stage: &Stage, originals: &[Value]) -> Vec<(String, bool)> {
    let answer = stage.submit(originals).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let json = answer.json();
    let items = json.as_array().unwrap().iter();
    items
        .map(|one| (one["id"].as_str().unwrap().to_owned(), one["repeated"].as_bool().unwrap()))
        .collect()
}

#[test]
fn the_last_record_of_an_order_counts_and_repeats_change_nothing() {
    check(|stage| async move {
        let first = ids(&stage, &[original("O-1"), original("O-1")]).await;
        assert_eq!(first[0].0, first[1].0);
        assert_eq!((first[0].1, first[1].1), (false, true));
        let again = ids(&stage, &[original("O-1")]).await;
        assert_eq!(again, [(first[0].0.clone(), true)]);
        let mut paid_twice = original("O-1");
        paid_twice["payExchangeInfoHead"]["payTransactionId"] = json!("T-second");
        let mut second = paid_twice["payExchangeInfoLists"][0].clone();
        second["orderNo"] = json!("O-2");
        paid_twice["payExchangeInfoLists"].as_array_mut().unwrap().push(second);
        stage.asked(PLATFORM, "O-1").await;
        stage.work();
        ids(&stage, &[paid_twice]).await;
        for order_no in ["O-1", "O-2"] {
            let path = format!("/api/v1/payment-originals/{order_no}");
            let shown = stage.site.get(&stage.firm, &path).await.json();
            assert_eq!(shown[0]["transaction_id"], "T-second");
            assert_eq!(shown[0]["orders"], 2);
        }
        stage.site.clock.advance(1_000);
        stage.asked(PLATFORM, "O-2").await;
        assert_eq!(stage.work().sent, 1, "all orders of the payment go with it");
        let sent = stage.site.get(&stage.firm, "/api/v1/payment-originals").await.json();
        assert_eq!(sent["items"].as_array().unwrap().len(), 2, "both are kept");
    });
}

#[test]
fn records_are_listed_in_pages() {
    check(|stage| async move {
        let all: Vec<Value> = (0..5).map(|n| original(&format!("O-{n}"))).collect();
        stage.submit(&all).await;
        let mut seen = Vec::new();
        let mut path = "/api/v1/payment-originals?limit=2".to_owned();
        loop {
            let page = stage.site.get(&stage.firm, &path).await.json();
            let items = page["items"].as_array().unwrap().iter();
            seen.extend(items.map(|one| one["transaction_id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/payment-originals?limit=2&after={next}");
        }
        assert_eq!(seen, ["T-O-4", "T-O-3", "T-O-2", "T-O-1", "T-O-0"]);
        let wrong = stage.site.get(&stage.firm, "/api/v1/payment-original-asks?state=odd").await;
        assert_eq!(wrong.status, 400);
    });
}

#[test]
fn records_are_kept_as_long_as_the_law_wants() {
    check(|stage| async move {
        stage.submit(&[original("O-1")]).await;
        let forget = |at: &str| {
            let at = Time::parse_compact(&format!("{at}100000")).unwrap();
            stage.site.clock.set(at);
            let ctx = stage.site.app.ctx_as("upkeep".into());
            let (db, office) = (&stage.site.app.db, &stage.office);
            let pruned = || db.write(|tx| originals::prune(tx, &ctx, office)).unwrap();
            super::fixture::off_the_runtime(pruned)
        };
        assert_eq!(forget("20291123"), 0, "three years to the day");
        assert_eq!(forget("20291130"), 1);
        let gone = stage.site.get(&stage.firm, "/api/v1/payment-originals/O-1").await;
        assert_eq!(gone.status, 404);
    });
}
