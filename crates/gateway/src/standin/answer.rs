//! The words of a ruling: which receipts follow one another, what they say, and the tax bill.

use kernel::{Fen, Time};

use super::case::{Case, Submission};
use super::family::coded;
use super::judgement::{AssessedLine, Assessment, Refusal};
use super::memory::Key;
use super::receipt::{self, Answer, Numbers, Said, TaxHead, TaxLine};
use super::scenario::{Effect, Plan, minutes_ms};

/// One document within its message, and who is answered.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) submission: &'a Submission,
    pub(super) case: &'a Case,
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

impl Place<'_> {
    pub(super) fn head(&self, name: &str) -> &str {
        let document = self.submission.message.documents.get(self.index);
        document.and_then(|document| document.head.text(name)).unwrap_or_default()
    }

    pub(super) fn subject(&self) -> String {
        match self.submission.family.number {
            311 | 621 => format!(
                "{}[电商企业编码：{},订单编号：{}]",
                self.submission.family.zh,
                self.head("ebcCode"),
                self.head("orderNo")
            ),
            _ => format!("{}[{}]", self.submission.family.zh, self.head("guid")),
        }
    }

    pub(super) fn taken_text(&self) -> String {
        match self.submission.family.number {
            621 => format!(
                "清单新增申报成功[{}][电商企业编码：{}订单编号：{}]",
                self.submission.message.guid,
                self.head("ebcCode"),
                self.head("orderNo")
            ),
            _ => format!("新增申报成功[{}]", self.head("guid")),
        }
    }

    pub(super) fn refused_text(&self, reason: &str) -> String {
        let text = format!("{}报文校验失败:{reason}", self.subject());
        text.chars().take(RETURN_INFO_CHARS_MAX).collect()
    }

    /// The receipt for one answer. The e-port echoes the document's guid, customs uses its own.
    pub(super) fn said(&self, answer: &Answer, now: Time) -> Said {
        let guid = self.head("guid");
        let status: i64 = answer.status.parse().unwrap_or_default();
        let own;
        let guid = if status <= 4 {
            guid
        } else {
            own = receipt::guid_of(guid, status.unsigned_abs());
            &own
        };
        let said_at = now.plus_millis(answer.after_ms);
        let bytes = match self.submission.message.documents.get(self.index) {
            Some(document) => receipt::return_element(
                self.submission.receipt,
                &document.head,
                guid,
                answer,
                said_at,
            ),
            None => Vec::new(),
        };
        Said { kind: self.submission.family.receipt, after_ms: answer.after_ms, bytes }
    }

    /// Release, closing and the tax bill.
    pub(super) fn release(
        &self,
        declared: &Declared,
        after_ms: i64,
        now: Time,
        step_ms: i64,
    ) -> Vec<Said> {
        let numbers = declared.numbers.clone();
        let answer = |after_ms: i64, status: &str, text: String| Answer {
            after_ms,
            status: status.to_owned(),
            text,
            numbers: numbers.clone(),
        };
        let mut said = vec![self.said(&answer(after_ms, "800", coded(2600)), now)];
        said.extend(self.tax_bill(declared, after_ms, now));
        said.push(self.said(&answer(after_ms + step_ms, "899", "结关".to_owned()), now));
        said
    }

    pub(super) fn tax_bill(&self, declared: &Declared, after_ms: i64, now: Time) -> Option<Said> {
        let document = self.submission.message.documents.get(self.index)?;
        let lines = &declared.assessment.lines;
        let yuan = |fen: Fen| fen.to_string();
        let sum = |of: fn(&AssessedLine) -> Fen| yuan(lines.iter().map(of).sum());
        let invt_no = declared.numbers.invt_no.as_deref().unwrap_or_default();
        let guid = receipt::guid_of(self.head("guid"), 816);
        let head = TaxHead {
            guid: &guid,
            invt_no,
            duty: sum(|line| line.duty),
            vat: sum(|line| line.vat),
            consumption_tax: sum(|line| line.consumption_tax),
        };
        let lines: Vec<TaxLine<'_>> = lines
            .iter()
            .map(|line| TaxLine {
                gcode: &line.hs_code,
                price: yuan(line.value),
                duty: yuan(line.duty),
                vat: yuan(line.vat),
                consumption_tax: yuan(line.consumption_tax),
            })
            .collect();
        let bytes = receipt::tax_element(document, &head, &lines, now.plus_millis(after_ms));
        (!lines.is_empty()).then_some(Said { kind: "CEB816", after_ms, bytes })
    }
}

/// Longest `returnInfo` the schema takes.
const RETURN_INFO_CHARS_MAX: usize = 1000;

pub(super) fn stored(after_ms: i64, numbers: &Numbers) -> Answer {
    Answer { after_ms, status: "120".to_owned(), text: coded(1800), numbers: numbers.clone() }
}

/// What comes between 120 and release, and when release comes, if it does.
pub(super) fn course(plan: &Plan, step_ms: i64, numbers: &Numbers) -> (Vec<Answer>, Option<i64>) {
    let answer = |after_ms: i64, status: &str, text: &str| Answer {
        after_ms,
        status: status.to_owned(),
        text: text.to_owned(),
        numbers: numbers.clone(),
    };
    let third = 3 * step_ms;
    let fourth = 4 * step_ms;
    let inspection = answer(third, "500", "查验");
    match plan.outcome {
        Some((Effect::Inspect, minutes)) => {
            let done = third + minutes_ms(minutes);
            (vec![inspection, answer(done, "399", "海关审结")], Some(done + step_ms))
        }
        Some((Effect::Hold, 0)) => (vec![answer(third, "300", &coded(1200))], None),
        Some((Effect::Hold, minutes)) => {
            let done = third + minutes_ms(minutes);
            let review = answer(third, "300", &coded(1200));
            (vec![review, answer(done, "399", "海关审结")], Some(done + step_ms))
        }
        Some((Effect::Detain, status)) => {
            (vec![inspection, answer(fourth, &status.to_string(), "扣留")], None)
        }
        Some((Effect::Suspend, _)) => (vec![inspection, answer(fourth, "600", "挂起")], None),
        Some((Effect::ReturnAbroad, _)) => (vec![inspection, answer(fourth, "700", "退运")], None),
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
