//! Senders that hand messages in over several connections, through every death of the server, and
//! keep each answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock};
use std::time::Duration;

use kouan::demo::traffic::Submission;
use serde_json::Value;

use crate::house::agent;

/// Connections that send at the same time.
const SENDERS: usize = 8;
/// How long a sender that was sent away stays away.
const WAIT: Duration = Duration::from_millis(20);

/// An answer that settles a message.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is to be sent, and what was answered.
pub(crate) struct Load<'a> {
    pub(crate) submissions: &'a [Submission],
    keys: &'a BTreeMap<String, String>,
    answers: Vec<OnceLock<Answer>>,
    next: AtomicUsize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Where the server is; `None` while it is dead.
    address: Option<String>,
    /// Places of the submissions answered, in the order of their answers.
    answered: Vec<usize>,
    sending: usize,
}

impl<'a> Load<'a> {
    pub(crate) fn new(
        submissions: &'a [Submission],
        keys: &'a BTreeMap<String, String>,
    ) -> Load<'a> {
        Load {
            submissions,
            keys,
            answers: submissions.iter().map(|_| OnceLock::new()).collect(),
            next: AtomicUsize::new(0),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Sends up to the given place while `control` runs; ends when everything is answered.
    pub(crate) fn send_while<T>(&self, end: usize, control: impl FnOnce() -> T) -> T {
        self.state.lock().unwrap().sending = SENDERS;
        let outcome = std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    self.send_to(end);
                    self.state.lock().unwrap().sending -= 1;
                    self.changed.notify_all();
                });
            }
            control()
        });
        // Places were taken beyond the end by those who found nothing left.
        self.next.store(end, Ordering::Relaxed);
        outcome
    }

    fn send_to(&self, end: usize) {
        let agent = agent();
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            if place >= end {
                return;
            }
            let answer = self.insist(&agent, place);
            assert!(self.answers[place].set(answer).is_ok(), "answered twice");
            self.state.lock().unwrap().answered.push(place);
            self.changed.notify_all();
        }
    }

    fn insist(&self, agent: &ureq::Agent, place: usize) -> Answer {
        loop {
            let address = self.address();
            match self.ask(agent, &address, place) {
                Ok(answer) if matches!(answer.status, 429 | 503) => {
                    std::thread::park_timeout(WAIT);
                }
                Ok(answer) => return answer,
                Err(_) => self.until_moved(&address),
            }
        }
    }

    /// Hands one in, as ever: the same bytes under the same key.
    pub(crate) fn ask(
        &self,
        agent: &ureq::Agent,
        address: &str,
        place: usize,
    ) -> Result<Answer, ureq::Error> {
        let submission = &self.submissions[place];
        let mut request = agent
            .post(format!("{address}/api/v1/messages"))
            .header("authorization", format!("Bearer {}", self.keys[&submission.sender]))
            .header("content-type", "application/xml");
        if Load::is_marked(place) {
            request = request.header("idempotency-key", format!("crash-{place}"));
        }
        let mut response = request.send(&submission.bytes[..])?;
        let status = response.status().as_u16();
        Ok(Answer { status, body: response.body_mut().read_to_vec()? })
    }

    /// Whether a submission carries an `Idempotency-Key`; without one the content tells a repeat.
    pub(crate) fn is_marked(place: usize) -> bool {
        !place.is_multiple_of(4)
    }

    fn address(&self) -> String {
        let state = self.state.lock().unwrap();
        let state = self.changed.wait_while(state, |state| state.address.is_none()).unwrap();
        state.address.clone().unwrap()
    }

    /// The connection broke: waits until the server is elsewhere, or a moment when it is not.
    fn until_moved(&self, address: &str) {
        let state = self.state.lock().unwrap();
        let same = |state: &mut State| state.address.as_deref().is_none_or(|a| a == address);
        drop(self.changed.wait_timeout_while(state, WAIT, same).unwrap());
    }

    /// Tells the senders where the server is.
    pub(crate) fn server_is(&self, address: Option<&str>) {
        self.state.lock().unwrap().address = address.map(str::to_owned);
        self.changed.notify_all();
    }

    /// Waits until so many are answered in all. `false` when the senders are through before.
    pub(crate) fn until_answered(&self, count: usize) -> bool {
        let state = self.state.lock().unwrap();
        let waiting = |state: &mut State| state.answered.len() < count && state.sending > 0;
        let state = self.changed.wait_while(state, waiting).unwrap();
        state.sending > 0
    }

    /// The places answered so far, in the order of their answers.
    pub(crate) fn answered(&self) -> Vec<usize> {
        self.state.lock().unwrap().answered.clone()
    }

    /// What was answered to a submission.
    pub(crate) fn answer(&self, place: usize) -> &Answer {
        self.answers[place].get().unwrap()
    }
}
