//! All SQL of the service.

use db::{DbError, Keys, OnConflict, OriginalId, Row, Rows, Tx, Type, params, values};
use kernel::{Finding, Id, Time, id::Kind};

/// Names ids of payment records: `pay_…`.
#[derive(Clone, Copy, Debug)]
pub enum PaymentKind {}
impl Kind for PaymentKind {
    const PREFIX: &'static str = "pay";
}
/// The id of a payment record.
pub type PaymentId = Id<PaymentKind>;

/// Names ids of requests of customs: `ask_…`.
#[derive(Clone, Copy, Debug)]
pub enum AskKind {}
impl Kind for AskKind {
    const PREFIX: &'static str = "ask";
}
/// The id of a request of customs.
pub type AskId = Id<AskKind>;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskState {
    /// Its record has not been taken yet.
    Open,
    /// Customs took the record in time.
    Sent,
    /// Customs took the record after its time.
    Late,
    /// Time is over and customs has not taken a record.
    Failed,
}

impl AskState {
    /// Every state.
    pub const ALL: [AskState; 4] =
        [AskState::Open, AskState::Sent, AskState::Late, AskState::Failed];

    /// The word stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            AskState::Open => "open",
            AskState::Sent => "sent",
            AskState::Late => "late",
            AskState::Failed => "failed",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<AskState> {
        AskState::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A payment record, without what is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) party: String,
    pub(crate) pay_code: String,
    pub(crate) transaction_id: String,
    pub(crate) traded: Time,
    pub(crate) stored: Time,
    pub(crate) orders: i64,
}

const PAYMENT: &str = "p.id, p.party, p.pay_code, p.transaction_id, p.traded, p.stored, p.orders";

impl Payment {
    fn of(row: &Row) -> Result<Payment, DbError> {
        Ok(Payment {
            id: row.id(0)?,
            party: row.text(1)?.to_owned(),
            pay_code: row.text(2)?.to_owned(),
            transaction_id: row.text(3)?.to_owned(),
            traded: row.time(4)?,
            stored: row.time(5)?,
            orders: row.i64(6)?,
        })
    }
}

/// A request of customs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its id.
    pub id: AskId,
    /// Code of the platform asked.
    pub party: String,
    /// `sessionID`.
    pub session_id: String,
    /// 订单编号.
    pub order_no: String,
    /// When it came.
    pub asked: Time,
    /// Customs' own time in it.
    pub service_time: Time,
    /// When its time is over.
    pub due: Time,
    /// Where it stands.
    pub state: AskState,
    /// How often a record was sent.
    pub sendings: i64,
    /// When it ended, either way.
    pub ended: Option<Time>,
    /// What the operator is told: a finding as JSON.
    pub fault: Option<String>,
    /// The request as it came, sealed.
    pub original: OriginalId,
}

const ASK: &str = "id, party, session_id, order_no, asked, service_time, due, state, sendings, \
                   ended, fault, original";

impl Ask {
    fn of(row: &Row) -> Result<Ask, DbError> {
        Ok(Ask {
            id: row.id(0)?,
            party: row.text(1)?.to_owned(),
            session_id: row.text(2)?.to_owned(),
            order_no: row.text(3)?.to_owned(),
            asked: row.time(4)?,
            service_time: row.time(5)?,
            due: row.time(6)?,
            state: AskState::parse(row.text(7)?)
                .ok_or_else(|| DbError::Damaged("originals_ask.state".to_owned()))?,
            sendings: row.i64(8)?,
            ended: row.opt_time(9)?,
            fault: row.opt_text(10)?.map(str::to_owned),
            original: row.id(11)?,
        })
    }
}

/// One sending of a record, and what customs said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Counted from 1.
    pub number: i64,
    /// When.
    pub at: Time,
    /// Customs' code, or `-` when there was no answer.
    pub code: String,
    /// Customs' words, or why there was no answer.
    pub message: String,
    /// The text that was sent, sealed.
    pub original: OriginalId,
}

/// A payment record to be stored.
pub(crate) struct NewPayment<'a> {
    pub(crate) payment: Payment,
    pub(crate) content: [u8; 16],
    pub(crate) body: Vec<u8>,
    pub(crate) order_nos: Vec<&'a str>,
}

/// Which of these contents of a platform are stored already: place and id.
pub(crate) fn known(
    tx: &mut Tx,
    contents: &[(&str, [u8; 16])],
) -> Result<Vec<(usize, PaymentId)>, DbError> {
    let mut keys = Keys::new(&[Type::Text, Type::Bytes]);
    contents.iter().for_each(|(party, content)| keys.push(values![*party, content]));
    let sql = "SELECT k.n, p.id FROM keys k \
               JOIN originals_payment p ON p.party = k.a AND p.content = k.b";
    let rows = tx.query_keys(sql, &keys)?;
    rows.iter()
        .map(|row| Ok((usize::try_from(row.i64(0)?).unwrap_or(usize::MAX), row.id(1)?)))
        .collect()
}

