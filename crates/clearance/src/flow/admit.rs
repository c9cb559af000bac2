//! Taking the documents of checked messages in, one after another, against what is stored.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use db::{Ctx, DbError, Tx};
use kernel::{Finding, Time};

use super::again::Again;
use super::desk::{Change, Desk, ParcelKey, Wants};
use super::quota;
use super::refusal::{being_sent, other_firm};
use crate::document::types::Act;
use crate::document::{DocumentId, Facts, Head, Inventory, Kind, MessageId};
use crate::intake::checked::{Checked, CheckedDocument, Content};
use crate::intake::sender::may_send;
use crate::intake::{Item, ItemStatus};
use crate::law::DayLaw;
use crate::lifecycle::application::{Stored, Verdict, decide};
use crate::lifecycle::{Position, State};
use crate::precheck::goods::Assessment;
use crate::reference::Reference;
use crate::store::history::{History, Step};
use crate::store::inventory::{By, Declared, Quota};
use crate::store::paper::Paper;
use crate::store::{message, summary};

/// A batch of messages on its way into the database.
pub(crate) struct Batch<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) reference: &'a Reference,
    pub(crate) desk: Desk,
    /// Parcels to be looked at again.
    pub(crate) parcels: BTreeSet<ParcelKey>,
    /// Documents accepted from each message that go out: message, place, document.
    pub(crate) going: Vec<Going>,
    /// Inventories withdrawn, whose quota comes back.
    pub(crate) withdrawn: Vec<usize>,
    /// Documents whose findings are no longer to the point.
    pub(crate) stale: Vec<DocumentId>,
    /// Warehousing details whose arrivals are to be written anew, and those to be forgotten.
    pub(crate) arrived: Vec<usize>,
    pub(crate) unarrived: Vec<DocumentId>,
    pub(crate) cancels: Vec<usize>,
    /// Collective documents whose parcels are to be noted, and those whose old ones are forgotten.
    pub(crate) naming: Vec<usize>,
    pub(crate) unnamed: Vec<(DocumentId, Arc<Facts>)>,
    /// What inventories of this batch come to, as reckoned when they were checked.
    pub(super) assessments: HashMap<DocumentId, Arc<Assessment>>,
    /// Messages of which something was stored in this batch, by guid.
    brought: HashMap<[u8; 16], MessageId>,
    pub(crate) again: Again,
}

/// A document that goes out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Going {
    pub(crate) kind: Kind,
    pub(crate) message_id: MessageId,
    pub(crate) position: i64,
    pub(crate) document_id: DocumentId,
}

/// A message being answered.
pub(crate) struct Answering<'m> {
    pub(crate) checked: &'m Checked,
    pub(crate) message_id: MessageId,
    /// The message that first brought what this one repeats.
    pub(crate) repeats: Option<MessageId>,
    pub(crate) items: Vec<Pending>,
    /// Whether anything of it was stored.
    pub(crate) stored: bool,
    /// How many documents the archived message holds.
    pub(crate) archived: i64,
}

/// The answer to one document so far.
pub(crate) enum Pending {
    /// Settled already.
    Done(Item),
    /// An inventory whose state is known only when its parcel has been looked at.
    Inventory { item: Item, at: usize },
    /// A collective document, whose state is known only when its parcels have been.
    Collective { item: Item, id: DocumentId },
}

