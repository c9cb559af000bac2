//! Consumption tax of a class on a day, put together from the rules `ct.<class>.…`.

use kernel::Decimal;

use super::{ConsumptionTax, Measure};
use crate::rules::{Law, NoRule, Ruling};

/// Rates of consumption tax: a share of the composite price and an amount per unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Share of the composite price, as a fraction.
    pub ad_valorem: Decimal,
    /// Yuan for each unit of [`Rates::unit`]; zero when there is none.
    pub per_unit: Decimal,
    /// What the amount is counted in.
    pub unit: Option<Measure>,
}

/// The price from which the main rates of a class apply: any of those present being reached is
/// enough. Reaching means at or above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threshold {
    /// Yuan per gram or millilitre.
    pub per_gram: Option<Decimal>,
    /// Yuan per piece or sheet.
    pub per_piece: Option<Decimal>,
    /// Yuan per tonne.
    pub per_tonne: Option<Decimal>,
}

/// What a class bears on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumptionTaxTerms {
    /// The rates, from the threshold upwards if there is one.
    pub rates: Rates,
    /// The price below which [`ConsumptionTaxTerms::below`] applies instead.
    pub threshold: Option<Threshold>,
    /// The rates below the threshold; all zero for most classes.
    pub below: Rates,
    /// Every rule that took part.
    pub rulings: Vec<Ruling<Decimal>>,
}

impl ConsumptionTax {
    /// The terms on the day of the law.
    ///
    /// # Errors
    /// [`NoRule`] when the class has no rate in force.
    pub fn terms(&self, law: &Law<'_>) -> Result<ConsumptionTaxTerms, NoRule> {
        match self {
            ConsumptionTax::Rates(rates) => Ok(ConsumptionTaxTerms {
                rates: *rates,
                threshold: None,
                below: Rates::default(),
                rulings: Vec::new(),
            }),
            ConsumptionTax::Class(class) => class_terms(class, law),
        }
    }
}

fn class_terms(class: &str, law: &Law<'_>) -> Result<ConsumptionTaxTerms, NoRule> {
    let mut rulings = Vec::new();
    let main = law.decimal(&format!("ct.{class}.rate"))?;
    let ad_valorem = main.value;
    rulings.push(main);
    let mut optional = |name: &str| {
        let ruling = law.decimal(&format!("ct.{class}.{name}")).ok()?;
        let value = ruling.value;
        rulings.push(ruling);
        Some(value)
    };
    let per_unit = optional("per_unit").unwrap_or_default();
    let threshold = Threshold {
        per_gram: optional("threshold.per_gram"),
        per_piece: optional("threshold.per_piece"),
        per_tonne: optional("threshold.per_tonne"),
    };
    let below_rate = optional("below.rate").unwrap_or_default();
    let below_per_unit = optional("below.per_unit").unwrap_or_default();
    let unit = match law.text(&format!("ct.{class}.measure")) {
        Ok(word) => Measure::parse(&word.value),
        Err(missing) if !per_unit.is_zero() => return Err(missing),
        Err(_) => None,
    };
    Ok(ConsumptionTaxTerms {
        rates: Rates { ad_valorem, per_unit, unit },
        threshold: (threshold != Threshold::default()).then_some(threshold),
        below: Rates { ad_valorem: below_rate, per_unit: below_per_unit, unit },
        rulings,
    })
}
