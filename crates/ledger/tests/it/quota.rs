//! The buyer's yearly limit.

use std::sync::Arc;

use db::Db;
use db::test::both_with;
use kernel::{Fen, IdSource};
use ledger::quota::*;
use ledger::{MIGRATIONS, verify};

use crate::{ctx, ids};

const LIMIT: Fen = Fen(2_600_000);

fn of(buyer: u8, year: i16) -> BuyerYear {
    BuyerYear { buyer: [buyer; 16], year }
}

fn ask(inventory: i64, amount: i64) -> Ask {
    Ask { inventory, of: of(1, 2026), amount: Fen(amount), limit: LIMIT }
}

fn held(db: &Db, ids: &Arc<IdSource>, asks: &[Ask]) -> Vec<Held> {
    db.write(|tx| hold(tx, &ctx(ids, 0), asks)).unwrap()
}

fn confirmed(db: &Db, ids: &Arc<IdSource>, inventories: &[i64]) -> Vec<Confirmed> {
    db.write(|tx| confirm(tx, &ctx(ids, 0), inventories)).unwrap()
}

fn given(db: &Db, ids: &Arc<IdSource>, backs: &[(i64, Back)]) -> Vec<Given> {
    let backs: Vec<GiveBack> = backs
        .iter()
        .map(|(inventory, what)| GiveBack { inventory: *inventory, what: *what })
        .collect();
    db.write(|tx| give_back(tx, &ctx(ids, 0), &backs)).unwrap()
}

fn standing(db: &Db, of: BuyerYear) -> (i64, i64) {
    assert!(db.read(verify).unwrap().balanced());
    let usage = db.read(|tx| usage(tx, &[of])).unwrap()[0];
    (usage.used.0, usage.held.0)
}

#[test]
fn a_parcel_from_declaration_to_return() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let buyer = of(1, 2026);
        assert_eq!(standing(db, buyer), (0, 0));
        assert_eq!(held(db, &ids, &[ask(1, 42_500)]), [Held::Ok]);
        assert_eq!(held(db, &ids, &[ask(1, 42_500)]), [Held::Ok], "declared twice");
        assert_eq!(standing(db, buyer), (0, 42_500));
        assert_eq!(confirmed(db, &ids, &[1]), [Confirmed::Ok]);
        assert_eq!(confirmed(db, &ids, &[1]), [Confirmed::Ok], "released twice");
        assert_eq!(standing(db, buyer), (42_500, 0));
        assert_eq!(held(db, &ids, &[ask(1, 42_500)]), [Held::Ok], "a late repeat");
        assert_eq!(held(db, &ids, &[ask(1, 50_000)]), [Held::Released]);
        let part = |number, amount| Back::Part { number, amount: Fen(amount) };
        assert_eq!(given(db, &ids, &[(1, part(1, 12_500))]), [Given::Ok]);
        assert_eq!(given(db, &ids, &[(1, part(1, 12_500))]), [Given::Ok], "returned twice");
        assert_eq!(given(db, &ids, &[(1, part(1, 12_000))]), [Given::TooMuch]);
        assert_eq!(given(db, &ids, &[(1, part(2, 30_001))]), [Given::TooMuch]);
        assert_eq!(standing(db, buyer), (30_000, 0));
        assert_eq!(given(db, &ids, &[(1, Back::All), (1, Back::All)]), [Given::Ok, Given::Ok]);
        assert_eq!(standing(db, buyer), (0, 0));
        assert_eq!(given(db, &ids, &[(99, Back::All)]), [Given::Nothing]);
        assert_eq!(confirmed(db, &ids, &[99]), [Confirmed::NothingHeld]);
    });
}

/// Case B13 of the regulations: 18,425.00 used, a return of 425.00 accepted, 18,000.00 left.
#[test]
fn a_return_restores_the_yearly_sum() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        held(db, &ids, &[ask(1, 1_800_000), ask(2, 42_500)]);
        confirmed(db, &ids, &[1, 2]);
        assert_eq!(standing(db, of(1, 2026)), (1_842_500, 0));
        assert_eq!(given(db, &ids, &[(2, Back::All)]), [Given::Ok]);
        assert_eq!(standing(db, of(1, 2026)), (1_800_000, 0));
    });
}

