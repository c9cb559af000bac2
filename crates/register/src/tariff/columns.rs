//! The normal form of a tariff file: one CSV column per part of a line, strict.

use kernel::{Date, Decimal, Finding};

use super::{
    CapAmount, Condition, ConsumptionTax, Measure, Positive, PositiveEntry, QuantityCap, Rates,
    Tariff, TariffLine, VatClass,
};
use crate::rules::Sure;
use crate::source::Source;
use crate::table;

/// A column of the normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    HsCode,
    NameZh,
    NameEn,
    Unit1,
    Unit2,
    Duty,
    Vat,
    CtClass,
    CtAdValorem,
    CtPerUnit,
    CtUnit,
    Positive,
    PositiveSince,
    Conditions,
    PositiveNoteZh,
    PositiveNoteEn,
    Cap,
    CapUnit,
    From,
    To,
    Sure,
    Note,
}

/// Every column in the order it is written, with its header.
pub(super) const COLUMNS: [(Column, &str); 22] = [
    (Column::HsCode, "hs_code"),
    (Column::NameZh, "name_zh"),
    (Column::NameEn, "name_en"),
    (Column::Unit1, "unit1"),
    (Column::Unit2, "unit2"),
    (Column::Duty, "duty"),
    (Column::Vat, "vat"),
    (Column::CtClass, "ct_class"),
    (Column::CtAdValorem, "ct_ad_valorem"),
    (Column::CtPerUnit, "ct_per_unit"),
    (Column::CtUnit, "ct_unit"),
    (Column::Positive, "positive"),
    (Column::PositiveSince, "positive_since"),
    (Column::Conditions, "conditions"),
    (Column::PositiveNoteZh, "positive_note_zh"),
    (Column::PositiveNoteEn, "positive_note_en"),
    (Column::Cap, "cap"),
    (Column::CapUnit, "cap_unit"),
    (Column::From, "from"),
    (Column::To, "to"),
    (Column::Sure, "sure"),
    (Column::Note, "note"),
];

/// One row: where it stands and its cells, by column.
pub(super) struct Row<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    pub(super) cells: [&'a str; COLUMNS.len()],
}

impl<'a> Row<'a> {
    pub(super) fn cell(&self, column: Column) -> &'a str {
        self.cells[column as usize]
    }

    /// A finding at one cell of this row.
    pub(super) fn fault(&self, column: Column, expected: &str) -> Finding {
        table::fault(self.file, self.line, COLUMNS[column as usize].1, self.cell(column), expected)
    }
}

