//! Whether the books of guarantee, bills and withholding balance: every sum told twice, from its
//! rows and from the ledger.

use std::collections::{BTreeMap, HashMap};

use db::{DbError, Tx};
use kernel::Fen;

use super::totals_store as store;
use crate::charge::{Act, Sums, chart};

/// What [`totals`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The sums of all guarantors.
    pub sums: Sums,
    /// What all agents have withheld and not yet paid over or given back.
    pub withheld: Fen,
    /// What was paid over so far.
    pub paid: Fen,
    /// What was refunded after payment so far.
    pub refunded: Fen,
    /// What does not agree, in words, the first hundred.
    pub wrong: Vec<String>,
}

impl Totals {
    /// Whether everything agrees.
    pub fn balanced(&self) -> bool {
        self.wrong.is_empty()
    }
}

const NAMED_MAX: usize = 100;

/// Recounts every guarantor, agent and bill: the ledger against instruments, charges and movements,
/// bills against their inventories, and that lodging is free, held, due or billed to the fen. Reads
/// every charge: for the end of a day and of a demonstration, not for the path of a message.
/// `ledger::verify` is the other half: it recounts the ledger itself.
///
/// # Errors
/// When the database fails.
pub fn totals(tx: &mut Tx) -> Result<Totals, DbError> {
    let mut totals = Totals::default();
    let guarantors = store::guarantors(tx)?;
    let counted = store::counted(tx)?;
    let charged = store::charged(tx)?;
    let moved = store::moved(tx)?;
    for ids in guarantors.chunks(500) {
        let keys: Vec<_> = ids.iter().flat_map(|id| chart::accounts(*id)).collect();
        let balances = ledger::balances(tx, &keys)?;
        for (id, balances) in ids.iter().zip(balances.chunks(5)) {
            let (sums, available) = chart::sums(balances);
            totals.sums = totals.sums.plus(sums);
            let lodged = counted.get(id).copied().unwrap_or_default();
            let charged = charged.get(id).copied().unwrap_or_default();
            let whole = Sums { granted: lodged, ..charged };
            let moved = moved.get(id).copied().unwrap_or_default();
            let checks = [
                (sums.available() == available, "lodging is not its uses"),
                (sums.granted == lodged, "lodging is not its instruments"),
                (sums == whole, "uses are not the charges"),
                (sums == moved, "sums are not the movements"),
            ];
            let wrong = checks.iter().filter(|(holds, _)| !holds);
            totals.wrong.extend(wrong.map(|(_, what)| format!("{id}: {what}")));
        }
    }
    withholding(tx, &mut totals)?;
    let bills = store::wrong_bills(tx, NAMED_MAX)?;
    totals.wrong.extend(bills.iter().map(|id| format!("{id}: not the sum of its inventories")));
    totals.wrong.truncate(NAMED_MAX);
    Ok(totals)
}

fn withholding(tx: &mut Tx, totals: &mut Totals) -> Result<(), DbError> {
    let open: BTreeMap<(String, i64), Fen> = store::withheld(tx)?;
    let agents: Vec<_> = open.iter().collect();
    for some in agents.chunks(500) {
        let keys: Vec<_> = some
            .iter()
            .filter_map(|((agent, role), _)| {
                Some(chart::of_agent(tx, agent, crate::charge::Role::of(*role)?))
            })
            .collect();
        let balances = ledger::balances(tx, &keys)?;
        for (((agent, _), open), balance) in some.iter().zip(balances) {
            let held = Fen(-balance.net_debits());
            totals.withheld.0 += held.0;
            if held != **open {
                totals.wrong.push(format!("{agent}: withheld is not what is due and billed"));
            }
        }
    }
    let acts: HashMap<Act, Fen> = store::acts(tx)?;
    let of = |act| acts.get(&act).copied().unwrap_or_default();
    (totals.paid, totals.refunded) = (of(Act::Pay), of(Act::Refund));
    let common =
        ledger::balances(tx, &[chart::common(chart::BUYERS), chart::common(chart::TREASURY)])?;
    let net = |at: usize| common.get(at).map_or(0, ledger::Balance::net_debits);
    let treasury = totals.paid.0 - totals.refunded.0;
    if net(1) != -treasury || net(0) != totals.withheld.0 + treasury {
        totals.wrong.push("buyers, agents and treasury do not agree".to_owned());
    }
    Ok(())
}
