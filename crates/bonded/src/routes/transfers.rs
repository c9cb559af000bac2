//! Transfers between books over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use db::{Ctx, Tx};
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Command, IdempotencyParams, List, Mark, Page, PageParams, Path};

use super::{BondedReason, Own};
use crate::book::Seer;
use crate::refusal::Failure;
use crate::transfer::{self, Part, Transfer, TransferDraft, TransferId};

const LIST: &str = "bonded_transfers";

/// 账册间流转 / A transfer between books.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TransferView {
    /// 平台编号 / Our id.
    id: String,
    /// 转出账册 / Book they leave.
    from: String,
    /// 转入账册 / Book they go to.
    to: String,
    /// 转入账册是否在本平台 / Whether the other book is kept on this platform.
    to_is_here: bool,
    /// 状态:planned、in_transit、closed、cancelled / State.
    state: &'static str,
    /// 出区核注清单 / Checklist of the leaving side.
    out_reference: String,
    /// 入区核注清单 / Checklist of the arriving side, the latest.
    in_reference: String,
    /// 商品 / Goods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<TransferLineView>,
}

/// 流转商品 / A line of a transfer.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TransferLineView {
    /// 行号 / Line number.
    line: u32,
    /// 备案料号 / Record in the book they leave.
    item_record_no: String,
    /// 计量单位代码 / Unit.
    unit: String,
    /// 数量 / Quantity.
    quantity: String,
    /// 已到 / Arrived.
    received: String,
    /// 已召回 / Came back.
    recalled: String,
    /// 未结 / Neither.
    left: String,
}

impl TransferView {
    fn of(transfer: Transfer) -> TransferView {
        let line = |line: &transfer::TransferLine| TransferLineView {
            line: line.number,
            item_record_no: line.record.item_no.to_string(),
            unit: line.record.unit.to_string(),
            quantity: line.quantity.to_string(),
            received: line.received.to_string(),
            recalled: line.recalled.to_string(),
            left: line.left().to_string(),
        };
        TransferView {
            id: transfer.id.to_string(),
            from: transfer.from_number.into(),
            to: transfer.to_number.into(),
            to_is_here: transfer.to_book.is_some(),
            state: transfer.state.word(),
            out_reference: transfer.out_reference,
            in_reference: transfer.in_reference,
            lines: transfer.lines.iter().map(line).collect(),
        }
    }
}

/// Runs an act once and shows the transfer.
async fn act<F>(
    app: &App,
    caller: &Caller,
    mark: Option<Mark>,
    status: StatusCode,
    flow: F,
) -> Result<Response, ApiError>
where
    F: FnOnce(&mut Tx, &Ctx, Seer) -> Result<Transfer, Failure> + Send + 'static,
{
    let own = Own::of(caller);
    app.once(caller, mark, move |tx, ctx| {
        let seer = own.seer(tx)?;
        let transfer = flow(tx, ctx, seer)?;
        Ok::<_, Failure>((status, TransferView::of(transfer)))
    })
    .await
}

