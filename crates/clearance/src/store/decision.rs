//! What the rows say of decisions; the decisions themselves are kept by the evidence log.

use db::evidence::Entry;
use db::{DbError, Keys, Tx, Type, params, values};

use crate::decision::DecisionId;
use crate::document::DocumentId;
use crate::lifecycle::State;

/// Where an inventory stands after a decision.
pub(crate) struct Standing {
    pub(crate) state: State,
    /// Amount, duty, consumption tax, VAT, all taxes: fen.
    pub(crate) taxes: [Option<i64>; 5],
}

/// The inventories that still have this as their newest decision, by place in `wanted`.
pub(crate) fn standing(
    tx: &mut Tx,
    wanted: &[(DocumentId, DecisionId)],
) -> Result<Vec<(usize, Standing)>, DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Int]);
    wanted.iter().for_each(|(inventory, decision)| keys.push(values![*inventory, *decision]));
    let sql = "SELECT k.n, i.state, i.amount, i.duty, i.consumption_tax, i.vat, i.tax
               FROM keys k JOIN clearance_inventory_course i
               ON i.id = k.a AND i.decision_id = k.b";
    let rows = tx.query_keys(sql, &keys)?;
    rows.iter()
        .map(|row| {
            let fen = |column| row.opt_i64(column);
            let taxes = [fen(2)?, fen(3)?, fen(4)?, fen(5)?, fen(6)?];
            let standing = Standing { state: State::of_code(row.i64(1)?), taxes };
            Ok((row.i64(0)? as usize, standing))
        })
        .collect()
}

/// The newest decision there is.
pub(crate) fn newest(tx: &mut Tx) -> Result<DecisionId, DbError> {
    let sql = "SELECT COALESCE(MAX(decision_id), 0) FROM clearance_inventory_course";
    tx.query_one(sql, &[])?.id(0)
}

/// How many inventories name a decision no newer than this.
pub(crate) fn count(tx: &mut Tx, newest: DecisionId) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) FROM clearance_inventory_course WHERE decision_id <= $1";
    tx.query_one(sql, params![newest])?.i64(0)
}

/// Whether some row of the table, messages or receipts, has lost its original.
pub(crate) fn is_without_original(tx: &mut Tx, table: &'static str) -> Result<bool, DbError> {
    let sql = format!(
        "SELECT 1 FROM {table} m
         WHERE NOT EXISTS (SELECT 1 FROM db_original o WHERE o.id = m.original_id) LIMIT 1"
    );
    Ok(tx.query_opt(&sql, &[])?.is_some())
}

/// The decisions about an inventory, newest first, at most `max`.
pub(crate) fn chain(
    tx: &mut Tx,
    newest: Option<DecisionId>,
    max: usize,
) -> Result<Vec<Entry>, DbError> {
    let mut out = Vec::new();
    let mut next = newest;
    while let Some(id) = next.filter(|_| out.len() < max) {
        let Some(entry) = tx.evidence_of(id.to_i64())? else { break };
        let text = entry.text.as_deref().unwrap_or_default();
        let previous = db::evidence::value(text, "previous").and_then(|id| id.parse().ok());
        // Ids of later decisions are larger; anything else is no chain.
        next = previous.filter(|previous: &DecisionId| *previous < id);
        out.push(entry);
    }
    Ok(out)
}
