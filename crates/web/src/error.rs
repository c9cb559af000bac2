//! What a client is told when something does not go its way.
//!
//! Three kinds of failure: a *refusal* (the trade says no: 4xx, a stable code), an *outage* (try
//! later: 503 with `Retry-After`), a *bug* (500; the cause is logged with the request id and not
//! shown). Every one leaves as
//! `{"errors":[{level,code,field,path,line,found,expected,zh,en,remedy,…}],"request_id"}`.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use db::DbError;
use kernel::{Finding, Text};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// A failure as the client will hear it. Small: one pointer.
pub struct ApiError(Box<Inner>);

pub(crate) struct Inner {
    pub(crate) status: StatusCode,
    pub(crate) findings: Vec<Finding>,
    pub(crate) retry_after_s: Option<u32>,
    /// For the log, never for the client.
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
}

/// A domain's "no": an enum of a room implements this and becomes an [`ApiError`] by `?`.
pub trait Refusal {
    /// 4xx. 409 unless the room says otherwise.
    fn status(&self) -> StatusCode {
        StatusCode::CONFLICT
    }
    /// Stable dotted code, such as `clearance.not_draft`.
    fn code(&self) -> &'static str;
    /// What is refused and why.
    fn text(&self) -> Text;
    /// What to do instead, and who can.
    fn remedy(&self) -> Text;
    /// The field meant, empty when none.
    fn field(&self) -> String {
        String::new()
    }
}

/// How a flow fails: the room's own refusal, findings about the input, or the database. Saves
/// each room the same three-armed enum.
#[derive(Debug, thiserror::Error)]
pub enum Failure<R> {
    /// The room says no.
    #[error("refused")]
    Refused(R),
    /// The input is wrong, in one or many places.
    #[error("the input has findings")]
    Findings(Vec<Finding>),
    /// The database failed.
    #[error("the database failed")]
    Db(#[source] DbError),
}

impl<R: Refusal> From<R> for Failure<R> {
    fn from(refusal: R) -> Failure<R> {
        Failure::Refused(refusal)
    }
}

impl<R> From<DbError> for Failure<R> {
    fn from(error: DbError) -> Failure<R> {
        Failure::Db(error)
    }
}

impl<R: Refusal> From<Failure<R>> for ApiError {
    fn from(failure: Failure<R>) -> ApiError {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Findings(findings) => ApiError::invalid(findings),
            Failure::Db(error) => error.into(),
        }
    }
}

impl<R: Refusal> From<R> for ApiError {
    fn from(refusal: R) -> ApiError {
        let finding = Finding::error(refusal.code(), refusal.text(), refusal.remedy());
        ApiError::of(refusal.status(), vec![finding.at(refusal.field())])
    }
}

impl ApiError {
    /// One error with a status of 4xx or 5xx.
    pub fn new(status: StatusCode, code: &'static str, message: Text, remedy: Text) -> ApiError {
        ApiError::of(status, vec![Finding::error(code, message, remedy)])
    }

    /// Several at once.
    pub fn of(status: StatusCode, findings: Vec<Finding>) -> ApiError {
        ApiError(Box::new(Inner { status, findings, retry_after_s: None, source: None }))
    }

    /// 422: the input was understood and is wrong; all findings at once.
    pub fn invalid(findings: Vec<Finding>) -> ApiError {
        ApiError::of(StatusCode::UNPROCESSABLE_ENTITY, findings)
    }

    /// 400: the request could not be understood.
    pub fn malformed(findings: Vec<Finding>) -> ApiError {
        ApiError::of(StatusCode::BAD_REQUEST, findings)
    }

