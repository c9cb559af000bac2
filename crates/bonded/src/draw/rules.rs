//! What may be drawn and what may come back. Pure.

use std::collections::{HashMap, HashSet};

use kernel::{Finding, Text};

use super::types::*;
use crate::Quantity;
use crate::accounts::{Counted, LINE_MAX};
use crate::quantity::checked;

/// What the books say about one batch.
#[derive(Default)]
pub(super) struct Shelves<'a> {
    pub(super) books: HashMap<&'a str, Shelf>,
    pub(super) records: HashMap<(&'a str, &'a str), (Counted, Box<str>)>,
}

/// What a draw comes to.
pub(super) enum Verdict {
    /// It stands as asked already.
    Stands,
    /// These lines are to be held.
    Hold(Vec<Line>),
}

/// Judges a draw but for the stock itself.
pub(super) fn judge(
    draw: &Draw<'_>,
    known: Option<&Drawn>,
    shelves: &Shelves<'_>,
) -> Result<Verdict, Vec<Finding>> {
    let Some(shelf) = shelves.books.get(draw.book) else {
        return Err(vec![unknown_book(draw.book)]);
    };
    let mut findings = book_findings(draw, shelf);
    let mut lines = Vec::with_capacity(draw.lines.len());
    let mut seen = HashSet::with_capacity(draw.lines.len());
    for line in &draw.lines {
        if line.gnum == 0 || line.gnum > LINE_MAX || !seen.insert(line.gnum) {
            findings.push(bad_number(line.gnum));
        }
        match read(draw, line, shelves) {
            Ok(line) => lines.push(line),
            Err(more) => findings.extend(more),
        }
    }
    if draw.lines.is_empty() {
        findings.push(no_lines());
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    lines.sort_unstable_by_key(|line| line.gnum);
    match known {
        Some(known) if matches!(known.state, State::Held | State::Released) => {
            if same(&known.lines, &lines) {
                Ok(Verdict::Stands)
            } else if known.state == State::Released {
                Err(vec![released()])
            } else {
                Ok(Verdict::Hold(lines))
            }
        }
        _ => Ok(Verdict::Hold(lines)),
    }
}

fn same(known: &[Line], asked: &[Line]) -> bool {
    let bare = |line: &Line| (line.gnum, line.of, line.quantity);
    known.len() == asked.len() && known.iter().map(bare).eq(asked.iter().map(bare))
}

fn book_findings(draw: &Draw<'_>, shelf: &Shelf) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !shelf.open {
        findings.push(closed_book(draw.book));
    }
    if draw.holder != &*shelf.holder_code && draw.holder != &*shelf.area_code {
        findings.push(other_holder(draw.holder, &shelf.area_code));
    }
    if shelf.mode_bound && draw.trade_mode != &*shelf.trade_mode {
        findings.push(other_mode(draw.trade_mode, &shelf.trade_mode));
    }
    findings
}

fn read(draw: &Draw<'_>, line: &DrawLine<'_>, shelves: &Shelves<'_>) -> Result<Line, Vec<Finding>> {
    let path = |field: &str| format!("InventoryList[{}]/{field}", line.gnum);
    let quantity = checked(&path("qty"), line.quantity);
    let Some((of, unit)) = shelves.records.get(&(draw.book, line.item_record_no)) else {
        let mut findings = vec![unknown_record(draw.book, line).at(path("itemRecordNo"))];
        findings.extend(quantity.err());
        return Err(findings);
    };
    let mut findings: Vec<Finding> = quantity.as_ref().err().cloned().into_iter().collect();
    if line.unit != &**unit {
        findings.push(other_unit(line, unit).at(path("unit")));
    }
    match quantity {
        Ok(quantity) if findings.is_empty() => Ok(Line {
            gnum: line.gnum,
            of: *of,
            item_no: line.item_record_no.into(),
            quantity,
            returned: Quantity::ZERO,
        }),
        _ => Err(findings),
    }
}

/// How much of each record the lines ask for, in order of their first line.
pub(super) fn wanted(lines: &[Line]) -> Vec<(&Line, Quantity)> {
    let mut wanted: Vec<(&Line, Quantity)> = Vec::with_capacity(lines.len());
    for line in lines {
        match wanted.iter_mut().find(|(first, _)| first.of == line.of) {
            Some((_, sum)) => *sum = sum.plus(line.quantity),
            None => wanted.push((line, line.quantity)),
        }
    }
    wanted
}

