//! Stored inventories.

use std::collections::BTreeSet;
use std::sync::Arc;

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, Value, params, values};
use kernel::{Fen, Time};

use super::course;
use super::history::History;
use crate::decision::DecisionId;
use crate::document::read::Veil;
use crate::document::{Buyer, DocumentId, Head, Inventory, Kind, MessageId};
use crate::lifecycle::{Position, State};

/// How an inventory counts against its buyer's year. Stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quota {
    /// It does not.
    None,
    /// Its amount is held.
    Held,
    /// Its amount is used.
    Used,
}

impl Quota {
    const fn number(self) -> i64 {
        match self {
            Quota::None => 0,
            Quota::Held => 1,
            Quota::Used => 2,
        }
    }

    const fn of_number(number: i64) -> Quota {
        match number {
            1 => Quota::Held,
            2 => Quota::Used,
            _ => Quota::None,
        }
    }

    /// The word used in answers.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Quota::None => "none",
            Quota::Held => "held",
            Quota::Used => "used",
        }
    }
}

/// Taxes of an inventory as the platform reckons them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taxes {
    /// Customs value: what counts against the limits.
    pub(crate) amount: Fen,
    /// Duty.
    pub(crate) duty: Fen,
    /// Consumption tax.
    pub(crate) consumption_tax: Fen,
    /// VAT.
    pub(crate) vat: Fen,
    /// All three.
    pub(crate) total: Fen,
    /// Which rules it stood on: a row of `clearance_ruling`.
    pub(crate) ruling: i64,
}

/// An inventory as stored.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) id: DocumentId,
    pub(crate) message_id: MessageId,
    /// Place in that message, from 0.
    pub(crate) index: i64,
    pub(crate) position: Position,
    /// The documents it waits for.
    pub(crate) missing: Vec<Kind>,
    /// Whether findings are stored for it.
    pub(crate) flagged: bool,
    pub(crate) quota: Quota,
    /// How often an amount was held for it; part of the ledger's keys.
    pub(crate) quota_round: i64,
    pub(crate) taxes: Option<Taxes>,
    /// What was decided about it last: a record of the evidence log.
    pub(crate) decision: Option<DecisionId>,
    pub(crate) delivered_at: Option<Time>,
    pub(crate) received_at: Time,
    pub(crate) facts: Arc<Inventory>,
    pub(crate) version: i64,
    pub(crate) history: History,
}

impl Declared {
    /// The codes of the firms it names, each once.
    pub(crate) fn parties(&self) -> Vec<String> {
        let facts = &self.facts;
        let mut parties = Vec::with_capacity(5);
        let codes = [
            &facts.agent_code,
            &facts.ebc_code,
            &facts.ebp_code,
            &facts.logistics_code,
            &facts.area_code,
        ];
        for code in codes {
            if !code.is_empty() && !parties.contains(code) {
                parties.push(code.clone());
            }
        }
        parties
    }
}

const MISSABLE: [Kind; 6] = [
    Kind::Order,
    Kind::Payment,
    Kind::Waybill,
    Kind::ExportOrder,
    Kind::FundsReceipt,
    Kind::ExportWaybill,
];

fn missing_bits(missing: &[Kind]) -> i64 {
    let bit = |(n, kind): (usize, &Kind)| if missing.contains(kind) { 1_i64 << n } else { 0 };
    MISSABLE.iter().enumerate().map(bit).sum()
}

fn missing_of(bits: i64) -> Vec<Kind> {
    MISSABLE.into_iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, k)| k).collect()
}

/// The columns of [`of_row`], after the ones of the caller: of `clearance_inventory i` and its
/// [`COURSE`].
pub(crate) const COLUMNS: &str = "i.id, i.agent_code, i.cop_no, i.order_no, i.ebp_code, \
    i.ebc_code, i.logistics_code, i.logistics_no, i.area_code, i.trade_mode, i.customs_code, \
    i.buyer, i.message_id, i.position, i.app_time, i.content, i.received_at, i.facts, \
    c.state, c.state_at, c.floor_at, c.version, c.pre_no, c.invt_no, c.missing, c.flagged, \
    c.quota, c.quota_round, c.amount, c.duty, c.consumption_tax, c.vat, c.tax, c.ruling_id, \
    c.decision_id, c.delivered_at, c.history, i.export";

/// What joins an inventory's course to it.
pub(crate) const COURSE: &str = "JOIN clearance_inventory_course c ON c.id = i.id";

