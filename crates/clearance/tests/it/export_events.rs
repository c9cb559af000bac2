//! What follows an export's inventory: arrival, consolidation, departure, summary.

use clearance::document::Kind;
use db::test::both;
use serde_json::{Value as Json, json};

use super::export_support::*;
use super::support::*;

/// Documents about parcels come before those are ready for them, and go in the right order.
#[test]
fn each_document_waits_for_what_it_must_follow() {
    both(|db| {
        let house = House::over(db);
        let (one, two) = (Export::retail(1), Export::retail(2));
        house.export(&one);
        let early = house.one(Kind::Arrival, collective(Kind::Arrival, "YD1", &[&one, &two]));
        assert_eq!((&early["status"], &early["state"]), (&json!("accepted"), &json!("waiting")));
        let findings = early["findings"].as_array().expect("findings");
        let codes: Vec<&Json> = findings.iter().map(|finding| &finding["code"]).collect();
        assert_eq!(codes, ["export.waits_for_inventory", "export.waits_for_inventory"]);
        assert!(findings[0]["zh"].as_str().is_some_and(|text| text.contains("依据")));
        house.export(&two);
        house.send();
        house.answer_export(&one, &[2, 120]);
        assert_eq!(house.paper_state(Kind::Arrival, "YD1"), "waiting", "two is not stored yet");
        house.answer_export(&two, &[2, 120]);
        assert_eq!(house.paper_state(Kind::Arrival, "YD1"), "ready");
        // Departure and consolidation come before release.
        let both = [&one, &two];
        for kind in [Kind::Departure, Kind::Consolidation] {
            let item = house.one(kind, collective(kind, "ZD1", &both));
            assert_eq!(item["state"], "waiting", "{item}");
        }
        let kinds: Vec<Kind> = house.send().iter().map(|dispatch| dispatch.kind).collect();
        assert_eq!(kinds, [Kind::Arrival]);
        house.receipt(&collective_receipt(Kind::Arrival, "YD1", 399, 40));
        assert_eq!(house.paper_state(Kind::Arrival, "YD1"), "concluded");
        for export in both {
            house.answer_export(export, &[2, 120, 800]);
        }
        let kinds: Vec<Kind> = house.send().iter().map(|dispatch| dispatch.kind).collect();
        assert_eq!((kinds.len(), kinds.contains(&Kind::Departure)), (2, true));
        assert_eq!(house.events("clearance.export_departed").len(), 0);
        house.receipt(&collective_receipt(Kind::Consolidation, "ZD1", 120, 50));
        house.receipt(&collective_receipt(Kind::Departure, "ZD1", 399, 60));
        // Said twice, it departed once.
        house.receipt(&collective_receipt(Kind::Departure, "ZD1", 399, 60));
        let departed = house.events("clearance.export_departed");
        assert_eq!(departed.len(), 2);
        assert_eq!(departed[0]["voyage_no"], "CA8402");
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_finding"), 0);
    });
}

#[test]
fn what_comes_when_all_is_ready_goes_at_once() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        house.export(&export);
        house.send();
        house.answer_export(&export, &[120, 800]);
        for kind in [Kind::Arrival, Kind::Consolidation, Kind::Departure] {
            let item = house.one(kind, collective(kind, "A1", &[&export]));
            assert_eq!(item["state"], "ready", "{item}");
        }
        assert_eq!(house.send().len(), 3);
        // The same once more is a repeat; another under its number is not taken.
        let same = house.one(Kind::Arrival, collective(Kind::Arrival, "A1", &[&export]));
        assert_eq!(same["status"], "repeated");
        let other = collective(Kind::Arrival, "A1", &[&export, &Export::retail(2)]);
        assert_eq!(errors(&house.one(Kind::Arrival, other)), ["document.exists"]);
    });
}

