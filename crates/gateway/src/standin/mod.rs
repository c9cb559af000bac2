//! The customs stand-in: answers as customs does, by the published rules, or as the order number
//! asks (see [`scenario`]). What it knows and the receipts it owes are rows of a database, so
//! they survive a restart; the same submissions at the same times give the same receipts.

mod answer;
mod case;
mod family;
mod judge;
mod judgement;
mod memory;
mod receipt;
pub mod scenario;
mod store;

use std::sync::Arc;

use ceb::dxp::{self, Envelope, Header};
use ceb::signature::Verifier;
use db::{Db, DbError, Migration};
use kernel::{IdSource, Time};

pub use judgement::{AssessedLine, Assessment, Judgement, Refusal};
pub use scenario::{SCENARIOS, Scenario};

use crate::envelope::IMPORT_RECEIVER;
use crate::transport::{
    Accepted, Customs, Delivery, FORMAT_ERROR, STORAGE_ERROR, TransportFailure, is_retryable,
};
use case::{Content, Incoming, Reader};
use judge::Judge;
use memory::{Key, Kind, Memory, key};
use receipt::{FormatError, Outbox, RAW};

/// Tables the stand-in needs in its database.
pub const MIGRATIONS: &[Migration] = store::MIGRATIONS;

/// How the stand-in behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Milliseconds between two receipts of one document; at least 1.
    pub step_ms: i64,
    /// Whether signatures are verified. Structure always is.
    pub verify_signatures: bool,
    /// Its own DXP id, the sender of its receipts.
    pub dxp_id: String,
    /// Number of this node, apart from that of every other that writes to the same database.
    pub node: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            step_ms: 1000,
            verify_signatures: true,
            dxp_id: IMPORT_RECEIVER.to_owned(),
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
}

/// Certificates whose keys are kept ready for verification.
const CERTIFICATES_MAX: usize = 4096;

impl StandIn {
    /// A stand-in that keeps its memory in `db`, to which [`MIGRATIONS`] were applied.
    pub fn new(db: Db, law: Arc<dyn Judgement>, settings: Settings) -> StandIn {
        let ids = IdSource::new(settings.node);
        let verifier = Verifier::new(CERTIFICATES_MAX);
        StandIn { db, law, settings, ids, verifier }
    }

    /// When the next receipt falls due; `None` when it owes none. Lets a simulated clock jump.
    ///
    /// # Errors
    /// When the database fails.
    pub fn next_due(&self) -> Result<Option<Time>, TransportFailure> {
        self.db.read(store::next_due).map_err(|e| storage(&e))
    }

    fn judge(&self, tx: &mut db::Tx, batch: &[Arrived], now: Time) -> Result<Verdicts, DbError> {
        let mut memory = Memory::default();
        let mut keys: Vec<Key> = Vec::new();
        for (incoming, key) in readable(batch) {
            keys.extend([*key, refused_key(incoming)]);
            if let Content::Message(submission) = &incoming.content {
                judge::keys(submission, &mut keys);
            }
        }
        store::load(tx, &mut memory, &mut keys)?;
        let mut quotas: Vec<Key> = Vec::new();
        for (incoming, _) in readable(batch) {
            if let Content::Message(submission) = &incoming.content {
                judge::quota_keys(submission, &memory, &mut quotas);
            }
        }
        quotas.retain(|key| keys.binary_search(key).is_err());
        store::load(tx, &mut memory, &mut quotas)?;

        let mut judge = Judge {
            law: self.law.as_ref(),
            now,
            step_ms: self.settings.step_ms.max(1),
            memory,
            outbox: Outbox::default(),
            arrived: Vec::new(),
            cancelled: Vec::new(),
        };
        let mut verdicts: Verdicts = batch.iter().map(|_| None).collect();
        // Counterparts first, then inventories, then cancellations, whatever their order in the
        // batch: the batch is one moment.
        for turn in 0..3 {
            for (arrived, verdict) in batch.iter().zip(&mut verdicts) {
                if let Ok((incoming, key)) = arrived
                    && turn_of(incoming) == turn
                {
                    *verdict = Some(self.take(&mut judge, incoming, *key));
                }
            }
        }
        self.save(tx, judge, now)?;
        Ok(verdicts)
    }

