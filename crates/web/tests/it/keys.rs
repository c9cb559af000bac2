//! API keys from issue to revocation.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;
use web::keys::{self, NewKey};
use web::{Role, Settings};

use crate::{check, check_with};

#[test]
fn a_key_works_until_it_is_revoked() {
    check(|site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let new = json!({"name": "ERP", "party": "3703960ABC", "role": "firm"});
        let issued = site.post(&operator, "/api/v1/api-keys", &new).await;
        assert_eq!(issued.status, 201, "{}", issued.text);
        let (secret, id) = (issued.json()["secret"].clone(), issued.json()["key"]["id"].clone());
        let bearer = format!("bearer {}", secret.as_str().unwrap());
        let path = format!("/api/v1/api-keys/{}", id.as_str().unwrap());
        let ask = async || {
            let headers = [("authorization", bearer.as_str())];
            site.request(Method::GET, "/api/v1/caller", None, &headers, Body::empty()).await
        };

        let me = ask().await;
        assert_eq!((me.status, &me.json()["party"]), (200, &json!("3703960ABC")));
        assert_eq!(me.json()["server_time"], "2026-11-23T10:00:00.000+08:00");
        let shown = site.get(&operator, &path).await;
        assert!(!shown.text.contains(secret.as_str().unwrap()), "never shown again");
        assert_eq!(shown.json()["state"], "active");

        assert_eq!(site.delete(&operator, &path).await.json()["state"], "revoked");
        let refused = ask().await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "auth.revoked"));
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        assert_eq!(site.delete(&operator, &path).await.status, 200, "revoking twice is fine");
    });
}

#[test]
fn a_key_ends_with_its_last_day_in_beijing() {
    check(|site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let new = json!({"name": "day", "role": "officer", "expires_on": "2026-11-23"});
        let issued = site.post(&operator, "/api/v1/api-keys", &new).await.json();
        assert_eq!(issued["key"]["expires_at"], "2026-11-24T00:00:00.000+08:00");
        let bearer = format!("Bearer {}", issued["secret"].as_str().unwrap());
        let ask = async || {
            let headers = [("authorization", bearer.as_str())];
            site.request(Method::GET, "/api/v1/caller", None, &headers, Body::empty()).await
        };
        site.clock.advance(14 * 3_600_000 - 1);
        assert_eq!(ask().await.status, 200);
        site.clock.advance(1);
        assert_eq!(ask().await.code(), "auth.expired");
        let past = json!({"name": "day", "role": "officer", "expires_on": "2026-11-23"});
        let late = site.post(&operator, "/api/v1/api-keys", &past).await;
        assert_eq!((late.status, late.code().as_str()), (422, "key.expired"));
    });
}

#[test]
fn what_is_not_a_key_of_ours_is_refused_with_the_reason() {
    check(|site| async move {
        let good = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let mut mistyped = good.reveal().to_owned();
        mistyped.pop();
        mistyped.push(if good.reveal().ends_with('0') { '1' } else { '0' });
        let mistyped = format!("Bearer {mistyped}");
        for (header, code) in [
            ("Bearer", "auth.scheme"),
            ("Basic dXNlcjpwYXNz", "auth.scheme"),
            ("Bearer ", "auth.unknown"),
            ("Bearer kouan_guess", "auth.unknown"),
            (mistyped.as_str(), "auth.unknown"),
        ] {
            let headers = [("authorization", header)];
            let answer =
                site.request(Method::GET, "/api/v1/caller", None, &headers, Body::empty()).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, code), "{header}");
        }
    });
}

#[test]
fn a_key_with_faults_is_not_issued_and_every_fault_is_told() {
    check(|site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let cases = [
            (json!({"name": "x", "role": "firm"}), vec!["key.role_party"]),
            (json!({"name": "x", "role": "operator", "party": "A1"}), vec!["key.role_party"]),
            (json!({"name": "x"}), vec!["key.role_or_scopes"]),
            (json!({"name": "x", "scopes": ["a", "b"]}), vec!["key.unknown_scope"; 2]),
            (
                json!({"name": " ", "party": "企业", "scopes": ["keys:write"]}),
                vec!["key.name", "key.party", "key.internal_scope"],
            ),
            (json!({"name": "x", "scopes": []}), vec!["key.no_scope"]),
        ];
        for (body, codes) in cases {
            let answer = site.post(&operator, "/api/v1/api-keys", &body).await;
            let json = answer.json();
            let told: Vec<_> =
                json["errors"].as_array().unwrap().iter().map(|e| e["code"].clone()).collect();
            assert_eq!((answer.status, told), (422, codes.iter().map(|c| json!(c)).collect()));
        }
        let listed = site.get(&operator, "/api/v1/api-keys").await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn the_first_operator_key_is_made_once() {
    check(|site| async move {
        let ensure = async || {
            let new = NewKey::of_role(Role::Operator, "bootstrap", None);
            site.write(move |tx, ctx| keys::ensure(tx, ctx, &new)).await.unwrap()
        };
        let created = ensure().await.unwrap();
        assert!(ensure().await.is_none());
        assert_eq!(site.get(&created.secret, "/api/v1/api-keys").await.status, 200);
        assert_eq!(format!("{:?}", created.secret), "Secret(kouan_…)");
        let id = created.key.id;
        site.write(move |tx, ctx| keys::revoke(tx, ctx, id)).await.unwrap();
        assert!(ensure().await.is_some(), "a revoked one does not count");
    });
}

#[test]
fn a_revocation_elsewhere_is_noticed_within_the_time_set() {
    check(|site| async move {
        let created = site
            .write(|tx, ctx| keys::create(tx, ctx, &NewKey::of_role(Role::Officer, "x", None)))
            .await
            .unwrap();
        assert_eq!(site.get(&created.secret, "/api/v1/caller").await.status, 200);
        let id = created.key.id;
        // Straight in the database, as another node does.
        site.write(move |tx, ctx| keys::revoke(tx, ctx, id)).await.unwrap();
        site.clock.advance(Settings::default().key_cache_ms - 1);
        assert_eq!(site.get(&created.secret, "/api/v1/caller").await.status, 200);
        site.clock.advance(1);
        assert_eq!(site.get(&created.secret, "/api/v1/caller").await.code(), "auth.revoked");
    });
}

#[test]
fn last_use_is_saved_in_one_go_and_only_when_there_was_any() {
    let settings = Settings { key_cache_ms: 1, ..Settings::default() };
    check_with(settings, |site| async move {
        let operator = site.key(Role::Operator, None).await.unwrap();
        let flush = async || {
            let app = site.app.clone();
            let flushed = tokio::task::spawn_blocking(move || keys::flush_last_used(&app));
            flushed.await.unwrap().unwrap()
        };
        assert_eq!(flush().await, 0);
        site.get(&operator, "/api/v1/caller").await;
        // A reload of the key in between does not lose the use.
        site.clock.advance(5_000);
        site.get(&operator, "/api/v1/caller").await;
        assert_eq!(flush().await, 1);
        assert_eq!(flush().await, 0);
        let keys = site.get(&operator, "/api/v1/api-keys").await.json();
        assert_eq!(keys["items"][0]["last_used_at"], "2026-11-23T10:00:05.000+08:00");
    });
}
