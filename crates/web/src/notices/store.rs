//! The SQL of notices, webhooks and deliveries.

use std::collections::BTreeMap;

use db::{Ctx, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::Time;

use super::{
    DeliveryId, DeliveryState, Notice, NoticeId, PING, SCHEDULE_MS, WebhookId, WebhookState, wants,
};

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
    let mut rows = Rows::with_capacity(notices.len(), 7);
    let mut deliveries = Rows::new();
    for notice in notices {
        let seq = next.get_mut(notice.party.as_str()).map_or(0, |next| {
            *next += 1;
            *next
        });
        let id: NoticeId = ctx.id();
        let (party, kind) = (notice.party.as_str(), notice.kind);
        let body = notice.body.to_string();
        rows.push(values![party, seq, id, kind, notice.subject.as_str(), body, ctx.now]);
        for webhook in webhooks.get(party).into_iter().flatten() {
            if kind != PING && wants(&webhook.kinds, kind) {
                deliveries.push(delivery_row(ctx, webhook.id, party, seq));
            }
        }
    }
    let columns = ["party", "seq", "id", "kind", "subject", "body", "created"];
    tx.insert_many("web_notice", &columns, &rows, OnConflict::Fail)?;
    tx.insert_many("web_delivery", &DELIVERY_COLUMNS, &deliveries, OnConflict::Fail)?;
    Ok(())
}

const DELIVERY_COLUMNS: [&str; 8] =
    ["id", "webhook", "party", "seq", "state", "attempts", "due", "created"];

fn delivery_row<'a>(
    ctx: &Ctx,
    webhook: WebhookId,
    party: &'a str,
    seq: i64,
) -> [db::Value<'a>; DELIVERY_COLUMNS.len()] {
    let id: DeliveryId = ctx.id();
    let due = ctx.now.plus_millis(SCHEDULE_MS[0]);
    values![id, webhook, party, seq, DeliveryState::Due.name(), 0_i64, due, ctx.now]
}

/// Reserves numbers; gives for each party the number before its first. The heads stay locked until
/// the transaction ends, so that numbers become visible in their order.
fn take_numbers<'a>(tx: &mut Tx, notices: &'a [Notice]) -> Result<BTreeMap<&'a str, i64>, DbError> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for notice in notices {
        *counts.entry(notice.party.as_str()).or_default() += 1;
    }
    let heads: Rows<'_> = counts.keys().map(|party| values![*party, 0_i64, 0_i64]).collect();
    let columns = ["party", "last", "acked"];
    tx.insert_many("web_notice_head", &columns, &heads, OnConflict::Ignore)?;
    let mut keys = Keys::new(&[Type::Text, Type::Int]);
    for (party, count) in &counts {
        keys.push(values![*party, *count]);
    }
    tx.update_many(
        "UPDATE web_notice_head SET last = last + k.b FROM keys k WHERE web_notice_head.party = k.a",
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
        "SELECT seq, id, kind, subject, body, created FROM web_notice \
         WHERE party = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        params![party, after, limit],
    )?;
    let notice = |row: &Row| {
        Ok(StoredNotice {
            seq: row.i64(0)?,
            id: row.id(1)?,
            kind: row.text(2)?.to_owned(),
            subject: row.text(3)?.to_owned(),
            body: row.text(4)?.to_owned(),
            created: row.time(5)?,
        })
    };
    rows.iter().map(notice).collect()
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

/// Makes one delivery, of the party's newest notice, to one webhook.
pub(super) fn deliver_newest(
    tx: &mut Tx,
    ctx: &Ctx,
    webhook: &Webhook,
) -> Result<DeliveryId, DbError> {
    let seq = head(tx, &webhook.party)?.last;
    let id: DeliveryId = ctx.id();
    tx.execute(
        "INSERT INTO web_delivery (id, webhook, party, seq, state, attempts, due, created) \
         VALUES ($1, $2, $3, $4, 'due', 0, $5, $5)",
        params![id, webhook.id, webhook.party.as_str(), seq, ctx.now],
    )?;
    Ok(id)
}

/// Most notices one replay may send again: an hour of a busy firm.
pub(super) const REPLAY_MAX: i64 = 10_000;