    /// Takes one envelope: refuses it, answers its format, or judges its documents.
    fn take(
        &self,
        judge: &mut Judge<'_>,
        incoming: &Incoming,
        key: Key,
    ) -> Result<Accepted, TransportFailure> {
        let envelope = &incoming.envelope.header;
        let cop_msg_id = envelope.cop_msg_id.clone();
        if judge.memory.knows(&key) {
            return Ok(Accepted { cop_msg_id, repeated: true });
        }
        match &incoming.content {
            Content::Unreadable { text, message_type } => {
                self.answer_format(judge, incoming, text, message_type);
            }
            Content::Message(submission) => {
                if let Some(code) = &submission.exchange {
                    let refused = refused_key(incoming);
                    if !(is_retryable(code) && judge.memory.knows(&refused)) {
                        judge.memory.put(refused, vec![1]);
                        let detail = "refused by a prefix of the order number";
                        return Err(TransportFailure::of(code, detail));
                    }
                }
                if submission.format_error {
                    let root = submission.message.kind.root;
                    self.answer_format(judge, incoming, "按订单编号前缀指定的结果", root);
                } else {
                    judge.message(submission, &envelope.sender_id);
                }
            }
        }
        judge.memory.put(key, vec![1]);
        Ok(Accepted { cop_msg_id, repeated: false })
    }

    fn answer_format(&self, judge: &mut Judge<'_>, incoming: &Incoming, text: &str, root: &str) {
        let envelope = &incoming.envelope;
        let at = judge.now.plus_millis(judge.step_ms);
        let guid = match &incoming.content {
            Content::Message(submission) => submission.message.guid.clone(),
            Content::Unreadable { .. } => receipt::guid_of(&envelope.header.cop_msg_id, 900),
        };
        let error = FormatError {
            guid: &guid,
            text,
            cop_msg_id: &envelope.header.cop_msg_id,
            message_type: root,
            original: &envelope.data,
        };
        let bytes = receipt::format_error(&error, at);
        judge.outbox.add(at, RAW, &envelope.header.sender_id, &bytes);
    }

    fn save(&self, tx: &mut db::Tx, judge: Judge<'_>, now: Time) -> Result<(), DbError> {
        let Judge { memory, mut outbox, arrived, cancelled, .. } = judge;
        for mut held in store::take_held(tx, &arrived)? {
            receipt::retime(&mut held.bytes, now.plus_millis(held.said_after_ms));
            let due_at = now.plus_millis(held.due_after_ms);
            outbox.add(due_at, held.kind, &held.receiver, &held.bytes);
        }
        store::take_held(tx, &cancelled)?;
        let (due, held) = outbox.into_due();
        store::remember(tx, &memory.changes())?;
        store::add_due(tx, &self.ids, now, &due)?;
        store::add_held(tx, &self.ids, now, &held)
    }

    /// Puts due receipts of one type for one receiver together, up to 100 returns a message.
    fn deliveries(&self, waiting: Vec<store::Waiting>, now: Time, max: usize) -> Vec<Delivery> {
        let mut groups: Vec<Group> = Vec::new();
        for one in waiting {
            let full = groups.len() == max;
            match groups.iter_mut().rev().find(|group| group.suits(&one)) {
                Some(group) => group.add(one),
                None if full => break,
                None => groups.push(Group::of(one)),
            }
        }
        groups.into_iter().map(|group| self.delivery(group, now)).collect()
    }

    fn delivery(&self, group: Group, now: Time) -> Delivery {
        let first = group.rows.first().map_or(0, |row| row.id);
        let message = match group.rows.as_slice() {
            [only] if group.kind == RAW => only.bytes.clone(),
            rows => {
                let returns: Vec<&[u8]> = rows.iter().map(|row| row.bytes.as_slice()).collect();
                let guid = receipt::guid_of(&group.kind, first.unsigned_abs());
                receipt::message(&group.kind, &guid, &returns)
            }
        };
        let root = if group.kind == RAW { "CEB900" } else { &group.kind };
        let mut envelope = Envelope {
            header: Header {
                cop_msg_id: crate::envelope::cop_msg_id(&self.settings.dxp_id, first),
                sender_id: self.settings.dxp_id.clone(),
                receiver_ids: vec![group.receiver],
                created: now,
                msg_type: format!("{root}Message"),
            },
            data: message,
            ..Envelope::default()
        };
        let ids: Vec<String> = group.rows.iter().map(|row| row.id.to_string()).collect();
        // An address that breaks the schema of envelopes gets its receipts bare.
        let bytes = dxp::write(&envelope).unwrap_or_else(|_| std::mem::take(&mut envelope.data));
        Delivery { receipt_id: ids.join(","), bytes }
    }
}

