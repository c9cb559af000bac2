//! To customs and back: forwards what is due, takes receipts in.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use clearance::dispatch::{Dispatch, Sending, Sent};
use clearance::flow::{self, Claim};
use clearance::receipt::Letter;
use db::{Ctx, Tx};
use gateway::envelope::{self, Outgoing};
use kernel::{Text, Time};

use super::{Round, Worker};
use crate::platform::Platform;
use crate::{Failure, folder};

/// Messages claimed in one round, and messages of receipts taken in in one.
const FORWARDED_MAX: u32 = 1_000;
const COLLECTED_MAX: usize = 300;
/// Bytes of messages handed over at once: what a round may take of memory, several times over.
const FORWARDED_BYTES_MAX: usize = 16 << 20;
/// Longest wait without news: not everything that is to be sent is news.
const DUE_EVERY: Duration = Duration::from_millis(100);
/// Receipts come from outside and ring no bell.
const RECEIPTS_EVERY: Duration = Duration::from_millis(500);
/// How long messages gather after a round that took all there were: each round costs commits,
/// whether it carries one message or many.
const GATHER: Duration = Duration::from_millis(25);

/// The worker that forwards.
pub fn forward(platform: Arc<Platform>) -> Worker {
    let round = Box::new(move || {
        Ok(match forward_some(&platform)? {
            Forwarded::All => Round::Gather(GATHER),
            forwarded => forwarded.round(),
        })
    });
    Worker { name: "forward", every: DUE_EVERY, round }
}

/// The worker that takes receipts in.
pub fn collect(platform: Arc<Platform>) -> Worker {
    let round = Box::new(move || collect_round(&platform));
    Worker { name: "collect", every: RECEIPTS_EVERY, round }
}

/// What a round of forwarding came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forwarded {
    /// Nothing was due, or nothing could be handed over.
    Nothing,
    /// All there was.
    All,
    /// As much as one round takes.
    Some,
}

impl Forwarded {
    fn round(self) -> Round {
        match self {
            Forwarded::Nothing => Round::Idle,
            Forwarded::All | Forwarded::Some => Round::Busy,
        }
    }
}

/// Forwards one batch of what is due.
///
/// # Errors
/// When the database fails. A customs that cannot be reached is no error here: what could not be
/// handed over is due again later.
pub fn forward_round(platform: &Platform) -> Result<Round, Failure> {
    forward_some(platform).map(Forwarded::round)
}

fn forward_some(platform: &Platform) -> Result<Forwarded, Failure> {
    let ctx = platform.app.ctx_as("forward".into());
    let db = &platform.app.db;
    let claims = db.write(|tx| flow::claim(tx, &ctx, FORWARDED_MAX))?;
    let mut left = claims.as_slice();
    let mut any = false;
    while !left.is_empty() {
        let recent = platform.intake.recent();
        let dispatches = db.read(|tx| flow::open(tx, recent, left, FORWARDED_BYTES_MAX))?;
        let mut sent = hand_over(platform, &ctx, &dispatches);
        any |= sent.iter().any(|one| one.outcome != Sending::Later);
        left = left.get(dispatches.len()..).unwrap_or_default();
        if sent.iter().any(|one| one.outcome == Sending::Later) {
            // What comes after may not overtake what could not go.
            let wait = |claim: &Claim| Sent { id: claim.id(), outcome: Sending::Later };
            sent.extend(left.iter().map(wait));
            left = &[];
        }
        db.write(|tx| flow::dispatched(tx, &ctx, &sent))?;
    }
    Ok(match claims.len() {
        _ if !any => Forwarded::Nothing,
        full if full >= FORWARDED_MAX as usize => Forwarded::Some,
        _ => Forwarded::All,
    })
}

/// Hands messages to customs and tells how it went.
fn hand_over(platform: &Platform, ctx: &Ctx, dispatches: &[Dispatch]) -> Vec<Sent> {
    let ready: Vec<Option<Ready<'_>>> =
        dispatches.iter().map(|dispatch| Ready::of(platform, dispatch)).collect();
    let messages: Vec<Outgoing<'_>> = ready.iter().flatten().map(Ready::outgoing).collect();
    let mut answers = match platform.customs.send(&platform.addresses, &messages, ctx.now) {
        Ok(answers) => answers.into_iter(),
        Err(failure) => {
            tracing::warn!(%failure, "customs cannot be reached; messages wait");
            Vec::new().into_iter()
        }
    };
    let mut sent = Vec::with_capacity(dispatches.len());
    for (dispatch, ready) in dispatches.iter().zip(&ready) {
        let answer = ready.as_ref().and_then(|_| answers.next());
        if let Some(Err(failure)) = &answer {
            tracing::warn!(dispatch = %dispatch.id, %failure, "customs did not take a message");
        }
        let outcome = match answer {
            Some(Ok(_)) => Sending::Taken,
            Some(Err(failure)) if !failure.retryable => Sending::Refused(failure.to_string()),
            Some(Err(_)) | None => Sending::Later,
        };
        sent.push(Sent { id: dispatch.id, outcome });
    }
    sent
}

