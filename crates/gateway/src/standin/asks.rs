//! Asks platforms for payment originals as customs does (announcement 179 of 2018), and judges what
//! they send: every field, the time, the certificate number, and the signature over the very bytes
//! that came. It reads and joins them by itself, so that it finds what a platform's own code hides.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ceb::certificate::{Certificate, KeyAlgorithm};
use ceb::signature::Algorithm;
use kernel::Time;

use super::packed::Guid;
use crate::json::{self, Kind, Value};

/// A record was taken.
pub const TAKEN: &str = "10000";
/// A record was refused.
pub const REFUSED: &str = "20000";
/// A record came for a session that is not open (any more).
pub const NO_SESSION: &str = "20001";

/// Asks, and remembers what it asked.
pub struct Asker {
    certificates: Vec<Arc<Certificate>>,
    answer_ms: i64,
    asked: Mutex<HashMap<String, Asked>>,
}

struct Asked {
    order_no: String,
    at: Time,
    taken: bool,
}

/// What it makes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// [`TAKEN`], [`REFUSED`] or [`NO_SESSION`].
    pub code: &'static str,
    /// Everything that is wrong, as `field : reason`.
    pub faults: Vec<String>,
    /// The answer as customs writes it.
    pub answer: String,
}

/// How a field is to look.
#[derive(Clone, Copy)]
enum Shape {
    /// Text of at most so many characters.
    Text(usize),
    /// Text of exactly so many.
    Exactly(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number above zero, at most 14 digits before and 5 after the point.
    Amount,
    /// `yyyyMMddHHmmss`.
    Moment,
    /// Looked at elsewhere.
    Nested,
}

/// Fields with their shape and whether they must be there.
type Fields = &'static [(&'static str, Shape, bool)];

const TOP: Fields = &[
    ("sessionID", Shape::Text(100), true),
    ("payExchangeInfoHead", Shape::Nested, true),
    ("payExchangeInfoLists", Shape::Nested, true),
    ("serviceTime", Shape::Text(20), true),
    ("certNo", Shape::Text(40), true),
    ("signValue", Shape::Text(1000), true),
];

const HEAD: Fields = &[
    ("guid", Shape::Exactly(36), true),
    ("initalRequest", Shape::Text(8000), true),
    ("initalResponse", Shape::Text(8000), true),
    ("ebpCode", Shape::Text(18), true),
    ("payCode", Shape::Text(18), true),
    ("payTransactionId", Shape::Text(60), true),
    ("totalAmount", Shape::Amount, true),
    ("currency", Shape::Word(&["142"]), true),
    ("verDept", Shape::Word(&["1", "2", "3"]), true),
    ("payType", Shape::Word(&["1", "2", "3", "4"]), false),
    ("tradingTime", Shape::Moment, true),
    ("note", Shape::Text(1000), false),
];

const ORDER: Fields = &[
    ("orderNo", Shape::Text(60), true),
    ("goodsInfo", Shape::Nested, true),
    ("recpAccount", Shape::Text(60), true),
    ("recpCode", Shape::Text(18), false),
    ("recpName", Shape::Text(100), true),
];

const GOODS: Fields = &[("gname", Shape::Text(250), true), ("itemLink", Shape::Text(3000), true)];

impl Asker {
    /// Knows the certificates that platforms registered, and how long a platform has to answer.
    pub fn new(certificates: Vec<Arc<Certificate>>, answer_ms: i64) -> Asker {
        Asker { certificates, answer_ms, asked: Mutex::default() }
    }

    /// Opens a session for an order: the JSON of the form field `openReq`. The same order asked for
    /// again at another time is another session.
    pub fn ask(&self, order_no: &str, now: Time) -> String {
        let millis = now.to_millis();
        let session = Guid::made(order_no, millis.unsigned_abs()).to_string();
        let asked = Asked { order_no: order_no.to_owned(), at: now, taken: false };
        let mut known = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(session.clone(), asked);
        let order_no = escaped(order_no);
        format!(r#"{{"orderNo":"{order_no}","sessionID":"{session}","serviceTime":{millis}}}"#)
    }

    /// Judges a form body as a platform posts it to `realTimeDataUpload`.
    pub fn take_form(&self, body: &[u8], now: Time) -> Verdict {
        let field = form_urlencoded::parse(body).find(|(name, _)| name == "payExInfoStr");
        match field {
            Some((_, text)) => self.take(&text, now),
            None => verdict(REFUSED, vec!["payExInfoStr : payExInfoStr不为空".to_owned()], now),
        }
    }

    /// Judges the value of the form field `payExInfoStr`.
    pub fn take(&self, text: &str, now: Time) -> Verdict {
        let Some(record) = json::read(text) else {
            return verdict(REFUSED, vec!["payExInfoStr : 不是 JSON".to_owned()], now);
        };
        let session = record.member("sessionID").and_then(Value::text).unwrap_or_default();
        let mut known = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asked) = known.get_mut(session) else {
            return verdict(NO_SESSION, vec!["sessionID : 没有这个会话".to_owned()], now);
        };
        if now > asked.at.plus_millis(self.answer_ms) {
            return verdict(NO_SESSION, vec!["sessionID : 会话已超时".to_owned()], now);
        }
        let mut faults = fields("", &record, TOP);
        if let Some(head) = record.member("payExchangeInfoHead") {
            faults.extend(fields("payExchangeInfoHead.", head, HEAD));
        }
        if let Some(lists) = record.member("payExchangeInfoLists") {
            faults.extend(orders(lists, &asked.order_no));
        }
        faults.extend(self.signature(&record, now));
        if faults.is_empty() {
            asked.taken = true;
            return verdict(TAKEN, faults, now);
        }
        verdict(REFUSED, faults, now)
    }

