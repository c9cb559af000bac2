//! The API document: its frame in both languages, and the pages that show it offline.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::path::Paths;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref,
    ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::App;
use crate::error::{ErrorAnswer, ErrorItem};
use crate::module::Module;
use crate::routes::{SECURITY_SCHEME, common_response};

/// Paths anyone may call. The document and its pages are served beside them.
pub const PUBLIC: &[&str] = &[
    "/health/live",
    "/health/ready",
    "/api/v1/evidence/keys",
    "/api/v1/evidence/checkpoints",
    "/api/v1/evidence/checkpoints/latest",
    "/api/v1/evidence/consistency",
    "/customs/payment-originals/{code}",
];

/// Where the document is.
pub const OPENAPI_PATH: &str = "/api/openapi.json";
/// Where it can be browsed.
pub const DOCS_PATH: &str = "/api/docs";

const ABOUT: &str = "\
跨境电商综合服务平台接口。所有时间为北京时间(RFC 3339),金额为十进制字符串。\
`accepted`(平台收下)≠ `declared`(已向海关申报)≠ `released`(海关放行)。\
列表按 `limit`/`after` 翻页;POST 可带 `Idempotency-Key` 安全重试;出错时返回全部错误,中英双语并附处理办法。

The platform for cross-border e-commerce. Times are Beijing time in RFC 3339, amounts are decimal \
strings. `accepted` (by the platform) is not `declared` (to customs) is not `released` (by \
customs). Lists page with `limit` and `after`; a POST may carry an `Idempotency-Key` and be \
repeated safely; a failure lists every error in both languages, each with its remedy.";

/// The document without operations.
pub(crate) fn frame(modules: impl Iterator<Item = Module>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Kouan API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").build()))
        .build();
    let tags = modules.map(|module| {
        let (zh, en) = module.about;
        TagBuilder::new().name(module.name).description(Some(format!("{zh} / {en}"))).build()
    });
    OpenApiBuilder::new()
        .info(info)
        .paths(Paths::new())
        .tags(Some(tags.collect::<Vec<_>>()))
        .components(Some(components()))
        .build()
}

fn components() -> Components {
    let mut components = Components::new();
    let mut schemas = vec![
        (ErrorAnswer::name().into_owned(), ErrorAnswer::schema()),
        (ErrorItem::name().into_owned(), ErrorItem::schema()),
    ];
    ErrorAnswer::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let texts = [
        ("400", "请求无法理解 / The request could not be understood"),
        ("401", "缺少密钥或密钥无效 / No key, or not a good one"),
        ("403", "密钥没有所需权限 / The key does not hold the scope"),
        ("404", "没有找到,或不属于本企业 / Not there, or not yours"),
        ("409", "与现状冲突 / In conflict with how things stand"),
        ("413", "请求体过大 / The body is too large"),
        ("415", "请求体类型不支持 / The type of the body is not supported"),
        ("422", "内容有误,一次列出全部问题 / The input is wrong; every finding at once"),
        ("500", "平台内部错误 / The platform failed inside"),
        ("503", "暂时繁忙,见 Retry-After / Busy; see Retry-After"),
    ];
    for (code, text) in texts {
        let schema = Ref::from_schema_name(ErrorAnswer::name());
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description(text);
        let response = response.content("application/json", content).build();
        components.responses.insert(common_response(code).to_owned(), response.into());
    }
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("kouan_…")
        .description(Some("接口密钥,由平台运维签发 / API key, issued by the platform's operator"))
        .build();
    components.add_security_scheme(SECURITY_SCHEME, SecurityScheme::Http(scheme));
    components
}

/// The document and the pages to browse it, everything embedded in the binary.
pub(crate) fn routes(openapi: OpenApi) -> Router<App> {
    // Ours to serialize: texts and maps of texts cannot fail to become JSON.
    let json = Bytes::from(serde_json::to_vec(&openapi).unwrap_or_default());
    let serve = move || {
        let json = json.clone();
        async move {
            let kind = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, kind)], json).into_response()
        }
    };
    let config = Config::from(OPENAPI_PATH).persist_authorization(true).filter(true);
    let config = config.doc_expansion("none").display_request_duration(true);
    // No validator badge: the page must not call out of a closed network.
    let pages = SwaggerUi::new(DOCS_PATH).config(config.validator_url("none"));
    Router::new().route(OPENAPI_PATH, get(serve)).merge(pages)
}
