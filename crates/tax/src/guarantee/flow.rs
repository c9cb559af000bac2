//! Guarantors and what they lodge. Every change is audited and told.

use std::collections::HashMap;

use db::{Ctx, DbError, Tx};
use kernel::{Date, Fen, Finding, Text};
use register::rules::Law;

use super::alarm;
use super::refusal::TaxRefusal;
use super::rules::{self, Terms, Turn};
use super::store;
use super::types::*;
use crate::charge::journal::{Journal, Place};
use crate::charge::{Act, GuarantorId, LiabilityId, Role, chart, day_number, days_after};

/// How an act on guarantees and bills fails.
pub type Failure = web::Failure<TaxRefusal>;

/// `changes_on` when nothing waits.
pub(crate) const NEVER: i64 = 99_991_231;
const NUMBER_CHARS_MAX: usize = 64;
const ISSUER_CHARS_MAX: usize = 100;

/// The guarantor with this code.
///
/// # Errors
/// `guarantee.not_found`.
pub fn find(tx: &mut Tx, code: &str) -> Result<Guarantor, Failure> {
    let found = store::by_codes(tx, std::iter::once(code))?.pop();
    found.ok_or(Failure::Refused(TaxRefusal::GuarantorNotFound))
}

/// Registers a guarantor, or changes its role and the way of its bills. What is the same already
/// is left alone. Gives whether it is new.
///
/// # Errors
/// When a customs broker is to guarantee: brokers withhold, they do not guarantee; when the code
/// is empty.
pub fn register(
    tx: &mut Tx,
    ctx: &Ctx,
    draft: &GuarantorDraft<'_>,
) -> Result<(Guarantor, bool), Failure> {
    let mut findings = Vec::new();
    if draft.role == Role::Broker {
        let expected = "platform, ecommerce, logistics";
        findings.push(wrong("role", draft.role.name(), expected));
    }
    length("code", draft.code, 32, &mut findings);
    none(findings)?;
    let known = store::by_codes(tx, std::iter::once(draft.code))?.pop();
    let created = known.is_none();
    let guarantor = match known {
        Some(known) if known.role == Some(draft.role) && known.bill_by == draft.bill_by => {
            return Ok((known, false));
        }
        Some(known) => {
            let changed = Guarantor { role: Some(draft.role), bill_by: draft.bill_by, ..known };
            store::update(tx, &changed)?;
            Guarantor { version: changed.version + 1, ..changed }
        }
        None => {
            let new = Guarantor {
                role: Some(draft.role),
                bill_by: draft.bill_by,
                ..unregistered(ctx, draft.code)
            };
            store::insert(tx, std::slice::from_ref(&new), ctx.now)?;
            new
        }
    };
    tx.audit(ctx, "guarantee.register", draft.code, draft.role.name())?;
    Ok((guarantor, created))
}

/// A guarantor that only a declaration has named.
pub(super) fn unregistered(ctx: &Ctx, code: &str) -> Guarantor {
    Guarantor {
        id: ctx.id(),
        code: code.into(),
        role: None,
        bill_by: None,
        warned: 0,
        changes_on: NEVER,
        version: 1,
    }
}

/// Lodges an instrument. From its first day on it counts; the same again is found, not added.
///
/// # Errors
/// `guarantee.not_found`, `guarantee.instrument_taken`; findings about amount, days and texts.
pub fn lodge(
    tx: &mut Tx,
    ctx: &Ctx,
    code: &str,
    draft: &InstrumentDraft<'_>,
) -> Result<Instrument, Failure> {
    none(draft_findings(draft, ctx.now.date()))?;
    let guarantor = find(tx, code)?;
    let lodged = store::instruments(tx, guarantor.id)?;
    let same = |one: &&Instrument| one.form == draft.form && *one.number == *draft.number;
    if let Some(known) = lodged.iter().find(same) {
        let again = known.amount == draft.amount
            && known.valid_from == draft.valid_from
            && known.valid_until == draft.valid_until;
        return if again { Ok(known.clone()) } else { Err(TaxRefusal::InstrumentTaken.into()) };
    }
    let instrument = Instrument {
        id: ctx.id(),
        guarantor: guarantor.id,
        form: draft.form,
        number: draft.number.into(),
        issuer: draft.issuer.into(),
        amount: draft.amount,
        counted: Fen(0),
        valid_from: draft.valid_from,
        valid_until: draft.valid_until,
        state: InstrumentState::Pending,
        reminded: None,
        version: 1,
    };
    store::insert_instrument(tx, &instrument, ctx.now)?;
    let body = alarm::of_instrument(&guarantor, &instrument);
    let subject = instrument.id.to_string();
    alarm::tell(tx, ctx, "tax.guarantee_lodged", &guarantor.code, subject, body)?;
    let detail = format!("{} {}", instrument.form.name(), instrument.amount);
    tx.audit(ctx, "guarantee.lodge", &instrument.id.to_string(), &detail)?;
    turn(tx, ctx, guarantor, &mut Swept::default())?;
    one(tx, code, instrument.id).map(|(_, instrument)| instrument)
}

