//! Writing a batch: everything changed on the desk, and what follows from it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use db::{DbError, Event, Packed, Tx};
use web::notices::Notice;

use super::admit::{Answering, Batch, Going};
use super::desk::Change;
use super::settle::Settled;
use crate::dispatch::DispatchId;
use crate::document::read::Veil;
use crate::document::{DocumentId, Facts, MessageId};
use crate::events;
use crate::store::course::{self, Table};
use crate::store::message::{self, Due};
use crate::store::{finding, inventory, mention, paper};

impl Batch<'_> {
    /// Writes messages, documents, findings, what is due, events and notices.
    pub(crate) fn save(
        &mut self,
        tx: &mut Tx,
        answering: &[Answering<'_>],
        settled: &Settled,
    ) -> Result<(), DbError> {
        save_messages(tx, answering)?;
        self.save_documents(tx)?;
        let rulings = settled.rulings.iter().map(|(id, rules)| (*id, rules.as_str()));
        inventory::keep_rulings(tx, rulings)?;
        self.save_findings(tx, settled)?;
        self.save_arrivals(tx)?;
        self.save_mentions(tx)?;
        self.save_dispatches(tx, answering)?;
        tx.witness(&settled.decisions)?;
        let events = self.events(settled);
        tx.emit_many(self.ctx, events)?;
        events::post(tx, self.ctx, self.reference, self.notices(settled))
    }

    /// Writes the documents and inventories on the desk that changed.
    pub(crate) fn save_documents(&self, tx: &mut Tx) -> Result<(), DbError> {
        let of = |change| {
            let entries = self.desk.papers.iter().filter(move |entry| entry.change == change);
            entries.map(|entry| &entry.value)
        };
        paper::insert(tx, of(Change::New))?;
        let moved = of(Change::Content).chain(of(Change::State));
        let courses = moved.map(|p| (p.id, p.version - 1, p.position, &p.history));
        course::save(tx, Table::Document, courses)?;
        paper::replace(tx, of(Change::Content))?;
        let sealer = tx.sealer().clone();
        let hash = |purpose: &'static str, text: &str| sealer.keyed_hash(purpose, text);
        let veil = Veil(&hash);
        let of = |change| {
            let entries = self.desk.inventories.iter().filter(move |e| e.change == change);
            entries.map(|entry| &entry.value)
        };
        inventory::save(tx, of(Change::Content).chain(of(Change::State)))?;
        inventory::replace(tx, of(Change::Content), &veil)?;
        inventory::insert(tx, of(Change::New), &veil)?;
        inventory::save_numbers(tx, self.desk.renamed())
    }

    fn save_findings(&self, tx: &mut Tx, settled: &Settled) -> Result<(), DbError> {
        let ids: BTreeSet<DocumentId> =
            settled.findings.keys().chain(&self.stale).copied().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<DocumentId> = ids.into_iter().collect();
        finding::clear(tx, &ids)?;
        let all = settled.findings.iter().map(|(id, concerns)| (*id, concerns.as_slice()));
        finding::insert(tx, self.ctx.now, all)
    }

    fn save_arrivals(&self, tx: &mut Tx) -> Result<(), DbError> {
        paper::unarrive(tx, &self.unarrived)?;
        let sheets = self.arrived.iter().map(|at| self.desk.paper(*at));
        let mut arrivals = Vec::new();
        for sheet in sheets {
            if let Facts::Warehousing(facts) = &*sheet.facts {
                let lines = facts.waybills.iter();
                arrivals
                    .extend(lines.map(|no| (no.as_str(), facts.logistics_code.as_str(), sheet.id)));
            }
        }
        paper::arrive(tx, arrivals.into_iter())
    }

    fn save_mentions(&self, tx: &mut Tx) -> Result<(), DbError> {
        let old = self.unnamed.iter().flat_map(|(id, facts)| named(facts).map(|no| (no, *id)));
        mention::delete(tx, old)?;
        let new = self.naming.iter().flat_map(|at| {
            let paper = self.desk.paper(*at);
            named(&paper.facts).map(|no| (no, paper.id))
        });
        mention::insert(tx, new)
    }

    /// What goes out, a dispatch a message: all of it as it came when all its documents go.
    fn save_dispatches(&mut self, tx: &mut Tx, answering: &[Answering<'_>]) -> Result<(), DbError> {
        let going = std::mem::take(&mut self.going);
        let mut by_message: BTreeMap<MessageId, Vec<Going>> = BTreeMap::new();
        for one in going {
            by_message.entry(one.message_id).or_default().push(one);
        }
        let mut counts: HashMap<MessageId, i64> = answering
            .iter()
            .filter(|one| one.stored)
            .map(|one| (one.message_id, one.archived))
            .collect();
        let unknown: Vec<MessageId> =
            by_message.keys().filter(|id| !counts.contains_key(id)).copied().collect();
        counts.extend(message::by_ids(tx, &unknown)?.iter().map(|m| (m.id, m.documents)));
        let mut dues = Vec::with_capacity(by_message.len());
        for (message_id, mut all) in by_message {
            all.sort_by_key(|one| one.position);
            let whole = counts.get(&message_id) == Some(&(all.len() as i64));
            let positions = all.iter().map(|one| one.position).collect();
            let id: DispatchId = self.ctx.id();
            let Some(kind) = all.first().map(|one| one.kind) else { continue };
            dues.push(Due {
                id,
                kind,
                message_id,
                positions: (!whole).then_some(positions),
                documents: all.iter().map(|one| one.document_id).collect(),
                attempts: 0,
            });
        }
        message::insert_due(tx, &dues, self.ctx.now)
    }

    fn events(&self, settled: &Settled) -> Vec<Event> {
        let ready = settled.ready.iter().map(|at| events::declared(self.desk.declared(*at)));
        let held = settled.held.iter().map(|at| {
            let declared = self.desk.declared(*at);
            let concerns = settled.findings.get(&declared.id).map_or(&[][..], Vec::as_slice);
            events::held(declared, concerns)
        });
        let cancels = self.cancels.iter().filter_map(|at| {
            let paper = self.desk.paper(*at);
            match &*paper.facts {
                Facts::CancelApplication(cancel) => Some(events::cancel_applied(paper.id, cancel)),
                _ => None,
            }
        });
        ready.chain(held).chain(cancels).collect()
    }

    fn notices(&self, settled: &Settled) -> Vec<Notice> {
        let mut notices = Vec::new();
        for at in &settled.held {
            let declared = self.desk.declared(*at);
            if let Some(concerns) = settled.findings.get(&declared.id) {
                notices.extend(events::held_notices(declared, concerns));
            }
        }
        notices
    }
}

/// The numbers a collective document names.
fn named(facts: &Facts) -> impl Iterator<Item = &str> {
    let lines = match facts {
        Facts::Collective(sheet) => &sheet.lines[..],
        _ => &[],
    };
    lines.iter().map(|line| line.number.as_str())
}

fn save_messages(tx: &mut Tx, answering: &[Answering<'_>]) -> Result<(), DbError> {
    let stored = || answering.iter().filter(|one| one.stored);
    let originals: Vec<Packed> =
        stored().flat_map(|one| one.checked.original.iter().cloned()).collect();
    tx.archive_packed(&originals)?;
    let messages: Vec<message::Stored> = stored()
        .map(|one| message::Stored {
            id: one.message_id,
            kind: one.checked.kind,
            guid: one.checked.guid_key,
            sender: one.checked.sender.clone(),
            original_id: one.checked.original.first().map_or(0, |packed| packed.id().to_i64()),
            documents: one.archived,
            received_at: one.checked.received_at,
        })
        .collect();
    message::insert(tx, &messages)
}
