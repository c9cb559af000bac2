//! All SQL of the ledger: what a batch touches in, what it changed out.

use std::collections::HashSet;

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::Time;

use crate::book::{Account, Book, Place, Record};
use crate::types::*;

const ACCOUNT: &str = "a.id, a.ledger, a.period, a.owner, a.unit, a.shared, a.debits_posted, \
     a.credits_posted, a.debits_held, a.credits_held, a.last";

const RECORD: &str = "t.id, t.reference, t.step, t.act, t.debit, t.credit, t.amount, t.about, \
     t.settled, t.reversed, t.expires, t.prev_debit, t.prev_credit";

/// The transfers with these keys that there are.
pub(crate) fn records(
    tx: &mut Tx,
    keys: impl Iterator<Item = Key>,
) -> Result<Vec<Record>, DbError> {
    let mut wanted = Keys::new(&[Type::Int, Type::Int]);
    let mut seen = HashSet::new();
    for key in keys.filter(|key| seen.insert(*key)) {
        wanted.push(values![key.reference, key.step]);
    }
    let sql = format!(
        "SELECT k.n, {RECORD} FROM keys k \
         JOIN ledger_transfer t ON t.reference = k.a AND t.step = k.b"
    );
    tx.query_keys(&sql, &wanted)?.iter().map(record).collect()
}

/// All transfers of each of these things in one ledger.
pub(crate) fn records_of_things(
    tx: &mut Tx,
    ledger: Ledger,
    things: impl Iterator<Item = i64>,
) -> Result<Vec<Record>, DbError> {
    let mut wanted = Keys::new(&[Type::Int]);
    things.for_each(|thing| wanted.push(values![thing]));
    let (from, to) = Key::steps(ledger);
    let sql = format!(
        "SELECT k.n, {RECORD} FROM keys k JOIN ledger_transfer t \
         ON t.reference = k.a AND t.step >= $1 AND t.step < $2"
    );
    tx.query_keys_with(&sql, &wanted, params![from, to])?.iter().map(record).collect()
}

/// Loads the accounts that these keys name.
///
/// On PostgreSQL others may commit between two statements, so order counts: the accounts that
/// limits are tested on come first, then the transfers, then [`load_missing`]. A transfer that
/// appears in between is then found, never counted as somebody else's; and whatever is written is
/// written over the state it was read in or not at all.
pub(crate) fn load_named(
    tx: &mut Tx,
    book: &mut Book<'_>,
    named: impl Iterator<Item = AccountKey>,
) -> Result<(), DbError> {
    let mut seen = HashSet::new();
    let distinct: Vec<AccountKey> = named.filter(|key| seen.insert(key.place())).collect();
    for (_, account) in accounts(tx, &distinct)? {
        book.add_account(account);
    }
    Ok(())
}

/// Loads the accounts of the transfers in the book that are not in it yet.
pub(crate) fn load_missing(tx: &mut Tx, book: &mut Book<'_>) -> Result<(), DbError> {
    let mut seen = HashSet::new();
    let mut missing = Keys::new(&[Type::Int]);
    for record in &book.records {
        for id in [record.debit, record.credit] {
            if !book.has_account(id) && seen.insert(id) {
                missing.push(values![id]);
            }
        }
    }
    let sql = format!("SELECT k.n, {ACCOUNT} FROM keys k JOIN ledger_account a ON a.id = k.a");
    for row in tx.query_keys(&sql, &missing)? {
        book.add_account(account(&row)?);
    }
    Ok(())
}

/// The accounts with these keys that there are, each with the place of its key.
pub(crate) fn accounts(tx: &mut Tx, keys: &[AccountKey]) -> Result<Vec<(usize, Account)>, DbError> {
    let mut wanted = Keys::new(&[Type::Int, Type::Int, Type::Bytes]);
    for key in keys {
        wanted.push(values![key.ledger.code, key.period, key.owner]);
    }
    let sql = format!(
        "SELECT k.n, {ACCOUNT} FROM keys k JOIN ledger_account a \
         ON a.ledger = k.a AND a.period = k.b AND a.owner = k.c"
    );
    let rows = tx.query_keys(&sql, &wanted)?;
    rows.iter().map(|row| Ok((row.u32(0)? as usize, account(row)?))).collect()
}

