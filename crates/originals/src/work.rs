//! Answering customs: what is due is looked up, signed and sent, again until customs takes it or
//! its time is over; then the operator and the platform are told.
//!
//! Knows no HTTP client; who calls brings one. Nothing is sent inside a transaction. A process that
//! dies between sending and writing down sends again: customs takes a session once.

use std::sync::{Mutex, PoisonError};

use db::{ClaimedJob, Ctx, Db, DbError, Original, Tx};
use kernel::{Finding, Text};
use web::notices::{Body, Notice};

use crate::ask::TAKEN;
use crate::flow::{self, JOB};
use crate::office::Office;
use crate::store::{self, Ask, AskState, Sending};
use crate::wire::{Payload, Sign};

/// What customs says to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 10000 taken, 20000 refused, 20001 to 21000 trouble.
    pub code: String,
    /// Its words.
    pub message: String,
}

/// Posts a record to customs. The implementation gives up after some seconds.
pub trait Upload: Sync {
    /// Posts the form field `payExInfoStr` and waits for the answer.
    ///
    /// # Errors
    /// Why there is no answer, without personal data.
    fn upload(&self, pay_ex_info_str: &str) -> Result<Reply, String>;
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Requests taken up.
    pub claimed: usize,
    /// Records that customs took.
    pub sent: usize,
    /// To be tried again.
    pub waiting: usize,
    /// Given up: the operator is told.
    pub failed: usize,
}

/// How long a round may take before another worker may take over.
const LEASE_MS: i64 = 60_000;
/// Records sent at the same time: waiting on customs costs no CPU.
const AT_ONCE_MAX: usize = 8;
const MESSAGE_CHARS_MAX: usize = 300;

/// One request and what came of trying to answer it.
struct Tried {
    job: ClaimedJob,
    ask: Ask,
    outcome: Outcome,
}

enum Outcome {
    /// There is no record of the order, yet.
    Unknown,
    /// It could not be signed.
    Unsigned(String),
    /// It was sent.
    Sent { text: String, reply: Result<Reply, String> },
}

