//! The outermost layer of every request: its id, its time limit, its panic, its one log line, and
//! the body of every error, whoever made it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::{Finding, Text};

use crate::App;
use crate::error::{self, ApiError, Carried};
use crate::extract::too_large;

/// Name of the header that carries the request id, in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const REQUEST_ID_CHARS: std::ops::RangeInclusive<usize> = 8..=64;
/// From here on a request is worth a line in the log even when all is well.
const SLOW_MS: i64 = 1_000;

/// Id of the request being answered; an extractor for handlers that pass it on.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

enum Kind {}
impl kernel::id::Kind for Kind {
    const PREFIX: &'static str = "req";
}

impl<S: Sync> axum::extract::FromRequestParts<S> for RequestId {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<RequestId, ApiError> {
        let id = parts.extensions.get::<RequestId>().cloned();
        id.ok_or_else(|| ApiError::bug("a request came past the door"))
    }
}

/// The layer itself.
pub(crate) async fn door(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let start = app.clock.now();
    let id = request_id(&app, &request);
    let method = request.method().clone();
    // The template, never the path itself: business numbers stay out of the log.
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(RequestId(id.clone()));

    let mut response = answer(&app, request, next).await;
    finish(&mut response, &id);

    let duration_ms = app.clock.now().to_millis() - start.to_millis();
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    log(&method, route, &response, &id, duration_ms);
    response
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    let settings = app.settings();
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > settings.body_bytes_max) {
        return too_large(settings.body_bytes_max).into_response();
    }
    match tokio::time::timeout(settings.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => timed_out().into_response(),
    }
}

fn timed_out() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "request.timeout",
        Text::new("处理超时,结果未知", "the request took too long; its outcome is unknown"),
        Text::new(
            "请查询结果,或用同一 Idempotency-Key 重试",
            "look up the outcome, or try again with the same Idempotency-Key",
        ),
    )
    .retry_after(5)
}

/// What a panic of a handler becomes; called by the catch-panic layer inside the door.
pub(crate) fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| cause.downcast_ref::<String>().cloned());
    ApiError::bug(text.unwrap_or_else(|| "a handler panicked".to_owned())).into_response()
}

fn request_id(app: &App, request: &Request) -> Arc<str> {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        REQUEST_ID_CHARS.contains(&id.len()) && id.bytes().all(plain)
    };
    match given.filter(sane) {
        Some(id) => Arc::from(id),
        None => Arc::from(app.ids.next::<Kind>(app.clock.now()).to_string()),
    }
}

/// Sets the id, and gives every error its body.
fn finish(response: &mut Response, id: &str) {
    let status = response.status();
    if let Some(Carried(inner)) = response.extensions_mut().remove::<Carried>() {
        if status.is_server_error() {
            log_cause(&inner, id);
        }
        write_body(response, &inner.findings, id);
    } else if (status.is_client_error() || status.is_server_error()) && is_bare(response) {
        write_body(response, &[bare_finding(status)], id);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}

/// Whether an error came from the framework, as plain text or nothing, and not from one of ours.
fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_none_or(|kind| kind.starts_with(b"text/plain"))
}

fn write_body(response: &mut Response, findings: &[Finding], id: &str) {
    let body = error::body(findings, id);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::from(body);
}

fn bare_finding(status: StatusCode) -> Finding {
    let (code, zh, en) = match status {
        StatusCode::NOT_FOUND => ("request.no_route", "没有这个接口", "there is no such route"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("request.method", "该接口不支持此方法", "the route does not take this method")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("body.too_large", "请求体过大", "the body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("body.wrong_type", "请求体类型不支持", "the type of the body is not supported")
        }
        status if status.is_server_error() => {
            ("platform.fault", "平台内部错误", "the platform failed inside")
        }
        _ => ("request.malformed", "请求无法理解", "the request could not be understood"),
    };
    let remedy = Text::new("请对照接口文档 /api/docs", "see the API document at /api/docs");
    Finding::error(code, Text::new(zh, en), remedy)
}

/// The chain of causes, once, under the request id.
fn log_cause(inner: &error::Inner, id: &str) {
    let code = inner.findings.first().map_or("", |finding| finding.code);
    let Some(source) = &inner.source else {
        tracing::warn!(request_id = id, code, "answered {}", inner.status);
        return;
    };
    let mut chain = source.to_string();
    let mut cause = source.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    tracing::error!(request_id = id, code, cause = chain, "answered {}", inner.status);
}

fn log(method: &Method, route: &str, response: &Response, id: &str, duration_ms: i64) {
    let status = response.status().as_u16();
    if duration_ms >= SLOW_MS || status >= 500 {
        tracing::warn!(%method, route, status, duration_ms, request_id = id, "request");
    } else {
        tracing::debug!(%method, route, status, duration_ms, request_id = id, "request");
    }
}
