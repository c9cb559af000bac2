//! Export: what waits for what, and what customs would say.

use kernel::Time;

use super::export_parcel::ExportParcel;
use super::fixture::{Bench, Receipt, start, with};
use gateway::standin::scenario::{Effect, SCENARIOS};

const STEP: i64 = 1_000;

/// A moment after everything said so far.
fn later(minutes: i64) -> Time {
    start().plus_millis(minutes * 60_000)
}

fn of<'a>(receipts: &'a [Receipt], code: &str) -> Vec<&'a str> {
    receipts.iter().filter(|r| r.code == code).map(|r| r.status.as_str()).collect()
}

#[test]
fn an_export_is_released_by_arrival_and_closed_by_departure() {
    db::test::both_with(gateway::standin::MIGRATIONS, |db| {
        let bench = Bench::over(db.clone());
        let parcel = ExportParcel::of("E1");
        for (code, receipt, document) in [
            ("CEB303", "CEB304", parcel.order()),
            ("CEB403", "CEB404", parcel.funds()),
            ("CEB505", "CEB506", parcel.waybill()),
        ] {
            bench.send(code, vec![document]).unwrap();
            let receipts = bench.receipts();
            assert!(receipts.iter().all(|r| r.code == receipt && r.valid), "{receipts:?}");
            assert_eq!(of(&receipts, receipt), ["2", "120"]);
        }
        bench.send("CEB603", vec![parcel.inventory()]).unwrap();
        let receipts = bench.receipts();
        assert_eq!(of(&receipts, "CEB604"), ["2", "120"], "waits for the arrival");
        assert!(receipts.iter().all(|r| r.valid), "{receipts:?}");
        assert_eq!(receipts[0].pre_no, "B20261123000000001");
        assert_eq!((&*receipts[0].invt_no, &*receipts[1].invt_no), ("", "42202026E000000001"));

        let sheets = [
            ("CEB607", "CEB608", vec!["2", "120"], vec![], 1),
            ("CEB507", "CEB508", vec!["2", "120", "399"], vec!["800"], 2),
            ("CEB509", "CEB510", vec!["2", "120", "399"], vec!["899"], 3),
        ];
        for (code, receipt, statuses, inventory, minutes) in sheets {
            let sheet = ExportParcel::sheet(code, "S1", &[&parcel]);
            bench.send_at(code, vec![sheet], later(minutes));
            let receipts = bench.receipts();
            assert_eq!(of(&receipts, receipt), statuses, "{code}");
            assert_eq!(of(&receipts, "CEB604"), inventory, "{code}");
            assert!(receipts.iter().all(|r| r.valid), "{receipts:?}");
            for one in receipts.iter().filter(|r| r.code == "CEB604") {
                assert_eq!(one.said, Some(later(minutes).plus_millis(STEP)));
                assert_eq!(one.invt_no, "42202026E000000001");
            }
        }
    });
}

#[test]
fn receipts_of_exports_come_from_the_address_of_exports() {
    use gateway::Customs;
    let bench = Bench::new();
    bench.send("CEB303", vec![ExportParcel::of("E1").order()]).unwrap();
    bench.send("CEB311", vec![super::fixture::Parcel::of("I1").order()]).unwrap();
    let letters = bench.standin.collect(later(1), 50).unwrap();
    let mut from: Vec<(String, String)> = letters
        .into_iter()
        .filter_map(|letter| letter.header)
        .map(|header| (header.msg_type, header.sender_id))
        .collect();
    from.sort();
    from.dedup();
    let row = |kind: &str, sender: &str| (kind.to_owned(), sender.to_owned());
    let wanted =
        [row("CEB304Message", "DXPEDCCEB0000003"), row("CEB312Message", "DXPEDCCEB0000002")];
    assert_eq!(from, wanted);
}

#[test]
fn goods_may_arrive_before_they_are_declared() {
    let bench = Bench::new();
    let parcel = ExportParcel::of("E1");
    bench.export_counterparts(&parcel);
    bench.send("CEB507", vec![ExportParcel::sheet("CEB507", "A1", &[&parcel])]).unwrap();
    assert_eq!(bench.statuses("CEB508"), ["2", "120", "399"]);
    bench.send("CEB603", vec![parcel.inventory()]).unwrap();
    assert_eq!(bench.statuses("CEB604"), ["2", "120", "800"]);
}

