//! The part of the ledger that a batch touches, in memory, and what each transfer does to it.
//! Pure: the store loads it and writes back what changed.

use std::collections::HashMap;

use kernel::{IdSource, Time};

use crate::types::*;

/// An account as loaded, or as opened by this batch.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) place: Place,
    pub(crate) unit: Unit,
    pub(crate) shared: bool,
    /// The sums as this batch sees them.
    pub(crate) balance: Balance,
    /// The sums as loaded.
    pub(crate) loaded: Balance,
    pub(crate) last: i64,
    pub(crate) loaded_last: i64,
    /// Whether the store has it already.
    pub(crate) stored: bool,
    /// Whether this batch made a transfer on it.
    pub(crate) touched: bool,
}

/// Where an account stands: what the store finds it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) ledger: u16,
    pub(crate) period: i32,
    pub(crate) owner: [u8; 16],
}

impl AccountKey {
    pub(crate) fn place(&self) -> Place {
        Place { ledger: self.ledger.code, period: self.period, owner: self.owner }
    }
}

/// A transfer as stored.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: TransferId,
    pub(crate) key: Key,
    pub(crate) act: EntryAct,
    pub(crate) debit: AccountId,
    pub(crate) credit: AccountId,
    pub(crate) amount: i64,
    pub(crate) about: Option<TransferId>,
    pub(crate) settled: Option<EntryAct>,
    pub(crate) reversed: i64,
    /// `reversed` as loaded.
    pub(crate) loaded_reversed: i64,
    pub(crate) expires: Option<Time>,
    pub(crate) prev_debit: i64,
    pub(crate) prev_credit: i64,
    /// Whether the store has it already.
    pub(crate) stored: bool,
    /// Whether `settled` or `reversed` changed.
    pub(crate) changed: bool,
}

/// The working set of one batch.
pub(crate) struct Book<'a> {
    pub(crate) accounts: Vec<Account>,
    pub(crate) records: Vec<Record>,
    by_place: HashMap<Place, usize>,
    by_account: HashMap<AccountId, usize>,
    by_key: HashMap<Key, usize>,
    /// What to take back when a group fails; a transfer by itself changes nothing when it does.
    undo: Option<Vec<Undo>>,
    ids: &'a IdSource,
    now: Time,
}

/// What brings the book back to before a group.
enum Undo {
    Account(usize, Box<Account>),
    Settled(usize, Box<Record>),
    Added(Key),
}