/// Tops an instrument up, reduces it, or gives it another last day.
///
/// # Errors
/// `guarantee.not_found`, `guarantee.instrument_not_found`, `guarantee.instrument_ended`,
/// `guarantee.would_uncover` when more would be taken away than is free; findings about the amount
/// or the day.
pub fn change(
    tx: &mut Tx,
    ctx: &Ctx,
    code: &str,
    id: InstrumentId,
    change: Change,
) -> Result<Instrument, Failure> {
    let (guarantor, mut instrument) = one(tx, code, id)?;
    none(change_findings(&change, &instrument, ctx.now.date()))?;
    if instrument.state == InstrumentState::Ended && !matches!(change, Change::Extend(_)) {
        return Err(TaxRefusal::InstrumentEnded.into());
    }
    let sums = sums_of(tx, &[guarantor.id])?.remove(&guarantor.id).unwrap_or_default();
    let counts = matches!(instrument.state, InstrumentState::Active | InstrumentState::Lapsing);
    let mut journal = Journal::new();
    let mut count = |instrument: &mut Instrument, act: Act, amount: Fen| {
        let about = id.to_i64();
        let liability = LiabilityId::from_i64(0);
        journal.add(Place { guarantor: guarantor.id, liability, act, about }, 0, amount);
        instrument.counted.0 += act.effect(amount).granted.0;
    };
    let (act, detail) = match change {
        Change::TopUp(amount) => {
            instrument.amount = added(instrument.amount, amount)?;
            if counts {
                count(&mut instrument, Act::Grant, amount);
            }
            ("guarantee.top_up", amount.to_string())
        }
        Change::Reduce(amount) => {
            if counts && amount.0 > sums.available().0 {
                return Err(TaxRefusal::WouldUncover { available: sums.available() }.into());
            }
            instrument.amount.0 -= amount.0;
            if counts {
                // Of a lapsing one only what still counts can be taken away.
                let amount = Fen(amount.0.min(instrument.counted.0));
                count(&mut instrument, Act::Reduce, amount);
            }
            if instrument.amount.0 == 0 {
                instrument.state = InstrumentState::Ended;
            }
            ("guarantee.reduce", amount.to_string())
        }
        Change::Extend(until) => {
            instrument.valid_until = Some(until);
            instrument.reminded = None;
            let back = Fen(instrument.amount.0 - instrument.counted.0);
            match instrument.state {
                InstrumentState::Pending => {}
                InstrumentState::Active => {}
                InstrumentState::Lapsing | InstrumentState::Ended => {
                    instrument.state = InstrumentState::Active;
                    count(&mut instrument, Act::Grant, back);
                }
            }
            ("guarantee.extend", until.to_string())
        }
    };
    journal.post(tx, ctx, &HashMap::new())?;
    store::update_instrument(tx, &instrument)?;
    tx.audit(ctx, act, &id.to_string(), &detail)?;
    let body = alarm::of_instrument(&guarantor, &instrument);
    alarm::tell(tx, ctx, "tax.guarantee_changed", &guarantor.code, id.to_string(), body)?;
    let mut fresh = find(tx, code)?;
    fresh.changes_on = earliest(&store::instruments(tx, fresh.id)?);
    // There may be more room: what is still near its end is told of anew.
    fresh.warned = 0;
    store::update(tx, &fresh)?;
    Ok(Instrument { version: instrument.version + 1, ..instrument })
}

/// The guarantor and one of its instruments.
pub fn one(tx: &mut Tx, code: &str, id: InstrumentId) -> Result<(Guarantor, Instrument), Failure> {
    let guarantor = find(tx, code)?;
    let found = store::instruments(tx, guarantor.id)?.into_iter().find(|one| one.id == id);
    let instrument = found.ok_or(Failure::Refused(TaxRefusal::InstrumentNotFound))?;
    Ok((guarantor, instrument))
}

