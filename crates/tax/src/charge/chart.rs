//! The chart of accounts: which ledger accounts an act debits and credits.
//!
//! What a guarantor has lodged debits its account `granted` and credits `available`; every use of
//! it debits `available` and credits the account of the stage the tax is at. So debits equal
//! credits for each guarantor by itself, what is free is the credit balance of `available`, and a
//! limit of nothing on that account is what keeps it from going below nothing. Beside it, what an
//! agent withholds: from the buyers, for the treasury.

use db::Tx;
use kernel::Fen;
use ledger::{AccountKey, Balance, Ledger, Opening, Sharing, Unit};

use super::types::*;

/// What is free of a guarantor's lodging: credits less debits.
pub(crate) const AVAILABLE: Ledger =
    Ledger { code: 60, unit: Unit::FEN, opening: Opening::OnFirstUse, sharing: Sharing::Own };
/// What a guarantor has lodged: debits less credits.
pub(crate) const GRANTED: Ledger = Ledger { code: 61, ..AVAILABLE };
/// Held for declarations. Shared, as all that follow: intake and receipts never wait for one
/// another, because only `available` is guarded.
pub(crate) const HELD: Ledger = Ledger { code: 62, sharing: Sharing::Shared, ..AVAILABLE };
/// Released, within the return window.
pub(crate) const DUE: Ledger = Ledger { code: 63, ..HELD };
/// On bills that are not paid.
pub(crate) const BILLED: Ledger = Ledger { code: 64, ..HELD };
/// What an agent has withheld and not yet paid over or given back.
pub(crate) const WITHHELD: Ledger = Ledger { code: 65, ..HELD };
/// Where withheld tax comes from: all buyers.
pub(crate) const BUYERS: Ledger = Ledger { code: 66, ..HELD };
/// Where it goes.
pub(crate) const TREASURY: Ledger = Ledger { code: 67, ..HELD };

/// Debit and credit of one transfer.
pub(crate) type Legs = (AccountKey, AccountKey);

/// An account of a guarantor.
pub(crate) fn of_guarantor(ledger: Ledger, guarantor: GuarantorId) -> AccountKey {
    let mut owner = [0; 16];
    owner[8..].copy_from_slice(&guarantor.to_i64().to_be_bytes());
    AccountKey { ledger, owner, period: 0 }
}

/// What an agent withholds in a role. The owner is a hash: codes are not narrow.
pub(crate) fn of_agent(tx: &Tx, agent: &str, role: Role) -> AccountKey {
    let owner = tx.sealer().keyed_hash("tax.agent", &format!("{}|{agent}", role.name()));
    AccountKey { ledger: WITHHELD, owner, period: 0 }
}

pub(crate) const fn common(ledger: Ledger) -> AccountKey {
    AccountKey { ledger, owner: [0; 16], period: 0 }
}

/// What an act does to a guarantor's accounts.
pub(crate) fn guarantee(act: Act, guarantor: GuarantorId) -> Option<Legs> {
    let (debit, credit) = match act {
        Act::Grant => (GRANTED, AVAILABLE),
        Act::Reduce | Act::Lapse => (AVAILABLE, GRANTED),
        Act::Hold => (AVAILABLE, HELD),
        Act::GiveBack => (HELD, AVAILABLE),
        Act::Release => (HELD, DUE),
        Act::VoidDue => (DUE, AVAILABLE),
        Act::Carry => (DUE, BILLED),
        Act::VoidBilled | Act::Pay => (BILLED, AVAILABLE),
        Act::Refund => return None,
    };
    Some((of_guarantor(debit, guarantor), of_guarantor(credit, guarantor)))
}

/// What an act does to what is withheld by the agent of that account.
pub(crate) fn withholding(act: Act, agent: AccountKey) -> Option<Legs> {
    Some(match act {
        Act::Release => (common(BUYERS), agent),
        Act::VoidDue | Act::VoidBilled => (agent, common(BUYERS)),
        Act::Pay => (agent, common(TREASURY)),
        Act::Refund => (common(TREASURY), common(BUYERS)),
        _ => return None,
    })
}

/// The accounts whose balances are a guarantor's sums, in the order [`sums`] takes them.
pub(crate) fn accounts(guarantor: GuarantorId) -> [AccountKey; 5] {
    [GRANTED, AVAILABLE, HELD, DUE, BILLED].map(|ledger| of_guarantor(ledger, guarantor))
}

/// A guarantor's sums, and what the account `available` itself says.
pub(crate) fn sums(balances: &[Balance]) -> (Sums, Fen) {
    let debits = |at: usize| Fen(balances.get(at).map_or(0, Balance::net_debits));
    let credits = |at: usize| Fen(-debits(at).0);
    let sums = Sums { granted: debits(0), held: credits(2), due: credits(3), billed: credits(4) };
    (sums, credits(1))
}
