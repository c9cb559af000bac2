//! What is to be summarised, the applications that would do it, and the declarations made.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use db::Tx;
use kernel::{Date, Finding, Text, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use web::{
    ApiError, App, Caller, Command, IdempotencyParams, List, Page, PageParams, Query, RequestId,
};

use super::codes_of;
use super::lists::start_of;
use super::submit::submit;
use crate::document::{DocumentId, Door, Inventory, Kind, guid};
use crate::export::summary::{Merged, due_on, merge};
use crate::intake::{Body, Outcome};
use crate::reference::Reference;
use crate::store::summary::{self, Filter, Open};

const LIST: &str = "unsummarised";
const RESULTS: &str = "summary-results";

/// Inventories of one month that drafts are made of at once: more than a firm closes in one.
const DRAFTED_MAX: i64 = 20_000;

/// 未汇总清单 / An inventory yet to be summarised.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct UnsummarisedView {
    /// 清单的平台编号 / Our id of the inventory.
    id: String,
    /// 清单编号 / Inventory number.
    #[schema(example = "42512026E000000001")]
    invt_no: String,
    /// 申报企业代码 / Declarant.
    agent_code: String,
    /// 收发货人代码 / Seller.
    ebc_code: String,
    /// 监管方式 / Trade mode.
    trade_mode: String,
    /// 结关时间 / When customs closed it.
    closed_at: String,
    /// 已结关天数 / Days since.
    age_days: i64,
    /// 应在此日前汇总(含) / By which day it is to be summarised.
    #[schema(example = "2026-04-15")]
    due_on: String,
    /// 是否逾期 / Whether that day has passed.
    overdue: bool,
    /// 已列入的汇总申请;未列入为空 / The application that has it; null while none has.
    application_id: Option<String>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UnsummarisedFilter {
    /// 收发货人代码 / Seller.
    ebc_code: Option<String>,
    /// 结关月份 / Month in which they closed.
    #[param(example = "2026-03")]
    month: Option<String>,
}

/// 未汇总清单列表 / List what is to be summarised
///
/// 已结关、须汇总申报(B)、尚无汇总结果的出口清单,等待最久的在前。
/// Export inventories closed and to be summarised (B) that no declaration was made of yet, those
/// waiting longest first.
#[utoipa::path(
    get, path = "/api/v1/unsummarised-inventories", operation_id = "list_unsummarised",
    params(PageParams, UnsummarisedFilter),
    responses((status = 200, body = Page<UnsummarisedView>)),
)]
pub(super) async fn unsummarised(
    State(app): State<App>,
    caller: Caller,
    list: List<UnsummarisedFilter>,
) -> Result<axum::Json<Page<UnsummarisedView>>, ApiError> {
    let reference = app.shared::<Reference>()?;
    let after = list.after::<(Time, DocumentId)>(&app, LIST)?;
    let (fetch, limit) = (list.fetch(), list.limit);
    let UnsummarisedFilter { ebc_code, month } = list.filter;
    let (from, before) = match month {
        Some(month) => span(&month).map(|(from, before)| (Some(from), Some(before)))?,
        None => (None, None),
    };
    let tenant = codes_of(&app, &caller)?;
    let filter = Filter { tenant, ebc_code, from, before, applied: true, after };
    let found = app.read(move |tx: &mut Tx| summary::open(tx, &filter, fetch)).await?;
    let now = app.clock.now();
    let page = Page::cut(&app, LIST, found, limit, |one| (one.closed_at, one.declared.id));
    Ok(axum::Json(page.map(|one| view(&one, &reference, now))))
}

fn view(one: &Open, reference: &Reference, now: Time) -> UnsummarisedView {
    let facts = &one.declared.facts;
    let (closed, today) = (one.closed_at.date(), now.date());
    let due = due(closed, reference);
    UnsummarisedView {
        id: one.declared.id.to_string(),
        invt_no: facts.invt_no.clone(),
        agent_code: facts.agent_code.clone(),
        ebc_code: facts.ebc_code.clone(),
        trade_mode: facts.trade_mode.clone(),
        closed_at: one.closed_at.to_rfc3339(),
        age_days: (now.to_millis() - one.closed_at.to_millis()) / DAY_MS,
        due_on: due.map(|due| due.to_string()).unwrap_or_default(),
        overdue: due.is_some_and(|due| today > due),
        application_id: one.application.map(|id| id.to_string()),
    }
}

