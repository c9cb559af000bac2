//! What a newly arrived document means for the one already stored under its business key.

use kernel::{Finding, Text};

use super::action::{self, Action};
use super::state::{Position, State};
use crate::document::{Kind, types::Act, types::Head};

/// What is stored under the business key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it stands.
    pub position: Position,
    /// Its content hash.
    pub content: [u8; 16],
    /// Its 报送时间 in milliseconds.
    pub app_time_ms: i64,
    /// Whether an inventory that names it has been declared and has not ended.
    pub used: bool,
}

/// What becomes of the new document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Store it as a new document.
    Insert,
    /// Replace the stored content; it is a new version.
    Replace,
    /// Withdraw the stored document.
    Withdraw,
    /// Nothing to do: answered as before.
    Repeat,
    /// Refused; nothing changes.
    Refuse(Finding),
}

/// Decides by appType, content, 报送时间 and the stored state.
pub fn decide(kind: Kind, head: &Head, stored: Option<&Stored>) -> Verdict {
    let Some(stored) = stored else {
        return match head.act {
            Act::Add => Verdict::Insert,
            Act::Change | Act::Withdraw => Verdict::Refuse(not_found(kind, head.act)),
        };
    };
    let state = stored.position.state;
    let same = stored.content == head.content;
    let promoted = state == State::Draft && !head.draft;
    match head.act {
        Act::Withdraw if state == State::Withdrawn => Verdict::Repeat,
        Act::Withdraw => permit(kind, stored, head, Action::Withdraw, Verdict::Withdraw),
        _ if same && !promoted && !reopens(state) => Verdict::Repeat,
        Act::Add if reopens(state) || promoted => permit_add(kind, stored, head),
        Act::Add => Verdict::Refuse(exists(kind)),
        Act::Change if is_retry(stored, head) => Verdict::Repeat,
        Act::Change => permit(kind, stored, head, Action::Change, Verdict::Replace),
    }
}

/// Whether a document sent as new may take this one's place.
fn reopens(state: State) -> bool {
    state == State::Withdrawn || state.may_be_redeclared()
}

/// The very message that was rejected, sent once more by a retrying client, is a repeat.
fn is_retry(stored: &Stored, head: &Head) -> bool {
    stored.content == head.content && head.app_time.to_millis() <= stored.app_time_ms
}

fn permit_add(kind: Kind, stored: &Stored, head: &Head) -> Verdict {
    if is_retry(stored, head) {
        return Verdict::Repeat;
    }
    if head.app_time.to_millis() < stored.app_time_ms {
        return Verdict::Refuse(old_message(kind, head, stored));
    }
    Verdict::Replace
}

fn permit(kind: Kind, stored: &Stored, head: &Head, act: Action, then: Verdict) -> Verdict {
    if head.app_time.to_millis() < stored.app_time_ms {
        return Verdict::Refuse(old_message(kind, head, stored));
    }
    let state = stored.position.state;
    let permitted = match kind {
        kind if kind.is_inventory() => action::inventory(state, act),
        _ => action::supporting(kind, state, act, stored.used),
    };
    match permitted {
        Ok(()) => then,
        Err(refusal) => Verdict::Refuse(refusal.finding(state).at("appType")),
    }
}

fn exists(kind: Kind) -> Finding {
    Finding::error(
        "document.exists",
        Text::new(
            format!("{}已存在，且内容不同", kind.zh()),
            format!("the {} exists already with other content", kind.en()),
        ),
        Text::new(
            "如需修改，请以变更（appType=2）报送",
            "to alter it, send it as a change (appType 2)",
        ),
    )
    .at("appType")
    .found("1", "2")
}

fn not_found(kind: Kind, act: Act) -> Finding {
    let found = if act == Act::Change { "2" } else { "3" };
    Finding::error(
        "document.not_found",
        Text::new(
            format!("没有可变更或撤回的{}", kind.zh()),
            format!("there is no {} to change or withdraw", kind.en()),
        ),
        Text::new(
            "核对业务编号；首次报送请用新增（appType=1）",
            "check the number; send it as new (appType 1) the first time",
        ),
    )
    .at("appType")
    .found(found, "1")
}

fn old_message(kind: Kind, head: &Head, stored: &Stored) -> Finding {
    Finding::error(
        "document.old_message",
        Text::new(
            format!("接收的{}为旧报文，不做处理", kind.zh()),
            format!("an older {} message is ignored", kind.en()),
        ),
        Text::new(
            "报送时间（appTime）须晚于上一次报送",
            "appTime must be later than that of the message before",
        ),
    )
    .at("appTime")
    .found(
        head.app_time.to_compact(),
        format!("> {}", kernel::Time::from_millis(stored.app_time_ms).to_compact()),
    )
}

