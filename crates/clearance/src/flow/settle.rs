//! Looking at parcels again: match, pre-check, limits, and where each inventory stands after it.

use std::collections::{BTreeMap, BTreeSet};

use db::evidence::Record;
use db::{DbError, Tx};
use kernel::{Date, Finding, Level, Text};
use register::party::{Act, Deed, Directory};

use super::admit::{Batch, Going};
use super::desk::{Change, ParcelKey};
use super::quota;
use crate::decision::{Decision, DecisionId};
use crate::document::{Direction, DocumentId, Facts, Inventory, Kind, Order};
use crate::events;
use crate::law::DayLaw;
use crate::lifecycle::State;
use crate::matching::{Outcome, Parcel, Role, Task, compare, compare_foreign};
use crate::precheck::Concern;
use crate::precheck::goods::{Assessed, Assessment};
use crate::precheck::{self, concern};
use crate::store::finding;
use crate::store::inventory::{By, Declared, Taxes};

/// What looking at the parcels gave, to be written.
#[derive(Default)]
pub(crate) struct Settled {
    /// Findings by the document they are kept with; an empty list takes old ones away.
    pub(crate) findings: BTreeMap<DocumentId, Vec<Concern>>,
    /// Sets of rules the taxes stood on.
    pub(crate) rulings: BTreeMap<i64, String>,
    /// Inventories held back now that were not before.
    pub(crate) held: Vec<usize>,
    /// Inventories ready to go.
    pub(crate) ready: Vec<usize>,
    /// What was decided, for the evidence log.
    pub(crate) decisions: Vec<Record>,
}

/// One inventory looked at.
pub(super) struct Looked {
    pub(super) at: usize,
    pub(super) missing: Vec<Kind>,
    pub(super) concerns: Vec<Concern>,
    pub(super) assessed: Option<Assessed>,
}

impl Looked {
    fn is_clear(&self) -> bool {
        self.missing.is_empty() && !self.concerns.iter().any(|c| c.finding.is_error())
    }
}

