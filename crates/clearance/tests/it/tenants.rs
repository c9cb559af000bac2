//! Whose documents a firm may bring in, change, withdraw or cancel: its own and its principals'.

use clearance::document::{Door, Kind};
use clearance::intake::{Body, Submission};
use register::party::{PartyDraft, Role, Roles};
use serde_json::Value as Json;

use super::support::*;

/// Hands one document in with a firm's own key; gives its item.
fn by(house: &House, firm: &str, kind: Kind, document: Json) -> Json {
    house.clock.advance(1_000);
    let submission = Submission {
        door: Door::Json,
        sender: Some(firm.into()),
        actor: "test".into(),
        body: Body::Json(kind, vec![document]),
    };
    let outcome = house.intake.submit_blocking(submission).expect("taken");
    let outcome = serde_json::to_value(outcome).expect("JSON");
    let item = outcome["items"][0].clone();
    if item.is_null() { outcome } else { item }
}

/// Sent again under the same number, so many minutes later, as a change (2) or withdrawal (3).
fn again(document: Json, app_type: &str, minute: u32) -> Json {
    let document = with(document, "appType", app_type);
    with(document, "appTime", &format!("2026112310{minute:02}00"))
}

#[test]
fn an_inventory_is_its_declarants_alone() {
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    assert_eq!(by(&house, BROKER, Kind::Inventory, parcel.inventory())["status"], "accepted");
    // Another seller names itself as the seller, and the broker's number.
    let theirs = with(with(parcel.inventory(), "ebcCode", OTHER_SELLER), "assureCode", PLATFORM);
    for document in [again(theirs.clone(), "2", 5), again(theirs.clone(), "3", 6)] {
        let item = by(&house, OTHER_SELLER, Kind::Inventory, document);
        assert_eq!(errors(&item), ["party.not_declarant"], "{item}");
    }
    // Nor may it take numbers of the broker's that are still free.
    let free = with(theirs, "copNo", "COP-FREE");
    let item = by(&house, OTHER_SELLER, Kind::Inventory, free);
    assert_eq!(errors(&item), ["party.not_declarant"], "{item}");
    assert_eq!(house.state(&parcel.cop_no()), "waiting");
    // The broker serves both sellers, but an inventory stays with the seller it was made for.
    let moved = with(with(parcel.inventory(), "ebcCode", OTHER_SELLER), "assureCode", PLATFORM);
    let item = by(&house, BROKER, Kind::Inventory, again(moved, "2", 7));
    assert_eq!(item["status"], "accepted", "{item}");
}

#[test]
fn a_zone_firm_declares_for_those_who_let_it() {
    const SELLER_D: &str = "91370303XAK070634T";
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    let mut order = parcel.order();
    order["OrderHead"]["ebcCode"] = SELLER_D.into();
    let mut inventory = parcel.inventory();
    for (field, value) in
        [("agentCode", ZONE_FIRM), ("ebcCode", SELLER_D), ("assureCode", SELLER_D)]
    {
        inventory = with(inventory, field, value);
    }
    house.one(Kind::Order, order);
    house.one(Kind::Payment, parcel.payment());
    house.one(Kind::Waybill, parcel.waybill());
    let item = by(&house, ZONE_FIRM, Kind::Inventory, inventory);
    assert_eq!((&item["state"], errors(&item)), (&Json::from("ready"), vec![]), "{item}");
    house.send();
    house.answer(&parcel, 120, 3);
}

#[test]
fn a_strangers_order_is_not_read_out_by_its_mismatches() {
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    house.one(Kind::Order, parcel.order());
    house.one(Kind::Payment, with(parcel.payment(), "amountPaid", "7777"));
    house.one(Kind::Waybill, with(parcel.waybill(), "weight", "8.8"));
    let guess = Parcel { buyer: identity_number(5), price: 33, quantity: 5, ..Parcel::new(1) };
    let mut theirs = with(guess.inventory(), "buyerName", "王五");
    for field in ["agentCode", "ebcCode", "assureCode"] {
        theirs = with(theirs, field, OTHER_SELLER);
    }
    let item = by(&house, OTHER_SELLER, Kind::Inventory, theirs.clone());
    assert_eq!((&item["state"], errors(&item)), (&Json::from("held"), vec!["match.ebc".into()]));
    let said = item["findings"].to_string();
    for value in [SELLER, "李", "200", "7777", "8.8", "370303198"] {
        assert!(!said.contains(value), "{value}: {said}");
    }
    // A declarant who serves the order's seller too is told what differs.
    let mine = with(with(parcel.inventory(), "ebcCode", OTHER_SELLER), "assureCode", PLATFORM);
    let item = by(&house, BROKER, Kind::Inventory, mine);
    let findings = item["findings"].as_array().cloned().unwrap_or_default();
    let told = findings.iter().find(|f| f["code"] == "match.ebc").expect("told");
    assert_eq!((&told["found"], &told["expected"]), (&OTHER_SELLER.into(), &SELLER.into()));
    // Of another's inventory that has the order it learns no more than that there is one.
    let used = findings.iter().find(|f| f["code"] == "precheck.order_used").expect("told");
    assert!(!used.to_string().contains("撤销清单 COP"), "{used}");
}

