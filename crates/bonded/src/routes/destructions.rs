//! Destructions over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use db::{Ctx, Tx};
use kernel::{Date, Finding};
use register::rules::Rules;
use serde::{Deserialize, Serialize};
use web::{
    ApiError, App, Caller, Command, ErrorItem, IdempotencyParams, List, Mark, Page, PageParams,
    Path,
};

use super::{BondedReason, Own, law};
use crate::book::{self, Seer};
use crate::destruction::{self, *};
use crate::refusal::Failure;

const LIST: &str = "bonded_destructions";

/// 销毁 / A destruction with its clocks.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DestructionView {
    /// 平台编号 / Our id.
    id: String,
    /// 账册编号 / Account book.
    book: String,
    /// 状态:applied、approved、finished、filed、refused、withdrawn / State.
    state: &'static str,
    /// 情形 / Ground.
    ground: String,
    /// 情况说明 / What happened.
    explanation: String,
    /// 授权方 / Who authorised it.
    authorised_by: String,
    /// 销毁企业代码 / Code of the destroyer.
    destroyer_code: String,
    /// 销毁企业名称 / Name of the destroyer.
    destroyer_name: String,
    /// 销毁地点 / Where.
    place: String,
    /// 随附单证 / Papers.
    papers: Vec<String>,
    /// 批准编号 / Number of the approval.
    approval_no: String,
    /// 批准日期 / Day of approval.
    approved_on: Option<String>,
    /// 完成期限(含) / Last day to finish.
    due_on: Option<String>,
    /// 可申请延期的首日;末日为期限届满日 / First day to ask for an extension; the last is due_on.
    extension_from: Option<String>,
    /// 已延期的申请日期 / Day on which an extension was asked for.
    extension_requested_on: Option<String>,
    /// 完成日期 / Day on which it was finished.
    finished_on: Option<String>,
    /// 录像存放编号 / Where the video is kept.
    video: String,
    /// 录像保存至 / Kept until.
    video_until: Option<String>,
    /// 提交单证期限(工作日推算) / Last day for the papers.
    papers_due_on: Option<String>,
    /// 提交日期 / Day on which they were filed.
    papers_on: Option<String>,
    /// 料件销毁申报编号 / Declaration of the destruction.
    declaration_no: String,
    /// 残余物料收入,元 / What the residue earned, yuan.
    residue: String,
    /// 残余物料申报编号 / Declaration of the residue.
    residue_declaration_no: String,
    /// 不批准或撤回的理由 / Why it was refused or given up.
    reason: String,
    /// 商品 / Goods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<DestructionLineView>,
    /// 提示 / What is worth a look: time running out.
    #[schema(value_type = Vec<ErrorItem>)]
    findings: Vec<Finding>,
}

/// 销毁商品 / A line of a destruction.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DestructionLineView {
    /// 行号 / Line number.
    line: u32,
    /// 备案料号 / Record number.
    item_record_no: String,
    /// 计量单位代码 / Unit.
    unit: String,
    /// 申请数量 / Asked for.
    quantity: String,
    /// 实际销毁 / Destroyed.
    destroyed: String,
}

