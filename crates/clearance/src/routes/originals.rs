//! Opening the sealed original of a message. Whoever does so says what for, and it is written down.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use db::OriginalId;
use kernel::{Finding, Text};
use serde::Deserialize;
use web::{ApiError, App, Caller, Path, Query, Scope};

use super::{codes_of, is_named};
use crate::document::MessageId;
use crate::receipt::scrub::scrub;
use crate::store::message;

/// How long a purpose may be, in characters: long enough to say something, short enough to read.
const PURPOSE_CHARS: std::ops::RangeInclusive<usize> = 3..=200;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OriginalParams {
    /// 打开事由,3 至 200 字,写入操作留痕 / What for, 3 to 200 characters; kept in the audit trail.
    #[param(min_length = 3, max_length = 200, example = "核对退单原因")]
    purpose: String,
}

/// 打开报文原件 / Open the original of a message
///
/// 收到时的 XML,逐字节不变。每次打开留痕。企业只能打开本企业传输的报文;其余须有 originals:read 权限。
/// The XML as it came, byte for byte. Every opening is audited. A firm opens what it transmitted
/// itself, 404 for anything else; everybody else needs the scope originals:read.
#[utoipa::path(
    get, path = "/api/v1/messages/{id}/original", operation_id = "open_original",
    params(("id" = String, Path, description = "报文编号 / id of the message"), OriginalParams),
    responses((status = 200, body = String, content_type = "application/xml")),
)]
pub(super) async fn original(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<MessageId>,
    Query(params): Query<OriginalParams>,
) -> Result<Response, ApiError> {
    let codes = codes_of(&app, &caller)?;
    if codes.is_none() {
        caller.must_hold(Scope::OriginalsRead)?;
    }
    let purpose = params.purpose.trim();
    if !PURPOSE_CHARS.contains(&purpose.chars().count()) {
        return Err(bad_purpose());
    }
    // The audit trail holds no personal data, whatever was typed.
    let purpose = scrub(purpose);
    let found = app
        .write(&caller, move |tx, ctx| {
            let stored = message::by_ids(tx, &[id])?.into_iter().next();
            let own = |stored: &message::Stored| {
                is_named(codes.as_deref(), std::slice::from_ref(&stored.sender))
            };
            let Some(stored) = stored.filter(own) else { return Ok(None) };
            let original = OriginalId::from_i64(stored.original_id);
            tx.open_original(ctx, original, &purpose)
        })
        .await?;
    let bytes = found.ok_or_else(ApiError::not_found)?.bytes.into_inner();
    let name = format!("attachment; filename=\"{id}.xml\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/xml")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(ApiError::bug)?),
    ];
    Ok((headers, bytes).into_response())
}

fn bad_purpose() -> ApiError {
    ApiError::malformed(vec![
        Finding::error(
            "query.invalid",
            Text::new("打开事由长度不符", "the purpose is too short or too long"),
            Text::new("请写明打开原件的事由", "say what the original is opened for"),
        )
        .at("purpose")
        .found("", "3 to 200 characters"),
    ])
}
