//! Customs asks; the record follows in time, or the operator hears why not.

use serde_json::{Value, json};
use web::Role;

use super::fixture::{
    ANSWER_MS, OTHER, PLATFORM, PLATFORM_CUSTOMS, RSA, Stage, check, check_with, original,
};

#[test]
fn a_request_is_answered_at_once_and_the_record_follows() {
    check(|stage| async move {
        assert_eq!(stage.submit(&[original("O-1"), original("O-2")]).await.status, 201);
        let answer = stage.asked(PLATFORM, "O-1").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let now = json!(1_795_399_200_000_i64);
        assert_eq!(answer.json(), json!({"code": "10000", "message": "", "serviceTime": now}));
        let report = stage.work();
        assert_eq!((report.claimed, report.sent), (1, 1));
        let verdicts = stage.customs.verdicts.lock().unwrap().clone();
        assert_eq!(verdicts.iter().map(|one| one.code).collect::<Vec<_>>(), ["10000"]);
        assert!(stage.customs.asker.has_taken("O-1"));

        let asks = stage.asks("").await;
        assert_eq!(asks[0]["state"], "sent");
        assert_eq!((&asks[0]["sendings"], &asks[0]["alarm"]), (&json!(1), &Value::Null));
        let path = format!("/api/v1/payment-original-asks/{}", asks[0]["id"].as_str().unwrap());
        let detail = stage.site.get(&stage.firm, &path).await.json();
        assert_eq!(detail["history"][0]["code"], "10000");
        assert_eq!(stage.work().claimed, 0, "once is enough");
    });
}

#[test]
fn old_cards_sign_with_rsa() {
    check_with(&RSA, |stage| async move {
        stage.submit(&[original("O-1")]).await;
        stage.asked(PLATFORM_CUSTOMS, "O-1").await;
        assert_eq!(stage.work().sent, 1, "{:?}", stage.customs.verdicts.lock().unwrap());
    });
}

#[test]
fn the_same_session_asks_for_nothing_more() {
    check(|stage| async move {
        stage.submit(&[original("O-1")]).await;
        for _ in 0..3 {
            assert_eq!(stage.asked(PLATFORM, "O-1").await.json()["code"], "10000");
        }
        assert_eq!(stage.asks("").await.len(), 1);
        assert_eq!(stage.work().sent, 1);
        stage.site.clock.advance(1_000);
        assert_eq!(stage.asked(PLATFORM, "O-1").await.json()["code"], "10000");
        assert_eq!(stage.work().sent, 1, "another session is another request");
    });
}

#[test]
fn failures_are_tried_again_within_the_time() {
    check(|stage| async move {
        stage.submit(&[original("O-1")]).await;
        stage.asked(PLATFORM, "O-1").await;
        *stage.customs.failures.lock().unwrap() = vec!["no answer in time", "connection refused"];
        assert_eq!(stage.work().waiting, 1);
        assert_eq!(stage.work().claimed, 0, "not before its wait is over");
        stage.site.clock.advance(1_000);
        assert_eq!(stage.work().waiting, 1);
        stage.site.clock.advance(2_000);
        assert_eq!(stage.work().sent, 1);
        let ask = stage.asks("?state=sent").await.remove(0);
        let path = format!("/api/v1/payment-original-asks/{}", ask["id"].as_str().unwrap());
        let detail = stage.site.get(&stage.firm, &path).await.json();
        let codes: Vec<&str> = detail["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["-", "-", "10000"]);
        assert_eq!(detail["history"][0]["message"], "connection refused");
    });
}

/// Works until nothing waits any more; how long that took, in milliseconds.
fn work_to_the_end(stage: &Stage) -> i64 {
    for second in 0..=ANSWER_MS / 1_000 {
        if stage.work().failed > 0 {
            return second * 1_000;
        }
        stage.site.clock.advance(1_000);
    }
    panic!("never given up");
}

#[test]
fn what_does_not_get_there_in_time_is_an_alarm() {
    check(|stage| async move {
        stage.submit(&[original("O-1")]).await;
        stage.asked(PLATFORM, "O-1").await;
        stage.asked(PLATFORM, "UNKNOWN").await;
        *stage.customs.failures.lock().unwrap() = vec!["connection refused"; 100];
        // Both are tried as often; the unknown one is not sent.
        assert!(work_to_the_end(&stage) < ANSWER_MS);
        while stage.work().claimed > 0 {}
        let operator = stage.site.key(Role::Operator, None).await.unwrap();
        let path = "/api/v1/payment-original-asks?state=failed";
        let alarms = stage.site.get(&operator, path).await.json();
        let seen: Vec<(&str, &str, i64)> = alarms["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|ask| {
                let text = |value: &'_ Value| value.as_str().unwrap().to_owned().leak() as &str;
                (
                    text(&ask["order_no"]),
                    text(&ask["alarm"]["code"]),
                    ask["sendings"].as_i64().unwrap(),
                )
            })
            .collect();
        assert_eq!(seen[0], ("UNKNOWN", "originals.unknown_order", 0));
        assert_eq!((seen[1].0, seen[1].1), ("O-1", "originals.not_reached"));
        assert!(seen[1].2 >= 4, "{seen:?}");
        for ask in alarms["items"].as_array().unwrap() {
            for field in ["zh", "en", "remedy_zh", "remedy_en"] {
                assert!(!ask["alarm"][field].as_str().unwrap().is_empty());
            }
        }
        let notices = stage.site.get(&stage.firm, "/api/v1/notices").await.json();
        let kinds = notices.to_string().matches("originals.answer_failed").count();
        assert_eq!(kinds, 2, "the platform is told too");
    });
}

