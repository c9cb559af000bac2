//! The SQL of what customs says of inventories' tax.

use std::collections::{HashMap, HashSet};

use db::{Ctx, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::Time;

use super::electronic::ElectronicBill;
use super::types::*;
use crate::charge::store::{crossed, key, parts};
use crate::charge::{BillId, GuarantorId, Key, Parts};

/// A charge as customs' word finds it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) key: Key,
    pub(crate) guarantor: GuarantorId,
    pub(crate) tax: Parts,
    pub(crate) bill: Option<BillId>,
    pub(crate) tax_no: Option<Box<str>>,
    pub(crate) status: Option<ElectronicStatus>,
    pub(crate) at: Option<Time>,
    /// Whether its bill is final: closed, issued or paid.
    pub(crate) is_final: bool,
}

/// The charges with these numbers of inventories, by number.
pub(crate) fn by_numbers<'a>(
    tx: &mut Tx,
    numbers: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, Found>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    numbers.for_each(|number| keys.push(values![number]));
    let sql = "SELECT k.n, c.invt_no, c.key, c.duty, c.vat, c.consumption_tax, c.bill_id, c.tax_no, \
         c.e_status, c.e_at, l.guarantor_id, \
         (SELECT b.state FROM tax_bill b WHERE b.id = c.bill_id) FROM keys k \
         JOIN tax_charge c ON c.invt_no = k.a JOIN tax_liability l ON l.id = c.liability_id";
    let found = |row: &Row| {
        let found = Found {
            key: key(row, 2)?,
            tax: parts(row, 3)?,
            bill: row.opt_id(6)?,
            tax_no: row.opt_text(7)?.map(Box::from),
            status: row.opt_i64(8)?.and_then(ElectronicStatus::of),
            at: row.opt_time(9)?,
            guarantor: row.id(10)?,
            is_final: row.opt_i64(11)?.is_some_and(|state| state > 1),
        };
        Ok((row.text(1)?.to_owned(), found))
    };
    tx.query_keys(sql, &keys)?.iter().map(found).collect()
}

/// Which of these charges had a return since an instant each.
pub(crate) fn returned_since(
    tx: &mut Tx,
    charges: impl Iterator<Item = (Key, Time)>,
) -> Result<HashSet<Key>, DbError> {
    let mut keys = Keys::new(&[Type::Bytes, Type::Int]);
    charges.for_each(|(key, since)| keys.push(values![key, since]));
    let sql = "SELECT k.n, r.charge_key FROM keys k \
         JOIN tax_return r ON r.charge_key = k.a WHERE r.at >= k.b";
    tx.query_keys(sql, &keys)?.iter().map(|row| key(row, 1)).collect()
}

/// What was kept of numbers that no inventory had, of which one is found now, is settled.
pub(crate) fn forget_strays<'a>(
    tx: &mut Tx,
    numbers: impl Iterator<Item = &'a str>,
) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    numbers.for_each(|number| keys.push(values![number]));
    let sql = "DELETE FROM tax_difference WHERE invt_no IN (SELECT k.a FROM keys k) \
         AND charge_key IS NULL";
    tx.update_many(sql, &keys).map(drop)
}

/// What came off each of these charges before payment.
pub(crate) fn voided(
    tx: &mut Tx,
    charges: impl Iterator<Item = Key>,
) -> Result<HashMap<Key, Parts>, DbError> {
    let mut keys = Keys::new(&[Type::Bytes]);
    charges.for_each(|key| keys.push(values![key]));
    let sql = "SELECT k.n, r.charge_key, r.duty, r.vat, r.consumption_tax FROM keys k \
         JOIN tax_return r ON r.charge_key = k.a WHERE NOT r.refund";
    let mut sums: HashMap<Key, Parts> = HashMap::new();
    for row in tx.query_keys(sql, &keys)? {
        let sum = sums.entry(key(&row, 1)?).or_default();
        *sum = sum.plus(parts(&row, 2)?);
    }
    Ok(sums)
}

/// The ids of these payment notices; new ones are named.
pub(crate) fn notices<'a>(
    tx: &mut Tx,
    ctx: &Ctx,
    numbers: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, i64>, DbError> {
    let distinct: std::collections::BTreeSet<&str> = numbers.collect();
    let mut keys = Keys::new(&[Type::Text]);
    distinct.iter().for_each(|number| keys.push(values![*number]));
    let sql = "SELECT k.n, t.number, t.id FROM keys k JOIN tax_notice t ON t.number = k.a";
    let mut ids = HashMap::new();
    for row in tx.query_keys(sql, &keys)? {
        ids.insert(row.text(1)?.to_owned(), row.i64(2)?);
    }
    let mut rows = Rows::new();
    for number in distinct {
        if !ids.contains_key(number) {
            let id = ctx.id::<crate::charge::BillKind>().to_i64();
            rows.push(values![id, number]);
            ids.insert(number.to_owned(), id);
        }
    }
    tx.insert_many("tax_notice", &["id", "number"], &rows, OnConflict::Fail).map_err(crossed)?;
    Ok(ids)
}

