//! Customs as the story has it: the stand-in judges, and between it and the platform the connection
//! breaks, answers are lost, envelopes are refused or lost, receipts come late, twice, in any order,
//! broken or never.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use clearance::document::Kind;
use gateway::envelope::{Outgoing, unwrap};
use gateway::standin::StandIn;
use gateway::{Accepted, Addresses, Customs, Delivery, TransportFailure};
use kernel::Time;

use super::chance::Chance;
use super::disk::Disk;
use super::plan::Roughness;

/// Something customs said of a document, as it reached the platform.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// Number of the receipt type.
    pub(super) kind: i64,
    /// Every number and guid the receipt names.
    pub(super) names: Vec<String>,
    pub(super) status: i64,
    pub(super) at: Option<Time>,
}

/// One document that left the house.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) kind: Kind,
    pub(super) document: ceb::Document,
    /// Whether it reached customs, and whether the platform was told that it was taken.
    pub(super) fate: EnvelopeFate,
}

/// What became of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EnvelopeFate {
    /// Handed to customs, which took it.
    Taken,
    /// Taken, and lost at customs.
    Lost,
    /// Not taken; it is to come again.
    Later,
    /// Refused for good.
    Refused,
}

/// A receipt on its way to the platform.
struct OnItsWay {
    delivery: Delivery,
    due: Time,
    said: bool,
}

struct Inner {
    chance: Chance,
    calm: bool,
    silent_until: Time,
    /// Customs' own clock: it does not go back when ours does.
    clock: Time,
    waiting: Vec<OnItsWay>,
    ids: u64,
    said: Vec<Said>,
    left: Vec<Left>,
    /// Documents by the id of the envelope they left in.
    envelopes: BTreeMap<String, Vec<String>>,
    /// Envelopes that were taken, lost there or not.
    reached: BTreeMap<String, EnvelopeFate>,
    log: Vec<String>,
}

/// Customs and the way there.
pub(super) struct Outside {
    pub(super) standin: OnceLock<Arc<StandIn>>,
    disk: Arc<Disk>,
    rough: Roughness,
    inner: Mutex<Inner>,
}

const PER_MESSAGE: usize = 200;

impl Outside {
    pub(super) fn new(disk: Arc<Disk>, rough: Roughness, chance: Chance) -> Outside {
        let inner = Inner {
            chance,
            calm: false,
            silent_until: Time::default(),
            clock: Time::default(),
            waiting: Vec::new(),
            ids: 0,
            said: Vec::new(),
            left: Vec::new(),
            envelopes: BTreeMap::new(),
            reached: BTreeMap::new(),
            log: Vec::new(),
        };
        Outside { standin: OnceLock::new(), disk, rough, inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn standin(&self) -> &StandIn {
        self.standin.get().expect("customs is there before anything is sent")
    }

    /// From here on everything arrives.
    pub(super) fn calm_down(&self) {
        let mut inner = self.lock();
        inner.calm = true;
        inner.silent_until = Time::default();
    }

    /// Customs says nothing until then, and hears nothing.
    pub(super) fn fall_silent(&self, until: Time) {
        self.lock().silent_until = until;
    }

    /// What was said so far, in the order in which it reached the platform.
    pub(super) fn said(&self) -> Vec<Said> {
        self.lock().said.clone()
    }

    pub(super) fn said_count(&self) -> usize {
        self.lock().said.len()
    }

    /// What left since the last time this was asked.
    pub(super) fn take_left(&self) -> Vec<Left> {
        std::mem::take(&mut self.lock().left)
    }

    /// What happened since the last time this was asked, for the story.
    pub(super) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().log)
    }

    /// When customs has something for us next.
    pub(super) fn next_due(&self) -> Option<Time> {
        let ours = self.lock().waiting.iter().map(|one| one.due).min();
        let theirs = self.standin().next_due().expect("the stand-in's own disk never fails");
        [ours, theirs].into_iter().flatten().min()
    }

    /// The documents of a message about to leave.
    fn documents_of(&self, message: &[u8]) -> Vec<(Kind, ceb::Document)> {
        let reading = ceb::read(message, &ceb::ReadOptions::strict());
        let message = reading.message.expect("the platform sends what can be read");
        assert!(reading.structure_valid, "sent what the schema refuses: {:?}", reading.findings);
        let kind = Kind::of_code(message.kind.code).expect("a kind of ours");
        message.documents.into_iter().map(|document| (kind, document)).collect()
    }

