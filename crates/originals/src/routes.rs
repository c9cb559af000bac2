//! HTTP: where platforms hand over payment originals, where customs asks, and where both are seen.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kernel::{Finding, Text};
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;
use web::{
    ApiError, App, Caller, Command, IdempotencyParams, List, Page, PageParams, Path, Routes, Scope,
};

use crate::ask::{AskAnswer, TROUBLE};
use crate::draft::PaymentOriginal;
use crate::flow::{self, Failure};
use crate::office::Office;
use crate::refusal::OriginalsRefusal;
use crate::store::{self, Ask, AskId, AskState, Payment, PaymentId, Sending};

/// Records of one submission.
const ORIGINALS_MAX: usize = 100;
const PAYMENTS: &str = "payment-originals";
const ASKS: &str = "payment-original-asks";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .public(routes!(customs_asks))
        .on(Scope::MessagesWrite, routes!(submit))
        .on(Scope::MessagesRead, routes!(list))
        .on(Scope::MessagesRead, routes!(by_order))
        .on(Scope::MessagesRead, routes!(asks))
        .on(Scope::MessagesRead, routes!(one_ask))
        .on(Scope::MessagesWrite, routes!(resend))
}

/// 海关请求支付原始数据(179号公告) / Customs asks for a payment original
///
/// 表单字段 openReq 为 JSON:orderNo、sessionID、serviceTime。立即应答,数据随后在时限内上传。
/// The form field openReq is JSON; the answer is at once, the record follows within its time.
#[utoipa::path(
    post, path = "/customs/payment-originals/{code}", operation_id = "customs_asks_for_original",
    params(("code" = String, Path, description = "电商平台代码 / code of the platform")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = AskAnswer)),
)]
async fn customs_asks(
    State(app): State<App>,
    Path(code): Path<String>,
    body: Bytes,
) -> Result<axum::Json<AskAnswer>, ApiError> {
    let ctx = app.ctx_as("customs".into());
    // Where nobody sends records, none is promised.
    let Ok(office) = app.shared::<Office>() else {
        return Ok(axum::Json(AskAnswer::new(TROUBLE, "服务未启用", ctx.now)));
    };
    let answer = app
        .write_as(ctx, move |tx, ctx| {
            Ok::<_, Failure>(flow::take_ask(tx, ctx, &office, &code, &body)?)
        })
        .await?;
    Ok(axum::Json(answer))
}

/// 提交支付原始数据 / Payment originals to hand over.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SubmitOriginals {
    /// 支付原始数据,一次至多 100 条 / The records, at most 100.
    #[schema(min_items = 1, max_items = 100)]
    originals: Vec<PaymentOriginal>,
}

/// 已收下的支付原始数据 / A payment original that was taken.
#[derive(Serialize, utoipa::ToSchema)]
struct SubmittedOriginal {
    /// 编号 / Id.
    #[schema(value_type = String, example = "pay_01k9y7x2m4a80")]
    id: PaymentId,
    /// 是否此前已提交过同样的内容 / Whether the very same had been handed over before.
    repeated: bool,
}

/// 提交支付原始数据 / Hand over payment originals
///
/// 由电商平台提交。同一订单以最后提交的为准;同样的内容重复提交没有影响。
/// By the platform itself. The last one of an order counts; the same again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/payment-originals", operation_id = "submit_payment_originals",
    params(IdempotencyParams), request_body = SubmitOriginals,
    responses((status = 201, body = Vec<SubmittedOriginal>)),
)]
async fn submit(
    State(app): State<App>,
    caller: Caller,
    command: Command<SubmitOriginals>,
) -> Result<Response, ApiError> {
    let Command { body: SubmitOriginals { originals }, mark } = command;
    if originals.is_empty() || originals.len() > ORIGINALS_MAX {
        let finding = Finding::error(
            "originals.count",
            Text::new("一次提交 1 至 100 条", "1 to 100 records at once"),
            Text::new("分批提交", "submit in parts"),
        );
        let found = originals.len().to_string();
        return Err(ApiError::invalid(vec![finding.at("originals").found(found, "1..100")]));
    }
    let own = caller.party.clone();
    app.once(&caller, mark, move |tx, ctx| {
        let submitted = flow::submit(tx, ctx, own.as_deref(), &originals)?;
        let views: Vec<SubmittedOriginal> = submitted
            .into_iter()
            .map(|one| SubmittedOriginal { id: one.id, repeated: one.repeated })
            .collect();
        Ok::<_, Failure>((StatusCode::CREATED, views))
    })
    .await
}