#[test]
fn an_alarm_that_was_dealt_with_is_answered_once_more() {
    check(|stage| async move {
        stage.asked(PLATFORM, "O-9").await;
        work_to_the_end(&stage);
        let id = stage.asks("?state=failed").await.remove(0)["id"].as_str().unwrap().to_owned();
        stage.submit(&[original("O-9")]).await;
        let path = format!("/api/v1/payment-original-asks/{id}/resend");
        let other = stage.site.key(Role::Firm, Some(OTHER)).await.unwrap();
        assert_eq!(stage.site.post(&other, &path, &json!({})).await.status, 404);
        let again = stage.site.post(&stage.firm, &path, &json!({})).await;
        assert_eq!((again.status, &again.json()["state"]), (200, &json!("open")));
        assert_eq!(stage.work().sent, 1);
        let refused = stage.site.post(&stage.firm, &path, &json!({})).await;
        assert_eq!((refused.status, refused.code().as_str()), (409, "originals.answered"));
    });
}

#[test]
fn a_record_submitted_while_customs_waits_still_gets_there() {
    check(|stage| async move {
        stage.asked(PLATFORM, "O-1").await;
        assert_eq!(stage.work().waiting, 1);
        stage.submit(&[original("O-1")]).await;
        stage.site.clock.advance(1_000);
        assert_eq!(stage.work().sent, 1);
    });
}

#[test]
fn what_customs_does_not_take_in_time_is_late() {
    check(|stage| async move {
        stage.submit(&[original("O-1")]).await;
        stage.asked(PLATFORM, "O-1").await;
        // Nobody worked until the time was over: customs closes the session.
        stage.site.clock.advance(ANSWER_MS + 1);
        assert_eq!(stage.work().failed, 1);
        let alarm = stage.asks("?state=failed").await.remove(0)["alarm"].clone();
        assert_eq!(alarm["code"], "originals.not_taken");
        assert!(alarm["found"].as_str().unwrap().starts_with("20001"), "{alarm}");
    });
}

#[test]
fn a_record_that_customs_takes_after_all_is_late() {
    struct Patient;
    impl originals::Upload for Patient {
        fn upload(&self, _: &str) -> Result<originals::Reply, String> {
            Ok(originals::Reply { code: "10000".to_owned(), message: String::new() })
        }
    }
    check(|stage| async move {
        stage.submit(&[original("O-1")]).await;
        stage.asked(PLATFORM, "O-1").await;
        stage.site.clock.advance(ANSWER_MS + 1);
        let ctx = stage.site.app.ctx_as("originals".into());
        assert_eq!(stage.work_with(&Patient, &ctx).sent, 1);
        let ask = stage.asks("?state=late").await.remove(0);
        assert_eq!(ask["alarm"]["code"], "originals.late");
    });
}

#[test]
fn requests_that_cannot_be_read_are_refused_in_customs_words() {
    check(|stage| async move {
        for (code, fields, answer, said) in [
            (PLATFORM, vec![("other", "1")], "20000", "openReq"),
            (PLATFORM, vec![("openReq", "{")], "20000", "JSON"),
            (
                PLATFORM,
                vec![("openReq", r#"{"sessionID":"s","serviceTime":1}"#)],
                "20000",
                "orderNo",
            ),
            ("91370303MA3C123462", vec![("openReq", "{}")], "20000", "未登记"),
        ] {
            let got = stage.form(code, &fields).await;
            assert_eq!(got.status, 200);
            assert_eq!(got.json()["code"], answer, "{}", got.text);
            assert!(got.json()["message"].as_str().unwrap().contains(said), "{}", got.text);
        }
        assert!(stage.asks("").await.is_empty());
    });
}

#[test]
fn nothing_is_promised_where_nobody_sends() {
    db::test::both(|db: &db::Db| {
        let site = web::test::site(db, &[register::module(), originals::module()]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let path = format!("/customs/payment-originals/{PLATFORM}");
            let post = axum::http::Method::POST;
            let answer = site.request(post, &path, None, &[], "openReq=%7B%7D").await;
            assert_eq!(answer.json()["code"], "20001", "{}", answer.text);
        });
    });
}

#[test]
fn the_time_to_answer_is_that_of_the_law_unless_set() {
    use kernel::Time;
    let office = originals::Office::new(Default::default(), register::rules::Rules::builtin());
    let now = Time::parse_compact("20261123100000").unwrap();
    assert_eq!(office.due(now), Ok(now.plus_millis(120_000)));
    let before = Time::parse_compact("20181231100000").unwrap();
    assert!(office.due(before).is_err(), "there was no such law");
}