impl<'a> Book<'a> {
    pub(crate) fn new(ids: &'a IdSource, now: Time) -> Book<'a> {
        Book {
            accounts: Vec::new(),
            records: Vec::new(),
            by_place: HashMap::new(),
            by_account: HashMap::new(),
            by_key: HashMap::new(),
            undo: None,
            ids,
            now,
        }
    }

    /// Takes a loaded or new account in; the same one twice is kept once.
    pub(crate) fn add_account(&mut self, account: Account) {
        if self.has_account(account.id) {
            return;
        }
        let i = self.accounts.len();
        self.by_account.insert(account.id, i);
        self.by_place.insert(account.place, i);
        self.accounts.push(account);
    }

    pub(crate) fn find(&self, place: Place) -> Option<&Account> {
        self.by_place.get(&place).map(|i| &self.accounts[*i])
    }

    pub(crate) fn has_account(&self, id: AccountId) -> bool {
        self.by_account.contains_key(&id)
    }

    /// Takes loaded transfers in.
    pub(crate) fn add_records(&mut self, records: Vec<Record>) {
        records.into_iter().for_each(|record| self.add_record(record));
    }

    fn add_record(&mut self, record: Record) {
        self.by_key.insert(record.key, self.records.len());
        self.records.push(record);
    }

    pub(crate) fn record(&self, key: Key) -> Option<&Record> {
        self.by_key.get(&key).map(|i| &self.records[*i])
    }

    /// Applies a batch in order, group by group.
    pub(crate) fn apply(&mut self, transfers: &[Transfer]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(transfers.len());
        let mut rest = transfers;
        while !rest.is_empty() {
            let linked = rest.iter().take_while(|transfer| transfer.linked).count();
            if linked == rest.len() {
                outcomes.extend(rest.iter().map(|_| Outcome::Refused(Refusal::GroupOpen)));
                break;
            }
            let (group, after) = rest.split_at(linked + 1);
            self.group(group, &mut outcomes);
            rest = after;
        }
        outcomes
    }

    fn group(&mut self, group: &[Transfer], outcomes: &mut Vec<Outcome>) {
        let first = outcomes.len();
        self.undo = (group.len() > 1).then(Vec::new);
        for transfer in group {
            match self.one(transfer) {
                Ok(outcome) => outcomes.push(outcome),
                Err(refusal) => {
                    let at = outcomes.len();
                    self.roll_back();
                    outcomes.truncate(first);
                    outcomes.extend(group.iter().map(|_| Outcome::Refused(Refusal::Linked)));
                    outcomes[at] = Outcome::Refused(refusal);
                    return;
                }
            }
        }
    }

    fn roll_back(&mut self) {
        for step in self.undo.take().into_iter().flatten().rev() {
            match step {
                Undo::Account(i, before) => self.accounts[i] = *before,
                Undo::Settled(i, before) => self.records[i] = *before,
                Undo::Added(key) => {
                    self.by_key.remove(&key);
                    self.records.pop();
                }
            }
        }
    }

    fn one(&mut self, transfer: &Transfer) -> Result<Outcome, Refusal> {
        if let Some(known) = self.record(transfer.key) {
            return match self.is_same(known, &transfer.act) {
                true => Ok(Outcome::AlreadyApplied(known.id)),
                false => Err(Refusal::KeyTaken),
            };
        }
        match transfer.act {
            Act::Post { debit, credit, amount } => {
                let (debit, credit) = self.pair(&debit, &credit, amount)?;
                self.guard(debit, amount, transfer.limit)?;
                self.post(transfer.key, EntryAct::Post, (debit, credit), amount, None)
            }
            Act::Hold { debit, credit, amount, expires } => {
                let (debit, credit) = self.pair(&debit, &credit, amount)?;
                self.guard(debit, amount, transfer.limit)?;
                self.hold(transfer.key, (debit, credit), amount, expires)
            }
            Act::PostHold { hold, amount } => {
                let hold = self.open_hold(hold, amount)?;
                let amount = amount.unwrap_or(self.records[hold].amount);
                self.settle(transfer.key, hold, EntryAct::PostHold, amount)
            }
            Act::VoidHold { hold } => {
                let hold = self.open_hold(hold, None)?;
                let amount = self.records[hold].amount;
                self.settle(transfer.key, hold, EntryAct::VoidHold, amount)
            }
            Act::Reverse { posting, amount } => self.reverse(transfer.key, posting, amount),
        }
    }

    /// Whether a stored transfer is what is asked for again.
    fn is_same(&self, known: &Record, act: &Act) -> bool {
        let accounts = |debit: &AccountKey, credit: &AccountKey| {
            let is = |id, key: &AccountKey| {
                self.by_account.get(&id).is_some_and(|i| self.accounts[*i].place == key.place())
            };
            is(known.debit, debit) && is(known.credit, credit)
        };
        let about = |key: Key| self.record(key).is_some_and(|of| known.about == Some(of.id));
        match (known.act, act) {
            (EntryAct::Post, Act::Post { debit, credit, amount }) => {
                known.amount == *amount && accounts(debit, credit)
            }
            (EntryAct::Hold, Act::Hold { debit, credit, amount, expires }) => {
                known.amount == *amount && known.expires == *expires && accounts(debit, credit)
            }
            (EntryAct::PostHold, Act::PostHold { hold, amount }) => {
                let whole = || self.record(*hold).map(|hold| hold.amount);
                about(*hold) && amount.or_else(whole) == Some(known.amount)
            }
            (EntryAct::VoidHold, Act::VoidHold { hold }) => about(*hold),
            // How much was left when it was first asked is not known any more.
            (EntryAct::Reverse, Act::Reverse { posting, amount }) => {
                about(*posting) && amount.is_none_or(|amount| amount == known.amount)
            }
            _ => false,
        }
    }

    /// The two accounts of a new movement.
    fn pair(
        &mut self,
        debit: &AccountKey,
        credit: &AccountKey,
        amount: i64,
    ) -> Result<(usize, usize), Refusal> {
        if amount <= 0 {
            return Err(Refusal::AmountNotPositive);
        }
        if debit.place() == credit.place() {
            return Err(Refusal::SameAccount);
        }
        let debit_i = self.account(debit).ok_or(Refusal::NoSuchDebit)?;
        let credit_i = self.account(credit).ok_or(Refusal::NoSuchCredit)?;
        let unit = debit.ledger.unit;
        let units = [credit.ledger.unit, self.accounts[debit_i].unit, self.accounts[credit_i].unit];
        if units.iter().any(|other| *other != unit) {
            return Err(Refusal::UnitMismatch);
        }
        Ok((debit_i, credit_i))
    }

    fn account(&mut self, key: &AccountKey) -> Option<usize> {
        let place = key.place();
        if let Some(i) = self.by_place.get(&place) {
            return Some(*i);
        }
        if key.ledger.opening == Opening::Explicit {
            return None;
        }
        let account = Account::open(self.ids.next(self.now), key);
        self.add_account(account);
        Some(self.accounts.len() - 1)
    }

    fn guard(&self, debit: usize, asked: i64, limit: Option<i64>) -> Result<(), Refusal> {
        let Some(limit) = limit else { return Ok(()) };
        let account = &self.accounts[debit];
        if account.shared {
            return Err(Refusal::Unguardable);
        }
        let (used, held) = (account.balance.net_debits(), account.balance.debits_held);
        let after = used.checked_add(held).and_then(|sum| sum.checked_add(asked));
        if after.is_none_or(|after| after > limit) {
            return Err(Refusal::ExceedsLimit { used, held, asked, limit });
        }
        Ok(())
    }

    fn post(
        &mut self,
        key: Key,
        act: EntryAct,
        (debit, credit): (usize, usize),
        amount: i64,
        about: Option<TransferId>,
    ) -> Result<Outcome, Refusal> {
        let mut debited = self.accounts[debit].balance;
        let mut credited = self.accounts[credit].balance;
        raise(&mut debited.debits_posted, amount)?;
        raise(&mut credited.credits_posted, amount)?;
        Ok(self.write(key, act, [(debit, debited), (credit, credited)], amount, about, None))
    }

    fn hold(
        &mut self,
        key: Key,
        (debit, credit): (usize, usize),
        amount: i64,
        expires: Option<Time>,
    ) -> Result<Outcome, Refusal> {
        let mut debited = self.accounts[debit].balance;
        let mut credited = self.accounts[credit].balance;
        raise(&mut debited.debits_held, amount)?;
        raise(&mut credited.credits_held, amount)?;
        let sides = [(debit, debited), (credit, credited)];
        Ok(self.write(key, EntryAct::Hold, sides, amount, None, expires))
    }

    /// The hold with this key, if it is still open and enough is held.
    fn open_hold(&self, key: Key, amount: Option<i64>) -> Result<usize, Refusal> {
        if amount.is_some_and(|amount| amount <= 0) {
            return Err(Refusal::AmountNotPositive);
        }
        let i = *self.by_key.get(&key).ok_or(Refusal::HoldNotFound)?;
        let hold = &self.records[i];
        match hold.settled {
            _ if hold.act != EntryAct::Hold => return Err(Refusal::HoldNotFound),
            Some(EntryAct::PostHold) => return Err(Refusal::HoldPosted),
            Some(EntryAct::Expire) => return Err(Refusal::HoldExpired),
            Some(_) => return Err(Refusal::HoldVoided),
            None if hold.expires.is_some_and(|at| at <= self.now) => {
                return Err(Refusal::HoldExpired);
            }
            None => {}
        }
        match amount {
            Some(asked) if asked > hold.amount => {
                Err(Refusal::ExceedsHold { held: hold.amount, asked })
            }
            _ => Ok(i),
        }
    }

    /// Ends a hold: posts `amount` of it, or nothing when it is voided or expires.
    fn settle(
        &mut self,
        key: Key,
        hold: usize,
        act: EntryAct,
        amount: i64,
    ) -> Result<Outcome, Refusal> {
        let Record { id, debit, credit, amount: held, .. } = self.records[hold];
        let (debit, credit) = (self.by_account[&debit], self.by_account[&credit]);
        let mut debited = self.accounts[debit].balance;
        let mut credited = self.accounts[credit].balance;
        raise(&mut debited.debits_held, -held)?;
        raise(&mut credited.credits_held, -held)?;
        if act == EntryAct::PostHold {
            raise(&mut debited.debits_posted, amount)?;
            raise(&mut credited.credits_posted, amount)?;
        }
        self.change_record(hold, |hold| hold.settled = Some(act));
        Ok(self.write(key, act, [(debit, debited), (credit, credited)], amount, Some(id), None))
    }

    /// Lets a hold expire whose time is up; nothing when it has been settled meanwhile.
    pub(crate) fn expire(&mut self, hold: Key) -> bool {
        self.undo = None;
        let Some(&i) = self.by_key.get(&hold) else { return false };
        let Record { id, amount, settled, expires, .. } = self.records[i];
        let due = settled.is_none() && expires.is_some_and(|at| at <= self.now);
        due && self.settle(Key::of_expiry(id), i, EntryAct::Expire, amount).is_ok()
    }

    fn reverse(&mut self, key: Key, posting: Key, amount: Option<i64>) -> Result<Outcome, Refusal> {
        if amount.is_some_and(|amount| amount <= 0) {
            return Err(Refusal::AmountNotPositive);
        }
        let i = *self.by_key.get(&posting).ok_or(Refusal::PostingNotFound)?;
        let of = &self.records[i];
        if !matches!(of.act, EntryAct::Post | EntryAct::PostHold) {
            return Err(Refusal::PostingNotFound);
        }
        let left = of.amount - of.reversed;
        let asked = amount.unwrap_or(left);
        if asked > left || left == 0 {
            return Err(Refusal::ExceedsPosting { left, asked });
        }
        let id = of.id;
        // The other way round: what was credited is debited.
        let sides = (self.by_account[&of.credit], self.by_account[&of.debit]);
        let outcome = self.post(key, EntryAct::Reverse, sides, asked, Some(id))?;
        self.change_record(i, |of| of.reversed += asked);
        Ok(outcome)
    }

    fn change_record(&mut self, i: usize, change: impl FnOnce(&mut Record)) {
        let record = &mut self.records[i];
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Settled(i, Box::new(record.clone())));
        }
        change(record);
        record.changed = true;
    }

    /// Writes a transfer and the new balances of its two accounts, the debited one first.
    fn write(
        &mut self,
        key: Key,
        act: EntryAct,
        [debit, credit]: [(usize, Balance); 2],
        amount: i64,
        about: Option<TransferId>,
        expires: Option<Time>,
    ) -> Outcome {
        let id: TransferId = self.ids.next(self.now);
        let mut touch = |(i, balance): (usize, Balance)| {
            let account = &mut self.accounts[i];
            if let Some(undo) = &mut self.undo {
                undo.push(Undo::Account(i, Box::new(account.clone())));
            }
            let prev = account.last;
            account.balance = balance;
            account.touched = true;
            if !account.shared {
                account.last = id.to_i64();
            }
            (account.id, prev)
        };
        let (debit, prev_debit) = touch(debit);
        let (credit, prev_credit) = touch(credit);
        if let Some(undo) = &mut self.undo {
            undo.push(Undo::Added(key));
        }
        self.add_record(Record {
            id,
            key,
            act,
            debit,
            credit,
            amount,
            about,
            settled: None,
            reversed: 0,
            loaded_reversed: 0,
            expires,
            prev_debit,
            prev_credit,
            stored: false,
            changed: false,
        });
        Outcome::Applied(id)
    }
}

impl Account {
    /// A new account with nothing in it.
    pub(crate) fn open(id: AccountId, key: &AccountKey) -> Account {
        Account {
            id,
            place: key.place(),
            unit: key.ledger.unit,
            shared: key.ledger.sharing == Sharing::Shared,
            balance: Balance::default(),
            loaded: Balance::default(),
            last: 0,
            loaded_last: 0,
            stored: false,
            touched: false,
        }
    }
}

fn raise(sum: &mut i64, by: i64) -> Result<(), Refusal> {
    *sum = sum.checked_add(by).ok_or(Refusal::Overflow)?;
    Ok(())
}
