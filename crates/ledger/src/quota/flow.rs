//! Batches of asks, confirmations and returns. Each batch costs a handful of statements.

use std::collections::{HashMap, HashSet};

use db::{Ctx, DbError, Tx};
use kernel::Fen;

use super::rules::{self, Life, Plan};
use super::*;
use crate::book::Book;
use crate::{flow, store};

/// Holds room under the yearly limit for each declaration, in order: a later one of the same
/// buyer sees the earlier. An inventory that holds another amount or another buyer's room moves to
/// the new one, or keeps what it has when that is refused (appType 2).
///
/// # Errors
/// [`DbError::Busy`] when another transaction deals with the same buyers: do it again; when the
/// database fails.
pub fn hold(tx: &mut Tx, ctx: &Ctx, asks: &[Ask]) -> Result<Vec<Held>, DbError> {
    rounds(asks, |ask| ask.inventory, |round| hold_round(tx, ctx, round))
}

fn hold_round(tx: &mut Tx, ctx: &Ctx, asks: &[Ask]) -> Result<Vec<Held>, DbError> {
    let mut book = Book::new(&ctx.ids, ctx.now);
    // Accounts before transfers: see `load_named`.
    let named = asks.iter().flat_map(|ask| [ask.of.account(), ask.of.counter()]);
    store::load_named(tx, &mut book, named)?;
    let lives = lives(tx, &mut book, asks.iter().map(|ask| ask.inventory))?;
    let mut transfers = Vec::with_capacity(asks.len());
    let mut plans = Vec::with_capacity(asks.len());
    for ask in asks {
        let account = book.find(ask.of.account().place()).map(|account| account.id);
        plans.push(match rules::ask(life(&lives, ask.inventory), ask, account) {
            Plan::Settled(held) => Err(held),
            Plan::Transfers(wanted) => {
                transfers.extend(wanted.into_iter().flatten());
                Ok(transfers.len() - 1)
            }
        });
    }
    let outcomes = flow::finish(tx, book, &transfers)?;
    let held = |plan: Result<usize, Held>| match plan {
        Ok(i) => rules::held(outcomes[i]),
        Err(held) => held,
    };
    Ok(plans.into_iter().map(held).collect())
}

/// Uses what each of these inventories holds: they are released.
///
/// # Errors
/// As [`hold`].
pub fn confirm(tx: &mut Tx, ctx: &Ctx, inventories: &[i64]) -> Result<Vec<Confirmed>, DbError> {
    rounds(inventories, |inventory| *inventory, |round| confirm_round(tx, ctx, round))
}

fn confirm_round(tx: &mut Tx, ctx: &Ctx, inventories: &[i64]) -> Result<Vec<Confirmed>, DbError> {
    let mut book = Book::new(&ctx.ids, ctx.now);
    let lives = lives(tx, &mut book, inventories.iter().copied())?;
    let mut transfers = Vec::with_capacity(inventories.len());
    let mut confirmed = Vec::with_capacity(inventories.len());
    for inventory in inventories {
        confirmed.push(match rules::confirm(life(&lives, *inventory), *inventory) {
            Ok(transfer) => {
                transfers.push(transfer);
                Confirmed::Ok
            }
            Err(true) => Confirmed::Ok,
            Err(false) => Confirmed::NothingHeld,
        });
    }
    let outcomes = flow::finish(tx, book, &transfers)?;
    match outcomes.iter().find(|outcome| !outcome.stands()) {
        // Each uses the whole of an open hold of its own: nothing is left to refuse.
        Some(refused) => Err(DbError::Damaged(format!("the quota book: {refused:?}"))),
        None => Ok(confirmed),
    }
}

/// Gives back on rejection, cancel or return.
///
/// # Errors
/// As [`hold`].
pub fn give_back(tx: &mut Tx, ctx: &Ctx, backs: &[GiveBack]) -> Result<Vec<Given>, DbError> {
    rounds(backs, |back| back.inventory, |round| give_back_round(tx, ctx, round))
}

fn give_back_round(tx: &mut Tx, ctx: &Ctx, backs: &[GiveBack]) -> Result<Vec<Given>, DbError> {
    let mut book = Book::new(&ctx.ids, ctx.now);
    let lives = lives(tx, &mut book, backs.iter().map(|back| back.inventory))?;
    let mut transfers = Vec::with_capacity(backs.len());
    let mut plans = Vec::with_capacity(backs.len());
    for back in backs {
        let plan = rules::give_back(life(&lives, back.inventory), back.inventory, back.what);
        plans.push(plan.map(|transfer| {
            transfers.push(transfer);
            transfers.len() - 1
        }));
    }
    let outcomes = flow::finish(tx, book, &transfers)?;
    let given = |(back, plan): (&GiveBack, Result<usize, Given>)| match plan {
        Ok(i) => rules::given(outcomes[i], back.what),
        Err(given) => given,
    };
    Ok(backs.iter().zip(plans).map(given).collect())
}

/// What these buyers have used and hold in these years, in order.
///
/// # Errors
/// When the database fails.
pub fn usage(tx: &mut Tx, buyers: &[BuyerYear]) -> Result<Vec<Usage>, DbError> {
    let keys: Vec<AccountKey> = buyers.iter().map(BuyerYear::account).collect();
    let usage = |balance: Balance| Usage {
        used: Fen(balance.net_debits()),
        held: Fen(balance.debits_held),
    };
    Ok(flow::balances(tx, &keys)?.into_iter().map(usage).collect())
}

/// Works through items in runs within which no inventory comes twice, so that each sees what the
/// one before did to its inventory. Nearly always that is one run.
fn rounds<T, R>(
    items: &[T],
    inventory: impl Fn(&T) -> i64,
    mut round: impl FnMut(&[T]) -> Result<Vec<R>, DbError>,
) -> Result<Vec<R>, DbError> {
    let mut results = Vec::with_capacity(items.len());
    let mut rest = items;
    while !rest.is_empty() {
        let mut seen = HashSet::with_capacity(rest.len());
        let run = rest.iter().take_while(|item| seen.insert(inventory(item))).count();
        let (now, later) = rest.split_at(run);
        results.extend(round(now)?);
        rest = later;
    }
    Ok(results)
}

/// Takes the transfers so far of these inventories into the book, with their accounts, and says
/// where each inventory stands.
fn lives(
    tx: &mut Tx,
    book: &mut Book<'_>,
    inventories: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Life>, DbError> {
    let records = store::records_of_things(tx, BUYER, inventories)?;
    // Those of one inventory lie together.
    let lives = records
        .chunk_by(|one, next| one.key.reference == next.key.reference)
        .map(|of_one| (of_one[0].key.reference, rules::life(of_one)))
        .collect();
    book.add_records(records);
    store::load_missing(tx, book)?;
    Ok(lives)
}

fn life(lives: &HashMap<i64, Life>, inventory: i64) -> Life {
    lives.get(&inventory).copied().unwrap_or(Life::New)
}
