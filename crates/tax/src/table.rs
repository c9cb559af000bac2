//! A report as a plain table: columns with headings in both languages, rows, and a row of totals.
//! What turns it into CSV, a spreadsheet or a page needs to know nothing else.

use kernel::{Date, Fen, Text};

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, codes and numbers of things.
    Text,
    /// A day.
    Day,
    /// How many.
    Count,
    /// An amount in yuan, two decimals.
    Money,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Stable name, such as `amount`.
    pub key: &'static str,
    /// Heading.
    pub heading: Text,
    /// What stands in it.
    pub kind: Kind,
}

impl Column {
    pub(crate) fn new(key: &'static str, zh: &str, en: &str, kind: Kind) -> Column {
        Column { key, heading: Text::new(zh, en), kind }
    }
}

/// A cell; of its column's kind, or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A day.
    Day(Date),
    /// How many.
    Count(i64),
    /// An amount.
    Money(Fen),
}

impl Cell {
    /// As a text: days as 2026-11-23, amounts as 1234.50.
    pub fn to_text(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Day(day) => day.to_string(),
            Cell::Count(count) => count.to_string(),
            Cell::Money(amount) => amount.to_string(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
    }
}

impl From<Fen> for Cell {
    fn from(amount: Fen) -> Cell {
        Cell::Money(amount)
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Stable name, such as `movements`; a file or sheet may be called by it.
    pub name: &'static str,
    /// What it shows.
    pub title: Text,
    /// What it is about, line by line above the table: whose, which period.
    pub about: Vec<(Text, String)>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each as wide as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// The row of totals; empty when there is none.
    pub totals: Vec<Cell>,
}

impl Table {
    /// As CSV: one row of headings (both languages), the rows, the totals. UTF-8 with a byte order
    /// mark, by which spreadsheet programs know it.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::WriterBuilder::new().from_writer(vec![0xEF, 0xBB, 0xBF]);
        let headings = self.columns.iter().map(|column| {
            let Text { zh, en } = &column.heading;
            format!("{zh} {en}")
        });
        // Writing to memory cannot fail.
        let _ = writer.write_record(headings);
        for row in self.rows.iter().chain(Some(&self.totals).filter(|row| !row.is_empty())) {
            let _ = writer.write_record(row.iter().map(plain));
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}

/// A text that a spreadsheet program would take for a formula is kept a text.
fn plain(cell: &Cell) -> String {
    let text = cell.to_text();
    let formula = matches!(cell, Cell::Text(_)) && text.starts_with(['=', '+', '-', '@', '\t']);
    if formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_headings_rows_and_totals_and_no_formulas() {
        let table = Table {
            name: "test",
            title: Text::new("表", "table"),
            about: Vec::new(),
            columns: vec![
                Column::new("firm", "企业", "Firm", Kind::Text),
                Column::new("amount", "金额", "Amount", Kind::Money),
            ],
            rows: vec![
                vec!["=1+1, \"x\"".into(), Fen(-12_345).into()],
                vec![Cell::Empty, Fen(5).into()],
            ],
            totals: vec!["合计 Total".into(), Fen(-12_340).into()],
        };
        let csv = table.to_csv();
        assert_eq!(
            csv,
            "\u{feff}企业 Firm,金额 Amount\n\"'=1+1, \"\"x\"\"\",-123.45\n,0.05\n合计 Total,-123.40\n"
        );
    }
}
