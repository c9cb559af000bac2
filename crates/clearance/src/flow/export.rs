//! Looking at an export inventory: match, firms, list or form.

use db::{DbError, Tx};
use kernel::{Finding, Text, Time};
use register::party::{Act, Deed, Directory, Role as PartyRole, Roles};

use super::admit::Batch;
use super::desk::{Change, ParcelKey};
use super::receipts::{News, Target};
use super::settle::{Looked, day_of, of_mismatches};
use crate::document::export::NO_PLATFORM;
use crate::document::{Facts, Inventory, Kind, Order, Waybill};
use crate::events;
use crate::export::compare::{ExportParcel, compare, compare_foreign};
use crate::export::{ExportLaw, form};
use crate::lifecycle::State;
use crate::lifecycle::state::CLOSED;
use crate::matching::Role;
use crate::precheck::{Concern, concern};
use crate::receipt::{Names, SummaryResult};
use crate::store::{paper, summary};

impl Batch<'_> {
    /// What [`Batch::look`] is for imports.
    pub(super) fn look_at_export(&self, parcel: &ParcelKey, at: usize) -> Looked {
        let declared = self.desk.declared(at);
        let inventory = &*declared.facts;
        let day = day_of(declared);
        let law = self.reference.law(day).and_then(|law| law.export.clone());
        let law = match law {
            Ok(law) => law,
            Err(unknown) => {
                let finding = unknown.to_finding().at("ieDate");
                let concerns = vec![concern(inventory, Role::Declarant, finding)];
                return Looked { at, missing: Vec::new(), concerns, assessed: None };
            }
        };
        let order = self.order_facts(parcel);
        let waybill = self.desk.waybill_of(inventory);
        let funds = self.desk.funds_of(parcel);
        let documents = ExportParcel {
            order,
            funds: &funds,
            waybill: waybill.and_then(|at| self.waybill_facts(at)),
            inventory,
        };
        let foreign = order.is_some_and(|order| self.is_foreign(order, inventory));
        let compare = if foreign { compare_foreign } else { compare };
        let outcome = compare(&documents, &law);
        let missing: Vec<Kind> = outcome.missing().iter().map(|missing| missing.kind).collect();
        let mut concerns: Vec<Concern> = of_mismatches(&outcome).collect();
        let rules = self.reference.rules.on(day);
        let known = |code: &str| self.reference.tariff.line(code, day).is_some();
        let findings = form::check(inventory, &law, &rules, &known);
        let declarant = |finding| concern(inventory, Role::Declarant, finding);
        concerns.extend(findings.into_iter().map(declarant));
        concerns.extend(fields(inventory, &law).into_iter().map(declarant));
        let directory = self.reference.directory.current();
        concerns.extend(firms(inventory, &directory, self.ctx.now));
        concerns.extend(self.taken(parcel, at, waybill));
        Looked { at, missing, concerns, assessed: None }
    }

    /// What follows from receipts for exports: what waits for them is looked at again, what closed
    /// is to be summarised, and the rest of the platform is told.
    pub(super) fn follow_exports(&mut self, tx: &mut Tx, news: &mut News) -> Result<(), DbError> {
        let export = |(at, _): &(usize, State)| self.desk.declared(*at).facts.export.is_some();
        let nothing = news.collectives.is_empty() && news.results.is_empty();
        if nothing && !news.moved.iter().any(export) {
            return Ok(());
        }
        let mut closed = Vec::new();
        for (at, from) in std::mem::take(&mut news.moved) {
            let declared = self.desk.declared(at);
            let Some(terms) = &declared.facts.export else {
                news.moved.push((at, from));
                continue;
            };
            let state = declared.position.state;
            self.again.exports.insert(declared.facts.logistics_no.clone());
            self.again.exports.insert(declared.facts.invt_no.clone());
            if state.is_released() && !from.is_released() {
                news.events.push(events::export_released(declared));
            }
            if state == CLOSED && from != CLOSED {
                news.events.push(events::export_closed(declared));
                if terms.statistics_flag == form::SUMMARISED {
                    closed.push(summary::Closed {
                        inventory_id: declared.id,
                        invt_no: declared.facts.invt_no.clone(),
                        agent_code: declared.facts.agent_code.clone(),
                        ebc_code: declared.facts.ebc_code.clone(),
                        closed_at: declared.position.at.unwrap_or(self.ctx.now),
                    });
                }
            }
        }
        summary::close(tx, &closed)?;
        for (at, before) in std::mem::take(&mut news.collectives) {
            news.events.extend(self.collective_moved(tx, at, before)?);
        }
        for result in std::mem::take(&mut news.results) {
            let made = summary::conclude(tx, &result, self.ctx.now)?;
            news.events.extend(made.iter().map(|one| events::summarised(one, &result)));
        }
        Ok(())
    }

    /// The application a summary result answers: that of the inventories in it.
    pub(super) fn application_of(
        &mut self,
        tx: &mut Tx,
        result: &SummaryResult,
    ) -> Result<Option<Target>, DbError> {
        let numbers = result.invt_nos.iter().map(String::as_str);
        let found = summary::applications_of(tx, numbers)?;
        let Some((_, id)) = found.into_iter().next() else { return Ok(None) };
        let paper = paper::by_id(tx, id)?;
        Ok(paper.map(|paper| Target::Paper(self.desk.put_paper(paper, Change::None))))
    }

    /// The receipt of funds of an order, when its receipt does not say which transaction: the only
    /// one there is.
    pub(super) fn funds_named(&self, kind: Kind, names: &Names) -> Option<usize> {
        if kind != Kind::FundsReceipt {
            return None;
        }
        let ours = |at: &usize| self.desk.paper(*at).facts.issuer() == names.issuer;
        let mut all = self.desk.linked(kind, &names.number).filter(ours);
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }

    fn order_facts(&self, parcel: &ParcelKey) -> Option<&Order> {
        match &*self.desk.paper(self.desk.order_of(parcel)?).facts {
            Facts::Order(order) => Some(order),
            _ => None,
        }
    }

    fn waybill_facts(&self, at: usize) -> Option<&Waybill> {
        match &*self.desk.paper(at).facts {
            Facts::Waybill(waybill) => Some(waybill),
            _ => None,
        }
    }
}