impl Batch<'_> {
    /// Looks at every parcel touched.
    pub(crate) fn settle(&mut self, tx: &mut Tx) -> Result<Settled, DbError> {
        let parcels = std::mem::take(&mut self.parcels);
        let mut settled = Settled::default();
        let mut looked = Vec::new();
        let mut orders = BTreeSet::new();
        for parcel in &parcels {
            let order = self.desk.order_of(parcel);
            let inventories = self.desk.inventories_of(parcel);
            let live = inventories.iter().any(|at| {
                let state = self.desk.declared(*at).position.state;
                state != State::Withdrawn && !state.is_terminal()
            });
            if let Some(order) = order {
                orders.insert(self.desk.paper(order).id);
                if !live && parcel.direction == Direction::Import {
                    self.look_at_order(parcel, order, &mut settled);
                }
            }
            let open = inventories.iter().filter(|at| {
                let state = self.desk.declared(**at).position.state;
                matches!(state, State::Waiting | State::Held)
            });
            looked.extend(open.map(|at| self.look(parcel, *at)));
        }
        quota::release(self, tx)?;
        self.ask_for_room(tx, &mut looked)?;
        for one in looked {
            self.place(one, &mut settled);
        }
        // What an order's parcel differed in before its inventory came is now said of the latter.
        let orders: Vec<DocumentId> = orders.into_iter().collect();
        for id in finding::flagged(tx, &orders)? {
            settled.findings.entry(id).or_default();
        }
        Ok(settled)
    }

    /// A parcel without an inventory: differences are kept with the order.
    fn look_at_order(&self, parcel: &ParcelKey, order: usize, settled: &mut Settled) {
        let payment = self.desk.payment_of(parcel);
        let waybill = self.desk.linked(Kind::Waybill, &parcel.order_no).next();
        let Ok(law) = self.reference.law(self.ctx.now.date()) else { return };
        let outcome = self.compare(Some(order), payment, waybill, None, &law);
        let concerns: Vec<Concern> = of_mismatches(&outcome).collect();
        if !concerns.is_empty() {
            settled.findings.insert(self.desk.paper(order).id, concerns);
        }
    }

    fn compare(
        &self,
        order: Option<usize>,
        payment: Option<usize>,
        waybill: Option<usize>,
        inventory: Option<&Inventory>,
        law: &DayLaw,
    ) -> Outcome {
        let facts = |at: Option<usize>| at.map(|at| &*self.desk.paper(at).facts);
        let parcel = Parcel {
            order: match facts(order) {
                Some(Facts::Order(order)) => Some(order),
                _ => None,
            },
            payment: match facts(payment) {
                Some(Facts::Payment(payment)) => Some(payment),
                _ => None,
            },
            waybill: match facts(waybill) {
                Some(Facts::Waybill(waybill)) => Some(waybill),
                _ => None,
            },
            inventory,
        };
        let mode = inventory.and_then(|inventory| law.mode(&inventory.trade_mode));
        let needed = mode.map_or(&[][..], |mode| &mode.documents);
        let foreign = match (parcel.order, inventory) {
            (Some(order), Some(inventory)) => self.is_foreign(order, inventory),
            _ => false,
        };
        let compare = if foreign { compare_foreign } else { compare };
        compare(&parcel, needed, &law.ruleset)
    }

    /// Whether the order is of a seller the declarant does not act for: what stands in it is not
    /// for the declarant to read, not even as a difference.
    pub(super) fn is_foreign(&self, order: &Order, inventory: &Inventory) -> bool {
        if order.ebc_code == inventory.ebc_code {
            return false;
        }
        let directory = self.reference.directory.current();
        if is_same_firm(&directory, &order.ebc_code, &inventory.ebc_code) {
            return false;
        }
        let (mode, district) = (inventory.trade_mode.as_str(), inventory.customs_code.as_str());
        let deed = Deed::new(Act::Inventory, Some(mode), Some(district), self.ctx.now);
        directory.may_act_for(&inventory.agent_code, &order.ebc_code, &deed).is_err()
    }

    fn look(&self, parcel: &ParcelKey, at: usize) -> Looked {
        let declared = self.desk.declared(at);
        let inventory = &*declared.facts;
        if parcel.direction == Direction::Export {
            return self.look_at_export(parcel, at);
        }
        let only =
            |concern| Looked { at, missing: Vec::new(), concerns: vec![concern], assessed: None };
        if let Some(concern) = precheck::declared_on(inventory, self.ctx.now.date()) {
            return only(concern);
        }
        let day = day_of(declared);
        let law = match self.reference.law(day) {
            Ok(law) => law,
            Err(unknown) => {
                let finding = unknown.to_finding().at("declTime");
                return only(concern(inventory, Role::Declarant, finding));
            }
        };
        let order = self.desk.order_of(parcel);
        let payment = self.desk.payment_of(parcel);
        let waybill = self.desk.waybill_of(inventory);
        let outcome = self.compare(order, payment, waybill, Some(inventory), &law);
        let missing: Vec<Kind> = outcome.missing().iter().map(|missing| missing.kind).collect();
        let mut concerns: Vec<Concern> = of_mismatches(&outcome).collect();
        concerns.extend(precheck::mode::check(inventory, &law));
        let directory = self.reference.directory.current();
        concerns.extend(precheck::firms::check(inventory, &directory, &law, self.ctx.now));
        concerns.extend(self.taken(parcel, at, waybill));
        let mut assessed = None;
        if missing.is_empty() {
            let Assessment { assessed: found, concerns: more, .. } =
                self.assessment(declared, &law);
            concerns.extend(more);
            if let (Some(assessed), Some(Facts::Order(order))) =
                (&found, order.map(|at| &*self.desk.paper(at).facts))
                && !self.is_foreign(order, inventory)
            {
                concerns.extend(precheck::goods::withheld(inventory, order, assessed, &law));
            }
            assessed = found;
        }
        Looked { at, missing, concerns, assessed }
    }

    /// What an inventory comes to: as reckoned when it was checked, if by the law of this day.
    fn assessment(&self, declared: &Declared, law: &DayLaw) -> Assessment {
        match self.assessments.get(&declared.id).filter(|known| known.on == law.on) {
            Some(known) => Assessment::clone(known),
            None => precheck::goods::assess(&declared.facts, law, self.reference),
        }
    }

    /// Another inventory that took the order or the waybill first.
    pub(super) fn taken(
        &self,
        parcel: &ParcelKey,
        at: usize,
        waybill: Option<usize>,
    ) -> Vec<Concern> {
        let declared = self.desk.declared(at);
        let inventory = &*declared.facts;
        let mut concerns = Vec::new();
        let first = |other: usize| {
            let theirs = self.desk.declared(other);
            let state = theirs.position.state;
            let goes = state == State::Ready || state.is_declared();
            let waits = matches!(state, State::Waiting | State::Held);
            other != at && (goes || waits && theirs.id < declared.id)
        };
        if let Some(other) = self.desk.inventories_of(parcel).into_iter().find(|at| first(*at)) {
            let theirs = &self.desk.declared(other).facts;
            let finding = used(Kind::Order, &inventory.order_no, inventory, theirs).at("orderNo");
            concerns.push(concern(inventory, Role::Declarant, finding));
        }
        let reused = waybill.map(|at| self.desk.paper(at)).filter(|paper| paper.turn > 0);
        let mut same = self.desk.numbered(By::Waybill, &inventory.logistics_no);
        let other = same.find(|other| {
            let theirs = self.desk.declared(*other);
            let before = reused.is_some_and(|paper| theirs.id < paper.id);
            theirs.facts.logistics_code == inventory.logistics_code
                && theirs.facts.direction() == parcel.direction
                && (theirs.facts.order_no != parcel.order_no || theirs.facts.shop() != parcel.shop)
                && first(*other)
                && !before
        });
        if let Some(other) = other {
            let theirs = &self.desk.declared(other).facts;
            let number = &inventory.logistics_no;
            let finding = used(Kind::Waybill, number, inventory, theirs).at("logisticsNo");
            concerns.push(concern(inventory, Role::Declarant, finding));
        }
        concerns
    }

    /// Holds room under the limits for every inventory nothing else stands in the way of.
    fn ask_for_room(&mut self, tx: &mut Tx, looked: &mut [Looked]) -> Result<(), DbError> {
        let mut wanted = Vec::new();
        for one in looked.iter().filter(|one| one.is_clear()) {
            if let Some(assessed) = &one.assessed {
                wanted.push((one.at, assessed.clone()));
            }
        }
        let refused = quota::hold(self, tx, &wanted)?;
        for one in looked {
            if let Some(concerns) = refused.get(&one.at) {
                one.concerns.extend(concerns.iter().cloned());
            }
        }
        Ok(())
    }

    fn place(&mut self, one: Looked, settled: &mut Settled) {
        let clear = one.is_clear();
        let state = match (clear, one.missing.is_empty()) {
            (true, _) => State::Ready,
            (false, true) => State::Held,
            (false, false) => State::Waiting,
        };
        let before = self.desk.declared(one.at).position.state;
        let was_flagged = self.desk.declared(one.at).flagged;
        let flagged = !one.concerns.is_empty();
        let taxes = one.assessed.as_ref().map(|assessed| taxes(assessed, settled));
        let change = self.desk.inventories[one.at].change;
        let unread = matches!(change, Change::New | Change::Content);
        let same = state == before
            && flagged == was_flagged
            && self.desk.declared(one.at).missing == one.missing
            && !flagged;
        if !same || unread {
            let (decision, record) = self.decided(&one, state, taxes);
            settled.decisions.push(record);
            let declared = self.desk.declared_mut(one.at, Change::State);
            declared.decision = Some(decision);
            declared.position.state = state;
            declared.missing = one.missing;
            declared.flagged = flagged;
            if taxes.is_some() {
                declared.taxes = taxes;
            }
        }
        let declared = self.desk.declared(one.at);
        let (id, message_id, position) = (declared.id, declared.message_id, declared.index);
        if flagged || was_flagged {
            settled.findings.insert(id, one.concerns);
        }
        match state {
            State::Ready => {
                let kind = self.desk.declared(one.at).facts.kind();
                self.going.push(Going { kind, message_id, position, document_id: id });
                settled.ready.push(one.at);
            }
            State::Held if before != State::Held => settled.held.push(one.at),
            State::Waiting if flagged && !was_flagged => settled.held.push(one.at),
            _ => {}
        }
        if self.is_worth_a_step(one.at, before, state) {
            self.step(one.at, state, "", "");
        }
    }

    /// What was decided about an inventory, for the evidence log.
    fn decided(&self, one: &Looked, state: State, taxes: Option<Taxes>) -> (DecisionId, Record) {
        let declared = self.desk.declared(one.at);
        let decision = Decision {
            id: self.ctx.id(),
            at: self.ctx.now,
            inventory: declared.id,
            message: declared.message_id,
            position: declared.index,
            state,
            missing: &one.missing,
            codes: &events::codes(one.concerns.iter()),
            day: day_of(declared),
            taxes,
            rulings: one.assessed.as_ref().map_or("", |assessed| assessed.rules.as_str()),
            previous: declared.decision,
        };
        (decision.id, decision.record())
    }

    /// A new inventory that goes at once needs no step of its own: that it came in says it.
    fn is_worth_a_step(&self, at: usize, before: State, state: State) -> bool {
        let new = self.desk.inventories[at].change == Change::New;
        state != before && !(new && state == State::Ready)
    }
}

