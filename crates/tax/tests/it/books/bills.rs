//! Period bills: what is carried when, closed, issued, paid, voided, refunded.

use kernel::Fen;
use tax::bill::flow::{self, issue, pay, refund, void};
use tax::bill::{BillState, Payment, Returned};
use tax::guarantee::flow::Failure;
use tax::guarantee::{BillBy, Charge, GuarantorDraft, Role, Settled, TaxRefusal};

use crate::site::*;

fn payment(fen: i64) -> Payment<'static> {
    Payment { amount: Fen(fen), on: day("2026-04-15"), reference: "缴款书 0001" }
}

fn declared(books: &Books<'_>, parcels: &[(u64, i64)]) {
    let charges: Vec<Charge<'_>> = parcels.iter().map(|(n, fen)| charge(*n, *fen)).collect();
    assert!(books.hold(&charges).iter().all(Option::is_none));
    let numbers: Vec<u64> = parcels.iter().map(|(n, _)| *n).collect();
    assert!(books.release(&numbers).iter().all(|settled| *settled == Settled::Done));
}

/// Worked example T1: released on 1 March; return asked for by 31 March; tax from 1 to 15 April.
#[test]
fn t1_a_release_of_the_first_of_march_is_carried_on_the_first_of_april() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 1_000);
        declared(books, &[(1, 2_539)]);
        books.on("2026-03-31");
        assert_eq!(books.advance().carried, 0);
        books.on("2026-04-01");
        assert_eq!(books.advance().carried, 1);
        assert_eq!(books.bills(), [("2026-04-01 open".to_owned(), 1, 2_539)]);
        assert_eq!(books.on("2026-04-14").advance().closed, 0);
        assert_eq!(books.on("2026-04-15").advance().closed, 1);
        let id = books.bill_ids()[0];
        let bill = books.db.read(|tx| flow::find(tx, id)).unwrap();
        assert_eq!((bill.to_on, bill.pay_by()), (day("2026-04-15"), day("2026-04-15")));
        assert_eq!(books.sums(PLATFORM).available(), Fen(100_000 - 2_539));
        books.balanced();
    });
}

#[test]
fn a_bill_goes_from_open_to_paid_and_the_guarantee_is_free_again() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        declared(books, &[(1, 3_000), (2, 4_000)]);
        books.on("2026-03-10");
        declared(books, &[(3, 3_000)]);
        assert_eq!(books.on("2026-04-01").advance().carried, 2);
        assert_eq!(books.on("2026-04-15").advance().carried, 1);
        let id = books.bill_ids()[0];
        assert_eq!(books.bills(), [("2026-04-01 closed".to_owned(), 3, 10_000)]);
        assert_eq!(codes(&books.hold(&[charge(9, 1)])), ["guarantee.short"]);
        let issued = books.write(|tx, ctx| issue(tx, ctx, id, "N1", day("2026-04-15")));
        assert_eq!((issued.state, issued.notices), (BillState::Issued, vec!["N1".to_owned()]));
        let wrong = books.try_write(|tx, ctx| pay(tx, ctx, id, &payment(9_999)));
        assert!(matches!(
            wrong,
            Err(Failure::Refused(TaxRefusal::AmountDiffers { bill: Fen(10_000), .. }))
        ));
        for _ in 0..2 {
            let paid = books.write(|tx, ctx| pay(tx, ctx, id, &payment(10_000)));
            assert_eq!((paid.state, paid.paid_on), (BillState::Paid, Some(day("2026-04-15"))));
        }
        assert_eq!(books.sums(PLATFORM).available(), Fen(10_000));
        let again = books.try_write(|tx, ctx| void(tx, ctx, id, "误"));
        assert!(matches!(again, Err(Failure::Refused(TaxRefusal::BillState { .. }))));
        let withheld = books.db.read(|tx| tax::withholding::positions(tx, None, None, 9)).unwrap();
        assert_eq!(withheld[0].withheld, Fen(0), "paid over");
        books.balanced();
        let told = books.events();
        for kind in ["tax.bill_closed", "tax.bill_issued", "tax.bill_paid"] {
            assert_eq!(told.iter().filter(|told| *told == kind).count(), 1, "{kind}");
        }
    });
}

