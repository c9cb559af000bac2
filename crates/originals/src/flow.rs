//! Submitting records, taking requests, asking for another try, forgetting what is old.

use db::{Ctx, DbError, Event, Job, Original, OriginalId, Tx};
use kernel::{Finding, Time};
use register::party::flow as register;
use serde_json::json;

use crate::ask::{AskAnswer, OpenRequest, REFUSED, TAKEN, TROUBLE};
use crate::draft::{self, PaymentOriginal};
use crate::hot::Hot;
use crate::office::Office;
use crate::refusal::OriginalsRefusal;
use crate::store::{self, Ask, AskId, AskState, NewPayment, Payment, PaymentId};
use crate::wire::Prepared;

/// How a flow of this room fails.
pub type Failure = web::Failure<OriginalsRefusal>;

/// Kind of the jobs that answer customs.
pub(crate) const JOB: &str = "originals.answer";
/// The time of a request bounds its sendings, not their number.
const SENDINGS_MAX: u32 = 10_000;
/// Purpose under which records are sealed.
const PURPOSE: &str = "originals.payment";
/// Records forgotten in one transaction.
const PRUNED_MAX: i64 = 1_000;

/// A record that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its id.
    pub id: PaymentId,
    /// Whether the very same record had been handed over before.
    pub repeated: bool,
}

/// Stores records of a platform. `caller` is the code of the firm that hands them over; `None` for
/// the operator. The last record of an order is the one customs will get; the same record again
/// changes nothing.
///
/// # Errors
/// Every finding about every record; then nothing is stored. `originals.not_your_platform`.
pub fn submit(
    tx: &mut Tx,
    ctx: &Ctx,
    caller: Option<&str>,
    originals: &[PaymentOriginal],
) -> Result<Vec<Submitted>, Failure> {
    let mut findings = Vec::new();
    for (index, original) in originals.iter().enumerate() {
        findings.extend(draft::check(original, &format!("originals[{index}]"), ctx.now));
    }
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    let mut parties = Vec::with_capacity(originals.len());
    for original in originals {
        let code = &original.pay_exchange_info_head.ebp_code;
        parties.push(platform(tx, code, caller)?);
    }
    let contents: Vec<(&str, [u8; 16])> = originals
        .iter()
        .zip(&parties)
        .map(|(original, party)| (party.as_str(), content(tx, original)))
        .collect();
    let mut submitted: Vec<Option<Submitted>> = vec![None; originals.len()];
    for (place, id) in store::known(tx, &contents)? {
        if let Some(slot) = submitted.get_mut(place) {
            *slot = Some(Submitted { id, repeated: true });
        }
    }
    let mut new: Vec<NewPayment<'_>> = Vec::new();
    for (place, original) in originals.iter().enumerate() {
        let (Some((party, content)), Some(slot)) = (contents.get(place), submitted.get_mut(place))
        else {
            continue;
        };
        if slot.is_some() {
            continue;
        }
        let twin = new.iter().find(|one| one.content == *content && one.payment.party == *party);
        if let Some(twin) = twin {
            *slot = Some(Submitted { id: twin.payment.id, repeated: true });
            continue;
        }
        let one = payment(tx, ctx, party, *content, original)?;
        *slot = Some(Submitted { id: one.payment.id, repeated: false });
        new.push(one);
    }
    store::add(tx, &new)?;
    if !new.is_empty() {
        let detail = format!("{} payment originals", new.len());
        tx.audit(ctx, "originals.submit", caller.unwrap_or_default(), &detail)?;
    }
    Ok(submitted.into_iter().flatten().collect())
}

/// The code by which a platform is known, if the caller is it or is no firm.
fn platform(tx: &mut Tx, code: &str, caller: Option<&str>) -> Result<String, Failure> {
    let party = match register::find(tx, code) {
        Ok(found) => found.party,
        Err(web::Failure::Db(error)) => return Err(error.into()),
        Err(_) => return Err(OriginalsRefusal::NotYours.into()),
    };
    if caller.is_some_and(|own| !party.has_code(own)) {
        return Err(OriginalsRefusal::NotYours.into());
    }
    Ok(party.code().to_owned())
}

