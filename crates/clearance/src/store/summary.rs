//! Export inventories to be summarised, and the declarations customs made of them.

use std::collections::HashSet;

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, Value, params, values};
use kernel::Time;

use super::inventory::{self, Declared};
use crate::document::DocumentId;
use crate::receipt::SummaryResult;

/// An inventory that closed and is to be summarised.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    pub(crate) inventory_id: DocumentId,
    pub(crate) invt_no: String,
    pub(crate) agent_code: String,
    pub(crate) ebc_code: String,
    pub(crate) closed_at: Time,
}

/// Notes inventories that closed; what is noted already stays.
pub(crate) fn close(tx: &mut Tx, closed: &[Closed]) -> Result<(), DbError> {
    let rows: Rows<'_> = closed
        .iter()
        .map(|one| {
            values![one.inventory_id, &one.invt_no, &one.agent_code, &one.ebc_code, one.closed_at]
        })
        .collect();
    let columns = ["inventory_id", "invt_no", "agent_code", "ebc_code", "closed_at"];
    tx.insert_many("clearance_summary", &columns, &rows, OnConflict::Ignore).map(drop)
}

/// A summary application goes: it has these inventories, as far as no other has.
pub(crate) fn apply<'a>(
    tx: &mut Tx,
    application: DocumentId,
    invt_nos: impl Iterator<Item = &'a str>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    invt_nos.for_each(|number| keys.push(values![number]));
    let sql = "UPDATE clearance_summary SET application_id = $1
               WHERE application_id IS NULL AND result_no IS NULL
               AND invt_no IN (SELECT k.a FROM keys k)";
    tx.update_many_with(sql, &keys, params![application]).map(drop)
}

/// A summary application of a span of time goes: it has what the seller closed then.
pub(crate) fn apply_span(
    tx: &mut Tx,
    application: DocumentId,
    (agent_code, ebc_code): (&str, &str),
    from: Time,
    until: Time,
) -> Result<(), DbError> {
    let sql = "UPDATE clearance_summary SET application_id = $1
               WHERE application_id IS NULL AND result_no IS NULL AND agent_code = $2
               AND ebc_code = $3 AND closed_at >= $4 AND closed_at <= $5";
    tx.execute(sql, params![application, agent_code, ebc_code, from, until]).map(drop)
}

/// Summary applications came to nothing: what they had is open again.
pub(crate) fn release(tx: &mut Tx, applications: &[DocumentId]) -> Result<(), DbError> {
    for application in applications {
        let sql = "UPDATE clearance_summary SET application_id = NULL
                   WHERE application_id = $1 AND result_no IS NULL";
        tx.execute(sql, params![*application])?;
    }
    Ok(())
}

/// The summary applications that have these inventories.
pub(crate) fn applications_of<'a>(
    tx: &mut Tx,
    invt_nos: impl Iterator<Item = &'a str>,
) -> Result<Vec<(String, DocumentId)>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    invt_nos.for_each(|number| keys.push(values![number]));
    let sql = "SELECT k.n, s.invt_no, s.application_id FROM keys k
               JOIN clearance_summary s ON s.invt_no = k.a WHERE s.application_id IS NOT NULL";
    let rows = tx.query_keys(sql, &keys)?;
    rows.iter().map(|row| Ok((row.text(1)?.to_owned(), row.id(2)?))).collect()
}

/// Notes what customs made of inventories; gives those that had no declaration before.
pub(crate) fn conclude(
    tx: &mut Tx,
    result: &SummaryResult,
    now: Time,
) -> Result<Vec<Declared>, DbError> {
    let sql = "INSERT INTO clearance_summary_result (result_no, application_no, entry_no,
                   entry_state, customs_code, agent_code, ebc_code, at, inventories, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               ON CONFLICT (result_no) DO UPDATE SET entry_no = excluded.entry_no,
                   entry_state = excluded.entry_state, at = excluded.at,
                   inventories = excluded.inventories, updated_at = excluded.updated_at
               WHERE clearance_summary_result.at IS NULL
               OR clearance_summary_result.at <= excluded.at";
    let SummaryResult { result_no, application_no, entry_no, entry_state, .. } = result;
    let count = result.invt_nos.len() as i64;
    let (customs, agent, ebc) = (&result.customs_code, &result.agent_code, &result.ebc_code);
    let at = result.at.unwrap_or(now);
    tx.execute(
        sql,
        params![
            result_no,
            application_no,
            entry_no,
            entry_state,
            customs,
            agent,
            ebc,
            at,
            count,
            now
        ],
    )?;
    let numbers = || result.invt_nos.iter().map(String::as_str);
    let all = inventory::by_numbers(tx, inventory::By::Inventory, numbers())?;
    let ours = |one: &Declared| one.facts.export.is_some() && one.facts.ebc_code == *ebc;
    let all: Vec<Declared> = all.into_iter().filter(ours).collect();
    let mut keys = Keys::new(&[Type::Int]);
    all.iter().for_each(|one| keys.push(values![one.id]));
    let sql = "SELECT k.n, s.inventory_id FROM keys k
               JOIN clearance_summary s ON s.inventory_id = k.a WHERE s.result_no IS NOT NULL";
    let rows = tx.query_keys(sql, &keys)?;
    let before: HashSet<DocumentId> =
        rows.iter().map(|row| row.id(1)).collect::<Result<_, DbError>>()?;
    // Customs may tell of the summary before it tells that an inventory closed.
    let closed: Vec<Closed> = all
        .iter()
        .map(|one| Closed {
            inventory_id: one.id,
            invt_no: one.facts.invt_no.clone(),
            agent_code: one.facts.agent_code.clone(),
            ebc_code: one.facts.ebc_code.clone(),
            closed_at: one.position.at.unwrap_or(at),
        })
        .collect();
    close(tx, &closed)?;
    let sql = "UPDATE clearance_summary SET result_no = $1
               WHERE inventory_id IN (SELECT k.a FROM keys k)";
    tx.update_many_with(sql, &keys, params![result_no])?;
    Ok(all.into_iter().filter(|one| !before.contains(&one.id)).collect())
}

