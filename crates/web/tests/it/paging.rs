//! Lists page by key.

use serde_json::json;
use web::Role;

use crate::check;

#[test]
fn pages_join_up_without_gaps_and_end() {
    check(|site| async move {
        let key = site.key(Role::Firm, Some("3703960ABC")).await.unwrap();
        for n in 0..5 {
            let body = json!({"name": format!("茶{n}"), "count": 1});
            assert_eq!(site.post(&key, "/api/v1/things", &body).await.status, 201);
        }
        let (mut names, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page =
                site.get(&key, &format!("/api/v1/things?limit=2&after={after}")).await.json();
            pages += 1;
            names.extend(page["items"].as_array().unwrap().iter().map(|t| t["name"].to_string()));
            match page["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(pages, 3);
        assert_eq!(names.join(","), r#""茶0","茶1","茶2","茶3","茶4""#);
        let exact = site.get(&key, "/api/v1/things?limit=5").await.json();
        assert!(exact["next"].is_null(), "a full last page has no next");
        let one = site.get(&key, "/api/v1/things?name=%E8%8C%B63").await.json();
        assert_eq!(one["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_cursor_that_was_altered_or_belongs_elsewhere_is_refused() {
    check(|site| async move {
        let key = site.key(Role::Operator, None).await.unwrap();
        site.key(Role::Officer, None).await.unwrap();
        let page = site.get(&key, "/api/v1/api-keys?limit=1").await.json();
        let cursor = page["next"].as_str().unwrap().to_owned();
        let mut altered = cursor.clone().into_bytes();
        let last = altered.len() - 2;
        altered[last] = if altered[last] == b'M' { b'N' } else { b'M' };
        let altered = String::from_utf8(altered).unwrap();
        for (list, cursor) in [
            ("api-keys", altered.as_str()),
            ("things", cursor.as_str()),
            ("api-keys", "1"),
            ("api-keys", "%00"),
            ("api-keys", ""),
        ] {
            let answer = site.get(&key, &format!("/api/v1/{list}?after={cursor}")).await;
            if cursor.is_empty() {
                assert_eq!(answer.status, 200, "an empty cursor is none");
            } else {
                assert_eq!(answer.code(), "query.cursor", "{list} {cursor}");
            }
        }
        let two = site.get(&key, "/api/v1/api-keys?limit=0&color=red").await.json();
        let fields: Vec<_> =
            two["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
        assert_eq!(fields, ["limit", "color"], "all findings at once");
    });
}