/// The day whose law an inventory is judged by.
pub(super) fn day_of(declared: &Declared) -> Date {
    declared.facts.declared_on.unwrap_or_else(|| declared.received_at.date())
}

fn taxes(assessed: &Assessed, settled: &mut Settled) -> Taxes {
    let ruling = ruling_id(&assessed.rules);
    settled.rulings.entry(ruling).or_insert_with(|| assessed.rules.clone());
    Taxes {
        amount: assessed.amount,
        duty: assessed.duty,
        consumption_tax: assessed.consumption_tax,
        vat: assessed.vat,
        total: assessed.total,
        ruling,
    }
}

/// A number for a set of rules: the same set, the same number (FNV-1a, 63 bits).
fn ruling_id(rules: &str) -> i64 {
    let hash = rules.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 1).cast_signed()
}

pub(super) fn of_mismatches(outcome: &Outcome) -> impl Iterator<Item = Concern> + '_ {
    outcome
        .mismatches()
        .iter()
        .map(|mismatch| Concern { finding: mismatch.finding(), task: mismatch.task.clone() })
}

/// The documents an inventory waits for, as findings for its answer.
pub(crate) fn missing_findings(missing: &[Kind], inventory: &Inventory) -> Vec<Finding> {
    missing
        .iter()
        .map(|kind| {
            let number = match kind {
                Kind::Waybill | Kind::ExportWaybill => &inventory.logistics_no,
                _ => &inventory.order_no,
            };
            Finding {
                level: Level::Warning,
                ..Finding::error(
                    "match.missing",
                    Text::new(
                        format!("{}尚未到达", kind.zh()),
                        format!("the {} has not arrived", kind.en()),
                    ),
                    Text::new(
                        format!("到达后自动比对并申报；由{}报送", sender_of(*kind).zh()),
                        format!(
                            "matched and declared by itself once the {} sends it",
                            sender_of(*kind).en()
                        ),
                    ),
                )
            }
            .at(kind.word())
            .found("", number.as_str())
        })
        .collect()
}