    /// 404: there is no such thing, or it is another party's, which is the same to the caller.
    pub fn not_found() -> ApiError {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "request.not_found",
            Text::new("没有找到", "there is no such thing"),
            Text::new(
                "请核对编号;只能查看本企业的记录",
                "check the id; only your own party's records can be seen",
            ),
        )
    }

    /// 503: the platform cannot take it now; the client may come back after so many seconds.
    pub fn busy(retry_after_s: u32) -> ApiError {
        ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "platform.busy",
            Text::new("平台暂时繁忙", "the platform is busy at the moment"),
            Text::new(
                "请按 Retry-After 秒数后用同一 Idempotency-Key 重试",
                "try again after Retry-After seconds with the same Idempotency-Key",
            ),
        )
        .retry_after(retry_after_s)
    }

    /// 500: our fault. The cause goes to the log under the request id.
    pub fn bug(cause: impl Into<Box<dyn Error + Send + Sync>>) -> ApiError {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "platform.fault",
            Text::new("平台内部错误", "the platform failed inside"),
            Text::new(
                "请稍后重试;仍不行请将 request_id 告知平台运维",
                "try again later; if it persists give the request_id to the platform's operator",
            ),
        )
        .because(cause)
    }

    /// Names the field meant by the (first) error.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> ApiError {
        if let Some(first) = self.0.findings.first_mut() {
            first.path = field.into();
        }
        self
    }

    /// Says what was found and what was expected.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>, expected: impl Into<String>) -> ApiError {
        if let Some(first) = self.0.findings.pop() {
            self.0.findings.push(first.found(found, expected));
        }
        self
    }

    /// Adds `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> ApiError {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> ApiError {
        self.0.source = Some(cause.into());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code of the first error.
    pub fn code(&self) -> &'static str {
        self.0.findings.first().map_or("", |finding| finding.code)
    }

    /// What the client will be told.
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// What the client will be told, taken out.
    pub fn into_findings(self) -> Vec<Finding> {
        self.0.findings
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<_> = self.0.findings.iter().map(|finding| finding.code).collect();
        write!(f, "ApiError({} {codes:?} {:?})", self.0.status, self.0.source)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.0.findings.first();
        write!(f, "{}: {}", self.code(), first.map_or("", |finding| &finding.message.en))
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// An outage is 503; a second row where one is allowed is 409; all else is a bug.
impl From<DbError> for ApiError {
    fn from(error: DbError) -> ApiError {
        match &error {
            DbError::Busy(_) => ApiError::busy(1).because(error),
            DbError::Unavailable(_) => ApiError::busy(5).because(error),
            DbError::Unique { columns, .. } => {
                let columns = columns.join(", ");
                let there = ApiError::new(
                    StatusCode::CONFLICT,
                    "record.exists",
                    Text::new("相同的记录已存在", "there is such a record already"),
                    Text::new("请先查询已有记录", "look up the record that is there"),
                );
                there.field(columns).because(error)
            }
            _ => ApiError::bug(error),
        }
    }
}

/// Carries the error to the outermost layer, which knows the request id and writes the body.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) Arc<Inner>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.status;
        if let Some(seconds) = self.0.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Carried(Arc::from(self.0)));
        response
    }
}

/// The body: `{"errors":[…],"request_id":"…"}`.
pub(crate) fn body(findings: &[Finding], request_id: &str) -> Vec<u8> {
    #[derive(Serialize)]
    struct Answer<'a> {
        errors: Errors<'a>,
        request_id: &'a str,
    }
    // Neither strings nor integers can fail to become JSON.
    serde_json::to_vec(&Answer { errors: Errors(findings), request_id }).unwrap_or_default()
}

struct Errors<'a>(&'a [Finding]);

impl Serialize for Errors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry<'a> {
            field: &'a str,
            #[serde(flatten)]
            finding: &'a Finding,
        }
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for finding in self.0 {
            list.serialize_element(&Entry { field: &finding.path, finding })?;
        }
        list.end()
    }
}

/// One error, as documented in OpenAPI.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ErrorItem {
    /// 级别 / `error` stops the request, `warning` is only worth a look.
    #[schema(example = "error")]
    pub level: String,
    /// 稳定的错误代码 / Stable dotted code.
    #[schema(example = "field.too_long")]
    pub code: String,
    /// 所指字段,同 path / The field meant, same as `path`; empty when the whole request is meant.
    #[schema(example = "items[0].quantity")]
    pub field: String,
    /// 位置 / Place in the message or JSON.
    pub path: String,
    /// 原文行号 / Line in the source text, from 1.
    pub line: Option<u32>,
    /// 实际值(截短、脱敏) / What was found, shortened and masked.
    pub found: String,
    /// 应为 / What may stand there.
    pub expected: String,
    /// 中文说明 / What is wrong, in Chinese.
    pub zh: String,
    /// 英文说明 / What is wrong, in English.
    pub en: String,
    /// 处理办法(中英) / How to mend it, both languages.
    pub remedy: String,
    /// 处理办法(中) / How to mend it, in Chinese.
    pub remedy_zh: String,
    /// 处理办法(英) / How to mend it, in English.
    pub remedy_en: String,
}

/// 错误应答 / Every 4xx and 5xx answer.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ErrorAnswer {
    /// 全部错误 / All errors at once.
    pub errors: Vec<ErrorItem>,
    /// 请求编号,报修时请提供 / Give this to the operator when asking for help.
    #[schema(example = "req_01k9y7x2m4a80")]
    pub request_id: String,
}