/// Takes the lines from what is free, after giving back those that they replace. Every record
/// that is short is a finding, and then nothing is taken.
pub(super) fn take(
    free: &mut HashMap<Counted, Quantity>,
    lines: &[Line],
    replaced: &[Line],
) -> Result<(), Vec<Finding>> {
    let of = |free: &HashMap<Counted, Quantity>, record: Counted| {
        free.get(&record).copied().unwrap_or_default()
    };
    for line in replaced {
        let before = of(free, line.of);
        free.insert(line.of, before.plus(line.quantity));
    }
    let wanted = wanted(lines);
    let short: Vec<Finding> = wanted
        .iter()
        .filter(|(line, asked)| *asked > of(free, line.of))
        .map(|(line, asked)| short(line, *asked, of(free, line.of)))
        .collect();
    if short.is_empty() {
        for (line, asked) in wanted {
            let before = of(free, line.of);
            free.insert(line.of, before.minus(asked));
        }
        return Ok(());
    }
    for line in replaced {
        let before = of(free, line.of);
        free.insert(line.of, before.minus(line.quantity));
    }
    Err(short)
}

/// Judges a return; gives the lines that come back, or nothing when it happened before.
pub(super) fn judge_return(
    asked: &Return<'_>,
    known: Option<&Returned>,
    drawn: Option<&Drawn>,
) -> Result<Option<Vec<(u32, Quantity)>>, Vec<Finding>> {
    let Some(drawn) = drawn else { return Err(vec![never_drawn()]) };
    let mut findings = Vec::new();
    let mut lines: Vec<(u32, Quantity)> = Vec::with_capacity(asked.lines.len());
    for line in &asked.lines {
        let path = |field: &str| format!("InvtRefundList[{}]/{field}", line.gnum);
        let quantity = checked(&path("qty"), line.quantity).map_err(|f| findings.push(f)).ok();
        let of = drawn.lines.iter().find(|drawn| drawn.gnum == line.gnum);
        let Some(of) = of.filter(|of| &*of.item_no == line.item_record_no) else {
            findings.push(unknown_line(line).at(path("itemRecordNo")));
            continue;
        };
        let Some(quantity) = quantity else { continue };
        if lines.iter().any(|(gnum, _)| *gnum == line.gnum) {
            findings.push(bad_number(line.gnum).at(path("gnum")));
        } else if known.is_none() && quantity > of.left() {
            findings.push(too_much(quantity, of.left()).at(path("qty")));
        }
        lines.push((line.gnum, quantity));
    }
    lines.sort_unstable();
    match known {
        Some(known) if known.draw == drawn.id && known.lines == lines => return Ok(None),
        Some(_) => findings.push(key_taken()),
        None if drawn.state != State::Released => findings.insert(0, not_released()),
        None if asked.lines.is_empty() => findings.push(no_lines()),
        None => {}
    }
    if findings.is_empty() { Ok(Some(lines)) } else { Err(findings) }
}

/// What is asked is more than what is free.
pub(super) fn short(line: &Line, asked: Quantity, free: Quantity) -> Finding {
    let item = &line.item_no;
    Finding::error(
        "bonded.short",
        Text::new(
            format!("账册料号 {item} 可用库存不足：申报 {asked}，可用 {free}"),
            format!("record {item} of the book is short: {asked} asked, {free} free"),
        ),
        Text::new(
            "核对料号与数量；货已入区的先补核注入账，占用中的清单退单或撤销后库存会恢复",
            "check record and quantity; credit goods that have entered, or wait for held \
             inventories to be given back",
        ),
    )
    .at(format!("InventoryList[{}]/qty", line.gnum))
    .found(asked.to_string(), format!("<= {free}"))
}

fn error(code: &'static str, message: (&str, &str), remedy: (&str, &str)) -> Finding {
    let text = |(zh, en): (&str, &str)| Text::new(zh, en);
    Finding::error(code, text(message), text(remedy))
}

fn unknown_book(number: &str) -> Finding {
    error(
        "bonded.book.unknown",
        ("没有这本账册", "there is no such account book"),
        ("核对账册编号；新账册先在平台登记", "check the number; a new book is registered first"),
    )
    .at("InventoryHead/emsNo")
    .found(number, "the number of a registered account book")
}

