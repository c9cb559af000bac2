//! Opening sealed originals: by whom, what for, and that it is written down.

use web::{Role, Scope, Scopes};

use super::api::Door;
use super::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_original_is_opened_for_a_purpose_and_audited() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    let sent = door.post(&door.firm(PLATFORM).await, "/api/v1/orders", &parcel.order()).await;
    let id = sent.json()["message_id"].as_str().expect("an id").to_owned();
    let path = |purpose: &str| format!("/api/v1/messages/{id}/original?purpose={purpose}");
    let officer = door.site.key(Role::Officer, None).await.expect("a key");
    for key in [&officer, &door.operator().await, &door.firm(PLATFORM).await] {
        let opened = door.get(key, &path("check")).await;
        assert_eq!((opened.status, opened.header("content-type")), (200, "application/xml"));
        assert!(opened.text.contains(&parcel.buyer) && opened.text.starts_with("<?xml"));
        let name = format!("attachment; filename=\"{id}.xml\"");
        assert_eq!(opened.header("content-disposition"), name);
    }
    let typed = path(&format!("call-13812345678-{}", parcel.buyer));
    assert_eq!(door.get(&officer, &typed).await.status, 200);
    let openings = "SELECT COUNT(*) FROM db_audit WHERE act = 'original.open'";
    assert_eq!(door.house.count(openings), 4);
    let unmasked = format!("{openings} AND detail LIKE '%{}%'", parcel.buyer);
    assert_eq!(door.house.count(&unmasked), 0);
    // The seller is named by it and did not send it.
    for code in [SELLER, OTHER_SELLER] {
        assert_eq!(door.get(&door.firm(code).await, &path("check")).await.status, 404, "{code}");
    }
    for purpose in ["ab", &"x".repeat(201), ""] {
        let answer = door.get(&officer, &path(purpose)).await;
        assert_eq!(answer.status, 400, "{purpose}");
    }
    let none = format!("/api/v1/messages/{id}/original");
    assert_eq!(door.get(&officer, &none).await.code(), "query.missing");
    let absent = "/api/v1/messages/msg_000000000000g/original?purpose=check";
    assert_eq!(door.get(&officer, absent).await.status, 404);
    assert_eq!(door.house.count(openings), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_firm_the_scope_for_originals_is_needed() {
    let door = Door::open();
    let sent =
        door.post(&door.firm(PLATFORM).await, "/api/v1/orders", &Parcel::new(1).order()).await;
    let id = sent.json()["message_id"].clone();
    let reader = Scopes::NONE.with(Scope::MessagesRead);
    let key = door.site.key_with(reader, None).await.expect("a key");
    let path = format!("/api/v1/messages/{}/original?purpose=check", id.as_str().expect("an id"));
    let answer = door.get(&key, &path).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "auth.missing_scope"));
}
