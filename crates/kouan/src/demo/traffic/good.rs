//! What is sold: some sixty invented goods on real tariff lines.

use kernel::{Date, Decimal, identifier};
use register::tariff::{Condition, Tariff, TariffLine};

use super::chance::Chance;
use super::trade::DIRECT;

/// A good with its tariff line of the day.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub(super) sku: String,
    pub(super) hs_code: String,
    pub(super) name: String,
    pub(super) model: String,
    /// Declared unit.
    pub(super) unit: String,
    pub(super) price_min: i64,
    pub(super) price_max: i64,
    /// Of one piece.
    net_g: i64,
    ml: i64,
    pub(super) gross_g: i64,
    pub(super) country: String,
    /// Most pieces in one line.
    pub(super) most: i64,
    pub(super) unit1: String,
    pub(super) unit2: Option<String>,
    pub(super) barcode: String,
    /// Whether it may come by direct mail.
    direct: bool,
}

/// The goods that the tariff of the day knows and the positive list has.
#[derive(Clone, Debug)]
pub(super) struct Catalogue {
    goods: Vec<Good>,
    /// A line that is not on the positive list, counted in kilograms or pieces.
    unlisted: Option<(String, String, Option<String>)>,
}

/// 片.
const SHEET: &str = "020";

const GOODS: &str = include_str!("goods.csv");

impl Catalogue {
    /// The catalogue on a day.
    pub(super) fn of(tariff: &Tariff, on: Date) -> Catalogue {
        let lines: Vec<&TariffLine> =
            tariff.all().into_iter().filter(|line| line.holds_on(on)).collect();
        let goods = GOODS
            .lines()
            .skip(1)
            .enumerate()
            .filter_map(|(index, row)| Good::read(index, row, &lines, on))
            .collect();
        let unlisted = lines
            .iter()
            .find(|line| {
                matches!(line.positive_on(on), Some(None))
                    && countable(&line.unit1)
                    && line.unit2.as_deref().is_none_or(countable)
            })
            .map(|line| {
                let unit2 = line.unit2.as_deref().map(str::to_owned);
                (line.hs_code.to_string(), line.unit1.to_string(), unit2)
            });
        Catalogue { goods, unlisted }
    }

    /// One good that may come in this mode.
    pub(super) fn pick(&self, mode: &str, chance: &mut Chance) -> Option<&Good> {
        let good = chance.pick(&self.goods)?;
        if mode == DIRECT && !good.direct {
            return self.goods.iter().find(|good| good.direct);
        }
        Some(good)
    }

    /// One good that is dear enough to be sold for this price alone.
    pub(super) fn dear(&self, mode: &str, chance: &mut Chance) -> Option<&Good> {
        let dear: Vec<&Good> = self
            .goods
            .iter()
            .filter(|good| good.price_max >= DEAR && good.most == 1)
            .filter(|good| mode != DIRECT || good.direct)
            .collect();
        chance.pick(&dear).copied()
    }

    /// The same good classified under a line that is not on the positive list.
    pub(super) fn unlisted(&self, good: &Good) -> Option<Good> {
        let (hs_code, unit1, unit2) = self.unlisted.clone()?;
        Some(Good { hs_code, unit1, unit2, ..good.clone() })
    }
}

/// Highest price, in fen, from which a good may also be sold as one costly piece.
const DEAR: i64 = 150_000;

impl Good {
    fn read(index: usize, row: &str, lines: &[&TariffLine], on: Date) -> Option<Good> {
        let cells: Vec<&str> = row.split(',').collect();
        let [sku, hs, name, model, unit, low, high, net_g, ml, gross_g, country, most] =
            cells.as_slice()
        else {
            return None;
        };
        let number = |text: &str| text.parse::<i64>().ok();
        let (net_g, ml) = (number(net_g)?, number(ml)?);
        let line = lines.iter().find(|line| line.hs_code.starts_with(hs) && fits(line, ml, on))?;
        let direct = line.positive_on(on).flatten().is_some_and(|entry| !entry.bonded_only());
        Some(Good {
            sku: (*sku).to_owned(),
            hs_code: line.hs_code.to_string(),
            name: (*name).to_owned(),
            model: (*model).to_owned(),
            unit: (*unit).to_owned(),
            price_min: number(low)?,
            price_max: number(high)?,
            net_g,
            ml,
            gross_g: number(gross_g)?,
            country: (*country).to_owned(),
            most: number(most)?,
            unit1: line.unit1.to_string(),
            unit2: line.unit2.as_deref().map(str::to_owned),
            barcode: barcode(index),
            direct,
        })
    }