/// What customs said of a charge, to be kept beside it.
pub(crate) struct Said<'a> {
    pub(crate) key: Key,
    pub(crate) bill: &'a ElectronicBill,
    pub(crate) status: ElectronicStatus,
    pub(crate) notice: Option<i64>,
}

pub(crate) fn keep(tx: &mut Tx, said: &[Said<'_>]) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Bytes, Type::Text, Type::Int, Type::Int, Type::Int]);
    for one in said {
        let (tax_no, at) = (one.bill.tax_no.as_str(), one.bill.returned_at);
        keys.push(values![one.key, tax_no, one.status.code(), at, one.notice]);
    }
    let sql = "UPDATE tax_charge SET tax_no = k.b, e_status = k.c, e_at = k.d, notice_id = k.e \
         FROM keys k WHERE tax_charge.key = k.a";
    tx.update_many(sql, &keys).map(drop)
}

/// A difference to be kept; `charge` none: no inventory of that number is known.
pub(crate) struct Kept<'a> {
    pub(crate) bill: &'a ElectronicBill,
    pub(crate) status: ElectronicStatus,
    pub(crate) charge: Option<(Key, GuarantorId, Parts)>,
}

pub(crate) fn insert_differences(tx: &mut Tx, ctx: &Ctx, kept: &[Kept<'_>]) -> Result<(), DbError> {
    let rows: Rows<'_> = kept
        .iter()
        .map(|one| {
            let id = ctx.id::<crate::charge::BillKind>().to_i64();
            let stated = one.bill.tax.unwrap_or_default();
            let own = one.charge.map(|(_, _, own)| own);
            values![
                id,
                one.bill.invt_no.as_str(),
                one.bill.tax_no.as_str(),
                one.charge.map(|(key, _, _)| key.to_vec()),
                one.charge.map_or(0, |(_, guarantor, _)| guarantor.to_i64()),
                one.status.code(),
                stated.duty,
                stated.vat,
                stated.consumption_tax,
                own.map(|own| own.duty),
                own.map(|own| own.vat),
                own.map(|own| own.consumption_tax),
                one.bill.returned_at,
            ]
        })
        .collect();
    let columns = [
        "id",
        "invt_no",
        "tax_no",
        "charge_key",
        "guarantor_id",
        "status",
        "duty",
        "vat",
        "consumption_tax",
        "own_duty",
        "own_vat",
        "own_consumption_tax",
        "returned_at",
    ];
    tx.insert_many("tax_difference", &columns, &rows, OnConflict::Ignore).map(drop)
}

/// A kept difference, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: i64,
    pub(crate) invt_no: String,
    pub(crate) tax_no: String,
    pub(crate) guarantor: Option<String>,
    pub(crate) status: Option<ElectronicStatus>,
    pub(crate) stated: Stated,
    pub(crate) own: Option<Parts>,
    pub(crate) returned_at: Time,
}

/// Differences after an id; only a guarantor's when its code is given.
pub(crate) fn differences(
    tx: &mut Tx,
    guarantor: Option<&str>,
    after: i64,
    limit: i64,
) -> Result<Vec<Shown>, DbError> {
    let sql = "SELECT d.id, d.invt_no, d.tax_no, g.code, d.status, d.duty, d.vat, \
         d.consumption_tax, d.own_duty, d.own_vat, d.own_consumption_tax, d.returned_at \
         FROM tax_difference d LEFT JOIN tax_guarantor g ON g.id = d.guarantor_id \
         WHERE d.id > $1 AND (CAST($2 AS TEXT) = '' OR g.code = $2) ORDER BY d.id LIMIT $3";
    let rows = tx.query(sql, params![after, guarantor.unwrap_or_default(), limit])?;
    rows.iter()
        .map(|row| {
            let own = match row.opt_i64(8)? {
                Some(_) => Some(parts(row, 8)?),
                None => None,
            };
            Ok(Shown {
                id: row.i64(0)?,
                invt_no: row.text(1)?.to_owned(),
                tax_no: row.text(2)?.to_owned(),
                guarantor: row.opt_text(3)?.map(str::to_owned),
                status: ElectronicStatus::of(row.i64(4)?),
                stated: Stated {
                    duty: row.decimal(5)?,
                    vat: row.decimal(6)?,
                    consumption_tax: row.decimal(7)?,
                },
                own,
                returned_at: row.time(11)?,
            })
        })
        .collect()
}