/// Sends again every notice after a number that the webhook wants, at most [`REPLAY_MAX`]. Gives
/// how many, and the number of the last looked at, to go on from.
pub(super) fn replay_after(
    tx: &mut Tx,
    ctx: &Ctx,
    webhook: &Webhook,
    after: i64,
) -> Result<(u64, i64), DbError> {
    let rows = tx.query(
        "SELECT seq, kind FROM web_notice WHERE party = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        params![webhook.party.as_str(), after, REPLAY_MAX],
    )?;
    let mut last = after;
    let mut deliveries = Rows::new();
    let mut again = Keys::new(&[Type::Int, Type::Int]);
    for row in &rows {
        last = row.i64(0)?;
        let kind = row.text(1)?;
        if kind != PING && wants(&webhook.kinds, kind) {
            deliveries.push(delivery_row(ctx, webhook.id, &webhook.party, last));
            again.push(values![webhook.id, last]);
        }
    }
    tx.update_many_with(
        "UPDATE web_delivery SET state = 'due', attempts = 0, due = $1, claim = NULL FROM keys k \
         WHERE web_delivery.webhook = k.a AND web_delivery.seq = k.b",
        &again,
        params![ctx.now],
    )?;
    tx.insert_many("web_delivery", &DELIVERY_COLUMNS, &deliveries, OnConflict::Ignore)?;
    Ok((again.len() as u64, last))
}

/// A delivery as listed.
pub(super) struct Delivery {
    pub(super) id: DeliveryId,
    pub(super) webhook: WebhookId,
    pub(super) seq: i64,
    pub(super) notice: Option<NoticeId>,
    pub(super) kind: Option<String>,
    pub(super) state: DeliveryState,
    pub(super) attempts: i64,
    pub(super) due: Time,
    pub(super) last_at: Option<Time>,
    pub(super) last_status: Option<i64>,
    pub(super) last_error: Option<String>,
    pub(super) created: Time,
}

/// Which deliveries to list; empty or zero matches all.
#[derive(Default)]
pub(super) struct DeliveryFilter {
    pub(super) party: String,
    pub(super) webhook: i64,
    pub(super) state: &'static str,
    /// Only this one, when not zero.
    pub(super) id: i64,
}

/// Deliveries newest first, before `before`.
pub(super) fn deliveries(
    tx: &mut Tx,
    filter: &DeliveryFilter,
    before: i64,
    fetch: i64,
) -> Result<Vec<Delivery>, DbError> {
    // Only conditions that are asked for, so that the index on (party, id) is used.
    let party = if filter.party.is_empty() { "$2 = ''" } else { "d.party = $2" };
    let rows = tx.query(
        &format!(
            "SELECT d.id, d.webhook, d.seq, n.id, n.kind, d.state, d.attempts, d.due, d.last_at, \
                    d.last_status, d.last_error, d.created \
             FROM web_delivery d LEFT JOIN web_notice n ON n.party = d.party AND n.seq = d.seq \
             WHERE d.id < $1 AND {party} AND ($3 = 0 OR d.webhook = $3) \
               AND ($4 = '' OR d.state = $4) AND ($5 = 0 OR d.id = $5) \
             ORDER BY d.id DESC LIMIT $6"
        ),
        params![before, filter.party.as_str(), filter.webhook, filter.state, filter.id, fetch],
    )?;
    let delivery = |row: &Row| {
        Ok(Delivery {
            id: row.id(0)?,
            webhook: row.id(1)?,
            seq: row.i64(2)?,
            notice: row.opt_id(3)?,
            kind: row.opt_text(4)?.map(str::to_owned),
            state: DeliveryState::parse(row.text(5)?),
            attempts: row.i64(6)?,
            due: row.time(7)?,
            last_at: row.opt_time(8)?,
            last_status: row.opt_i64(9)?,
            last_error: row.opt_text(10)?.map(str::to_owned),
            created: row.time(11)?,
        })
    };
    rows.iter().map(delivery).collect()
}

/// Sends one delivery again from the start of its schedule.
pub(super) fn replay_one(tx: &mut Tx, ctx: &Ctx, id: DeliveryId) -> Result<(), DbError> {
    tx.execute(
        "UPDATE web_delivery SET state = 'due', attempts = 0, due = $2, claim = NULL WHERE id = $1",
        params![id, ctx.now],
    )?;
    Ok(())
}