#[test]
fn a_return_in_the_window_voids_and_after_payment_refunds() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        declared(books, &[(1, 1_000), (2, 2_000), (3, 3_000)]);
        books.on("2026-03-20");
        assert_eq!(books.returned(100, 1, None), Returned::Voided(vat(1_000)));
        assert_eq!(books.returned(100, 1, None), Returned::Already);
        assert_eq!(books.returned(101, 2, Some(vat(500))), Returned::Voided(vat(500)));
        assert_eq!(books.returned(102, 2, Some(vat(1_501))), Returned::TooMuch);
        assert_eq!(books.returned(103, 9, None), Returned::NotReleased);
        assert_eq!(books.sums(PLATFORM).due, Fen(4_500));
        books.on("2026-04-02").advance();
        assert_eq!(books.bills(), [("2026-04-01 open".to_owned(), 2, 4_500)]);
        // Asked for in the window, back by day 45: the tax is on the open bill already.
        assert_eq!(books.returned(104, 2, Some(vat(500))), Returned::Voided(vat(500)));
        books.on("2026-04-15").advance();
        assert_eq!(books.returned(105, 2, None), Returned::Voided(vat(1_000)));
        assert_eq!(books.bills(), [("2026-04-01 closed".to_owned(), 1, 3_000)]);
        let id = books.bill_ids()[0];
        books.write(|tx, ctx| pay(tx, ctx, id, &payment(3_000)));
        assert_eq!(books.returned(106, 3, Some(vat(1_200))), Returned::Refunded(vat(1_200)));
        assert_eq!(books.returned(106, 3, Some(vat(1_200))), Returned::Already);
        assert_eq!(books.returned(107, 3, Some(vat(1_801))), Returned::TooMuch);
        assert_eq!(books.give_back(&[3]), [Settled::Refunded]);
        assert_eq!(books.give_back(&[3]), [Settled::Already]);
        assert_eq!(books.bills(), [("2026-04-01 refunded".to_owned(), 1, 3_000)]);
        assert_eq!(books.sums(PLATFORM).available(), Fen(10_000));
        books.balanced();
    });
}

#[test]
fn a_bill_of_which_nothing_is_left_is_void() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        declared(books, &[(1, 1_000), (2, 2_000)]);
        books.on("2026-04-15").advance();
        assert_eq!(books.give_back(&[1, 2]), [Settled::Done, Settled::Done]);
        assert_eq!(books.bills(), [("2026-04-01 void".to_owned(), 0, 0)]);
        assert_eq!(books.sums(PLATFORM).available(), Fen(10_000));
        books.balanced();
    });
}

#[test]
fn whole_bills_are_voided_and_refunded() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        declared(books, &[(1, 1_000), (2, 2_000), (3, 0)]);
        books.on("2026-03-20");
        declared(books, &[(4, 4_000), (5, 500)]);
        books.on("2026-05-01").advance();
        // Nobody looked in April: what was due then goes on the bill of the day.
        assert_eq!(books.bills(), [("2026-05-01 open".to_owned(), 5, 7_500)]);
        books.on("2026-05-15").advance();
        let id = books.bill_ids()[0];
        let voided = books.write(|tx, ctx| void(tx, ctx, id, "海关撤销"));
        assert_eq!((voided.state, voided.tax.total()), (BillState::Void, Fen(0)));
        assert_eq!(voided.reason.as_deref(), Some("海关撤销"));
        assert_eq!(books.sums(PLATFORM).available(), Fen(10_000));
        books.balanced();
        declared(books, &[(6, 600), (7, 700)]);
        books.on("2026-06-15").advance();
        books.on("2026-06-30").advance();
        let id = books.bill_ids()[1];
        books.write(|tx, ctx| pay(tx, ctx, id, &payment(1_300)));
        assert_eq!(books.returned(200, 6, Some(vat(100))), Returned::Refunded(vat(100)));
        let refunded = books.write(|tx, ctx| refund(tx, ctx, id, "退税"));
        assert_eq!((refunded.state, refunded.refunded), (BillState::Refunded, Fen(1_300)));
        books.balanced();
    });
}

