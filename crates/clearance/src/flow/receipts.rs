//! Receipts in: found by business key, applied in any order, kept whatever they say.

use std::collections::HashMap;
use std::sync::Arc;

use db::{Ctx, DbError, Event, Tx};
use kernel::{Finding, Time};
use web::notices::Notice;

use super::admit::Batch;
use super::desk::{Change, Desk, Wants, counts};
use super::quota;
use crate::document::read::Veil;
use crate::document::{Direction, DocumentId, Facts, Inventory, Key, Kind, guid};
use crate::events;
use crate::intake::checked::{inventory_key, paper_key};
use crate::lifecycle::state::{CANCELLED, CONCLUDED, Kept};
use crate::lifecycle::{Advance, State};
use crate::receipt::{Arrived, Effect, Letter, Names, ReceiptId, Subject, SummaryResult};
use crate::reference::Reference;
use crate::store::inventory::{self, By, Quota};
use crate::store::receipt::{self, New, Sheet};
use crate::store::{finding, message, paper};

/// What taking receipts in came to.
#[derive(Debug, Default)]
pub struct Taken {
    /// Receipts taken in.
    pub receipts: usize,
    /// Those that moved their document.
    pub moved: usize,
    /// Those whose document is not here.
    pub orphans: usize,
    /// Those that could not be read, and everything else wrong with the letters.
    pub findings: Vec<Finding>,
    /// What was worked on. It is much to free, and whoever drops this has ended the transaction.
    _desk: Desk,
}

/// Takes letters of receipts in, in one transaction. Nothing is refused: what is nobody's waits for
/// its document, what cannot be read is kept and reported.
///
/// # Errors
/// When the database fails.
pub fn take_receipts(
    tx: &mut Tx,
    ctx: &Ctx,
    reference: &Reference,
    letters: &[Letter],
) -> Result<Taken, DbError> {
    let mut batch = Batch::new(ctx, reference);
    let mut taken = Taken::default();
    batch.load_for(tx, letters.iter().flat_map(|letter| &letter.arrived))?;
    let mut news = News::default();
    let mut sheets: Vec<Sheet<'_>> = Vec::with_capacity(letters.len());
    for letter in letters {
        tx.archive_packed(&letter.original)?;
        let Some(original_id) = letter.original.first().map(db::Packed::id) else { continue };
        taken.findings.extend(letter.findings.iter().filter(|f| f.is_error()).cloned());
        let mut receipts = Vec::with_capacity(letter.arrived.len());
        for arrived in &letter.arrived {
            for (target, effect) in batch.receive(tx, arrived, &mut news)? {
                taken.receipts += 1;
                taken.moved += usize::from(effect == Effect::Moved);
                taken.orphans += usize::from(effect == Effect::Orphan);
                let id: ReceiptId = ctx.id();
                let document_id = target.map(|target| batch.keep(target, id));
                receipts.push(New { id, arrived, document_id, effect });
            }
        }
        sheets.push(Sheet { original_id, receipts });
    }
    batch.follow(tx, &mut news)?;
    batch.follow_exports(tx, &mut news)?;
    batch.note_arrivals(tx, &news)?;
    batch.save_documents(tx)?;
    receipt::insert(tx, &sheets)?;
    batch.tell(tx, news)?;
    std::mem::take(&mut batch.again).look(tx, ctx, reference)?;
    taken._desk = batch.desk;
    Ok(taken)
}

/// Gives receipts that came before their documents to the documents of this batch.
pub(super) fn adopt(batch: &mut Batch<'_>, tx: &mut Tx) -> Result<(), DbError> {
    if !receipt::has_orphans(tx)? {
        return Ok(());
    }
    let mut numbers: Vec<String> = Vec::new();
    for entry in batch.desk.papers.iter().filter(|entry| entry.change == Change::New) {
        numbers.push(entry.value.facts.key().number);
        numbers.extend(entry.value.facts.columns().link_no.map(str::to_owned));
        numbers.push(entry.value.facts.head().guid.clone());
    }
    for entry in batch.desk.inventories.iter().filter(|entry| entry.change == Change::New) {
        let facts = &entry.value.facts;
        numbers.extend([facts.cop_no.clone(), facts.invt_no.clone(), facts.head.guid.clone()]);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let orphans = receipt::orphans(tx, numbers.iter().map(String::as_str))?;
    let mut adopted = Vec::new();
    let mut news = News::default();
    for orphan in &orphans {
        for (target, effect) in batch.receive(tx, &orphan.arrived, &mut news)? {
            if let Some(target) = target {
                adopted.push((orphan.id, batch.keep(target, orphan.id), effect));
            }
        }
    }
    batch.follow(tx, &mut news)?;
    batch.follow_exports(tx, &mut news)?;
    receipt::adopt(tx, &adopted)?;
    tx.emit_many(batch.ctx, news.events)?;
    events::post(tx, batch.ctx, batch.reference, news.notices)
}

/// What receipts brought about, to be followed up and told.
#[derive(Default)]
pub(super) struct News {
    pub(super) events: Vec<Event>,
    notices: Vec<Notice>,
    /// Inventories whose state changed: where they lie and where they stood.
    pub(super) moved: Vec<(usize, State)>,
    /// Collective documents whose state changed, likewise.
    pub(super) collectives: Vec<(usize, State)>,
    /// What summaries became.
    pub(super) results: Vec<Arc<SummaryResult>>,
}

/// A document a receipt is about.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Paper(usize),
    Inventory(usize),
}

