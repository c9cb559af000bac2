//! Customs' e-tax bills: read, written, matched to the fen, and what their statuses do.

use kernel::{Fen, Time};
use tax::bill::electronic::{ElectronicBill, ElectronicLine, read, write_bills, write_statuses};
use tax::bill::{Outcome, Received, Returned, Stated, receive};
use tax::guarantee::Parts;

use crate::site::*;

const GUID: &str = "7A2D9C1E-0000-4000-8000-000000000816";

fn stated(vat: &str) -> Stated {
    Stated { vat: vat.parse().unwrap(), ..Stated::default() }
}

fn e_bill(number: u64, vat: &str, status: &str, at: &str) -> ElectronicBill {
    let tax = stated(vat);
    ElectronicBill {
        guid: GUID.to_owned(),
        returned_at: Time::parse_compact(at).unwrap(),
        invt_no: invt_no(number),
        tax_no: format!("{}T1", invt_no(number)),
        tax: Some(tax),
        status: status.to_owned(),
        assure_code: Some(PLATFORM.to_owned()),
        ebc_code: Some(SELLER.to_owned()),
        customs_code: Some("4251".to_owned()),
        lines: vec![ElectronicLine {
            gnum: 1,
            hs_code: "9619001100".to_owned(),
            value: "279".parse().unwrap(),
            tax,
        }],
        ..ElectronicBill::default()
    }
}

/// Sends e-tax bills as customs does, over the written message.
fn take(books: &Books<'_>, bills: &[ElectronicBill]) -> Vec<Received> {
    let message = write_bills(GUID, bills).unwrap();
    books.write(|tx, ctx| receive(tx, ctx, &message))
}

fn tell(books: &Books<'_>, bills: &[ElectronicBill]) -> Vec<Received> {
    let message = write_statuses(GUID, bills).unwrap();
    books.write(|tx, ctx| receive(tx, ctx, &message))
}

fn outcomes(received: &[Received]) -> Vec<&Outcome> {
    received.iter().map(|one| &one.outcome).collect()
}

#[test]
fn what_is_written_is_read_again() {
    let bills = [
        e_bill(1, "25.39", "1", "20260301120000000"),
        ElectronicBill {
            notice: Some("4251L1".into()),
            ..e_bill(2, "0", "2", "20260401120000123")
        },
    ];
    let message = write_bills(GUID, &bills).unwrap();
    let bytes = ceb::write(&message).unwrap();
    let reading = ceb::read(&bytes, &ceb::ReadOptions::default());
    assert!(reading.structure_valid, "{:?}", reading.findings);
    assert_eq!(read(&reading.message.unwrap()).unwrap(), bills);
    // A status has no amounts and no lines.
    let status = write_statuses(GUID, &bills).unwrap();
    let bytes = ceb::write(&status).unwrap();
    let reading = ceb::read(&bytes, &ceb::ReadOptions::default());
    assert!(reading.structure_valid, "{:?}", reading.findings);
    let told = read(&reading.message.unwrap()).unwrap();
    assert_eq!((told[1].tax, told[1].lines.len()), (None, 0));
    assert_eq!(told[1].notice.as_deref(), Some("4251L1"));
}

#[test]
fn a_message_that_is_none_is_refused_with_every_finding() {
    let wrong = ElectronicBill { status: "7".into(), ..e_bill(1, "1", "1", "20260301120000000") };
    let message = write_bills(GUID, &[wrong]).unwrap();
    let findings = read(&message).unwrap_err();
    assert_eq!((findings[0].path.as_str(), findings[0].found.as_str()), ("Tax[1]/status", "7"));
    let order = ceb::Message::new(ceb::message_type("CEB311").unwrap(), GUID);
    assert_eq!(read(&order).unwrap_err()[0].expected, "CEB816, CEB818");
}

#[test]
fn each_inventory_is_matched_with_what_was_reckoned_to_the_fen() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 1_000);
        books.hold(&[charge(1, 2_539), charge(2, 2_539), charge(3, 100)]);
        books.release(&[1, 2, 3]);
        let at = "20260301130000000";
        let bills =
            [e_bill(1, "25.38500", "1", at), e_bill(2, "25.40", "1", at), e_bill(4, "1", "1", at)];
        let received = take(books, &bills);
        let [first, second, third] = outcomes(&received)[..] else { panic!("{received:?}") };
        assert_eq!((first, third), (&Outcome::Matched, &Outcome::Unknown));
        let Outcome::Differs(differences) = second else { panic!("{second:?}") };
        assert_eq!(differences.len(), 1);
        let finding = differences[0].finding();
        assert_eq!((finding.path.as_str(), finding.found.as_str()), ("valueAddedTax", "25.40"));
        assert_eq!(finding.expected, "25.39");
        assert!(books.events().contains(&"tax.bill_differs".to_owned()));
        // The same message again, and an older one.
        let again = take(books, &bills[..2]);
        assert_eq!(outcomes(&again), [&Outcome::Repeat, &Outcome::Repeat]);
        let old = take(books, &[e_bill(1, "25.39", "1", "20260301120000000")]);
        assert_eq!(outcomes(&old), [&Outcome::Late]);
        assert_eq!(kept(books), 2);
        // The unknown one turns up.
        books.hold(&[charge(4, 100)]);
        books.release(&[4]);
        take(books, &[e_bill(4, "1", "1", "20260301140000000")]);
        assert_eq!(kept(books), 1);
        books.balanced();
    });
}

