//! Declarations against a guarantee: what fits, what does not, what moves, and what is told.

use std::sync::Barrier;

use kernel::{Fen, Level};
use register::rules::Rules;
use tax::guarantee::{Charge, Role, Settled, Settlement, Sums, hold, settle};

use crate::site::*;
use crate::support::RULES;

fn sums(granted: i64, held: i64, due: i64, billed: i64) -> Sums {
    Sums { granted: Fen(granted), held: Fen(held), due: Fen(due), billed: Fen(billed) }
}

#[test]
fn declarations_hold_until_the_guarantee_is_used_up_and_no_further() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        let batch = [charge(1, 6_000), charge(2, 4_001), charge(3, 4_000), charge(4, 1)];
        let findings = books.hold(&batch);
        assert_eq!(codes(&findings), ["", "guarantee.short", "", "guarantee.short"]);
        let short = findings[1].as_ref().unwrap();
        assert_eq!((short.found.as_str(), short.expected.as_str()), ("40.00", ">= 40.01"));
        assert_eq!((short.level, short.path.as_str()), (Level::Error, "assureCode"));
        assert_eq!(books.sums(PLATFORM), sums(10_000, 10_000, 0, 0));
        assert_eq!(books.sums(PLATFORM).available(), Fen(0));
        // What is rejected gives its part back, and the next one fits.
        assert_eq!(books.give_back(&[1, 2]), [Settled::Done, Settled::Unknown]);
        assert_eq!(codes(&books.hold(&[charge(2, 4_001)])), [""]);
        assert_eq!(books.sums(PLATFORM), sums(10_000, 8_001, 0, 0));
        books.balanced();
    });
}

#[test]
fn the_same_again_changes_nothing_and_another_tax_moves() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        books.guarantor(CARRIER, 100);
        let twice = [charge(1, 5_000), charge(1, 5_000)];
        assert_eq!(codes(&books.hold(&twice)), ["", ""]);
        assert_eq!(codes(&books.hold(&[charge(1, 5_000)])), [""]);
        assert_eq!(books.sums(PLATFORM), sums(10_000, 5_000, 0, 0));
        // Declared anew with more; too much keeps what was held.
        assert_eq!(codes(&books.hold(&[charge(1, 10_000)])), [""]);
        assert_eq!(codes(&books.hold(&[charge(1, 10_001)])), ["guarantee.short"]);
        assert_eq!(books.sums(PLATFORM), sums(10_000, 10_000, 0, 0));
        // Declared anew with another guarantor.
        let elsewhere = Charge { guarantor: CARRIER, ..charge(1, 2_000) };
        assert_eq!(codes(&books.hold(&[elsewhere, charge(2, 10_000)])), ["", ""]);
        assert_eq!(books.sums(PLATFORM), sums(10_000, 10_000, 0, 0));
        assert_eq!(books.sums(CARRIER), sums(10_000, 2_000, 0, 0));
        // Rejected, corrected, declared again under the same key.
        assert_eq!(books.give_back(&[1, 1]), [Settled::Done, Settled::Already]);
        assert_eq!(codes(&books.hold(&[elsewhere])), [""]);
        assert_eq!(books.release(&[1, 1]), [Settled::Done, Settled::Already]);
        assert_eq!(codes(&books.hold(&[elsewhere])), [""], "the same, released");
        assert_eq!(codes(&books.hold(&[charge(1, 2_000)])), ["guarantee.released"]);
        assert_eq!(books.sums(CARRIER), sums(10_000, 0, 2_000, 0));
        books.balanced();
    });
}

#[test]
fn what_comes_late_or_for_nobody_is_said_so() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        let nobody = Charge { guarantor: OTHER, ..charge(1, 5) };
        let findings = books.hold(&[nobody, charge(2, 0), charge(3, -1)]);
        assert_eq!(codes(&findings), ["guarantee.none", "", "tax.value"]);
        assert_eq!(books.release(&[1, 2]), [Settled::Unknown, Settled::Done]);
        books.hold(&[charge(4, 5)]);
        books.give_back(&[4]);
        assert_eq!(books.release(&[4]), [Settled::Late]);
        books.balanced();
    });
}

#[test]
fn where_the_law_only_warns_nothing_goes_below_nothing_unsaid() {
    let over = "[[rule]]\nid = \"import.tax.guarantee_shortfall\"\nkind = \"text\"\nzh = \"预警\"\n\
        en = \"warn\"\nperiod = [{ value = \"warn\", from = 2016-04-08, source = \"测试\", \
        sure = \"seen\" }]\n";
    let folder = db::test::Folder::new();
    std::fs::write(folder.path().join("warn.toml"), over).unwrap();
    let rules = Rules::load(folder.path()).unwrap();
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 50);
        let nobody = Charge { guarantor: OTHER, ..charge(3, 700) };
        let findings = books.hold_by(&rules, &[charge(1, 5_000), charge(2, 1_000), nobody]);
        assert_eq!(codes(&findings), ["", "guarantee.short", "guarantee.short"]);
        for finding in findings.iter().flatten() {
            assert_eq!(finding.level, Level::Warning);
        }
        assert_eq!(findings[1].as_ref().unwrap().found, "-10.00");
        assert_eq!(books.sums(PLATFORM), sums(5_000, 6_000, 0, 0));
        assert_eq!(books.sums(OTHER).available(), Fen(-700));
        let told = books.events();
        let exhausted = told.iter().filter(|kind| *kind == "tax.guarantee_exhausted").count();
        assert_eq!(exhausted, 2, "{told:?}");
        books.balanced();
    });
}