#[test]
fn all_in_one_batch_is_one_moment() {
    let bench = Bench::new();
    let parcel = ExportParcel::of("E1");
    let messages = [
        ("CEB507", ExportParcel::sheet("CEB507", "A1", &[&parcel])),
        ("CEB603", parcel.inventory()),
        ("CEB505", parcel.waybill()),
        ("CEB303", parcel.order()),
    ]
    .map(|(code, document)| {
        let message = super::fixture::message(code, vec![document]);
        super::fixture::envelope_of(code, code, &message)
    });
    let envelopes: Vec<&[u8]> = messages.iter().map(|bytes| &**bytes).collect();
    let taken = bench.standin.submit_many(&envelopes, start()).unwrap();
    assert!(taken.iter().all(Result::is_ok));
    assert_eq!(bench.statuses("CEB604"), ["2", "120", "800"]);
}

/// Sends a whole parcel whose order number begins with a prefix, up to the departure.
fn play(prefix: &str) -> Vec<Receipt> {
    let bench = Bench::new();
    let parcel = ExportParcel::of(&format!("{prefix}20260001"));
    bench.export_counterparts(&parcel);
    let sent = bench.send("CEB603", vec![parcel.inventory()]);
    assert_eq!(sent.is_err(), prefix.starts_with("SDXP"), "{prefix} {sent:?}");
    let mut receipts = bench.receipts();
    let arrival = ExportParcel::sheet("CEB507", "A1", &[&parcel]);
    bench.send_at("CEB507", vec![arrival], later(60));
    receipts.extend(bench.receipts());
    let departure = ExportParcel::sheet("CEB509", "D1", &[&parcel]);
    bench.send_at("CEB509", vec![departure], later(200));
    receipts.extend(bench.receipts());
    receipts
}

#[test]
fn each_row_of_the_table_applies_to_export() {
    for row in &SCENARIOS {
        let receipts = play(row.example);
        let mut got = of(&receipts, "CEB604");
        let mut listed: Vec<&str> =
            row.receipts.split(", ").filter(|s| s.parse::<i64>().is_ok()).collect();
        match row.effect {
            Effect::FormatError => {
                assert!(receipts.iter().any(|r| r.code == "CEB900" && r.valid));
                assert!(got.is_empty());
            }
            Effect::Malformed => assert!(got.ends_with(&["2", "120", "800", "899"]), "{got:?}"),
            Effect::Reversed => assert_eq!(got, ["120", "2", "800", "899"]),
            Effect::Inspect => assert_eq!(got, ["2", "120", "500", "399", "800", "899"]),
            _ => {
                got.sort_by_key(|status| status.parse::<i64>().unwrap());
                listed.sort_by_key(|status| status.parse::<i64>().unwrap());
                assert_eq!(got, listed, "{}", row.example);
            }
        }
    }
}

#[test]
fn goods_are_inspected_where_they_arrived() {
    let receipts = play("SINSP5-");
    let at = |status: &str| {
        let found = receipts.iter().find(|r| r.status == status && r.code == "CEB604");
        found.unwrap().said.unwrap().to_millis() - later(60).to_millis()
    };
    assert_eq!((at("500"), at("399"), at("800")), (STEP, STEP + 300_000, 2 * STEP + 300_000));
}

#[test]
fn documents_that_do_not_fit_are_rejected_by_name() {
    type Change = fn(&ExportParcel) -> ExportParcel;
    let rows: [(Change, &str); 5] = [
        (|p| ExportParcel { kind: "B", ..p.clone() }, "订单类型与清单贸易方式不一致"),
        (|p| ExportParcel { lines: 2, ..p.clone() }, "[Code:1320;"),
        (|p| ExportParcel { price: "26.00", ..p.clone() }, "[Code:1322;"),
        (|p| ExportParcel { order_no: "OTHER".into(), ..p.clone() }, "未找到对应的订单"),
        (|p| ExportParcel { order_no: "OTHER".into(), ..p.clone() }, "未找到对应的运单"),
    ];
    for (change, info) in rows {
        let bench = Bench::new();
        let parcel = ExportParcel::of("E1");
        bench.export_counterparts(&change(&parcel));
        bench.send("CEB603", vec![parcel.inventory()]).unwrap();
        let last = bench.receipts().pop().unwrap();
        assert_eq!(last.status, "100");
        assert!(last.info.contains(info), "{} {info}", last.info);
    }
}