/// Stores records, and lets their orders refer to them.
pub(crate) fn add(tx: &mut Tx, payments: &[NewPayment<'_>]) -> Result<(), DbError> {
    let mut rows = Rows::with_capacity(payments.len(), 9);
    for NewPayment { payment: p, content, body, .. } in payments {
        rows.push(values![
            p.id,
            &p.party,
            &p.pay_code,
            &p.transaction_id,
            p.traded,
            p.stored,
            p.orders,
            content,
            body
        ]);
    }
    let columns = [
        "id",
        "party",
        "pay_code",
        "transaction_id",
        "traded",
        "stored",
        "orders",
        "content",
        "body",
    ];
    tx.insert_many("originals_payment", &columns, &rows, OnConflict::Fail)?;
    let mut orders = Rows::with_capacity(payments.len(), 3);
    let mut refer = Keys::new(&[Type::Text, Type::Text, Type::Int]);
    for one in payments {
        for order_no in &one.order_nos {
            orders.push(values![&one.payment.party, *order_no, one.payment.id]);
            refer.push(values![&one.payment.party, *order_no, one.payment.id]);
        }
    }
    tx.insert_many(
        "originals_order",
        &["party", "order_no", "payment"],
        &orders,
        OnConflict::Ignore,
    )?;
    // The last submitted wins; within one submission its ids grow.
    let sql = "UPDATE originals_order SET payment = (SELECT MAX(k.c) FROM keys k \
               WHERE k.a = originals_order.party AND k.b = originals_order.order_no) \
               WHERE (party, order_no) IN (SELECT k.a, k.b FROM keys k)";
    tx.update_many(sql, &refer)?;
    Ok(())
}

/// By which payment an order was paid.
pub(crate) fn payment_of(
    tx: &mut Tx,
    party: &str,
    order_no: &str,
) -> Result<Option<PaymentId>, DbError> {
    let sql = "SELECT payment FROM originals_order WHERE party = $1 AND order_no = $2";
    tx.query_opt(sql, params![party, order_no])?.map(|row| row.id(0)).transpose()
}

/// The sealed body of a record.
pub(crate) fn body(tx: &mut Tx, id: PaymentId) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx.query_opt("SELECT body FROM originals_payment WHERE id = $1", params![id])?;
    row.map(|row| row.bytes(0).map(<[u8]>::to_vec)).transpose()
}

/// The record that an order refers to; of one platform, or of the first that has such an order.
pub(crate) fn by_order(
    tx: &mut Tx,
    party: Option<&str>,
    order_no: &str,
) -> Result<Vec<Payment>, DbError> {
    let sql = format!(
        "SELECT {PAYMENT} FROM originals_order o JOIN originals_payment p ON p.id = o.payment \
         WHERE o.order_no = $2 AND (CAST($1 AS TEXT) IS NULL OR o.party = $1) ORDER BY p.id LIMIT 100"
    );
    tx.query(&sql, params![party, order_no])?.iter().map(Payment::of).collect()
}

/// Records, newest first, from below an id.
pub(crate) fn payments(
    tx: &mut Tx,
    party: Option<&str>,
    below: Option<PaymentId>,
    max: i64,
) -> Result<Vec<Payment>, DbError> {
    let below = below.map_or(i64::MAX, PaymentId::to_i64);
    let rows = match party {
        Some(party) => {
            let sql = format!(
                "SELECT {PAYMENT} FROM originals_payment p \
                 WHERE p.party = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3"
            );
            tx.query(&sql, params![party, below, max])?
        }
        None => {
            let sql = format!(
                "SELECT {PAYMENT} FROM originals_payment p WHERE p.id < $1 \
                 ORDER BY p.id DESC LIMIT $2"
            );
            tx.query(&sql, params![below, max])?
        }
    };
    rows.iter().map(Payment::of).collect()
}

/// Deletes records of payments made before; orders that refer to them go too.
pub(crate) fn prune(tx: &mut Tx, before: Time, max: i64) -> Result<u64, DbError> {
    let sql = "SELECT id FROM originals_payment WHERE traded < $1 AND stored < $1 \
               ORDER BY traded LIMIT $2";
    let mut keys = Keys::new(&[Type::Int]);
    for row in tx.query(sql, params![before, max])? {
        keys.push(values![row.i64(0)?]);
    }
    let orders = "DELETE FROM originals_order WHERE payment IN (SELECT k.a FROM keys k)";
    tx.update_many(orders, &keys)?;
    let payments = "DELETE FROM originals_payment WHERE id IN (SELECT k.a FROM keys k)";
    tx.update_many(payments, &keys)
}