/// 支付原始数据(不含密封内容) / A payment original, without what is sealed.
#[derive(Serialize, utoipa::ToSchema)]
struct PaymentOriginalView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "pay_01k9y7x2m4a80")]
    id: PaymentId,
    /// 电商平台代码 / Code of the platform.
    platform: String,
    /// 支付企业代码 / Code of the payment firm.
    pay_code: String,
    /// 交易流水号 / Transaction number.
    transaction_id: String,
    /// 交易时间 / When it was paid.
    traded_at: String,
    /// 提交时间 / When it was handed over.
    stored_at: String,
    /// 对应订单数 / How many orders it paid.
    orders: i64,
}

impl PaymentOriginalView {
    fn of(payment: Payment) -> PaymentOriginalView {
        PaymentOriginalView {
            id: payment.id,
            platform: payment.party,
            pay_code: payment.pay_code,
            transaction_id: payment.transaction_id,
            traded_at: payment.traded.to_rfc3339(),
            stored_at: payment.stored.to_rfc3339(),
            orders: payment.orders,
        }
    }
}

/// 支付原始数据列表 / List payment originals
#[utoipa::path(
    get, path = "/api/v1/payment-originals", operation_id = "list_payment_originals",
    params(PageParams), responses((status = 200, body = Page<PaymentOriginalView>)),
)]
async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<NoFilter>,
) -> Result<axum::Json<Page<PaymentOriginalView>>, ApiError> {
    let below = list.after::<PaymentId>(&app, PAYMENTS)?;
    let fetch = list.fetch();
    let payments = app
        .read(move |tx| {
            let own = own(tx, &caller)?;
            Ok::<_, Failure>(store::payments(tx, own.as_deref(), below, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, PAYMENTS, payments, list.limit, |one| one.id);
    Ok(axum::Json(page.map(PaymentOriginalView::of)))
}

/// 按订单编号查支付原始数据 / Payment originals of an order
#[utoipa::path(
    get, path = "/api/v1/payment-originals/{order_no}", operation_id = "payment_originals_of_order",
    params(("order_no" = String, Path, description = "订单编号 / order number")),
    responses((status = 200, body = Vec<PaymentOriginalView>)),
)]
async fn by_order(
    State(app): State<App>,
    caller: Caller,
    Path(order_no): Path<String>,
) -> Result<axum::Json<Vec<PaymentOriginalView>>, ApiError> {
    let payments = app
        .read(move |tx| {
            let own = own(tx, &caller)?;
            let found = store::by_order(tx, own.as_deref(), &order_no)?;
            if found.is_empty() {
                return Err(OriginalsRefusal::NotFound.into());
            }
            Ok::<_, Failure>(found)
        })
        .await?;
    Ok(axum::Json(payments.into_iter().map(PaymentOriginalView::of).collect()))
}

/// No filter.
#[derive(Deserialize)]
struct NoFilter {}

/// 海关的请求 / A request of customs.
#[derive(Serialize, utoipa::ToSchema)]
struct PaymentAskView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "ask_01k9y7x2m4a80")]
    id: AskId,
    /// 电商平台代码 / Code of the platform.
    platform: String,
    /// 订单编号 / Order number.
    order_no: String,
    /// 海关会话编号 / Customs' session.
    session_id: String,
    /// 收到时间 / When it came.
    asked_at: String,
    /// 时限 / When its time is over.
    due_at: String,
    /// 状态:open 待答复,sent 已按时送达,late 逾时送达,failed 未送达
    /// / State: open, sent in time, late, or failed.
    state: &'static str,
    /// 发送次数 / How often the record was sent.
    sendings: i64,
    /// 结束时间 / When it ended.
    ended_at: Option<String>,
    /// 告警:代码、说明、处理办法 / The alarm: code, words, remedy.
    #[schema(value_type = Option<Object>)]
    alarm: Option<serde_json::Value>,
}

impl PaymentAskView {
    fn of(ask: Ask) -> PaymentAskView {
        PaymentAskView {
            id: ask.id,
            platform: ask.party,
            order_no: ask.order_no,
            session_id: ask.session_id,
            asked_at: ask.asked.to_rfc3339(),
            due_at: ask.due.to_rfc3339(),
            state: ask.state.word(),
            sendings: ask.sendings,
            ended_at: ask.ended.map(kernel::Time::to_rfc3339),
            alarm: ask.fault.and_then(|json| serde_json::from_str(&json).ok()),
        }
    }
}

