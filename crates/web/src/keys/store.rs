//! The SQL of API keys, and the flows over it.

use db::{Ctx, DbError, Keys, Row, Tx, Type, params, values};
use kernel::Time;

use super::{Created, Key, KeyFailure, KeyId, KeyRefusal, NewKey, secret};
use crate::error::{ApiError, Failure};
use crate::scope::Scopes;

const COLUMNS: &str = "id, name, party, scopes, created, created_by, expires, revoked, last_used";

fn key(row: &Row) -> Result<Key, DbError> {
    Ok(Key {
        id: row.id(0)?,
        name: row.text(1)?.to_owned(),
        party: row.opt_text(2)?.map(str::to_owned),
        scopes: Scopes::parse_known(row.text(3)?),
        created: row.time(4)?,
        created_by: row.text(5)?.to_owned(),
        expires: row.opt_time(6)?,
        revoked: row.opt_time(7)?,
        last_used: row.opt_time(8)?,
    })
}

/// Issues a key and audits it. The secret is in the answer and nowhere else.
pub fn create(tx: &mut Tx, ctx: &Ctx, new: &NewKey) -> Result<Created, ApiError> {
    let findings = new.check(ctx.now);
    if !findings.is_empty() {
        return Err(ApiError::invalid(findings));
    }
    let secret = secret::generate(tx.sealer())?;
    let hash = secret::hash(tx.sealer(), secret.reveal());
    let key = Key {
        id: ctx.id(),
        name: new.name.trim().to_owned(),
        party: new.party.clone(),
        scopes: new.scopes,
        created: ctx.now,
        created_by: ctx.actor.to_string(),
        expires: new.expires,
        revoked: None,
        last_used: None,
    };
    tx.execute(
        "INSERT INTO web_api_key (id, hash, name, party, scopes, created, created_by, expires) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            key.id,
            hash.as_slice(),
            key.name.as_str(),
            key.party.as_deref(),
            key.scopes.to_string(),
            key.created,
            key.created_by.as_str(),
            key.expires
        ],
    )?;
    let detail = format!("party={} scopes={}", key.party.as_deref().unwrap_or("-"), key.scopes);
    tx.audit(ctx, "web.key_issued", &key.id.to_string(), &detail)?;
    Ok(Created { key, secret })
}

/// Issues a key unless a good one of that name and party is there already: how a new platform gets
/// its first operator key. `None` when it was there; its secret is known to whoever kept it.
pub fn ensure(tx: &mut Tx, ctx: &Ctx, new: &NewKey) -> Result<Option<Created>, ApiError> {
    let there = tx.query_opt(
        "SELECT id FROM web_api_key WHERE name = $1 AND COALESCE(party, '') = $2 \
         AND revoked IS NULL AND (expires IS NULL OR expires > $3) LIMIT 1",
        params![new.name.trim(), new.party.as_deref().unwrap_or_default(), ctx.now],
    )?;
    if there.is_some() { Ok(None) } else { create(tx, ctx, new).map(Some) }
}

/// Takes a key back. Revoking twice changes nothing. Nodes that know the key in memory forget it
/// within [`crate::Settings::key_cache_ms`]; the route makes this node forget at once.
pub fn revoke(tx: &mut Tx, ctx: &Ctx, id: KeyId) -> Result<Key, KeyFailure> {
    let changed = tx.execute(
        "UPDATE web_api_key SET revoked = $2 WHERE id = $1 AND revoked IS NULL",
        params![id, ctx.now],
    )?;
    if changed > 0 {
        tx.audit(ctx, "web.key_revoked", &id.to_string(), "")?;
    }
    find(tx, id)
}

/// One key.
pub fn find(tx: &mut Tx, id: KeyId) -> Result<Key, KeyFailure> {
    let sql = format!("SELECT {COLUMNS} FROM web_api_key WHERE id = $1");
    let row = tx.query_opt(&sql, params![id])?;
    let row = row.ok_or(Failure::Refused(KeyRefusal::NotFound))?;
    Ok(key(&row)?)
}

/// Keys newest first, of one party or of all, that come after `after`, at most `fetch`.
pub fn list(
    tx: &mut Tx,
    party: Option<&str>,
    after: Option<KeyId>,
    fetch: i64,
) -> Result<Vec<Key>, DbError> {
    let before = after.map_or(i64::MAX, KeyId::to_i64);
    let rows = match party {
        Some(party) => tx.query(
            &format!(
                "SELECT {COLUMNS} FROM web_api_key WHERE party = $1 AND id < $2 \
                 ORDER BY id DESC LIMIT $3"
            ),
            params![party, before, fetch],
        )?,
        None => tx.query(
            &format!("SELECT {COLUMNS} FROM web_api_key WHERE id < $1 ORDER BY id DESC LIMIT $2"),
            params![before, fetch],
        )?,
    };
    rows.iter().map(key).collect()
}

pub(super) fn by_hash(tx: &mut Tx, hash: &[u8]) -> Result<Option<Key>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM web_api_key WHERE hash = $1");
    tx.query_opt(&sql, params![hash])?.as_ref().map(key).transpose()
}

pub(super) fn save_last_used(tx: &mut Tx, used: &[(KeyId, i64)]) -> Result<(), DbError> {
    let mut keys = Keys::new(&[Type::Int, Type::Int]);
    for (id, at) in used {
        keys.push(values![*id, Time::from_millis(*at)]);
    }
    tx.update_many(
        "UPDATE web_api_key SET last_used = keys.b FROM keys WHERE web_api_key.id = keys.a",
        &keys,
    )?;
    Ok(())
}

/// Asks the table without wanting anything of it.
pub(crate) fn probe(tx: &mut Tx) -> Result<(), DbError> {
    tx.query_opt("SELECT 1 FROM web_api_key LIMIT 1", params![]).map(drop)
}
