//! Guarantees, bills and withholding over HTTP: who sees what, and what callers are told.

use std::future::Future;

use axum::http::Method;
use serde_json::{Value, json};
use tax::guarantee::{Charge, Key, Settlement};
use web::keys::Secret;
use web::test::{Answer, Site};
use web::{ApiError, Role};

use crate::site::*;
use crate::support::RULES;

/// Runs a test against a platform, once on each engine.
fn check<F, T>(test: F)
where
    F: Fn(Site) -> T,
    T: Future<Output = ()>,
{
    db::test::both_with(ledger::MIGRATIONS, |db| {
        let site = web::test::site(db, &[register::module(), tax::module()]).unwrap();
        site.clock.set(noon("2026-03-01"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test(site));
    });
}

async fn put(site: &Site, key: &Secret, path: &str, body: &Value) -> Answer {
    let kind = [("content-type", "application/json")];
    site.request(Method::PUT, path, Some(key), &kind, body.to_string()).await
}

/// A guarantor with a letter of a thousand yuan; gives the path of the letter.
async fn lodged(site: &Site, operator: &Secret, code: &str) -> String {
    let path = format!("/api/v1/guarantees/{code}");
    let answer = put(site, operator, &path, &json!({"role": "platform"})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let letter = json!({
        "form": "letter", "number": "LG-1", "issuer": "日照银行", "amount": "1000.00",
        "valid_until": "2027-02-28",
    });
    let answer = site.post(operator, &format!("{path}/instruments"), &letter).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["state"], "active");
    format!("{path}/instruments/{}", answer.json()["id"].as_str().unwrap())
}

async fn declared(site: &Site, parcels: Vec<Charge<'static>>) {
    site.write(move |tx, ctx| {
        let law = RULES.on(ctx.now.date());
        tax::guarantee::hold(tx, ctx, &law, &parcels)?;
        let released: Vec<(Key, Settlement<'_>)> = parcels
            .iter()
            .map(|one| (one.key, Settlement::Released { at: ctx.now, invt_no: None }))
            .collect();
        tax::guarantee::settle(tx, ctx, &released)?;
        Ok::<_, ApiError>(())
    })
    .await
    .unwrap();
}

async fn advance(site: &Site, on: &str) {
    site.clock.set(noon(on));
    site.write(|tx, ctx| tax::bill::flow::advance(tx, ctx, &RULES, 1_000)).await.unwrap();
}

#[test]
fn an_operator_lodges_tops_up_reduces_and_extends() {
    check(|site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let letter = lodged(&site, &operator, PLATFORM).await;
        let again = put(
            &site,
            &operator,
            &format!("/api/v1/guarantees/{PLATFORM}"),
            &json!({
                "role": "platform", "bill_by": "guarantor_firm",
            }),
        )
        .await;
        assert_eq!((again.status, &again.json()["bill_by"]), (200, &json!("guarantor_firm")));
        let key = [("content-type", "application/json"), ("idempotency-key", "k-1")];
        for _ in 0..2 {
            let answer = site
                .request(
                    Method::POST,
                    &format!("{letter}/top-up"),
                    Some(&operator),
                    &key,
                    json!({"amount": "500"}).to_string(),
                )
                .await;
            assert_eq!((answer.status, &answer.json()["counted"]), (200, &json!("1500.00")));
        }
        declared(&site, vec![charge(1, 100_000)]).await;
        let less =
            site.post(&operator, &format!("{letter}/reduce"), &json!({"amount": "500.01"})).await;
        assert_eq!((less.status, less.code().as_str()), (409, "guarantee.would_uncover"));
        let less =
            site.post(&operator, &format!("{letter}/reduce"), &json!({"amount": "500.00"})).await;
        assert_eq!(less.json()["amount"], "1000.00");
        let longer = site
            .post(&operator, &format!("{letter}/extend"), &json!({"valid_until": "2028-02-29"}))
            .await;
        assert_eq!(longer.json()["valid_until"], "2028-02-29");
        let shown = site.get(&operator, &format!("/api/v1/guarantees/{PLATFORM}")).await.json();
        assert_eq!(shown["sums"]["available"], "0.00");
        assert_eq!(shown["sums"]["due"], "1000.00");
        assert_eq!(shown["instruments"][0]["number"], "LG-1");
    });
}

#[test]
fn wrong_input_names_the_field_and_what_is_expected() {
    check(|site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let letter = lodged(&site, &operator, PLATFORM).await;
        let path = format!("/api/v1/guarantees/{PLATFORM}");
        for (method, path, body, status, field) in [
            (Method::PUT, path.clone(), json!({"role": "king"}), 422, "role"),
            (Method::PUT, path.clone(), json!({"role": "broker"}), 422, "role"),
            (Method::POST, format!("{letter}/top-up"), json!({"amount": "1.005"}), 422, "amount"),
            (Method::POST, format!("{letter}/top-up"), json!({"amount": "-1"}), 422, "amount"),
            (Method::POST, format!("{letter}/reduce"), json!({"amount": "x"}), 422, "amount"),
            (
                Method::POST,
                format!("{letter}/extend"),
                json!({"valid_until": "soon"}),
                422,
                "valid_until",
            ),
            (
                Method::GET,
                format!("{path}/statement?from=2026-03-01&to=2026-02-01"),
                json!({}),
                400,
                "to",
            ),
            (
                Method::GET,
                format!("{path}/statement?from=2026-03-01&to=2028-02-01"),
                json!({}),
                400,
                "to",
            ),
            (Method::GET, format!("{path}/statement?from=2026-03-01"), json!({}), 400, "to"),
            (Method::GET, "/api/v1/tax-bills?state=odd".to_owned(), json!({}), 400, "state"),
            (Method::GET, "/api/v1/tax-bills?colour=red".to_owned(), json!({}), 400, "colour"),
        ] {
            let kind = [("content-type", "application/json")];
            let name = format!("{method} {path}");
            let answer =
                site.request(method, &path, Some(&operator), &kind, body.to_string()).await;
            assert_eq!(answer.status, status, "{name}: {}", answer.text);
            let json = answer.json();
            assert_eq!(json["errors"][0]["field"], field, "{name}: {}", answer.text);
            assert!(json["errors"][0]["remedy_en"].as_str().is_some_and(|text| !text.is_empty()));
        }
    });
}