const DAY_MS: i64 = 86_400_000;

/// The law of the day on which it closed says by when; `None` when that law is not known.
fn due(closed: Date, reference: &Reference) -> Option<Date> {
    let law = reference.law(closed).ok()?.export.clone().ok()?;
    Some(due_on(closed, law.summary_due_day.value))
}

/// The first instant of a month and the first after it.
fn span(month: &str) -> Result<(Time, Time), ApiError> {
    let first = format!("{month}-01").parse::<Date>().ok().filter(|_| month.len() == 7);
    let next = first.and_then(|day| day.last_of_month().tomorrow().ok());
    match (first.and_then(start_of), next.and_then(start_of)) {
        (Some(from), Some(before)) => Ok((from, before)),
        _ => Err(bad_month(month)),
    }
}

fn bad_month(month: &str) -> ApiError {
    let text = Text::new("月份无效", "the month is not valid");
    let remedy = Text::new("请填写年和月,如 2026-03", "give year and month, such as 2026-03");
    let finding = Finding::error("query.invalid", text, remedy).at("month");
    ApiError::malformed(vec![finding.found(month, "yyyy-mm")])
}

/// 汇总草稿 / A summary application that would be made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct DraftView {
    /// 申报企业代码 / Who applies.
    agent_code: String,
    /// 申报地海关 / Customs district.
    customs_code: String,
    /// 收发货人代码 / Seller.
    ebc_code: String,
    /// 运输方式 / Transport mode.
    traf_mode: String,
    /// 生产销售企业代码 / Producer or seller of the goods.
    owner_code: String,
    /// 运抵国 / Destination.
    country: String,
    /// 出境关别 / Customs of exit.
    port_code: String,
    /// 应在此日前报送(含) / By which day it is due.
    due_on: String,
    /// 清单编号 / The inventories in it.
    invt_nos: Vec<String>,
    /// 毛重,千克 / Gross weight.
    gross_kg: String,
    /// 净重,千克 / Net weight.
    net_kg: String,
    /// 归并后的商品 / Its lines: merged by code, unit and currency.
    lines: Vec<DraftLine>,
    /// 可直接报送的汇总申请单(CEB701) / The application, as it may be handed in.
    #[schema(value_type = Object)]
    application: Json,
}

/// 归并后的商品 / A merged line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct DraftLine {
    /// 商品编码 / Code, ten digits.
    hs_code: String,
    /// 商品名称 / Name.
    name: String,
    /// 计量单位 / Unit.
    unit: String,
    /// 币制 / Currency.
    currency: String,
    /// 数量 / Quantity.
    quantity: String,
    /// 总价 / Total.
    total: String,
    /// 由几行归并 / From how many lines.
    merged_from: usize,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DraftParams {
    /// 结关月份 / Month in which they closed.
    #[param(example = "2026-03")]
    month: String,
    /// 收发货人代码 / Seller.
    ebc_code: Option<String>,
}

/// 汇总草稿 / Draft summary applications
///
/// 上月结关、须汇总申报的清单,按收发货人、运输方式、生产销售企业、运抵国、出境关别归并;每组一份申请。
/// What closed in a month, merged by seller, transport mode, producer, destination and customs of exit:
/// one application a group.
#[utoipa::path(
    get, path = "/api/v1/summary-drafts", operation_id = "list_summary_drafts",
    params(DraftParams), responses((status = 200, body = Vec<DraftView>)),
)]
pub(super) async fn drafts(
    State(app): State<App>,
    caller: Caller,
    Query(params): Query<DraftParams>,
) -> Result<axum::Json<Vec<DraftView>>, ApiError> {
    let reference = app.shared::<Reference>()?;
    let DraftParams { month, ebc_code } = params;
    let merged = merged(&app, &caller, &month, ebc_code).await?;
    let due_on = due_of(&month, &reference)?;
    let now = app.clock.now();
    let views = merged.iter().map(|one| {
        let application = application(&app, &reference, one, &month, now);
        draft(one, &due_on, application)
    });
    Ok(axum::Json(views.collect()))
}

