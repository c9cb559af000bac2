//! The SQL of notices and webhooks.

use std::collections::BTreeMap;

use db::{Ctx, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::Time;

use super::body_store::{self, Bodies};
use super::delivery_store::{DELIVERY_COLUMNS, delivery_row};
use super::{Notice, NoticeId, PING, WebhookId, WebhookState, wants};

/// Where a party stands in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of its newest notice; 0 when there never was one.
    pub last: i64,
    /// Everything up to this number was acknowledged.
    pub acked: i64,
}

/// Posts notices: numbers them, stores them, and makes deliveries for the webhooks that want them.
/// Whatever the count, a handful of statements.
pub fn post(tx: &mut Tx, ctx: &Ctx, notices: &[Notice]) -> Result<(), DbError> {
    if notices.is_empty() {
        return Ok(());
    }
    let mut next = take_numbers(tx, notices)?;
    let webhooks = active_webhooks(tx, next.keys().copied())?;
    let mut rows = Rows::with_capacity(notices.len(), 6);
    let mut bodies = Bodies::default();
    let mut deliveries = Rows::new();
    for notice in notices {
        let seq = next.get_mut(notice.party.as_str()).map_or(0, |next| {
            *next += 1;
            *next
        });
        let id: NoticeId = ctx.id();
        let (party, kind) = (notice.party.as_str(), notice.kind);
        rows.push(values![party, seq, id, kind, notice.subject.as_str(), ctx.now]);
        bodies.add(party, seq, notice.body.as_str());
        for webhook in webhooks.get(party).into_iter().flatten() {
            if kind != PING && wants(&webhook.kinds, kind) {
                deliveries.push(delivery_row(ctx, webhook.id, party, seq));
            }
        }
    }
    let columns = ["party", "seq", "id", "kind", "subject", "created"];
    tx.insert_many("web_notice", &columns, &rows, OnConflict::Fail)?;
    bodies.insert(tx, ctx)?;
    tx.insert_many("web_delivery", &DELIVERY_COLUMNS, &deliveries, OnConflict::Fail)?;
    Ok(())
}

/// Reserves numbers; gives for each party the number before its first. The heads stay locked until
/// the transaction ends, so that numbers become visible in their order.
fn take_numbers<'a>(tx: &mut Tx, notices: &'a [Notice]) -> Result<BTreeMap<&'a str, i64>, DbError> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for notice in notices {
        *counts.entry(notice.party.as_str()).or_default() += 1;
    }
    let mut keys = Keys::new(&[Type::Text, Type::Int]);
    for (party, count) in &counts {
        keys.push(values![*party, *count]);
    }
    // Heads are locked in the order of their codes, so that two posters wait and never deadlock.
    tx.update_many(
        "INSERT INTO web_notice_head (party, last, acked) \
         SELECT k.a, k.b, 0 FROM keys k WHERE TRUE ORDER BY k.n \
         ON CONFLICT (party) DO UPDATE SET last = web_notice_head.last + excluded.last",
        &keys,
    )?;
    let sql = "SELECT k.n, h.last - k.b FROM keys k JOIN web_notice_head h ON h.party = k.a";
    let before = tx.query_keys(sql, &keys)?;
    for ((_, count), row) in counts.iter_mut().zip(&before) {
        *count = row.i64(1)?;
    }
    Ok(counts)
}

struct Wanting {
    id: WebhookId,
    kinds: String,
}

fn active_webhooks<'a>(
    tx: &mut Tx,
    parties: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, Vec<Wanting>>, DbError> {
    let mut keys = Keys::new(&[Type::Text]);
    for party in parties {
        keys.push(values![party]);
    }
    let sql = "SELECT k.n, w.party, w.id, w.kinds FROM keys k \
               JOIN web_webhook w ON w.party = k.a WHERE w.state <> 'gone'";
    let mut webhooks: BTreeMap<String, Vec<Wanting>> = BTreeMap::new();
    for row in tx.query_keys(sql, &keys)? {
        let wanting = Wanting { id: row.id(2)?, kinds: row.text(3)?.to_owned() };
        webhooks.entry(row.text(1)?.to_owned()).or_default().push(wanting);
    }
    Ok(webhooks)
}

/// A notice as stored.
pub(super) struct StoredNotice {
    pub(super) seq: i64,
    pub(super) id: NoticeId,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) created: Time,
}

pub(super) fn head(tx: &mut Tx, party: &str) -> Result<Head, DbError> {
    let sql = "SELECT last, acked FROM web_notice_head WHERE party = $1";
    match tx.query_opt(sql, params![party])? {
        Some(row) => Ok(Head { last: row.i64(0)?, acked: row.i64(1)? }),
        None => Ok(Head { last: 0, acked: 0 }),
    }
}

