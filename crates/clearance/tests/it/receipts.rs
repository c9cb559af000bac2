//! Receipts: late, twice, out of order, before their document, unknown, malformed; what they do to
//! quota; cancelling.

use clearance::document::Kind;
use db::test::both;

use super::support::*;

fn sent(house: &House, parcel: &Parcel) {
    assert_eq!(house.parcel(parcel)["state"], "ready");
    house.send();
    assert_eq!(house.state(&parcel.cop_no()), "sent");
}

#[test]
fn an_inventory_goes_from_sent_to_closed() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        sent(&house, &parcel);
        for (status, second, state) in [
            (2, 1, "declaring"),
            (120, 2, "stored"),
            (300, 3, "review"),
            (500, 4, "inspection"),
            (800, 5, "released"),
            (899, 6, "closed"),
        ] {
            let taken = house.answer(&parcel, status, second);
            assert_eq!((taken.receipts, taken.moved), (1, 1), "{status}");
            assert_eq!(house.state(&parcel.cop_no()), state);
        }
        assert_eq!(house.usage(&parcel), (20_000, 0), "used once released");
        let named = "SELECT COUNT(*) FROM clearance_inventory_course
                     WHERE pre_no IS NOT NULL AND invt_no IS NOT NULL";
        assert_eq!(house.count(named), 1);
    });
}

#[test]
fn late_repeated_and_unknown_receipts_are_kept_and_move_nothing() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        sent(&house, &parcel);
        house.answer(&parcel, 800, 9);
        for (status, second) in [(120, 5), (2, 1), (800, 9), (777, 20), (100, 30)] {
            assert_eq!(house.answer(&parcel, status, second).moved, 0, "{status}");
        }
        assert_eq!(house.state(&parcel.cop_no()), "released");
        assert_eq!(house.usage(&parcel), (20_000, 0));
        let effects: Vec<&str> = house.receipts().iter().map(|kept| kept.effect).collect();
        let told = ["moved", "late", "late", "repeated", "unknown_status", "behind"];
        assert_eq!(effects, told);
    });
}

/// A receipt whose own time is something else; no time at all when empty.
fn timed(xml: &str, time: &str) -> String {
    let (before, rest) = xml.split_once("<ceb:returnTime>").expect("a time");
    let (_, after) = rest.split_once("</ceb:returnTime>").expect("its end");
    match time {
        "" => format!("{before}{after}"),
        time => format!("{before}<ceb:returnTime>{time}</ceb:returnTime>{after}"),
    }
}

#[test]
fn a_rejection_without_a_time_rejects_one_version_alone() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        sent(&house, &parcel);
        let rejection = timed(&parcel.inventory_receipt(100, 5), "");
        assert_eq!(house.receipt(&rejection).moved, 1);
        assert_eq!(house.state(&parcel.cop_no()), "rejected");
        let change = with(with(parcel.inventory(), "appType", "2"), "appTime", "20261123110000");
        let item = house.one(Kind::Inventory, with(change, "note", "更正"));
        assert_eq!(item["state"], "ready", "{item}");
        house.send();
        assert_eq!(house.receipt(&rejection).moved, 0);
        assert_eq!(house.state(&parcel.cop_no()), "sent");
        house.answer(&parcel, 120, 60);
        assert_eq!(house.state(&parcel.cop_no()), "stored");
    });
}

#[test]
fn a_receipt_from_the_far_future_does_not_silence_those_after_it() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        sent(&house, &parcel);
        let review = timed(&parcel.inventory_receipt(300, 5), "20991231235959000");
        assert_eq!(house.receipt(&review).moved, 1);
        house.clock.advance(1_000);
        assert_eq!(house.receipt(&review).moved, 0, "a repeat");
        let kept = house.receipts();
        let readable = kept.iter().filter(|kept| kept.text.contains("20991231235959000"));
        assert_eq!(readable.count(), 2, "its own time stays readable");
        house.clock.advance(60_000);
        // Of the same rank: only its time says that it comes after.
        assert_eq!(house.answer(&parcel, 500, 50).moved, 1);
        assert_eq!(house.state(&parcel.cop_no()), "inspection");
    });
}

#[test]
fn rejection_gives_the_amount_back_and_a_correction_may_follow() {
    both(|db| {
        let house = House::over(db);
        for (n, status) in [(1, 100), (2, -621_005)] {
            let parcel = Parcel { buyer: identity_number(n), ..Parcel::new(n) };
            sent(&house, &parcel);
            house.answer(&parcel, status, 5);
            assert_eq!(house.usage(&parcel), (0, 0), "{status}");
            let change =
                with(with(parcel.inventory(), "appType", "2"), "appTime", "20261123110000");
            let item = house.one(Kind::Inventory, with(change, "note", "更正"));
            assert_eq!((&item["status"], &item["state"]), (&"accepted".into(), &"ready".into()));
            assert_eq!(house.usage(&parcel), (0, 20_000));
            house.send();
            // The old version's receipt comes once more; the new version stays where it is.
            house.answer(&parcel, status, 5);
            assert_eq!(house.state(&parcel.cop_no()), "sent");
            house.answer(&parcel, 800, 60);
            assert_eq!(house.usage(&parcel), (20_000, 0));
        }
    });
}

