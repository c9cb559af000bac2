//! What must hold after all the deaths: everything acknowledged is there once, repeats are answered
//! alike, books balance, nothing was handled twice, and what customs says in the end is what it
//! would have said of a platform that never died.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use clearance::census;
use clearance::document::DocumentId;
use kouan::demo::traffic::Day;
use kouan::platform::Platform;
use serde_json::Value;

use super::load::{Answer, Load};
use super::receiver::Receiver;
use crate::ending::{count, outcome, receipts, settle, undisturbed};
use crate::house::{HandClock, House};

/// An inventory may be held for the same reason while it waits and when it is complete.
pub(super) const HELD: &str = "clearance.inventory_held";

/// What the audit counted.
#[derive(Default)]
pub(super) struct Found {
    pub(super) acknowledged: usize,
    pub(super) lost: usize,
    pub(super) duplicated: usize,
    pub(super) receipts: u64,
    pub(super) events: usize,
    pub(super) pushed: usize,
    pub(super) pushed_again: usize,
}

/// How the answer to a repeat differs from the first in what it must not; `None` when it does not.
pub(super) fn told_apart(first: &Answer, again: &Answer, marked: bool) -> Option<String> {
    if first.status >= 400 {
        let codes = |answer: &Answer| {
            let all = answer.json()["errors"].as_array().cloned().unwrap_or_default();
            all.iter().map(|error| error["code"].to_string()).collect::<BTreeSet<_>>()
        };
        let same = first.status == again.status && codes(first) == codes(again);
        return (!same).then(|| format!("refused with {} and {}", first.status, again.status));
    }
    if marked {
        let same = (first.status, &first.body) == (again.status, &again.body);
        return (!same).then(|| "the answer under one key differs".to_owned());
    }
    let ids = |answer: &Answer| ids(&answer.json());
    let lost = ids(first).difference(&ids(again)).count();
    let status = (again.status >= 400).then(|| format!("refused with {}", again.status));
    status.or_else(|| (lost > 0).then(|| format!("{lost} documents have another id")))
}

fn ids(answer: &Value) -> BTreeSet<String> {
    let items = answer["items"].as_array().into_iter().flatten();
    items.filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

/// Lets everything come to rest and looks at all of it.
pub(super) fn audit(house: &House, day: &Day, load: &Load<'_>, receiver: &Receiver) -> Found {
    let clock = HandClock::now();
    let platform = house.open(Arc::clone(&clock) as _);
    settle(&platform, &clock, receiver);
    let db = &platform.app.db;
    assert_eq!(db.check().unwrap(), [""; 0]);
    assert!(db.read(ledger::verify).unwrap().balanced(), "the ledger does not balance");

    let mut wanted = BTreeSet::new();
    let mut messages = BTreeSet::new();
    for place in load.answered() {
        let answer = load.answer(place);
        assert_ne!(answer.status, 500, "{}", String::from_utf8_lossy(&answer.body));
        let answer = answer.json();
        wanted.extend(ids(&answer));
        messages.extend(answer["message_id"].as_str().map(str::to_owned));
    }
    let documents: Vec<DocumentId> = wanted.iter().map(|id| id.parse().unwrap()).collect();
    let stored = db.read(|tx| census::stored(tx, &documents)).unwrap();
    let found = db.read(census::census).unwrap();
    let present: u64 = found.documents.values().sum();
    let (stored, present) = (usize::try_from(stored).unwrap(), usize::try_from(present).unwrap());
    assert_eq!(count(&platform, "SELECT COUNT(*) FROM clearance_message"), messages.len());

    let events = once_each(&platform);
    let (pushed, pushed_again) = receiver.check(&platform);
    assert_eq!(outcome(&platform), undisturbed(day, load.submissions));
    platform.intake.stop();
    Found {
        acknowledged: wanted.len(),
        lost: wanted.len() - stored,
        duplicated: present.saturating_sub(wanted.len()),
        receipts: found.receipts,
        events,
        pushed,
        pushed_again,
    }
}

/// Counts events, and finds what was done twice: an event, a receipt that moved its document.
fn once_each(platform: &Platform) -> usize {
    let db = &platform.app.db;
    let events = db.read(|tx| tx.events(0, usize::MAX)).unwrap();
    let last = db.read(|tx| tx.last_event()).unwrap();
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "events are numbered without a gap");
    let mut seen: HashMap<_, usize> = HashMap::new();
    for event in &events {
        let told = (event.kind.as_str(), event.subject.as_str(), event.body.to_string());
        let times = seen.entry(told).or_default();
        *times += 1;
        let allowed = if event.kind == HELD { 2 } else { 1 };
        assert!(*times <= allowed, "too often: {event:?}");
    }
    for sql in [
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM web_notice_head h
         WHERE h.last <> (SELECT COUNT(*) FROM web_notice n WHERE n.party = h.party)) AS gap",
        "SELECT COUNT(*) FROM web_delivery WHERE state <> 'delivered'",
        "SELECT COUNT(*) FROM clearance_inventory_course WHERE state = 1004",
    ] {
        assert_eq!(count(platform, sql), 0, "{sql}");
    }
    let mut moved = HashSet::new();
    for one in receipts(platform).into_iter().filter(|one| one.effect == "moved") {
        let what = (one.document_id, one.kind, one.status, one.at);
        assert!(moved.insert(what), "twice: {what:?}");
    }
    events.len()
}