/// Writes back what a batch changed. When another transaction changed one of the accounts in the
/// meantime or made a transfer with one of the keys: [`DbError::Busy`], and the whole transaction
/// is to be done again.
pub(crate) fn save(tx: &mut Tx, book: &Book<'_>) -> Result<(), DbError> {
    insert_accounts(tx, book.accounts.iter().filter(|a| a.touched && !a.stored))?;
    update_own(tx, book)?;
    insert_records(tx, book)?;
    settle_records(tx, book)?;
    // Last, because everybody waits for these.
    update_shared(tx, book)
}

pub(crate) fn insert_accounts<'b>(
    tx: &mut Tx,
    accounts: impl Iterator<Item = &'b Account>,
) -> Result<(), DbError> {
    let rows: Rows<'_> = accounts
        .map(|account| {
            // A shared account gets its sums with the relative update, like any other time.
            let Balance { debits_posted, credits_posted, debits_held, credits_held } =
                if account.shared { Balance::default() } else { account.balance };
            values![
                account.id,
                account.place.ledger,
                account.place.period,
                account.place.owner,
                account.unit.0,
                account.shared,
                debits_posted,
                credits_posted,
                debits_held,
                credits_held,
                account.last,
            ]
        })
        .collect();
    let columns = [
        "id",
        "ledger",
        "period",
        "owner",
        "unit",
        "shared",
        "debits_posted",
        "credits_posted",
        "debits_held",
        "credits_held",
        "last",
    ];
    tx.insert_many("ledger_account", &columns, &rows, OnConflict::Fail).map_err(crossed).map(drop)
}

/// Own accounts are written whole, over the state they were read in.
fn update_own(tx: &mut Tx, book: &Book<'_>) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int; 7]);
    for account in in_order(book, |a| a.touched && a.stored && !a.shared) {
        let Balance { debits_posted, credits_posted, debits_held, credits_held } = account.balance;
        keys.push(values![
            account.id,
            account.loaded_last,
            account.last,
            debits_posted,
            credits_posted,
            debits_held,
            credits_held,
        ]);
    }
    let changed = tx.update_many(
        "UPDATE ledger_account SET last = k.c, debits_posted = k.d, credits_posted = k.e, \
         debits_held = k.f, credits_held = k.g FROM keys k \
         WHERE ledger_account.id = k.a AND ledger_account.last = k.b",
        &keys,
    )?;
    if changed == keys.len() as u64 { Ok(()) } else { Err(busy()) }
}

/// Shared accounts are added to, without having been seen.
fn update_shared(tx: &mut Tx, book: &Book<'_>) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int; 5]);
    for account in in_order(book, |a| a.touched && a.shared) {
        let (now, was) = (account.balance, account.loaded);
        keys.push(values![
            account.id,
            now.debits_posted - was.debits_posted,
            now.credits_posted - was.credits_posted,
            now.debits_held - was.debits_held,
            now.credits_held - was.credits_held,
        ]);
    }
    tx.update_many(
        "UPDATE ledger_account SET debits_posted = debits_posted + k.b, \
         credits_posted = credits_posted + k.c, debits_held = debits_held + k.d, \
         credits_held = credits_held + k.e FROM keys k WHERE ledger_account.id = k.a",
        &keys,
    )
    .map(drop)
}

/// In one order for all, so that two batches seldom wait for each other in a circle.
fn in_order<'b>(book: &'b Book<'_>, which: fn(&&Account) -> bool) -> Vec<&'b Account> {
    let mut accounts: Vec<&Account> = book.accounts.iter().filter(which).collect();
    accounts.sort_unstable_by_key(|account| account.id);
    accounts
}