#[test]
fn a_receipt_before_its_document_waits_for_it() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        assert_eq!(house.receipt(&parcel.order_receipt(120, 3)).orphans, 1);
        assert_eq!(house.answer(&parcel, 120, 3).orphans, 1);
        house.one(Kind::Order, parcel.order());
        assert_eq!(house.paper_state(Kind::Order, &parcel.order_no()), "stored");
        house.one(Kind::Inventory, parcel.inventory());
        assert_eq!(house.state(&parcel.cop_no()), "stored");
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_orphan"), 0);
        assert!(house.receipts().iter().all(|kept| kept.document_id.is_some()));
        assert_eq!(house.receipts().len(), 2);
    });
}

#[test]
fn malformed_receipts_are_kept_and_reported() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        sent(&house, &parcel);
        let good = parcel.inventory_receipt(120, 3);
        let broken = good.replace(">120<", ">abc<");
        for (letter, findings) in [(&broken[..], true), ("<broken", true), (&good[..], false)] {
            let taken = house.receipt(letter);
            assert_eq!(!taken.findings.is_empty(), findings, "{letter}");
        }
        assert_eq!(house.state(&parcel.cop_no()), "stored");
        let malformed = house.receipts().into_iter().filter(|kept| kept.effect == "malformed");
        assert_eq!(malformed.count(), 2);
    });
}

#[test]
fn a_receipt_without_its_numbers_is_found_by_guid() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        let inventory = parcel.inventory();
        let guid = inventory["InventoryHead"]["guid"].as_str().expect("guid").to_lowercase();
        house.one(Kind::Inventory, inventory);
        let receipt = format!(
            r#"<CEB622Message xmlns="http://www.chinaport.gov.cn/ceb" guid="x" version="1.0">
<InventoryReturn><guid>{guid}</guid><returnStatus>-621001</returnStatus>
<returnTime>20261123100500000</returnTime><returnInfo>清单[订单编号：1]报文校验失败</returnInfo>
</InventoryReturn></CEB622Message>"#
        );
        assert_eq!(house.receipt(&receipt).moved, 1);
        assert_eq!(house.state(&parcel.cop_no()), "failed");
    });
}

fn format_error(guid: &str) -> String {
    format!(
        r#"<ceb:CEB900Message xmlns:ceb="http://www.chinaport.gov.cn/ceb" guid="x" version="1.0">
<ceb:MessageReturn><ceb:guid>{guid}</ceb:guid><ceb:returnStatus>-1</ceb:returnStatus>
<ceb:returnInfo>格式校验失败</ceb:returnInfo><ceb:returnTime>20261123100500000</ceb:returnTime>
<ceb:oriCopMsgId>x</ceb:oriCopMsgId><ceb:oriMessageType>CEB311Message</ceb:oriMessageType>
<ceb:oriBizMessage>x</ceb:oriBizMessage></ceb:MessageReturn></ceb:CEB900Message>"#,
    )
}

#[test]
fn a_format_error_of_a_part_fails_what_was_in_it() {
    both(|db| {
        let house = House::over(db);
        let parcels = [Parcel::new(1), Parcel::new(2)];
        // The first inventory waits for its order; the second goes alone, in a message of its own.
        let inventories = parcels.iter().map(Parcel::inventory).collect();
        house.hand_in(Kind::Inventory, inventories);
        house.one(Kind::Order, parcels[1].order());
        house.one(Kind::Payment, parcels[1].payment());
        house.one(Kind::Waybill, parcels[1].waybill());
        let sent = house.send().into_iter().find(|d| d.kind == Kind::Inventory).expect("it goes");
        let text = String::from_utf8_lossy(&sent.bytes).into_owned();
        let guid = text.split("guid=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(house.receipt(&format_error(guid.expect("a guid"))).moved, 1);
        assert_eq!(house.state(&parcels[1].cop_no()), "failed");
        assert_eq!(house.state(&parcels[0].cop_no()), "waiting", "it was not in the message");
    });
}

#[test]
fn a_format_error_fails_every_document_of_its_message() {
    both(|db| {
        let house = House::over(db);
        let parcels = [Parcel::new(1), Parcel::new(2)];
        let outcome = house.hand_in(Kind::Order, parcels.iter().map(Parcel::order).collect());
        house.send();
        assert_eq!(house.receipt(&format_error(&outcome.guid)).moved, 2);
        for parcel in parcels {
            assert_eq!(house.paper_state(Kind::Order, &parcel.order_no()), "failed");
            let again = with(parcel.order(), "appTime", "20261123120000");
            assert_eq!(house.one(Kind::Order, again)["status"], "accepted", "sent again");
        }
    });
}

#[test]
fn cancelling_ends_the_inventory_and_gives_the_amount_back() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        sent(&house, &parcel);
        assert_eq!(
            errors(&house.one(Kind::CancelApplication, parcel.cancel())),
            ["cancel.no_inventory"]
        );
        house.answer(&parcel, 120, 1);
        let item = house.one(Kind::CancelApplication, parcel.cancel());
        assert_eq!(item["status"], "accepted", "{item}");
        assert_eq!(house.one(Kind::CancelApplication, parcel.cancel())["status"], "repeated");
        assert_eq!(house.send().len(), 1);
        house.receipt(&parcel.cancel_receipt(2, 2));
        house.receipt(&parcel.cancel_receipt(120, 3));
        assert_eq!(house.state(&parcel.cop_no()), "stored", "applied for is not yet cancelled");
        assert_eq!(house.usage(&parcel), (0, 20_000));
        house.receipt(&parcel.cancel_receipt(399, 4));
        assert_eq!(house.state(&parcel.cop_no()), "cancelled");
        assert_eq!(house.usage(&parcel), (0, 0));
        house.answer(&parcel, 800, 9);
        assert_eq!(house.state(&parcel.cop_no()), "cancelled", "a late release changes nothing");
    });
}

