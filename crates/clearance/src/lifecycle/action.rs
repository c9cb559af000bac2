//! What may be done with a document in a state, and why not.

use kernel::{Finding, Text};

use super::state::State;
use crate::document::Kind;

/// What a firm may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a changed document (appType 2), or the corrected one after a rejection.
    Change,
    /// Withdraw it (appType 3) before customs has it.
    Withdraw,
    /// Apply for cancellation (CEB623) while customs has it and has not released it.
    Cancel,
    /// Apply for return of the goods (CEB625) after release.
    Return,
}

impl Action {
    /// Every action, in the order shown.
    pub const ALL: [Action; 4] = [Action::Change, Action::Withdraw, Action::Cancel, Action::Return];

    /// The word used in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Action::Change => "change",
            Action::Withdraw => "withdraw",
            Action::Cancel => "cancel",
            Action::Return => "return",
        }
    }

    const fn zh(self) -> &'static str {
        match self {
            Action::Change => "变更",
            Action::Withdraw => "撤回",
            Action::Cancel => "申请撤销",
            Action::Return => "申请退货",
        }
    }

    const fn en(self) -> &'static str {
        match self {
            Action::Change => "changed",
            Action::Withdraw => "withdrawn",
            Action::Cancel => "cancelled",
            Action::Return => "returned",
        }
    }
}

/// Why an action is refused and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code, such as `action.not_yet_stored`.
    pub code: &'static str,
    /// What stands in the way.
    pub why: Text,
    /// What to do instead.
    pub instead: Text,
}

impl Refusal {
    /// As a finding on the document.
    pub fn finding(self, state: State) -> Finding {
        Finding::error(self.code, self.why, self.instead).found(state.word(), "")
    }
}

/// The actions an inventory allows in `state`.
pub fn allowed(state: State) -> Vec<Action> {
    Action::ALL.into_iter().filter(|action| inventory(state, *action).is_ok()).collect()
}

/// Whether an inventory in `state` allows `action`.
pub fn inventory(state: State, action: Action) -> Result<(), Refusal> {
    let local = matches!(
        state,
        State::Draft | State::Waiting | State::Held | State::Ready | State::Customs(1 | 4)
    );
    let ok = match action {
        Action::Change | Action::Withdraw => local || state.may_be_redeclared(),
        Action::Cancel => matches!(state, State::Customs(120 | 300 | 399 | 400)),
        Action::Return => matches!(state, State::Customs(800 | 899)),
    };
    if ok { Ok(()) } else { Err(refusal(state, action)) }
}

/// Whether an order, payment or waybill in `state` allows `action`. `used` says that an inventory
/// which names it has been declared and has not ended.
pub fn supporting(kind: Kind, state: State, action: Action, used: bool) -> Result<(), Refusal> {
    if !matches!(action, Action::Change | Action::Withdraw) || state == State::Withdrawn {
        return Err(refusal(state, action));
    }
    if !used {
        return Ok(());
    }
    Err(Refusal {
        code: "action.used_by_inventory",
        why: Text::new(
            format!("该{}已被申报清单使用，不能{}", kind.zh(), action.zh()),
            format!(
                "the {} is used by a declared inventory and cannot be {}",
                kind.en(),
                action.en()
            ),
        ),
        instead: Text::new(
            "先撤销该清单，撤销成功后再办理",
            "cancel the inventory first, then send this again",
        ),
    })
}

