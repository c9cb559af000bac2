//! Whether the books are right: the ledger against the movements, record by record.

use db::{DbError, Tx};

use crate::Quantity;
use crate::accounts::{self, Position};
use crate::book::RecordId;
use crate::book::store::{RecordFilter, records};
use crate::movement::{self, Cause};

/// A record of which ledger and movements say different things, or whose equation does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discrepancy {
    /// The record.
    pub record: RecordId,
    /// What the ledger says.
    pub position: Position,
    /// What the movements add up to.
    pub moved: Quantity,
}

const PAGE: i64 = 500;

/// Recounts every record: opening + in + returned − out − destroyed − transferred ± adjusted is
/// what is on hand, by the ledger and by the movements alike. Reads everything once: for the end
/// of a day, not for the path of a message.
///
/// # Errors
/// When the database fails.
pub fn verify(tx: &mut Tx) -> Result<Vec<Discrepancy>, DbError> {
    let (mut wrong, mut after) = (Vec::new(), RecordId::from_i64(0));
    loop {
        let page = records(tx, &RecordFilter::default(), after, PAGE)?;
        let (Some((first, _)), Some((last, _))) = (page.first(), page.last()) else {
            return Ok(wrong);
        };
        after = last.id;
        let totals = movement::totals(tx, first.id, last.id)?;
        let counted: Vec<_> = page.iter().map(|(record, _)| record.counted()).collect();
        for ((record, _), position) in page.iter().zip(accounts::positions(tx, &counted)?) {
            let of = |cause| totals.get(&(record.id, cause)).copied().unwrap_or_default();
            let sum = |all: &[Cause]| all.iter().fold(Quantity::ZERO, |sum, c| sum.plus(of(*c)));
            let moved = sum(&Cause::ALL);
            let out = position.in_transit.plus(position.transferred_out).negated();
            let agrees = moved == position.on_hand
                && of(Cause::Opening) == position.opening
                && of(Cause::Entered) == position.entered
                && of(Cause::Exited) == position.exited.negated()
                && sum(&[Cause::Returned, Cause::Cancelled]) == position.returned
                && sum(&[Cause::Dispatched, Cause::Recalled]) == out
                && of(Cause::Received) == position.transferred_in
                && of(Cause::Destroyed) == position.destroyed.negated()
                && of(Cause::Adjusted) == position.adjusted;
            if !agrees || !position.holds() {
                wrong.push(Discrepancy { record: record.id, position, moved });
            }
        }
    }
}
