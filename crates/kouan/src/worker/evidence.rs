//! Publishes checkpoints of the evidence log.

use std::sync::Arc;
use std::time::Duration;

use kernel::Time;

use super::{Round, Worker};
use crate::Failure;
use crate::platform::Platform;

/// Longest wait without news: whether a checkpoint is due is asked of the clock.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The worker that publishes.
pub fn evidence(platform: Arc<Platform>) -> Worker {
    let every_ms = i64::from(platform.config.evidence.checkpoint_every_s).saturating_mul(1_000);
    let mut looked_at = Time::default();
    let round = Box::new(move || {
        let now = platform.app.clock.now();
        // A clock that steps back makes a checkpoint due, not late by the step.
        if (0..every_ms).contains(&(now.to_millis() - looked_at.to_millis())) {
            return Ok(Round::Idle);
        }
        publish(&platform)?;
        looked_at = now;
        Ok(Round::Idle)
    });
    Worker { name: "evidence", every: LOOK_EVERY, round }
}

/// Publishes a checkpoint now when the log has grown; gives its size when it did.
///
/// # Errors
/// When the log does not extend what was published before, or the database fails.
pub fn publish(platform: &Platform) -> Result<Option<u64>, Failure> {
    platform.evidence.publish(&platform.app.db, platform.app.clock.now())
}
