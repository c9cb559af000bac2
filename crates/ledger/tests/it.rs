//! Tests of the ledger on every engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/batches.rs"]
mod batches;
#[path = "it/concurrency.rs"]
mod concurrency;
#[path = "it/model.rs"]
mod model;
#[path = "it/quota.rs"]
mod quota;
#[path = "it/random.rs"]
mod random;

use kernel::{IdSource, Time};
use std::sync::Arc;

/// 2026-11-11 00:00 Beijing.
const NOON: Time = Time::from_millis(1_794_326_400_000);

/// A context at so many milliseconds after the start; ids of all contexts of a test come from one
/// source.
fn ctx(ids: &Arc<IdSource>, after_ms: i64) -> db::Ctx {
    db::Ctx { now: NOON.plus_millis(after_ms), ids: Arc::clone(ids), actor: "test".into() }
}

fn ids() -> Arc<IdSource> {
    Arc::new(IdSource::new(0))
}
