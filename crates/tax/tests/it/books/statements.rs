//! The statements an accountant would accept: they open, move, close, and foot.

use kernel::Fen;
use tax::bill::Payment;
use tax::bill::flow::pay;
use tax::guarantee::statement::{Statement, statement};
use tax::guarantee::{Act, Charge, Sums, flow};
use tax::table::{Cell, Kind};

use crate::site::*;

fn drawn(books: &Books<'_>, from: &str, to: &str) -> Statement {
    books
        .db
        .read(|tx| {
            let guarantor = flow::find(tx, PLATFORM)?;
            Ok::<_, flow::Failure>(statement(tx, guarantor, day(from), day(to))?)
        })
        .unwrap()
}

/// Two firms, a rejection, a return, a bill paid: from February to April.
fn season(books: &Books<'_>) {
    books.guarantor(PLATFORM, 1_000);
    let other = |number, fen| Charge { firm: OTHER, ..charge(number, fen) };
    books.on("2026-02-27").hold(&[charge(1, 1_000), other(2, 2_000), charge(3, 300)]);
    books.on("2026-03-01").release(&[1, 2]);
    books.give_back(&[3]);
    books.hold(&[charge(4, 4_000), other(5, 500)]);
    books.on("2026-03-02").release(&[4, 5]);
    books.returned(90, 5, Some(vat(200)));
    books.on("2026-04-01").advance();
    books.on("2026-04-02").advance();
    books.on("2026-04-15").advance();
    let id = books.bill_ids()[0];
    let payment = Payment { amount: Fen(7_300), on: day("2026-04-15"), reference: "P1" };
    books.write(|tx, ctx| pay(tx, ctx, id, &payment));
    books.on("2026-04-16");
    books.returned(91, 1, Some(vat(50)));
    books.balanced();
}

#[test]
fn a_month_opens_where_the_last_one_closed_and_foots() {
    on_books("2026-02-01", |books| {
        season(books);
        let months = [
            drawn(books, "2026-02-01", "2026-02-28"),
            drawn(books, "2026-03-01", "2026-03-31"),
            drawn(books, "2026-04-01", "2026-04-30"),
        ];
        assert_eq!(months[0].opening, Sums::default());
        for (month, next) in months.iter().zip(&months[1..]) {
            assert_eq!(month.closing, next.opening);
        }
        assert!(months.iter().all(Statement::foots));
        let [_, march, april] = &months;
        let moved: Vec<_> = march
            .lines
            .iter()
            .map(|line| (line.on, line.act, &*line.firm, line.inventories, line.amount.0))
            .collect();
        let (first, second) = (day("2026-03-01"), day("2026-03-02"));
        let wanted = [
            (first, Act::Hold, OTHER, 1, 500),
            (first, Act::Hold, SELLER, 1, 4_000),
            (first, Act::GiveBack, SELLER, 1, 300),
            (first, Act::Release, OTHER, 1, 2_000),
            (first, Act::Release, SELLER, 1, 1_000),
            (second, Act::Release, OTHER, 1, 500),
            (second, Act::Release, SELLER, 1, 4_000),
            (second, Act::VoidDue, OTHER, 1, 200),
        ];
        assert_eq!(moved, wanted);
        assert_eq!(march.closing.due, Fen(7_300));
        assert_eq!(april.closing, Sums { granted: Fen(100_000), ..Sums::default() });
        let paid = april.by_act.iter().find(|(act, _, _)| *act == Act::Pay).unwrap();
        assert_eq!((paid.1, paid.2), (4, Fen(7_300)));
        let firm = april.by_firm.iter().find(|(firm, _)| firm == SELLER).unwrap();
        assert_eq!((firm.1.paid, firm.1.refunded), (Fen(5_000), Fen(50)));
    });
}

#[test]
fn tables_are_whole_and_their_totals_are_their_columns() {
    on_books("2026-02-01", |books| {
        season(books);
        let year = drawn(books, "2026-01-01", "2026-12-31");
        let tables = year.tables();
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        assert_eq!(names, ["movements", "firms", "days"]);
        for table in &tables {
            let width = table.columns.len();
            let rows = table.rows.iter().chain([&table.totals]);
            assert!(rows.clone().all(|row| row.len() == width), "{}", table.name);
            assert_eq!(table.to_csv().lines().count(), table.rows.len() + 2);
        }
        for table in &tables[1..] {
            for (at, column) in table.columns.iter().enumerate() {
                if column.kind != Kind::Money {
                    continue;
                }
                let money = |cell: &Cell| match cell {
                    Cell::Money(amount) => *amount,
                    other => panic!("{other:?} in {}", column.key),
                };
                let sum: Fen = table.rows.iter().map(|row| money(&row[at])).sum();
                assert_eq!(money(&table.totals[at]), sum, "{} of {}", column.key, table.name);
            }
        }
    });
}

#[test]
fn what_an_agent_withheld_opens_and_closes_by_role() {
    on_books("2026-02-01", |books| {
        season(books);
        let month = |from, to| {
            let drawn = books
                .db
                .read(|tx| tax::withholding::statement(tx, BROKER, day(from), day(to)))
                .unwrap();
            assert!(drawn.foots());
            drawn
        };
        let march = month("2026-03-01", "2026-03-31");
        assert!(march.opening.values().all(|sum| sum.0 == 0));
        assert_eq!(march.total(Act::Release), Fen(7_500));
        assert_eq!(march.total(Act::VoidDue), Fen(200));
        let april = month("2026-04-01", "2026-04-30");
        assert_eq!(april.opening, march.closing);
        assert_eq!(april.total(Act::Pay), Fen(7_300));
        assert_eq!(april.total(Act::Refund), Fen(50));
        assert!(april.closing.values().all(|sum| sum.0 == 0));
        let table = april.table();
        let width = table.columns.len();
        assert!(table.rows.iter().chain([&table.totals]).all(|row| row.len() == width));
    });
}
