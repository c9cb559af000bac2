//! The senders: as fast as they are answered, or at a steady rate whatever the answers take.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clearance::document::DocumentId;
use serde::Deserialize;

use super::supply::{Shot, Supply};
use super::wire::Connection;
use crate::Failure;
use crate::clock::Stopwatch;

/// What is to be sent, and when.
pub(super) struct Orders<'a> {
    pub(super) server: SocketAddr,
    pub(super) supply: &'a Supply,
    /// Keys to the door, in the order of the supply's senders.
    pub(super) keys: &'a [String],
    /// Places in the supply.
    pub(super) places: std::ops::Range<usize>,
    pub(super) pace: Pace,
    /// Connections, each with a message on its way at most.
    pub(super) connections: usize,
}

/// How fast.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// The next when the last is acknowledged; stops after so long, at the end of a group.
    Closed { window: Duration, group: usize },
    /// All of them spread evenly over so long. A message that has to wait for a connection is late,
    /// and its wait counts.
    Open { window: Duration },
}

/// What the senders noted.
#[derive(Default)]
pub(super) struct Notes {
    /// Documents acknowledged as taken, repeats left out.
    pub(super) acknowledged: Vec<DocumentId>,
    /// Microseconds to each acknowledgement: from the sending, or from when it was due.
    pub(super) ack_micros: Vec<u64>,
    /// Messages answered.
    pub(super) messages: u64,
    /// Bytes of them.
    pub(super) bytes: u64,
    /// Messages sent again because the platform was full.
    pub(super) retries: u64,
    /// Documents refused, by finding.
    pub(super) refused: BTreeMap<String, u64>,
    /// Messages of which not everything was taken though nothing was wrong with them.
    pub(super) unexpected: u64,
    /// The place after the last that was sent.
    pub(super) end: usize,
    /// From the first sending to the last acknowledgement.
    pub(super) window: Duration,
}

impl Notes {
    /// Takes in what was sent afterwards; how long that took is of no interest.
    pub(super) fn follow(&mut self, later: Notes) {
        self.end = later.end;
        self.merge(Notes { ack_micros: Vec::new(), ..later });
    }

    fn merge(&mut self, other: Notes) {
        self.acknowledged.extend(other.acknowledged);
        self.ack_micros.extend(other.ack_micros);
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.retries += other.retries;
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        self.unexpected += other.unexpected;
    }
}

/// Sends and notes the answers.
///
/// # Errors
/// When the server cannot be reached or answers nonsense.
pub(super) fn send(orders: &Orders<'_>, watch: &Stopwatch) -> Result<Notes, Failure> {
    let started = watch.elapsed();
    let next = Mutex::new(Next { place: orders.places.start, end: orders.places.end });
    let gathered = Mutex::new((Notes::default(), None::<Failure>));
    std::thread::scope(|scope| {
        for _ in 0..orders.connections.max(1) {
            scope.spawn(|| {
                let mut notes = Notes::default();
                let outcome = send_on_one(orders, watch, started, &next, &mut notes);
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                gathered.0.merge(notes);
                if let Err(failure) = outcome {
                    // The others stop as well.
                    next.lock().unwrap_or_else(PoisonError::into_inner).end = 0;
                    gathered.1.get_or_insert(failure);
                }
            });
        }
    });
    let (mut notes, failure) = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    notes.end = next.into_inner().unwrap_or_else(PoisonError::into_inner).place;
    notes.window = watch.elapsed().saturating_sub(started);
    failure.map_or(Ok(notes), Err)
}

struct Next {
    place: usize,
    end: usize,
}

impl Next {
    /// The next place, unless it is time to stop.
    fn take(&mut self, orders: &Orders<'_>, running: Duration) -> Option<usize> {
        if let Pace::Closed { window, group } = orders.pace
            && (self.place - orders.places.start).is_multiple_of(group)
            && running >= window
        {
            self.end = self.end.min(self.place);
        }
        let place = self.place;
        (place < self.end).then(|| self.place += 1).map(|()| place)
    }
}