impl Batch<'_> {
    fn load_for<'a>(
        &mut self,
        tx: &mut Tx,
        all: impl Iterator<Item = &'a Arrived>,
    ) -> Result<(), DbError> {
        let mut wants = Wants::default();
        let mut guids = Vec::new();
        let mut cancels = Vec::new();
        for Arrived { subject, names, .. } in all {
            match subject {
                Some(Subject::Document(kind)) if kind.is_inventory() => {
                    wants.number(By::Own, &names.number);
                    // With both, nothing else is asked: see `inventory_named`.
                    if names.number.is_empty() || names.issuer.is_empty() {
                        wants.number(By::Inventory, &names.invt_no);
                    }
                    if names.number.is_empty() && names.invt_no.is_empty() {
                        guids.extend(guid::parse(&names.guid));
                    }
                }
                Some(Subject::Document(kind)) if kind.is_cancel() => {
                    wants.number(By::Inventory, &names.invt_no);
                    wants.key(*kind, &names.issuer, &names.invt_no);
                    cancels.push((names.number.clone(), *kind));
                }
                Some(Subject::Document(kind)) => {
                    wants.key(*kind, &names.issuer, &names.number);
                    if *kind == Kind::FundsReceipt {
                        wants.link(*kind, &names.number);
                    }
                }
                Some(Subject::TaxBill) => wants.number(By::Inventory, &names.invt_no),
                Some(Subject::SummaryResult | Subject::Message) | None => {}
            }
        }
        self.desk.load_plain(tx, &wants)?;
        for declared in inventory::by_guids(tx, &guids)? {
            self.desk.put_inventory(declared, Change::None);
        }
        let links = cancels.iter().filter(|(no, _)| !no.is_empty());
        let links = links.map(|(no, kind)| (no.as_str(), *kind));
        let mut invt_nos = Wants::default();
        for found in paper::by_links(tx, links)? {
            if let Facts::CancelApplication(cancel) = &*found.facts {
                invt_nos.number(By::Inventory, &cancel.invt_no);
            }
            self.desk.put_paper(found, Change::None);
        }
        self.desk.load_plain(tx, &invt_nos)
    }

    /// Applies one receipt; gives each document it was kept with, and what it did there.
    fn receive(
        &mut self,
        tx: &mut Tx,
        arrived: &Arrived,
        news: &mut News,
    ) -> Result<Vec<(Option<Target>, Effect)>, DbError> {
        let Some(subject) = arrived.subject else { return Ok(vec![(None, Effect::Malformed)]) };
        if subject == Subject::Message {
            return self.receive_for_message(tx, arrived, news);
        }
        if let Some(result) = &arrived.summary {
            news.results.push(result.clone());
            return Ok(vec![(self.application_of(tx, result)?, Effect::Informs)]);
        }
        let Some(target) = self.target(subject, &arrived.names) else {
            return Ok(vec![(None, Effect::Orphan)]);
        };
        let effect = match (subject, arrived.status) {
            (Subject::TaxBill, _) => Effect::Informs,
            (_, None) => Effect::Malformed,
            (_, Some(status)) => self.apply(target, arrived, status, news),
        };
        Ok(vec![(Some(target), effect)])
    }

    /// Notes a receipt in the history of its document; gives the document's id.
    fn keep(&mut self, target: Target, receipt: ReceiptId) -> DocumentId {
        match target {
            Target::Paper(at) => {
                let paper = self.desk.paper_mut(at, Change::State);
                paper.history.receipt(paper.id, receipt);
                paper.id
            }
            Target::Inventory(at) => {
                let declared = self.desk.declared_mut(at, Change::State);
                declared.history.receipt(declared.id, receipt);
                declared.id
            }
        }
    }

    fn state_of(&self, target: Target) -> State {
        match target {
            Target::Paper(at) => self.desk.paper(at).position.state,
            Target::Inventory(at) => self.desk.declared(at).position.state,
        }
    }

    /// A format error is about every document of its message that is still on its way.
    fn receive_for_message(
        &mut self,
        tx: &mut Tx,
        arrived: &Arrived,
        news: &mut News,
    ) -> Result<Vec<(Option<Target>, Effect)>, DbError> {
        let sealer = tx.sealer().clone();
        let hash = |purpose: &'static str, text: &str| sealer.keyed_hash(purpose, text);
        let veil = Veil(&hash);
        let found = message::by_guid(tx, &veil.guid(&arrived.names.guid))?;
        let message = match found.into_iter().next() {
            Some(message) => Some(message),
            None => self.message_of_part(tx, &arrived.names.guid)?,
        };
        let Some(message) = message else { return Ok(vec![(None, Effect::Orphan)]) };
        let (targets, status) = (self.documents_of(tx, &message, &veil)?, arrived.status);
        let mut out = Vec::with_capacity(targets.len());
        for target in targets {
            let effect = status
                .map_or(Effect::Malformed, |status| self.apply(target, arrived, status, news));
            out.push((Some(target), effect));
        }
        if out.is_empty() {
            out.push((None, Effect::Informs));
        }
        Ok(out)
    }

    /// The documents a stored message brought, read again from its original.
    fn documents_of(
        &mut self,
        tx: &mut Tx,
        stored: &message::Stored,
        veil: &Veil<'_>,
    ) -> Result<Vec<Target>, DbError> {
        let opened = tx.original(db::OriginalId::from_i64(stored.original_id))?;
        let Some(opened) = opened else { return Ok(Vec::new()) };
        let reading = ceb::read(opened.bytes.expose(), &ceb::ReadOptions::lenient());
        let Some(read) = reading.message else { return Ok(Vec::new()) };
        let mut wants = Wants::default();
        let mut keys = Vec::new();
        for document in &read.documents {
            match crate::document::read::facts(stored.kind, document, veil) {
                Some(facts) => {
                    let key = facts.key();
                    wants.key(key.kind, &key.issuer, &key.number);
                    keys.push(Err(key));
                }
                None => {
                    let facts: Inventory =
                        crate::document::read::inventory(stored.kind, document, veil);
                    wants.number(By::Own, &facts.cop_no);
                    keys.push(Ok((facts.direction(), facts.agent_code, facts.cop_no)));
                }
            }
        }
        self.desk.load_plain(tx, &wants)?;
        let targets = keys.into_iter().filter_map(|key| match key {
            Err(key) => self.desk.paper_at(&key).map(Target::Paper),
            Ok((direction, agent, cop_no)) => {
                self.desk.inventory_at(direction, &agent, &cop_no).map(Target::Inventory)
            }
        });
        let on_its_way = |target: &Target| {
            let here = [State::Draft, State::Waiting, State::Held];
            self.is_of(*target, stored.id) && !here.contains(&self.state_of(*target))
        };
        Ok(targets.filter(on_its_way).collect())
    }

    /// The message a part of which was sent under the guid of its first document.
    fn message_of_part(
        &mut self,
        tx: &mut Tx,
        guid: &str,
    ) -> Result<Option<message::Stored>, DbError> {
        let guids: Vec<[u8; 16]> = guid::parse(guid).into_iter().collect();
        let Some(first) = inventory::by_guids(tx, &guids)?.into_iter().next() else {
            return Ok(None);
        };
        Ok(message::by_ids(tx, &[first.message_id])?.into_iter().next())
    }

    fn is_of(&self, target: Target, message: crate::document::MessageId) -> bool {
        match target {
            Target::Paper(at) => self.desk.paper(at).message_id == message,
            Target::Inventory(at) => self.desk.declared(at).message_id == message,
        }
    }

    fn target(&self, subject: Subject, names: &Names) -> Option<Target> {
        match subject {
            Subject::Document(kind) if kind.is_inventory() => {
                self.inventory_named(kind.direction(), names).map(Target::Inventory)
            }
            Subject::TaxBill => {
                self.desk.numbered(By::Inventory, &names.invt_no).next().map(Target::Inventory)
            }
            Subject::Document(kind) if kind.is_cancel() => {
                self.cancel_named(kind, names).map(Target::Paper)
            }
            Subject::Document(kind) => {
                let (issuer, number) = (names.issuer.clone(), names.number.clone());
                let found = self.desk.paper_at(&Key { kind, issuer, number });
                found.or_else(|| self.funds_named(kind, names)).map(Target::Paper)
            }
            Subject::SummaryResult | Subject::Message => None,
        }
    }

    /// By the declarant's number; without a declarant only when nobody else uses the number; then
    /// by customs' number, and last by guid.
    fn inventory_named(&self, direction: Direction, names: &Names) -> Option<usize> {
        let fits = |at: &usize| self.desk.declared(*at).facts.direction() == direction;
        if !names.number.is_empty() {
            if !names.issuer.is_empty() {
                return self.desk.inventory_at(direction, &names.issuer, &names.number);
            }
            let mut all = self.desk.numbered(By::Own, &names.number).filter(fits);
            let first = all.next();
            if first.is_some() && all.next().is_none() {
                return first;
            }
        }
        if !names.invt_no.is_empty() {
            let found = self.desk.numbered(By::Inventory, &names.invt_no).find(fits);
            if found.is_some() {
                return found;
            }
        }
        let wanted = guid::parse(&names.guid)?;
        self.desk
            .inventories
            .iter()
            .position(|entry| guid::parse(&entry.value.facts.head.guid) == Some(wanted))
    }

    fn cancel_named(&self, kind: Kind, names: &Names) -> Option<usize> {
        let mut all = self.desk.papers.iter().enumerate().filter_map(|(at, entry)| {
            match &*entry.value.facts {
                Facts::CancelApplication(cancel) if cancel.kind() == kind => Some((at, cancel)),
                _ => None,
            }
        });
        let fits = |own: &str, named: &str| named.is_empty() || own == named;
        all.find(|(_, cancel)| {
            let by_number = !names.invt_no.is_empty() && cancel.invt_no == names.invt_no;
            let by_own = names.invt_no.is_empty() && cancel.cop_no == names.number;
            (by_number || by_own) && fits(&cancel.agent_code, &names.issuer)
        })
        .map(|(at, _)| at)
    }

    fn apply(&mut self, target: Target, arrived: &Arrived, status: i64, news: &mut News) -> Effect {
        // Without a time of its own to be known by, a repeat is known by what it says.
        if arrived.ahead && self.state_of(target) == State::Customs(status) {
            return Effect::Kept(Kept::Repeated);
        }
        match target {
            Target::Paper(at) => self.apply_to_paper(at, arrived, status, news),
            Target::Inventory(at) => {
                let effect = self.apply_to_inventory(at, status, arrived.at, news);
                self.name_inventory(at, &arrived.names);
                self.tell_of_inventory(at, arrived, effect, news);
                effect
            }
        }
    }

    fn apply_to_paper(
        &mut self,
        at: usize,
        arrived: &Arrived,
        status: i64,
        news: &mut News,
    ) -> Effect {
        let before = self.desk.paper(at).position;
        let position = match before.advance(status, arrived.at) {
            Advance::Kept(why) => return Effect::Kept(why),
            Advance::Moved(position) => position,
        };
        if counts(before.state) != counts(position.state) {
            let facts = self.desk.paper(at).facts.clone();
            self.again.counted(&facts);
        }
        let paper = self.desk.paper_mut(at, Change::State);
        paper.position = position;
        let (id, kind, facts) = (paper.id, paper.kind(), paper.facts.clone());
        let state = position.state;
        let concluded = state == CONCLUDED && kind.is_cancel();
        if state.may_be_redeclared() || concluded {
            news.events.push(events::document_ended(id, kind, position));
            let parties = self.desk.paper(at).parties();
            let parties = if concluded { parties } else { parties.into_iter().take(1).collect() };
            let key = paper_key(&facts);
            let told = events::Told { id, kind, key, state, arrived, parties };
            news.notices.extend(events::receipt_notices(told, self.reference));
        }
        if kind.is_collective() {
            news.collectives.push((at, before.state));
        }
        if let (true, Facts::CancelApplication(cancel)) = (concluded, &*facts) {
            let cancelled = self.desk.numbered(By::Inventory, &cancel.invt_no).next();
            if let Some(at) = cancelled {
                let effect = self.apply_to_inventory(at, CANCELLED.code(), arrived.at, news);
                if effect == Effect::Moved {
                    self.step(at, CANCELLED, "", "cancel_application");
                }
            }
        }
        Effect::Moved
    }

    fn apply_to_inventory(
        &mut self,
        at: usize,
        status: i64,
        time: Option<Time>,
        news: &mut News,
    ) -> Effect {
        let before = self.desk.declared(at).position;
        let position = match before.advance(status, time) {
            Advance::Kept(why) => return Effect::Kept(why),
            Advance::Moved(position) => position,
        };
        let declared = self.desk.declared_mut(at, Change::State);
        declared.position = position;
        declared.missing.clear();
        if std::mem::take(&mut declared.flagged) {
            // Customs has it: what held it back here is no longer to the point.
            let id = declared.id;
            self.stale.push(id);
        }
        news.moved.push((at, before.state));
        news.events.push(events::moved(self.desk.declared(at), before.state, status, time));
        Effect::Moved
    }

    /// Keeps the numbers the authorities gave.
    fn name_inventory(&mut self, at: usize, names: &Names) {
        let facts = &self.desk.declared(at).facts;
        let new_pre = !names.pre_no.is_empty() && facts.pre_no != names.pre_no;
        let new_invt = !names.invt_no.is_empty() && facts.invt_no != names.invt_no;
        if !new_pre && !new_invt {
            return;
        }
        self.desk.rename_inventory(at, &names.pre_no, &names.invt_no);
    }

    /// Firms hear of what customs says, not of every step of the transport.
    fn tell_of_inventory(&self, at: usize, arrived: &Arrived, effect: Effect, news: &mut News) {
        let transport = matches!(arrived.status, Some(1..=3));
        let unknown = effect == Effect::Kept(Kept::Unknown);
        if transport || !(effect == Effect::Moved || unknown) {
            return;
        }
        let declared = self.desk.declared(at);
        let mut parties = declared.parties();
        parties.truncate(2);
        let told = events::Told {
            id: declared.id,
            kind: declared.facts.kind(),
            key: inventory_key(&declared.facts),
            state: declared.position.state,
            arrived,
            parties,
        };
        news.notices.extend(events::receipt_notices(told, self.reference));
    }

    /// What follows from inventories having moved: what they held is used or comes back.
    fn follow(&mut self, tx: &mut Tx, news: &mut News) -> Result<(), DbError> {
        let mut last: HashMap<usize, State> = HashMap::new();
        for (at, _) in &news.moved {
            last.insert(*at, self.desk.declared(*at).position.state);
        }
        let mut moves: Vec<(usize, Quota)> = Vec::new();
        let mut accepted = Vec::new();
        for (at, state) in last {
            let quota = self.desk.declared(at).quota;
            if !state.uses_quota() {
                moves.push((at, Quota::None));
            } else if quota == Quota::None {
                accepted.push(at);
            }
            if state.is_released() {
                moves.push((at, Quota::Used));
            }
        }
        moves.sort_by_key(|(at, _)| *at);
        accepted.sort_unstable();
        quota::follow_customs(self, tx, &accepted)?;
        quota::follow(self, tx, &moves)
    }

    /// Direct mail that was released although the site has not told of its arrival: customs has
    /// decided, and the timeline says what is still owed.
    fn note_arrivals(&mut self, tx: &mut Tx, news: &News) -> Result<(), DbError> {
        for (at, from) in &news.moved {
            let declared = self.desk.declared(*at);
            let state = declared.position.state;
            if !state.is_released() || from.is_released() || declared.facts.export.is_some() {
                continue;
            }
            let facts = declared.facts.clone();
            let day = facts.declared_on.unwrap_or_else(|| declared.received_at.date());
            let law = self.reference.law(day).ok();
            let needed =
                law.and_then(|law| law.mode(&facts.trade_mode).map(|m| m.arrival_required));
            if needed != Some(true) {
                continue;
            }
            if paper::arrival(tx, &facts.logistics_no, &facts.logistics_code)?.is_none() {
                self.step(*at, state, "", "released_without_arrival");
            }
        }
        Ok(())
    }

    fn tell(&mut self, tx: &mut Tx, news: News) -> Result<(), DbError> {
        finding::clear(tx, &std::mem::take(&mut self.stale))?;
        tx.emit_many(self.ctx, news.events)?;
        events::post(tx, self.ctx, self.reference, news.notices)
    }
}
