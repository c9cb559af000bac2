//! An export from its order to its closing.

use clearance::document::Kind;
use db::test::both;
use serde_json::json;

use super::export_support::*;
use super::support::*;

#[test]
fn an_export_goes_when_its_documents_are_there() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        let inventory = house.one(Kind::ExportInventory, export.inventory());
        assert_eq!(
            (&inventory["status"], &inventory["state"]),
            (&json!("accepted"), &json!("waiting"))
        );
        let missing = inventory["findings"].as_array().expect("findings");
        let codes: Vec<_> = missing.iter().map(|f| f["path"].as_str().unwrap_or("")).collect();
        assert_eq!(codes, ["export_order", "export_waybill"]);
        let order = house.one(Kind::ExportOrder, export.order());
        assert_eq!(order["state"], "ready", "{order}");
        assert_eq!(house.state(&export.cop_no()), "waiting");
        house.one(Kind::ExportWaybill, export.waybill());
        assert_eq!(house.state(&export.cop_no()), "ready");
        let sent: Vec<Kind> = house.send().iter().map(|dispatch| dispatch.kind).collect();
        assert_eq!(
            sent.last(),
            Some(&Kind::ExportInventory),
            "never before its documents: {sent:?}"
        );
        house.answer_export(&export, &[2, 120, 800, 899]);
        assert_eq!(house.state(&export.cop_no()), "closed");
        // No buyer, no quota.
        assert_eq!(
            house.count("SELECT COUNT(*) FROM clearance_inventory_course WHERE quota <> 0"),
            0
        );
    });
}

#[test]
fn every_mode_and_kind_of_order_goes_through() {
    both(|db| {
        let house = House::over(db);
        let all = [
            Export::retail(1),
            Export::zone(2),
            Export::business(3, 2_500),
            Export::warehouse(4, 2_500),
            Export { flag: "A", hs_code: "6109000000", ..Export::retail(5) },
            Export { flag: "A", hs_code: "6109100000", ..Export::business(6, 100) },
        ];
        for export in &all {
            let item = house.export(export);
            assert_eq!(item["state"], "ready", "{} {}: {item}", export.mode, export.flag);
        }
        house.send();
        for export in &all {
            house.answer_export(export, &[120, 800]);
            assert_eq!(house.state(&export.cop_no()), "released");
        }
        let released = house.events("clearance.export_released");
        let modes: Vec<_> = released.iter().map(|body| body["mode"].clone()).collect();
        assert_eq!(modes, ["9610", "1210", "9710", "9810", "9610", "9710"]);
        assert_eq!(released[2]["lines"][0]["total"], "5000");
    });
}

#[test]
fn receipts_of_funds_are_needed_up_to_the_day_the_law_changed() {
    both(|db| {
        let house = House::over(db);
        let law_of = |day: &str, n: u32| {
            let now = kernel::Time::parse_compact(&format!("{day}100000")).expect("a time");
            house.clock.set(now);
            let app_time = format!("{day}100000");
            Export { app_time, ..Export::retail(n) }
        };
        let export = law_of("20241214", 1);
        assert_eq!(house.export(&export)["state"], "waiting");
        let funds = house.one(Kind::FundsReceipt, export.funds());
        assert_eq!(funds["status"], "accepted", "{funds}");
        assert_eq!(house.state(&export.cop_no()), "ready");
        let export = law_of("20241215", 2);
        assert_eq!(house.export(&export)["state"], "ready");
    });
}

#[test]
fn what_differs_holds_an_export_and_a_change_lets_it_go() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        house.one(Kind::ExportOrder, export.order());
        house.one(Kind::ExportWaybill, export.waybill());
        let mut wrong = export.inventory();
        wrong["InventoryList"][0]["qty"] = "3".into();
        wrong["InventoryList"][0]["totalPrice"] = "60".into();
        let item = house.one(Kind::ExportInventory, wrong);
        assert_eq!(item["status"], "held", "{item}");
        assert!(errors(&item).contains(&"match.line".to_owned()), "{item}");
        let mut change = with(export.inventory(), "appType", "2");
        change = with(change, "appTime", "20261123110000");
        assert_eq!(house.one(Kind::ExportInventory, change)["state"], "ready");
        // The order is in use now.
        let late = with(with(export.order(), "appType", "2"), "appTime", "20261123120000");
        let late = house.one(Kind::ExportOrder, with(late, "note", "改"));
        assert_eq!(errors(&late), ["action.used_by_inventory"]);
    });
}

