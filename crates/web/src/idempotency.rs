//! Safe repetition: a POST with an `Idempotency-Key` has its effect once. The same key with the
//! same request is answered as before; with a different request it is refused.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use db::{Ctx, DbError, Recall, Tx};
use kernel::Text;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sm3::{Digest, Sm3};

use crate::App;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::extract::{parse_json, read_body, require_json};

/// Name of the request header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Set to `true` on an answer that was given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const KEY_CHARS_MAX: usize = 128;

/// The header in the API document; name it in `params(IdempotencyParams)` of a route that takes
/// a [`Command`] or [`Raw`].
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyParams {
    /// 幂等键,建议 UUID:相同键和内容返回原应答,内容不同则 409
    /// / Idempotency key, a UUID does well: same key and content, same answer; else 409.
    #[param(rename = "Idempotency-Key", max_length = 128)]
    #[expect(dead_code, reason = "describes a header that the extractors read")]
    idempotency_key: Option<String>,
}

/// What makes a request the same as an earlier one: the caller's key, and a hash of method, path
/// and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The caller's key, unique among its own.
    pub key: String,
    /// SM3 of method, path and body.
    pub request_hash: [u8; 32],
}

/// A JSON body with its idempotency key, if one was sent.
pub struct Command<T> {
    /// The body.
    pub body: T,
    /// The key and hash; `None` when the caller sent no key.
    pub mark: Option<Mark>,
}

impl<T: DeserializeOwned> FromRequest<App> for Command<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Command<T>, ApiError> {
        require_json(request.headers())?;
        let raw = Raw::from_request(request, app).await?;
        Ok(Command { body: parse_json(&raw.bytes)?, mark: raw.mark })
    }
}

/// A body of any type as bytes, with its idempotency key, if one was sent.
pub struct Raw {
    /// The body.
    pub bytes: Bytes,
    /// Content type as sent, empty when none.
    pub content_type: String,
    /// The key and hash; `None` when the caller sent no key.
    pub mark: Option<Mark>,
}

impl FromRequest<App> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Raw, ApiError> {
        let key = read_key(&request)?;
        let kind = request.headers().get(header::CONTENT_TYPE);
        let content_type = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        let place = key.as_ref().map(|_| format!("{} {}\n", request.method(), request.uri()));
        let bytes = read_body(request, app).await?;
        let mark = key.zip(place).map(|(key, place)| Mark {
            key,
            request_hash: Sm3::new().chain_update(place).chain_update(&bytes).finalize().into(),
        });
        Ok(Raw { bytes, content_type, mark })
    }
}

fn read_key(request: &Request) -> Result<Option<String>, ApiError> {
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    let good = (1..=KEY_CHARS_MAX).contains(&key.len());
    if good && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(key.to_owned()));
    }
    Err(ApiError::new(
        StatusCode::BAD_REQUEST,
        "idempotency.key",
        Text::new("Idempotency-Key 格式不符", "the Idempotency-Key has a wrong form"),
        Text::new("建议使用 UUID", "a UUID does well"),
    )
    .field("Idempotency-Key")
    .found("", format!("1..={KEY_CHARS_MAX} visible ASCII characters")))
}

/// 409: the key was used for something else.
pub fn key_reused() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "idempotency.reused",
        Text::new(
            "该 Idempotency-Key 已用于内容不同的请求",
            "this Idempotency-Key was used for a different request",
        ),
        Text::new(
            "重试须原样重发;新的请求请换新的 Idempotency-Key",
            "repeat a request unchanged, or take a new Idempotency-Key for a new one",
        ),
    )
    .field("Idempotency-Key")
}

/// 409: the same request is being answered at this very moment.
fn in_progress() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "idempotency.in_progress",
        Text::new("同一请求正在处理", "the same request is being answered right now"),
        Text::new("请稍候原样重发", "send it again unchanged in a moment"),
    )
    .field("Idempotency-Key")
    .retry_after(1)
}

