//! All SQL of charges, liabilities, movements and returns.

use std::collections::HashMap;

use db::{Ctx, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::{Date, Fen, Time};

use super::book::Entry;
use super::journal::Movement;
use super::types::*;

/// A guarantor answering for a firm, with the agent that withholds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Liability {
    pub(crate) id: LiabilityId,
    pub(crate) guarantor: GuarantorId,
    pub(crate) firm: Box<str>,
    pub(crate) agent: Box<str>,
    pub(crate) agent_role: Role,
}

const LIABILITY: &str = "l.id, l.guarantor_id, l.firm, l.agent, l.agent_role";

fn liability(row: &Row) -> Result<Liability, DbError> {
    Ok(Liability {
        id: row.id(1)?,
        guarantor: row.id(2)?,
        firm: row.text(3)?.into(),
        agent: row.text(4)?.into(),
        agent_role: Role::of(row.i64(5)?).ok_or_else(|| damaged("role of an agent"))?,
    })
}

/// What a liability is found by.
pub(crate) type Wanted<'a> = (GuarantorId, &'a str, &'a str, Role);

/// The liabilities of these that there are, each with the place of what it was found by.
pub(crate) fn liabilities(
    tx: &mut Tx,
    wanted: &[Wanted<'_>],
) -> Result<Vec<(usize, Liability)>, DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Text, Type::Text, Type::Int]);
    for (guarantor, firm, agent, role) in wanted {
        keys.push(values![*guarantor, *firm, *agent, role.code()]);
    }
    let sql = format!(
        "SELECT k.n, {LIABILITY} FROM keys k JOIN tax_liability l ON l.guarantor_id = k.a \
         AND l.firm = k.b AND l.agent = k.c AND l.agent_role = k.d"
    );
    let rows = tx.query_keys(&sql, &keys)?;
    rows.iter().map(|row| Ok((row.u32(0)? as usize, liability(row)?))).collect()
}

/// The liabilities with these ids.
pub(crate) fn liabilities_by_id(
    tx: &mut Tx,
    ids: impl Iterator<Item = LiabilityId>,
) -> Result<HashMap<LiabilityId, Liability>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    let mut seen = std::collections::HashSet::new();
    ids.filter(|id| seen.insert(*id)).for_each(|id| keys.push(values![id]));
    let sql = format!("SELECT k.n, {LIABILITY} FROM keys k JOIN tax_liability l ON l.id = k.a");
    let rows = tx.query_keys(&sql, &keys)?;
    rows.iter().map(|row| liability(row).map(|found| (found.id, found))).collect()
}

pub(crate) fn insert_liabilities(tx: &mut Tx, new: &[Liability]) -> Result<(), DbError> {
    let rows: Rows<'_> = new
        .iter()
        .map(|one| values![one.id, one.guarantor, &one.firm, &one.agent, one.agent_role.code()])
        .collect();
    let columns = ["id", "guarantor_id", "firm", "agent", "agent_role"];
    tx.insert_many("tax_liability", &columns, &rows, OnConflict::Fail).map_err(crossed).map(drop)
}

const CHARGE: &str = "c.key, c.liability_id, c.state, c.version, c.duty, c.vat, \
     c.consumption_tax, c.refunded, c.released_on, c.bill_id";

fn entry(row: &Row) -> Result<Entry, DbError> {
    Ok(Entry {
        key: key(row, 1)?,
        liability: row.id(2)?,
        state: state(row, 3)?,
        version: row.i64(4)?,
        tax: parts(row, 5)?,
        refunded: row.fen(8)?,
        declared_on: None,
        released_on: row.opt_i64(9)?.and_then(day_of),
        bill: row.opt_id(10)?,
        invt_no: None,
        stored: true,
        changed: false,
        released_now: false,
    })
}

/// The charges with these keys that there are.
pub(crate) fn charges(tx: &mut Tx, keys: impl Iterator<Item = Key>) -> Result<Vec<Entry>, DbError> {
    let mut wanted = Keys::new(&[Type::Bytes]);
    keys.for_each(|key| wanted.push(values![key]));
    let sql = format!("SELECT k.n, {CHARGE} FROM keys k JOIN tax_charge c ON c.key = k.a");
    tx.query_keys(&sql, &wanted)?.iter().map(entry).collect()
}

