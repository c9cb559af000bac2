//! Pushing notices to webhooks: claims what is due, sends it signed, writes down how it went.
//!
//! Knows no HTTP client; who calls brings one. Nothing is sent inside a transaction. When the
//! process dies between sending and writing down, the delivery is sent again: receivers tell
//! repeats by `webhook-id`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use db::{Ctx, Db, DbError, Keys, Tx, Type, values};
use kernel::Time;

use super::delivery_store::{self as store, Due, RoundId};
use super::{DeliveryId, DeliveryState, NoticeId, SCHEDULE_MS, WebhookId, WebhookSecret};

/// A request to send.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub url: String,
    /// `content-type`, `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    pub headers: [(&'static str, String); 4],
    /// The JSON that was signed; send it as it is.
    pub body: Vec<u8>,
}

/// How sending went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered with this status. 2xx counts as taken, 410 as "never again".
    Answered(u16),
    /// There was no answer; why, without personal data.
    Failed(String),
}

/// Sends one request. The implementation gives up after about 10 seconds, follows no redirect, and
/// refuses to connect to an address that [`super::TargetPolicy::allows_ip`] refuses.
pub trait Post: Sync {
    /// Sends and waits for the answer's status.
    fn post(&self, outgoing: &Outgoing) -> Outcome;
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Deliveries taken up.
    pub claimed: usize,
    /// Taken by their receivers.
    pub delivered: usize,
    /// Failed, to be tried again.
    pub failed: usize,
    /// Failed for the last time.
    pub dead: usize,
    /// Not tried, because the receiver had just failed another.
    pub postponed: usize,
}

/// How long a round may take before another worker may take over its deliveries.
const LEASE_MS: i64 = 300_000;
/// How long a receiver that fails is left alone.
const REST_MS: i64 = 30_000;
/// Receivers served at the same time: waiting on them costs no CPU.
const AT_ONCE_MAX: usize = 8;
const ERROR_CHARS_MAX: usize = 200;
const PURPOSE: &str = "web.webhook";

pub(super) fn seal_purpose() -> &'static str {
    PURPOSE
}

struct Claimed {
    id: DeliveryId,
    webhook: WebhookId,
    attempts: i64,
    outgoing: Outgoing,
}

struct Tried {
    claimed: Claimed,
    outcome: Option<Outcome>,
}

/// Sends what is due, at most `max` deliveries, several receivers side by side, each receiver's in
/// their order. Call again at once when `claimed == max`, otherwise after a second or so.
pub fn deliver_due(db: &Db, ctx: &Ctx, post: &dyn Post, max: usize) -> Result<Report, DbError> {
    let round = ctx.id();
    let claimed = db.write(|tx| claim(tx, ctx.now, round, max))?;
    if claimed.is_empty() {
        return Ok(Report::default());
    }
    let tried = send_all(claimed, post);
    db.write(|tx| write_down(tx, ctx.now, round, &tried))
}

/// Gives up the claims of a process that is gone: what it held is due now. Only when no other
/// process works on this database.
///
/// # Errors
/// When the database fails.
pub fn release(tx: &mut Tx, ctx: &Ctx) -> Result<u64, DbError> {
    store::release(tx, ctx.now)
}

/// The clock went back by so many milliseconds: what waits to be pushed waits no longer than it did.
///
/// # Errors
/// When the database fails.
pub fn bring_forward(tx: &mut Tx, ctx: &Ctx, by_ms: i64) -> Result<u64, DbError> {
    store::bring_forward(tx, ctx.now, by_ms)
}

fn claim(tx: &mut Tx, now: Time, round: RoundId, max: usize) -> Result<Vec<Claimed>, DbError> {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let due = store::claim(tx, now, now.plus_millis(LEASE_MS), round, max)?;
    let sealer = tx.sealer();
    let claimed = due.into_iter().map(|due| {
        let secret = WebhookSecret::from_bytes(sealer.open(PURPOSE, &due.sealed_secret)?);
        let body = payload(&due);
        let outgoing = outgoing(due.url, due.notice, now, &secret, body);
        Ok(Claimed { id: due.id, webhook: due.webhook, attempts: due.attempts, outgoing })
    });
    claimed.collect()
}

