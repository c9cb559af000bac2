//! Proofs that what a firm sent, what it was answered and what was decided are in the evidence log.

use axum::extract::State;
use db::{OriginalId, Tx};
use serde::Serialize;
use web::evidence::{EvidenceProof, NotProven, ProofParams, prove};
use web::{ApiError, App, Caller, Path, Query};

use super::{codes_of, inventories, is_named};
use crate::document::{DocumentId, MessageId};
use crate::receipt::ReceiptId;
use crate::store::{decision, inventory, message, paper, receipt};

/// Decisions of one answer: more than an inventory ever has in practice.
const DECISIONS_MAX: usize = 100;

/// 报文原件的存证证明 / Proof of a message's original
///
/// 证明平台在检查点之前收到过该报文,内容未变。企业只能取本企业传输的报文。
/// Shows that the platform had the message, unchanged, when the checkpoint was published. A firm
/// has the proofs of what it transmitted itself.
#[utoipa::path(
    get, path = "/api/v1/messages/{id}/evidence", operation_id = "prove_message",
    params(("id" = String, Path, description = "报文编号 / id of the message"), ProofParams),
    responses((status = 200, body = EvidenceProof)),
)]
pub(super) async fn of_message(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<MessageId>,
    Query(params): Query<ProofParams>,
) -> Result<axum::Json<EvidenceProof>, ApiError> {
    let codes = codes_of(&app, &caller)?;
    let query = move |tx: &mut Tx| -> Result<Option<EvidenceProof>, NotProven> {
        let stored = message::by_ids(tx, &[id])?.into_iter().next();
        let own = |stored: &message::Stored| {
            is_named(codes.as_deref(), std::slice::from_ref(&stored.sender))
        };
        let Some(stored) = stored.filter(own) else { return Ok(None) };
        original(tx, OriginalId::from_i64(stored.original_id), params.checkpoint)
    };
    app.read(query).await?.map(axum::Json).ok_or_else(ApiError::not_found)
}

/// 回执原件的存证证明 / Proof of a receipt's original
///
/// 回执所在的海关报文。企业只能取涉及本企业单证的回执。
/// The message of customs that the receipt came in. A firm has the proofs of receipts about
/// documents that name it.
#[utoipa::path(
    get, path = "/api/v1/receipts/{id}/evidence", operation_id = "prove_receipt",
    params(("id" = String, Path, description = "回执编号 / id of the receipt"), ProofParams),
    responses((status = 200, body = EvidenceProof)),
)]
pub(super) async fn of_receipt(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ReceiptId>,
    Query(params): Query<ProofParams>,
) -> Result<axum::Json<EvidenceProof>, ApiError> {
    let codes = codes_of(&app, &caller)?;
    let query = move |tx: &mut Tx| -> Result<Option<EvidenceProof>, NotProven> {
        let Some((at, document)) = receipt::original_of(tx, id)? else { return Ok(None) };
        if codes.is_some() && !is_named(codes.as_deref(), &parties(tx, document)?) {
            return Ok(None);
        }
        original(tx, at, params.checkpoint)
    };
    app.read(query).await?.map(axum::Json).ok_or_else(ApiError::not_found)
}

/// The firms a document names.
fn parties(tx: &mut Tx, document: Option<DocumentId>) -> Result<Vec<String>, NotProven> {
    let Some(id) = document else { return Ok(Vec::new()) };
    if let Some(declared) = inventory::by_id(tx, id)? {
        return Ok(declared.parties());
    }
    Ok(paper::by_id(tx, id)?.map_or_else(Vec::new, |paper| paper.parties()))
}

fn original(
    tx: &mut Tx,
    id: OriginalId,
    checkpoint: Option<u64>,
) -> Result<Option<EvidenceProof>, NotProven> {
    let Some(entry) = tx.evidence_of(id.to_i64())? else { return Ok(None) };
    prove(tx, &entry, checkpoint).map(Some)
}

/// 清单各次决定的存证证明 / Proofs of what was decided about an inventory
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct DecisionProofs {
    /// 证明,最近的在前 / Proofs, newest decision first.
    items: Vec<EvidenceProof>,
}

/// 清单决定的存证证明 / Proofs of the decisions about an inventory
///
/// 平台的每次判定(待齐、拦截、可申报)及其税款和依据,最近的在前;尚未进入检查点的不列。
/// Every judgement of the platform (waiting, held, ready) with taxes and rulings, newest first;
/// those that no checkpoint covers yet are left out.
#[utoipa::path(
    get, path = "/api/v1/inventories/{id}/evidence", operation_id = "prove_decisions",
    params(("id" = String, Path, description = "平台编号 / our id"), ProofParams),
    responses((status = 200, body = DecisionProofs)),
)]
pub(super) async fn of_inventory(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DocumentId>,
    Query(params): Query<ProofParams>,
) -> Result<axum::Json<DecisionProofs>, ApiError> {
    let newest = inventories::seen(&app, &caller, id).await?.decision;
    let query = move |tx: &mut Tx| -> Result<Vec<EvidenceProof>, NotProven> {
        let mut items = Vec::new();
        let mut pending = None;
        for entry in decision::chain(tx, newest, DECISIONS_MAX)? {
            match prove(tx, &entry, params.checkpoint) {
                Ok(proof) => items.push(proof),
                Err(NotProven::Pending) => pending = Some(NotProven::Pending),
                Err(other) => return Err(other),
            }
        }
        match pending.filter(|_| items.is_empty()) {
            Some(pending) => Err(pending),
            None => Ok(items),
        }
    };
    Ok(axum::Json(DecisionProofs { items: app.read(query).await? }))
}
