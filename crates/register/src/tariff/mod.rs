//! The tariff: ten-digit lines with statutory units, duty, tax classes and membership of the
//! positive list for retail imports, each with its period and how sure we are.
//!
//! A line names classes, not rates: what VAT or consumption tax a class bears on a day is a rule
//! of law, see [`crate::rules`].

mod columns;
mod import;
mod terms;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use kernel::{Date, Decimal, Finding};
use serde::Serialize;

use crate::rules::{Law, NoRule, Ruling, Sure};
use crate::source::{self, Source};

pub use import::{ImportOptions, Imported, from_csv, from_xlsx, import_file, save_imported};
pub use terms::{ConsumptionTaxTerms, Rates, Threshold};

/// Which VAT rate a line bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VatClass {
    /// The standard rate (rule `vat.standard`).
    Standard,
    /// The lower rate, mostly food and books (rule `vat.low`).
    Low,
    /// Exempt on import (rule `vat.zero`).
    Zero,
}

impl VatClass {
    /// Reads `standard`, `low` or `zero`.
    pub fn parse(text: &str) -> Option<VatClass> {
        match text {
            "standard" => Some(VatClass::Standard),
            "low" => Some(VatClass::Low),
            "zero" => Some(VatClass::Zero),
            _ => None,
        }
    }

    /// The word tariff files use.
    pub fn word(self) -> &'static str {
        match self {
            VatClass::Standard => "standard",
            VatClass::Low => "low",
            VatClass::Zero => "zero",
        }
    }

    /// Id of the rule that holds the rate.
    pub fn rule_id(self) -> &'static str {
        match self {
            VatClass::Standard => "vat.standard",
            VatClass::Low => "vat.low",
            VatClass::Zero => "vat.zero",
        }
    }

    /// The rate on the day of the law, as a fraction.
    ///
    /// # Errors
    /// [`NoRule`] when no rate of the class is in force.
    pub fn rate(self, law: &Law<'_>) -> Result<Ruling<Decimal>, NoRule> {
        law.decimal(self.rule_id())
    }
}

/// What a specific tax or a quantity is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Kilogram.
    Kg,
    /// Tonne.
    T,
    /// Litre.
    L,
}

impl Measure {
    /// Reads `kg`, `t` or `l`.
    pub fn parse(text: &str) -> Option<Measure> {
        match text {
            "kg" => Some(Measure::Kg),
            "t" => Some(Measure::T),
            "l" => Some(Measure::L),
            _ => None,
        }
    }

    /// The word files use.
    pub fn word(self) -> &'static str {
        match self {
            Measure::Kg => "kg",
            Measure::T => "t",
            Measure::L => "l",
        }
    }
}

/// How a line bears consumption tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumptionTax {
    /// By a class whose terms are rules `ct.<class>.…`.
    Class(Arc<str>),
    /// By rates of its own, from an imported tariff.
    Rates(Rates),
}

/// Whether a line may be imported as cross-border retail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Positive {
    /// On the list, with its notes.
    Listed(PositiveEntry),
    /// Known not to be on the list.
    NotListed,
    /// The file did not say: do not judge.
    Unknown,
}

/// A restriction the positive list puts on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Only as bonded stock (1210), not by direct purchase (9610).
    BondedOnly,
    /// Not for goods under the endangered-species convention.
    ExceptEndangered,
    /// Not for dual-use goods and technologies.
    ExceptDualUse,
    /// Only the goods the note names.
    OnlyAsNoted,
}

impl Condition {
    /// The word files use.
    pub fn word(self) -> &'static str {
        match self {
            Condition::BondedOnly => "bonded_only",
            Condition::ExceptEndangered => "except_endangered",
            Condition::ExceptDualUse => "except_dual_use",
            Condition::OnlyAsNoted => "only_as_noted",
        }
    }

    /// Reads the word files use.
    pub fn parse(text: &str) -> Option<Condition> {
        [
            Condition::BondedOnly,
            Condition::ExceptEndangered,
            Condition::ExceptDualUse,
            Condition::OnlyAsNoted,
        ]
        .into_iter()
        .find(|condition| condition.word() == text)
    }
}

