//! `payExInfoStr`: the record as customs takes it, and the text its signature covers.
//!
//! The top-level members are joined by `||`, each value between plain quotes, nested JSON verbatim
//! and not escaped, in the same bytes as in the message itself.

use std::fmt::Write;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ceb::certificate::Certificate;
use ceb::keys::SigningKey;
use ceb::signature::sign_bytes;
use kernel::Time;

use crate::draft::{GoodsInfo, OrderPaid, PaymentHead, PaymentOriginal};

/// Signs for platforms: soft keys, cards, a signing service.
pub trait Sign: Send + Sync {
    /// The certificate with which records of this platform are signed; `None` when it has none.
    fn certificate(&self, party: &str) -> Option<Arc<Certificate>>;

    /// The bare signature over these bytes: SM2 with SM3 as 64 raw bytes, or RSA with SHA-1.
    ///
    /// # Errors
    /// Why it cannot be signed, without personal data.
    fn sign(&self, party: &str, bytes: &[u8]) -> Result<Vec<u8>, String>;
}

/// One soft key that signs for every platform.
pub struct SoftKey(pub SigningKey);

impl Sign for SoftKey {
    fn certificate(&self, _party: &str) -> Option<Arc<Certificate>> {
        Some(Arc::clone(self.0.certificate()))
    }

    fn sign(&self, _party: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
        sign_bytes(bytes, &self.0).map(|(_, value)| value).map_err(|error| error.to_string())
    }
}

/// The parts of a record that are written once, when it is submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prepared {
    /// `payExchangeInfoHead`.
    pub(crate) head: String,
    /// `payExchangeInfoLists`.
    pub(crate) lists: String,
}

impl Prepared {
    /// Writes head and lists. The record was checked before.
    pub(crate) fn of(original: &PaymentOriginal, guid: &str) -> Prepared {
        let lists: Vec<String> = original.pay_exchange_info_lists.iter().map(order).collect();
        Prepared {
            head: head(&original.pay_exchange_info_head, guid),
            lists: format!("[{}]", lists.join(",")),
        }
    }

    /// As sealed: written JSON holds no raw line break.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        format!("{}\n{}", self.head, self.lists).into_bytes()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Prepared> {
        let (head, lists) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
        Some(Prepared { head: head.to_owned(), lists: lists.to_owned() })
    }
}

/// A record on its way to customs.
pub struct Payload<'a> {
    /// `sessionID` of the request.
    pub session_id: &'a str,
    /// `payExchangeInfoHead`, as JSON.
    pub head: &'a str,
    /// `payExchangeInfoLists`, as JSON.
    pub lists: &'a str,
    /// The platform's own time.
    pub service_time: Time,
}

impl Payload<'_> {
    /// The text that is signed.
    pub fn signed_text(&self) -> String {
        format!(
            "\"sessionID\":\"{}\"||\"payExchangeInfoHead\":\"{}\"||\"payExchangeInfoLists\":\"{}\"\
             ||\"serviceTime\":\"{}\"",
            self.session_id,
            self.head,
            self.lists,
            self.service_time.to_millis()
        )
    }

    /// The value of the form field `payExInfoStr`, signed for a platform.
    ///
    /// # Errors
    /// When there is no certificate, or signing fails.
    pub fn signed(&self, sign: &dyn Sign, party: &str) -> Result<String, String> {
        let certificate = sign
            .certificate(party)
            .ok_or_else(|| "no certificate to sign payment originals with".to_owned())?;
        let value = sign.sign(party, self.signed_text().as_bytes())?;
        Ok(format!(
            "{{\"sessionID\":{},\"payExchangeInfoHead\":{},\"payExchangeInfoLists\":{},\
             \"serviceTime\":\"{}\",\"certNo\":{},\"signValue\":\"{}\"}}",
            quoted(self.session_id),
            self.head,
            self.lists,
            self.service_time.to_millis(),
            quoted(&certificate.serial),
            BASE64_STANDARD.encode(value)
        ))
    }
}

fn head(head: &PaymentHead, guid: &str) -> String {
    let mut out = Members::new();
    out.text("guid", guid);
    out.text("initalRequest", &head.inital_request);
    out.text("initalResponse", &head.inital_response);
    out.text("ebpCode", &head.ebp_code);
    out.text("payCode", &head.pay_code);
    out.text("payTransactionId", &head.pay_transaction_id);
    // A JSON number, digit by digit as it was given.
    out.raw("totalAmount", &plain_number(&head.total_amount));
    out.text("currency", &head.currency);
    out.text("verDept", &head.ver_dept);
    out.option("payType", head.pay_type.as_deref());
    out.text("tradingTime", &head.trading_time);
    out.option("note", head.note.as_deref());
    out.close()
}

fn order(order: &OrderPaid) -> String {
    let goods: Vec<String> = order.goods_info.iter().map(goods).collect();
    let mut out = Members::new();
    out.text("orderNo", &order.order_no);
    out.raw("goodsInfo", &format!("[{}]", goods.join(",")));
    out.text("recpAccount", &order.recp_account);
    out.option("recpCode", order.recp_code.as_deref());
    out.text("recpName", &order.recp_name);
    out.close()
}

fn goods(goods: &GoodsInfo) -> String {
    let mut out = Members::new();
    out.text("gname", &goods.gname);
    out.text("itemLink", &goods.item_link);
    out.close()
}

/// A decimal as JSON writes it: no leading zeros, a digit on each side of the point.
fn plain_number(text: &str) -> String {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Members of a JSON object, in the order in which they are written.
struct Members(String);

impl Members {
    fn new() -> Members {
        Members(String::from("{"))
    }

    fn raw(&mut self, name: &str, json: &str) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        let _ = write!(self.0, "{comma}\"{name}\":{json}");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.raw(name, &quoted(text));
    }

    fn option(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text(name, text);
        }
    }

    fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_text_joins_members_verbatim() {
        let payload = Payload {
            session_id: "fe2374-8fnejf97-32839218",
            head: r#"{"guid":"G","initalRequest":"a\"b","totalAmount":300.5}"#,
            lists: r#"[{"orderNo":"O1","goodsInfo":[{"gname":"茶","itemLink":"http://a/b"}]}]"#,
            service_time: Time::from_millis(1_544_519_952_469),
        };
        assert_eq!(
            payload.signed_text(),
            "\"sessionID\":\"fe2374-8fnejf97-32839218\"||\
             \"payExchangeInfoHead\":\"{\"guid\":\"G\",\"initalRequest\":\"a\\\"b\",\
             \"totalAmount\":300.5}\"||\
             \"payExchangeInfoLists\":\"[{\"orderNo\":\"O1\",\"goodsInfo\":[{\"gname\":\"茶\",\
             \"itemLink\":\"http://a/b\"}]}]\"||\"serviceTime\":\"1544519952469\""
        );
    }

    #[test]
    fn amounts_are_numbers_of_json() {
        for (given, written) in
            [("300.50", "300.5"), ("0.10", "0.1"), ("007", "7"), ("12.00000", "12"), ("0", "0")]
        {
            assert_eq!(plain_number(given), written);
            assert!(serde_json::from_str::<serde_json::Value>(&plain_number(given)).is_ok());
        }
    }
}
