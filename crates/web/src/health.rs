//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::Text;
use serde::Serialize;
use utoipa_axum::routes;

use crate::App;
use crate::error::ApiError;
use crate::module::Check;
use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().public(routes!(live)).public(routes!(ready))
}

/// The rooms' conditions of readiness, shared by the router.
pub(crate) struct Checks(pub(crate) Vec<Check>);

/// 存活状态 / Whether the process lives.
#[derive(Serialize, utoipa::ToSchema)]
struct Health {
    /// `live`, `ready` 或 / or `not_ready`.
    status: &'static str,
    /// 版本 / Version.
    version: &'static str,
    /// 就绪检查 / What was looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<HealthCheck>,
}

/// 一项就绪检查 / One condition of readiness.
#[derive(Serialize, utoipa::ToSchema)]
struct HealthCheck {
    /// 名称 / Name.
    name: &'static str,
    /// 是否正常 / Whether it holds.
    ok: bool,
    /// 问题(中) / What is wrong, in Chinese; empty when nothing is.
    zh: String,
    /// 问题(英) / What is wrong, in English; empty when nothing is.
    en: String,
}

impl HealthCheck {
    fn of(name: &'static str, outcome: Result<(), Text>) -> HealthCheck {
        let text = outcome.as_ref().err().cloned().unwrap_or_default();
        HealthCheck { name, ok: outcome.is_ok(), zh: text.zh, en: text.en }
    }
}

/// 存活 / Live: the process answers
#[utoipa::path(get, path = "/health/live", responses((status = 200, body = Health)))]
async fn live() -> Response {
    let version = env!("CARGO_PKG_VERSION");
    axum::Json(Health { status: "live", version, checks: Vec::new() }).into_response()
}

/// 就绪 / Ready: the database answers and can be written, its schema is in place, the disk has room,
/// no queue is full, no worker has stumbled
#[utoipa::path(
    get, path = "/health/ready",
    responses((status = 200, body = Health), (status = 503, body = Health)),
)]
async fn ready(State(app): State<App>) -> Result<Response, ApiError> {
    let mut checks = vec![
        HealthCheck::of("database", database(&app).await),
        HealthCheck::of("writing", writing(&app)),
        HealthCheck::of("disk", room(&app)),
    ];
    let registered = app.shared::<Checks>()?;
    checks.extend(registered.0.iter().map(|check| HealthCheck::of(check.name, (check.run)(&app))));
    checks.extend(app.checked().into_iter().map(|(name, outcome)| HealthCheck::of(name, outcome)));
    let good = checks.iter().all(|check| check.ok);
    let (code, status) = match good {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    let health = Health { status, version: env!("CARGO_PKG_VERSION"), checks };
    let mut response = (code, axum::Json(health)).into_response();
    if !good {
        response.headers_mut().insert("retry-after", 5.into());
    }
    Ok(response)
}

/// Whether the last attempt to write went well. Somebody always tries again: those who send, or the
/// platform itself.
fn writing(app: &App) -> Result<(), Text> {
    // The reason is in the log; whoever asks here need not be anybody we know.
    app.db.write_trouble().map_or(Ok(()), |_| {
        Err(Text::new(
            "数据库暂不能写入(磁盘满、只读、被占用或数据库离线)",
            "the database cannot be written: the disk is full or read-only, the file is held by \
             another program, or the server is away",
        ))
    })
}

/// With less than this, in bytes, the next large message may not fit.
const ROOM_MIN: u64 = 16 << 20;

fn room(app: &App) -> Result<(), Text> {
    match app.db.free_bytes() {
        Some(free) if free < ROOM_MIN => Err(Text::new("磁盘已满", "the disk is full")),
        _ => Ok(()),
    }
}

/// Asks one of our own tables, which shows both that the database answers and that the schema is
/// in place.
async fn database(app: &App) -> Result<(), Text> {
    let asked: Result<(), ApiError> = app.read(crate::keys::probe).await;
    asked.map_err(|error| {
        tracing::warn!(cause = ?error, "the database is not ready");
        Text::new("数据库不可用或未初始化", "the database is away or its schema is not in place")
    })
}