#[test]
fn receipts_of_funds_are_asked_for_while_the_law_did() {
    let day = Time::parse_compact("20241214100000").unwrap();
    let bench = Bench::new();
    let parcel = ExportParcel::of("E1");
    bench.export_counterparts(&parcel);
    bench.send_at("CEB603", vec![parcel.inventory()], start());
    assert_eq!(bench.statuses("CEB604"), ["2", "120"], "not any more");
    let old = Bench::unverified();
    old.export_counterparts(&parcel);
    old.send_at("CEB603", vec![parcel.inventory()], day);
    assert!(old.receipts().pop().unwrap().info.contains("未找到对应的收款单"));
    old.send_at("CEB403", vec![parcel.funds()], day);
    old.receipts();
    old.send_at("CEB603", vec![parcel.inventory()], day);
    assert_eq!(old.statuses("CEB604"), ["2", "120"]);
}

#[test]
fn businesses_go_by_list_up_to_the_limit_and_in_lots() {
    for (mode, kind, price, outcome) in [
        ("9710", "B", "5000.00", "120"),
        ("9810", "W", "5000.01", "100"),
        ("9610", "E", "5000.01", "120"),
    ] {
        let bench = Bench::new();
        let parcel = ExportParcel { mode, kind, price, ..ExportParcel::of("E1") };
        bench.export_counterparts(&parcel);
        bench.send("CEB603", vec![parcel.inventory()]).unwrap();
        assert_eq!(bench.statuses("CEB604"), ["2", outcome], "{mode}");
    }
    let bench = Bench::new();
    let parcel = ExportParcel { mode: "9810", kind: "W", ..ExportParcel::of("E1") };
    bench.declare_export(&parcel);
    let lot = |no: &str| with(with(parcel.inventory(), "copNo", no), "logisticsNo", no);
    bench.send("CEB505", vec![with(parcel.waybill(), "logisticsNo", "LOT2")]).unwrap();
    bench.receipts();
    bench.send("CEB603", vec![lot("LOT2")]).unwrap();
    assert_eq!(bench.statuses("CEB604"), ["2", "120"], "a second lot of a booking");
    let retail = ExportParcel::of("E2");
    bench.declare_export(&retail);
    bench.send("CEB603", vec![with(retail.inventory(), "copNo", "AGAIN")]).unwrap();
    assert_eq!(bench.statuses("CEB604"), ["-621004"], "a retail order leaves once");
}

#[test]
fn what_is_declared_twice_or_changed_too_late_is_refused() {
    let bench = Bench::new();
    let parcel = ExportParcel::of("E1");
    bench.declare_export(&parcel);
    for (code, receipt, document, status) in [
        ("CEB603", "CEB604", parcel.inventory(), "-621004"),
        ("CEB603", "CEB604", with(parcel.inventory(), "appType", "2"), "-621012"),
        ("CEB303", "CEB304", parcel.order(), "-301010"),
        ("CEB303", "CEB304", with(parcel.order(), "appType", "3"), "-301011"),
        ("CEB505", "CEB506", parcel.waybill(), "-504015"),
        ("CEB403", "CEB404", with(parcel.funds(), "appType", "2"), "-401006"),
    ] {
        bench.send(code, vec![document]).unwrap();
        assert_eq!(bench.statuses(receipt), [status], "{code}");
    }
    let other = ExportParcel::of("E2");
    bench.export_counterparts(&other);
    let taken = with(other.inventory(), "logisticsNo", &parcel.waybill_no());
    bench.send("CEB603", vec![taken]).unwrap();
    assert!(bench.receipts().pop().unwrap().info.contains("运单已被其他清单使用"));
}

#[test]
fn a_rejected_export_is_corrected_and_goes_its_way() {
    let bench = Bench::new();
    let parcel = ExportParcel::of("E1");
    bench.send("CEB505", vec![parcel.waybill()]).unwrap();
    bench.receipts();
    bench.send("CEB603", vec![parcel.inventory()]).unwrap();
    assert_eq!(bench.statuses("CEB604"), ["2", "100"]);
    bench.send("CEB303", vec![parcel.order()]).unwrap();
    bench.receipts();
    bench.send("CEB603", vec![with(parcel.inventory(), "appType", "2")]).unwrap();
    assert_eq!(bench.statuses("CEB604"), ["2", "120"]);
}