/// Lets instruments begin and lapse whose day has come, and reminds of those that end soon, for at
/// most `max` guarantors. Run it on the first occasion of each day; [`super::hold`] does the same
/// for those it meets. What lapses takes its amount away only as far as no tax is uncovered; the
/// rest stays, is told as `tax.guarantee_lapsing`, and goes as soon as tax is paid.
///
/// # Errors
/// When the law of the day or the database fails.
pub fn sweep(tx: &mut Tx, ctx: &Ctx, law: &Law<'_>, max: u32) -> Result<Swept, Failure> {
    let terms = Terms::read(law).map_err(|none| Failure::Findings(vec![none.to_finding()]))?;
    let today = ctx.now.date();
    let mut swept = Swept::default();
    let mut after = GuarantorId::from_i64(0);
    loop {
        let left = max.saturating_sub(swept.guarantors);
        let changing = store::changing(tx, day_number(today), after, left.min(500))?;
        let Some(last) = changing.last() else { break };
        after = last.id;
        swept.guarantors += u32::try_from(changing.len()).unwrap_or(u32::MAX);
        for guarantor in changing {
            turn(tx, ctx, guarantor, &mut swept)?;
        }
    }
    let farthest = terms.remind_days.first().copied().unwrap_or(0);
    for instrument in store::ending(tx, days_after(today, farthest), max)? {
        let Some(days) = rules::remind(&instrument, today, &terms.remind_days) else { continue };
        let Some(guarantor) = store::by_ids(tx, std::iter::once(instrument.guarantor))?.pop()
        else {
            continue;
        };
        let mut body = alarm::of_instrument(&guarantor, &instrument);
        body["days"] = days.into();
        let subject = instrument.id.to_string();
        alarm::tell(tx, ctx, "tax.guarantee_ends_soon", &guarantor.code, subject, body)?;
        store::update_instrument(tx, &Instrument { reminded: Some(days), ..instrument })?;
    }
    Ok(swept)
}

/// What today brings to a guarantor's instruments.
pub(super) fn turn(
    tx: &mut Tx,
    ctx: &Ctx,
    mut guarantor: Guarantor,
    swept: &mut Swept,
) -> Result<Guarantor, DbError> {
    let today = ctx.now.date();
    let sums = sums_of(tx, &[guarantor.id])?.remove(&guarantor.id).unwrap_or_default();
    let mut available = sums.available();
    let mut instruments = store::instruments(tx, guarantor.id)?;
    // What begins today covers for what ends.
    instruments.sort_by_key(|one| (one.state != InstrumentState::Pending, one.id));
    let mut journal = Journal::new();
    for instrument in &mut instruments {
        let before = instrument.state;
        let Some(turn) = rules::turn(instrument, today, available) else { continue };
        let (act, amount) = match turn {
            Turn::Begins(amount) => {
                instrument.state = InstrumentState::Active;
                swept.began += 1;
                (Act::Grant, amount)
            }
            Turn::Lapses { gone, stays } => {
                let ends = stays.0 == 0;
                let (state, counter) = match ends {
                    true => (InstrumentState::Ended, &mut swept.ended),
                    false => (InstrumentState::Lapsing, &mut swept.lapsing),
                };
                *counter += 1;
                instrument.state = state;
                (Act::Lapse, gone)
            }
        };
        if instrument.state == before && amount.0 == 0 {
            continue;
        }
        let effect = act.effect(amount).granted.0;
        available.0 += effect;
        instrument.counted.0 += effect;
        let (liability, about) = (LiabilityId::from_i64(0), instrument.id.to_i64());
        journal.add(Place { guarantor: guarantor.id, liability, act, about }, 0, amount);
        store::update_instrument(tx, instrument)?;
        instrument.version += 1;
        if instrument.state != before {
            let kind = match instrument.state {
                InstrumentState::Active => "tax.guarantee_began",
                InstrumentState::Lapsing => "tax.guarantee_lapsing",
                _ => "tax.guarantee_ended",
            };
            let mut body = alarm::of_instrument(&guarantor, instrument);
            body["available"] = available.to_string().into();
            alarm::tell(tx, ctx, kind, &guarantor.code, instrument.id.to_string(), body)?;
        }
    }
    journal.post(tx, ctx, &HashMap::new())?;
    let changes_on = earliest(&instruments);
    if changes_on != guarantor.changes_on {
        guarantor.changes_on = changes_on;
        store::update(tx, &guarantor)?;
        guarantor.version += 1;
    }
    Ok(guarantor)
}

