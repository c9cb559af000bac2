//! Folding rooms together: one router, one API document, one permission matrix.

use std::collections::BTreeSet;
use std::fmt::Write;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use db::Migration;
use kernel::Text;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;

use crate::routes::{self, Access, Route, Routes};
use crate::scope::{Role, Scope};
use crate::{App, document, door, health};

/// What a room brings: tables, routes, and how it feels.
#[derive(Clone, Copy)]
pub struct Module {
    /// The room's name, such as `clearance`; the tag of its operations.
    pub name: &'static str,
    /// What the room is for, Chinese and English, shown above its operations.
    pub about: (&'static str, &'static str),
    /// Its migrations, in order.
    pub migrations: &'static [Migration],
    /// Its routes, each with its scope.
    pub routes: fn() -> Routes,
    /// What must hold for the platform to be ready to serve.
    pub checks: &'static [Check],
}

/// A condition of readiness: a queue not full, a worker alive. Must answer at once, without the
/// database.
#[derive(Clone, Copy)]
pub struct Check {
    /// Short name shown at `/health/ready`, such as `intake_queue`.
    pub name: &'static str,
    /// `Err` says what is wrong.
    pub run: fn(&App) -> Result<(), Text>,
}

/// The room of the door itself: keys, notices, health. Added to the others by every function here.
pub fn module() -> Module {
    Module {
        name: "web",
        about: ("接口密钥、通知与推送", "API keys, notices and webhooks"),
        migrations: MIGRATIONS,
        routes: || {
            let routes = crate::keys::routes::routes().and(crate::notices::routes::routes());
            routes.and(health::routes())
        },
        checks: &[],
    }
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        room: "web",
        number: 1,
        name: "api_key",
        sql: include_str!("../migrations/0001_api_key.sql"),
    },
    Migration {
        room: "web",
        number: 2,
        name: "notice",
        sql: include_str!("../migrations/0002_notice.sql"),
    },
];

/// Every module, the door's own first.
fn all(modules: &[Module]) -> impl Iterator<Item = Module> + '_ {
    std::iter::once(module()).chain(modules.iter().copied())
}

/// Every migration, the door's own first; give them to `db.migrate`.
pub fn migrations(modules: &[Module]) -> Vec<Migration> {
    all(modules).flat_map(|module| module.migrations.iter().cloned()).collect()
}

/// The whole API as one router, ready to serve or to test with `oneshot`.
pub fn router(app: &App, modules: &[Module]) -> Router {
    let checks: Vec<Check> = all(modules).flat_map(|module| module.checks).copied().collect();
    app.share(std::sync::Arc::new(health::Checks(checks)));
    let rooms = all(modules)
        .fold(Router::new(), |router, module| router.merge((module.routes)().into_router(app)));
    rooms
        .merge(document::routes(openapi(modules)))
        .layer(DefaultBodyLimit::max(app.settings().body_bytes_max))
        .layer(CatchPanicLayer::custom(door::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), door::door))
        .with_state(app.clone())
}

/// The OpenAPI 3.1 document of the whole API; `xtask gen` commits it as `api/openapi.json`.
pub fn openapi(modules: &[Module]) -> OpenApi {
    described(modules).0
}

/// The document, and the names in it that clash.
fn described(modules: &[Module]) -> (OpenApi, Vec<String>) {
    let mut openapi = document::frame(all(modules));
    let describe = |module: Module| (module.routes)().describe(module.name, &mut openapi);
    let mut clashes: Vec<String> = all(modules).flat_map(describe).collect();
    let mut seen = BTreeSet::new();
    for (_, operation) in openapi.paths.paths.values().flat_map(routes::operations) {
        let id = operation.operation_id.as_deref().unwrap_or_default();
        if !seen.insert(id) {
            clashes.push(format!("the operation_id {id:?} is used twice; name it in utoipa::path"));
        }
    }
    (openapi, clashes)
}

/// Every operation with its access, sorted by path and method.
pub fn operations(modules: &[Module]) -> Vec<Route> {
    let mut routes: Vec<_> = all(modules).flat_map(|module| (module.routes)().list()).collect();
    routes.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
    routes
}

/// The permission matrix as text: roles by scope, then every operation with its scope and who may
/// call it; `xtask gen` commits it as `api/permissions.txt`.
pub fn permissions(modules: &[Module]) -> String {
    let mut text = String::from("# 权限矩阵 / Permission matrix\n\n# 权限 / Scopes\n");
    let tick = |held| if held { "x" } else { "-" };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:<18} firm officer operator  ", "scope");
    for scope in Scope::ALL {
        let [firm, officer, operator] = Role::ALL.map(|role| tick(scope.held_by(role)));
        let (zh, en) = (scope.zh(), scope.en());
        let name = scope.name();
        let _ = writeln!(text, "{name:<18} {firm:<4} {officer:<7} {operator:<9} {zh} / {en}");
    }
    text.push_str("\n# 接口 / Operations\n");
    for route in operations(modules) {
        let (needs, held): (&str, [bool; 3]) = match route.access {
            Access::Public => ("public", [true; 3]),
            Access::AnyKey => ("any key", [true; 3]),
            Access::Scope(scope) => (scope.name(), Role::ALL.map(|role| scope.held_by(role))),
        };
        let roles = Role::ALL.into_iter().zip(held).filter(|(_, held)| *held);
        let roles: Vec<_> = roles.map(|(role, _)| role.name()).collect();
        let roles = roles.join(" ");
        let (method, path) = (route.method, &route.path);
        let _ = writeln!(text, "{method:<6} {path:<52} {needs:<18} {roles}");
    }
    text
}

/// Faults in how routes are declared, for a test of the whole: the same operation twice, a route
/// outside `/api/v1` that is not on the short list, one name for two schemas or operations.
pub fn misdeclared(modules: &[Module]) -> Vec<String> {
    let mut faults = described(modules).1;
    let mut seen = BTreeSet::new();
    for route in operations(modules) {
        let name = format!("{} {}", route.method, route.path);
        let public = route.access == Access::Public;
        if public != document::PUBLIC.contains(&route.path.as_str()) {
            faults.push(format!("{name} and the list of public paths disagree"));
        }
        if !public && !route.path.starts_with("/api/v1/") {
            faults.push(format!("{name} is not under /api/v1/"));
        }
        if !seen.insert(name.clone()) {
            faults.push(format!("{name} is declared twice"));
        }
    }
    faults
}