#[test]
fn a_bill_is_followed_and_paid_over_http() {
    check(|site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        lodged(&site, &operator, PLATFORM).await;
        declared(&site, (1..=5).map(|n| charge(n, 1_000)).collect()).await;
        advance(&site, "2026-04-15").await;
        let list = site.get(&operator, "/api/v1/tax-bills?state=closed").await.json();
        let bill = &list["items"][0];
        assert_eq!((&bill["tax"]["total"], &bill["inventories"]), (&json!("50.00"), &json!(5)));
        assert_eq!((&bill["pay_by"], &bill["guarantor"]), (&json!("2026-04-15"), &json!(PLATFORM)));
        let path = format!("/api/v1/tax-bills/{}", bill["id"].as_str().unwrap());
        let mut seen = 0;
        let mut next = format!("{path}/inventories?limit=2");
        loop {
            let page = site.get(&operator, &next).await.json();
            seen += page["items"].as_array().unwrap().len();
            match page["next"].as_str() {
                Some(after) => next = format!("{path}/inventories?limit=2&after={after}"),
                None => break,
            }
        }
        assert_eq!(seen, 5);
        let csv = site.get(&operator, &format!("{path}/inventories.csv")).await;
        assert_eq!(csv.text.lines().count(), 7, "{}", csv.text);
        assert!(csv.text.contains("合计 Total,,,,0.00,50.00,0.00,50.00,0.00"), "{}", csv.text);
        let issued =
            site.post(&operator, &format!("{path}/issue"), &json!({"notice": "4251L1"})).await;
        assert_eq!((issued.status, &issued.json()["state"]), (200, &json!("issued")));
        let pay = |amount: &str| json!({"amount": amount, "on": "2026-04-15", "reference": "R1"});
        let wrong = site.post(&operator, &format!("{path}/pay"), &pay("49.99")).await;
        assert_eq!((wrong.status, wrong.code().as_str()), (409, "bill.amount_differs"));
        let paid = site.post(&operator, &format!("{path}/pay"), &pay("50.00")).await;
        assert_eq!((paid.status, &paid.json()["paid_on"]), (200, &json!("2026-04-15")));
        let late = site.post(&operator, &format!("{path}/void"), &json!({"reason": "误"})).await;
        assert_eq!((late.status, late.code().as_str()), (409, "bill.state"));
        let back =
            site.post(&operator, &format!("{path}/refund"), &json!({"reason": "退税"})).await;
        assert_eq!(back.json()["refunded"], "50.00");
        assert_eq!(back.json()["state"], "refunded");
    });
}

