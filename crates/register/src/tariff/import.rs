//! Loads a full tariff from a CSV or XLSX table with Chinese or English headers, and writes it in
//! the normal form into an override directory.
//!
//! What the table does not say is kept from the tariff it is laid over: an official table knows
//! duty and units but not, say, our class of consumption tax.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use calamine::{Reader, Xlsx};
use kernel::{Date, Decimal, Finding, Text};

use super::columns::{self, COLUMNS, Column, Row};
use super::{Tariff, TariffLine};
use crate::codes::{Codes, List};
use crate::rules::{Rules, Sure, Value};
use crate::source;
use crate::table;

/// What an import needs to know beside the table.
pub struct ImportOptions<'a> {
    /// First day of rows that do not say.
    pub from: Date,
    /// How sure to mark rows that do not say.
    pub sure: Sure,
    /// The tariff the table is laid over.
    pub base: &'a Tariff,
    /// For unit names.
    pub codes: &'a Codes,
    /// For VAT rates, which become classes.
    pub rules: &'a Rules,
}

/// A table read: the good rows, and what is wrong with the others.
#[derive(Debug)]
pub struct Imported {
    /// The good rows.
    pub lines: Vec<TariffLine>,
    /// Every finding; warnings do not stop a row.
    pub findings: Vec<Finding>,
}

/// Reads a `.csv` or `.xlsx` file.
pub fn import_file(path: &Path, options: &ImportOptions<'_>) -> Imported {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return failed(source::unreadable(path, &error)),
    };
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv" | "CSV") => from_csv(&name, &bytes, options),
        Some("xlsx" | "XLSX") => from_xlsx(&name, &bytes, options),
        _ => failed(table::fault(&name, 0, "file", &name, "a .csv or .xlsx file")),
    }
}

/// Reads a CSV table in UTF-8.
pub fn from_csv(name: &str, bytes: &[u8], options: &ImportOptions<'_>) -> Imported {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut grid = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let line = u32::try_from(line).unwrap_or(u32::MAX);
                grid.push((line, record.iter().map(|cell| cell.trim().to_owned()).collect()));
            }
            Err(error) => {
                let expected = "CSV in UTF-8";
                return failed(table::fault(name, 0, "file", &error.to_string(), expected));
            }
        }
    }
    from_grid(name, &grid, options)
}

/// Reads the first sheet of an XLSX workbook.
pub fn from_xlsx(name: &str, bytes: &[u8], options: &ImportOptions<'_>) -> Imported {
    let sheet = Xlsx::new(Cursor::new(bytes)).and_then(|mut book| {
        let first = book.sheet_names().first().cloned().unwrap_or_default();
        book.worksheet_range(&first)
    });
    let sheet = match sheet {
        Ok(sheet) => sheet,
        Err(error) => {
            let expected = "an XLSX workbook";
            return failed(table::fault(name, 0, "file", &error.to_string(), expected));
        }
    };
    let top = sheet.start().map_or(0, |(row, _)| row);
    let grid: Vec<(u32, Vec<String>)> = (top + 1..)
        .zip(sheet.rows())
        .map(|(line, cells)| {
            (line, cells.iter().map(|cell| cell.to_string().trim().to_owned()).collect())
        })
        .collect();
    from_grid(name, &grid, options)
}