/// Goods that leave a special zone come out of an account book.
fn fields(inventory: &Inventory, law: &ExportLaw) -> Vec<Finding> {
    let Some(mode) = law.mode(&inventory.trade_mode).filter(|mode| mode.bonded) else {
        return Vec::new();
    };
    let fields = [("emsNo", &inventory.ems_no), ("iacCode", &inventory.area_code)];
    let mut missing: Vec<String> = fields
        .into_iter()
        .filter(|(_, value)| value.is_empty())
        .map(|(field, _)| field.to_owned())
        .collect();
    let lines = inventory.lines.iter().filter(|line| line.item_record_no.is_empty());
    missing.extend(lines.map(|line| format!("lines[{}].itemRecordNo", line.gnum)));
    let finding = |field: String| {
        Finding::error(
            "precheck.mode_field",
            Text::new(
                format!("监管方式 {} 须填写 {field}", mode.code),
                format!("mode {} needs {field}", mode.code),
            ),
            Text::new("由申报企业补填后报送变更", "the declarant fills it in and sends a change"),
        )
        .at(field)
    };
    missing.into_iter().map(finding).collect()
}

/// The firms an export names: registered, active, in their roles, with leave to act. A foreign
/// platform needs no registration; who produced the goods is customs' to look at.
fn firms(inventory: &Inventory, directory: &Directory, at: Time) -> Vec<Concern> {
    let mut concerns = Vec::new();
    let on = at.date();
    let mut firm = |code: &str, roles: &[PartyRole], path: &str, role: Role| {
        if let Err(finding) = directory.firm(code, Roles::of(roles), on) {
            concerns.push(concern(inventory, role, finding.at(path)));
            return false;
        }
        true
    };
    if inventory.ebp_code != NO_PLATFORM {
        firm(&inventory.ebp_code, &[PartyRole::Platform], "ebpCode", Role::Platform);
    }
    let seller = firm(&inventory.ebc_code, &[PartyRole::Ecommerce], "ebcCode", Role::Ebc);
    firm(&inventory.logistics_code, &[PartyRole::Logistics], "logisticsCode", Role::Logistics);
    let declarants = [PartyRole::Broker, PartyRole::Ecommerce, PartyRole::ZoneFirm];
    let agent = firm(&inventory.agent_code, &declarants, "agentCode", Role::Declarant);
    if !inventory.area_code.is_empty() {
        firm(&inventory.area_code, &[PartyRole::ZoneFirm], "iacCode", Role::AreaFirm);
    }
    if seller && agent {
        let mode = Some(inventory.trade_mode.as_str());
        let district = Some(inventory.customs_code.as_str());
        let deed = Deed::new(Act::Inventory, mode, district, at);
        let leave = directory.may_act_for(&inventory.agent_code, &inventory.ebc_code, &deed);
        if let Err(finding) = leave {
            concerns.push(concern(inventory, Role::Ebc, finding.at("agentCode")));
        }
    }
    concerns
}
