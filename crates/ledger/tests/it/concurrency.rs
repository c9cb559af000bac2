//! Several writers at once, and transactions that are cut off.

use std::sync::Barrier;

use db::test::both_with;
use db::{Db, DbError};
use kernel::Fen;
use ledger::quota::{self, Ask, BuyerYear, Held};
use ledger::{MIGRATIONS, verify};

use crate::{ctx, ids};

/// Does it again while others are in the way, as callers are told to.
fn insist<T>(db: &Db, flow: impl Fn(&mut db::Tx) -> Result<T, DbError>) -> T {
    for _ in 0..1_000 {
        match db.write(&flow) {
            Ok(value) => return value,
            Err(DbError::Busy(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    panic!("busy a thousand times");
}

fn buyer(n: u8) -> BuyerYear {
    BuyerYear { buyer: [n; 16], year: 2026 }
}

#[test]
fn the_limit_holds_when_writers_meet() {
    const WRITERS: i64 = 4;
    const EACH: i64 = 12;
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let start = Barrier::new(WRITERS as usize);
        let held: Vec<Vec<Held>> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (ids, start) = (&ids, &start);
                    scope.spawn(move || {
                        start.wait();
                        let mut held = Vec::new();
                        for n in 0..EACH {
                            // Two buyers, in opposite order for every other writer.
                            let order = if writer % 2 == 0 { [1, 2] } else { [2, 1] };
                            let asks = order.map(|b: u8| Ask {
                                inventory: 1 + writer * 1_000 + n * 2 + i64::from(b),
                                of: buyer(b),
                                amount: Fen(100),
                                limit: Fen(1_000),
                            });
                            held.extend(insist(db, |tx| quota::hold(tx, &ctx(ids, n), &asks)));
                        }
                        held
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let ok = held.iter().flatten().filter(|held| **held == Held::Ok).count();
        assert_eq!(ok, 20, "ten for each buyer, no more and no fewer");
        let usage = db.read(|tx| quota::usage(tx, &[buyer(1), buyer(2)])).unwrap();
        assert!(usage.iter().all(|usage| usage.held == Fen(1_000) && usage.used == Fen(0)));
        assert!(db.read(verify).unwrap().balanced());
    });
}

#[test]
fn the_same_declaration_sent_twice_at_once_holds_once() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let ask = Ask { inventory: 5, of: buyer(1), amount: Fen(70), limit: Fen(100) };
        let start = Barrier::new(3);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    start.wait();
                    let held = insist(db, |tx| quota::hold(tx, &ctx(&ids, 0), &[ask]));
                    assert_eq!(held, [Held::Ok]);
                });
            }
        });
        assert_eq!(db.read(|tx| quota::usage(tx, &[buyer(1)])).unwrap()[0].held, Fen(70));
        assert!(db.read(verify).unwrap().balanced());
    });
}

#[test]
fn a_transaction_cut_off_leaves_nothing() {
    #[derive(Debug)]
    struct Cut;
    impl From<DbError> for Cut {
        fn from(_: DbError) -> Cut {
            Cut
        }
    }
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let ask = |inventory| Ask { inventory, of: buyer(1), amount: Fen(40), limit: Fen(100) };
        db.write(|tx| quota::hold(tx, &ctx(&ids, 0), &[ask(1)])).unwrap();
        let cut: Result<(), Cut> = db.write(|tx| {
            quota::hold(tx, &ctx(&ids, 1), &[ask(2)])?;
            quota::confirm(tx, &ctx(&ids, 1), &[1])?;
            Err(Cut)
        });
        assert!(cut.is_err());
        let usage = db.read(|tx| quota::usage(tx, &[buyer(1)])).unwrap()[0];
        assert_eq!((usage.used, usage.held), (Fen(0), Fen(40)));
        assert!(db.read(verify).unwrap().balanced());
        // The sender repeats what was never acknowledged.
        let held = db.write(|tx| quota::hold(tx, &ctx(&ids, 2), &[ask(2), ask(3)])).unwrap();
        assert_eq!(held[0], Held::Ok);
        assert!(matches!(held[1], Held::Refused { .. }));
    });
}
