//! Code lists: customs districts, countries, currencies, units, modes, statuses and the small
//! lists of the message family.
//!
//! A list marked complete judges: a code not on it is wrong. A list not marked complete only
//! knows some codes; one it does not know is left unjudged.

mod status;

use std::collections::HashMap;
use std::path::Path;

use ceb::CodeList;
use kernel::{Finding, Text};

use crate::rules::Sure;
use crate::source::{self, Source};
use crate::table;

pub use status::{Colour, Outcome, ReceiptStatus};

/// The lists, each a file of this name under `rules/codes/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// Customs districts, four digits.
    Customs,
    /// Countries and regions, old numeric customs codes; ISO 3166 alpha-3 beside.
    Country,
    /// Currencies, old numeric customs codes; ISO 4217 beside.
    Currency,
    /// Units of quantity.
    Unit,
    /// Modes of transport.
    TransportMode,
    /// Kinds of package.
    WrapType,
    /// Supervision modes.
    TradeMode,
    /// What a document does: new, change, delete.
    AppType,
    /// Draft or declared.
    AppStatus,
    /// Kinds of export order.
    OrderType,
    /// Kinds of identity document.
    IdType,
    /// Import or export.
    IeFlag,
    /// Simplified or summary declaration of an export inventory.
    StatisticsFlag,
    /// Waybill status.
    LogisticsStatus,
    /// States of an electronic tax bill.
    TaxBillStatus,
    /// Response codes of the exchange platform.
    ExchangeCode,
    /// Kinds of e-commerce payment channel for raw payment data.
    PayType,
    /// Bodies that verify raw payment data.
    VerDept,
    /// Administrative divisions, six digits.
    Division,
}

impl List {
    /// Every list.
    pub const ALL: [List; 19] = [
        List::Customs,
        List::Country,
        List::Currency,
        List::Unit,
        List::TransportMode,
        List::WrapType,
        List::TradeMode,
        List::AppType,
        List::AppStatus,
        List::OrderType,
        List::IdType,
        List::IeFlag,
        List::StatisticsFlag,
        List::LogisticsStatus,
        List::TaxBillStatus,
        List::ExchangeCode,
        List::PayType,
        List::VerDept,
        List::Division,
    ];

    /// Name of its file, without the extension.
    pub fn name(self) -> &'static str {
        match self {
            List::Customs => "customs",
            List::Country => "country",
            List::Currency => "currency",
            List::Unit => "unit",
            List::TransportMode => "transport_mode",
            List::WrapType => "wrap_type",
            List::TradeMode => "trade_mode",
            List::AppType => "app_type",
            List::AppStatus => "app_status",
            List::OrderType => "order_type",
            List::IdType => "id_type",
            List::IeFlag => "ie_flag",
            List::StatisticsFlag => "statistics_flag",
            List::LogisticsStatus => "logistics_status",
            List::TaxBillStatus => "tax_bill_status",
            List::ExchangeCode => "exchange_code",
            List::PayType => "pay_type",
            List::VerDept => "ver_dept",
            List::Division => "division",
        }
    }

    /// The list of this file name.
    pub fn parse(name: &str) -> Option<List> {
        List::ALL.into_iter().find(|list| list.name() == name)
    }
}

/// One code of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeEntry {
    /// The code as messages carry it.
    pub code: Box<str>,
    /// Chinese name.
    pub zh: Box<str>,
    /// English name.
    pub en: Box<str>,
    /// ISO code, for countries (3166 alpha-3) and currencies (4217).
    pub iso: Option<Box<str>>,
    /// How sure we are.
    pub sure: Sure,
    /// Remark.
    pub note: Box<str>,
}

/// A list with its codes.
#[derive(Clone, Debug)]
pub struct CodeTable {
    /// What it lists.
    pub title: Text,
    /// Where it comes from.
    pub source: Box<str>,
    /// Whether a code that is not on it is wrong.
    pub complete: bool,
    entries: HashMap<Box<str>, CodeEntry>,
}

impl CodeTable {
    /// The entry of a code.
    pub fn entry(&self, code: &str) -> Option<&CodeEntry> {
        self.entries.get(code)
    }