#[test]
fn a_firm_sees_its_own_and_nothing_else_exists() {
    check(|site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        lodged(&site, &operator, PLATFORM).await;
        lodged(&site, &operator, CARRIER).await;
        let by_firm = json!({"role": "platform", "bill_by": "guarantor_firm"});
        put(&site, &operator, &format!("/api/v1/guarantees/{PLATFORM}"), &by_firm).await;
        declared(&site, vec![charge(1, 1_000), Charge { firm: OTHER, ..charge(2, 700) }]).await;
        advance(&site, "2026-04-01").await;
        let own = site.key(Role::Firm, Some(PLATFORM)).await.unwrap();
        let seller = site.key(Role::Firm, Some(SELLER)).await.unwrap();
        let stranger = site.key(Role::Firm, Some(CARRIER)).await.unwrap();
        let broker = site.key(Role::Firm, Some(BROKER)).await.unwrap();
        let count = async |key: &Secret, path: &str| {
            let answer = site.get(key, path).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.json()["items"].as_array().unwrap().len()
        };
        assert_eq!(count(&own, "/api/v1/guarantees").await, 1);
        assert_eq!(count(&seller, "/api/v1/guarantees").await, 0);
        assert_eq!(count(&own, "/api/v1/tax-bills").await, 2);
        assert_eq!(count(&seller, "/api/v1/tax-bills").await, 1);
        assert_eq!(count(&stranger, "/api/v1/tax-bills").await, 0);
        assert_eq!(count(&broker, "/api/v1/withholding").await, 1);
        assert_eq!(count(&seller, "/api/v1/withholding").await, 0);
        let bills = site.get(&own, "/api/v1/tax-bills").await.json();
        let period = "from=2026-03-01&to=2026-03-31";
        for bill in bills["items"].as_array().unwrap() {
            let path = format!("/api/v1/tax-bills/{}", bill["id"].as_str().unwrap());
            assert!(site.is_hidden(&stranger, &path).await);
            assert!(site.is_hidden(&stranger, &format!("{path}/inventories")).await);
            let is_sellers = bill["firm"] == SELLER;
            assert_eq!(site.is_hidden(&seller, &path).await, !is_sellers);
        }
        let guarantee = format!("/api/v1/guarantees/{PLATFORM}");
        for path in [
            guarantee.clone(),
            format!("{guarantee}/movements"),
            format!("{guarantee}/statement?{period}"),
            format!("{guarantee}/statement.csv?{period}"),
            format!("/api/v1/withholding/{BROKER}/statement?{period}"),
        ] {
            assert!(site.is_hidden(&stranger, &path).await, "{path}");
            assert_eq!(site.get(&operator, &path).await.status, 200, "{path}");
        }
        let refused = site.post(&own, &format!("{guarantee}/instruments"), &json!({})).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "auth.missing_scope"));
    });
}

#[test]
fn a_statement_is_json_and_csv() {
    check(|site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        lodged(&site, &operator, PLATFORM).await;
        declared(&site, vec![charge(1, 2_539)]).await;
        let path = format!("/api/v1/guarantees/{PLATFORM}");
        let period = "from=2026-03-01&to=2026-03-31";
        let json = site.get(&operator, &format!("{path}/statement?{period}")).await.json();
        assert_eq!(json["opening"]["available"], "0.00");
        assert_eq!(json["closing"]["available"], "974.61");
        assert_eq!(json["closing"]["due"], "25.39");
        assert_eq!(json["by_firm"].as_array().unwrap().len(), 2);
        let csv = site.get(&operator, &format!("{path}/statement.csv?{period}")).await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        assert!(csv.text.starts_with("\u{feff}日期 Day,"), "{}", csv.text);
        assert!(csv.text.contains("期末 Closing"), "{}", csv.text);
        let path = format!("/api/v1/withholding/{BROKER}");
        let json = site.get(&operator, &format!("{path}/statement?{period}")).await.json();
        assert_eq!(json["closing"][0]["withheld"], "25.39");
        let csv = site.get(&operator, &format!("{path}/statement.csv?{period}")).await;
        assert!(csv.text.contains("25.39"), "{}", csv.text);
        let moves =
            site.get(&operator, &format!("/api/v1/guarantees/{PLATFORM}/movements?limit=2")).await;
        assert_eq!(moves.json()["items"].as_array().unwrap().len(), 2);
        assert!(moves.json()["next"].is_string());
    });
}

#[test]
fn every_door_is_guarded() {
    check(|site| async move {
        assert_eq!(site.open_doors().await.unwrap(), Vec::<String>::new());
    });
}
