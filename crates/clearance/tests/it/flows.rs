//! Documents in any order, repeated, changed, withdrawn; matching; limits.

use clearance::document::Kind;
use clearance::intake::{ItemStatus, OutcomeStatus};
use db::test::both;
use register::party::StandingChange;

use super::support::*;

const KINDS: [Kind; 4] = [Kind::Order, Kind::Payment, Kind::Waybill, Kind::Inventory];

fn document(parcel: &Parcel, kind: Kind) -> serde_json::Value {
    match kind {
        Kind::Order => parcel.order(),
        Kind::Payment => parcel.payment(),
        Kind::Waybill => parcel.waybill(),
        _ => parcel.inventory(),
    }
}

fn permutations() -> Vec<[Kind; 4]> {
    let mut all = Vec::new();
    for a in 0..4 {
        for b in 0..4 {
            for c in 0..4 {
                let Some(d) = (0..4).find(|d| ![a, b, c].contains(d)) else { continue };
                if a != b && b != c && a != c {
                    all.push([a, b, c, d].map(|n: usize| KINDS[n]));
                }
            }
        }
    }
    all
}

#[test]
fn a_parcel_is_ready_whatever_the_order_of_arrival() {
    assert_eq!(permutations().len(), 24);
    both(|db| {
        let house = House::over(db);
        for (n, order) in (1..).zip(permutations()) {
            let parcel = Parcel { buyer: identity_number(n), ..Parcel::new(n) };
            for (step, kind) in order.into_iter().enumerate() {
                let item = house.one(kind, document(&parcel, kind));
                assert_eq!(item["status"], "accepted", "{order:?} {step}: {item}");
            }
            assert_eq!(house.state(&parcel.cop_no()), "ready", "{order:?}");
            assert_eq!(house.usage(&parcel), (0, 20_000), "{order:?}");
        }
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_finding WHERE error"), 0);
    });
}

#[test]
fn missing_documents_are_named() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        let item = house.one(Kind::Inventory, parcel.inventory());
        assert_eq!(item["state"], "waiting", "{item}");
        let missing: Vec<_> = item["findings"].as_array().expect("findings").iter().collect();
        let paths: Vec<_> = missing.iter().map(|f| f["path"].as_str().unwrap_or("")).collect();
        assert_eq!(paths, ["order", "payment", "waybill"]);
        house.one(Kind::Order, parcel.order());
        assert_eq!(house.state(&parcel.cop_no()), "waiting");
        assert_eq!(house.usage(&parcel), (0, 0), "nothing is held before everything is there");
    });
}

#[test]
fn a_repeat_is_answered_as_before_and_changes_nothing() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        let first = house.hand_in(Kind::Order, vec![parcel.order()]);
        let rows = "SELECT COUNT(*) FROM clearance_document";
        let dues = "SELECT COUNT(*) FROM clearance_dispatch";
        let before = (house.count(rows), house.count(dues));
        // Another guid, the same content.
        let again = house.hand_in(Kind::Order, vec![parcel.order()]);
        assert_eq!(again.status, OutcomeStatus::Repeated);
        assert_eq!(again.message_id, first.message_id);
        assert_eq!(again.items[0].id, first.items[0].id);
        assert_eq!((house.count(rows), house.count(dues)), before);
    });
}

#[test]
fn other_content_under_the_same_key_must_come_as_a_change() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.one(Kind::Payment, parcel.payment());
        let dearer = with(parcel.payment(), "amountPaid", "201");
        assert_eq!(errors(&house.one(Kind::Payment, dearer.clone())), ["document.exists"]);
        let stale = with(with(dearer.clone(), "appType", "2"), "appTime", "20261123095900");
        assert_eq!(errors(&house.one(Kind::Payment, stale)), ["document.old_message"]);
        let change = with(with(dearer, "appType", "2"), "appTime", "20261123100500");
        assert_eq!(house.one(Kind::Payment, change.clone())["status"], "accepted");
        assert_eq!(house.one(Kind::Payment, change)["status"], "repeated");
        let nothing = with(Parcel::new(9).payment(), "appType", "2");
        assert_eq!(errors(&house.one(Kind::Payment, nothing)), ["document.not_found"]);
    });
}