/// Reads a row whose columns from `first` on are [`COLUMNS`].
pub(crate) fn of_row(row: &Row, first: usize) -> Result<Declared, DbError> {
    let text = |column: usize| {
        row.opt_text(first + column).map(|text| text.unwrap_or_default().to_owned())
    };
    let damaged = || DbError::Damaged(format!("clearance_inventory {:?}", row.i64(first).ok()));
    let position = course::position(row, first + 18)?;
    let head = Head {
        app_time: row.time(first + 14)?,
        content: row.bytes(first + 15)?.try_into().map_err(|_| damaged())?,
        draft: position.state == State::Draft,
        ..Head::default()
    };
    let exported = row.bool(first + 37)?;
    // An export has no buyer of ours.
    let buyer = match exported {
        true => [0; 16],
        false => row.bytes(first + 11)?.try_into().map_err(|_| damaged())?,
    };
    let columns = Inventory {
        head,
        export: exported.then(Box::default),
        agent_code: text(1)?,
        cop_no: text(2)?,
        pre_no: text(22)?,
        invt_no: text(23)?,
        order_no: text(3)?,
        ebp_code: text(4)?,
        ebc_code: text(5)?,
        logistics_code: text(6)?,
        logistics_no: text(7)?,
        area_code: text(8)?,
        trade_mode: text(9)?,
        customs_code: text(10)?,
        buyer: Buyer { id: buyer, ..Buyer::default() },
        ..Inventory::default()
    };
    let facts = columns.unpack(row.bytes(first + 17)?).ok_or_else(damaged)?;
    Ok(Declared {
        id: row.id(first)?,
        message_id: row.id(first + 12)?,
        index: row.i64(first + 13)?,
        position,
        missing: missing_of(row.i64(first + 24)?),
        flagged: row.bool(first + 25)?,
        quota: Quota::of_number(row.i64(first + 26)?),
        quota_round: row.i64(first + 27)?,
        taxes: taxes_of(row, first + 28)?,
        decision: row.opt_id(first + 34)?,
        delivered_at: row.opt_time(first + 35)?,
        received_at: row.time(first + 16)?,
        facts: Arc::new(facts),
        version: row.i64(first + 21)?,
        history: History::of_bytes(row.bytes(first + 36)?),
    })
}

fn taxes_of(row: &Row, first: usize) -> Result<Option<Taxes>, DbError> {
    if row.opt_i64(first)?.is_none() {
        return Ok(None);
    }
    Ok(Some(Taxes {
        amount: row.fen(first)?,
        duty: row.fen(first + 1)?,
        consumption_tax: row.fen(first + 2)?,
        vat: row.fen(first + 3)?,
        total: row.fen(first + 4)?,
        ruling: row.i64(first + 5)?,
    }))
}

/// By which number inventories are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum By {
    /// 订单编号.
    Order,
    /// 物流运单编号.
    Waybill,
    /// 清单编号.
    Inventory,
    /// 企业内部编号.
    Own,
}

impl By {
    const fn column(self) -> &'static str {
        match self {
            By::Order => "i.order_no",
            By::Waybill => "i.logistics_no",
            By::Inventory => "c.invt_no",
            By::Own => "i.cop_no",
        }
    }
}

/// The inventories that carry these numbers, whoever declared them.
pub(crate) fn by_numbers<'a>(
    tx: &mut Tx,
    by: By,
    numbers: impl Iterator<Item = &'a str>,
) -> Result<Vec<Declared>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    numbers.for_each(|number| keys.push(values![number]));
    let sql = format!("SELECT k.n, {COLUMNS} FROM keys k JOIN {}", joined(by));
    tx.query_keys(&sql, &keys)?.iter().map(|row| of_row(row, 1)).collect()
}

/// Inventories and their courses, entered by a number that is `k.a`.
fn joined(by: By) -> String {
    let column = by.column();
    match by {
        By::Inventory => format!(
            "clearance_inventory_course c ON {column} = k.a
             JOIN clearance_inventory i ON i.id = c.id"
        ),
        _ => format!("clearance_inventory i ON {column} = k.a {COURSE}"),
    }
}

/// The inventories of these document guids.
pub(crate) fn by_guids(tx: &mut Tx, guids: &[[u8; 16]]) -> Result<Vec<Declared>, DbError> {
    let mut keys = Keys::new(&[Type::Bytes]);
    guids.iter().for_each(|guid| keys.push(values![guid]));
    let sql = format!(
        "SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_inventory i ON i.guid = k.a {COURSE}"
    );
    tx.query_keys(&sql, &keys)?.iter().map(|row| of_row(row, 1)).collect()
}

/// One inventory by our id.
pub(crate) fn by_id(tx: &mut Tx, id: DocumentId) -> Result<Option<Declared>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM clearance_inventory i {COURSE} WHERE i.id = $1");
    tx.query_opt(&sql, params![id])?.map(|row| of_row(&row, 0)).transpose()
}

