//! The words of a ruling: which receipts follow one another, what they say, and the tax bill.

use kernel::Time;

use super::bills::GENERATED;
use super::case::{Case, Submission};
use super::family::coded;
use super::judgement::{Assessment, Refusal};
use super::memory::Key;
use super::packed::{Echo, Guid, Info, Numbers, Return, TAX_ECHO, TaxBill, TaxLine};
use super::receipt::{Answer, Said};
use super::scenario::{Effect, Plan, minutes_ms};

/// One document within its message, and who is answered.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) submission: &'a Submission,
    pub(super) case: &'a Case,
    /// What the order number asks for.
    pub(super) plan: &'a Plan,
    pub(super) index: usize,
    pub(super) receiver: &'a str,
}

/// An inventory that was stored and goes its way.
pub(super) struct Declared {
    pub(super) numbers: Numbers,
    pub(super) assessment: Assessment,
    /// Receipts after 120 that come by themselves.
    pub(super) steps: Vec<Answer>,
    /// When release comes, counted from the submission or, when it waits, from the arrival.
    pub(super) release_after_ms: Option<i64>,
    /// The arrival that release waits for.
    pub(super) waits_for: Option<Key>,
}

/// Answers that wait until something comes; their times count from then.
pub(super) struct Later {
    pub(super) waits_for: Key,
    pub(super) answers: Vec<Answer>,
}

/// What the receipts of one document have in common.
pub(super) struct Speaker<'a> {
    place: Place<'a>,
    guid: Guid,
    echo: Echo,
    numbers: &'a Numbers,
    now: Time,
}

impl Place<'_> {
    pub(super) fn head(&self, name: &str) -> &str {
        let document = self.submission.message.documents.get(self.index);
        document.and_then(|document| document.head.text(name)).unwrap_or_default()
    }

    fn subject(&self) -> String {
        match self.submission.family.number {
            311 | 621 | 303 | 603 => format!(
                "{}[电商企业编码：{},订单编号：{}]",
                self.submission.family.zh,
                self.head("ebcCode"),
                self.head("orderNo")
            ),
            _ => format!("{}[{}]", self.submission.family.zh, self.head("guid")),
        }
    }

    /// The first receipt of a document that the e-port takes.
    pub(super) fn taken(&self, after_ms: i64) -> Answer {
        let info = match self.submission.family.number {
            621 | 603 => Info::TakenInventory {
                message: Guid::of(&self.submission.message.guid),
                firm: self.head("ebcCode").to_owned(),
                order_no: self.head("orderNo").to_owned(),
            },
            _ => Info::Taken,
        };
        Answer { after_ms, status: 2, info }
    }

    /// The receipts after 120 with which an accepted document of this family ends.
    pub(super) fn ends(&self, after_ms: i64) -> impl Iterator<Item = Answer> {
        let family = self.submission.family;
        let text = move || match family.like {
            623 => format!("{},撤单申请审核通过,清单已成功撤单", coded(2300)),
            625 => format!("{},退货申请审核通过", coded(2300)),
            _ => "海关审结".to_owned(),
        };
        let answer =
            move |status: &i64| Answer { after_ms, status: *status, info: Info::Text(text()) };
        family.ends.iter().map(answer)
    }

    /// The one receipt of a document that the e-port refuses: code without minus.
    pub(super) fn refused(&self, after_ms: i64, code: u32, reason: &str) -> Answer {
        let text = format!("{}报文校验失败:{reason}", self.subject());
        let text = text.chars().take(RETURN_INFO_CHARS_MAX).collect();
        Answer { after_ms, status: -i64::from(code), info: Info::Text(text) }
    }

    /// Everything said about this document begins here.
    pub(super) fn speaker<'b>(&'b self, numbers: &'b Numbers, now: Time) -> Speaker<'b> {
        let head = self.submission.message.documents.get(self.index).map(|one| &one.head);
        let echo = head.map(|head| Echo::of(&self.submission.echoed, head)).unwrap_or_default();
        Speaker { place: *self, guid: Guid::of(self.head("guid")), echo, numbers, now }
    }
}

