//! All SQL of bills.

use db::{DbError, Row, Tx, params};
use kernel::{Date, Fen};

use super::types::*;
use crate::charge::store::{all, crossed, damaged, key, parts};
use crate::charge::{BillId, GuarantorId, Key, LiabilityId, Parts, day_number};

const BILL: &str = "b.id, b.guarantor_id, b.firm, b.from_on, b.to_on, b.state, b.inventories, \
     b.duty, b.vat, b.consumption_tax, b.refunded, b.pay_until, b.notices, b.closed_on, \
     b.issued_on, b.paid_on, b.payment, b.voided_on, b.refunded_on, b.reason, b.version, \
     b.overdue";

fn bill(row: &Row) -> Result<Bill, DbError> {
    let day = |text: &str| text.parse::<Date>().map_err(|_| damaged("day of a bill"));
    let opt_day = |column| row.opt_text(column)?.map(day).transpose();
    let opt_text = |column| row.opt_text(column).map(|text| text.map(Box::<str>::from));
    Ok(Bill {
        id: row.id(0)?,
        guarantor: row.id(1)?,
        firm: row.text(2)?.into(),
        from_on: day(row.text(3)?)?,
        to_on: day(row.text(4)?)?,
        state: BillState::of(row.i64(5)?).ok_or_else(|| damaged("state of a bill"))?,
        inventories: row.i64(6)?,
        tax: parts(row, 7)?,
        refunded: row.fen(10)?,
        pay_until: day(row.text(11)?)?,
        notices: row.text(12)?.split_ascii_whitespace().map(str::to_owned).collect(),
        closed_on: opt_day(13)?,
        issued_on: opt_day(14)?,
        paid_on: opt_day(15)?,
        payment: opt_text(16)?,
        voided_on: opt_day(17)?,
        refunded_on: opt_day(18)?,
        reason: opt_text(19)?,
        version: row.i64(20)?,
        overdue: row.bool(21)?,
    })
}

pub(crate) fn find(tx: &mut Tx, id: BillId) -> Result<Option<Bill>, DbError> {
    let sql = format!("SELECT {BILL} FROM tax_bill b WHERE b.id = $1");
    tx.query_opt(&sql, params![id])?.as_ref().map(bill).transpose()
}

/// The bill of a guarantor, firm and period.
pub(crate) fn of_period(
    tx: &mut Tx,
    guarantor: GuarantorId,
    firm: &str,
    from_on: Date,
) -> Result<Option<Bill>, DbError> {
    let sql = format!(
        "SELECT {BILL} FROM tax_bill b \
         WHERE b.guarantor_id = $1 AND b.firm = $2 AND b.from_on = $3"
    );
    tx.query_opt(&sql, params![guarantor, firm, from_on])?.as_ref().map(bill).transpose()
}

/// Open bills whose period is over on a day.
pub(crate) fn closable(tx: &mut Tx, today: Date, max: u32) -> Result<Vec<Bill>, DbError> {
    let sql = format!(
        "SELECT {BILL} FROM tax_bill b \
         WHERE b.state = 1 AND b.to_on <= $1 ORDER BY b.to_on, b.id LIMIT $2"
    );
    tx.query(&sql, params![today, max])?.iter().map(bill).collect()
}

/// Bills to be paid whose last day is past and of which that was not told.
pub(crate) fn overdue(tx: &mut Tx, today: Date, max: u32) -> Result<Vec<Bill>, DbError> {
    let sql = format!(
        "SELECT {BILL} FROM tax_bill b WHERE (b.state = 2 OR b.state = 3) \
         AND b.pay_until < $1 AND b.to_on < $1 AND NOT b.overdue \
         ORDER BY b.pay_until, b.id LIMIT $2"
    );
    tx.query(&sql, params![today, max])?.iter().map(bill).collect()
}

/// What a list of bills is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) guarantor: Option<String>,
    pub(crate) state: Option<BillState>,
    /// Period beginning on or after.
    pub(crate) from: Option<Date>,
    /// Period ending on or before.
    pub(crate) to: Option<Date>,
    /// Only bills this firm guarantees, or that are made for it.
    pub(crate) party: Option<String>,
}

/// Bills after `after`, in order of opening, with their guarantors' codes.
pub(crate) fn list(
    tx: &mut Tx,
    filter: &Filter,
    after: BillId,
    limit: i64,
) -> Result<Vec<(Bill, String)>, DbError> {
    let sql = format!(
        "SELECT {BILL}, g.code FROM tax_bill b JOIN tax_guarantor g ON g.id = b.guarantor_id \
         WHERE b.id > $1 AND (CAST($2 AS TEXT) = '' OR g.code = $2) \
         AND (CAST($3 AS BIGINT) = 0 OR b.state = $3) \
         AND (CAST($4 AS TEXT) = '' OR b.from_on >= $4) \
         AND (CAST($5 AS TEXT) = '' OR b.to_on <= $5) \
         AND (CAST($6 AS TEXT) = '' OR g.code = $6 OR b.firm = $6) \
         ORDER BY b.id LIMIT $7"
    );
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let rows = tx.query(
        &sql,
        params![
            after,
            filter.guarantor.as_deref().unwrap_or_default(),
            filter.state.map_or(0, BillState::code),
            day(filter.from),
            day(filter.to),
            filter.party.as_deref().unwrap_or_default(),
            limit,
        ],
    )?;
    rows.iter().map(|row| Ok((bill(row)?, row.text(22)?.to_owned()))).collect()
}

