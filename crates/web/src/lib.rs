//! The one door in: HTTP, callers, permissions, errors, paging, idempotency, OpenAPI.
//!
//! A room hands over a [`Module`]; its routes each name the [`Scope`] they ask for, and cannot be
//! declared without. A handler takes [`App`] and [`Caller`], runs a flow in one transaction with
//! [`App::write`] or [`App::read`], and answers with JSON or an [`ApiError`].
//!
//! What is absent: no handler sees the network, the clock or the database engine; no flow is async;
//! no error leaves without a code, both languages and a request id.

mod app;
mod caller;
mod document;
mod door;
mod error;
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
    Command, IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, Mark, Raw, key_reused, replay,
};
pub use module::{
    Check, Module, migrations, misdeclared, module, openapi, operations, permissions, router,
};
pub use page::{LIMIT_DEFAULT, LIMIT_MAX, List, Page, PageParams};
pub use routes::{Access, Route, Routes};
pub use scope::{Role, Scope, Scopes, UnknownName};
pub use serve::serve;