/// Writes imported lines in the normal form to `dir/imported.csv`, where [`Tariff::load`] finds
/// them. An earlier import is replaced only once the new one is written in full.
///
/// # Errors
/// A finding when the directory or file cannot be written.
pub fn save_imported(dir: &Path, lines: &[TariffLine]) -> Result<PathBuf, Vec<Finding>> {
    let unwritable = |path: &Path, error: &dyn std::fmt::Display| {
        let finding = Finding::error(
            "tariff.unwritable",
            Text::new("无法写入税则文件", "the tariff file cannot be written"),
            Text::new("请检查目录权限和磁盘空间", "check permissions and disk space"),
        )
        .at(path.display().to_string())
        .found(error.to_string(), "a writable directory");
        vec![finding]
    };
    let path = dir.join("imported.csv");
    let part = dir.join("imported.csv.part");
    let bytes = columns::write(lines).map_err(|error| unwritable(&path, &error))?;
    fs::create_dir_all(dir).map_err(|error| unwritable(dir, &error))?;
    fs::write(&part, bytes).map_err(|error| unwritable(&part, &error))?;
    fs::rename(&part, &path).map_err(|error| unwritable(&path, &error))?;
    Ok(path)
}

fn failed(finding: Finding) -> Imported {
    Imported { lines: Vec::new(), findings: vec![finding] }
}

type Grid = [(u32, Vec<String>)];

fn from_grid(name: &str, grid: &Grid, options: &ImportOptions<'_>) -> Imported {
    let mut findings = Vec::new();
    let Some((header_at, mapping)) = find_header(grid) else {
        let found = grid.first().map(|(_, cells)| cells.join(",")).unwrap_or_default();
        let expected = "headers 商品编码/hs_code and 商品名称/name_zh within the first 10 rows";
        return failed(table::fault(name, 1, "header", &found, expected));
    };
    warn_unmapped(name, &grid[header_at], &mapping, &mut findings);
    let body = &grid[header_at + 1..];
    let percent = is_percent(body, &mapping, Column::Duty);
    let mut tariff = Tariff::default();
    let mut lines = Vec::new();
    for (line, cells) in body {
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let filled = fill(name, *line, cells, &mapping, percent, options, &mut findings);
        let mut texts = [""; COLUMNS.len()];
        for (text, cell) in texts.iter_mut().zip(&filled) {
            *text = cell;
        }
        let row = Row { file: name, line: *line, cells: texts };
        if let Some(parsed) = columns::parse(&row, &mut findings) {
            if tariff.insert(parsed.clone()) {
                lines.push(parsed);
            } else {
                findings.push(row.fault(Column::HsCode, columns::OVERLAP));
            }
        }
    }
    Imported { lines, findings }
}

const HEADER_ROWS_MAX: usize = 10;

/// Column of the grid for each column of the normal form.
type Mapping = [Option<usize>; COLUMNS.len()];

fn find_header(grid: &Grid) -> Option<(usize, Mapping)> {
    grid.iter().take(HEADER_ROWS_MAX).enumerate().find_map(|(at, (_, cells))| {
        let mut mapping: Mapping = [None; COLUMNS.len()];
        for (index, cell) in cells.iter().enumerate() {
            if let Some(column) = column_of(cell) {
                mapping[column as usize].get_or_insert(index);
            }
        }
        let named = |column: Column| mapping[column as usize].is_some();
        (named(Column::HsCode) && named(Column::NameZh)).then_some((at, mapping))
    })
}

