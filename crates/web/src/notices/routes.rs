//! The pull queue: a firm reads its notices in order and acknowledges them when they are safe.

use axum::Json as Answer;
use axum::extract::State;
use kernel::{Finding, Text};
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;

use super::store::{self, StoredNotice};
use super::{Head, NoticeId, webhook_routes};
use crate::error::ApiError;
use crate::extract::{Json, Query};
use crate::page::{LIMIT_DEFAULT, LIMIT_MAX};
use crate::routes::Routes;
use crate::scope::Scope;
use crate::{App, Caller};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .on(Scope::NoticesRead, routes!(pull))
        .on(Scope::NoticesWrite, routes!(ack))
        .and(webhook_routes::routes())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct PullParams {
    /// 从该序号之后开始;不填则从已确认处开始
    /// / Start after this number; from where one acknowledged when absent.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// 条数,1 至 500,默认 50 / How many, 1 to 500, default 50.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// 一条通知 / A notice.
#[derive(Serialize, utoipa::ToSchema)]
struct NoticeView {
    /// 序号,逐一递增 / Number, growing by one.
    seq: i64,
    /// 编号,推送时即 webhook-id / Id; the `webhook-id` when pushed.
    #[schema(value_type = String, example = "ntc_01k9y7x2m4a80")]
    id: NoticeId,
    /// 种类 / Kind.
    #[schema(example = "clearance.receipt_arrived")]
    kind: String,
    /// 所指对象 / What it is about.
    subject: String,
    /// 内容 / The news.
    body: serde_json::Value,
    /// 时间 / When.
    created_at: String,
}

impl NoticeView {
    fn of(notice: StoredNotice) -> NoticeView {
        NoticeView {
            seq: notice.seq,
            id: notice.id,
            kind: notice.kind,
            subject: notice.subject,
            // Stored by us from a JSON value.
            body: serde_json::from_str(&notice.body).unwrap_or_default(),
            created_at: notice.created.to_rfc3339(),
        }
    }
}

/// 通知队列 / Notices from the queue.
#[derive(Serialize, utoipa::ToSchema)]
struct NoticeQueue {
    /// 通知 / Notices, in order.
    items: Vec<NoticeView>,
    /// 下次的 after;没有更多时与最新序号相同
    /// / Pass as `after` next time; equals `last` when there are no more.
    next: i64,
    /// 已确认至 / Acknowledged up to.
    acked: i64,
    /// 最新序号 / Number of the newest.
    last: i64,
}

/// 确认通知 / Notices taken.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AckNotices {
    /// 确认至该序号(含) / Up to and with this number.
    #[schema(minimum = 1, example = 120)]
    up_to: i64,
}

/// 队列位置 / Where one stands in the queue.
#[derive(Serialize, utoipa::ToSchema)]
struct NoticeHead {
    /// 已确认至 / Acknowledged up to.
    acked: i64,
    /// 最新序号 / Number of the newest.
    last: i64,
    /// 未确认条数 / Not acknowledged yet.
    waiting: i64,
}

/// 领取通知 / Pull notices
///
/// 领取不会删除:处理妥当后请确认。未确认的通知下次仍会返回。
/// Pulling removes nothing: acknowledge when they are safe. What is not acknowledged comes again.
#[utoipa::path(
    get, path = "/api/v1/notices", operation_id = "pull_notices",
    params(PullParams), responses((status = 200, body = NoticeQueue)),
)]
async fn pull(
    State(app): State<App>,
    caller: Caller,
    Query(params): Query<PullParams>,
) -> Result<Answer<NoticeQueue>, ApiError> {
    let party = caller.firm()?.to_owned();
    let limit = params.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(out_of_range("limit", limit.into(), LIMIT_MAX.into()));
    }
    let query = move |tx: &mut db::Tx| -> Result<_, db::DbError> {
        let head = store::head(tx, &party)?;
        let after = params.after.unwrap_or(head.acked);
        Ok((head, after, store::pull(tx, &party, after, limit.into())?))
    };
    let (Head { last, acked }, after, notices) = app.read(query).await?;
    let next = notices.last().map_or(after, |notice| notice.seq);
    let items = notices.into_iter().map(NoticeView::of).collect();
    Ok(Answer(NoticeQueue { items, next, acked, last }))
}

/// 确认通知 / Acknowledge notices
///
/// 只进不退;重复确认不报错。 Only moves forward; acknowledging again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/notices/ack", operation_id = "acknowledge_notices",
    request_body = AckNotices, responses((status = 200, body = NoticeHead)),
)]
async fn ack(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<AckNotices>,
) -> Result<Answer<NoticeHead>, ApiError> {
    let party = caller.firm()?.to_owned();
    let up_to = request.up_to;
    let flow = move |tx: &mut db::Tx, _: &db::Ctx| store::ack(tx, &party, up_to);
    let Head { last, acked } = app.write(&caller, flow).await?;
    if up_to > last || up_to < 1 {
        return Err(out_of_range("up_to", up_to, last));
    }
    Ok(Answer(NoticeHead { acked, last, waiting: last - acked }))
}

pub(super) fn out_of_range(field: &str, found: i64, max: i64) -> ApiError {
    let text = Text::new("数值超出范围", "the number is out of range");
    let remedy = Text::new("请改为范围内的数", "choose a number within the range");
    let finding = Finding::error("request.out_of_range", text, remedy);
    ApiError::malformed(vec![finding.at(field).found(found.to_string(), format!("1..={max}"))])
}