/// Stores a request unless one with its session is there; gives whether it was stored.
pub(crate) fn add_ask(tx: &mut Tx, ask: &Ask) -> Result<bool, DbError> {
    let mut rows = Rows::with_capacity(1, 10);
    rows.push(values![
        ask.id,
        &ask.party,
        &ask.session_id,
        &ask.order_no,
        ask.asked,
        ask.service_time,
        ask.due,
        ask.state.word(),
        ask.sendings,
        ask.original
    ]);
    let columns = [
        "id",
        "party",
        "session_id",
        "order_no",
        "asked",
        "service_time",
        "due",
        "state",
        "sendings",
        "original",
    ];
    Ok(tx.insert_many("originals_ask", &columns, &rows, OnConflict::Ignore)? == 1)
}

/// Whether a session of a platform is known.
pub(crate) fn knows_session(tx: &mut Tx, party: &str, session: &str) -> Result<bool, DbError> {
    let sql = "SELECT id FROM originals_ask WHERE party = $1 AND session_id = $2";
    Ok(tx.query_opt(sql, params![party, session])?.is_some())
}

/// How many requests wait.
pub(crate) fn open(tx: &mut Tx) -> Result<i64, DbError> {
    tx.query_one("SELECT COUNT(*) FROM originals_ask WHERE state = 'open'", params![])?.i64(0)
}

/// One request.
pub(crate) fn ask(tx: &mut Tx, id: AskId) -> Result<Option<Ask>, DbError> {
    let sql = format!("SELECT {ASK} FROM originals_ask WHERE id = $1");
    tx.query_opt(&sql, params![id])?.map(|row| Ask::of(&row)).transpose()
}

/// Requests, newest first, from below an id; of one platform, in one state, or all.
pub(crate) fn asks(
    tx: &mut Tx,
    party: Option<&str>,
    state: Option<AskState>,
    below: Option<AskId>,
    max: i64,
) -> Result<Vec<Ask>, DbError> {
    let sql = format!(
        "SELECT {ASK} FROM originals_ask WHERE (CAST($1 AS TEXT) IS NULL OR party = $1) \
         AND (CAST($2 AS TEXT) IS NULL OR state = $2) AND id < $3 ORDER BY id DESC LIMIT $4"
    );
    let below = below.map_or(i64::MAX, AskId::to_i64);
    let state = state.map(AskState::word);
    tx.query(&sql, params![party, state, below, max])?.iter().map(Ask::of).collect()
}

/// The sendings of a request, in their order.
pub(crate) fn sendings(tx: &mut Tx, ask: AskId) -> Result<Vec<Sending>, DbError> {
    let sql = "SELECT number, at, code, message, original FROM originals_sending \
               WHERE ask = $1 ORDER BY number";
    let rows = tx.query(sql, params![ask])?;
    rows.iter()
        .map(|row| {
            Ok(Sending {
                number: row.i64(0)?,
                at: row.time(1)?,
                code: row.text(2)?.to_owned(),
                message: row.text(3)?.to_owned(),
                original: row.id(4)?,
            })
        })
        .collect()
}

/// Records a sending.
pub(crate) fn add_sending(tx: &mut Tx, ask: AskId, sending: &Sending) -> Result<(), DbError> {
    let sql = "INSERT INTO originals_sending (ask, number, at, code, message, original) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let Sending { number, at, code, message, original } = sending;
    tx.execute(sql, params![ask, *number, *at, code, message, *original])?;
    let sql = "UPDATE originals_ask SET sendings = $2 WHERE id = $1";
    tx.execute(sql, params![ask, *number]).map(drop)
}

/// Ends a request.
pub(crate) fn end(
    tx: &mut Tx,
    ask: AskId,
    state: AskState,
    now: Time,
    fault: Option<&Finding>,
) -> Result<(), DbError> {
    let fault = fault.map(crate::work::finding_json);
    let sql = "UPDATE originals_ask SET state = $2, ended = $3, fault = $4 WHERE id = $1";
    tx.execute(sql, params![ask, state.word(), now, fault]).map(drop)
}

/// Opens a request again, with a new end of its time.
pub(crate) fn reopen(tx: &mut Tx, ask: AskId, due: Time) -> Result<(), DbError> {
    let sql = "UPDATE originals_ask SET state = 'open', ended = NULL, due = $2 WHERE id = $1";
    tx.execute(sql, params![ask, due]).map(drop)
}
