//! What goes out, in which form, and again when it failed.

use clearance::dispatch::{Dispatch, DispatchId, Sending, Sent};
use clearance::document::{DocumentId, Kind};
use clearance::flow::{self, NotResent};
use db::test::both;

use super::support::*;

#[test]
fn everything_goes_once_and_is_marked() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.parcel(&parcel);
        let mut kinds: Vec<Kind> = house.send().iter().map(|d| d.kind).collect();
        kinds.sort();
        assert_eq!(kinds, [Kind::Order, Kind::Payment, Kind::Waybill, Kind::Inventory]);
        assert!(house.send().is_empty());
        assert_eq!(house.paper_state(Kind::Order, &parcel.order_no()), "sent");
        assert_eq!(house.state(&parcel.cop_no()), "sent");
    });
}

#[test]
fn what_fails_is_tried_again_and_never_twice_at_once() {
    both(|db| {
        let house = House::over(db);
        house.parcel(&Parcel::new(1));
        let ctx = house.ctx();
        let claim =
            || db.write(|tx| flow::claim_dispatches(tx, &house.ctx(), 100)).expect("claimed");
        let first = claim();
        assert_eq!(first.len(), 4);
        assert!(claim().is_empty(), "claimed is claimed");
        let failed: Vec<Sent> =
            first.iter().map(|d| Sent { id: d.id, outcome: Sending::Later }).collect();
        db.write(|tx| flow::dispatched(tx, &ctx, &failed)).expect("reported");
        assert_eq!(house.state(&Parcel::new(1).cop_no()), "send_failed");
        assert!(claim().is_empty(), "not at once");
        house.clock.advance(3_000);
        let again = claim();
        assert_eq!((again.len(), again[0].attempts), (4, 1));
        // Nobody reports: after its lease it comes again.
        house.clock.advance(121_000);
        assert_eq!(claim().len(), 4);
        let sent: Vec<Sent> =
            again.iter().map(|d| Sent { id: d.id, outcome: Sending::Taken }).collect();
        db.write(|tx| flow::dispatched(tx, &ctx, &sent)).expect("reported");
        assert_eq!(house.state(&Parcel::new(1).cop_no()), "sent");
    });
}

#[test]
fn an_inventory_never_overtakes_its_documents() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.one(Kind::Order, parcel.order());
        let claim =
            || db.write(|tx| flow::claim_dispatches(tx, &house.ctx(), 100)).expect("claimed");
        // Whoever claimed the order is gone; the others come while its lease runs.
        let order = claim();
        assert_eq!(order.len(), 1);
        house.one(Kind::Payment, parcel.payment());
        house.one(Kind::Waybill, parcel.waybill());
        house.one(Kind::Inventory, parcel.inventory());
        let kinds = |all: &[Dispatch]| all.iter().map(|one| one.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&house.send()), [Kind::Payment, Kind::Waybill]);
        house.clock.advance(10_000);
        assert!(house.send().is_empty(), "the order is not there");
        // A server that knows itself alone need not wait for the lease.
        let released = db.write(|tx| flow::release_dispatches(tx, &house.ctx()));
        assert_eq!(released.expect("released"), 1);
        assert_eq!(kinds(&house.send()), [Kind::Order]);
        house.clock.advance(2_000);
        assert_eq!(kinds(&house.send()), [Kind::Inventory]);
    });
}

#[test]
fn a_document_changed_before_it_left_goes_before_its_inventory_all_the_same() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.parcel(&parcel);
        let change = with(with(parcel.payment(), "appType", "2"), "appTime", "20261123101000");
        let item = house.one(Kind::Payment, change);
        assert_eq!(item["state"], "ready", "{item}");
        let one = || {
            house.clock.advance(3_000);
            let ctx = house.ctx();
            let claimed = db.write(|tx| flow::claim_dispatches(tx, &ctx, 1)).expect("claimed");
            let told: Vec<Sent> =
                claimed.iter().map(|d| Sent { id: d.id, outcome: Sending::Taken }).collect();
            db.write(|tx| flow::dispatched(tx, &ctx, &told)).expect("reported");
            claimed.first().map(|one| one.kind)
        };
        let order: Vec<Kind> = (0..12).filter_map(|_| one()).collect();
        assert_eq!(order.len(), 4, "{order:?}");
        assert_eq!(order.last(), Some(&Kind::Inventory), "{order:?}");
    });
}

