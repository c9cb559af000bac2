//! Warehousing details and instructions over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Command, IdempotencyParams, List, Page, PageParams, Path};

use super::Own;
use crate::refusal::{Failure, Refusal};
use crate::site::{self, store, *};

const ARRIVALS: &str = "bonded_arrivals";
const INSTRUCTIONS: &str = "bonded_instructions";

/// 入库明细到达 / A warehousing detail (711) that arrived.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ArrivalView {
    /// 平台编号 / Our id.
    id: String,
    /// 监管场所经营人代码 / Operator of the supervised place.
    operator_code: String,
    /// 关区代码 / Customs district.
    customs_code: String,
    /// 提运单号 / Bill number.
    bill_no: String,
    /// 航班航次 / Voyage.
    voyage_no: String,
    /// 入库单编号 / Warehousing sheet number.
    sheet_no: String,
    /// 所属核注 / The entry it belongs to.
    entry: Option<String>,
    /// 运单数 / How many waybills.
    lines: i64,
    /// 运单 / The waybills.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waybills: Vec<String>,
}

impl ArrivalView {
    fn of(arrival: Arrival, waybills: Vec<String>) -> ArrivalView {
        ArrivalView {
            id: arrival.id.to_string(),
            operator_code: arrival.operator_code,
            customs_code: arrival.customs_code,
            bill_no: arrival.bill_no,
            voyage_no: arrival.voyage_no,
            sheet_no: arrival.sheet_no,
            entry: arrival.entry.map(|entry| entry.to_string()),
            lines: arrival.lines,
            waybills,
        }
    }
}

/// 入库明细列表 / List warehousing details
///
/// 场所经营人只见本场所的。An operator sees its own.
#[utoipa::path(
    get, path = "/api/v1/bonded/arrivals", operation_id = "list_bonded_arrivals",
    params(PageParams), responses((status = 200, body = Page<ArrivalView>)),
)]
pub(super) async fn arrivals(
    State(app): State<App>,
    caller: Caller,
    list: List<()>,
) -> Result<axum::Json<Page<ArrivalView>>, ApiError> {
    let after = list.after(&app, ARRIVALS)?.unwrap_or(ArrivalId::from_i64(0));
    let (own, fetch) = (Own::of(&caller), list.fetch());
    let found = app
        .read(move |tx| {
            let codes = own.codes(tx)?;
            Ok::<_, Failure>(store::arrivals(tx, codes.as_ref(), after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, ARRIVALS, found, list.limit, |arrival| arrival.id);
    Ok(axum::Json(page.map(|arrival| ArrivalView::of(arrival, Vec::new()))))
}

/// 查看入库明细 / Show a warehousing detail
#[utoipa::path(
    get, path = "/api/v1/bonded/arrivals/{id}", operation_id = "show_bonded_arrival",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = ArrivalView)),
)]
pub(super) async fn arrival(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ArrivalId>,
) -> Result<axum::Json<ArrivalView>, ApiError> {
    let own = Own::of(&caller);
    let (arrival, waybills) = app
        .read(move |tx| {
            let codes = own.codes(tx)?;
            let found = store::find_arrival(tx, id)?;
            let sees = |operator: &String| codes.as_ref().is_none_or(|own| own.contains(operator));
            let found = found.filter(|(arrival, _)| sees(&arrival.operator_code));
            found.ok_or(Failure::Refused(Refusal::NotFound))
        })
        .await?;
    Ok(axum::Json(ArrivalView::of(arrival, waybills)))
}

/// 批量指令 / Instructions to give.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InstructRequest {
    /// 指令 / Instructions.
    instructions: Vec<Instruction>,
}

/// 已下达的指令 / Instructions given.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct InstructView {
    /// 平台编号,按请求顺序 / Our ids, in order.
    ids: Vec<String>,
}

