//! The customs stand-in: answers as customs does, by the published rules, or as the order number
//! asks (see [`scenario`]). What it knows is in memory and, as a log of what each batch changed,
//! in a database together with the receipts it owes, so that both survive a restart; the same
//! submissions at the same times give the same receipts.
//!
//! It is a test double. Its database may be opened so that a power cut loses what the operating
//! system had not written yet; a killed process loses nothing. Several processes may use one
//! database: each reads in the log what the others learned before it judges.

mod answer;
pub mod asks;
mod bills;
mod case;
mod delivery;
mod family;
mod judge;
mod judgement;
mod memory;
mod outward;
mod packed;
mod person;
mod receipt;
mod records;
mod refund;
pub mod scenario;
mod store;
mod written;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ceb::signature::Verifier;
use db::{Db, DbError, Migration};
use kernel::{Id, IdSource, Time};

pub use bills::BillBy;
pub use judgement::{AssessedLine, Assessment, DayRules, Judgement, Refusal};
pub use scenario::{SCENARIOS, Scenario};

use crate::envelope::{Addresses, EXPORT_RECEIVER, IMPORT_RECEIVER, Outgoing};
use crate::transport::{
    Accepted, Customs, Delivery, FORMAT_ERROR, STORAGE_ERROR, TransportFailure, is_retryable,
};
use bills::Round;
use case::{Content, Incoming, Reader, Series};
use judge::Judge;
use memory::{Kind, Memory, key};
use packed::{Guid, retime};
use person::Persons;
use receipt::{FormatError, RAW};

/// Tables the stand-in needs in its database.
pub const MIGRATIONS: &[Migration] = store::MIGRATIONS;

/// How the stand-in behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Milliseconds between two receipts of one document; at least 1.
    pub step_ms: i64,
    /// Whether signatures are verified. Structure always is.
    pub verify_signatures: bool,
    /// Its own DXP id, the sender of its receipts for imports.
    pub dxp_id: String,
    /// Its DXP id for exports.
    pub export_dxp_id: String,
    /// Whose tax bills one payment notice gathers.
    pub bill_by: BillBy,
    /// Number of this node, apart from that of every other that writes to the same database.
    pub node: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            step_ms: 1000,
            verify_signatures: true,
            dxp_id: IMPORT_RECEIVER.to_owned(),
            export_dxp_id: EXPORT_RECEIVER.to_owned(),
            bill_by: BillBy::default(),
            node: 63,
        }
    }
}

/// Answers in place of customs.
pub struct StandIn {
    db: Db,
    law: Arc<dyn Judgement>,
    settings: Settings,
    ids: IdSource,
    verifier: Verifier,
    persons: Persons,
    known: Mutex<Known>,
}

/// What is remembered, and up to which place of the log.
#[derive(Default)]
struct Known {
    memory: Memory,
    place: i64,
}

/// Certificates whose keys are kept ready for verification.
const CERTIFICATES_MAX: usize = 4096;

impl StandIn {
    /// A stand-in that keeps its memory in `db`, to which [`MIGRATIONS`] were applied. The memory
    /// is read when the first message comes.
    pub fn new(db: Db, law: Arc<dyn Judgement>, settings: Settings) -> StandIn {
        // A clock that went back must not make the ids of what is still owed again. A database that
        // cannot be asked says so at the first use.
        let newest = db.newest_id().unwrap_or_default();
        let ids = IdSource::new(settings.node).after(Id::<()>::from_i64(newest));
        let verifier = Verifier::new(CERTIFICATES_MAX);
        let persons = Persons::new(db.sealer());
        StandIn { db, law, settings, ids, verifier, persons, known: Mutex::default() }
    }

    /// When the next receipt falls due; `None` when it owes none. Lets a simulated clock jump.
    ///
    /// # Errors
    /// When the database fails.
    pub fn next_due(&self) -> Result<Option<Time>, TransportFailure> {
        self.db.read(store::next_due).map_err(|e| storage(&e))
    }

    /// Takes one DXP envelope, as it comes over a wire. The same `CopMsgId` again is harmless.
    ///
    /// # Errors
    /// When the envelope was not taken; [`TransportFailure::retryable`] says whether to try again.
    pub fn submit(&self, envelope: &[u8], now: Time) -> Result<Accepted, TransportFailure> {
        let mut answers = self.submit_many(&[envelope], now)?;
        answers.pop().unwrap_or_else(|| Err(TransportFailure::of(FORMAT_ERROR, "no answer")))
    }

