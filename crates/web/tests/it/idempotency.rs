//! The same key has its effect once.

use axum::http::Method;
use serde_json::{Value, json};
use web::keys::Secret;
use web::test::{Answer, Site};
use web::{Role, Settings};

use crate::{check, check_with};

async fn add(site: &Site, key: &Secret, mark: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", mark)];
    site.request(Method::POST, "/api/v1/things", Some(key), &headers, body.to_string()).await
}

#[test]
fn a_repeat_is_answered_as_before_and_does_nothing() {
    check(|site| async move {
        let key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let other_key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let tea = json!({"name": "茶", "count": 1});
        let first = add(&site, &key, "a-1", &tea).await;
        assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
        // The firm's other key is the same caller.
        for key in [&key, &other_key] {
            let again = add(&site, key, "a-1", &tea).await;
            assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
            assert_eq!(again.text, first.text);
        }
        let things = site.get(&key, "/api/v1/things").await.json();
        assert_eq!(things["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_key_used_for_something_else_is_refused() {
    check(|site| async move {
        let key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let theirs = site.key(Role::Firm, Some("3703960XYZ")).await.unwrap();
        add(&site, &key, "a-1", &json!({"name": "茶", "count": 1})).await;
        let coffee = json!({"name": "咖啡", "count": 1});
        let refused = add(&site, &key, "a-1", &coffee).await;
        assert_eq!((refused.status, refused.code().as_str()), (409, "idempotency.reused"));
        assert_eq!(
            add(&site, &theirs, "a-1", &coffee).await.status,
            201,
            "keys of others do not meet"
        );
        let bad = add(&site, &key, &"x".repeat(129), &coffee).await;
        assert_eq!((bad.status, bad.code().as_str()), (400, "idempotency.key"));
    });
}

#[test]
fn a_failure_is_not_remembered() {
    let settings = Settings { key_cache_ms: 0, ..Settings::default() };
    check_with(settings, |site| async move {
        let key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let knife = json!({"name": "刀", "count": 1});
        assert_eq!(add(&site, &key, "a-1", &knife).await.status, 409);
        let again = add(&site, &key, "a-1", &knife).await;
        assert_eq!((again.status, again.code().as_str()), (409, "shop.forbidden_goods"));
        let corrected = add(&site, &key, "a-1", &json!({"name": "茶", "count": 1})).await;
        assert_eq!(corrected.status, 201);
    });
}
