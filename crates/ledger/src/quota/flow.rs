//! Batches of asks, confirmations and returns. Each batch costs a handful of statements.

use std::collections::{HashMap, HashSet};

use db::{Ctx, DbError, Tx};
use kernel::Fen;

use super::rules::{self, Life, Plan};
use super::*;
use crate::book::Record;
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
    let past = Past::load(tx, asks.iter().map(|ask| ask.inventory))?;
    let accounts = past.accounts(tx, asks)?;
    let mut transfers = Vec::with_capacity(asks.len());
    let mut plans = Vec::with_capacity(asks.len());
    for ask in asks {
        let account = accounts.get(&ask.of).copied();
        plans.push(match rules::ask(past.life(ask.inventory), ask, account) {
            Plan::Settled(held) => Err(held),
            Plan::Transfers(wanted) => {
                transfers.extend(wanted.into_iter().flatten());
                Ok(transfers.len() - 1)
            }
        });
    }
    let outcomes = flow::apply_knowing(tx, ctx, &transfers, past.records)?;
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
    let past = Past::load(tx, inventories.iter().copied())?;
    let mut transfers = Vec::with_capacity(inventories.len());
    let mut confirmed = Vec::with_capacity(inventories.len());
    for inventory in inventories {
        confirmed.push(match rules::confirm(past.life(*inventory), *inventory) {
            Ok(transfer) => {
                transfers.push(transfer);
                Confirmed::Ok
            }
            Err(true) => Confirmed::Ok,
            Err(false) => Confirmed::NothingHeld,
        });
    }
    let outcomes = flow::apply_knowing(tx, ctx, &transfers, past.records)?;
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
    let past = Past::load(tx, backs.iter().map(|back| back.inventory))?;
    let mut transfers = Vec::with_capacity(backs.len());
    let mut plans = Vec::with_capacity(backs.len());
    for back in backs {
        let plan = rules::give_back(past.life(back.inventory), back.inventory, back.what);
        plans.push(plan.map(|transfer| {
            transfers.push(transfer);
            transfers.len() - 1
        }));
    }
    let outcomes = flow::apply_knowing(tx, ctx, &transfers, past.records)?;
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

/// The transfers so far of the inventories of a batch.
struct Past {
    records: Vec<Record>,
    of_inventory: HashMap<i64, Vec<usize>>,
}

impl Past {
    fn load(tx: &mut Tx, inventories: impl Iterator<Item = i64>) -> Result<Past, DbError> {
        let records = store::records_of_things(tx, BUYER, inventories)?;
        let mut of_inventory: HashMap<i64, Vec<usize>> = HashMap::new();
        for (i, record) in records.iter().enumerate() {
            of_inventory.entry(record.key.reference).or_default().push(i);
        }
        Ok(Past { records, of_inventory })
    }

    fn life(&self, inventory: i64) -> Life {
        let indexes = self.of_inventory.get(&inventory).into_iter().flatten();
        rules::life(indexes.map(|i| &self.records[*i]))
    }

    /// The accounts of the asks whose inventories have a past; for new ones nobody asks.
    fn accounts(
        &self,
        tx: &mut Tx,
        asks: &[Ask],
    ) -> Result<HashMap<BuyerYear, AccountId>, DbError> {
        let known = asks.iter().filter(|ask| self.of_inventory.contains_key(&ask.inventory));
        let of: Vec<BuyerYear> = known.map(|ask| ask.of).collect();
        let keys: Vec<AccountKey> = of.iter().map(BuyerYear::account).collect();
        let accounts = store::accounts(tx, &keys)?;
        Ok(accounts.into_iter().map(|(n, account)| (of[n], account.id)).collect())
    }
}