    /// A quantity in a statutory unit.
    pub(super) fn statutory(&self, unit: &str, pieces: i64) -> Decimal {
        match unit {
            "035" => Decimal::new(self.net_g * pieces, 3),
            "036" => Decimal::new(self.net_g * pieces, 0),
            "095" => Decimal::new(self.ml * pieces, 3),
            "096" => Decimal::new(self.ml * pieces, 0),
            _ => Decimal::new(pieces, 0),
        }
    }

    /// Net content in grams or millilitres, as the quantities of an inventory tell it: the first
    /// of both statutory units and the declared one that is a weight or a volume.
    pub(super) fn net_content(&self, pieces: i64) -> Option<Decimal> {
        let units = [Some(self.unit1.as_str()), self.unit2.as_deref(), Some(self.unit.as_str())];
        units.into_iter().flatten().find_map(|unit| match unit {
            "035" | "095" => Some(self.statutory(unit, pieces) * Decimal::ONE_THOUSAND),
            "036" | "096" => Some(self.statutory(unit, pieces)),
            _ => None,
        })
    }

    /// Number of sheets, when one of the units counts them.
    pub(super) fn sheets(&self, pieces: i64) -> Option<Decimal> {
        let units = [Some(self.unit.as_str()), Some(self.unit1.as_str()), self.unit2.as_deref()];
        units.contains(&Some(SHEET)).then(|| Decimal::from(pieces))
    }

    /// Net weight of some pieces, in grams.
    pub(super) fn net_g(&self, pieces: i64) -> i64 {
        self.net_g * pieces
    }
}

/// Units in which this catalogue can say a quantity: weight, volume, and pieces of all kinds.
fn countable(unit: &str) -> bool {
    const PIECES: [&str; 20] = [
        "001", "003", "006", "007", "008", "011", "012", "014", "015", "016", "017", "018", "019",
        "020", "025", "026", "120", "122", "140", "142",
    ];
    matches!(unit, "035" | "036" | "095" | "096") || PIECES.contains(&unit)
}

/// Whether a line can be sold plainly: listed without conditions on the goods, without a cap on
/// the quantity, with a duty that can be computed, in units we can count.
fn fits(line: &TariffLine, ml: i64, on: Date) -> bool {
    let volume = |unit: &str| !matches!(unit, "095" | "096") || ml > 0;
    let units = countable(&line.unit1)
        && volume(&line.unit1)
        && line.unit2.as_deref().is_none_or(|unit| countable(unit) && volume(unit));
    let listed = line.positive_on(on).flatten().is_some_and(|entry| {
        entry.cap.is_none() && entry.conditions.iter().all(|c| *c == Condition::BondedOnly)
    });
    units && listed && line.duty.is_some()
}

/// A bar code of the range 200 to 299, which GS1 gives to nobody.
fn barcode(index: usize) -> String {
    let body = format!("299{:09}", index + 1);
    match identifier::gs1_key(&format!("{body}0")) {
        identifier::Verdict::WrongCheck(check) => format!("{body}{check}"),
        _ => format!("{body}0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_good_has_its_line_and_some_line_is_not_listed() {
        let catalogue = Catalogue::of(&Tariff::builtin(), Date::constant(2026, 11, 23));
        let known: Vec<&str> = catalogue.goods.iter().map(|good| good.sku.as_str()).collect();
        let wanted: Vec<&str> =
            GOODS.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
        assert_eq!(known, wanted);
        assert!(catalogue.unlisted.is_some());
        for good in &catalogue.goods {
            assert_eq!(identifier::gs1_key(&good.barcode), identifier::Verdict::Good);
            assert!(good.price_min <= good.price_max && good.net_g < good.gross_g, "{}", good.sku);
        }
    }
}
