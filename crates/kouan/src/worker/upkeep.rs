//! Keeps the house: the directory in step with the register, waiting inventories looked at again
//! when the register has changed, notices and keys of requests not kept longer than promised.

use std::sync::Arc;
use std::time::Duration;

use kernel::Time;

use super::{Round, Worker, customs};
use crate::Failure;
use crate::platform::Platform;

const LOOK_EVERY: Duration = Duration::from_secs(1);
const PRUNE_EVERY_MS: i64 = 3_600_000;
/// How long the answer to a request with an idempotency key is kept.
const REQUESTS_KEPT_MS: i64 = 7 * 86_400_000;
/// How long notices that were pulled or pushed are kept.
const NOTICES_KEPT_MS: i64 = 30 * 86_400_000;

/// The worker that keeps the house.
pub fn upkeep(platform: Arc<Platform>) -> Worker {
    let mut directory_version = platform.reference.directory.current().version();
    let mut pruned_at = Time::default();
    let mut before = Time::default();
    let round = Box::new(move || {
        // Nobody may be sending: then only this finds out that the disk has room again.
        if platform.app.db.write_trouble().is_some() {
            platform.app.db.try_writing()?;
        }
        let now = platform.app.clock.now();
        let back_ms = before.to_millis() - now.to_millis();
        if back_ms > 0 {
            bring_forward(&platform, back_ms)?;
            pruned_at = pruned_at.min(now);
        }
        before = now;
        platform.reference.directory.refresh_from(&platform.app.db)?;
        let version = platform.reference.directory.current().version();
        if version != directory_version {
            directory_version = version;
            customs::recheck_all(&platform, now)?;
        }
        if now.to_millis() - pruned_at.to_millis() >= PRUNE_EVERY_MS {
            prune(&platform, now)?;
            pruned_at = now;
        }
        platform.app.db.merge_notes()?;
        platform.app.db.count_anew()?;
        platform.app.db.tend_archive(&platform.app.ctx_as("upkeep".into()))?;
        Ok(Round::Idle)
    });
    Worker { name: "upkeep", every: LOOK_EVERY, round }
}

/// The clock went back by so much: what waits for a time of before would wait so much longer.
///
/// # Errors
/// When the database fails.
pub fn bring_forward(platform: &Platform, back_ms: i64) -> Result<(), Failure> {
    let ctx = platform.app.ctx_as("upkeep".into());
    let moved = platform.app.db.write(|tx| {
        let sent = clearance::flow::bring_forward(tx, &ctx, back_ms)?;
        let pushed = web::notices::bring_forward(tx, &ctx, back_ms)?;
        Ok::<_, db::DbError>(sent + pushed + tx.bring_jobs_forward(ctx.now, back_ms)?)
    })?;
    tracing::warn!(back_ms, moved, "the clock went back; what waits is brought forward");
    Ok(())
}

fn prune(platform: &Platform, now: Time) -> Result<(), Failure> {
    let db = &platform.app.db;
    db.write(|tx| tx.forget_requests(now.plus_millis(-REQUESTS_KEPT_MS)))?;
    db.write(|tx| web::notices::prune(tx, now.plus_millis(-NOTICES_KEPT_MS)))?;
    Ok(())
}
