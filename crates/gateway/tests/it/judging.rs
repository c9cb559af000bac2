//! The stand-in judges by the rules when the order number asks for nothing.

use std::sync::Arc;

use ceb::Document;
use gateway::Customs;
use gateway::standin::{MIGRATIONS, Settings, StandIn};

use super::fixture::{Bench, DXP_ID, Law, Parcel, envelope_of, message, start, with, with_line};

const RELEASED: [&str; 4] = ["2", "120", "800", "899"];

#[test]
fn a_right_parcel_is_released_and_taxed() {
    let bench = Bench::new();
    let parcel = Parcel::of("A1");
    for (code, receipt, document) in [
        ("CEB311", "CEB312", parcel.order()),
        ("CEB411", "CEB412", parcel.payment()),
        ("CEB511", "CEB512", parcel.waybill()),
        ("CEB513", "CEB514", parcel.waybill_status()),
    ] {
        bench.send(code, vec![document]).unwrap();
        let receipts = bench.receipts();
        assert!(receipts.iter().all(|r| r.code == receipt && r.valid), "{receipts:?}");
        let statuses: Vec<&str> = receipts.iter().map(|r| r.status.as_str()).collect();
        assert_eq!(statuses, ["2", "120"], "{code}");
    }
    bench.send("CEB621", vec![parcel.inventory()]).unwrap();
    let receipts = bench.receipts();
    assert!(receipts.iter().all(|r| r.valid), "{receipts:?}");
    let of = |status: &str| receipts.iter().find(|r| r.status == status).unwrap();
    assert_eq!(of("2").pre_no, "B20261123000000001");
    assert_eq!(of("2").invt_no, "");
    assert_eq!(of("120").invt_no, "42512026I000000001");
    assert_eq!(of("800").info, "[Code:2600;Desc:放行]");
    let bill = receipts.iter().find(|r| r.code == "CEB816").unwrap();
    let document = bill.document.as_ref().unwrap();
    assert_eq!(document.head.text("valueAddedTax"), Some("19.95"));
    assert_eq!(document.lines[0].text("taxPrice"), Some("199.50"));
    let gap = of("800").said.unwrap().to_millis() - of("120").said.unwrap().to_millis();
    assert_eq!(gap, 1000, "a second apart");
}

#[test]
fn each_difference_is_answered_with_its_code() {
    type Change = fn(&Parcel) -> [Document; 4];
    let four = |p: &Parcel| [p.order(), p.payment(), p.waybill(), p.inventory()];
    assert_eq!(outcome(four), ("899".to_owned(), "结关".to_owned()));
    let rows: [(Change, &str); 9] = [
        (
            |p| {
                let more = Parcel { lines: 2, ..p.clone() };
                [more.order(), more.payment(), p.waybill(), p.inventory()]
            },
            "[Code:1320;",
        ),
        (
            |p| {
                let other = with_line(p.inventory(), "qty", "2");
                [p.order(), p.payment(), p.waybill(), other]
            },
            "[Code:1322;",
        ),
        (
            |p| [p.order(), with(p.payment(), "payerName", "王某"), p.waybill(), p.inventory()],
            "[Code:1327;",
        ),
        (
            |p| [p.order(), with(p.payment(), "amountPaid", "1"), p.waybill(), p.inventory()],
            "[Code:1332;",
        ),
        (
            |p| [p.order(), with(p.payment(), "payCode", "PAY2"), p.waybill(), p.inventory()],
            "[Code:13035;",
        ),
        (
            |p| [p.order(), p.payment(), p.waybill(), with(p.inventory(), "buyerName", "王某")],
            "[Code:13127;",
        ),
        (
            |p| {
                let other = with(p.inventory(), "buyerTelephone", "10000000009");
                [p.order(), p.payment(), p.waybill(), other]
            },
            "[Code:130126;",
        ),
        (
            |p| [p.order(), p.payment(), with(p.waybill(), "consignee", "王某"), p.inventory()],
            "订单与运单收货人信息不一致",
        ),
        (
            |p| {
                let other = with_line(p.inventory(), "gcode", "9999999999");
                [p.order(), p.payment(), p.waybill(), other]
            },
            "商品编码9999999999不在",
        ),
    ];
    for (change, info) in rows {
        let (status, said) = outcome(change);
        assert_eq!(status, "100", "{info}");
        assert!(said.contains(info), "{said} {info}");
    }
}