    /// Takes many envelopes, one answer for each in their order.
    ///
    /// # Errors
    /// When the database failed and nothing of the batch was taken.
    pub fn submit_many(
        &self,
        envelopes: &[&[u8]],
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure> {
        let reader = self.reader(now);
        self.answer(envelopes.iter().map(|bytes| reader.envelope(bytes)).collect(), now)
    }

    /// Carries the tax of released import inventories to payment notices, once their window for
    /// returns has passed: a bill (816) and its state (818) for each, gathered as
    /// [`Settings::bill_by`] says. Asked again on the same day it carries nothing twice; asked once
    /// a period it makes the bills of that period. Gives how many were carried.
    ///
    /// # Errors
    /// When the database fails; what was carried before stays so.
    pub fn due_bills(&self, now: Time) -> Result<usize, TransportFailure> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut round = Round { next: 0, carried: 0, done: false };
        while !round.done {
            known.memory.undo();
            let place = self.db.write(|tx| {
                let own = self.catch_up(tx, &mut known)?;
                let step_ms = self.step_ms();
                let mut judge = Judge::new(self.law.as_ref(), now, step_ms, &mut known.memory);
                judge.due_bills(self.settings.bill_by, &mut round);
                self.save(tx, judge, own, now)?;
                Ok::<_, DbError>(own)
            });
            known.place = place.map_err(|e| storage(&e))?;
            known.memory.keep();
        }
        Ok(round.carried)
    }

    fn reader(&self, now: Time) -> Reader<'_> {
        Reader {
            law: self.law.as_ref(),
            persons: &self.persons,
            verifier: self.settings.verify_signatures.then_some(&self.verifier),
            now,
            series: Series::at(now),
        }
    }

    /// Judges what was read, in one transaction.
    fn answer(
        &self,
        batch: Vec<Result<Incoming<'_>, TransportFailure>>,
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // What an interrupted batch may have left.
        known.memory.undo();
        let judged = self.db.write(|tx| self.judge(tx, &mut known, &batch, now));
        let (place, verdicts) = judged.map_err(|e| storage(&e))?;
        known.memory.keep();
        known.place = place;
        let pair = |(read, verdict): (Result<Incoming<'_>, _>, Option<_>)| match read {
            Err(failure) => Err(failure),
            Ok(_) => {
                verdict.unwrap_or_else(|| Err(TransportFailure::of(FORMAT_ERROR, "was not judged")))
            }
        };
        Ok(batch.into_iter().zip(verdicts).map(pair).collect())
    }

    fn judge(
        &self,
        tx: &mut db::Tx,
        known: &mut MutexGuard<'_, Known>,
        batch: &[Result<Incoming<'_>, TransportFailure>],
        now: Time,
    ) -> Result<(i64, Verdicts), DbError> {
        let own = self.catch_up(tx, known)?;
        let mut judge = Judge::new(self.law.as_ref(), now, self.step_ms(), &mut known.memory);
        let mut verdicts: Verdicts = batch.iter().map(|_| None).collect();
        // Counterparts first, then inventories, then what names inventories, whatever their order in
        // the batch: the batch is one moment.
        for turn in 0..TURNS {
            for (read, verdict) in batch.iter().zip(&mut verdicts) {
                if let Ok(incoming) = read
                    && turn_of(incoming) == turn
                {
                    *verdict = Some(self.take(&mut judge, incoming));
                }
            }
        }
        self.save(tx, judge, own, now)?;
        Ok((own, verdicts))
    }

    /// Brings the memory up to the log's end, and takes the place after it.
    fn catch_up(&self, tx: &mut db::Tx, known: &mut MutexGuard<'_, Known>) -> Result<i64, DbError> {
        let Known { memory, place } = &mut **known;
        let own = store::next_place(tx)?;
        if *place != own - 1 {
            *place = store::catch_up(tx, memory, *place)?;
        }
        Ok(own)
    }

    fn step_ms(&self) -> i64 {
        self.settings.step_ms.max(1)
    }

    /// Takes one message: refuses it, answers its format, or judges its documents.
    fn take(
        &self,
        judge: &mut Judge<'_>,
        incoming: &Incoming<'_>,
    ) -> Result<Accepted, TransportFailure> {
        let key_of = |kind| key(kind, &[&incoming.sender_id, &incoming.cop_msg_id]);
        let taken = key_of(Kind::Envelope);
        let accepted =
            |repeated| Ok(Accepted { cop_msg_id: incoming.cop_msg_id.to_string(), repeated });
        if judge.memory.knows(&taken) {
            return accepted(true);
        }
        match &incoming.content {
            Content::Unreadable { text, message_type } => {
                self.answer_format(judge, incoming, text, message_type);
            }
            Content::Message(submission) => {
                if let Some(code) = &submission.exchange {
                    let refused = key_of(Kind::Refused);
                    if !(is_retryable(code) && judge.memory.knows(&refused)) {
                        judge.memory.put(refused, [1]);
                        let detail = "refused by a prefix of the order number";
                        return Err(TransportFailure::of(code, detail));
                    }
                }
                if submission.format_error {
                    let root = submission.message.kind.root;
                    self.answer_format(judge, incoming, "按订单编号前缀指定的结果", root);
                } else {
                    judge.message(submission, &incoming.sender_id);
                }
            }
        }
        judge.memory.put(taken, [1]);
        accepted(false)
    }

    fn answer_format(
        &self,
        judge: &mut Judge<'_>,
        incoming: &Incoming<'_>,
        text: &str,
        root: &str,
    ) {
        let at = judge.now.plus_millis(judge.step_ms);
        let guid = match &incoming.content {
            Content::Message(submission) => Guid::of(&submission.message.guid),
            Content::Unreadable { .. } => Guid::made(&incoming.cop_msg_id, 900),
        };
        let error = FormatError {
            guid: &guid,
            text,
            cop_msg_id: &incoming.cop_msg_id,
            message_type: root,
            original: &incoming.message,
        };
        let bytes = receipt::format_error(&error, at);
        judge.outbox.add(at, RAW, &incoming.sender_id, &bytes);
    }

    fn save(
        &self,
        tx: &mut db::Tx,
        mut judge: Judge<'_>,
        place: i64,
        now: Time,
    ) -> Result<(), DbError> {
        judge.note_lists();
        let Judge { memory, mut outbox, arrived, cancelled, .. } = judge;
        for mut held in store::take_held(tx, &arrived)? {
            retime(&mut held.bytes, now.plus_millis(held.said_after_ms));
            let due_at = now.plus_millis(held.due_after_ms);
            outbox.add(due_at, held.kind, &held.receiver, &held.bytes);
        }
        store::take_held(tx, &cancelled)?;
        store::remember(tx, place, memory)?;
        store::add_due(tx, &self.ids, now, &outbox)?;
        store::add_held(tx, &self.ids, now, &outbox.held)
    }
}