    /// Whether a record that could be taken has come for a session of this order.
    pub fn has_taken(&self, order_no: &str) -> bool {
        let known = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().any(|asked| asked.taken && asked.order_no == order_no)
    }

    fn signature(&self, record: &Value<'_>, now: Time) -> Option<String> {
        let number = record.member("certNo").and_then(Value::text)?;
        let known = self.certificates.iter().find(|one| one.has_serial(number));
        let Some(certificate) = known else {
            return Some("certNo : 证书未登记".to_owned());
        };
        if !certificate.in_force(now) {
            return Some("certNo : 证书不在有效期内".to_owned());
        }
        let (algorithm, bytes) = match certificate.algorithm {
            KeyAlgorithm::Sm2 => (Algorithm::Sm2Sm3, Some(64)),
            KeyAlgorithm::Rsa { .. } => (Algorithm::RsaSha1, None),
            KeyAlgorithm::Other => return Some("certNo : 证书算法不支持".to_owned()),
        };
        let value = record.member("signValue").and_then(Value::text).unwrap_or_default();
        let Ok(value) = BASE64_STANDARD.decode(value) else {
            return Some("signValue : 不是 Base64".to_owned());
        };
        if bytes.is_some_and(|bytes| value.len() != bytes) {
            return Some("signValue : SM2 签名须为64字节裸签名".to_owned());
        }
        let text = signed_text(record)?;
        let good = certificate.verifies(algorithm, text.as_bytes(), &value);
        (!good).then(|| "signValue : 验签失败".to_owned())
    }
}

/// The text that was signed, joined from the bytes that came.
fn signed_text(record: &Value<'_>) -> Option<String> {
    let mut parts = Vec::with_capacity(4);
    for name in ["sessionID", "payExchangeInfoHead", "payExchangeInfoLists", "serviceTime"] {
        let member = record.member(name)?;
        let text = member.text().unwrap_or(member.raw);
        parts.push(format!("\"{name}\":\"{text}\""));
    }
    Some(parts.join("||"))
}

fn orders(lists: &Value<'_>, order_no: &str) -> Vec<String> {
    let Some(items) = lists.items().filter(|items| !items.is_empty()) else {
        return vec!["payExchangeInfoLists : 须为非空数组".to_owned()];
    };
    let mut faults = Vec::new();
    for (index, order) in items.iter().enumerate() {
        let path = format!("payExchangeInfoLists[{index}].");
        faults.extend(fields(&path, order, ORDER));
        let goods = order.member("goodsInfo").and_then(Value::items).unwrap_or_default();
        if goods.is_empty() {
            faults.push(format!("{path}goodsInfo : 须为非空数组"));
        }
        for (number, one) in goods.iter().enumerate() {
            faults.extend(fields(&format!("{path}goodsInfo[{number}]."), one, GOODS));
        }
    }
    let numbers = items.iter().filter_map(|order| order.member("orderNo")?.text());
    if !numbers.into_iter().any(|number| number == order_no) {
        faults.push("payExchangeInfoLists : 不含所请求的订单".to_owned());
    }
    faults
}

/// What is missing, unknown or misshapen among the members of an object.
fn fields(path: &str, object: &Value<'_>, wanted: Fields) -> Vec<String> {
    let Kind::Object(members) = &object.kind else {
        return vec![format!("{} : 须为对象", path.trim_end_matches('.'))];
    };
    let mut faults = Vec::new();
    for (name, shape, required) in wanted {
        match object.member(name) {
            None if *required => faults.push(format!("{path}{name} : {name}不为空")),
            None => {}
            Some(value) => {
                if let Some(why) = misshapen(value, *shape) {
                    faults.push(format!("{path}{name} : {why}"));
                }
            }
        }
    }
    for (name, _) in members {
        if wanted.iter().all(|(known, _, _)| known != name) {
            faults.push(format!("{path}{name} : 规范没有这个字段"));
        }
    }
    faults
}

fn misshapen(value: &Value<'_>, shape: Shape) -> Option<String> {
    let text = value.text();
    let length = text.map(|text| text.chars().count());
    match shape {
        Shape::Nested => None,
        Shape::Text(max) => match length {
            None => Some("须为字符串".to_owned()),
            Some(0) => Some("不为空".to_owned()),
            Some(length) if length > max => Some(format!("长度超过{max}")),
            Some(_) => None,
        },
        Shape::Exactly(chars) => (length != Some(chars)).then(|| format!("长度须为{chars}")),
        Shape::Word(words) => {
            let known = text.is_some_and(|text| words.contains(&text));
            (!known).then(|| format!("取值须为{}", words.join("、")))
        }
        Shape::Amount => {
            let (whole, fraction) = value.raw.split_once('.').unwrap_or((value.raw, ""));
            let plain = value.kind == Kind::Number
                && !value.raw.contains(['e', 'E', '-'])
                && whole.len() <= 14
                && fraction.len() <= 5;
            let positive = value.raw.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
            (!(plain && positive)).then(|| "须为正数，至多五位小数".to_owned())
        }
        Shape::Moment => {
            let moment = text.filter(|text| text.len() == 14).and_then(Time::parse_compact);
            moment.is_none().then(|| "须为yyyyMMddHHmmss".to_owned())
        }
    }
}

fn verdict(code: &'static str, faults: Vec<String>, now: Time) -> Verdict {
    let message = if faults.is_empty() { "上传成功".to_owned() } else { faults.join("; ") };
    let answer = format!(
        r#"{{"code":"{code}","message":"{}","total":0,"serviceTime":{}}}"#,
        escaped(&message),
        now.to_millis()
    );
    Verdict { code, faults, answer }
}

/// Text inside a JSON string.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
