//! What one batch does, transfer by transfer.

use std::sync::Arc;

use db::test::both_with;
use db::{Db, DbError};
use kernel::IdSource;
use ledger::*;

use crate::{ctx, ids};

pub(crate) const CASH: Ledger =
    Ledger { code: 901, unit: Unit::FEN, opening: Opening::OnFirstUse, sharing: Sharing::Own };
const BANK: Ledger =
    Ledger { code: 902, unit: Unit::FEN, opening: Opening::OnFirstUse, sharing: Sharing::Shared };
const STRICT: Ledger =
    Ledger { code: 903, unit: Unit::FEN, opening: Opening::Explicit, sharing: Sharing::Own };
const PIECES: Ledger =
    Ledger { code: 904, unit: Unit(2), opening: Opening::OnFirstUse, sharing: Sharing::Own };

pub(crate) fn account(ledger: Ledger, owner: u8) -> AccountKey {
    AccountKey { ledger, owner: [owner; 16], period: 2026 }
}

fn key(n: u32) -> Key {
    Key::of(7, CASH, n)
}

fn post(n: u32, debit: AccountKey, credit: AccountKey, amount: i64) -> Transfer {
    Transfer::new(key(n), Act::Post { debit, credit, amount })
}

fn hold(n: u32, debit: AccountKey, credit: AccountKey, amount: i64) -> Transfer {
    Transfer::new(key(n), Act::Hold { debit, credit, amount, expires: None })
}

fn post_hold(n: u32, of: u32, amount: Option<i64>) -> Transfer {
    Transfer::new(key(n), Act::PostHold { hold: key(of), amount })
}

fn void(n: u32, of: u32) -> Transfer {
    Transfer::new(key(n), Act::VoidHold { hold: key(of) })
}

fn reverse(n: u32, of: u32, amount: Option<i64>) -> Transfer {
    Transfer::new(key(n), Act::Reverse { posting: key(of), amount })
}

/// A batch in a transaction of its own; the books balance afterwards.
fn apply(db: &Db, ids: &Arc<IdSource>, transfers: &[Transfer]) -> Vec<Outcome> {
    let outcomes = db.write(|tx| ledger::apply(tx, &ctx(ids, 0), transfers)).unwrap();
    let report = db.read(verify).unwrap();
    assert!(report.balanced(), "{report:?}");
    outcomes
}

fn short(outcomes: &[Outcome]) -> Vec<String> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Applied(_) => "applied".to_owned(),
        Outcome::AlreadyApplied(_) => "already".to_owned(),
        Outcome::Refused(refusal) => format!("{refusal:?}"),
    };
    outcomes.iter().map(word).collect()
}

fn balance(db: &Db, of: AccountKey) -> (i64, i64, i64, i64) {
    let sums = db.read(|tx| balances(tx, &[of])).unwrap()[0];
    (sums.debits_posted, sums.credits_posted, sums.debits_held, sums.credits_held)
}

#[test]
fn each_kind_of_transfer_moves_what_it_says() {
    let (a, b) = (account(CASH, 1), account(BANK, 0));
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let batch = [
            post(1, a, b, 100),
            hold(2, a, b, 50),
            hold(3, a, b, 30),
            hold(4, a, b, 20),
            post_hold(5, 2, None),
            post_hold(6, 3, Some(10)),
            void(7, 4),
            reverse(8, 1, Some(25)),
        ];
        let outcomes = apply(db, &ids, &batch);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied(_))));
        assert_eq!(balance(db, a), (160, 25, 0, 0));
        assert_eq!(balance(db, b), (25, 160, 0, 0));
        // Again, in a batch of its own: nothing moves, the same ids come back.
        let again = apply(db, &ids, &batch);
        for (first, second) in outcomes.iter().zip(&again) {
            let Outcome::Applied(id) = first else { panic!("{first:?}") };
            assert_eq!(*second, Outcome::AlreadyApplied(*id));
        }
        assert_eq!(balance(db, a), (160, 25, 0, 0));
    });
}