/// Stands for all that a record says.
fn content(tx: &Tx, original: &PaymentOriginal) -> [u8; 16] {
    let Prepared { head, lists } = Prepared::of(original, "");
    tx.sealer().keyed_hash("originals.content", &format!("{head}\n{lists}"))
}

fn payment<'a>(
    tx: &Tx,
    ctx: &Ctx,
    party: &str,
    content: [u8; 16],
    original: &'a PaymentOriginal,
) -> Result<NewPayment<'a>, DbError> {
    let head = &original.pay_exchange_info_head;
    let id: PaymentId = ctx.id();
    let prepared = Prepared::of(original, &guid(tx, id));
    let sealed = tx.sealer().seal_for(PURPOSE, &id.to_i64().to_be_bytes(), &prepared.to_bytes())?;
    let orders = &original.pay_exchange_info_lists;
    Ok(NewPayment {
        payment: Payment {
            id,
            party: party.to_owned(),
            pay_code: head.pay_code.clone(),
            transaction_id: head.pay_transaction_id.clone(),
            traded: draft::traded(head).unwrap_or(ctx.now),
            stored: ctx.now,
            orders: i64::try_from(orders.len()).unwrap_or(i64::MAX),
        },
        content,
        body: sealed,
        order_nos: orders.iter().map(|order| order.order_no.as_str()).collect(),
    })
}

/// The unique number of a record in the form of the family: it follows from its id.
fn guid(tx: &Tx, id: PaymentId) -> String {
    let bytes = tx.sealer().keyed_hash("originals.guid", &id.to_i64().to_string());
    let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
    parts.join("-")
}

/// The record of an order, from memory when it is at hand.
pub(crate) fn prepared(
    tx: &mut Tx,
    hot: &Hot,
    party: &str,
    order_no: &str,
) -> Result<Option<std::sync::Arc<Prepared>>, DbError> {
    let Some(id) = store::payment_of(tx, party, order_no)? else { return Ok(None) };
    if let Some(known) = hot.find(id) {
        return Ok(Some(known));
    }
    let Some(body) = store::body(tx, id)? else { return Ok(None) };
    let bytes = tx.sealer().open_for(PURPOSE, &id.to_i64().to_be_bytes(), &body)?;
    let damaged = || DbError::Damaged(format!("payment original {id}"));
    let prepared = Prepared::from_bytes(&bytes).ok_or_else(damaged)?;
    Ok(Some(hot.keep(id, prepared)))
}

/// Takes a request that customs made of a platform, in the form body it came in: records it, and
/// lets the record follow. The same session again is answered alike and asks for nothing more.
///
/// # Errors
/// When the database fails. Everything else is an answer.
pub fn take_ask(
    tx: &mut Tx,
    ctx: &Ctx,
    office: &Office,
    code: &str,
    body: &[u8],
) -> Result<AskAnswer, DbError> {
    let answer = |code: &str, message: &str| AskAnswer::new(code, message, ctx.now);
    let party = match register::find(tx, code) {
        Ok(found) => found.party.code().to_owned(),
        Err(web::Failure::Db(error)) => return Err(error),
        Err(_) => return Ok(answer(REFUSED, "未登记的电商平台")),
    };
    let asked = match OpenRequest::from_form(body) {
        Ok(asked) => asked,
        Err(said) => {
            record(tx, ctx, &party, body)?;
            tx.audit(ctx, "originals.refuse_ask", &party, &said)?;
            return Ok(answer(REFUSED, &said));
        }
    };
    if store::knows_session(tx, &party, &asked.session_id)? {
        return Ok(answer(TAKEN, ""));
    }
    if store::open(tx)? >= office.settings.open_max {
        return Ok(answer(TROUBLE, "请求过多，请稍后重试"));
    }
    let Ok(due) = office.due(ctx.now) else {
        return Ok(answer(TROUBLE, "系统异常，请稍后重试"));
    };
    let ask = Ask {
        id: ctx.id(),
        original: record(tx, ctx, &party, body)?,
        party,
        session_id: asked.session_id,
        order_no: asked.order_no,
        asked: ctx.now,
        service_time: asked.service_time,
        due,
        state: AskState::Open,
        sendings: 0,
        ended: None,
        fault: None,
    };
    if store::add_ask(tx, &ask)? {
        enqueue(tx, ctx, ask.id)?;
    }
    Ok(answer(TAKEN, ""))
}

