//! Gate passes over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, Response};
use db::{Ctx, Tx};
use kernel::Finding;
use serde::{Deserialize, Serialize};
use web::{
    ApiError, App, Caller, Command, ErrorItem, IdempotencyParams, List, Mark, Page, PageParams,
    Path,
};

use super::{BondedReason, Own, law};
use crate::book::Seer;
use crate::pass::{self, *};
use crate::refusal::Failure;

const LIST: &str = "bonded_passes";
/// Hexadecimal digits of the proof in the square code.
const CHECK_BYTES: usize = 8;

/// 核放单 / A gate pass.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PassView {
    /// 平台编号 / Our id.
    id: String,
    /// 核放单号 / Number.
    number: String,
    /// 区域关区代码 / Customs district of the zone.
    zone: String,
    /// 方向 / Which way.
    direction: PassDirection,
    /// 车牌号 / Number plate.
    vehicle_no: String,
    /// 车自重,千克 / The empty vehicle, kg.
    tare_kg: String,
    /// 申报总重,千克 / Vehicle and goods as declared, kg.
    #[serde(skip_serializing_if = "Option::is_none")]
    declared_kg: Option<String>,
    /// 过磅重量,千克 / On the scales, kg.
    weighed_kg: Option<String>,
    /// 允许偏差(比例) / Tolerance, a ratio.
    #[schema(example = "0.05")]
    tolerance: String,
    /// 状态:draft、issued、passed、closed、voided / State.
    state: &'static str,
    /// 作废理由 / Why it was voided.
    reason: String,
    /// 签发时间 / Issued.
    issued_at: Option<String>,
    /// 过卡时间 / Passed.
    passed_at: Option<String>,
    /// 核销时间 / Closed.
    closed_at: Option<String>,
    /// 关联单证 / What it carries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<PassItemView>,
    /// 提示:重量超差 / What is worth a look: the weight is off.
    #[schema(value_type = Vec<ErrorItem>)]
    findings: Vec<Finding>,
}

/// 关联单证 / A document bound to a pass.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PassItemView {
    /// 行号 / Line number.
    line: u32,
    /// 种类 / What it is.
    kind: PassItemKind,
    /// 编号 / Number.
    number: String,
    /// 毛重,千克 / Gross weight, kg.
    weight_kg: String,
}

impl PassView {
    /// `whole`: with what it carries and what that says about the weight.
    fn of(pass: Pass, whole: bool) -> PassView {
        let item = |item: &PassItem| PassItemView {
            line: item.line,
            kind: item.kind,
            number: item.number.clone(),
            weight_kg: item.weight.to_string(),
        };
        let time = |time: Option<kernel::Time>| time.map(kernel::Time::to_rfc3339);
        let off = pass.weighed.filter(|_| whole).and_then(|weighed| deviates(&pass, weighed));
        PassView {
            id: pass.id.to_string(),
            direction: pass.direction,
            tare_kg: pass.tare.to_string(),
            declared_kg: whole.then(|| declared(&pass).to_string()),
            weighed_kg: pass.weighed.map(|kg| kg.to_string()),
            tolerance: pass.tolerance.to_string(),
            state: pass.state.word(),
            issued_at: time(pass.issued_at),
            passed_at: time(pass.passed_at),
            closed_at: time(pass.closed_at),
            items: pass.items.iter().map(item).collect(),
            findings: off.into_iter().collect(),
            number: pass.number,
            zone: pass.zone,
            vehicle_no: pass.vehicle_no,
            reason: pass.reason,
        }
    }
}

/// Runs an act once and shows the pass.
async fn act<F>(
    app: &App,
    caller: &Caller,
    mark: Option<Mark>,
    status: StatusCode,
    flow: F,
) -> Result<Response, ApiError>
where
    F: FnOnce(&mut Tx, &Ctx, Seer) -> Result<Pass, Failure> + Send + 'static,
{
    let own = Own::of(caller);
    app.once(caller, mark, move |tx, ctx| {
        let seer = own.seer(tx)?;
        let pass = flow(tx, ctx, seer)?;
        Ok::<_, Failure>((status, PassView::of(pass, true)))
    })
    .await
}

/// 开立核放单 / Draw up a gate pass
#[utoipa::path(
    post, path = "/api/v1/bonded/passes", operation_id = "draft_bonded_pass",
    params(IdempotencyParams), request_body = PassDraft,
    responses((status = 201, body = PassView)),
)]
pub(super) async fn draft(
    State(app): State<App>,
    caller: Caller,
    command: Command<PassDraft>,
) -> Result<Response, ApiError> {
    let (law, own, draft) = (law(&app)?, Own::of(&caller), command.body);
    act(&app, &caller, command.mark, StatusCode::CREATED, move |tx, ctx, _| {
        pass::draft(tx, ctx, &law, own.code(), &draft)
    })
    .await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PassFilter {
    /// 状态 / State.
    #[param(example = "issued")]
    state: Option<String>,
}

/// 核放单列表 / List gate passes
#[utoipa::path(
    get, path = "/api/v1/bonded/passes", operation_id = "list_bonded_passes",
    params(PassFilter, PageParams), responses((status = 200, body = Page<PassView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<PassFilter>,
) -> Result<axum::Json<Page<PassView>>, ApiError> {
    let after = list.after(&app, LIST)?.unwrap_or(PassId::from_i64(0));
    let (own, fetch, limit) = (Own::of(&caller), list.fetch(), list.limit);
    let state = list.filter.state;
    let found = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            Ok::<_, Failure>(pass::list(tx, seer.firm(), state.as_deref(), after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, LIST, found, limit, |pass| pass.id);
    Ok(axum::Json(page.map(|pass| PassView::of(pass, false))))
}

/// 查看核放单 / Show a gate pass
#[utoipa::path(
    get, path = "/api/v1/bonded/passes/{id}", operation_id = "show_bonded_pass",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = PassView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PassId>,
) -> Result<axum::Json<PassView>, ApiError> {
    let own = Own::of(&caller);
    let pass = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            pass::find(tx, seer, id)
        })
        .await?;
    Ok(axum::Json(PassView::of(pass, true)))
}

