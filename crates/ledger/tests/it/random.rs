//! Random batches against the model.

use std::sync::Arc;

use db::test::both_with;
use db::{Db, DbError};
use ledger::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::model::{Model, Says};
use crate::{NOON, batches, ctx, ids};

const POOL: Ledger =
    Ledger { code: 905, unit: Unit::FEN, opening: Opening::OnFirstUse, sharing: Sharing::Shared };

/// What a story is made of.
#[derive(Clone, Debug)]
enum Event {
    Batch(Vec<Transfer>),
    /// A batch whose transaction is undone.
    Cut(Vec<Transfer>),
    Expire,
}

fn accounts() -> Vec<AccountKey> {
    let mut accounts: Vec<AccountKey> =
        (0..4).map(|n| batches::account(batches::CASH, n)).collect();
    accounts.push(batches::account(POOL, 0));
    accounts
}

fn key() -> impl Strategy<Value = Key> {
    (0..6i64, 0..4u32).prop_map(|(thing, step)| Key::of(thing, batches::CASH, step))
}

/// Some of it, one time in three.
fn sometimes<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop_oneof![2 => Just(None), 1 => value.prop_map(Some)]
}

fn act() -> impl Strategy<Value = Act> {
    let account = || proptest::sample::select(accounts());
    let amount = || -1..60i64;
    let expires = sometimes((0..500i64).prop_map(|ms| NOON.plus_millis(ms)));
    prop_oneof![
        2 => (account(), account(), amount())
            .prop_map(|(debit, credit, amount)| Act::Post { debit, credit, amount }),
        4 => (account(), account(), amount(), expires).prop_map(
            |(debit, credit, amount, expires)| Act::Hold { debit, credit, amount, expires }
        ),
        3 => (key(), proptest::option::of(amount()))
            .prop_map(|(hold, amount)| Act::PostHold { hold, amount }),
        2 => key().prop_map(|hold| Act::VoidHold { hold }),
        2 => (key(), proptest::option::of(amount()))
            .prop_map(|(posting, amount)| Act::Reverse { posting, amount }),
    ]
}

fn transfer() -> impl Strategy<Value = Transfer> {
    let limit = sometimes(0..200i64);
    let linked = (0..5).prop_map(|n| n == 0);
    (key(), act(), limit, linked).prop_map(|(key, act, limit, linked)| Transfer {
        key,
        act,
        limit,
        linked,
    })
}

fn story() -> impl Strategy<Value = Vec<Event>> {
    let batch = || proptest::collection::vec(transfer(), 0..12);
    let event = prop_oneof![
        6 => batch().prop_map(Event::Batch),
        1 => batch().prop_map(Event::Cut),
        1 => Just(Event::Expire),
    ];
    proptest::collection::vec(event, 1..10)
}

enum Cut {
    Cut,
    Db(DbError),
}

impl From<DbError> for Cut {
    fn from(error: DbError) -> Cut {
        Cut::Db(error)
    }
}

fn says(outcome: Outcome) -> Says {
    match outcome {
        Outcome::Applied(_) => Says::Applied,
        Outcome::AlreadyApplied(_) => Says::Already,
        Outcome::Refused(refusal) => Says::Refused(refusal),
    }
}

/// Plays a story on the database and on the model, comparing after every event.
fn play(db: &Db, story: &[Event]) -> Result<(), TestCaseError> {
    let ids = ids();
    let mut model = Model::default();
    for (n, event) in story.iter().enumerate() {
        let ctx = ctx(&ids, n as i64 * 60);
        match event {
            Event::Batch(batch) => {
                let outcomes = db.write(|tx| apply(tx, &ctx, batch)).map_err(failed)?;
                let outcomes: Vec<Says> = outcomes.into_iter().map(says).collect();
                prop_assert_eq!(outcomes, model.apply(batch, ctx.now), "event {}", n);
            }
            Event::Cut(batch) => {
                let cut: Result<(), Cut> = db.write(|tx| {
                    apply(tx, &ctx, batch)?;
                    Err(Cut::Cut)
                });
                if let Err(Cut::Db(error)) = cut {
                    return Err(failed(error));
                }
            }
            Event::Expire => {
                let expired = db.write(|tx| expire(tx, &ctx, 1_000)).map_err(failed)?;
                prop_assert_eq!(expired, model.expire(ctx.now));
            }
        }
        let all = accounts();
        let sums = db.read(|tx| balances(tx, &all)).map_err(failed)?;
        let wanted: Vec<Balance> = all.iter().map(|of| model.balance(*of)).collect();
        prop_assert_eq!(sums, wanted, "event {}", n);
        let report = db.read(verify).map_err(failed)?;
        prop_assert!(report.balanced(), "event {}: {:?}", n, report);
    }
    Ok(())
}

fn failed(error: DbError) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn empty(db: &Db) {
    db.write(|tx| {
        tx.execute("DELETE FROM ledger_transfer", db::params![])?;
        tx.execute("DELETE FROM ledger_account", db::params![]).map(drop)
    })
    .unwrap();
}

#[test]
fn any_story_ends_as_in_the_model() {
    both_with(MIGRATIONS, |db| {
        let db = Arc::new(db.clone());
        let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&story(), |story| {
            empty(&db);
            play(&db, &story)
        });
        if let Err(failure) = outcome {
            panic!("{failure}");
        }
    });
}
