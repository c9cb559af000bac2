//! A planned day holds what it promises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use ceb::signature::Verifier;
use ceb::{Message, ReadOptions};
use kernel::{Date, Level};
use register::codes::Codes;
use register::party::Zone;

use super::*;

const PARCELS: usize = 700;

fn day(seed: u64, zone: &str) -> Day {
    let zone = Zone::builtin(zone).unwrap().unwrap();
    Day::plan(seed, PARCELS, &zone, Date::constant(2026, 11, 23)).unwrap()
}

/// One day for all tests that need only one; that it can be shared lets threads make messages.
static ZIBO: LazyLock<Day> = LazyLock::new(|| day(1, "zibo"));

fn all(day: &Day) -> Vec<Submission> {
    day.submissions(0..day.len()).map(Result::unwrap).collect()
}

/// Every error that reading, checking and verifying a message finds.
fn errors(submission: &Submission, codes: &Codes, verifier: &Verifier) -> Vec<String> {
    let reading = ceb::read(&submission.bytes, &ReadOptions::strict());
    let mut found = reading.findings;
    if let Some(message) = &reading.message {
        found.extend(ceb::check(message, codes));
    }
    found.extend(verifier.verify(&submission.bytes).findings);
    found.into_iter().filter(|f| f.level == Level::Error).map(|f| f.code.to_owned()).collect()
}

fn read(submission: &Submission) -> Message {
    ceb::read(&submission.bytes, &ReadOptions::strict()).message.unwrap()
}

#[test]
fn messages_are_valid_but_for_the_faults_they_say() {
    let codes = Codes::builtin();
    let verifier = Verifier::new(100);
    for zone in Zone::builtin_ids() {
        let day = day(1, zone);
        for submission in all(&day) {
            let errors = errors(&submission, &codes, &verifier);
            let expected: BTreeSet<&str> = submission
                .parcels
                .clone()
                .filter_map(|parcel| day.fault(parcel))
                .filter_map(|fault| fault.row().finding)
                .collect();
            for error in &errors {
                assert!(
                    expected.contains(error.as_str()),
                    "{zone} {} {} {error} {expected:?}",
                    submission.kind,
                    submission.guid,
                );
            }
            let spoilt =
                matches!(submission.fault, Some(Fault::BadSignature | Fault::StructureInvalid));
            assert!(!spoilt || !errors.is_empty(), "{:?}", submission.fault);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_day_and_another_seed_another() {
    let (one, two, other) = (&*ZIBO, &day(1, "zibo"), &day(2, "zibo"));
    assert_eq!(one.expected(), two.expected());
    assert_ne!(one.expected(), other.expected());
    let key = |day: &Day| -> Vec<(String, String)> {
        all(day).into_iter().map(|s| (s.sender, s.guid)).collect()
    };
    assert_eq!(key(one), key(two));
    assert_ne!(key(one), key(other));
}

#[test]
fn what_is_expected_is_what_is_sent() {
    let day = &*ZIBO;
    let expected = day.expected();
    let sent = all(day);
    assert_eq!(expected.parcels, PARCELS);
    assert_eq!(expected.messages, sent.len());
    let documents: usize = sent.iter().filter(|s| !s.repeated).map(|s| s.documents).sum();
    assert_eq!(expected.documents, documents);
    assert_eq!(expected.by_outcome.values().sum::<usize>(), PARCELS);
    assert_eq!(expected.by_mode.values().sum::<usize>(), PARCELS);
    let faulty: usize = expected.by_fault.values().sum();
    assert!((PARCELS * 5 / 100..PARCELS * 9 / 100).contains(&faulty), "{faulty}");
    for row in &FAULTS {
        assert!(expected.by_fault.contains_key(row.word), "{} does not occur", row.word);
    }
    assert!(expected.tax_total.0 > 0);
    assert!(sent.iter().any(|s| s.repeated));
    assert!(day.len_unordered() < day.len());
    assert!(sent[..day.len_unordered()].is_sorted_by_key(|s| s.at));
}

#[test]
fn parcels_are_complete_and_of_every_size() {
    let day = &*ZIBO;
    let mut orders: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut sizes = BTreeSet::new();
    for submission in all(day).iter().filter(|s| !s.repeated) {
        sizes.insert(submission.documents.min(60));
        for document in read(submission).documents {
            if let Some(order_no) = document.head.text("orderNo") {
                orders.entry(order_no.to_owned()).or_default().insert(submission.kind);
            }
        }
    }
    assert_eq!(orders.len(), PARCELS);
    assert!(sizes.contains(&1) && sizes.contains(&60), "{sizes:?}");
    for (order_no, kinds) in &orders {
        let parcel = day.parcel_of(order_no).unwrap();
        let missing = match day.fault(parcel) {
            Some(Fault::PaymentMissing) => Some("CEB411"),
            Some(Fault::WaybillMissing) => Some("CEB511"),
            _ => None,
        };
        let mut wanted = BTreeSet::from(["CEB311", "CEB411", "CEB511", "CEB621"]);
        wanted.retain(|kind| Some(*kind) != missing);
        assert_eq!(*kinds, wanted, "{order_no}");
    }
}

#[test]
fn repeats_are_the_same_message() {
    let day = &*ZIBO;
    let sent = all(day);
    for again in sent.iter().filter(|s| s.repeated) {
        let twin = sent.iter().find(|s| s.guid == again.guid && !s.repeated).unwrap();
        assert_eq!(read(twin), read(again));
    }
}

#[test]
fn follow_ups_come_from_the_right_firm_in_messages_of_a_hundred() {
    let day = &*ZIBO;
    let at = kernel::Time::parse_compact("20261123200000").unwrap();
    let released: Vec<usize> = (0..PARCELS).filter(|p| day.fault(*p).is_none()).collect();
    let statuses = day.signed_for(&released, at).unwrap();
    assert_eq!(statuses.iter().map(|s| s.documents).sum::<usize>(), released.len());
    let codes = Codes::builtin();
    let verifier = Verifier::new(100);
    for status in &statuses {
        assert!(status.documents <= 100);
        assert!(errors(status, &codes, &verifier).is_empty());
        let message = read(status);
        let carrier = message.documents[0].head.text("logisticsCode").unwrap();
        assert_eq!(carrier, status.sender);
    }
    let numbers: Vec<Accepted<'_>> = (0..PARCELS)
        .map(|parcel| Accepted {
            parcel,
            pre_no: "B20261123000000001",
            invt_no: "42512026I000000001",
        })
        .collect();
    let cancels = day.cancellations(&numbers, at).unwrap();
    assert_eq!(cancels.len(), day.expected().by_fault["cancelled"]);
    for cancel in &cancels {
        assert_eq!(errors(cancel, &codes, &verifier), Vec::<String>::new());
    }
}

#[test]
fn prefixes_are_those_of_the_stand_in() {
    use gateway::standin::scenario::Plan;
    let day = &*ZIBO;
    for submission in all(day).iter().filter(|s| s.kind == "CEB621") {
        let Some(message) = ceb::read(&submission.bytes, &ReadOptions::strict()).message else {
            continue;
        };
        for document in message.documents {
            let order_no = document.head.text("orderNo").unwrap();
            let fault = day.fault(day.parcel_of(order_no).unwrap());
            let asks = fault.is_some_and(|fault| !fault.row().prefix.is_empty());
            assert_eq!(Plan::of(order_no).is_ordinary(), !asks, "{order_no}");
        }
    }
}