/// 一次发送 / One sending.
#[derive(Serialize, utoipa::ToSchema)]
struct PaymentSendingView {
    /// 第几次 / Counted from 1.
    number: i64,
    /// 时间 / When.
    at: String,
    /// 海关返回代码,无应答为 - / Customs' code; - when there was no answer.
    code: String,
    /// 海关返回说明,或未送达的原因 / Customs' words, or why there was no answer.
    message: String,
    /// 密封的发送原文 / The sealed text that was sent.
    original: String,
}

impl PaymentSendingView {
    fn of(sending: Sending) -> PaymentSendingView {
        PaymentSendingView {
            number: sending.number,
            at: sending.at.to_rfc3339(),
            code: sending.code,
            message: sending.message,
            original: sending.original.to_string(),
        }
    }
}

/// 海关请求及其发送记录 / A request of customs with its sendings.
#[derive(Serialize, utoipa::ToSchema)]
struct PaymentAskDetail {
    /// 请求 / The request.
    #[serde(flatten)]
    ask: PaymentAskView,
    /// 发送记录 / Its sendings.
    history: Vec<PaymentSendingView>,
}

/// Filter of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AskFilter {
    /// 状态:open、sent、late、failed / State.
    state: Option<String>,
}

/// 海关请求列表 / List requests of customs
///
/// state=failed 即待处理的告警。 With state=failed these are the alarms.
#[utoipa::path(
    get, path = "/api/v1/payment-original-asks", operation_id = "list_payment_original_asks",
    params(AskFilter, PageParams), responses((status = 200, body = Page<PaymentAskView>)),
)]
async fn asks(
    State(app): State<App>,
    caller: Caller,
    list: List<AskFilter>,
) -> Result<axum::Json<Page<PaymentAskView>>, ApiError> {
    let state = list.filter.state.as_deref().map(state_of).transpose()?;
    let below = list.after::<AskId>(&app, ASKS)?;
    let fetch = list.fetch();
    let asks = app
        .read(move |tx| {
            let own = own(tx, &caller)?;
            Ok::<_, Failure>(store::asks(tx, own.as_deref(), state, below, fetch)?)
        })
        .await?;
    let page = Page::cut(&app, ASKS, asks, list.limit, |one| one.id);
    Ok(axum::Json(page.map(PaymentAskView::of)))
}

fn state_of(word: &str) -> Result<AskState, ApiError> {
    AskState::parse(word).ok_or_else(|| {
        let finding = Finding::error(
            "field.unknown_word",
            Text::new("没有这个状态", "there is no such state"),
            Text::new("从允许的取值中选", "choose one of those allowed"),
        );
        let words: Vec<&str> = AskState::ALL.into_iter().map(AskState::word).collect();
        ApiError::malformed(vec![finding.at("state").found(word, words.join(" | "))])
    })
}

/// 查看海关请求 / A request of customs
#[utoipa::path(
    get, path = "/api/v1/payment-original-asks/{id}", operation_id = "payment_original_ask",
    params(("id" = String, Path, description = "请求编号 / id of the request")),
    responses((status = 200, body = PaymentAskDetail)),
)]
async fn one_ask(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<AskId>,
) -> Result<axum::Json<PaymentAskDetail>, ApiError> {
    let (ask, sendings) = app
        .read(move |tx| {
            let ask = flow::seen(tx, caller.party(), id)?;
            let sendings = store::sendings(tx, id)?;
            Ok::<_, Failure>((ask, sendings))
        })
        .await?;
    let history = sendings.into_iter().map(PaymentSendingView::of).collect();
    Ok(axum::Json(PaymentAskDetail { ask: PaymentAskView::of(ask), history }))
}

/// 重新答复海关 / Answer customs once more
///
/// 用于告警处理后。 After an alarm has been dealt with.
#[utoipa::path(
    post, path = "/api/v1/payment-original-asks/{id}/resend",
    operation_id = "resend_payment_original",
    params(("id" = String, Path, description = "请求编号 / id of the request")),
    responses((status = 200, body = PaymentAskView)),
)]
async fn resend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<AskId>,
) -> Result<axum::Json<PaymentAskView>, ApiError> {
    let office = app.shared::<Office>().map_err(|_| OriginalsRefusal::NotServed)?;
    let own = caller.party.clone();
    let ask = app
        .write(&caller, move |tx, ctx| flow::resend(tx, ctx, &office, own.as_deref(), id))
        .await?;
    Ok(axum::Json(PaymentAskView::of(ask)))
}

/// The code under which the caller's things lie; `None` for those who see all.
fn own(tx: &mut db::Tx, caller: &Caller) -> Result<Option<String>, db::DbError> {
    caller.party().map(|own| flow::own_code(tx, own)).transpose()
}
