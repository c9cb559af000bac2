//! Law as data: limits, rates, windows, lists and message requirements, each with the period in
//! which it holds, its source, and how sure we are of it.
//!
//! The built-in rules are the files under `rules/` of the repository, compiled in. A directory may
//! override them at run time. Code asks by date and id and never carries a number of law itself.

mod parse;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use kernel::{Date, Decimal, Finding, Text};
use serde::Serialize;

use crate::source::{self, Source};

/// How sure we are that a rule, rate or code is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sure {
    /// To be confirmed before anybody relies on it.
    Unconfirmed,
    /// From memory of the field, not checked again.
    Memory,
    /// Read in a source.
    Seen,
}

impl Sure {
    /// Reads `seen`, `memory` or `unconfirmed`.
    pub fn parse(text: &str) -> Option<Sure> {
        match text {
            "seen" => Some(Sure::Seen),
            "memory" => Some(Sure::Memory),
            "unconfirmed" => Some(Sure::Unconfirmed),
            _ => None,
        }
    }

    /// The word files use.
    pub fn word(self) -> &'static str {
        match self {
            Sure::Seen => "seen",
            Sure::Memory => "memory",
            Sure::Unconfirmed => "unconfirmed",
        }
    }
}

/// What kind of value a rule carries. It never changes between periods of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An exact number: an amount, a rate as a fraction (0.13), a quantity.
    Decimal,
    /// A whole number: days, months, counts.
    Int,
    /// Whether something is required or allowed.
    Bool,
    /// One word or number of a document.
    Text,
    /// Several words, order kept.
    List,
}

/// The value of a rule in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// See [`Kind::Decimal`].
    Decimal(Decimal),
    /// See [`Kind::Int`].
    Int(i64),
    /// See [`Kind::Bool`].
    Bool(bool),
    /// See [`Kind::Text`].
    Text(Arc<str>),
    /// See [`Kind::List`].
    List(Arc<[Box<str>]>),
}

/// One period of a rule: both days belong to it.
#[derive(Clone, Debug)]
pub struct Period {
    /// What holds.
    pub value: Value,
    /// First day.
    pub from: Date,
    /// Last day; `None` while it is in force.
    pub to: Option<Date>,
    /// Document number, and article where known.
    pub source: Arc<str>,
    /// How sure we are.
    pub sure: Sure,
    /// Remark on this period; may be empty.
    pub note: Text,
}

impl Period {
    fn holds_on(&self, date: Date) -> bool {
        self.from <= date && self.to.is_none_or(|to| date <= to)
    }
}

/// A rule with all its periods, oldest first, none overlapping.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Dotted id, such as `import.limit.single`.
    pub id: Arc<str>,
    /// What its values are.
    pub kind: Kind,
    /// Unit of the value: `CNY`, `ratio`, `days`, `working_days`, `months`, … Empty when none.
    pub unit: Box<str>,
    /// What it says.
    pub title: Text,
    /// Its periods, oldest first.
    pub periods: Vec<Period>,
}

/// All rules known, by id.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: HashMap<Arc<str>, Rule>,
}

impl Rules {
    /// The rules compiled in. A built-in file with a fault would lose only the faulty rule, and
    /// asking for that rule would answer [`NoRule`]; a test keeps the files free of faults.
    pub fn builtin() -> Rules {
        let (rules, findings) = Rules::read(crate::builtin::RULES);
        debug_assert!(findings.is_empty(), "built-in rules: {findings:?}");
        rules
    }

    /// Reads rule files. A faulty rule is left out and reported with its file and line.
    pub fn read(sources: &[Source<'_>]) -> (Rules, Vec<Finding>) {
        parse::rules(sources)
    }

    /// The built-in rules with those of `dir/*.toml` over them: a rule there replaces the built-in
    /// rule of the same id with all its periods. A directory without such files changes nothing.
    ///
    /// # Errors
    /// Every finding, when any file cannot be read or holds a fault.
    pub fn load(dir: &Path) -> Result<Rules, Vec<Finding>> {
        let files = source::files(dir, "toml")?;
        let sources: Vec<Source<'_>> = files.iter().map(source::SourceFile::view).collect();
        let (over, findings) = Rules::read(&sources);
        if !findings.is_empty() {
            return Err(findings);
        }
        Rules::builtin().merged(over)
    }

    /// These rules with `over` over them.
    ///
    /// # Errors
    /// A finding for each rule that would change the kind of its value.
    pub fn merged(mut self, over: Rules) -> Result<Rules, Vec<Finding>> {
        let findings: Vec<Finding> = over
            .rules
            .values()
            .filter(|rule| self.rules.get(&rule.id).is_some_and(|old| old.kind != rule.kind))
            .map(|rule| parse::changed_kind(&rule.id, rule.kind))
            .collect();
        if !findings.is_empty() {
            return Err(findings);
        }
        self.rules.extend(over.rules);
        Ok(self)
    }

    /// The law of one day.
    pub fn on(&self, date: Date) -> Law<'_> {
        Law { rules: self, date }
    }

