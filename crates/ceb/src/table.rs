//! Field tables for people: the definition of a message type as plain text, Markdown or HTML.

use std::fmt::Write;

use crate::schema::{Field, Format, MessageType, Preset, RecordDef};

/// How a field table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldTableFormat {
    /// Aligned columns for a terminal.
    Plain,
    /// Markdown tables.
    Markdown,
    /// One HTML page.
    Html,
}

/// The fields of a message type, record by record.
pub fn field_table(kind: &MessageType, format: FieldTableFormat) -> String {
    let records = records(kind);
    match format {
        FieldTableFormat::Plain => plain(kind, &records),
        FieldTableFormat::Markdown => markdown(kind, &records),
        FieldTableFormat::Html => html(kind, &records),
    }
}

const COLUMNS: [&str; 6] = ["element", "名称", "name", "format", "R", "rule"];

/// A record and how often it occurs in its parent.
fn records(kind: &MessageType) -> Vec<(&'static RecordDef, String)> {
    let times = |min: u32, max: u32| match (min, max) {
        (1, 1) => String::new(),
        (min, u32::MAX) => format!(" {{{min}..n}}"),
        (min, max) => format!(" {{{min}..{max}}}"),
    };
    let document = &kind.document;
    let mut out = vec![(document.head, times(1, document.max))];
    if let Some(lines) = &document.lines {
        out.push((lines.record, times(lines.min, lines.max)));
    }
    out.extend(kind.transfer().map(|transfer| (transfer, String::new())));
    out
}

fn row(field: &Field) -> [String; 6] {
    let mut rule = String::new();
    if let Some(Preset::Fixed(value)) = field.preset {
        rule.push_str(&format!("= {value}  "));
    }
    if let Some(list) = field.list.filter(|list| list.builtin().is_none()) {
        rule.push_str(&format!("[{}]  ", list.title().0));
    }
    rule.push_str(field.note_zh);
    if !field.note_zh.is_empty() {
        rule.push_str(" / ");
    }
    rule.push_str(field.note_en);
    [
        field.name.into(),
        field.zh.into(),
        field.en.into(),
        notation(field.format),
        if field.required { "Y".into() } else { String::new() },
        rule.trim_end().into(),
    ]
}

/// `C36`, `C1..60`, `N19,5`, `N9`, `int`.
fn notation(format: Format) -> String {
    match format {
        Format::Text { max: u32::MAX, .. } => "C..".into(),
        Format::Text { min, max, .. } if min == max => format!("C{max}"),
        Format::Text { min: 0, max, .. } => format!("C..{max}"),
        Format::Text { min, max, .. } => format!("C{min}..{max}"),
        Format::Decimal { total, fraction } => format!("N{total},{fraction}"),
        Format::Int { digits: 0 } => "int".into(),
        Format::Int { digits } => format!("N{digits}"),
    }
}

fn title(kind: &MessageType) -> String {
    format!("{} {} / {}", kind.code, kind.zh, kind.en)
}

fn plain(kind: &MessageType, records: &[(&RecordDef, String)]) -> String {
    let mut out = format!("{}\n{} / {}\n", title(kind), kind.sender_zh, kind.sender_en);
    for (record, times) in records {
        out.push_str(&format!("\n{}{times}  {} / {}\n", record.element, record.zh, record.en));
        let rows: Vec<[String; 6]> = record.fields.iter().map(row).collect();
        let mut widths = COLUMNS.map(width);
        for row in &rows {
            for (most, cell) in widths.iter_mut().zip(row) {
                *most = (*most).max(width(cell));
            }
        }
        line(&mut out, &COLUMNS.map(str::to_owned), &widths);
        rows.iter().for_each(|row| line(&mut out, row, &widths));
    }
    out
}

fn line(out: &mut String, row: &[String; 6], widths: &[usize; 6]) {
    let mut text = String::from("  ");
    for (cell, most) in row.iter().zip(widths) {
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', most - width(cell).min(*most) + 2));
    }
    out.push_str(text.trim_end());
    out.push('\n');
}

/// Columns of a terminal: two for what is not Latin.
fn width(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) >= 0x2e80 { 2 } else { 1 }).sum()
}

fn markdown(kind: &MessageType, records: &[(&RecordDef, String)]) -> String {
    let mut out = format!("# {}\n\n{} / {}\n", title(kind), kind.sender_zh, kind.sender_en);
    for (record, times) in records {
        let (element, zh, en) = (record.element, record.zh, record.en);
        out.push_str(&format!("\n## {element}{times} {zh} / {en}\n\n"));
        out.push_str(&format!("| {} |\n|{}\n", COLUMNS.join(" | "), "---|".repeat(6)));
        for field in record.fields {
            let cells = row(field).map(|cell| cell.replace('|', "\\|"));
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    out
}

fn html(kind: &MessageType, records: &[(&RecordDef, String)]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{0}</title>\n\
         <style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem}}\
         table{{border-collapse:collapse}}td,th{{border:1px solid #ccc;padding:.2rem .5rem;\
         text-align:left;vertical-align:top}}td:first-child{{font-family:monospace}}</style>\
         </head><body>\n<h1>{0}</h1>\n<p>{1} / {2}</p>\n",
        escaped(&title(kind)),
        escaped(kind.sender_zh),
        escaped(kind.sender_en)
    );
    for (record, times) in records {
        let (element, zh, en) = (record.element, escaped(record.zh), escaped(record.en));
        let _ = write!(out, "<h2 id=\"{element}\">{element}{times} {zh} / {en}</h2>\n<table><tr>");
        COLUMNS.iter().for_each(|column| out.push_str(&format!("<th>{column}</th>")));
        out.push_str("</tr>\n");
        for field in record.fields {
            out.push_str("<tr>");
            row(field).iter().for_each(|cell| out.push_str(&format!("<td>{}</td>", escaped(cell))));
            out.push_str("</tr>\n");
        }
        out.push_str("</table>\n");
    }
    out.push_str("</body></html>\n");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    crate::write::escape_text(&mut out, text);
    out
}
