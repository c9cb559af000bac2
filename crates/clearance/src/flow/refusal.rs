//! Why a document is not taken in, beside what its own state forbids.

use kernel::{Finding, Text};

use super::admit::Batch;
use crate::document::{Facts, Kind};
use crate::lifecycle::State;
use crate::lifecycle::action::{self, Action};
use crate::store::inventory::By;

impl Batch<'_> {
    /// Business reasons against a document other than those of its own state.
    pub(super) fn forbidden(&self, facts: &Facts) -> Option<Finding> {
        let Facts::CancelApplication(cancel) = facts else { return None };
        let at = self.desk.numbered(By::Inventory, &cancel.invt_no).next();
        let Some(at) = at else { return Some(no_such_inventory(&cancel.invt_no)) };
        let declared = self.desk.declared(at);
        if declared.facts.direction() != cancel.direction {
            return Some(no_such_inventory(&cancel.invt_no));
        }
        // The declarant signed, with leave of the seller it names.
        if declared.facts.ebc_code != cancel.ebc_code {
            return Some(no_such_inventory(&cancel.invt_no));
        }
        // A repeat of an application that was let through is no new application.
        let before = self.desk.paper_at(&facts.key()).map(|at| self.desk.paper(at).position.state);
        if before.is_some_and(|before| !before.may_be_redeclared()) {
            return None;
        }
        let state = declared.position.state;
        action::inventory(state, Action::Cancel).err().map(|r| r.finding(state).at("invtNo"))
    }
}

pub(super) fn other_firm(kind: Kind) -> Finding {
    Finding::error(
        "document.other_firm",
        Text::new(
            format!("该编号的{}由其他企业报送", kind.zh()),
            format!("the {} of this number is another firm's", kind.en()),
        ),
        Text::new("核对业务编号", "check the number"),
    )
}

pub(super) fn being_sent(kind: Kind, state: State) -> Finding {
    Finding::error(
        "action.being_sent",
        Text::new(
            format!("{}正在发送海关", kind.zh()),
            format!("the {} is being sent to customs at this moment", kind.en()),
        ),
        Text::new(
            "请在发送完成或收到回执后再办理",
            "act once it has been sent, or after its receipt",
        ),
    )
    .at("appType")
    .found(state.word(), "")
}

fn no_such_inventory(invt_no: &str) -> Finding {
    Finding::error(
        "cancel.no_inventory",
        Text::new("没有该编号的清单", "there is no inventory of this number"),
        Text::new(
            "核对清单编号（invtNo）；海关入库（120）后才有编号",
            "check invtNo; customs gives it with receipt 120",
        ),
    )
    .at("invtNo")
    .found(invt_no, "")
}
