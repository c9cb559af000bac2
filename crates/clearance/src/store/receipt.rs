//! Stored receipts.

use db::{DbError, Keys, OnConflict, OriginalId, Row, Rows, Tx, Type, params, values};
use kernel::{Id, Time};

use crate::document::DocumentId;
use crate::receipt::{Arrived, Effect, Names, ReceiptId};

/// A receipt to be stored.
#[derive(Clone, Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: ReceiptId,
    pub(crate) arrived: &'a Arrived,
    pub(crate) document_id: Option<DocumentId>,
    pub(crate) effect: Effect,
    pub(crate) original_id: OriginalId,
}

/// A receipt as answered.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: ReceiptId,
    pub(crate) kind: i64,
    pub(crate) document_id: Option<DocumentId>,
    pub(crate) status: Option<i64>,
    pub(crate) at: Option<Time>,
    pub(crate) effect: i64,
    pub(crate) text: String,
}

/// Stores receipts; those that are nobody's also under the numbers they name.
pub(crate) fn insert(tx: &mut Tx, receipts: &[New<'_>]) -> Result<(), DbError> {
    let mut rows = Rows::with_capacity(receipts.len(), 9);
    let mut orphans = Rows::new();
    for new in receipts {
        let Arrived { kind, names, status, at, text, .. } = new.arrived;
        let orphan = new.effect == Effect::Orphan;
        let keys = orphan.then(|| serde_json::to_string(names).unwrap_or_default());
        let effect = new.effect.number();
        rows.push(values![
            new.id,
            *kind,
            new.document_id,
            *status,
            *at,
            effect,
            text,
            new.original_id,
            keys,
        ]);
        if orphan {
            let mut numbers = [&names.number, &names.invt_no, &names.guid];
            numbers.sort_unstable();
            for (i, number) in numbers.iter().enumerate() {
                if !number.is_empty() && (i == 0 || numbers[i - 1] != *number) {
                    orphans.push(values![*number, new.id]);
                }
            }
        }
    }
    let columns =
        ["id", "kind", "document_id", "status", "at", "effect", "text", "original_id", "keys"];
    tx.insert_many("clearance_receipt", &columns, &rows, OnConflict::Fail)?;
    tx.insert_many("clearance_orphan", &["number", "receipt_id"], &orphans, OnConflict::Fail)?;
    Ok(())
}

fn of_row(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: row.id(0)?,
        kind: row.i64(1)?,
        document_id: row.opt_id(2)?,
        status: row.opt_i64(3)?,
        at: row.opt_time(4)?,
        effect: row.i64(5)?,
        text: row.text(6)?.to_owned(),
    })
}

const COLUMNS: &str = "r.id, r.kind, r.document_id, r.status, r.at, r.effect, r.text";

/// The receipts of a document in the order of their own time.
pub(crate) fn of(tx: &mut Tx, id: DocumentId) -> Result<Vec<Stored>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM clearance_receipt r WHERE r.document_id = $1
         ORDER BY COALESCE(r.at, 0), r.id"
    );
    tx.query(&sql, params![id])?.iter().map(of_row).collect()
}

/// What a list of receipts is narrowed by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<i64>,
    pub(crate) kind: Option<i64>,
    pub(crate) effect: Option<i64>,
    pub(crate) since: Option<Time>,
    /// Codes of the firm that asks; empty for all firms.
    pub(crate) parties: Vec<String>,
}

