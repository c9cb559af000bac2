//! Drawing up, binding, issuing, weighing, closing, voiding.

use std::collections::HashSet;

use db::{Ctx, DbError, Event, Tx};
use kernel::Finding;
use register::rules::Rules;
use serde_json::json;

use super::types::*;
use super::{rules, store};
use crate::book::{self, Seer};
use crate::refusal::{Failure, Refusal};
use crate::transfer::reasoned;
use crate::{fault, quantity};

/// Draws up a pass.
///
/// # Errors
/// All findings: the holder, the weights, documents unknown or on another pass.
pub(crate) fn draft(
    tx: &mut Tx,
    ctx: &Ctx,
    law: &Rules,
    own: Option<&str>,
    draft: &PassDraft,
) -> Result<Pass, Failure> {
    let mut findings = Vec::new();
    let tare = rules::head(draft, &mut findings);
    let items = rules::items(&[], &draft.items, &mut findings);
    let tolerance = law.on(ctx.now.date()).decimal("bonded.pass.weight_tolerance");
    let tolerance = tolerance.map_err(|unknown| findings.push(fault::no_rule(&unknown))).ok();
    let named = draft.holder.as_deref().or(own).unwrap_or_default();
    let holder = book::firm_of(tx, own, named)?;
    let (Some(tolerance), Some((holder, holder_code)), true) =
        (tolerance, holder, findings.is_empty())
    else {
        if book::firm_of(tx, own, named)?.is_none() {
            findings.push(no_holder(named));
        }
        return Err(Failure::Findings(findings));
    };
    let findings = documents(tx, holder, &items)?;
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    let day = ctx.now.date();
    let serial = tx.next_number(&format!("bonded.pass.{}.{}", draft.zone, day.year()))?;
    let pass = Pass {
        id: ctx.id(),
        number: format!("HF{}{}{serial:07}", draft.zone, day.year()),
        holder,
        holder_code,
        zone: draft.zone.clone(),
        direction: draft.direction,
        vehicle_no: draft.vehicle_no.trim().to_owned(),
        tare,
        weighed: None,
        tolerance: tolerance.value,
        state: State::Draft,
        version: 1,
        reason: String::new(),
        issued_at: None,
        passed_at: None,
        closed_at: None,
        items,
    };
    store::insert(tx, &pass).map_err(taken)?;
    tell(tx, ctx, "bonded.pass_drafted", &pass)?;
    Ok(pass)
}

fn no_holder(named: &str) -> Finding {
    fault::error(
        "bonded.pass.holder",
        ("申请企业未登记或不是本企业", "the firm is not registered, or is not you"),
        ("填写已登记的企业代码", "name a registered firm"),
    )
    .at("holder")
    .found(named, "the code of a registered firm")
}

/// What speaks against these documents on a pass of this holder.
fn documents(
    tx: &mut Tx,
    holder: register::party::PartyId,
    items: &[PassItem],
) -> Result<Vec<Finding>, DbError> {
    let bound = store::bound(tx, items)?;
    let owned = store::owned(tx, holder, items)?;
    let mut findings = Vec::new();
    for (n, item) in (0_u32..).zip(items) {
        let path = || format!("items[{n}].number");
        // Whether an inventory is released, clearance knows.
        if item.kind != PassItemKind::Inventory && !owned.contains(&n) {
            findings.push(rules::unknown_document(path(), &item.number));
        } else if bound.contains(&n) {
            findings.push(rules::bound_already(path(), &item.number));
        }
    }
    Ok(findings)
}

/// Another pass took one of the documents at the same moment.
fn taken(error: DbError) -> Failure {
    match error {
        DbError::Unique { .. } => Refusal::Changed.into(),
        other => Failure::Db(other),
    }
}

/// A pass, if the caller may see it.
pub(crate) fn find(tx: &mut Tx, seer: Seer, id: PassId) -> Result<Pass, Failure> {
    let pass = store::find(tx, id)?.filter(|pass| seer.sees(pass.holder));
    pass.ok_or(Failure::Refused(Refusal::NotFound))
}

/// How the holder of a pass is called.
pub(crate) fn firm_name(tx: &mut Tx, pass: &Pass) -> Result<String, Failure> {
    let name = book::name_of(tx, &pass.holder_code)?;
    Ok(name.unwrap_or_else(|| pass.holder_code.to_string()))
}

fn in_state(tx: &mut Tx, seer: Seer, id: PassId, needs: State) -> Result<Pass, Failure> {
    let pass = find(tx, seer, id)?;
    if pass.state == needs {
        return Ok(pass);
    }
    Err(Refusal::State { found: pass.state.word(), expected: needs.word() }.into())
}

fn save(tx: &mut Tx, ctx: &Ctx, kind: &'static str, pass: Pass) -> Result<Pass, Failure> {
    if !store::update(tx, &pass)? {
        return Err(Refusal::Changed.into());
    }
    tell(tx, ctx, kind, &pass)?;
    Ok(pass)
}