/// 下达查验指令 / Instruct the line
///
/// 放行、查验、分流、停线、现场处置。重复提交相同指令编号返回原指令。Release, inspect, divert, stop the
/// line, on the spot; the same reference again is found.
#[utoipa::path(
    post, path = "/api/v1/bonded/instructions", operation_id = "give_bonded_instructions",
    params(IdempotencyParams), request_body = InstructRequest,
    responses((status = 201, body = InstructView)),
)]
pub(super) async fn instruct(
    State(app): State<App>,
    caller: Caller,
    command: Command<InstructRequest>,
) -> Result<Response, ApiError> {
    app.once(&caller, command.mark, move |tx, ctx| {
        let ids = site::instruct(tx, ctx, &command.body.instructions)?;
        let ids = ids.into_iter().map(|id| id.to_string()).collect();
        Ok::<_, Failure>((StatusCode::CREATED, InstructView { ids }))
    })
    .await
}

/// 查验指令 / An instruction with what came of it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct InstructionView {
    /// 平台编号 / Our id.
    id: String,
    /// 指令编号 / Number of the instruction.
    reference: String,
    /// 下达时间(北京) / When, Beijing time.
    at: String,
    /// 物流运单编号 / Waybill.
    waybill_no: String,
    /// 监管场所经营人代码 / Operator.
    operator_code: String,
    /// 指令:release、inspect、divert、stop_line、on_the_spot / What to do.
    act: String,
    /// 说明 / Note.
    note: String,
    /// 结果:clear、found、not_done;未回填为空 / Result, empty until it came.
    result: String,
    /// 图像编号 / Where the picture is kept.
    image: String,
    /// 结果说明 / Remark.
    remark: String,
    /// 回填时间(北京) / When the result came.
    answered_at: Option<String>,
}

impl InstructionView {
    fn of(one: Instructed) -> InstructionView {
        InstructionView {
            id: one.id.to_string(),
            at: one.id.time().to_rfc3339(),
            reference: one.reference,
            waybill_no: one.waybill_no,
            operator_code: one.operator_code,
            act: one.act,
            note: one.note,
            result: one.result,
            image: one.image,
            remark: one.remark,
            answered_at: one.answered_at.map(kernel::Time::to_rfc3339),
        }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct InstructionFilter {
    /// 物流运单编号 / Waybill.
    waybill_no: Option<String>,
}

/// 指令列表 / List instructions
#[utoipa::path(
    get, path = "/api/v1/bonded/instructions", operation_id = "list_bonded_instructions",
    params(InstructionFilter, PageParams),
    responses((status = 200, body = Page<InstructionView>)),
)]
pub(super) async fn instructions(
    State(app): State<App>,
    caller: Caller,
    list: List<InstructionFilter>,
) -> Result<axum::Json<Page<InstructionView>>, ApiError> {
    let after = list.after(&app, INSTRUCTIONS)?.unwrap_or(InstructionId::from_i64(0));
    let (own, fetch, limit) = (Own::of(&caller), list.fetch(), list.limit);
    let waybill = list.filter.waybill_no;
    let found = app
        .read(move |tx| {
            let codes = own.codes(tx)?;
            let waybill = waybill.as_deref();
            let found = store::instructions(tx, codes.as_ref(), waybill, after, fetch)?;
            Ok::<_, Failure>(found)
        })
        .await?;
    let page = Page::cut(&app, INSTRUCTIONS, found, limit, |one| one.id);
    Ok(axum::Json(page.map(InstructionView::of)))
}

/// 回填指令结果 / InstructionAnswer an instruction
///
/// 由执行的场所经营人回填。By the operator that carried it out.
#[utoipa::path(
    post, path = "/api/v1/bonded/instructions/{id}/answer",
    operation_id = "answer_bonded_instruction",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = InstructionAnswer, responses((status = 200, body = InstructionView)),
)]
pub(super) async fn answer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<InstructionId>,
    command: Command<InstructionAnswer>,
) -> Result<Response, ApiError> {
    let own = Own::of(&caller);
    app.once(&caller, command.mark, move |tx, ctx| {
        let codes = own.codes(tx)?;
        let found = store::find_instruction(tx, id)?;
        let sees =
            |one: &Instructed| codes.as_ref().is_none_or(|own| own.contains(&one.operator_code));
        let found = found.filter(sees).ok_or(Refusal::NotFound)?;
        let answered = site::answer(tx, ctx, found, &command.body)?;
        Ok::<_, Failure>((StatusCode::OK, InstructionView::of(answered)))
    })
    .await
}
