//! What clearance tells the rest of the platform (events) and the firms (notices). No personal
//! data in either.

use db::{Ctx, DbError, Event, Snapshot, Tx};
use kernel::{Decimal, Fen, Text, Time};
use serde::Serialize;
use serde_json::{Value as Json, json};
use web::notices::{Body, Notice};

use crate::document::{CancelApplication, Collective, DocumentId, InventoryLine, Kind};
use crate::export::reference::Recorded;
use crate::lifecycle::{Position, State};
use crate::precheck::Concern;
use crate::receipt::{Arrived, SummaryResult};
use crate::reference::Reference;
use crate::store::inventory::Declared;

/// An inventory passed match and pre-check and is due to be sent.
pub const DECLARED: &str = "clearance.inventory_declared";
/// An inventory is held back by findings.
pub const HELD: &str = "clearance.inventory_held";
/// A receipt moved an inventory.
pub const MOVED: &str = "clearance.inventory_moved";
/// Cancellation was applied for.
pub const CANCEL_APPLIED: &str = "clearance.cancel_applied";
/// A receipt moved another document; only ends are told.
pub const DOCUMENT_ENDED: &str = "clearance.document_ended";
/// Customs released an export.
pub const EXPORT_RELEASED: &str = "clearance.export_released";
/// Customs closed an export.
pub const EXPORT_CLOSED: &str = "clearance.export_closed";
/// An export left the country.
pub const EXPORT_DEPARTED: &str = "clearance.export_departed";
/// A declaration was made of an export by summary.
pub const EXPORT_SUMMARISED: &str = "clearance.export_summarised";
/// A declaration made by form was recorded.
pub const DECLARATION_RECORDED: &str = "clearance.declaration_recorded";
/// A receipt has arrived. Notice.
pub const RECEIPT_ARRIVED: &str = "clearance.receipt_arrived";

const VERSION: u32 = 1;

/// Posts notices, each to the code its firm is known by here: documents may call a firm by its
/// other code, and nobody asks for notices under that.
pub(crate) fn post(
    tx: &mut Tx,
    ctx: &Ctx,
    reference: &Reference,
    mut notices: Vec<Notice>,
) -> Result<(), DbError> {
    let directory = reference.directory.current();
    for notice in &mut notices {
        if let Some(party) = directory.by_code(&notice.party)
            && party.code() != notice.party
        {
            notice.party = party.code().to_owned();
        }
    }
    web::notices::post(tx, ctx, &notices)
}

/// An event about a document.
fn about(kind: &'static str, id: DocumentId, told: &impl Serialize) -> Event {
    Event { kind, subject: id.to_string(), body: Snapshot::of(told) }
}

/// What [`DECLARED`] tells.
#[derive(Serialize)]
struct DeclaredNews<'a> {
    version: u32,
    direction: &'static str,
    mode: &'a str,
    customs: &'a str,
    ebp: &'a str,
    ebc: &'a str,
    agent: &'a str,
    logistics: &'a str,
    amount: Fen,
    duty: Fen,
    consumption_tax: Fen,
    vat: Fen,
    lines: Vec<LineNews<'a>>,
}

#[derive(Serialize)]
struct LineNews<'a> {
    hs: &'a str,
    country: &'a str,
    total: Decimal,
}

impl LineNews<'_> {
    fn of(line: &InventoryLine) -> LineNews<'_> {
        LineNews { hs: &line.hs_code, country: &line.country, total: line.total }
    }
}

pub(crate) fn declared(one: &Declared) -> Event {
    let facts = &one.facts;
    let taxes = one.taxes.unwrap_or_default();
    let told = DeclaredNews {
        version: VERSION,
        direction: facts.direction().word(),
        mode: &facts.trade_mode,
        customs: &facts.customs_code,
        ebp: &facts.ebp_code,
        ebc: &facts.ebc_code,
        agent: &facts.agent_code,
        logistics: &facts.logistics_code,
        amount: taxes.amount,
        duty: taxes.duty,
        consumption_tax: taxes.consumption_tax,
        vat: taxes.vat,
        lines: facts.lines.iter().map(LineNews::of).collect(),
    };
    about(DECLARED, one.id, &told)
}

pub(crate) fn held(one: &Declared, concerns: &[Concern]) -> Event {
    let codes = codes(concerns.iter());
    about(
        HELD,
        one.id,
        &json!({ "version": VERSION, "mode": one.facts.trade_mode, "codes": codes }),
    )
}

/// What [`MOVED`] tells.
#[derive(Serialize)]
struct MovedNews<'a> {
    version: u32,
    from: &'static str,
    to: &'static str,
    status: i64,
    at: Option<Time>,
    direction: &'static str,
    mode: &'a str,
    ebc: &'a str,
    agent: &'a str,
}

pub(crate) fn moved(one: &Declared, from: State, status: i64, at: Option<Time>) -> Event {
    let told = MovedNews {
        version: VERSION,
        from: from.word(),
        to: one.position.state.word(),
        status,
        at,
        direction: one.facts.direction().word(),
        mode: &one.facts.trade_mode,
        ebc: &one.facts.ebc_code,
        agent: &one.facts.agent_code,
    };
    about(MOVED, one.id, &told)
}

pub(crate) fn export_released(one: &Declared) -> Event {
    exported(EXPORT_RELEASED, one, &json!({ "at": one.position.at }))
}

pub(crate) fn export_closed(one: &Declared) -> Event {
    exported(EXPORT_CLOSED, one, &json!({ "at": one.position.at }))
}

pub(crate) fn departed(one: &Declared, sheet: &Collective) -> Event {
    let more = json!({
        "at": sheet.from,
        "bill_no": sheet.bill_no,
        "voyage_no": sheet.voyage_no,
        "traf_name": sheet.traf_name,
    });
    exported(EXPORT_DEPARTED, one, &more)
}