#[test]
fn a_change_that_mends_a_mismatch_lets_the_inventory_go() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.one(Kind::Order, parcel.order());
        house.one(Kind::Payment, with(parcel.payment(), "amountPaid", "199"));
        house.one(Kind::Waybill, parcel.waybill());
        // The order's parcel differs already, before the inventory is there.
        let open = "SELECT COUNT(*) FROM clearance_finding WHERE code = 'match.amount'";
        assert_eq!(house.count(open), 1);
        let item = house.one(Kind::Inventory, parcel.inventory());
        assert_eq!(
            (item["status"].as_str(), errors(&item)),
            (Some("held"), vec!["match.amount".into()])
        );
        assert_eq!(house.count(open), 1, "it moved from the order to the inventory");
        let change = with(with(parcel.payment(), "appType", "2"), "appTime", "20261123110000");
        house.one(Kind::Payment, change);
        assert_eq!(house.state(&parcel.cop_no()), "ready");
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_finding WHERE error"), 0);
        // Once the inventory is on its way its documents stay as they are.
        let late = with(with(parcel.payment(), "appType", "2"), "appTime", "20261123120000");
        let late = house.one(Kind::Payment, with(late, "amountPaid", "7"));
        assert_eq!(errors(&late), ["action.used_by_inventory"]);
    });
}

#[test]
fn each_kind_of_mismatch_holds_the_inventory_and_names_its_mender() {
    let rows: [(Kind, &str, &str, &str, &str); 9] = [
        (Kind::Payment, "amountPaid", "1", "match.amount", PAYMENT),
        (Kind::Payment, "payerName", "王五", "match.payer", PLATFORM),
        (Kind::Waybill, "consignee", "王五", "match.consignee", CARRIER),
        (Kind::Waybill, "consigneeTelephone", "13900000000", "match.consignee", CARRIER),
        (Kind::Waybill, "consigneeAddress", "北京市朝阳区某路2号", "match.consignee", CARRIER),
        (Kind::Waybill, "orderNo", "OTHER", "match.order_no", CARRIER),
        (Kind::Inventory, "buyerName", "王五", "match.buyer", BROKER),
        (Kind::Inventory, "buyerTelephone", "13900000000", "match.buyer", BROKER),
        (Kind::Inventory, "ebcCode", OTHER_SELLER, "match.ebc", BROKER),
    ];
    both(|db| {
        let house = House::over(db);
        for (n, (wrong, field, value, code, mender)) in (1..).zip(rows) {
            let parcel = Parcel::new(n);
            for kind in KINDS {
                let mut sent = document(&parcel, kind);
                if kind == wrong {
                    sent = with(sent, field, value);
                    if field == "ebcCode" {
                        sent = with(sent, "assureCode", PLATFORM);
                    }
                }
                house.one(kind, sent);
            }
            assert_eq!(house.state(&parcel.cop_no()), "held", "{field}");
            let sql = format!(
                "SELECT COUNT(*) FROM clearance_finding f JOIN clearance_inventory i
                 ON i.id = f.document_id WHERE i.cop_no = '{}' AND f.code = '{code}'
                 AND f.party_code = '{mender}'",
                parcel.cop_no()
            );
            assert!(house.count(&sql) >= 1, "{field}: {code} by {mender}");
        }
    });
}

#[test]
fn a_withdrawal_repeated_is_answered_with_its_own_message() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        let order = parcel.order();
        let first = house.hand_in(Kind::Order, vec![order.clone()]);
        let gone = with(with(parcel.order(), "appType", "3"), "appTime", "20261123100100");
        let withdrawn = house.hand_in(Kind::Order, vec![gone.clone()]);
        assert_ne!(withdrawn.message_id, first.message_id);
        let again = house.hand_in(Kind::Order, vec![gone]);
        assert_eq!(again.status, OutcomeStatus::Repeated);
        assert_eq!(again.message_id, withdrawn.message_id);
        assert_eq!(house.hand_in(Kind::Order, vec![order]).message_id, first.message_id);
    });
}

