//! The goods of an inventory: positive list, limits, quantities of one person and year, taxes.

use kernel::{Date, Decimal, Fen, Finding, Round, Text};
use register::rules::Law;
use register::tariff::TariffLine;

use super::{concern, taxes};
use crate::document::{Inventory, InventoryLine, Order};
use crate::law::DayLaw;
use crate::matching::Role;
use crate::reference::Reference;
use crate::store::finding::Concern;

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

/// Assesses an inventory. What stands in its way comes as concerns; without an assessment it cannot
/// be reckoned at all.
pub fn assess(
    inventory: &Inventory,
    law: &DayLaw,
    reference: &Reference,
) -> (Option<Assessed>, Vec<Concern>) {
    let declarant = |finding| concern(inventory, Role::Declarant, finding);
    let mut concerns: Vec<Concern> = listed(inventory, law, reference).map(declarant).collect();
    match taxes::quote(inventory, law, reference) {
        Ok((assessed, findings)) => {
            concerns.extend(findings.into_iter().map(declarant));
            let caps = caps(inventory, law.on, reference);
            let annual_limit = annual_limit(law);
            (Some(Assessed { caps, annual_limit, ..assessed }), concerns)
        }
        Err(findings) => {
            concerns.extend(findings.into_iter().map(declarant));
            (None, concerns)
        }
    }
}

fn annual_limit(law: &DayLaw) -> Fen {
    let limit = Fen::from_yuan(law.annual_limit, Round::Down).unwrap_or_default();
    // "Below the limit" in fen is at most one fen less.
    if law.annual_inclusive { limit } else { Fen(limit.0 - 1) }
}

/// Lines that may not be imported as retail, or not in this mode.
fn listed<'a>(
    inventory: &'a Inventory,
    law: &'a DayLaw,
    reference: &'a Reference,
) -> impl Iterator<Item = Finding> + 'a {
    inventory.lines.iter().filter_map(|line| {
        let entry = reference.tariff.line(&line.hs_code, law.on)?;
        let bonded = law.mode(&inventory.trade_mode).is_some_and(|mode| mode.bonded);
        match entry.positive_on(law.on) {
            Some(None) => Some(not_listed(line)),
            Some(Some(place)) if place.bonded_only() && !bonded => Some(bonded_only(line)),
            _ => None,
        }
    })
}

fn not_listed(line: &InventoryLine) -> Finding {
    Finding::error(
        "goods.not_listed",
        Text::new(
            format!("商品“{}”不在跨境零售进口正面清单内", line.name),
            "the goods are not on the positive list for retail import",
        ),
        Text::new(
            "核对商品编码；清单外商品按一般贸易办理",
            "check the code; goods off the list are imported as general trade",
        ),
    )
    .at(format!("lines[{}].gcode", line.gnum))
    .found(line.hs_code.as_str(), "a code on the positive list")
}

fn bonded_only(line: &InventoryLine) -> Finding {
    Finding::error(
        "goods.bonded_only",
        Text::new(
            format!("商品“{}”仅限网购保税进口（1210）", line.name),
            "the goods may only be imported as bonded stock (1210)",
        ),
        Text::new("改用网购保税模式，或退款", "use the bonded mode, or refund the buyer"),
    )
    .at(format!("lines[{}].gcode", line.gnum))
    .found(line.hs_code.as_str(), "1210")
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

/// Units that count pieces: 台 个 只 件 支 片 副 张 盒 瓶 袋 罐 包.
const PIECES: [&str; 17] = [
    "001", "003", "006", "007", "008", "011", "012", "015", "017", "019", "020", "021", "025",
    "122", "125", "136", "140",
];

/// How many pieces a line is, when one of its units counts pieces.
pub(super) fn pieces(line: &InventoryLine) -> Option<Decimal> {
    let counts = |unit: &str| PIECES.contains(&unit) || unit == "142";
    if counts(&line.unit) {
        return Some(line.quantity);
    }
    if counts(&line.unit1) {
        return Some(line.quantity1);
    }
    line.quantity2.filter(|_| counts(&line.unit2))
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
    fn pieces_and_net_content_come_from_whichever_unit_tells() {
        let line = InventoryLine {
            unit: "140".into(),
            quantity: 2.into(),
            unit1: "035".into(),
            quantity1: Decimal::new(5, 1),
            ..InventoryLine::default()
        };
        assert_eq!(pieces(&line), Some(2.into()));
        assert_eq!(net_grams(&line), Some(500.into()));
        let bare = InventoryLine { unit: "035".into(), ..line };
        assert_eq!(pieces(&bare), None);
    }
}
