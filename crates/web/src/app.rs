//! What every handler is given: the database, the clock, ids, settings, and what rooms share.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use db::{Ctx, Db, DbError, Tx};
use kernel::{Clock, IdSource, Text};
use tokio::sync::Semaphore;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::keys::KeyRing;
use crate::notices::TargetPolicy;

/// Limits and switches of the door. Every number has a default that suits one machine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest request body, in bytes. Default 20 MiB, the largest message we read.
    pub body_bytes_max: usize,
    /// Longest a request may take before the caller is told to ask again. Default 30 s.
    pub request_timeout: Duration,
    /// Transactions that may write at the same time. Default 4: SQLite takes one at a time, and
    /// PostgreSQL gains little from more on small machines.
    pub writers: usize,
    /// Read transactions at the same time. Default 8.
    pub readers: usize,
    /// Requests that may wait for either before further ones hear 503. Default 1,024.
    pub waiting_max: usize,
    /// Connections open at the same time; further ones wait to be accepted. Default 4,096.
    pub connections_max: usize,
    /// How long a connection may take to send the head of its next request. Default 60 s.
    pub head_timeout: Duration,
    /// How long open connections may finish when the server stops. Default 10 s.
    pub drain: Duration,
    /// How long another node's revocation of a key may go unnoticed, in ms. Default 10,000.
    pub key_cache_ms: i64,
    /// Which addresses webhooks may point at.
    pub targets: TargetPolicy,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            body_bytes_max: 20 * 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            writers: 4,
            readers: 8,
            waiting_max: 1_024,
            connections_max: 4_096,
            head_timeout: Duration::from_secs(60),
            drain: Duration::from_secs(10),
            key_cache_ms: 10_000,
            targets: TargetPolicy::default(),
        }
    }
}

/// The application as handlers see it. Cloning copies one pointer.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<IdSource>,
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    keys: KeyRing,
    shared: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    writing: Gate,
    reading: Gate,
    checks: RwLock<Vec<AlsoCheck>>,
}

/// A condition of readiness that comes with what runs beside the door.
struct AlsoCheck {
    name: &'static str,
    run: Box<dyn Fn() -> Result<(), Text> + Send + Sync>,
}

impl App {
    /// An application over a migrated database.
    pub fn new(db: Db, clock: Arc<dyn Clock>, ids: Arc<IdSource>, settings: Settings) -> App {
        let writing = Gate::new(settings.writers, settings.waiting_max);
        let reading = Gate::new(settings.readers, settings.waiting_max);
        let keys = KeyRing::default();
        let (shared, checks) = (RwLock::default(), RwLock::default());
        let inner = Inner { settings, keys, shared, writing, reading, checks };
        App { db, clock, ids, inner: Arc::new(inner) }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.inner.keys
    }

    /// Puts a value in for handlers to find by its type: a queue, a directory snapshot. A second
    /// value of the type replaces the first.
    pub fn share<T: Any + Send + Sync>(&self, value: Arc<T>) {
        let mut shared = self.inner.shared.write().unwrap_or_else(PoisonError::into_inner);
        shared.insert(TypeId::of::<T>(), value);
    }

    /// Adds a condition of readiness beside those of the rooms; a second one of a name replaces the
    /// first. It must answer at once, without the database.
    pub fn also_check(
        &self,
        name: &'static str,
        run: impl Fn() -> Result<(), Text> + Send + Sync + 'static,
    ) {
        let mut checks = self.inner.checks.write().unwrap_or_else(PoisonError::into_inner);
        checks.retain(|check| check.name != name);
        checks.push(AlsoCheck { name, run: Box::new(run) });
    }

    pub(crate) fn checked(&self) -> Vec<(&'static str, Result<(), Text>)> {
        let checks = self.inner.checks.read().unwrap_or_else(PoisonError::into_inner);
        checks.iter().map(|check| (check.name, (check.run)())).collect()
    }

    /// What was shared under this type. Missing is a fault of the wiring: 500, logged by name.
    pub fn shared<T: Any + Send + Sync>(&self) -> Result<Arc<T>, ApiError> {
        let shared = self.inner.shared.read().unwrap_or_else(PoisonError::into_inner);
        let found = shared.get(&TypeId::of::<T>()).cloned();
        found
            .and_then(|value| value.downcast::<T>().ok())
            .ok_or_else(|| ApiError::bug(format!("nothing is shared as {}", type_name::<T>())))
    }

    /// The context of a flow that acts for the caller, now.
    pub fn ctx(&self, caller: &Caller) -> Ctx {
        self.ctx_as(caller.actor.clone())
    }

    /// The context of a flow that acts by itself: a job, the command line.
    pub fn ctx_as(&self, actor: Arc<str>) -> Ctx {
        Ctx { now: self.clock.now(), ids: self.ids.clone(), actor }
    }

    /// Runs a flow in one writing transaction on a blocking thread. The transaction runs to its end
    /// even when the caller hangs up. When too many wait already: 503 with `Retry-After`.
    pub async fn write<T, E, F>(&self, caller: &Caller, flow: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: From<DbError> + Into<ApiError> + Send + 'static,
        F: FnOnce(&mut Tx, &Ctx) -> Result<T, E> + Send + 'static,
    {
        self.write_as(self.ctx(caller), flow).await
    }

    /// [`App::write`] for an act without a caller, such as a worker's.
    pub async fn write_as<T, E, F>(&self, ctx: Ctx, flow: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: From<DbError> + Into<ApiError> + Send + 'static,
        F: FnOnce(&mut Tx, &Ctx) -> Result<T, E> + Send + 'static,
    {
        let db = self.db.clone();
        self.inner.writing.run(move || db.write(|tx| flow(tx, &ctx)).map_err(E::into)).await
    }

    /// Runs a query in one read transaction on a blocking thread. Otherwise as [`App::write`].
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: From<DbError> + Into<ApiError> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let db = self.db.clone();
        self.inner.reading.run(move || db.read(query).map_err(E::into)).await
    }
}

/// Lets so many through at a time and so many wait.
struct Gate {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl Gate {
    fn new(at_once: usize, waiting_max: usize) -> Gate {
        let permits = Arc::new(Semaphore::new(at_once.max(1)));
        Gate { permits, waiting: AtomicUsize::new(0), waiting_max }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = Place::take(&self.waiting, self.waiting_max)?;
        let permit = self.permits.clone().acquire_owned().await.map_err(ApiError::bug)?;
        drop(place);
        let job = move || {
            // Held by the thread, not by the request: a caller who hangs up frees nothing.
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(job).await.unwrap_or_else(|died| Err(ApiError::bug(died)))
    }
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, waiting_max: usize) -> Result<Place<'a>, ApiError> {
        let place = waiting.fetch_add(1, Ordering::Relaxed);
        let taken = Place(waiting);
        if place >= waiting_max { Err(ApiError::busy(1)) } else { Ok(taken) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
