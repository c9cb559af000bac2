//! For the tests of rooms: the whole router in this process, keys for each role, and a walk over
//! every operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use db::{Ctx, Db, DbError, Tx};
use kernel::{Clock, IdSource, Time};
use serde_json::Value;
use tower::ServiceExt;

use crate::keys::{self, NewKey, Secret};
use crate::module::{self, Module};
use crate::routes::Access;
use crate::scope::{Role, Scopes};
use crate::{ApiError, App, Settings};

/// A clock that stands until it is moved.
pub struct SetClock(AtomicI64);

impl SetClock {
    /// Standing at 2026-11-23 10:00 Beijing time.
    pub fn new() -> SetClock {
        SetClock(AtomicI64::new(1_795_399_200_000))
    }

    /// Moves forward by milliseconds.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }

    /// Sets the present.
    pub fn set(&self, now: Time) {
        self.0.store(now.to_millis(), Ordering::Relaxed);
    }
}

impl Default for SetClock {
    fn default() -> SetClock {
        SetClock::new()
    }
}

impl Clock for SetClock {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A platform under test.
pub struct Site {
    /// The application, to share things in and to look at the database.
    pub app: App,
    /// Its clock.
    pub clock: Arc<SetClock>,
    router: Router,
    modules: Vec<Module>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null when it is not.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The code of the first error, empty when there is none.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header as text, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The modules over a database, migrated here, with default settings.
pub fn site(db: &Db, modules: &[Module]) -> Result<Site, DbError> {
    site_with(db, modules, Settings::default())
}

/// The modules over a database, migrated here.
pub fn site_with(db: &Db, modules: &[Module], settings: Settings) -> Result<Site, DbError> {
    db.migrate(&module::migrations(modules))?;
    let clock = Arc::new(SetClock::new());
    let app = App::new(db.clone(), clock.clone(), Arc::new(IdSource::new(1)), settings);
    let router = module::router(&app, modules);
    Ok(Site { app, clock, router, modules: modules.to_vec() })
}

impl Site {
    /// A key with the scopes of a role; `party` for firms.
    pub async fn key(&self, role: Role, party: Option<&str>) -> Result<Secret, ApiError> {
        self.key_with(role.scopes(), party).await
    }

    /// A key with just these scopes.
    pub async fn key_with(&self, scopes: Scopes, party: Option<&str>) -> Result<Secret, ApiError> {
        let (name, party) = ("test".to_owned(), party.map(str::to_owned));
        let new = NewKey { name, party, scopes, expires: None };
        self.write(move |tx, ctx| keys::create(tx, ctx, &new)).await.map(|created| created.secret)
    }

    /// Runs a flow as `test`, now.
    pub async fn write<T, E, F>(&self, flow: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: From<DbError> + Into<ApiError> + Send + 'static,
        F: FnOnce(&mut Tx, &Ctx) -> Result<T, E> + Send + 'static,
    {
        self.app.write_as(self.app.ctx_as("test".into()), flow).await
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        // The router's error type has no values.
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    /// Sends a request with a key, further headers, and a body.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        key: Option<&Secret>,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::new(body.into());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap_or_default();
        let mut add = |name: &str, value: &str| {
            if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), value.parse()) {
                request.headers_mut().insert(name, value);
            }
        };
        if let Some(key) = key {
            add("authorization", &format!("Bearer {}", key.reveal()));
        }
        headers.iter().for_each(|(name, value)| add(name, value));
        self.send(request).await
    }

    /// GET.
    pub async fn get(&self, key: &Secret, path: &str) -> Answer {
        self.request(Method::GET, path, Some(key), &[], Body::empty()).await
    }

    /// POST of JSON.
    pub async fn post(&self, key: &Secret, path: &str, body: &Value) -> Answer {
        let kind = [("content-type", "application/json")];
        self.request(Method::POST, path, Some(key), &kind, body.to_string()).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, key: &Secret, path: &str, body: &Value) -> Answer {
        let kind = [("content-type", "application/json")];
        self.request(Method::PATCH, path, Some(key), &kind, body.to_string()).await
    }

    /// DELETE.
    pub async fn delete(&self, key: &Secret, path: &str) -> Answer {
        self.request(Method::DELETE, path, Some(key), &[], Body::empty()).await
    }

    /// Calls every operation of the document without a key and with a key that holds every scope
    /// but the one needed, and says which did not refuse. A room's test asserts that this is
    /// empty.
    pub async fn open_doors(&self) -> Result<Vec<String>, ApiError> {
        let mut open = module::misdeclared(&self.modules);
        for route in module::operations(&self.modules) {
            let method: Method = route.method.parse().unwrap_or_default();
            let path = route.path.replace(['{', '}'], "");
            let name = format!("{} {}", route.method, route.path);
            if route.access == Access::Public {
                continue;
            }
            let answer = self.request(method.clone(), &path, None, &[], Body::empty()).await;
            if answer.status != StatusCode::UNAUTHORIZED || answer.code().is_empty() {
                open.push(format!("{name} answers {} without a key", answer.status));
            }
            let Access::Scope(scope) = route.access else { continue };
            let others = Role::Operator.scopes().iter().filter(|other| *other != scope).collect();
            let key = self.key_with(others, None).await?;
            let answer = self.request(method, &path, Some(&key), &[], Body::empty()).await;
            if answer.status != StatusCode::FORBIDDEN || answer.code() != "auth.missing_scope" {
                open.push(format!("{name} answers {} without {scope}", answer.status));
            }
        }
        Ok(open)
    }

    /// Whether a thing of one firm is hidden from another: the other's GET of its path says 404 as
    /// for a thing that does not exist.
    pub async fn is_hidden(&self, other: &Secret, path: &str) -> bool {
        let answer = self.get(other, path).await;
        answer.status == StatusCode::NOT_FOUND && !answer.code().is_empty()
    }
}