/// At most `max` due charges of one day of release.
pub(crate) fn due(tx: &mut Tx, released_on: Date, max: u32) -> Result<Vec<Entry>, DbError> {
    let sql = format!(
        "SELECT 0, {CHARGE} FROM tax_charge c WHERE c.state = 2 AND c.released_on = $1 LIMIT $2"
    );
    let rows = tx.query(&sql, params![day_number(released_on), max])?;
    rows.iter().map(entry).collect()
}

/// The earliest day of release of which a charge is due and not on a bill.
pub(crate) fn first_due(tx: &mut Tx) -> Result<Option<Date>, DbError> {
    let sql = "SELECT MIN(released_on) FROM tax_charge WHERE state = 2";
    Ok(tx.query_one(sql, params![])?.opt_i64(0)?.and_then(day_of))
}

pub(crate) fn insert_charges<'a>(
    tx: &mut Tx,
    new: impl Iterator<Item = &'a Entry>,
) -> Result<(), DbError> {
    let rows: Rows<'_> = new
        .map(|entry| {
            values![
                &entry.key,
                entry.liability,
                entry.state.code(),
                entry.version,
                entry.tax.duty,
                entry.tax.vat,
                entry.tax.consumption_tax,
                entry.refunded,
                entry.declared_on.map(day_number),
                entry.invt_no.as_deref(),
            ]
        })
        .collect();
    let columns = [
        "key",
        "liability_id",
        "state",
        "version",
        "duty",
        "vat",
        "consumption_tax",
        "refunded",
        "declared_on",
        "invt_no",
    ];
    tx.insert_many("tax_charge", &columns, &rows, OnConflict::Fail).map_err(crossed).map(drop)
}

/// Charges that were released and nothing else: the usual end, with the fewest columns.
pub(crate) fn release_charges<'a>(
    tx: &mut Tx,
    released: impl Iterator<Item = &'a Entry>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Bytes, Type::Int, Type::Int, Type::Text]);
    for entry in released {
        let on = entry.released_on.map(day_number);
        keys.push(values![&entry.key, entry.version, on, entry.invt_no.as_deref()]);
    }
    let sql = "UPDATE tax_charge SET state = 2, version = k.b + 1, released_on = k.c, \
         invt_no = COALESCE(k.d, invt_no) \
         FROM keys k WHERE tax_charge.key = k.a AND tax_charge.version = k.b";
    all(tx.update_many(sql, &keys)?, keys.len())
}

/// Charges of which anything may have changed.
pub(crate) fn update_charges<'a>(
    tx: &mut Tx,
    changed: impl Iterator<Item = &'a Entry>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[
        Type::Bytes,
        Type::Int,
        Type::Int,
        Type::Int,
        Type::Int,
        Type::Int,
        Type::Int,
        Type::Int,
        Type::Int,
        Type::Int,
        Type::Text,
    ]);
    for entry in changed {
        keys.push(values![
            &entry.key,
            entry.version,
            entry.state.code(),
            entry.liability,
            entry.tax.duty,
            entry.tax.vat,
            entry.tax.consumption_tax,
            entry.refunded,
            entry.released_on.map(day_number),
            entry.bill,
            entry.invt_no.as_deref(),
        ]);
    }
    let sql = "UPDATE tax_charge SET state = k.c, version = k.b + 1, liability_id = k.d, \
         duty = k.e, vat = k.f, consumption_tax = k.g, refunded = k.h, released_on = k.i, \
         bill_id = k.j, invt_no = COALESCE(k.k, invt_no) \
         FROM keys k WHERE tax_charge.key = k.a AND tax_charge.version = k.b";
    all(tx.update_many(sql, &keys)?, keys.len())
}

pub(crate) fn insert_movements(
    tx: &mut Tx,
    on_day: i64,
    movements: &[Movement],
) -> Result<(), DbError> {
    let rows: Rows<'_> = movements
        .iter()
        .map(|Movement { id, place, inventories, amount }| {
            values![
                *id,
                place.guarantor,
                place.liability,
                on_day,
                place.act.code(),
                *inventories,
                *amount,
                place.about,
            ]
        })
        .collect();
    let columns =
        ["id", "guarantor_id", "liability_id", "on_day", "act", "inventories", "amount", "about"];
    tx.insert_many("tax_movement", &columns, &rows, OnConflict::Fail).map(drop)
}

/// A return as kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReturnRow {
    pub(crate) key: Key,
    pub(crate) of: Key,
    pub(crate) refund: bool,
    pub(crate) tax: Parts,
}