fn earliest(instruments: &[Instrument]) -> i64 {
    instruments.iter().filter_map(rules::changes_on).map(day_number).min().unwrap_or(NEVER)
}

/// The sums of each of these guarantors, from the ledger.
pub(crate) fn sums_of(
    tx: &mut Tx,
    guarantors: &[GuarantorId],
) -> Result<HashMap<GuarantorId, crate::charge::Sums>, DbError> {
    let keys: Vec<_> = guarantors.iter().flat_map(|id| chart::accounts(*id)).collect();
    let balances = ledger::balances(tx, &keys)?;
    let each = guarantors.iter().zip(balances.chunks(5));
    Ok(each.map(|(id, balances)| (*id, chart::sums(balances).0)).collect())
}

/// These guarantors and how they stand.
///
/// # Errors
/// When the database fails.
pub fn positions(tx: &mut Tx, guarantors: Vec<Guarantor>) -> Result<Vec<Position>, DbError> {
    let ids: Vec<GuarantorId> = guarantors.iter().map(|one| one.id).collect();
    let mut sums = sums_of(tx, &ids)?;
    let position = |guarantor: Guarantor| {
        let sums = sums.remove(&guarantor.id).unwrap_or_default();
        Position { guarantor, sums }
    };
    Ok(guarantors.into_iter().map(position).collect())
}

/// What a guarantor lodged, in order.
///
/// # Errors
/// When the database fails.
pub fn instruments(tx: &mut Tx, guarantor: GuarantorId) -> Result<Vec<Instrument>, DbError> {
    store::instruments(tx, guarantor)
}

fn added(amount: Fen, more: Fen) -> Result<Fen, Failure> {
    let finding = || Failure::Findings(vec![wrong("amount", &more.to_string(), "a smaller sum")]);
    amount.checked_add(more).ok_or_else(finding)
}

fn draft_findings(draft: &InstrumentDraft<'_>, today: Date) -> Vec<Finding> {
    let mut findings = Vec::new();
    if draft.amount.0 <= 0 {
        findings.push(wrong("amount", &draft.amount.to_string(), "> 0"));
    }
    length("number", draft.number, NUMBER_CHARS_MAX, &mut findings);
    length("issuer", draft.issuer, ISSUER_CHARS_MAX, &mut findings);
    if let Some(until) = draft.valid_until.filter(|until| *until < draft.valid_from.max(today)) {
        let expected = format!(">= {}", draft.valid_from.max(today));
        findings.push(wrong("valid_until", &until.to_string(), &expected));
    }
    findings
}

fn change_findings(change: &Change, instrument: &Instrument, today: Date) -> Vec<Finding> {
    match change {
        Change::TopUp(amount) if amount.0 <= 0 => {
            vec![wrong("amount", &amount.to_string(), "> 0")]
        }
        Change::Reduce(amount) if amount.0 <= 0 || *amount > instrument.amount => {
            vec![wrong("amount", &amount.to_string(), &format!("0.01 … {}", instrument.amount))]
        }
        Change::Extend(until) if *until < today.max(instrument.valid_from) => {
            let expected = format!(">= {}", today.max(instrument.valid_from));
            vec![wrong("valid_until", &until.to_string(), &expected)]
        }
        _ => Vec::new(),
    }
}

fn length(path: &str, text: &str, max: usize, findings: &mut Vec<Finding>) {
    if text.trim().is_empty() || text.chars().count() > max {
        findings.push(wrong(path, text, &format!("1 … {max} characters")));
    }
}

pub(crate) fn wrong(path: &str, found: &str, expected: &str) -> Finding {
    Finding::error(
        "tax.value",
        Text::new("取值不符合要求", "the value is not one that can be taken"),
        Text::new("按要求改正", "correct it as expected"),
    )
    .at(path)
    .found(found, expected)
}

fn none(findings: Vec<Finding>) -> Result<(), Failure> {
    if findings.is_empty() { Ok(()) } else { Err(Failure::Findings(findings)) }
}
