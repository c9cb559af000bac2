//! What every operation has in common: who is let in, and how "no" is said.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use serde_json::json;
use web::{Role, Settings};

use crate::{check, check_with, shop};

#[test]
fn every_operation_refuses_the_nameless_and_the_unauthorised() {
    check(|site| async move {
        assert_eq!(site.open_doors().await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn the_matrix_names_every_operation_with_its_scope_and_roles() {
    let matrix = web::permissions(&[shop::module()]);
    let line = |start: &str| {
        let found = matrix.lines().find(|line| line.starts_with(start)).unwrap_or_default();
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("POST   /api/v1/things "), "POST /api/v1/things clearance:write firm operator");
    assert_eq!(
        line("GET    /api/v1/things "),
        "GET /api/v1/things clearance:read firm officer operator"
    );
    assert_eq!(
        line("DELETE /api/v1/api-keys/{id}"),
        "DELETE /api/v1/api-keys/{id} keys:write operator"
    );
    assert_eq!(line("GET    /health/live"), "GET /health/live public firm officer operator");
    let document = serde_json::to_value(web::openapi(&[shop::module()])).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let documented: usize = paths.map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(web::operations(&[shop::module()]).len(), documented);
}

#[test]
fn a_room_that_clashes_with_another_is_told_so() {
    let twice = web::misdeclared(&[shop::module(), shop::module()]);
    assert!(twice.iter().any(|fault| fault.contains("GET /api/v1/things is declared twice")));
    assert_eq!(web::misdeclared(&[shop::module()]), Vec::<String>::new());
}

#[test]
fn another_firms_thing_looks_as_if_it_did_not_exist() {
    check(|site| async move {
        let mine = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let theirs = site.key(Role::Firm, Some("3703960XYZ")).await.unwrap();
        let operator = site.key(Role::Operator, None).await.unwrap();
        let added = site.post(&mine, "/api/v1/things", &json!({"name": "茶", "count": 1})).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let path = format!("/api/v1/things/{}", added.json()["id"].as_str().unwrap());

        assert!(site.is_hidden(&theirs, &path).await);
        assert_eq!(site.get(&mine, &path).await.json()["name"], "茶");
        assert_eq!(site.get(&operator, &path).await.status, 200);
        let foreign = site.get(&theirs, &path).await.json();
        let missing = site.get(&theirs, "/api/v1/things/thg_0000000000001").await.json();
        assert_eq!(foreign["errors"], missing["errors"]);
        // A text that cannot be an id does not exist either.
        assert_eq!(site.get(&mine, "/api/v1/things/1;drop").await.status, 404);
    });
}

#[test]
fn every_refusal_has_a_code_both_languages_a_remedy_and_the_request_id() {
    check(|site| async move {
        let key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let json_type = ("content-type", "application/json");
        let cases = [
            (Method::GET, "/api/v1/nowhere", None, "", 404, "request.no_route"),
            (Method::PUT, "/api/v1/things", None, "", 405, "request.method"),
            (Method::POST, "/api/v1/things", Some(json_type), "{", 400, "body.not_json"),
            (Method::POST, "/api/v1/things", Some(json_type), "{}", 400, "body.wrong_shape"),
            (Method::POST, "/api/v1/things", None, "{}", 415, "body.wrong_type"),
            (Method::GET, "/api/v1/things?nme=x", None, "", 400, "query.unknown"),
            (Method::GET, "/api/v1/things?limit=501", None, "", 400, "query.invalid"),
            (Method::GET, "/api/v1/things/none", None, "", 404, "request.not_found"),
            (Method::GET, "/api/v1/things-crash", None, "", 500, "platform.fault"),
        ];
        for (method, path, header, body, status, code) in cases {
            let headers: Vec<_> = header.into_iter().collect();
            let answer = site.request(method, path, Some(&key), &headers, body).await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
            let error = &answer.json()["errors"][0];
            for part in ["zh", "en", "remedy_zh", "remedy_en", "remedy"] {
                assert_ne!(error[part].as_str().unwrap_or_default(), "", "{path} {part}");
            }
            assert_eq!(answer.json()["request_id"], answer.header("x-request-id"), "{path}");
            assert!(!answer.text.contains("shelf"), "the cause is not shown: {}", answer.text);
        }
    });
}

#[test]
fn findings_of_a_flow_arrive_all_at_once_with_their_fields() {
    check(|site| async move {
        let key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let answer = site.post(&key, "/api/v1/things", &json!({"name": "", "count": 0})).await;
        assert_eq!(answer.status, 422);
        let fields: Vec<_> = answer.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["field"].clone())
            .collect();
        assert_eq!(fields, ["count", "name"]);

        let refused = site.post(&key, "/api/v1/things", &json!({"name": "刀", "count": 1})).await;
        assert_eq!((refused.status, refused.code().as_str()), (409, "shop.forbidden_goods"));
        assert_eq!(refused.json()["errors"][0]["remedy_zh"], "请更换商品");

        let tea = json!({"name": "茶", "count": 1});
        assert_eq!(site.post(&key, "/api/v1/things", &tea).await.status, 201);
        let twice = site.post(&key, "/api/v1/things", &tea).await;
        assert_eq!((twice.status, twice.code().as_str()), (409, "record.exists"));
    });
}

#[test]
fn a_request_id_is_taken_over_when_sane_and_made_otherwise() {
    check(|site| async move {
        let ask = async |id: &str| {
            let headers = [("x-request-id", id)];
            site.request(Method::GET, "/health/live", None, &headers, Body::empty()).await
        };
        assert_eq!(ask("erp-2026-000123").await.header("x-request-id"), "erp-2026-000123");
        for bad in ["short", "has space in it", "a\"b'c<d>efg", &"x".repeat(65)] {
            assert!(ask(bad).await.header("x-request-id").starts_with("req_"), "{bad}");
        }
    });
}

#[test]
fn too_large_a_body_is_refused_whether_announced_or_not() {
    let settings = Settings { body_bytes_max: 100, ..Settings::default() };
    check_with(settings, |site| async move {
        let key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let headers = [("content-type", "application/json")];
        let body = "x".repeat(101);
        let path = "/api/v1/things";
        let quiet = site.request(Method::POST, path, Some(&key), &headers, body.clone()).await;
        assert_eq!((quiet.status, quiet.code().as_str()), (413, "body.too_large"));
        assert_eq!(quiet.json()["errors"][0]["expected"], "≤ 100 bytes");
        let headers = [("content-type", "application/json"), ("content-length", "101")];
        let told = site.request(Method::POST, path, Some(&key), &headers, body).await;
        assert_eq!((told.status, told.code().as_str()), (413, "body.too_large"));
    });
}

#[test]
fn a_request_that_takes_too_long_is_told_to_ask_again() {
    let settings = Settings { request_timeout: Duration::from_millis(50), ..Settings::default() };
    check_with(settings, |site| async move {
        // Known to the key ring first, so that only the route itself hangs.
        let key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        let answer = site.get(&key, "/api/v1/things-hang").await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "request.timeout"));
        assert_eq!(answer.header("retry-after"), "5");
    });
}

#[test]
fn when_too_many_wait_the_next_is_told_when_to_come_back() {
    let settings = Settings { waiting_max: 0, ..Settings::default() };
    check_with(settings, |site| async move {
        let flow = |_: &mut db::Tx, _: &db::Ctx| Ok::<(), db::DbError>(());
        let busy = site.write(flow).await.unwrap_err();
        assert_eq!((busy.status().as_u16(), busy.code()), (503, "platform.busy"));
        let ready = site.request(Method::GET, "/health/ready", None, &[], Body::empty()).await;
        assert_eq!((ready.status, ready.header("retry-after")), (503, "5"));
    });
}

#[test]
fn ready_means_the_database_and_every_room_are_well() {
    check(|site| async move {
        let ask = async || site.request(Method::GET, "/health/ready", None, &[], "").await;
        let ready = ask().await;
        assert_eq!((ready.status, &ready.json()["status"]), (200, &json!("ready")));
        let names: Vec<_> =
            ready.json()["checks"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
        assert_eq!(names, ["database", "writing", "disk", "shelf"]);

        site.app.share(Arc::new(shop::Shelf));
        let unwell = ask().await;
        assert_eq!((unwell.status, unwell.header("retry-after")), (503, "5"));
        assert_eq!(unwell.json()["checks"][3]["zh"], "货架已满");
        let live = site.request(Method::GET, "/health/live", None, &[], "").await;
        assert_eq!(live.status, 200, "alive all the same");
    });
}

#[test]
fn what_runs_beside_the_door_has_a_say_in_readiness() {
    check(|site| async move {
        let ask = async || site.request(Method::GET, "/health/ready", None, &[], "").await;
        site.app.also_check("workers", || Err(kernel::Text::new("后台任务出错", "a bug")));
        let unwell = ask().await;
        assert_eq!(unwell.status, 503);
        let last = unwell.json()["checks"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["name"], &last["en"]), (&json!("workers"), &json!("a bug")));
        site.app.also_check("workers", || Ok(()));
        assert_eq!(ask().await.status, 200, "the later word of a name counts");
    });
}

#[test]
fn the_document_is_openapi_3_1_and_tells_the_scope_of_every_operation() {
    check(|site| async move {
        let document =
            site.request(Method::GET, "/api/openapi.json", None, &[], Body::empty()).await.json();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        for route in web::operations(&[shop::module()]) {
            let operation = &document["paths"][&route.path][route.method.to_lowercase()];
            let security = &operation["security"][0];
            match route.access {
                web::Access::Scope(scope) => assert_eq!(security["api_key"], json!([scope.name()])),
                web::Access::AnyKey => assert_eq!(security["api_key"], json!([])),
                web::Access::Public => assert_eq!(*security, json!({})),
            }
            assert!(operation["responses"]["500"].is_object(), "{}", route.path);
        }
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut refs = Vec::new();
        collect_refs(&document, &mut refs);
        for name in refs.iter().filter_map(|r| r.strip_prefix("#/components/schemas/")) {
            assert!(schemas.contains_key(name), "{name} is referred to and not described");
        }
        let page = site.request(Method::GET, "/api/docs/", None, &[], Body::empty()).await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("://"), "the page loads nothing from elsewhere");
    });
}

fn collect_refs(value: &serde_json::Value, refs: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (name, value) in map {
                match value.as_str() {
                    Some(text) if name == "$ref" => refs.push(text.to_owned()),
                    _ => collect_refs(value, refs),
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| collect_refs(value, refs)),
        _ => {}
    }
}
