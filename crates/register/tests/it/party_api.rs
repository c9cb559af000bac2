//! Firms and delegations over HTTP: who sees what, and what callers are told.

use std::future::Future;

use axum::http::Method;
use db::Db;
use register::party::{Zone, flow};
use serde_json::{Value, json};
use web::Role;
use web::keys::Secret;
use web::test::{Answer, Site};

use crate::party_flow::certificate;

const NEW: &str = "91370303MA3C123462";

/// Runs a test against a platform with the Zibo zone, once on each engine.
fn check<F, T>(test: F)
where
    F: Fn(Site, Zone) -> T,
    T: Future<Output = ()>,
{
    db::test::both(|db: &Db| {
        let site = web::test::site(db, &[register::module()]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let zone = Zone::builtin("zibo").unwrap().unwrap();
            let loading = zone.clone();
            site.write(move |tx, ctx| flow::load_zone(tx, ctx, &loading)).await.unwrap();
            test(site, zone).await;
        });
    });
}

async fn put(site: &Site, key: &Secret, path: &str, body: &Value) -> Answer {
    let kind = [("content-type", "application/json")];
    site.request(Method::PUT, path, Some(key), &kind, body.to_string()).await
}

fn codes(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let items = json["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["code"].as_str().unwrap_or_default().to_owned()).collect()
}

fn firm() -> Value {
    json!({
        "social_credit_code": NEW,
        "name_zh": "淄博新来示例有限公司",
        "roles": ["ecommerce"],
        "contact": {"person": "李示例", "phone": "13800000000"},
    })
}

#[test]
fn an_operator_registers_changes_and_suspends_a_firm() {
    check(|site, _| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let path = format!("/api/v1/parties/{NEW}");
        let created = put(&site, &operator, &path, &firm()).await;
        assert_eq!(created.status, 201, "{}", created.text);
        assert_eq!(created.json()["party"]["contact"]["person"], "李**");
        assert!(!created.text.contains("13800000000"));
        assert_eq!(put(&site, &operator, &path, &firm()).await.status, 200);

        let shown = site.get(&operator, &path).await.json();
        assert_eq!((&shown["state"], &shown["version"]), (&json!("active"), &json!(1)));
        let body = json!({"reason": "年报逾期", "until": "2026-12-31"});
        let suspended = site.post(&operator, &format!("{path}/suspend"), &body).await;
        assert_eq!(suspended.status, 200, "{}", suspended.text);
        assert_eq!(suspended.json()["standing"]["until"], "2026-12-31");
        let list = site.get(&operator, "/api/v1/parties?state=suspended").await;
        assert_eq!(codes(&list), [NEW]);
        for (act, state) in [("resume", "active"), ("close", "closed")] {
            let (path, body) = (format!("{path}/{act}"), json!({"reason": "已补报"}));
            assert_eq!(site.post(&operator, &path, &body).await.json()["state"], state);
        }
        let again = put(&site, &operator, &path, &firm()).await;
        assert_eq!((again.status, again.code().as_str()), (409, "party.closed"));
    });
}

#[test]
fn wrong_input_is_told_with_every_finding() {
    check(|site, zone| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let path = format!("/api/v1/parties/{NEW}");
        let body = json!({
            "social_credit_code": NEW, "customs_code": "1", "name_zh": "",
            "roles": ["ecommerce"], "dxp_id": "电子口岸",
        });
        let answer = put(&site, &operator, &path, &body).await;
        assert_eq!(answer.status, 422);
        let json = answer.json();
        let fields: Vec<&str> =
            json["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
        assert_eq!(fields, ["customs_code", "name_zh", "dxp_id"]);
        assert!(json["errors"][0]["remedy"].as_str().unwrap().contains(" / "));

        let mut body = firm();
        body["roles"] = json!(["shop"]);
        let answer = put(&site, &operator, &path, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "field.unknown_word"));
        body["colour"] = json!("red");
        assert_eq!(put(&site, &operator, &path, &body).await.code(), "body.wrong_shape");
        let elsewhere = format!("/api/v1/parties/{}", zone.delegations[0].from);
        assert_eq!(put(&site, &operator, &elsewhere, &firm()).await.code(), "party.code_path");
        for query in ["role=shop", "state=odd", "colour=red", "limit=0"] {
            let answer = site.get(&operator, &format!("/api/v1/parties?{query}")).await;
            assert_eq!(answer.status, 400, "{query}");
        }
        let mut wrong_check = firm();
        wrong_check["social_credit_code"] = json!("91370303MA3C123463");
        let path = "/api/v1/parties/91370303MA3C123463";
        let answer = put(&site, &operator, path, &wrong_check).await;
        assert_eq!(answer.status, 201, "an issued code that fails the check is taken");
        assert_eq!(answer.json()["findings"][0]["code"], "party.code_check");
        assert_eq!(answer.json()["findings"][0]["level"], "warning");
    });
}

