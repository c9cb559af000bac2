//! Guarantees over HTTP: `/api/v1/guarantees`. Officers and the operator see all, a firm its own;
//! the operator records what customs has accepted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use db::Tx;
use serde::Deserialize;
use utoipa_axum::routes;
use web::{
    ApiError, App, Caller, Command, IdempotencyParams, Json, List, Page, PageParams, Path, Query,
    Routes, Scope,
};

use super::flow::{self, Failure};
use super::refusal::TaxRefusal;
use super::statement::{Statement, statement};
use super::store;
use super::types::*;
use super::views::{
    GuaranteeInstrumentView, GuaranteeMovementView, GuaranteeStatementView, GuarantorView,
};
use crate::charge::{GuarantorId, MovementId, Role, movement_store as movements};
use crate::wire::{Period, PeriodParams, amount, canonical, csv, day};

const LIST: &str = "guarantees";
const MOVEMENTS: &str = "guarantee_movements";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .on(Scope::LedgerRead, routes!(list))
        .on(Scope::LedgerRead, routes!(one))
        .on(Scope::Operator, routes!(put))
        .on(Scope::Operator, routes!(lodge))
        .on(Scope::Operator, routes!(top_up))
        .on(Scope::Operator, routes!(reduce))
        .on(Scope::Operator, routes!(extend))
        .on(Scope::LedgerRead, routes!(list_movements))
        .on(Scope::LedgerRead, routes!(show_statement))
        .on(Scope::LedgerRead, routes!(statement_csv))
}

/// The guarantor of a code, when the caller is it or is not a firm.
fn seen(tx: &mut Tx, caller: &Caller, code: &str) -> Result<Guarantor, Failure> {
    let code = canonical(tx, code)?;
    if let Some(party) = caller.party()
        && canonical(tx, party)? != code
    {
        return Err(TaxRefusal::GuarantorNotFound.into());
    }
    flow::find(tx, &code)
}

/// 担保企业列表 / List guarantors
///
/// 企业只见自身。 A firm sees itself.
#[utoipa::path(
    get, path = "/api/v1/guarantees", operation_id = "list_guarantees",
    params(PageParams), responses((status = 200, body = Page<GuarantorView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<()>,
) -> Result<axum::Json<Page<GuarantorView>>, ApiError> {
    let after = list.after::<GuarantorId>(&app, LIST)?.unwrap_or(GuarantorId::from_i64(0));
    let (fetch, limit) = (list.fetch(), list.limit);
    let found = app
        .read(move |tx| {
            let own = caller.party().map(|party| canonical(tx, party)).transpose()?;
            let found = store::list(tx, own.as_deref(), after, fetch)?;
            flow::positions(tx, found)
        })
        .await?;
    let page = Page::cut(&app, LIST, found, limit, |position| position.guarantor.id);
    Ok(axum::Json(page.map(|position| GuarantorView::of(&position, &[]))))
}

fn position(tx: &mut Tx, guarantor: Guarantor) -> Result<GuarantorView, Failure> {
    let instruments = flow::instruments(tx, guarantor.id)?;
    let position = flow::positions(tx, vec![guarantor])?.pop();
    let position = position.ok_or(Failure::Refused(TaxRefusal::GuarantorNotFound))?;
    Ok(GuarantorView::of(&position, &instruments))
}

/// 查看担保 / Show a guarantor with its instruments
#[utoipa::path(
    get, path = "/api/v1/guarantees/{code}", operation_id = "show_guarantee",
    params(("code" = String, Path, description = "企业代码 / code of the firm")),
    responses((status = 200, body = GuarantorView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<axum::Json<GuarantorView>, ApiError> {
    let view = app
        .read(move |tx| {
            let guarantor = seen(tx, &caller, &code)?;
            position(tx, guarantor)
        })
        .await?;
    Ok(axum::Json(view))
}

/// 担保企业登记 / A guarantor to register.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GuarantorRequest {
    /// 身份：platform 电商平台、ecommerce 电商企业、logistics 物流企业 / In which role.
    #[schema(example = "platform")]
    role: String,
    /// 税单对象：guarantor、guarantor_firm；不填按规则 / How its bills are made; as the rule says when
    /// absent.
    bill_by: Option<String>,
}

fn unknown(path: &str, found: &str, expected: &str) -> ApiError {
    ApiError::invalid(vec![flow::wrong(path, found, expected)])
}

/// 登记担保企业 / Register a guarantor
#[utoipa::path(
    put, path = "/api/v1/guarantees/{code}", operation_id = "put_guarantee",
    params(("code" = String, Path, description = "企业代码 / code of the firm")),
    request_body = GuarantorRequest,
    responses((status = 200, body = GuarantorView), (status = 201, body = GuarantorView)),
)]
pub(super) async fn put(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Json(asked): Json<GuarantorRequest>,
) -> Result<(StatusCode, axum::Json<GuarantorView>), ApiError> {
    let role = Role::parse(&asked.role)
        .ok_or_else(|| unknown("role", &asked.role, "platform, ecommerce, logistics"))?;
    let by = |word: String| {
        BillBy::parse(&word).ok_or_else(|| unknown("bill_by", &word, "guarantor, guarantor_firm"))
    };
    let bill_by = asked.bill_by.map(by).transpose()?;
    let (view, created) = app
        .write(&caller, move |tx, ctx| {
            let code = canonical(tx, &code)?;
            let draft = GuarantorDraft { code: &code, role, bill_by };
            let (guarantor, created) = flow::register(tx, ctx, &draft)?;
            Ok::<_, Failure>((position(tx, guarantor)?, created))
        })
        .await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(view)))
}

