//! Drawing, settling, putting back: set-based, in the transaction of the caller.

use std::collections::{HashMap, HashSet};

use db::{Ctx, DbError, Tx};
use kernel::Finding;
use ledger::{Act, Transfer};

use super::rules::{self, Verdict};
use super::store::{self, NewReturn};
use super::types::*;
use crate::Quantity;
use crate::accounts::{self, Counted, Side, Step, guarded, key, link};
use crate::movement::{self, Cause, Movement};

/// Holds stock for declarations. Findings of a draw (unknown book, no such record, other mode,
/// short by so much) mean that nothing was held for it; what it held before, it still holds.
///
/// # Errors
/// [`DbError::Busy`] when another transaction drew on the same records; when the database fails.
pub fn draw(tx: &mut Tx, ctx: &Ctx, draws: &[Draw<'_>]) -> Result<Vec<Vec<Finding>>, DbError> {
    rounds(draws, |draw| draw.key, |run| draw_run(tx, ctx, run))
}

fn draw_run(tx: &mut Tx, ctx: &Ctx, draws: &[Draw<'_>]) -> Result<Vec<Vec<Finding>>, DbError> {
    let shelves = store::shelves(tx, draws)?;
    let known = store::latest(tx, draws.iter().map(|draw| draw.key))?;
    let judge = |draw: &Draw<'_>| rules::judge(draw, known.get(&draw.key), &shelves);
    let verdicts: Vec<_> = draws.iter().map(judge).collect();
    let held = |draw: &Draw<'_>| known.get(&draw.key).filter(|known| known.state == State::Held);
    let lines = |(draw, verdict): (&Draw<'_>, &Result<Verdict, _>)| match verdict {
        Ok(Verdict::Hold(lines)) => {
            let replaced = held(draw).into_iter().flat_map(|known| &known.lines);
            lines.iter().chain(replaced).map(|line| line.of).collect()
        }
        _ => Vec::new(),
    };
    let mut free = free(tx, draws.iter().zip(&verdicts).flat_map(lines))?;
    let (mut transfers, mut new, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
    let mut out = Vec::with_capacity(draws.len());
    for (draw, verdict) in draws.iter().zip(verdicts) {
        let lines = match verdict {
            Ok(Verdict::Hold(lines)) => lines,
            Ok(Verdict::Stands) => {
                out.push(Vec::new());
                continue;
            }
            Err(findings) => {
                out.push(findings);
                continue;
            }
        };
        let before = held(draw);
        let old = before.map_or(&[][..], |known| &known.lines);
        if let Err(findings) = rules::take(&mut free, &lines, old) {
            out.push(findings);
            continue;
        }
        let first = transfers.len();
        if let Some(before) = before {
            transfers.extend(before.lines.iter().map(|line| void(before.id, line)));
            replaced.push((before.id, State::Held, State::Replaced));
        }
        let round = known.get(&draw.key).map_or(0, |known| known.round + 1);
        let book = shelves.books[draw.book].book;
        let drawn = Drawn { id: ctx.id(), round, book, state: State::Held, lines };
        transfers.extend(drawn.lines.iter().map(|line| hold(drawn.id, line)));
        link(&mut transfers, first);
        new.push((draw.key, drawn));
        out.push(Vec::new());
    }
    accounts::apply(tx, ctx, &transfers)?;
    store::settle(tx, ctx.now, &replaced)?;
    store::insert(tx, &new)?;
    Ok(out)
}

fn free(
    tx: &mut Tx,
    records: impl Iterator<Item = Counted>,
) -> Result<HashMap<Counted, Quantity>, DbError> {
    let mut seen = HashSet::new();
    let records: Vec<Counted> = records.filter(|record| seen.insert(*record)).collect();
    let free = accounts::free(tx, &records)?;
    Ok(records.into_iter().zip(free).collect())
}

fn hold(draw: DrawId, line: &Line) -> Transfer {
    let key = key(draw.to_i64(), Step::Hold, line.gnum);
    guarded(key, line.of.aside(Side::Exited, line.quantity))
}

fn void(draw: DrawId, line: &Line) -> Transfer {
    let of = |step| key(draw.to_i64(), step, line.gnum);
    Transfer::new(of(Step::Void), Act::VoidHold { hold: of(Step::Hold) })
}

fn post(draw: DrawId, line: &Line) -> Transfer {
    let of = |step| key(draw.to_i64(), step, line.gnum);
    Transfer::new(of(Step::Post), Act::PostHold { hold: of(Step::Hold), amount: None })
}

/// Tells what became of inventories: a release turns what is held into an exit; a rejection, a
/// cancellation or an expiry gives it back. Saying it twice changes nothing.
///
/// # Errors
/// As [`draw`].
pub fn settle(
    tx: &mut Tx,
    ctx: &Ctx,
    settlements: &[([u8; 16], Settlement)],
) -> Result<Vec<Settled>, DbError> {
    rounds(settlements, |(key, _)| *key, |run| settle_run(tx, ctx, run))
}

/// What a run of settlements or returns changes.
#[derive(Default)]
struct Changes {
    transfers: Vec<Transfer>,
    states: Vec<(DrawId, State, State)>,
    new: Vec<([u8; 16], Drawn)>,
    returned: Vec<(DrawId, u32, Quantity, Quantity)>,
    movements: Vec<Movement>,
}

fn settle_run(
    tx: &mut Tx,
    ctx: &Ctx,
    settlements: &[([u8; 16], Settlement)],
) -> Result<Vec<Settled>, DbError> {
    let known = store::latest(tx, settlements.iter().map(|(key, _)| *key))?;
    let late = |(key, settlement): &([u8; 16], Settlement)| {
        let drawn = known.get(key).filter(|known| known.state == State::GivenBack);
        drawn.filter(|_| *settlement == Settlement::Released)
    };
    let records = settlements.iter().filter_map(late).flat_map(|drawn| &drawn.lines);
    let mut free = free(tx, records.map(|line| line.of))?;
    let mut changes = Changes::default();
    let mut out = Vec::with_capacity(settlements.len());
    for (key, settlement) in settlements {
        let Some(drawn) = known.get(key) else {
            out.push(Settled::Nothing);
            continue;
        };
        out.push(match (drawn.state, settlement) {
            (State::Held, Settlement::Released) => {
                changes.transfers.extend(drawn.lines.iter().map(|line| post(drawn.id, line)));
                changes.states.push((drawn.id, State::Held, State::Released));
                changes.exit(ctx, drawn);
                Settled::Done
            }
            (State::Held, Settlement::GivenBack) => {
                changes.transfers.extend(drawn.lines.iter().map(|line| void(drawn.id, line)));
                changes.states.push((drawn.id, State::Held, State::GivenBack));
                Settled::Done
            }
            (State::Released, Settlement::GivenBack) => {
                changes.undo(ctx, drawn);
                Settled::Done
            }
            (State::GivenBack, Settlement::Released) => {
                match rules::take(&mut free, &drawn.lines, &[]) {
                    Ok(()) => {
                        changes.late(ctx, *key, drawn);
                        Settled::Done
                    }
                    Err(findings) => Settled::Short(findings),
                }
            }
            _ => Settled::Already,
        });
    }
    changes.save(tx, ctx)?;
    Ok(out)
}

impl Changes {
    fn exit(&mut self, ctx: &Ctx, drawn: &Drawn) {
        self.movements.extend(drawn.lines.iter().map(|line| {
            let source = drawn.id.to_i64();
            Movement::new(ctx, line.of.record, Cause::Exited, line.quantity.negated(), source)
        }));
    }

    /// A release that was cancelled: everything that has not come back comes back.
    fn undo(&mut self, ctx: &Ctx, drawn: &Drawn) {
        for line in drawn.lines.iter().filter(|line| line.left().is_positive()) {
            let of = |step| key(drawn.id.to_i64(), step, line.gnum);
            let act = Act::Reverse { posting: of(Step::Post), amount: None };
            self.transfers.push(Transfer::new(of(Step::Back), act));
            self.returned.push((drawn.id, line.gnum, line.returned, line.quantity));
            let (record, source) = (line.of.record, drawn.id.to_i64());
            let back = Movement::new(ctx, record, Cause::Cancelled, line.left(), source);
            self.movements.push(back);
        }
        self.states.push((drawn.id, State::Released, State::GivenBack));
    }

    /// Released although it had been given back: held and out at once, as a round of its own.
    fn late(&mut self, ctx: &Ctx, key: [u8; 16], before: &Drawn) {
        let fresh = |line: &Line| Line { returned: Quantity::ZERO, ..line.clone() };
        let drawn = Drawn {
            id: ctx.id(),
            round: before.round + 1,
            book: before.book,
            state: State::Released,
            lines: before.lines.iter().map(fresh).collect(),
        };
        let first = self.transfers.len();
        self.transfers.extend(drawn.lines.iter().map(|line| hold(drawn.id, line)));
        self.transfers.extend(drawn.lines.iter().map(|line| post(drawn.id, line)));
        link(&mut self.transfers, first);
        self.exit(ctx, &drawn);
        self.new.push((key, drawn));
    }

    fn save(&self, tx: &mut Tx, ctx: &Ctx) -> Result<(), DbError> {
        accounts::apply(tx, ctx, &self.transfers)?;
        store::settle(tx, ctx.now, &self.states)?;
        store::returned(tx, &self.returned)?;
        store::insert(tx, &self.new)?;
        movement::insert(tx, &self.movements)
    }
}

/// Puts goods of released inventories back on the book: accepted returns. Findings of a return
/// mean that nothing came back with it.
///
/// # Errors
/// As [`draw`].
pub fn put_back(
    tx: &mut Tx,
    ctx: &Ctx,
    returns: &[Return<'_>],
) -> Result<Vec<Vec<Finding>>, DbError> {
    rounds(returns, |one| one.of, |run| put_back_run(tx, ctx, run))
}

fn put_back_run(
    tx: &mut Tx,
    ctx: &Ctx,
    returns: &[Return<'_>],
) -> Result<Vec<Vec<Finding>>, DbError> {
    let drawn = store::latest(tx, returns.iter().map(|one| one.of))?;
    let known = store::returns(tx, returns.iter().map(|one| one.key))?;
    let (mut changes, mut new) = (Changes::default(), Vec::new());
    let mut taken = HashSet::new();
    let mut out = Vec::with_capacity(returns.len());
    for one in returns {
        let of = drawn.get(&one.of);
        let lines = match rules::judge_return(one, known.get(&one.key), of) {
            Ok(Some(lines)) => lines,
            Ok(None) => {
                out.push(Vec::new());
                continue;
            }
            Err(findings) => {
                out.push(findings);
                continue;
            }
        };
        let Some(of) = of.filter(|_| taken.insert(one.key)) else {
            out.push(vec![rules::key_taken()]);
            continue;
        };
        let id: ReturnId = ctx.id();
        for (gnum, quantity) in &lines {
            let Some(line) = of.lines.iter().find(|line| line.gnum == *gnum) else { continue };
            let posting = key(of.id.to_i64(), Step::Post, *gnum);
            let act = Act::Reverse { posting, amount: Some(quantity.to_i64()) };
            changes.transfers.push(Transfer::new(key(id.to_i64(), Step::Back, *gnum), act));
            let after = line.returned.plus(*quantity);
            changes.returned.push((of.id, *gnum, line.returned, after));
            let (record, source) = (line.of.record, id.to_i64());
            let back = Movement::new(ctx, record, Cause::Returned, *quantity, source);
            changes.movements.push(back);
        }
        new.push(NewReturn { id, key: one.key, draw: of.id, lines });
        out.push(Vec::new());
    }
    changes.save(tx, ctx)?;
    store::insert_returns(tx, &new)?;
    Ok(out)
}

/// Works through items in runs within which no key comes twice, so that each sees what the one
/// before did. Nearly always that is one run.
fn rounds<T, R>(
    items: &[T],
    key: impl Fn(&T) -> [u8; 16],
    mut round: impl FnMut(&[T]) -> Result<Vec<R>, DbError>,
) -> Result<Vec<R>, DbError> {
    let mut results = Vec::with_capacity(items.len());
    let mut rest = items;
    while !rest.is_empty() {
        let mut seen = HashSet::with_capacity(rest.len());
        let run = rest.iter().take_while(|item| seen.insert(key(item))).count();
        let (now, later) = rest.split_at(run);
        results.extend(round(now)?);
        rest = later;
    }
    Ok(results)
}
