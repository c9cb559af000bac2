//! The ledger as one would write it without a database: lists, searched from the start.

use kernel::Time;
use ledger::*;

#[derive(Clone, Default)]
pub(crate) struct Model {
    done: Vec<Done>,
}

#[derive(Clone)]
struct Done {
    key: Key,
    asked: Act,
    debit: AccountKey,
    credit: AccountKey,
    posted: i64,
    held: i64,
    end: Option<Refusal>,
    reversed: i64,
    expires: Option<Time>,
}

/// What the model says of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Applied,
    Already,
    Refused(Refusal),
}

impl Model {
    pub(crate) fn balance(&self, of: AccountKey) -> Balance {
        let sum = |amount: fn(&Done) -> i64, side: fn(&Done) -> AccountKey| {
            self.done.iter().filter(|done| side(done) == of).map(amount).sum()
        };
        Balance {
            debits_posted: sum(|done| done.posted, |done| done.debit),
            credits_posted: sum(|done| done.posted, |done| done.credit),
            debits_held: sum(|done| done.held, |done| done.debit),
            credits_held: sum(|done| done.held, |done| done.credit),
        }
    }

    pub(crate) fn apply(&mut self, batch: &[Transfer], now: Time) -> Vec<Says> {
        let mut says = Vec::new();
        let mut rest = batch;
        while let Some(first) = rest.first() {
            let mut length = 1;
            let mut last = first;
            while last.linked && length < rest.len() {
                last = &rest[length];
                length += 1;
            }
            let (group, after) = rest.split_at(length);
            rest = after;
            if last.linked {
                says.extend(group.iter().map(|_| Says::Refused(Refusal::GroupOpen)));
                continue;
            }
            let before = self.clone();
            let mut of_group: Vec<Says> = Vec::new();
            for transfer in group {
                let one = self.one(transfer, now);
                of_group.push(one);
                if matches!(one, Says::Refused(_)) {
                    *self = before;
                    let at = of_group.len() - 1;
                    of_group = vec![Says::Refused(Refusal::Linked); group.len()];
                    of_group[at] = one;
                    break;
                }
            }
            says.extend(of_group);
        }
        says
    }

    fn one(&mut self, transfer: &Transfer, now: Time) -> Says {
        if let Some(done) = self.done.iter().find(|done| done.key == transfer.key) {
            let same = match (done.asked, transfer.act) {
                // A posting of all that was held is the same as of that amount.
                (Act::PostHold { hold: a, .. }, Act::PostHold { hold: b, amount }) => {
                    let whole = self.held_at_first(a);
                    a == b && amount.unwrap_or(whole) == done.posted
                }
                (Act::Reverse { posting: a, .. }, Act::Reverse { posting: b, amount }) => {
                    a == b && amount.is_none_or(|amount| amount == done.posted)
                }
                (a, b) => a == b,
            };
            return if same { Says::Already } else { Says::Refused(Refusal::KeyTaken) };
        }
        match self.new_one(transfer, now) {
            Ok(done) => {
                self.done.push(done);
                Says::Applied
            }
            Err(refusal) => Says::Refused(refusal),
        }
    }

    fn held_at_first(&self, hold: Key) -> i64 {
        let done = self.done.iter().find(|done| done.key == hold);
        match done.map(|done| done.asked) {
            Some(Act::Hold { amount, .. }) => amount,
            _ => 0,
        }
    }

    fn new_one(&mut self, transfer: &Transfer, now: Time) -> Result<Done, Refusal> {
        let done = |debit, credit, posted, held, expires| Done {
            key: transfer.key,
            asked: transfer.act,
            debit,
            credit,
            posted,
            held,
            end: None,
            reversed: 0,
            expires,
        };
        match transfer.act {
            Act::Post { debit, credit, amount } => {
                self.may_move(debit, credit, amount, transfer.limit)?;
                Ok(done(debit, credit, amount, 0, None))
            }
            Act::Hold { debit, credit, amount, expires } => {
                self.may_move(debit, credit, amount, transfer.limit)?;
                Ok(done(debit, credit, 0, amount, expires))
            }
            Act::PostHold { hold, amount } => {
                let of = self.open_hold(hold, amount, now)?;
                let posted = amount.unwrap_or(of.held);
                let (debit, credit) = (of.debit, of.credit);
                (of.held, of.end) = (0, Some(Refusal::HoldPosted));
                Ok(done(debit, credit, posted, 0, None))
            }
            Act::VoidHold { hold } => {
                let of = self.open_hold(hold, None, now)?;
                let (debit, credit) = (of.debit, of.credit);
                (of.held, of.end) = (0, Some(Refusal::HoldVoided));
                Ok(done(debit, credit, 0, 0, None))
            }
            Act::Reverse { posting, amount } => {
                if amount.is_some_and(|amount| amount <= 0) {
                    return Err(Refusal::AmountNotPositive);
                }
                let of = self.done.iter_mut().find(|done| done.key == posting);
                let of =
                    of.filter(|of| matches!(of.asked, Act::Post { .. } | Act::PostHold { .. }));
                let of = of.ok_or(Refusal::PostingNotFound)?;
                let left = of.posted - of.reversed;
                let asked = amount.unwrap_or(left);
                if asked > left || left == 0 {
                    return Err(Refusal::ExceedsPosting { left, asked });
                }
                of.reversed += asked;
                Ok(done(of.credit, of.debit, asked, 0, None))
            }
        }
    }

    fn may_move(
        &self,
        debit: AccountKey,
        credit: AccountKey,
        amount: i64,
        limit: Option<i64>,
    ) -> Result<(), Refusal> {
        if amount <= 0 {
            return Err(Refusal::AmountNotPositive);
        }
        if debit == credit {
            return Err(Refusal::SameAccount);
        }
        let Some(limit) = limit else { return Ok(()) };
        if debit.ledger.sharing == Sharing::Shared {
            return Err(Refusal::Unguardable);
        }
        let balance = self.balance(debit);
        let (used, held) = (balance.net_debits(), balance.debits_held);
        if used + held + amount > limit {
            return Err(Refusal::ExceedsLimit { used, held, asked: amount, limit });
        }
        Ok(())
    }

    fn open_hold(
        &mut self,
        key: Key,
        amount: Option<i64>,
        now: Time,
    ) -> Result<&mut Done, Refusal> {
        if amount.is_some_and(|amount| amount <= 0) {
            return Err(Refusal::AmountNotPositive);
        }
        let of = self.done.iter_mut().find(|done| done.key == key);
        let of = of.filter(|of| matches!(of.asked, Act::Hold { .. }));
        let of = of.ok_or(Refusal::HoldNotFound)?;
        if let Some(end) = of.end {
            return Err(end);
        }
        if of.expires.is_some_and(|at| at <= now) {
            return Err(Refusal::HoldExpired);
        }
        match amount {
            Some(asked) if asked > of.held => Err(Refusal::ExceedsHold { held: of.held, asked }),
            _ => Ok(of),
        }
    }

    pub(crate) fn expire(&mut self, now: Time) -> u32 {
        let mut count = 0;
        for done in &mut self.done {
            let open = matches!(done.asked, Act::Hold { .. }) && done.end.is_none();
            if open && done.expires.is_some_and(|at| at <= now) {
                (done.held, done.end) = (0, Some(Refusal::HoldExpired));
                count += 1;
            }
        }
        count
    }
}
