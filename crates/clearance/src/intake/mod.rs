//! The way in. Many doors hand in; a few threads read, check and verify side by side; one writer
//! takes whatever has come up meanwhile into one transaction, and only after its commit are the
//! senders answered. So the cost of making things durable is shared by all who wait for it.

pub mod by_hand;
pub(crate) mod check;
pub(crate) mod checked;
mod fair;
pub mod outcome;
mod queue;
pub(crate) mod sender;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use db::{Ctx, Db};
use kernel::{Clock, IdSource, Time};
use tokio::sync::oneshot;

pub use outcome::{
    Answer, Body, Item, ItemStatus, Mark, NotTaken, Outcome, OutcomeStatus, Submission,
};
pub use queue::Settings;

use crate::dispatch::Recent;
use crate::reference::Reference;
use check::{Checker, Verdict};
use queue::{Entering, Queue, Ticket, Unchecked};
use writer::{Refusals, Writer};

/// What intake needs.
pub struct Setup {
    /// The database, migrated.
    pub db: Db,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<IdSource>,
    /// Law, tariff, lists, parties.
    pub reference: Arc<Reference>,
    /// Limits.
    pub settings: Settings,
}

/// The running intake. Dropping it stops it after what waits has been worked off.
pub struct Intake {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Intake {
    /// Starts the threads that check and the one that writes.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(setup: Setup) -> std::io::Result<Intake> {
        let queue = Arc::new(Queue::new(setup.settings.clone()));
        let refusals = Arc::new(Refusals::default());
        let intake = Intake { queue: queue.clone(), threads: Mutex::default() };
        for n in 0..queue.settings().workers.max(1) {
            let worker = Worker::of(&setup, &queue, &refusals);
            intake.spawn(format!("intake-check-{n}"), move || worker.run())?;
        }
        let writer = writer_of(setup, queue, refusals);
        intake.spawn("intake-write".to_owned(), move || writer.run())?;
        Ok(intake)
    }

    fn spawn(&self, name: String, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let thread = std::thread::Builder::new().name(name).spawn(run)?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// Hands something in and waits until it is durable, or refused.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing was kept.
    pub async fn submit(&self, submission: Submission) -> Result<Outcome, NotTaken> {
        match self.hand_in(submission, None)?.await {
            Ok(answer) => answer.and_then(fresh),
            Err(_) => Err(NotTaken::Closed),
        }
    }

    /// [`Intake::submit`] under an idempotency key: the same request is answered as before.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing was kept.
    pub async fn submit_once(
        &self,
        submission: Submission,
        mark: Option<Mark>,
    ) -> Result<Answer, NotTaken> {
        self.hand_in(submission, mark)?.await.unwrap_or(Err(NotTaken::Closed))
    }

    /// [`Intake::submit`] for threads that may block, such as the folder door.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing was kept.
    pub fn submit_blocking(&self, submission: Submission) -> Result<Outcome, NotTaken> {
        match self.hand_in(submission, None)?.blocking_recv() {
            Ok(answer) => answer.and_then(fresh),
            Err(_) => Err(NotTaken::Closed),
        }
    }

    fn hand_in(
        &self,
        submission: Submission,
        mark: Option<Mark>,
    ) -> Result<oneshot::Receiver<Result<Answer, NotTaken>>, NotTaken> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(submission, mark, reply)?;
        Ok(answer)
    }

    /// How many submissions wait, of how many that may.
    pub fn fill(&self) -> (usize, usize) {
        self.queue.fill()
    }

    /// The messages taken in of late, to be sent on without opening the archive.
    pub fn recent(&self) -> &Recent {
        &self.queue.recent
    }

    /// Takes nothing more in, works off what waits, and ends the threads.
    pub fn stop(&self) {
        self.queue.close();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // A thread that panicked has said so already; the others end all the same.
            let _ = thread.join();
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.stop();
    }
}

fn writer_of(setup: Setup, queue: Arc<Queue>, refusals: Arc<Refusals>) -> Writer {
    let Setup { db, clock, ids, reference, .. } = setup;
    Writer { db, clock, ids, reference, queue, refusals }
}

fn fresh(answer: Answer) -> Result<Outcome, NotTaken> {
    match answer {
        Answer::Fresh(outcome) => Ok(outcome),
        // Only a request with a mark is replayed.
        Answer::Replayed { .. } => Err(NotTaken::KeyReused),
    }
}

/// One thread that checks.
struct Worker {
    checker: Checker,
    queue: Arc<Queue>,
    refusals: Arc<Refusals>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdSource>,
}

impl Worker {
    fn of(setup: &Setup, queue: &Arc<Queue>, refusals: &Arc<Refusals>) -> Worker {
        Worker {
            checker: Checker {
                reference: setup.reference.clone(),
                sealer: setup.db.sealer().clone(),
                db: setup.db.clone(),
                recent: queue.recent.clone(),
            },
            queue: queue.clone(),
            refusals: refusals.clone(),
            clock: setup.clock.clone(),
            ids: setup.ids.clone(),
        }
    }

    fn run(self) {
        while let Some(unchecked) = self.queue.next_unchecked() {
            self.check(unchecked);
        }
    }

    fn check(&self, unchecked: Unchecked) {
        let Unchecked { submission, mark, ticket } = unchecked;
        // A fault of ours in one message must not take the thread from all the others.
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let actor = submission.actor.clone();
            let ctx = Ctx { now: self.clock.now(), ids: self.ids.clone(), actor };
            (ctx.now, self.checker.check(&ctx, submission))
        }));
        match judged {
            Ok((_, Ok(Verdict::Enters(checked)))) => {
                self.queue.enter(Entering { checked: *checked, mark, ticket });
            }
            Ok((now, Ok(Verdict::Refused(outcome)))) => self.refused(now, *outcome, mark, ticket),
            Ok((_, Err(error))) => self.failed(ticket, &error.to_string()),
            Err(_) => self.failed(ticket, "a panic"),
        }
    }

    /// What was taken before under the same idempotency key stays taken, even if it would be refused
    /// today: a certificate runs out, a firm is suspended.
    fn refused(&self, now: Time, outcome: Outcome, mark: Option<Mark>, ticket: Ticket) {
        let before = mark.as_ref().map(|mark| writer::answered(&self.checker.db, mark));
        match before.unwrap_or(Ok(None)) {
            Ok(Some(answered)) => {
                self.queue.checked_away();
                self.queue.answer(ticket, answered);
            }
            Ok(None) => {
                self.queue.checked_away();
                self.refusals.count(now, &outcome);
                self.queue.answer(ticket, Ok(Answer::Fresh(outcome)));
            }
            Err(error) => self.failed(ticket, &error.to_string()),
        }
    }

    fn failed(&self, ticket: Ticket, why: &str) {
        self.queue.checked_away();
        tracing::error!(why, "a message could not be checked");
        self.queue.answer(ticket, Err(NotTaken::Unavailable { retry_after_s: 5 }));
    }
}