    fn has_left(&self, inner: &mut Inner, id: &str, message: &[u8], fate: EnvelopeFate) {
        let documents = self.documents_of(message);
        let guid = |document: &ceb::Document| document.head.text("guid").map(str::to_owned);
        let guids: Vec<String> = documents.iter().filter_map(|(_, one)| guid(one)).collect();
        let tail = &id[id.len().saturating_sub(6)..];
        inner.log.push(format!("message …{tail} with {} documents: {fate:?}", guids.len()));
        inner.envelopes.insert(id.to_owned(), guids);
        if matches!(fate, EnvelopeFate::Taken | EnvelopeFate::Lost) {
            inner.reached.insert(id.to_owned(), fate);
        }
        let left = documents.into_iter().map(|(kind, document)| Left { kind, document, fate });
        inner.left.extend(left);
    }

    fn decide(&self, inner: &mut Inner, id: &str) -> EnvelopeFate {
        // What was taken once stays taken, whatever came of the answer.
        if let Some(before) = inner.reached.get(id) {
            return *before;
        }
        if inner.calm {
            return EnvelopeFate::Taken;
        }
        match inner.chance.below(100) {
            n if n < self.rough.lost_envelopes => EnvelopeFate::Lost,
            n if n < self.rough.lost_envelopes + self.rough.customs / 3 => EnvelopeFate::Later,
            99 if self.rough.customs > 0 => EnvelopeFate::Refused,
            _ => EnvelopeFate::Taken,
        }
    }

    /// Takes new receipts over from the stand-in and lets chance have its way with each.
    fn fetch(&self, inner: &mut Inner, now: Time) -> Result<(), TransportFailure> {
        loop {
            let new = self.standin().collect(now, PER_MESSAGE)?;
            if new.is_empty() {
                return Ok(());
            }
            let ids: Vec<&str> = new.iter().map(|one| one.receipt_id.as_str()).collect();
            self.standin().delivered(&ids, now)?;
            for one in new {
                self.on_its_way(inner, &one, now);
            }
        }
    }

    fn on_its_way(&self, inner: &mut Inner, delivery: &Delivery, now: Time) {
        let rough = if inner.calm { 0 } else { self.rough.customs };
        if !inner.calm && inner.chance.percent(self.rough.lost_receipts) {
            inner.log.push("a receipt is lost on its way".to_owned());
            return;
        }
        let wire = Delivery {
            header: None,
            bytes: delivery.on_the_wire().into_owned(),
            ..delivery.clone()
        };
        if inner.chance.percent(rough / 2) {
            let cut = 1 + inner.chance.below(wire.bytes.len() - 1);
            let broken = Delivery { bytes: wire.bytes[..cut].to_vec(), ..wire.clone() };
            inner.log.push("a receipt comes broken, too".to_owned());
            inner.add(broken, now);
        }
        let late = if inner.chance.percent(rough) { inner.chance.between(1, 900) } else { 0 };
        inner.add(delivery.clone(), now.plus_millis(late * 1_000));
        if inner.chance.percent(rough) {
            let again = inner.chance.between(0, 1_200);
            inner.add(wire, now.plus_millis(again * 1_000));
        }
    }
}

impl Inner {
    fn at_customs(&mut self, now: Time) -> Time {
        self.clock = self.clock.max(now);
        self.clock
    }

    fn add(&mut self, delivery: Delivery, due: Time) {
        self.ids += 1;
        let delivery = Delivery { receipt_id: format!("r{}", self.ids), ..delivery };
        self.waiting.push(OnItsWay { delivery, due, said: false });
    }

    /// Notes what a letter says, as far as it can be read.
    fn note(&mut self, delivery: &Delivery) {
        let Ok(unwrapped) = unwrap(&delivery.bytes) else { return };
        let reading = ceb::read(&unwrapped.message, &ceb::ReadOptions::lenient());
        let Some(message) = reading.message else { return };
        let kind = message.kind.code.trim_start_matches("CEB").parse().unwrap_or_default();
        for document in &message.documents {
            let text = |name: &str| document.head.text(name).unwrap_or_default().to_owned();
            let Ok(status) = text("returnStatus").parse() else { continue };
            let mut names = vec![text("guid")];
            for field in ["orderNo", "payTransactionId", "logisticsNo", "copNo", "invtNo"] {
                names.push(text(field));
            }
            if kind == 900 {
                // A format error is about everything in its envelope.
                names = self.envelopes.get(&text("oriCopMsgId")).cloned().unwrap_or_default();
            }
            names.retain(|name| !name.is_empty());
            let at = Time::parse_compact(&text("returnTime"));
            self.said.push(Said { kind, names, status, at });
        }
    }
}