#[test]
fn withdrawing_takes_a_document_out_of_its_parcel() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.one(Kind::Order, parcel.order());
        house.one(Kind::Payment, parcel.payment());
        let gone = with(with(parcel.order(), "appType", "3"), "appTime", "20261123100100");
        assert_eq!(house.one(Kind::Order, gone.clone())["state"], "withdrawn");
        assert_eq!(house.one(Kind::Order, gone)["status"], "repeated");
        house.one(Kind::Waybill, parcel.waybill());
        assert_eq!(house.one(Kind::Inventory, parcel.inventory())["state"], "waiting");
        let again = with(parcel.order(), "appTime", "20261123100500");
        assert_eq!(house.one(Kind::Order, again)["status"], "accepted");
        assert_eq!(house.state(&parcel.cop_no()), "ready");
        assert_eq!(house.usage(&parcel), (0, 20_000));
        let gone = with(with(parcel.inventory(), "appType", "3"), "appTime", "20261123101000");
        assert_eq!(house.one(Kind::Inventory, gone)["state"], "withdrawn");
        assert_eq!(house.usage(&parcel), (0, 0), "what it held comes back");
        assert_eq!(house.send().iter().filter(|d| d.kind == Kind::Inventory).count(), 0);
    });
}

#[test]
fn the_yearly_limit_counts_what_is_held_and_used() {
    both(|db| {
        let house = House::over(db);
        let dear = |n| Parcel { price: 4_000, quantity: 1, ..Parcel::new(n) };
        for n in 1..=6 {
            assert_eq!(house.parcel(&dear(n))["state"], "ready", "{n}");
        }
        assert_eq!(house.usage(&dear(1)), (0, 2_400_000));
        let over = house.parcel(&Parcel { price: 2_001, ..dear(7) });
        assert_eq!(
            (over["status"].as_str(), errors(&over)),
            (Some("held"), vec!["limit.annual".into()])
        );
        let at = house.parcel(&Parcel { price: 2_000, ..dear(8) });
        assert_eq!(at["state"], "ready", "exactly at the limit is within it");
        // Room comes free when another is rejected; what was held back goes by itself.
        house.send();
        house.answer(&dear(1), 100, 5);
        assert_eq!(house.state(&dear(7).cop_no()), "ready");
        assert_eq!(house.usage(&dear(1)), (0, 2_400_100));
    });
}

#[test]
fn the_single_limit_spares_one_piece() {
    both(|db| {
        let house = House::over(db);
        for (n, price, quantity, code) in
            [(1, 2_500, 2, None), (2, 2_501, 2, Some("limit.single")), (3, 5_001, 1, None)]
        {
            let buyer = identity_number(n);
            let item = house.parcel(&Parcel { price, quantity, buyer, ..Parcel::new(n) });
            assert_eq!(
                errors(&item),
                Vec::from_iter(code.map(str::to_owned)),
                "{price}x{quantity}"
            );
        }
    });
}

#[test]
fn an_order_or_waybill_serves_one_inventory() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.parcel(&parcel);
        let second = with(parcel.inventory(), "copNo", "COP-SECOND");
        let item = house.one(Kind::Inventory, second);
        assert_eq!(errors(&item), ["precheck.order_used"]);
        let other = Parcel { buyer: identity_number(7), ..Parcel::new(2) };
        house.one(Kind::Order, other.order());
        house.one(Kind::Payment, other.payment());
        let item = house
            .one(Kind::Inventory, with(other.inventory(), "logisticsNo", &parcel.logistics_no()));
        assert!(errors(&item).contains(&"precheck.waybill_used".to_owned()), "{item}");
    });
}

#[test]
fn firms_are_checked_with_precise_findings() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        let unknown = "91370303MA3C123462";
        let order = with(parcel.order(), "ebcCode", unknown);
        assert_eq!(errors(&house.one(Kind::Order, order)), ["party.unknown"]);
        let order = with(parcel.order(), "ebcCode", CARRIER);
        assert_eq!(errors(&house.one(Kind::Order, order)), ["party.role_missing"]);
        // The broker has no leave of this seller's neighbour.
        let inventory = with(parcel.inventory(), "agentCode", "91370303XAK161448Y");
        assert_eq!(errors(&house.one(Kind::Inventory, inventory)), ["delegation.none"]);
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_document"), 0);
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_inventory"), 0);
        // A guarantor must be one of the firms named.
        let guarantor = with(parcel.inventory(), "assureCode", BROKER);
        house.one(Kind::Order, parcel.order());
        house.one(Kind::Payment, parcel.payment());
        house.one(Kind::Waybill, parcel.waybill());
        let item = house.one(Kind::Inventory, guarantor);
        assert_eq!(errors(&item), ["precheck.guarantor"]);
    });
}

