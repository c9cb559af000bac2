//! The operator's act on a document that customs took and never answered.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{Finding, Text};
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Json, Path};

use crate::dispatch::DispatchId;
use crate::document::DocumentId;
use crate::flow;

/// How long a reason may be, in characters: long enough to say something, short enough to read.
const REASON_CHARS: std::ops::RangeInclusive<usize> = 3..=200;

/// 重发请求 / Why it is sent once more.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResendRequest {
    /// 重发事由,3 至 200 字,写入操作留痕 / Why, 3 to 200 characters; kept in the audit trail.
    #[schema(min_length = 3, max_length = 200, example = "海关确认未收到")]
    reason: String,
}

/// 已安排重发 / It will be sent.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ResendAnswer {
    /// 发送任务编号 / Id of the dispatch.
    #[schema(value_type = String, example = "dsp_0dzq3k1v00000")]
    dispatch: DispatchId,
}

/// 重发海关未答复的单证 / Send a document once more that customs never answered
///
/// 仅限已发出且没有任何回执的单证;以新的报文编号单独发出。请先向对方确认未收到,否则可能因重复被退单。
/// Only what was sent and has no receipt at all; it goes alone, under a new message id. Ask the other
/// side first whether it has it: what it has, it may reject as a repeat.
#[utoipa::path(
    post, path = "/api/v1/documents/{id}/resend", operation_id = "resend_document",
    params(("id" = String, Path, description = "平台编号 / our id")),
    request_body = ResendRequest,
    responses(
        (status = 202, body = ResendAnswer),
        (status = 409, description = "仍在发送、已有回执或未发出 / being sent, answered, or not sent"),
    ),
)]
pub(super) async fn resend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<DocumentId>,
    Json(request): Json<ResendRequest>,
) -> Result<Response, ApiError> {
    let reason = request.reason.trim().to_owned();
    if !REASON_CHARS.contains(&reason.chars().count()) {
        return Err(bad_reason());
    }
    let dispatch = app.write(&caller, move |tx, ctx| flow::resend(tx, ctx, id, &reason)).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(ResendAnswer { dispatch })).into_response())
}

fn bad_reason() -> ApiError {
    let text = Text::new("重发事由长度不符", "the reason is too short or too long");
    let remedy = Text::new("请写明重发的事由", "say why it is sent once more");
    let finding = Finding::error("field.length", text, remedy).at("reason");
    ApiError::invalid(vec![finding.found("", "3 to 200 characters")])
}