/// An envelope that was read, with the key it is remembered under, or why it was not.
type Arrived = Result<(Incoming, Key), TransportFailure>;

/// One answer for each envelope; `None` where reading failed before.
type Verdicts = Vec<Option<Result<Accepted, TransportFailure>>>;

fn readable(batch: &[Arrived]) -> impl Iterator<Item = (&Incoming, &Key)> {
    batch.iter().filter_map(|arrived| arrived.as_ref().ok()).map(|(incoming, key)| (incoming, key))
}

fn turn_of(incoming: &Incoming) -> u8 {
    match &incoming.content {
        Content::Message(submission) => match submission.family.number {
            621 => 1,
            623 => 2,
            _ => 0,
        },
        Content::Unreadable { .. } => 0,
    }
}

fn refused_key(incoming: &Incoming) -> Key {
    let envelope = &incoming.envelope.header;
    key(Kind::Refused, &[&envelope.sender_id, &envelope.cop_msg_id])
}

fn storage(error: &DbError) -> TransportFailure {
    TransportFailure::of(STORAGE_ERROR, error.to_string())
}

struct Group {
    kind: String,
    receiver: String,
    returns: i64,
    rows: Vec<store::Waiting>,
}

impl Group {
    fn of(one: store::Waiting) -> Group {
        Group {
            kind: one.kind.clone(),
            receiver: one.receiver.clone(),
            returns: one.returns,
            rows: vec![one],
        }
    }

    fn suits(&self, one: &store::Waiting) -> bool {
        let room = self.returns + one.returns <= receipt::RETURNS_PER_MESSAGE_MAX as i64;
        self.kind != RAW && room && self.kind == one.kind && self.receiver == one.receiver
    }

    fn add(&mut self, one: store::Waiting) {
        self.returns += one.returns;
        self.rows.push(one);
    }
}

/// Rows looked at for each message wanted: singles are put together.
const ROWS_PER_DELIVERY: usize = 20;

impl Customs for StandIn {
    fn submit(&self, envelope: &[u8], now: Time) -> Result<Accepted, TransportFailure> {
        let mut answers = self.submit_many(&[envelope], now)?;
        answers.pop().unwrap_or_else(|| Err(TransportFailure::of(FORMAT_ERROR, "no answer")))
    }

    fn submit_many(
        &self,
        envelopes: &[&[u8]],
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure> {
        let reader = Reader {
            db: &self.db,
            law: self.law.as_ref(),
            verifier: self.settings.verify_signatures.then_some(&self.verifier),
            now,
        };
        let read = |bytes: &&[u8]| -> Arrived {
            let incoming = reader.read(bytes)?;
            let envelope = &incoming.envelope.header;
            let key = key(Kind::Envelope, &[&envelope.sender_id, &envelope.cop_msg_id]);
            Ok((incoming, key))
        };
        let batch: Vec<Arrived> = envelopes.iter().map(read).collect();
        let verdicts = self.db.write(|tx| self.judge(tx, &batch, now)).map_err(|e| storage(&e))?;
        let pair = |(arrived, verdict): (Arrived, Option<_>)| match arrived {
            Err(failure) => Err(failure),
            Ok(_) => {
                verdict.unwrap_or_else(|| Err(TransportFailure::of(FORMAT_ERROR, "was not judged")))
            }
        };
        Ok(batch.into_iter().zip(verdicts).map(pair).collect())
    }

    fn collect(&self, now: Time, max: usize) -> Result<Vec<Delivery>, TransportFailure> {
        let rows = i64::try_from(max.saturating_mul(ROWS_PER_DELIVERY)).unwrap_or(i64::MAX);
        let waiting = self.db.read(|tx| store::due(tx, now, rows)).map_err(|e| storage(&e))?;
        Ok(self.deliveries(waiting, now, max))
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
