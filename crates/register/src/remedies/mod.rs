//! What to do about a code an authority or the exchange platform answers with: its meaning, who
//! mends it and how.
//!
//! Two codes of the national list have two meanings each, so an entry may name a part of the text
//! it is for. The library is data; a directory may add to it at run time.

use std::collections::HashMap;
use std::path::Path;

use kernel::{Finding, Text};
use serde::Serialize;

use crate::rules::Sure;
use crate::source::{self, Source};
use crate::table;

/// Who answers with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The exchange platform that carries envelopes.
    Exchange,
    /// The electronic port.
    Eport,
    /// Customs, in the text of a receipt.
    Customs,
    /// The status of a receipt itself.
    Status,
    /// The format check of the port (CEB900).
    Format,
    /// The service that takes raw payment data.
    PaymentData,
}

/// Who mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fixer {
    /// The firm that declared.
    Firm,
    /// Whoever built the firm's interface.
    Integrator,
    /// This platform.
    Platform,
    /// Customs or the port.
    Customs,
    /// The buyer.
    Buyer,
    /// Nobody: it is not a fault.
    Nobody,
}

/// What a code means and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Who answers with it.
    pub origin: Origin,
    /// The code; empty for one known by its text alone.
    pub code: Box<str>,
    /// Part of the text this entry is for; empty for any text.
    pub pattern: Box<str>,
    /// What it means.
    pub meaning: Text,
    /// Who mends it.
    pub fixer: Fixer,
    /// How.
    pub remedy: Text,
    /// Whether sending the same again later may succeed.
    pub retryable: bool,
    /// Whether the library knows the code; `false` only for the general answer.
    pub known: bool,
    /// How sure we are.
    pub sure: Sure,
}

/// The library.
#[derive(Clone, Debug)]
pub struct Remedies {
    by_code: HashMap<Box<str>, Vec<Remedy>>,
    unknown: Remedy,
}

const HEADER: [&str; 10] = [
    "origin",
    "code",
    "pattern",
    "zh",
    "en",
    "fixer",
    "remedy_zh",
    "remedy_en",
    "retryable",
    "sure",
];

impl Remedies {
    /// The library compiled in. A faulty row would be left out; a test keeps the files free of
    /// faults.
    pub fn builtin() -> Remedies {
        let (remedies, findings) = Remedies::read(crate::builtin::REMEDIES);
        debug_assert!(findings.is_empty(), "built-in remedies: {findings:?}");
        remedies
    }

    /// Reads remedy files. A faulty row is left out and reported with its file and line.
    pub fn read(sources: &[Source<'_>]) -> (Remedies, Vec<Finding>) {
        let mut remedies = Remedies { by_code: HashMap::new(), unknown: unknown() };
        let mut findings = Vec::new();
        for source in sources {
            for row in table::rows(source, &HEADER, &mut findings) {
                let Some(remedy) = parse(source.name, &row, &mut findings) else { continue };
                let entries = remedies.by_code.entry(remedy.code.clone()).or_default();
                if entries.iter().any(|known| same_key(known, &remedy)) {
                    let found = format!("{} {}", remedy.code, remedy.pattern);
                    let expected = "a code and pattern not named before";
                    let fault = table::fault(source.name, row.line, "code", &found, expected);
                    findings.push(fault);
                } else {
                    entries.push(remedy);
                }
            }
        }
        remedies.sort();
        (remedies, findings)
    }

    /// The built-in library with `dir/*.csv` over it: an entry there replaces the built-in entry
    /// of the same origin, code and pattern, others are added.
    ///
    /// # Errors
    /// Every finding, when any file cannot be read or holds a fault.
    pub fn load(dir: &Path) -> Result<Remedies, Vec<Finding>> {
        let files = source::files(dir, "csv")?;
        let sources: Vec<Source<'_>> = files.iter().map(source::SourceFile::view).collect();
        let (over, findings) = Remedies::read(&sources);
        if findings.is_empty() { Ok(Remedies::builtin().merged(over)) } else { Err(findings) }
    }

    /// This library with `over` over it.
    #[must_use]
    pub fn merged(mut self, over: Remedies) -> Remedies {
        for (code, entries) in over.by_code {
            let known = self.by_code.entry(code).or_default();
            for entry in entries {
                known.retain(|old| !same_key(old, &entry));
                known.push(entry);
            }
        }
        self.sort();
        self
    }

    /// What to do about a code with its text, whoever answered. An entry whose pattern the text
    /// contains goes before one for any text; a sentence known by itself goes before the general
    /// entry of a receipt's status, so that a bare `100` with a reason gets the reason's remedy.
    /// A code the library does not know gets a general answer with [`Remedy::known`] false.
    pub fn lookup(&self, code: &str, text: &str) -> &Remedy {
        let by_code = self.find(code, text, |_| true);
        match by_code {
            Some(remedy) if remedy.origin != Origin::Status || !remedy.pattern.is_empty() => remedy,
            general => self.find("", text, |_| true).or(general).unwrap_or(&self.unknown),
        }
    }

    /// The same, among the entries of one origin.
    pub fn lookup_from(&self, origin: Origin, code: &str, text: &str) -> &Remedy {
        self.find(code, text, |entry| entry.origin == origin).unwrap_or(&self.unknown)
    }

    /// Every entry, by code.
    pub fn all(&self) -> Vec<&Remedy> {
        let mut all: Vec<&Remedy> = self.by_code.values().flatten().collect();
        all.sort_by(|a, b| (&a.code, &a.pattern).cmp(&(&b.code, &b.pattern)));
        all
    }

    fn find(&self, code: &str, text: &str, fits: impl Fn(&Remedy) -> bool) -> Option<&Remedy> {
        let mut entries = self.by_code.get(code)?.iter().filter(|entry| fits(entry));
        entries.find(|entry| entry.pattern.is_empty() || text.contains(&*entry.pattern))
    }

    /// Longest pattern first, so that the most precise entry is found first.
    fn sort(&mut self) {
        for entries in self.by_code.values_mut() {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.pattern.len()));
        }
    }
}