fn outcome(change: fn(&Parcel) -> [Document; 4]) -> (String, String) {
    let bench = Bench::new();
    let [order, payment, waybill, inventory] = change(&Parcel::of("A1"));
    bench.send("CEB311", vec![order]).unwrap();
    bench.send("CEB411", vec![payment]).unwrap();
    bench.send("CEB511", vec![waybill]).unwrap();
    bench.send("CEB621", vec![inventory]).unwrap();
    let last = bench.receipts().into_iter().rfind(|r| r.code == "CEB622").unwrap();
    (last.status, last.info)
}

#[test]
fn missing_counterparts_are_all_named() {
    let bench = Bench::new();
    bench.send("CEB621", vec![Parcel::of("A1").inventory()]).unwrap();
    let last = bench.receipts().pop().unwrap();
    assert_eq!(last.status, "100");
    for word in ["订单", "支付单", "运单"] {
        assert!(last.info.contains(&format!("未找到对应的{word}")), "{}", last.info);
    }
}

#[test]
fn what_exists_or_is_not_there_gets_the_code_of_its_family() {
    let bench = Bench::new();
    let parcel = Parcel::of("A1");
    bench.counterparts(&parcel);
    for (code, receipt, document, app_type, status) in [
        ("CEB311", "CEB312", parcel.order(), "1", "-301010"),
        ("CEB411", "CEB412", parcel.payment(), "1", "-401007"),
        ("CEB511", "CEB512", parcel.waybill(), "1", "-504015"),
        ("CEB311", "CEB312", Parcel::of("B1").order(), "2", "-301009"),
        ("CEB411", "CEB412", Parcel::of("B1").payment(), "3", "-401006"),
        ("CEB513", "CEB514", Parcel::of("B1").waybill_status(), "1", "-505011"),
        ("CEB621", "CEB622", parcel.inventory(), "2", "-621011"),
    ] {
        bench.send(code, vec![with(document, "appType", app_type)]).unwrap();
        assert_eq!(bench.statuses(receipt), [status], "{code} {app_type}");
    }
    let old = with(with(parcel.order(), "appType", "2"), "appTime", "20250101000000");
    bench.send("CEB311", vec![old]).unwrap();
    assert_eq!(bench.statuses("CEB312"), ["-301014"]);
    let newer = with(with(parcel.order(), "appType", "2"), "appTime", "20261123094000");
    bench.send("CEB311", vec![newer]).unwrap();
    assert_eq!(bench.statuses("CEB312"), ["2", "120"]);
}

#[test]
fn a_declared_inventory_cannot_be_declared_again_but_a_rejected_one_can() {
    let bench = Bench::new();
    let parcel = Parcel::of("A1");
    bench.send("CEB621", vec![parcel.inventory()]).unwrap();
    assert_eq!(bench.statuses("CEB622"), ["2", "100"], "nothing to go with it");
    bench.counterparts(&parcel);
    bench.send("CEB621", vec![parcel.inventory()]).unwrap();
    assert_eq!(bench.statuses("CEB622"), RELEASED);
    bench.send("CEB621", vec![parcel.inventory()]).unwrap();
    assert_eq!(bench.statuses("CEB622"), ["-621004"]);
    bench.send("CEB621", vec![with(parcel.inventory(), "appType", "2")]).unwrap();
    assert_eq!(bench.statuses("CEB622"), ["-621012"]);
    bench.send("CEB311", vec![with(parcel.order(), "appType", "3")]).unwrap();
    assert_eq!(bench.statuses("CEB312"), ["-301011"]);
}

