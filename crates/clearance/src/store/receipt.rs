//! Stored receipts: packed by the letter they came in, and named in the histories of their documents.

use std::collections::{BTreeMap, HashSet};

use db::{DbError, Keys, OnConflict, OriginalId, Row, Rows, Tx, Type, params, values};
use kernel::{Id, Time};
use serde::{Deserialize, Serialize};

use super::history::History;
use crate::document::DocumentId;
use crate::receipt::sheet::{self, Entry};
use crate::receipt::{Arrived, Effect, Names, ReceiptId, Subject};

/// The receipts of one letter, to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Sheet<'a> {
    pub(crate) original_id: OriginalId,
    /// In the order of their ids.
    pub(crate) receipts: Vec<New<'a>>,
}

/// A receipt to be stored.
#[derive(Clone, Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: ReceiptId,
    pub(crate) arrived: &'a Arrived,
    pub(crate) document_id: Option<DocumentId>,
    pub(crate) effect: Effect,
}

impl New<'_> {
    fn entry(&self) -> Entry {
        let Arrived { kind, status, at, text, .. } = self.arrived;
        Entry {
            id: self.id,
            kind: *kind,
            document_id: self.document_id,
            status: *status,
            at: *at,
            effect: self.effect.number(),
            text: text.clone(),
        }
    }
}

/// What is kept of a receipt until its document comes.
#[derive(Serialize, Deserialize)]
struct Waiting {
    kind: i64,
    names: Names,
    status: Option<i64>,
    at: Option<i64>,
    text: String,
}

/// Stores receipts; those that are nobody's also under the numbers they name.
pub(crate) fn insert(tx: &mut Tx, sheets: &[Sheet<'_>]) -> Result<(), DbError> {
    let mut rows = Rows::with_capacity(sheets.len(), 4);
    let mut orphans = Rows::new();
    for Sheet { original_id, receipts } in sheets {
        let entries: Vec<Entry> = receipts.iter().map(New::entry).collect();
        let Some(last) = entries.last() else { continue };
        rows.push(values![last.id, *original_id, entries.len() as i64, sheet::pack(&entries)]);
        for new in receipts.iter().filter(|new| new.effect == Effect::Orphan) {
            let Arrived { kind, names, status, at, text, .. } = new.arrived;
            let waiting = Waiting {
                kind: *kind,
                names: names.clone(),
                status: *status,
                at: at.map(Time::to_millis),
                text: text.clone(),
            };
            let body = serde_json::to_string(&waiting).unwrap_or_default();
            let mut numbers = [&names.number, &names.invt_no, &names.guid];
            numbers.sort_unstable();
            for (i, number) in numbers.iter().enumerate() {
                if !number.is_empty() && (i == 0 || numbers[i - 1] != *number) {
                    orphans.push(values![*number, new.id, body.clone()]);
                }
            }
        }
    }
    let columns = ["id", "original_id", "receipts", "body"];
    tx.insert_many("clearance_letter", &columns, &rows, OnConflict::Fail)?;
    let columns = ["number", "receipt_id", "body"];
    tx.insert_many("clearance_orphan", &columns, &orphans, OnConflict::Fail).map(drop)
}

/// A letter's id and its receipts.
fn of_row(row: &Row, first: usize) -> Result<(i64, Vec<Entry>), DbError> {
    let id = row.i64(first)?;
    let damaged = || DbError::Damaged(format!("clearance_letter {id}"));
    Ok((id, sheet::unpack(row.bytes(first + 1)?).ok_or_else(damaged)?))
}

/// The letters that hold these receipts, each once.
fn letters_of(tx: &mut Tx, ids: &[ReceiptId]) -> Result<BTreeMap<i64, Vec<Entry>>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = "SELECT k.n, l.id, l.body FROM keys k JOIN clearance_letter l
               ON l.id = (SELECT MIN(m.id) FROM clearance_letter m WHERE m.id >= k.a)";
    tx.query_keys(sql, &keys)?.iter().map(|row| of_row(row, 1)).collect()
}

/// The receipts of a document in the order of their own time.
pub(crate) fn of(
    tx: &mut Tx,
    document: DocumentId,
    history: &History,
) -> Result<Vec<Entry>, DbError> {
    let ids = history.receipts(document);
    let wanted: HashSet<ReceiptId> = ids.iter().copied().collect();
    let letters = letters_of(tx, &ids)?;
    let entries = letters.into_values().flatten();
    let mut found: Vec<Entry> = entries.filter(|one| wanted.contains(&one.id)).collect();
    found.sort_by_key(|one| (one.at.unwrap_or_default(), one.id));
    Ok(found)
}

