//! Reads the warehouse file: CSV in UTF-8, first row the names of the columns, `item_record_no`
//! and `quantity` needed, `unit` and `location` as wished, in either language and any order. A
//! record in several places is added up.

use std::collections::BTreeMap;

use kernel::Finding;

use crate::{Quantity, fault, quantity};

/// Bytes at most: some hundred thousand rows.
pub(super) const BYTES_MAX: usize = 8 * 1024 * 1024;

/// What the warehouse says of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) quantity: Quantity,
    /// Unit of the first row that gives one.
    pub(super) unit: Option<String>,
    /// Line of the file, from 1.
    pub(super) line: u32,
}

const COLUMNS: [(&str, &[&str]); 4] = [
    ("item_record_no", &["item_record_no", "料号", "备案料号"]),
    ("quantity", &["quantity", "数量", "实盘数量"]),
    ("unit", &["unit", "计量单位", "单位"]),
    ("location", &["location", "库位", "货位"]),
];

/// The records of the file, by number; every fault with its line.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, Counted>, Vec<Finding>> {
    if bytes.len() > BYTES_MAX {
        return Err(vec![too_large(bytes.len())]);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(vec![not_utf8()]) };
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let columns = columns(&header)?;
    let mut findings = Vec::new();
    let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                findings.push(broken(error.to_string()).on_line(short(line)));
                break;
            }
        };
        let line = short(row.position().map_or(1, csv::Position::line));
        let cell = |n: usize| columns[n].and_then(|at| row.get(at)).unwrap_or_default();
        if row.iter().all(str::is_empty) {
            continue;
        }
        let mut faults = Vec::new();
        let item = fault::code("item_record_no", cell(0), 30, "-_./", &mut faults);
        let quantity = quantity::read("quantity", cell(1), false);
        match quantity {
            Ok(quantity) if faults.is_empty() => add(&mut counted, item, quantity, cell(2), line),
            Ok(_) => {}
            Err(finding) => faults.push(finding),
        }
        findings.extend(faults.into_iter().map(|fault| fault.on_line(line)));
    }
    if findings.is_empty() { Ok(counted) } else { Err(findings) }
}

fn short(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

fn add(
    counted: &mut BTreeMap<String, Counted>,
    item: String,
    quantity: Quantity,
    unit: &str,
    line: u32,
) {
    let unit = (!unit.is_empty()).then(|| unit.to_owned());
    let one = counted.entry(item).or_insert(Counted { quantity: Quantity::ZERO, unit: None, line });
    one.quantity = one.quantity.plus(quantity);
    one.unit = one.unit.take().or(unit);
}

/// Where each column stands; a finding when one that is needed is missing or one is unknown.
fn columns(header: &csv::StringRecord) -> Result<[Option<usize>; 4], Vec<Finding>> {
    let mut columns = [None; 4];
    let mut findings = Vec::new();
    for (at, name) in header.iter().enumerate() {
        match COLUMNS.iter().position(|(_, names)| names.contains(&name)) {
            Some(n) if columns[n].is_none() => columns[n] = Some(at),
            _ => findings.push(column(name).on_line(1)),
        }
    }
    for (n, (name, _)) in COLUMNS.iter().enumerate().take(2) {
        if columns[n].is_none() {
            findings.push(column("").at(*name).on_line(1));
        }
    }
    if findings.is_empty() { Ok(columns) } else { Err(findings) }
}

fn column(found: &str) -> Finding {
    fault::error(
        "bonded.file.column",
        ("列名缺失、重复或不认识", "a column is missing, repeated or unknown"),
        ("首行列名：料号、数量，可选计量单位、库位", "name the columns in the first row"),
    )
    .found(found, "item_record_no, quantity, unit, location")
}

fn broken(error: String) -> Finding {
    fault::error(
        "bonded.file.broken",
        ("文件不是有效的 CSV", "the file is not valid CSV"),
        ("另存为 UTF-8 的 CSV 后重新上传", "save it as CSV in UTF-8 and send it again"),
    )
    .found(error, "CSV")
}

fn not_utf8() -> Finding {
    broken("not UTF-8".to_owned())
}

fn too_large(bytes: usize) -> Finding {
    fault::error(
        "bonded.file.too_large",
        ("文件过大", "the file is too large"),
        ("按账册分开盘点", "count book by book"),
    )
    .found(format!("{bytes} bytes"), format!("<= {BYTES_MAX} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_added_up_and_both_languages_are_read() {
        let zh = "\u{FEFF}料号,库位,数量\nA1,01,3\nA1,02,0.5\n\nB2,,0\n";
        let counted = read(zh.as_bytes()).unwrap();
        let shown: Vec<String> =
            counted.iter().map(|(item, one)| format!("{item} {}", one.quantity)).collect();
        assert_eq!(shown, ["A1 3.5", "B2 0"]);
        let en = read(b"item_record_no,quantity,unit\nA1,2,011\n").unwrap();
        assert_eq!(en["A1"].unit.as_deref(), Some("011"));
    }

    #[test]
    fn every_fault_has_its_line() {
        let faults = read("料号,数量\nA1,-1\n,2\nB2,x\n".as_bytes()).unwrap_err();
        let places: Vec<_> = faults.iter().map(|f| (f.code, f.line)).collect();
        let expected = [
            ("bonded.quantity", Some(2)),
            ("bonded.field.code", Some(3)),
            ("bonded.quantity", Some(4)),
        ];
        assert_eq!(places, expected);
        for (text, code) in [("料号\nA1\n", "bonded.file.column"), ("", "bonded.file.column")] {
            assert_eq!(read(text.as_bytes()).unwrap_err()[0].code, code);
        }
        assert_eq!(read(b"\xFF\xFE").unwrap_err()[0].code, "bonded.file.broken");
    }
}