/// 报送汇总申请 / What is to be summarised now.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SummariseRequest {
    /// 结关月份 / Month in which they closed.
    #[schema(example = "2026-03")]
    month: String,
    /// 收发货人代码 / Seller.
    ebc_code: Option<String>,
}

/// 按草稿报送汇总申请 / Hand in the drafted applications
///
/// 把该月草稿全部报送(CEB701)。没有可汇总的清单时 409。
/// Hands in every draft of the month. 409 when there is nothing to summarise.
#[utoipa::path(
    post, path = "/api/v1/summary-drafts/submit", operation_id = "submit_summary_drafts",
    params(IdempotencyParams), request_body = SummariseRequest,
    responses(
        (status = 202, body = Outcome), (status = 200, body = Outcome),
        (status = 422, body = Outcome),
        (status = 409, description = "没有可汇总的清单 / nothing to summarise"),
    ),
)]
pub(super) async fn summarise(
    State(app): State<App>,
    caller: Caller,
    request: RequestId,
    command: Command<SummariseRequest>,
) -> Result<Response, ApiError> {
    let reference = app.shared::<Reference>()?;
    let SummariseRequest { month, ebc_code } = command.body;
    let merged = merged(&app, &caller, &month, ebc_code).await?;
    if merged.is_empty() {
        return Err(ApiError::of(axum::http::StatusCode::CONFLICT, vec![nothing(&month)]));
    }
    let now = app.clock.now();
    let all = merged.iter().take(APPLICATIONS_MAX);
    let all = all.map(|one| application(&app, &reference, one, &month, now)).collect();
    let body = Body::Json(Kind::SummaryApplication, all);
    submit(&app, &caller, &request, Door::Json, body, command.mark).await
}

/// Applications handed in at once: as many as one message holds. The rest are drafts still.
const APPLICATIONS_MAX: usize = 100;

fn nothing(month: &str) -> Finding {
    Finding::error(
        "summary.nothing",
        Text::new("该月没有可汇总的清单", "nothing of that month is to be summarised"),
        Text::new(
            "只有已结关、汇总申报(B)且未列入其他申请的清单可以汇总",
            "only what is closed, declared as B and in no other application is",
        ),
    )
    .at("month")
    .found(month, "")
}

async fn merged(
    app: &App,
    caller: &Caller,
    month: &str,
    ebc_code: Option<String>,
) -> Result<Vec<Merged>, ApiError> {
    let (from, before) = span(month)?;
    let tenant = codes_of(app, caller)?;
    let (from, before) = (Some(from), Some(before));
    let filter = Filter { tenant, ebc_code, from, before, applied: false, after: None };
    let open = app.read(move |tx: &mut Tx| summary::open(tx, &filter, DRAFTED_MAX)).await?;
    let facts: Vec<Arc<Inventory>> = open.into_iter().map(|one| one.declared.facts).collect();
    Ok(merge(facts.iter().map(|facts| &**facts)))
}

fn due_of(month: &str, reference: &Reference) -> Result<String, ApiError> {
    let first = span(month)?.0.date();
    Ok(due(first, reference).map(|due| due.to_string()).unwrap_or_default())
}

fn draft(one: &Merged, due_on: &str, application: Json) -> DraftView {
    let key = &one.key;
    DraftView {
        agent_code: key.agent_code.clone(),
        customs_code: key.customs_code.clone(),
        ebc_code: key.ebc_code.clone(),
        traf_mode: key.traf_mode.clone(),
        owner_code: key.owner_code.clone(),
        country: key.country.clone(),
        port_code: key.port_code.clone(),
        due_on: due_on.to_owned(),
        invt_nos: one.invt_nos.clone(),
        gross_kg: one.gross_kg.normalize().to_string(),
        net_kg: one.net_kg.normalize().to_string(),
        lines: one
            .lines
            .iter()
            .map(|line| DraftLine {
                hs_code: line.hs_code.clone(),
                name: line.name.clone(),
                unit: line.unit.clone(),
                currency: line.currency.clone(),
                quantity: line.quantity.normalize().to_string(),
                total: line.total.normalize().to_string(),
                merged_from: line.lines,
            })
            .collect(),
        application,
    }
}

