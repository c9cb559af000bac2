//! What a receipt says, the same for all receipt types: status, time, text, codes, and the keys
//! by which it finds its document.

use kernel::Time;

use crate::message::{Document, Message};
use crate::schema::{Direction, MessageType};

/// One receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptView<'m> {
    /// Its message type.
    pub kind: &'static MessageType,
    /// `guid` of the receipt: that of the document answered, or a new one.
    pub guid: &'m str,
    /// Status as it stands: `returnStatus`, of tax bills `status`, of summary results `decState`.
    /// Empty when absent.
    pub status: &'m str,
    /// When customs or the e-port made it; `None` when absent or no real time.
    pub time: Option<Time>,
    /// `returnInfo`; empty when absent.
    pub info: &'m str,
    /// Every code: a negative status first, then those in the text, each once.
    pub codes: Vec<i64>,
    /// The codes of the text with their descriptions, in order.
    pub reasons: Vec<Reason<'m>>,
    /// The keys that stand in it, by element name.
    pub keys: Vec<(&'static str, &'m str)>,
}

/// A code in the text of a receipt, as in `[Code:2600;Desc:放行]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason<'m> {
    /// The number.
    pub code: i64,
    /// What follows `Desc:`; empty when nothing does.
    pub text: &'m str,
}

impl<'m> ReceiptView<'m> {
    /// Views one document of a receipt message; `None` for what enterprises send.
    pub fn new(kind: &'static MessageType, document: &'m Document) -> Option<ReceiptView<'m>> {
        if kind.direction == Direction::ToCustoms {
            return None;
        }
        let head = &document.head;
        let text = |name| head.text(name);
        let status = text("returnStatus").or_else(|| text("status")).or_else(|| text("decState"));
        let status = status.unwrap_or("").trim();
        let time = text("returnTime").or_else(|| text("opDate")).map(str::trim);
        let info = text("returnInfo").unwrap_or("");
        let reasons = reasons(info);
        let negative = status.parse::<i64>().ok().filter(|status| *status < 0);
        let mut codes: Vec<i64> = Vec::with_capacity(reasons.len() + 1);
        for code in negative.into_iter().chain(reasons.iter().map(|reason| reason.code)) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        let named = KEYS.iter().filter_map(|name| Some((*name, text(name)?)));
        let extra = EXTRA_KEYS.iter().filter_map(|(wire, name)| Some((*name, head.extra(wire)?)));
        let keys = named.chain(extra).collect();
        let guid = text("guid").unwrap_or("");
        let time = time.and_then(Time::parse_compact);
        Some(ReceiptView { kind, guid, status, time, info, codes, reasons, keys })
    }

    /// Views every receipt of a message.
    pub fn all(message: &'m Message) -> Vec<ReceiptView<'m>> {
        message.documents.iter().filter_map(|each| ReceiptView::new(message.kind, each)).collect()
    }

    /// A key by element name.
    pub fn key(&self, name: &str) -> Option<&'m str> {
        self.keys.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

/// Elements that tell which document a receipt is about.
const KEYS: &[&str] = &[
    "orderNo",
    "ebpCode",
    "ebcCode",
    "payCode",
    "payTransactionId",
    "payNo",
    "logisticsCode",
    "logisticsNo",
    "logisticsStatus",
    "copNo",
    "coElNo",
    "preNo",
    "invtNo",
    "rkdNo",
    "sumNo",
    "declSeqNo",
    "entryId",
    "taxNo",
    "billNo",
    "msgSeqNo",
    "agentCode",
    "operatorCode",
    "customsCode",
    "oriCopMsgId",
    "oriMessageType",
];

/// Keys that live tax bills carry although no definition names them, one of them in two spellings.
const EXTRA_KEYS: &[(&str, &str)] =
    &[("orderNo", "orderNo"), ("logisticsNo", "logisticsNo"), ("logisticNo", "logisticsNo")];

/// Finds every `[Code:n;Desc:…]`, whatever the case and the kind of colon.
fn reasons(info: &str) -> Vec<Reason<'_>> {
    let mut found = Vec::new();
    let mut rest = info;
    while let Some(at) = rest.find('[') {
        rest = &rest[at + 1..];
        let Some(after) = labelled(rest, "code") else { continue };
        let digits = after.trim_start();
        let end = digits
            .char_indices()
            .find(|(at, c)| !(c.is_ascii_digit() || *at == 0 && *c == '-'))
            .map_or(digits.len(), |(at, _)| at);
        let Ok(code) = digits[..end].parse::<i64>() else { continue };
        let tail = digits[end..].trim_start().trim_start_matches([';', '；', ',', '，']);
        let described = labelled(tail.trim_start(), "desc");
        let text = described.map_or("", |text| text.split(']').next().unwrap_or("").trim());
        found.push(Reason { code, text });
    }
    found
}

/// What follows `label:`.
fn labelled<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let text = text.trim_start();
    let head = text.get(..label.len())?;
    let rest = text[label.len()..].trim_start();
    head.eq_ignore_ascii_case(label).then(|| rest.strip_prefix([':', '：'])).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(info: &str) -> Vec<(i64, &str)> {
        reasons(info).iter().map(|reason| (reason.code, reason.text)).collect()
    }

    #[test]
    fn codes_are_found_whatever_their_dress() {
        assert_eq!(
            codes("[Code:2300;Desc:审核通过],撤单申请审核通过,清单已成功撤单"),
            [(2300, "审核通过")]
        );
        assert_eq!(
            codes("[code:1332;desc:不一致],[CODE：-5；DESC：x]"),
            [(1332, "不一致"), (-5, "x")]
        );
        assert_eq!(codes("[Code:1800]"), [(1800, "")]);
        assert_eq!(codes("清单新增申报成功[4CDE1CFD-EDED][电商企业编码：x]"), []);
        assert_eq!(codes("[Code:;Desc:x][Code:99999999999999999999;Desc:x][Code"), []);
    }
}