#[test]
fn an_order_is_changed_by_those_whose_it_is() {
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    assert_eq!(by(&house, PLATFORM, Kind::Order, parcel.order())["status"], "accepted");
    // Another seller on the same platform takes the number for itself.
    let theirs = with(parcel.order(), "ebcCode", OTHER_SELLER);
    for document in [again(theirs.clone(), "2", 5), again(theirs.clone(), "3", 6)] {
        let item = by(&house, OTHER_SELLER, Kind::Order, document);
        assert_eq!(errors(&item), ["document.other_firm"], "{item}");
        assert!(!item.to_string().contains(SELLER), "{item}");
    }
    let change = again(with(parcel.order(), "consignee", "王五"), "2", 7);
    assert_eq!(by(&house, SELLER, Kind::Order, change)["status"], "accepted");
    // The platform may set right who sells.
    let item = by(&house, PLATFORM, Kind::Order, again(theirs, "2", 8));
    assert_eq!(item["status"], "accepted", "{item}");
}

#[test]
fn an_inventory_is_cancelled_by_its_own_side() {
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    house.parcel(&parcel);
    house.send();
    house.answer(&parcel, 120, 3);
    let mut theirs = parcel.cancel();
    theirs["InvtCancel"]["ebcCode"] = OTHER_SELLER.into();
    // A stranger who names the broker; the broker for the wrong seller; the seller as the broker.
    let item = by(&house, OTHER_SELLER, Kind::CancelApplication, theirs.clone());
    assert_eq!(errors(&item), ["party.not_declarant"], "{item}");
    let item = by(&house, BROKER, Kind::CancelApplication, theirs);
    assert_eq!(errors(&item), ["cancel.no_inventory"], "{item}");
    let item = by(&house, SELLER, Kind::CancelApplication, parcel.cancel());
    assert_eq!(errors(&item), ["party.not_declarant"], "{item}");
    let item = by(&house, BROKER, Kind::CancelApplication, parcel.cancel());
    assert_eq!(item["status"], "accepted", "{item}");
}

#[test]
fn customs_numbers_come_from_customs() {
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    house.parcel(&parcel);
    house.send();
    house.answer(&parcel, 120, 3);
    // A seller that declares for itself writes another's inventory number into its own.
    let other = Parcel { buyer: identity_number(5), ..Parcel::new(2) };
    let mut theirs = other.inventory();
    for (field, value) in [
        ("agentCode", OTHER_SELLER),
        ("ebcCode", OTHER_SELLER),
        ("assureCode", OTHER_SELLER),
        ("invtNo", &parcel.invt_no()),
        ("preNo", "B20261123000000001"),
    ] {
        theirs = with(theirs, field, value);
    }
    assert_eq!(by(&house, OTHER_SELLER, Kind::Inventory, theirs.clone())["status"], "accepted");
    by(&house, OTHER_SELLER, Kind::Inventory, again(with(theirs, "grossWeight", "2"), "2", 5));
    let same = format!(
        "SELECT COUNT(*) FROM clearance_inventory_course WHERE invt_no = '{}'",
        parcel.invt_no()
    );
    assert_eq!(house.count(&same), 1);
}

#[test]
fn what_is_withdrawn_before_it_left_does_not_leave() {
    let house = House::over(&db::test::memory(&[]));
    let (first, second) = (Parcel::new(1), Parcel::new(2));
    let outcome = house.hand_in(Kind::Order, vec![first.order(), second.order()]);
    assert_eq!(outcome.items.len(), 2);
    let item = by(&house, PLATFORM, Kind::Order, again(first.order(), "3", 5));
    assert_eq!(item["state"], "withdrawn", "{item}");
    let sent: Vec<_> = house.send().iter().map(|d| (d.kind, d.documents)).collect();
    assert_eq!(sent, [(Kind::Order, 1)], "the other order alone");
    // What has left is withdrawn there too.
    let item = by(&house, PLATFORM, Kind::Order, again(second.order(), "3", 5));
    assert_eq!(item["state"], "withdrawn", "{item}");
    assert_eq!(house.send().len(), 1);
}

