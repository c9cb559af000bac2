//! Pushes notices to webhooks.

use std::sync::Arc;
use std::time::Duration;

use gateway::WebhookClient;
use gateway::webhook::WebhookSettings;
use web::notices::{self, Outcome, Outgoing, Post};

use super::{Round, Worker};
use crate::Failure;
use crate::platform::Platform;

const AT_ONCE: usize = 50;
const LOOK_EVERY: Duration = Duration::from_secs(2);
const TIMEOUT_MS: u64 = 10_000;

/// Lets the door's notices go out through the gateway's client.
struct Through(WebhookClient);

impl Post for Through {
    fn post(&self, outgoing: &Outgoing) -> Outcome {
        let headers: Vec<(&str, &str)> =
            outgoing.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match self.0.post(&outgoing.url, &headers, &outgoing.body, TIMEOUT_MS) {
            Ok(status) => Outcome::Answered(status),
            Err(failure) => Outcome::Failed(failure.to_string()),
        }
    }
}

/// The worker that pushes.
///
/// # Errors
/// When the client cannot be made.
pub fn push(platform: Arc<Platform>) -> Result<Worker, Failure> {
    let allow_private = platform.config.webhooks_to_private_addresses;
    let settings = WebhookSettings { allow_private, ..WebhookSettings::default() };
    let through = Through(WebhookClient::new(&settings)?);
    let round = Box::new(move || {
        let ctx = platform.app.ctx_as("push".into());
        let report = notices::deliver_due(&platform.app.db, &ctx, &through, AT_ONCE)?;
        Ok(if report.claimed == AT_ONCE { Round::Busy } else { Round::Idle })
    });
    Ok(Worker { name: "push", every: LOOK_EVERY, round })
}
