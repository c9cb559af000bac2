//! The bounded queue between the doors, those who check and the one who writes.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;
use tokio::sync::oneshot;

use super::checked::Checked;
use super::fair::Fair;
use super::outcome::{Answer, Body, Mark, NotTaken, Submission};
use crate::dispatch::Recent;

/// How much may wait, and how much is written at once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads that read, check and verify. Default 2.
    pub workers: usize,
    /// Messages that may wait in all. Default 4,096.
    pub waiting_max: usize,
    /// Bytes that may wait in all. Default 256 MiB.
    pub waiting_bytes_max: usize,
    /// Messages of one sender that may wait: a flood of one leaves room for the rest. Default
    /// 2,048.
    pub sender_waiting_max: usize,
    /// Messages in one transaction. Default 1,000.
    pub batch_messages_max: usize,
    /// Documents in one transaction. Default 5,000.
    pub batch_documents_max: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            workers: 2,
            waiting_max: 4_096,
            waiting_bytes_max: 256 * 1024 * 1024,
            sender_waiting_max: 2_048,
            batch_messages_max: 1_000,
            batch_documents_max: 5_000,
        }
    }
}

/// When those who found the queue full may come back.
const RETRY_AFTER_S: u32 = 1;

pub(super) type Reply = oneshot::Sender<Result<Answer, NotTaken>>;

/// A submission waiting to be checked.
pub(super) struct Unchecked {
    pub(super) submission: Submission,
    pub(super) mark: Option<Mark>,
    pub(super) ticket: Ticket,
}

/// A message waiting to be written.
pub(super) struct Entering {
    pub(super) checked: Checked,
    pub(super) mark: Option<Mark>,
    pub(super) ticket: Ticket,
}

/// Who waits for the answer, and the room the submission takes up until it is given.
pub(super) struct Ticket {
    reply: Reply,
    sender: Arc<str>,
    bytes: usize,
}

#[derive(Default)]
struct Inside {
    unchecked: Fair<Unchecked>,
    entering: Fair<Entering>,
    /// Submissions being checked at this moment.
    checking: usize,
    senders: HashMap<Arc<str>, usize>,
    waiting: usize,
    bytes: usize,
    closed: bool,
}

/// About how many bytes a value takes up in memory.
fn weight(value: &Json) -> usize {
    let inner: usize = match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(weight).sum(),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, value)| size_of::<String>() + name.len() + weight(value))
            .sum(),
    };
    size_of::<Json>() + inner
}

/// The queue.
pub(super) struct Queue {
    settings: Settings,
    /// What passed through here of late, for those who send it on.
    pub(super) recent: Arc<Recent>,
    inside: Mutex<Inside>,
    to_check: Condvar,
    to_write: Condvar,
}