    /// A rule with all its periods.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// Every rule, by id.
    pub fn all(&self) -> Vec<&Rule> {
        let mut all: Vec<&Rule> = self.rules.values().collect();
        all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The first day after `date` on which any rule changes. A snapshot taken for `date` holds
    /// until the day before it; `None`: until the files change.
    pub fn next_change(&self, date: Date) -> Option<Date> {
        let periods = self.rules.values().flat_map(|rule| &rule.periods);
        let starts = periods.clone().map(|period| period.from);
        let ends = periods.filter_map(|period| period.to?.tomorrow().ok());
        starts.chain(ends).filter(|day| *day > date).min()
    }
}

/// The rules as they stand on one day.
#[derive(Clone, Copy)]
pub struct Law<'a> {
    rules: &'a Rules,
    date: Date,
}

impl Law<'_> {
    /// The day asked for.
    pub fn date(&self) -> Date {
        self.date
    }

    /// A number.
    ///
    /// # Errors
    /// [`NoRule`] when no rule of that id and kind is in force on the day.
    pub fn decimal(&self, id: &str) -> Result<Ruling<Decimal>, NoRule> {
        self.ruling(id, |value| match value {
            Value::Decimal(number) => Some(*number),
            _ => None,
        })
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`NoRule`] when no rule of that id and kind is in force on the day.
    pub fn int(&self, id: &str) -> Result<Ruling<i64>, NoRule> {
        self.ruling(id, |value| match value {
            Value::Int(number) => Some(*number),
            _ => None,
        })
    }

    /// Yes or no.
    ///
    /// # Errors
    /// [`NoRule`] when no rule of that id and kind is in force on the day.
    pub fn bool(&self, id: &str) -> Result<Ruling<bool>, NoRule> {
        self.ruling(id, |value| match value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A word.
    ///
    /// # Errors
    /// [`NoRule`] when no rule of that id and kind is in force on the day.
    pub fn text(&self, id: &str) -> Result<Ruling<Arc<str>>, NoRule> {
        self.ruling(id, |value| match value {
            Value::Text(text) => Some(Arc::clone(text)),
            _ => None,
        })
    }

    /// Several words.
    ///
    /// # Errors
    /// [`NoRule`] when no rule of that id and kind is in force on the day.
    pub fn list(&self, id: &str) -> Result<Ruling<Arc<[Box<str>]>>, NoRule> {
        self.ruling(id, |value| match value {
            Value::List(words) => Some(Arc::clone(words)),
            _ => None,
        })
    }

    /// Whether a rule of that id is in force on the day.
    pub fn has(&self, id: &str) -> bool {
        self.period(id).is_some()
    }

    fn period(&self, id: &str) -> Option<(&Rule, &Period)> {
        let rule = self.rules.rules.get(id)?;
        Some((rule, rule.periods.iter().rev().find(|period| period.holds_on(self.date))?))
    }

    fn ruling<T>(&self, id: &str, pick: fn(&Value) -> Option<T>) -> Result<Ruling<T>, NoRule> {
        let found = self.period(id).and_then(|(rule, period)| {
            Some(Ruling {
                value: pick(&period.value)?,
                id: Arc::clone(&rule.id),
                source: Arc::clone(&period.source),
                from: period.from,
                to: period.to,
                sure: period.sure,
            })
        });
        found.ok_or_else(|| NoRule { id: id.into(), on: self.date })
    }
}

/// A value of law with where it comes from. Cheap to clone and to keep in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling<T> {
    /// What holds.
    pub value: T,
    /// Id of the rule.
    pub id: Arc<str>,
    /// Document number, and article where known.
    pub source: Arc<str>,
    /// First day of the period.
    pub from: Date,
    /// Last day of the period, if it ended or will.
    pub to: Option<Date>,
    /// How sure we are.
    pub sure: Sure,
}

/// No rule of this id (and of the kind asked for) is in force on this day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRule {
    /// The id asked for.
    pub id: Box<str>,
    /// The day asked for.
    pub on: Date,
}

impl fmt::Display for NoRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no rule {} is in force on {}", self.id, self.on)
    }
}

impl std::error::Error for NoRule {}

impl NoRule {
    /// The same as a finding for whoever asked.
    pub fn to_finding(&self) -> Finding {
        Finding::error(
            "rules.not_in_force",
            Text::new(
                format!("{} 当日没有生效的规则 {}", self.on, self.id),
                format!("no rule {} is in force on {}", self.id, self.on),
            ),
            Text::new(
                "请核对日期；如法规已更新，请在规则目录中补充该规则",
                "check the date; if the law has changed, add the rule to the rules directory",
            ),
        )
        .at(&*self.id)
        .found(self.on.to_string(), "a day on which the rule holds")
    }
}

#[cfg(test)]
mod tests;
