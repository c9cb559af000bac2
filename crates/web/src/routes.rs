//! Declaring routes: a route cannot be added without saying who may call it.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Components, OpenApi, Ref, RefOr};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::caller;
use crate::scope::Scope;
use crate::{App, keys};

/// Name of the security scheme in the OpenAPI document.
pub(crate) const SECURITY_SCHEME: &str = "api_key";

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Callers whose key holds the scope.
    Scope(Scope),
    /// Callers with any good key: asking who one is.
    AnyKey,
    /// Anyone: health, the API document, the evidence log, and where customs asks.
    Public,
}

/// The routes of a room, each with its scope.
#[derive(Default)]
pub struct Routes {
    entries: Vec<Entry>,
}

struct Entry {
    access: Access,
    parts: UtoipaMethodRouter<App>,
}

/// One operation, for the permission matrix and the tests that walk over all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST` …
    pub method: &'static str,
    /// Path template, such as `/api/v1/api-keys/{id}`.
    pub path: String,
    /// Who may call it.
    pub access: Access,
}

impl Routes {
    /// No routes yet.
    pub fn new() -> Routes {
        Routes::default()
    }

    /// Adds what `routes!(…)` of utoipa-axum gives, for callers holding the scope.
    #[must_use]
    pub fn on(self, scope: Scope, parts: UtoipaMethodRouter<App>) -> Routes {
        self.add(Access::Scope(scope), parts)
    }

    /// Adds routes for any good key. Only this crate has such routes.
    #[must_use]
    pub(crate) fn any_key(self, parts: UtoipaMethodRouter<App>) -> Routes {
        self.add(Access::AnyKey, parts)
    }

    /// Adds routes open to anyone. Their paths must stand in [`crate::PUBLIC`]; a walk over all
    /// routes says which do not.
    #[must_use]
    pub fn public(self, parts: UtoipaMethodRouter<App>) -> Routes {
        self.add(Access::Public, parts)
    }

    fn add(mut self, access: Access, parts: UtoipaMethodRouter<App>) -> Routes {
        self.entries.push(Entry { access, parts });
        self
    }

    /// These and the others.
    #[must_use]
    pub fn and(mut self, others: Routes) -> Routes {
        self.entries.extend(others.entries);
        self
    }

    /// Every operation, in the order added.
    pub fn list(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        for Entry { access, parts: (_, paths, _) } in &self.entries {
            for (path, item) in &paths.paths {
                let methods = operations(item).into_iter().map(|(method, _)| method);
                routes.extend(methods.map(|method| Route {
                    method,
                    path: path.clone(),
                    access: *access,
                }));
            }
        }
        routes
    }

    /// Adds the operations to the document, each with its scope and the common error answers.
    /// Gives the names of schemas that another room already uses for something else.
    pub(crate) fn describe(self, tag: &str, document: &mut OpenApi) -> Vec<String> {
        let mut clashes = Vec::new();
        for Entry { access, parts: (schemas, paths, _) } in self.entries {
            let Paths { paths, .. } = paths;
            for (path, mut item) in paths {
                for operation in operations_mut(&mut item) {
                    annotate(operation, tag, access);
                }
                match document.paths.paths.get_mut(&path) {
                    Some(known) => known.merge_operations(item),
                    None => {
                        document.paths.paths.insert(path, item);
                    }
                }
            }
            let components = document.components.get_or_insert_with(Components::new);
            for (name, schema) in schemas {
                let known = components.schemas.get(&name);
                if known.is_some_and(|known| *known != schema) {
                    clashes.push(format!("{tag}: the schema {name} means something else already"));
                }
                components.schemas.insert(name, schema);
            }
        }
        clashes
    }

    /// The routes as a router, each behind its guard.
    pub(crate) fn into_router(self, app: &App) -> Router<App> {
        self.entries.into_iter().fold(Router::new(), |router, Entry { access, parts }| {
            let (_, paths, handlers) = parts;
            let handlers = guarded(app, access, handlers);
            let mut paths: Vec<_> = paths.paths.into_keys().collect();
            let last = paths.pop();
            let router = paths
                .into_iter()
                .fold(router, |router, path| router.route(&path, handlers.clone()));
            match last {
                Some(path) => router.route(&path, handlers),
                None => router,
            }
        })
    }
}

fn guarded(app: &App, access: Access, handlers: MethodRouter<App>) -> MethodRouter<App> {
    let scope = match access {
        Access::Public => return handlers,
        Access::AnyKey => None,
        Access::Scope(scope) => Some(scope),
    };
    handlers.route_layer(middleware::from_fn_with_state((app.clone(), scope), guard))
}

/// Lets the request through only when its key is good and holds the scope.
async fn guard(
    State((app, scope)): State<(App, Option<Scope>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let caller = match keys::identify(&app, authorization).await {
        Ok(caller) => caller,
        Err(refused) => return refused.into_response(),
    };
    if let Some(scope) = scope.filter(|scope| !caller.scopes.has(*scope)) {
        return caller::missing_scope(scope, caller.scopes).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

pub(crate) fn operations(item: &PathItem) -> Vec<(&'static str, &Operation)> {
    let all = [
        ("GET", &item.get),
        ("HEAD", &item.head),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
        ("OPTIONS", &item.options),
        ("TRACE", &item.trace),
    ];
    all.into_iter().filter_map(|(method, op)| op.as_ref().map(|op| (method, op))).collect()
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.head,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
        &mut item.options,
        &mut item.trace,
    ]
    .into_iter()
    .flatten()
}

fn annotate(operation: &mut Operation, tag: &str, access: Access) {
    operation.tags = Some(vec![tag.to_owned()]);
    let mut codes = vec!["400", "404", "500", "503"];
    let scope = match access {
        Access::Public => None,
        Access::AnyKey => Some(None),
        Access::Scope(scope) => Some(Some(scope)),
    };
    let Some(scope) = scope else {
        operation.security = Some(vec![SecurityRequirement::default()]);
        return answers(operation, &["500"]);
    };
    codes.push("401");
    if operation.request_body.is_some() {
        codes.extend(["409", "413", "415", "422"]);
    }
    if let Some(scope) = scope {
        codes.push("403");
        let line = format!("权限 / scope: `{scope}`");
        operation.description = Some(match operation.description.take() {
            Some(text) if !text.is_empty() => format!("{text}\n\n{line}"),
            _ => line,
        });
    }
    let needed = SecurityRequirement::new(SECURITY_SCHEME, scope.map(Scope::name));
    operation.security = Some(vec![needed]);
    answers(operation, &codes);
}

/// Adds the common description of each status the operation does not describe itself.
fn answers(operation: &mut Operation, codes: &[&str]) {
    let responses = &mut operation.responses.responses;
    for code in codes {
        let common = || RefOr::Ref(Ref::from_response_name(common_response(code)));
        responses.entry((*code).to_owned()).or_insert_with(common);
    }
}

/// Name of the shared description of an error status.
pub(crate) fn common_response(code: &str) -> &'static str {
    match code {
        "400" => "Malformed",
        "401" => "Unauthenticated",
        "403" => "Forbidden",
        "404" => "NotFound",
        "409" => "Conflict",
        "413" => "TooLarge",
        "415" => "WrongType",
        "422" => "Invalid",
        "503" => "Busy",
        _ => "Fault",
    }
}