/// An answer given before, given again.
pub fn replay(status: StatusCode, body: String) -> Response {
    let mut response = json_response(status, body);
    response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    response
}

fn json_response(status: StatusCode, body: String) -> Response {
    let kind = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, kind)], Body::from(body)).into_response()
}

enum Outcome {
    Fresh(StatusCode, String),
    Before(StatusCode, String),
}

/// Carries the flow's own error and ours through one transaction.
enum Stopped<E> {
    Flow(E),
    Ours(ApiError),
}

impl<E: From<DbError>> From<DbError> for Stopped<E> {
    fn from(error: DbError) -> Stopped<E> {
        Stopped::Flow(error.into())
    }
}

impl<E: Into<ApiError>> From<Stopped<E>> for ApiError {
    fn from(stopped: Stopped<E>) -> ApiError {
        match stopped {
            Stopped::Flow(error) => error.into(),
            Stopped::Ours(error) => error,
        }
    }
}

impl App {
    /// Runs a flow once per idempotency key and answers with its JSON. The answer is stored in the
    /// flow's own transaction, so effect and answer are there together or not at all. Failures
    /// are not stored: the caller may correct and repeat. Without a mark it simply runs.
    pub async fn once<T, E, F>(
        &self,
        caller: &Caller,
        mark: Option<Mark>,
        flow: F,
    ) -> Result<Response, ApiError>
    where
        T: Serialize,
        E: From<DbError> + Into<ApiError> + Send + 'static,
        F: FnOnce(&mut Tx, &Ctx) -> Result<(StatusCode, T), E> + Send + 'static,
    {
        let owner = caller.owner().to_owned();
        let outcome = self
            .write(caller, move |tx, ctx| match mark {
                None => run(tx, ctx, flow).map(|(status, body)| Outcome::Fresh(status, body)),
                Some(mark) => remembered(tx, ctx, &owner, &mark, flow),
            })
            .await?;
        Ok(match outcome {
            Outcome::Fresh(status, body) => json_response(status, body),
            Outcome::Before(status, body) => replay(status, body),
        })
    }
}

fn run<T, E, F>(tx: &mut Tx, ctx: &Ctx, flow: F) -> Result<(StatusCode, String), Stopped<E>>
where
    T: Serialize,
    F: FnOnce(&mut Tx, &Ctx) -> Result<(StatusCode, T), E>,
{
    let (status, answer) = flow(tx, ctx).map_err(Stopped::Flow)?;
    let body = serde_json::to_string(&answer).map_err(|e| Stopped::Ours(ApiError::bug(e)))?;
    Ok((status, body))
}

fn remembered<T, E, F>(
    tx: &mut Tx,
    ctx: &Ctx,
    owner: &str,
    mark: &Mark,
    flow: F,
) -> Result<Outcome, Stopped<E>>
where
    T: Serialize,
    E: From<DbError>,
    F: FnOnce(&mut Tx, &Ctx) -> Result<(StatusCode, T), E>,
{
    match tx.recall(owner, &mark.key, &mark.request_hash)? {
        Recall::Same { status, body } => {
            let status = StatusCode::from_u16(status);
            let status = status.map_err(|e| Stopped::Ours(ApiError::bug(e)))?;
            return Ok(Outcome::Before(status, body));
        }
        Recall::Different => return Err(Stopped::Ours(key_reused())),
        Recall::New => {}
    }
    let (status, body) = run(tx, ctx, flow)?;
    let request = db::Request { caller: owner, key: &mark.key, hash: &mark.request_hash };
    match tx.remember(ctx, request, status.as_u16(), &body) {
        Ok(()) => Ok(Outcome::Fresh(status, body)),
        Err(DbError::Unique { table, .. }) if table == "db_request" => {
            Err(Stopped::Ours(in_progress()))
        }
        Err(error) => Err(error.into()),
    }
}