fn insert_records(tx: &mut Tx, book: &Book<'_>) -> Result<(), DbError> {
    let rows: Rows<'_> = book
        .records
        .iter()
        .filter(|record| !record.stored)
        .map(|record| {
            values![
                record.id,
                record.key.reference,
                record.key.step,
                record.act.code(),
                record.debit,
                record.credit,
                record.amount,
                record.about,
                record.settled.map(EntryAct::code),
                (record.reversed > 0).then_some(record.reversed),
                record.expires,
                record.prev_debit,
                record.prev_credit,
            ]
        })
        .collect();
    let columns = [
        "id",
        "reference",
        "step",
        "act",
        "debit",
        "credit",
        "amount",
        "about",
        "settled",
        "reversed",
        "expires",
        "prev_debit",
        "prev_credit",
    ];
    tx.insert_many("ledger_transfer", &columns, &rows, OnConflict::Fail).map_err(crossed).map(drop)
}

/// Stored holds that were settled, stored postings that were reversed: over the state they were
/// read in.
fn settle_records(tx: &mut Tx, book: &Book<'_>) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int; 4]);
    for record in book.records.iter().filter(|record| record.stored && record.changed) {
        let settled = record.settled.map(EntryAct::code);
        let reversed = (record.reversed > 0).then_some(record.reversed);
        keys.push(values![record.id, settled, reversed, record.loaded_reversed]);
    }
    let changed = tx.update_many(
        "UPDATE ledger_transfer SET settled = k.b, reversed = k.c FROM keys k \
         WHERE ledger_transfer.id = k.a AND ledger_transfer.settled IS NULL \
         AND COALESCE(ledger_transfer.reversed, 0) = k.d",
        &keys,
    )?;
    if changed == keys.len() as u64 { Ok(()) } else { Err(busy()) }
}

fn busy() -> DbError {
    DbError::Busy("another batch changed the same accounts".to_owned())
}

/// A second row under a key that was free when we looked: somebody else was faster.
fn crossed(error: DbError) -> DbError {
    match error {
        DbError::Unique { .. } => busy(),
        other => other,
    }
}

/// Keys of open holds whose time is up, the longest overdue first.
pub(crate) fn overdue(tx: &mut Tx, now: Time, max: i64) -> Result<Vec<Key>, DbError> {
    let sql = "SELECT reference, step FROM ledger_transfer \
         WHERE expires IS NOT NULL AND settled IS NULL AND expires <= $1 \
         ORDER BY expires LIMIT $2";
    let rows = tx.query(sql, params![now, max])?;
    rows.iter().map(|row| Ok(Key { reference: row.i64(0)?, step: row.i64(1)? })).collect()
}

/// Lines of an account, latest first, starting with the transfer `from`.
pub(crate) fn chained(
    tx: &mut Tx,
    account: AccountId,
    from: i64,
    limit: i64,
) -> Result<Vec<Record>, DbError> {
    let sql = format!(
        "WITH RECURSIVE walk(id, depth) AS ( \
             SELECT CAST($2 AS BIGINT), CAST(1 AS BIGINT) \
             UNION ALL \
             SELECT CASE WHEN s.debit = $1 THEN s.prev_debit ELSE s.prev_credit END, w.depth + 1 \
             FROM walk w JOIN ledger_transfer s ON s.id = w.id WHERE w.depth < $3) \
         SELECT w.depth, {RECORD} FROM walk w JOIN ledger_transfer t ON t.id = w.id \
         ORDER BY w.depth"
    );
    tx.query(&sql, params![account, from, limit])?.iter().map(record).collect()
}

/// Lines of a shared account, latest first, not later than `from`. Nearly every transfer is one,
/// so no index is needed to find them.
pub(crate) fn scanned(
    tx: &mut Tx,
    account: AccountId,
    from: i64,
    limit: i64,
) -> Result<Vec<Record>, DbError> {
    let sql = format!(
        "SELECT t.id, {RECORD} FROM ledger_transfer t \
         WHERE (t.debit = $1 OR t.credit = $1) AND t.id <= $2 ORDER BY t.id DESC LIMIT $3"
    );
    tx.query(&sql, params![account, from, limit])?.iter().map(record).collect()
}