fn closed_book(number: &str) -> Finding {
    error(
        "bonded.book.closed",
        ("账册已核销结案", "the account book is closed"),
        ("使用在用的账册", "use a book that is open"),
    )
    .at("InventoryHead/emsNo")
    .found(number, "an open account book")
}

fn other_holder(found: &str, expected: &str) -> Finding {
    error(
        "bonded.book.other_holder",
        ("区内企业不是账册经营企业", "the zone enterprise is not the holder of the book"),
        (
            "填写账册经营企业代码，或改用本企业账册",
            "name the holder of the book, or use its own book",
        ),
    )
    .at("InventoryHead/areaCode")
    .found(found, expected)
}

fn other_mode(found: &str, expected: &str) -> Finding {
    error(
        "bonded.mode",
        ("出区清单监管方式与入区不一致", "the mode of the exit inventory is not that of the entry"),
        (
            "按入区时的监管方式申报；改变用途的按一般货物办理结转、进口或退运",
            "declare under the mode of the entry; goods for another use go by the ordinary \
             procedure",
        ),
    )
    .at("InventoryHead/tradeMode")
    .found(found, expected)
}

fn unknown_record(book: &str, line: &DrawLine<'_>) -> Finding {
    Finding::error(
        "bonded.record.unknown",
        Text::new(
            format!("账册 {book} 没有料号 {}", line.item_record_no),
            format!("book {book} has no record {}", line.item_record_no),
        ),
        Text::new("核对料号，或先在账册备案", "check the record, or file it in the book first"),
    )
    .found(line.item_record_no, "a record of the book")
}

fn other_unit(line: &DrawLine<'_>, unit: &str) -> Finding {
    error(
        "bonded.unit",
        ("申报计量单位与账册备案不一致", "the unit is not that of the record in the book"),
        ("按账册备案的计量单位申报", "declare in the unit of the record"),
    )
    .found(line.unit, unit)
}

fn bad_number(gnum: u32) -> Finding {
    error(
        "bonded.line_number",
        ("行号重复或超出范围", "the line number is repeated or out of range"),
        ("行号从 1 起，不重复", "number the lines from 1, each once"),
    )
    .found(gnum.to_string(), format!("1..={LINE_MAX}, once"))
}

fn no_lines() -> Finding {
    error(
        "bonded.no_lines",
        ("没有商品行", "there are no lines"),
        ("至少填写一行商品", "give at least one line"),
    )
}

fn released() -> Finding {
    error(
        "bonded.released",
        ("清单已放行并扣减账册，不能改变", "the inventory is released and has left the book"),
        ("需要更正的先撤销或退货，再重新申报", "cancel or return it, then declare anew"),
    )
}

fn never_drawn() -> Finding {
    error(
        "bonded.return.unknown",
        ("原清单没有扣减过账册", "the inventory never drew on a book"),
        ("核对原清单编号", "check the number of the original inventory"),
    )
}

fn not_released() -> Finding {
    error(
        "bonded.return.not_released",
        ("原清单未放行，库存没有出区", "the inventory is not released: nothing has left"),
        ("未放行的清单办理撤销，不办理退货", "cancel an inventory that is not released"),
    )
}

fn unknown_line(line: &ReturnLine<'_>) -> Finding {
    error(
        "bonded.return.line",
        ("原清单没有该行或料号不符", "the inventory has no such line with this record"),
        ("按原清单的行号和料号填写", "use line and record of the original inventory"),
    )
    .found(format!("{} {}", line.gnum, line.item_record_no), "a line of the inventory")
}

fn too_much(asked: Quantity, left: Quantity) -> Finding {
    error(
        "bonded.return.too_much",
        ("退货数量超过该行剩余可退数量", "more comes back than is left of the line"),
        ("核对此前已退的数量", "look at what came back before"),
    )
    .found(asked.to_string(), format!("<= {left}"))
}

pub(super) fn key_taken() -> Finding {
    error(
        "bonded.return.changed",
        ("该退货单此前以不同内容入账", "this return was booked with other content before"),
        ("内容不同的退货使用新的单号", "give a different return a number of its own"),
    )
}