#[test]
fn cancelling_is_possible_until_the_goods_have_arrived() {
    let bench = Bench::new();
    let parcel = ExportParcel::of("E1");
    let invt_no = bench.declare_export(&parcel);
    bench.send("CEB605", vec![parcel.cancel("42202026E999999999")]).unwrap();
    assert_eq!(bench.statuses("CEB606"), ["-623003"]);
    bench.send("CEB605", vec![parcel.cancel(&invt_no)]).unwrap();
    let receipts = bench.receipts();
    assert_eq!(of(&receipts, "CEB606"), ["2", "120", "399"]);
    assert!(receipts.iter().all(|r| r.valid), "{receipts:?}");
    bench.send("CEB507", vec![ExportParcel::sheet("CEB507", "A1", &[&parcel])]).unwrap();
    assert!(bench.statuses("CEB604").is_empty(), "what was cancelled is not released");
    bench.send("CEB605", vec![parcel.cancel(&invt_no)]).unwrap();
    assert_eq!(bench.statuses("CEB606"), ["-623009"]);

    let gone = ExportParcel::of("E2");
    let invt_no = bench.declare_export(&gone);
    bench.send("CEB507", vec![ExportParcel::sheet("CEB507", "A2", &[&gone])]).unwrap();
    bench.receipts();
    bench.send("CEB605", vec![gone.cancel(&invt_no)]).unwrap();
    assert_eq!(bench.statuses("CEB606"), ["-623005"]);
}

#[test]
fn an_order_number_can_ask_that_cancelling_is_refused() {
    for (prefix, statuses) in [("SREJ605-", vec!["2", "100"]), ("SNEG623025-", vec!["-623025"])] {
        let bench = Bench::new();
        let parcel = ExportParcel::of(&format!("SHOLD-{prefix}1"));
        let invt_no = bench.declare_export(&parcel);
        bench.send("CEB605", vec![parcel.cancel(&invt_no)]).unwrap();
        assert_eq!(bench.statuses("CEB606"), statuses, "{prefix}");
    }
}

#[test]
fn transport_that_differs_is_named_by_waybill() {
    let bench = Bench::new();
    let (parcel, stranger) = (ExportParcel::of("E1"), ExportParcel::of("E2"));
    bench.declare_export(&parcel);
    let sheet = |code: &str, no: &str| ExportParcel::sheet(code, no, &[&parcel]);
    let both = ExportParcel::sheet("CEB607", "B", &[&parcel, &stranger]);
    for (code, receipt, document, info) in [
        ("CEB607", "CEB608", both, "运单X-E2没有已申报的清单"),
        ("CEB607", "CEB608", with(sheet("CEB607", "V"), "voyageNo", "EX2"), "运单X-E1的运输信息"),
        ("CEB507", "CEB508", with(sheet("CEB507", "M"), "trafMode", "2"), "运单X-E1的运输信息"),
        ("CEB509", "CEB510", sheet("CEB509", "D"), "运单X-E1的清单未放行"),
    ] {
        bench.send(code, vec![document]).unwrap();
        let receipts = bench.receipts();
        assert_eq!(of(&receipts, receipt), ["2", "100"], "{code}");
        assert!(receipts[1].info.contains(info), "{}", receipts[1].info);
    }
    bench.send("CEB507", vec![sheet("CEB507", "A")]).unwrap();
    bench.receipts();
    let wrong = with(sheet("CEB509", "W"), "billNo", "B002");
    bench.send_at("CEB509", vec![wrong], later(5));
    assert!(bench.receipts()[1].info.contains("与清单或总分单不一致"));
    bench.send_at("CEB509", vec![sheet("CEB509", "R")], later(6));
    assert_eq!(bench.statuses("CEB604"), ["899"]);
    bench.send_at("CEB509", vec![sheet("CEB509", "R")], later(7));
    assert_eq!(bench.statuses("CEB510"), ["-800003"]);
    bench.send_at("CEB509", vec![sheet("CEB509", "T")], later(8));
    assert!(bench.receipts()[1].info.contains("运单X-E1已离境"));
}

