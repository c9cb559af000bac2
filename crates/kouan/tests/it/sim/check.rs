//! What must be true, at every step and at the end. To add an invariant: write a function here that
//! compares what the model knows with what is seen, and call it from `observe` (every step),
//! `now_and_then` (every few) or `at_rest` (the end).

use std::collections::{BTreeMap, BTreeSet};

use clearance::document::Kind;
use ledger::quota::{BuyerYear, usage};

use super::house::CONSUMERS;
use super::model::{HELD, READY, is_live, is_released, rank};
use super::observe::{self, shown, shown_message};
use super::outside::{EnvelopeFate, Left};
use super::parcel::{BROKER, Flaw, buyer_id};
use super::world::{Broken, Course, World};

/// A buyer's limit of the year, fen.
const YEARLY_LIMIT_FEN: i64 = 2_600_000;
/// The costlier invariants are looked at once in so many steps.
const EVERY: usize = 8;

impl World {
    /// After every step: no document vanishes, no state goes back.
    pub(super) fn observe(&mut self) -> Course {
        if !self.commits_changed() {
            return Ok(());
        }
        let rows = self.look_at_documents()?;
        let before = std::mem::take(&mut self.rows);
        for (id, old) in &before {
            let Some(new) = rows.get(id) else {
                return Err(self.broken(format!("document {} vanished", shown(*id))));
            };
            if new.message != old.message {
                let said = self.outside.said_count();
                self.model.renewed(&shown(*id), said);
            } else if rank(new.state) < rank(old.state)
                || old.state == READY && rank(new.state) == 0 && new.state != READY
            {
                let (kind, number) = (old.kind, &old.number);
                let what = format!("{kind} {number} went from {} to {}", old.state, new.state);
                return Err(self.broken(what));
            }
        }
        self.rows = rows;
        if self.step.is_multiple_of(EVERY) { self.now_and_then() } else { Ok(()) }
    }

    /// What left the house since the last look: exactly what its firm sent, and no inventory without
    /// documents that agree with it.
    pub(super) fn left(&mut self) -> Course {
        for left in self.outside.take_left() {
            let guid = left.document.head.text("guid").unwrap_or_default().to_owned();
            let Some((kind, parcel)) = self.model.name_of_guid(&guid) else {
                return Err(self.broken(format!("something left that nobody sent: {guid}")));
            };
            if kind != left.kind.number() || !self.is_as_sent(&left, &guid) {
                let what = format!("{} of parcel {parcel} left changed", left.kind.word());
                return Err(self.broken(what));
            }
            // What customs has may come again: it knows the message by its id.
            let known =
                matches!(self.model.fate_of(&guid), Some(EnvelopeFate::Taken | EnvelopeFate::Lost));
            if left.kind == Kind::Inventory && !known {
                self.goes_with_its_documents(parcel, &guid)?;
            }
            self.model.has_left(&left);
        }
        Ok(())
    }

    fn is_as_sent(&self, left: &Left, guid: &str) -> bool {
        let all = self.letters.iter().filter(|letter| letter.kind == left.kind);
        let sent = all.flat_map(|letter| &letter.docs).find(|doc| doc.version.guid == guid);
        let Some(sent) = sent else { return false };
        let definition = ceb::message_type(left.kind.code()).expect("a message type");
        let json = self.parcels[sent.parcel].document(left.kind, &sent.version);
        ceb::document_from_json(definition, &json).0.as_ref() == Some(&left.document)
    }

    fn goes_with_its_documents(&self, parcel: usize, guid: &str) -> Course {
        for kind in [Kind::Order, Kind::Payment, Kind::Waybill, Kind::Inventory] {
            // What its firm does not know itself cannot be judged.
            if self.is_unsettled(kind, parcel) {
                continue;
            }
            let found = self.model.in_force(kind, parcel, &self.letters);
            let agrees = found.is_some_and(|doc| doc.version.flaw == Flaw::None);
            let own = kind != Kind::Inventory || found.is_some_and(|doc| doc.version.guid == guid);
            if !agrees || !own {
                let what = found.map_or("missing".to_owned(), |doc| format!("{:?}", doc.version));
                let kind = kind.word();
                let what = format!("the inventory of parcel {parcel} left; its {kind} is {what}");
                return Err(self.broken(what));
            }
        }
        Ok(())
    }

    /// Whether a letter about a document was sent and not answered.
    fn is_unsettled(&self, kind: Kind, parcel: usize) -> bool {
        self.letters.iter().any(|letter| {
            letter.kind == kind
                && letter.in_doubt
                && letter.docs.iter().any(|doc| doc.parcel == parcel)
        })
    }