fn same_key(a: &Remedy, b: &Remedy) -> bool {
    a.origin == b.origin && a.code == b.code && a.pattern == b.pattern
}

fn unknown() -> Remedy {
    Remedy {
        origin: Origin::Customs,
        code: "".into(),
        pattern: "".into(),
        meaning: Text::new("未收录的代码", "a code the library does not know"),
        fixer: Fixer::Platform,
        remedy: Text::new(
            "请先阅读回执原文；平台客服会补充该代码的处理办法，必要时咨询主管海关",
            "read the receipt's own text first; the help desk will add this code, and the customs \
             office in charge can be asked",
        ),
        retryable: false,
        known: false,
        sure: Sure::Unconfirmed,
    }
}

fn parse(file: &str, row: &table::Row, findings: &mut Vec<Finding>) -> Option<Remedy> {
    let origin = parse_origin(row.cell(0));
    let fixer = parse_fixer(row.cell(5));
    let retryable = row.cell(8).parse::<bool>().ok();
    let sure = Sure::parse(row.cell(9));
    let named = !(row.cell(1).is_empty() && row.cell(2).is_empty());
    let checks = [
        (origin.is_some(), 0, "exchange, eport, customs, status, format or payment_data"),
        (named, 1, "a code, or a pattern"),
        (!row.cell(3).is_empty(), 3, "a Chinese meaning"),
        (!row.cell(4).is_empty(), 4, "an English meaning"),
        (fixer.is_some(), 5, "firm, integrator, platform, customs, buyer or nobody"),
        (!row.cell(6).is_empty(), 6, "a Chinese remedy"),
        (!row.cell(7).is_empty(), 7, "an English remedy"),
        (retryable.is_some(), 8, "true or false"),
        (sure.is_some(), 9, "seen, memory or unconfirmed"),
    ];
    let before = findings.len();
    for (_, column, expected) in checks.iter().filter(|check| !check.0) {
        findings.push(table::fault(file, row.line, HEADER[*column], row.cell(*column), expected));
    }
    if findings.len() > before {
        return None;
    }
    Some(Remedy {
        origin: origin?,
        code: row.cell(1).into(),
        pattern: row.cell(2).into(),
        meaning: Text::new(row.cell(3), row.cell(4)),
        fixer: fixer?,
        remedy: Text::new(row.cell(6), row.cell(7)),
        retryable: retryable?,
        known: true,
        sure: sure?,
    })
}

fn parse_origin(word: &str) -> Option<Origin> {
    match word {
        "exchange" => Some(Origin::Exchange),
        "eport" => Some(Origin::Eport),
        "customs" => Some(Origin::Customs),
        "status" => Some(Origin::Status),
        "format" => Some(Origin::Format),
        "payment_data" => Some(Origin::PaymentData),
        _ => None,
    }
}

fn parse_fixer(word: &str) -> Option<Fixer> {
    match word {
        "firm" => Some(Fixer::Firm),
        "integrator" => Some(Fixer::Integrator),
        "platform" => Some(Fixer::Platform),
        "customs" => Some(Fixer::Customs),
        "buyer" => Some(Fixer::Buyer),
        "nobody" => Some(Fixer::Nobody),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
