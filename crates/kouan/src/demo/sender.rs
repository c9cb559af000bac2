//! The senders of the simulated day: they hand messages in over HTTP, note what was acknowledged
//! and how long it took, and come back when they are told to.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use serde::Deserialize;

use super::traffic::Submission;
use crate::Failure;
use crate::clock::Stopwatch;

/// What the senders noted, kept apart from the platform's own books.
#[derive(Default)]
pub(super) struct Notes {
    /// Ids of the documents that were acknowledged as taken, repeats left out.
    pub(super) acknowledged: Vec<String>,
    /// Milliseconds to each acknowledgement.
    pub(super) ack_micros: Vec<u64>,
    /// Findings of messages and documents refused at the door, by code.
    pub(super) refusals: BTreeMap<String, u64>,
    /// Messages answered.
    pub(super) messages: u64,
    /// Messages sent again because the platform was full or the connection broke.
    pub(super) retries: u64,
}

impl Notes {
    /// Puts two notebooks together.
    pub(super) fn merge(&mut self, other: Notes) {
        self.acknowledged.extend(other.acknowledged);
        self.ack_micros.extend(other.ack_micros);
        for (code, count) in other.refusals {
            *self.refusals.entry(code).or_default() += count;
        }
        self.messages += other.messages;
        self.retries += other.retries;
    }
}

/// A connection to the platform, one for each sending thread.
pub(super) struct Sender<'a> {
    agent: ureq::Agent,
    address: String,
    keys: &'a BTreeMap<String, String>,
    /// What this sender noted.
    pub(super) notes: Notes,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    findings: Vec<Found>,
    #[serde(default)]
    errors: Vec<Found>,
}

#[derive(Deserialize)]
struct Item {
    id: Option<String>,
    status: String,
    #[serde(default)]
    findings: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    code: String,
    #[serde(default)]
    level: String,
}

const TIMEOUT: Duration = Duration::from_secs(60);
const TRIES_MAX: u32 = 1_000;
const WAIT: Duration = Duration::from_millis(20);

impl<'a> Sender<'a> {
    /// A sender that has the firms' keys.
    pub(super) fn new(address: &str, keys: &'a BTreeMap<String, String>) -> Sender<'a> {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build()
            .into();
        let address = format!("{address}/api/v1/messages");
        Sender { agent, address, keys, notes: Notes::default() }
    }

    /// Hands one message in, as often as it takes, and notes the answer.
    ///
    /// # Errors
    /// When the platform cannot be reached after many tries, or answers nonsense.
    pub(super) fn send(&mut self, submission: &Submission) -> Result<(), Failure> {
        let key = self.keys.get(&submission.sender);
        let key = key.ok_or_else(|| Failure::new(format!("no key for {}", submission.sender)))?;
        for _ in 0..TRIES_MAX {
            let watch = Stopwatch::start();
            let sent = self
                .agent
                .post(&self.address)
                .header("authorization", format!("Bearer {key}"))
                .header("content-type", "application/xml")
                .send(&submission.bytes[..]);
            let Ok(mut response) = sent else {
                self.pause();
                continue;
            };
            if matches!(response.status().as_u16(), 429 | 503) {
                self.pause();
                continue;
            }
            let body = response.body_mut().read_to_vec()?;
            let micros = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
            return self.note(&serde_json::from_slice(&body)?, micros);
        }
        Err(Failure::new("the platform takes nothing any more"))
    }

    /// Comes back a moment later: the platform said that it is full.
    fn pause(&mut self) {
        self.notes.retries += 1;
        std::thread::park_timeout(WAIT);
    }

    fn note(&mut self, answer: &Answer, micros: u64) -> Result<(), Failure> {
        self.notes.messages += 1;
        self.notes.ack_micros.push(micros);
        for item in &answer.items {
            match (item.status.as_str(), &item.id) {
                ("accepted" | "held", Some(id)) => self.notes.acknowledged.push(id.clone()),
                ("repeated", _) => {}
                _ => self.refused(&item.findings),
            }
        }
        self.refused(&answer.findings);
        // An answer that is no outcome lists what is wrong as errors; an outcome lists it twice.
        if answer.items.is_empty() && answer.findings.is_empty() {
            self.refused(&answer.errors);
        }
        Ok(())
    }

    fn refused(&mut self, findings: &[Found]) {
        for found in findings.iter().filter(|found| found.level != "warning") {
            *self.notes.refusals.entry(found.code.clone()).or_default() += 1;
        }
    }
}

/// Runs `work` on several threads, each with a sender of its own, and gathers their notes. The
/// first failure ends the day.
///
/// # Errors
/// The first failure of any of them.
pub(super) fn on_threads<'a>(
    threads: usize,
    address: &str,
    keys: &'a BTreeMap<String, String>,
    work: impl Fn(&mut Sender<'a>) -> Result<(), Failure> + Sync,
) -> Result<Notes, Failure> {
    let gathered = Mutex::new((Notes::default(), None));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut sender = Sender::new(address, keys);
                let outcome = work(&mut sender);
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                gathered.0.merge(sender.notes);
                if let Err(failure) = outcome {
                    gathered.1.get_or_insert(failure);
                }
            });
        }
    });
    let (notes, failure) = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    failure.map_or(Ok(notes), Err)
}
