//! The one door in: HTTP, callers, permissions, errors, paging, idempotency, OpenAPI.
//!
//! A room hands over a [`Module`]; its routes each name the [`Scope`] they ask for, and cannot be
//! declared without. A handler takes [`App`] and [`Caller`], runs a flow in one transaction with
//! [`App::write`] or [`App::read`], and answers with JSON or an [`ApiError`].
//!
//! ```
//! use axum::extract::State;
//! use utoipa_axum::routes;
//! use web::{ApiError, App, Caller, Module, Path, Routes, Scope};
//!
//! pub fn module() -> Module {
//!     Module {
//!         name: "orders",
//!         about: ("订单", "Orders"),
//!         migrations: &[], // tables of the room
//!         routes: || Routes::new().on(Scope::ClearanceRead, routes!(show)),
//!         checks: &[],
//!     }
//! }
//!
//! /// 查看订单 / Show an order
//! #[utoipa::path(get, path = "/api/v1/orders/{number}", params(("number" = String, Path)),
//!     responses((status = 200, body = String)))]
//! async fn show(
//!     State(app): State<App>,
//!     caller: Caller,
//!     Path(number): Path<String>,
//! ) -> Result<axum::Json<String>, ApiError> {
//!     let sql = "SELECT party, state FROM orders_order WHERE number = $1";
//!     let row = app.read(move |tx| tx.query_opt(sql, db::params![number])).await?;
//!     let row = row.ok_or_else(ApiError::not_found)?;
//!     caller.must_see(row.text(0)?)?; // another firm's order: 404
//!     Ok(axum::Json(row.text(1)?.to_owned()))
//! }
//!
//! assert!(web::permissions(&[module()]).contains("/api/v1/orders/{number}"));
//! ```
//!
//! What is absent: no handler sees the network, the clock or the database engine; no flow is async;
//! no error leaves without a code, both languages and a request id.

mod app;
mod caller;
mod document;
mod door;
mod error;
pub mod evidence;
mod extract;
mod health;
mod idempotency;
pub mod keys;
mod module;
pub mod notices;
mod page;
mod query;
mod routes;
mod scope;
mod serve;
pub mod test;

pub use app::{App, Settings};
pub use caller::Caller;
pub use document::{DOCS_PATH, OPENAPI_PATH, PUBLIC};
pub use door::{REQUEST_ID, RequestId};
pub use error::{ApiError, ErrorAnswer, ErrorItem, Failure, Refusal};
pub use extract::{Json, Path, Query, parse_json};
pub use idempotency::{
    Command, IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, IdempotencyParams, Mark, Raw, key_reused,
    replay,
};
pub use module::{
    Check, Module, migrations, misdeclared, module, openapi, operations, permissions, router,
};
pub use page::{LIMIT_DEFAULT, LIMIT_MAX, List, Page, PageParams};
pub use routes::{Access, Route, Routes};
pub use scope::{Role, Scope, Scopes, UnknownName};
pub use serve::serve;