/// A message ready to be handed over.
struct Ready<'a> {
    message: Cow<'a, [u8]>,
    message_type: &'static str,
    sender: Option<&'a str>,
    cop_msg_id: String,
}

impl<'a> Ready<'a> {
    /// Signs what needs it. `None`, and a line in the log, when that cannot be done: a fault of
    /// ours that an operator must look at.
    fn of(platform: &Platform, dispatch: &'a Dispatch) -> Option<Ready<'a>> {
        let message = if dispatch.needs_signature {
            match platform.key.sign(&dispatch.bytes) {
                Ok(bytes) => Cow::Owned(bytes),
                Err(error) => {
                    tracing::error!(dispatch = %dispatch.id, %error, "a message cannot be signed");
                    return None;
                }
            }
        } else {
            Cow::Borrowed(&*dispatch.bytes)
        };
        let sender = Some(dispatch.sender_dxp.as_str()).filter(|sender| !sender.is_empty());
        let from = sender.unwrap_or(&platform.addresses.sender);
        Some(Ready {
            message,
            message_type: ceb::message_type(dispatch.kind.code()).map_or("", |kind| kind.root),
            sender,
            cop_msg_id: envelope::cop_msg_id(from, dispatch.id.to_i64()),
        })
    }

    fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            message: &self.message,
            message_type: self.message_type,
            transfer_id: self.sender,
            cop_msg_id: &self.cop_msg_id,
        }
    }
}

/// Takes in what customs has for us.
///
/// # Errors
/// When customs cannot be reached or the database fails; what was not acknowledged comes again.
pub fn collect_round(platform: &Platform) -> Result<Round, Failure> {
    let ctx = platform.app.ctx_as("customs".into());
    let deliveries = platform.customs.collect(ctx.now, COLLECTED_MAX)?;
    if deliveries.is_empty() {
        return Ok(Round::Idle);
    }
    let archiver = platform.app.db.archiver();
    let letters = deliveries
        .iter()
        .map(|delivery| Letter::read(&archiver, &ctx, &delivery.bytes))
        .collect::<Result<Vec<_>, _>>()?;
    let reference = &platform.reference;
    let taken = platform.app.db.write(|tx| flow::take_receipts(tx, &ctx, reference, &letters))?;
    for finding in &taken.findings {
        let Text { en, .. } = &finding.message;
        tracing::warn!(code = finding.code, "a receipt is kept but not understood: {en}");
    }
    let directory = reference.directory.current();
    // The receipts are safe in the database and can be had over HTTP; a folder that cannot be
    // written must not make customs send them again and again: it is owed them.
    let undelivered = folder::deliver(&platform.config.folders, &directory, &deliveries);
    if !undelivered.is_empty() {
        let originals: Vec<_> = letters.iter().map(Letter::original_id).collect();
        let owe = |tx: &mut Tx| folder::owe(tx, &ctx, &undelivered, &deliveries, &originals);
        platform.app.db.write(owe)?;
    }
    let ids: Vec<&str> = deliveries.iter().map(|delivery| delivery.receipt_id.as_str()).collect();
    platform.customs.delivered(&ids, ctx.now)?;
    Ok(Round::Busy)
}

/// Looks again at inventories that wait or are held: a firm may have been registered meanwhile, a
/// delegation begun.
///
/// # Errors
/// When the database fails.
pub fn recheck_all(platform: &Platform, at: Time) -> Result<(), Failure> {
    const AT_ONCE: u32 = 500;
    let ctx = Ctx { now: at, ..platform.app.ctx_as("recheck".into()) };
    let mut after = None;
    loop {
        let reference = &platform.reference;
        let looked =
            platform.app.db.write(|tx| flow::recheck(tx, &ctx, reference, after, AT_ONCE))?;
        match looked {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}
