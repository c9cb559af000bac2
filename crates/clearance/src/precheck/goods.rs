//! The goods of an inventory: positive list, limits, quantities of one person and year, taxes.

use kernel::{Date, Decimal, Fen, Finding, Round, Text};
use register::rules::Law;
use register::tariff::TariffLine;

use super::{Concern, concern, taxes};
use crate::document::{Inventory, InventoryLine, Order};
use crate::law::DayLaw;
use crate::matching::Role;
use crate::reference::Reference;

/// What an inventory comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessed {
    /// Customs value: what counts against the limits.
    pub amount: Fen,
    /// Duty.
    pub duty: Fen,
    /// Consumption tax.
    pub consumption_tax: Fen,
    /// VAT.
    pub vat: Fen,
    /// All three.
    pub total: Fen,
    /// Ids of the rules applied, separated by spaces.
    pub rules: String,
    /// The most the buyer may have in the year with this one.
    pub annual_limit: Fen,
    /// Goods of which a person may buy only so much in a year.
    pub caps: Vec<Cap>,
}

/// A quantity that counts against a yearly cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The rule that sets it, or the tariff code.
    pub rule: String,
    /// The first line it is about.
    pub gnum: u32,
    /// How much of it is in the inventory, grams or millilitres.
    pub amount: i64,
    /// The most a person may have in a year, grams or millilitres.
    pub limit: i64,
}

/// 千克, 克: units of weight.
const KILOGRAM: &str = "035";
const GRAM: &str = "036";
/// 升, 毫升: units of volume.
const LITRE: &str = "095";
const MILLILITRE: &str = "096";

/// An inventory judged by the law of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The day.
    pub on: Date,
    /// What it comes to; `None` when it cannot be reckoned at all.
    pub assessed: Option<Assessed>,
    /// What stands in its way.
    pub concerns: Vec<Concern>,
}

/// Assesses an inventory.
pub fn assess(inventory: &Inventory, law: &DayLaw, reference: &Reference) -> Assessment {
    let declarant = |finding| concern(inventory, Role::Declarant, finding);
    let (assessed, findings) = match taxes::quote(inventory, law, reference) {
        Ok((assessed, findings)) => {
            let caps = caps(inventory, law.on, reference);
            let annual_limit = annual_limit(law);
            (Some(Assessed { caps, annual_limit, ..assessed }), findings)
        }
        Err(findings) => (None, findings),
    };
    let concerns = findings.into_iter().map(declarant).collect();
    Assessment { on: law.on, assessed, concerns }
}

fn annual_limit(law: &DayLaw) -> Fen {
    let limit = Fen::from_yuan(law.annual_limit, Round::Down).unwrap_or_default();
    // "Below the limit" in fen is at most one fen less.
    if law.annual_inclusive { limit } else { Fen(limit.0 - 1) }
}

/// The yearly caps the goods touch, by rule.
pub(crate) fn caps(inventory: &Inventory, on: Date, reference: &Reference) -> Vec<Cap> {
    let law = reference.rules.on(on);
    let mut caps: Vec<Cap> = Vec::new();
    for line in &inventory.lines {
        let Some(entry) = reference.tariff.line(&line.hs_code, on) else { continue };
        let Some(cap) = cap_of(line, entry, on, &law) else { continue };
        match caps.iter_mut().find(|known| known.rule == cap.rule) {
            Some(known) => known.amount = known.amount.saturating_add(cap.amount),
            None => caps.push(cap),
        }
    }
    caps.sort_by(|a, b| a.rule.cmp(&b.rule));
    caps
}

