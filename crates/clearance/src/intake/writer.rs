//! The one writer: a transaction for whatever waits, then the answers.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use db::{Ctx, Db, DbError, Recall, Request};
use kernel::{Clock, Finding, IdSource, Time};

use super::checked::Checked;
use super::outcome::{Answer, Mark, NotTaken, Outcome};
use super::queue::{Entering, Queue};
use crate::flow;
use crate::reference::Reference;
use crate::store::message;

/// How often a batch that met a rival is done again before it is cut in two.
const TRIES_MAX: usize = 5;

/// Counts of what was refused at the door since the last transaction.
#[derive(Default)]
pub(super) struct Refusals {
    counts: Mutex<Counts>,
}

type Counts = BTreeMap<(i64, &'static str), i64>;

impl Refusals {
    pub(super) fn count(&self, at: Time, outcome: &Outcome) {
        let day = day_number(at);
        let of_items = outcome.items.iter().flat_map(|item| &item.findings);
        let errors = outcome.findings.iter().chain(of_items).filter(|f| Finding::is_error(f));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for finding in errors {
            *counts.entry((day, finding.code)).or_default() += 1;
        }
    }

    fn take(&self) -> Counts {
        std::mem::take(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put_back(&self, taken: Counts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, count) in taken {
            *counts.entry(key).or_default() += count;
        }
    }
}

/// A day as `yyyymmdd`.
fn day_number(at: Time) -> i64 {
    let day = at.date();
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// The thread that writes.
pub(super) struct Writer {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<IdSource>,
    pub(super) reference: Arc<Reference>,
    pub(super) queue: Arc<Queue>,
    pub(super) refusals: Arc<Refusals>,
}

impl Writer {
    pub(super) fn run(self) {
        while let Some(batch) = self.queue.next_batch() {
            self.write(batch);
        }
        let counts = self.refusals.take();
        if let Err(error) = self.db.write(|tx| message::count_refusals(tx, &counts)) {
            tracing::warn!(%error, "counts of refusals were lost at the end");
        }
    }

    /// Writes a batch, cutting it in two when it fails for a reason of its own, until the message
    /// at fault stands alone.
    pub(super) fn write(&self, batch: Vec<Entering>) {
        match self.try_write(&batch) {
            Ok(answers) => {
                for (entering, answer) in batch.into_iter().zip(answers) {
                    self.queue.answer(entering.ticket, answer);
                }
            }
            // Busy after all the tries is no message's fault either: somebody holds the database.
            Err(error) if error.is_outage() => {
                tracing::error!(%error, messages = batch.len(), "intake cannot write");
                self.give_up(batch);
            }
            Err(error) if batch.len() == 1 => {
                tracing::error!(%error, "a message could not be written");
                self.give_up(batch);
            }
            Err(error) => {
                tracing::warn!(%error, messages = batch.len(), "a batch is cut in two");
                let mut first = batch;
                let second = first.split_off(first.len() / 2);
                self.write(first);
                self.write(second);
            }
        }
    }

    fn give_up(&self, batch: Vec<Entering>) {
        for entering in batch {
            self.queue.answer(entering.ticket, Err(NotTaken::Unavailable { retry_after_s: 5 }));
        }
    }

    fn try_write(&self, batch: &[Entering]) -> Result<Vec<Result<Answer, NotTaken>>, DbError> {
        let refused = self.refusals.take();
        // A panic takes the transaction back and is one message's fault, like any other failure.
        let transact = || {
            catch_unwind(AssertUnwindSafe(|| self.transact(batch, &refused)))
                .unwrap_or_else(|_| Err(DbError::Damaged("a panic while writing".to_owned())))
        };
        let mut outcome = transact();
        for _ in 1..TRIES_MAX {
            if !matches!(outcome, Err(DbError::Busy(_) | DbError::Unique { .. })) {
                break;
            }
            outcome = transact();
        }
        if outcome.is_err() {
            self.refusals.put_back(refused);
        }
        outcome
    }

    fn transact(
        &self,
        batch: &[Entering],
        refused: &Counts,
    ) -> Result<Vec<Result<Answer, NotTaken>>, DbError> {
        let actor = Arc::from("intake");
        let ctx = Ctx { now: self.clock.now(), ids: self.ids.clone(), actor };
        self.db.write(|tx| {
            message::count_refusals(tx, refused)?;
            let mut answers = recall(tx, batch)?;
            let fresh: Vec<usize> = (0..batch.len()).filter(|n| answers[*n].is_none()).collect();
            let messages: Vec<&Checked> = fresh.iter().map(|n| &batch[*n].checked).collect();
            let outcomes = flow::take::take(tx, &ctx, &self.reference, &messages)?;
            let mut kept: Vec<(&Mark, u16, String)> = Vec::new();
            for (n, outcome) in fresh.into_iter().zip(outcomes) {
                if let Some(mark) = &batch[n].mark {
                    let status = outcome.http_status();
                    // What was refused may be corrected and repeated under the same key.
                    if status < 400 {
                        let body = serde_json::to_string(&outcome).unwrap_or_default();
                        kept.push((mark, status, body));
                    }
                }
                answers[n] = Some(Ok(Answer::Fresh(outcome)));
            }
            remember(tx, &ctx, &kept)?;
            let closed = || Err(NotTaken::Closed);
            Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(closed)).collect())
        })
    }
}

/// What was answered before under this idempotency key, if anything was.
pub(super) fn answered(db: &Db, mark: &Mark) -> Result<Option<Answered>, DbError> {
    let hash = &mark.hash;
    Ok(match db.read(|tx| tx.recall(&mark.caller, &mark.key, hash))? {
        Recall::New => None,
        Recall::Same { status, body } => Some(Ok(Answer::Replayed { status, body })),
        Recall::Different => Some(Err(NotTaken::KeyReused)),
    })
}

type Answered = Result<Answer, NotTaken>;

fn request(mark: &Mark) -> Request<'_> {
    Request { caller: &mark.caller, key: &mark.key, hash: &mark.hash }
}

