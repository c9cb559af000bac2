//! Whether the books balance: the sums beside the accounts against the transfers themselves.

use db::{DbError, Tx, params};

use crate::types::*;

/// Wrong accounts and transfers named in a report; more are only counted in the first look.
const NAMED_MAX: i64 = 100;

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The sums of all accounts of each unit.
    pub totals: Vec<(Unit, Balance)>,
    /// Accounts whose sums are not those of their transfers (the first hundred).
    pub wrong_accounts: Vec<AccountId>,
    /// Transfers whose hold or posting does not agree with what settled or reversed it, or whose
    /// place in the chain of an account is wrong (the first hundred).
    pub wrong_transfers: Vec<TransferId>,
}

impl Report {
    /// Whether debits equal credits in every unit and nothing is wrong.
    pub fn balanced(&self) -> bool {
        let even = |(_, sums): &(Unit, Balance)| {
            sums.debits_posted == sums.credits_posted && sums.debits_held == sums.credits_held
        };
        self.wrong_accounts.is_empty()
            && self.wrong_transfers.is_empty()
            && self.totals.iter().all(even)
    }
}

/// Recounts everything. Reads every account and transfer once or twice: for the end of a day and
/// of a demonstration, not for the path of a message.
///
/// # Errors
/// When the database fails.
pub fn verify(tx: &mut Tx) -> Result<Report, DbError> {
    let totals = tx.query(TOTALS, params![])?;
    let mut report = Report::default();
    for row in &totals {
        let unit = u16::try_from(row.i64(0)?)
            .map_err(|_| DbError::Damaged("the unit of an account cannot be read".to_owned()))?;
        let sums = Balance {
            debits_posted: row.i64(1)?,
            credits_posted: row.i64(2)?,
            debits_held: row.i64(3)?,
            credits_held: row.i64(4)?,
        };
        report.totals.push((Unit(unit), sums));
    }
    for row in tx.query(WRONG_ACCOUNTS, params![NAMED_MAX])? {
        report.wrong_accounts.push(row.id(0)?);
    }
    for sql in [WRONG_HOLDS, WRONG_REVERSALS, WRONG_CHAINS] {
        for row in tx.query(sql, params![NAMED_MAX])? {
            report.wrong_transfers.push(row.id(0)?);
        }
    }
    Ok(report)
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
