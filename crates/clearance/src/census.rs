//! What there is, counted from the tables: for the operator, the demo and the tests.

use std::collections::BTreeMap;

use db::{DbError, Tx};
use kernel::{Fen, Time};

use crate::document::{DocumentId, Kind};
use crate::lifecycle::State;
use crate::lifecycle::state::{CLOSED, RELEASED};
use crate::receipt::sheet::Entry;
use crate::receipt::{Effect, ReceiptId};
use crate::store::{census as store, receipt};

/// Everything counted at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Inventories by state, in words.
    pub by_state: BTreeMap<&'static str, u64>,
    /// Inventories by trade mode.
    pub by_mode: BTreeMap<String, u64>,
    /// Documents by kind, inventories among them.
    pub documents: BTreeMap<&'static str, u64>,
    /// Open findings of stored documents by code.
    pub open_findings: BTreeMap<String, u64>,
    /// What was refused at the door, by code.
    pub refusals: BTreeMap<String, u64>,
    /// Duty, consumption tax and VAT of what is released or closed.
    pub tax_released: Fen,
    /// Receipts kept.
    pub receipts: u64,
}

/// Counts everything. Reads whole tables: not for every minute.
///
/// # Errors
/// When the database fails.
pub fn census(tx: &mut Tx) -> Result<Census, DbError> {
    let by_state = store::inventories_by_state(tx)?;
    let inventories: u64 = by_state.values().sum();
    let exports = store::exports(tx)?;
    let mut documents = store::papers_by_kind(tx)?;
    documents.insert(Kind::Inventory.word(), inventories - exports);
    if exports > 0 {
        documents.insert(Kind::ExportInventory.word(), exports);
    }
    Ok(Census {
        by_state,
        by_mode: store::inventories_by_mode(tx)?,
        documents,
        open_findings: store::open_findings(tx)?,
        refusals: store::refusals(tx)?,
        tax_released: store::tax_of(tx, &[RELEASED, CLOSED])?,
        receipts: store::receipts(tx)?,
    })
}

/// A receipt as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Our id.
    pub id: ReceiptId,
    /// The receipt type's number; 0 when it could not be told.
    pub kind: i64,
    /// Its document; `None` while it is nobody's, or could not be read.
    pub document_id: Option<DocumentId>,
    /// 回执状态.
    pub status: Option<i64>,
    /// 回执时间.
    pub at: Option<Time>,
    /// What it did, as a word.
    pub effect: &'static str,
    /// 回执信息, personal data masked.
    pub text: String,
}

/// Receipts in the order in which they came in, from after the given one.
///
/// # Errors
/// When the database fails.
pub fn receipts(tx: &mut Tx, after: ReceiptId, max: i64) -> Result<Vec<Kept>, DbError> {
    let all = receipt::list(tx, &receipt::Filter::default(), after, max)?;
    let kept = |entry: Entry| Kept {
        id: entry.id,
        kind: entry.kind,
        document_id: entry.document_id,
        status: entry.status,
        at: entry.at,
        effect: Effect::word_of(entry.effect),
        text: entry.text,
    };
    Ok(all.into_iter().map(kept).collect())
}

/// How many of these documents are stored; each counts once.
///
/// # Errors
/// When the database fails.
pub fn stored(tx: &mut Tx, ids: &[DocumentId]) -> Result<u64, DbError> {
    store::stored(tx, ids)
}

/// An inventory that customs has numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Its order.
    pub order_no: String,
    /// 预录入编号; empty when no receipt gave one.
    pub pre_no: String,
    /// 清单编号.
    pub invt_no: String,
    /// Whether it is released or closed.
    pub released: bool,
}

/// Every inventory that customs has numbered, oldest first.
///
/// # Errors
/// When the database fails.
pub fn numbered(tx: &mut Tx) -> Result<Vec<Numbered>, DbError> {
    let all = store::numbered(tx)?.into_iter().map(|one| Numbered {
        order_no: one.order_no,
        pre_no: one.pre_no,
        invt_no: one.invt_no,
        released: one.state.is_released(),
    });
    Ok(all.collect())
}

/// Where a document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub id: DocumentId,
    /// What it is; `None` for a kind this program does not know.
    pub kind: Option<Kind>,
    /// The order it names; `None` where it names none.
    pub order_no: Option<String>,
    /// Its state.
    pub state: State,
}

/// Where inventories stand, at most `max` of them, in the order of their ids from above `after`.
/// Ids follow the time of arrival, so a walk meets the oldest first.
///
/// # Errors
/// When the database fails.
pub fn inventories_after(
    tx: &mut Tx,
    after: DocumentId,
    max: u32,
) -> Result<Vec<Standing>, DbError> {
    Ok(store::inventories_after(tx, after, max)?.into_iter().map(standing).collect())
}

/// Where all other documents stand, walked as [`inventories_after`].
///
/// # Errors
/// When the database fails.
pub fn papers_after(tx: &mut Tx, after: DocumentId, max: u32) -> Result<Vec<Standing>, DbError> {
    Ok(store::papers_after(tx, after, max)?.into_iter().map(standing).collect())
}

fn standing((id, kind, order_no, state): store::Standing) -> Standing {
    Standing { id, kind: Kind::of_number(kind), order_no, state }
}