/// The inventories of these ids.
pub(crate) fn by_ids(tx: &mut Tx, ids: &[DocumentId]) -> Result<Vec<Declared>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = format!(
        "SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_inventory i ON i.id = k.a {COURSE}"
    );
    tx.query_keys(&sql, &keys)?.iter().map(|row| of_row(row, 1)).collect()
}

/// Inventories that wait or are held, from after the given one.
pub(crate) fn unsettled(
    tx: &mut Tx,
    after: DocumentId,
    max: u32,
) -> Result<Vec<DocumentId>, DbError> {
    let (waiting, held) = (State::Waiting.code(), State::Held.code());
    let sql = format!(
        "SELECT id FROM clearance_inventory_course
         WHERE (state = {waiting} OR state = {held}) AND id > $1 ORDER BY id LIMIT $2"
    );
    tx.query(&sql, params![after, max])?.iter().map(|row| row.id(0)).collect()
}

/// Inventories of these buyers that wait or are held. Few do, and no index leads from a buyer to
/// inventories: all of them are looked through once.
pub(crate) fn unsettled_of_buyers(
    tx: &mut Tx,
    buyers: &BTreeSet<[u8; 16]>,
) -> Result<Vec<DocumentId>, DbError> {
    if buyers.is_empty() {
        return Ok(Vec::new());
    }
    let (waiting, held) = (State::Waiting.code(), State::Held.code());
    let sql = format!(
        "SELECT i.id, i.buyer FROM clearance_inventory_course c
         JOIN clearance_inventory i ON i.id = c.id
         WHERE c.state = {waiting} OR c.state = {held}"
    );
    let mut found = Vec::new();
    for row in tx.query(&sql, &[])? {
        let theirs = <[u8; 16]>::try_from(row.bytes(1)?).is_ok_and(|buyer| buyers.contains(&buyer));
        if theirs {
            found.push(row.id(0)?);
        }
    }
    Ok(found)
}

/// Inventories that carry these numbers and wait or are held.
pub(crate) fn unsettled_by_numbers(
    tx: &mut Tx,
    by: By,
    numbers: &BTreeSet<String>,
) -> Result<Vec<DocumentId>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    numbers.iter().for_each(|number| keys.push(values![number]));
    let (waiting, held) = (State::Waiting.code(), State::Held.code());
    let sql = format!(
        "SELECT k.n, i.id FROM keys k JOIN {} WHERE c.state IN ({waiting}, {held})",
        joined(by)
    );
    tx.query_keys(&sql, &keys)?.iter().map(|row| row.id(1)).collect()
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Stores new inventories.
pub(crate) fn insert<'a>(
    tx: &mut Tx,
    inventories: impl Iterator<Item = &'a Declared>,
    veil: &Veil<'_>,
) -> Result<(), DbError> {
    let mut rows = Rows::new();
    let mut courses = Rows::new();
    for one in inventories {
        rows.push(row(one, veil.guid(&one.facts.head.guid)));
        courses.push(course_row(one));
    }
    tx.insert_many("clearance_inventory", &INSERTED, &rows, OnConflict::Fail)?;
    let table = "clearance_inventory_course";
    tx.insert_many(table, &COURSE_INSERTED, &courses, OnConflict::Fail).map(drop)
}

const INSERTED: [&str; 20] = [
    "id",
    "export",
    "guid",
    "agent_code",
    "cop_no",
    "order_no",
    "ebp_code",
    "ebc_code",
    "logistics_code",
    "logistics_no",
    "area_code",
    "trade_mode",
    "customs_code",
    "buyer",
    "message_id",
    "position",
    "app_time",
    "content",
    "received_at",
    "facts",
];

/// The values of [`INSERTED`].
fn row(one: &Declared, guid: [u8; 16]) -> [Value<'_>; INSERTED.len()] {
    let facts = &*one.facts;
    let buyer: &[u8] = if facts.export.is_some() { &[] } else { &facts.buyer.id };
    values![
        one.id,
        facts.export.is_some(),
        guid,
        &facts.agent_code,
        &facts.cop_no,
        &facts.order_no,
        &facts.ebp_code,
        &facts.ebc_code,
        &facts.logistics_code,
        &facts.logistics_no,
        filled(&facts.area_code),
        &facts.trade_mode,
        &facts.customs_code,
        buyer,
        one.message_id,
        one.index,
        facts.head.app_time,
        &facts.head.content,
        one.received_at,
        facts.pack(),
    ]
}

const COURSE_INSERTED: [&str; 20] = [
    "id",
    "state",
    "state_at",
    "floor_at",
    "version",
    "pre_no",
    "invt_no",
    "missing",
    "flagged",
    "quota",
    "quota_round",
    "amount",
    "duty",
    "consumption_tax",
    "vat",
    "tax",
    "ruling_id",
    "decision_id",
    "delivered_at",
    "history",
];

