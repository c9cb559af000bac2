//! The firms an inventory names: registered, active, in their roles, with leave to act; and the
//! guarantor among them.

use kernel::{Finding, Text, Time};
use register::party::{Act, Deed, Directory, Role as PartyRole, Roles};

use super::{Concern, concern};
use crate::document::Inventory;
use crate::law::DayLaw;
use crate::matching::Role;

/// Looks at every firm named.
pub fn check(inventory: &Inventory, directory: &Directory, law: &DayLaw, at: Time) -> Vec<Concern> {
    let mut concerns = Vec::new();
    let on = at.date();
    let mut firm = |code: &str, roles: &[PartyRole], path: &str, role: Role| {
        if let Err(finding) = directory.firm(code, Roles::of(roles), on) {
            concerns.push(concern(inventory, role, finding.at(path)));
            return false;
        }
        true
    };
    let declarants = [PartyRole::Broker, PartyRole::Ecommerce, PartyRole::ZoneFirm];
    firm(&inventory.ebp_code, &[PartyRole::Platform], "ebpCode", Role::Platform);
    let ebc = firm(&inventory.ebc_code, &[PartyRole::Ecommerce], "ebcCode", Role::Ebc);
    firm(&inventory.logistics_code, &[PartyRole::Logistics], "logisticsCode", Role::Logistics);
    let agent = firm(&inventory.agent_code, &declarants, "agentCode", Role::Declarant);
    if !inventory.area_code.is_empty() {
        firm(&inventory.area_code, &[PartyRole::ZoneFirm], "areaCode", Role::AreaFirm);
    }
    if ebc && agent {
        let mode = Some(inventory.trade_mode.as_str());
        let district = Some(inventory.customs_code.as_str());
        let deed = Deed::new(Act::Inventory, mode, district, at);
        let leave = directory.may_act_for(&inventory.agent_code, &inventory.ebc_code, &deed);
        if let Err(finding) = leave {
            concerns.push(concern(inventory, Role::Ebc, finding.at("agentCode")));
        }
    }
    if let Some(finding) = guarantor(inventory, law) {
        concerns.push(concern(inventory, Role::Declarant, finding));
    }
    concerns
}

/// The guarantor must be one of the firms named, in a role the law allows.
fn guarantor(inventory: &Inventory, law: &DayLaw) -> Option<Finding> {
    let code_of = |role: &Role| match role {
        Role::Platform => Some(inventory.ebp_code.as_str()),
        Role::Ebc => Some(inventory.ebc_code.as_str()),
        Role::Logistics => Some(inventory.logistics_code.as_str()),
        Role::Declarant => Some(inventory.agent_code.as_str()),
        _ => None,
    };
    let allowed: Vec<&str> = law.guarantors.iter().filter_map(code_of).collect();
    if allowed.contains(&inventory.assure_code.as_str()) {
        return None;
    }
    Some(
        Finding::error(
            "precheck.guarantor",
            Text::new(
                "担保企业不是本清单的电商平台、电商企业或物流企业",
                "the guarantor is not the platform, e-commerce firm or logistics firm of the inventory",
            ),
            Text::new(
                "由申报企业把 assureCode 改为其中之一",
                "the declarant sets assureCode to one of them",
            ),
        )
        .at("assureCode")
        .found(inventory.assure_code.as_str(), allowed.join(", ")),
    )
}
