//! Which parcels collective documents name, and where the inventories of those stand.

use std::collections::BTreeSet;

use db::{DbError, Keys, OnConflict, Rows, Tx, Type, values};

use super::paper::{self, Paper};
use crate::document::{Collective, DocumentId};
use crate::export::step::{Against, Named};
use crate::lifecycle::State;

/// Notes which parcels a collective document names.
pub(crate) fn insert<'a>(
    tx: &mut Tx,
    mentions: impl Iterator<Item = (&'a str, DocumentId)>,
) -> Result<(), DbError> {
    let mut rows = Rows::new();
    mentions.for_each(|(number, id)| rows.push(values![number, id]));
    let columns = ["number", "document_id"];
    tx.insert_many("clearance_mention", &columns, &rows, OnConflict::Ignore).map(drop)
}

/// Forgets what changed or withdrawn documents named.
pub(crate) fn delete<'a>(
    tx: &mut Tx,
    mentions: impl Iterator<Item = (&'a str, DocumentId)>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Text, Type::Int]);
    mentions.for_each(|(number, id)| keys.push(values![number, id]));
    let sql = "DELETE FROM clearance_mention WHERE EXISTS
               (SELECT 1 FROM keys k WHERE k.a = clearance_mention.number
                AND k.b = clearance_mention.document_id)";
    tx.update_many(sql, &keys).map(drop)
}

/// The collective documents that name these parcels and wait or are held.
pub(crate) fn waiting_on(
    tx: &mut Tx,
    numbers: &BTreeSet<String>,
) -> Result<Vec<DocumentId>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    numbers.iter().for_each(|number| keys.push(values![number]));
    let (waiting, held) = (State::Waiting.code(), State::Held.code());
    let sql = format!(
        "SELECT k.n, c.id FROM keys k JOIN clearance_mention m ON m.number = k.a
         JOIN clearance_document_course c ON c.id = m.document_id
         AND c.state IN ({waiting}, {held})"
    );
    tx.query_keys(&sql, &keys)?.iter().map(|row| row.id(1)).collect()
}

/// The collective documents that name these parcels, oldest first.
pub(crate) fn naming<'a>(
    tx: &mut Tx,
    numbers: impl Iterator<Item = &'a str>,
) -> Result<Vec<Paper>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    numbers.filter(|number| !number.is_empty()).for_each(|number| keys.push(values![number]));
    let sql = format!(
        "SELECT k.n, {} FROM keys k JOIN clearance_mention m ON m.number = k.a
         JOIN clearance_document d ON d.id = m.document_id {}",
        paper::COLUMNS,
        paper::COURSE
    );
    let rows = tx.query_keys(&sql, &keys)?;
    let mut papers: Vec<Paper> =
        rows.iter().map(|row| paper::of_row(row, 1)).collect::<Result<_, _>>()?;
    papers.sort_by_key(|paper| paper.id);
    papers.dedup_by_key(|paper| paper.id);
    Ok(papers)
}

/// Where the parcels stand that a collective document names; `own` is its id, once it has one.
pub(crate) fn standings(
    tx: &mut Tx,
    sheet: &Collective,
    own: Option<DocumentId>,
) -> Result<Vec<Named>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    sheet.lines.iter().for_each(|line| keys.push(values![&line.number]));
    let mut parcels: Vec<Named> = (1..)
        .zip(&sheet.lines)
        .map(|(line, named)| {
            let number = named.number.clone();
            Named { number, line, state: None, against: None }
        })
        .collect();
    let place =
        |row: &db::Row| Ok::<_, DbError>(usize::try_from(row.i64(0)?).unwrap_or(usize::MAX));
    if sheet.names_inventories() {
        let sql = "SELECT k.n, c.state, i.ebc_code, s.inventory_id, s.application_id, s.result_no
                   FROM keys k JOIN clearance_inventory_course c ON c.invt_no = k.a
                   JOIN clearance_inventory i ON i.id = c.id AND i.export
                   LEFT JOIN clearance_summary s ON s.inventory_id = i.id";
        for row in tx.query_keys(sql, &keys)? {
            let Some(parcel) = parcels.get_mut(place(&row)?) else { continue };
            let state = State::of_code(row.i64(1)?);
            let other: Option<DocumentId> = row.opt_id(4)?;
            let other = other.is_some_and(|other| Some(other) != own);
            parcel.state = Some(state);
            parcel.against = if row.text(2)? != sheet.ebc_code {
                Some(Against::OtherFirm)
            } else if other || row.opt_text(5)?.is_some() {
                Some(Against::Summarised)
            } else if state == State::Customs(899) && row.opt_i64(3)?.is_none() {
                Some(Against::NotToSummarise)
            } else {
                None
            };
        }
        return Ok(parcels);
    }
    let sql = "SELECT k.n, c.state, i.logistics_code, i.agent_code
               FROM keys k JOIN clearance_inventory i ON i.logistics_no = k.a AND i.export
               JOIN clearance_inventory_course c ON c.id = i.id";
    let consolidates = sheet.kind == crate::document::Kind::Consolidation;
    for row in tx.query_keys(sql, &keys)? {
        let Some(parcel) = parcels.get_mut(place(&row)?) else { continue };
        // Of other carriers nothing is said, not even that they have the number.
        if row.text(2)? != sheet.logistics_code {
            continue;
        }
        let state = State::of_code(row.i64(1)?);
        // A parcel declared again after a cancellation stands where its living inventory stands.
        let better = parcel.state.is_none_or(|known| !is_live(known) && is_live(state));
        if better {
            let foreign = consolidates && row.text(3)? != sheet.issuer;
            parcel.state = Some(state);
            parcel.against = foreign.then_some(Against::OtherFirm);
        }
    }
    Ok(parcels)
}

fn is_live(state: State) -> bool {
    !matches!(state, State::Customs(430 | 700) | State::Withdrawn)
}
