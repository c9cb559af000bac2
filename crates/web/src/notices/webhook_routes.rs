//! Webhooks and their deliveries: where to be told, how it went, and sending again.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use db::{Ctx, Tx};
use kernel::{Finding, Text, Time};
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::delivery_store::{self, Delivery, DeliveryFilter};
use super::store::{self, Webhook};
use super::{
    DeliveryId, DeliveryState, Notice, NoticeId, PING, WebhookId, WebhookSecret, WebhookState,
    deliver,
};
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::page::{List, Page, PageParams};
use crate::routes::Routes;
use crate::scope::Scope;
use crate::{App, Caller};

pub(super) fn routes() -> Routes {
    Routes::new()
        .on(Scope::NoticesRead, routes!(list))
        .on(Scope::NoticesWrite, routes!(add))
        .on(Scope::NoticesRead, routes!(one))
        .on(Scope::NoticesWrite, routes!(change, remove))
        .on(Scope::NoticesWrite, routes!(test))
        .on(Scope::NoticesWrite, routes!(sign))
        .on(Scope::NoticesWrite, routes!(replay_after))
        .on(Scope::NoticesRead, routes!(deliveries))
        .on(Scope::NoticesWrite, routes!(replay_one))
}

const WEBHOOKS: &str = "webhooks";
const DELIVERIES: &str = "deliveries";
/// Webhooks of one firm: test and production of a few systems.
const WEBHOOKS_MAX: usize = 10;
const KINDS_MAX: usize = 50;
const KIND_CHARS_MAX: usize = 80;

/// 新增推送地址 / A webhook to add.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AddWebhook {
    /// 推送地址 / Where to post.
    #[schema(example = "https://erp.example.com/kouan")]
    url: String,
    /// 通知种类,不填为全部;可用 `clearance.*`
    /// / Kinds wanted, all when absent; `clearance.*` stands for all that begin so.
    #[serde(default)]
    #[schema(example = json!(["clearance.*"]))]
    kinds: Vec<String>,
}

/// 变更推送地址;不填的不变 / Changes to a webhook; what is absent stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeWebhook {
    /// 推送地址 / Where to post.
    url: Option<String>,
    /// 通知种类 / Kinds wanted.
    kinds: Option<Vec<String>>,
    /// 启用或暂停 / `active` or `paused`.
    state: Option<WebhookState>,
}

/// 推送地址 / A webhook, without its secret.
#[derive(Serialize, utoipa::ToSchema)]
struct WebhookView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "whk_01k9y7x2m4a80")]
    id: WebhookId,
    /// 企业代码 / Code of the firm.
    party: String,
    /// 推送地址 / Where to post.
    url: String,
    /// 通知种类,空为全部 / Kinds wanted; empty means all.
    kinds: Vec<String>,
    /// 状态 / State.
    state: WebhookState,
    /// 新增时间 / When added.
    created_at: String,
    /// 变更时间 / When changed.
    changed_at: String,
}

impl WebhookView {
    fn of(webhook: Webhook) -> WebhookView {
        WebhookView {
            id: webhook.id,
            party: webhook.party,
            url: webhook.url,
            kinds: webhook.kinds.split_ascii_whitespace().map(str::to_owned).collect(),
            state: webhook.state,
            created_at: webhook.created.to_rfc3339(),
            changed_at: webhook.changed.to_rfc3339(),
        }
    }
}

/// 新增的推送地址 / A webhook just added.
#[derive(Serialize, utoipa::ToSchema)]
struct AddedWebhook {
    /// 签名密钥,仅显示一次 / What deliveries are signed with, shown this once.
    #[schema(example = "whsec_…")]
    secret: String,
    /// 推送地址 / The webhook.
    webhook: WebhookView,
}

