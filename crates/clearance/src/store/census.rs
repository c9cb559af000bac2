//! Counting everything there is.

use std::collections::BTreeMap;

use db::{DbError, Keys, Tx, Type, params, values};
use kernel::Fen;

use crate::document::{DocumentId, Kind};
use crate::lifecycle::State;

/// A number of rows for each value of a column.
fn counts<K: Ord>(
    tx: &mut Tx,
    sql: &str,
    key: impl Fn(&db::Row) -> Result<K, DbError>,
) -> Result<BTreeMap<K, u64>, DbError> {
    let mut counts = BTreeMap::new();
    for row in tx.query(sql, params![])? {
        *counts.entry(key(&row)?).or_default() += row.i64(1)?.unsigned_abs();
    }
    Ok(counts)
}

pub(crate) fn inventories_by_state(tx: &mut Tx) -> Result<BTreeMap<&'static str, u64>, DbError> {
    let sql = "SELECT state, COUNT(*) FROM clearance_inventory_course GROUP BY state";
    counts(tx, sql, |row| Ok(State::of_code(row.i64(0)?).word()))
}

pub(crate) fn inventories_by_mode(tx: &mut Tx) -> Result<BTreeMap<String, u64>, DbError> {
    let sql = "SELECT trade_mode, COUNT(*) FROM clearance_inventory GROUP BY trade_mode";
    counts(tx, sql, |row| Ok(row.text(0)?.to_owned()))
}

pub(crate) fn exports(tx: &mut Tx) -> Result<u64, DbError> {
    let row = tx.query_one("SELECT COUNT(*) FROM clearance_inventory WHERE export", &[])?;
    Ok(row.i64(0)?.unsigned_abs())
}

pub(crate) fn papers_by_kind(tx: &mut Tx) -> Result<BTreeMap<&'static str, u64>, DbError> {
    let sql = "SELECT kind, COUNT(*) FROM clearance_document GROUP BY kind";
    counts(tx, sql, |row| Ok(Kind::of_number(row.i64(0)?).map_or("unknown", Kind::word)))
}

pub(crate) fn open_findings(tx: &mut Tx) -> Result<BTreeMap<String, u64>, DbError> {
    let sql = "SELECT code, COUNT(*) FROM clearance_finding GROUP BY code";
    counts(tx, sql, |row| Ok(row.text(0)?.to_owned()))
}

pub(crate) fn refusals(tx: &mut Tx) -> Result<BTreeMap<String, u64>, DbError> {
    let sql = "SELECT code, CAST(SUM(count) AS BIGINT) FROM clearance_refusal GROUP BY code";
    counts(tx, sql, |row| Ok(row.text(0)?.to_owned()))
}

/// Duty, consumption tax and VAT of the inventories in these states.
pub(crate) fn tax_of(tx: &mut Tx, states: &[State]) -> Result<Fen, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    states.iter().for_each(|state| keys.push(values![state.code()]));
    let sql = "SELECT k.n, CAST(COALESCE(SUM(i.tax), 0) AS BIGINT)
               FROM keys k JOIN clearance_inventory_course i ON i.state = k.a GROUP BY k.n";
    tx.query_keys(sql, &keys)?.iter().map(|row| row.i64(1)).sum::<Result<i64, _>>().map(Fen)
}

pub(crate) fn receipts(tx: &mut Tx) -> Result<u64, DbError> {
    let row = tx.query_one(
        "SELECT CAST(COALESCE(SUM(receipts), 0) AS BIGINT) FROM clearance_letter",
        params![],
    )?;
    Ok(row.i64(0)?.unsigned_abs())
}

/// How many of these ids are stored.
pub(crate) fn stored(tx: &mut Tx, ids: &[DocumentId]) -> Result<u64, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let papers = "SELECT k.n FROM keys k JOIN clearance_document d ON d.id = k.a";
    let inventories = "SELECT k.n FROM keys k JOIN clearance_inventory i ON i.id = k.a";
    let found = tx.query_keys(papers, &keys)?.len() + tx.query_keys(inventories, &keys)?.len();
    Ok(found as u64)
}

/// An inventory that customs has numbered.
pub(crate) struct Numbered {
    pub(crate) order_no: String,
    pub(crate) pre_no: String,
    pub(crate) invt_no: String,
    pub(crate) state: State,
}

pub(crate) fn numbered(tx: &mut Tx) -> Result<Vec<Numbered>, DbError> {
    let sql = "SELECT i.order_no, c.pre_no, c.invt_no, c.state FROM clearance_inventory i
               JOIN clearance_inventory_course c ON c.id = i.id
               WHERE c.invt_no IS NOT NULL ORDER BY i.id";
    let of_row = |row: &db::Row| {
        Ok(Numbered {
            order_no: row.text(0)?.to_owned(),
            pre_no: row.opt_text(1)?.unwrap_or_default().to_owned(),
            invt_no: row.text(2)?.to_owned(),
            state: State::of_code(row.i64(3)?),
        })
    };
    tx.query(sql, params![])?.iter().map(of_row).collect()
}

/// Where a document stands, and the order it belongs to.
pub(crate) type Standing = (DocumentId, i64, Option<String>, State);

/// Inventories with ids above `after`, in the order of their ids.
pub(crate) fn inventories_after(
    tx: &mut Tx,
    after: DocumentId,
    max: u32,
) -> Result<Vec<Standing>, DbError> {
    let sql = "SELECT i.id, CAST(CASE WHEN i.export THEN 603 ELSE 621 END AS BIGINT), i.order_no,
                      c.state FROM clearance_inventory i
               JOIN clearance_inventory_course c ON c.id = i.id
               WHERE i.id > $1 ORDER BY i.id LIMIT $2";
    tx.query(sql, params![after, i64::from(max)])?.iter().map(standing).collect()
}

/// Documents other than inventories with ids above `after`, in the order of their ids.
pub(crate) fn papers_after(
    tx: &mut Tx,
    after: DocumentId,
    max: u32,
) -> Result<Vec<Standing>, DbError> {
    let sql =
        "SELECT d.id, d.kind, CASE WHEN d.kind IN (311, 303) THEN d.number ELSE d.link_no END,
                      c.state
               FROM clearance_document d JOIN clearance_document_course c ON c.id = d.id
               WHERE d.id > $1 ORDER BY d.id LIMIT $2";
    tx.query(sql, params![after, i64::from(max)])?.iter().map(standing).collect()
}

fn standing(row: &db::Row) -> Result<Standing, DbError> {
    let order_no = row.opt_text(2)?.map(str::to_owned);
    Ok((row.id(0)?, row.i64(1)?, order_no, State::of_code(row.i64(3)?)))
}
