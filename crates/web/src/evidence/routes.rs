//! Checkpoints, keys and consistency for everybody; any record for those who see all.

use axum::Json as Answer;
use axum::extract::State;
use db::{OriginalId, Tx};
use serde::Deserialize;
use utoipa_axum::routes;

use super::document::{EvidenceCheckpoint, EvidenceConsistency, EvidenceKeys, EvidenceProof};
use super::prove::{NotProven, keys, prove, prove_consistency};
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::page::{List, Page, PageParams};
use crate::routes::Routes;
use crate::scope::Scope;
use crate::{App, Caller};

const LIST: &str = "evidence_checkpoints";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .public(routes!(public_keys))
        .public(routes!(list))
        .public(routes!(latest))
        .public(routes!(consistency))
        .on(Scope::EvidenceRead, routes!(record))
}

/// 存证公钥 / Public keys of the evidence log
///
/// 无须密钥。请通过可信渠道留存,以便日后核验。
/// Needs no key. Keep them from a source you trust, to verify with later.
#[utoipa::path(
    get, path = "/api/v1/evidence/keys", operation_id = "evidence_keys",
    responses((status = 200, body = EvidenceKeys)),
)]
async fn public_keys(State(app): State<App>) -> Result<Answer<EvidenceKeys>, ApiError> {
    app.read(keys).await.map(Answer)
}

/// 检查点列表 / Published checkpoints
///
/// 由小到大。无须密钥。 Smallest first. Needs no key.
#[utoipa::path(
    get, path = "/api/v1/evidence/checkpoints", operation_id = "list_evidence_checkpoints",
    params(PageParams), responses((status = 200, body = Page<EvidenceCheckpoint>)),
)]
async fn list(
    State(app): State<App>,
    list: List<NoFilter>,
) -> Result<Answer<Page<EvidenceCheckpoint>>, ApiError> {
    let after = list.after::<u64>(&app, LIST)?.unwrap_or(0);
    let (fetch, limit) = (list.fetch(), list.limit);
    let found = app.read(move |tx| tx.checkpoints(after, fetch)).await?;
    let page = Page::cut(&app, LIST, found, limit, |one| one.size);
    Ok(Answer(page.map(|one| EvidenceCheckpoint::from(&one))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoFilter {}

/// 最新检查点 / The newest checkpoint
///
/// 无须密钥。尚未发布则为 404。 Needs no key. 404 before the first.
#[utoipa::path(
    get, path = "/api/v1/evidence/checkpoints/latest", operation_id = "latest_evidence_checkpoint",
    responses((status = 200, body = EvidenceCheckpoint)),
)]
async fn latest(State(app): State<App>) -> Result<Answer<EvidenceCheckpoint>, ApiError> {
    let found = app.read(Tx::latest_checkpoint).await?;
    let found = found.ok_or_else(ApiError::not_found)?;
    Ok(Answer(EvidenceCheckpoint::from(&found)))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ConsistencyParams {
    /// 较早检查点的长度 / Size of the earlier checkpoint.
    #[param(minimum = 1)]
    from: u64,
    /// 较晚检查点的长度;不填则为最新 / Size of the later one; the newest when absent.
    to: Option<u64>,
}

/// 一致性证明 / Proof of consistency
///
/// 证明较晚的检查点只在较早者之后追加,未改动、删除或调换任何记录。无须密钥。
/// Shows that the later checkpoint only adds to the earlier one. Needs no key.
#[utoipa::path(
    get, path = "/api/v1/evidence/consistency", operation_id = "evidence_consistency",
    params(ConsistencyParams), responses((status = 200, body = EvidenceConsistency)),
)]
async fn consistency(
    State(app): State<App>,
    Query(params): Query<ConsistencyParams>,
) -> Result<Answer<EvidenceConsistency>, ApiError> {
    let query = move |tx: &mut Tx| prove_consistency(tx, params.from, params.to);
    app.read(query).await.map(Answer)
}

/// Which checkpoint a proof shall lead to.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProofParams {
    /// 所依检查点的长度;不填则为最新 / Size of the checkpoint to prove by; the newest when absent.
    pub checkpoint: Option<u64>,
}

/// 按记录编号取存证证明 / Proof of a record by its id
///
/// 原件(`org_…`)或决定(`dec_…`)。企业请用报文、回执、清单下的同名接口;此处对企业为 404。
/// An original or a decision. Firms use the routes under messages, receipts and inventories; here
/// they hear 404.
#[utoipa::path(
    get, path = "/api/v1/evidence/records/{id}", operation_id = "prove_record",
    params(("id" = String, Path, description = "记录编号 / id of the record"), ProofParams),
    responses((status = 200, body = EvidenceProof)),
)]
async fn record(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(params): Query<ProofParams>,
) -> Result<Answer<EvidenceProof>, ApiError> {
    let number = id_number(&id).filter(|_| caller.party().is_none());
    let number = number.ok_or_else(ApiError::not_found)?;
    let query = move |tx: &mut Tx| -> Result<Option<EvidenceProof>, NotProven> {
        let Some(entry) = tx.evidence_of(number)? else { return Ok(None) };
        prove(tx, &entry, params.checkpoint).map(Some)
    };
    let found = app.read(query).await?;
    // Ids of other kinds share the numbers: a record is found by its own name only.
    let named = |proof: &EvidenceProof| {
        let line = proof.record.lines().nth(1).and_then(|line| line.split_once(' '));
        line.is_some_and(|(_, name)| name == id)
    };
    found.filter(named).map(Answer).ok_or_else(ApiError::not_found)
}

/// The number of an id of any kind: `dec_…` or `org_…`.
fn id_number(id: &str) -> Option<i64> {
    let (_, digits) = id.split_once('_')?;
    format!("org_{digits}").parse::<OriginalId>().ok().map(OriginalId::to_i64)
}