fn send_on_one(
    orders: &Orders<'_>,
    watch: &Stopwatch,
    started: Duration,
    next: &Mutex<Next>,
    notes: &mut Notes,
) -> Result<(), Failure> {
    let mut connection = Connection::open(orders.server)?;
    let mut request = Vec::new();
    loop {
        let running = watch.elapsed().saturating_sub(started);
        let place = next.lock().unwrap_or_else(PoisonError::into_inner).take(orders, running);
        let Some((place, shot)) = place.and_then(|at| Some((at, orders.supply.shots.get(at)?)))
        else {
            return Ok(());
        };
        prepare(orders, shot, &mut request)?;
        let due = match orders.pace {
            Pace::Closed { .. } => watch.elapsed(),
            Pace::Open { window } => {
                let before = place - orders.places.start;
                let share = u32::try_from(orders.places.len().max(1))?;
                let due = started + window * u32::try_from(before)? / share;
                wait_until(watch, due);
                due
            }
        };
        deliver(&mut connection, &request, shot, notes)?;
        let took = watch.elapsed().saturating_sub(due);
        notes.ack_micros.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

fn prepare(orders: &Orders<'_>, shot: &Shot, request: &mut Vec<u8>) -> Result<(), Failure> {
    let sender = usize::try_from(shot.sender)?;
    let key = orders.keys.get(sender).ok_or_else(|| Failure::new("a sender without key"))?;
    request.clear();
    let head = format!(
        "POST /api/v1/messages HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\
         content-type: application/xml\r\ncontent-length: {}\r\n\r\n",
        shot.length
    );
    request.extend_from_slice(head.as_bytes());
    orders.supply.read(shot, request)
}

fn wait_until(watch: &Stopwatch, due: Duration) {
    while let Some(left) = due.checked_sub(watch.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// Hands one message in, as often as it takes.
fn deliver(
    connection: &mut Connection,
    request: &[u8],
    shot: &Shot,
    notes: &mut Notes,
) -> Result<(), Failure> {
    const TRIES_MAX: u32 = 100;
    for _ in 0..TRIES_MAX {
        let answer = connection.ask(request)?;
        if matches!(answer.status, 429 | 503) {
            notes.retries += 1;
            let seconds = answer.retry_after_s.unwrap_or(1);
            let watch = Stopwatch::start();
            wait_until(&watch, Duration::from_secs(seconds));
            continue;
        }
        notes.messages += 1;
        notes.bytes += u64::from(shot.length);
        let told: Told<'_> = serde_json::from_slice(answer.body)?;
        return note(&told, shot, notes);
    }
    Err(Failure::new("the platform takes nothing any more"))
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(default, borrow)]
    items: Vec<Item<'a>>,
    #[serde(default, borrow)]
    findings: Vec<Found<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    id: Option<&'a str>,
    status: &'a str,
    #[serde(default, borrow)]
    findings: Vec<Found<'a>>,
}

#[derive(Deserialize)]
struct Found<'a> {
    code: &'a str,
    #[serde(default)]
    level: &'a str,
}

fn note(told: &Told<'_>, shot: &Shot, notes: &mut Notes) -> Result<(), Failure> {
    let mut refuse = |findings: &[Found<'_>]| {
        for found in findings.iter().filter(|found| found.level != "warning") {
            *notes.refused.entry(found.code.to_owned()).or_default() += 1;
        }
    };
    refuse(&told.findings);
    let mut taken = 0;
    for item in &told.items {
        match (item.status, item.id) {
            ("accepted" | "held", Some(id)) => {
                taken += 1;
                notes.acknowledged.push(id.parse()?);
            }
            ("repeated", _) => taken += 1,
            _ => refuse(&item.findings),
        }
    }
    if shot.whole && taken != shot.documents {
        notes.unexpected += 1;
    }
    Ok(())
}