/// `{"type","timestamp","data":{"seq","subject","body"}}`. `body` is JSON already.
fn payload(due: &Due) -> Vec<u8> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let (kind, subject) = (quoted(&due.kind), quoted(&due.subject));
    let (timestamp, seq, body) = (quoted(&due.created.to_rfc3339()), due.seq, &due.body);
    format!(
        "{{\"type\":{kind},\"timestamp\":{timestamp},\
         \"data\":{{\"seq\":{seq},\"subject\":{subject},\"body\":{body}}}}}"
    )
    .into_bytes()
}

fn outgoing(
    url: String,
    id: NoticeId,
    now: Time,
    secret: &WebhookSecret,
    body: Vec<u8>,
) -> Outgoing {
    let (id, timestamp_s) = (id.to_string(), now.to_millis() / 1_000);
    let signature = secret.sign(&id, timestamp_s, &body).0;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id),
        ("webhook-timestamp", timestamp_s.to_string()),
        ("webhook-signature", signature),
    ];
    Outgoing { url, headers, body }
}

/// Sends each receiver's deliveries in order; after a failure the rest of that receiver's wait.
fn send_all(claimed: Vec<Claimed>, post: &dyn Post) -> Vec<Tried> {
    let mut by_webhook: BTreeMap<WebhookId, Vec<Claimed>> = BTreeMap::new();
    for one in claimed {
        by_webhook.entry(one.webhook).or_default().push(one);
    }
    let workers = by_webhook.len().min(AT_ONCE_MAX);
    let waiting = Mutex::new(by_webhook.into_values());
    let tried = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(deliveries) = next else { return };
            let outcomes = send_in_order(deliveries, post);
            tried.lock().unwrap_or_else(PoisonError::into_inner).extend(outcomes);
        }
    };
    std::thread::scope(|scope| {
        (1..workers).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    tried.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn send_in_order(deliveries: Vec<Claimed>, post: &dyn Post) -> Vec<Tried> {
    let mut failing = false;
    let send = |claimed: Claimed| {
        let outcome = (!failing).then(|| post.post(&claimed.outgoing));
        failing |= !matches!(outcome, Some(Outcome::Answered(200..=299)));
        Tried { claimed, outcome }
    };
    deliveries.into_iter().map(send).collect()
}

fn write_down(tx: &mut Tx, now: Time, round: RoundId, tried: &[Tried]) -> Result<Report, DbError> {
    let mut report = Report { claimed: tried.len(), ..Report::default() };
    let mut delivered = Keys::new(&[Type::Int, Type::Int]);
    let mut failed = Keys::new(&[Type::Int, Type::Text, Type::Int, Type::Int, Type::Text]);
    let mut postponed = Keys::new(&[Type::Int]);
    let mut resting = Keys::new(&[Type::Int]);
    let mut gone = Keys::new(&[Type::Int]);
    for Tried { claimed, outcome } in tried {
        let (status, error) = match outcome {
            None => {
                report.postponed += 1;
                postponed.push(values![claimed.id]);
                continue;
            }
            Some(Outcome::Answered(status @ 200..=299)) => {
                report.delivered += 1;
                delivered.push(values![claimed.id, *status]);
                continue;
            }
            Some(Outcome::Answered(status)) => (Some(*status), None),
            Some(Outcome::Failed(error)) => (None, Some(shorten(error))),
        };
        let (state, due) = after_failure(claimed.attempts, now);
        match state {
            DeliveryState::Dead => report.dead += 1,
            _ => report.failed += 1,
        }
        failed.push(values![claimed.id, state.name(), due, status, error]);
        resting.push(values![claimed.webhook]);
        if status == Some(410) {
            gone.push(values![claimed.webhook]);
        }
    }
    let rest = now.plus_millis(REST_MS);
    store::save_round(tx, now, round, rest, [&delivered, &failed, &postponed, &resting, &gone])?;
    Ok(report)
}

/// State and next time after one more failure; `attempts` were made before it.
fn after_failure(attempts: i64, now: Time) -> (DeliveryState, Time) {
    let next = usize::try_from(attempts + 1).ok().and_then(|n| SCHEDULE_MS.get(n));
    match next {
        Some(wait) => (DeliveryState::Due, now.plus_millis(*wait)),
        None => (DeliveryState::Dead, now),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(ERROR_CHARS_MAX).collect()
}