/// Summarised by seller and producer, and by the name of the goods.
const BY_SELLER_AND_PRODUCER: &str = "2";
const BY_NAME: &str = "1";

/// The application, as JSON of the message family. The same inventories give the same numbers.
fn application(app: &App, reference: &Reference, one: &Merged, month: &str, now: Time) -> Json {
    let directory = reference.directory.current();
    let name = |code: &str| {
        directory.by_code(code).map(|party| party.name.zh.to_string()).unwrap_or_default()
    };
    let key = &one.key;
    let content = one.invt_nos.join(" ");
    let hash = app.db.sealer().keyed_hash("summary.guid", &content);
    let number: String = hash.iter().take(6).map(|byte| format!("{byte:02X}")).collect();
    let lines: Vec<Json> = one.invt_nos.iter().map(|no| json!({ "invtNo": no })).collect();
    json!({
        "SummaryApplyHead": {
            "guid": guid::show(&hash),
            "appType": "1",
            "appTime": now.to_compact(),
            "appStatus": "2",
            "customsCode": key.customs_code,
            "copNo": format!("HZ{}{number}", month.replace('-', "")),
            "agentCode": key.agent_code,
            "agentName": name(&key.agent_code),
            "ebcCode": key.ebc_code,
            "ebcName": name(&key.ebc_code),
            "declAgentCode": key.agent_code,
            "declAgentName": name(&key.agent_code),
            "summaryFlag": BY_SELLER_AND_PRODUCER,
            "itemNameFlag": BY_NAME,
            "msgCount": "1",
            "msgSeqNo": "1",
        },
        "SummaryApplyList": lines,
    })
}

/// 汇总结果 / A declaration made of inventories.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ResultView {
    /// 汇总统一编号 / Its number in the summary.
    result_no: String,
    /// 汇总申请编号 / Customs' number of the application.
    application_no: String,
    /// 报关单编号;尚无则为空 / Number of the declaration; empty until it is given.
    entry_no: String,
    /// 报关单状态,海关原值 / State of the declaration, as customs writes it.
    entry_state: String,
    /// 申报企业代码 / Declarant.
    agent_code: String,
    /// 收发货人代码 / Seller.
    ebc_code: String,
    /// 汇总处理时间 / When customs made it.
    time: Option<String>,
    /// 清单数 / Inventories in it.
    inventories: i64,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ResultFilter {}

/// 汇总结果列表 / List declarations made by summary
#[utoipa::path(
    get, path = "/api/v1/summary-results", operation_id = "list_summary_results",
    params(PageParams), responses((status = 200, body = Page<ResultView>)),
)]
pub(super) async fn results(
    State(app): State<App>,
    caller: Caller,
    list: List<ResultFilter>,
) -> Result<axum::Json<Page<ResultView>>, ApiError> {
    let after = list.after::<String>(&app, RESULTS)?;
    let (fetch, limit) = (list.fetch(), list.limit);
    let tenant = codes_of(&app, &caller)?;
    let read = move |tx: &mut Tx| summary::results(tx, tenant.as_deref(), after.as_deref(), fetch);
    let found = app.read(read).await?;
    let page = Page::cut(&app, RESULTS, found, limit, |one| one.result.result_no.clone());
    let page = page.map(|one| ResultView {
        time: one.result.at.map(Time::to_rfc3339),
        result_no: one.result.result_no,
        application_no: one.result.application_no,
        entry_no: one.result.entry_no,
        entry_state: one.result.entry_state,
        agent_code: one.result.agent_code,
        ebc_code: one.result.ebc_code,
        inventories: one.inventories,
    });
    Ok(axum::Json(page))
}
