//! Limits of the buyer: yearly amount and yearly quantities, held when an inventory is ready, used
//! when it is released, given back when it ends otherwise.

use std::collections::HashMap;

use db::{DbError, Tx};
use kernel::{Fen, Finding, Text};
use ledger::quota::{Ask, Back, BuyerYear, GiveBack, Held, confirm, give_back};
use ledger::{AccountKey, Act, Key, Ledger, Opening, Outcome, Refusal, Sharing, Transfer, Unit};

use super::admit::Batch;
use super::desk::Change;
use crate::document::Inventory;
use crate::matching::Role;
use crate::precheck::Concern;
use crate::precheck::concern;
use crate::precheck::goods::Assessed;
use crate::store::inventory::Quota;

/// Quantities of capped goods a buyer has in a year, in grams or millilitres.
const CAPPED: Ledger =
    Ledger { code: 20, unit: Unit(20), opening: Opening::OnFirstUse, sharing: Sharing::Own };

/// The other side of [`CAPPED`].
const ALL_CAPPED: Ledger = Ledger { code: 21, sharing: Sharing::Shared, ..CAPPED };

/// What is done with a capped quantity; the number of the cap and of the round follow.
#[derive(Clone, Copy)]
enum Step {
    Hold = 0,
    Use = 1,
    Free = 2,
    Return = 3,
}

/// Caps one inventory can touch: more lines than that have none.
const CAPS_MAX: u32 = 64;

fn key(inventory: i64, round: i64, cap: usize, step: Step) -> Key {
    let round = u32::try_from(round).unwrap_or_default();
    let cap = u32::try_from(cap).unwrap_or_default() % CAPS_MAX;
    Key::of(inventory, CAPPED, (round * CAPS_MAX + cap) * 4 + step as u32)
}

/// The account year of an inventory: the calendar year of its declaration.
fn year_of(batch: &Batch<'_>, at: usize) -> i16 {
    let declared = batch.desk.declared(at);
    declared.facts.declared_on.unwrap_or_else(|| declared.received_at.date()).year()
}

/// Holds room for inventories about to go. Gives the concerns of those that found none.
pub(crate) fn hold(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    wanted: &[(usize, Assessed)],
) -> Result<HashMap<usize, Vec<Concern>>, DbError> {
    let mut refused: HashMap<usize, Vec<Concern>> = HashMap::new();
    if wanted.is_empty() {
        return Ok(refused);
    }
    let asks: Vec<Ask> = wanted
        .iter()
        .map(|(at, assessed)| {
            let declared = batch.desk.declared(*at);
            let of = BuyerYear { buyer: declared.facts.buyer.id, year: year_of(batch, *at) };
            let limit = assessed.annual_limit;
            Ask { inventory: declared.id.to_i64(), of, amount: assessed.amount, limit }
        })
        .collect();
    let held = ledger::quota::hold(tx, batch.ctx, &asks)?;
    let mut granted = Vec::new();
    for ((at, assessed), held) in wanted.iter().zip(held) {
        match held {
            Held::Ok => granted.push((*at, assessed)),
            _ => {
                let finding = no_room(held);
                let concern = concern(&batch.desk.declared(*at).facts, Role::Declarant, finding);
                refused.insert(*at, vec![concern]);
            }
        }
    }
    hold_quantities(batch, tx, &granted, &mut refused)?;
    let over: Vec<GiveBack> = granted
        .iter()
        .filter(|(at, _)| refused.contains_key(at))
        .map(|(at, _)| whole(batch.desk.declared(*at).id.to_i64()))
        .collect();
    give_back(tx, batch.ctx, &over)?;
    for (at, _) in granted.iter().filter(|(at, _)| !refused.contains_key(at)) {
        let declared = batch.desk.declared_mut(*at, Change::State);
        declared.quota = Quota::Held;
        declared.quota_round += 1;
    }
    Ok(refused)
}

fn hold_quantities(
    batch: &Batch<'_>,
    tx: &mut Tx,
    granted: &[(usize, &Assessed)],
    refused: &mut HashMap<usize, Vec<Concern>>,
) -> Result<(), DbError> {
    let mut transfers = Vec::new();
    let mut of = Vec::new();
    for (at, assessed) in granted {
        let declared = batch.desk.declared(*at);
        let (id, round) = (declared.id.to_i64(), declared.quota_round + 1);
        for (n, cap) in assessed.caps.iter().enumerate() {
            let account = account(tx, &declared.facts.buyer.id, &cap.rule, year_of(batch, *at));
            transfers.push(Transfer {
                key: key(id, round, n, Step::Hold),
                act: Act::Hold {
                    debit: account,
                    credit: AccountKey { ledger: ALL_CAPPED, owner: [0; 16], ..account },
                    amount: cap.amount,
                    expires: None,
                },
                limit: Some(cap.limit),
                // All of one inventory's caps, or none.
                linked: n + 1 < assessed.caps.len(),
            });
            of.push((*at, cap.clone()));
        }
    }
    if transfers.is_empty() {
        return Ok(());
    }
    let outcomes = ledger::apply(tx, batch.ctx, &transfers)?;
    for ((at, cap), outcome) in of.into_iter().zip(outcomes) {
        if let Outcome::Refused(refusal) = outcome
            && refusal != Refusal::Linked
        {
            let facts = &batch.desk.declared(at).facts;
            let finding = over_quantity(&cap, refusal);
            refused.entry(at).or_default().push(concern(facts, Role::Declarant, finding));
        }
    }
    Ok(())
}

