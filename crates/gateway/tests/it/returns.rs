//! Imported goods that come back, and the e-tax bills of those that do not.

use ceb::{Document, Record};
use gateway::standin::{BillBy, MIGRATIONS, Settings};
use kernel::Time;

use super::fixture::{Bench, Parcel, Receipt, kind, new, start, with, with_line};

impl Parcel {
    /// A return of some of each line, under a number of its own.
    fn return_application(&self, own_no: &str, invt_no: &str, qty: &str) -> Document {
        let mut document = new(
            "CEB625",
            &[
                ("customsCode", "4251"),
                ("orderNo", &self.order_no),
                ("ebpCode", "EBP"),
                ("ebpName", "示例平台"),
                ("ebcCode", "EBC"),
                ("ebcName", "示例电商"),
                ("logisticsNo", &self.waybill_no()),
                ("logisticsCode", "LOG"),
                ("logisticsName", "示例速递"),
                ("copNo", own_no),
                ("invtNo", invt_no),
                ("buyerIdType", "1"),
                ("buyerIdNumber", self.buyer_id),
                ("buyerName", "李示例"),
                ("buyerTelephone", "10000000001"),
                ("agentCode", "AGENT"),
                ("agentName", "示例报关"),
                ("reason", "买家退货"),
            ],
        );
        for gnum in 1..=self.lines {
            let mut line = Record::new(kind("CEB625").document.lines.unwrap().record);
            let number = gnum.to_string();
            for (name, value) in [
                ("gnum", &*number),
                ("gcode", "3304990099"),
                ("gname", "面霜"),
                ("qty", qty),
                ("unit", "142"),
            ] {
                assert!(line.set(name, value), "{name}");
            }
            document.lines.push(line);
        }
        document
    }
}

fn day(text: &str) -> Time {
    Time::parse_compact(&format!("{text}100000")).unwrap()
}

/// Releases a parcel; gives the number of its inventory.
fn released(bench: &Bench, parcel: &Parcel) -> String {
    bench.counterparts(parcel);
    bench.send("CEB621", vec![parcel.inventory()]).unwrap();
    let receipts = bench.receipts();
    assert!(receipts.iter().any(|r| r.status == "899"), "{receipts:?}");
    receipts[1].invt_no.clone()
}

/// Bills and their states: type, state, number, notice, VAT.
fn bills(receipts: &[Receipt]) -> Vec<(&str, &str, String, String, String)> {
    let bills = receipts.iter().filter(|r| matches!(&*r.code, "CEB816" | "CEB818"));
    bills
        .map(|one| {
            let head = &one.document.as_ref().unwrap().head;
            let text = |name: &str| head.text(name).unwrap_or_default().to_owned();
            (
                &*one.code,
                &*one.status,
                text("taxNo"),
                text("entDutyNo"),
                if one.code == "CEB816" { text("valueAddedTax") } else { String::new() },
            )
        })
        .collect()
}

#[test]
fn a_return_voids_the_bill_and_makes_one_for_what_is_left() {
    db::test::both_with(MIGRATIONS, |db| {
        let bench = Bench::over(db.clone());
        let parcel = Parcel { lines: 2, ..Parcel::of("R1") };
        let number = released(&bench, &parcel);
        let mut some = parcel.return_application("T1", &number, "0.5");
        some.lines.pop();
        bench.send_at("CEB625", vec![some], day("20261124"));
        let receipts = bench.receipts();
        assert!(receipts.iter().all(|r| r.valid), "{receipts:?}");
        let statuses: Vec<&str> =
            receipts.iter().filter(|r| r.code == "CEB626").map(|r| &*r.status).collect();
        assert_eq!(statuses, ["2", "120", "399"]);
        assert_eq!(receipts[0].pre_no, "T20261124000000001");
        let tax_no = |n: u32| format!("{number}{n:02}");
        let empty = String::new;
        // 199.50 a line, a tenth of it tax, half of the first line back.
        assert_eq!(
            bills(&receipts),
            [
                ("CEB818", "3", tax_no(1), empty(), empty()),
                ("CEB816", "1", tax_no(2), empty(), "29.92".to_owned()),
            ]
        );
        let mut rest = parcel.return_application("T2", &number, "1");
        rest.lines[0].set("qty", "0.5");
        bench.send_at("CEB625", vec![rest], day("20261125"));
        let void = [("CEB818", "3", tax_no(2), empty(), empty())];
        assert_eq!(bills(&bench.receipts()), void);
        let more = parcel.return_application("T3", &number, "0.1");
        bench.send_at("CEB625", vec![more], day("20261125"));
        let last = bench.receipts().pop().unwrap();
        assert_eq!(last.status, "100");
        assert!(last.info.contains("第1项退货数量超过剩余可退数量"), "{}", last.info);
        assert_eq!(bench.standin.due_bills(day("20270301")).unwrap(), 0, "nothing is owed");
    });
}

