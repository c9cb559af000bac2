//! The API: handing in, looking up, acting, and who sees what.

use axum::http::Method;
use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use ceb::signature::{Spelling, sign};
use clearance::document::Kind;
use kernel::Clock;
use rand::SeedableRng;
use rand::rngs::StdRng;
use register::party::Purpose;
use serde_json::{Value as Json, json};
use web::Role;
use web::keys::Secret;
use web::test::{Answer, Site};

use super::support::*;

/// Clearance behind the door, in memory.
pub(crate) struct Door {
    pub(crate) site: Site,
    pub(crate) house: House,
}

impl Door {
    pub(crate) fn open() -> Door {
        let site = web::test::site(&db::test::memory(&[]), &modules()).expect("a site");
        let house = House::with(&site.app.db, site.clock.clone(), site.app.ids.clone());
        site.app.share(house.intake.clone());
        site.app.share(house.reference.clone());
        Door { site, house }
    }

    pub(crate) async fn firm(&self, code: &str) -> Secret {
        self.site.key(Role::Firm, Some(code)).await.expect("a key")
    }

    pub(crate) async fn operator(&self) -> Secret {
        self.site.key(Role::Operator, None).await.expect("a key")
    }

    pub(crate) async fn post(&self, key: &Secret, path: &str, body: &Json) -> Answer {
        self.site.post(key, path, body).await
    }

    async fn post_xml(&self, key: &Secret, bytes: Vec<u8>) -> Answer {
        let kind = [("content-type", "application/xml")];
        self.site.request(Method::POST, "/api/v1/messages", Some(key), &kind, bytes).await
    }

    async fn post_once(&self, key: &Secret, path: &str, body: &Json, mark: &str) -> Answer {
        let headers = [("content-type", "application/json"), ("idempotency-key", mark)];
        self.site.request(Method::POST, path, Some(key), &headers, body.to_string()).await
    }

    pub(crate) async fn get(&self, key: &Secret, path: &str) -> Answer {
        self.site.get(key, path).await
    }

