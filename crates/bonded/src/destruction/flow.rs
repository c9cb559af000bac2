//! Applying, approving, extending, finishing, filing, giving up.

use db::{Ctx, DbError, Event, Tx};
use kernel::{Fen, Finding};
use ledger::Act;
use register::rules::Rules;
use serde_json::json;

use super::types::*;
use super::{rules, store};
use crate::accounts::{self, Side, Step, guarded, key};
use crate::book::store::book_of;
use crate::book::{self, Book, Seer, short};
use crate::movement::{self, Cause, Movement};
use crate::refusal::{Failure, Refusal};
use crate::transfer::reasoned;
use crate::{Quantity, fault};

/// Applies for a destruction; the goods are set aside.
///
/// # Errors
/// `bonded.not_found`, `bonded.book.closed`; all findings.
pub(crate) fn apply(
    tx: &mut Tx,
    ctx: &Ctx,
    law: &Rules,
    seer: Seer,
    draft: &DestructionDraft,
) -> Result<Destruction, Failure> {
    let book = book::owned(tx, seer, draft.book.trim())?;
    if !book.open {
        return Err(Refusal::BookClosed.into());
    }
    let law = law.on(ctx.now.date());
    let mut findings = rules::application(draft, &law)
        .map_err(|unknown| Failure::Findings(vec![fault::no_rule(&unknown)]))?;
    let lines = book::resolve(tx, book.id, &draft.lines, &mut findings)?;
    findings.extend(short(tx, &lines)?);
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    let text = |text: &str| text.trim().to_owned();
    let line = |line: book::Line| DestructionLine {
        number: line.number,
        record: line.record,
        quantity: line.quantity,
        destroyed: Quantity::ZERO,
    };
    let one = Destruction {
        id: ctx.id(),
        book: book.id,
        book_number: book.number.clone(),
        state: State::Applied,
        version: 1,
        ground: draft.ground.clone(),
        explanation: text(&draft.explanation),
        authorised_by: text(&draft.authorised_by),
        destroyer_code: text(&draft.destroyer_code),
        destroyer_name: text(&draft.destroyer_name),
        place: text(&draft.place),
        papers: draft.papers.join(","),
        approval_no: String::new(),
        approved_on: None,
        due_on: None,
        extension_from: None,
        extension_requested_on: None,
        finished_on: None,
        video: String::new(),
        video_until: None,
        papers_due_on: None,
        papers_on: None,
        declaration_no: String::new(),
        residue: Fen::ZERO,
        residue_declaration_no: String::new(),
        reason: String::new(),
        lines: lines.into_iter().map(line).collect(),
    };
    let hold = |line: &DestructionLine| {
        let act = line.record.counted().aside(Side::Destroyed, line.quantity);
        guarded(key(one.id.to_i64(), Step::Hold, line.number), act)
    };
    accounts::apply(tx, ctx, &one.lines.iter().map(hold).collect::<Vec<_>>())?;
    store::insert(tx, &one, ctx.now)?;
    tell(tx, ctx, "bonded.destruction_applied", &one)?;
    Ok(one)
}

/// A destruction with its book, if the caller may see it.
pub(crate) fn find(
    tx: &mut Tx,
    seer: Seer,
    id: DestructionId,
) -> Result<(Destruction, Book), Failure> {
    let one = store::find(tx, id)?.ok_or(Refusal::NotFound)?;
    let book = book_of(tx, one.book)?;
    if seer.sees(book.holder) { Ok((one, book)) } else { Err(Refusal::NotFound.into()) }
}

fn in_state(
    tx: &mut Tx,
    seer: Seer,
    id: DestructionId,
    needs: State,
) -> Result<Destruction, Failure> {
    let (one, _) = find(tx, seer, id)?;
    if one.state == needs {
        return Ok(one);
    }
    Err(Refusal::State { found: one.state.word(), expected: needs.word() }.into())
}

fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &'static str,
    one: Destruction,
) -> Result<Destruction, Failure> {
    if !store::update(tx, &one, ctx.now)? {
        return Err(Refusal::Changed.into());
    }
    tell(tx, ctx, kind, &one)?;
    Ok(one)
}

/// Writes down customs' approval: the clock starts.
///
/// # Errors
/// `bonded.not_found`, `bonded.state`, `bonded.changed`; all findings.
pub(crate) fn approve(
    tx: &mut Tx,
    ctx: &Ctx,
    law: &Rules,
    seer: Seer,
    id: DestructionId,
    approval: &Approval,
) -> Result<Destruction, Failure> {
    let before = in_state(tx, seer, id, State::Applied)?;
    let one = rules::approve(&before, approval, law, ctx.now.date()).map_err(wrong)?;
    save(tx, ctx, "bonded.destruction_approved", one)
}