    /// Every few steps: the ledger balances, and the quota is the sum of what lives.
    pub(super) fn now_and_then(&mut self) -> Course {
        let report = self.look(ledger::verify)?;
        if !report.balanced() {
            return Err(self.broken(format!("the ledger: {report:?}")));
        }
        let mut sums: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
        for parcel in &self.parcels {
            sums.entry(parcel.buyer).or_default();
        }
        for row in self.rows.values().filter(|row| row.kind == Kind::Inventory.number()) {
            let parcel = self.parcels.iter().find(|p| p.cop_no() == row.number);
            let Some(parcel) = parcel else {
                return Err(self.broken(format!("nobody declared {}", row.number)));
            };
            let (held, used) = sums.entry(parcel.buyer).or_default();
            if is_released(row.state) {
                *used += parcel.value_fen();
            } else if is_live(row.state) {
                *held += parcel.value_fen();
            }
        }
        for (buyer, sum) in sums {
            let found = self.usage(buyer)?;
            if found != sum {
                let what = format!(
                    "buyer {buyer} holds and used {found:?} fen, the inventories make {sum:?}"
                );
                return Err(self.broken(what));
            }
        }
        Ok(())
    }

    /// What a buyer holds and has used, fen.
    fn usage(&self, buyer: usize) -> Result<(i64, i64), Broken> {
        let id = buyer_id(buyer);
        let found = self.look(|tx| {
            let buyer = tx.sealer().keyed_hash("person.id_number", &id);
            usage(tx, &[BuyerYear { buyer, year: 2026 }])
        })?;
        Ok((found[0].held.0, found[0].used.0))
    }

    /// At the end: nothing is lost, doubled or forgotten, and everything is where it must be.
    pub(super) fn at_rest(&mut self) -> Course {
        self.now_and_then()?;
        self.letters_are_answered()?;
        self.documents_are_those_acknowledged()?;
        self.messages_are_those_acknowledged()?;
        self.states_are_as_predicted()?;
        self.events_are_heard_once()?;
        self.notices_are_numbered()?;
        self.evidence_is_whole()
    }

    /// Every message and every letter of receipts is in the evidence log exactly once, and the log
    /// is what it says it is.
    fn evidence_is_whole(&self) -> Course {
        let failed = |error: db::DbError| self.broken(format!("the evidence log: {error}"));
        let db = self.house().db();
        let audit = db.audit_evidence(true, |_, _| {}).map_err(failed)?;
        let findings = clearance::evidence::audit(db).map_err(failed)?;
        if !audit.faults.is_empty() || !findings.is_empty() {
            let what = format!("the evidence log: {:?} {findings:?}", audit.faults);
            return Err(self.broken(what));
        }
        let wanted = "SELECT original_id FROM clearance_message
                      UNION SELECT original_id FROM clearance_letter ORDER BY 1";
        let kept = "SELECT id FROM db_original ORDER BY id";
        let (wanted, kept, mut logged) = self.look(|tx| {
            let (wanted, kept) = (observe::numbers(tx, wanted)?, observe::numbers(tx, kept)?);
            let size = tx.evidence_size()?;
            let entries = tx.evidence_entries(0, size)?;
            let originals = entries.iter().filter(|entry| entry.text.is_none());
            Ok((wanted, kept, originals.map(|entry| entry.id).collect::<Vec<i64>>()))
        })?;
        logged.sort_unstable();
        if wanted != kept || wanted != logged {
            let what = format!("the evidence log: {logged:?}, originals {kept:?}, of {wanted:?}");
            return Err(self.broken(what));
        }
        Ok(())
    }

    fn letters_are_answered(&self) -> Course {
        for (n, letter) in self.letters.iter().enumerate() {
            if letter.open || letter.told.is_none() {
                return Err(self.broken(format!("letter {n} was never answered")));
            }
        }
        Ok(())
    }

    fn documents_are_those_acknowledged(&self) -> Course {
        let stored: BTreeSet<String> = self.rows.keys().map(|id| shown(*id)).collect();
        let told: BTreeSet<String> =
            self.model.docs.values().filter_map(|doc| doc.id.clone()).collect();
        self.same("documents", &told, &stored)
    }

    fn messages_are_those_acknowledged(&self) -> Course {
        let sql = "SELECT id, original_id FROM clearance_message ORDER BY id";
        let stored = self.look(|tx| {
            let rows = tx.query(sql, &[])?;
            rows.iter()
                .map(|row| {
                    let original = tx.original(row.id(1)?)?;
                    let bytes = original.map(|opened| opened.bytes.into_inner());
                    Ok((shown_message(row.i64(0)?), bytes))
                })
                .collect::<Result<BTreeMap<String, Option<Vec<u8>>>, db::DbError>>()
        })?;
        let told = self.letters.iter().flat_map(|letter| letter.messages.iter().cloned()).collect();
        self.same("messages", &told, &stored.keys().cloned().collect())?;
        for (n, letter) in self.letters.iter().enumerate() {
            for message in &letter.messages {
                let Some(sent) = letter.original() else { continue };
                if stored.get(message) != Some(&Some(sent)) {
                    return Err(self.broken(format!("the original of letter {n} is another")));
                }
            }
        }
        Ok(())
    }