    /// Hands a whole parcel in, each document by its own firm; gives the inventory's id.
    pub(crate) async fn parcel(&self, parcel: &Parcel) -> String {
        for (code, path, document) in [
            (PLATFORM, "orders", parcel.order()),
            (PAYMENT, "payments", parcel.payment()),
            (CARRIER, "waybills", parcel.waybill()),
            (BROKER, "inventories", parcel.inventory()),
        ] {
            let answer =
                self.post(&self.firm(code).await, &format!("/api/v1/{path}"), &document).await;
            assert_eq!(answer.status, 202, "{path}: {}", answer.text);
        }
        let list = self
            .get(&self.operator().await, &format!("/api/v1/inventories?cop_no={}", parcel.cop_no()))
            .await;
        list.json()["items"][0]["id"].as_str().expect("an id").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_by_json_from_order_to_timeline() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    let id = door.parcel(&parcel).await;
    door.house.send();
    for (status, second) in [(2, 1), (120, 4), (800, 9)] {
        door.house.answer(&parcel, status, second);
    }
    let broker = door.firm(BROKER).await;
    let one = door.get(&broker, &format!("/api/v1/inventories/{id}")).await.json();
    assert_eq!((&one["state"], &one["quota"]), (&json!("released"), &json!("used")));
    assert_eq!(one["document"]["buyerName"], "李**");
    assert_eq!(one["actions"], json!(["return"]));
    assert_eq!(one["tax"]["customs_value"], "200.00");
    let line = door.get(&broker, &format!("/api/v1/inventories/{id}/timeline")).await.json();
    let codes: Vec<_> = line["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|s| s["code"].as_str().unwrap_or(""))
        .collect();
    assert!(codes.starts_with(&["received"]) && codes.ends_with(&["120", "800"]), "{codes:?}");
    assert_eq!(line["next"]["step"], "delivery");
    let release = line["steps"].as_array().expect("steps").last().expect("a step");
    assert_eq!(
        (&release["sender"], &release["since_previous_ms"]),
        (&json!("customs"), &json!(5_000))
    );
    let cancel = line["actions"].as_array().expect("acts").iter().find(|a| a["action"] == "cancel");
    assert!(cancel.is_some_and(|a| a["allowed"] == false && a["instead"]["en"].is_string()));
    let receipts = door.get(&broker, &format!("/api/v1/inventories/{id}/receipts")).await.json();
    assert_eq!(receipts.as_array().map(Vec::len), Some(3));
    let refused = door
        .post(
            &broker,
            &format!("/api/v1/inventories/{id}/cancel"),
            &json!({
                "reason": "x", "buyer_id_number": parcel.buyer, "buyer_name": "李小宝",
                "buyer_telephone": "13812345678",
            }),
        )
        .await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "action.released"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firm_sees_only_what_names_it() {
    let door = Door::open();
    let id = door.parcel(&Parcel::new(1)).await;
    let path = format!("/api/v1/inventories/{id}");
    for (code, status) in
        [(BROKER, 200), (SELLER, 200), (CARRIER, 200), (OTHER_SELLER, 404), (PAYMENT, 404)]
    {
        let key = door.firm(code).await;
        assert_eq!(door.get(&key, &path).await.status, status, "{code}");
        for part in ["timeline", "receipts", "findings"] {
            assert_eq!(
                door.get(&key, &format!("{path}/{part}")).await.status,
                status,
                "{code} {part}"
            );
        }
        let listed = door.get(&key, "/api/v1/inventories").await.json();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(usize::from(status == 200)));
        let orders = door.get(&key, "/api/v1/orders").await.json();
        let named = [PLATFORM, SELLER, PAYMENT].contains(&code);
        assert_eq!(orders["items"].as_array().map(Vec::len), Some(usize::from(named)), "{code}");
    }
    let other = door.firm(OTHER_SELLER).await;
    assert_eq!(door.get(&other, "/api/v1/trace/ORDER00000001").await.status, 404);
    // Handing in for somebody else is refused.
    let answer = door.post(&other, "/api/v1/orders", &Parcel::new(2).order()).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.code(), "party.role_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_by_json_and_xml_is_one_record() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    let key = door.firm(PLATFORM).await;
    let order = parcel.order();
    let kind = ceb::message_type("CEB311").expect("a type");
    let (document, findings) = ceb::document_from_json(kind, &order);
    assert!(findings.is_empty(), "{findings:?}");
    let mut message = ceb::Message::new(kind, "4CDE1CFD-EDED-46B1-946C-B8022E42FC94");
    message.documents = vec![document.expect("a document")];
    let mut transfer = ceb::Record::new(kind.transfer().expect("a block"));
    for (name, value) in [
        ("copCode", PLATFORM),
        ("copName", "平台"),
        ("dxpMode", "DXP"),
        ("dxpId", "DXPENT3703000001"),
    ] {
        assert!(transfer.set(name, value));
    }
    message.transfer = Some(transfer);
    let xml = ceb::write(&message).expect("written");
    // White space and zeros that say nothing make no other document.
    let xml = String::from_utf8(xml).expect("UTF-8").replace(
        "<ceb:acturalPaid>200</ceb:acturalPaid>",
        "<ceb:acturalPaid> 200.000 </ceb:acturalPaid>",
    );
    let first = door.post_xml(&key, xml.into_bytes()).await;
    assert_eq!(first.status, 202, "{}", first.text);
    let id = first.json()["items"][0]["id"].as_str().expect("an id").to_owned();
    let record = door.get(&key, &format!("/api/v1/orders/{id}")).await.json();
    let again = door.post(&key, "/api/v1/orders", &order).await;
    assert_eq!((again.status, &again.json()["items"][0]["id"]), (200, &json!(id)));
    assert_eq!(again.json()["status"], "repeated");
    // In another house by JSON first: the same content.
    let other = Door::open();
    let key = other.firm(PLATFORM).await;
    let json = other.post(&key, "/api/v1/orders", &order).await.json();
    let id = json["items"][0]["id"].as_str().expect("an id").to_owned();
    let other = other.get(&key, &format!("/api/v1/orders/{id}")).await.json();
    assert_eq!((&record["content"], &record["document"]), (&other["content"], &other["document"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_inventory_by_xml_and_what_spoils_it() {
    let door = Door::open();
    let now = door.site.clock.now();
    let key_of = |seed: u64, serial: &str| {
        let request = CertificateRequest {
            subject: "CN=示例,O=示例,C=CN".into(),
            serial: serial.into(),
            not_before: now.plus_millis(-1_000),
            not_after: now.plus_millis(86_400_000),
            authority: false,
        };
        SigningKey::generate(KeyKind::Sm2, &request, &mut StdRng::seed_from_u64(seed))
            .expect("a key")
    };
    let (broker, seller, stranger) = (key_of(1, "01"), key_of(2, "02"), key_of(3, "03"));
    let ctx = door.house.ctx();
    for (code, key) in [(BROKER, &broker), (OTHER_SELLER, &seller)] {
        let pem = key.to_pem().expect("PEM").certificate;
        door.house
            .db
            .write(|tx| {
                register::party::flow::register_certificate(
                    tx,
                    &ctx,
                    code,
                    pem.as_bytes(),
                    Purpose::Messages,
                )
            })
            .expect("registered");
    }
    door.house.reference.directory.refresh_from(&door.house.db).expect("read");
    let kind = ceb::message_type("CEB621").expect("a type");
    let (document, _) = ceb::document_from_json(kind, &Parcel::new(1).inventory());
    let mut message = ceb::Message::new(kind, "4CDE1CFD-EDED-46B1-946C-B8022E42FC95");
    message.documents = vec![document.expect("a document")];
    let mut transfer = ceb::Record::new(kind.transfer().expect("a block"));
    for (name, value) in [
        ("copCode", BROKER),
        ("copName", "报关"),
        ("dxpMode", "DXP"),
        ("dxpId", "DXPENT3703000015"),
    ] {
        transfer.set(name, value);
    }
    message.transfer = Some(transfer);
    let plain = ceb::write(&message).expect("written");
    let signed = |key| sign(&plain, key, Spelling::Sm2National).expect("signed");
    let api = door.firm(BROKER).await;
    let good = signed(&broker);
    let spoilt = String::from_utf8(good.clone()).expect("UTF-8").replace("李小宝", "王小宝");
    for (bytes, status, code) in [
        (plain.clone(), 422, "element.missing"),
        (spoilt.into_bytes(), 422, "signature.digest_mismatch"),
        (signed(&stranger), 422, "certificate.unknown"),
        (signed(&seller), 422, "party.role_missing"),
        (good, 202, ""),
    ] {
        let answer = door.post_xml(&api, bytes).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text);
    }
    assert_eq!(door.house.count("SELECT COUNT(*) FROM clearance_inventory"), 1);
    let parcel = Parcel::new(1);
    door.house.one(Kind::Order, parcel.order());
    door.house.one(Kind::Payment, parcel.payment());
    door.house.one(Kind::Waybill, parcel.waybill());
    let sent = door.house.send();
    let sent = sent.iter().find(|d| d.kind == Kind::Inventory).expect("sent");
    assert!(!sent.needs_signature && ceb::signature::verify(&sent.bytes).is_good());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_answered_with_findings() {
    let door = Door::open();
    let key = door.firm(PLATFORM).await;
    let order = Parcel::new(1).order();
    for (path, body, status) in [
        ("/api/v1/orders", json!([]), 400),
        ("/api/v1/orders", json!({}), 422),
        ("/api/v1/orders", with(order.clone(), "acturalPaid", "x"), 422),
        ("/api/v1/orders", with(order.clone(), "acturalPaid", "7"), 422),
        ("/api/v1/orders/batch", json!([]), 400),
        ("/api/v1/orders/batch", json!({ "items": 3 }), 400),
        ("/api/v1/orders/batch", json!([with(order.clone(), "orderNo", "")]), 422),
    ] {
        let answer = door.post(&key, path, &body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text);
        assert!(!answer.code().is_empty(), "{}", answer.text);
        assert!(answer.json()["request_id"].is_string());
    }
    let xml = door.post_xml(&key, b"<x>".to_vec()).await;
    assert_eq!(xml.status, 400, "{}", xml.text);
    assert_eq!(door.house.count("SELECT COUNT(*) FROM clearance_document"), 0);
    for path in [
        "/api/v1/orders?state=nonsense",
        "/api/v1/orders?from=x",
        "/api/v1/mismatches?whose=you",
        "/api/v1/receipts?effect=x",
    ] {
        assert_eq!(door.get(&key, path).await.status, 400, "{path}");
    }
    assert_eq!(door.get(&key, "/api/v1/inventories/xyz").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_item_by_item_and_a_key_repeats_it() {
    let door = Door::open();
    let key = door.firm(PLATFORM).await;
    let bad = with(Parcel::new(2).order(), "acturalPaid", "1");
    let body = json!([Parcel::new(1).order(), bad, Parcel::new(3).order()]);
    let send = || door.post_once(&key, "/api/v1/orders/batch", &body, "k-1");
    let first = send().await;
    assert_eq!((first.status, &first.json()["status"]), (202, &json!("partly")), "{}", first.text);
    let statuses: Vec<_> = first.json()["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| i["status"].clone())
        .collect();
    assert_eq!(statuses, ["accepted", "refused", "accepted"]);
    let again = send().await;
    assert_eq!((again.status, again.text.as_str()), (202, first.text.as_str()));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = json!([Parcel::new(9).order()]);
    let other = door.post_once(&key, "/api/v1/orders/batch", &other, "k-1").await;
    assert_eq!((other.status, other.code().as_str()), (409, "idempotency.reused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_filter_and_page() {
    let door = Door::open();
    let parcels: Vec<_> =
        (1..=5).map(|n| Parcel { buyer: identity_number(n), ..Parcel::new(n) }).collect();
    for parcel in &parcels {
        door.house.parcel(parcel);
    }
    door.house.send();
    door.house.answer(&parcels[0], 800, 5);
    let key = door.operator().await;
    for (query, count) in [
        ("", 5),
        ("state=released", 1),
        ("state=sent", 4),
        ("mode=9610", 0),
        ("order_no=ORDER00000003", 1),
        ("waybill_no=WB00000003", 1),
        ("invt_no=42512026I000000001", 1),
        ("cop_no=COP00000002", 1),
        ("from=2026-11-23&to=2026-11-23", 5),
        ("from=2026-11-24", 0),
        ("party=91370303XAK1513546", 5),
        ("party=91370303XAK161448Y", 0),
    ] {
        let list = door.get(&key, &format!("/api/v1/inventories?{query}")).await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(count), "{query}");
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = door.get(&key, &format!("/api/v1/inventories?limit=2{after}")).await.json();
        seen.extend(page["items"].as_array().expect("items").iter().map(|i| i["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    let trace = door.get(&key, "/api/v1/trace/WB00000001").await.json();
    assert_eq!(trace["inventories"].as_array().map(Vec::len), Some(1));
    assert_eq!(trace["documents"].as_array().map(Vec::len), Some(3), "{trace}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mismatches_name_whose_task_they_are() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    door.house.one(Kind::Order, parcel.order());
    door.house.one(Kind::Payment, with(parcel.payment(), "amountPaid", "1"));
    door.house.one(Kind::Waybill, parcel.waybill());
    door.house.one(Kind::Inventory, parcel.inventory());
    for (code, whose, count) in
        [(PAYMENT, "me", 1), (BROKER, "me", 0), (BROKER, "all", 1), (OTHER_SELLER, "all", 0)]
    {
        let key = door.firm(code).await;
        let path = format!("/api/v1/mismatches?whose={whose}&code=match.amount");
        let list = door.get(&key, &path).await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(count), "{code} {whose}: {list}");
    }
    let key = door.firm(PAYMENT).await;
    let one = door.get(&key, "/api/v1/mismatches?whose=me").await.json()["items"][0].clone();
    assert_eq!(
        (&one["finding"]["found"], &one["finding"]["expected"]),
        (&json!("1"), &json!("200"))
    );
    assert_eq!(one["role"], "payment");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_and_quota_by_api() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    let id = door.parcel(&parcel).await;
    door.house.send();
    door.house.answer(&parcel, 120, 3);
    let operator = door.operator().await;
    let whose = json!({ "id_number": parcel.buyer });
    let quota = door.post(&operator, "/api/v1/quota", &whose).await.json();
    assert_eq!((&quota["held"], &quota["left"]), (&json!("200.00"), &json!("25800.00")));
    assert!(!quota["buyer"].as_str().unwrap_or("").contains(&parcel.buyer));
    let broker = door.firm(BROKER).await;
    let ask = |buyer: &str| {
        json!({ "reason": "买家取消", "buyer_id_number": buyer, "buyer_name": "李小宝",
            "buyer_telephone": "13812345678", "cop_no": "CX00000001" })
    };
    let path = format!("/api/v1/inventories/{id}/cancel");
    let other = door.post(&broker, &path, &ask(&identity_number(5))).await;
    assert_eq!((other.status, other.code().as_str()), (422, "cancel.other_buyer"));
    let taken = door.post(&broker, &path, &ask(&parcel.buyer)).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    door.house.send();
    door.house.receipt(&parcel.cancel_receipt(399, 9));
    assert_eq!(door.house.state(&parcel.cop_no()), "cancelled");
    let list = door.get(&broker, "/api/v1/cancel-applications").await.json();
    assert_eq!(list["items"][0]["state"], "concluded");
    let receipts = door.get(&broker, "/api/v1/receipts?status=399").await.json();
    assert_eq!(receipts["items"].as_array().map(Vec::len), Some(1));
    // The seller may apply itself; others whom the inventory names may not.
    let second = Parcel::new(2);
    let id = door.parcel(&second).await;
    door.house.send();
    door.house.answer(&second, 120, 3);
    let path = format!("/api/v1/inventories/{id}/cancel");
    let platform = door.firm(PLATFORM).await;
    let other = door.post(&platform, &path, &ask(&second.buyer)).await;
    assert_eq!((other.status, other.code().as_str()), (422, "delegation.none"), "{}", other.text);
    let seller = door.firm(SELLER).await;
    let taken = door.post(&seller, &path, &ask(&second.buyer)).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firm_asks_only_about_its_own_buyers() {
    let door = Door::open();
    let (mine, other) = (Parcel::new(1), Parcel { buyer: identity_number(5), ..Parcel::new(2) });
    door.parcel(&mine).await;
    door.house.one(Kind::Order, other.order());
    let body = |buyer: &Parcel, order: Option<&Parcel>| {
        let order_no = order.map(Parcel::order_no);
        json!({ "id_number": buyer.buyer, "year": 2026, "order_no": order_no })
    };
    for (code, asked, status) in [
        (SELLER, body(&mine, Some(&mine)), 200),
        (BROKER, body(&mine, Some(&mine)), 200),
        (SELLER, body(&other, Some(&other)), 200),
        // Its own buyer, but not of that order; nobody's order; no order named.
        (SELLER, body(&other, Some(&mine)), 404),
        (SELLER, body(&mine, Some(&Parcel::new(9))), 404),
        (SELLER, body(&mine, None), 404),
        (OTHER_SELLER, body(&mine, Some(&mine)), 404),
        (BROKER, body(&other, Some(&other)), 404),
    ] {
        let key = door.firm(code).await;
        let answer = door.post(&key, "/api/v1/quota", &asked).await;
        assert_eq!(answer.status, status, "{code} {asked}: {}", answer.text);
    }
    let looks =
        |act: &str| door.house.count(&format!("SELECT COUNT(*) FROM db_audit WHERE act = '{act}'"));
    assert_eq!((looks("quota.look"), looks("quota.refused")), (3, 5));
    let in_address = format!("/api/v1/quota?id_number={}", mine.buyer);
    assert_eq!(door.get(&door.operator().await, &in_address).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_no_firm_hands_in_only_as_the_operator() {
    let door = Door::open();
    let parcel = Parcel::new(1);
    let firms = Role::Firm.scopes();
    let stray = door.site.key_with(firms, None).await.expect("a key");
    for (path, body) in
        [("/api/v1/orders", parcel.order()), ("/api/v1/orders/batch", json!([parcel.order()]))]
    {
        let answer = door.post(&stray, path, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "auth.missing_scope"), "{path}");
    }
    let answer = door.post_xml(&stray, b"<x/>".to_vec()).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "auth.missing_scope"));
    assert_eq!(door.house.count("SELECT COUNT(*) FROM clearance_document"), 0);
    let taken = door.post(&door.operator().await, "/api/v1/orders", &parcel.order()).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_sender_is_told_of_everything_else_too() {
    let door = Door::open();
    let operator = door.operator().await;
    let fields = |answer: &Answer, code: &str| -> Vec<String> {
        let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        let of_code = errors.iter().filter(|error| error["code"] == code);
        of_code.map(|error| error["field"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let empty = door.post(&operator, "/api/v1/orders", &json!({})).await;
    assert_eq!(empty.status, 422);
    assert_eq!(fields(&empty, "party.unknown"), Vec::<String>::new(), "{}", empty.text);
    let told = empty.json()["errors"].to_string();
    for field in ["orderNo", "ebpCode", "buyerIdNumber", "OrderList"] {
        assert!(told.contains(field), "{field}: {told}");
    }
    // A platform nobody knows, and a sum that is wrong.
    let order =
        with(with(Parcel::new(1).order(), "ebpCode", "91370303MA3C123462"), "taxTotal", "5");
    let both = door.post(&operator, "/api/v1/orders", &order).await;
    assert_eq!(fields(&both, "party.unknown"), ["ebpCode"], "{}", both.text);
    let codes: Vec<String> = both.json()["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["code"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(codes.len() > 1 && both.text.contains("acturalPaid"), "{codes:?}");
    assert!(both.text.contains("91370303MA3C123462"));
    // The same as XML.
    let kind = ceb::message_type("CEB311").expect("a type");
    let (document, _) = ceb::document_from_json(kind, &order);
    let mut message = ceb::Message::new(kind, "4CDE1CFD-EDED-46B1-946C-B8022E42FC95");
    message.documents = vec![document.expect("a document")];
    let mut transfer = ceb::Record::new(kind.transfer().expect("a block"));
    for (name, value) in [
        ("copCode", "91370303MA3C123462"),
        ("copName", "无"),
        ("dxpMode", "DXP"),
        ("dxpId", "DXPENT3703009999"),
    ] {
        assert!(transfer.set(name, value));
    }
    message.transfer = Some(transfer);
    let xml = door.post_xml(&operator, ceb::write(&message).expect("written")).await;
    assert_eq!(fields(&xml, "party.unknown"), ["BaseTransfer/copCode"], "{}", xml.text);
    assert!(xml.text.contains("acturalPaid"), "{}", xml.text);
}

#[test]
fn every_route_is_declared_once_and_guarded() {
    assert_eq!(web::misdeclared(&modules()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_answers_as_before_whatever_has_changed_since() {
    let door = Door::open();
    let key = door.firm(PLATFORM).await;
    let order = Parcel::new(1).order();
    let first = door.post_once(&key, "/api/v1/orders", &order, "k-1").await;
    assert_eq!(first.status, 202, "{}", first.text);
    let change = register::party::StandingChange::Suspend {
        from: door.site.clock.now().date(),
        until: None,
    };
    let ctx = door.house.ctx();
    door.house
        .db
        .write(|tx| register::party::flow::change_standing(tx, &ctx, PLATFORM, &change, "年报逾期"))
        .expect("suspended");
    door.house.reference.directory.refresh_from(&door.house.db).expect("read");
    let again = door.post_once(&key, "/api/v1/orders", &order, "k-1").await;
    assert_eq!((again.status, again.text.as_str()), (202, first.text.as_str()));
    let other = door.post_once(&key, "/api/v1/orders", &Parcel::new(2).order(), "k-1").await;
    assert_eq!((other.status, other.code().as_str()), (409, "idempotency.reused"));
    let new = door.post_once(&key, "/api/v1/orders", &Parcel::new(2).order(), "k-2").await;
    assert_eq!((new.status, new.code().as_str()), (422, "party.suspended"));
}