#[test]
fn an_inventory_does_not_wait_for_what_was_refused_for_good() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.one(Kind::Order, parcel.order());
        house.one(Kind::Payment, parcel.payment());
        let ctx = house.ctx();
        let first = db.write(|tx| flow::claim_dispatches(tx, &ctx, 100)).expect("claimed");
        let refused = Sending::Refused("customs transport answers 2001: no receiver".into());
        let told: Vec<Sent> = first
            .iter()
            .map(|d| match d.kind {
                Kind::Order => Sent { id: d.id, outcome: refused.clone() },
                _ => Sent { id: d.id, outcome: Sending::Later },
            })
            .collect();
        db.write(|tx| flow::dispatched(tx, &ctx, &told)).expect("reported");
        house.one(Kind::Waybill, parcel.waybill());
        house.one(Kind::Inventory, parcel.inventory());
        house.clock.advance(3_000);
        let kinds: Vec<Kind> = house.send().iter().map(|one| one.kind).collect();
        assert_eq!(kinds.len(), 3, "{kinds:?}");
        assert_eq!(kinds.last(), Some(&Kind::Inventory));
    });
}

#[test]
fn what_customs_never_answered_can_be_sent_once_more_by_hand() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.parcel(&parcel);
        let sql = "SELECT id FROM clearance_inventory";
        let id: DocumentId = db.read(|tx| tx.query_one(sql, &[])).unwrap().id(0).unwrap();
        let again = || db.write(|tx| flow::resend(tx, &house.ctx(), id, "they say they lost it"));
        let refused = |result: Result<DispatchId, web::Failure<NotResent>>| match result {
            Err(web::Failure::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(again()), NotResent::Waiting);
        let first = house.send();
        let dispatch = again().expect("due once more");
        assert_eq!(refused(again()), NotResent::Waiting);
        let second = house.send();
        assert_eq!((second.len(), second[0].id), (1, dispatch));
        let before = first.iter().find(|one| one.kind == Kind::Inventory).unwrap();
        assert!(before.id != dispatch && before.bytes == second[0].bytes);
        assert_eq!(house.state(&parcel.cop_no()), "sent");
        let audit = db.read(|tx| tx.audited(&id.to_string(), None, 10)).unwrap();
        let resent: Vec<&str> = audit
            .iter()
            .filter(|entry| entry.act == "dispatch.resend")
            .map(|entry| entry.detail.as_str())
            .collect();
        assert_eq!(resent, ["they say they lost it"]);
        house.answer(&parcel, 120, 1);
        assert_eq!(refused(again()), NotResent::Answered);
    });
}

#[test]
fn a_clock_gone_back_does_not_make_anybody_wait_longer() {
    both(|db| {
        let house = House::over(db);
        house.one(Kind::Order, Parcel::new(1).order());
        let ctx = house.ctx();
        let first = db.write(|tx| flow::claim_dispatches(tx, &ctx, 100)).expect("claimed");
        let told = [Sent { id: first[0].id, outcome: Sending::Later }];
        db.write(|tx| flow::dispatched(tx, &ctx, &told)).expect("reported");
        let day = 86_400_000;
        let before = db::Ctx { now: ctx.now.plus_millis(-day), ..ctx };
        let moved = db.write(|tx| flow::bring_forward(tx, &before, day));
        assert_eq!(moved.expect("moved"), 1);
        let soon = db::Ctx { now: before.now.plus_millis(2_000), ..before };
        let again = db.write(|tx| flow::claim_dispatches(tx, &soon, 100)).expect("claimed");
        assert_eq!(again.len(), 1);
    });
}

