//! A bill's inventories as a table, which sums to the bill.

use db::{DbError, Tx};
use kernel::Text;

use super::flow::Failure;
use super::types::*;
use crate::charge::Parts;
use crate::charge::store as charges;
use crate::guarantee::flow::wrong;
use crate::table::{Cell, Column, Kind, Table};

/// Most inventories of one table; larger bills are read page by page.
pub const ROWS_MAX: i64 = 100_000;
const PAGE: i64 = 1_000;

/// The inventories of a bill with their taxes, customs' numbers, and totals that are the bill's.
///
/// # Errors
/// When the bill has more than [`ROWS_MAX`] inventories; [`DbError::Damaged`] when they do not sum
/// to it; when the database fails.
pub fn listing(tx: &mut Tx, bill: &Bill, guarantor: &str) -> Result<Table, Failure> {
    if bill.inventories > ROWS_MAX {
        let expected = format!("<= {ROWS_MAX}");
        let finding = wrong("inventories", &bill.inventories.to_string(), &expected);
        return Err(Failure::Findings(vec![finding]));
    }
    let mut rows = Vec::new();
    let mut sum = Parts::ZERO;
    let mut after = None;
    loop {
        let page = charges::of_bill(tx, bill.id, after, PAGE)?;
        after = page.last().map(|shown| shown.key);
        if page.is_empty() {
            break;
        }
        for shown in page {
            sum = sum.plus(shown.tax);
            rows.push(row(shown));
        }
    }
    if sum != bill.tax {
        let fault = format!("bill {} is not the sum of its inventories", bill.id);
        return Err(DbError::Damaged(fault).into());
    }
    let mut totals = vec!["合计 Total".into(), Cell::Empty, Cell::Empty, Cell::Empty];
    totals.extend(taxes(&sum));
    totals.extend([bill.refunded.into(), Cell::Empty, Cell::Empty]);
    let about = vec![
        (Text::new("税单", "Bill"), bill.id.to_string()),
        (Text::new("担保企业", "Guarantor"), guarantor.to_owned()),
        (Text::new("周期", "Period"), format!("{} – {}", bill.from_on, bill.to_on)),
        (Text::new("状态", "State"), bill.state.name().to_owned()),
        (Text::new("最迟缴纳日", "Pay by"), bill.pay_by().to_string()),
    ];
    let title = Text::new("汇总税单清单明细", "Inventories of a period bill");
    Ok(Table { name: "bill", title, about, columns: columns(), rows, totals })
}

fn row(shown: charges::Shown) -> Vec<Cell> {
    let text = |text: Option<String>| text.map_or(Cell::Empty, Cell::Text);
    let mut row = vec![
        text(shown.invt_no),
        shown.firm.as_str().into(),
        shown.state.name().into(),
        shown.released_on.map_or(Cell::Empty, Cell::Day),
    ];
    row.extend(taxes(&shown.tax));
    row.extend([shown.refunded.into(), text(shown.tax_no), text(shown.notice)]);
    row
}

fn taxes(tax: &Parts) -> [Cell; 4] {
    [tax.duty, tax.vat, tax.consumption_tax, tax.total()].map(Cell::Money)
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("invt_no", "清单编号", "Inventory", Kind::Text),
        Column::new("firm", "电商企业", "Firm", Kind::Text),
        Column::new("state", "状态", "State", Kind::Text),
        Column::new("released_on", "放行日", "Released", Kind::Day),
        Column::new("duty", "关税（元）", "Duty (CNY)", Kind::Money),
        Column::new("vat", "增值税（元）", "VAT (CNY)", Kind::Money),
        Column::new("consumption_tax", "消费税（元）", "Consumption tax (CNY)", Kind::Money),
        Column::new("total", "合计（元）", "Total (CNY)", Kind::Money),
        Column::new("refunded", "缴后退税（元）", "Refunded (CNY)", Kind::Money),
        Column::new("tax_no", "电子税单编号", "E-tax bill", Kind::Text),
        Column::new("notice", "缴款书编号", "Payment notice", Kind::Text),
    ]
}
