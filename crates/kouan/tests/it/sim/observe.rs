//! Looks at the platform's tables from outside, with statements of its own.

use std::collections::BTreeMap;

use clearance::document::{DocumentId, MessageId};
use db::{Db, DbError, Tx, params};
use serde_json::json;

/// A document as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) kind: i64,
    /// The number it is known by.
    pub(super) number: String,
    pub(super) state: i64,
    pub(super) message: i64,
    pub(super) version: i64,
}

/// Every document, by id.
pub(super) type Rows = BTreeMap<i64, Row>;

/// The text form of a document's id.
pub(super) fn shown(id: i64) -> String {
    DocumentId::from_i64(id).to_string()
}

/// The text form of a message's id.
pub(super) fn shown_message(id: i64) -> String {
    MessageId::from_i64(id).to_string()
}

/// Every document there is.
pub(super) fn rows(db: &Db) -> Result<Rows, DbError> {
    let sql = "SELECT d.id, d.kind, c.state, d.message_id, c.version, d.number
               FROM clearance_document d JOIN clearance_document_course c ON c.id = d.id
               UNION ALL
               SELECT i.id, 621, c.state, i.message_id, c.version, i.cop_no
               FROM clearance_inventory i JOIN clearance_inventory_course c ON c.id = i.id";
    db.read(|tx| {
        let rows = tx.query(sql, params![])?;
        rows.iter()
            .map(|row| {
                let (kind, state) = (row.i64(1)?, row.i64(2)?);
                let (message, version) = (row.i64(3)?, row.i64(4)?);
                let number = row.text(5)?.to_owned();
                Ok((row.i64(0)?, Row { kind, number, state, message, version }))
            })
            .collect()
    })
}

/// One number from one statement.
pub(super) fn number(tx: &mut Tx, sql: &str) -> Result<i64, DbError> {
    tx.query_one(sql, params![])?.i64(0)
}

/// A column of numbers.
pub(super) fn numbers(tx: &mut Tx, sql: &str) -> Result<Vec<i64>, DbError> {
    tx.query(sql, params![])?.iter().map(|row| row.i64(0)).collect()
}

/// Rows of two columns, a text and a number.
pub(super) fn pairs(tx: &mut Tx, sql: &str) -> Result<Vec<(String, i64)>, DbError> {
    let pair = |row: &db::Row| Ok((row.text(0)?.to_owned(), row.i64(1)?));
    tx.query(sql, params![])?.iter().map(pair).collect()
}

/// What remains of a story, in lines that are the same whenever it is told.
pub(super) fn dump(db: &Db) -> Result<Vec<String>, DbError> {
    let mut lines = Vec::new();
    for (id, row) in rows(db)? {
        lines.push(format!("{id} {} {} {} {}", row.kind, row.state, row.message, row.version));
    }
    db.read(|tx| {
        let none = clearance::receipt::ReceiptId::from_i64(0);
        for one in clearance::census::receipts(tx, none, i64::MAX)? {
            let at = one.at.map(kernel::Time::to_millis);
            let receipt = json!([one.id, one.kind, one.document_id, one.status, at, one.effect]);
            lines.push(receipt.to_string());
        }
        for row in tx.query(
            "SELECT party, seq, kind, subject FROM web_notice ORDER BY party, seq",
            params![],
        )? {
            let (party, seq) = (row.text(0)?, row.i64(1)?);
            lines.push(format!("{party} {seq} {} {}", row.text(2)?, row.text(3)?));
        }
        let mut after = 0;
        loop {
            let events = tx.events(after, 500)?;
            let Some(last) = events.last() else { break };
            after = last.seq;
            lines.extend(
                events.iter().map(|e| format!("{} {} {} {}", e.seq, e.kind, e.subject, e.body)),
            );
        }
        let report = ledger::verify(tx)?;
        lines.push(format!("{:?}", report.totals));
        Ok(lines)
    })
}
