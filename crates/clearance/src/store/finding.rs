//! Open findings of parcels.

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::Time;

use crate::document::DocumentId;
use crate::precheck::Concern;

/// A stored finding, as answered.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) document_id: DocumentId,
    pub(crate) n: i64,
    pub(crate) party_code: String,
    pub(crate) party_role: String,
    pub(crate) opened_at: Time,
    pub(crate) finding: serde_json::Value,
}

pub(crate) const COLUMNS: &str =
    "f.document_id, f.n, f.party_code, f.party_role, f.opened_at, f.body";

pub(crate) fn of_row(row: &Row, first: usize) -> Result<Open, DbError> {
    let finding = serde_json::from_str(row.text(first + 5)?);
    Ok(Open {
        document_id: row.id(first)?,
        n: row.i64(first + 1)?,
        party_code: row.text(first + 2)?.to_owned(),
        party_role: row.text(first + 3)?.to_owned(),
        opened_at: row.time(first + 4)?,
        finding: finding.map_err(|e| DbError::Damaged(format!("clearance_finding: {e}")))?,
    })
}

/// Takes away the findings of these documents.
pub(crate) fn clear(tx: &mut Tx, ids: &[DocumentId]) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = "DELETE FROM clearance_finding WHERE document_id IN (SELECT k.a FROM keys k)";
    tx.update_many(sql, &keys).map(drop)
}

/// Which of these documents have findings stored.
pub(crate) fn flagged(tx: &mut Tx, ids: &[DocumentId]) -> Result<Vec<DocumentId>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = "SELECT k.n, f.document_id FROM keys k
               JOIN clearance_finding f ON f.document_id = k.a AND f.n = 0";
    tx.query_keys(sql, &keys)?.iter().map(|row| row.id(1)).collect()
}

/// Stores the findings of documents.
pub(crate) fn insert<'a>(
    tx: &mut Tx,
    now: Time,
    concerns: impl Iterator<Item = (DocumentId, &'a [Concern])>,
) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for (id, list) in concerns {
        for (n, Concern { finding, task }) in (0_i64..).zip(list) {
            let body = serde_json::to_string(finding)
                .map_err(|e| DbError::Other(format!("a finding as JSON: {e}")))?;
            let role = task.role.word();
            let error = finding.is_error();
            rows.push(values![id, n, finding.code, error, &task.party, role, now, body]);
        }
    }
    let columns =
        ["document_id", "n", "code", "error", "party_code", "party_role", "opened_at", "body"];
    tx.insert_many("clearance_finding", &columns, &rows, OnConflict::Fail).map(drop)
}

/// The findings of a document.
pub(crate) fn of(tx: &mut Tx, id: DocumentId) -> Result<Vec<Open>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM clearance_finding f WHERE f.document_id = $1 ORDER BY f.n");
    tx.query(&sql, params![id])?.iter().map(|row| of_row(row, 0)).collect()
}