/// The values of [`COURSE_INSERTED`].
fn course_row(one: &Declared) -> [Value<'_>; COURSE_INSERTED.len()] {
    let taxes = one.taxes;
    values![
        one.id,
        one.position.state.code(),
        one.position.at,
        one.position.floor,
        one.version,
        filled(&one.facts.pre_no),
        filled(&one.facts.invt_no),
        missing_bits(&one.missing),
        one.flagged,
        one.quota.number(),
        one.quota_round,
        taxes.map(|t| t.amount),
        taxes.map(|t| t.duty),
        taxes.map(|t| t.consumption_tax),
        taxes.map(|t| t.vat),
        taxes.map(|t| t.total),
        taxes.map(|t| t.ruling),
        one.decision,
        one.delivered_at,
        one.history.bytes(),
    ]
}

/// Saves what new versions of stored inventories say; where they stand is saved with the others.
pub(crate) fn replace<'a>(
    tx: &mut Tx,
    inventories: impl Iterator<Item = &'a Declared>,
    veil: &Veil<'_>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    let mut rows = Rows::new();
    for one in inventories {
        keys.push(values![one.id]);
        rows.push(row(one, veil.guid(&one.facts.head.guid)));
    }
    let sql = "DELETE FROM clearance_inventory WHERE id IN (SELECT k.a FROM keys k)";
    tx.update_many(sql, &keys)?;
    tx.insert_many("clearance_inventory", &INSERTED, &rows, OnConflict::Fail).map(drop)
}

/// Saves what changes in the life of a stored inventory, but for its numbers.
pub(crate) fn save<'a>(
    tx: &mut Tx,
    inventories: impl Iterator<Item = &'a Declared>,
) -> Result<(), DbError> {
    use Type::{Bool, Bytes, Int};
    let types = [
        Int, Int, Int, Int, Int, Int, Bool, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Bytes,
    ];
    let mut keys = Keys::new(&types);
    for one in inventories {
        let taxes = one.taxes;
        keys.push(values![
            one.id,
            one.version - 1,
            one.position.state.code(),
            one.position.at,
            one.position.floor,
            missing_bits(&one.missing),
            one.flagged,
            one.quota.number(),
            one.quota_round,
            taxes.map(|t| t.amount),
            taxes.map(|t| t.duty),
            taxes.map(|t| t.consumption_tax),
            taxes.map(|t| t.vat),
            taxes.map(|t| t.total),
            taxes.map(|t| t.ruling),
            one.decision,
            one.delivered_at,
            one.history.bytes(),
        ]);
    }
    let changed = tx.update_many(
        "UPDATE clearance_inventory_course SET version = version + 1, state = k.c,
             state_at = k.d, floor_at = k.e, missing = k.f, flagged = k.g, quota = k.h,
             quota_round = k.i, amount = k.j, duty = k.k, consumption_tax = k.l, vat = k.m,
             tax = k.o, ruling_id = k.p, decision_id = k.q, delivered_at = k.r, history = k.s
         FROM keys k
         WHERE clearance_inventory_course.id = k.a AND clearance_inventory_course.version = k.b",
        &keys,
    )?;
    course::all_changed(changed, keys.len())
}

/// Saves the numbers the authorities gave. Apart from the rest, because they are looked up by index
/// and change once.
pub(crate) fn save_numbers<'a>(
    tx: &mut Tx,
    inventories: impl Iterator<Item = &'a Declared>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Text, Type::Text]);
    for one in inventories {
        keys.push(values![one.id, filled(&one.facts.pre_no), filled(&one.facts.invt_no)]);
    }
    tx.update_many(
        "UPDATE clearance_inventory_course SET pre_no = k.b, invt_no = k.c
         FROM keys k WHERE clearance_inventory_course.id = k.a",
        &keys,
    )
    .map(drop)
}

/// Keeps which rules a set of taxes stood on.
pub(crate) fn keep_rulings<'a>(
    tx: &mut Tx,
    rulings: impl Iterator<Item = (i64, &'a str)>,
) -> Result<(), DbError> {
    let rows: Rows<'_> = rulings.map(|(id, rules)| values![id, rules]).collect();
    tx.insert_many("clearance_ruling", &["number", "rules"], &rows, OnConflict::Ignore).map(drop)
}

/// The rules a set of taxes stood on, separated by spaces.
pub(crate) fn ruling(tx: &mut Tx, id: i64) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("SELECT rules FROM clearance_ruling WHERE number = $1", params![id])?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}