/// Reads files in the normal form.
pub(super) fn read(sources: &[Source<'_>]) -> (Tariff, Vec<Finding>) {
    let mut tariff = Tariff::default();
    let mut findings = Vec::new();
    for source in sources {
        read_file(source, &mut tariff, &mut findings);
    }
    (tariff, findings)
}

fn read_file(source: &Source<'_>, tariff: &mut Tariff, findings: &mut Vec<Finding>) {
    let header: Vec<&str> = COLUMNS.iter().map(|(_, header)| *header).collect();
    for found in table::rows(source, &header, findings) {
        let mut cells = [""; COLUMNS.len()];
        for (at, cell) in cells.iter_mut().enumerate() {
            *cell = found.cell(at);
        }
        let row = Row { file: source.name, line: found.line, cells };
        if let Some(parsed) = parse(&row, findings)
            && !tariff.insert(parsed)
        {
            findings.push(row.fault(Column::From, OVERLAP));
        }
    }
}

/// What is expected of a row that overlaps another.
pub(super) const OVERLAP: &str = "a period that overlaps no other row of the same code";

/// Reads one row; `None` when any cell is wrong, each with its own finding.
pub(super) fn parse(row: &Row<'_>, findings: &mut Vec<Finding>) -> Option<TariffLine> {
    let before = findings.len();
    let hs_code = row.cell(Column::HsCode);
    let unit2 = row.cell(Column::Unit2);
    let needed = [
        (super::key(hs_code).is_some(), Column::HsCode, "10 digits"),
        (!row.cell(Column::NameZh).is_empty(), Column::NameZh, "a Chinese name"),
        (is_unit(row.cell(Column::Unit1)), Column::Unit1, "a unit code of 3 digits"),
        (unit2.is_empty() || is_unit(unit2), Column::Unit2, "a unit code, or empty"),
    ];
    let missing = needed.iter().filter(|(fulfilled, _, _)| !fulfilled);
    findings.extend(missing.map(|(_, column, expected)| row.fault(*column, expected)));
    let duty = optional(row, Column::Duty, fraction, "a fraction 0..10, or empty", findings);
    let vat = VatClass::parse(row.cell(Column::Vat));
    if vat.is_none() {
        findings.push(row.fault(Column::Vat, "standard, low or zero"));
    }
    let from = row.cell(Column::From).parse::<Date>().ok();
    if from.is_none() {
        findings.push(row.fault(Column::From, "a day as YYYY-MM-DD"));
    }
    let to = optional(row, Column::To, |day| day.parse::<Date>().ok(), "a day, or empty", findings);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        findings.push(row.fault(Column::To, "a day not before the first"));
    }
    let sure = Sure::parse(row.cell(Column::Sure));
    if sure.is_none() {
        findings.push(row.fault(Column::Sure, "seen, memory or unconfirmed"));
    }
    let consumption_tax = consumption_tax(row, findings);
    let positive = positive(row, from, findings);
    if findings.len() > before {
        return None;
    }
    Some(TariffLine {
        hs_code: hs_code.into(),
        name_zh: row.cell(Column::NameZh).into(),
        name_en: row.cell(Column::NameEn).into(),
        unit1: row.cell(Column::Unit1).into(),
        unit2: (!unit2.is_empty()).then(|| unit2.into()),
        duty,
        vat: vat?,
        consumption_tax,
        positive: positive?,
        from: from?,
        to,
        sure: sure?,
        note: row.cell(Column::Note).into(),
    })
}

