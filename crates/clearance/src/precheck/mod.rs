//! What is looked at before an inventory goes to customs, so that a firm learns here and not by a
//! rejection: firms and their leave to act, the conditions of the mode, the positive list, limits
//! and taxes. Pure but for the reference data.

pub mod firms;
pub mod goods;
pub mod mode;
mod taxes;

pub use taxes::request as tax_request;

use kernel::Finding;

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