#[test]
fn a_parcel_that_ended_is_told_and_a_change_lets_the_rest_go() {
    both(|db| {
        let house = House::over(db);
        let (one, two) = (Export::retail(1), Export::retail(2));
        for export in [&one, &two] {
            house.export(export);
        }
        house.send();
        house.answer_export(&one, &[120, 800]);
        house.answer_export(&two, &[120]);
        let item = house.one(Kind::Departure, collective(Kind::Departure, "LJ1", &[&one, &two]));
        assert_eq!(item["state"], "waiting");
        house.one(Kind::ExportCancel, two.cancel());
        house.send();
        let fields =
            [("agentCode", BROKER), ("copNo", "EC00000002"), ("invtNo", "42512026E000000002")];
        house.receipt(&receipt("CEB606", "InvtCancelReturn", &fields, 399, &at(90)));
        assert_eq!(house.paper_state(Kind::Departure, "LJ1"), "held");
        let code = "SELECT COUNT(*) FROM clearance_finding WHERE code = 'export.inventory_ended'";
        assert_eq!(house.count(code), 1);
        // At the door the same is refused.
        let again = collective(Kind::Departure, "LJ2", &[&two]);
        assert_eq!(errors(&house.one(Kind::Departure, again)), ["export.inventory_ended"]);
        let mut change = collective(Kind::Departure, "LJ1", &[&one]);
        change["DepartureHead"]["appType"] = "2".into();
        change["DepartureHead"]["appTime"] = "20261123130000".into();
        let item = house.one(Kind::Departure, change);
        assert_eq!(item["state"], "ready", "{item}");
        assert_eq!(house.count(code), 0);
    });
}

#[test]
fn a_waiting_document_is_withdrawn_here() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        let sheet = collective(Kind::Arrival, "YD1", &[&export]);
        house.one(Kind::Arrival, sheet.clone());
        let mut gone = sheet;
        gone["ArrivalHead"]["appType"] = "3".into();
        gone["ArrivalHead"]["appTime"] = "20261123130000".into();
        assert_eq!(house.one(Kind::Arrival, gone)["state"], "withdrawn");
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_mention"), 0);
        house.export(&export);
        house.send();
        house.answer_export(&export, &[120]);
        assert_eq!(house.paper_state(Kind::Arrival, "YD1"), "withdrawn");
        assert!(house.send().is_empty());
    });
}

#[test]
fn only_its_own_declarants_parcels_are_consolidated() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        house.export(&export);
        house.send();
        house.answer_export(&export, &[120, 800]);
        let mut sheet = collective(Kind::Consolidation, "Z1", &[&export]);
        sheet["WayBillHead"]["agentCode"] = OTHER_SELLER.into();
        let item = house.one(Kind::Consolidation, sheet);
        assert_eq!(errors(&item), ["export.other_firm"], "{item}");
    });
}

#[test]
fn what_closed_is_summarised_once() {
    both(|db| {
        let house = House::over(db);
        let plain = Export { flag: "A", hs_code: "6109000000", ..Export::retail(3) };
        let all = [Export::retail(1), Export::retail(2), plain];
        for export in &all {
            assert_eq!(house.export(export)["state"], "ready");
        }
        house.send();
        house.answer_export(&all[0], &[120, 800, 899]);
        house.answer_export(&all[1], &[120, 800]);
        house.answer_export(&all[2], &[120, 800, 899]);
        assert_eq!(house.count("SELECT COUNT(*) FROM clearance_summary"), 1, "B and closed");
        let apply = |cop_no: &str, exports: &[&Export]| {
            house.one(
                Kind::SummaryApplication,
                collective(Kind::SummaryApplication, cop_no, exports),
            )
        };
        let [one, two, three] = &all;
        let unknown = Export::retail(9);
        let refused = apply("HZ1", &[one, two, three, &unknown]);
        assert_eq!(
            errors(&refused),
            ["export.too_early", "export.not_to_summarise", "export.no_inventory"]
        );
        assert_eq!(apply("HZ1", &[one])["state"], "ready");
        assert_eq!(errors(&apply("HZ2", &[one])), ["export.summarised"]);
        house.send();
        // Rejected by customs, the inventory is open again.
        house.receipt(&collective_receipt(Kind::SummaryApplication, "HZ1", 100, 200));
        assert_eq!(apply("HZ2", &[one])["state"], "ready");
        house.send();
        house.receipt(&collective_receipt(Kind::SummaryApplication, "HZ2", 399, 210));
        let taken = house.receipt(&summary_result(&[one], ""));
        assert_eq!((taken.receipts, taken.orphans), (1, 0));
        house.receipt(&summary_result(&[one], "420220260000000001"));
        let entry = "SELECT COUNT(*) FROM clearance_summary_result
                     WHERE entry_no = '420220260000000001'";
        assert_eq!(house.count(entry), 1);
        let summarised = house.events("clearance.export_summarised");
        assert_eq!(summarised.len(), 1, "told once");
        assert_eq!(summarised[0]["result_no"], "D20261201000000001");
        assert_eq!(house.events("clearance.export_closed").len(), 2);
        assert_eq!(errors(&apply("HZ3", &[one])), ["export.summarised"]);
    });
}

