//! A story: everybody in it, and the steps in which it is told. One thread, one source of chance.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use clearance::census;
use clearance::document::Kind;
use clearance::intake::by_hand::Waiting;
use kernel::{Clock, Time};
use kouan::worker::Round;
use web::test::SetClock;

use super::chance::{Chance, Digest};
use super::disk::{Disk, Trouble};
use super::house::{CONSUMERS, House, Receiver};
use super::letter::{Doc, Form, Letter};
use super::model::Model;
use super::observe::{self, Rows};
use super::outside::Outside;
use super::parcel::{Flaw, Parcel, Version};
use super::plan::{Plan, Roughness};

/// A story that broke: what must never be.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) step: usize,
    pub(super) what: String,
}

/// How it goes on.
pub(super) type Course = Result<(), Broken>;

/// A try of a letter whose answer is awaited.
pub(super) struct Try {
    pub(super) letter: usize,
    pub(super) key: Option<usize>,
    pub(super) waiting: Waiting,
    /// It came under a key that was used for another letter: it must be refused for that.
    pub(super) stolen: bool,
}

/// Everything there is.
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) place: db::test::Disk,
    pub(super) disk: Arc<Disk>,
    pub(super) clock: Arc<SetClock>,
    pub(super) outside: Arc<Outside>,
    pub(super) house: Option<House>,
    pub(super) rough: Roughness,
    pub(super) parcels: Vec<Parcel>,
    pub(super) letters: Vec<Letter>,
    pub(super) model: Model,
    pub(super) rows: Rows,
    pub(super) receiver: Receiver,
    cancels: Vec<usize>,
    corrections: Vec<usize>,
    pub(super) tries: Vec<Try>,
    /// What was answered under each idempotency key: sender and key.
    stumbles: BTreeMap<&'static str, usize>,
    pub(super) step: usize,
    commits_seen: u64,
    pub(super) story: Vec<String>,
    pub(super) digest: Digest,
    aloud: bool,
    pub(super) crashes: usize,
}

impl World {
    pub(super) fn new(plan: Plan, place: db::test::Disk, mut chance: Chance, aloud: bool) -> World {
        let disk = Arc::new(Disk::default());
        let clock = Arc::new(SetClock::new());
        clock.set(plan.start);
        let outside = Outside::new(Arc::clone(&disk), plan.roughness, chance.fork());
        World {
            place,
            disk,
            clock,
            outside: Arc::new(outside),
            house: None,
            rough: plan.roughness,
            model: Model::new(&plan.parcels),
            parcels: plan.parcels,
            letters: plan.letters,
            rows: Rows::new(),
            receiver: Receiver { heard: std::sync::Mutex::default(), well: true },
            cancels: plan.cancels,
            corrections: plan.corrections,
            tries: Vec::new(),
            stumbles: BTreeMap::new(),
            step: 0,
            commits_seen: 0,
            story: Vec::new(),
            digest: Digest::new(),
            aloud,
            crashes: 0,
            chance,
        }
    }

    pub(super) fn say(&mut self, line: impl Into<String>) {
        let mut text = String::new();
        let _ = write!(text, "{:>5} {} ", self.step, &self.clock.now().to_rfc3339()[11..23]);
        text.push_str(&line.into());
        if self.aloud {
            eprintln!("{text}");
        }
        self.digest.feed(&text);
        self.story.push(text);
    }

    pub(super) fn broken(&self, what: impl Into<String>) -> Broken {
        Broken { step: self.step, what: what.into() }
    }

    pub(super) fn house(&self) -> &House {
        self.house.as_ref().expect("a process runs")
    }

    /// Starts a process; tries again while the disk fails.
    pub(super) fn start(&mut self) {
        for _ in 0..20 {
            self.disk.revive();
            let built = House::build(&self.place, &self.disk, &self.clock, &self.outside);
            match built {
                Ok(house) => {
                    self.house = Some(house);
                    return self.say("the platform is up");
                }
                Err(failure) => self.say(format!("the platform cannot start: {failure}")),
            }
        }
        panic!("the platform never starts");
    }