/// The answers that are known already, by idempotency key. Two requests under one key in one batch
/// are one: the later is told to come back.
fn recall(
    tx: &mut db::Tx,
    batch: &[Entering],
) -> Result<Vec<Option<Result<Answer, NotTaken>>>, DbError> {
    let mut answers: Vec<Option<Result<Answer, NotTaken>>> = Vec::new();
    answers.resize_with(batch.len(), || None);
    let marked: Vec<(usize, &Mark)> = batch
        .iter()
        .enumerate()
        .filter_map(|(n, entering)| Some((n, entering.mark.as_ref()?)))
        .collect();
    if marked.is_empty() {
        return Ok(answers);
    }
    let requests: Vec<Request<'_>> = marked.iter().map(|(_, mark)| request(mark)).collect();
    let recalled = tx.recall_many(&requests)?;
    for (i, ((n, mark), recall)) in marked.iter().zip(recalled).enumerate() {
        let twin = marked[..i]
            .iter()
            .any(|(_, other)| other.caller == mark.caller && other.key == mark.key);
        answers[*n] = match recall {
            Recall::New if twin => Some(Err(NotTaken::Full { retry_after_s: 1 })),
            Recall::New => None,
            Recall::Same { status, body } => Some(Ok(Answer::Replayed { status, body })),
            Recall::Different => Some(Err(NotTaken::KeyReused)),
        };
    }
    Ok(answers)
}

fn remember(tx: &mut db::Tx, ctx: &Ctx, kept: &[(&Mark, u16, String)]) -> Result<(), DbError> {
    if kept.is_empty() {
        return Ok(());
    }
    let answers: Vec<(Request<'_>, u16, &str)> =
        kept.iter().map(|(mark, status, body)| (request(mark), *status, body.as_str())).collect();
    tx.remember_many(ctx, &answers)
}