#[test]
fn a_result_that_comes_before_the_closing_is_not_lost() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        house.export(&export);
        house.send();
        house.answer_export(&export, &[120, 800]);
        house.receipt(&summary_result(&[&export], "420220260000000001"));
        house.answer_export(&export, &[120, 800, 899]);
        let open = "SELECT COUNT(*) FROM clearance_summary WHERE result_no IS NULL";
        assert_eq!(house.count(open), 0);
    });
}

#[test]
fn parts_of_one_document_are_answered_each() {
    both(|db| {
        let house = House::over(db);
        let (one, two) = (Export::retail(1), Export::retail(2));
        for export in [&one, &two] {
            house.export(export);
        }
        house.send();
        for export in [&one, &two] {
            house.answer_export(export, &[120]);
        }
        for (part, export) in [("1", &one), ("2", &two)] {
            let mut sheet = collective(Kind::Arrival, "YD1", &[export]);
            sheet["ArrivalHead"]["msgCount"] = "2".into();
            sheet["ArrivalHead"]["msgSeqNo"] = part.into();
            assert_eq!(house.one(Kind::Arrival, sheet)["state"], "ready");
        }
        house.send();
        let answer = |part: &str, status| {
            let fields = [
                ("operatorCode", SITE),
                ("logisticsCode", CARRIER),
                ("copNo", "YD1"),
                ("msgSeqNo", part),
            ];
            receipt("CEB508", "ArrivalReturn", &fields, status, &at(30))
        };
        house.receipt(&answer("2", 100));
        house.receipt(&answer("1", 399));
        assert_eq!(house.paper_state(Kind::Arrival, "YD1"), "concluded");
        assert_eq!(house.paper_state(Kind::Arrival, "YD1#2"), "rejected");
    });
}

/// What came as JSON is the same document when it comes as the XML made of it.
#[test]
fn every_export_document_is_one_by_every_door() {
    both(|db| {
        let house = House::over(db);
        let export = Export::retail(1);
        house.one(Kind::FundsReceipt, export.funds());
        house.export(&export);
        let mut messages: Vec<Vec<u8>> =
            house.send().into_iter().map(|dispatch| dispatch.bytes).collect();
        house.answer_export(&export, &[120, 800, 899]);
        for kind in [Kind::Arrival, Kind::Consolidation, Kind::Departure, Kind::SummaryApplication]
        {
            house.one(kind, collective(kind, "A1", &[&export]));
        }
        messages.extend(house.send().into_iter().map(|dispatch| dispatch.bytes));
        assert_eq!(messages.len(), 8);
        for bytes in messages {
            let outcome = serde_json::to_value(house.xml(bytes)).expect("JSON");
            assert_eq!(outcome["status"], "repeated", "{outcome}");
        }
    });
}