fn kept(books: &Books<'_>) -> i64 {
    let sql = "SELECT COUNT(*) FROM tax_difference";
    books.db.read(|tx| tx.query_one(sql, db::params![])?.i64(0)).unwrap()
}

#[test]
fn a_void_e_tax_bill_returns_the_amount() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        books.hold(&[charge(1, 1_000), charge(2, 2_000), charge(3, 3_000)]);
        books.release(&[1, 2, 3]);
        let void = |n, at: &str| e_bill(n, "0", "3", at);
        // Within the window customs may still make another; none comes, so it is not carried.
        tell(books, &[void(1, "20260310120000000")]);
        assert_eq!(books.sums(PLATFORM).due, Fen(6_000));
        assert_eq!(books.on("2026-04-01").advance().carried, 2);
        assert_eq!(books.sums(PLATFORM).billed, Fen(5_000));
        // On the open bill: taken off when it is closed.
        tell(books, &[void(2, "20260402120000000")]);
        assert_eq!(books.bills(), [("2026-04-01 open".to_owned(), 2, 5_000)]);
        books.on("2026-04-15").advance();
        assert_eq!(books.bills(), [("2026-04-01 closed".to_owned(), 1, 3_000)]);
        // On a closed bill: at once.
        tell(books, &[void(3, "20260416120000000")]);
        assert_eq!(books.bills(), [("2026-04-01 void".to_owned(), 0, 0)]);
        assert_eq!(books.sums(PLATFORM).available(), Fen(10_000));
        books.balanced();
    });
}

#[test]
fn a_bill_made_anew_for_what_a_return_left_is_matched() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        books.hold(&[charge(1, 1_000)]);
        books.release(&[1]);
        take(books, &[e_bill(1, "10", "1", "20260301130000000")]);
        books.on("2026-03-05");
        assert_eq!(books.returned(9, 1, Some(vat(400))), Returned::Voided(vat(400)));
        tell(books, &[e_bill(1, "0", "3", "20260305120000001")]);
        let anew = ElectronicBill {
            tax_no: format!("{}T2", invt_no(1)),
            ..e_bill(1, "6", "1", "20260305120000002")
        };
        assert_eq!(outcomes(&take(books, &[anew])), [&Outcome::Matched]);
        books.on("2026-04-15").advance();
        assert_eq!(books.bills(), [("2026-04-01 closed".to_owned(), 1, 600)]);
        // A late return on the closed bill, told by customs in the same way.
        assert_eq!(books.returned(10, 1, Some(vat(100))), Returned::Voided(vat(100)));
        tell(books, &[e_bill(1, "0", "3", "20260415130000000")]);
        assert_eq!(books.bills(), [("2026-04-01 closed".to_owned(), 1, 500)], "explained");
        books.balanced();
    });
}

#[test]
fn a_bill_is_issued_when_customs_has_summarised_all_of_it() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        books.hold(&[charge(1, 1_000), charge(2, 2_000)]);
        books.release(&[1, 2]);
        books.on("2026-04-01").advance();
        let summarised = |n, notice: &str, at: &str| ElectronicBill {
            notice: Some(notice.to_owned()),
            ..e_bill(n, if n == 1 { "10" } else { "20" }, "2", at)
        };
        take(books, &[summarised(1, "4251L1", "20260401130000000")]);
        books.on("2026-04-15").advance();
        assert_eq!(books.bills(), [("2026-04-01 closed".to_owned(), 2, 3_000)]);
        take(books, &[summarised(2, "4251L2", "20260415130000000")]);
        assert_eq!(books.bills(), [("2026-04-01 issued".to_owned(), 2, 3_000)]);
        let id = books.bill_ids()[0];
        let bill = books.db.read(|tx| tax::bill::flow::find(tx, id)).unwrap();
        assert_eq!(bill.notices, ["4251L1", "4251L2"]);
        // Summarised before it was closed: issued with the closing.
        books.hold(&[charge(3, 3_000)]);
        books.release(&[3]);
        books.on("2026-05-16").advance();
        let three = ElectronicBill {
            notice: Some("4251L3".into()),
            ..e_bill(3, "30", "2", "20260516130000000")
        };
        take(books, &[three]);
        books.on("2026-05-31").advance();
        assert_eq!(books.bills()[1], ("2026-05-16 issued".to_owned(), 1, 3_000));
        books.balanced();
    });
}

#[test]
fn all_three_taxes_are_compared() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 10_000);
        let tax = Parts { duty: Fen(132_000), vat: Fen(216_450), consumption_tax: Fen(333_000) };
        books.hold(&[tax::guarantee::Charge { tax, ..charge(1, 0) }]);
        books.release(&[1]);
        let off = Stated {
            duty: "1320".parse().unwrap(),
            vat: "2164.49".parse().unwrap(),
            consumption_tax: "3330.01".parse().unwrap(),
        };
        let bill = ElectronicBill { tax: Some(off), ..e_bill(1, "0", "1", "20260301130000000") };
        let received = take(books, &[bill]);
        let Outcome::Differs(differences) = &received[0].outcome else { panic!("{received:?}") };
        let parts: Vec<_> = differences.iter().map(|one| (one.part, one.own)).collect();
        let wanted = [("valueAddedTax", Fen(216_450)), ("consumptionTax", Fen(333_000))];
        assert_eq!(parts, wanted);
    });
}
