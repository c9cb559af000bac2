//! Whether the books balance: the sums beside the accounts against the transfers themselves.

use db::{DbError, Tx};

use crate::store;
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
    Ok(Report {
        totals: store::totals(tx)?,
        wrong_accounts: store::wrong_accounts(tx, NAMED_MAX)?,
        wrong_transfers: store::wrong_transfers(tx, NAMED_MAX)?,
    })
}
