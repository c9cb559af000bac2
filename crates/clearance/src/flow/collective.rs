//! Documents about many inventories: held up until those are far enough, let go, and what follows
//! from their receipts.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use db::{DbError, Tx};
use kernel::Finding;

use super::admit::{Batch, Going};
use super::desk::Change;
use super::settle::Settled;
use crate::document::{Collective, DocumentId, Facts, Kind};
use crate::export::step::{Judgement, judge};
use crate::intake::{Item, ItemStatus};
use crate::lifecycle::State;
use crate::matching::Task;
use crate::precheck::Concern;
use crate::store::{mention, paper, summary};

/// What was decided about collective documents: where each stands now, and why.
#[derive(Default)]
pub(crate) struct Judged(HashMap<DocumentId, (State, Vec<Finding>)>);

impl Judged {
    /// The answer to a collective document.
    pub(crate) fn item(&self, mut item: Item, id: DocumentId) -> Item {
        let (state, findings) = match self.0.get(&id) {
            Some((state, findings)) => (*state, findings.as_slice()),
            None => (State::Waiting, &[][..]),
        };
        item.state = Some(state.word());
        if state == State::Held {
            item.status = ItemStatus::Held;
        }
        item.findings.extend(findings.iter().cloned());
        item
    }
}

impl Batch<'_> {
    /// What is wrong with a collective document at the door: what waiting would not mend.
    pub(super) fn wrong_with(
        &self,
        tx: &mut Tx,
        sheet: &Collective,
        at: Option<usize>,
    ) -> Result<Vec<Finding>, DbError> {
        if sheet.head.draft {
            return Ok(Vec::new());
        }
        let own = at.map(|at| self.desk.paper(at).id);
        Ok(match self.judgement(tx, sheet, own)? {
            Judgement::Wrong(findings) => findings,
            Judgement::Goes | Judgement::Waits(_) => Vec::new(),
        })
    }

    fn judgement(
        &self,
        tx: &mut Tx,
        sheet: &Collective,
        own: Option<DocumentId>,
    ) -> Result<Judgement, DbError> {
        let day = self.ctx.now.date();
        let law = match self.reference.law(day).and_then(|law| law.export.clone()) {
            Ok(law) => law,
            Err(unknown) => return Ok(Judgement::Wrong(vec![unknown.to_finding()])),
        };
        let Some(step) = law.step(sheet.kind) else { return Ok(Judgement::Goes) };
        Ok(judge(sheet.kind, step, &mention::standings(tx, sheet, own)?))
    }

    /// The parcels a changed or withdrawn document named are forgotten.
    pub(super) fn unname(&mut self, id: DocumentId, facts: Arc<Facts>) {
        if matches!(*facts, Facts::Collective(_)) {
            self.unnamed.push((id, facts));
        }
    }

    /// Judges collective documents that wait or are held, by what is stored: those that may go do.
    pub(super) fn judge(
        &mut self,
        tx: &mut Tx,
        ids: &BTreeSet<DocumentId>,
        settled: &mut Settled,
    ) -> Result<Judged, DbError> {
        let mut judged = Judged::default();
        let ids: Vec<DocumentId> = ids.iter().copied().collect();
        for found in paper::by_ids(tx, &ids)? {
            let (facts, id) = (found.facts.clone(), found.id);
            let Facts::Collective(sheet) = &*facts else { continue };
            if !matches!(found.position.state, State::Waiting | State::Held) {
                continue;
            }
            let (state, findings) = match self.judgement(tx, sheet, Some(id))? {
                Judgement::Goes => (State::Ready, Vec::new()),
                Judgement::Waits(findings) => (State::Waiting, findings),
                Judgement::Wrong(findings) => (State::Held, findings),
            };
            if state == State::Ready {
                self.going.push(Going {
                    kind: sheet.kind,
                    message_id: found.message_id,
                    position: found.index,
                    document_id: id,
                });
                applied(tx, id, sheet)?;
            }
            let before = found.position.state;
            let at = self.desk.put_paper(found, Change::None);
            if state != before {
                self.desk.paper_mut(at, Change::State).position.state = state;
            }
            settled.findings.insert(id, concerns(sheet, &findings));
            judged.0.insert(id, (state, findings));
        }
        Ok(judged)
    }

    /// A receipt moved a collective document.
    pub(super) fn collective_moved(
        &mut self,
        tx: &mut Tx,
        at: usize,
        before: State,
    ) -> Result<Vec<db::Event>, DbError> {
        let paper = self.desk.paper(at);
        let (id, state, facts) = (paper.id, paper.position.state, paper.facts.clone());
        let Facts::Collective(sheet) = &*facts else { return Ok(Vec::new()) };
        if sheet.kind == Kind::SummaryApplication && state.may_be_redeclared() {
            summary::release(tx, &[id])?;
        }
        if sheet.kind == Kind::Departure && is_accepted(state) && !is_accepted(before) {
            return self.departed(tx, sheet);
        }
        Ok(Vec::new())
    }

    fn departed(&self, tx: &mut Tx, sheet: &Collective) -> Result<Vec<db::Event>, DbError> {
        use crate::store::inventory::{By, by_numbers};
        let numbers = sheet.lines.iter().map(|line| line.number.as_str());
        let all = by_numbers(tx, By::Waybill, numbers)?;
        let ours = all.iter().filter(|one| {
            one.facts.export.is_some()
                && one.facts.logistics_code == sheet.logistics_code
                && one.position.state.is_declared()
        });
        Ok(ours.map(|one| crate::events::departed(one, sheet)).collect())
    }
}

/// Whether customs has taken a document in for good.
fn is_accepted(state: State) -> bool {
    matches!(state, State::Customs(120 | 399 | 800 | 899))
}

/// A summary application that goes has its inventories.
fn applied(tx: &mut Tx, id: DocumentId, sheet: &Collective) -> Result<(), DbError> {
    if sheet.kind != Kind::SummaryApplication {
        return Ok(());
    }
    summary::release(tx, &[id])?;
    // With both times given the lines are ignored.
    match (sheet.from, sheet.until) {
        (Some(from), Some(until)) => {
            summary::apply_span(tx, id, (&sheet.issuer, &sheet.ebc_code), from, until)
        }
        _ => summary::apply(tx, id, sheet.lines.iter().map(|line| line.number.as_str())),
    }
}

fn concerns(sheet: &Collective, findings: &[Finding]) -> Vec<Concern> {
    let role = super::settle::sender_of(sheet.kind);
    let concern = |finding: &Finding| Concern {
        finding: finding.clone(),
        task: Task { party: sheet.issuer.clone(), role },
    };
    findings.iter().map(concern).collect()
}