    /// The process is gone, and a new one takes over what is on the disk. Whoever waited for an
    /// answer knows nothing.
    pub(super) fn crash(&mut self) -> Course {
        self.crashes += 1;
        for one in std::mem::take(&mut self.tries) {
            self.letters[one.letter].open |= !one.stolen;
        }
        self.house = None;
        // A machine that starts again may have another idea of the time.
        let back = self.chance.percent(10);
        let pause =
            if back { -self.chance.between(1, 90_000) } else { self.chance.between(20, 3_000) };
        self.say("CRASH");
        self.clock.advance(pause);
        self.start();
        self.observe()
    }

    /// Tells the rough part of the story.
    pub(super) fn rage(&mut self, steps: usize) -> Course {
        for _ in 0..steps {
            self.step += 1;
            let pause = match self.chance.below(40) {
                0 => self.chance.between(30_000, 300_000),
                1..6 => self.chance.between(1_000, 15_000),
                _ => self.chance.between(0, 400),
            };
            self.clock.advance(pause);
            if !self.disk.is_armed() && self.chance.percent(self.rough.disk) {
                self.arm();
            }
            self.one_step()?;
            self.after_step()?;
            if self.chance.below(400) < self.rough.crash {
                self.crash()?;
            }
        }
        Ok(())
    }

    fn arm(&mut self) {
        let deadly = self.rough.crash > 0;
        let trouble = match self.chance.below(if deadly { 9 } else { 7 }) {
            0..3 => Trouble::Write,
            3 | 4 => Trouble::Commit,
            5 => Trouble::LostCommit,
            6 => Trouble::Read,
            7 => Trouble::DeathAtWrite,
            _ => Trouble::DeathAfterCommit,
        };
        let at = match trouble {
            Trouble::Write | Trouble::DeathAtWrite | Trouble::Read => 1 + self.chance.below(40),
            _ => 1 + self.chance.below(4),
        };
        self.disk.arm(trouble, at);
    }

    fn one_step(&mut self) -> Course {
        match self.chance.below(100) {
            0..26 => self.hand_in_something(),
            26..44 => {
                self.house().hands.check_one();
                Ok(())
            }
            44..56 => self.write_batch(),
            56..66 => {
                self.forward();
                Ok(())
            }
            66..76 => {
                self.collect();
                Ok(())
            }
            76..80 => {
                self.keep_up();
                Ok(())
            }
            80..85 => {
                let well = !self.chance.percent(30);
                self.push(well);
                Ok(())
            }
            85..90 => {
                self.consume();
                Ok(())
            }
            90..92 => {
                self.publish();
                Ok(())
            }
            92..96 => self.follow_up(),
            96..98 if self.rough.customs > 0 => {
                let until = self.clock.now().plus_millis(self.chance.between(10_000, 600_000));
                self.outside.fall_silent(until);
                self.say(format!("customs falls silent until {}", until.to_rfc3339()));
                Ok(())
            }
            _ => {
                self.lose_patience();
                Ok(())
            }
        }
    }

    /// What must hold after every step, whatever it was.
    fn after_step(&mut self) -> Course {
        for line in self.outside.take_log() {
            self.say(line);
        }
        if let Some(trouble) = self.disk.struck() {
            self.say(format!("the disk: {trouble:?}"));
        }
        if self.disk.is_dead() {
            self.left()?;
            return self.crash();
        }
        self.hear_answers()?;
        self.left()?;
        self.observe()
    }

    pub(super) fn write_batch(&mut self) -> Course {
        self.house().hands.write_batch();
        Ok(())
    }

    pub(super) fn forward(&mut self) -> bool {
        let round = self.house().forward();
        self.tell_round("forward", round)
    }

    pub(super) fn collect(&mut self) -> bool {
        let round = self.house().collect();
        self.tell_round("collect", round)
    }

    pub(super) fn keep_up(&mut self) -> bool {
        let round = self.house.as_mut().expect("a process runs").keep_up();
        self.tell_round("upkeep", round)
    }

