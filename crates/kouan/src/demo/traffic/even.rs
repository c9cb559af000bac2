//! An even course, for measuring: parcels without fault, lots of the same size, messages of the same
//! size. Whole parcels lie in groups of messages, so that a sender may stop after any group.

use kernel::{Date, Time};

use super::chance::Chance;
use super::lot::{DOCUMENTS_MAX, Job, Lot, OPENING_S, Part};
use super::trade::{BONDED, Trade};

/// How a day goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// As the zone lives: lots and messages of every size, faults, repeats, direct mail.
    Ordinary,
    /// Bonded parcels without fault, so many documents a message, 1 to 100.
    Even {
        /// Documents of one message.
        documents: usize,
    },
}

/// Lots of one group of messages. Their messages are mixed, so that no document can count on
/// arriving before another.
const LOTS_PER_GROUP: usize = 8;
const PARTS: [Part; 4] = [Part::Orders, Part::Payments, Part::Waybills, Part::Inventories];

/// Parcels of one lot, at least: where messages are small, firms still send several in a row.
const PARCELS_PER_LOT_MIN: usize = 10;

/// Parcels of one lot: whole messages.
fn lot_len(documents: usize) -> usize {
    let documents = documents.clamp(1, DOCUMENTS_MAX);
    documents * PARCELS_PER_LOT_MIN.div_ceil(documents)
}

/// Messages of one group.
pub(super) fn group_len(documents: usize) -> usize {
    LOTS_PER_GROUP * PARTS.len() * lot_len(documents) / documents.clamp(1, DOCUMENTS_MAX)
}

/// Lots of one size, each with firms of its own choosing; `parcels` rounded up to whole groups.
/// `None` when the zone cannot trade.
pub(super) fn lots(
    trade: &Trade,
    parcels: usize,
    documents: usize,
    on: Date,
    chance: &mut Chance,
) -> Option<Vec<Lot>> {
    let size = lot_len(documents);
    let count = parcels.div_ceil(size * LOTS_PER_GROUP) * LOTS_PER_GROUP;
    let midnight = Time::of(on.to_datetime(jiff::civil::Time::midnight()))?;
    let mut lots = Vec::with_capacity(count);
    for place in 0..count {
        lots.push(Lot {
            route: trade.route(BONDED, chance)?,
            numbers: place * size..(place + 1) * size,
            faults: Vec::new(),
            one_buyer: false,
            voyage: None,
            intruder: None,
            ordered_at: midnight.plus_millis(OPENING_S * 1000),
        });
    }
    Some(lots)
}

/// The messages of all lots, group by group, mixed within a group by its own chance.
pub(super) fn jobs(lots: &[Lot], documents: usize, chance: impl Fn(u64) -> Chance) -> Vec<Job> {
    let documents = documents.clamp(1, DOCUMENTS_MAX);
    let mut jobs = Vec::new();
    for (group, number) in lots.chunks(LOTS_PER_GROUP).zip(0..) {
        let first = jobs.len();
        for (lot, place) in group.iter().zip(number * LOTS_PER_GROUP..) {
            for part in PARTS {
                for start in lot.numbers.clone().step_by(documents) {
                    let numbers = start..(start + documents).min(lot.numbers.end);
                    let at = lot.ordered_at.plus_millis(60_000);
                    jobs.push(Job { lot: place, part, numbers, at, repeated: false, last: false });
                }
            }
        }
        if let Some(mixed) = jobs.get_mut(first..) {
            chance(number as u64).shuffle(mixed);
        }
    }
    jobs
}