/// 推送地址列表 / List webhooks
#[utoipa::path(
    get, path = "/api/v1/webhooks", operation_id = "list_webhooks",
    params(PageParams), responses((status = 200, body = Page<WebhookView>)),
)]
async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<()>,
) -> Result<Answer<Page<WebhookView>>, ApiError> {
    let after = list.after::<WebhookId>(&app, WEBHOOKS)?;
    let fetch = list.fetch();
    let webhooks = app.read(move |tx| store::webhooks(tx, caller.party(), after, fetch)).await?;
    let page = Page::cut(&app, WEBHOOKS, webhooks, list.limit, |webhook| webhook.id);
    Ok(Answer(page.map(WebhookView::of)))
}

/// 新增推送地址 / Add a webhook
///
/// 推送按 Standard Webhooks 签名,失败后按 0 秒、30 秒、1 分、5 分、10 分、30 分、1 小时重试。
/// Deliveries are signed after Standard Webhooks and tried at 0 s, 30 s, 1, 5, 10, 30 min and 1 h.
#[utoipa::path(
    post, path = "/api/v1/webhooks", operation_id = "add_webhook",
    request_body = AddWebhook, responses((status = 201, body = AddedWebhook)),
)]
async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<AddWebhook>,
) -> Result<(StatusCode, Answer<AddedWebhook>), ApiError> {
    let party = caller.firm()?.to_owned();
    let mut findings = check_url(&app, &request.url);
    findings.extend(check_kinds(&request.kinds));
    if !findings.is_empty() {
        return Err(ApiError::invalid(findings));
    }
    let secret = WebhookSecret::generate()?;
    let shown = secret.reveal();
    let flow = move |tx: &mut Tx, ctx: &Ctx| -> Result<Webhook, ApiError> {
        if store::webhooks(tx, Some(&party), None, WEBHOOKS_MAX as i64)?.len() >= WEBHOOKS_MAX {
            return Err(too_many());
        }
        let sealed = tx.sealer().seal(deliver::seal_purpose(), secret.as_bytes())?;
        let webhook = Webhook {
            id: ctx.id(),
            party,
            url: request.url,
            kinds: request.kinds.join(" "),
            state: WebhookState::Active,
            created: ctx.now,
            changed: ctx.now,
        };
        store::insert_webhook(tx, &webhook, &sealed)?;
        tx.audit(ctx, "web.webhook_added", &webhook.id.to_string(), host(&webhook.url))?;
        Ok(webhook)
    };
    let webhook = app.write(&caller, flow).await?;
    let added = AddedWebhook { secret: shown, webhook: WebhookView::of(webhook) };
    Ok((StatusCode::CREATED, Answer(added)))
}

/// 查看推送地址 / Show a webhook
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}", operation_id = "show_webhook",
    params(("id" = String, Path, description = "推送地址编号 / id of the webhook")),
    responses((status = 200, body = WebhookView)),
)]
async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<Answer<WebhookView>, ApiError> {
    let webhook = app.read(move |tx| find(tx, &caller, id)).await?;
    Ok(Answer(WebhookView::of(webhook)))
}

/// 变更推送地址 / Change a webhook
#[utoipa::path(
    patch, path = "/api/v1/webhooks/{id}", operation_id = "change_webhook",
    params(("id" = String, Path, description = "推送地址编号 / id of the webhook")),
    request_body = ChangeWebhook, responses((status = 200, body = WebhookView)),
)]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(request): Json<ChangeWebhook>,
) -> Result<Answer<WebhookView>, ApiError> {
    let mut findings = request.url.as_deref().map_or(Vec::new(), |url| check_url(&app, url));
    findings.extend(request.kinds.as_deref().map_or(Vec::new(), check_kinds));
    if request.state == Some(WebhookState::Gone) {
        let text = Text::new("状态只能改为 active 或 paused", "the state cannot be set to this");
        let remedy = Text::new("不再需要请删除", "delete it when it is no longer wanted");
        let finding = Finding::error("webhook.state", text, remedy).at("state");
        findings.push(finding.found("gone", "active | paused"));
    }
    if !findings.is_empty() {
        return Err(ApiError::invalid(findings));
    }
    let asking = caller.clone();
    let flow = move |tx: &mut Tx, ctx: &Ctx| -> Result<Webhook, ApiError> {
        let mut webhook = find(tx, &asking, id)?;
        webhook.url = request.url.unwrap_or(webhook.url);
        webhook.kinds = request.kinds.map_or(webhook.kinds, |kinds| kinds.join(" "));
        webhook.state = request.state.unwrap_or(webhook.state);
        webhook.changed = ctx.now;
        store::save_webhook(tx, &webhook)?;
        tx.audit(ctx, "web.webhook_changed", &id.to_string(), host(&webhook.url))?;
        Ok(webhook)
    };
    Ok(Answer(WebhookView::of(app.write(&caller, flow).await?)))
}

