//! One parcel in numbers: who bought what, for how much, with which taxes, and what is wrong.

use kernel::{Decimal, Fen, Time};

use super::chance::Chance;
use super::fault::Fault;
use super::good::{Catalogue, Good};
use super::person::Person;
use super::trade::{Firm, Route};

/// A line of a basket.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) good: Good,
    pub(super) pieces: i64,
    /// Of one piece.
    pub(super) price: Fen,
}

impl Line {
    pub(super) fn total(&self) -> Fen {
        Fen(self.price.0 * self.pieces)
    }
}

/// What was sold, before taxes.
#[derive(Clone, Debug)]
pub(super) struct Basket {
    pub(super) lines: Vec<Line>,
    /// What the inventory calls the first good, when not by its right line of the tariff.
    pub(super) misdeclared: Option<Good>,
    pub(super) freight: Fen,
    pub(super) discount: Fen,
}

impl Basket {
    pub(super) fn goods_value(&self) -> Fen {
        self.lines.iter().map(Line::total).sum()
    }

    pub(super) fn net_kg(&self) -> Decimal {
        Decimal::new(self.lines.iter().map(|line| line.good.net_g(line.pieces)).sum(), 3)
    }

    pub(super) fn gross_kg(&self) -> Decimal {
        let goods: i64 = self.lines.iter().map(|line| line.good.gross_g * line.pieces).sum();
        Decimal::new(goods + CARTON_G, 3)
    }
}

/// Weight of the carton.
const CARTON_G: i64 = 180;

/// Baskets that do not fill up in so many tries stay as they are.
const TRIES_MAX: usize = 100;

/// Value, in fen, that an ordinary basket stays below: clear of the single limit.
const ORDINARY_MAX: i64 = 450_000;

/// How direct mail crosses the border.
#[derive(Clone, Debug)]
pub(super) struct Voyage {
    pub(super) plane: String,
    pub(super) flight: String,
    pub(super) bill_no: String,
    pub(super) country: String,
}

/// One parcel, ready to become documents.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) seed: u64,
    /// Place in the day, from 0.
    pub(super) number: usize,
    pub(super) fault: Option<Fault>,
    pub(super) order_no: String,
    pub(super) cop_no: String,
    pub(super) logistics_no: String,
    pub(super) transaction: String,
    pub(super) buyer: Person,
    pub(super) payer: Person,
    pub(super) basket: Basket,
    pub(super) voyage: Option<Voyage>,
    /// Declares although nobody asked it to.
    pub(super) intruder: Option<Firm>,
    pub(super) tax: Fen,
    pub(super) ordered_at: Time,
}

impl Parcel {
    /// What the buyer paid.
    pub(super) fn paid(&self) -> Fen {
        let basket = &self.basket;
        Fen(basket.goods_value().0 + basket.freight.0 + self.tax.0 - basket.discount.0)
    }

    /// Chance for one of its documents, named by the number of the message type.
    pub(super) fn chance(&self, document: u64) -> Chance {
        Chance::of(self.seed, document, self.number as u64)
    }

    /// Somebody who has nothing to do with it.
    pub(super) fn stranger(&self) -> Person {
        Person::of(self.chance(STRANGER).draw())
    }

    pub(super) fn seller(&self, route: &Route) -> Firm {
        match self.fault {
            Some(Fault::UnknownParty) => Firm::unknown(),
            _ => route.seller.clone(),
        }
    }

    pub(super) fn guarantor(&self, route: &Route) -> Firm {
        match self.fault {
            Some(Fault::UnknownParty) => route.platform.clone(),
            _ => route.guarantor.clone(),
        }
    }

    pub(super) fn declarant(&self, route: &Route) -> Firm {
        self.intruder.clone().unwrap_or_else(|| route.declarant.clone())
    }
}

const STRANGER: u64 = 0x5354_5247;

/// Fills a basket. What the fault asks of the goods and prices is done here.
pub(super) fn basket(
    catalogue: &Catalogue,
    route: &Route,
    fault: Option<Fault>,
    yearly: bool,
    chance: &mut Chance,
) -> Option<Basket> {
    if yearly || fault == Some(Fault::YearlyLimit) {
        return Some(single(catalogue.dear(route.mode, chance)?, Fen(YEARLY_PRICE)));
    }
    match fault {
        Some(Fault::SingleLimit) => {
            let mut basket = single(catalogue.dear(route.mode, chance)?, Fen(0));
            for line in &mut basket.lines {
                line.pieces = 2;
                line.price = Fen(chance.between(26_000, 39_000) * 10);
            }
            Some(basket)
        }
        None if chance.per_mille(FULL_RATE_PER_MILLE) => {
            let price = Fen(chance.between(51_000, 95_000) * 10);
            Some(single(catalogue.dear(route.mode, chance)?, price))
        }
        _ => ordinary(catalogue, route, fault, chance),
    }
}

/// Six parcels of this value are above the yearly limit of a buyer, five are below.
const YEARLY_PRICE: i64 = 460_000;
/// Parcels in a thousand that hold one costly piece, taxed in full.
const FULL_RATE_PER_MILLE: usize = 4;

fn single(good: &Good, price: Fen) -> Basket {
    let line = Line { good: good.clone(), pieces: 1, price };
    Basket { lines: vec![line], misdeclared: None, freight: Fen::ZERO, discount: Fen::ZERO }
}

fn ordinary(
    catalogue: &Catalogue,
    route: &Route,
    fault: Option<Fault>,
    chance: &mut Chance,
) -> Option<Basket> {
    let wanted = match fault {
        Some(Fault::LineCountDiffers) => 2,
        _ => [1, 1, 1, 2, 2, 3, 4].get(chance.below(7)).copied().unwrap_or(1),
    };
    let mut lines: Vec<Line> = Vec::with_capacity(wanted);
    let mut room = ORDINARY_MAX;
    for _ in 0..TRIES_MAX {
        let left = i64::try_from(wanted - lines.len()).unwrap_or_default();
        if left == 0 {
            break;
        }
        let good = catalogue.pick(route.mode, chance)?;
        let pieces = chance.between(1, good.most);
        // Prices end in whole jiao. Each line leaves room for those after it.
        let price = chance.between(good.price_min / 10, good.price_max / 10) * 10;
        let repeated = lines.iter().any(|line| line.good.sku == good.sku);
        if repeated || price > room / left {
            continue;
        }
        let pieces = pieces.min(room / left / price.max(1)).max(1);
        room -= price * pieces;
        lines.push(Line { good: good.clone(), pieces, price: Fen(price) });
    }
    let misdeclared = match (fault, lines.first()) {
        (Some(Fault::NotListed), Some(first)) => Some(catalogue.unlisted(&first.good)?),
        _ => None,
    };
    let freight = if chance.per_mille(600) { 0 } else { chance.between(16, 30) * 50 };
    let discount = if chance.per_mille(880) { 0 } else { chance.between(1, 4) * 100 };
    Some(Basket { lines, misdeclared, freight: Fen(freight), discount: Fen(discount) })
}
