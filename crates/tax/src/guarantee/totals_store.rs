//! The SQL that counts everything anew.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use db::{DbError, Row, Tx, params};
use kernel::Fen;

use crate::charge::store::damaged;
use crate::charge::{Act, BillId, GuarantorId, Sums};

/// Every guarantor.
pub(super) fn guarantors(tx: &mut Tx) -> Result<Vec<GuarantorId>, DbError> {
    let sql = "SELECT id FROM tax_guarantor ORDER BY id";
    tx.query(sql, params![])?.iter().map(|row| row.id(0)).collect()
}

/// What of each guarantor's instruments counts.
pub(super) fn counted(tx: &mut Tx) -> Result<HashMap<GuarantorId, Fen>, DbError> {
    let sql = "SELECT guarantor_id, CAST(SUM(counted) AS BIGINT) FROM tax_instrument \
         GROUP BY guarantor_id";
    each(tx, sql, |row| Ok((row.id(0)?, row.fen(1)?)))
}

/// What each guarantor's charges hold, owe and have on bills that are not paid.
pub(super) fn charged(tx: &mut Tx) -> Result<HashMap<GuarantorId, Sums>, DbError> {
    let sql = "SELECT l.guarantor_id, \
         CAST(SUM(CASE WHEN c.state = 1 THEN c.duty + c.vat + c.consumption_tax ELSE 0 END) \
             AS BIGINT), \
         CAST(SUM(CASE WHEN c.state = 2 THEN c.duty + c.vat + c.consumption_tax ELSE 0 END) \
             AS BIGINT), \
         CAST(SUM(CASE WHEN c.state = 4 AND b.state < 4 \
             THEN c.duty + c.vat + c.consumption_tax ELSE 0 END) AS BIGINT) \
         FROM tax_charge c JOIN tax_liability l ON l.id = c.liability_id \
         LEFT JOIN tax_bill b ON b.id = c.bill_id GROUP BY l.guarantor_id";
    each(tx, sql, |row| {
        let sums =
            Sums { granted: Fen(0), held: row.fen(1)?, due: row.fen(2)?, billed: row.fen(3)? };
        Ok((row.id(0)?, sums))
    })
}

/// What each guarantor's movements come to.
pub(super) fn moved(tx: &mut Tx) -> Result<HashMap<GuarantorId, Sums>, DbError> {
    let sql = "SELECT guarantor_id, act, CAST(SUM(amount) AS BIGINT) FROM tax_movement \
         GROUP BY guarantor_id, act";
    let mut sums: HashMap<GuarantorId, Sums> = HashMap::new();
    for row in tx.query(sql, params![])? {
        let sum = sums.entry(row.id(0)?).or_default();
        *sum = sum.plus(act(&row, 1)?.effect(row.fen(2)?));
    }
    Ok(sums)
}

/// What movements of each kind come to.
pub(super) fn acts(tx: &mut Tx) -> Result<HashMap<Act, Fen>, DbError> {
    let sql = "SELECT act, CAST(SUM(amount) AS BIGINT) FROM tax_movement GROUP BY act";
    each(tx, sql, |row| Ok((act(row, 0)?, row.fen(1)?)))
}

/// What each agent, in each role, has withheld by its charges: due, or on a bill not paid.
pub(super) fn withheld(tx: &mut Tx) -> Result<BTreeMap<(String, i64), Fen>, DbError> {
    let sql = "SELECT l.agent, l.agent_role, \
         CAST(SUM(CASE WHEN c.state = 2 OR (c.state = 4 AND b.state < 4) \
             THEN c.duty + c.vat + c.consumption_tax ELSE 0 END) AS BIGINT) \
         FROM tax_charge c JOIN tax_liability l ON l.id = c.liability_id \
         LEFT JOIN tax_bill b ON b.id = c.bill_id GROUP BY l.agent, l.agent_role";
    let rows = tx.query(sql, params![])?;
    rows.iter().map(|row| Ok(((row.text(0)?.to_owned(), row.i64(1)?), row.fen(2)?))).collect()
}

/// Bills that are not the sum of their inventories.
pub(super) fn wrong_bills(tx: &mut Tx, max: usize) -> Result<Vec<BillId>, DbError> {
    let sql = "WITH footing(bill, inventories, duty, vat, consumption_tax, refunded) AS ( \
             SELECT bill_id, SUM(CASE WHEN state = 4 THEN 1 ELSE 0 END), SUM(duty), SUM(vat), \
                    SUM(consumption_tax), SUM(refunded) \
             FROM tax_charge WHERE bill_id IS NOT NULL GROUP BY bill_id) \
         SELECT b.id FROM tax_bill b LEFT JOIN footing f ON f.bill = b.id \
         WHERE b.inventories <> COALESCE(f.inventories, 0) OR b.duty <> COALESCE(f.duty, 0) \
            OR b.vat <> COALESCE(f.vat, 0) OR b.refunded <> COALESCE(f.refunded, 0) \
            OR b.consumption_tax <> COALESCE(f.consumption_tax, 0) \
         ORDER BY b.id LIMIT $1";
    tx.query(sql, params![max as i64])?.iter().map(|row| row.id(0)).collect()
}

fn act(row: &Row, column: usize) -> Result<Act, DbError> {
    Act::of(row.i64(column)?).ok_or_else(|| damaged("act of a movement"))
}

fn each<K: Eq + Hash, V>(
    tx: &mut Tx,
    sql: &str,
    read: impl Fn(&Row) -> Result<(K, V), DbError>,
) -> Result<HashMap<K, V>, DbError> {
    tx.query(sql, params![])?.iter().map(read).collect()
}