fn is_unit(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A rate as a fraction; 1000 % is more than any duty.
fn fraction(text: &str) -> Option<Decimal> {
    let number: Decimal = text.parse().ok()?;
    (Decimal::ZERO..=Decimal::TEN).contains(&number).then_some(number)
}

fn amount(text: &str) -> Option<Decimal> {
    let number: Decimal = text.parse().ok()?;
    (number > Decimal::ZERO).then_some(number)
}

fn optional<T>(
    row: &Row<'_>,
    column: Column,
    read: impl Fn(&str) -> Option<T>,
    expected: &str,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    let cell = row.cell(column);
    if cell.is_empty() {
        return None;
    }
    let value = read(cell);
    if value.is_none() {
        findings.push(row.fault(column, expected));
    }
    value
}

fn consumption_tax(row: &Row<'_>, findings: &mut Vec<Finding>) -> Option<ConsumptionTax> {
    let class = row.cell(Column::CtClass);
    let share = optional(row, Column::CtAdValorem, fraction, "a fraction, or empty", findings);
    let each = optional(row, Column::CtPerUnit, amount, "yuan per unit, or empty", findings);
    let unit = optional(row, Column::CtUnit, Measure::parse, "kg, t or l, or empty", findings);
    if each.is_some() != unit.is_some() {
        findings.push(row.fault(Column::CtUnit, "given exactly when ct_per_unit is given"));
    }
    if !class.is_empty() {
        if share.is_some() || each.is_some() {
            findings.push(row.fault(Column::CtClass, "a class or rates, not both"));
        }
        return Some(ConsumptionTax::Class(class.into()));
    }
    (share.is_some() || each.is_some()).then(|| {
        ConsumptionTax::Rates(Rates {
            ad_valorem: share.unwrap_or_default(),
            per_unit: each.unwrap_or_default(),
            unit,
        })
    })
}

fn positive(row: &Row<'_>, from: Option<Date>, findings: &mut Vec<Finding>) -> Option<Positive> {
    match row.cell(Column::Positive) {
        "no" => return Some(Positive::NotListed),
        "unknown" => return Some(Positive::Unknown),
        "yes" => {}
        _ => {
            findings.push(row.fault(Column::Positive, "yes, no or unknown"));
            return None;
        }
    }
    let day = |text: &str| text.parse::<Date>().ok();
    let since = optional(row, Column::PositiveSince, day, "a day, or empty", findings);
    let mut conditions = Vec::new();
    for word in row.cell(Column::Conditions).split_whitespace() {
        match Condition::parse(word) {
            Some(condition) => conditions.push(condition),
            None => findings.push(row.fault(
                Column::Conditions,
                "bonded_only, except_endangered, except_dual_use, only_as_noted",
            )),
        }
    }
    let cap = cap(row, findings);
    Some(Positive::Listed(PositiveEntry {
        since: since.or(from)?,
        conditions: conditions.into(),
        cap,
        note_zh: row.cell(Column::PositiveNoteZh).into(),
        note_en: row.cell(Column::PositiveNoteEn).into(),
    }))
}

fn cap(row: &Row<'_>, findings: &mut Vec<Finding>) -> Option<QuantityCap> {
    let text = row.cell(Column::Cap);
    let unit = row.cell(Column::CapUnit);
    if text.is_empty() {
        return None;
    }
    if !is_unit(unit) {
        findings.push(row.fault(Column::CapUnit, "the unit code of the cap"));
        return None;
    }
    let amount = if text.starts_with(|first: char| first.is_ascii_digit()) {
        match amount(text) {
            Some(number) => CapAmount::Fixed(number),
            None => {
                findings.push(row.fault(Column::Cap, "a positive number or a rule id"));
                return None;
            }
        }
    } else {
        CapAmount::Rule(text.into())
    };
    Some(QuantityCap { amount, unit: unit.into() })
}

/// Writes lines in the normal form.
pub(super) fn write(lines: &[TariffLine]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().map(|(_, header)| *header))?;
    for line in lines {
        writer.write_record(cells(line))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// The cells of a line, in the order of [`COLUMNS`].
pub(super) fn cells(line: &TariffLine) -> [String; COLUMNS.len()] {
    let text = |decimal: &Decimal| decimal.normalize().to_string();
    let mut cells: [String; COLUMNS.len()] = Default::default();
    let mut put = |column: Column, value: String| cells[column as usize] = value;
    put(Column::HsCode, line.hs_code.to_string());
    put(Column::NameZh, line.name_zh.to_string());
    put(Column::NameEn, line.name_en.to_string());
    put(Column::Unit1, line.unit1.to_string());
    put(Column::Unit2, line.unit2.as_deref().unwrap_or_default().to_owned());
    put(Column::Duty, line.duty.as_ref().map(text).unwrap_or_default());
    put(Column::Vat, line.vat.word().to_owned());
    match &line.consumption_tax {
        None => {}
        Some(ConsumptionTax::Class(class)) => put(Column::CtClass, class.to_string()),
        Some(ConsumptionTax::Rates(rates)) => {
            put(Column::CtAdValorem, text(&rates.ad_valorem));
            if let Some(unit) = rates.unit {
                put(Column::CtPerUnit, text(&rates.per_unit));
                put(Column::CtUnit, unit.word().to_owned());
            }
        }
    }
    put(Column::From, line.from.to_string());
    put(Column::To, line.to.map(|to| to.to_string()).unwrap_or_default());
    put(Column::Sure, line.sure.word().to_owned());
    put(Column::Note, line.note.to_string());
    match &line.positive {
        Positive::NotListed => put(Column::Positive, "no".to_owned()),
        Positive::Unknown => put(Column::Positive, "unknown".to_owned()),
        Positive::Listed(entry) => {
            put(Column::Positive, "yes".to_owned());
            put(Column::PositiveSince, entry.since.to_string());
            let words: Vec<&str> = entry.conditions.iter().map(|found| found.word()).collect();
            put(Column::Conditions, words.join(" "));
            put(Column::PositiveNoteZh, entry.note_zh.to_string());
            put(Column::PositiveNoteEn, entry.note_en.to_string());
            if let Some(cap) = &entry.cap {
                let amount = match &cap.amount {
                    CapAmount::Rule(id) => id.to_string(),
                    CapAmount::Fixed(number) => text(number),
                };
                put(Column::Cap, amount);
                put(Column::CapUnit, cap.unit.to_string());
            }
        }
    }
    cells
}