/// A line's place on the positive list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositiveEntry {
    /// First day on the list.
    pub since: Date,
    /// What restricts it.
    pub conditions: Box<[Condition]>,
    /// The most one person may buy in a calendar year.
    pub cap: Option<QuantityCap>,
    /// The list's remark in Chinese.
    pub note_zh: Box<str>,
    /// The list's remark in English.
    pub note_en: Box<str>,
}

impl PositiveEntry {
    /// Whether the line is restricted to bonded stock (mode 1210).
    pub fn bonded_only(&self) -> bool {
        self.conditions.contains(&Condition::BondedOnly)
    }
}

/// The most of a line one person may buy in a calendar year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantityCap {
    /// How much.
    pub amount: CapAmount,
    /// Unit code of the amount, `035` kilogram or `095` litre.
    pub unit: Box<str>,
}

/// Where the amount of a quantity cap stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapAmount {
    /// In a rule of this id.
    Rule(Arc<str>),
    /// In the imported tariff itself.
    Fixed(Decimal),
}

impl QuantityCap {
    /// The amount on the day of the law, in [`QuantityCap::unit`]. The rule it comes from is
    /// `None` for an amount of an imported tariff.
    ///
    /// # Errors
    /// [`NoRule`] when the rule it names is not in force.
    pub fn amount(&self, law: &Law<'_>) -> Result<(Decimal, Option<Ruling<Decimal>>), NoRule> {
        match &self.amount {
            CapAmount::Fixed(amount) => Ok((*amount, None)),
            CapAmount::Rule(id) => {
                let ruling = law.decimal(id)?;
                Ok((ruling.value, Some(ruling)))
            }
        }
    }
}

/// One line of the tariff in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TariffLine {
    /// Ten digits.
    pub hs_code: Box<str>,
    /// Name in Chinese.
    pub name_zh: Box<str>,
    /// Name in English.
    pub name_en: Box<str>,
    /// First statutory unit, a code of the unit list.
    pub unit1: Box<str>,
    /// Second statutory unit, when there is one.
    pub unit2: Option<Box<str>>,
    /// Most-favoured-nation duty as a fraction; `None` when it is specific or compound, which
    /// needs an officer's or broker's calculation.
    pub duty: Option<Decimal>,
    /// VAT class.
    pub vat: VatClass,
    /// Consumption tax, if any.
    pub consumption_tax: Option<ConsumptionTax>,
    /// Place on the positive list.
    pub positive: Positive,
    /// First day of the line.
    pub from: Date,
    /// Last day of the line.
    pub to: Option<Date>,
    /// How sure we are of the line.
    pub sure: Sure,
    /// Remark.
    pub note: Box<str>,
}

impl TariffLine {
    /// Whether the line exists on this day.
    pub fn holds_on(&self, on: Date) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }

    /// Its entry on the positive list on this day: `Some(Some(entry))` listed, `Some(None)` not
    /// listed, `None` not known.
    pub fn positive_on(&self, on: Date) -> Option<Option<&PositiveEntry>> {
        match &self.positive {
            Positive::Listed(entry) if entry.since <= on => Some(Some(entry)),
            Positive::Listed(_) | Positive::NotListed => Some(None),
            Positive::Unknown => None,
        }
    }

    /// The consumption tax on the day of the law; `None` when the line bears none.
    ///
    /// # Errors
    /// [`NoRule`] when the class has no rate in force.
    pub fn consumption_tax_terms(
        &self,
        law: &Law<'_>,
    ) -> Result<Option<ConsumptionTaxTerms>, NoRule> {
        self.consumption_tax.as_ref().map(|tax| tax.terms(law)).transpose()
    }
}

/// The lines known, by code and period.
#[derive(Clone, Debug, Default)]
pub struct Tariff {
    lines: HashMap<u64, Vec<TariffLine>>,
}