#[test]
fn what_is_learned_late_goes_on_the_bill_of_the_day() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        declared(books, &[(1, 1_000)]);
        books.on("2026-04-15").advance();
        // The release of 2 March is only learned after its bill was closed.
        books.hold(&[charge(2, 2_000)]);
        books.at(noon("2026-03-02"));
        books.release(&[2]);
        books.on("2026-04-15").advance();
        let wanted =
            [("2026-04-01 closed".to_owned(), 1, 1_000), ("2026-04-16 open".into(), 1, 2_000)];
        assert_eq!(books.bills(), wanted);
        books.balanced();
    });
}

#[test]
fn a_bill_is_to_be_paid_by_the_last_day_of_its_earliest_inventory() {
    on_books("2026-03-05", |books| {
        books.guarantor(PLATFORM, 100);
        books.hold(&[charge(2, 2_000)]);
        books.on("2026-03-10");
        declared(books, &[(1, 1_000)]);
        books.on("2026-04-10").advance();
        let pay_by = || {
            let id = books.bill_ids()[0];
            books.db.read(|tx| flow::find(tx, id)).unwrap().pay_by()
        };
        assert_eq!(pay_by(), day("2026-04-24"));
        // That it was released on the 5th is learned later.
        books.on("2026-03-05").release(&[2]);
        books.on("2026-04-11").advance();
        assert_eq!(books.bills(), [("2026-04-01 open".to_owned(), 2, 3_000)]);
        assert_eq!(pay_by(), day("2026-04-19"));
    });
}

#[test]
fn bills_are_made_for_each_firm_where_the_guarantor_wants_it() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        let draft = GuarantorDraft {
            code: PLATFORM,
            role: Role::Platform,
            bill_by: Some(BillBy::GuarantorAndFirm),
        };
        books.write(|tx, ctx| tax::guarantee::flow::register(tx, ctx, &draft).map(drop));
        let other = Charge { firm: OTHER, ..charge(2, 200) };
        books.hold(&[charge(1, 100), other, charge(3, 300)]);
        books.release(&[1, 2, 3]);
        books.on("2026-04-05").advance();
        let mut bills = books.bills();
        bills.sort();
        let on = "2026-04-01 open".to_owned();
        assert_eq!(bills, [(on.clone(), 1, 200), (on, 2, 400)]);
        books.balanced();
    });
}

#[test]
fn a_bill_that_is_not_paid_in_time_is_told_once() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        declared(books, &[(1, 1_000)]);
        books.on("2026-04-01").advance();
        let told = |on: &str| books.on(on).advance().overdue;
        assert_eq!([told("2026-04-15"), told("2026-04-16"), told("2026-04-17")], [0, 1, 0]);
        assert!(books.events().contains(&"tax.bill_overdue".to_owned()));
    });
}

#[test]
fn an_act_that_the_state_forbids_says_so() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        declared(books, &[(1, 1_000)]);
        books.on("2026-04-01").advance();
        let id = books.bill_ids()[0];
        let states = [
            books.try_write(|tx, ctx| pay(tx, ctx, id, &payment(1_000))),
            books.try_write(|tx, ctx| issue(tx, ctx, id, "N1", day("2026-04-01"))),
            books.try_write(|tx, ctx| void(tx, ctx, id, "误")),
            books.try_write(|tx, ctx| refund(tx, ctx, id, "误")),
        ];
        for refused in states {
            assert!(
                matches!(
                    refused,
                    Err(Failure::Refused(TaxRefusal::BillState { found: "open", .. }))
                ),
                "{refused:?}"
            );
        }
    });
}