    /// The entry of an ISO code.
    pub fn by_iso(&self, iso: &str) -> Option<&CodeEntry> {
        self.entries.values().find(|entry| entry.iso.as_deref() == Some(iso))
    }

    /// Every entry, by code.
    pub fn all(&self) -> Vec<&CodeEntry> {
        let mut all: Vec<&CodeEntry> = self.entries.values().collect();
        all.sort_unstable_by(|a, b| a.code.cmp(&b.code));
        all
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// All code lists.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    /// By [`List`] as a number; the hot path of every check.
    tables: [Option<CodeTable>; List::ALL.len()],
    statuses: HashMap<i64, ReceiptStatus>,
}

const LISTS_FILE: &str = "lists.csv";
const STATUS_FILE: &str = "receipt_status.csv";
const LISTS_HEADER: [&str; 5] = ["list", "zh", "en", "complete", "source"];
const ENTRY_HEADER: [&str; 6] = ["code", "zh", "en", "iso", "sure", "note"];

impl Codes {
    /// The lists compiled in. A faulty row would be left out; a test keeps the files free of
    /// faults.
    pub fn builtin() -> Codes {
        let (codes, findings) = Codes::read(crate::builtin::CODES);
        debug_assert!(findings.is_empty(), "built-in code lists: {findings:?}");
        codes
    }