/// 担保提交 / An instrument to lodge.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InstrumentRequest {
    /// 形式：cash 保证金、letter 银行保函、bond 保证保险 / Cash deposit, bank letter or insurance bond.
    #[schema(example = "letter")]
    form: String,
    /// 编号 / Number at its issuer.
    #[schema(example = "LG2026110001")]
    number: String,
    /// 出具人 / Bank, insurer or treasury.
    issuer: String,
    /// 金额，元 / Amount, yuan.
    #[schema(example = "1000000.00")]
    amount: String,
    /// 起日，默认今日 / First day; today when absent.
    #[schema(example = "2026-11-01")]
    valid_from: Option<String>,
    /// 止日；不填为长期 / Last day; without end when absent.
    #[schema(example = "2027-10-31")]
    valid_until: Option<String>,
}

/// 提交担保 / Lodge an instrument
#[utoipa::path(
    post, path = "/api/v1/guarantees/{code}/instruments", operation_id = "lodge_guarantee",
    params(("code" = String, Path, description = "企业代码 / code of the firm"), IdempotencyParams),
    request_body = InstrumentRequest, responses((status = 201, body = GuaranteeInstrumentView)),
)]
pub(super) async fn lodge(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    command: Command<InstrumentRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    let form = InstrumentForm::parse(&body.form)
        .ok_or_else(|| unknown("form", &body.form, "cash, letter, bond"))?;
    let sum = amount("amount", &body.amount)?;
    let from = body.valid_from.as_deref().map(|from| day("valid_from", from)).transpose()?;
    let valid_until = body.valid_until.as_deref().map(|u| day("valid_until", u)).transpose()?;
    app.once(&caller, mark, move |tx, ctx| {
        let code = canonical(tx, &code)?;
        let draft = InstrumentDraft {
            form,
            number: body.number.trim(),
            issuer: body.issuer.trim(),
            amount: sum,
            valid_from: from.unwrap_or_else(|| ctx.now.date()),
            valid_until,
        };
        let lodged = flow::lodge(tx, ctx, &code, &draft)?;
        Ok::<_, Failure>((StatusCode::CREATED, GuaranteeInstrumentView::of(&lodged)))
    })
    .await
}

/// 金额 / An amount.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GuaranteeAmountRequest {
    /// 金额，元 / Amount, yuan.
    #[schema(example = "200000.00")]
    amount: String,
}

/// 新止日 / Another last day.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GuaranteeExtensionRequest {
    /// 止日 / Last day.
    #[schema(example = "2028-10-31")]
    valid_until: String,
}

type InstrumentPath = Path<(String, InstrumentId)>;

async fn changed(
    app: App,
    caller: Caller,
    Path((code, id)): InstrumentPath,
    mark: Option<web::Mark>,
    change: Change,
) -> Result<Response, ApiError> {
    app.once(&caller, mark, move |tx, ctx| {
        let code = canonical(tx, &code)?;
        let instrument = flow::change(tx, ctx, &code, id, change)?;
        Ok::<_, Failure>((StatusCode::OK, GuaranteeInstrumentView::of(&instrument)))
    })
    .await
}

/// 追加担保 / Top an instrument up
#[utoipa::path(
    post, path = "/api/v1/guarantees/{code}/instruments/{id}/top-up",
    operation_id = "top_up_guarantee",
    params(
        ("code" = String, Path, description = "企业代码 / code of the firm"),
        ("id" = String, Path, description = "担保编号 / id of the instrument"),
        IdempotencyParams,
    ),
    request_body = GuaranteeAmountRequest,
    responses((status = 200, body = GuaranteeInstrumentView)),
)]
pub(super) async fn top_up(
    State(app): State<App>,
    caller: Caller,
    path: InstrumentPath,
    command: Command<GuaranteeAmountRequest>,
) -> Result<Response, ApiError> {
    let change = Change::TopUp(amount("amount", &command.body.amount)?);
    changed(app, caller, path, command.mark, change).await
}

