//! Looking at an export inventory: match, firms, list or form.

use kernel::{Finding, Text, Time};
use register::party::{Act, Deed, Directory, Role as PartyRole, Roles};

use super::admit::Batch;
use super::desk::ParcelKey;
use super::settle::{Looked, day_of, of_mismatches};
use crate::document::export::NO_PLATFORM;
use crate::document::{Facts, Inventory, Kind, Order, Waybill};
use crate::export::compare::{ExportParcel, compare, compare_foreign};
use crate::export::{ExportLaw, form};
use crate::matching::Role;
use crate::precheck::{Concern, concern};

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
