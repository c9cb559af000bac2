//! What is looked at before an inventory goes to customs, so that a firm learns here and not by a
//! rejection: firms and their leave to act, the conditions of the mode, the positive list, limits
//! and taxes. Pure but for the reference data.

pub mod firms;
pub mod goods;
pub mod mode;
mod taxes;

pub use taxes::request as tax_request;

use kernel::{Date, Finding, Text};

use crate::document::Inventory;
use crate::matching::{Role, Task};

/// A finding with whose task it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// What is wrong.
    pub finding: Finding,
    /// Who mends it.
    pub task: Task,
}

/// Whether the day an inventory gives as that of its declaration can be. Customs goes by the day on
/// which it accepts, and the buyer's limit by the calendar year of that: a day to come or of another
/// year would be judged by another day's law and another year's limit.
pub(crate) fn declared_on(inventory: &Inventory, today: Date) -> Option<Concern> {
    let day = inventory.declared_on?;
    if day <= today && day.year() == today.year() {
        return None;
    }
    let finding = Finding::error(
        "precheck.declared_on",
        Text::new(
            "申报日期晚于今日，或不在今年",
            "the day of declaration is yet to come or not of this year",
        ),
        Text::new(
            "由申报企业改为申报当日；海关以接受申报之日为准",
            "the declarant writes the day it declares; customs goes by the day it accepts",
        ),
    )
    .at("declTime")
    .found(day.to_string(), today.to_string());
    Some(concern(inventory, Role::Declarant, finding))
}

/// A concern that a firm named in the inventory must see to.
pub(crate) fn concern(inventory: &Inventory, role: Role, finding: Finding) -> Concern {
    let party = match role {
        Role::Platform => &inventory.ebp_code,
        Role::Ebc => &inventory.ebc_code,
        Role::Logistics => &inventory.logistics_code,
        Role::AreaFirm => &inventory.area_code,
        Role::Guarantor => &inventory.assure_code,
        Role::Declarant | Role::Payment | Role::Site => &inventory.agent_code,
    };
    Concern { finding, task: Task { party: party.clone(), role } }
}