/// The sums of all accounts, unit by unit.
pub(crate) fn totals(tx: &mut Tx) -> Result<Vec<(Unit, Balance)>, DbError> {
    let rows = tx.query(TOTALS, params![])?;
    rows.iter()
        .map(|row| {
            let unit = u16::try_from(row.i64(0)?).map_err(|_| damaged("unit of an account"))?;
            let sums = Balance {
                debits_posted: row.i64(1)?,
                credits_posted: row.i64(2)?,
                debits_held: row.i64(3)?,
                credits_held: row.i64(4)?,
            };
            Ok((Unit(unit), sums))
        })
        .collect()
}

/// Accounts whose sums are not those of their transfers.
pub(crate) fn wrong_accounts(tx: &mut Tx, max: i64) -> Result<Vec<AccountId>, DbError> {
    tx.query(WRONG_ACCOUNTS, params![max])?.iter().map(|row| row.id(0)).collect()
}

/// Transfers that do not agree with those that settled or reversed them, or with their chain.
pub(crate) fn wrong_transfers(tx: &mut Tx, max: i64) -> Result<Vec<TransferId>, DbError> {
    let mut wrong = Vec::new();
    for sql in [WRONG_HOLDS, WRONG_REVERSALS, WRONG_CHAINS] {
        for row in tx.query(sql, params![max])? {
            wrong.push(row.id(0)?);
        }
    }
    Ok(wrong)
}

const TOTALS: &str = "SELECT unit, CAST(SUM(debits_posted) AS BIGINT), \
     CAST(SUM(credits_posted) AS BIGINT), CAST(SUM(debits_held) AS BIGINT), \
     CAST(SUM(credits_held) AS BIGINT) FROM ledger_account GROUP BY unit ORDER BY unit";

/// Posted are acts 1, 3 and 6; held are holds (2) that nothing has settled.
const WRONG_ACCOUNTS: &str = "
WITH line(account, dp, cp, dh, ch) AS (
    SELECT debit, CASE WHEN act = 2 THEN 0 ELSE amount END, 0,
           CASE WHEN act = 2 THEN amount ELSE 0 END, 0
    FROM ledger_transfer WHERE act IN (1, 3, 6) OR (act = 2 AND settled IS NULL)
    UNION ALL
    SELECT credit, 0, CASE WHEN act = 2 THEN 0 ELSE amount END,
           0, CASE WHEN act = 2 THEN amount ELSE 0 END
    FROM ledger_transfer WHERE act IN (1, 3, 6) OR (act = 2 AND settled IS NULL)
), total(account, dp, cp, dh, ch) AS (
    SELECT account, CAST(SUM(dp) AS BIGINT), CAST(SUM(cp) AS BIGINT), CAST(SUM(dh) AS BIGINT),
           CAST(SUM(ch) AS BIGINT)
    FROM line GROUP BY account
)
SELECT a.id FROM ledger_account a LEFT JOIN total t ON t.account = a.id
WHERE a.debits_posted <> COALESCE(t.dp, 0) OR a.credits_posted <> COALESCE(t.cp, 0)
   OR a.debits_held <> COALESCE(t.dh, 0) OR a.credits_held <> COALESCE(t.ch, 0)
UNION ALL
SELECT t.account FROM total t LEFT JOIN ledger_account a ON a.id = t.account WHERE a.id IS NULL
LIMIT $1";

/// An open hold was settled by nothing, a settled one by exactly one transfer of that act.
const WRONG_HOLDS: &str = "
WITH ended(hold, times, act) AS (
    SELECT about, COUNT(*), MAX(act) FROM ledger_transfer WHERE act IN (3, 4, 5) GROUP BY about
)
SELECT h.id FROM ledger_transfer h LEFT JOIN ended e ON e.hold = h.id
WHERE h.act = 2 AND (COALESCE(e.times, 0) <> CASE WHEN h.settled IS NULL THEN 0 ELSE 1 END
                     OR COALESCE(e.act, 0) <> COALESCE(h.settled, 0))