/// Binds more documents to a draft.
///
/// # Errors
/// `bonded.not_found`, `bonded.state`, `bonded.changed`; all findings.
pub(crate) fn bind(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: PassId,
    drafts: &[PassItemDraft],
) -> Result<Pass, Failure> {
    let mut pass = in_state(tx, seer, id, State::Draft)?;
    let mut findings = Vec::new();
    let items = rules::items(&pass.items, drafts, &mut findings);
    if findings.is_empty() {
        findings = documents(tx, pass.holder, &items)?;
    }
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    store::insert_items(tx, id, &items).map_err(taken)?;
    pass.items.extend(items);
    save(tx, ctx, "bonded.pass_bound", pass)
}

/// Takes documents off a draft.
///
/// # Errors
/// As [`bind`].
pub(crate) fn unbind(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: PassId,
    lines: &[u32],
) -> Result<Pass, Failure> {
    let mut pass = in_state(tx, seer, id, State::Draft)?;
    let known: HashSet<u32> = pass.items.iter().map(|item| item.line).collect();
    let unknown = lines.iter().filter(|line| !known.contains(line));
    let unknown: Vec<Finding> =
        unknown.map(|line| crate::transfer::unknown_line("lines".to_owned(), *line)).collect();
    if !unknown.is_empty() {
        return Err(Failure::Findings(unknown));
    }
    store::remove_items(tx, id, lines)?;
    let gone: HashSet<u32> = lines.iter().copied().collect();
    pass.items.retain(|item| !gone.contains(&item.line));
    save(tx, ctx, "bonded.pass_unbound", pass)
}

/// Issues a draft: from here on what it carries is fixed.
///
/// # Errors
/// As [`bind`]; a pass that carries nothing.
pub(crate) fn issue(tx: &mut Tx, ctx: &Ctx, seer: Seer, id: PassId) -> Result<Pass, Failure> {
    let pass = in_state(tx, seer, id, State::Draft)?;
    if pass.items.is_empty() {
        return Err(Failure::Findings(vec![book::rules::no_lines("items")]));
    }
    let pass = Pass { state: State::Issued, issued_at: Some(ctx.now), ..pass };
    save(tx, ctx, "bonded.pass_issued", pass)
}

/// Writes down the weight on the scales. Within the tolerance the vehicle passes; otherwise the
/// pass stays issued and the finding says by how much it is off.
///
/// # Errors
/// As [`bind`].
pub(crate) fn weigh(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: PassId,
    weighed_kg: &str,
) -> Result<Pass, Failure> {
    let pass = in_state(tx, seer, id, State::Issued)?;
    let weighed = quantity::read("weighed_kg", weighed_kg, true)
        .map_err(|finding| Failure::Findings(vec![finding]))?;
    let pass = Pass { weighed: Some(weighed), ..pass };
    if rules::deviates(&pass, weighed).is_some() {
        return save(tx, ctx, "bonded.pass_overweight", pass);
    }
    let pass = Pass { state: State::Passed, passed_at: Some(ctx.now), ..pass };
    save(tx, ctx, "bonded.pass_passed", pass)
}

/// Closes a pass that went through the gate.
///
/// # Errors
/// As [`bind`].
pub(crate) fn close(tx: &mut Tx, ctx: &Ctx, seer: Seer, id: PassId) -> Result<Pass, Failure> {
    let pass = in_state(tx, seer, id, State::Passed)?;
    let pass = Pass { state: State::Closed, closed_at: Some(ctx.now), ..pass };
    save(tx, ctx, "bonded.pass_closed", pass)
}

/// Gives up a pass that has not gone through; what it carried is free for another.
///
/// # Errors
/// As [`bind`].
pub(crate) fn void(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: PassId,
    reason: &str,
) -> Result<Pass, Failure> {
    let pass = find(tx, seer, id)?;
    if !matches!(pass.state, State::Draft | State::Issued) {
        let (found, expected) = (pass.state.word(), "draft or issued");
        return Err(Refusal::State { found, expected }.into());
    }
    let reason = reasoned(reason)?;
    store::free_items(tx, id)?;
    save(tx, ctx, "bonded.pass_voided", Pass { state: State::Voided, reason, ..pass })
}

fn tell(tx: &mut Tx, ctx: &Ctx, kind: &'static str, pass: &Pass) -> Result<(), DbError> {
    tx.audit(ctx, kind, &pass.number, &pass.reason)?;
    let body = json!({
        "version": 1,
        "id": pass.id,
        "number": pass.number,
        "state": pass.state.word(),
        "weighed_kg": pass.weighed,
    });
    tx.emit(ctx, Event { kind, subject: pass.id.to_string(), body: body.into() })
}