#[test]
fn a_refused_cancellation_leaves_the_inventory_as_it_is() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        sent(&house, &parcel);
        house.answer(&parcel, 120, 1);
        house.one(Kind::CancelApplication, parcel.cancel());
        house.send();
        house.receipt(&parcel.cancel_receipt(100, 4));
        assert_eq!(house.state(&parcel.cop_no()), "stored");
        assert_eq!(house.usage(&parcel), (0, 20_000));
        house.answer(&parcel, 800, 9);
        assert_eq!(house.usage(&parcel), (20_000, 0));
        let late = with(parcel.cancel(), "x", "x");
        assert_eq!(errors(&house.one(Kind::CancelApplication, late)), ["action.released"]);
    });
}

#[test]
fn arrival_and_delivery_are_marked() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel { mode: "9610", ..Parcel::new(1) };
        sent(&house, &parcel);
        let sheet = house.one(Kind::Warehousing, parcel.warehousing());
        assert_eq!(sheet["status"], "accepted", "{sheet}");
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_arrival"), 1);
        house.answer(&parcel, 120, 1);
        house.answer(&parcel, 800, 2);
        house.one(Kind::WaybillStatus, parcel.delivered());
        let marked =
            "SELECT COUNT(*) FROM clearance_inventory_course WHERE delivered_at IS NOT NULL";
        assert_eq!(house.count(marked), 1);
        assert_eq!(house.noted("released_without_arrival"), 0);
        let other = Parcel { buyer: identity_number(2), mode: "9610", ..Parcel::new(2) };
        sent(&house, &other);
        house.answer(&other, 800, 2);
        let owed = house.noted("released_without_arrival");
        assert_eq!(owed, 1, "released before the site told of its arrival");
    });
}

#[test]
fn the_ledger_balances_after_everything() {
    both(|db| {
        let house = House::over(db);
        for n in 1..=6 {
            let parcel = Parcel { buyer: identity_number(n % 3), ..Parcel::new(n) };
            sent(&house, &parcel);
            for (status, second) in [(2, 1), (120, 2), ([100, 800, 700][n as usize % 3], 3)] {
                house.answer(&parcel, status, second);
            }
        }
        let report = house.db.read(ledger::verify).expect("verified");
        assert!(report.balanced(), "{report:?}");
        let held = "SELECT COUNT(*) FROM clearance_inventory_course WHERE quota = 1";
        assert_eq!(house.count(held), 0, "everything has been decided");
    });
}

#[test]
fn a_receipt_with_endless_numbers_blocks_no_other() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.parcel(&parcel);
        house.send();
        // Digits that do not compress, so that no index could hold them.
        let mut long = String::new();
        for n in 0..4_000_u64 {
            long.push_str(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string());
        }
        let hostile = parcel
            .inventory_receipt(120, 1)
            .replace(&parcel.cop_no(), &long)
            .replace(&parcel.invt_no(), &long);
        let taken = house.receipt(&hostile);
        assert_eq!((taken.receipts, taken.orphans), (1, 1));
        let named = hostile.replace(&long, "").replace(
            "<ceb:copNo></ceb:copNo>",
            &format!("<ceb:copNo>{}</ceb:copNo>", parcel.cop_no()),
        );
        let named =
            named.replace("<ceb:invtNo></ceb:invtNo>", &format!("<ceb:invtNo>{long}</ceb:invtNo>"));
        assert_eq!(house.receipt(&named).moved, 1);
        assert_eq!(house.state(&parcel.cop_no()), "stored");
    });
}