fn wrong(findings: Vec<Finding>) -> Failure {
    Failure::Findings(findings)
}

/// Writes down an extension that was granted.
///
/// # Errors
/// As [`approve`].
pub(crate) fn extend(
    tx: &mut Tx,
    ctx: &Ctx,
    law: &Rules,
    seer: Seer,
    id: DestructionId,
    extension: &Extension,
) -> Result<Destruction, Failure> {
    let before = in_state(tx, seer, id, State::Approved)?;
    let one = rules::extend(&before, extension, law, ctx.now.date()).map_err(wrong)?;
    save(tx, ctx, "bonded.destruction_extended", one)
}

/// The goods are destroyed and leave the book; what was approved and not destroyed is free again.
///
/// # Errors
/// As [`approve`].
pub(crate) fn finish(
    tx: &mut Tx,
    ctx: &Ctx,
    law: &Rules,
    seer: Seer,
    id: DestructionId,
    done: &Finish,
) -> Result<Destruction, Failure> {
    let before = in_state(tx, seer, id, State::Approved)?;
    let one = rules::finish(&before, done, law, ctx.now.date()).map_err(wrong)?;
    let source = id.to_i64();
    let post = |line: &DestructionLine| {
        let hold = key(source, Step::Hold, line.number);
        match line.destroyed.is_positive() {
            true => {
                let amount = Some(line.destroyed.to_i64());
                let act = Act::PostHold { hold, amount };
                ledger::Transfer::new(key(source, Step::Post, line.number), act)
            }
            false => {
                let act = Act::VoidHold { hold };
                ledger::Transfer::new(key(source, Step::Void, line.number), act)
            }
        }
    };
    accounts::apply(tx, ctx, &one.lines.iter().map(post).collect::<Vec<_>>())?;
    let gone = one.lines.iter().filter(|line| line.destroyed.is_positive());
    let moved = gone.map(|line| {
        let quantity = line.destroyed.negated();
        Movement::new(ctx, line.record.id, Cause::Destroyed, quantity, source)
    });
    movement::insert(tx, &moved.collect::<Vec<_>>())?;
    save(tx, ctx, "bonded.destruction_finished", one)
}

/// Writes down the papers filed afterwards.
///
/// # Errors
/// As [`approve`].
pub(crate) fn file_papers(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: DestructionId,
    papers: &Papers,
) -> Result<Destruction, Failure> {
    let before = in_state(tx, seer, id, State::Finished)?;
    let one = rules::file(&before, papers, ctx.now.date()).map_err(wrong)?;
    save(tx, ctx, "bonded.destruction_filed", one)
}

/// Ends an application: customs did not agree (`refused`), or the firm gives it up. The goods are
/// free again.
///
/// # Errors
/// As [`approve`].
pub(crate) fn give_up(
    tx: &mut Tx,
    ctx: &Ctx,
    seer: Seer,
    id: DestructionId,
    refused: bool,
    reason: &str,
) -> Result<Destruction, Failure> {
    let (before, _) = find(tx, seer, id)?;
    let (state, kind, expected) = match refused {
        true => (State::Refused, "bonded.destruction_refused", "applied"),
        false => (State::Withdrawn, "bonded.destruction_withdrawn", "applied or approved"),
    };
    let open = before.state == State::Applied || before.state == State::Approved && !refused;
    if !open {
        return Err(Refusal::State { found: before.state.word(), expected }.into());
    }
    let reason = reasoned(reason)?;
    let source = id.to_i64();
    let void = |line: &DestructionLine| {
        let act = Act::VoidHold { hold: key(source, Step::Hold, line.number) };
        ledger::Transfer::new(key(source, Step::Void, line.number), act)
    };
    accounts::apply(tx, ctx, &before.lines.iter().map(void).collect::<Vec<_>>())?;
    save(tx, ctx, kind, Destruction { state, reason, ..before })
}

fn tell(tx: &mut Tx, ctx: &Ctx, kind: &'static str, one: &Destruction) -> Result<(), DbError> {
    let subject = one.id.to_string();
    tx.audit(ctx, kind, &subject, &one.reason)?;
    let body = json!({
        "version": 1,
        "id": one.id,
        "state": one.state.word(),
        "due_on": one.due_on.map(|day| day.to_string()),
        "papers_due_on": one.papers_due_on.map(|day| day.to_string()),
    });
    tx.emit(ctx, Event { kind, subject, body: body.into() })
}