/// Answers what is due at `ctx.now`, at most `max` requests. Call again at once when
/// `claimed == max`, otherwise every second or so.
///
/// # Errors
/// When the database fails.
pub fn answer_due(
    db: &Db,
    ctx: &Ctx,
    office: &Office,
    sign: &dyn Sign,
    upload: &dyn Upload,
    max: u32,
) -> Result<Report, DbError> {
    let jobs = db.claim(JOB, ctx.now, max, LEASE_MS)?;
    let claimed = jobs.len();
    let waiting = Mutex::new(jobs.into_iter());
    let tried = Mutex::new(Vec::with_capacity(claimed));
    let work = || -> Result<(), DbError> {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(job) = next else { return Ok(()) };
            let one = attempt(db, ctx, office, sign, upload, job)?;
            tried.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        }
    };
    // What was sent before a failure is written down all the same.
    let worked = std::thread::scope(|scope| {
        let others: Vec<_> = (1..claimed.min(AT_ONCE_MAX)).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().fold(own, |all, other| {
            all.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    });
    let tried = tried.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut report = Report { claimed, ..Report::default() };
    for one in tried.into_iter().flatten() {
        match db.write(|tx| write_down(tx, ctx, office, &one))? {
            AskState::Sent | AskState::Late => report.sent += 1,
            AskState::Open => report.waiting += 1,
            AskState::Failed => report.failed += 1,
        }
    }
    worked.map(|()| report)
}

/// Tries to answer one request; `None` when it has ended already.
fn attempt(
    db: &Db,
    ctx: &Ctx,
    office: &Office,
    sign: &dyn Sign,
    upload: &dyn Upload,
    job: ClaimedJob,
) -> Result<Option<Tried>, DbError> {
    let id = job.body.get("ask").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
    let found = db.read(|tx| {
        let Some(id) = id else { return Ok(None) };
        let ask = store::ask(tx, id)?.filter(|ask| ask.state == AskState::Open);
        let Some(ask) = ask else { return Ok(None) };
        let prepared = flow::prepared(tx, &office.hot, &ask.party, &ask.order_no)?;
        Ok::<_, DbError>(Some((ask, prepared)))
    })?;
    let Some((ask, prepared)) = found else {
        db.write(|tx| tx.finish(&job))?;
        return Ok(None);
    };
    let Some(prepared) = prepared else {
        return Ok(Some(Tried { job, ask, outcome: Outcome::Unknown }));
    };
    let payload = Payload {
        session_id: &ask.session_id,
        head: &prepared.head,
        lists: &prepared.lists,
        service_time: ctx.now,
    };
    let outcome = match payload.signed(sign, &ask.party) {
        Err(why) => Outcome::Unsigned(why),
        Ok(text) => {
            let reply = upload.upload(&text);
            Outcome::Sent { text, reply }
        }
    };
    Ok(Some(Tried { job, ask, outcome }))
}

/// Records a sending and decides what follows.
fn write_down(tx: &mut Tx, ctx: &Ctx, office: &Office, tried: &Tried) -> Result<AskState, DbError> {
    let Tried { job, ask, outcome } = tried;
    if let Outcome::Sent { text, reply } = outcome {
        let original = Original {
            kind: "payExInfoStr",
            door: "customs",
            sender: &ask.party,
            bytes: text.as_bytes(),
        };
        let ids = tx.archive(ctx, &[original])?;
        let (code, message) = match reply {
            Ok(reply) => (reply.code.clone(), reply.message.clone()),
            Err(why) => ("-".to_owned(), why.clone()),
        };
        if let Some(original) = ids.first() {
            let message = message.chars().take(MESSAGE_CHARS_MAX).collect();
            let number = ask.sendings + 1;
            let sending = Sending { number, at: ctx.now, code, message, original: *original };
            store::add_sending(tx, ask.id, &sending)?;
        }
        if matches!(reply, Ok(reply) if reply.code == TAKEN) {
            return taken(tx, ctx, job, ask);
        }
    }
    let tries = usize::try_from(job.attempts).unwrap_or(usize::MAX).saturating_sub(1);
    let next = ctx.now.plus_millis(office.wait_ms(tries));
    let fault = fault(ask, outcome);
    if next <= ask.due {
        tx.retry(job, next, fault.code)?;
        return Ok(AskState::Open);
    }
    end(tx, ctx, job, ask, AskState::Failed, Some(&fault))
}

fn taken(tx: &mut Tx, ctx: &Ctx, job: &ClaimedJob, ask: &Ask) -> Result<AskState, DbError> {
    if ctx.now <= ask.due {
        return end(tx, ctx, job, ask, AskState::Sent, None);
    }
    let late = Finding::warning(
        "originals.late",
        Text::new(
            "支付原始数据晚于时限送达海关",
            "customs took the payment original after its time",
        ),
        Text::new("检查平台与海关的连接及签名服务", "look at the connection and the signing"),
    );
    let late = late.at(&ask.order_no).found(ctx.now.to_rfc3339(), ask.due.to_rfc3339());
    end(tx, ctx, job, ask, AskState::Late, Some(&late))
}

fn end(
    tx: &mut Tx,
    ctx: &Ctx,
    job: &ClaimedJob,
    ask: &Ask,
    state: AskState,
    fault: Option<&Finding>,
) -> Result<AskState, DbError> {
    store::end(tx, ask.id, state, ctx.now, fault)?;
    tx.finish(job)?;
    tx.emit(ctx, flow::ended(ask, state, fault))?;
    tx.audit(ctx, "originals.answer", &ask.id.to_string(), state.word())?;
    if let Some(fault) = fault {
        tracing::error!(ask = %ask.id, code = fault.code, "a payment original is late or missing");
        let notice = Notice {
            party: ask.party.clone(),
            kind: "originals.answer_failed",
            subject: ask.id.to_string(),
            body: Body::of(&finding_value(fault)),
        };
        web::notices::post(tx, ctx, &[notice])?;
    }
    Ok(state)
}

/// Why a request is not answered.
fn fault(ask: &Ask, outcome: &Outcome) -> Finding {
    let (code, text, remedy, found) = match outcome {
        Outcome::Unknown => (
            "originals.unknown_order",
            ("没有该订单的支付原始数据", "there is no payment original of this order"),
            (
                "核对订单编号；补交后可请求重新发送",
                "check the number; submit the original and ask for another try",
            ),
            String::new(),
        ),
        Outcome::Unsigned(why) => (
            "originals.not_signed",
            ("支付原始数据无法签名", "the payment original could not be signed"),
            ("检查证书和签名服务", "look at the certificate and the signing service"),
            why.clone(),
        ),
        Outcome::Sent { reply: Err(why), .. } => (
            "originals.not_reached",
            ("无法送达海关", "customs could not be reached"),
            ("检查网络和上传地址", "look at the network and the address"),
            why.clone(),
        ),
        Outcome::Sent { reply: Ok(reply), .. } => (
            "originals.not_taken",
            ("海关未接收支付原始数据", "customs did not take the payment original"),
            ("按海关返回的说明更正", "correct what customs says"),
            format!("{} {}", reply.code, reply.message),
        ),
    };
    Finding::error(code, Text::new(text.0, text.1), Text::new(remedy.0, remedy.1))
        .at(&ask.order_no)
        .found(found, TAKEN)
}

fn finding_value(finding: &Finding) -> serde_json::Value {
    serde_json::json!({
        "code": finding.code,
        "order_no": finding.path,
        "found": finding.found,
        "expected": finding.expected,
        "zh": finding.message.zh,
        "en": finding.message.en,
        "remedy_zh": finding.remedy.zh,
        "remedy_en": finding.remedy.en,
    })
}

/// A finding as it is stored and shown.
pub(crate) fn finding_json(finding: &Finding) -> String {
    finding_value(finding).to_string()
}