/// 发起流转 / Plan a transfer
///
/// 货物即被占用;转入账册可不在本平台。The goods are set aside at once; the other book may be kept
/// elsewhere.
#[utoipa::path(
    post, path = "/api/v1/bonded/transfers", operation_id = "plan_bonded_transfer",
    params(IdempotencyParams), request_body = TransferDraft,
    responses((status = 201, body = TransferView)),
)]
pub(super) async fn plan(
    State(app): State<App>,
    caller: Caller,
    command: Command<TransferDraft>,
) -> Result<Response, ApiError> {
    let draft = command.body;
    act(&app, &caller, command.mark, StatusCode::CREATED, move |tx, ctx, seer| {
        transfer::plan(tx, ctx, seer, &draft)
    })
    .await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TransferFilter {
    /// 状态 / State.
    #[param(example = "in_transit")]
    state: Option<String>,
}

/// 流转列表 / List transfers
#[utoipa::path(
    get, path = "/api/v1/bonded/transfers", operation_id = "list_bonded_transfers",
    params(TransferFilter, PageParams), responses((status = 200, body = Page<TransferView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<TransferFilter>,
) -> Result<axum::Json<Page<TransferView>>, ApiError> {
    let after = list.after(&app, LIST)?.unwrap_or(TransferId::from_i64(0));
    let (own, fetch, limit) = (Own::of(&caller), list.fetch(), list.limit);
    let state = list.filter.state;
    let transfers = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            Ok::<_, Failure>(transfer::list(tx, seer.firm(), state.as_deref(), after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, LIST, transfers, limit, |transfer| transfer.id);
    Ok(axum::Json(page.map(TransferView::of)))
}

/// 查看流转 / Show a transfer
#[utoipa::path(
    get, path = "/api/v1/bonded/transfers/{id}", operation_id = "show_bonded_transfer",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = TransferView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<TransferId>,
) -> Result<axum::Json<TransferView>, ApiError> {
    let own = Own::of(&caller);
    let (transfer, _, _) = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            transfer::find(tx, seer, id)
        })
        .await?;
    Ok(axum::Json(TransferView::of(transfer)))
}

/// 出区 / The goods have left.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DispatchRequest {
    /// 出区核注清单编号 / Checklist of the leaving side.
    #[schema(max_length = 64)]
    reference: String,
}

/// 流转出区 / The goods leave
#[utoipa::path(
    post, path = "/api/v1/bonded/transfers/{id}/dispatch",
    operation_id = "dispatch_bonded_transfer",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = DispatchRequest, responses((status = 200, body = TransferView)),
)]
pub(super) async fn dispatch(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<TransferId>,
    command: Command<DispatchRequest>,
) -> Result<Response, ApiError> {
    let reference = command.body.reference;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, seer| {
        transfer::dispatch(tx, ctx, seer, id, &reference)
    })
    .await
}

/// 入区 / Goods have arrived.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiveRequest {
    /// 入区核注清单编号 / Checklist of the arriving side.
    #[schema(max_length = 64)]
    reference: String,
    /// 实收;不填则全部 / What arrived; everything when left out.
    lines: Option<Vec<Part>>,
}

/// 流转入区 / Goods arrive
///
/// 由转入账册的企业办理;转入账册不在本平台的由转出企业办理。Said by the firm that receives; for a
/// book kept elsewhere by the firm that sent.
#[utoipa::path(
    post, path = "/api/v1/bonded/transfers/{id}/receive",
    operation_id = "receive_bonded_transfer",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = ReceiveRequest, responses((status = 200, body = TransferView)),
)]
pub(super) async fn receive(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<TransferId>,
    command: Command<ReceiveRequest>,
) -> Result<Response, ApiError> {
    let ReceiveRequest { reference, lines } = command.body;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, seer| {
        transfer::receive(tx, ctx, seer, id, &reference, lines.as_deref())
    })
    .await
}

/// 召回在途货物 / Recall what is on the way
#[utoipa::path(
    post, path = "/api/v1/bonded/transfers/{id}/recall", operation_id = "recall_bonded_transfer",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = BondedReason, responses((status = 200, body = TransferView)),
)]
pub(super) async fn recall(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<TransferId>,
    command: Command<BondedReason>,
) -> Result<Response, ApiError> {
    let reason = command.body.reason;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, seer| {
        transfer::recall(tx, ctx, seer, id, &reason)
    })
    .await
}

/// 取消流转 / Cancel a transfer that has not left
#[utoipa::path(
    post, path = "/api/v1/bonded/transfers/{id}/cancel", operation_id = "cancel_bonded_transfer",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = BondedReason, responses((status = 200, body = TransferView)),
)]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<TransferId>,
    command: Command<BondedReason>,
) -> Result<Response, ApiError> {
    let reason = command.body.reason;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, seer| {
        transfer::cancel(tx, ctx, seer, id, &reason)
    })
    .await
}
