//! A customs that falls silent, cannot be reached, and then sends everything at once, twice and out
//! of order; and a clock that goes back.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use gateway::envelope::Outgoing;
use gateway::standin::StandIn;
use gateway::{Accepted, Addresses, Customs, Delivery, TransportFailure};
use kernel::{Clock, Time};
use kouan::demo::traffic::Submission;
use kouan::platform::Platform;
use kouan::worker::upkeep;

use crate::ending::{Nobody, hand_in, outcome, receipts, settle, undisturbed, work};
use crate::house::{Engine, HandClock, House, day_before};

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// Takes everything and says nothing.
    Silent,
    /// Cannot be reached.
    Away,
    /// Says everything at once, twice and out of order.
    Flooding,
}

struct Moody {
    customs: Arc<StandIn>,
    mood: Mutex<Mood>,
    flood: Mutex<VecDeque<Delivery>>,
    /// Most messages it was asked for, and gave, at once.
    most: Mutex<usize>,
}

fn away() -> TransportFailure {
    TransportFailure::of("3003", "no answer")
}

impl Moody {
    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }
}

impl Customs for Moody {
    fn send(
        &self,
        addresses: &Addresses,
        messages: &[Outgoing<'_>],
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure> {
        match self.mood() {
            Mood::Away => Err(away()),
            Mood::Silent | Mood::Flooding => self.customs.send(addresses, messages, now),
        }
    }

    fn collect(&self, now: Time, max: usize) -> Result<Vec<Delivery>, TransportFailure> {
        match self.mood() {
            Mood::Away => return Err(away()),
            Mood::Silent => return Ok(Vec::new()),
            Mood::Flooding => {}
        }
        let mut flood = self.flood.lock().unwrap();
        if flood.is_empty() {
            let all = self.customs.collect(now, 100_000)?;
            // The last said first, and everything again in between.
            let again = all.iter().skip(1).chain(all.first()).cloned();
            flood.extend(all.iter().rev().cloned().zip(again).flat_map(|(a, b)| [a, b]));
        }
        let count = flood.len().min(max);
        let mut most = self.most.lock().unwrap();
        *most = (*most).max(max);
        Ok(flood.drain(..count).collect())
    }

    fn delivered(&self, receipt_ids: &[&str], now: Time) -> Result<(), TransportFailure> {
        self.customs.delivered(receipt_ids, now)
    }
}

fn submissions(day: &kouan::demo::traffic::Day) -> Vec<Submission> {
    day.submissions(0..day.len()).map(Result::unwrap).collect()
}

#[test]
fn customs_silent_for_an_hour_and_then_flooding_changes_nothing_in_the_end() {
    let day = day_before(1, 21, 200);
    let all = submissions(&day);
    let house = House::new(Engine::Sqlite, &day, "");
    let clock = HandClock::now();
    let mut platform = Platform::open(house.config.clone(), Arc::clone(&clock) as _).unwrap();
    let moody = Arc::new(Moody {
        customs: platform.standin.clone().unwrap(),
        mood: Mutex::new(Mood::Silent),
        flood: Mutex::default(),
        most: Mutex::default(),
    });
    platform.customs = Arc::clone(&moody) as _;
    let thirds: Vec<&[Submission]> = all.chunks(all.len().div_ceil(3)).collect();
    hand_in(&platform, thirds[0]);
    for _ in 0..60 {
        work(&platform);
        clock.advance(60_000);
    }
    moody.is(Mood::Away);
    hand_in(&platform, thirds[1]);
    for _ in 0..10 {
        kouan::worker::customs::forward_round(&platform).unwrap();
        kouan::worker::customs::collect_round(&platform).unwrap_err();
        clock.advance(7_000);
    }
    moody.is(Mood::Flooding);
    hand_in(&platform, thirds[2]);
    settle(&platform, &clock, &Nobody);
    assert_eq!(outcome(&platform), undisturbed(&day, &all));
    let twice = receipts(&platform).into_iter().filter(|one| one.effect == "repeated");
    assert!(twice.count() > 100, "what came twice is kept and moves nothing");
    let most = *moody.most.lock().unwrap();
    assert!(most <= 300, "asked for {most} messages at once: memory is bounded");
    platform.intake.stop();
}

#[test]
fn a_clock_that_goes_back_a_day_costs_nothing() {
    const DAY_MS: i64 = 86_400_000;
    let day = day_before(4, 22, 120);
    let all = submissions(&day);
    let house = House::new(Engine::Sqlite, &day, "");
    let clock = HandClock::now();
    let platform = house.open(Arc::clone(&clock) as _);
    let mut keeper = upkeep::upkeep(Arc::clone(&platform));
    (keeper.round)().unwrap();
    let thirds: Vec<&[Submission]> = all.chunks(all.len().div_ceil(3)).collect();
    let mut outcomes = hand_in(&platform, thirds[0]);
    kouan::worker::customs::forward_round(&platform).unwrap();
    clock.set(clock.now().plus_millis(-DAY_MS));
    (keeper.round)().unwrap();
    outcomes.extend(hand_in(&platform, thirds[1]));
    work(&platform);
    platform.intake.stop();
    drop((keeper, platform));

    // A start on a clock that is behind by another second and a half: the same milliseconds again.
    clock.set(clock.now().plus_millis(-1_500));
    let platform = house.open(Arc::clone(&clock) as _);
    let again = hand_in(&platform, thirds[1]);
    outcomes.extend(hand_in(&platform, thirds[2]));
    settle(&platform, &clock, &Nobody);
    assert_eq!(outcome(&platform), undisturbed(&day, &all));
    let mut ids = HashSet::new();
    for item in outcomes.iter().flat_map(|outcome| &outcome.items) {
        let fresh = item.status != clearance::intake::ItemStatus::Repeated;
        assert!(item.id.is_none_or(|id| ids.insert(id) || !fresh), "{:?} twice", item.id);
    }
    let known = again.iter().flat_map(|outcome| &outcome.items).filter_map(|item| item.id);
    assert!(known.into_iter().all(|id| ids.contains(&id)), "a repeat has the ids of the first");
    assert_eq!(platform.app.db.check().unwrap(), [""; 0]);
    platform.intake.stop();
}