/// 删除推送地址 / Delete a webhook and its deliveries
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", operation_id = "delete_webhook",
    params(("id" = String, Path, description = "推送地址编号 / id of the webhook")),
    responses((status = 204)),
)]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, ApiError> {
    let asking = caller.clone();
    let flow = move |tx: &mut Tx, ctx: &Ctx| -> Result<(), ApiError> {
        let webhook = find(tx, &asking, id)?;
        store::delete_webhook(tx, id)?;
        tx.audit(ctx, "web.webhook_deleted", &id.to_string(), host(&webhook.url))?;
        Ok(())
    };
    app.write(&caller, flow).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 一次推送 / Which delivery.
#[derive(Serialize, utoipa::ToSchema)]
struct DeliveryRef {
    /// 推送编号 / Id of the delivery.
    #[schema(value_type = String, example = "dlv_01k9y7x2m4a80")]
    delivery: DeliveryId,
}

/// 测试推送 / Send a test notice to a webhook
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", operation_id = "test_webhook",
    params(("id" = String, Path, description = "推送地址编号 / id of the webhook")),
    responses((status = 202, body = DeliveryRef)),
)]
async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<(StatusCode, Answer<DeliveryRef>), ApiError> {
    let asking = caller.clone();
    let flow = move |tx: &mut Tx, ctx: &Ctx| -> Result<DeliveryId, ApiError> {
        let webhook = find(tx, &asking, id)?;
        let body = serde_json::json!({ "webhook": id, "zh": "测试推送", "en": "a test" });
        let party = webhook.party.clone();
        let ping = Notice { party, kind: PING, subject: id.to_string(), body: body.into() };
        store::post(tx, ctx, &[ping])?;
        Ok(delivery_store::deliver_newest(tx, ctx, &webhook)?)
    };
    let delivery = app.write(&caller, flow).await?;
    Ok((StatusCode::ACCEPTED, Answer(DeliveryRef { delivery })))
}

/// 待签内容 / What to sign.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SignAsWebhook {
    /// webhook-id 的值 / Value of `webhook-id`.
    webhook_id: String,
    /// webhook-timestamp 的值(秒) / Value of `webhook-timestamp`, in seconds.
    webhook_timestamp: i64,
    /// 请求体原文 / The body, as it is.
    body: String,
}

/// 签名结果 / The signature.
#[derive(Serialize, utoipa::ToSchema)]
struct SignedAsWebhook {
    /// webhook-signature 应有的值 / What `webhook-signature` should be.
    #[schema(example = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    webhook_signature: String,
}

/// 核对签名 / See what signature a body should have, to check one's own verification
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/signature", operation_id = "sign_as_webhook",
    params(("id" = String, Path, description = "推送地址编号 / id of the webhook")),
    request_body = SignAsWebhook, responses((status = 200, body = SignedAsWebhook)),
)]
async fn sign(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(request): Json<SignAsWebhook>,
) -> Result<Answer<SignedAsWebhook>, ApiError> {
    let query = move |tx: &mut Tx| -> Result<String, ApiError> {
        find(tx, &caller, id)?;
        let sealed = store::sealed_secret(tx, id)?;
        let secret = tx.sealer().open(deliver::seal_purpose(), &sealed)?;
        let secret = WebhookSecret::from_bytes(secret);
        let (id, at) = (&request.webhook_id, request.webhook_timestamp);
        Ok(secret.sign(id, at, request.body.as_bytes()).0)
    };
    Ok(Answer(SignedAsWebhook { webhook_signature: app.read(query).await? }))
}

