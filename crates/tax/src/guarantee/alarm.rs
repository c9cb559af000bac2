//! What a guarantor is told: events for everybody who listens, notices for the guarantor.

use db::{Ctx, DbError, Event, Tx};
use kernel::Fen;
use serde_json::{Value, json};
use web::notices::{self, Notice};

use super::rules::Terms;
use super::store;
use super::types::*;

/// The level that stands for: a declaration was refused, or tax is uncovered.
const EXHAUSTED: i64 = 100;

/// Tells a guarantor, and whoever listens, in this transaction.
pub(crate) fn tell(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &'static str,
    guarantor: &str,
    subject: String,
    body: Value,
) -> Result<(), DbError> {
    let notice = Notice {
        party: guarantor.to_owned(),
        kind,
        subject: subject.clone(),
        body: body.clone().into(),
    };
    tx.emit(ctx, Event { kind, subject, body: body.into() })?;
    notices::post(tx, ctx, &[notice])
}

/// How a guarantor stands after a batch of holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strain {
    pub(super) granted: Fen,
    pub(super) available: Fen,
    /// Whether a declaration found too little, refused or warned of.
    pub(super) short: bool,
}

/// Tells a guarantor that its guarantee runs out, once for each threshold on the way up.
pub(super) fn strained(
    tx: &mut Tx,
    ctx: &Ctx,
    terms: &Terms,
    guarantor: &Guarantor,
    strain: Strain,
) -> Result<(), DbError> {
    let Strain { granted, available, short } = strain;
    let level = if short { EXHAUSTED } else { terms.level(granted, available) };
    if level <= guarantor.warned {
        return Ok(());
    }
    let kind = if short { "tax.guarantee_exhausted" } else { "tax.guarantee_low" };
    let body = json!({
        "version": 1,
        "guarantor": guarantor.code,
        "percent": level,
        "granted": granted.to_string(),
        "available": available.to_string(),
        "blocks": terms.blocks,
    });
    tell(tx, ctx, kind, &guarantor.code, guarantor.code.to_string(), body)?;
    store::update(tx, &Guarantor { warned: level, ..guarantor.clone() })
}

/// The body of what is told about an instrument.
pub(super) fn of_instrument(guarantor: &Guarantor, instrument: &Instrument) -> Value {
    json!({
        "version": 1,
        "guarantor": guarantor.code,
        "instrument": instrument.id,
        "form": instrument.form.name(),
        "number": instrument.number,
        "amount": instrument.amount.to_string(),
        "counted": instrument.counted.to_string(),
        "valid_until": instrument.valid_until.map(|until| until.to_string()),
        "state": instrument.state.name(),
    })
}