/// The column a header names, in the normal form or as tables in the field call it.
fn column_of(header: &str) -> Option<Column> {
    let plain: String = header
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '（' | '）' | '%' | '％'))
        .collect();
    let lower = plain.to_ascii_lowercase();
    if let Some((column, _)) = COLUMNS.iter().find(|(_, name)| *name == lower) {
        return Some(*column);
    }
    match lower.as_str() {
        "商品编码" | "商品编号" | "税则号列" | "税号" | "hs编码" | "hscode" => {
            Some(Column::HsCode)
        }
        "商品名称" | "货品名称" | "商品名称及备注" | "品名" | "name" => {
            Some(Column::NameZh)
        }
        "英文名称" | "商品英文名称" | "englishname" => Some(Column::NameEn),
        "法定第一单位" | "第一法定单位" | "第一单位" | "法定单位" | "计量单位" | "firstunit" => {
            Some(Column::Unit1)
        }
        "法定第二单位" | "第二法定单位" | "第二单位" | "secondunit" => {
            Some(Column::Unit2)
        }
        "最惠国税率" | "进口最惠国税率" | "最惠国" | "进口关税" | "关税税率" | "mfn" => {
            Some(Column::Duty)
        }
        "增值税率" | "增值税税率" | "增值税" => Some(Column::Vat),
        "消费税类别" => Some(Column::CtClass),
        "消费税率" | "消费税税率" | "从价消费税率" => Some(Column::CtAdValorem),
        "从量消费税" | "从量消费税额" => Some(Column::CtPerUnit),
        "从量消费税单位" => Some(Column::CtUnit),
        "正面清单" | "是否正面清单" => Some(Column::Positive),
        "正面清单备注" => Some(Column::PositiveNoteZh),
        "年度限量" => Some(Column::Cap),
        "限量单位" => Some(Column::CapUnit),
        "生效日期" | "开始日期" => Some(Column::From),
        "失效日期" | "结束日期" => Some(Column::To),
        "备注" => Some(Column::Note),
        _ => None,
    }
}

fn warn_unmapped(
    name: &str,
    (line, cells): &(u32, Vec<String>),
    mapping: &Mapping,
    findings: &mut Vec<Finding>,
) {
    for (index, cell) in cells.iter().enumerate() {
        if !cell.is_empty() && !mapping.contains(&Some(index)) {
            findings.push(
                Finding::warning(
                    "tariff.column_ignored",
                    Text::new(
                        format!("列“{cell}”无法识别，已忽略"),
                        format!("column “{cell}” is not known and is ignored"),
                    ),
                    Text::new(
                        "如需导入该列，请改用已知的列名",
                        "use a known header if the column is to be read",
                    ),
                )
                .at(format!("{name}/{cell}"))
                .on_line(*line)
                .found(cell.clone(), "a known header"),
            );
        }
    }
}

/// Whether a column of rates is in percent: any plain number above 1 says so.
fn is_percent(body: &Grid, mapping: &Mapping, column: Column) -> bool {
    let Some(index) = mapping[column as usize] else { return false };
    let cells = body.iter().filter_map(|(_, cells)| cells.get(index));
    cells.filter_map(|cell| cell.parse::<Decimal>().ok()).any(|number| number > Decimal::ONE)
}

/// The cells of a row in the normal form: from the table, else from the base, else by default.
fn fill(
    name: &str,
    line: u32,
    cells: &[String],
    mapping: &Mapping,
    percent: bool,
    options: &ImportOptions<'_>,
    findings: &mut Vec<Finding>,
) -> [String; COLUMNS.len()] {
    let given = |column: Column| {
        mapping[column as usize].map(|at| cells.get(at).map_or("", String::as_str))
    };
    let hs_code = plain_code(name, line, given(Column::HsCode).unwrap_or_default(), findings);
    let base = options.base.periods(&hs_code).last();
    let mut filled = base.map_or_else(Default::default, columns::cells);
    let mut put = |column: Column, value: String| filled[column as usize] = value;
    if base.is_none() {
        put(Column::Vat, "standard".to_owned());
        put(Column::Positive, "unknown".to_owned());
    }
    put(Column::From, options.from.to_string());
    put(Column::To, String::new());
    put(Column::Sure, options.sure.word().to_owned());
    put(Column::Note, String::new());
    for (column, header) in COLUMNS {
        let Some(text) = given(column) else { continue };
        let text = match column {
            Column::HsCode => hs_code.clone(),
            Column::Unit1 | Column::Unit2 => unit(text, options.codes),
            Column::Duty => match rate(text, percent) {
                Some(duty) => duty,
                None => {
                    findings.push(compound(name, line, header, text));
                    String::new()
                }
            },
            Column::CtAdValorem => rate(text, true).unwrap_or_else(|| text.to_owned()),
            Column::Vat => vat_class(text, options.rules).unwrap_or_else(|| text.to_owned()),
            Column::Positive => yes_or_no(text),
            Column::From | Column::Sure if text.is_empty() => continue,
            _ => text.to_owned(),
        };
        put(column, text);
    }
    if !filled[Column::CtAdValorem as usize].is_empty() {
        filled[Column::CtClass as usize] = base.map_or_else(String::new, |line| {
            columns::cells(line)[Column::CtClass as usize].clone()
        });
        if !filled[Column::CtClass as usize].is_empty() {
            filled[Column::CtAdValorem as usize].clear();
        }
    }
    filled
}