#[test]
fn business_export_above_the_limit_is_told_to_use_the_form() {
    both(|db| {
        let house = House::over(db);
        let item = house.export(&Export::business(1, 2_501));
        assert_eq!(errors(&item), ["export.form.amount"], "{item}");
        let dear = Export { hs_code: "7204100000", ..Export::warehouse(2, 3_000) };
        let item = house.export(&dear);
        assert_eq!(errors(&item), ["export.form.amount", "export.form.tax"], "{item}");
        let finding = &item["findings"][0];
        assert!(finding["remedy_zh"].as_str().is_some_and(|text| text.contains("报关单")));
        assert!(finding["zh"].as_str().is_some_and(|text| text.contains("依据")));
        // Retail has no such limit.
        assert_eq!(house.export(&Export { price: 9_000, ..Export::retail(3) })["state"], "ready");
    });
}

#[test]
fn an_import_and_an_export_may_have_the_same_numbers() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        let import = Parcel::new(1);
        assert_eq!(export.cop_no(), import.cop_no());
        house.parcel(&import);
        house.export(&export);
        house.send();
        house.answer(&import, 120, 1);
        house.answer_export(&export, &[120, 800]);
        let rows = "SELECT COUNT(*) FROM clearance_inventory_course WHERE state =";
        assert_eq!(house.count(&format!("{rows} 120")), 1);
        assert_eq!(house.count(&format!("{rows} 800")), 1);
    });
}

#[test]
fn sellers_without_a_platform_of_ours_have_their_own_order_numbers() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        house.one(Kind::ExportOrder, export.order());
        let mut other = export.order();
        other["OrderHead"]["ebcCode"] = OTHER_SELLER.into();
        let other = house.one(Kind::ExportOrder, other);
        assert_eq!(other["status"], "accepted", "{other}");
        let receipt = |ebc: &str, status| {
            let fields = [("ebpCode", "无"), ("ebcCode", ebc), ("orderNo", "EXP00000001")];
            receipt("CEB304", "OrderReturn", &fields, status, &at(5))
        };
        house.receipt(&receipt(SELLER, 120));
        let taken = house.receipt(&receipt(OTHER_SELLER, 100));
        assert_eq!(taken.moved, 1);
        let stored = "SELECT COUNT(*) FROM clearance_document_course WHERE state =";
        assert_eq!(house.count(&format!("{stored} 120")), 1);
        assert_eq!(house.count(&format!("{stored} 100")), 1);
    });
}

#[test]
fn receipts_of_every_export_document_move_it() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        house.one(Kind::FundsReceipt, export.funds());
        house.export(&export);
        house.send();
        let order_no = export.order_no();
        for (code, element, kind, fields) in [
            (
                "CEB404",
                "ReceiptsReturn",
                Kind::FundsReceipt,
                vec![("ebcCode", SELLER), ("orderNo", order_no.as_str())],
            ),
            (
                "CEB506",
                "LogisticsReturn",
                Kind::ExportWaybill,
                vec![("logisticsCode", CARRIER), ("logisticsNo", "EWB00000001")],
            ),
        ] {
            let taken = house.receipt(&receipt(code, element, &fields, 120, &at(9)));
            assert_eq!((taken.moved, taken.orphans), (1, 0), "{code}");
            let number = if kind == Kind::FundsReceipt { &order_no } else { "EWB00000001" };
            assert_eq!(house.paper_state(kind, number), "stored");
        }
        // Late and repeated ones move nothing back.
        house.answer_export(&export, &[120, 800]);
        house.receipt(&export.inventory_receipt(120, 1));
        house.receipt(&export.inventory_receipt(800, 20));
        assert_eq!(house.state(&export.cop_no()), "released");
    });
}

#[test]
fn an_export_is_cancelled_before_it_is_released() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        house.export(&export);
        house.send();
        house.answer_export(&export, &[120]);
        let item = house.one(Kind::ExportCancel, export.cancel());
        assert_eq!(item["state"], "ready", "{item}");
        house.send();
        let fields = [
            ("agentCode", BROKER),
            ("copNo", "EC00000001"),
            ("preNo", "C20261123000000001"),
            ("invtNo", "42512026E000000001"),
        ];
        house.receipt(&receipt("CEB606", "InvtCancelReturn", &fields, 399, &at(60)));
        assert_eq!(house.state(&export.cop_no()), "cancelled");
        let released = Export::retail(2);
        house.export(&released);
        house.send();
        house.answer_export(&released, &[120, 800]);
        let late = house.one(Kind::ExportCancel, released.cancel());
        assert_eq!(errors(&late), ["action.released"]);
    });
}
