//! References to declarations made by form.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use db::{Ctx, DbError, Tx};
use kernel::{Date, Decimal, Finding, Text};
use register::codes::List as CodeList;
use register::party::{Act, Deed, Role, Roles};
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Json, List, Page, PageParams, Path};

use super::{codes_of, is_named};
use crate::events;
use crate::export::reference::{DeclarationId, Line, Recorded, check};
use crate::reference::Reference;
use crate::store::declaration::{self, Filter};

const LIST: &str = "declaration-references";

/// Lines of one declaration: more than any form has.
const LINES_MAX: usize = 1_000;

/// 报关单登记 / A declaration made by form, to be recorded.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordRequest {
    /// 报关单编号,18位 / Number of the declaration, 18 digits.
    #[schema(example = "420220260000000001")]
    number: String,
    /// 监管方式:0110、9710、9810 / Trade mode.
    #[schema(example = "0110")]
    mode: String,
    /// 收发货人代码 / Seller.
    firm: String,
    /// 申报企业代码;不填则为收发货人 / Declarant; the seller when absent.
    agent: Option<String>,
    /// 申报日期 / Day of declaration.
    #[schema(value_type = String, example = "2026-11-20")]
    date: Date,
    /// 总价 / Amount.
    #[schema(value_type = String, example = "2000.00")]
    amount: Decimal,
    /// 币制 / Currency.
    #[schema(example = "502")]
    currency: String,
    /// 商品项 / Lines.
    lines: Vec<Line>,
}

/// 已登记的报关单 / A recorded declaration.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct DeclarationView {
    /// 平台编号 / Our id.
    #[schema(example = "dcl_0dzq3k1v00000")]
    id: String,
    /// 登记时间 / When it was recorded.
    recorded_at: String,
    /// 报关单编号 / Number of the declaration.
    number: String,
    /// 监管方式 / Trade mode.
    mode: String,
    /// 收发货人代码 / Seller.
    firm: String,
    /// 申报企业代码 / Declarant.
    agent: String,
    /// 申报日期 / Day of declaration.
    date: String,
    /// 总价 / Amount.
    amount: String,
    /// 币制 / Currency.
    currency: String,
    /// 商品项 / Lines.
    lines: Vec<Line>,
}

impl DeclarationView {
    fn of(one: Recorded) -> DeclarationView {
        DeclarationView {
            id: one.id.to_string(),
            recorded_at: one.id.time().to_rfc3339(),
            number: one.number,
            mode: one.mode,
            firm: one.ebc_code,
            agent: one.agent_code,
            date: one.declared_on.to_string(),
            amount: one.amount.to_string(),
            currency: one.currency,
            lines: one.lines,
        }
    }
}

/// 登记报关单 / Record a declaration made by form
///
/// 一般贸易(0110)及超过清单上限的9710、9810报关单,登记后供统计和退税使用。同一内容重复登记不变;同号不同内容 409。
/// General trade, and 9710 and 9810 above what may go by list, for statistics and refunds. The same
/// once more changes nothing; the same number with other content is 409.
#[utoipa::path(
    post, path = "/api/v1/declaration-references", operation_id = "record_declaration",
    request_body = RecordRequest,
    responses(
        (status = 201, body = DeclarationView), (status = 200, body = DeclarationView),
        (status = 409, description = "同号不同内容 / the number with other content"),
    ),
)]
pub(super) async fn record(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<RecordRequest>,
) -> Result<Response, ApiError> {
    let reference = app.shared::<Reference>()?;
    let recorded = recorded(&app, asked);
    let today = app.clock.now().date();
    let currency = reference.codes.entry(CodeList::Currency, &recorded.currency).is_some();
    let mut findings = check(&recorded, today, currency);
    if recorded.lines.len() > LINES_MAX {
        let text = Text::new("商品项过多", "there are too many lines");
        let remedy = Text::new("分开登记", "record it in parts");
        let finding = Finding::error("declaration.lines", text, remedy).at("lines");
        findings.push(finding.found(recorded.lines.len().to_string(), format!("<= {LINES_MAX}")));
    }
    findings.extend(firms(&app, &caller, &reference, &recorded)?);
    if !findings.is_empty() {
        return Err(ApiError::invalid(findings));
    }
    let stored = app.write(&caller, move |tx, ctx| keep(tx, ctx, recorded)).await?;
    match stored {
        Kept::New(one) => {
            let view = DeclarationView::of(one);
            Ok((StatusCode::CREATED, axum::Json(view)).into_response())
        }
        Kept::Same(one) => Ok(axum::Json(DeclarationView::of(one)).into_response()),
        Kept::Other(number) => Err(ApiError::of(StatusCode::CONFLICT, vec![other(&number)])),
    }
}