/// 从何处重推 / Where to replay from.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayWebhook {
    /// 重推该序号之后的通知 / Send again the notices after this number.
    #[schema(minimum = 0)]
    after: i64,
}

/// 重推结果 / What will be sent again.
#[derive(Serialize, utoipa::ToSchema)]
struct ReplayedWebhook {
    /// 重推条数 / How many.
    replayed: u64,
    /// 已处理至该序号;条数达到一万时请由此继续
    /// / Looked at up to this number; go on from here when ten thousand were replayed.
    next: i64,
}

/// 批量重推 / Send again every notice after a number
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/replay", operation_id = "replay_webhook",
    params(("id" = String, Path, description = "推送地址编号 / id of the webhook")),
    request_body = ReplayWebhook, responses((status = 202, body = ReplayedWebhook)),
)]
async fn replay_after(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(request): Json<ReplayWebhook>,
) -> Result<(StatusCode, Answer<ReplayedWebhook>), ApiError> {
    let asking = caller.clone();
    let flow = move |tx: &mut Tx, ctx: &Ctx| -> Result<(u64, i64), ApiError> {
        let webhook = find(tx, &asking, id)?;
        Ok(delivery_store::replay_after(tx, ctx, &webhook, request.after)?)
    };
    let (replayed, next) = app.write(&caller, flow).await?;
    Ok((StatusCode::ACCEPTED, Answer(ReplayedWebhook { replayed, next })))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct DeliveryQuery {
    /// 推送地址编号 / Id of the webhook.
    #[param(value_type = Option<String>)]
    webhook: Option<WebhookId>,
    /// 状态;dead 即死信 / State; `dead` lists the dead letters.
    #[param(inline)]
    state: Option<DeliveryState>,
}

/// 推送记录 / A delivery.
#[derive(Serialize, utoipa::ToSchema)]
struct DeliveryView {
    /// 编号 / Id.
    #[schema(value_type = String)]
    id: DeliveryId,
    /// 推送地址编号 / Id of the webhook.
    #[schema(value_type = String)]
    webhook: WebhookId,
    /// 通知编号,即 webhook-id / Id of the notice, the `webhook-id`.
    #[schema(value_type = Option<String>)]
    notice: Option<NoticeId>,
    /// 通知序号 / Number of the notice.
    seq: i64,
    /// 通知种类 / Kind of the notice.
    kind: Option<String>,
    /// 状态 / State.
    state: DeliveryState,
    /// 已尝试次数 / Attempts made.
    attempts: i64,
    /// 下次尝试时间 / When it is tried next.
    due_at: Option<String>,
    /// 最近一次尝试 / When last tried.
    last_at: Option<String>,
    /// 最近一次应答状态码 / Status of the last answer.
    last_status: Option<i64>,
    /// 最近一次失败原因 / Why the last try got no answer.
    last_error: Option<String>,
    /// 产生时间 / When it came about.
    created_at: String,
}

impl DeliveryView {
    fn of(delivery: Delivery) -> DeliveryView {
        let due = delivery.state == DeliveryState::Due;
        DeliveryView {
            id: delivery.id,
            webhook: delivery.webhook,
            notice: delivery.notice,
            seq: delivery.seq,
            kind: delivery.kind,
            state: delivery.state,
            attempts: delivery.attempts,
            due_at: due.then(|| delivery.due.to_rfc3339()),
            last_at: delivery.last_at.map(Time::to_rfc3339),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            created_at: delivery.created.to_rfc3339(),
        }
    }
}

/// 推送记录列表 / List deliveries, newest first
#[utoipa::path(
    get, path = "/api/v1/deliveries", operation_id = "list_deliveries",
    params(PageParams, DeliveryQuery), responses((status = 200, body = Page<DeliveryView>)),
)]
async fn deliveries(
    State(app): State<App>,
    caller: Caller,
    list: List<DeliveryQuery>,
) -> Result<Answer<Page<DeliveryView>>, ApiError> {
    let before = list.after::<DeliveryId>(&app, DELIVERIES)?;
    let before = before.map_or(i64::MAX, DeliveryId::to_i64);
    let filter = DeliveryFilter {
        party: caller.party().unwrap_or_default().to_owned(),
        webhook: list.filter.webhook.map_or(0, WebhookId::to_i64),
        state: list.filter.state.map_or("", DeliveryState::name),
        id: 0,
    };
    let fetch = list.fetch();
    let found = app.read(move |tx| delivery_store::deliveries(tx, &filter, before, fetch)).await?;
    let page = Page::cut(&app, DELIVERIES, found, list.limit, |delivery| delivery.id);
    Ok(Answer(page.map(DeliveryView::of)))
}

