//! The SQL by which movements are summed for statements.

use db::{DbError, Row, Tx, params};
use kernel::{Date, Fen};

use super::store::damaged;
use super::types::*;
use crate::guarantee::InstrumentId;

/// What one kind, day and liability moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) on: Date,
    pub(crate) firm: String,
    /// Code of the guarantor.
    pub(crate) guarantor: String,
    /// Who withholds, and in which role.
    pub(crate) agent_role: Option<Role>,
    pub(crate) act: Act,
    /// Id of an instrument or bill, in text form; empty when neither.
    pub(crate) about: String,
    pub(crate) inventories: i64,
    pub(crate) amount: Fen,
}

const MOVED: &str = "m.on_day, COALESCE(l.firm, ''), g.code, l.agent_role, m.act, m.about, \
     CAST(SUM(m.inventories) AS BIGINT), CAST(SUM(m.amount) AS BIGINT)";

const GROUPED: &str = "GROUP BY m.on_day, l.firm, g.code, l.agent_role, m.act, m.about \
     ORDER BY m.on_day, m.act, g.code, l.firm, l.agent_role, m.about";

fn moved(row: &Row) -> Result<Moved, DbError> {
    let act = act(row, 4)?;
    let about = row.i64(5)?;
    let about = match act {
        _ if about == 0 => String::new(),
        Act::Grant | Act::Reduce | Act::Lapse => InstrumentId::from_i64(about).to_string(),
        _ => BillId::from_i64(about).to_string(),
    };
    Ok(Moved {
        on: day_of(row.i64(0)?).ok_or_else(|| damaged("day of a movement"))?,
        firm: row.text(1)?.to_owned(),
        guarantor: row.text(2)?.to_owned(),
        agent_role: row.opt_i64(3)?.and_then(Role::of),
        act,
        about,
        inventories: row.i64(6)?,
        amount: row.fen(7)?,
    })
}

fn act(row: &Row, column: usize) -> Result<Act, DbError> {
    Act::of(row.i64(column)?).ok_or_else(|| damaged("act of a movement"))
}

/// What each kind of movement of a guarantor came to before a day.
pub(crate) fn before(
    tx: &mut Tx,
    guarantor: GuarantorId,
    day: i64,
) -> Result<Vec<(Act, Fen)>, DbError> {
    let sql = "SELECT act, CAST(SUM(amount) AS BIGINT) FROM tax_movement \
         WHERE guarantor_id = $1 AND on_day < $2 GROUP BY act";
    let rows = tx.query(sql, params![guarantor, day])?;
    rows.iter().map(|row| Ok((act(row, 0)?, row.fen(1)?))).collect()
}

/// What a guarantor moved between two days, summed by day, firm, kind, and instrument or bill.
pub(crate) fn within(
    tx: &mut Tx,
    guarantor: GuarantorId,
    from: i64,
    to: i64,
) -> Result<Vec<Moved>, DbError> {
    let sql = "SELECT m.on_day, COALESCE(l.firm, ''), g.code, CAST(NULL AS BIGINT), m.act, m.about, \
         CAST(SUM(m.inventories) AS BIGINT), CAST(SUM(m.amount) AS BIGINT) FROM tax_movement m \
         JOIN tax_guarantor g ON g.id = m.guarantor_id \
         LEFT JOIN tax_liability l ON l.id = m.liability_id \
         WHERE m.guarantor_id = $1 AND m.on_day >= $2 AND m.on_day <= $3 \
         GROUP BY m.on_day, l.firm, g.code, m.act, m.about \
         ORDER BY m.on_day, m.act, l.firm, m.about";
    tx.query(sql, params![guarantor, from, to])?.iter().map(moved).collect()
}

/// The day of a guarantor's last movement.
pub(crate) fn last_day(tx: &mut Tx, guarantor: GuarantorId) -> Result<Option<Date>, DbError> {
    let sql = "SELECT MAX(on_day) FROM tax_movement WHERE guarantor_id = $1";
    Ok(tx.query_one(sql, params![guarantor])?.opt_i64(0)?.and_then(day_of))
}

/// Movements of a guarantor one by one, from after an id, in order.
pub(crate) fn list(
    tx: &mut Tx,
    guarantor: GuarantorId,
    after: MovementId,
    limit: i64,
) -> Result<Vec<(MovementId, Moved)>, DbError> {
    let sql = "SELECT m.on_day, COALESCE(l.firm, ''), g.code, l.agent_role, m.act, m.about, \
         m.inventories, m.amount, m.id FROM tax_movement m \
         JOIN tax_guarantor g ON g.id = m.guarantor_id \
         LEFT JOIN tax_liability l ON l.id = m.liability_id \
         WHERE m.guarantor_id = $1 AND m.id > $2 ORDER BY m.id LIMIT $3";
    let rows = tx.query(sql, params![guarantor, after, limit])?;
    rows.iter().map(|row| Ok((row.id(8)?, moved(row)?))).collect()
}

/// What each kind of movement of an agent's liabilities came to before a day, role by role.
pub(crate) fn agent_before(
    tx: &mut Tx,
    agent: &str,
    day: i64,
) -> Result<Vec<(Role, Act, Fen)>, DbError> {
    let sql = "SELECT l.agent_role, m.act, CAST(SUM(m.amount) AS BIGINT) FROM tax_liability l \
         JOIN tax_movement m ON m.liability_id = l.id \
         WHERE l.agent = $1 AND m.on_day < $2 GROUP BY l.agent_role, m.act";
    let rows = tx.query(sql, params![agent, day])?;
    rows.iter()
        .map(|row| {
            let role = Role::of(row.i64(0)?).ok_or_else(|| damaged("role of an agent"))?;
            Ok((role, act(row, 1)?, row.fen(2)?))
        })
        .collect()
}

/// What moved between two days of what an agent withholds.
pub(crate) fn agent_within(
    tx: &mut Tx,
    agent: &str,
    from: i64,
    to: i64,
) -> Result<Vec<Moved>, DbError> {
    let sql = format!(
        "SELECT {MOVED} FROM tax_liability l JOIN tax_movement m ON m.liability_id = l.id \
         JOIN tax_guarantor g ON g.id = m.guarantor_id \
         WHERE l.agent = $1 AND m.on_day >= $2 AND m.on_day <= $3 \
         AND m.act IN (6, 7, 9, 10, 11) {GROUPED}"
    );
    tx.query(&sql, params![agent, from, to])?.iter().map(moved).collect()
}

/// Who withholds, and in which role, after a pair; of one code when it is given.
pub(crate) fn agents(
    tx: &mut Tx,
    agent: Option<&str>,
    after: (&str, i64),
    limit: i64,
) -> Result<Vec<(String, Role)>, DbError> {
    let sql = "SELECT DISTINCT agent, agent_role FROM tax_liability \
         WHERE (CAST($1 AS TEXT) = '' OR agent = $1) \
         AND (agent > $2 OR (agent = $2 AND agent_role > $3)) \
         ORDER BY agent, agent_role LIMIT $4";
    let rows = tx.query(sql, params![agent.unwrap_or_default(), after.0, after.1, limit])?;
    rows.iter()
        .map(|row| {
            let role = Role::of(row.i64(1)?).ok_or_else(|| damaged("role of an agent"))?;
            Ok((row.text(0)?.to_owned(), role))
        })
        .collect()
}