#[test]
fn limits_are_the_laws() {
    let bench = Bench::new();
    let several = Parcel { price: "2600", lines: 2, ..Parcel::of("L1") };
    bench.counterparts(&several);
    bench.send("CEB621", vec![several.inventory()]).unwrap();
    assert_eq!(bench.statuses("CEB622"), ["-621005"]);

    // Six of 4,800 in one message: the sixth is above 26,000.
    let parcels: Vec<Parcel> =
        (1..=6).map(|n| Parcel { price: "4800", ..Parcel::of(&format!("Y{n}")) }).collect();
    parcels.iter().for_each(|parcel| bench.counterparts(parcel));
    bench.send("CEB621", parcels.iter().map(Parcel::inventory).collect()).unwrap();
    let receipts = bench.receipts();
    let count = |status: &str| receipts.iter().filter(|r| r.status == status).count();
    assert_eq!((count("899"), count("100")), (5, 1));
    let rejected = receipts.iter().find(|r| r.status == "100").unwrap();
    assert!(rejected.info.contains("[Code:1313;"), "{}", rejected.info);
    assert!(rejected.info.contains("totalPrice：28800.00 > limitPrice: 26000.00"));
}

#[test]
fn cancelling_gives_the_quota_back_and_only_what_is_kept_can_be_cancelled() {
    let bench = Bench::new();
    let kept = Parcel { price: "24000", ..Parcel::of("SHOLD-1") };
    bench.counterparts(&kept);
    bench.send("CEB621", vec![kept.inventory()]).unwrap();
    let invt_no = bench.receipts().pop().unwrap().invt_no;

    bench.send("CEB623", vec![kept.cancel("42512026I999999999")]).unwrap();
    assert_eq!(bench.statuses("CEB624"), ["-623003"]);
    bench.send("CEB623", vec![kept.cancel(&invt_no)]).unwrap();
    let receipts = bench.receipts();
    let statuses: Vec<&str> = receipts.iter().map(|r| r.status.as_str()).collect();
    assert_eq!(statuses, ["2", "120", "399"]);
    assert!(receipts.iter().all(|r| r.valid && r.invt_no == invt_no), "{receipts:?}");
    bench.send("CEB623", vec![kept.cancel(&invt_no)]).unwrap();
    assert_eq!(bench.statuses("CEB624"), ["-623009"]);

    let other = Parcel { price: "24000", ..Parcel::of("C2") };
    bench.counterparts(&other);
    bench.send("CEB621", vec![other.inventory()]).unwrap();
    let receipts = bench.receipts();
    assert_eq!(receipts.iter().rfind(|r| r.code == "CEB622").unwrap().status, "899");
    let invt_no = &receipts[1].invt_no;
    bench.send("CEB623", vec![other.cancel(invt_no)]).unwrap();
    assert_eq!(bench.statuses("CEB624"), ["-623005"]);
}

#[test]
fn direct_mail_is_released_when_its_warehousing_sheet_is_there() {
    for sheet_first in [true, false] {
        let bench = Bench::new();
        let parcel = Parcel { mode: "9610", ..Parcel::of("D1") };
        bench.counterparts(&parcel);
        if sheet_first {
            bench.send("CEB711", vec![parcel.sheet()]).unwrap();
            bench.send("CEB621", vec![parcel.inventory()]).unwrap();
            assert_eq!(bench.statuses("CEB622"), RELEASED);
        } else {
            bench.send("CEB621", vec![parcel.inventory()]).unwrap();
            assert_eq!(bench.statuses("CEB622"), ["2", "120"]);
            let later = start().plus_millis(3_600_000);
            bench.send_at("CEB711", vec![parcel.sheet()], later);
            let receipts = bench.receipts();
            let released = receipts.iter().find(|r| r.status == "800").unwrap();
            assert!(released.said.unwrap() > later, "released after the arrival");
            assert!(receipts.iter().any(|r| r.code == "CEB816"));
            assert!(receipts.iter().any(|r| r.code == "CEB712" && r.valid));
        }
        bench.send("CEB711", vec![parcel.sheet()]).unwrap();
        assert_eq!(bench.statuses("CEB712").last().unwrap(), "-800003");
    }
}

#[test]
fn waiting_direct_mail_can_be_cancelled_and_is_then_never_released() {
    let bench = Bench::new();
    let parcel = Parcel { mode: "9610", ..Parcel::of("D1") };
    bench.counterparts(&parcel);
    bench.send("CEB621", vec![parcel.inventory()]).unwrap();
    let invt_no = bench.receipts().pop().unwrap().invt_no;
    bench.send("CEB623", vec![parcel.cancel(&invt_no)]).unwrap();
    assert_eq!(bench.statuses("CEB624"), ["2", "120", "399"]);
    bench.send("CEB711", vec![parcel.sheet()]).unwrap();
    assert!(bench.receipts().iter().all(|r| r.code == "CEB712"));
}