#[test]
fn transport_left_open_is_said_by_consolidation() {
    let bench = Bench::new();
    let parcel = ExportParcel::of("E1");
    bench.export_counterparts(&parcel);
    let mut open = parcel.inventory();
    for name in ["trafName", "voyageNo", "billNo"] {
        open.head.clear(open.head.def().index(name).unwrap());
    }
    bench.send("CEB603", vec![open]).unwrap();
    bench.send("CEB507", vec![ExportParcel::sheet("CEB507", "A", &[&parcel])]).unwrap();
    bench.receipts();
    bench.send_at("CEB509", vec![ExportParcel::sheet("CEB509", "D1", &[&parcel])], later(5));
    assert!(bench.receipts()[1].info.contains("未申报总分单"));
    bench.send_at("CEB607", vec![ExportParcel::sheet("CEB607", "C", &[&parcel])], later(6));
    bench.receipts();
    bench.send_at("CEB509", vec![ExportParcel::sheet("CEB509", "D2", &[&parcel])], later(7));
    assert_eq!(bench.statuses("CEB604"), ["899"]);
}

/// Some parcels that have left; gives their numbers.
fn gone(bench: &Bench, parcels: &[&ExportParcel]) -> Vec<String> {
    let numbers = parcels.iter().map(|parcel| bench.declare_export(parcel)).collect();
    let sheet = |code: &str| vec![ExportParcel::sheet(code, "GO", parcels)];
    bench.send_at("CEB507", sheet("CEB507"), later(1));
    bench.receipts();
    bench.send_at("CEB509", sheet("CEB509"), later(2));
    bench.receipts();
    numbers
}

#[test]
fn a_summary_merges_what_was_closed() {
    let bench = Bench::new();
    let one = ExportParcel { lines: 2, ..ExportParcel::of("E1") };
    let (two, three) = (ExportParcel::of("E2"), ExportParcel::of("E3"));
    let simple = ExportParcel { flag: "A", ..ExportParcel::of("E4") };
    let numbers = gone(&bench, &[&one, &two, &three, &simple]);
    let listed: Vec<&str> = numbers.iter().take(2).map(String::as_str).collect();
    bench.send_at("CEB701", vec![ExportParcel::summary("S1", &listed)], later(3));
    let receipts = bench.receipts();
    assert_eq!(of(&receipts, "CEB702"), ["2", "120", "399"]);
    assert_eq!(of(&receipts, "CEB792"), ["1", "2"]);
    assert!(receipts.iter().all(|r| r.valid), "{receipts:?}");
    let last = receipts.last().unwrap().document.as_ref().unwrap();
    assert_eq!(last.head.text("grossWeight"), Some("1.00000"));
    assert_eq!(last.head.text("entryId").map(str::len), Some(18));
    let sum_no = receipts.iter().find(|r| r.status == "120").unwrap();
    let sum_no = sum_no.document.as_ref().unwrap().head.text("sumNo").unwrap().to_owned();
    assert_eq!(last.head.text("sumNo"), Some(&*sum_no));
    let lines: Vec<(&str, &str, &str)> = last
        .lines
        .iter()
        .map(|line| {
            let text = |name| line.text(name).unwrap();
            (text("logisticsNo"), text("gnum"), text("gseqno"))
        })
        .collect();
    assert_eq!(lines, [("X-E1", "1", "1"), ("X-E1", "2", "1"), ("X-E2", "1", "1")]);

    let again: Vec<&str> = numbers.iter().map(String::as_str).collect();
    bench.send_at("CEB701", vec![ExportParcel::summary("S2", &again)], later(4));
    let info = bench.receipts().pop().unwrap().info;
    for (number, reason) in numbers.iter().zip(["已汇总", "已汇总", "", "为简化申报"]) {
        assert_eq!(info.contains(&**number), !reason.is_empty(), "{info}");
        assert!(info.contains(reason), "{info}");
    }
    let mut span = ExportParcel::summary("S3", &[]);
    span.head.set("startTime", "20261123000000");
    span.head.set("endTime", "20261123235959");
    bench.send_at("CEB701", vec![span], later(5));
    let receipts = bench.receipts();
    let last = receipts.last().unwrap().document.as_ref().unwrap();
    assert_eq!(last.lines.len(), 1, "the one of kind B that was left");
    assert_eq!(last.lines[0].text("invtNo"), Some(&*numbers[2]));
}

#[test]
fn what_has_not_left_is_not_summarised() {
    let bench = Bench::new();
    let number = bench.declare_export(&ExportParcel::of("E1"));
    bench.send("CEB701", vec![ExportParcel::summary("S1", &[&number, "NONE"])]).unwrap();
    let last = bench.receipts().pop().unwrap();
    assert_eq!(last.status, "100");
    assert!(last.info.contains("未结关") && last.info.contains("清单NONE不存在"), "{}", last.info);
}