pub(super) fn pull(
    tx: &mut Tx,
    party: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<StoredNotice>, DbError> {
    let rows = tx.query(
        "SELECT seq, id, kind, subject, created FROM web_notice \
         WHERE party = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        params![party, after, limit],
    )?;
    let wanted = rows.iter().map(|row| Ok((party, row.i64(0)?)));
    let wanted: Vec<(&str, i64)> = wanted.collect::<Result<_, DbError>>()?;
    let bodies = body_store::of(tx, &wanted)?;
    let notice = |(row, body): (&Row, String)| {
        Ok(StoredNotice {
            seq: row.i64(0)?,
            id: row.id(1)?,
            kind: row.text(2)?.to_owned(),
            subject: row.text(3)?.to_owned(),
            body,
            created: row.time(4)?,
        })
    };
    rows.iter().zip(bodies).map(notice).collect()
}

/// Moves the mark forward, never back and never past the newest.
pub(super) fn ack(tx: &mut Tx, party: &str, up_to: i64) -> Result<Head, DbError> {
    tx.execute(
        "UPDATE web_notice_head SET acked = $2 WHERE party = $1 AND acked < $2 AND last >= $2",
        params![party, up_to],
    )?;
    head(tx, party)
}

/// Deletes what is older than `before` and done with: notices acknowledged or delivered and not
/// still to be delivered, and deliveries that ended. Gives how many rows went.
pub fn prune(tx: &mut Tx, before: Time) -> Result<u64, DbError> {
    let notices = tx.execute(
        "DELETE FROM web_notice WHERE created < $1 \
         AND (seq <= (SELECT h.acked FROM web_notice_head h WHERE h.party = web_notice.party) \
           OR EXISTS (SELECT 1 FROM web_delivery d WHERE d.party = web_notice.party \
             AND d.seq = web_notice.seq AND d.state = 'delivered')) \
         AND NOT EXISTS (SELECT 1 FROM web_delivery d WHERE d.party = web_notice.party \
             AND d.seq = web_notice.seq AND d.state = 'due')",
        params![before],
    )?;
    body_store::prune(tx, before)?;
    let ended = "DELETE FROM web_delivery WHERE state <> 'due' AND created < $1";
    Ok(notices + tx.execute(ended, params![before])?)
}

/// A webhook as stored, without its secret.
#[derive(Clone)]
pub(super) struct Webhook {
    pub(super) id: WebhookId,
    pub(super) party: String,
    pub(super) url: String,
    pub(super) kinds: String,
    pub(super) state: WebhookState,
    pub(super) created: Time,
    pub(super) changed: Time,
}

const WEBHOOK: &str = "id, party, url, kinds, state, created, changed";

fn webhook(row: &Row) -> Result<Webhook, DbError> {
    Ok(Webhook {
        id: row.id(0)?,
        party: row.text(1)?.to_owned(),
        url: row.text(2)?.to_owned(),
        kinds: row.text(3)?.to_owned(),
        state: WebhookState::parse(row.text(4)?),
        created: row.time(5)?,
        changed: row.time(6)?,
    })
}

pub(super) fn insert_webhook(
    tx: &mut Tx,
    webhook: &Webhook,
    sealed_secret: &[u8],
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO web_webhook (id, party, url, secret, kinds, state, created, changed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        params![
            webhook.id,
            webhook.party.as_str(),
            webhook.url.as_str(),
            sealed_secret,
            webhook.kinds.as_str(),
            webhook.state.name(),
            webhook.created
        ],
    )?;
    Ok(())
}

pub(super) fn save_webhook(tx: &mut Tx, webhook: &Webhook) -> Result<(), DbError> {
    tx.execute(
        "UPDATE web_webhook SET url = $2, kinds = $3, state = $4, changed = $5 WHERE id = $1",
        params![
            webhook.id,
            webhook.url.as_str(),
            webhook.kinds.as_str(),
            webhook.state.name(),
            webhook.changed
        ],
    )?;
    Ok(())
}

pub(super) fn delete_webhook(tx: &mut Tx, id: WebhookId) -> Result<(), DbError> {
    tx.execute("DELETE FROM web_delivery WHERE webhook = $1", params![id])?;
    tx.execute("DELETE FROM web_webhook WHERE id = $1", params![id])?;
    Ok(())
}

/// The webhooks of a party, or of all parties, oldest first.
pub(super) fn webhooks(
    tx: &mut Tx,
    party: Option<&str>,
    after: Option<WebhookId>,
    fetch: i64,
) -> Result<Vec<Webhook>, DbError> {
    let after = after.map_or(0, WebhookId::to_i64);
    let rows = match party {
        Some(party) => tx.query(
            &format!(
                "SELECT {WEBHOOK} FROM web_webhook WHERE party = $1 AND id > $2 \
                 ORDER BY id LIMIT $3"
            ),
            params![party, after, fetch],
        )?,
        None => tx.query(
            &format!("SELECT {WEBHOOK} FROM web_webhook WHERE id > $1 ORDER BY id LIMIT $2"),
            params![after, fetch],
        )?,
    };
    rows.iter().map(webhook).collect()
}

/// One webhook; `None` when it is not there or belongs to somebody else.
pub(super) fn find_webhook(
    tx: &mut Tx,
    party: Option<&str>,
    id: WebhookId,
) -> Result<Option<Webhook>, DbError> {
    let sql = format!("SELECT {WEBHOOK} FROM web_webhook WHERE id = $1");
    let found = tx.query_opt(&sql, params![id])?.as_ref().map(webhook).transpose()?;
    Ok(found.filter(|webhook| party.is_none_or(|party| webhook.party == party)))
}

pub(super) fn sealed_secret(tx: &mut Tx, id: WebhookId) -> Result<Vec<u8>, DbError> {
    let row = tx.query_one("SELECT secret FROM web_webhook WHERE id = $1", params![id])?;
    Ok(row.bytes(0)?.to_vec())
}