/// One answer for each message; `None` where reading failed before.
type Verdicts = Vec<Option<Result<Accepted, TransportFailure>>>;

const TURNS: u8 = 5;

fn turn_of(incoming: &Incoming<'_>) -> u8 {
    match &incoming.content {
        Content::Message(submission) => match submission.family.number {
            621 | 603 => 1,
            623 | 625 | 605 | 607 | 213 => 2,
            509 => 3,
            701 => 4,
            _ => 0,
        },
        Content::Unreadable { .. } => 0,
    }
}

fn storage(error: &DbError) -> TransportFailure {
    TransportFailure::of(STORAGE_ERROR, error.to_string())
}

impl Customs for StandIn {
    fn send(
        &self,
        addresses: &Addresses,
        messages: &[Outgoing<'_>],
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure> {
        let reader = self.reader(now);
        let batch = messages
            .iter()
            .map(|one| reader.message(one.cop_msg_id, one.sender(addresses), one.message))
            .collect();
        self.answer(batch, now)
    }

    fn collect(&self, now: Time, max: usize) -> Result<Vec<Delivery>, TransportFailure> {
        let collected = self.db.read(|tx| delivery::collect(tx, &self.settings, now, max));
        collected.map_err(|e| storage(&e))
    }

    fn delivered(&self, receipt_ids: &[&str], _now: Time) -> Result<(), TransportFailure> {
        let ids: Vec<i64> = receipt_ids
            .iter()
            .flat_map(|id| id.split(','))
            .filter_map(|id| id.parse().ok())
            .collect();
        self.db.write(|tx| store::delivered(tx, &ids)).map_err(|e| storage(&e))
    }
}
