//! All SQL of guarantors and their instruments.

use db::{DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::{Date, Time};

use super::types::*;
use crate::charge::store::{all, crossed, damaged};
use crate::charge::{GuarantorId, Role};

const GUARANTOR: &str = "g.id, g.code, g.role, g.bill_by, g.warned, g.changes_on, g.version";

/// A guarantor behind a first column that belongs to the query.
fn guarantor(row: &Row) -> Result<Guarantor, DbError> {
    Ok(Guarantor {
        id: row.id(1)?,
        code: row.text(2)?.into(),
        role: row.opt_i64(3)?.and_then(Role::of),
        bill_by: row.opt_i64(4)?.and_then(BillBy::of),
        warned: row.i64(5)?,
        changes_on: row.i64(6)?,
        version: row.i64(7)?,
    })
}

/// The guarantors with these codes that there are.
pub(crate) fn by_codes<'c>(
    tx: &mut Tx,
    codes: impl Iterator<Item = &'c str>,
) -> Result<Vec<Guarantor>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    codes.for_each(|code| keys.push(values![code]));
    let sql = format!("SELECT k.n, {GUARANTOR} FROM keys k JOIN tax_guarantor g ON g.code = k.a");
    tx.query_keys(&sql, &keys)?.iter().map(guarantor).collect()
}

/// The guarantors with these ids.
pub(crate) fn by_ids(
    tx: &mut Tx,
    ids: impl Iterator<Item = GuarantorId>,
) -> Result<Vec<Guarantor>, DbError> {
    let mut keys = Keys::new(&[Type::Int]);
    ids.for_each(|id| keys.push(values![id]));
    let sql = format!("SELECT k.n, {GUARANTOR} FROM keys k JOIN tax_guarantor g ON g.id = k.a");
    tx.query_keys(&sql, &keys)?.iter().map(guarantor).collect()
}

/// Guarantors after `after`, in order of registration; of one code when it is given.
pub(crate) fn list(
    tx: &mut Tx,
    code: Option<&str>,
    after: GuarantorId,
    limit: i64,
) -> Result<Vec<Guarantor>, DbError> {
    let sql = format!(
        "SELECT 0, {GUARANTOR} FROM tax_guarantor g \
         WHERE g.id > $1 AND (CAST($2 AS TEXT) = '' OR g.code = $2) ORDER BY g.id LIMIT $3"
    );
    let rows = tx.query(&sql, params![after, code.unwrap_or_default(), limit])?;
    rows.iter().map(guarantor).collect()
}

/// Guarantors of whom an instrument waits to begin or to lapse, at most `max`, from after an id.
pub(crate) fn changing(
    tx: &mut Tx,
    on: i64,
    after: GuarantorId,
    max: u32,
) -> Result<Vec<Guarantor>, DbError> {
    let sql = format!(
        "SELECT 0, {GUARANTOR} FROM tax_guarantor g \
         WHERE g.changes_on <= $1 AND g.id > $2 ORDER BY g.id LIMIT $3"
    );
    tx.query(&sql, params![on, after, max])?.iter().map(guarantor).collect()
}

pub(crate) fn insert(tx: &mut Tx, new: &[Guarantor], now: Time) -> Result<(), DbError> {
    let rows: Rows<'_> = new
        .iter()
        .map(|one| {
            values![
                one.id,
                &one.code,
                one.role.map(Role::code),
                one.bill_by.map(BillBy::code),
                one.warned,
                one.changes_on,
                one.version,
                now,
            ]
        })
        .collect();
    let columns = ["id", "code", "role", "bill_by", "warned", "changes_on", "version", "opened_at"];
    tx.insert_many("tax_guarantor", &columns, &rows, OnConflict::Fail).map_err(crossed).map(drop)
}

/// Saves a guarantor over the version it was read at.
pub(crate) fn update(tx: &mut Tx, guarantor: &Guarantor) -> Result<(), DbError> {
    let changed = tx.execute(
        "UPDATE tax_guarantor SET role = $3, bill_by = $4, warned = $5, changes_on = $6, \
         version = $2 + 1 WHERE id = $1 AND version = $2",
        params![
            guarantor.id,
            guarantor.version,
            guarantor.role.map(Role::code),
            guarantor.bill_by.map(BillBy::code),
            guarantor.warned,
            guarantor.changes_on,
        ],
    )?;
    all(changed, 1)
}

const INSTRUMENT: &str = "i.id, i.guarantor_id, i.kind, i.number, i.issuer, i.amount, i.counted, \
     i.valid_from, i.valid_until, i.state, i.reminded, i.version";

fn instrument(row: &Row) -> Result<Instrument, DbError> {
    let day = |text: &str| text.parse::<Date>().map_err(|_| damaged("day of an instrument"));
    Ok(Instrument {
        id: row.id(0)?,
        guarantor: row.id(1)?,
        form: InstrumentForm::of(row.i64(2)?).ok_or_else(|| damaged("kind of an instrument"))?,
        number: row.text(3)?.into(),
        issuer: row.text(4)?.into(),
        amount: row.fen(5)?,
        counted: row.fen(6)?,
        valid_from: day(row.text(7)?)?,
        valid_until: row.opt_text(8)?.map(day).transpose()?,
        state: InstrumentState::of(row.i64(9)?).ok_or_else(|| damaged("state of an instrument"))?,
        reminded: row.opt_i64(10)?,
        version: row.i64(11)?,
    })
}

/// What a guarantor lodged, in order.
pub(crate) fn instruments(tx: &mut Tx, guarantor: GuarantorId) -> Result<Vec<Instrument>, DbError> {
    let sql = format!(
        "SELECT {INSTRUMENT} FROM tax_instrument i WHERE i.guarantor_id = $1 ORDER BY i.id"
    );
    tx.query(&sql, params![guarantor])?.iter().map(instrument).collect()
}

/// Instruments in force that end on or before a day.
pub(crate) fn ending(tx: &mut Tx, by: Date, max: u32) -> Result<Vec<Instrument>, DbError> {
    let sql = format!(
        "SELECT {INSTRUMENT} FROM tax_instrument i \
         WHERE i.state = 2 AND i.valid_until <= $1 ORDER BY i.valid_until, i.id LIMIT $2"
    );
    tx.query(&sql, params![by, max])?.iter().map(instrument).collect()
}

pub(crate) fn insert_instrument(
    tx: &mut Tx,
    instrument: &Instrument,
    now: Time,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO tax_instrument (id, guarantor_id, kind, number, issuer, amount, counted, \
         valid_from, valid_until, state, reminded, version, lodged_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            instrument.id,
            instrument.guarantor,
            instrument.form.code(),
            &instrument.number,
            &instrument.issuer,
            instrument.amount,
            instrument.counted,
            instrument.valid_from,
            instrument.valid_until,
            instrument.state.code(),
            instrument.reminded,
            instrument.version,
            now,
        ],
    )
    .map_err(crossed)
    .map(drop)
}

/// Saves an instrument over the version it was read at.
pub(crate) fn update_instrument(tx: &mut Tx, instrument: &Instrument) -> Result<(), DbError> {
    let changed = tx.execute(
        "UPDATE tax_instrument SET amount = $3, counted = $4, valid_until = $5, state = $6, \
         reminded = $7, version = $2 + 1 WHERE id = $1 AND version = $2",
        params![
            instrument.id,
            instrument.version,
            instrument.amount,
            instrument.counted,
            instrument.valid_until,
            instrument.state.code(),
            instrument.reminded,
        ],
    )?;
    all(changed, 1)
}