#[test]
fn refusals_have_names_and_an_order() {
    let (a, b, c) = (account(CASH, 1), account(BANK, 0), account(CASH, 2));
    let (strict, pieces) = (account(STRICT, 1), account(PIECES, 1));
    let limited = |transfer: Transfer, limit| Transfer { limit: Some(limit), ..transfer };
    let table: &[(Transfer, &str)] = &[
        (post(1, a, b, 100), "applied"),
        (post(1, a, b, 100), "already"),
        (post(1, a, b, 101), "KeyTaken"),
        (post(1, c, b, 100), "KeyTaken"),
        (hold(1, a, b, 100), "KeyTaken"),
        (post(2, a, a, 0), "AmountNotPositive"),
        (post(2, a, b, -5), "AmountNotPositive"),
        (post(2, a, a, 5), "SameAccount"),
        (post(2, strict, pieces, 5), "NoSuchDebit"),
        (post(2, a, strict, 5), "NoSuchCredit"),
        (limited(post(2, a, pieces, 5), 0), "UnitMismatch"),
        (limited(post(2, b, a, 5), 1_000), "Unguardable"),
        (
            limited(post(2, a, b, 901), 1_000),
            "ExceedsLimit { used: 100, held: 0, asked: 901, limit: 1000 }",
        ),
        (limited(post(2, a, b, 900), 1_000), "applied"),
        (hold(3, c, b, 40), "applied"),
        (post_hold(4, 99, None), "HoldNotFound"),
        (post_hold(4, 1, None), "HoldNotFound"),
        (post_hold(4, 3, Some(0)), "AmountNotPositive"),
        (post_hold(4, 3, Some(41)), "ExceedsHold { held: 40, asked: 41 }"),
        (post_hold(4, 3, Some(15)), "applied"),
        (post_hold(4, 3, Some(15)), "already"),
        (post_hold(4, 3, None), "KeyTaken"),
        (post_hold(5, 3, None), "HoldPosted"),
        (void(5, 3), "HoldPosted"),
        (hold(6, c, b, 10), "applied"),
        (void(7, 6), "applied"),
        (void(7, 6), "already"),
        (void(8, 6), "HoldVoided"),
        (post_hold(8, 6, None), "HoldVoided"),
        (reverse(9, 3, None), "PostingNotFound"),
        (reverse(9, 99, None), "PostingNotFound"),
        (reverse(9, 4, Some(16)), "ExceedsPosting { left: 15, asked: 16 }"),
        (reverse(9, 4, Some(5)), "applied"),
        (reverse(10, 4, None), "applied"),
        (reverse(10, 4, None), "already"),
        (reverse(11, 4, None), "ExceedsPosting { left: 0, asked: 0 }"),
        (post(12, a, b, i64::MAX), "Overflow"),
        (hold(12, c, b, i64::MAX), "applied"),
        (hold(13, c, b, 1), "Overflow"),
    ];
    both_with(MIGRATIONS, |db| {
        // One batch, and one batch each: the same outcomes.
        let ids = ids();
        let all: Vec<Transfer> = table.iter().map(|(transfer, _)| *transfer).collect();
        let expected: Vec<String> = table.iter().map(|(_, word)| (*word).to_owned()).collect();
        let in_one: Result<(), Vec<String>> = db
            .write(|tx| {
                let outcomes = ledger::apply(tx, &ctx(&ids, 0), &all).map_err(told)?;
                assert_eq!(short(&outcomes), expected, "in one batch");
                Err(Told::Undo)
            })
            .map_err(|told| match told {
                Told::Undo => Vec::new(),
                Told::Db(e) => vec![e.to_string()],
            });
        assert_eq!(in_one, Err(Vec::new()), "undone on purpose");
        for (transfer, word) in table {
            let outcomes = apply(db, &ids, &[*transfer]);
            assert_eq!(short(&outcomes), [*word], "{transfer:?}");
        }
    });
}

/// Undoes a transaction on purpose.
enum Told {
    Undo,
    Db(DbError),
}

impl From<DbError> for Told {
    fn from(error: DbError) -> Told {
        Told::Db(error)
    }
}

fn told(error: DbError) -> Told {
    Told::Db(error)
}

#[test]
fn a_group_happens_whole_or_not_at_all() {
    let (a, b) = (account(CASH, 1), account(BANK, 0));
    let linked = |transfer: Transfer| Transfer { linked: true, ..transfer };
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let outcomes = apply(
            db,
            &ids,
            &[
                hold(1, a, b, 10),
                linked(void(2, 1)),
                linked(post(3, a, b, 5)),
                post(4, a, b, 0),
                // The hold is still there, since its voiding was undone.
                linked(post_hold(5, 1, None)),
                post(6, a, b, 1),
                linked(post(7, a, b, 1)),
            ],
        );
        assert_eq!(
            short(&outcomes),
            ["applied", "Linked", "Linked", "AmountNotPositive", "applied", "applied", "GroupOpen"]
        );
        assert_eq!(balance(db, a), (11, 0, 0, 0));
        // A group repeated stands as a whole.
        let outcomes = apply(db, &ids, &[linked(post_hold(5, 1, None)), post(6, a, b, 1)]);
        assert_eq!(short(&outcomes), ["already", "already"]);
    });
}