/// Receipts in the order in which they came in, from after the given one.
pub(crate) fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: ReceiptId,
    max: i64,
) -> Result<Vec<Stored>, DbError> {
    let since = filter.since.map_or(NONE, ReceiptId::first_at);
    let [first, second] = two(&filter.parties);
    let all = filter.parties.is_empty();
    let sql = format!(
        "SELECT {COLUMNS} FROM clearance_receipt r
         LEFT JOIN clearance_inventory i ON i.id = r.document_id
         LEFT JOIN clearance_document d ON d.id = r.document_id
         WHERE r.id > $1 AND r.id >= $2
           AND (CAST($3 AS BIGINT) IS NULL OR r.status = $3)
           AND (CAST($4 AS BIGINT) IS NULL OR r.kind = $4)
           AND (CAST($5 AS BIGINT) IS NULL OR r.effect = $5)
           AND (CAST($6 AS BOOLEAN)
             OR i.agent_code IN ($7, $8) OR i.ebc_code IN ($7, $8) OR i.ebp_code IN ($7, $8)
             OR i.logistics_code IN ($7, $8) OR i.area_code IN ($7, $8)
             OR d.issuer_code IN ($7, $8) OR d.second_code IN ($7, $8)
             OR d.third_code IN ($7, $8))
         ORDER BY r.id LIMIT $9"
    );
    let params =
        params![after, since, filter.status, filter.kind, filter.effect, all, first, second, max,];
    tx.query(&sql, params)?.iter().map(of_row).collect()
}

/// The one or two codes of a firm as two parameters.
pub(crate) fn two(parties: &[String]) -> [&str; 2] {
    let first = parties.first().map_or("", String::as_str);
    [first, parties.get(1).map_or(first, String::as_str)]
}

/// A receipt that was nobody's when it came.
#[derive(Clone, Debug)]
pub(crate) struct Orphan {
    pub(crate) id: ReceiptId,
    pub(crate) arrived: Arrived,
}

/// Whether any receipt waits for its document.
pub(crate) fn has_orphans(tx: &mut Tx) -> Result<bool, DbError> {
    Ok(!tx.query("SELECT 1 FROM clearance_orphan LIMIT 1", &[])?.is_empty())
}

/// The receipts that wait for documents of these numbers, in the order in which they came.
pub(crate) fn orphans<'a>(
    tx: &mut Tx,
    numbers: impl Iterator<Item = &'a str>,
) -> Result<Vec<Orphan>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    numbers.filter(|number| !number.is_empty()).for_each(|number| keys.push(values![number]));
    let sql = "SELECT k.n, r.id, r.kind, r.status, r.at, r.text, r.keys FROM keys k
               JOIN clearance_orphan o ON o.number = k.a
               JOIN clearance_receipt r ON r.id = o.receipt_id";
    let mut found: Vec<Orphan> = Vec::new();
    for row in tx.query_keys(sql, &keys)? {
        let id: ReceiptId = row.id(1)?;
        if found.iter().any(|orphan| orphan.id == id) {
            continue;
        }
        let kind = row.i64(2)?;
        let names: Names =
            row.opt_text(6)?.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let arrived = Arrived {
            kind,
            subject: crate::receipt::Subject::of_code(&format!("CEB{kind}")),
            names,
            status: row.opt_i64(3)?,
            at: row.opt_time(4)?,
            ahead: false,
            text: row.text(5)?.to_owned(),
        };
        found.push(Orphan { id, arrived });
    }
    found.sort_by_key(|orphan| orphan.id);
    Ok(found)
}

/// Gives receipts that were nobody's to their documents.
pub(crate) fn adopt(
    tx: &mut Tx,
    adopted: &[(ReceiptId, DocumentId, Effect)],
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int; 3]);
    for (id, document, effect) in adopted {
        keys.push(values![*id, *document, effect.number()]);
    }
    tx.update_many(
        "UPDATE clearance_receipt SET document_id = k.b, effect = k.c, keys = NULL
         FROM keys k WHERE clearance_receipt.id = k.a",
        &keys,
    )?;
    let mut gone = Keys::new(&[Type::Int]);
    adopted.iter().for_each(|(id, _, _)| gone.push(values![*id]));
    let sql = "DELETE FROM clearance_orphan WHERE receipt_id IN (SELECT k.a FROM keys k)";
    tx.update_many(sql, &gone).map(drop)
}

/// The id that no receipt has: the start of a list.
pub(crate) const NONE: ReceiptId = Id::from_i64(0);

/// Whether there is any receipt for a document.
pub(crate) fn any_of(tx: &mut Tx, id: DocumentId) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM clearance_receipt WHERE document_id = $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![id])?.is_some())
}