fn cap_of(line: &InventoryLine, entry: &TariffLine, on: Date, law: &Law<'_>) -> Option<Cap> {
    let cap = entry.positive_on(on)??.cap.as_ref()?;
    let (limit, ruling) = cap.amount(law).ok()?;
    let of_unit = |unit: &str, quantity: Decimal| small_units(unit, quantity);
    let limit = of_unit(&cap.unit, limit)?;
    let amount = of_unit(&line.unit1, line.quantity1)
        .or_else(|| of_unit(&line.unit2, line.quantity2?))
        .or_else(|| of_unit(&line.unit, line.quantity))?;
    let rule = ruling.map_or_else(|| line.hs_code.clone(), |ruling| ruling.id.to_string());
    Some(Cap { rule, gnum: line.gnum, amount: amount.max(1), limit })
}

/// A quantity in grams or millilitres, rounded up; `None` when the unit is neither weight nor
/// volume.
fn small_units(unit: &str, quantity: Decimal) -> Option<i64> {
    let factor = match unit {
        KILOGRAM | LITRE => Decimal::ONE_THOUSAND,
        GRAM | MILLILITRE => Decimal::ONE,
        _ => return None,
    };
    i64::try_from(quantity.checked_mul(factor)?.ceil()).ok()
}

/// Net content of a line in grams (millilitres count as grams for liquids), from its statutory
/// quantities.
pub(super) fn net_grams(line: &InventoryLine) -> Option<Decimal> {
    let of_unit = |unit: &str, quantity: Decimal| match unit {
        KILOGRAM | LITRE => quantity.checked_mul(Decimal::ONE_THOUSAND),
        GRAM | MILLILITRE => Some(quantity),
        _ => None,
    };
    of_unit(&line.unit1, line.quantity1)
        .or_else(|| of_unit(&line.unit2, line.quantity2?))
        .or_else(|| of_unit(&line.unit, line.quantity))
}

/// 片: goods labelled by the sheet.
const SHEET: &str = "020";

/// How many sheets a line is, when one of its units counts them.
pub(super) fn sheets(line: &InventoryLine) -> Option<Decimal> {
    let units = [
        (&line.unit, Some(line.quantity)),
        (&line.unit1, Some(line.quantity1)),
        (&line.unit2, line.quantity2),
    ];
    units.into_iter().find(|(unit, _)| *unit == SHEET).and_then(|(_, quantity)| quantity)
}

/// The tax withheld in the order beside the tax reckoned: worth a look when they differ.
pub(crate) fn withheld(
    inventory: &Inventory,
    order: &Order,
    assessed: &Assessed,
    law: &DayLaw,
) -> Option<Concern> {
    let due = assessed.total.to_yuan();
    if (order.tax_total - due).abs() <= law.tax_tolerance {
        return None;
    }
    let finding = Finding::warning(
        "match.tax",
        Text::new(
            "订单代扣税款与平台试算税款不一致",
            "the tax withheld in the order is not the tax reckoned here",
        ),
        Text::new(
            "以海关税单为准；电商平台核对代扣税款",
            "customs' bill decides; the platform checks what it withheld",
        ),
    )
    .at("order.taxTotal")
    .found(order.tax_total.normalize().to_string(), due.to_string());
    Some(concern(inventory, Role::Platform, finding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_and_volumes_in_small_units() {
        for (unit, quantity, small) in [
            ("035", "1.5", Some(1_500)),
            ("036", "250", Some(250)),
            ("095", "0.75", Some(750)),
            ("096", "0.4", Some(1)),
            ("011", "3", None),
        ] {
            let quantity = quantity.parse().expect("a number");
            assert_eq!(small_units(unit, quantity), small, "{unit} {quantity}");
        }
    }

    #[test]
    fn sheets_and_net_content_come_from_whichever_unit_tells() {
        let line = InventoryLine {
            unit: "140".into(),
            quantity: 2.into(),
            unit1: "035".into(),
            quantity1: Decimal::new(5, 1),
            unit2: "020".into(),
            quantity2: Some(10.into()),
            ..InventoryLine::default()
        };
        assert_eq!(sheets(&line), Some(10.into()));
        assert_eq!(net_grams(&line), Some(500.into()));
        let bare = InventoryLine { unit2: "011".into(), ..line };
        assert_eq!(sheets(&bare), None);
    }
}