fn account(tx: &Tx, buyer: &[u8; 16], rule: &str, year: i16) -> AccountKey {
    use std::fmt::Write;
    let mut text = String::with_capacity(48);
    for byte in buyer {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push_str(rule);
    let owner = tx.sealer().keyed_hash("quota.quantity", &text);
    AccountKey { ledger: CAPPED, owner, period: i32::from(year) }
}

fn whole(inventory: i64) -> GiveBack {
    GiveBack { inventory, what: Back::All }
}

/// Gives back what withdrawn inventories held.
pub(crate) fn release(batch: &mut Batch<'_>, tx: &mut Tx) -> Result<(), DbError> {
    let withdrawn = std::mem::take(&mut batch.withdrawn);
    let moves: Vec<(usize, Quota)> = withdrawn.into_iter().map(|at| (at, Quota::None)).collect();
    follow(batch, tx, &moves)
}

/// Moves what inventories hold or have used to where they now stand: used on release, given back
/// when they end otherwise.
pub(crate) fn follow(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    moves: &[(usize, Quota)],
) -> Result<(), DbError> {
    let mut used = Vec::new();
    let mut back = Vec::new();
    let mut quantities = Vec::new();
    for (at, to) in moves {
        let declared = batch.desk.declared(*at);
        let (id, from) = (declared.id.to_i64(), declared.quota);
        let step = match (from, to) {
            (Quota::Held, Quota::Used) => {
                used.push(id);
                Step::Use
            }
            (Quota::Held, Quota::None) => {
                back.push(whole(id));
                Step::Free
            }
            (Quota::Used, Quota::None) => {
                back.push(whole(id));
                Step::Return
            }
            _ => continue,
        };
        for n in 0..capped(batch, *at) {
            let round = declared.quota_round;
            let hold = key(id, round, n, Step::Hold);
            let act = match step {
                Step::Use => Act::PostHold { hold, amount: None },
                Step::Return => {
                    Act::Reverse { posting: key(id, round, n, Step::Use), amount: None }
                }
                _ => Act::VoidHold { hold },
            };
            quantities.push(Transfer::new(key(id, round, n, step), act));
        }
        if *to == Quota::None {
            let buyer = batch.desk.declared(*at).facts.buyer.id;
            batch.again.buyers.insert(buyer);
        }
        batch.desk.declared_mut(*at, Change::State).quota = *to;
    }
    confirm(tx, batch.ctx, &used)?;
    give_back(tx, batch.ctx, &back)?;
    if !quantities.is_empty() {
        ledger::apply(tx, batch.ctx, &quantities)?;
    }
    Ok(())
}

/// Holds without regard to the limit what customs has accepted although we held nothing: customs
/// keeps the true account, ours follows.
pub(crate) fn follow_customs(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    accepted: &[usize],
) -> Result<(), DbError> {
    let mut asks = Vec::new();
    let mut of = Vec::new();
    for at in accepted {
        let declared = batch.desk.declared(*at);
        let Some(taxes) = declared.taxes.filter(|taxes| taxes.amount > Fen::ZERO) else { continue };
        let buyer = BuyerYear { buyer: declared.facts.buyer.id, year: year_of(batch, *at) };
        let inventory = declared.id.to_i64();
        asks.push(Ask { inventory, of: buyer, amount: taxes.amount, limit: Fen(i64::MAX) });
        of.push(*at);
    }
    let held = ledger::quota::hold(tx, batch.ctx, &asks)?;
    for (at, held) in of.into_iter().zip(held) {
        if held == Held::Ok {
            batch.desk.declared_mut(at, Change::State).quota = Quota::Held;
        }
    }
    Ok(())
}

/// How many caps the goods of an inventory touch.
fn capped(batch: &Batch<'_>, at: usize) -> usize {
    let declared = batch.desk.declared(at);
    let inventory: &Inventory = &declared.facts;
    let day = inventory.declared_on.unwrap_or_else(|| declared.received_at.date());
    crate::precheck::goods::caps(inventory, day, batch.reference).len()
}

fn no_room(held: Held) -> Finding {
    let Held::Refused { used, held, asked, limit } = held else { return not_an_amount() };
    Finding::error(
        "limit.annual",
        Text::new(
            format!("订购人本年度额度不足：已用 {used} 元，占用 {held} 元，本单 {asked} 元，限额 {limit} 元"),
            format!(
                "over the buyer's yearly limit: {used} used, {held} held, {asked} asked, limit {limit} CNY"
            ),
        ),
        Text::new(
            "退款，或按一般贸易办理；占用释放后自动重试",
            "refund the buyer or import as general trade; tried again when held amounts are freed",
        ),
    )
    .at("buyerIdNumber")
    .found(asked.to_string(), {
        let left = limit.0.saturating_sub(used.0).saturating_sub(held.0).max(0);
        format!("<= {}", Fen(left))
    })
}

fn not_an_amount() -> Finding {
    Finding::error(
        "limit.no_amount",
        Text::new("完税价格须大于零", "the customs value must be above zero"),
        Text::new(
            "核对价格；全部为赠品的订单不能申报",
            "check the prices; an order of gifts alone cannot be declared",
        ),
    )
    .at("lines")
}

fn over_quantity(cap: &crate::precheck::goods::Cap, refusal: Refusal) -> Finding {
    let (used, held) = match refusal {
        Refusal::ExceedsLimit { used, held, .. } => (used, held),
        _ => (0, 0),
    };
    Finding::error(
        "limit.quantity",
        Text::new(
            format!("超过个人年度限量（{}）", cap.rule),
            format!("over the yearly quantity of one person ({})", cap.rule),
        ),
        Text::new("减少数量，或退款", "order less, or refund the buyer"),
    )
    .at(format!("lines[{}].qty1", cap.gnum))
    .found(
        format!("{} g/ml", cap.amount),
        format!("<= {} g/ml", cap.limit.saturating_sub(used).saturating_sub(held).max(0)),
    )
}
