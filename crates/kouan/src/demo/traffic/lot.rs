//! Who sends what with whom: parcels are put into lots that share their firms, and the documents
//! of a lot into messages of every size, in an order of arrival that nothing may depend on.

use std::ops::Range;

use kernel::{Date, Time};

use super::chance::Chance;
use super::fault::{FAULTS, Fault};
use super::parcel::Voyage;
use super::trade::{BONDED, DIRECT, Firm, Route, Trade};

/// Parcels that share their firms.
#[derive(Clone, Debug)]
pub(super) struct Lot {
    pub(super) route: Route,
    /// Numbers of its parcels.
    pub(super) numbers: Range<usize>,
    /// The fault of each.
    pub(super) faults: Vec<Option<Fault>>,
    /// One buyer buys them all, up to the yearly limit.
    pub(super) one_buyer: bool,
    pub(super) voyage: Option<Voyage>,
    pub(super) intruder: Option<Firm>,
    /// When its orders were made.
    pub(super) ordered_at: Time,
}

impl Lot {
    /// Whether a message would hold nothing, because none of its documents ever arrives.
    fn is_empty(&self, part: Part, numbers: &Range<usize>) -> bool {
        let never = part.left_out();
        never.is_some() && numbers.clone().all(|number| self.fault(number) == never)
    }

    /// What is wrong with a parcel of this lot.
    pub(super) fn fault(&self, number: usize) -> Option<Fault> {
        *self.faults.get(number.checked_sub(self.numbers.start)?)?
    }
}

impl Part {
    /// The fault for which a parcel's document of this part never arrives.
    pub(super) fn left_out(self) -> Option<Fault> {
        match self {
            Part::Payments => Some(Fault::PaymentMissing),
            Part::Waybills => Some(Fault::WaybillMissing),
            _ => None,
        }
    }
}

/// Which documents of a lot a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Orders,
    Payments,
    Waybills,
    Inventories,
    Sheet,
    /// The order once more, with another amount.
    ChangedOrder,
}

/// One message to be made.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) lot: usize,
    pub(super) part: Part,
    /// Parcels, by number.
    pub(super) numbers: Range<usize>,
    pub(super) at: Time,
    /// Whether the very same bytes were sent before.
    pub(super) repeated: bool,
    /// Whether it may only be sent when everything before it was answered.
    pub(super) last: bool,
}

/// Parcels of the yearly-limit fault: five fit into the year, the sixth does not.
const YEARLY_LOT: usize = 6;
/// Messages hold at most this many documents.
pub(super) const DOCUMENTS_MAX: usize = 100;
/// Share of lots that come by direct mail, in a thousand.
const DIRECT_PER_MILLE: usize = 130;
/// Share of messages that are sent twice, in a thousand.
const REPEATED_PER_MILLE: usize = 15;
/// The trading day in Beijing: orders are made from here …
pub(super) const OPENING_S: i64 = 8 * 3600;
/// … over so many seconds.
const TRADING_S: i64 = 12 * 3600;
/// A lot's messages arrive over so many seconds, in any order.
const SPREAD_S: i64 = 900;

/// The groups of faults that make up the lots of a day.
fn groups(parcels: usize, chance: &mut Chance) -> Vec<(Vec<Option<Fault>>, bool)> {
    let mut groups = Vec::new();
    let mut spread: Vec<Option<Fault>> = Vec::new();
    let mut left = parcels;
    for row in &FAULTS {
        for _ in 0..row.fault.count(parcels) {
            let group = match row.fault {
                Fault::YearlyLimit => {
                    let mut lot = vec![None; YEARLY_LOT];
                    if let Some(last) = lot.last_mut() {
                        *last = Some(row.fault);
                    }
                    lot
                }
                _ => vec![Some(row.fault)],
            };
            if group.len() > left {
                continue;
            }
            left -= group.len();
            match group.as_slice() {
                [Some(fault)] if !row.alone => spread.push(Some(*fault)),
                _ => groups.push((group, row.fault == Fault::YearlyLimit)),
            }
        }
    }
    spread.resize(spread.len() + left, None);
    chance.shuffle(&mut spread);
    let mut rest = spread.as_slice();
    while !rest.is_empty() {
        let size = lot_size(chance).min(rest.len());
        let (lot, after) = rest.split_at(size);
        groups.push((lot.to_vec(), false));
        rest = after;
    }
    chance.shuffle(&mut groups);
    groups
}

