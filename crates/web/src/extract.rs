//! Reading requests: axum's extractors with findings in both languages instead of plain text.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use kernel::{Finding, Text};
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::{App, query};

/// A JSON body. Wrong content type is 415, broken JSON or a wrong shape 400, with line and field.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Json<T>, ApiError> {
        require_json(request.headers())?;
        let bytes = read_body(request, app).await?;
        parse_json(&bytes).map(Json)
    }
}

/// The query string, strictly: unknown parameters are refused.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Query<T>, ApiError> {
        let pairs = query::pairs(parts.uri.query().unwrap_or_default());
        query::read(&pairs, &[]).map(Query).map_err(ApiError::malformed)
    }
}

/// Parts of the path. What cannot be an id of that kind does not exist: 404.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Path<T>, ApiError> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        path.map(|axum::extract::Path(value)| Path(value)).map_err(|_| ApiError::not_found())
    }
}

/// The whole body as bytes, within the size limit.
pub(crate) async fn read_body(request: Request, app: &App) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, app).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(failure)
            if failure.status() == StatusCode::PAYLOAD_TOO_LARGE =>
        {
            too_large(app.settings().body_bytes_max)
        }
        other => ApiError::new(
            StatusCode::BAD_REQUEST,
            "body.incomplete",
            Text::new("请求体没有完整收到", "the body did not arrive whole"),
            Text::new("请重新发送", "send it again"),
        )
        .because(other),
    })
}

/// 413 with the limit.
pub(crate) fn too_large(bytes_max: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body.too_large",
        Text::new("请求体过大", "the body is too large"),
        Text::new("请拆分后分批提交", "split it and submit in parts"),
    )
    .found("", format!("≤ {bytes_max} bytes"))
}

/// 415 unless the body says it is JSON.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let given = given.unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || essence.ends_with("+json") {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "body.wrong_type",
        Text::new("请求体类型不是 JSON", "the body is not said to be JSON"),
        Text::new("请加上请求头 Content-Type", "set the Content-Type header"),
    )
    .found(given, "application/json"))
}

/// Reads JSON; on failure says line, column and field.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let reader = &mut serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut *reader).map_err(|error| {
        let path = error.path().to_string();
        json_fault(error.inner(), if path == "." { String::new() } else { path })
    })?;
    reader.end().map_err(|error| json_fault(&error, String::new()))?;
    Ok(value)
}

fn json_fault(error: &serde_json::Error, path: String) -> ApiError {
    let finding = if error.is_data() {
        Finding::error(
            "body.wrong_shape",
            Text::new("JSON 内容不符合接口定义", "the JSON does not have the shape asked for"),
            Text::new("请按接口文档改正该字段", "correct the field as the API document says"),
        )
    } else {
        Finding::error(
            "body.not_json",
            Text::new("请求体不是有效的 JSON", "the body is not valid JSON"),
            Text::new("请检查括号、引号和编码(UTF-8)", "check brackets, quotes and UTF-8"),
        )
    };
    let line = u32::try_from(error.line()).unwrap_or(u32::MAX).max(1);
    // Only the part of serde's text that speaks of types and names: values may be personal.
    let expected = expectation(&error.to_string());
    ApiError::malformed(vec![finding.at(path).on_line(line).found("", expected)])
}

/// What serde expected, without the value it found and without its position.
fn expectation(text: &str) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(before, _)| before);
    match text.split_once("expected ") {
        Some((_, expected)) => expected.to_owned(),
        None if text.starts_with("missing field") || text.starts_with("duplicate field") => {
            text.to_owned()
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[serde(rename = "items")]
        _items: Vec<Item>,
    }
    #[derive(Debug, Deserialize)]
    struct Item {
        #[serde(rename = "count")]
        _count: u32,
    }

    fn fault(json: &str) -> Finding {
        parse_json::<Order>(json.as_bytes()).unwrap_err().findings()[0].clone()
    }

    #[test]
    fn a_wrong_shape_is_placed() {
        let finding = fault("{\"items\":[{\"count\":1},\n{\"count\":\"李小宝\"}]}");
        assert_eq!((finding.code, finding.path.as_str()), ("body.wrong_shape", "items[1].count"));
        assert_eq!((finding.line, finding.expected.as_str()), (Some(2), "u32"));
        assert!(finding.found.is_empty(), "values may be personal");
        assert_eq!(fault("{\"itens\":[]}").expected, "`items`");
        assert_eq!(fault("{}").expected, "missing field `items`");
    }

    #[test]
    fn broken_json_is_told_apart() {
        assert_eq!(fault("{\"items\":[").code, "body.not_json");
        assert_eq!(fault("{\"items\":[]} x").code, "body.not_json");
        assert_eq!(fault("").code, "body.not_json");
    }
}
