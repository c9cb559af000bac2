//! Makes proofs from the log.

use axum::http::StatusCode;
use db::evidence::{Checkpoint, Entry, Tree};
use db::{DbError, Tx};
use kernel::Text;

use super::document::{
    CONSISTENCY_FORMAT, EvidenceConsistency, EvidenceKeys, EvidenceProof, EvidenceRange,
    EvidenceRecord, PROOF_FORMAT, RANGE_FORMAT, hex,
};
use crate::error::ApiError;

/// The setting that holds the name of the log and its public keys.
const KEYS: &str = "evidence.public";
/// How long a caller waits before asking again for what is not published yet, in seconds.
const RETRY_AFTER_S: u32 = 60;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum NotProven {
    /// The record is in the log, and no checkpoint has been published since.
    #[error("no checkpoint has been published since the record came into the log")]
    Pending,
    /// No checkpoint of that size was published.
    #[error("no checkpoint of that size was published")]
    NoCheckpoint,
    /// The record of a leaf is gone from the database.
    #[error("the record of leaf {0} is gone from the database")]
    Gone(u64),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<NotProven> for ApiError {
    fn from(why: NotProven) -> ApiError {
        match why {
            NotProven::Pending => ApiError::new(
                StatusCode::CONFLICT,
                "evidence.pending",
                Text::new(
                    "该记录已入存证日志,尚无包含它的检查点",
                    "the record is in the log; no checkpoint that covers it is published yet",
                ),
                Text::new("请在 Retry-After 秒后重试", "ask again after Retry-After seconds"),
            )
            .retry_after(RETRY_AFTER_S),
            NotProven::NoCheckpoint => ApiError::new(
                StatusCode::NOT_FOUND,
                "evidence.no_checkpoint",
                Text::new("没有该长度的检查点", "no checkpoint of that size was published"),
                Text::new("请从检查点列表中选取", "choose one from the list of checkpoints"),
            ),
            NotProven::Gone(index) => {
                ApiError::bug(format!("the record of leaf {index} is gone from the database"))
            }
            NotProven::Db(error) => error.into(),
        }
    }
}

/// The name of the log and its public keys; empty before the first start.
pub fn keys(tx: &mut Tx) -> Result<EvidenceKeys, DbError> {
    let Some(text) = tx.setting(KEYS)? else { return Ok(EvidenceKeys::default()) };
    serde_json::from_str(&text).map_err(|_| DbError::Damaged(KEYS.to_owned()))
}

/// Publishes the name of the log and its public keys.
pub fn set_keys(tx: &mut Tx, keys: &EvidenceKeys) -> Result<(), DbError> {
    let text = serde_json::to_string(keys).map_err(|e| DbError::Other(e.to_string()))?;
    tx.set_setting(KEYS, &text)
}

/// The checkpoint of that size, or the newest.
fn checkpoint(tx: &mut Tx, size: Option<u64>) -> Result<Checkpoint, NotProven> {
    match size {
        Some(size) => tx.checkpoint(size)?.ok_or(NotProven::NoCheckpoint),
        None => tx.latest_checkpoint()?.ok_or(NotProven::Pending),
    }
}

/// Proves that a record is in the log, by the checkpoint of that size or the newest.
///
/// # Errors
/// See [`NotProven`].
pub fn prove(tx: &mut Tx, entry: &Entry, size: Option<u64>) -> Result<EvidenceProof, NotProven> {
    let checkpoint = checkpoint(tx, size)?;
    if entry.index >= checkpoint.size {
        return Err(NotProven::Pending);
    }
    let record = tx.evidence_record(entry)?.ok_or(NotProven::Gone(entry.index))?;
    let path = Tree::of(tx, checkpoint.size)?.inclusion(entry.index)?;
    Ok(EvidenceProof {
        format: PROOF_FORMAT.to_owned(),
        record,
        index: entry.index,
        leaf: hex(&entry.hash),
        path: path.iter().map(hex).collect(),
        checkpoint: checkpoint.note,
        keys: keys(tx)?.keys,
    })
}

/// Proves that the checkpoint of size `to`, or the newest, only adds to the one of size `from`.
///
/// # Errors
/// See [`NotProven`].
pub fn prove_consistency(
    tx: &mut Tx,
    from: u64,
    to: Option<u64>,
) -> Result<EvidenceConsistency, NotProven> {
    let (from, to) = (checkpoint(tx, Some(from))?, checkpoint(tx, to)?);
    if from.size > to.size {
        return Err(NotProven::NoCheckpoint);
    }
    let path = Tree::of(tx, to.size)?.consistency(from.size)?;
    Ok(EvidenceConsistency {
        format: CONSISTENCY_FORMAT.to_owned(),
        from: from.note,
        to: to.note,
        path: path.iter().map(hex).collect(),
        keys: keys(tx)?.keys,
    })
}

/// Proves that records `from..to` are in the log, in this order and none left out.
///
/// # Errors
/// See [`NotProven`].
pub fn prove_range(
    tx: &mut Tx,
    (from, to): (u64, u64),
    size: Option<u64>,
) -> Result<EvidenceRange, NotProven> {
    let checkpoint = checkpoint(tx, size)?;
    if from >= to || to > checkpoint.size {
        return Err(NotProven::Pending);
    }
    let mut records = Vec::new();
    for entry in tx.evidence_entries(from, to)? {
        let record = tx.evidence_record(&entry)?.unwrap_or_default();
        records.push(EvidenceRecord { index: entry.index, leaf: hex(&entry.hash), record });
    }
    let beside = Tree::of(tx, checkpoint.size)?.surroundings(from, to)?;
    Ok(EvidenceRange {
        format: RANGE_FORMAT.to_owned(),
        first: from,
        records,
        beside: beside.iter().map(hex).collect(),
        checkpoint: checkpoint.note,
        keys: keys(tx)?.keys,
    })
}