impl<'a> Batch<'a> {
    pub(crate) fn new(ctx: &'a Ctx, reference: &'a Reference) -> Batch<'a> {
        Batch {
            ctx,
            reference,
            desk: Desk::default(),
            parcels: BTreeSet::new(),
            going: Vec::new(),
            withdrawn: Vec::new(),
            stale: Vec::new(),
            arrived: Vec::new(),
            unarrived: Vec::new(),
            cancels: Vec::new(),
            naming: Vec::new(),
            unnamed: Vec::new(),
            assessments: HashMap::new(),
            brought: HashMap::new(),
            again: Again::default(),
        }
    }

    /// Lays everything the messages touch on the desk.
    pub(crate) fn load(&mut self, tx: &mut Tx, messages: &[&Checked]) -> Result<(), DbError> {
        let mut wants = Wants::default();
        for document in messages.iter().flat_map(|message| &message.documents) {
            match &document.content {
                Some(Content::Paper(facts)) => wants.around(facts),
                Some(Content::Inventory(facts, _)) => wants.around_inventory(facts),
                None => {}
            }
        }
        self.desk.load(tx, wants)
    }

    /// Takes one message in.
    pub(crate) fn admit<'m>(
        &mut self,
        tx: &mut Tx,
        checked: &'m Checked,
    ) -> Result<Answering<'m>, DbError> {
        let documents = &checked.documents;
        let archived = documents.iter().filter(|document| document.position >= 0).count() as i64;
        let items = Vec::with_capacity(documents.len());
        let message_id: MessageId = self.ctx.id();
        let mut answering =
            Answering { checked, message_id, repeats: None, items, stored: false, archived };
        for document in documents {
            let item = if document.is_refused() {
                Pending::Done(document.refusal(Vec::new()))
            } else {
                self.admit_document(tx, &mut answering, document)?
            };
            answering.items.push(item);
        }
        if answering.stored {
            self.brought.insert(checked.guid_key, message_id);
        } else if answering.repeats.is_some() {
            answering.repeats = self.first_of(tx, checked)?.or(answering.repeats);
        }
        Ok(answering)
    }

    /// The message that was first taken under a guid: what a repeat of it is answered with. What a
    /// document holds now may have come with another, such as before it was withdrawn.
    fn first_of(&self, tx: &mut Tx, checked: &Checked) -> Result<Option<MessageId>, DbError> {
        if let Some(id) = self.brought.get(&checked.guid_key) {
            return Ok(Some(*id));
        }
        let all = message::by_guid(tx, &checked.guid_key)?;
        let ours =
            |one: &&message::Stored| one.kind == checked.kind && one.sender == checked.sender;
        Ok(all.iter().filter(ours).map(|one| one.id).min())
    }

    fn admit_document(
        &mut self,
        tx: &mut Tx,
        answering: &mut Answering<'_>,
        document: &CheckedDocument,
    ) -> Result<Pending, DbError> {
        let place = Place {
            message_id: answering.message_id,
            position: document.position,
            sender: &answering.checked.sender,
            signer: &answering.checked.signer,
            received_at: answering.checked.received_at,
        };
        let admitted = match &document.content {
            Some(Content::Paper(facts)) => self.admit_paper(tx, facts, &place)?,
            Some(Content::Inventory(facts, _)) => self.admit_inventory(tx, facts, &place)?,
            None => Admitted::Refused(Vec::new()),
        };
        let (status, id, state) = match admitted {
            Admitted::Refused(findings) => return Ok(Pending::Done(document.refusal(findings))),
            Admitted::Repeated { id, state, original } => {
                answering.repeats.get_or_insert(original);
                (ItemStatus::Repeated, id, state)
            }
            Admitted::Paper { id, state: State::Waiting } => {
                answering.stored = true;
                let item = Item { id: Some(id), ..document.item(ItemStatus::Accepted) };
                return Ok(Pending::Collective { item, id });
            }
            Admitted::Paper { id, state } => (ItemStatus::Accepted, id, state),
            Admitted::Inventory { id, at } => {
                answering.stored = true;
                if let Some(Content::Inventory(_, Some(known))) = &document.content {
                    self.assessments.insert(id, known.clone());
                }
                let item = Item { id: Some(id), ..document.item(ItemStatus::Accepted) };
                return Ok(Pending::Inventory { item, at });
            }
        };
        answering.stored |= status != ItemStatus::Repeated;
        let state = Some(state.word());
        Ok(Pending::Done(Item { id: Some(id), state, ..document.item(status) }))
    }

    fn admit_paper(
        &mut self,
        tx: &mut Tx,
        facts: &Arc<Facts>,
        place: &Place<'_>,
    ) -> Result<Admitted, DbError> {
        let key = facts.key();
        let mut at = self.desk.paper_at(&key);
        let mut turn = 0;
        let is_waybill = matches!(**facts, Facts::Waybill(_));
        if let Some(old) = at.filter(|_| is_waybill && facts.head().act == Act::Add)
            && self.may_be_reused(self.desk.paper(old), facts.head())
        {
            turn = self.desk.paper(old).turn + 1;
            at = None;
        }
        let stored = at.map(|at| {
            let paper = self.desk.paper(at);
            stored(paper.position, paper.facts.head(), self.desk.is_used(&paper.facts))
        });
        if let Some(finding) = self.forbidden(facts) {
            return Ok(Admitted::Refused(vec![finding]));
        }
        let verdict = decide(key.kind, facts.head(), stored.as_ref());
        if let (Verdict::Insert | Verdict::Replace, Facts::Collective(sheet)) = (&verdict, &**facts)
        {
            let wrong = self.wrong_with(tx, sheet, at)?;
            if !wrong.is_empty() {
                return Ok(Admitted::Refused(wrong));
            }
        }
        if let (Verdict::Replace | Verdict::Withdraw, Some(at)) = (&verdict, at) {
            let directory = self.reference.directory.current();
            let stored = &self.desk.paper(at).facts;
            if may_send(&directory, place.signer, stored, place.received_at).is_err() {
                return Ok(Admitted::Refused(vec![other_firm(key.kind)]));
            }
            // What has failed once is tried again later: by then it would be an old version.
            let Paper { id, message_id, position, .. } = *self.desk.paper(at);
            if !self.call_back(tx, id, message_id)? {
                return Ok(Admitted::Refused(vec![being_sent(key.kind, position.state)]));
            }
        }
        Ok(match (verdict, at) {
            (Verdict::Refuse(finding), _) => Admitted::Refused(vec![finding]),
            (Verdict::Repeat, Some(at)) => {
                let paper = self.desk.paper(at);
                let (id, state) = (paper.id, paper.position.state);
                Admitted::Repeated { id, state, original: paper.message_id }
            }
            (Verdict::Withdraw, Some(at)) => {
                if key.kind == Kind::SummaryApplication {
                    summary::release(tx, &[self.desk.paper(at).id])?;
                }
                self.withdraw_paper(at, place)
            }
            (Verdict::Replace, Some(at)) => self.replace_paper(at, facts, place),
            _ => self.insert_paper(facts, turn, place),
        })
    }

    fn insert_paper(&mut self, facts: &Arc<Facts>, turn: i64, place: &Place<'_>) -> Admitted {
        let state = entry_state(facts);
        let id: DocumentId = self.ctx.id();
        let at = self.desk.put_paper(
            Paper {
                id,
                turn,
                message_id: place.message_id,
                index: place.position,
                position: Position::new(state),
                facts: facts.clone(),
                version: 1,
                history: History::default(),
            },
            Change::New,
        );
        self.follow_paper(at);
        Admitted::Paper { id, state }
    }

    fn replace_paper(&mut self, at: usize, facts: &Arc<Facts>, place: &Place<'_>) -> Admitted {
        let state = entry_state(facts);
        let old = self.desk.paper(at).facts.clone();
        self.affect(&old);
        self.unname(self.desk.paper(at).id, old);
        self.desk.rewrite_paper(at, facts.clone());
        let paper = self.desk.paper_mut(at, Change::Content);
        paper.position = paper.position.redeclared(state);
        paper.message_id = place.message_id;
        paper.index = place.position;
        let id = paper.id;
        if self.desk.paper(at).kind() == Kind::Warehousing {
            self.unarrived.push(id);
        }
        self.follow_paper(at);
        Admitted::Paper { id, state }
    }

    /// Withdraws a document that has been called back.
    fn withdraw_paper(&mut self, at: usize, place: &Place<'_>) -> Admitted {
        let Paper { id, position, .. } = *self.desk.paper(at);
        // What customs or the e-port already has, in this version or the one before, must be
        // withdrawn there too.
        let here = matches!(position.state, State::Ready | State::Waiting | State::Held)
            && position.floor.is_none();
        let sent = position.state != State::Draft && !here;
        let paper = self.desk.paper_mut(at, Change::State);
        paper.position = paper.position.redeclared(State::Withdrawn);
        let (kind, facts) = (paper.kind(), paper.facts.clone());
        match kind {
            Kind::Warehousing => self.unarrived.push(id),
            Kind::Order => self.stale.push(id),
            kind if kind.is_collective() => self.stale.push(id),
            _ => {}
        }
        self.unname(id, facts.clone());
        self.affect(&facts);
        if sent {
            self.going.push(Going {
                kind,
                message_id: place.message_id,
                position: place.position,
                document_id: id,
            });
        }
        Admitted::Paper { id, state: State::Withdrawn }
    }

    /// What follows from a document accepted: it goes out, and its parcels are looked at again.
    fn follow_paper(&mut self, at: usize) {
        let paper = self.desk.paper(at);
        let facts = paper.facts.clone();
        if paper.position.state == State::Waiting {
            self.again.collectives.insert(paper.id);
            self.naming.push(at);
        }
        if paper.position.state != State::Ready {
            return;
        }
        self.going.push(Going {
            kind: paper.kind(),
            message_id: paper.message_id,
            position: paper.index,
            document_id: paper.id,
        });
        match &*facts {
            Facts::Warehousing(_) => self.arrived.push(at),
            Facts::CancelApplication(_) => self.cancels.push(at),
            Facts::WaybillStatus(status) => self.deliver(status),
            _ => self.affect(&facts),
        }
    }

    fn deliver(&mut self, status: &crate::document::WaybillStatus) {
        let all: Vec<usize> = self.desk.numbered(By::Waybill, &status.logistics_no).collect();
        for at in all {
            let declared = self.desk.declared(at);
            let ours = declared.facts.logistics_code == status.logistics_code;
            if ours && declared.position.state.is_declared() && declared.delivered_at.is_none() {
                self.desk.declared_mut(at, Change::State).delivered_at = Some(status.time);
            }
        }
    }

    /// The parcels a document belongs to are looked at again.
    fn affect(&mut self, facts: &Facts) {
        match facts {
            Facts::Order(order) => {
                self.parcels.insert(ParcelKey::of_order(order));
            }
            Facts::Payment(payment) => {
                self.parcels.insert(ParcelKey::of_payment(payment));
            }
            Facts::FundsReceipt(funds) => {
                self.parcels.insert(ParcelKey::of_funds(funds));
            }
            Facts::Waybill(waybill) => {
                for platform in self.desk.platforms_of(&waybill.order_no) {
                    self.parcels.insert(ParcelKey::of_import(&platform, &waybill.order_no));
                }
                let all: Vec<usize> =
                    self.desk.numbered(By::Waybill, &waybill.logistics_no).collect();
                for at in all {
                    let facts = &self.desk.declared(at).facts;
                    if facts.direction() == waybill.direction {
                        self.parcels.insert(ParcelKey::of_inventory(facts));
                    }
                }
            }
            _ => {}
        }
    }

    fn admit_inventory(
        &mut self,
        tx: &mut Tx,
        facts: &Arc<Inventory>,
        place: &Place<'_>,
    ) -> Result<Admitted, DbError> {
        let at = self.desk.inventory_at(facts.direction(), &facts.agent_code, &facts.cop_no);
        let stored = at.map(|at| {
            let declared = self.desk.declared(at);
            stored(declared.position, &declared.facts.head, false)
        });
        let verdict = decide(facts.kind(), &facts.head, stored.as_ref());
        if let (Verdict::Replace | Verdict::Withdraw, Some(at)) = (&verdict, at) {
            let Declared { id, message_id, position, quota, .. } = *self.desk.declared(at);
            // It may be on the list even when customs has answered: the answer to the sending was
            // lost, and it would be sent again as the old version.
            if !self.call_back(tx, id, message_id)? {
                return Ok(Admitted::Refused(vec![being_sent(facts.kind(), position.state)]));
            }
            if quota == Quota::Held {
                // What comes in its place asks anew; what is held is known by the old content.
                quota::follow(self, tx, &[(at, Quota::None)])?;
            }
        }
        Ok(match (verdict, at) {
            (Verdict::Refuse(finding), _) => Admitted::Refused(vec![finding]),
            (Verdict::Repeat, Some(at)) => {
                let declared = self.desk.declared(at);
                let (id, state) = (declared.id, declared.position.state);
                Admitted::Repeated { id, state, original: declared.message_id }
            }
            (Verdict::Withdraw, Some(at)) => self.withdraw_inventory(at, place),
            (Verdict::Replace, Some(at)) => self.replace_inventory(at, facts, place),
            _ => self.insert_inventory(facts, place),
        })
    }

    fn insert_inventory(&mut self, facts: &Arc<Inventory>, place: &Place<'_>) -> Admitted {
        let state = if facts.head.draft { State::Draft } else { State::Waiting };
        let id: DocumentId = self.ctx.id();
        self.parcels.insert(ParcelKey::of_inventory(facts));
        let facts = numbered(facts, "", "");
        let declared = Declared {
            id,
            message_id: place.message_id,
            index: place.position,
            position: Position::new(state),
            missing: Vec::new(),
            flagged: false,
            quota: Quota::None,
            quota_round: 0,
            taxes: None,
            decision: None,
            delivered_at: None,
            received_at: place.received_at,
            facts,
            version: 1,
            history: History::default(),
        };
        let at = self.desk.put_inventory(declared, Change::New);
        Admitted::Inventory { id, at }
    }

    fn replace_inventory(
        &mut self,
        at: usize,
        facts: &Arc<Inventory>,
        place: &Place<'_>,
    ) -> Admitted {
        let state = if facts.head.draft { State::Draft } else { State::Waiting };
        let old = &self.desk.declared(at).facts;
        self.parcels.insert(ParcelKey::of_inventory(old));
        self.parcels.insert(ParcelKey::of_inventory(facts));
        let facts = numbered(facts, &old.pre_no, &old.invt_no);
        self.desk.rewrite_inventory(at, facts);
        let declared = self.desk.declared_mut(at, Change::Content);
        declared.position = declared.position.redeclared(state);
        declared.message_id = place.message_id;
        declared.index = place.position;
        let id = declared.id;
        self.step(at, State::Draft, place.sender, "changed");
        Admitted::Inventory { id, at }
    }

    fn withdraw_inventory(&mut self, at: usize, place: &Place<'_>) -> Admitted {
        let declared = self.desk.declared_mut(at, Change::State);
        declared.position = declared.position.redeclared(State::Withdrawn);
        declared.missing.clear();
        declared.flagged = false;
        let id = declared.id;
        let parcel = ParcelKey::of_inventory(&declared.facts);
        self.parcels.insert(parcel);
        self.withdrawn.push(at);
        self.stale.push(id);
        self.step(at, State::Withdrawn, place.sender, "");
        Admitted::Inventory { id, at }
    }

    /// Takes a document that is due to be sent off the list again. `false` while it is being sent:
    /// it may have left.
    fn call_back(
        &mut self,
        tx: &mut Tx,
        id: DocumentId,
        message_id: MessageId,
    ) -> Result<bool, DbError> {
        // Accepted in this very batch: nothing is on the list yet.
        self.going.retain(|going| going.document_id != id);
        for (due, claimed) in message::dues_of(tx, message_id)? {
            let Some(n) = due.documents.iter().position(|document| *document == id) else {
                continue;
            };
            if claimed {
                return Ok(false);
            }
            let mut documents = due.documents;
            documents.remove(n);
            if documents.is_empty() {
                message::delete_dues(tx, &[due.id])?;
                continue;
            }
            let mut positions =
                due.positions.unwrap_or_else(|| (0..=documents.len() as i64).collect());
            positions.remove(n);
            message::narrow(tx, due.id, &positions, &documents)?;
        }
        Ok(true)
    }

    /// Whether a carrier may use a number again: the months of the law have passed, or the law of
    /// that day is not known and nothing speaks of it.
    fn may_be_reused(&self, old: &Paper, new: &Head) -> bool {
        let law: Option<Arc<DayLaw>> = self.reference.law(self.ctx.now.date()).ok();
        let Some(law) = law else { return false };
        let months = i32::try_from(law.waybill_reuse_months).unwrap_or(i32::MAX);
        let first = old.id.time().date();
        let free_from = first.checked_add(jiff::Span::new().months(months));
        free_from.is_ok_and(|day| self.ctx.now.date() >= day)
            && old.facts.head().content != new.content
    }

    /// Notes a step of an inventory that no receipt tells of, with the firm that brought it about
    /// and what more there is to say, if anything.
    pub(crate) fn step(&mut self, at: usize, state: State, sender: &str, text: &str) {
        let (sender, text) = (sender.to_owned(), text.to_owned());
        let step = Step { id: self.ctx.id(), state, sender, text };
        let declared = self.desk.declared_mut(at, Change::State);
        declared.history.step(declared.id, &step);
    }
}

