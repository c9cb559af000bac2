//! Stored inventories.

use std::collections::BTreeSet;
use std::sync::Arc;

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, Value, params, values};
use kernel::{Fen, Time};

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

const MISSABLE: [Kind; 3] = [Kind::Order, Kind::Payment, Kind::Waybill];

fn missing_bits(missing: &[Kind]) -> i64 {
    let bit = |(n, kind): (usize, &Kind)| if missing.contains(kind) { 1_i64 << n } else { 0 };
    MISSABLE.iter().enumerate().map(bit).sum()
}

fn missing_of(bits: i64) -> Vec<Kind> {
    MISSABLE.into_iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, k)| k).collect()
}

/// The columns of [`of_row`], after the ones of the caller.
pub(crate) const COLUMNS: &str = "i.id, i.agent_code, i.cop_no, i.pre_no, i.invt_no, i.order_no, \
    i.ebp_code, i.ebc_code, i.logistics_code, i.logistics_no, i.area_code, i.trade_mode, \
    i.customs_code, i.buyer, i.message_id, i.position, i.app_time, i.content, i.state, \
    i.state_at, i.floor_at, i.missing, i.flagged, i.quota, i.quota_round, i.amount, i.duty, \
    i.consumption_tax, i.vat, i.tax, i.ruling_id, i.delivered_at, i.received_at, i.facts, \
    i.version, i.decision_id";

/// Reads a row whose columns from `first` on are [`COLUMNS`].
pub(crate) fn of_row(row: &Row, first: usize) -> Result<Declared, DbError> {
    let text = |column: usize| {
        row.opt_text(first + column).map(|text| text.unwrap_or_default().to_owned())
    };
    let damaged = || DbError::Damaged(format!("clearance_inventory {:?}", row.i64(first).ok()));
    let state = State::of_code(row.i64(first + 18)?);
    let head = Head {
        app_time: row.time(first + 16)?,
        content: row.bytes(first + 17)?.try_into().map_err(|_| damaged())?,
        draft: state == State::Draft,
        ..Head::default()
    };
    let buyer = row.bytes(first + 13)?.try_into().map_err(|_| damaged())?;
    let columns = Inventory {
        head,
        agent_code: text(1)?,
        cop_no: text(2)?,
        pre_no: text(3)?,
        invt_no: text(4)?,
        order_no: text(5)?,
        ebp_code: text(6)?,
        ebc_code: text(7)?,
        logistics_code: text(8)?,
        logistics_no: text(9)?,
        area_code: text(10)?,
        trade_mode: text(11)?,
        customs_code: text(12)?,
        buyer: Buyer { id: buyer, ..Buyer::default() },
        ..Inventory::default()
    };
    let facts = columns.unpack(row.bytes(first + 33)?).ok_or_else(damaged)?;
    Ok(Declared {
        id: row.id(first)?,
        message_id: row.id(first + 14)?,
        index: row.i64(first + 15)?,
        position: Position {
            state,
            at: row.opt_time(first + 19)?,
            floor: row.opt_time(first + 20)?,
        },
        missing: missing_of(row.i64(first + 21)?),
        flagged: row.bool(first + 22)?,
        quota: Quota::of_number(row.i64(first + 23)?),
        quota_round: row.i64(first + 24)?,
        taxes: taxes_of(row, first + 25)?,
        decision: row.opt_id(first + 35)?,
        delivered_at: row.opt_time(first + 31)?,
        received_at: row.time(first + 32)?,
        facts: Arc::new(facts),
        version: row.i64(first + 34)?,
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
            By::Order => "order_no",
            By::Waybill => "logistics_no",
            By::Inventory => "invt_no",
            By::Own => "cop_no",
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
    let column = by.column();
    let sql =
        format!("SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_inventory i ON i.{column} = k.a");
    tx.query_keys(&sql, &keys)?.iter().map(|row| of_row(row, 1)).collect()
}

/// The inventories of these document guids.
pub(crate) fn by_guids(tx: &mut Tx, guids: &[[u8; 16]]) -> Result<Vec<Declared>, DbError> {
    let mut keys = Keys::new(&[Type::Bytes]);
    guids.iter().for_each(|guid| keys.push(values![guid]));
    let sql =
        format!("SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_inventory i ON i.guid = k.a");
    tx.query_keys(&sql, &keys)?.iter().map(|row| of_row(row, 1)).collect()
}

/// One inventory by our id.
pub(crate) fn by_id(tx: &mut Tx, id: DocumentId) -> Result<Option<Declared>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM clearance_inventory i WHERE i.id = $1");
    tx.query_opt(&sql, params![id])?.map(|row| of_row(&row, 0)).transpose()
}

/// The inventories of these ids.
pub(crate) fn by_ids(tx: &mut Tx, ids: &[DocumentId]) -> Result<Vec<Declared>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.iter().for_each(|id| keys.push(values![*id]));
    let sql = format!("SELECT k.n, {COLUMNS} FROM keys k JOIN clearance_inventory i ON i.id = k.a");
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
        "SELECT id FROM clearance_inventory
         WHERE (state = {waiting} OR state = {held}) AND id > $1 ORDER BY id LIMIT $2"
    );
    tx.query(&sql, params![after, max])?.iter().map(|row| row.id(0)).collect()
}