fn record(tx: &mut Tx, ctx: &Ctx, party: &str, body: &[u8]) -> Result<OriginalId, DbError> {
    let original = Original { kind: "openReq", door: "customs", sender: party, bytes: body };
    let ids = tx.archive(ctx, &[original])?;
    ids.first().copied().ok_or_else(|| DbError::Damaged("an original without id".to_owned()))
}

fn enqueue(tx: &mut Tx, ctx: &Ctx, ask: AskId) -> Result<(), DbError> {
    let body = json!({ "ask": ask.to_string() });
    let job = Job::new(JOB, ask.to_string(), ctx.now, body);
    tx.enqueue(ctx, &Job { attempts_max: SENDINGS_MAX, ..job })
}

/// Lets a request that failed be answered once more.
///
/// # Errors
/// `originals.not_found`, `originals.answered`, `originals.no_law`.
pub(crate) fn resend(
    tx: &mut Tx,
    ctx: &Ctx,
    office: &Office,
    caller: Option<&str>,
    id: AskId,
) -> Result<Ask, Failure> {
    let ask = seen(tx, caller, id)?;
    match ask.state {
        AskState::Open => return Ok(ask),
        AskState::Sent | AskState::Late => return Err(OriginalsRefusal::Answered.into()),
        AskState::Failed => {}
    }
    let due = office.due(ctx.now).map_err(|_| OriginalsRefusal::NoLaw)?;
    store::reopen(tx, id, due)?;
    enqueue(tx, ctx, id)?;
    tx.audit(ctx, "originals.resend", &id.to_string(), "")?;
    seen(tx, caller, id)
}

/// A request, when the caller is the platform asked or is no firm.
pub(crate) fn seen(tx: &mut Tx, caller: Option<&str>, id: AskId) -> Result<Ask, Failure> {
    let found = store::ask(tx, id)?.ok_or(OriginalsRefusal::NotFound)?;
    if let Some(own) = caller
        && own_code(tx, own)? != found.party
    {
        return Err(OriginalsRefusal::NotFound.into());
    }
    Ok(found)
}

/// The code under which a caller's records lie: its key may carry its other code.
pub(crate) fn own_code(tx: &mut Tx, own: &str) -> Result<String, DbError> {
    match register::find(tx, own) {
        Ok(found) => Ok(found.party.code().to_owned()),
        Err(web::Failure::Db(error)) => Err(error),
        Err(_) => Ok(own.to_owned()),
    }
}

/// Forgets records of payments older than the law wants them kept; some a call. Gives how many.
///
/// # Errors
/// When the database fails. Without a rule nothing is forgotten.
pub fn prune(tx: &mut Tx, ctx: &Ctx, office: &Office) -> Result<u64, DbError> {
    let Ok(years) = office.years_kept(ctx.now.date()) else { return Ok(0) };
    let Some(before) = years_before(ctx.now, years) else { return Ok(0) };
    store::prune(tx, before, PRUNED_MAX)
}

/// The same moment of the day, years before, and a day more: the end of February does no harm.
fn years_before(now: Time, years: i64) -> Option<Time> {
    const DAYS_IN_YEAR_MAX: i64 = 366;
    let days = years.checked_mul(DAYS_IN_YEAR_MAX)?.checked_add(1)?;
    Some(now.plus_millis(-days.checked_mul(86_400_000)?))
}

/// What has become of a request, for those who listen.
pub(crate) fn ended(ask: &Ask, state: AskState, fault: Option<&Finding>) -> Event {
    Event {
        kind: match state {
            AskState::Failed => "originals.answer_failed",
            _ => "originals.answered",
        },
        subject: ask.id.to_string(),
        body: json!({
            "version": 1,
            "party": ask.party,
            "order_no": ask.order_no,
            "session_id": ask.session_id,
            "state": state.word(),
            "code": fault.map(|fault| fault.code),
        })
        .into(),
    }
}
