//! Small records every room keeps through the transaction: audit, settings, numbers, answers
//! already given.

use kernel::{Id, Time, id::Kind};

use crate::pending::AuditEntry;
use crate::{Ctx, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};

/// Names ids of audit entries: `adt_…`.
#[derive(Clone, Copy, Debug)]
pub enum AuditKind {}
impl Kind for AuditKind {
    const PREFIX: &'static str = "adt";
}
/// The id of an audit entry.
pub type AuditId = Id<AuditKind>;

/// One entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Which.
    pub id: AuditId,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: String,
    /// What was done.
    pub act: String,
    /// To what.
    pub subject: String,
    /// Why, or with which particulars.
    pub detail: String,
}

impl Tx {
    /// Writes down who did what to what, in this transaction. No personal data.
    pub fn audit(
        &mut self,
        ctx: &Ctx,
        act: &str,
        subject: &str,
        detail: &str,
    ) -> Result<(), DbError> {
        self.must_write()?;
        self.pending.audit.push(AuditEntry {
            id: ctx.id::<AuditKind>().to_i64(),
            at: ctx.now,
            actor: ctx.actor.clone(),
            act: act.into(),
            subject: subject.into(),
            detail: detail.into(),
        });
        Ok(())
    }

    /// What was done to a subject, oldest first, from after the given entry.
    pub fn audited(
        &mut self,
        subject: &str,
        after: Option<AuditId>,
        max: u32,
    ) -> Result<Vec<Audited>, DbError> {
        let sql = "SELECT id, at, actor, act, subject, detail FROM db_audit
                   WHERE subject = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = self.query(sql, params![subject, after.map_or(0, Id::to_i64), max])?;
        rows.iter().map(audited).collect()
    }

    /// A setting kept with the data.
    pub fn setting(&mut self, name: &str) -> Result<Option<String>, DbError> {
        let row = self.query_opt("SELECT value FROM db_setting WHERE name = $1", params![name])?;
        row.map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    /// Sets a setting kept with the data.
    pub fn set_setting(&mut self, name: &str, value: &str) -> Result<(), DbError> {
        let sql = "INSERT INTO db_setting (name, value) VALUES ($1, $2)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.execute(sql, params![name, value]).map(drop)
    }

    /// The next number of a name: 1, 2, 3, … without gaps. On PostgreSQL others who want a number
    /// of this name wait until this transaction ends, so take it late.
    pub fn next_number(&mut self, name: &str) -> Result<i64, DbError> {
        self.next_numbers(name, 1)
    }

    /// The first of `count` consecutive numbers of a name.
    pub fn next_numbers(&mut self, name: &str, count: i64) -> Result<i64, DbError> {
        let sql = "INSERT INTO db_number (name, value) VALUES ($1, $2)
                   ON CONFLICT (name) DO UPDATE SET value = db_number.value + excluded.value
                   RETURNING value";
        Ok(self.query_one(sql, params![name, count])?.i64(0)? - count + 1)
    }
}

fn audited(row: &Row) -> Result<Audited, DbError> {
    let owned = |column| row.text(column).map(str::to_owned);
    Ok(Audited {
        id: row.id(0)?,
        at: row.time(1)?,
        actor: owned(2)?,
        act: owned(3)?,
        subject: owned(4)?,
        detail: owned(5)?,
    })
}

/// A request that may be a repeat.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whose key it is: keys of different callers do not meet.
    pub caller: &'a str,
    /// The caller's idempotency key.
    pub key: &'a str,
    /// A hash of what is asked, to tell a repeat from a mistake.
    pub hash: &'a [u8],
}

/// What was answered before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recall {
    /// Nothing: the request is new.
    New,
    /// The same request was answered so.
    Same {
        /// HTTP status.
        status: u16,
        /// The body as sent.
        body: String,
    },
    /// The key was used for something else.
    Different,
}

impl Tx {
    /// What this request was answered before.
    pub fn recall(&mut self, caller: &str, key: &str, hash: &[u8]) -> Result<Recall, DbError> {
        let mut found = self.recall_many(&[Request { caller, key, hash }])?;
        Ok(found.pop().unwrap_or(Recall::New))
    }

    /// What each of these requests was answered before.
    pub fn recall_many(&mut self, requests: &[Request<'_>]) -> Result<Vec<Recall>, DbError> {
        let mut keys = Keys::new(&[Type::Text, Type::Text]);
        requests.iter().for_each(|r| keys.push(values![r.caller, r.key]));
        let sql = "SELECT k.n, r.hash, r.status, r.body FROM keys k
                   JOIN db_request r ON r.caller = k.a AND r.key = k.b";
        let mut out = vec![Recall::New; requests.len()];
        for row in self.query_keys(sql, &keys)? {
            let n = row.i64(0)? as usize;
            let (Some(slot), Some(request)) = (out.get_mut(n), requests.get(n)) else { continue };
            *slot = if row.bytes(1)? == request.hash {
                let status = u16::try_from(row.i64(2)?).unwrap_or_default();
                Recall::Same { status, body: row.text(3)?.to_owned() }
            } else {
                Recall::Different
            };
        }
        Ok(out)
    }

    /// Keeps the answer to a request, in the transaction that does what was asked. When the same
    /// request is being answered elsewhere at the same moment, [`DbError::Unique`] on
    /// `db_request`: return it, then recall again.
    pub fn remember(
        &mut self,
        ctx: &Ctx,
        request: Request<'_>,
        status: u16,
        body: &str,
    ) -> Result<(), DbError> {
        self.remember_many(ctx, &[(request, status, body)])
    }

    /// Keeps many answers.
    pub fn remember_many(
        &mut self,
        ctx: &Ctx,
        answers: &[(Request<'_>, u16, &str)],
    ) -> Result<(), DbError> {
        let rows: Rows<'_> = answers
            .iter()
            .map(|(r, status, body)| values![r.caller, r.key, r.hash, ctx.now, *status, *body])
            .collect();
        let columns = ["caller", "key", "hash", "at", "status", "body"];
        self.insert_many("db_request", &columns, &rows, OnConflict::Fail).map(drop)
    }

    /// Forgets answers given before an instant. Gives how many.
    pub fn forget_requests(&mut self, before: Time) -> Result<u64, DbError> {
        self.execute("DELETE FROM db_request WHERE at < $1", params![before])
    }
}
