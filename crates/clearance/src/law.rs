//! What clearance needs of the law of one day, asked once and kept: look-ups by name are too slow
//! to repeat for every parcel.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kernel::{Date, Decimal};
use register::rules::{NoRule, Rules};

use crate::document::Kind;
use crate::export::ExportLaw;
use crate::matching::{Points, Role, Ruleset, Tolerance};

/// A trade mode an import inventory may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Such as `1210`.
    pub code: Box<str>,
    /// Whether it draws on an account book in a special zone.
    pub bonded: bool,
    /// Which documents must be there before the inventory goes.
    pub documents: Vec<Kind>,
    /// Whether the site's warehousing detail must be there before release.
    pub arrival_required: bool,
}

/// The law of one day.
#[derive(Clone, Debug)]
pub struct DayLaw {
    /// The day.
    pub on: Date,
    /// What is compared and how exactly.
    pub ruleset: Ruleset,
    /// Limit of one transaction, yuan.
    pub single_limit: Decimal,
    /// Limit of a person and calendar year, yuan.
    pub annual_limit: Decimal,
    /// Whether a sum exactly at the yearly limit is within it.
    pub annual_inclusive: bool,
    /// How far the tax withheld in an order may be from the tax reckoned, yuan.
    pub tax_tolerance: Decimal,
    /// Months before a carrier may use a waybill number again.
    pub waybill_reuse_months: i64,
    /// Days from release within which a return is requested.
    pub return_request_days: i64,
    /// Who may be the guarantor.
    pub guarantors: Vec<Role>,
    /// The modes there are.
    pub modes: Vec<Mode>,
    /// The law of export, where it is known.
    pub export: Result<Arc<ExportLaw>, NoRule>,
}

impl DayLaw {
    /// Reads the law of a day.
    ///
    /// # Errors
    /// [`NoRule`] naming the first rule that is not in force on the day.
    pub fn read(rules: &Rules, on: Date) -> Result<DayLaw, NoRule> {
        let law = rules.on(on);
        let amount = law.decimal("match.tolerance.amount")?.value;
        let tolerance = Tolerance {
            paid: amount,
            line: amount,
            freight: amount,
            weight_kg: law.decimal("match.tolerance.weight_kg")?.value,
        };
        let mut points = Points::default();
        for id in POINT_LISTS {
            let list = law.list(id)?.value;
            points.allow(id, list.iter().map(|word| &**word));
        }
        let buyer_is_payer = law.bool("import.buyer_is_payer")?.value;
        let bonded = law.list("import.bonded_modes")?.value;
        let mut modes = Vec::new();
        for code in law.list("import.retail_modes")?.value.iter() {
            let documents = law.list(&format!("import.documents.{code}"))?.value;
            let arrival = format!("import.warehousing_detail_required.{code}");
            modes.push(Mode {
                code: code.clone(),
                bonded: bonded.contains(code),
                documents: documents.iter().filter_map(|word| kind_of(word)).collect(),
                arrival_required: law.has(&arrival) && law.bool(&arrival)?.value,
            });
        }
        let guarantors = law.list("import.guarantor_roles")?.value;
        Ok(DayLaw {
            on,
            ruleset: Ruleset { tolerance, points, buyer_is_payer },
            single_limit: law.decimal("import.limit.single")?.value,
            annual_limit: law.decimal("import.limit.annual")?.value,
            annual_inclusive: law.bool("import.limit.annual_inclusive")?.value,
            tax_tolerance: law.decimal("match.tolerance.tax")?.value,
            waybill_reuse_months: law.int("waybill.reuse_months")?.value,
            return_request_days: law.int("import.return.request_days")?.value,
            guarantors: guarantors.iter().filter_map(|word| role_of(word)).collect(),
            modes,
            export: ExportLaw::read(rules, on).map(Arc::new),
        })
    }

    /// The mode of that code, when it exists on the day.
    pub fn mode(&self, code: &str) -> Option<&Mode> {
        self.modes.iter().find(|mode| &*mode.code == code)
    }
}

const POINT_LISTS: [&str; 4] = [
    "match.order_payment",
    "match.order_waybill",
    "match.order_inventory",
    "match.waybill_inventory",
];

fn kind_of(word: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind.word() == word)
}

fn role_of(word: &str) -> Option<Role> {
    [Role::Platform, Role::Ebc, Role::Logistics, Role::Declarant]
        .into_iter()
        .find(|role| role.word() == word)
}

/// The laws of the days asked for so far.
#[derive(Debug, Default)]
pub struct DayLaws {
    days: RwLock<HashMap<Date, Result<Arc<DayLaw>, NoRule>>>,
}

/// Days kept before the oldest knowledge is dropped: documents of a few seasons.
const DAYS_KEPT_MAX: usize = 1_000;

impl DayLaws {
    /// The law of a day.
    ///
    /// # Errors
    /// [`NoRule`] when the law of that day is not known.
    pub fn on(&self, rules: &Rules, day: Date) -> Result<Arc<DayLaw>, NoRule> {
        let known = self.days.read().unwrap_or_else(PoisonError::into_inner).get(&day).cloned();
        if let Some(known) = known {
            return known;
        }
        let law = DayLaw::read(rules, day).map(Arc::new);
        let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
        if days.len() >= DAYS_KEPT_MAX {
            days.clear();
        }
        days.insert(day, law.clone());
        law
    }
}

#[cfg(test)]
mod tests {
    use kernel::Date;

    use super::*;

    #[test]
    fn the_law_of_today_and_of_2018() {
        let rules = Rules::builtin();
        let law = DayLaw::read(&rules, Date::constant(2026, 11, 23)).expect("law");
        assert_eq!((law.single_limit, law.annual_limit), (5_000.into(), 26_000.into()));
        assert_eq!(law.waybill_reuse_months, 6);
        assert_eq!(law.guarantors, [Role::Platform, Role::Ebc, Role::Logistics]);
        let bonded = law.mode("1210").expect("mode");
        assert_eq!(bonded.documents, [Kind::Order, Kind::Payment, Kind::Waybill]);
        assert!(bonded.bonded && !bonded.arrival_required);
        let direct = law.mode("9610").expect("mode");
        assert!(!direct.bonded && direct.arrival_required);
        assert!(law.mode("0110").is_none());
    }

    #[test]
    fn a_day_without_law_is_said_so() {
        let laws = DayLaws::default();
        let rules = Rules::builtin();
        assert!(laws.on(&rules, Date::constant(1999, 1, 1)).is_err());
        let day = Date::constant(2026, 1, 1);
        let first = laws.on(&rules, day).expect("law");
        assert!(Arc::ptr_eq(&first, &laws.on(&rules, day).expect("law")));
    }
}