LIMIT $1";

/// What was taken back of a posting is the sum of its reversals and no more than the posting.
const WRONG_REVERSALS: &str = "
WITH back(posting, amount) AS (
    SELECT about, CAST(SUM(amount) AS BIGINT) FROM ledger_transfer WHERE act = 6 GROUP BY about
)
SELECT p.id FROM ledger_transfer p LEFT JOIN back b ON b.posting = p.id
WHERE COALESCE(p.reversed, 0) <> COALESCE(b.amount, 0) OR COALESCE(p.reversed, 0) > p.amount
LIMIT $1";

/// The chain of an account goes through each of its transfers once and ends at its latest: as many
/// predecessors as transfers, one of them none, and what is nobody's predecessor is the latest.
/// That last is told from the difference of two sums, of remainders so that they fit.
const WRONG_CHAINS: &str = "
WITH link(account, id, prev) AS (
    SELECT debit, id, prev_debit FROM ledger_transfer
    UNION ALL
    SELECT credit, id, prev_credit FROM ledger_transfer
), counted(account, links, prevs, firsts, rest) AS (
    SELECT account, COUNT(*), COUNT(DISTINCT prev), SUM(CASE WHEN prev = 0 THEN 1 ELSE 0 END),
           SUM(id % 1000000007) - SUM(prev % 1000000007)
    FROM link GROUP BY account
)
SELECT a.last FROM ledger_account a LEFT JOIN counted c ON c.account = a.id
WHERE NOT a.shared AND (
    COALESCE(c.links, 0) <> COALESCE(c.prevs, 0)
    OR COALESCE(c.firsts, 0) <> CASE WHEN a.last = 0 THEN 0 ELSE 1 END
    OR COALESCE(c.rest, 0) <> a.last % 1000000007
)
LIMIT $1";

/// An account behind a first column that belongs to the query.
fn account(row: &Row) -> Result<Account, DbError> {
    let narrow = |column, what: &str| {
        let value = row.i64(column)?;
        u16::try_from(value).map_err(|_| damaged(what))
    };
    let owner = row.bytes(4)?.try_into().map_err(|_| damaged("owner of an account"))?;
    let period = i32::try_from(row.i64(3)?).map_err(|_| damaged("period of an account"))?;
    let balance = Balance {
        debits_posted: row.i64(7)?,
        credits_posted: row.i64(8)?,
        debits_held: row.i64(9)?,
        credits_held: row.i64(10)?,
    };
    let last = row.i64(11)?;
    Ok(Account {
        id: row.id(1)?,
        place: Place { ledger: narrow(2, "ledger of an account")?, period, owner },
        unit: Unit(narrow(5, "unit of an account")?),
        shared: row.bool(6)?,
        balance,
        loaded: balance,
        last,
        loaded_last: last,
        stored: true,
        touched: false,
    })
}

/// A transfer behind a first column that belongs to the query.
fn record(row: &Row) -> Result<Record, DbError> {
    let act = |code| EntryAct::parse(code).ok_or_else(|| damaged("act of a transfer"));
    let reversed = row.opt_i64(10)?.unwrap_or_default();
    Ok(Record {
        id: row.id(1)?,
        key: Key { reference: row.i64(2)?, step: row.i64(3)? },
        act: act(row.i64(4)?)?,
        debit: row.id(5)?,
        credit: row.id(6)?,
        amount: row.i64(7)?,
        about: row.opt_id(8)?,
        settled: row.opt_i64(9)?.map(act).transpose()?,
        reversed,
        loaded_reversed: reversed,
        expires: row.opt_time(11)?,
        prev_debit: row.i64(12)?,
        prev_credit: row.i64(13)?,
        stored: true,
        changed: false,
    })
}

fn damaged(what: &str) -> DbError {
    DbError::Damaged(format!("the {what} cannot be read"))
}