/// Which of these returns are known.
pub(crate) fn known_returns(
    tx: &mut Tx,
    keys: impl Iterator<Item = Key>,
) -> Result<Vec<Key>, DbError> {
    let mut wanted = Keys::new(&[Type::Bytes]);
    keys.for_each(|key| wanted.push(values![key]));
    let sql = "SELECT k.n, r.key FROM keys k JOIN tax_return r ON r.key = k.a";
    tx.query_keys(sql, &wanted)?.iter().map(|row| key(row, 1)).collect()
}

pub(crate) fn insert_returns(tx: &mut Tx, ctx: &Ctx, returns: &[ReturnRow]) -> Result<(), DbError> {
    let rows: Rows<'_> = returns
        .iter()
        .map(|one| {
            values![
                &one.key,
                &one.of,
                one.refund,
                one.tax.duty,
                one.tax.vat,
                one.tax.consumption_tax,
                ctx.now,
            ]
        })
        .collect();
    let columns = ["key", "charge_key", "refund", "duty", "vat", "consumption_tax", "at"];
    tx.insert_many("tax_return", &columns, &rows, OnConflict::Fail).map_err(crossed).map(drop)
}

/// One inventory's tax, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) key: Key,
    pub(crate) invt_no: Option<String>,
    pub(crate) firm: String,
    pub(crate) state: ChargeState,
    pub(crate) tax: Parts,
    pub(crate) refunded: Fen,
    pub(crate) released_on: Option<Date>,
    pub(crate) tax_no: Option<String>,
    pub(crate) e_status: Option<i64>,
    pub(crate) e_at: Option<Time>,
    pub(crate) notice: Option<String>,
}

/// The charges of a bill after `after`, by key.
pub(crate) fn of_bill(
    tx: &mut Tx,
    bill: BillId,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<Shown>, DbError> {
    let sql = "SELECT c.key, c.invt_no, l.firm, c.state, c.duty, c.vat, c.consumption_tax, \
         c.refunded, c.released_on, c.tax_no, c.e_status, c.e_at, n.number FROM tax_charge c \
         JOIN tax_liability l ON l.id = c.liability_id \
         LEFT JOIN tax_notice n ON n.id = c.notice_id \
         WHERE c.bill_id = $1 AND c.key > $2 ORDER BY c.key LIMIT $3";
    let after = after.map_or_else(Vec::new, |key| key.to_vec());
    let owned = |row: &Row, at| row.opt_text(at).map(|text| text.map(str::to_owned));
    tx.query(sql, params![bill, after, limit])?
        .iter()
        .map(|row| {
            Ok(Shown {
                key: key(row, 0)?,
                invt_no: owned(row, 1)?,
                firm: row.text(2)?.to_owned(),
                state: state(row, 3)?,
                tax: parts(row, 4)?,
                refunded: row.fen(7)?,
                released_on: row.opt_i64(8)?.and_then(day_of),
                tax_no: owned(row, 9)?,
                e_status: row.opt_i64(10)?,
                e_at: row.opt_time(11)?,
                notice: owned(row, 12)?,
            })
        })
        .collect()
}

pub(crate) fn parts(row: &Row, from: usize) -> Result<Parts, DbError> {
    Ok(Parts { duty: row.fen(from)?, vat: row.fen(from + 1)?, consumption_tax: row.fen(from + 2)? })
}

pub(crate) fn key(row: &Row, column: usize) -> Result<Key, DbError> {
    row.bytes(column)?.try_into().map_err(|_| damaged("key of a charge"))
}

fn state(row: &Row, column: usize) -> Result<ChargeState, DbError> {
    ChargeState::of(row.i64(column)?).ok_or_else(|| damaged("state of a charge"))
}

pub(crate) fn damaged(what: &str) -> DbError {
    DbError::Damaged(format!("the {what} cannot be read"))
}

/// Every row that was read must still be as it was read.
pub(crate) fn all(changed: u64, wanted: usize) -> Result<(), DbError> {
    if changed == wanted as u64 {
        Ok(())
    } else {
        Err(DbError::Busy("another batch changed the same charges".to_owned()))
    }
}

/// A second row under a key that was free when we looked: somebody else was faster.
pub(crate) fn crossed(error: DbError) -> DbError {
    match error {
        DbError::Unique { .. } => DbError::Busy("another batch wrote the same row".to_owned()),
        other => other,
    }
}