#[test]
fn exported_goods_come_back_within_the_year_and_no_more_than_left() {
    let bench = Bench::new();
    let parcel = ExportParcel::of("E1");
    let number = gone(&bench, &[&parcel]).remove(0);
    let apply = |own_no: &str, qty: &str| parcel.return_application(own_no, &number, qty);
    for (document, status, info) in [
        (parcel.return_application("R0", "42202026E999999999", "1"), "-625204", "不存在"),
        (super::fixture::with_line(apply("R1", "1"), "gcode", "6911101901"), "-625209", "编码"),
        (super::fixture::with_line(apply("R2", "1"), "gnum", "7"), "-625209", "第7项"),
        (apply("R3", "1.5"), "100", "超过剩余可退数量"),
        (with(apply("R4", "1"), "tradeMode", "1261"), "100", "贸易方式"),
        (with(apply("R5", "1"), "customsCode", "4251"), "100", "原出口地海关"),
    ] {
        bench.send_at("CEB213", vec![document], later(10));
        let last = bench.receipts().pop().unwrap();
        assert_eq!(last.status, status, "{}", last.info);
        assert!(last.info.contains(info), "{}", last.info);
    }
    bench.send_at("CEB213", vec![apply("R6", "0.4")], later(20));
    let receipts = bench.receipts();
    assert_eq!(of(&receipts, "CEB214"), ["2", "120"], "waits for the tally");
    assert!(receipts.iter().all(|r| r.valid), "{receipts:?}");
    bench.send_at("CEB215", vec![ExportParcel::tally("R6")], later(21));
    let receipts = bench.receipts();
    assert_eq!(of(&receipts, "CEB216"), ["2", "120", "399"]);
    assert_eq!(of(&receipts, "CEB214"), ["800"]);
    bench.send_at("CEB213", vec![apply("R7", "0.7")], later(22));
    assert!(bench.receipts().pop().unwrap().info.contains("超过剩余可退数量"));
    bench.send_at("CEB213", vec![apply("R6", "0.1")], later(22));
    assert_eq!(bench.statuses("CEB214"), ["-625022"]);

    let day = |text: &str| Time::parse_compact(text).unwrap();
    let elsewhere = with(apply("R8", "0.1"), "customsCode", "4251");
    bench.send_at("CEB213", vec![elsewhere], day("20271123100000"));
    assert_eq!(bench.statuses("CEB214"), ["2", "120"], "the last day, and elsewhere by then");
    bench.send_at("CEB213", vec![apply("R9", "0.1")], day("20271124100000"));
    assert!(bench.receipts().pop().unwrap().info.contains("12个月"));
}

#[test]
fn what_was_not_released_cannot_come_back() {
    let bench = Bench::new();
    let parcel = ExportParcel::of("SREJ213-1");
    let number = bench.declare_export(&parcel);
    bench.send("CEB213", vec![parcel.return_application("R1", &number, "1")]).unwrap();
    assert_eq!(bench.statuses("CEB214"), ["2", "100"], "as the order number asks");
    let plain = ExportParcel::of("E2");
    let number = bench.declare_export(&plain);
    bench.send("CEB213", vec![plain.return_application("R2", &number, "1")]).unwrap();
    assert_eq!(bench.statuses("CEB214"), ["-625205"]);
}

#[test]
fn what_is_known_of_exports_survives_a_restart() {
    let db = db::test::memory(gateway::standin::MIGRATIONS);
    let bench = Bench::over(db.clone());
    let parcel = ExportParcel { lines: 40, ..ExportParcel::of("E1") };
    let number = bench.declare_export(&parcel);
    let again = Bench::over(db);
    again.sent(100);
    again.send_at("CEB507", vec![ExportParcel::sheet("CEB507", "A", &[&parcel])], later(1));
    assert_eq!(again.statuses("CEB604"), ["800"]);
    again.send_at("CEB509", vec![ExportParcel::sheet("CEB509", "D", &[&parcel])], later(2));
    again.receipts();
    again.send_at("CEB701", vec![ExportParcel::summary("S", &[&number])], later(3));
    let last = again.receipts().pop().unwrap();
    assert_eq!(last.document.unwrap().lines.len(), 40);
}
