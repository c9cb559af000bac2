//! Goods that came back after release: their tax is void, or refunded when it had been paid.

use std::collections::HashSet;

use db::{Ctx, DbError, Tx};

use super::flow;
use crate::charge::book::Book;
use crate::charge::store;
use crate::charge::*;

/// Takes back the tax of accepted returns, in order. Within the return window and on a bill that is
/// not paid it is void and its guarantee free; on a paid bill it is refunded. The same return twice
/// changes nothing.
///
/// # Errors
/// [`DbError::Busy`] when another transaction changed the same charges: do the transaction again;
/// when the database fails.
pub fn give_back(tx: &mut Tx, ctx: &Ctx, returns: &[Return]) -> Result<Vec<Returned>, DbError> {
    if returns.is_empty() {
        return Ok(Vec::new());
    }
    let mut known: HashSet<Key> =
        store::known_returns(tx, returns.iter().map(|one| one.key))?.into_iter().collect();
    let mut book = Book::load(tx, returns.iter().map(|one| one.of))?;
    let mut outcomes = Vec::with_capacity(returns.len());
    for one in returns {
        let outcome =
            if known.contains(&one.key) { Returned::Already } else { book.give_back(one) };
        if matches!(outcome, Returned::Voided(_) | Returned::Refunded(_)) {
            known.insert(one.key);
        }
        outcomes.push(outcome);
    }
    let bills: Vec<BillId> = book.bill_changes().map(|(bill, _)| bill).collect();
    book.save(tx, ctx)?;
    flow::follow(tx, ctx, &bills)?;
    Ok(outcomes)
}