/// The declaration made of an inventory, if one was.
pub(crate) fn result_of(tx: &mut Tx, inventory: DocumentId) -> Result<Option<String>, DbError> {
    let sql = "SELECT result_no FROM clearance_summary WHERE inventory_id = $1";
    let found = tx.query_opt(sql, params![inventory])?;
    let result = found.map(|row| row.opt_text(0).map(|text| text.map(str::to_owned)));
    Ok(result.transpose()?.flatten())
}

/// What a list of inventories to be summarised is narrowed by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Seller or declarant: any of these codes; `None` for those who see all.
    pub(crate) tenant: Option<Vec<String>>,
    /// Seller.
    pub(crate) ebc_code: Option<String>,
    /// Closed from this instant on.
    pub(crate) from: Option<Time>,
    /// Closed before this instant.
    pub(crate) before: Option<Time>,
    /// Whether those in an application count.
    pub(crate) applied: bool,
    /// After this place.
    pub(crate) after: Option<(Time, DocumentId)>,
}

/// One of them: since when it waits, and the application that has it.
pub(crate) struct Open {
    pub(crate) declared: Declared,
    pub(crate) closed_at: Time,
    pub(crate) application: Option<DocumentId>,
}

/// Inventories without a declaration, those waiting longest first.
pub(crate) fn open(tx: &mut Tx, filter: &Filter, max: i64) -> Result<Vec<Open>, DbError> {
    let mut clauses = vec!["s.result_no IS NULL".to_owned()];
    let mut params: Vec<Value<'_>> = Vec::new();
    let mut place = |value: Value<'static>| {
        params.push(value);
        format!("${}", params.len())
    };
    if !filter.applied {
        clauses.push("s.application_id IS NULL".to_owned());
    }
    if let Some(from) = filter.from {
        clauses.push(format!("s.closed_at >= {}", place(from.into())));
    }
    if let Some(before) = filter.before {
        clauses.push(format!("s.closed_at < {}", place(before.into())));
    }
    if let Some(code) = &filter.ebc_code {
        clauses.push(format!("s.ebc_code = {}", place(code.clone().into())));
    }
    if let Some(codes) = &filter.tenant {
        let places: Vec<String> = codes.iter().map(|code| place(code.clone().into())).collect();
        let places = if places.is_empty() { "''".to_owned() } else { places.join(", ") };
        clauses.push(format!("(s.ebc_code IN ({places}) OR s.agent_code IN ({places}))"));
    }
    if let Some((at, id)) = filter.after {
        let (at, id) = (place(at.into()), place(id.into()));
        clauses.push(format!(
            "(s.closed_at > {at} OR (s.closed_at = {at} AND s.inventory_id > {id}))"
        ));
    }
    let limit = place(max.into());
    let sql = format!(
        "SELECT s.closed_at, s.application_id, {} FROM clearance_summary s
         JOIN clearance_inventory i ON i.id = s.inventory_id {}
         WHERE {} ORDER BY s.closed_at, s.inventory_id LIMIT {limit}",
        inventory::COLUMNS,
        inventory::COURSE,
        clauses.join(" AND ")
    );
    tx.query(&sql, &params)?.iter().map(of_row).collect()
}

fn of_row(row: &Row) -> Result<Open, DbError> {
    Ok(Open {
        closed_at: row.time(0)?,
        application: row.opt_id(1)?,
        declared: inventory::of_row(row, 2)?,
    })
}

/// A declaration made of inventories, as shown.
pub(crate) struct Concluded {
    pub(crate) result: SummaryResult,
    pub(crate) inventories: i64,
}

/// The declarations made of inventories, newest number first.
pub(crate) fn results(
    tx: &mut Tx,
    tenant: Option<&[String]>,
    after: Option<&str>,
    max: i64,
) -> Result<Vec<Concluded>, DbError> {
    let mut params: Vec<Value<'_>> = vec![max.into()];
    let mut clause = String::new();
    if let Some(after) = after {
        params.push(after.into());
        clause.push_str("AND result_no < $2");
    }
    if let Some(codes) = tenant {
        let mut places = Vec::new();
        for code in codes {
            params.push(code.into());
            places.push(format!("${}", params.len()));
        }
        let places = if places.is_empty() { "''".to_owned() } else { places.join(", ") };
        clause.push_str(&format!(" AND (ebc_code IN ({places}) OR agent_code IN ({places}))"));
    }
    let sql = format!(
        "SELECT result_no, application_no, entry_no, entry_state, customs_code, agent_code,
                ebc_code, at, inventories
         FROM clearance_summary_result WHERE 1 = 1 {clause}
         ORDER BY result_no DESC LIMIT $1"
    );
    let text = |row: &Row, column: usize| row.text(column).map(str::to_owned);
    let read = |row: &Row| {
        Ok(Concluded {
            result: SummaryResult {
                result_no: text(row, 0)?,
                application_no: text(row, 1)?,
                entry_no: text(row, 2)?,
                entry_state: text(row, 3)?,
                customs_code: text(row, 4)?,
                agent_code: text(row, 5)?,
                ebc_code: text(row, 6)?,
                at: row.opt_time(7)?,
                invt_nos: Vec::new(),
            },
            inventories: row.i64(8)?,
        })
    };
    tx.query(&sql, &params)?.iter().map(read).collect()
}
