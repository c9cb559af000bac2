//! What a batch moves, summed by liability and act, and written once: a movement and its transfers.

use std::collections::HashMap;

use db::{Ctx, DbError, Tx};
use kernel::Fen;
use ledger::{AccountKey, Key, Outcome, Refusal, Transfer};

use super::chart::{self, AVAILABLE, WITHHELD};
use super::store;
use super::types::*;

/// What a movement is about beside its liability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) guarantor: GuarantorId,
    /// 0: the guarantor's own lodging.
    pub(crate) liability: LiabilityId,
    pub(crate) act: Act,
    /// Id of an instrument or a bill; 0 when neither.
    pub(crate) about: i64,
}

/// One row of the movements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Movement {
    pub(crate) id: MovementId,
    pub(crate) place: Place,
    pub(crate) inventories: i64,
    pub(crate) amount: Fen,
}

/// The movements of one batch.
#[derive(Default)]
pub(crate) struct Journal {
    lines: Vec<Line>,
    index: HashMap<Place, usize>,
    /// Guarantors whose account may go below nothing, because the law only warns.
    unguarded: bool,
}

struct Line {
    place: Place,
    inventories: i64,
    amount: i64,
}

impl Journal {
    pub(crate) fn new() -> Journal {
        Journal::default()
    }

    /// Lets what is free go below nothing in this batch.
    pub(crate) fn unguarded(mut self) -> Journal {
        self.unguarded = true;
        self
    }

    /// Adds so many inventories with an amount. Nothing is no movement.
    pub(crate) fn add(&mut self, place: Place, inventories: i64, amount: Fen) {
        if amount.0 == 0 {
            return;
        }
        let at = *self.index.entry(place).or_insert_with(|| {
            self.lines.push(Line { place, inventories: 0, amount: 0 });
            self.lines.len() - 1
        });
        if let Some(line) = self.lines.get_mut(at) {
            line.inventories += inventories;
            line.amount = line.amount.saturating_add(amount.0);
        }
    }

    /// Writes the movements and applies their transfers. Whatever the batch was, a fixed number of
    /// statements.
    ///
    /// # Errors
    /// [`DbError::Busy`] when others moved the same accounts in the meantime: do the transaction
    /// again; when the database fails.
    pub(crate) fn post(
        mut self,
        tx: &mut Tx,
        ctx: &Ctx,
        liabilities: &HashMap<LiabilityId, store::Liability>,
    ) -> Result<(), DbError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        // What gives to `available` comes before what takes from it.
        self.lines.sort_by_key(|line| takes(line.place.act));
        let mut transfers = Vec::with_capacity(self.lines.len() * 2);
        let mut movements = Vec::with_capacity(self.lines.len());
        let mut agents: HashMap<LiabilityId, AccountKey> = HashMap::new();
        for Line { place, inventories, amount } in &self.lines {
            let id: MovementId = ctx.id();
            movements.push(Movement {
                id,
                place: *place,
                inventories: *inventories,
                amount: Fen(*amount),
            });
            if let Some((debit, credit)) = chart::guarantee(place.act, place.guarantor) {
                let act = ledger::Act::Post { debit, credit, amount: *amount };
                let limit = (takes(place.act) && !self.unguarded).then_some(0);
                let key = Key::of(id.to_i64(), AVAILABLE, 0);
                transfers.push(Transfer { limit, ..Transfer::new(key, act) });
            }
            if let Some(liability) = liabilities.get(&place.liability) {
                let agent = *agents
                    .entry(place.liability)
                    .or_insert_with(|| chart::of_agent(tx, &liability.agent, liability.agent_role));
                if let Some((debit, credit)) = chart::withholding(place.act, agent) {
                    let act = ledger::Act::Post { debit, credit, amount: *amount };
                    transfers.push(Transfer::new(Key::of(id.to_i64(), WITHHELD, 0), act));
                }
            }
        }
        for outcome in ledger::apply(tx, ctx, &transfers)? {
            refused(outcome)?;
        }
        store::insert_movements(tx, day_number(ctx.now.date()), &movements)
    }
}

/// Whether the act takes from what is free.
fn takes(act: Act) -> bool {
    matches!(act, Act::Reduce | Act::Lapse | Act::Hold)
}

/// Every amount was weighed before; what the ledger refuses was taken by somebody else since.
fn refused(outcome: Outcome) -> Result<(), DbError> {
    match outcome {
        Outcome::Applied(_) | Outcome::AlreadyApplied(_) => Ok(()),
        Outcome::Refused(Refusal::ExceedsLimit { .. }) => {
            Err(DbError::Busy("another batch used the same guarantee".to_owned()))
        }
        Outcome::Refused(refusal) => {
            Err(DbError::Damaged(format!("the guarantee book: {refusal:?}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Time;

    use super::*;

    fn place(act: Act) -> Place {
        let (guarantor, liability) = (GuarantorId::from_i64(5), LiabilityId::from_i64(0));
        Place { guarantor, liability, act, about: 0 }
    }

    /// A batch that weighed its holds before another one took what was free.
    #[test]
    fn what_somebody_else_took_since_is_busy_and_changes_nothing() {
        let rooms = web::migrations(&[crate::module()]);
        let tables: Vec<_> = rooms.into_iter().chain(ledger::MIGRATIONS.iter().cloned()).collect();
        db::test::both_with(&tables, |db| {
            let ctx = db::test::ctx(Time::from_millis(1_794_326_400_000));
            let post = |act, fen, unguarded| {
                let mut journal = Journal::new();
                if unguarded {
                    journal = journal.unguarded();
                }
                journal.add(place(act), 1, Fen(fen));
                db.write(|tx| journal.post(tx, &ctx, &HashMap::new()))
            };
            assert!(post(Act::Grant, 100, false).is_ok());
            assert!(post(Act::Hold, 70, false).is_ok());
            for act in [Act::Hold, Act::Reduce, Act::Lapse] {
                assert!(matches!(post(act, 31, false), Err(DbError::Busy(_))), "{act:?}");
            }
            let count = "SELECT COUNT(*) FROM tax_movement";
            let moved = db.read(|tx| tx.query_one(count, db::params![])?.i64(0));
            assert_eq!(moved.unwrap_or_default(), 2);
            assert!(post(Act::Hold, 31, true).is_ok(), "where the law only warns");
            assert!(post(Act::GiveBack, 31, false).is_ok());
        });
    }
}
