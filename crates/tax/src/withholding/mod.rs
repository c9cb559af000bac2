//! What withholding agents (代收代缴义务人, regulations B2) have taken from buyers for the treasury:
//! withheld with the release, paid over with the bill, given back with a return. The role in which
//! a firm withholds is kept for each case, because the law has named different ones.

pub mod routes;

use std::collections::BTreeMap;

use db::{DbError, Tx};
use kernel::{Date, Fen, Text};

use crate::charge::movement_store as movements;
use crate::charge::{Act, Role, chart, day_number};
use crate::table::{Cell, Column, Kind, Table};

/// An agent in a role, and what it has withheld and not yet paid over or given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The agent's code.
    pub agent: String,
    /// In which role.
    pub role: Role,
    /// What it holds for the treasury.
    pub withheld: Fen,
}

/// What an agent withheld over a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The agent's code.
    pub agent: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// What it held before the first day, role by role.
    pub opening: BTreeMap<Role, Fen>,
    /// What moved, in order.
    pub lines: Vec<Line>,
    /// What it held after the last day, role by role.
    pub closing: BTreeMap<Role, Fen>,
}

/// The movements of one kind, day, firm, guarantor and role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The day, Beijing.
    pub on: Date,
    /// In which role it withheld.
    pub role: Role,
    /// What moved: released (withheld), voided (given back), paid (paid over), refunded.
    pub act: Act,
    /// Whose goods.
    pub firm: String,
    /// Who guarantees.
    pub guarantor: String,
    /// The bill; empty when none.
    pub about: String,
    /// How many inventories.
    pub inventories: i64,
    /// The amount.
    pub amount: Fen,
    /// What it held in that role afterwards.
    pub after: Fen,
}

/// Agents and what they hold, after a pair of code and role; those of one code when it is given.
///
/// # Errors
/// When the database fails.
pub fn positions(
    tx: &mut Tx,
    agent: Option<&str>,
    after: Option<(&str, Role)>,
    limit: i64,
) -> Result<Vec<Position>, DbError> {
    let after = after.map_or(("", 0), |(agent, role)| (agent, role.code()));
    let agents = movements::agents(tx, agent, after, limit)?;
    let keys: Vec<_> =
        agents.iter().map(|(agent, role)| chart::of_agent(tx, agent, *role)).collect();
    let balances = ledger::balances(tx, &keys)?;
    let position = |((agent, role), balance): ((String, Role), ledger::Balance)| Position {
        agent,
        role,
        withheld: Fen(-balance.net_debits()),
    };
    Ok(agents.into_iter().zip(balances).map(position).collect())
}

/// Draws up what an agent withheld over a period.
///
/// # Errors
/// When the database fails.
pub fn statement(tx: &mut Tx, agent: &str, from: Date, to: Date) -> Result<Statement, DbError> {
    let mut opening: BTreeMap<Role, Fen> = BTreeMap::new();
    for (role, act, amount) in movements::agent_before(tx, agent, day_number(from))? {
        opening.entry(role).or_default().0 += act.withheld(amount).0;
    }
    let mut closing = opening.clone();
    let mut lines = Vec::new();
    for row in movements::agent_within(tx, agent, day_number(from), day_number(to))? {
        let Some(role) = row.agent_role else { continue };
        let held = closing.entry(role).or_default();
        held.0 += row.act.withheld(row.amount).0;
        lines.push(Line {
            on: row.on,
            role,
            act: row.act,
            firm: row.firm,
            guarantor: row.guarantor,
            about: row.about,
            inventories: row.inventories,
            amount: row.amount,
            after: *held,
        });
    }
    Ok(Statement { agent: agent.to_owned(), from, to, opening, lines, closing })
}

impl Statement {
    /// Whether opening and movements come to closing, in every role.
    pub fn foots(&self) -> bool {
        let mut sums = self.opening.clone();
        for line in &self.lines {
            sums.entry(line.role).or_default().0 += line.act.withheld(line.amount).0;
        }
        sums == self.closing
    }

    /// What the movements of a kind come to.
    pub fn total(&self, act: Act) -> Fen {
        self.lines.iter().filter(|line| line.act == act).map(|line| line.amount).sum()
    }

    /// Every movement, between rows for opening and the total closing.
    pub fn table(&self) -> Table {
        let columns = vec![
            Column::new("on", "日期", "Day", Kind::Day),
            Column::new("role", "身份", "Role", Kind::Text),
            Column::new("act", "业务", "Movement", Kind::Text),
            Column::new("firm", "电商企业", "Firm", Kind::Text),
            Column::new("guarantor", "担保企业", "Guarantor", Kind::Text),
            Column::new("about", "税单", "Bill", Kind::Text),
            Column::new("inventories", "清单数", "Inventories", Kind::Count),
            Column::new("amount", "金额（元）", "Amount (CNY)", Kind::Money),
            Column::new("withheld", "代收余额（元）", "Withheld, balance (CNY)", Kind::Money),
        ];
        let edge = |on, role: Cell, words: &str, sum: Fen| {
            let mut row = vec![Cell::Day(on), role, words.into()];
            row.extend(std::iter::repeat_n(Cell::Empty, 5));
            row.push(sum.into());
            row
        };
        let opening = self.opening.iter();
        let mut rows: Vec<Vec<Cell>> = opening
            .map(|(role, sum)| edge(self.from, role.name().into(), "期初 Opening", *sum))
            .collect();
        rows.extend(self.lines.iter().map(|line| {
            vec![
                Cell::Day(line.on),
                line.role.name().into(),
                Cell::Text(format!("{} {}", line.act.zh(), line.act.en())),
                line.firm.as_str().into(),
                line.guarantor.as_str().into(),
                line.about.as_str().into(),
                Cell::Count(line.inventories),
                line.amount.into(),
                line.after.into(),
            ]
        }));
        let whole = self.closing.values().copied().sum();
        Table {
            name: "withholding",
            title: Text::new("代收代缴税款对账单", "Statement of tax withheld"),
            about: vec![
                (Text::new("代收代缴义务人", "Withholding agent"), self.agent.clone()),
                (Text::new("期间", "Period"), format!("{} – {}", self.from, self.to)),
            ],
            columns,
            rows,
            totals: edge(self.to, Cell::Empty, "期末 Closing", whole),
        }
    }
}
