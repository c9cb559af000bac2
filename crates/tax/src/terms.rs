//! The rates a line bears: from the tariff by the law of the day, or as the asker gives them.

use kernel::{Decimal, Finding, Text};
use register::rules::{Law, NoRule, Ruling};
use register::tariff::{
    Condition, ConsumptionTax, Measure, PositiveEntry, Rates, Tariff, TariffLine, Threshold,
};

use crate::fault;
use crate::quote::RuleReference;
use crate::ratio::Ratio;
use crate::request::{ConsumptionTaxOverride, Item, Request};

/// Grams in a kilogram and millilitres in a litre; kilograms in a tonne.
const THOUSAND: i64 = 1000;

/// Collects which rules took part, each once, in the order of their first use.
#[derive(Default)]
pub(crate) struct Used(Vec<RuleReference>);

impl Used {
    /// The value of a ruling, its rule noted.
    pub(crate) fn take<T>(&mut self, ruling: Ruling<T>) -> T {
        if self.0.iter().all(|known| known.id != ruling.id) {
            let Ruling { id, source, from, .. } = ruling;
            self.0.push(RuleReference { id, source, from });
        }
        ruling.value
    }

    pub(crate) fn into_references(self) -> Vec<RuleReference> {
        self.0
    }
}

/// What a line bears.
pub(crate) struct Terms {
    /// Full duty; `None` when the tariff has no simple rate for it.
    pub(crate) duty: Option<Decimal>,
    pub(crate) vat: Decimal,
    pub(crate) consumption_tax: ConsumptionTerms,
}

/// What a line bears of consumption tax, and what decides it.
#[derive(Default)]
pub(crate) struct ConsumptionTerms {
    rates: Rates,
    below: Rates,
    threshold: Option<Threshold>,
    /// Quantity in the unit of the specific rate.
    quantity: Option<Ratio>,
}

/// The rates of consumption tax that apply once the customs value is known.
pub(crate) struct Applied {
    pub(crate) ad_valorem: Decimal,
    pub(crate) per_unit: Decimal,
    pub(crate) unit_quantity: Option<Ratio>,
}

/// Finds what the line bears. `None` when a finding says why it cannot be known.
pub(crate) fn of(
    request: &Request,
    index: usize,
    law: &Law<'_>,
    tariff: &Tariff,
    used: &mut Used,
    findings: &mut Vec<Finding>,
) -> Option<Terms> {
    let item = &request.items[index];
    let path = format!("items[{index}]");
    let line = tariff.line(&item.hs_code, request.on);
    let given = item.rates.as_ref();
    let own_vat = given.and_then(|rates| rates.vat);
    let before = findings.len();
    if let Some(line) = line {
        check_list(request, line, own_vat.is_some(), law, &path, findings);
    } else if own_vat.is_none() {
        findings.push(fault::unknown_hs_code(&format!("{path}.hs_code"), &item.hs_code));
        return None;
    }
    let mut in_force = |missing: NoRule| {
        findings.push(missing.to_finding().at(format!("{path}.hs_code")));
    };
    let vat = match (own_vat, line) {
        (Some(vat), _) => Some(vat),
        (None, Some(line)) => {
            line.vat.rate(law).map(|rate| used.take(rate)).map_err(&mut in_force).ok()
        }
        (None, None) => None,
    };
    let own_tax = given.and_then(|rates| rates.consumption_tax.as_ref());
    let consumption_tax =
        consumption(item, line, own_tax, law, used).map_err(&mut in_force).ok().flatten();
    let Some(consumption_tax) = consumption_tax else {
        if findings.len() == before {
            findings.push(fault::overflow(&path));
        }
        return None;
    };
    consumption_tax.check(item, &path, findings);
    let duty = given.and_then(|rates| rates.duty).or_else(|| line.and_then(|line| line.duty));
    Some(Terms { duty, vat: vat?, consumption_tax })
}

/// The finding for a line whose full duty is needed and not known.
pub(crate) fn duty_missing(index: usize) -> Finding {
    let what = Text::new(
        "超出限值须全额征税, 但税则没有该商品的从价关税税率",
        "full rates apply, and the tariff has no simple rate of duty for these goods",
    );
    fault::rate_missing(&format!("items[{index}].rates.duty"), what)
}

fn check_list(
    request: &Request,
    line: &TariffLine,
    own_rates: bool,
    law: &Law<'_>,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let path = format!("{path}.hs_code");
    match line.positive_on(request.on) {
        None => {}
        Some(None) if own_rates => {
            findings.push(fault::off_list_at_own_rates(&path, &line.hs_code));
        }
        Some(None) => findings.push(fault::off_list(&path, &line.hs_code)),
        Some(Some(entry)) => {
            let bonded = law.list("import.bonded_modes");
            let bonded =
                bonded.is_ok_and(|modes| modes.value.iter().any(|mode| **mode == *request.mode));
            if entry.bonded_only() && !bonded {
                findings.push(fault::bonded_only(&path, &request.mode));
            }
            if entry.conditions.iter().any(|condition| *condition != Condition::BondedOnly) {
                findings.push(fault::conditional(&path, &remark(entry)));
            }
        }
    }
}

fn remark(entry: &PositiveEntry) -> Text {
    let words: Vec<&str> = entry.conditions.iter().map(|condition| condition.word()).collect();
    let or_words = |note: &str| if note.is_empty() { words.join(", ") } else { note.to_owned() };
    Text::new(or_words(&entry.note_zh), or_words(&entry.note_en))
}