    pub(super) fn publish(&mut self) -> bool {
        let round = self.house.as_mut().expect("a process runs").publish();
        self.tell_round("evidence", round)
    }

    fn tell_round(&mut self, who: &str, round: Result<Round, kouan::Failure>) -> bool {
        match round {
            Ok(Round::Idle) => false,
            Ok(Round::Busy | Round::Gather(_)) => {
                self.say(format!("{who}: busy"));
                true
            }
            Err(failure) => {
                self.say(format!("{who} fails: {failure}"));
                false
            }
        }
    }

    pub(super) fn push(&mut self, well: bool) -> bool {
        self.receiver.well = well;
        let max = 1 + self.chance.below(20);
        match self.house().push(&self.receiver, max) {
            Ok(claimed) => {
                if claimed > 0 {
                    self.say(format!("pushed {claimed} notices, received well: {well}"));
                }
                claimed > 0
            }
            Err(failure) => {
                self.say(format!("push fails: {failure}"));
                false
            }
        }
    }

    pub(super) fn consume(&mut self) -> bool {
        let consumer = self.chance.pick(&CONSUMERS);
        let stumbled = self.stumbles.get(consumer).copied().unwrap_or_default();
        // Never so often in a row that an event would be set aside.
        let fail = stumbled < 3 && self.chance.percent(self.rough.consumers);
        let max = 1 + self.chance.below(30);
        let handled = self.house().consume(consumer, max, fail);
        match handled {
            Ok(0) => false,
            Ok(count) => {
                self.stumbles.remove(consumer);
                self.say(format!("{consumer} heard {count}"));
                true
            }
            Err(error) => {
                if fail {
                    *self.stumbles.entry(consumer).or_default() += 1;
                }
                self.say(format!("{consumer} fails: {error}"));
                false
            }
        }
    }

    /// What follows from what the firms see: applications to cancel, corrections.
    pub(super) fn follow_up(&mut self) -> Course {
        let numbered = self.house().db().read(census::numbered);
        let Ok(numbered) = numbered else { return Ok(()) };
        for one in &numbered {
            let wish =
                self.cancels.iter().position(|n| self.parcels[*n].order_no() == one.order_no);
            let Some(wish) = wish else { continue };
            let parcel = self.cancels.remove(wish);
            let numbers = (one.pre_no.clone(), one.invt_no.clone());
            self.plan_letter(Kind::CancelApplication, parcel, 1, numbers, Vec::new());
        }
        let rejected: Vec<usize> = self
            .corrections
            .iter()
            .copied()
            .filter(|parcel| {
                let doc = self.model.docs.get(&(Kind::Inventory.number(), *parcel));
                let id = doc.and_then(|doc| doc.id.clone());
                self.rows.iter().any(|(row_id, row)| {
                    Some(observe::shown(*row_id)) == id && (row.state < 0 || row.state == 100)
                })
            })
            .collect();
        for parcel in rejected {
            self.corrections.retain(|one| *one != parcel);
            let act = self.chance.pick(&[1, 2]);
            self.plan_letter(Kind::Inventory, parcel, act, Default::default(), Vec::new());
        }
        Ok(())
    }

    fn plan_letter(
        &mut self,
        kind: Kind,
        parcel: usize,
        act: u8,
        numbers: (String, String),
        after: Vec<usize>,
    ) {
        let at = self.clock.now().plus_millis(1_000);
        let note = 10 + self.letters.len() as u32;
        let guid = self.chance.guid();
        let version = Version { act, flaw: Flaw::None, note, guid, at, numbers };
        let form = self.chance.pick(&[Form::Json, Form::Xml]);
        let mut letter = Letter::new(kind, vec![Doc { parcel, version }], form, at);
        letter.after = after;
        self.say(format!("letter {} is planned: {} {parcel}", self.letters.len(), kind.word()));
        self.letters.push(letter);
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(super) fn commits_changed(&mut self) -> bool {
        let commits = self.disk.commits();
        let changed = commits != self.commits_seen;
        self.commits_seen = commits;
        changed
    }

    pub(super) fn waits_for_answers(&self) -> bool {
        !self.tries.is_empty()
    }
}
