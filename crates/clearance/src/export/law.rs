//! What export needs of the law of one day, asked once and kept.

use std::sync::Arc;

use kernel::{Date, Decimal};
use register::rules::{Law, NoRule, Rules, Ruling};

use super::step::{Stage, Step};
use crate::document::Kind;
use crate::matching::{Points, Ruleset, Tolerance};

/// A trade mode an export inventory may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportMode {
    /// Such as `9610`.
    pub code: Box<str>,
    /// Which kinds of order it goes with.
    pub order_types: Vec<Box<str>>,
    /// Whether it draws on an account book in a special zone.
    pub bonded: bool,
    /// Whether it is business export, by list only within bounds.
    pub business: bool,
    /// How many digits of a code count in a simplified declaration.
    pub simplified_digits: usize,
}

/// Words that begin the codes something is said of, with where that is from.
pub type Beginnings = Ruling<Arc<[Box<str>]>>;

/// The law of export on one day.
#[derive(Clone, Debug)]
pub struct ExportLaw {
    /// The modes there are.
    pub modes: Vec<ExportMode>,
    /// Whether receipts of funds must be there before an inventory goes.
    pub funds_required: bool,
    /// What is compared, and how exactly, in the currency of the document.
    pub ruleset: Ruleset,
    /// Up to how many yuan business export goes by list; absent while there was none.
    pub list_max: Option<Ruling<Decimal>>,
    /// Codes of goods exported under licence.
    pub licence: Beginnings,
    /// Codes of goods inspected before export.
    pub inspection: Beginnings,
    /// Codes of goods that bear export duty.
    pub duty: Beginnings,
    /// District codes of the customs where codes may be simplified; absent while nowhere.
    pub simplified_customs: Option<Beginnings>,
    /// Day of the month by which what closed in the month before is summarised.
    pub summary_due_day: Ruling<i64>,
    steps: Vec<(Kind, Step)>,
}

const POINT_LISTS: [&str; 3] =
    ["match.export_order_funds", "match.export_order_inventory", "match.export_waybill_inventory"];

impl ExportLaw {
    /// Reads the law of a day.
    ///
    /// # Errors
    /// [`NoRule`] naming the first rule that is not in force on the day.
    pub fn read(rules: &Rules, on: Date) -> Result<ExportLaw, NoRule> {
        let law = rules.on(on);
        let mut points = Points::default();
        for id in POINT_LISTS {
            points.allow(id, law.list(id)?.value.iter().map(|word| &**word));
        }
        let amount = law.decimal("match.tolerance.amount")?.value;
        let weight_kg = law.decimal("match.tolerance.weight_kg")?.value;
        let tolerance = Tolerance { paid: amount, line: amount, freight: amount, weight_kg };
        let mut steps = Vec::new();
        for kind in Kind::ALL.iter().copied().filter(|kind| kind.is_collective()) {
            steps.push((kind, step(&law, kind)?));
        }
        let optional = |id: &str| law.has(id).then(|| law.list(id)).transpose();
        Ok(ExportLaw {
            modes: modes(&law)?,
            funds_required: law.bool("export.receipt_message_required")?.value,
            ruleset: Ruleset { tolerance, points, buyer_is_payer: false },
            list_max: law
                .has("export.b2b.list_max")
                .then(|| law.decimal("export.b2b.list_max"))
                .transpose()?,
            licence: law.list("export.licence.hs")?,
            inspection: law.list("export.inspection.hs")?,
            duty: law.list("export.duty.hs")?,
            simplified_customs: optional("export.simplified.customs")?,
            summary_due_day: law.int("export.summary.due_day")?,
            steps,
        })
    }

    /// The mode of that code, when it exists on the day.
    pub fn mode(&self, code: &str) -> Option<&ExportMode> {
        self.modes.iter().find(|mode| &*mode.code == code)
    }

    /// What a collective document asks of its inventories.
    pub fn step(&self, kind: Kind) -> Option<&Step> {
        self.steps.iter().find(|(of, _)| *of == kind).map(|(_, step)| step)
    }

    /// The documents an inventory cannot go without.
    pub fn documents(&self) -> &'static [Kind] {
        const ALL: [Kind; 3] = [Kind::ExportOrder, Kind::ExportWaybill, Kind::FundsReceipt];
        if self.funds_required { &ALL } else { &ALL[..2] }
    }
}

fn modes(law: &Law<'_>) -> Result<Vec<ExportMode>, NoRule> {
    let bonded = law.list("export.bonded_modes")?.value;
    let business = match law.has("export.b2b_modes") {
        true => law.list("export.b2b_modes")?.value,
        false => Arc::from([]),
    };
    let mut modes = Vec::new();
    for code in law.list("export.retail_modes")?.value.iter() {
        let business = business.contains(code);
        let digits = match business {
            true => "export.simplified.digits.b2b",
            false => "export.simplified.digits.9610",
        };
        // Before there was simplification every digit counted.
        let digits = if law.has(digits) { law.int(digits)?.value } else { FULL_DIGITS };
        modes.push(ExportMode {
            code: code.clone(),
            order_types: law.list(&format!("export.order_types.{code}"))?.value.to_vec(),
            bonded: bonded.contains(code),
            business,
            simplified_digits: usize::try_from(digits).unwrap_or_default(),
        });
    }
    Ok(modes)
}

/// Digits of a code written out.
const FULL_DIGITS: i64 = 10;

fn step(law: &Law<'_>, kind: Kind) -> Result<Step, NoRule> {
    let word = kind.word();
    let (needs, early) = (format!("export.{word}.needs"), format!("export.{word}.early"));
    let needs = law.text(&needs)?;
    let Some(stage) = Stage::of_word(&needs.value) else {
        return Err(NoRule { id: needs.id.to_string().into(), on: law.date() });
    };
    let waits = &*law.text(&early)?.value == "wait";
    Ok(Step { stage, waits, source: needs.source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_of_export_by_date() {
        let rules = Rules::builtin();
        let today = ExportLaw::read(&rules, Date::constant(2026, 11, 23)).expect("law");
        assert!(!today.funds_required);
        assert_eq!(today.documents(), [Kind::ExportOrder, Kind::ExportWaybill]);
        assert_eq!(today.mode("9710").expect("mode").simplified_digits, 6);
        assert_eq!(today.list_max.expect("limit").value, 5_000.into());
        let before = ExportLaw::read(&rules, Date::constant(2024, 12, 14)).expect("law");
        assert!(before.documents().contains(&Kind::FundsReceipt));
        let old = ExportLaw::read(&rules, Date::constant(2019, 6, 1)).expect("law");
        assert!(old.mode("9810").is_none() && old.list_max.is_none());
        assert_eq!(old.mode("9610").expect("mode").simplified_digits, 4);
    }
}
