//! The senders: as fast as they are answered, or at a steady rate whatever the answers take.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clearance::document::DocumentId;
use serde::Deserialize;

use super::line::{self, Line};
use super::supply::{Shot, Supply};
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
    let mut lines = (0..orders.connections.max(1))
        .map(|_| Line::open(orders.server))
        .collect::<Result<Vec<_>, _>>()?;
    // Connecting is no part of what is measured.
    let started = watch.elapsed();
    let next = Mutex::new(Next { place: orders.places.start, end: orders.places.end });
    let gathered = Mutex::new((Notes::default(), None::<Failure>));
    std::thread::scope(|scope| {
        let own = lines.len().div_ceil(DRIVERS);
        for lines in lines.chunks_mut(own) {
            let (next, gathered) = (&next, &gathered);
            scope.spawn(move || {
                let mut notes = Notes::default();
                let outcome = drive(orders, watch, started, next, lines, &mut notes);
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

/// Threads that send: the generator shares the machine with the server and may not crowd it.
const DRIVERS: usize = 2;

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

/// Drives connections, each with a message on its way at most.
fn drive<'a>(
    orders: &Orders<'a>,
    watch: &Stopwatch,
    started: Duration,
    next: &Mutex<Next>,
    lines: &mut [Line<'a>],
    notes: &mut Notes,
) -> Result<(), Failure> {
    loop {
        let now = watch.elapsed();
        for line in lines.iter_mut() {
            if line.is_free() {
                let running = now.saturating_sub(started);
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                let place = next.take(orders, running);
                drop(next);
                if let Some((place, shot)) =
                    place.and_then(|place| Some((place, orders.supply.shots.get(place)?)))
                {
                    let due = due(orders, started, place)?;
                    prepare(orders, shot, line.load(shot, due))?;
                }
            }
            line.send_if_due(watch)?;
        }
        let Some(heard) = line::wait(lines, watch.elapsed())? else { return Ok(()) };
        for place in heard {
            if let Some(line) = lines.get_mut(place) {
                line.hear(watch, notes)?;
            }
        }
    }
}

/// When the message of a place is due; `None` as soon as it can be.
fn due(orders: &Orders<'_>, started: Duration, place: usize) -> Result<Option<Duration>, Failure> {
    let Pace::Open { window } = orders.pace else { return Ok(None) };
    let before = u32::try_from(place - orders.places.start)?;
    let share = u32::try_from(orders.places.len().max(1))?;
    Ok(Some(started + window * before / share))
}

fn prepare(orders: &Orders<'_>, shot: &Shot, request: &mut Vec<u8>) -> Result<(), Failure> {
    let sender = usize::try_from(shot.sender)?;
    let key = orders.keys.get(sender).ok_or_else(|| Failure::new("a sender without key"))?;
    let head = format!(
        "POST /api/v1/messages HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\
         content-type: application/xml\r\ncontent-length: {}\r\n\r\n",
        shot.length
    );
    request.extend_from_slice(head.as_bytes());
    orders.supply.read(shot, request)
}

impl Notes {
    /// Notes the answer to a message, and how long it took.
    pub(super) fn answered(
        &mut self,
        shot: &Shot,
        body: &[u8],
        took: Duration,
    ) -> Result<(), Failure> {
        self.messages += 1;
        self.bytes += u64::from(shot.length);
        self.ack_micros.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        note(&serde_json::from_slice(body)?, shot, self)
    }
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