/// Where a document accepted stands at first: what speaks of inventories waits until they have been
/// looked at.
fn entry_state(facts: &Facts) -> State {
    match facts {
        _ if facts.head().draft => State::Draft,
        Facts::Collective(_) => State::Waiting,
        _ => State::Ready,
    }
}

/// Where a document came from.
struct Place<'m> {
    message_id: MessageId,
    position: i64,
    sender: &'m str,
    signer: &'m str,
    received_at: Time,
}

/// What became of a document at the door of the database.
enum Admitted {
    Refused(Vec<Finding>),
    Repeated { id: DocumentId, state: State, original: MessageId },
    Paper { id: DocumentId, state: State },
    Inventory { id: DocumentId, at: usize },
}

fn stored(position: Position, head: &Head, used: bool) -> Stored {
    let (content, app_time_ms) = (head.content, head.app_time.to_millis());
    Stored { position, content, app_time_ms, used }
}

/// The facts with the numbers the authorities gave. Only receipts bring them: what a firm writes
/// there might be another's.
fn numbered(facts: &Arc<Inventory>, pre_no: &str, invt_no: &str) -> Arc<Inventory> {
    if facts.pre_no == pre_no && facts.invt_no == invt_no {
        return facts.clone();
    }
    let (pre_no, invt_no) = (pre_no.to_owned(), invt_no.to_owned());
    Arc::new(Inventory { pre_no, invt_no, ..Inventory::clone(facts) })
}