impl Tariff {
    /// The tariff compiled in: a starting set, not the whole nomenclature. A faulty built-in line
    /// would be left out; a test keeps the files free of faults.
    pub fn builtin() -> Tariff {
        let (tariff, findings) = Tariff::read(crate::builtin::TARIFF);
        debug_assert!(findings.is_empty(), "built-in tariff: {findings:?}");
        tariff
    }

    /// Reads tariff files in their normal form. A faulty line is left out and reported with its
    /// file and line.
    pub fn read(sources: &[Source<'_>]) -> (Tariff, Vec<Finding>) {
        columns::read(sources)
    }

    /// The built-in tariff with `dir/*.csv` over it: a row there takes the place of whatever the
    /// built-in tariff says of its code in its period; other periods of the code stay.
    ///
    /// # Errors
    /// Every finding, when any file cannot be read or holds a fault.
    pub fn load(dir: &Path) -> Result<Tariff, Vec<Finding>> {
        let files = source::files(dir, "csv")?;
        let sources: Vec<Source<'_>> = files.iter().map(source::SourceFile::view).collect();
        let (over, findings) = Tariff::read(&sources);
        if findings.is_empty() { Ok(Tariff::builtin().merged(over)) } else { Err(findings) }
    }

    /// This tariff with the periods of `over` over it.
    #[must_use]
    pub fn merged(mut self, over: Tariff) -> Tariff {
        for (key, lines) in over.lines {
            let periods = self.lines.entry(key).or_default();
            for line in lines {
                let around = std::mem::take(periods).into_iter().flat_map(|old| cut(old, &line));
                *periods = around.collect();
                let at = periods.partition_point(|other| other.from < line.from);
                periods.insert(at, line);
            }
        }
        self
    }

    /// The line of a ten-digit code on a day; `None` when the code is unknown or not ten digits.
    pub fn line(&self, hs_code: &str, on: Date) -> Option<&TariffLine> {
        self.periods(hs_code).iter().find(|line| line.holds_on(on))
    }

    /// Every period of a code, oldest first.
    pub fn periods(&self, hs_code: &str) -> &[TariffLine] {
        key(hs_code).and_then(|key| self.lines.get(&key)).map_or(&[], Vec::as_slice)
    }

    /// Every line of every period, by code.
    pub fn all(&self) -> Vec<&TariffLine> {
        let mut all: Vec<&TariffLine> = self.lines.values().flatten().collect();
        all.sort_unstable_by(|a, b| (&a.hs_code, a.from).cmp(&(&b.hs_code, b.from)));
        all
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds a line; `false` when its period overlaps another of its code.
    pub(crate) fn insert(&mut self, line: TariffLine) -> bool {
        let Some(key) = key(&line.hs_code) else { return false };
        let periods = self.lines.entry(key).or_default();
        let overlaps = periods.iter().any(|other| {
            other.to.is_none_or(|to| line.from <= to) && line.to.is_none_or(|to| other.from <= to)
        });
        if !overlaps {
            let at = periods.partition_point(|other| other.from < line.from);
            periods.insert(at, line);
        }
        !overlaps
    }
}

/// What is left of `old` before and after the period of `new`.
fn cut(old: TariffLine, new: &TariffLine) -> impl Iterator<Item = TariffLine> {
    let apart = new.to.is_some_and(|to| to < old.from) || old.to.is_some_and(|to| to < new.from);
    if apart {
        return [Some(old), None].into_iter().flatten();
    }
    let head =
        (old.from < new.from).then(|| TariffLine { to: new.from.yesterday().ok(), ..old.clone() });
    let tail =
        new.to.and_then(|to| to.tomorrow().ok()).filter(|next| old.to.is_none_or(|to| *next <= to));
    [head, tail.map(|from| TariffLine { from, ..old })].into_iter().flatten()
}

/// A ten-digit code as a number.
fn key(hs_code: &str) -> Option<u64> {
    let digits = hs_code.len() == 10 && hs_code.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| hs_code.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