/// 核减担保 / Reduce an instrument
///
/// 只能核减可用额度，否则 409。 Only what is free can be taken away: 409 otherwise.
#[utoipa::path(
    post, path = "/api/v1/guarantees/{code}/instruments/{id}/reduce",
    operation_id = "reduce_guarantee",
    params(
        ("code" = String, Path, description = "企业代码 / code of the firm"),
        ("id" = String, Path, description = "担保编号 / id of the instrument"),
        IdempotencyParams,
    ),
    request_body = GuaranteeAmountRequest,
    responses((status = 200, body = GuaranteeInstrumentView)),
)]
pub(super) async fn reduce(
    State(app): State<App>,
    caller: Caller,
    path: InstrumentPath,
    command: Command<GuaranteeAmountRequest>,
) -> Result<Response, ApiError> {
    let change = Change::Reduce(amount("amount", &command.body.amount)?);
    changed(app, caller, path, command.mark, change).await
}

/// 担保展期 / Give an instrument another last day
#[utoipa::path(
    post, path = "/api/v1/guarantees/{code}/instruments/{id}/extend",
    operation_id = "extend_guarantee",
    params(
        ("code" = String, Path, description = "企业代码 / code of the firm"),
        ("id" = String, Path, description = "担保编号 / id of the instrument"),
        IdempotencyParams,
    ),
    request_body = GuaranteeExtensionRequest,
    responses((status = 200, body = GuaranteeInstrumentView)),
)]
pub(super) async fn extend(
    State(app): State<App>,
    caller: Caller,
    path: InstrumentPath,
    command: Command<GuaranteeExtensionRequest>,
) -> Result<Response, ApiError> {
    let change = Change::Extend(day("valid_until", &command.body.valid_until)?);
    changed(app, caller, path, command.mark, change).await
}

/// 担保变动 / Movements of a guarantor's account, batch by batch
#[utoipa::path(
    get, path = "/api/v1/guarantees/{code}/movements", operation_id = "list_guarantee_movements",
    params(("code" = String, Path, description = "企业代码 / code of the firm"), PageParams),
    responses((status = 200, body = Page<GuaranteeMovementView>)),
)]
pub(super) async fn list_movements(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    list: List<()>,
) -> Result<axum::Json<Page<GuaranteeMovementView>>, ApiError> {
    let after = list.after::<MovementId>(&app, MOVEMENTS)?.unwrap_or(MovementId::from_i64(0));
    let (fetch, limit) = (list.fetch(), list.limit);
    let found = app
        .read(move |tx| {
            let guarantor = seen(tx, &caller, &code)?;
            Ok::<_, Failure>(movements::list(tx, guarantor.id, after, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, MOVEMENTS, found, limit, |(id, _)| *id);
    Ok(axum::Json(page.map(|(id, moved)| GuaranteeMovementView::of(id, moved))))
}

async fn drawn(
    app: &App,
    caller: Caller,
    code: String,
    period: Period,
) -> Result<Statement, ApiError> {
    app.read(move |tx| {
        let guarantor = seen(tx, &caller, &code)?;
        Ok::<_, Failure>(statement(tx, guarantor, period.from, period.to)?)
    })
    .await
}

/// 担保对账单 / Statement of a guarantor's account
///
/// 期初、按日按企业逐笔、期末，合计勾稽。 Opening, every movement by day and firm, closing, and totals
/// that foot. At most a year.
#[utoipa::path(
    get, path = "/api/v1/guarantees/{code}/statement", operation_id = "show_guarantee_statement",
    params(("code" = String, Path, description = "企业代码 / code of the firm"), PeriodParams),
    responses((status = 200, body = GuaranteeStatementView)),
)]
pub(super) async fn show_statement(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Query(period): Query<PeriodParams>,
) -> Result<axum::Json<GuaranteeStatementView>, ApiError> {
    let drawn = drawn(&app, caller, code, period.parse()?).await?;
    Ok(axum::Json(GuaranteeStatementView::of(drawn)))
}

/// 担保对账单（CSV） / The same statement as CSV
#[utoipa::path(
    get, path = "/api/v1/guarantees/{code}/statement.csv",
    operation_id = "download_guarantee_statement",
    params(("code" = String, Path, description = "企业代码 / code of the firm"), PeriodParams),
    responses((status = 200, description = "CSV", content_type = "text/csv", body = String)),
)]
pub(super) async fn statement_csv(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Query(period): Query<PeriodParams>,
) -> Result<Response, ApiError> {
    let drawn = drawn(&app, caller, code, period.parse()?).await?;
    Ok(csv(&drawn.movements()))
}