fn refusal(state: State, action: Action) -> Refusal {
    let (code, zh, en) = match state {
        State::Withdrawn => (
            "action.withdrawn",
            "单证已撤回；如需申报，请以新增重新报送",
            "the document is withdrawn; send it again as new",
        ),
        State::Customs(430) => (
            "action.cancelled",
            "清单已撤销；请以新的企业内部编号重新申报",
            "the inventory is cancelled; declare again under a new number of your own",
        ),
        State::Customs(700) => (
            "action.returned_abroad",
            "货物已退运，清单终结",
            "the goods went back abroad; this inventory has ended",
        ),
        State::Customs(800 | 899) => (
            "action.released",
            "海关已放行；可在规定期限内申请退货",
            "customs has released it; apply for return within the legal days",
        ),
        State::Customs(100 | i64::MIN..=-1) => (
            "action.rejected",
            "申报未被接受；请更正后变更申报或撤回",
            "the declaration was not accepted; correct and send it as a change, or withdraw it",
        ),
        State::Customs(2 | 3) => (
            "action.awaiting_receipt",
            "正在等待海关回执；请在收到入库（120）或退单（100）回执后再办理",
            "waiting for customs; act after the receipt 120 (stored) or 100 (rejected)",
        ),
        State::Customs(120 | 300 | 399 | 400) => (
            "action.at_customs",
            "海关已入库；如需修改请先申请撤销，再重新申报",
            "customs has it; apply for cancellation first, then declare again",
        ),
        State::Customs(500 | 501..=503 | 505 | 599 | 600) => (
            "action.under_control",
            "货物正在查验或处置；请联系申报地海关，等待处理结果",
            "the goods are under inspection or detained; ask the customs office and wait for the result",
        ),
        _ => (
            "action.not_declared",
            "清单尚未申报到海关；可直接变更或撤回",
            "the inventory is not yet at customs; change or withdraw it instead",
        ),
    };
    Refusal {
        code,
        why: Text::new(
            format!("当前状态“{}”不允许{}", state.zh(), action.zh()),
            format!("in the state \"{}\" it cannot be {}", state.en(), action.en()),
        ),
        instead: Text::new(zh, en),
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::*;
    use super::*;

    #[test]
    fn each_state_allows_what_the_law_allows() {
        use Action::{Cancel, Change, Return, Withdraw};
        for (state, actions) in [
            (State::Draft, &[Change, Withdraw][..]),
            (State::Waiting, &[Change, Withdraw]),
            (State::Held, &[Change, Withdraw]),
            (State::Ready, &[Change, Withdraw]),
            (SEND_FAILED, &[Change, Withdraw]),
            (SENT, &[]),
            (State::Customs(2), &[]),
            (STORED, &[Cancel]),
            (State::Customs(300), &[Cancel]),
            (State::Customs(500), &[]),
            (State::Customs(502), &[]),
            (REJECTED, &[Change, Withdraw]),
            (State::Customs(-621_005), &[Change, Withdraw]),
            (RELEASED, &[Return]),
            (CLOSED, &[Return]),
            (CANCELLED, &[]),
            (State::Withdrawn, &[]),
        ] {
            assert_eq!(allowed(state), actions, "{state:?}");
        }
    }

    #[test]
    fn a_refusal_says_why_and_what_to_do() {
        for (state, action, code) in [
            (SENT, Action::Cancel, "action.awaiting_receipt"),
            (State::Ready, Action::Cancel, "action.not_declared"),
            (STORED, Action::Change, "action.at_customs"),
            (RELEASED, Action::Cancel, "action.released"),
            (State::Customs(501), Action::Cancel, "action.under_control"),
            (REJECTED, Action::Cancel, "action.rejected"),
            (CANCELLED, Action::Cancel, "action.cancelled"),
        ] {
            let refusal = inventory(state, action).expect_err("refused");
            assert_eq!(refusal.code, code);
            assert!(!refusal.why.zh.is_empty() && !refusal.instead.en.is_empty());
        }
    }

    #[test]
    fn a_document_in_use_is_not_changed() {
        assert!(supporting(Kind::Order, STORED, Action::Change, false).is_ok());
        let refusal = supporting(Kind::Order, STORED, Action::Change, true).expect_err("in use");
        assert_eq!(refusal.code, "action.used_by_inventory");
        assert!(supporting(Kind::Payment, State::Withdrawn, Action::Change, false).is_err());
    }
}
