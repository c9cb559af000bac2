//! What an inventory's transfers so far mean for its next one. Pure.

use kernel::Fen;

use super::{Ask, BUYER, Back, Given, Held};
use crate::book::Record;
use crate::types::*;

/// The kinds of step in the life of an inventory; the number of the hold or return follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Hold = 1,
    Void = 2,
    Use = 3,
    ReturnPart = 4,
    ReturnRest = 5,
}

const NUMBER_BITS: u32 = 20;
const NUMBER_MAX: u32 = (1 << NUMBER_BITS) - 1;

fn key(inventory: i64, step: Step, number: u32) -> Key {
    Key::of(inventory, BUYER, ((step as u32) << NUMBER_BITS) | number)
}

/// Where an inventory stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Nothing was ever held for it.
    New,
    /// An amount is held under the hold of this number.
    Held { number: u32, amount: i64, account: AccountId },
    /// The hold of this number was freed.
    Freed { number: u32 },
    /// The hold of this number was used.
    Used { number: u32, amount: i64, account: AccountId },
}

/// Reads an inventory's transfers: the latest hold decides.
pub(super) fn life(records: &[Record]) -> Life {
    let holds = records.iter().filter(|record| record.act == EntryAct::Hold);
    let Some(hold) = holds.max_by_key(|record| record.key) else { return Life::New };
    let number = hold.key.step_number() & NUMBER_MAX;
    let (amount, account) = (hold.amount, hold.debit);
    match hold.settled {
        None => Life::Held { number, amount, account },
        Some(EntryAct::PostHold) => Life::Used { number, amount, account },
        Some(_) => Life::Freed { number },
    }
}

/// What an ask comes to: settled already, or transfers of which the last is the hold.
pub(super) enum Plan {
    Settled(Held),
    Transfers([Option<Transfer>; 2]),
}

/// `account` is the account the ask is about, if it is open.
pub(super) fn ask(life: Life, ask: &Ask, account: Option<AccountId>) -> Plan {
    if ask.amount.0 <= 0 {
        return Plan::Settled(Held::NotAnAmount);
    }
    let hold = |number| Transfer {
        key: key(ask.inventory, Step::Hold, number),
        act: Act::Hold {
            debit: ask.of.account(),
            credit: ask.of.counter(),
            amount: ask.amount.0,
            expires: None,
        },
        limit: Some(ask.limit.0),
        linked: false,
    };
    match life {
        Life::New => Plan::Transfers([None, Some(hold(0))]),
        Life::Freed { number } => Plan::Transfers([None, Some(hold(number + 1))]),
        Life::Held { amount, account: of, .. } | Life::Used { amount, account: of, .. }
            if amount == ask.amount.0 && Some(of) == account =>
        {
            Plan::Settled(Held::Ok)
        }
        Life::Used { .. } => Plan::Settled(Held::Released),
        Life::Held { number, .. } => {
            let void = Transfer {
                linked: true,
                ..Transfer::new(
                    key(ask.inventory, Step::Void, number),
                    Act::VoidHold { hold: key(ask.inventory, Step::Hold, number) },
                )
            };
            Plan::Transfers([Some(void), Some(hold(number + 1))])
        }
    }
}

/// What the outcome of the hold means.
pub(super) fn held(outcome: Outcome) -> Held {
    match outcome {
        Outcome::Applied(_) | Outcome::AlreadyApplied(_) => Held::Ok,
        Outcome::Refused(Refusal::ExceedsLimit { used, held, asked, limit }) => {
            Held::Refused { used: Fen(used), held: Fen(held), asked: Fen(asked), limit: Fen(limit) }
        }
        Outcome::Refused(_) => Held::NotAnAmount,
    }
}

/// The transfer that uses what is held; `Err` says whether it is used already.
pub(super) fn confirm(life: Life, inventory: i64) -> Result<Transfer, bool> {
    match life {
        Life::Held { number, .. } => Ok(Transfer::new(
            key(inventory, Step::Use, number),
            Act::PostHold { hold: key(inventory, Step::Hold, number), amount: None },
        )),
        Life::Used { .. } => Err(true),
        Life::New | Life::Freed { .. } => Err(false),
    }
}

/// The transfer that gives back, or what it comes to without one.
pub(super) fn give_back(life: Life, inventory: i64, what: Back) -> Result<Transfer, Given> {
    match (life, what) {
        (Life::New, Back::All) => Err(Given::Nothing),
        (Life::Freed { .. }, Back::All) => Err(Given::Ok),
        (Life::Held { number, .. }, Back::All) => Ok(Transfer::new(
            key(inventory, Step::Void, number),
            Act::VoidHold { hold: key(inventory, Step::Hold, number) },
        )),
        (Life::Used { number, .. }, Back::All) => Ok(Transfer::new(
            key(inventory, Step::ReturnRest, number),
            Act::Reverse { posting: key(inventory, Step::Use, number), amount: None },
        )),
        (Life::Used { number, .. }, Back::Part { number: part, amount })
            if part <= NUMBER_MAX && amount.0 > 0 =>
        {
            Ok(Transfer::new(
                key(inventory, Step::ReturnPart, part),
                Act::Reverse { posting: key(inventory, Step::Use, number), amount: Some(amount.0) },
            ))
        }
        (_, Back::Part { .. }) => Err(Given::TooMuch),
    }
}

/// What the outcome of giving back means.
pub(super) fn given(outcome: Outcome, what: Back) -> Given {
    match (outcome, what) {
        (Outcome::Applied(_) | Outcome::AlreadyApplied(_), _) => Given::Ok,
        // All of it had come back in parts.
        (Outcome::Refused(Refusal::ExceedsPosting { left: 0, .. }), Back::All) => Given::Ok,
        (Outcome::Refused(_), Back::All) => Given::Nothing,
        (Outcome::Refused(_), Back::Part { .. }) => Given::TooMuch,
    }
}