#[test]
fn a_batch_of_a_hundred_with_one_bad_among_them() {
    both(|db| {
        let house = House::over(db);
        let parcels: Vec<Parcel> = (1..=100).map(Parcel::new).collect();
        let mut orders: Vec<_> = parcels.iter().map(Parcel::order).collect();
        orders[41] = with(orders[41].clone(), "acturalPaid", "1");
        let outcome = house.hand_in(Kind::Order, orders);
        assert_eq!(outcome.status, OutcomeStatus::Partly);
        let refused: Vec<_> = outcome
            .items
            .iter()
            .filter(|item| item.status == ItemStatus::Refused)
            .map(|item| item.index)
            .collect();
        assert_eq!(refused, [41]);
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_document"), 99);
        // The one refused stays behind: the rest is packed anew and needs a signature.
        let sent = house.send();
        assert_eq!((sent.len(), sent[0].documents, sent[0].needs_signature), (1, 99, true));
    });
}

#[test]
fn bad_input_changes_nothing() {
    both(|db| {
        let house = House::over(db);
        for bytes in ["", "not xml", "<a/>", "<?xml version=\"1.0\"?><!DOCTYPE x><a/>"] {
            let outcome = house.xml(bytes.into());
            assert_eq!(outcome.status, OutcomeStatus::Refused, "{bytes}");
            assert!(!outcome.findings.is_empty() && outcome.malformed, "{bytes}");
        }
        let receipt = house.xml(Parcel::new(1).order_receipt(120, 1).into_bytes());
        assert_eq!(receipt.findings[0].code, "message.not_taken");
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_message"), 0);
        assert_eq!(house.count("SELECT COUNT(*) FROM db_original"), 0);
    });
}

#[test]
fn no_personal_data_in_clear_in_any_table() {
    let house = House::over(&db::test::memory(&[]));
    let parcel = Parcel::new(1);
    house.parcel(&parcel);
    for (table, column) in [
        ("clearance_document", "facts"),
        ("clearance_inventory", "facts"),
        ("clearance_inventory", "buyer"),
        ("db_original", "body"),
    ] {
        let rows = house
            .db
            .read(|tx| tx.query(&format!("SELECT {column} FROM {table}"), &[]))
            .expect("rows");
        assert!(!rows.is_empty());
        for row in rows {
            let bytes = row.bytes(0).expect("bytes").to_vec();
            for secret in ["李小宝", "13812345678", parcel.buyer.as_str(), "人民路1号"] {
                let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
                assert!(!found, "{secret} in {table}.{column}");
            }
        }
    }
}

#[test]
fn capped_goods_count_by_quantity_and_year() {
    both(|db| {
        let house = House::over(db);
        let rice = |n, kilograms: &str| {
            let parcel = Parcel { hs_code: "1006302001", ..Parcel::new(n) };
            let mut inventory = parcel.inventory();
            inventory["InventoryList"][0]["qty1"] = kilograms.into();
            (parcel, inventory)
        };
        for (n, kilograms, code) in [
            (1, "15", None),
            (2, "5.001", Some("limit.quantity")),
            (3, "5", None),
            (4, "0.1", Some("limit.quantity")),
        ] {
            let (parcel, inventory) = rice(n, kilograms);
            house.one(Kind::Order, parcel.order());
            house.one(Kind::Payment, parcel.payment());
            house.one(Kind::Waybill, parcel.waybill());
            let item = house.one(Kind::Inventory, inventory);
            assert_eq!(errors(&item), Vec::from_iter(code.map(str::to_owned)), "{kilograms} kg");
        }
        assert_eq!(
            house.usage(&Parcel::new(1)),
            (0, 40_000),
            "nothing is held for what was refused"
        );
        // A rejection gives the kilograms back too.
        house.send();
        house.answer(&Parcel::new(1), 100, 5);
        house.recheck();
        assert_eq!(house.state(&Parcel::new(2).cop_no()), "ready");
        assert_eq!(house.state(&Parcel::new(4).cop_no()), "ready");
        let report = db.read(ledger::verify).expect("verified");
        assert!(report.balanced(), "{report:?}");
    });
}

#[test]
fn a_waybill_number_may_come_again_after_the_months_of_the_law() {
    both(|db| {
        let house = House::over(db);
        let first = Parcel::new(1);
        house.parcel(&first);
        house.send();
        house.answer(&first, 800, 5);
        house.answer(&first, 899, 6);
        let second = Parcel { buyer: identity_number(2), ..Parcel::new(2) };
        house.one(Kind::Order, second.order());
        house.one(Kind::Payment, second.payment());
        let again = with(second.waybill(), "logisticsNo", &first.logistics_no());
        assert_eq!(errors(&house.one(Kind::Waybill, again.clone())), ["document.exists"]);
        house.clock.advance(190 * 86_400_000);
        assert_eq!(house.one(Kind::Waybill, again)["status"], "accepted");
        let inventory = with(second.inventory(), "logisticsNo", &first.logistics_no());
        let inventory = with(inventory, "declTime", "20270601");
        assert_eq!(house.one(Kind::Inventory, inventory)["state"], "ready");
        assert_eq!(house.count("SELECT MAX(turn) FROM clearance_document"), 1);
    });
}