impl Queue {
    pub(super) fn new(settings: Settings) -> Queue {
        Queue {
            settings,
            recent: Arc::default(),
            inside: Mutex::default(),
            to_check: Condvar::new(),
            to_write: Condvar::new(),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many submissions wait, of how many that may.
    pub(super) fn fill(&self) -> (usize, usize) {
        (self.lock().waiting, self.settings.waiting_max)
    }

    /// Takes a submission in, if there is room.
    pub(super) fn push(
        &self,
        submission: Submission,
        mark: Option<Mark>,
        reply: Reply,
    ) -> Result<(), NotTaken> {
        let sender = submission.sender.clone().unwrap_or_else(|| Arc::from(""));
        let bytes = match &submission.body {
            Body::Message(bytes) => bytes.len(),
            Body::Json(_, values) => values.iter().map(weight).sum(),
        };
        let mut inside = self.lock();
        if inside.closed {
            return Err(NotTaken::Closed);
        }
        let full = inside.waiting >= self.settings.waiting_max
            || inside.waiting > 0 && inside.bytes + bytes > self.settings.waiting_bytes_max;
        if full {
            return Err(NotTaken::Full { retry_after_s: RETRY_AFTER_S });
        }
        let of_sender = inside.senders.entry(sender.clone()).or_default();
        // The platform's own doors are paced by themselves.
        if !sender.is_empty() && *of_sender >= self.settings.sender_waiting_max {
            return Err(NotTaken::SenderFull { retry_after_s: RETRY_AFTER_S });
        }
        *of_sender += 1;
        inside.waiting += 1;
        inside.bytes += bytes;
        let ticket = Ticket { reply, sender: sender.clone(), bytes };
        inside.unchecked.push(&sender, Unchecked { submission, mark, ticket });
        drop(inside);
        self.to_check.notify_one();
        Ok(())
    }

    /// The next submission to check; `None` when the queue is closed and empty.
    pub(super) fn next_unchecked(&self) -> Option<Unchecked> {
        let mut inside = self.lock();
        loop {
            if let Some(next) = inside.unchecked.pop() {
                inside.checking += 1;
                return Some(next);
            }
            if inside.closed {
                return None;
            }
            inside = self.to_check.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next submission to check, if one waits.
    pub(super) fn unchecked_now(&self) -> Option<Unchecked> {
        let mut inside = self.lock();
        let next = inside.unchecked.pop()?;
        inside.checking += 1;
        Some(next)
    }

    /// Hands a checked message to the writer.
    pub(super) fn enter(&self, entering: Entering) {
        let mut inside = self.lock();
        inside.checking = inside.checking.saturating_sub(1);
        inside.entering.push(&entering.ticket.sender.clone(), entering);
        drop(inside);
        self.to_write.notify_one();
    }

    /// Notes that a submission was answered without the writer.
    pub(super) fn checked_away(&self) {
        let mut inside = self.lock();
        inside.checking = inside.checking.saturating_sub(1);
        drop(inside);
        self.to_write.notify_one();
    }

    /// What waits to be written, as much as one transaction takes; `None` when the queue is closed
    /// and everything is written.
    pub(super) fn next_batch(&self) -> Option<Vec<Entering>> {
        let mut inside = self.lock();
        loop {
            if !inside.entering.is_empty() {
                return Some(self.cut(&mut inside));
            }
            if inside.closed && inside.unchecked.is_empty() && inside.checking == 0 {
                return None;
            }
            inside = self.to_write.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What waits to be written at this moment, as much as one transaction takes.
    pub(super) fn batch_now(&self) -> Option<Vec<Entering>> {
        let mut inside = self.lock();
        (!inside.entering.is_empty()).then(|| self.cut(&mut inside))
    }

    fn cut(&self, inside: &mut Inside) -> Vec<Entering> {
        let mut batch = Vec::new();
        let mut documents = 0;
        while batch.len() < self.settings.batch_messages_max.max(1)
            && let Some(next) = inside.entering.first()
        {
            documents += next.checked.documents.len();
            if !batch.is_empty() && documents > self.settings.batch_documents_max {
                break;
            }
            batch.extend(inside.entering.pop());
        }
        batch
    }

    /// Answers, and gives the room back.
    pub(super) fn answer(&self, ticket: Ticket, answer: Result<Answer, NotTaken>) {
        let mut inside = self.lock();
        inside.waiting = inside.waiting.saturating_sub(1);
        inside.bytes = inside.bytes.saturating_sub(ticket.bytes);
        if let Some(count) = inside.senders.get_mut(&ticket.sender) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                inside.senders.remove(&ticket.sender);
            }
        }
        drop(inside);
        // Whoever asked may have hung up; what was done stays done.
        let _ = ticket.reply.send(answer);
    }

    /// Takes nothing more in; what waits is still worked off.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.to_check.notify_all();
        self.to_write.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Door;

    fn submission(sender: &str, bytes: usize) -> Submission {
        let sender = (!sender.is_empty()).then(|| Arc::from(sender));
        let body = Body::Message(vec![0; bytes]);
        Submission { door: Door::Http, sender, actor: "test".into(), body }
    }

    fn push(queue: &Queue, sender: &str, bytes: usize) -> Result<(), NotTaken> {
        let (reply, _) = oneshot::channel();
        queue.push(submission(sender, bytes), None, reply)
    }

    fn queue() -> Queue {
        let waiting_bytes_max = 1_000;
        Queue::new(Settings {
            waiting_max: 4,
            waiting_bytes_max,
            sender_waiting_max: 2,
            ..Settings::default()
        })
    }

    #[test]
    fn one_sender_leaves_room_for_the_rest() {
        let queue = queue();
        assert_eq!(push(&queue, "A", 1), Ok(()));
        assert_eq!(push(&queue, "A", 1), Ok(()));
        assert!(matches!(push(&queue, "A", 1), Err(NotTaken::SenderFull { .. })));
        assert_eq!(push(&queue, "B", 1), Ok(()));
        assert_eq!(push(&queue, "", 1), Ok(()));
        assert!(matches!(push(&queue, "C", 1), Err(NotTaken::Full { .. })));
        assert_eq!(queue.fill(), (4, 4));
    }

    #[test]
    fn what_waits_is_weighed_whatever_form_it_has() {
        let push = |queue: &Queue, value: serde_json::Value| {
            let body = Body::Json(crate::document::Kind::Order, vec![value]);
            let submission = Submission { body, ..submission("", 0) };
            queue.push(submission, None, oneshot::channel().0)
        };
        for value in [
            serde_json::json!({ "note": "x".repeat(70_000) }),
            serde_json::json!({ "x".repeat(70_000): 1 }),
            serde_json::json!({ "lines": vec![serde_json::json!({}); 3_000] }),
        ] {
            let settings = Settings { waiting_bytes_max: 100_000, ..Settings::default() };
            let queue = Queue::new(settings);
            assert_eq!(push(&queue, value.clone()), Ok(()), "one alone is always taken");
            assert!(matches!(push(&queue, value), Err(NotTaken::Full { .. })));
        }
    }

    #[test]
    fn bytes_are_bounded_too_and_come_free_with_the_answer() {
        let queue = queue();
        assert_eq!(push(&queue, "A", 5_000), Ok(()), "one alone is always taken");
        assert!(matches!(push(&queue, "B", 1), Err(NotTaken::Full { .. })));
        let first = queue.next_unchecked().map(|unchecked| unchecked.ticket);
        queue.checked_away();
        queue.answer(first.expect("a ticket"), Err(NotTaken::Closed));
        assert_eq!(queue.fill(), (0, 4));
        assert_eq!(push(&queue, "A", 900), Ok(()));
    }

    #[test]
    fn closing_takes_nothing_more_and_lets_the_threads_end() {
        let queue = queue();
        assert_eq!(push(&queue, "A", 1), Ok(()));
        queue.close();
        assert_eq!(push(&queue, "A", 1), Err(NotTaken::Closed));
        assert!(queue.next_unchecked().is_some(), "what waits is still worked off");
        assert!(queue.next_unchecked().is_none());
        queue.checked_away();
        assert!(queue.next_batch().is_none());
    }
}