/// 重推一次 / Send a delivery again
#[utoipa::path(
    post, path = "/api/v1/deliveries/{id}/replay", operation_id = "replay_delivery",
    params(("id" = String, Path, description = "推送编号 / id of the delivery")),
    responses((status = 202, body = DeliveryView)),
)]
async fn replay_one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DeliveryId>,
) -> Result<(StatusCode, Answer<DeliveryView>), ApiError> {
    let party = caller.party().unwrap_or_default().to_owned();
    let filter = DeliveryFilter { party, id: id.to_i64(), ..DeliveryFilter::default() };
    let flow = move |tx: &mut Tx, ctx: &Ctx| -> Result<Delivery, ApiError> {
        let there = |tx: &mut Tx| delivery_store::deliveries(tx, &filter, i64::MAX, 1);
        if there(tx)?.is_empty() {
            return Err(ApiError::not_found());
        }
        delivery_store::replay_one(tx, ctx, id)?;
        there(tx)?.pop().ok_or_else(ApiError::not_found)
    };
    let delivery = app.write(&caller, flow).await?;
    Ok((StatusCode::ACCEPTED, Answer(DeliveryView::of(delivery))))
}

/// The host of a URL, for the audit: path and query may hold the receiver's own secrets.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn find(tx: &mut Tx, caller: &Caller, id: WebhookId) -> Result<Webhook, ApiError> {
    store::find_webhook(tx, caller.party(), id)?.ok_or_else(ApiError::not_found)
}

fn check_url(app: &App, url: &str) -> Vec<Finding> {
    let judged = app.settings().targets.check(url);
    judged.err().map(|fault| fault.finding(url)).into_iter().collect()
}

fn check_kinds(kinds: &[String]) -> Vec<Finding> {
    let good = |kind: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || b"._".contains(&byte);
        let name = kind.strip_suffix(".*").unwrap_or(kind);
        (1..=KIND_CHARS_MAX).contains(&kind.len()) && name.bytes().all(plain)
    };
    let finding = |n: usize, found: &str, expected: &str| {
        let text = Text::new("通知种类写法不符", "a kind of notice is written wrongly");
        let remedy = Text::new("请填写种类全名或“前缀.*”", "give a whole kind, or a prefix and .*");
        let finding = Finding::error("webhook.kind", text, remedy);
        finding.at(format!("kinds[{n}]")).found(found, expected)
    };
    let mut findings: Vec<_> = kinds
        .iter()
        .enumerate()
        .filter(|(_, kind)| !good(kind))
        .map(|(n, kind)| finding(n, kind, "clearance.receipt_arrived | clearance.*"))
        .collect();
    if kinds.len() > KINDS_MAX {
        findings.push(finding(KINDS_MAX, "", &format!("≤ {KINDS_MAX}")));
    }
    findings
}

fn too_many() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "webhook.too_many",
        Text::new("推送地址数量已达上限", "the firm has as many webhooks as it may"),
        Text::new("请先删除不用的推送地址", "delete one that is no longer used first"),
    )
    .found(WEBHOOKS_MAX.to_string(), format!("< {WEBHOOKS_MAX}"))
}
