//! Where everything ends: working off what is owed, and comparing with a platform that was never
//! disturbed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clearance::census::{self, Census};
use clearance::document::Door;
use clearance::intake::{Body, Outcome, Submission as HandedIn};
use db::DbError;
use kernel::Clock;
use kouan::demo::traffic::{Day, Submission};
use kouan::platform::Platform;
use kouan::worker::{Round, customs};
use web::notices::{self, Post};

use crate::house::{Engine, HandClock, House};

/// A count of a table.
pub(crate) fn count(platform: &Platform, sql: &str) -> usize {
    let count = platform.app.db.read(|tx| tx.query_one(sql, &[])?.i64(0)).unwrap();
    usize::try_from(count).unwrap()
}

/// Forwards and collects what is due now.
pub(crate) fn work(platform: &Platform) {
    let idle = |round: Result<Round, kouan::Failure>| round.unwrap() == Round::Idle;
    while !idle(customs::forward_round(platform)) || !idle(customs::collect_round(platform)) {}
}

/// Works everything off: forwards, collects, pushes, moving the clock to whatever falls due next
/// and past the leases of those who died.
pub(crate) fn settle(platform: &Platform, clock: &HandClock, post: &dyn Post) {
    loop {
        work(platform);
        let ctx = platform.app.ctx_as("test".into());
        while notices::deliver_due(&platform.app.db, &ctx, post, 500).unwrap().claimed > 0 {}
        let due = platform.standin.as_ref().unwrap().next_due().unwrap();
        let owed = count(platform, "SELECT COUNT(*) FROM clearance_dispatch")
            + count(platform, "SELECT COUNT(*) FROM web_delivery WHERE state = 'due'");
        match due {
            Some(due) if due > clock.now() => clock.advance_to(due),
            None if owed == 0 => return,
            _ => clock.advance(10_000),
        }
    }
}

type Ending = (BTreeMap<&'static str, u64>, BTreeMap<String, u64>, BTreeMap<String, u64>, String);

/// Where everything ended, by what does not depend on the order in which it was taken.
pub(crate) fn outcome(platform: &Platform) -> (Ending, Vec<i64>) {
    let sql = "SELECT CAST(SUM(debits_posted) AS BIGINT), CAST(SUM(debits_held) AS BIGINT),
               CAST(SUM(credits_posted) AS BIGINT), COUNT(*) FROM ledger_account";
    let read = platform.app.db.read(|tx| {
        let row = tx.query_one(sql, &[])?;
        Ok::<_, DbError>((0..4).map(|n| row.i64(n).unwrap()).collect())
    });
    let census = platform.app.db.read(census::census).unwrap();
    let Census { by_state, by_mode, open_findings, tax_released, .. } = census;
    ((by_state, by_mode, open_findings, tax_released.to_string()), read.unwrap())
}

/// The codes of all who send on a day.
pub(crate) fn parties(day: &Day) -> Vec<String> {
    day.certificates().into_iter().map(|(code, _)| code.to_owned()).collect()
}

/// Hands messages in at once, as the HTTP door would for their senders.
pub(crate) fn hand_in(platform: &Platform, submissions: &[Submission]) -> Vec<Outcome> {
    let directory = platform.reference.directory.current();
    let known: BTreeSet<&str> = submissions
        .iter()
        .map(|one| one.sender.as_str())
        .filter(|code| directory.by_code(code).is_some())
        .collect();
    let taken = |one: &Submission| {
        let sender = known.get(one.sender.as_str()).map(|code| Arc::from(*code));
        let body = Body::Message(one.bytes.clone());
        let handed = HandedIn { door: Door::Http, sender, actor: "test".into(), body };
        platform.intake.submit_blocking(handed).unwrap()
    };
    submissions.iter().map(taken).collect()
}

/// Where the same messages end on a platform that nobody disturbs.
pub(crate) fn undisturbed(day: &Day, submissions: &[Submission]) -> (Ending, Vec<i64>) {
    let house = House::new(Engine::Sqlite, day, "");
    let clock = HandClock::now();
    let platform = house.open(Arc::clone(&clock) as _);
    hand_in(&platform, submissions);
    settle(&platform, &clock, &Nobody);
    let outcome = outcome(&platform);
    platform.intake.stop();
    outcome
}

/// A receiver of webhooks that takes everything.
pub(crate) struct Nobody;

impl Post for Nobody {
    fn post(&self, _: &notices::Outgoing) -> notices::Outcome {
        notices::Outcome::Answered(200)
    }
}

/// Every receipt kept.
pub(crate) fn receipts(platform: &Platform) -> Vec<clearance::census::Kept> {
    let none = clearance::receipt::ReceiptId::from_i64(0);
    let all = |tx: &mut db::Tx| clearance::census::receipts(tx, none, i64::MAX);
    platform.app.db.read(all).unwrap()
}