/// The ten digits of a code: without dots and blanks, and with the leading zero a spreadsheet
/// drops from a number.
fn plain_code(name: &str, line: u32, text: &str, findings: &mut Vec<Finding>) -> String {
    let digits: String = text.chars().filter(|c| !matches!(c, '.' | ' ' | '-')).collect();
    if digits.len() != 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits;
    }
    let padded = format!("0{digits}");
    findings.push(
        Finding::warning(
            "tariff.leading_zero",
            Text::new(
                "编码少一位，已按表格丢失首位 0 处理",
                "the code lacks a digit; a leading zero lost by the spreadsheet is assumed",
            ),
            Text::new("请将该列设为文本格式", "format the column as text"),
        )
        .at(format!("{name}/hs_code"))
        .on_line(line)
        .found(text, padded.clone()),
    );
    padded
}

fn compound(name: &str, line: u32, header: &str, text: &str) -> Finding {
    Finding::warning(
        "tariff.duty_not_ad_valorem",
        Text::new(
            "关税不是从价税率，系统不会计算该商品的全额关税",
            "the duty is not a plain rate, so full duty of this line is not computed",
        ),
        Text::new("请人工核算该商品的关税", "work out the duty of this line by hand"),
    )
    .at(format!("{name}/{header}"))
    .on_line(line)
    .found(text, "a rate such as 13, 13% or 0.13")
}

/// A rate as a fraction. Empty stays empty; `None` when it is no plain rate.
fn rate(text: &str, percent: bool) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let (number, percent) = match text.strip_suffix(['%', '％']) {
        Some(number) => (number.trim(), true),
        None => (text, percent),
    };
    let number: Decimal = number.parse().ok()?;
    let number = if percent { number / Decimal::ONE_HUNDRED } else { number };
    Some(number.normalize().to_string())
}

/// The class whose rate, at any time, was this; a class word stays.
fn vat_class(text: &str, rules: &Rules) -> Option<String> {
    if super::VatClass::parse(text).is_some() {
        return Some(text.to_owned());
    }
    let above_one = text.parse::<Decimal>().is_ok_and(|number| number >= Decimal::ONE);
    let rate: Decimal = rate(text, above_one)?.parse().ok()?;
    let classes = [super::VatClass::Standard, super::VatClass::Low, super::VatClass::Zero];
    let class = classes.into_iter().find(|class| {
        rules.rule(class.rule_id()).is_some_and(|rule| {
            rule.periods.iter().any(|period| period.value == Value::Decimal(rate))
        })
    })?;
    Some(class.word().to_owned())
}

/// The code of a unit given by code or Chinese name.
fn unit(text: &str, codes: &Codes) -> String {
    if text.is_empty() || text == "无" || codes.entry(List::Unit, text).is_some() {
        return if text == "无" { String::new() } else { text.to_owned() };
    }
    let units = codes.table(List::Unit);
    let named = units.and_then(|units| units.all().into_iter().find(|unit| &*unit.zh == text));
    named.map_or_else(|| text.to_owned(), |unit| unit.code.to_string())
}

fn yes_or_no(text: &str) -> String {
    match text {
        "是" | "Y" | "y" | "1" => "yes".to_owned(),
        "否" | "N" | "n" | "0" => "no".to_owned(),
        "" => "unknown".to_owned(),
        _ => text.to_owned(),
    }
}