fn recorded(app: &App, asked: RecordRequest) -> Recorded {
    let RecordRequest { number, mode, firm, agent, date, amount, currency, lines } = asked;
    let agent_code = agent.unwrap_or_else(|| firm.clone());
    let lines_text = serde_json::to_string(&lines).unwrap_or_default();
    let amount = amount.normalize();
    let content =
        format!("{number}|{mode}|{firm}|{agent_code}|{date}|{amount}|{currency}|{lines_text}");
    Recorded {
        id: app.ids.next(app.clock.now()),
        number,
        mode,
        ebc_code: firm,
        agent_code,
        declared_on: date,
        amount,
        currency,
        content: app.db.sealer().keyed_hash("declaration.content", &content),
        lines,
    }
}

/// The seller must be one, and whoever records it the seller, its declarant, or the operator.
fn firms(
    app: &App,
    caller: &Caller,
    reference: &Reference,
    one: &Recorded,
) -> Result<Vec<Finding>, ApiError> {
    let directory = reference.directory.current();
    let on = app.clock.now();
    let mut findings = Vec::new();
    if let Err(finding) = directory.firm(&one.ebc_code, Roles::of(&[Role::Ecommerce]), on.date()) {
        findings.push(finding.at("firm"));
    }
    let deed = Deed::new(Act::Inventory, Some(&one.mode), None, on);
    let leave = directory.may_act_for(&one.agent_code, &one.ebc_code, &deed);
    if let (true, Err(finding)) = (findings.is_empty(), leave) {
        findings.push(finding.at("agent"));
    }
    let own = [one.ebc_code.clone(), one.agent_code.clone()];
    if findings.is_empty() && !is_named(codes_of(app, caller)?.as_deref(), &own) {
        let text = Text::new("只能登记本企业的报关单", "a firm records its own declarations");
        let remedy =
            Text::new("由收发货人或申报企业登记", "the seller or the declarant records it");
        findings.push(Finding::error("party.not_declarant", text, remedy).at("firm"));
    }
    Ok(findings)
}

enum Kept {
    New(Recorded),
    Same(Recorded),
    Other(String),
}

fn keep(tx: &mut Tx, ctx: &Ctx, one: Recorded) -> Result<Kept, DbError> {
    if let Some(before) = declaration::by_number(tx, &one.number)? {
        let same = before.content == one.content;
        return Ok(if same { Kept::Same(before) } else { Kept::Other(one.number) });
    }
    declaration::insert(tx, &one)?;
    tx.emit(ctx, events::declaration_recorded(&one))?;
    Ok(Kept::New(one))
}

fn other(number: &str) -> Finding {
    Finding::error(
        "document.exists",
        Text::new("该报关单已登记，且内容不同", "the declaration is recorded with other content"),
        Text::new("核对编号和内容", "check the number and the content"),
    )
    .at("number")
    .found(number, "")
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeclarationFilter {
    /// 报关单编号 / Number of the declaration.
    number: Option<String>,
    /// 监管方式 / Trade mode.
    mode: Option<String>,
}

/// 报关单登记列表 / List recorded declarations
#[utoipa::path(
    get, path = "/api/v1/declaration-references", operation_id = "list_declarations",
    params(PageParams, DeclarationFilter),
    responses((status = 200, body = Page<DeclarationView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<DeclarationFilter>,
) -> Result<axum::Json<Page<DeclarationView>>, ApiError> {
    let after = list.after::<DeclarationId>(&app, LIST)?;
    let (fetch, limit) = (list.fetch(), list.limit);
    let DeclarationFilter { number, mode } = list.filter;
    let filter = Filter { tenant: codes_of(&app, &caller)?, number, mode, after };
    let found = app.read(move |tx: &mut Tx| declaration::list(tx, &filter, fetch)).await?;
    let page = Page::cut(&app, LIST, found, limit, |one| one.id);
    Ok(axum::Json(page.map(DeclarationView::of)))
}

/// 查看登记的报关单 / Show a recorded declaration
#[utoipa::path(
    get, path = "/api/v1/declaration-references/{id}", operation_id = "show_declaration",
    params(("id" = String, Path, description = "平台编号 / our id")),
    responses((status = 200, body = DeclarationView)),
)]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DeclarationId>,
) -> Result<axum::Json<DeclarationView>, ApiError> {
    let codes = codes_of(&app, &caller)?;
    let found = app.read(move |tx: &mut Tx| declaration::by_id(tx, id)).await?;
    let own = |one: &Recorded| {
        is_named(codes.as_deref(), &[one.ebc_code.clone(), one.agent_code.clone()])
    };
    let seen = found.filter(own).map(DeclarationView::of);
    seen.map(axum::Json).ok_or_else(ApiError::not_found)
}