pub(crate) fn insert(tx: &mut Tx, bill: &Bill) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO tax_bill (id, guarantor_id, firm, from_on, to_on, state, inventories, duty, \
         vat, consumption_tax, refunded, pay_until, notices, overdue, \
         version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', FALSE, $13)",
        params![
            bill.id,
            bill.guarantor,
            &bill.firm,
            bill.from_on,
            bill.to_on,
            bill.state.code(),
            bill.inventories,
            bill.tax.duty,
            bill.tax.vat,
            bill.tax.consumption_tax,
            bill.refunded,
            bill.pay_until,
            bill.version,
        ],
    )
    .map_err(crossed)
    .map(drop)
}

/// Saves a bill over the version it was read at.
pub(crate) fn update(tx: &mut Tx, bill: &Bill) -> Result<(), DbError> {
    let changed = tx.execute(
        "UPDATE tax_bill SET state = $3, inventories = $4, duty = $5, vat = $6, \
         consumption_tax = $7, refunded = $8, pay_until = $9, notices = $10, closed_on = $11, \
         issued_on = $12, paid_on = $13, payment = $14, voided_on = $15, refunded_on = $16, \
         reason = $17, overdue = $18, version = $2 + 1 WHERE id = $1 AND version = $2",
        params![
            bill.id,
            bill.version,
            bill.state.code(),
            bill.inventories,
            bill.tax.duty,
            bill.tax.vat,
            bill.tax.consumption_tax,
            bill.refunded,
            bill.pay_until,
            bill.notices.join(" "),
            bill.closed_on,
            bill.issued_on,
            bill.paid_on,
            bill.payment.as_deref(),
            bill.voided_on,
            bill.refunded_on,
            bill.reason.as_deref(),
            bill.overdue,
        ],
    )?;
    all(changed, 1)
}

/// What a bill's charges come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footing {
    pub(crate) inventories: i64,
    pub(crate) tax: Parts,
    pub(crate) refunded: Fen,
}

/// The sum of a bill's charges.
pub(crate) fn footing(tx: &mut Tx, bill: BillId) -> Result<Footing, DbError> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN state = 4 THEN 1 ELSE 0 END), 0) AS BIGINT), \
         CAST(COALESCE(SUM(duty), 0) AS BIGINT), CAST(COALESCE(SUM(vat), 0) AS BIGINT), \
         CAST(COALESCE(SUM(consumption_tax), 0) AS BIGINT), \
         CAST(COALESCE(SUM(refunded), 0) AS BIGINT) FROM tax_charge WHERE bill_id = $1";
    let row = tx.query_one(sql, params![bill])?;
    Ok(Footing { inventories: row.i64(0)?, tax: parts(&row, 1)?, refunded: row.fen(4)? })
}

/// What is left on a bill for each liability: inventories and tax.
pub(crate) fn by_liability(
    tx: &mut Tx,
    bill: BillId,
) -> Result<Vec<(LiabilityId, i64, Fen)>, DbError> {
    let sql = "SELECT liability_id, COUNT(*), \
         CAST(SUM(duty + vat + consumption_tax) AS BIGINT) FROM tax_charge \
         WHERE bill_id = $1 AND state = 4 GROUP BY liability_id ORDER BY liability_id";
    let rows = tx.query(sql, params![bill])?;
    rows.iter().map(|row| Ok((row.id(0)?, row.i64(1)?, row.fen(2)?))).collect()
}

/// Keys of charges of a bill of which tax is left, from after a key.
pub(crate) fn keys_left(
    tx: &mut Tx,
    bill: BillId,
    after: Option<Key>,
    limit: u32,
) -> Result<Vec<Key>, DbError> {
    let sql = "SELECT key FROM tax_charge WHERE bill_id = $1 AND state = 4 AND key > $2 \
         AND duty + vat + consumption_tax > refunded ORDER BY key LIMIT $3";
    let after = after.map_or_else(Vec::new, |key| key.to_vec());
    tx.query(sql, params![bill, after, limit])?.iter().map(|row| key(row, 0)).collect()
}

/// Payment notices of a bill's inventories, and how many inventories have none.
pub(crate) fn notices(tx: &mut Tx, bill: BillId) -> Result<(i64, Vec<String>), DbError> {
    let sql = "SELECT n.number, COUNT(*) FROM tax_charge c \
         LEFT JOIN tax_notice n ON n.id = c.notice_id \
         WHERE c.bill_id = $1 AND c.state = 4 GROUP BY n.number ORDER BY n.number";
    let mut missing = 0;
    let mut numbers = Vec::new();
    for row in tx.query(sql, params![bill])? {
        match row.opt_text(0)? {
            Some(number) => numbers.push(number.to_owned()),
            None => missing += row.i64(1)?,
        }
    }
    Ok((missing, numbers))
}

/// Keys of due charges of a day of release whose e-tax bill customs has made void and not replaced.
pub(crate) fn void_due(tx: &mut Tx, released_on: Date, limit: u32) -> Result<Vec<Key>, DbError> {
    let sql = "SELECT key FROM tax_charge \
         WHERE state = 2 AND released_on = $1 AND e_status = 3 LIMIT $2";
    let rows = tx.query(sql, params![day_number(released_on), limit])?;
    rows.iter().map(|row| key(row, 0)).collect()
}

/// The same of the charges of a bill.
pub(crate) fn void_billed(tx: &mut Tx, bill: BillId, limit: u32) -> Result<Vec<Key>, DbError> {
    let sql = "SELECT key FROM tax_charge \
         WHERE bill_id = $1 AND state = 4 AND e_status = 3 LIMIT $2";
    tx.query(sql, params![bill, limit])?.iter().map(|row| key(row, 0)).collect()
}