#[test]
fn a_firm_sees_itself_and_the_public_side_of_its_counterparties() {
    check(|site, zone| async move {
        let given = &zone.delegations[0];
        let stranger = zone.parties.last().unwrap().social_credit_code.clone().unwrap();
        let key = site.key(Role::Firm, Some(&given.from)).await.unwrap();
        let own = site.get(&key, &format!("/api/v1/parties/{}", given.from)).await.json();
        assert!(own["dxp_id"].is_string() && own["contact"].is_object(), "{own}");
        let broker = site.get(&key, &format!("/api/v1/parties/{}", given.to)).await;
        assert_eq!(broker.status, 200);
        let broker = broker.json();
        assert_eq!(broker["roles"], json!(["broker"]));
        for hidden in ["dxp_id", "contact", "standing", "version"] {
            assert!(broker.get(hidden).is_none(), "{hidden} is shown to a counterparty");
        }
        assert!(site.is_hidden(&key, &format!("/api/v1/parties/{stranger}")).await);
        assert!(site.is_hidden(&key, &format!("/api/v1/parties/{}/certificates", given.to)).await);
        let list = site.get(&key, "/api/v1/parties").await;
        let seen = codes(&list);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!(seen.contains(&given.from) && seen.contains(&given.to));
        let list = site.get(&key, "/api/v1/delegations").await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        assert_eq!(list["items"][0]["in_force"], true);
        // Known under its other code it is the same firm.
        let customs = own["customs_code"].as_str().unwrap();
        let other = site.key(Role::Firm, Some(customs)).await.unwrap();
        let path = format!("/api/v1/parties/{}", given.from);
        assert_eq!(site.get(&other, &path).await.json(), own);
        // A key of a firm that is not registered sees nobody.
        let nobody = site.key(Role::Firm, Some(NEW)).await.unwrap();
        assert_eq!(codes(&site.get(&nobody, "/api/v1/parties").await), Vec::<String>::new());
        assert!(site.is_hidden(&nobody, &path).await);
    });
}

#[test]
fn lists_page_by_key_and_filter() {
    check(|site, zone| async move {
        let officer = site.key(Role::Officer, None).await.unwrap();
        let mut seen = Vec::new();
        let mut path = "/api/v1/parties?limit=7".to_owned();
        loop {
            let page = site.get(&officer, &path).await;
            assert_eq!(page.status, 200, "{}", page.text);
            seen.extend(codes(&page));
            match page.json()["next"].as_str() {
                Some(next) => path = format!("/api/v1/parties?limit=7&after={next}"),
                None => break,
            }
        }
        let all: Vec<String> =
            zone.parties.iter().filter_map(|p| p.social_credit_code.clone()).collect();
        assert_eq!(seen, all);
        let count = async |query: &str| {
            codes(&site.get(&officer, &format!("/api/v1/parties?{query}")).await).len()
        };
        assert_eq!(count("role=broker").await, 2);
        assert_eq!(count("role=guarantor&text=Example").await, 3);
        assert_eq!(count("text=HAITAO").await, 1, "case does not matter");
        assert_eq!(count("text=%25").await, 0, "a wildcard is a plain character");
        assert_eq!(count(&format!("text={}", all[4])).await, 1);
        assert_eq!(count("state=closed").await, 0);
    });
}

#[test]
fn certificates_and_delegations_by_api() {
    check(|site, zone| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let seller = zone.delegations[0].from.clone();
        let path = format!("/api/v1/parties/{seller}/certificates");
        let body = json!({"certificate": certificate(9, "0e")});
        let registered = site.post(&operator, &path, &body).await;
        assert_eq!(registered.status, 201, "{}", registered.text);
        let certificate = registered.json();
        assert_eq!(
            (&certificate["state"], &certificate["serial"]),
            (&json!("active"), &json!("0e"))
        );
        let key = site.key(Role::Firm, Some(&seller)).await.unwrap();
        assert_eq!(site.get(&key, &path).await.json(), json!([certificate]));
        let revoke = format!("{path}/{}/revoke", certificate["id"].as_str().unwrap());
        let no_reason = site.post(&operator, &revoke, &json!({"reason": ""})).await;
        assert_eq!((no_reason.status, no_reason.code().as_str()), (422, "field.missing"));
        let revoked = site.post(&operator, &revoke, &json!({"reason": "遗失"})).await;
        assert_eq!(revoked.json()["state"], "revoked");
        let broken = site.post(&operator, &path, &json!({"certificate": "hello"})).await;
        assert_eq!((broken.status, broken.code().as_str()), (422, "certificate.unreadable"));

        let carrier = zone.delegations[8].to.clone();
        let body = json!({
            "from": seller, "to": carrier, "acts": ["order"], "valid_from": "2026-12-01",
        });
        let headers = [("content-type", "application/json"), ("idempotency-key", "abc-1")];
        let send = async || {
            let (path, body) = ("/api/v1/delegations", body.to_string());
            site.request(Method::POST, path, Some(&operator), &headers, body).await
        };
        let first = send().await;
        assert_eq!(first.status, 201, "{}", first.text);
        let again = send().await;
        assert_eq!((again.status, &again.text), (201, &first.text));
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(first.json()["in_force"], false, "it begins next week");
        let filter = format!("/api/v1/delegations?from={seller}&in_force=true");
        let in_force = site.get(&operator, &filter).await.json();
        assert_eq!(in_force["items"].as_array().unwrap().len(), 1);
        let path = format!("/api/v1/delegations/{}/revoke", first.json()["id"].as_str().unwrap());
        let revoked = site.post(&operator, &path, &json!({"reason": "改由自己发送"})).await;
        assert!(revoked.json()["revoked_at"].is_string(), "{}", revoked.text);
        let twice = site.post(&operator, &path, &json!({"reason": "再次"})).await;
        assert_eq!((twice.status, twice.code().as_str()), (409, "party.revoked_already"));
    });
}

#[test]
fn every_door_is_closed_without_its_scope() {
    check(|site, _| async move {
        assert_eq!(site.open_doors().await.unwrap(), Vec::<String>::new());
        let firm = site.key(Role::Firm, Some(NEW)).await.unwrap();
        let path = format!("/api/v1/parties/{NEW}");
        let answer = put(&site, &firm, &path, &self::firm()).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "auth.missing_scope"));
    });
}