    fn same(&self, what: &str, told: &BTreeSet<String>, stored: &BTreeSet<String>) -> Course {
        if told == stored {
            return Ok(());
        }
        let lost: Vec<&String> = told.difference(stored).collect();
        let more: Vec<&String> = stored.difference(told).collect();
        Err(self.broken(format!("{what}: acknowledged and lost {lost:?}, unasked for {more:?}")))
    }

    fn states_are_as_predicted(&self) -> Course {
        let said = self.outside.said();
        let by_id: BTreeMap<String, i64> =
            self.rows.iter().map(|(id, row)| (shown(*id), row.state)).collect();
        for ((number, parcel), doc) in &self.model.docs {
            let kind = Kind::of_number(*number).expect("a kind");
            let Some(id) = &doc.id else { continue };
            let expected = self.model.expected(kind, *parcel, &self.letters, &said);
            let (Some(expected), Some(found)) = (expected, by_id.get(id)) else { continue };
            if expected.codes.is_empty() && *found == HELD && self.has_no_room(*parcel)? {
                continue;
            }
            if !expected.codes.contains(found) {
                let order = self.parcels[*parcel].order_no();
                let others: Vec<(i64, i64)> = self
                    .model
                    .docs
                    .iter()
                    .filter(|((_, other), _)| other == parcel)
                    .filter_map(|((kind, _), doc)| Some((*kind, *by_id.get(doc.id.as_ref()?)?)))
                    .collect();
                let what = format!(
                    "{} of parcel {parcel} ({order}, {id}) stands at {found}, must be {:?}: {}; \
                     its documents: {others:?}",
                    kind.word(),
                    expected.codes,
                    expected.why
                );
                return Err(self.broken(what));
            }
        }
        Ok(())
    }

    /// Whether a parcel is really more than is left of its buyer's year.
    fn has_no_room(&self, parcel: usize) -> Result<bool, Broken> {
        let parcel = &self.parcels[parcel];
        let (held, used) = self.usage(parcel.buyer)?;
        Ok(held + used + parcel.value_fen() > YEARLY_LIMIT_FEN)
    }

    fn events_are_heard_once(&self) -> Course {
        let last = self.look(|tx| tx.last_event())?;
        for consumer in CONSUMERS {
            let (heard, dead) = self.look(|tx| {
                let sql = "SELECT seq FROM simulation_heard WHERE consumer = $1 ORDER BY seq";
                let rows = tx.query(sql, db::params![consumer])?;
                let heard = rows.iter().map(|row| row.i64(0)).collect::<Result<Vec<_>, _>>()?;
                Ok((heard, tx.dead_events(consumer, 0, 10)?))
            })?;
            if heard != (1..=last).collect::<Vec<i64>>() || !dead.is_empty() {
                let count = heard.len();
                let what = format!("{consumer} heard {count} of {last} events; dead: {dead:?}");
                return Err(self.broken(what));
            }
        }
        let jobs = self.look(|tx| observe::number(tx, "SELECT COUNT(*) FROM db_job"))?;
        if jobs > 0 {
            return Err(self.broken(format!("{jobs} jobs are left")));
        }
        Ok(())
    }

    fn notices_are_numbered(&self) -> Course {
        let notices = "SELECT party, seq FROM web_notice ORDER BY party, seq";
        let heads = "SELECT party, last FROM web_notice_head ORDER BY party";
        let waiting = "SELECT COUNT(*) FROM web_delivery WHERE state <> 'delivered'";
        let (notices, heads, waiting) = self.look(|tx| {
            let (notices, heads) = (observe::pairs(tx, notices)?, observe::pairs(tx, heads)?);
            Ok((notices, heads, observe::number(tx, waiting)?))
        })?;
        let wanted: Vec<(String, i64)> = heads
            .into_iter()
            .flat_map(|(party, last)| (1..=last).map(move |seq| (party.clone(), seq)))
            .collect();
        if notices != wanted {
            return Err(self.broken("the notices of a party have gaps".to_owned()));
        }
        if waiting > 0 {
            return Err(self.broken(format!("{waiting} notices were never delivered")));
        }
        let heard: BTreeSet<String> =
            self.receiver.heard.lock().expect("one thread").iter().cloned().collect();
        let told = notices.iter().filter(|(party, _)| party == BROKER).count();
        if heard.len() != told {
            let what = format!("the webhook heard {} of {told} notices", heard.len());
            return Err(self.broken(what));
        }
        Ok(())
    }
}