/// 关联单证 / Documents to bind.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BindRequest {
    /// 单证 / Documents.
    items: Vec<PassItemDraft>,
}

/// 关联单证 / Bind documents to a draft
#[utoipa::path(
    post, path = "/api/v1/bonded/passes/{id}/bind", operation_id = "bind_bonded_pass",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = BindRequest, responses((status = 200, body = PassView)),
)]
pub(super) async fn bind(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PassId>,
    command: Command<BindRequest>,
) -> Result<Response, ApiError> {
    let items = command.body.items;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, seer| {
        pass::bind(tx, ctx, seer, id, &items)
    })
    .await
}

/// 移出单证 / Documents to take off.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnbindRequest {
    /// 行号 / Line numbers.
    lines: Vec<u32>,
}

/// 移出单证 / Take documents off a draft
#[utoipa::path(
    post, path = "/api/v1/bonded/passes/{id}/unbind", operation_id = "unbind_bonded_pass",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = UnbindRequest, responses((status = 200, body = PassView)),
)]
pub(super) async fn unbind(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PassId>,
    command: Command<UnbindRequest>,
) -> Result<Response, ApiError> {
    let lines = command.body.lines;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, seer| {
        pass::unbind(tx, ctx, seer, id, &lines)
    })
    .await
}

/// 签发核放单 / Issue a gate pass
#[utoipa::path(
    post, path = "/api/v1/bonded/passes/{id}/issue", operation_id = "issue_bonded_pass",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = PassView)),
)]
pub(super) async fn issue(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PassId>,
) -> Result<Response, ApiError> {
    let flow = move |tx: &mut Tx, ctx: &Ctx, seer| pass::issue(tx, ctx, seer, id);
    act(&app, &caller, None, StatusCode::OK, flow).await
}

/// 过磅 / The scales.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WeighRequest {
    /// 过磅重量,千克 / On the scales, kg.
    #[schema(example = "5214.3")]
    weighed_kg: String,
}

/// 过磅 / Weigh at the gate
///
/// 在允许偏差内即过卡;超差的保持已签发并提示。Within the tolerance the vehicle passes; otherwise the
/// pass stays issued and the finding says by how much it is off.
#[utoipa::path(
    post, path = "/api/v1/bonded/passes/{id}/weigh", operation_id = "weigh_bonded_pass",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = WeighRequest, responses((status = 200, body = PassView)),
)]
pub(super) async fn weigh(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PassId>,
    command: Command<WeighRequest>,
) -> Result<Response, ApiError> {
    let weighed = command.body.weighed_kg;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, seer| {
        pass::weigh(tx, ctx, seer, id, &weighed)
    })
    .await
}

/// 核销核放单 / Close a gate pass
#[utoipa::path(
    post, path = "/api/v1/bonded/passes/{id}/close", operation_id = "close_bonded_pass",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = PassView)),
)]
pub(super) async fn close(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PassId>,
) -> Result<Response, ApiError> {
    let flow = move |tx: &mut Tx, ctx: &Ctx, seer| pass::close(tx, ctx, seer, id);
    act(&app, &caller, None, StatusCode::OK, flow).await
}

/// 作废核放单 / Void a gate pass
#[utoipa::path(
    post, path = "/api/v1/bonded/passes/{id}/void", operation_id = "void_bonded_pass",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = BondedReason, responses((status = 200, body = PassView)),
)]
pub(super) async fn void(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PassId>,
    command: Command<BondedReason>,
) -> Result<Response, ApiError> {
    let reason = command.body.reason;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, seer| {
        pass::void(tx, ctx, seer, id, &reason)
    })
    .await
}

/// 打印核放单 / Print a gate pass
///
/// 自含的 HTML 页,带二维码。One HTML page that needs nothing else, with a square code.
#[utoipa::path(
    get, path = "/api/v1/bonded/passes/{id}/print", operation_id = "print_bonded_pass",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = String, content_type = "text/html")),
)]
pub(super) async fn print(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PassId>,
) -> Result<Html<String>, ApiError> {
    let own = Own::of(&caller);
    let (pass, firm) = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            let pass = pass::find(tx, seer, id)?;
            let firm = pass::firm_name(tx, &pass)?;
            Ok::<_, Failure>((pass, firm))
        })
        .await?;
    let proof = app.db.sealer().keyed_hash("bonded.pass", &pass.number);
    let check: String = proof.iter().take(CHECK_BYTES).map(|byte| format!("{byte:02x}")).collect();
    Ok(Html(pass::page(&pass, &firm, &check)))
}