impl DestructionView {
    fn of(one: Destruction, rules: &Rules, today: Date) -> DestructionView {
        let day = |day: Option<Date>| day.map(|day| day.to_string());
        let line = |line: &DestructionLine| DestructionLineView {
            line: line.number,
            item_record_no: line.record.item_no.to_string(),
            unit: line.record.unit.to_string(),
            quantity: line.quantity.to_string(),
            destroyed: line.destroyed.to_string(),
        };
        let papers = one.papers.split(',').filter(|paper| !paper.is_empty());
        DestructionView {
            findings: standing(&one, rules, today),
            id: one.id.to_string(),
            state: one.state.word(),
            papers: papers.map(str::to_owned).collect(),
            approved_on: day(one.approved_on),
            due_on: day(one.due_on),
            extension_from: day(one.extension_from),
            extension_requested_on: day(one.extension_requested_on),
            finished_on: day(one.finished_on),
            video_until: day(one.video_until),
            papers_due_on: day(one.papers_due_on),
            papers_on: day(one.papers_on),
            residue: one.residue.to_string(),
            lines: one.lines.iter().map(line).collect(),
            book: one.book_number.into(),
            ground: one.ground,
            explanation: one.explanation,
            authorised_by: one.authorised_by,
            destroyer_code: one.destroyer_code,
            destroyer_name: one.destroyer_name,
            place: one.place,
            approval_no: one.approval_no,
            video: one.video,
            declaration_no: one.declaration_no,
            residue_declaration_no: one.residue_declaration_no,
            reason: one.reason,
        }
    }
}

/// Runs an act once and shows the destruction.
async fn act<F>(
    app: &App,
    caller: &Caller,
    mark: Option<Mark>,
    status: StatusCode,
    flow: F,
) -> Result<Response, ApiError>
where
    F: FnOnce(&mut Tx, &Ctx, &Rules, Seer) -> Result<Destruction, Failure> + Send + 'static,
{
    let (law, own) = (law(app)?, Own::of(caller));
    app.once(caller, mark, move |tx, ctx| {
        let seer = own.seer(tx)?;
        let one = flow(tx, ctx, &law, seer)?;
        Ok::<_, Failure>((status, DestructionView::of(one, &law, ctx.now.date())))
    })
    .await
}

/// 申请销毁 / Apply for destruction
///
/// 海关总署公告2025年第79号。货物即被占用。The goods are set aside at once.
#[utoipa::path(
    post, path = "/api/v1/bonded/destructions", operation_id = "apply_bonded_destruction",
    params(IdempotencyParams), request_body = DestructionDraft,
    responses((status = 201, body = DestructionView)),
)]
pub(super) async fn apply(
    State(app): State<App>,
    caller: Caller,
    command: Command<DestructionDraft>,
) -> Result<Response, ApiError> {
    let draft = command.body;
    act(&app, &caller, command.mark, StatusCode::CREATED, move |tx, ctx, law, seer| {
        destruction::apply(tx, ctx, law, seer, &draft)
    })
    .await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DestructionFilter {
    /// 账册编号 / Account book.
    book: Option<String>,
    /// 状态 / State.
    #[param(example = "approved")]
    state: Option<String>,
    /// 到该日(含)应完成或应交单证的 / To be finished, or to have papers filed, up to this day.
    #[param(value_type = Option<String>, example = "2026-05-31")]
    due_by: Option<Date>,
}

/// 销毁列表 / List destructions
#[utoipa::path(
    get, path = "/api/v1/bonded/destructions", operation_id = "list_bonded_destructions",
    params(DestructionFilter, PageParams),
    responses((status = 200, body = Page<DestructionView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<DestructionFilter>,
) -> Result<axum::Json<Page<DestructionView>>, ApiError> {
    let after = list.after(&app, LIST)?.unwrap_or(DestructionId::from_i64(0));
    let (law, own, fetch, limit) = (law(&app)?, Own::of(&caller), list.fetch(), list.limit);
    let DestructionFilter { book, state, due_by } = list.filter;
    let found = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            let book = book.map(|number| book::owned(tx, seer, &number)).transpose()?;
            let book = book.map(|book| book.id);
            let filter = destruction::Filter { holder: seer.firm(), book, state, due_by };
            Ok::<_, Failure>(destruction::list(tx, &filter, after, fetch)?)
        })
        .await?;
    let today = app.clock.now().date();
    let page = Page::cut(&app, LIST, found, limit, |one| one.id);
    Ok(axum::Json(page.map(|one| DestructionView::of(one, &law, today))))
}

