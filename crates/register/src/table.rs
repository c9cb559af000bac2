//! Reads a CSV file whose header is known, strictly, with every fault at its line.

use kernel::{Finding, Text};

use crate::source::Source;

/// One row below the header.
pub(crate) struct Row {
    /// Line of the file, counted from 1.
    pub(crate) line: u32,
    record: csv::StringRecord,
}

impl Row {
    /// The trimmed cell of a column, counted from 0.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default().trim()
    }
}

/// The rows of a file. Rows with too few or too many cells are left out and reported; a wrong
/// header leaves out the whole file.
pub(crate) fn rows(source: &Source<'_>, header: &[&str], findings: &mut Vec<Finding>) -> Vec<Row> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(source.text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut headed = false;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                findings.push(fault(source.name, 0, "row", &error.to_string(), "a CSV row"));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        if !headed {
            headed = true;
            if !record.iter().map(str::trim).eq(header.iter().copied()) {
                let found = record.iter().collect::<Vec<_>>().join(",");
                findings.push(fault(source.name, line, "header", &found, &header.join(",")));
                return Vec::new();
            }
        } else if record.len() == header.len() {
            rows.push(Row { line, record });
        } else {
            let found = format!("{} cells", record.len());
            let expected = format!("{} cells", header.len());
            findings.push(fault(source.name, line, "row", &found, &expected));
        }
    }
    rows
}

/// A finding at one cell of a file.
pub(crate) fn fault(file: &str, line: u32, column: &str, found: &str, expected: &str) -> Finding {
    Finding::error(
        "register.cell",
        Text::new(
            format!("文件 {file} 第 {line} 行 {column} 列的值不正确"),
            format!("line {line} of {file} has a wrong value in column {column}"),
        ),
        Text::new("请按期望的写法更正该单元格", "correct the cell to the expected form"),
    )
    .at(format!("{file}/{column}"))
    .on_line(line)
    .found(found, expected)
}
