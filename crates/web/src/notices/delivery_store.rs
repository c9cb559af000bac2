//! The SQL of deliveries: claiming what is due, writing down how it went, listing, sending again.

use db::{Ctx, DbError, Keys, OnConflict, Row, Rows, Tx, Type, params, values};
use kernel::Time;

use super::body_store;
use super::store::{Webhook, head};
use super::{DeliveryId, DeliveryState, NoticeId, PING, SCHEDULE_MS, WebhookId, wants};

pub(super) const DELIVERY_COLUMNS: [&str; 8] =
    ["id", "webhook", "party", "seq", "state", "attempts", "due", "created"];

pub(super) fn delivery_row<'a>(
    ctx: &Ctx,
    webhook: WebhookId,
    party: &'a str,
    seq: i64,
) -> [db::Value<'a>; DELIVERY_COLUMNS.len()] {
    let id: DeliveryId = ctx.id();
    let due = ctx.now.plus_millis(SCHEDULE_MS[0]);
    values![id, webhook, party, seq, DeliveryState::Due.name(), 0_i64, due, ctx.now]
}

pub(super) enum Round {}
impl kernel::id::Kind for Round {
    const PREFIX: &'static str = "rnd";
}
pub(super) type RoundId = kernel::Id<Round>;

/// A delivery claimed by a round, with all that is needed to send it.
pub(super) struct Due {
    pub(super) id: DeliveryId,
    pub(super) webhook: WebhookId,
    pub(super) attempts: i64,
    pub(super) url: String,
    pub(super) sealed_secret: Vec<u8>,
    pub(super) notice: NoticeId,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) created: Time,
    pub(super) seq: i64,
}

/// Claims what is due for active webhooks, at most `max`, until `lease`; in order of webhook and
/// number.
pub(super) fn claim(
    tx: &mut Tx,
    now: Time,
    lease: Time,
    round: RoundId,
    max: i64,
) -> Result<Vec<Due>, DbError> {
    // The outer conditions are tested again on the locked row, so that of two workers only one
    // gets it.
    let count = tx.execute(
        "UPDATE web_delivery SET claim = $1, due = $2 WHERE state = 'due' AND due <= $3 \
         AND id IN (SELECT d.id FROM web_delivery d JOIN web_webhook w ON w.id = d.webhook \
             WHERE d.state = 'due' AND d.due <= $3 AND w.state = 'active' \
             ORDER BY d.due, d.id LIMIT $4)",
        params![round, lease, now, max],
    )?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let rows = tx.query(
        "SELECT d.id, d.webhook, d.attempts, w.url, w.secret, n.id, n.kind, n.subject, \
                n.created, n.seq, d.party \
         FROM web_delivery d JOIN web_webhook w ON w.id = d.webhook \
         JOIN web_notice n ON n.party = d.party AND n.seq = d.seq \
         WHERE d.claim = $1 ORDER BY d.webhook, d.seq",
        params![round],
    )?;
    let wanted = rows.iter().map(|row| Ok((row.text(10)?, row.i64(9)?)));
    let wanted: Vec<(&str, i64)> = wanted.collect::<Result<_, DbError>>()?;
    let bodies = body_store::of(tx, &wanted)?;
    let due = |(row, body): (&Row, String)| {
        Ok(Due {
            id: row.id(0)?,
            webhook: row.id(1)?,
            attempts: row.i64(2)?,
            url: row.text(3)?.to_owned(),
            sealed_secret: row.bytes(4)?.to_vec(),
            notice: row.id(5)?,
            kind: row.text(6)?.to_owned(),
            subject: row.text(7)?.to_owned(),
            body,
            created: row.time(8)?,
            seq: row.i64(9)?,
        })
    };
    rows.iter().zip(bodies).map(due).collect()
}

/// Makes due now what rounds of a process that is gone had claimed.
pub(super) fn release(tx: &mut Tx, now: Time) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE web_delivery SET due = $1, claim = NULL WHERE claim IS NOT NULL",
        params![now],
    )
}

/// Makes what is due after now due so much earlier.
pub(super) fn bring_forward(tx: &mut Tx, now: Time, by_ms: i64) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE web_delivery SET due = due - $2 WHERE state = 'due' AND due > $1",
        params![now, by_ms],
    )
}

/// Writes down a round: what was taken, what failed with its next time, what waits because its
/// receiver failed, which receivers rest, which are gone for good.
pub(super) fn save_round(
    tx: &mut Tx,
    now: Time,
    round: RoundId,
    rest: Time,
    [delivered, failed, postponed, resting, gone]: [&Keys<'_>; 5],
) -> Result<(), DbError> {
    tx.update_many_with(
        "UPDATE web_delivery SET state = 'delivered', attempts = attempts + 1, claim = NULL, \
         last_at = $2, last_status = k.b, last_error = NULL FROM keys k \
         WHERE web_delivery.id = k.a AND web_delivery.claim = $1",
        delivered,
        params![round, now],
    )?;
    tx.update_many_with(
        "UPDATE web_delivery SET state = k.b, due = k.c, attempts = attempts + 1, claim = NULL, \
         last_at = $2, last_status = k.d, last_error = k.e FROM keys k \
         WHERE web_delivery.id = k.a AND web_delivery.claim = $1",
        failed,
        params![round, now],
    )?;
    tx.update_many_with(
        "UPDATE web_delivery SET due = $2, claim = NULL FROM keys k \
         WHERE web_delivery.id = k.a AND web_delivery.claim = $1",
        postponed,
        params![round, rest],
    )?;
    // What else is due for a failing receiver waits too, or its queue would hold up the others'.
    tx.update_many_with(
        "UPDATE web_delivery SET due = $1 FROM keys k WHERE web_delivery.webhook = k.a \
         AND web_delivery.state = 'due' AND web_delivery.due < $1 AND web_delivery.claim IS NULL",
        resting,
        params![rest],
    )?;
    tx.update_many_with(
        "UPDATE web_webhook SET state = 'gone', changed = $1 FROM keys k \
         WHERE web_webhook.id = k.a",
        gone,
        params![now],
    )?;
    Ok(())
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
             WHERE d.id < $1 AND {party} AND (CAST($3 AS BIGINT) = 0 OR d.webhook = $3) \
               AND ($4 = '' OR d.state = $4) AND (CAST($5 AS BIGINT) = 0 OR d.id = $5) \
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