fn lot_size(chance: &mut Chance) -> usize {
    match chance.below(100) {
        0..30 => 1,
        30..55 => 2 + chance.below(9),
        55..80 => 11 + chance.below(40),
        _ => 51 + chance.below(DOCUMENTS_MAX - 50),
    }
}

/// Puts the parcels of a day into lots. `None` when the zone cannot trade in a mode.
pub(super) fn lots(
    trade: &Trade,
    parcels: usize,
    on: Date,
    chance: &mut Chance,
) -> Option<Vec<Lot>> {
    let midnight = Time::of(on.to_datetime(jiff::civil::Time::midnight()))?;
    let mut lots = Vec::new();
    let mut number = 0;
    for (mut faults, one_buyer) in groups(parcels, chance) {
        let mode = if chance.per_mille(DIRECT_PER_MILLE) { DIRECT } else { BONDED };
        let route = trade.route(mode, chance)?;
        let ordered = OPENING_S + chance.between(0, TRADING_S);
        let intruder = match faults.as_slice() {
            [Some(Fault::Undelegated)] => trade.stranger(&route),
            _ => None,
        };
        if intruder.is_none() {
            // Where every broker may declare for every seller, the fault cannot be made.
            faults.iter_mut().filter(|f| **f == Some(Fault::Undelegated)).for_each(|f| *f = None);
        }
        let numbers = number..number + faults.len();
        number = numbers.end;
        lots.push(Lot {
            voyage: (mode == DIRECT).then(|| voyage(chance)),
            ordered_at: midnight.plus_millis(ordered * 1000),
            route,
            numbers,
            faults,
            one_buyer,
            intruder,
        });
    }
    Some(lots)
}

fn voyage(chance: &mut Chance) -> Voyage {
    const FROM: [(&str, &str); 5] =
        [("116", "NRT"), ("133", "ICN"), ("304", "FRA"), ("502", "LAX"), ("601", "SYD")];
    let (country, airport) = *chance.pick(&FROM).unwrap_or(&FROM[0]);
    Voyage {
        plane: format!("示例货机{}", airport),
        flight: format!("EX{:04}", chance.between(1, 9999)),
        bill_no: format!("999-{:08}", chance.between(1, 99_999_999)),
        country: country.to_owned(),
    }
}

/// The messages of a day in the order of their sending; those that must come last at the end.
pub(super) fn jobs(lots: &[Lot], chance: &mut Chance) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (lot, place) in lots.iter().zip(0..) {
        let mut parts = vec![Part::Orders, Part::Payments, Part::Waybills, Part::Inventories];
        if lot.voyage.is_some() {
            parts.push(Part::Sheet);
        }
        for part in parts {
            for numbers in chunks(lot, part, chance) {
                if lot.is_empty(part, &numbers) {
                    continue;
                }
                let at = lot.ordered_at.plus_millis(chance.between(60, SPREAD_S) * 1000);
                let job = Job { lot: place, part, numbers, at, repeated: false, last: false };
                if chance.per_mille(REPEATED_PER_MILLE) {
                    let again = at.plus_millis(chance.between(1, SPREAD_S) * 1000);
                    jobs.push(Job { at: again, repeated: true, ..job.clone() });
                }
                jobs.push(job);
            }
        }
        for (fault, number) in lot.faults.iter().zip(lot.numbers.clone()) {
            if *fault == Some(Fault::OrderChanged) {
                let at = lot.ordered_at.plus_millis(2 * SPREAD_S * 1000);
                let numbers = number..number + 1;
                let part = Part::ChangedOrder;
                jobs.push(Job { lot: place, part, numbers, at, repeated: false, last: true });
            }
        }
    }
    jobs.sort_by_key(|job| (job.last, job.at, job.lot, job.numbers.start, job.repeated));
    jobs
}

/// A lot's documents of one part, in one message or several.
fn chunks(lot: &Lot, part: Part, chance: &mut Chance) -> Vec<Range<usize>> {
    let all = lot.numbers.clone();
    // A sheet goes with its flight, and the inventories of one buyer stay together.
    let whole = part == Part::Sheet || lot.one_buyer || chance.per_mille(700);
    let size = if whole { DOCUMENTS_MAX } else { 1 + chance.below(20) };
    let starts = all.clone().step_by(size);
    starts.map(|start| start..(start + size).min(all.end)).collect()
}