/// Who sends a document of this kind.
pub(crate) const fn sender_of(kind: Kind) -> Role {
    match kind {
        Kind::Order => Role::Platform,
        Kind::Payment => Role::Payment,
        Kind::ExportOrder | Kind::FundsReceipt => Role::Ebc,
        Kind::Waybill | Kind::WaybillStatus | Kind::ExportWaybill | Kind::Departure => {
            Role::Logistics
        }
        Kind::Warehousing | Kind::Arrival => Role::Site,
        Kind::Inventory
        | Kind::CancelApplication
        | Kind::ExportInventory
        | Kind::ExportCancel
        | Kind::Consolidation
        | Kind::SummaryApplication => Role::Declarant,
    }
}

/// Who a missing document is waited for from.
pub(crate) fn task_of(kind: Kind, inventory: &Inventory) -> Task {
    let role = sender_of(kind);
    let party = match kind {
        Kind::Order => inventory.ebp_code.clone(),
        Kind::ExportOrder | Kind::FundsReceipt => inventory.ebc_code.clone(),
        Kind::Waybill | Kind::ExportWaybill => inventory.logistics_code.clone(),
        _ => String::new(),
    };
    Task { party, role }
}

fn is_same_firm(directory: &Directory, one: &str, other: &str) -> bool {
    directory.by_code(one).is_some_and(|firm| firm.has_code(other))
}

/// The own number of the other inventory is its declarant's: nobody else is told it.
fn used(kind: Kind, number: &str, ours: &Inventory, theirs: &Inventory) -> Finding {
    let (code, zh, en) = match kind {
        Kind::Order => ("precheck.order_used", "订单", "order"),
        _ => ("precheck.waybill_used", "运单", "waybill"),
    };
    let own = ours.agent_code == theirs.agent_code;
    let cop_no = if own { theirs.cop_no.as_str() } else { "" };
    let remedy = match cop_no {
        "" => Text::new(
            "核对本清单的编号；该清单由其他企业申报，请与其核实",
            "check the number in this one; the other inventory is another firm's: ask it",
        ),
        cop_no => Text::new(
            format!("先撤销清单 {cop_no}，或改正本清单的编号"),
            format!("cancel inventory {cop_no} first, or correct the number in this one"),
        ),
    };
    Finding::error(
        code,
        Text::new(
            format!("{zh}已被另一份清单使用"),
            format!("another inventory has the {en} already"),
        ),
        remedy,
    )
    .found(number, "")
}