#[test]
fn form_and_signature_are_judged_first() {
    let bench = Bench::new();
    let parcel = Parcel::of("F1");
    bench.counterparts(&parcel);
    let good = message("CEB621", vec![parcel.inventory()]);

    let broken = String::from_utf8(good.clone())
        .unwrap()
        .replace("<ceb:portCode>4251", "<ceb:portCode>42511");
    bench.send_bytes("CEB621", broken.as_bytes(), start()).unwrap();
    let receipt = bench.receipts().pop().unwrap();
    assert!(receipt.code == "CEB900" && receipt.valid, "{receipt:?}");
    let document = receipt.document.unwrap();
    assert!(document.head.text("oriBizMessage").unwrap().contains("42511"));
    assert_eq!(document.head.text("oriMessageType"), Some("CEB621Message"));

    bench.send_bytes("CEB621", b"\x00]]> no message", start()).unwrap();
    let receipt = bench.receipts().pop().unwrap();
    assert!(receipt.code == "CEB900" && receipt.valid, "{receipt:?}");

    let changed =
        String::from_utf8(good).unwrap().replace("买家", "卖家").replace("样例路1号", "样例路2号");
    bench.send_bytes("CEB621", changed.as_bytes(), start()).unwrap();
    assert_eq!(bench.statuses("CEB622"), ["-621029"]);

    bench.send("CEB621", vec![with(parcel.inventory(), "agentCode", "STRANGER")]).unwrap();
    assert_eq!(bench.statuses("CEB622"), ["-621015"]);
    bench.send("CEB621", vec![with(parcel.inventory(), "note", "bad")]).unwrap();
    let receipt = bench.receipts().pop().unwrap();
    assert_eq!(receipt.status, "-621001");
    assert!(receipt.info.contains("备注不对"), "{}", receipt.info);

    let other = String::from_utf8(message("CEB311", vec![Parcel::of("F2").order()]))
        .unwrap()
        .replace(DXP_ID, "DXPENT9999999999");
    bench.send_bytes("CEB311", other.as_bytes(), start()).unwrap();
    let receipt = bench.receipts().pop().unwrap();
    assert_eq!(receipt.status, "-301008");
    assert!(receipt.info.contains("senderId"), "{}", receipt.info);
}

#[test]
fn what_is_no_import_message_is_not_taken() {
    let bench = Bench::new();
    let failure = bench.standin.submit(b"<nonsense/>", start()).unwrap_err();
    assert!(!failure.retryable && failure.code == "0001", "{failure:?}");
    assert!(bench.receipts().is_empty());
}

#[test]
fn the_same_envelope_twice_is_answered_once() {
    let bench = Bench::new();
    let bytes = message("CEB311", vec![Parcel::of("A1").order()]);
    let envelope = envelope_of("ONE", "CEB311", &bytes);
    assert!(!bench.standin.submit(&envelope, start()).unwrap().repeated);
    assert!(bench.standin.submit(&envelope, start()).unwrap().repeated);
    assert_eq!(bench.statuses("CEB312"), ["2", "120"]);
}

#[test]
fn same_input_same_time_same_receipts() {
    let play = || {
        let bench = Bench::new();
        let parcels: Vec<Parcel> = (0..20).map(|n| Parcel::of(&format!("N{n}"))).collect();
        let of = |make: fn(&Parcel) -> Document| parcels.iter().map(make).collect::<Vec<_>>();
        for (code, documents) in [
            ("CEB621", of(Parcel::inventory)),
            ("CEB311", of(Parcel::order)),
            ("CEB511", of(Parcel::waybill)),
            ("CEB411", of(Parcel::payment)),
        ] {
            bench.send(code, documents).unwrap();
        }
        bench.receipts()
    };
    assert_eq!(play(), play());
}