#[test]
fn returns_are_judged_by_inventory_window_and_district() {
    let bench = Bench::new();
    let parcel = Parcel::of("R1");
    let number = released(&bench, &parcel);
    let apply = |own_no: &str| parcel.return_application(own_no, &number, "1");
    for (document, status, info) in [
        (parcel.return_application("T1", "42512026I999999999", "1"), "-625204", "不存在"),
        (with_line(apply("T2"), "gcode", "3304990098"), "-625209", "编码与原清单不一致"),
        (with_line(apply("T3"), "gnum", "4"), "-625209", "没有第4项"),
        (with_line(apply("T4"), "qty", "1.00001"), "100", "超过剩余可退数量"),
        (with(apply("T5"), "appType", "2"), "-625204", "未找到"),
    ] {
        bench.send_at("CEB625", vec![document], day("20261124"));
        let last = bench.receipts().pop().unwrap();
        assert_eq!(last.status, status, "{}", last.info);
        assert!(last.info.contains(info), "{}", last.info);
    }
    let late = with(apply("T6"), "customsCode", "4220");
    bench.send_at("CEB625", vec![late.clone()], day("20261224"));
    let last = bench.receipts().pop().unwrap();
    assert!(last.info.contains("放行之日起30日内"), "{}", last.info);
    bench.send_at("CEB625", vec![late], day("20261223"));
    assert_eq!(bench.statuses("CEB626"), ["2", "120", "399"], "the last day, in another zone");
    bench.send_at("CEB625", vec![apply("T6")], day("20261223"));
    assert_eq!(bench.statuses("CEB626"), ["-625022"]);
}

#[test]
fn direct_goods_go_back_through_their_own_district_once_released() {
    let bench = Bench::new();
    let parcel = Parcel { mode: "9610", ..Parcel::of("R1") };
    bench.counterparts(&parcel);
    bench.send("CEB621", vec![parcel.inventory()]).unwrap();
    let number = bench.receipts()[1].invt_no.clone();
    let apply = |own_no: &str| parcel.return_application(own_no, &number, "1");
    bench.send_at("CEB625", vec![apply("T1")], day("20261124"));
    assert_eq!(bench.statuses("CEB626"), ["-625205"], "not released yet");
    bench.send_at("CEB711", vec![parcel.sheet()], day("20261201"));
    bench.receipts();
    let elsewhere = with(apply("T2"), "customsCode", "4220");
    bench.send_at("CEB625", vec![elsewhere], day("20261231"));
    assert!(bench.receipts().pop().unwrap().info.contains("原申报地海关"));
    bench.send_at("CEB625", vec![apply("T3")], day("20261231"));
    assert_eq!(bench.statuses("CEB626"), ["2", "120", "399"], "the window runs from release");
}

#[test]
fn a_return_is_given_back_to_the_yearly_limit() {
    let bench = Bench::new();
    let parcel = Parcel { price: "24000", ..Parcel::of("R1") };
    let number = released(&bench, &parcel);
    let next = Parcel { price: "3000", ..Parcel::of("R2") };
    bench.counterparts(&next);
    bench.send("CEB621", vec![next.inventory()]).unwrap();
    assert_eq!(bench.statuses("CEB622"), ["2", "100"]);
    let part = parcel.return_application("T1", &number, "0.05");
    bench.send_at("CEB625", vec![part], day("20261124"));
    bench.receipts();
    bench.send_at("CEB621", vec![next.inventory()], day("20261124"));
    assert_eq!(bench.statuses("CEB622"), ["2", "120", "800", "899"]);
}

#[test]
fn an_order_number_asks_for_what_becomes_of_its_return() {
    for (prefix, statuses) in [
        ("SREJ625-", vec!["2", "100"]),
        ("SNEG625001-", vec!["-625001"]),
        ("SHOLD2-", vec!["2", "120", "300", "399"]),
        ("SOOO-", vec!["399", "120", "2"]),
    ] {
        let bench = Bench::new();
        let parcel = Parcel::of(&format!("{prefix}1"));
        let number = released(&bench, &parcel);
        let apply = parcel.return_application("T1", &number, "1");
        bench.send_at("CEB625", vec![apply], day("20261124"));
        assert_eq!(bench.statuses("CEB626"), statuses, "{prefix}");
    }
}

#[test]
fn an_order_number_can_ask_that_a_cancellation_is_rejected() {
    let bench = Bench::new();
    let parcel = Parcel::of("SHOLD-SREJ623-1");
    bench.counterparts(&parcel);
    bench.send("CEB621", vec![parcel.inventory()]).unwrap();
    let number = bench.receipts().pop().unwrap().invt_no;
    bench.send("CEB623", vec![parcel.cancel(&number)]).unwrap();
    assert_eq!(bench.statuses("CEB624"), ["2", "100"]);
}

