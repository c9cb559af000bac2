//! The hot path: holding a guarantee for declarations and ending the hold, in batches. A fixed
//! number of statements however many inventories there are.

use std::collections::{HashMap, HashSet};

use db::{Ctx, DbError, Tx};
use kernel::{Fen, Finding, Text};
use register::rules::Law;

use super::alarm::{self, Strain};
use super::rules::Terms;
use super::types::*;
use super::{flow, store};
use crate::bill;
use crate::charge::book::Book;
use crate::charge::chart::{self, AVAILABLE, GRANTED};
use crate::charge::rules::{self, Asked};
use crate::charge::store::{self as charges, Liability, Wanted};
use crate::charge::*;

/// Holds each charge's tax against its guarantor's lodging, in order: a later one sees the earlier
/// ones. A finding of level error means that nothing was held for it (what the same inventory held
/// before, it still holds); one of level warning, that the law only warns and it was held although
/// there was not enough. The same charge again changes nothing; with other taxes, or another
/// guarantor, it moves.
///
/// # Errors
/// [`DbError::Busy`] when another transaction used the same guarantee: do the transaction again;
/// when the database fails.
pub fn hold(
    tx: &mut Tx,
    ctx: &Ctx,
    law: &Law<'_>,
    charges: &[Charge<'_>],
) -> Result<Vec<Option<Finding>>, DbError> {
    if charges.is_empty() {
        return Ok(Vec::new());
    }
    let terms = match Terms::read(law) {
        Ok(terms) => terms,
        Err(none) => return Ok(charges.iter().map(|_| Some(none.to_finding())).collect()),
    };
    let mut sides = Sides::load(tx, ctx, &terms, charges)?;
    let mut book = Book::load(tx, charges.iter().map(|charge| charge.key))?;
    book.liabilities.extend(sides.liabilities.drain());
    if !terms.blocks {
        book.journal = std::mem::take(&mut book.journal).unguarded();
    }
    let mut findings = Vec::with_capacity(charges.len());
    for charge in charges {
        findings.push(one(&mut book, &mut sides, &terms, charge));
    }
    book.save(tx, ctx)?;
    for side in sides.guarantors {
        let Side { guarantor, granted, available, short } = side;
        let strain = Strain { granted, available, short };
        alarm::strained(tx, ctx, &terms, &guarantor, strain)?;
    }
    Ok(findings)
}

fn one(
    book: &mut Book,
    sides: &mut Sides<'_>,
    terms: &Terms,
    charge: &Charge<'_>,
) -> Option<Finding> {
    let Some((liability, at)) = sides.of(charge) else { return Some(no_guarantee(charge)) };
    let available = sides.guarantors[at].available;
    let known = book.entry(&charge.key);
    let before_at = known.and_then(|entry| sides.place(book, entry.liability));
    let same = before_at == Some(at);
    match rules::hold(known, (liability, charge.tax), available, same, terms.blocks) {
        Asked::Keep => None,
        Asked::Hold { before } => {
            book.hold(charge, liability, before);
            if let Some(side) = before_at.and_then(|at| sides.guarantors.get_mut(at)) {
                side.available.0 += before.0;
            }
            let side = &mut sides.guarantors[at];
            side.available.0 -= charge.tax.total().0;
            let uncovered = side.available.0 < 0 && charge.tax.total().0 > 0;
            side.short |= uncovered;
            uncovered.then(|| too_little(charge, side.available, false))
        }
        Asked::Short => {
            sides.guarantors[at].short = true;
            Some(too_little(charge, available, true))
        }
        Asked::Released => Some(released(charge)),
        Asked::NotAnAmount => Some(not_an_amount(charge)),
    }
}

/// Ends declarations: released, their tax falls due and its return window starts; given back, the
/// hold is void. What was released and is given back after all (cancelled, returned whole) is not
/// due any more, or refunded when it was paid. Saying it twice changes nothing.
///
/// # Errors
/// As [`hold`].
pub fn settle(
    tx: &mut Tx,
    ctx: &Ctx,
    settlements: &[(Key, Settlement<'_>)],
) -> Result<Vec<Settled>, DbError> {
    if settlements.is_empty() {
        return Ok(Vec::new());
    }
    let mut book = Book::load(tx, settlements.iter().map(|(key, _)| *key))?;
    let settled = settlements.iter().map(|(key, how)| book.settle(key, how)).collect();
    let bills: Vec<BillId> = book.bill_changes().map(|(bill, _)| bill).collect();
    book.save(tx, ctx)?;
    bill::flow::follow(tx, ctx, &bills)?;
    Ok(settled)
}

/// A guarantor as a batch sees it.
struct Side {
    guarantor: Guarantor,
    granted: Fen,
    available: Fen,
    short: bool,
}

/// Guarantors and liabilities of a batch.
struct Sides<'c> {
    guarantors: Vec<Side>,
    by_code: HashMap<&'c str, usize>,
    by_id: HashMap<GuarantorId, usize>,
    by_names: HashMap<(&'c str, &'c str, &'c str, Role), LiabilityId>,
    liabilities: HashMap<LiabilityId, Liability>,
}

impl<'c> Sides<'c> {
    fn load(
        tx: &mut Tx,
        ctx: &Ctx,
        terms: &Terms,
        charges: &[Charge<'c>],
    ) -> Result<Sides<'c>, DbError> {
        let mut seen = HashSet::new();
        let codes: Vec<&'c str> = charges
            .iter()
            .map(|charge| charge.guarantor)
            .filter(|code| seen.insert(*code))
            .collect();
        let mut known = store::by_codes(tx, codes.iter().copied())?;
        if !terms.blocks {
            known.extend(open_missing(tx, ctx, &codes, &known)?);
        }
        let today = day_number(ctx.now.date());
        for guarantor in &mut known {
            if guarantor.changes_on <= today {
                *guarantor = flow::turn(tx, ctx, guarantor.clone(), &mut Swept::default())?;
            }
        }
        let accounts: Vec<_> = known
            .iter()
            .flat_map(|one| [AVAILABLE, GRANTED].map(|ledger| chart::of_guarantor(ledger, one.id)))
            .collect();
        let balances = ledger::balances(tx, &accounts)?;
        let mut sides = Sides {
            guarantors: Vec::with_capacity(known.len()),
            by_code: HashMap::new(),
            by_id: HashMap::new(),
            by_names: HashMap::new(),
            liabilities: HashMap::new(),
        };
        for (guarantor, pair) in known.into_iter().zip(balances.chunks(2)) {
            let net = |at: usize| pair.get(at).map_or(0, ledger::Balance::net_debits);
            let (available, granted) = (Fen(-net(0)), Fen(net(1)));
            let at = sides.guarantors.len();
            sides.by_id.insert(guarantor.id, at);
            if let Some(code) = codes.iter().find(|code| **code == &*guarantor.code) {
                sides.by_code.insert(code, at);
            }
            sides.guarantors.push(Side { guarantor, granted, available, short: false });
        }
        sides.load_liabilities(tx, ctx, charges)?;
        Ok(sides)
    }

    fn load_liabilities(
        &mut self,
        tx: &mut Tx,
        ctx: &Ctx,
        charges: &[Charge<'c>],
    ) -> Result<(), DbError> {
        let mut seen = HashSet::new();
        let mut names = Vec::new();
        let mut wanted: Vec<Wanted<'c>> = Vec::new();
        for charge in charges {
            let name = (charge.guarantor, charge.firm, charge.agent, charge.agent_role);
            let Some(at) = self.by_code.get(charge.guarantor) else { continue };
            if seen.insert(name) {
                let guarantor = self.guarantors[*at].guarantor.id;
                names.push(name);
                wanted.push((guarantor, charge.firm, charge.agent, charge.agent_role));
            }
        }
        let mut found: Vec<Option<Liability>> = vec![None; wanted.len()];
        for (n, liability) in charges::liabilities(tx, &wanted)? {
            if let Some(slot) = found.get_mut(n) {
                *slot = Some(liability);
            }
        }
        let mut new = Vec::new();
        for (slot, (guarantor, firm, agent, agent_role)) in found.iter_mut().zip(&wanted) {
            slot.get_or_insert_with(|| {
                let (guarantor, agent_role) = (*guarantor, *agent_role);
                let (firm, agent) = ((*firm).into(), (*agent).into());
                let liability = Liability { id: ctx.id(), guarantor, firm, agent, agent_role };
                new.push(liability.clone());
                liability
            });
        }
        charges::insert_liabilities(tx, &new)?;
        for (name, liability) in names.into_iter().zip(found.into_iter().flatten()) {
            self.by_names.insert(name, liability.id);
            self.liabilities.insert(liability.id, liability);
        }
        Ok(())
    }

    /// The liability a charge belongs to, and the place of its guarantor.
    fn of(&self, charge: &Charge<'_>) -> Option<(LiabilityId, usize)> {
        let at = *self.by_code.get(charge.guarantor)?;
        let name = (charge.guarantor, charge.firm, charge.agent, charge.agent_role);
        Some((*self.by_names.get(&name)?, at))
    }

    /// The place of the guarantor of a liability, when the batch deals with it.
    fn place(&self, book: &Book, liability: LiabilityId) -> Option<usize> {
        let guarantor = book.liabilities.get(&liability)?.guarantor;
        self.by_id.get(&guarantor).copied()
    }
}

/// Where the law only warns, tax is followed although its guarantor has lodged nothing.
fn open_missing(
    tx: &mut Tx,
    ctx: &Ctx,
    codes: &[&str],
    known: &[Guarantor],
) -> Result<Vec<Guarantor>, DbError> {
    let known: HashSet<&str> = known.iter().map(|one| &*one.code).collect();
    let missing = codes.iter().filter(|code| !code.is_empty() && !known.contains(**code));
    let new: Vec<Guarantor> = missing.map(|code| flow::unregistered(ctx, code)).collect();
    store::insert(tx, &new, ctx.now)?;
    Ok(new)
}

fn no_guarantee(charge: &Charge<'_>) -> Finding {
    Finding::error(
        "guarantee.none",
        Text::new("担保企业没有税款担保", "the guarantor has lodged no guarantee"),
        Text::new(
            "担保企业先向海关提交担保并在平台登记，或改由已有担保的企业担保",
            "the guarantor lodges a guarantee and has it registered, or name one that has",
        ),
    )
    .at("assureCode")
    .found(charge.guarantor, "a registered guarantor")
}

fn too_little(charge: &Charge<'_>, available: Fen, blocks: bool) -> Finding {
    let message = Text::new(
        format!("税款担保可用额度不足：{available} 元"),
        format!("the guarantee does not suffice: {available} yuan are free"),
    );
    let remedy = Text::new(
        "担保企业追加担保，或先缴清已出税单",
        "the guarantor tops up its guarantee, or pays bills that are due",
    );
    let finding = match blocks {
        true => Finding::error("guarantee.short", message, remedy),
        false => Finding::warning("guarantee.short", message, remedy),
    };
    finding.at("assureCode").found(available.to_string(), format!(">= {}", charge.tax.total()))
}

fn released(charge: &Charge<'_>) -> Finding {
    Finding::error(
        "guarantee.released",
        Text::new(
            "清单已放行，税款不能再按新金额担保",
            "the inventory is released; its tax cannot be held anew",
        ),
        Text::new(
            "通过退货、撤销或修撤办理税款调整",
            "have the tax corrected by a return or a cancellation",
        ),
    )
    .at("assureCode")
    .found(charge.tax.total().to_string(), "the tax as released")
}

fn not_an_amount(charge: &Charge<'_>) -> Finding {
    flow::wrong("tax", &charge.tax.total().to_string(), ">= 0")
}
