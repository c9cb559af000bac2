//! What the books cost an inventory, step by step. Run with
//! `cargo test --release -p tax --test it measure -- --ignored --nocapture`.
#![expect(clippy::print_stdout, reason = "measures and tells")]

use tax::bill::electronic::{ElectronicBill, ElectronicLine, write_bills};
use tax::bill::{Outcome, Stated, flow, receive};
use tax::guarantee::Charge;

use crate::site::*;
use crate::support::RULES;

const INVENTORIES: u64 = 100_000;
const BATCH: u64 = 1_000;

/// CPU ticks (a hundredth of a second) of this process.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn step(name: &str, run: impl FnOnce()) {
    let before = ticks();
    run();
    let nanos = (ticks() - before) * 10_000_000 / INVENTORIES;
    println!("{name:<10} {}.{:02} CPU-µs an inventory", nanos / 1_000, nanos % 1_000 / 10);
}

/// What customs says of these inventories at release.
fn e_bills(numbers: std::ops::Range<u64>) -> ceb::Message {
    let guid = "7A2D9C1E-0000-4000-8000-000000000816";
    let tax = Stated { vat: "25.39".parse().unwrap(), ..Stated::default() };
    let line = ElectronicLine {
        gnum: 1,
        hs_code: "9619001100".to_owned(),
        value: "279".parse().unwrap(),
        tax,
    };
    let bills: Vec<ElectronicBill> = numbers
        .map(|number| ElectronicBill {
            guid: guid.to_owned(),
            returned_at: noon("2026-03-01"),
            invt_no: invt_no(number),
            tax_no: format!("{}T1", invt_no(number)),
            tax: Some(tax),
            status: "1".to_owned(),
            lines: vec![line.clone()],
            ..ElectronicBill::default()
        })
        .collect();
    write_bills(guid, &bills).unwrap()
}

#[test]
#[ignore = "measures; takes a while"]
fn measure_the_life_of_a_tax() {
    let folder = db::test::Folder::new();
    let url = folder.path().join("tax.db").display().to_string();
    let settings = db::Settings::new(url, db::test::master_key());
    let db = db::Db::open(&settings).unwrap();
    db.migrate(&migrations()).unwrap();
    let books = Books::new(&db, "2026-03-01");
    books.guarantor(PLATFORM, 100_000_000);
    let firms: Vec<String> = (0..20).map(|n| format!("91371102MA3D5{n:05}")).collect();
    let batches = || (0..INVENTORIES / BATCH).map(|n| n * BATCH + 1..(n + 1) * BATCH + 1);
    step("hold", || {
        for batch in batches() {
            let charges: Vec<Charge<'_>> = batch
                .map(|n| Charge { firm: &firms[(n % 20) as usize], ..charge(n, 2_539) })
                .collect();
            assert!(books.hold(&charges).iter().all(Option::is_none));
        }
    });
    step("release", || {
        for batch in batches() {
            books.release(&batch.collect::<Vec<_>>());
        }
    });
    let messages: Vec<ceb::Message> = batches().map(e_bills).collect();
    step("e-tax bill", || {
        for message in &messages {
            let received = books.write(|tx, ctx| receive(tx, ctx, message));
            assert!(received.iter().all(|one| one.outcome == Outcome::Matched));
        }
    });
    books.on("2026-04-01");
    step("carry", || while books.write(|tx, ctx| flow::advance(tx, ctx, &RULES, 10_000)).more {});
    books.on("2026-04-15").advance();
    let id = books.bill_ids()[0];
    step("pay", || {
        books.write(|tx, ctx| {
            let payment = tax::bill::Payment {
                amount: flow::find(tx, id)?.tax.total(),
                on: ctx.now.date(),
                reference: "P",
            };
            flow::pay(tx, ctx, id, &payment)
        });
    });
    step("totals", || books.balanced());
}