/// 查看销毁 / Show a destruction
#[utoipa::path(
    get, path = "/api/v1/bonded/destructions/{id}", operation_id = "show_bonded_destruction",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = DestructionView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DestructionId>,
) -> Result<axum::Json<DestructionView>, ApiError> {
    let (law, own) = (law(&app)?, Own::of(&caller));
    let (one, _) = app
        .read(move |tx| {
            let seer = own.seer(tx)?;
            destruction::find(tx, seer, id)
        })
        .await?;
    let today = app.clock.now().date();
    Ok(axum::Json(DestructionView::of(one, &law, today)))
}

/// 登记批准 / Record the approval
///
/// 期限自批准日次日起算。The clock starts the day after.
#[utoipa::path(
    post, path = "/api/v1/bonded/destructions/{id}/approve",
    operation_id = "approve_bonded_destruction",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = Approval, responses((status = 200, body = DestructionView)),
)]
pub(super) async fn approve(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DestructionId>,
    command: Command<Approval>,
) -> Result<Response, ApiError> {
    let approval = command.body;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, law, seer| {
        destruction::approve(tx, ctx, law, seer, id, &approval)
    })
    .await
}

/// 登记不予批准 / Record that it was refused
#[utoipa::path(
    post, path = "/api/v1/bonded/destructions/{id}/refuse",
    operation_id = "refuse_bonded_destruction",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = BondedReason, responses((status = 200, body = DestructionView)),
)]
pub(super) async fn refuse(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DestructionId>,
    command: Command<BondedReason>,
) -> Result<Response, ApiError> {
    let reason = command.body.reason;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, _, seer| {
        destruction::give_up(tx, ctx, seer, id, true, &reason)
    })
    .await
}

/// 撤回销毁 / Withdraw
#[utoipa::path(
    post, path = "/api/v1/bonded/destructions/{id}/withdraw",
    operation_id = "withdraw_bonded_destruction",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = BondedReason, responses((status = 200, body = DestructionView)),
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DestructionId>,
    command: Command<BondedReason>,
) -> Result<Response, ApiError> {
    let reason = command.body.reason;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, _, seer| {
        destruction::give_up(tx, ctx, seer, id, false, &reason)
    })
    .await
}

/// 登记延期 / Record an extension
#[utoipa::path(
    post, path = "/api/v1/bonded/destructions/{id}/extend",
    operation_id = "extend_bonded_destruction",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = Extension, responses((status = 200, body = DestructionView)),
)]
pub(super) async fn extend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DestructionId>,
    command: Command<Extension>,
) -> Result<Response, ApiError> {
    let extension = command.body;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, law, seer| {
        destruction::extend(tx, ctx, law, seer, id, &extension)
    })
    .await
}

/// 登记完成 / Record that it is done
///
/// 记减账册;未销毁的恢复可用。The goods leave the book; what was not destroyed is free again.
#[utoipa::path(
    post, path = "/api/v1/bonded/destructions/{id}/finish",
    operation_id = "finish_bonded_destruction",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = Finish, responses((status = 200, body = DestructionView)),
)]
pub(super) async fn finish(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DestructionId>,
    command: Command<Finish>,
) -> Result<Response, ApiError> {
    let done = command.body;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, law, seer| {
        destruction::finish(tx, ctx, law, seer, id, &done)
    })
    .await
}

/// 登记提交单证 / Record the papers
#[utoipa::path(
    post, path = "/api/v1/bonded/destructions/{id}/papers",
    operation_id = "file_bonded_destruction_papers",
    params(("id" = String, Path, description = "平台编号 / our id"), IdempotencyParams),
    request_body = Papers, responses((status = 200, body = DestructionView)),
)]
pub(super) async fn papers(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DestructionId>,
    command: Command<Papers>,
) -> Result<Response, ApiError> {
    let papers = command.body;
    act(&app, &caller, command.mark, StatusCode::OK, move |tx, ctx, _, seer| {
        destruction::file_papers(tx, ctx, seer, id, &papers)
    })
    .await
}
