//! The statement of a guarantor's account over a period, as an accountant checks it: opening, every
//! movement by day and firm, closing, and totals that foot.

use std::collections::BTreeMap;

use db::{DbError, Tx};
use kernel::{Date, Fen, Text};

use super::flow;
use super::types::Guarantor;
use crate::charge::movement_store as movements;
use crate::charge::{Act, Sums, day_number};
use crate::table::{Cell, Column, Kind, Table};

/// A statement. Amounts are fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose account.
    pub guarantor: Guarantor,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// How it stood before the first day.
    pub opening: Sums,
    /// What moved, in order.
    pub lines: Vec<Line>,
    /// The movements of each firm; the guarantor's own lodging under its own code.
    pub by_firm: Vec<(String, Total)>,
    /// The movements of each day.
    pub by_day: Vec<(Date, Total)>,
    /// The movements of each kind: inventories and amount.
    pub by_act: Vec<(Act, i64, Fen)>,
    /// How it stood after the last day.
    pub closing: Sums,
}

/// The movements of one kind, day and firm, of one instrument or bill where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The day, Beijing.
    pub on: Date,
    /// Whose goods; empty for the guarantor's own lodging.
    pub firm: String,
    /// What moved.
    pub act: Act,
    /// The instrument or bill, as an id in text form; empty when neither.
    pub about: String,
    /// How many inventories.
    pub inventories: i64,
    /// The amount.
    pub amount: Fen,
    /// How the account stood after it.
    pub after: Sums,
}

/// What a group of movements comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// What it did to the account.
    pub change: Sums,
    /// What was paid.
    pub paid: Fen,
    /// What was refunded after payment.
    pub refunded: Fen,
}

impl Total {
    fn add(&mut self, act: Act, amount: Fen) {
        self.change = self.change.plus(act.effect(amount));
        match act {
            Act::Pay => self.paid.0 += amount.0,
            Act::Refund => self.refunded.0 += amount.0,
            _ => {}
        }
    }
}

/// Draws up the statement of a guarantor.
///
/// # Errors
/// [`DbError::Damaged`] when it does not foot, or does not end where the ledger stands; when the
/// database fails.
pub fn statement(
    tx: &mut Tx,
    guarantor: Guarantor,
    from: Date,
    to: Date,
) -> Result<Statement, DbError> {
    let mut opening = Sums::default();
    for (act, amount) in movements::before(tx, guarantor.id, day_number(from))? {
        opening = opening.plus(act.effect(amount));
    }
    let mut after = opening;
    let mut lines = Vec::new();
    let (mut by_firm, mut by_day, mut by_act) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for row in movements::within(tx, guarantor.id, day_number(from), day_number(to))? {
        let movements::Moved { on, firm, act, about, inventories, amount, .. } = row;
        after = after.plus(act.effect(amount));
        let whose = if firm.is_empty() { guarantor.code.to_string() } else { firm.clone() };
        by_firm.entry(whose).or_insert_with(Total::default).add(act, amount);
        by_day.entry(on).or_insert_with(Total::default).add(act, amount);
        let kind: &mut (i64, Fen) = by_act.entry(act).or_default();
        *kind = (kind.0 + inventories, Fen(kind.1.0 + amount.0));
        lines.push(Line { on, firm, act, about, inventories, amount, after });
    }
    let drawn = Statement {
        from,
        to,
        opening,
        lines,
        by_firm: by_firm.into_iter().collect(),
        by_day: by_day.into_iter().collect(),
        by_act: by_act.into_iter().map(|(act, (count, amount))| (act, count, amount)).collect(),
        closing: after,
        guarantor,
    };
    // To its last movement the account must stand where the ledger does.
    let ends = movements::last_day(tx, drawn.guarantor.id)?.is_none_or(|last| last <= to);
    let id = drawn.guarantor.id;
    let stands = flow::sums_of(tx, &[id])?.remove(&id).unwrap_or_default();
    if !drawn.foots() || ends && drawn.closing != stands {
        return Err(DbError::Damaged(format!("the statement of {id} does not foot")));
    }
    Ok(drawn)
}

impl Statement {
    /// Whether opening and movements come to closing, by line, by firm and by day.
    pub fn foots(&self) -> bool {
        let from = |changes: &mut dyn Iterator<Item = Sums>| changes.fold(self.opening, Sums::plus);
        let by_line = from(&mut self.lines.iter().map(|line| line.act.effect(line.amount)));
        let by_firm = from(&mut self.by_firm.iter().map(|(_, total)| total.change));
        let by_day = from(&mut self.by_day.iter().map(|(_, total)| total.change));
        let by_act = from(&mut self.by_act.iter().map(|(act, _, amount)| act.effect(*amount)));
        [by_line, by_firm, by_day, by_act].iter().all(|closing| *closing == self.closing)
    }

