//! Random seasons: whatever happens in whatever order, bills are the sums of their inventories and
//! every fen is on a ledger that balances.

use kernel::Fen;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tax::bill::electronic::{ElectronicBill, write_statuses};
use tax::bill::{Payment, flow, receive};
use tax::guarantee::{Change, Charge, InstrumentDraft, Parts, Role, flow as guarantees};

use crate::site::*;

#[derive(Clone, Debug)]
enum Event {
    Hold(Vec<(u64, i64)>),
    Release(Vec<u64>),
    GiveBack(Vec<u64>),
    Return(u64, u64, Option<i64>),
    Days(i64),
    Pay(usize),
    Void(usize),
    Refund(usize),
    TopUp(i64),
    Reduce(i64),
    Lodge(u64, i64, i64),
    CustomsVoids(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let number = || 1..16u64;
    let some = || proptest::collection::vec(number(), 1..6);
    prop_oneof![
        6 => proptest::collection::vec((number(), 0..900i64), 1..8).prop_map(Event::Hold),
        5 => some().prop_map(Event::Release),
        2 => some().prop_map(Event::GiveBack),
        3 => (100..160u64, number(), proptest::option::of(-1..500i64))
            .prop_map(|(own, of, fen)| Event::Return(own, of, fen)),
        6 => (0..24i64).prop_map(Event::Days),
        4 => (0..3usize).prop_map(Event::Pay),
        1 => (0..3usize).prop_map(Event::Void),
        1 => (0..3usize).prop_map(Event::Refund),
        1 => (-5..300i64).prop_map(Event::TopUp),
        1 => (-5..900i64).prop_map(Event::Reduce),
        1 => (1..9u64, 1..900i64, 0..60i64)
            .prop_map(|(number, fen, days)| Event::Lodge(number, fen, days)),
        1 => number().prop_map(Event::CustomsVoids),
    ]
}

/// Whose a parcel is follows from its number.
fn parcel(number: u64, fen: i64) -> Charge<'static> {
    let duty = fen / 3;
    let tax = Parts { duty: Fen(duty), vat: Fen(fen - duty), consumption_tax: Fen(0) };
    let guarantor = if number.is_multiple_of(4) { CARRIER } else { PLATFORM };
    let firm = if number.is_multiple_of(3) { OTHER } else { SELLER };
    let (agent, agent_role) =
        if number.is_multiple_of(5) { (SELLER, Role::Ecommerce) } else { (BROKER, Role::Broker) };
    Charge { tax, guarantor, firm, agent, agent_role, ..charge(number, 0) }
}

/// Plays an event of a season; parcels of a season have numbers of their own.
fn play(books: &Books<'_>, season: u64, event: &Event) {
    // The newest bills, the latest first.
    let bill = |n: usize| books.bill_ids().into_iter().rev().nth(n);
    let mine = |number: &u64| season * 1_000 + number;
    match event {
        Event::Hold(parcels) => {
            let charges: Vec<_> = parcels.iter().map(|(n, fen)| parcel(mine(n), *fen)).collect();
            books.hold(&charges);
        }
        Event::Release(numbers) => {
            books.release(&numbers.iter().map(mine).collect::<Vec<_>>());
        }
        Event::GiveBack(numbers) => {
            books.give_back(&numbers.iter().map(mine).collect::<Vec<_>>());
        }
        Event::Return(own, of, fen) => {
            let tax = fen.map(|fen| Parts { duty: Fen(fen / 3), ..vat(fen - fen / 3) });
            books.returned(mine(own), mine(of), tax);
        }
        Event::Days(days) => {
            let ctx = books.ctx();
            books.at(ctx.now.plus_millis(days * 86_400_000));
            books.advance();
            books.law(|law| {
                books.write(|tx, ctx| guarantees::sweep(tx, ctx, law, 100).map(drop));
            });
        }
        Event::Pay(n) => {
            let Some(id) = bill(*n) else { return };
            let amount = books.db.read(|tx| flow::find(tx, id)).unwrap().tax.total();
            let payment = Payment { amount, on: books.today(), reference: "P" };
            books.try_write(|tx, ctx| flow::pay(tx, ctx, id, &payment)).ok();
        }
        Event::Void(n) => {
            let Some(id) = bill(*n) else { return };
            books.try_write(|tx, ctx| flow::void(tx, ctx, id, "因")).ok();
        }
        Event::Refund(n) => {
            let Some(id) = bill(*n) else { return };
            books.try_write(|tx, ctx| flow::refund(tx, ctx, id, "因")).ok();
        }
        Event::TopUp(fen) => change(books, Change::TopUp(Fen(*fen))),
        Event::Reduce(fen) => change(books, Change::Reduce(Fen(*fen))),
        Event::Lodge(number, fen, days) => {
            let number = format!("R{number}");
            let until = books.today().saturating_add(jiff::Span::new().days(*days));
            let draft = InstrumentDraft {
                amount: Fen(*fen),
                valid_until: Some(until),
                ..letter(&number, 1, books.today())
            };
            books.try_write(|tx, ctx| guarantees::lodge(tx, ctx, PLATFORM, &draft)).ok();
        }
        Event::CustomsVoids(number) => {
            let void = ElectronicBill {
                guid: "7A2D9C1E-0000-4000-8000-000000000818".to_owned(),
                returned_at: books.ctx().now,
                invt_no: invt_no(mine(number)),
                tax_no: "T".to_owned(),
                status: "3".to_owned(),
                ..ElectronicBill::default()
            };
            let message = write_statuses("7A2D9C1E-0000-4000-8000-000000000818", &[void]).unwrap();
            books.write(|tx, ctx| receive(tx, ctx, &message));
        }
    }
}

fn change(books: &Books<'_>, change: Change) {
    let guarantor = books.db.read(|tx| guarantees::find(tx, PLATFORM)).unwrap();
    let lodged = books.db.read(|tx| guarantees::instruments(tx, guarantor.id)).unwrap();
    let id = lodged[0].id;
    books.try_write(|tx, ctx| guarantees::change(tx, ctx, PLATFORM, id, change)).ok();
}

#[test]
fn every_season_balances() {
    let cases = |n| Config { cases: n, failure_persistence: None, ..Config::default() };
    on_books("2026-03-01", |books| {
        // Once for each engine; the seasons follow one another in the same books.
        let mut runner = TestRunner::new(cases(20));
        books.guarantor(PLATFORM, 30);
        books.guarantor(CARRIER, 9);
        let seasons = std::cell::Cell::new(0);
        let season = proptest::collection::vec(event(), 20..60);
        runner
            .run(&season, |events| {
                let number = seasons.get() + 1;
                seasons.set(number);
                change(books, Change::TopUp(Fen(2_500)));
                for event in &events {
                    play(books, number, event);
                }
                let totals = books.db.read(tax::guarantee::totals).unwrap();
                prop_assert!(totals.balanced(), "{totals:?}");
                for code in [PLATFORM, CARRIER] {
                    let available = books.sums(code).available();
                    prop_assert!(available.0 >= 0, "{code} has {available} after {events:?}");
                }
                Ok(())
            })
            .unwrap();
        books.balanced();
        let first = day("2026-03-01");
        let guarantor = books.db.read(|tx| guarantees::find(tx, PLATFORM)).unwrap();
        let drawn = books
            .db
            .read(|tx| tax::guarantee::statement::statement(tx, guarantor, first, books.today()))
            .unwrap();
        assert!(drawn.foots());
    });
}