#[test]
fn one_batch_is_one_moment_whatever_its_order() {
    let bench = Bench::new();
    let parcel = Parcel { mode: "9610", ..Parcel::of("B1") };
    let envelopes: Vec<Vec<u8>> = [
        ("CEB621", parcel.inventory()),
        ("CEB511", parcel.waybill()),
        ("CEB711", parcel.sheet()),
        ("CEB411", parcel.payment()),
        ("CEB311", parcel.order()),
    ]
    .into_iter()
    .enumerate()
    .map(|(n, (code, document))| {
        envelope_of(&format!("E{n}"), code, &message(code, vec![document]))
    })
    .collect();
    let mut views: Vec<&[u8]> = envelopes.iter().map(Vec::as_slice).collect();
    views.insert(2, b"no envelope");
    let answers = bench.standin.submit_many(&views, start()).unwrap();
    let taken: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(taken, [true, true, false, true, true, true]);
    assert_eq!(bench.statuses("CEB622"), RELEASED);
}

#[test]
fn receipts_survive_a_restart_and_come_until_acknowledged() {
    db::test::both_with(MIGRATIONS, |db| {
        let bench = Bench::over(db.clone());
        let parcels: Vec<Parcel> = (0..150).map(|n| Parcel::of(&format!("N{n}"))).collect();
        for half in parcels.chunks(75) {
            bench.send("CEB311", half.iter().map(Parcel::order).collect()).unwrap();
        }
        drop(bench);

        let bench = Bench::over(db.clone());
        let late = start().plus_millis(60_000);
        let first = bench.standin.collect(late, 100).unwrap();
        assert_eq!(first, bench.standin.collect(late, 100).unwrap(), "not acknowledged: again");
        let returns: Vec<usize> =
            first.iter().map(|d| super::fixture::read(d, late).len()).collect();
        assert_eq!(returns.iter().sum::<usize>(), 300);
        assert!(returns.iter().all(|n| *n <= 100), "{returns:?}");
        for delivery in &first {
            bench.standin.delivered(&[&delivery.receipt_id], late).unwrap();
        }
        assert!(bench.standin.collect(late, 100).unwrap().is_empty());
        assert!(bench.standin.next_due().unwrap().is_none());
    });
}

#[test]
fn nothing_comes_before_it_is_due() {
    let bench = Bench::new();
    bench.send("CEB311", vec![Parcel::of("A1").order()]).unwrap();
    assert!(bench.standin.collect(start(), 10).unwrap().is_empty());
    let due = bench.standin.next_due().unwrap().unwrap();
    assert_eq!(due, start().plus_millis(1000));
    assert_eq!(bench.standin.collect(due, 10).unwrap().len(), 1);
}

#[test]
fn what_one_process_learns_the_others_and_the_next_know() {
    db::test::both_with(MIGRATIONS, |db| {
        let open = |node| {
            let settings = Settings { node, ..Settings::default() };
            StandIn::new(db.clone(), Arc::new(Law), settings)
        };
        let (one, other) = (open(61), open(62));
        let parcel = Parcel::of("A1");
        let send = |standin: &StandIn, id: &str, code: &str, document: Document| {
            let envelope = envelope_of(id, code, &message(code, vec![document]));
            standin.submit(&envelope, start()).unwrap()
        };
        send(&one, "M1", "CEB311", parcel.order());
        send(&other, "M2", "CEB411", parcel.payment());
        send(&one, "M3", "CEB511", parcel.waybill());
        send(&other, "M4", "CEB621", parcel.inventory());
        assert!(send(&one, "M4", "CEB621", parcel.inventory()).repeated);
        let next = open(63);
        assert!(send(&next, "M1", "CEB311", parcel.order()).repeated);
        send(&next, "M5", "CEB621", parcel.inventory());
        let bench = Bench::over(db.clone());
        let mut statuses = bench.statuses("CEB622");
        statuses.sort_unstable();
        assert_eq!(statuses, ["-621004", "120", "2", "800", "899"]);
    });
}

#[test]
fn a_start_with_the_clock_gone_back_names_no_receipt_twice() {
    db::test::both_with(MIGRATIONS, |db| {
        for n in 0..3 {
            let bench = Bench::over(db.clone());
            let bytes = message("CEB311", vec![Parcel::of(&format!("N{n}")).order()]);
            let envelope = envelope_of(&format!("M{n}"), "CEB311", &bytes);
            bench.standin.submit(&envelope, start().plus_millis(-n)).unwrap();
        }
        assert_eq!(Bench::over(db.clone()).statuses("CEB312").len(), 6);
    });
}