#[test]
fn bills_are_carried_to_a_notice_once_the_window_has_passed() {
    db::test::both_with(MIGRATIONS, |db| {
        let bench = Bench::over(db.clone());
        // Others share the customs' clock but not its fate: one is kept, one waits for goods, one
        // comes back, one is released later.
        let kept = Parcel::of("SHOLD-K");
        let waiting = Parcel { mode: "9610", ..Parcel::of("W") };
        for parcel in [&kept, &waiting] {
            bench.counterparts(parcel);
            bench.send("CEB621", vec![parcel.inventory()]).unwrap();
        }
        bench.receipts();
        let one = released(&bench, &Parcel::of("B1"));
        let two = released(&bench, &Parcel { lines: 2, ..Parcel::of("B2") });
        let back = Parcel::of("B3");
        let gone = released(&bench, &back);
        let all = back.return_application("T1", &gone, "1");
        bench.send_at("CEB625", vec![all], day("20261124"));
        let next = Parcel { buyer_id: "37110218851130004X", ..Parcel::of("B4") };
        bench.counterparts(&next);
        bench.send_at("CEB621", vec![next.inventory()], day("20261201"));
        bench.receipts();

        assert_eq!(bench.standin.due_bills(day("20261223")).unwrap(), 0, "day 30 is for returns");
        assert_eq!(bench.standin.due_bills(day("20261224")).unwrap(), 2);
        let receipts = bench.receipts();
        assert!(receipts.iter().all(|r| r.valid), "{receipts:?}");
        let notice = "425120261224L000001".to_owned();
        let row = |code, number: &str, vat: &str| {
            (code, "2", format!("{number}01"), notice.clone(), vat.to_owned())
        };
        assert_eq!(
            bills(&receipts),
            [
                row("CEB816", &one, "19.95"),
                row("CEB816", &two, "39.90"),
                row("CEB818", &one, ""),
                row("CEB818", &two, ""),
            ]
        );
        assert_eq!(bench.standin.due_bills(day("20261224")).unwrap(), 0, "nothing twice");
        assert_eq!(bench.standin.due_bills(day("20270101")).unwrap(), 1);
        bench.receipts();
        bench.send_at("CEB711", vec![waiting.sheet()], day("20270102"));
        bench.receipts();
        assert_eq!(bench.standin.due_bills(day("20270201")).unwrap(), 0);
        assert_eq!(bench.standin.due_bills(day("20270202")).unwrap(), 1, "counted from release");
        let sent_back = Bench::over(db.clone());
        assert_eq!(sent_back.standin.due_bills(day("20270302")).unwrap(), 0, "known to others");
    });
}

#[test]
fn a_notice_gathers_one_guarantor_or_one_firm_of_it() {
    for (bill_by, notices) in [(BillBy::Guarantor, 1), (BillBy::GuarantorAndFirm, 2)] {
        let db = db::test::memory(MIGRATIONS);
        let bench = Bench::with(db, Settings { bill_by, ..Settings::default() });
        for (order_no, firm) in [("F1", "EBC"), ("F2", "EBC"), ("F3", "EBC3")] {
            let parcel = Parcel::of(order_no);
            bench.send("CEB311", vec![with(parcel.order(), "ebcCode", firm)]).unwrap();
            bench.send("CEB411", vec![parcel.payment()]).unwrap();
            bench.send("CEB511", vec![parcel.waybill()]).unwrap();
            bench.send("CEB621", vec![with(parcel.inventory(), "ebcCode", firm)]).unwrap();
        }
        bench.receipts();
        assert_eq!(bench.standin.due_bills(start().plus_millis(40 * 86_400_000)).unwrap(), 3);
        let receipts = bench.receipts();
        let mut numbers: Vec<String> =
            bills(&receipts).into_iter().map(|(_, _, _, notice, _)| notice).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), notices);
    }
}

#[test]
fn many_lines_and_many_parcels_are_all_carried() {
    let bench = Bench::new();
    let parcels: Vec<Parcel> = (0..40)
        .map(|n| Parcel { price: "0.50", lines: 45, ..Parcel::of(&format!("M{n:02}")) })
        .collect();
    let of = |make: fn(&Parcel) -> ceb::Document| parcels.iter().map(make).collect();
    bench.send("CEB311", of(Parcel::order)).unwrap();
    bench.send("CEB411", of(Parcel::payment)).unwrap();
    bench.send("CEB511", of(Parcel::waybill)).unwrap();
    bench.send("CEB621", of(Parcel::inventory)).unwrap();
    bench.receipts();
    assert_eq!(bench.standin.due_bills(day("20270101")).unwrap(), 40);
    let receipts = bench.receipts();
    let bills: Vec<_> = receipts.iter().filter(|r| r.code == "CEB816").collect();
    assert_eq!(bills.len(), 40);
    assert!(bills.iter().all(|bill| bill.document.as_ref().unwrap().lines.len() == 45));
}