#[test]
fn a_guarantor_is_warned_once_at_each_threshold_until_it_tops_up() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        let low = || {
            let told = books.events();
            told.iter().filter(|kind| kind.starts_with("tax.guarantee_low")).count()
        };
        let exhausted = || {
            let told = books.events();
            told.iter().filter(|kind| *kind == "tax.guarantee_exhausted").count()
        };
        for (number, fen, lows) in
            [(1, 7_999, 0), (2, 1, 1), (3, 500, 1), (4, 500, 2), (5, 499, 2), (6, 1, 3)]
        {
            books.hold(&[charge(number, fen)]);
            assert_eq!(low(), lows, "after {number}");
        }
        for number in 7..10 {
            books.hold(&[charge(number, 5_000)]);
        }
        assert_eq!(exhausted(), 1, "told once, however many are refused");
        let notices = "SELECT COUNT(*) FROM web_notice WHERE party = $1 AND kind LIKE 'tax.%'";
        let row = books.db.read(|tx| tx.query_one(notices, db::params![PLATFORM])).unwrap();
        assert_eq!(row.i64(0).unwrap(), 6, "lodged, began, three thresholds, exhausted");
        top_up(books, 100);
        books.hold(&[charge(10, 10_000)]);
        assert_eq!((low(), exhausted()), (4, 1));
        books.balanced();
    });
}

fn top_up(books: &Books<'_>, yuan: i64) {
    use tax::guarantee::{Change, flow};
    books.write(|tx, ctx| {
        let guarantor = flow::find(tx, PLATFORM)?;
        let id = flow::instruments(tx, guarantor.id)?[0].id;
        flow::change(tx, ctx, PLATFORM, id, Change::TopUp(Fen(yuan * 100))).map(drop)
    });
}

#[test]
fn writers_at_once_never_use_more_than_there_is() {
    const WRITERS: u64 = 4;
    const ROUNDS: u64 = 25;
    db::test::both_with(&migrations(), |db| {
        let ids = std::sync::Arc::new(kernel::IdSource::new(1));
        let guarantors: Vec<String> = (0..ROUNDS).map(|n| format!("91370303MA3C{n:06}")).collect();
        let books = Books::new(db, "2026-03-01");
        // Each has room for just one parcel.
        guarantors.iter().for_each(|code| books.guarantor(code, 1));
        let start = Barrier::new(WRITERS as usize);
        let held: Vec<u64> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (start, ids, guarantors) = (&start, &ids, &guarantors);
                    scope.spawn(move || {
                        let now = noon("2026-03-01");
                        let ctx = db::Ctx { now, ids: ids.clone(), actor: "test".into() };
                        let law = RULES.on(now.date());
                        let held = |(n, code): (u64, &String)| {
                            start.wait();
                            let number = 1 + writer * 100 + n;
                            let mine = [Charge { guarantor: code, ..charge(number, 100) }];
                            let held = insist(db, |tx| {
                                let held = hold(tx, &ctx, &law, &mine)?[0].is_none();
                                let released = Settlement::Released { at: now, invt_no: None };
                                settle(tx, &ctx, &[(key(number), released)])?;
                                Ok(held)
                            });
                            u64::from(held)
                        };
                        (0..).zip(guarantors).map(held).sum::<u64>()
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        assert_eq!(held.iter().sum::<u64>(), ROUNDS);
        for code in &guarantors {
            assert_eq!(books.sums(code), sums(100, 0, 100, 0));
        }
        books.balanced();
    });
}

/// Does it again while others are in the way, as callers are told to.
fn insist<T>(db: &db::Db, flow: impl Fn(&mut db::Tx) -> Result<T, db::DbError>) -> T {
    for _ in 0..1_000 {
        match db.write(&flow) {
            Ok(value) => return value,
            Err(db::DbError::Busy(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    panic!("busy a thousand times");
}

/// Statements of what is done, the transaction's own included.
fn statements(books: &Books<'_>, act: impl FnOnce()) -> u64 {
    let before = books.db.stats().statements;
    act();
    books.db.stats().statements - before
}

#[test]
fn a_batch_costs_a_fixed_number_of_statements() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 1_000_000);
        let cost = |from: u64, to: u64| {
            let charges: Vec<_> = (from..to).map(|n| charge(n, 100)).collect();
            let numbers: Vec<u64> = (from..to).collect();
            let held = statements(books, || drop(books.hold(&charges)));
            (held, statements(books, || drop(books.release(&numbers))))
        };
        cost(1, 2);
        assert_eq!(cost(2, 4), cost(10, 1_010));
    });
}

#[test]
fn the_role_of_each_case_is_kept() {
    on_books("2026-03-01", |books| {
        books.guarantor(PLATFORM, 100);
        let as_firm = Charge { agent: SELLER, agent_role: Role::Ecommerce, ..charge(2, 200) };
        let as_platform = Charge { agent: SELLER, agent_role: Role::Platform, ..charge(3, 300) };
        books.hold(&[charge(1, 100), as_firm, as_platform]);
        books.release(&[1, 2, 3]);
        let held = books.db.read(|tx| tax::withholding::positions(tx, None, None, 10)).unwrap();
        let held: Vec<_> =
            held.iter().map(|one| (one.agent.as_str(), one.role, one.withheld.0)).collect();
        let wanted = [
            (BROKER, Role::Broker, 100),
            (SELLER, Role::Platform, 300),
            (SELLER, Role::Ecommerce, 200),
        ];
        assert_eq!(held, wanted);
        books.balanced();
    });
}
