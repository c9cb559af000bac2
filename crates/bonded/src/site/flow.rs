//! What the supervised place tells and is told.

use std::collections::{HashMap, HashSet};

use db::{Ctx, DbError, Event, Tx};
use serde_json::json;

use super::store;
use super::types::*;
use crate::fault;
use crate::refusal::{Failure, Refusal};

/// Keeps warehousing details that arrived, each with the entry of its bill as soon as there is
/// one. Set-based: four statements however many. A document that arrived before changes nothing.
///
/// # Errors
/// When the database fails.
pub fn arrived(tx: &mut Tx, ctx: &Ctx, arrived: &[Arrived<'_>]) -> Result<(), DbError> {
    let known = store::known(tx, arrived)?;
    let mut seen = HashSet::new();
    let new = arrived.iter().zip(known).filter(|(one, known)| !known && seen.insert(one.key));
    let new: Vec<&Arrived<'_>> = new.map(|(one, _)| one).collect();
    let mut bills: Vec<&str> = new.iter().map(|one| one.bill_no).collect();
    bills.sort_unstable();
    bills.dedup();
    let entries = store::entries_of(tx, &bills)?;
    let linked = |one: &'_ Arrived<'_>| entries.get(one.bill_no).copied();
    let new: Vec<_> = new.into_iter().map(|one| (one, linked(one))).collect();
    store::insert(tx, ctx, &new)
}

const REFERENCE_CHARS_MAX: usize = 64;
const WAYBILL_CHARS_MAX: usize = 60;
const NOTE_CHARS_MAX: usize = 500;

/// Hands instructions to the line of the supervised place. One of the same reference is found
/// when it says the same.
///
/// # Errors
/// All findings: an unknown operator, lengths; `bonded.different`.
pub fn instruct(
    tx: &mut Tx,
    ctx: &Ctx,
    instructions: &[Instruction],
) -> Result<Vec<InstructionId>, Failure> {
    let mut findings = Vec::new();
    let references = instructions.iter().map(|one| one.reference.trim().to_owned());
    let known = store::referred(tx, references)?;
    let waybills = instructions.iter().map(|one| one.waybill_no.trim().to_owned());
    let operators = store::operators_of(tx, waybills)?;
    let mut ids = Vec::with_capacity(instructions.len());
    // In order of their ids, which is the order in which they were given.
    let (mut new, mut fresh) = (Vec::new(), HashMap::new());
    for (n, one) in instructions.iter().enumerate() {
        let path = |field: &str| format!("[{n}].{field}");
        let max = REFERENCE_CHARS_MAX;
        let reference = fault::text(&path("reference"), &one.reference, max, &mut findings);
        let max = WAYBILL_CHARS_MAX;
        let waybill_no = fault::text(&path("waybill_no"), &one.waybill_no, max, &mut findings);
        if !one.note.trim().is_empty() {
            fault::text(&path("note"), &one.note, NOTE_CHARS_MAX, &mut findings);
        }
        let operator = one.operator_code.clone().or_else(|| operators.get(&waybill_no).cloned());
        let Some(operator_code) = operator else {
            let unknown = fault::error(
                "bonded.instruction.operator",
                (
                    "该运单没有入库明细，不知由哪个场所执行",
                    "no warehousing detail names the parcel",
                ),
                ("填写监管场所经营人代码", "name the operator of the supervised place"),
            );
            findings.push(unknown.at(path("operator_code")).found("", "an operator's code"));
            continue;
        };
        let instructed = Instructed {
            id: ctx.id(),
            reference,
            waybill_no,
            operator_code,
            act: one.act.word().to_owned(),
            note: one.note.trim().to_owned(),
            result: String::new(),
            image: String::new(),
            remark: String::new(),
            answered_at: None,
        };
        let before = known.get(&instructed.reference);
        let twin = fresh.get(&instructed.reference).and_then(|at: &usize| new.get(*at));
        match before.or(twin) {
            Some(known) if says_same(known, &instructed) => ids.push(known.id),
            Some(_) => return Err(Refusal::Different.into()),
            None => {
                ids.push(instructed.id);
                fresh.insert(instructed.reference.clone(), new.len());
                new.push(instructed);
            }
        }
    }
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    store::insert_instructions(tx, &new)?;
    for one in &new {
        tx.audit(ctx, "bonded.instruct", &one.waybill_no, &one.act)?;
        tell(tx, ctx, "bonded.instruction_given", one)?;
    }
    Ok(ids)
}

fn says_same(one: &Instructed, other: &Instructed) -> bool {
    let content = |i: &Instructed| {
        let Instructed { waybill_no, operator_code, act, note, .. } = i;
        [waybill_no, operator_code, act, note].map(String::clone)
    };
    content(one) == content(other)
}

/// Takes the result of an instruction. The same again is found.
///
/// # Errors
/// `bonded.state` when another result is there.
pub(crate) fn answer(
    tx: &mut Tx,
    ctx: &Ctx,
    before: Instructed,
    answer: &InstructionAnswer,
) -> Result<Instructed, Failure> {
    let mut findings = Vec::new();
    for (path, text) in [("image", &answer.image), ("remark", &answer.remark)] {
        if !text.trim().is_empty() {
            fault::text(path, text, NOTE_CHARS_MAX, &mut findings);
        }
    }
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    let after = Instructed {
        result: answer.result.word().to_owned(),
        image: answer.image.trim().to_owned(),
        remark: answer.remark.trim().to_owned(),
        answered_at: before.answered_at.or(Some(ctx.now)),
        ..before.clone()
    };
    if before.answered_at.is_some() {
        let answered = Refusal::State { found: "answered", expected: "waiting" };
        return if before == after { Ok(before) } else { Err(answered.into()) };
    }
    if !store::answer(tx, &after)? {
        return Err(Refusal::Changed.into());
    }
    tx.audit(ctx, "bonded.instruction.answer", &after.waybill_no, &after.result)?;
    tell(tx, ctx, "bonded.instruction_answered", &after)?;
    Ok(after)
}

fn tell(tx: &mut Tx, ctx: &Ctx, kind: &'static str, one: &Instructed) -> Result<(), DbError> {
    let body = json!({
        "version": 1,
        "reference": one.reference,
        "waybill_no": one.waybill_no,
        "operator_code": one.operator_code,
        "act": one.act,
        "result": one.result,
        "image": one.image,
    });
    tx.emit(ctx, Event { kind, subject: one.waybill_no.clone(), body: body.into() })
}