/// Inventories of these buyers that wait or are held.
pub(crate) fn unsettled_of_buyers(
    tx: &mut Tx,
    buyers: &BTreeSet<[u8; 16]>,
) -> Result<Vec<DocumentId>, DbError> {
    let mut keys = Keys::new(&[Type::Bytes]);
    buyers.iter().for_each(|buyer| keys.push(values![buyer]));
    unsettled_where(tx, "i.buyer = k.a", &keys)
}

/// Inventories of these order numbers that wait or are held.
pub(crate) fn unsettled_of_orders(
    tx: &mut Tx,
    orders: &BTreeSet<String>,
) -> Result<Vec<DocumentId>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    orders.iter().for_each(|order_no| keys.push(values![order_no]));
    unsettled_where(tx, "i.order_no = k.a", &keys)
}

/// Inventories of these waybill numbers that wait or are held.
pub(crate) fn unsettled_of_waybills(
    tx: &mut Tx,
    waybills: &BTreeSet<String>,
) -> Result<Vec<DocumentId>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    waybills.iter().for_each(|logistics_no| keys.push(values![logistics_no]));
    unsettled_where(tx, "i.logistics_no = k.a", &keys)
}

fn unsettled_where(tx: &mut Tx, on: &str, keys: &Keys<'_>) -> Result<Vec<DocumentId>, DbError> {
    let (waiting, held) = (State::Waiting.code(), State::Held.code());
    let sql = format!(
        "SELECT k.n, i.id FROM keys k JOIN clearance_inventory i ON {on}
         WHERE i.state = {waiting} OR i.state = {held}"
    );
    tx.query_keys(&sql, keys)?.iter().map(|row| row.id(1)).collect()
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
    for one in inventories {
        rows.push(row(one, veil.guid(&one.facts.head.guid)));
    }
    tx.insert_many("clearance_inventory", &INSERTED, &rows, OnConflict::Fail).map(drop)
}

const INSERTED: [&str; 37] = [
    "id",
    "guid",
    "agent_code",
    "cop_no",
    "pre_no",
    "invt_no",
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
    "state",
    "state_at",
    "floor_at",
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
    "received_at",
    "facts",
    "version",
];

/// The values of [`INSERTED`].
fn row(one: &Declared, guid: [u8; 16]) -> [Value<'_>; INSERTED.len()] {
    let facts = &*one.facts;
    let taxes = one.taxes;
    values![
        one.id,
        guid,
        &facts.agent_code,
        &facts.cop_no,
        filled(&facts.pre_no),
        filled(&facts.invt_no),
        &facts.order_no,
        &facts.ebp_code,
        &facts.ebc_code,
        &facts.logistics_code,
        &facts.logistics_no,
        filled(&facts.area_code),
        &facts.trade_mode,
        &facts.customs_code,
        &facts.buyer.id,
        one.message_id,
        one.index,
        facts.head.app_time,
        &facts.head.content,
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
        one.received_at,
        facts.pack(),
        one.version,
    ]
}

/// Puts new versions, content and all, in the place of stored ones.
pub(crate) fn replace<'a>(
    tx: &mut Tx,
    inventories: impl Iterator<Item = &'a Declared> + Clone,
    veil: &Veil<'_>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Int]);
    inventories.clone().for_each(|one| keys.push(values![one.id, one.version - 1]));
    let gone = tx.update_many(
        "DELETE FROM clearance_inventory
         WHERE EXISTS (SELECT 1 FROM keys k
             WHERE clearance_inventory.id = k.a AND clearance_inventory.version = k.b)",
        &keys,
    )?;
    super::position::all_changed(gone, keys.len())?;
    insert(tx, inventories, veil)
}

/// Saves what changes in the life of a stored inventory.
pub(crate) fn save<'a>(
    tx: &mut Tx,
    inventories: impl Iterator<Item = &'a Declared>,
) -> Result<(), DbError> {
    use Type::{Bool, Int, Text};
    let types = [Int, Int, Text, Text, Int, Int, Int, Int, Bool, Int, Int, Int, Int];
    let mut keys = Keys::new(&types);
    for one in inventories {
        keys.push(values![
            one.id,
            one.version - 1,
            filled(&one.facts.pre_no),
            filled(&one.facts.invt_no),
            one.position.state.code(),
            one.position.at,
            one.position.floor,
            missing_bits(&one.missing),
            one.flagged,
            one.quota.number(),
            one.quota_round,
            one.delivered_at,
            one.decision,
        ]);
    }
    let changed = tx.update_many(
        "UPDATE clearance_inventory SET pre_no = k.c, invt_no = k.d, state = k.e,
             state_at = k.f, floor_at = k.g, missing = k.h, flagged = k.i, quota = k.j,
             quota_round = k.k, delivered_at = k.l, decision_id = k.m, version = version + 1
         FROM keys k
         WHERE clearance_inventory.id = k.a AND clearance_inventory.version = k.b",
        &keys,
    )?;
    super::position::all_changed(changed, keys.len())
}

/// Saves the taxes of stored inventories.
pub(crate) fn save_taxes<'a>(
    tx: &mut Tx,
    inventories: impl Iterator<Item = &'a Declared>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int; 7]);
    for one in inventories {
        let Some(t) = one.taxes else { continue };
        keys.push(values![one.id, t.amount, t.duty, t.consumption_tax, t.vat, t.total, t.ruling]);
    }
    tx.update_many(
        "UPDATE clearance_inventory SET amount = k.b, duty = k.c, consumption_tax = k.d,
             vat = k.e, tax = k.f, ruling_id = k.g
         FROM keys k WHERE clearance_inventory.id = k.a",
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