/// The original a receipt came in and the document it is about.
pub(crate) fn original_of(
    tx: &mut Tx,
    receipt: ReceiptId,
) -> Result<Option<(OriginalId, Option<DocumentId>)>, DbError> {
    let sql = "SELECT id, body, original_id FROM clearance_letter
               WHERE id = (SELECT MIN(m.id) FROM clearance_letter m WHERE m.id >= $1)";
    let Some(row) = tx.query_opt(sql, params![receipt])? else { return Ok(None) };
    let (_, entries) = of_row(&row, 0)?;
    let Some(entry) = entries.into_iter().find(|one| one.id == receipt) else { return Ok(None) };
    Ok(Some((row.id(2)?, entry.document_id)))
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

impl Filter {
    fn admits(&self, one: &Entry) -> bool {
        (self.status.is_none() || one.status == self.status)
            && self.kind.is_none_or(|kind| one.kind == kind)
            && self.effect.is_none_or(|effect| one.effect == effect)
    }
}

/// Letters looked through at once.
const LETTERS_AT_ONCE: i64 = 100;

/// Receipts in the order in which they came in, from after the given one.
pub(crate) fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: ReceiptId,
    max: i64,
) -> Result<Vec<Entry>, DbError> {
    let max = usize::try_from(max).unwrap_or_default();
    let since = filter.since.map_or(NONE, ReceiptId::first_at);
    let mut found = Vec::new();
    let mut from = after.to_i64().max(since.to_i64() - 1);
    let sql = "SELECT id, body FROM clearance_letter WHERE id > $1 ORDER BY id LIMIT $2";
    while found.len() < max {
        let rows = tx.query(sql, params![from, LETTERS_AT_ONCE])?;
        let letters: Vec<_> = rows.iter().map(|row| of_row(row, 0)).collect::<Result<_, _>>()?;
        let Some((last, _)) = letters.last() else { break };
        from = *last;
        let entries = letters.into_iter().flat_map(|(_, entries)| entries);
        let mut fit: Vec<Entry> =
            entries.filter(|one| one.id > after && one.id >= since && filter.admits(one)).collect();
        if !filter.parties.is_empty() {
            let theirs = naming(tx, &fit, &filter.parties)?;
            fit.retain(|one| one.document_id.is_some_and(|id| theirs.contains(&id)));
        }
        found.extend(fit);
    }
    found.truncate(max);
    Ok(found)
}

/// Which of the receipts' documents name a firm.
fn naming(
    tx: &mut Tx,
    entries: &[Entry],
    parties: &[String],
) -> Result<HashSet<DocumentId>, DbError> {
    let ids: HashSet<DocumentId> = entries.iter().filter_map(|one| one.document_id).collect();
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let [first, second] = two(parties);
    let mut found = HashSet::new();
    for sql in [
        "SELECT k.n, i.id FROM keys k JOIN clearance_inventory i ON i.id = k.a
         AND (i.agent_code IN ($1, $2) OR i.ebc_code IN ($1, $2) OR i.ebp_code IN ($1, $2)
           OR i.logistics_code IN ($1, $2) OR i.area_code IN ($1, $2))",
        "SELECT k.n, d.id FROM keys k JOIN clearance_document d ON d.id = k.a
         AND (d.issuer_code IN ($1, $2) OR d.second_code IN ($1, $2)
           OR d.third_code IN ($1, $2))",
    ] {
        for row in tx.query_keys_with(sql, &keys, params![first, second])? {
            found.insert(row.id(1)?);
        }
    }
    Ok(found)
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
    let sql = "SELECT k.n, o.receipt_id, o.body FROM keys k
               JOIN clearance_orphan o ON o.number = k.a";
    let mut found: Vec<Orphan> = Vec::new();
    for row in tx.query_keys(sql, &keys)? {
        let id: ReceiptId = row.id(1)?;
        if found.iter().any(|orphan| orphan.id == id) {
            continue;
        }
        let damaged = |_| DbError::Damaged(format!("clearance_orphan {}", id.to_i64()));
        let waiting: Waiting = serde_json::from_str(row.text(2)?).map_err(damaged)?;
        let arrived = Arrived {
            kind: waiting.kind,
            subject: Subject::of_code(&format!("CEB{}", waiting.kind)),
            names: waiting.names,
            status: waiting.status,
            at: waiting.at.map(Time::from_millis),
            ahead: false,
            text: waiting.text,
            summary: None,
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
    let ids: Vec<ReceiptId> = adopted.iter().map(|(id, _, _)| *id).collect();
    let mut changed = Keys::new(&[Type::Int, Type::Bytes]);
    for (letter, mut entries) in letters_of(tx, &ids)? {
        for (id, document, effect) in adopted {
            let Some(at) = entries.iter().position(|one| one.id == *id) else { continue };
            // One receipt may be about every document of a message: the first is named.
            if entries[at].is_orphan() {
                entries[at].document_id = Some(*document);
                entries[at].effect = effect.number();
            }
        }
        changed.push(values![letter, sheet::pack(&entries)]);
    }
    tx.update_many(
        "UPDATE clearance_letter SET body = k.b
         FROM keys k WHERE clearance_letter.id = k.a",
        &changed,
    )?;
    let mut gone = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| gone.push(values![*id]));
    let sql = "DELETE FROM clearance_orphan WHERE receipt_id IN (SELECT k.a FROM keys k)";
    tx.update_many(sql, &gone).map(drop)
}

/// The id that no receipt has: the start of a list.
pub(crate) const NONE: ReceiptId = Id::from_i64(0);