pub(crate) fn summarised(one: &Declared, result: &SummaryResult) -> Event {
    let more = json!({
        "at": result.at,
        "result_no": result.result_no,
        "entry_no": result.entry_no,
    });
    exported(EXPORT_SUMMARISED, one, &more)
}

/// What statistics and refunds need of an export, with what more the occasion says.
fn exported(kind: &'static str, one: &Declared, more: &Json) -> Event {
    let facts = &one.facts;
    let terms = facts.export.as_deref().cloned().unwrap_or_default();
    let lines = facts.lines.iter().map(|line| {
        json!({
            "gnum": line.gnum,
            "hs": line.hs_code,
            "name": line.name,
            "item_no": line.item_no,
            "country": line.country,
            "quantity": line.quantity,
            "unit": line.unit,
            "quantity1": line.quantity1,
            "unit1": line.unit1,
            "total": line.total,
            "currency": line.currency,
        })
    });
    let mut body = json!({
        "version": VERSION,
        "mode": facts.trade_mode,
        "flag": terms.statistics_flag,
        "invt_no": facts.invt_no,
        "order_no": facts.order_no,
        "customs": facts.customs_code,
        "port": facts.port_code,
        "country": facts.country,
        "traf_mode": facts.traf_mode,
        "ebp": facts.ebp_code,
        "ebc": facts.ebc_code,
        "owner": terms.owner_code,
        "agent": facts.agent_code,
        "logistics": facts.logistics_code,
        "area": facts.area_code,
        "lines": lines.collect::<Vec<_>>(),
    });
    if let (Json::Object(body), Json::Object(more)) = (&mut body, more) {
        body.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    about(kind, one.id, &body)
}

pub(crate) fn declaration_recorded(one: &Recorded) -> Event {
    Event {
        kind: DECLARATION_RECORDED,
        subject: one.id.to_string(),
        body: json!({
            "version": VERSION,
            "number": one.number,
            "mode": one.mode,
            "ebc": one.ebc_code,
            "agent": one.agent_code,
            "on": one.declared_on.to_string(),
            "amount": one.amount,
            "currency": one.currency,
            "lines": one.lines,
        })
        .into(),
    }
}

pub(crate) fn cancel_applied(id: DocumentId, cancel: &CancelApplication) -> Event {
    let body = json!({ "version": VERSION, "invt_no": cancel.invt_no, "agent": cancel.agent_code });
    about(CANCEL_APPLIED, id, &body)
}

pub(crate) fn document_ended(id: DocumentId, kind: Kind, position: Position) -> Event {
    let (document, state) = (kind.word(), position.state.word());
    let body = json!({ "version": VERSION, "document": document, "state": state });
    about(DOCUMENT_ENDED, id, &body)
}

/// The codes of these concerns, each once.
pub(crate) fn codes<'a>(concerns: impl Iterator<Item = &'a Concern>) -> Vec<&'static str> {
    let mut codes: Vec<&'static str> = concerns.map(|concern| concern.finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// One notice to each firm that has something to mend.
pub(crate) fn held_notices(one: &Declared, concerns: &[Concern]) -> Vec<Notice> {
    let mut parties: Vec<&str> = concerns
        .iter()
        .filter(|concern| concern.finding.is_error())
        .map(|concern| concern.task.party.as_str())
        .filter(|party| !party.is_empty())
        .collect();
    parties.sort_unstable();
    parties.dedup();
    parties
        .into_iter()
        .map(|party| {
            let theirs = concerns.iter().filter(|concern| concern.task.party == party);
            Notice {
                party: party.to_owned(),
                kind: HELD,
                subject: one.id.to_string(),
                body: json!({
                    "orderNo": one.facts.order_no,
                    "copNo": one.facts.cop_no,
                    "findings": theirs.map(|concern| &concern.finding).collect::<Vec<_>>(),
                })
                .into(),
            }
        })
        .collect()
}

/// The news of a receipt.
#[derive(Serialize)]
struct ReceiptNews<'a> {
    document: &'static str,
    id: DocumentId,
    key: &'a Json,
    meaning: Words<'a>,
    remedy: Words<'a>,
    state: &'static str,
    status: Option<i64>,
    text: &'a str,
    time: Option<String>,
}

#[derive(Serialize)]
struct Words<'a> {
    zh: &'a str,
    en: &'a str,
}

impl Words<'_> {
    fn of(text: &Text) -> Words<'_> {
        Words { zh: &text.zh, en: &text.en }
    }
}

/// What a firm is told of a receipt.
pub(crate) struct Told<'a> {
    pub(crate) id: DocumentId,
    pub(crate) kind: Kind,
    pub(crate) key: Json,
    pub(crate) state: State,
    pub(crate) arrived: &'a Arrived,
    pub(crate) parties: Vec<String>,
}

/// One notice to each firm concerned.
pub(crate) fn receipt_notices(told: Told<'_>, reference: &Reference) -> Vec<Notice> {
    let Arrived { kind, status, text, .. } = told.arrived;
    let advice = reference.advice(*kind, *status, text);
    let body = Body::of(&ReceiptNews {
        document: told.kind.word(),
        id: told.id,
        key: &told.key,
        meaning: Words::of(&advice.meaning),
        remedy: Words::of(&advice.remedy),
        state: told.state.word(),
        status: *status,
        text,
        time: told.arrived.at.map(Time::to_rfc3339),
    });
    told.parties
        .into_iter()
        .map(|party| Notice {
            party,
            kind: RECEIPT_ARRIVED,
            subject: told.id.to_string(),
            body: body.clone(),
        })
        .collect()
}