fn unreachable() -> TransportFailure {
    TransportFailure::of("3002", "the line is dead")
}

impl Customs for Outside {
    fn send(
        &self,
        addresses: &Addresses,
        messages: &[Outgoing<'_>],
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure> {
        let mut inner = self.lock();
        if self.disk.is_dead() {
            return Err(unreachable());
        }
        let now = inner.at_customs(now);
        let rough = if inner.calm { 0 } else { self.rough.customs };
        if inner.silent_until > now || inner.chance.percent(rough) {
            inner.log.push(format!("customs cannot be reached with {} messages", messages.len()));
            return Err(unreachable());
        }
        if !inner.calm && inner.chance.below(300) < self.rough.crash {
            inner.log.push("the process dies before customs is reached".to_owned());
            self.disk.die();
            return Err(unreachable());
        }
        let fates: Vec<EnvelopeFate> =
            messages.iter().map(|one| self.decide(&mut inner, one.cop_msg_id)).collect();
        let taken = |(_, fate): &(&Outgoing<'_>, &EnvelopeFate)| **fate == EnvelopeFate::Taken;
        let forwarded: Vec<Outgoing<'_>> =
            messages.iter().zip(&fates).filter(taken).map(|(message, _)| *message).collect();
        let mut answers = self.standin().send(addresses, &forwarded, now)?.into_iter();
        let mut out = Vec::with_capacity(messages.len());
        for (message, fate) in messages.iter().zip(fates) {
            let id = message.cop_msg_id.to_owned();
            let answer = match fate {
                EnvelopeFate::Taken => answers.next().expect("an answer for each message"),
                EnvelopeFate::Lost => Ok(Accepted { cop_msg_id: id.clone(), repeated: false }),
                EnvelopeFate::Later => Err(TransportFailure::of("3001", "their disk is full")),
                EnvelopeFate::Refused => Err(TransportFailure::of("1004", "not as it should be")),
            };
            let fate = match &answer {
                Err(failure) if failure.retryable => EnvelopeFate::Later,
                Err(_) => EnvelopeFate::Refused,
                Ok(_) => fate,
            };
            self.has_left(&mut inner, &id, message.message, fate);
            out.push(answer);
        }
        if !inner.calm && inner.chance.below(200) < self.rough.crash {
            inner.log.push("the process dies after customs took it".to_owned());
            self.disk.die();
        } else if inner.chance.percent(rough / 2) {
            inner.log.push("customs took it, and the answer is lost".to_owned());
            return Err(unreachable());
        }
        Ok(out)
    }

    fn collect(&self, now: Time, max: usize) -> Result<Vec<Delivery>, TransportFailure> {
        let mut inner = self.lock();
        if self.disk.is_dead() {
            return Err(unreachable());
        }
        let now = inner.at_customs(now);
        if inner.silent_until > now {
            return Ok(Vec::new());
        }
        let rough = if inner.calm { 0 } else { self.rough.customs };
        if inner.chance.percent(rough / 3) {
            return Err(unreachable());
        }
        self.fetch(&mut inner, now)?;
        let mut due: Vec<usize> =
            (0..inner.waiting.len()).filter(|n| inner.waiting[*n].due <= now).collect();
        if rough > 0 {
            inner.chance.shuffle(&mut due);
            let some = 1 + inner.chance.below(due.len().max(1));
            due.truncate(some);
        }
        due.truncate(max);
        let mut out = Vec::with_capacity(due.len());
        for n in due {
            let one = &mut inner.waiting[n];
            let delivery = one.delivery.clone();
            if !std::mem::replace(&mut one.said, true) {
                inner.note(&delivery);
            }
            out.push(delivery);
        }
        Ok(out)
    }

    fn delivered(&self, receipt_ids: &[&str], _now: Time) -> Result<(), TransportFailure> {
        let mut inner = self.lock();
        let rough = if inner.calm { 0 } else { self.rough.customs };
        if self.disk.is_dead() || inner.chance.percent(rough / 2) {
            inner.log.push("customs does not hear that its receipts are safe".to_owned());
            return Err(unreachable());
        }
        if !inner.calm && inner.chance.below(300) < self.rough.crash {
            inner.log.push("the process dies before customs hears of its receipts".to_owned());
            self.disk.die();
            return Err(unreachable());
        }
        let ids: BTreeSet<&str> = receipt_ids.iter().copied().collect();
        inner.waiting.retain(|one| !ids.contains(one.delivery.receipt_id.as_str()));
        Ok(())
    }
}