    /// Reads list files: `lists.csv`, which names the lists, one file for each, and
    /// `receipt_status.csv`. A faulty row is left out and reported.
    pub fn read(sources: &[Source<'_>]) -> (Codes, Vec<Finding>) {
        let mut codes = Codes::default();
        let mut findings = Vec::new();
        for source in sources.iter().filter(|source| source.name == LISTS_FILE) {
            codes.read_lists(source, &mut findings);
        }
        for source in sources.iter().filter(|source| source.name != LISTS_FILE) {
            if source.name == STATUS_FILE {
                codes.statuses.extend(status::read(source, &mut findings));
            } else {
                codes.read_entries(source, &mut findings);
            }
        }
        (codes, findings)
    }

    /// The built-in lists with `dir/*.csv` over them. A list there that is marked complete stands
    /// alone; one that is not adds to the built-in list.
    ///
    /// # Errors
    /// Every finding, when any file cannot be read or holds a fault.
    pub fn load(dir: &Path) -> Result<Codes, Vec<Finding>> {
        let files = source::files(dir, "csv")?;
        let sources: Vec<Source<'_>> = files.iter().map(source::SourceFile::view).collect();
        let (over, findings) = Codes::read(&sources);
        if findings.is_empty() { Ok(Codes::builtin().merged(over)) } else { Err(findings) }
    }

    /// These lists with `over` over them.
    #[must_use]
    pub fn merged(mut self, over: Codes) -> Codes {
        for (base, table) in self.tables.iter_mut().zip(over.tables) {
            match (base, table) {
                (_, None) => {}
                (Some(base), Some(table)) if !table.complete => {
                    base.complete = false;
                    base.entries.extend(table.entries);
                }
                (base, table) => *base = table,
            }
        }
        self.statuses.extend(over.statuses);
        self
    }

    /// A list.
    pub fn table(&self, list: List) -> Option<&CodeTable> {
        self.tables[list as usize].as_ref()
    }

    /// The entry of a code.
    pub fn entry(&self, list: List, code: &str) -> Option<&CodeEntry> {
        self.table(list)?.entry(code)
    }

    /// Whether a code is on a list: `None` when the list is not loaded, or not complete and does
    /// not know the code.
    pub fn knows(&self, list: List, code: &str) -> Option<bool> {
        let table = self.table(list)?;
        match table.entry(code) {
            Some(_) => Some(true),
            None => table.complete.then_some(false),
        }
    }

    /// What a receipt's status means; `None` for an unknown one, which is kept all the same.
    pub fn receipt_status(&self, code: i64) -> Option<&ReceiptStatus> {
        self.statuses.get(&code)
    }

    /// Every receipt status, by code.
    pub fn receipt_statuses(&self) -> Vec<&ReceiptStatus> {
        let mut all: Vec<&ReceiptStatus> = self.statuses.values().collect();
        all.sort_unstable_by_key(|status| status.code);
        all
    }

    fn read_lists(&mut self, source: &Source<'_>, findings: &mut Vec<Finding>) {
        for row in table::rows(source, &LISTS_HEADER, findings) {
            let mut fault = |column: usize, expected: &str| {
                let header = LISTS_HEADER[column];
                findings.push(table::fault(
                    source.name,
                    row.line,
                    header,
                    row.cell(column),
                    expected,
                ));
            };
            let list = List::parse(row.cell(0));
            let complete = row.cell(3).parse::<bool>().ok();
            if list.is_none_or(|list| self.tables[list as usize].is_some()) {
                fault(0, "a known list, named once");
            }
            if complete.is_none() {
                fault(3, "true or false");
            }
            if row.cell(4).is_empty() {
                fault(4, "where the list comes from");
            }
            if let (Some(list), Some(complete), false) = (list, complete, row.cell(4).is_empty()) {
                let title = Text::new(row.cell(1), row.cell(2));
                let entries = HashMap::new();
                let source = row.cell(4).into();
                self.tables[list as usize].get_or_insert(CodeTable {
                    title,
                    source,
                    complete,
                    entries,
                });
            }
        }
    }

    fn read_entries(&mut self, source: &Source<'_>, findings: &mut Vec<Finding>) {
        let name = source.name.strip_suffix(".csv").unwrap_or(source.name);
        let Some(table) = List::parse(name).and_then(|list| self.tables[list as usize].as_mut())
        else {
            findings.push(table::fault(source.name, 0, "file", name, "a list named in lists.csv"));
            return;
        };
        for row in table::rows(source, &ENTRY_HEADER, findings) {
            let mut fault = |column: usize, expected: &str| {
                let header = ENTRY_HEADER[column];
                findings.push(table::fault(
                    source.name,
                    row.line,
                    header,
                    row.cell(column),
                    expected,
                ));
            };
            let code = row.cell(0);
            let sure = Sure::parse(row.cell(4));
            if code.is_empty() || table.entries.contains_key(code) {
                fault(0, "a code, named once");
                continue;
            }
            if row.cell(1).is_empty() {
                fault(1, "a Chinese name");
            }
            let Some(sure) = sure else {
                fault(4, "seen, memory or unconfirmed");
                continue;
            };
            let iso = row.cell(3);
            let entry = CodeEntry {
                code: code.into(),
                zh: row.cell(1).into(),
                en: row.cell(2).into(),
                iso: (!iso.is_empty()).then(|| iso.into()),
                sure,
                note: row.cell(5).into(),
            };
            table.entries.insert(code.into(), entry);
        }
    }
}

impl ceb::CodeLists for Codes {
    fn contains(&self, list: CodeList, code: &str) -> Option<bool> {
        let list = match list {
            CodeList::AppType => List::AppType,
            CodeList::AppStatus => List::AppStatus,
            CodeList::OrderType => List::OrderType,
            CodeList::IeFlag => List::IeFlag,
            CodeList::IdType => List::IdType,
            CodeList::LogisticsStatus => List::LogisticsStatus,
            CodeList::StatisticsFlag => List::StatisticsFlag,
            CodeList::TaxBillStatus => List::TaxBillStatus,
            CodeList::CustomsDistrict => List::Customs,
            CodeList::Country => List::Country,
            CodeList::Currency => List::Currency,
            CodeList::Unit => List::Unit,
            CodeList::TransportMode => List::TransportMode,
            CodeList::WrapType => List::WrapType,
            CodeList::TradeMode => List::TradeMode,
            CodeList::Division => List::Division,
            CodeList::ReceiptStatus => {
                let known = code.parse().is_ok_and(|code| self.receipt_status(code).is_some());
                return known.then_some(true);
            }
            CodeList::SummaryFlag
            | CodeList::ItemNameFlag
            | CodeList::DxpMode
            | CodeList::SubscriptionStatus => return None,
        };
        self.knows(list, code)
    }
}

#[cfg(test)]
mod tests;
