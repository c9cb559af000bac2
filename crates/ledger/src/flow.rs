//! Batches of transfers, and looking at accounts.

use db::{Ctx, DbError, Tx};

use crate::book::{Account, Book, Record};
use crate::store;
use crate::types::*;

/// Opens accounts that are not open yet; gives the id of each, in order.
///
/// # Errors
/// [`DbError::Busy`] when another transaction opens the same one; when the database fails.
pub fn open(tx: &mut Tx, ctx: &Ctx, keys: &[AccountKey]) -> Result<Vec<AccountId>, DbError> {
    let mut book = Book::new(&ctx.ids, ctx.now);
    store::load_named(tx, &mut book, keys.iter().copied())?;
    let mut ids = Vec::with_capacity(keys.len());
    for key in keys {
        let id = match book.find(key.place()) {
            Some(account) => account.id,
            None => {
                let account = Account::open(ctx.id(), key);
                let id = account.id;
                book.add_account(account);
                id
            }
        };
        ids.push(id);
    }
    store::insert_accounts(tx, book.accounts.iter().filter(|account| !account.stored))?;
    Ok(ids)
}

/// Applies a batch: each transfer in order, a later one seeing the earlier ones, each with an
/// outcome of its own, in order. However long the batch, it costs at most three queries, two bulk
/// inserts and three bulk updates. What is refused changes nothing; what happened before under the
/// same key happens no second time.
///
/// Two batches at once never spoil one another: the second to write finds that an account or a
/// hold it read has changed and fails whole with [`DbError::Busy`]; do its transaction again.
///
/// # Errors
/// [`DbError::Busy`] as said; when the database fails.
pub fn apply(tx: &mut Tx, ctx: &Ctx, transfers: &[Transfer]) -> Result<Vec<Outcome>, DbError> {
    let named = transfers.iter().flat_map(|transfer| match transfer.act {
        Act::Post { debit, credit, .. } | Act::Hold { debit, credit, .. } => {
            [Some(debit), Some(credit)].into_iter().flatten()
        }
        _ => [None, None].into_iter().flatten(),
    });
    let keys = transfers.iter().flat_map(|transfer| {
        let about = match transfer.act {
            Act::PostHold { hold, .. } | Act::VoidHold { hold } => Some(hold),
            Act::Reverse { posting, .. } => Some(posting),
            Act::Post { .. } | Act::Hold { .. } => None,
        };
        [Some(transfer.key), about].into_iter().flatten()
    });
    let mut book = Book::new(&ctx.ids, ctx.now);
    store::load_named(tx, &mut book, named)?;
    book.add_records(store::records(tx, keys)?);
    store::load_missing(tx, &mut book)?;
    finish(tx, book, transfers)
}

/// Applies a batch to a book that holds the accounts it names, every transfer that could have one
/// of its keys, and their accounts; saves it.
pub(crate) fn finish(
    tx: &mut Tx,
    mut book: Book<'_>,
    transfers: &[Transfer],
) -> Result<Vec<Outcome>, DbError> {
    let outcomes = book.apply(transfers);
    store::save(tx, &book)?;
    Ok(outcomes)
}

/// Lets open holds expire whose time is up, at most `max` of them; gives how many did. Call it
/// again while it gives `max`.
///
/// # Errors
/// As [`apply`].
pub fn expire(tx: &mut Tx, ctx: &Ctx, max: u32) -> Result<u32, DbError> {
    let due = store::overdue(tx, ctx.now, i64::from(max))?;
    let mut book = Book::new(&ctx.ids, ctx.now);
    book.add_records(store::records(tx, due.iter().copied())?);
    store::load_missing(tx, &mut book)?;
    let expired = due.iter().filter(|hold| book.expire(**hold)).count();
    store::save(tx, &book)?;
    Ok(u32::try_from(expired).unwrap_or(u32::MAX))
}

/// The sums of each of these accounts, in order; nothing for one that is not open.
///
/// # Errors
/// When the database fails.
pub fn balances(tx: &mut Tx, keys: &[AccountKey]) -> Result<Vec<Balance>, DbError> {
    let mut balances = vec![Balance::default(); keys.len()];
    for (n, account) in store::accounts(tx, keys)? {
        if let Some(balance) = balances.get_mut(n) {
            *balance = account.balance;
        }
    }
    Ok(balances)
}

/// Lines of an account, latest first: the first page without `from`, a further one from the
/// `next` of the page before. Nothing for an account that is not open.
///
/// # Errors
/// When the database fails.
pub fn entries(
    tx: &mut Tx,
    key: &AccountKey,
    from: Option<TransferId>,
    limit: u32,
) -> Result<Entries, DbError> {
    let Some((_, account)) = store::accounts(tx, &[*key])?.pop() else {
        return Ok(Entries::default());
    };
    let fetch = i64::from(limit) + 1;
    let from = from.map(TransferId::to_i64);
    let records = if account.shared {
        store::scanned(tx, account.id, from.unwrap_or(i64::MAX), fetch)?
    } else {
        store::chained(tx, account.id, from.unwrap_or(account.last), fetch)?
    };
    let next = records.get(limit as usize).map(|record| record.id);
    let line = |record: &Record| {
        let debit = record.debit == account.id;
        Entry {
            transfer: record.id,
            act: record.act,
            debit,
            other: if debit { record.credit } else { record.debit },
            amount: record.amount,
            about: record.about,
        }
    };
    Ok(Entries { items: records.iter().take(limit as usize).map(line).collect(), next })
}
