//! Checks of drafts against the law of the day. Pure.

use kernel::{Date, Finding};
use register::rules::{Law, NoRule};

use super::types::*;
use crate::{Quantity, fault};

const NUMBER_CHARS_MAX: usize = 30;
const NAME_CHARS_MAX: usize = 250;
const REFERENCE_CHARS_MAX: usize = 64;

/// What is wrong with a book to register.
pub(crate) fn book(draft: &BookDraft, law: &Law<'_>) -> Result<Vec<Finding>, NoRule> {
    let mut findings = Vec::new();
    fault::code("number", &draft.number, NUMBER_CHARS_MAX, "", &mut findings);
    fault::digits("zone", &draft.zone, &[4], &mut findings);
    let modes = law.list("import.bonded_modes")?.value;
    if !modes.iter().any(|mode| **mode == *draft.trade_mode) {
        let unknown = fault::error(
            "bonded.mode.unknown",
            ("不是保税监管方式", "this is no bonded mode"),
            ("填写保税监管方式", "give a bonded mode"),
        );
        findings.push(unknown.at("trade_mode").found(&draft.trade_mode, modes.join(" | ")));
    }
    Ok(findings)
}

/// What is wrong with records to file, but for what is filed already.
pub(crate) fn records(drafts: &[RecordDraft]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (n, draft) in drafts.iter().enumerate() {
        let path = |field: &str| format!("records[{n}].{field}");
        let item = draft.item_record_no.trim();
        fault::code(&path("item_record_no"), item, NUMBER_CHARS_MAX, "-_./", &mut findings);
        if !seen.insert(item) {
            let repeated = fault::error(
                "bonded.record.repeated",
                ("料号重复", "the record is given twice"),
                ("每个料号只填一次", "give each record once"),
            );
            findings.push(repeated.at(path("item_record_no")).found(item, "once"));
        }
        fault::digits(&path("hs_code"), &draft.hs_code, &[8, 10], &mut findings);
        fault::text(&path("name"), &draft.name, NAME_CHARS_MAX, &mut findings);
        fault::digits(&path("unit"), &draft.unit, &[3], &mut findings);
        if let Some(opening) = &draft.opening {
            findings.extend(crate::quantity::read(&path("opening"), opening, false).err());
        }
    }
    if drafts.is_empty() {
        findings.push(no_lines("records"));
    }
    findings
}

/// The unit of a record never changes: its stock is counted in it.
pub(crate) fn other_unit(path: String, found: &str, filed: &str) -> Finding {
    fault::error(
        "bonded.unit",
        ("计量单位与账册备案不一致", "the unit is not that of the record in the book"),
        ("按备案的计量单位填写；确需改变的另备料号", "use the unit of the record, or file another"),
    )
    .at(path)
    .found(found, filed)
}

/// The record is not in the book.
pub(crate) fn unknown_record(path: String, item: &str) -> Finding {
    fault::error(
        "bonded.record.unknown",
        ("账册没有该料号", "the book has no such record"),
        ("核对料号，或先在账册备案", "check the record, or file it in the book first"),
    )
    .at(path)
    .found(item, "a record of the book")
}

/// Nothing was given.
pub(crate) fn no_lines(path: &str) -> Finding {
    fault::error(
        "bonded.no_lines",
        ("没有商品行", "there are no lines"),
        ("至少填写一行", "give at least one line"),
    )
    .at(path)
}

/// More than one paper may have.
pub(crate) fn too_many_lines(found: usize, max: usize) -> Finding {
    fault::error(
        "bonded.too_many_lines",
        ("商品行过多", "there are too many lines"),
        ("分成几份办理", "split it"),
    )
    .at("lines")
    .found(found.to_string(), format!("<= {max}"))
}

/// What is wrong with an entry, but for its lines. `bound`: the law binds exit to entry.
pub(crate) fn entry(draft: &EntryDraft, book: &Book, bound: bool, today: Date) -> Vec<Finding> {
    let mut findings = Vec::new();
    let max = REFERENCE_CHARS_MAX;
    fault::code("checklist_no", &draft.checklist_no, max, "-", &mut findings);
    fault::code("declaration_no", &draft.declaration_no, max, "-", &mut findings);
    if !draft.bill_no.trim().is_empty() {
        fault::text("bill_no", &draft.bill_no, REFERENCE_CHARS_MAX, &mut findings);
    }
    fault::past("entered_on", draft.entered_on, today, &mut findings);
    if bound && *draft.trade_mode != *book.trade_mode {
        let other = fault::error(
            "bonded.mode",
            (
                "入区监管方式与账册不一致，将来不能出区",
                "the mode is not that of the book: the goods could not leave",
            ),
            ("用相应监管方式的账册入区", "enter them in a book of that mode"),
        );
        findings.push(other.at("trade_mode").found(&draft.trade_mode, &*book.trade_mode));
    }
    findings
}

/// The record has less than is asked.
pub(crate) fn short(line: &Line, asked: Quantity, free: Quantity) -> Finding {
    let item = &line.record.item_no;
    Finding::error(
        "bonded.short",
        kernel::Text::new(
            format!("料号 {item} 可用库存不足：需要 {asked}，可用 {free}"),
            format!("record {item} is short: {asked} asked, {free} free"),
        ),
        kernel::Text::new(
            "核对数量；占用中的清单退单或撤销后库存会恢复",
            "check the quantity; what is held comes free when inventories are given back",
        ),
    )
    .at(format!("lines[{}].quantity", line.number.saturating_sub(1)))
    .found(asked.to_string(), format!("<= {free}"))
}
