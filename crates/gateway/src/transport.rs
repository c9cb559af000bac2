//! What the platform sees of customs, whoever stands behind it, and how a failed exchange is
//! classified: worth another try, or final.

use std::borrow::Cow;

use ceb::dxp::{self, Envelope, Header};
use kernel::{Text, Time};

use crate::envelope::{Addresses, Outgoing};

/// Customs, or what answers in its place.
pub trait Customs: Send + Sync {
    /// Hands over messages, one answer for each in their order. Handing over the same `CopMsgId`
    /// again is harmless.
    ///
    /// # Errors
    /// When the whole batch failed and nothing of it was taken. A failure of a single message says
    /// by [`TransportFailure::retryable`] whether to try again.
    fn send(
        &self,
        addresses: &Addresses,
        messages: &[Outgoing<'_>],
        now: Time,
    ) -> Result<Vec<Result<Accepted, TransportFailure>>, TransportFailure>;

    /// Receipts that wait for us, oldest first, at most `max` messages. They come again until
    /// [`delivered`](Customs::delivered) names them, so a receiver that was killed loses none.
    ///
    /// # Errors
    /// When the other side cannot be reached or answers nonsense.
    fn collect(&self, now: Time, max: usize) -> Result<Vec<Delivery>, TransportFailure>;

    /// Says that these receipts are safely stored and need not come again.
    ///
    /// # Errors
    /// When the other side cannot be told; the receipts then come again.
    fn delivered(&self, receipt_ids: &[&str], now: Time) -> Result<(), TransportFailure>;
}

/// The exchange platform took an envelope. What customs thinks of it comes later as receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The sender's message id, as in the envelope.
    pub cop_msg_id: String,
    /// True when this id had been taken before, so that nothing happened this time.
    pub repeated: bool,
}

/// One message from customs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Names it to [`Customs::delivered`].
    pub receipt_id: String,
    /// What the envelope around it would say, when it was handed over within this process and
    /// needed none.
    pub header: Option<Header>,
    /// Without a header: the bytes as received, an envelope or a bare business message, possibly
    /// broken. With one: the business message.
    pub bytes: Vec<u8>,
}

impl Delivery {
    /// The delivery as it looks on a wire: an envelope, or the bytes as received. An address that
    /// breaks the schema of envelopes gets its receipts bare.
    pub fn on_the_wire(&self) -> Cow<'_, [u8]> {
        let Some(header) = &self.header else { return Cow::Borrowed(&self.bytes) };
        let envelope =
            Envelope { header: header.clone(), data: self.bytes.clone(), ..Envelope::default() };
        dxp::write(&envelope).map_or(Cow::Borrowed(&self.bytes), Cow::Owned)
    }
}

/// An envelope that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("customs transport answers {code}: {detail}")]
pub struct TransportFailure {
    /// Exchange code of four digits: the other side's own, or the one of the same table that fits
    /// what happened to the connection.
    pub code: String,
    /// Whether the same envelope may succeed later.
    pub retryable: bool,
    /// What the other side or the connection said. Never holds personal data.
    pub detail: String,
}

/// Code for an answer that cannot be read.
pub const FORMAT_ERROR: &str = "0001";
/// Code for a message the schema refuses.
pub const SCHEMA_FAILED: &str = "0002";
/// Code for trouble in a database or in middleware on the other side.
pub const STORAGE_ERROR: &str = "3001";
/// Code for a connection that could not be made or broke.
pub const CONNECTION_ERROR: &str = "3002";
/// Code for no answer in time.
pub const TIMEOUT: &str = "3003";
/// Code for any other trouble of a system.
pub const OTHER_SYSTEM: &str = "3999";
/// Code for any other reason of business.
pub const OTHER_BUSINESS: &str = "2999";

/// One row of the exchange code table (specification of 2022-05, table 7-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeCode {
    /// Four digits.
    pub code: &'static str,
    /// Meaning in Chinese.
    pub zh: &'static str,
    /// Meaning in English.
    pub en: &'static str,
    /// Whether the same envelope may succeed later.
    pub retryable: bool,
}

const fn code(
    code: &'static str,
    zh: &'static str,
    en: &'static str,
    retryable: bool,
) -> ExchangeCode {
    ExchangeCode { code, zh, en, retryable }
}

/// The exchange codes. Troubles of systems pass; everything else stays wrong until it is mended.
pub const EXCHANGE_CODES: [ExchangeCode; 15] = [
    code("0001", "报文格式错误", "format error", false),
    code("0002", "报文格式校验失败", "schema validation failed", false),
    code("0999", "其他格式错误", "other format error", false),
    code("1001", "签名无效", "signature invalid", false),
    code("1002", "签名证书过期", "signature expired", false),
    code("1003", "解密错误", "decryption error", false),
    code("1004", "签名与数据不符", "signature does not match the data", false),
    code("1999", "其他安全错误", "other security error", false),
    code("2001", "接收方不存在", "receiver does not exist", false),
    code("2002", "接收方不匹配", "receiver does not match", false),
    code("2999", "其他业务错误", "other business error", false),
    code("3001", "数据库或中间件错误", "database or middleware error", true),
    code("3002", "远程连接错误", "remote connection error", true),
    code("3003", "远程连接超时", "remote timeout", true),
    code("3999", "其他系统错误", "other system error", true),
];

/// The codes that mean success; the published table lists failures only.
pub(crate) fn means_taken(code: &str) -> bool {
    code.bytes().all(|b| b == b'0')
}

/// Whether a code is worth another try. Codes outside the table are judged by their class: 3xxx
/// are troubles of systems, all others (4000 to 9999 belong to single exchange points) are final.
pub fn is_retryable(code: &str) -> bool {
    match EXCHANGE_CODES.iter().find(|row| row.code == code) {
        Some(row) => row.retryable,
        None => code.len() == 4 && code.starts_with('3'),
    }
}

/// What a code means, in both languages; `None` for a code outside the table.
pub fn meaning(code: &str) -> Option<Text> {
    EXCHANGE_CODES.iter().find(|row| row.code == code).map(|row| Text::new(row.zh, row.en))
}

impl TransportFailure {
    /// A failure with a code of the table; the code decides whether it is worth another try.
    pub fn of(code: &str, detail: impl Into<String>) -> TransportFailure {
        TransportFailure {
            code: code.to_owned(),
            retryable: is_retryable(code),
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_troubles_of_systems_are_tried_again() {
        let again: Vec<&str> =
            EXCHANGE_CODES.iter().filter(|row| row.retryable).map(|row| row.code).collect();
        assert_eq!(again, ["3001", "3002", "3003", "3999"]);
        assert!(is_retryable("3500"), "an unlisted code of the same class");
        assert!(!is_retryable("4711"), "codes of single exchange points are final");
        assert!(!is_retryable("nonsense"));
        assert!(meaning("1004").is_some_and(|text| text.en.contains("does not match")));
        assert_eq!(meaning("4711"), None);
    }

    #[test]
    fn zeros_mean_taken() {
        assert!(means_taken("0000") && means_taken("0") && means_taken(""));
        assert!(!means_taken("0001"));
    }
}
