//! Declarations made by form, recorded by their numbers.

use db::{DbError, OnConflict, Row, Rows, Tx, Value, params, values};
use kernel::{Date, Decimal};

use crate::export::reference::{DeclarationId, Line, Recorded};

const COLUMNS: &str = "id, number, mode, ebc_code, agent_code, declared_on, amount, currency, \
                       content, lines";

fn of_row(row: &Row) -> Result<Recorded, DbError> {
    let id: DeclarationId = row.id(0)?;
    let damaged = || DbError::Damaged(format!("clearance_declaration {}", id.to_i64()));
    let text = |column: usize| row.text(column).map(str::to_owned);
    let lines: Vec<Line> = serde_json::from_str(row.text(9)?).map_err(|_| damaged())?;
    let day = format!("{:08}", row.i64(5)?);
    Ok(Recorded {
        id,
        number: text(1)?,
        mode: text(2)?,
        ebc_code: text(3)?,
        agent_code: text(4)?,
        declared_on: kernel::time::parse_compact_date(&day).ok_or_else(damaged)?,
        amount: row.text(6)?.parse::<Decimal>().map_err(|_| damaged())?,
        currency: text(7)?,
        content: row.bytes(8)?.try_into().map_err(|_| damaged())?,
        lines,
    })
}

fn compact(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// The declaration of a number.
pub(crate) fn by_number(tx: &mut Tx, number: &str) -> Result<Option<Recorded>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM clearance_declaration WHERE number = $1");
    tx.query_opt(&sql, params![number])?.map(|row| of_row(&row)).transpose()
}

/// One declaration by our id.
pub(crate) fn by_id(tx: &mut Tx, id: DeclarationId) -> Result<Option<Recorded>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM clearance_declaration WHERE id = $1");
    tx.query_opt(&sql, params![id])?.map(|row| of_row(&row)).transpose()
}

/// Records a declaration.
pub(crate) fn insert(tx: &mut Tx, one: &Recorded) -> Result<(), DbError> {
    let lines = serde_json::to_string(&one.lines)
        .map_err(|e| DbError::Other(format!("lines as JSON: {e}")))?;
    let mut rows = Rows::new();
    rows.push(values![
        one.id,
        &one.number,
        &one.mode,
        &one.ebc_code,
        &one.agent_code,
        compact(one.declared_on),
        one.amount.to_string(),
        &one.currency,
        &one.content,
        lines,
    ]);
    let columns: Vec<&str> = COLUMNS.split(", ").collect();
    tx.insert_many("clearance_declaration", &columns, &rows, OnConflict::Fail).map(drop)
}

/// What a list of declarations is narrowed by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Seller or declarant: any of these codes; `None` for those who see all.
    pub(crate) tenant: Option<Vec<String>>,
    /// Its number.
    pub(crate) number: Option<String>,
    /// Trade mode.
    pub(crate) mode: Option<String>,
    /// Older than this one.
    pub(crate) after: Option<DeclarationId>,
}

/// Declarations, newest first.
pub(crate) fn list(tx: &mut Tx, filter: &Filter, max: i64) -> Result<Vec<Recorded>, DbError> {
    let mut clauses = vec!["1 = 1".to_owned()];
    let mut params: Vec<Value<'_>> = Vec::new();
    let mut place = |value: Value<'static>| {
        params.push(value);
        format!("${}", params.len())
    };
    for (column, value) in [("number", &filter.number), ("mode", &filter.mode)] {
        if let Some(value) = value {
            clauses.push(format!("{column} = {}", place(value.clone().into())));
        }
    }
    if let Some(codes) = &filter.tenant {
        let places: Vec<String> = codes.iter().map(|code| place(code.clone().into())).collect();
        let places = if places.is_empty() { "''".to_owned() } else { places.join(", ") };
        clauses.push(format!("(ebc_code IN ({places}) OR agent_code IN ({places}))"));
    }
    if let Some(after) = filter.after {
        clauses.push(format!("id < {}", place(after.into())));
    }
    let limit = place(max.into());
    let sql = format!(
        "SELECT {COLUMNS} FROM clearance_declaration WHERE {} ORDER BY id DESC LIMIT {limit}",
        clauses.join(" AND ")
    );
    tx.query(&sql, &params)?.iter().map(of_row).collect()
}