#[test]
fn the_limit_is_inclusive_and_says_what_is_in_the_way() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        held(db, &ids, &[ask(1, 2_000_000)]);
        confirmed(db, &ids, &[1]);
        let refused = Held::Refused {
            used: Fen(2_000_000),
            held: Fen(100_000),
            asked: Fen(500_001),
            limit: LIMIT,
        };
        // Of one buyer in one batch: the second sees the first.
        let asks = [ask(2, 100_000), ask(3, 500_001), ask(4, 500_000), ask(5, 1)];
        let outcome = held(db, &ids, &asks);
        assert_eq!(outcome[..3], [Held::Ok, refused, Held::Ok]);
        assert!(matches!(outcome[3], Held::Refused { held: Fen(600_000), .. }));
        // Another year and another buyer have limits of their own.
        let other = [
            Ask { of: of(1, 2027), ..ask(6, 2_600_000) },
            Ask { of: of(2, 2026), ..ask(7, 2_600_000) },
        ];
        assert_eq!(held(db, &ids, &other), [Held::Ok, Held::Ok]);
        assert_eq!(held(db, &ids, &[ask(8, 0), ask(9, -1)]), [Held::NotAnAmount; 2]);
        // What is rejected makes room.
        assert_eq!(given(db, &ids, &[(4, Back::All)]), [Given::Ok]);
        assert_eq!(held(db, &ids, &[ask(3, 500_000)]), [Held::Ok]);
    });
}

#[test]
fn a_changed_declaration_moves_its_hold() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        held(db, &ids, &[ask(1, 2_500_000), ask(2, 50_000)]);
        assert_eq!(held(db, &ids, &[ask(1, 2_400_000)]), [Held::Ok], "to less");
        assert_eq!(standing(db, of(1, 2026)), (0, 2_450_000));
        assert_eq!(
            held(db, &ids, &[ask(1, 2_550_000)]),
            [Held::Ok],
            "to more, its own not counted"
        );
        assert_eq!(standing(db, of(1, 2026)), (0, 2_600_000));
        let refused = held(db, &ids, &[ask(1, 2_550_001)]);
        assert!(matches!(refused[0], Held::Refused { held: Fen(50_000), .. }), "{refused:?}");
        assert_eq!(standing(db, of(1, 2026)), (0, 2_600_000), "keeps what it had");
        // To another buyer, and into another year.
        let moved = Ask { of: of(2, 2027), ..ask(1, 2_550_000) };
        assert_eq!(held(db, &ids, &[moved]), [Held::Ok]);
        assert_eq!(standing(db, of(1, 2026)), (0, 50_000));
        assert_eq!(standing(db, of(2, 2027)), (0, 2_550_000));
        // Changed, then repeated, cancelled, declared anew, released: all in one batch each.
        assert_eq!(held(db, &ids, &[ask(2, 10), ask(2, 20), ask(2, 20)]), [Held::Ok; 3]);
        assert_eq!(given(db, &ids, &[(2, Back::All), (2, Back::All)]), [Given::Ok; 2]);
        assert_eq!(standing(db, of(1, 2026)), (0, 0));
        assert_eq!(held(db, &ids, &[ask(2, 30)]), [Held::Ok]);
        assert_eq!(confirmed(db, &ids, &[2, 2]), [Confirmed::Ok; 2]);
        assert_eq!(standing(db, of(1, 2026)), (30, 0));
    });
}

#[test]
fn usage_answers_in_order_with_nothing_for_the_unknown() {
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        held(db, &ids, &[ask(1, 7)]);
        let asked = [of(9, 2026), of(1, 2026), of(1, 2025), of(1, 2026)];
        let usage = db.read(|tx| usage(tx, &asked)).unwrap();
        let held: Vec<i64> = usage.iter().map(|usage| usage.held.0).collect();
        assert_eq!(held, [0, 7, 0, 7]);
    });
}
