//! An intake without threads: whoever holds it takes every step himself, in the order he likes. The
//! same queue, the same checks, the same transaction and the same answers as the threads'; made for
//! the simulation, in which nothing may depend on how threads happen to run.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::queue::Queue;
use super::writer::{Refusals, Writer};
use super::{Answer, Intake, Mark, NotTaken, Setup, Submission, Worker, writer_of};

/// The steps of an intake, to be taken one at a time.
pub struct Hands {
    queue: Arc<Queue>,
    worker: Worker,
    writer: Writer,
}

/// The answer to something handed in, once it is there.
pub struct Waiting(oneshot::Receiver<Result<Answer, NotTaken>>);

impl Waiting {
    /// The answer; `None` while there is none. Ask until it comes and not again.
    pub fn answer(&mut self) -> Option<Result<Answer, NotTaken>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(Err(NotTaken::Closed)),
        }
    }
}

impl Intake {
    /// An intake that does nothing by itself, and the hands that do its work.
    pub fn by_hand(setup: Setup) -> (Intake, Hands) {
        let queue = Arc::new(Queue::new(setup.settings.clone()));
        let refusals = Arc::new(Refusals::default());
        let worker = Worker::of(&setup, &queue, &refusals);
        let writer = writer_of(setup, queue.clone(), refusals);
        let intake = Intake { queue: queue.clone(), threads: Mutex::default() };
        (intake, Hands { queue, worker, writer })
    }
}

impl Hands {
    /// Hands something in, as the doors do.
    ///
    /// # Errors
    /// [`NotTaken`] when there is no room.
    pub fn hand_in(&self, submission: Submission, mark: Option<Mark>) -> Result<Waiting, NotTaken> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(submission, mark, reply)?;
        Ok(Waiting(answer))
    }

    /// Reads and checks what has waited longest. `false` when nothing waited.
    pub fn check_one(&self) -> bool {
        let Some(unchecked) = self.queue.unchecked_now() else { return false };
        self.worker.check(unchecked);
        true
    }

    /// Writes what has been checked, in one transaction, and answers. `false` when nothing waited.
    pub fn write_batch(&self) -> bool {
        let Some(batch) = self.queue.batch_now() else { return false };
        self.writer.write(batch);
        true
    }
}