#[test]
fn what_is_refused_for_good_is_not_tried_again_and_says_why() {
    both(|db| {
        let house = House::over(db);
        house.parcel(&Parcel::new(1));
        let claim =
            || db.write(|tx| flow::claim_dispatches(tx, &house.ctx(), 100)).expect("claimed");
        let refused = Sending::Refused("customs transport answers 2001: no receiver".into());
        let told: Vec<Sent> =
            claim().iter().map(|d| Sent { id: d.id, outcome: refused.clone() }).collect();
        db.write(|tx| flow::dispatched(tx, &house.ctx(), &told)).expect("reported");
        assert_eq!(house.state(&Parcel::new(1).cop_no()), "send_failed");
        house.clock.advance(86_400_000);
        assert!(claim().is_empty(), "refused for good");
        assert_eq!(house.noted("customs transport answers 2001: no receiver"), 1);
    });
}

#[test]
fn a_changed_order_never_goes_before_its_old_version() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.one(Kind::Order, parcel.order());
        let change = with(with(parcel.order(), "appType", "2"), "appTime", "20261123101000");
        let change = with(change, "consignee", "王五");
        let claim =
            || db.write(|tx| flow::claim_dispatches(tx, &house.ctx(), 100)).expect("claimed");
        let first = claim();
        // While it is on its way nobody knows whether the old version has arrived.
        let item = house.one(Kind::Order, change.clone());
        assert_eq!(errors(&item), ["action.being_sent"], "{item}");
        let failed: Vec<Sent> =
            first.iter().map(|d| Sent { id: d.id, outcome: Sending::Later }).collect();
        db.write(|tx| flow::dispatched(tx, &house.ctx(), &failed)).expect("reported");
        let item = house.one(Kind::Order, change);
        assert_eq!(item["state"], "ready", "{item}");
        house.clock.advance(3_000_000);
        let again = claim();
        assert_eq!(again.len(), 1, "the new version alone");
        assert!(String::from_utf8_lossy(&again[0].bytes).contains("王五"));
    });
}

#[test]
fn of_a_message_only_the_ready_inventories_go() {
    both(|db| {
        let house = House::over(db);
        let parcels: Vec<Parcel> =
            (1..=3).map(|n| Parcel { buyer: identity_number(n), ..Parcel::new(n) }).collect();
        for parcel in &parcels[..2] {
            house.one(Kind::Order, parcel.order());
            house.one(Kind::Payment, parcel.payment());
            house.one(Kind::Waybill, parcel.waybill());
        }
        house.send();
        let all = parcels.iter().map(Parcel::inventory).collect();
        house.hand_in(Kind::Inventory, all);
        let first = house.send();
        assert_eq!((first.len(), first[0].documents, first[0].needs_signature), (1, 2, true));
        let text = String::from_utf8_lossy(&first[0].bytes).into_owned();
        assert!(text.contains("COP00000001") && !text.contains("COP00000003"));
        let last = &parcels[2];
        house.one(Kind::Order, last.order());
        house.one(Kind::Payment, last.payment());
        house.one(Kind::Waybill, last.waybill());
        let later: Vec<_> =
            house.send().into_iter().filter(|d| d.kind == Kind::Inventory).collect();
        assert_eq!((later.len(), later[0].documents), (1, 1));
        assert!(String::from_utf8_lossy(&later[0].bytes).contains("COP00000003"));
    });
}

#[test]
fn an_inventory_called_back_before_it_left_does_not_go() {
    both(|db| {
        let house = House::over(db);
        let parcel = Parcel::new(1);
        house.parcel(&parcel);
        let change = with(with(parcel.inventory(), "appType", "2"), "appTime", "20261123101000");
        let item = house.one(Kind::Inventory, with(change, "note", "改"));
        assert_eq!(item["state"], "ready", "{item}");
        let inventories =
            house.send().into_iter().filter(|d| d.kind == Kind::Inventory).collect::<Vec<_>>();
        assert_eq!(inventories.len(), 1, "the changed one alone");
        assert!(String::from_utf8_lossy(&inventories[0].bytes).contains('改'));
        let late = with(with(parcel.inventory(), "appType", "3"), "appTime", "20261123120000");
        assert_eq!(errors(&house.one(Kind::Inventory, late)), ["action.awaiting_receipt"]);
    });
}