#[test]
fn a_firm_registered_later_frees_what_was_held_for_it() {
    both(|db| {
        let house = House::over(db);
        let change_standing = |change: StandingChange| {
            let ctx = house.ctx();
            db.write(|tx| {
                register::party::flow::change_standing(tx, &ctx, ZONE_FIRM, &change, "年报逾期")
            })
            .expect("changed");
            house.reference.directory.refresh_from(db).expect("read");
        };
        let today = house.ctx().now.date();
        change_standing(StandingChange::Suspend { from: today, until: None });
        let parcel = Parcel::new(1);
        let item = house.parcel(&parcel);
        assert_eq!(errors(&item), ["party.suspended"]);
        assert_eq!(house.state(&parcel.cop_no()), "held");
        change_standing(StandingChange::Resume);
        house.recheck();
        assert_eq!(house.state(&parcel.cop_no()), "ready");
    });
}

#[test]
fn a_change_that_spoils_a_ready_inventory_gives_its_amount_back() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.parcel(&parcel);
        assert_eq!(house.usage(&parcel), (0, 20_000));
        let change = with(with(parcel.inventory(), "appType", "2"), "appTime", "20261123101000");
        let item = house.one(Kind::Inventory, with(change, "buyerName", "王五"));
        assert_eq!(errors(&item), ["match.buyer"]);
        assert_eq!(house.usage(&parcel), (0, 0));
        assert!(house.send().iter().all(|d| d.kind != Kind::Inventory));
        // Withdrawn, it leaves no finding behind.
        let gone = with(with(parcel.inventory(), "appType", "3"), "appTime", "20261123102000");
        house.one(Kind::Inventory, gone);
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_finding"), 0);
    });
}

#[test]
fn customs_word_goes_before_ours() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.one(Kind::Order, parcel.order());
        house.one(Kind::Payment, with(parcel.payment(), "amountPaid", "1"));
        house.one(Kind::Waybill, parcel.waybill());
        house.one(Kind::Inventory, parcel.inventory());
        assert_eq!(house.state(&parcel.cop_no()), "held");
        // Declared by another way, it is released all the same.
        house.answer(&parcel, 800, 5);
        assert_eq!(house.state(&parcel.cop_no()), "released");
        assert_eq!(house.usage(&parcel), (20_000, 0));
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_finding"), 0);
    });
}

#[test]
fn room_that_comes_free_goes_to_who_waits_for_it() {
    both(|db| {
        let house = House::over(db);
        // Five of these fill a year, all but a little.
        let parcels: Vec<Parcel> =
            (1..=6).map(|n| Parcel { price: 2_400, quantity: 2, ..Parcel::new(n) }).collect();
        let items: Vec<_> = parcels.iter().map(|parcel| house.parcel(parcel)).collect();
        assert_eq!(errors(&items[5]), ["limit.annual"]);
        house.send();
        house.answer(&parcels[0], 100, 1);
        assert_eq!(house.state(&parcels[5].cop_no()), "ready", "the first was rejected");
        let gone = with(with(parcels[0].inventory(), "appType", "2"), "appTime", "20261123101000");
        assert_eq!(errors(&house.one(Kind::Inventory, gone)), ["limit.annual"]);
        assert_eq!(house.usage(&parcels[0]), (0, 5 * 480_000));
    });
}

#[test]
fn an_inventory_goes_when_a_receipt_makes_its_document_count_again() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.one(Kind::Order, parcel.order());
        house.send();
        house.receipt(&parcel.order_receipt(-311_001, 1));
        for kind in [Kind::Payment, Kind::Waybill, Kind::Inventory] {
            house.one(kind, document(&parcel, kind));
        }
        assert_eq!(house.state(&parcel.cop_no()), "waiting", "the order was refused");
        house.receipt(&parcel.order_receipt(120, 2));
        assert_eq!(house.state(&parcel.cop_no()), "ready", "and then stored");
    });
}