    /// The statement as tables: movements, firms, days.
    pub fn tables(&self) -> Vec<Table> {
        vec![self.movements(), self.firms(), self.days()]
    }

    /// Every movement, between a row for opening and one for closing.
    pub fn movements(&self) -> Table {
        let columns = [
            Column::new("on", "日期", "Day", Kind::Day),
            Column::new("act", "业务", "Movement", Kind::Text),
            Column::new("firm", "电商企业", "Firm", Kind::Text),
            Column::new("about", "担保或税单", "Instrument or bill", Kind::Text),
            Column::new("inventories", "清单数", "Inventories", Kind::Count),
            Column::new("amount", "金额（元）", "Amount (CNY)", Kind::Money),
        ];
        let edge = |on, zh: &str, en: &str, sums: &Sums| {
            let words = format!("{zh} {en}");
            let mut row = vec![Cell::Day(on), Cell::Text(words)];
            row.extend([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty]);
            row.extend(sum_cells(sums));
            row
        };
        let mut rows = vec![edge(self.from, "期初", "Opening", &self.opening)];
        for line in &self.lines {
            let words = format!("{} {}", line.act.zh(), line.act.en());
            let mut row = vec![
                Cell::Day(line.on),
                Cell::Text(words),
                line.firm.as_str().into(),
                line.about.as_str().into(),
                Cell::Count(line.inventories),
                line.amount.into(),
            ];
            row.extend(sum_cells(&line.after));
            rows.push(row);
        }
        let totals = edge(self.to, "期末", "Closing", &self.closing);
        let columns = columns.into_iter().chain(sum_columns("余额", "balance")).collect();
        let title = Text::new("税款担保对账单", "Statement of the tax guarantee");
        Table { name: "movements", title, about: self.about(), columns, rows, totals }
    }

    /// What each firm's goods moved.
    pub fn firms(&self) -> Table {
        let first = Column::new("firm", "电商企业", "Firm", Kind::Text);
        let rows = self.by_firm.iter().map(|(firm, total)| (firm.as_str().into(), *total));
        let title = Text::new("按企业汇总", "By firm");
        self.totalled("firms", title, first, rows)
    }

    /// What each day moved.
    pub fn days(&self) -> Table {
        let first = Column::new("on", "日期", "Day", Kind::Day);
        let rows = self.by_day.iter().map(|(on, total)| (Cell::Day(*on), *total));
        self.totalled("days", Text::new("按日汇总", "By day"), first, rows)
    }

    fn totalled(
        &self,
        name: &'static str,
        title: Text,
        first: Column,
        groups: impl Iterator<Item = (Cell, Total)>,
    ) -> Table {
        let cells = |first: Cell, total: &Total| {
            let mut row = vec![first];
            row.extend(sum_cells(&total.change));
            row.extend([total.paid.into(), total.refunded.into()]);
            row
        };
        let mut whole = Total::default();
        let mut rows = Vec::new();
        for (first, total) in groups {
            whole.change = whole.change.plus(total.change);
            whole.paid.0 += total.paid.0;
            whole.refunded.0 += total.refunded.0;
            rows.push(cells(first, &total));
        }
        // A total stands under words, so not in a column of days.
        let words = if first.kind == Kind::Text { "合计 Total".into() } else { Cell::Empty };
        let totals = cells(words, &whole);
        let mut columns = vec![first];
        columns.extend(sum_columns("变动", "change"));
        columns.push(Column::new("paid", "缴税（元）", "Paid (CNY)", Kind::Money));
        columns.push(Column::new("refunded", "退税（元）", "Refunded (CNY)", Kind::Money));
        Table { name, title, about: self.about(), columns, rows, totals }
    }

    fn about(&self) -> Vec<(Text, String)> {
        vec![
            (Text::new("担保企业", "Guarantor"), self.guarantor.code.to_string()),
            (Text::new("期间", "Period"), format!("{} – {}", self.from, self.to)),
        ]
    }
}

fn sum_cells(sums: &Sums) -> [Cell; 5] {
    [sums.granted, sums.held, sums.due, sums.billed, sums.available()].map(Cell::Money)
}

fn sum_columns(zh: &str, en: &str) -> [Column; 5] {
    let column = |key, name_zh: &str, name_en: &str| {
        let (zh, en) = (format!("{name_zh}{zh}（元）"), format!("{name_en}, {en} (CNY)"));
        Column { key, heading: Text::new(zh, en), kind: Kind::Money }
    };
    [
        column("granted", "担保", "Granted"),
        column("held", "申报占用", "Held"),
        column("due", "应税未出单", "Due"),
        column("billed", "税单未缴", "Billed"),
        column("available", "可用额度", "Available"),
    ]
}