#[test]
fn an_inventory_changed_into_a_mismatch_holds_nothing() {
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    house.parcel(&parcel);
    assert_eq!(house.usage(&parcel), (0, 20_000));
    let change = again(with(parcel.inventory(), "buyerName", "王五"), "2", 5);
    let item = by(&house, BROKER, Kind::Inventory, change);
    assert_eq!(item["state"], "held", "{item}");
    assert_eq!(house.usage(&parcel), (0, 0));
    let mended = again(parcel.inventory(), "2", 6);
    let item = by(&house, BROKER, Kind::Inventory, mended);
    assert_eq!(item["state"], "ready", "{item}");
    assert_eq!(house.usage(&parcel), (0, 20_000));
}

#[test]
fn the_day_of_the_declaration_is_not_chosen_at_will() {
    let house = House::over(&db::test::memory(&[]));
    for (n, day, codes) in [
        (1, "20251231", &["precheck.declared_on"][..]),
        (2, "20261124", &["precheck.declared_on"]),
        (3, "20270101", &["precheck.declared_on"]),
        (4, "20261122", &[]),
    ] {
        let parcel = Parcel { buyer: identity_number(n), ..Parcel::new(n) };
        house.one(Kind::Order, parcel.order());
        house.one(Kind::Payment, parcel.payment());
        house.one(Kind::Waybill, parcel.waybill());
        let item = house.one(Kind::Inventory, with(parcel.inventory(), "declTime", day));
        assert_eq!(errors(&item), codes, "{day}");
    }
    // What was tomorrow's goes by itself when the day has come.
    house.clock.advance(86_400_000);
    house.recheck();
    assert_eq!(house.state(&Parcel::new(2).cop_no()), "ready");
    assert_eq!(house.state(&Parcel::new(3).cop_no()), "held");
}

#[test]
fn nobody_sends_from_anothers_transport_address() {
    const NEWCOMER: &str = "91370303MA3C123462";
    let house = House::over(&db::test::memory(&[]));
    let ctx = house.ctx();
    let draft = PartyDraft {
        social_credit_code: Some(NEWCOMER.into()),
        name_zh: "新登记电商有限公司".into(),
        roles: Roles::of(&[Role::Ecommerce]),
        ..PartyDraft::default()
    };
    house.db.write(|tx| register::party::flow::put(tx, &ctx, &draft)).expect("registered");
    house.reference.directory.refresh_from(&house.db).expect("read");
    let kind = ceb::message_type("CEB311").expect("a type");
    let order = with(Parcel::new(1).order(), "ebcCode", NEWCOMER);
    let (document, _) = ceb::document_from_json(kind, &order);
    let mut message = ceb::Message::new(kind, "4CDE1CFD-EDED-46B1-946C-B8022E42FC94");
    message.documents = vec![document.expect("a document")];
    for (dxp_id, codes) in
        [("DXPENT3703000001", &["message.dxp_id"][..]), ("DXPENT3703009999", &[])]
    {
        let mut transfer = ceb::Record::new(kind.transfer().expect("a block"));
        for (name, value) in
            [("copCode", NEWCOMER), ("copName", "新"), ("dxpMode", "DXP"), ("dxpId", dxp_id)]
        {
            assert!(transfer.set(name, value));
        }
        message.transfer = Some(transfer);
        let outcome = house.xml(ceb::write(&message).expect("written"));
        let found: Vec<_> =
            outcome.findings.iter().filter(|f| f.is_error()).map(|f| f.code).collect();
        assert_eq!(found, codes, "{dxp_id}");
    }
}

#[test]
fn a_reason_quotes_nobody() {
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    house.parcel(&parcel);
    house.send();
    house.answer(&parcel, 120, 3);
    let mut cancel = parcel.cancel();
    let reason = format!("买家{}来电13812345678取消", parcel.buyer);
    cancel["InvtCancel"]["reason"] = reason.into();
    assert_eq!(by(&house, BROKER, Kind::CancelApplication, cancel)["status"], "accepted");
    let rows = house
        .db
        .read(|tx| tx.query("SELECT facts FROM clearance_document WHERE kind = 623", &[]))
        .expect("rows");
    let bytes = rows[0].bytes(0).expect("bytes");
    for secret in ["13812345678", parcel.buyer.as_str()] {
        assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn a_firm_is_told_under_the_code_it_is_known_by() {
    // The seller's and the broker's registration codes at customs.
    const SELLER_AT_CUSTOMS: &str = "370366K004";
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    let mut inventory = parcel.inventory();
    for field in ["ebcCode", "assureCode"] {
        inventory = with(inventory, field, SELLER_AT_CUSTOMS);
    }
    house.one(Kind::Order, with(parcel.order(), "ebcCode", SELLER_AT_CUSTOMS));
    house.one(Kind::Payment, parcel.payment());
    house.one(Kind::Waybill, parcel.waybill());
    assert_eq!(house.one(Kind::Inventory, inventory)["state"], "ready");
    house.send();
    house.answer(&parcel, 100, 3);
    let told = format!("SELECT COUNT(*) FROM web_notice WHERE party = '{SELLER}'");
    assert_eq!(house.count(&told), 1);
}