#[test]
fn holds_expire_by_time_and_only_then() {
    let (a, b) = (account(CASH, 1), account(BANK, 0));
    let until = |n, at_ms| {
        let expires = Some(crate::NOON.plus_millis(at_ms));
        Transfer::new(key(n), Act::Hold { debit: a, credit: b, amount: 10, expires })
    };
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        apply(db, &ids, &[until(1, 100), until(2, 200), until(3, 300), hold(4, a, b, 10)]);
        apply(db, &ids, &[post_hold(5, 1, None)]);
        let expire = |at_ms, max| db.write(|tx| expire(tx, &ctx(&ids, at_ms), max)).unwrap();
        assert_eq!(expire(199, 10), 0);
        // Its time is up though nobody has swept it yet.
        let late =
            db.write(|tx| ledger::apply(tx, &ctx(&ids, 200), &[post_hold(6, 2, None)])).unwrap();
        assert_eq!(short(&late), ["HoldExpired"]);
        assert_eq!(expire(1_000, 1), 1);
        assert_eq!(expire(1_000, 10), 1);
        assert_eq!(expire(1_000, 10), 0);
        assert_eq!(balance(db, a), (10, 0, 10, 0));
        assert_eq!(short(&apply(db, &ids, &[void(7, 3)])), ["HoldExpired"]);
    });
}

#[test]
fn accounts_of_a_strict_ledger_are_opened_first() {
    let (strict, bank) = (account(STRICT, 1), account(BANK, 0));
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let open = || db.write(|tx| open(tx, &ctx(&ids, 0), &[strict, strict])).unwrap();
        let opened = open();
        assert_eq!(opened[0], opened[1]);
        assert_eq!(open(), opened, "opening again finds the same account");
        assert_eq!(short(&apply(db, &ids, &[post(1, strict, bank, 5)])), ["applied"]);
        assert_eq!(balance(db, strict), (5, 0, 0, 0));
    });
}

#[test]
fn lines_of_an_account_come_latest_first_page_by_page() {
    let (a, c, b) = (account(CASH, 1), account(CASH, 2), account(BANK, 0));
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        for n in 0..7 {
            let owner = if n % 2 == 0 { a } else { c };
            apply(db, &ids, &[hold(n, owner, b, i64::from(n) + 1)]);
        }
        apply(db, &ids, &[post_hold(10, 6, Some(5)), reverse(11, 10, None)]);
        let read = |of: AccountKey, limit| {
            let mut lines = Vec::new();
            let mut from = None;
            loop {
                let page = db.read(|tx| entries(tx, &of, from, limit)).unwrap();
                assert!(page.items.len() <= limit as usize);
                lines.extend(page.items.iter().map(|e| (e.act, e.debit, e.amount)));
                from = page.next;
                if from.is_none() {
                    return lines;
                }
            }
        };
        let of_a = [
            (EntryAct::Reverse, false, 5),
            (EntryAct::PostHold, true, 5),
            (EntryAct::Hold, true, 7),
            (EntryAct::Hold, true, 5),
            (EntryAct::Hold, true, 3),
            (EntryAct::Hold, true, 1),
        ];
        for limit in [1, 2, 3, 6, 100] {
            assert_eq!(read(a, limit), of_a, "limit {limit}");
            assert_eq!(read(c, limit).len(), 3);
            let all = read(b, limit);
            assert_eq!(
                (all.len(), all[0], all[8]),
                (9, (EntryAct::Reverse, true, 5), (EntryAct::Hold, false, 1))
            );
        }
        assert_eq!(read(account(CASH, 9), 10), []);
    });
}

#[test]
fn verify_finds_what_was_tampered_with() {
    let (a, b) = (account(CASH, 1), account(BANK, 0));
    let spoil = [
        "UPDATE ledger_account SET debits_posted = debits_posted + 1 WHERE ledger = 901",
        "UPDATE ledger_account SET credits_held = 6 WHERE ledger = 902",
        "UPDATE ledger_transfer SET amount = amount + 1 WHERE act = 1",
        "UPDATE ledger_transfer SET settled = NULL WHERE act = 2 AND amount = 40",
        "UPDATE ledger_transfer SET settled = 4 WHERE act = 2 AND amount = 40",
        "UPDATE ledger_transfer SET reversed = 3 WHERE act = 1",
        "UPDATE ledger_transfer SET prev_debit = 0 WHERE act = 1",
        "UPDATE ledger_account SET last = 0 WHERE ledger = 901",
        "DELETE FROM ledger_transfer WHERE act = 3",
        "DELETE FROM ledger_account WHERE ledger = 901",
    ];
    both_with(MIGRATIONS, |db| {
        let ids = ids();
        let batch =
            [hold(1, a, b, 40), post(2, a, b, 100), post_hold(3, 1, None), hold(4, a, b, 5)];
        apply(db, &ids, &batch);
        for sql in spoil {
            let undone: Result<(), Told> = db.write(|tx| {
                assert_eq!(tx.execute(sql, db::params![])?, 1, "{sql}");
                assert!(!verify(tx)?.balanced(), "{sql}");
                Err(Told::Undo)
            });
            assert!(matches!(undone, Err(Told::Undo)));
        }
        assert!(db.read(verify).unwrap().balanced());
    });
}