/// `Ok(None)` when a number is too large.
fn consumption(
    item: &Item,
    line: Option<&TariffLine>,
    given: Option<&ConsumptionTaxOverride>,
    law: &Law<'_>,
    used: &mut Used,
) -> Result<Option<ConsumptionTerms>, NoRule> {
    let own_quantity = given.and_then(|given| given.unit_quantity);
    if let Some(given) = given
        && (given.ad_valorem.is_some() || given.per_unit.is_some())
    {
        let rates = Rates {
            ad_valorem: given.ad_valorem.unwrap_or_default(),
            per_unit: given.per_unit.unwrap_or_default(),
            unit: None,
        };
        let quantity = match own_quantity.map(Ratio::of) {
            Some(None) => return Ok(None),
            known => known.flatten(),
        };
        return Ok(Some(ConsumptionTerms { rates, quantity, ..ConsumptionTerms::default() }));
    }
    let Some(tax) = line.and_then(|line| line.consumption_tax.as_ref()) else {
        return Ok(Some(ConsumptionTerms::default()));
    };
    let terms = tax.terms(law)?;
    for ruling in terms.rulings {
        used.take(ruling);
    }
    let quantity = match own_quantity {
        Some(quantity) => Ratio::of(quantity),
        None => match (terms.rates.unit, item.net_content_g) {
            (Some(unit), Some(content)) => in_unit(content, unit, tax, law, used),
            _ => None,
        },
    };
    Ok(Some(ConsumptionTerms {
        rates: terms.rates,
        below: terms.below,
        threshold: terms.threshold,
        quantity,
    }))
}

/// Net content in the unit of a specific rate. Where the law has a conversion for the class, the
/// content is millilitres; else grams for weights and millilitres for litres.
fn in_unit(
    content: Decimal,
    unit: Measure,
    tax: &ConsumptionTax,
    law: &Law<'_>,
    used: &mut Used,
) -> Option<Ratio> {
    let thousand = Ratio::of(Decimal::from(THOUSAND))?;
    let thousands = Ratio::of(content)?.div(thousand)?;
    let mut conversion = |name: &str| {
        let ConsumptionTax::Class(class) = tax else { return None };
        let ruling = law.decimal(&format!("measure.{class}.{name}")).ok()?;
        Ratio::of(used.take(ruling))
    };
    match unit {
        Measure::L => Some(thousands),
        Measure::Kg => match conversion("kg_per_litre") {
            Some(kg_per_litre) => thousands.mul(kg_per_litre),
            None => Some(thousands),
        },
        Measure::T => match conversion("litres_per_tonne") {
            Some(litres_per_tonne) => thousands.div(litres_per_tonne),
            None => thousands.div(thousand),
        },
    }
}

impl ConsumptionTerms {
    /// Whether what decides it is known; says what is missing.
    fn check(&self, item: &Item, path: &str, findings: &mut Vec<Finding>) {
        let specific = !self.rates.per_unit.is_zero() || !self.below.per_unit.is_zero();
        if specific && self.quantity.is_none() {
            let (at, expected) = match self.rates.unit {
                Some(_) => ("net_content_g", "net content of the line in g or ml"),
                None => ("rates.consumption_tax.unit_quantity", "quantity in the taxed unit"),
            };
            findings.push(fault::quantity_missing(&format!("{path}.{at}"), expected));
        } else if let Some(threshold) = &self.threshold {
            let known = threshold.per_gram.is_some() && item.net_content_g.is_some()
                || threshold.per_piece.is_some() && pieces(threshold, item).is_some()
                || threshold.per_tonne.is_some() && self.quantity.is_some();
            if !known {
                let expected = "net_content_g (g or ml) or pieces of the line";
                findings.push(fault::quantity_missing(&format!("{path}.net_content_g"), expected));
            }
        }
    }

    /// The rates for this customs value. `None` when a number is too large.
    pub(crate) fn applied(
        &self,
        item: &Item,
        customs_value: Ratio,
        path: &str,
        findings: &mut Vec<Finding>,
    ) -> Option<Applied> {
        let rates = match &self.threshold {
            None => self.rates,
            Some(threshold) => {
                match self.reached(threshold, item, customs_value, path, findings)? {
                    true => self.rates,
                    false => self.below,
                }
            }
        };
        let unit_quantity = if rates.per_unit.is_zero() { None } else { self.quantity };
        Some(Applied { ad_valorem: rates.ad_valorem, per_unit: rates.per_unit, unit_quantity })
    }

    /// A price at the threshold reaches it. Goods are labelled by content or by piece: where both
    /// are given, content decides.
    fn reached(
        &self,
        threshold: &Threshold,
        item: &Item,
        customs_value: Ratio,
        path: &str,
        findings: &mut Vec<Finding>,
    ) -> Option<bool> {
        let reaches = |limit: Option<Decimal>, quantity: Option<Ratio>| match (limit, quantity) {
            (Some(limit), Some(quantity)) => {
                let needed = Ratio::of(limit)?.mul(quantity)?;
                Some(Some(customs_value.reaches(needed)?))
            }
            _ => Some(None),
        };
        let ratio = |number: Option<Decimal>| number.and_then(Ratio::of);
        let by_content = reaches(threshold.per_gram, ratio(item.net_content_g))?;
        let by_piece = reaches(threshold.per_piece, ratio(pieces(threshold, item)))?;
        let by_tonne = reaches(threshold.per_tonne, self.quantity)?;
        if by_content == Some(false) && by_piece == Some(true) {
            findings.push(fault::judged_by_content(&format!("{path}.pieces")));
        }
        Some(by_content.unwrap_or(by_piece == Some(true) || by_tonne == Some(true)))
    }
}

/// Where only pieces count, what is sold is the piece unless said otherwise.
fn pieces(threshold: &Threshold, item: &Item) -> Option<Decimal> {
    let sold = threshold.per_gram.is_none().then_some(item.quantity);
    item.pieces.or(sold)
}