impl Speaker<'_> {
    /// The receipt for one answer. The e-port echoes the document's guid, customs uses its own.
    pub(super) fn say(&self, answer: &Answer) -> Said {
        let own;
        let guid = if answer.status <= 4 {
            &self.guid
        } else {
            own = Guid::made(self.place.head("guid"), answer.status.unsigned_abs());
            &own
        };
        let mut bytes = Vec::with_capacity(192);
        let packed = Return {
            guid,
            status: answer.status,
            info: &answer.info,
            numbers: self.numbers,
            echo: &self.echo,
            said_at: self.now.plus_millis(answer.after_ms),
        };
        packed.pack(&mut bytes);
        Said { kind: self.place.submission.family.receipt, after_ms: answer.after_ms, bytes }
    }

    /// Release, closing and the tax bill.
    pub(super) fn release(&self, declared: &Declared, after_ms: i64, step_ms: i64) -> Vec<Said> {
        let released = Answer { after_ms, status: 800, info: Info::Coded(2600) };
        let info = Info::Text("结关".to_owned());
        let closed = Answer { after_ms: after_ms + step_ms, status: 899, info };
        let mut said = Vec::with_capacity(8);
        said.push(self.say(&released));
        said.extend(self.tax_bill(declared, after_ms));
        said.push(self.say(&closed));
        said
    }

    fn tax_bill(&self, declared: &Declared, after_ms: i64) -> Option<Said> {
        let document = self.place.submission.message.documents.get(self.place.index)?;
        let lines = &declared.assessment.lines;
        if lines.is_empty() {
            return None;
        }
        let invt_no = declared.numbers.invt_no.as_deref().unwrap_or_default();
        let mut bytes = Vec::with_capacity(128 + 32 * lines.len());
        let said_at = self.now.plus_millis(after_ms);
        let lines = lines.iter().map(|line| TaxLine {
            hs_code: &line.hs_code,
            value: line.value,
            duty: line.duty,
            vat: line.vat,
            consumption_tax: line.consumption_tax,
        });
        let head = &document.head;
        let bill = TaxBill {
            guid: Guid::made(head.text("guid").unwrap_or_default(), 816),
            invt_no,
            number: 1,
            status: GENERATED,
            notice: "",
            echo: TAX_ECHO.map(|name| head.text(name).unwrap_or_default()),
            said_at,
        };
        bill.pack(&mut bytes, lines);
        Some(Said { kind: "CEB816", after_ms, bytes })
    }
}

/// Longest `returnInfo` the schema takes.
pub(super) const RETURN_INFO_CHARS_MAX: usize = 1000;

pub(super) fn stored(after_ms: i64) -> Answer {
    Answer { after_ms, status: 120, info: Info::Coded(1800) }
}

/// What comes between 120 and release, and when release comes, if it does.
pub(super) fn course(plan: &Plan, step_ms: i64) -> (Vec<Answer>, Option<i64>) {
    let answer = |after_ms: i64, status: i64, text: &str| Answer {
        after_ms,
        status,
        info: Info::Text(text.to_owned()),
    };
    let third = 3 * step_ms;
    let fourth = 4 * step_ms;
    let inspection = || answer(third, 500, "查验");
    let review = || Answer { after_ms: third, status: 300, info: Info::Coded(1200) };
    let concluded = |at: i64| answer(at, 399, "海关审结");
    match plan.outcome {
        Some((Effect::Inspect, minutes)) => {
            let done = third + minutes_ms(minutes);
            (vec![inspection(), concluded(done)], Some(done + step_ms))
        }
        Some((Effect::Hold, 0)) => (vec![review()], None),
        Some((Effect::Hold, minutes)) => {
            let done = third + minutes_ms(minutes);
            (vec![review(), concluded(done)], Some(done + step_ms))
        }
        Some((Effect::Detain, status)) => {
            (vec![inspection(), answer(fourth, i64::from(status), "扣留")], None)
        }
        Some((Effect::Suspend, _)) => (vec![inspection(), answer(fourth, 600, "挂起")], None),
        Some((Effect::ReturnAbroad, _)) => (vec![inspection(), answer(fourth, 700, "退运")], None),
        _ => (Vec::new(), Some(third)),
    }
}

pub(super) fn rejection(refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::SingleLimit { .. } => None,
        Refusal::YearlyLimit { total, limit } => {
            Some(format!("{},totalPrice：{total} > limitPrice: {limit}", coded(1313)))
        }
        Refusal::NotListed { hs_code } => {
            Some(format!("商品编码{hs_code}不在跨境电子商务零售进口商品清单内;"))
        }
        Refusal::Other { text } => Some(format!("{text};")),
    }
}

pub(super) fn amounts(order: u64, payment: u64) -> String {
    let yuan = |scaled: u64| format!("{}.{:05}", scaled / 100_000, scaled % 100_000);
    format!(
        "{},[OrderHead.acturalPaid:{},PaymentHead.amountPaid:{}]",
        coded(1332),
        yuan(order),
        yuan(payment)
    )
}