#[cfg(test)]
mod tests {
    use kernel::Time;

    use super::super::state::*;
    use super::*;

    fn head(act: Act, content: u8, second: i64) -> Head {
        Head {
            act,
            content: [content; 16],
            app_time: Time::from_millis(second * 1_000),
            ..Head::default()
        }
    }

    fn stored(state: State, used: bool) -> Stored {
        Stored { position: Position::new(state), content: [1; 16], app_time_ms: 5_000, used }
    }

    fn name(verdict: &Verdict) -> &str {
        match verdict {
            Verdict::Insert => "insert",
            Verdict::Replace => "replace",
            Verdict::Withdraw => "withdraw",
            Verdict::Repeat => "repeat",
            Verdict::Refuse(finding) => finding.code,
        }
    }

    #[test]
    fn every_act_on_every_kind_of_stored_document() {
        use Act::{Add, Change, Withdraw};
        use Kind::{Inventory, Order};
        for (kind, state, used, act, content, second, expected) in [
            (Order, State::Ready, false, Add, 1, 5, "repeat"),
            (Order, State::Ready, false, Add, 1, 9, "repeat"),
            (Order, STORED, true, Add, 1, 9, "repeat"),
            (Order, State::Ready, false, Add, 2, 9, "document.exists"),
            (Order, State::Ready, false, Change, 2, 9, "replace"),
            (Order, State::Ready, false, Change, 2, 4, "document.old_message"),
            (Order, State::Ready, false, Change, 1, 9, "repeat"),
            (Order, STORED, true, Change, 2, 9, "action.used_by_inventory"),
            (Order, STORED, true, Withdraw, 1, 9, "action.used_by_inventory"),
            (Order, STORED, false, Withdraw, 1, 9, "withdraw"),
            (Order, State::Withdrawn, false, Withdraw, 1, 9, "repeat"),
            (Order, State::Withdrawn, false, Add, 1, 9, "replace"),
            (Order, State::Withdrawn, false, Change, 2, 9, "action.withdrawn"),
            (Order, REJECTED, false, Add, 2, 9, "replace"),
            (Order, REJECTED, false, Add, 1, 5, "repeat"),
            (Order, REJECTED, false, Change, 1, 5, "repeat"),
            (Order, REJECTED, false, Change, 1, 9, "replace"),
            (Inventory, State::Held, false, Change, 2, 9, "replace"),
            (Inventory, SENT, false, Change, 2, 9, "action.awaiting_receipt"),
            (Inventory, STORED, false, Change, 2, 9, "action.at_customs"),
            (Inventory, RELEASED, false, Withdraw, 1, 9, "action.released"),
            (Inventory, REJECTED, false, Add, 2, 9, "replace"),
            (Inventory, REJECTED, false, Change, 2, 9, "replace"),
            (Inventory, REJECTED, false, Add, 1, 5, "repeat"),
            (Inventory, REJECTED, false, Add, 1, 9, "replace"),
            (Inventory, REJECTED, false, Add, 2, 4, "document.old_message"),
            (Inventory, CANCELLED, false, Add, 2, 9, "document.exists"),
            (Inventory, State::Held, false, Withdraw, 1, 9, "withdraw"),
        ] {
            let verdict = decide(kind, &head(act, content, second), Some(&stored(state, used)));
            assert_eq!(name(&verdict), expected, "{kind:?} {state:?} {act:?} {content} {second}");
        }
    }

    #[test]
    fn a_change_of_nothing_is_refused() {
        for act in [Act::Change, Act::Withdraw] {
            let verdict = decide(Kind::Order, &head(act, 1, 1), None);
            assert_eq!(name(&verdict), "document.not_found");
        }
        assert_eq!(decide(Kind::Order, &head(Act::Add, 1, 1), None), Verdict::Insert);
    }

    #[test]
    fn a_draft_becomes_a_declaration() {
        let draft = stored(State::Draft, false);
        assert_eq!(decide(Kind::Inventory, &head(Act::Add, 1, 6), Some(&draft)), Verdict::Replace);
        let again = Head { draft: true, ..head(Act::Add, 1, 6) };
        assert_eq!(decide(Kind::Inventory, &again, Some(&draft)), Verdict::Repeat);
    }
}
