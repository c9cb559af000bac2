//! The stand-in's receipts: what is said about one document, when it is said, when it arrives,
//! and the bytes. A receipt is kept as the text of its one `…Return` element, so that up to 100
//! of them can travel in one message.

use std::collections::HashMap;

use ceb::{Document, MessageType, Record};
use kernel::Time;

use super::scenario::Plan;

/// How many returns one message may hold (the schema's limit).
pub(crate) const RETURNS_PER_MESSAGE_MAX: usize = 100;

/// Pseudo message type of bytes that travel as they are.
pub(crate) const RAW: &str = "RAW";

/// One thing said about one document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Time of the receipt, in milliseconds after the submission.
    pub(crate) after_ms: i64,
    /// `returnStatus`.
    pub(crate) status: String,
    /// `returnInfo`.
    pub(crate) text: String,
    /// Numbers assigned so far.
    pub(crate) numbers: Numbers,
}

/// Numbers the authorities assign.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// 预录入编号, by the e-port.
    pub(crate) pre_no: Option<String>,
    /// 清单编号, by customs.
    pub(crate) invt_no: Option<String>,
    /// 入库单编号, by customs.
    pub(crate) rkd_no: Option<String>,
}

/// Receipts of one type for one receiver that arrive at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) due_at: Time,
    /// `CEB622` and so on, or [`RAW`].
    pub(crate) kind: &'static str,
    /// DXP id.
    pub(crate) receiver: String,
    /// How many returns, at most [`RETURNS_PER_MESSAGE_MAX`].
    pub(crate) returns: i64,
    pub(crate) bytes: Vec<u8>,
}

/// A receipt that waits for goods to arrive; its times count from then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) waybill: [u8; 16],
    pub(crate) kind: &'static str,
    pub(crate) receiver: String,
    pub(crate) due_after_ms: i64,
    pub(crate) said_after_ms: i64,
    pub(crate) bytes: Vec<u8>,
}

/// Gathers what a batch of submissions is answered.
#[derive(Default)]
pub(crate) struct Outbox {
    due: Vec<Due>,
    open: HashMap<(Time, &'static str, String), usize>,
    pub(crate) held: Vec<Held>,
}

impl Outbox {
    /// Adds one return to those of the same type, receiver and time.
    pub(crate) fn add(&mut self, due_at: Time, kind: &'static str, receiver: &str, bytes: &[u8]) {
        let group = (due_at, kind, receiver.to_owned());
        if let Some(index) = self.open.get(&group)
            && let Some(due) = self.due.get_mut(*index)
            && due.returns < RETURNS_PER_MESSAGE_MAX as i64
            && kind != RAW
        {
            due.returns += 1;
            due.bytes.extend_from_slice(bytes);
            return;
        }
        self.open.insert(group, self.due.len());
        let receiver = receiver.to_owned();
        self.due.push(Due { due_at, kind, receiver, returns: 1, bytes: bytes.to_vec() });
    }

    /// Everything to be sent, in the order it was first said.
    pub(crate) fn into_due(self) -> (Vec<Due>, Vec<Held>) {
        (self.due, self.held)
    }
}

/// A return and its time of saying, in milliseconds after the submission.
pub(crate) struct Said {
    pub(crate) kind: &'static str,
    pub(crate) after_ms: i64,
    pub(crate) bytes: Vec<u8>,
}

/// When each of the things said arrives, in milliseconds after the submission: late, twice and
/// newest first as planned. Yields (index, arrival).
pub(crate) fn arrivals(plan: &Plan, said: &[Said], step_ms: i64) -> Vec<(usize, i64)> {
    let last = said.iter().map(|s| s.after_ms).max().unwrap_or_default();
    let mut out = Vec::with_capacity(said.len());
    for (index, one) in said.iter().enumerate() {
        // Newest first: the newest at its own time, each older one a step after the one before.
        let at = if plan.reversed {
            last + (said.len() - 1 - index) as i64 * step_ms
        } else {
            one.after_ms
        };
        out.push((index, at + plan.late_ms));
        if plan.twice {
            out.push((index, at + plan.late_ms + step_ms));
        }
    }
    out
}

/// The `…Return` element for one document. Echoed keys come from the head of the document, by
/// name, as the receipt's own definition lists them.
pub(crate) fn return_element(
    receipt: &MessageType,
    head: &Record,
    guid: &str,
    answer: &Answer,
    said_at: Time,
) -> Vec<u8> {
    let element = receipt.document.element;
    let mut out = String::with_capacity(512);
    open(&mut out, element);
    for field in receipt.document.head.fields {
        let value = match field.name {
            "guid" => Some(guid),
            "returnStatus" => Some(answer.status.as_str()),
            "returnInfo" => Some(answer.text.as_str()),
            "preNo" => answer.numbers.pre_no.as_deref(),
            "invtNo" => answer.numbers.invt_no.as_deref().or_else(|| head.text("invtNo")),
            "rkdNo" => answer.numbers.rkd_no.as_deref(),
            "returnTime" => {
                leaf(&mut out, "returnTime", &said_at.to_compact_millis());
                None
            }
            name => head.text(name),
        };
        if let Some(value) = value {
            leaf(&mut out, field.name, value);
        }
    }
    close(&mut out, element);
    out.into_bytes()
}

/// One line of a tax bill.
pub(crate) struct TaxLine<'a> {
    pub(crate) gcode: &'a str,
    pub(crate) price: String,
    pub(crate) duty: String,
    pub(crate) vat: String,
    pub(crate) consumption_tax: String,
}

/// The head of a tax bill beyond what the inventory says.
pub(crate) struct TaxHead<'a> {
    pub(crate) guid: &'a str,
    pub(crate) invt_no: &'a str,
    pub(crate) duty: String,
    pub(crate) vat: String,
    pub(crate) consumption_tax: String,
}

/// The `Tax` element of CEB816 for one released inventory.
pub(crate) fn tax_element(
    inventory: &Document,
    head: &TaxHead<'_>,
    lines: &[TaxLine<'_>],
    said_at: Time,
) -> Vec<u8> {
    let mut out = String::with_capacity(1024);
    open(&mut out, "Tax");
    open(&mut out, "TaxHeadRd");
    leaf(&mut out, "guid", head.guid);
    leaf(&mut out, "returnTime", &said_at.to_compact_millis());
    leaf(&mut out, "invtNo", head.invt_no);
    leaf(&mut out, "taxNo", &format!("{}01", head.invt_no));
    leaf(&mut out, "customsTax", &head.duty);
    leaf(&mut out, "valueAddedTax", &head.vat);
    leaf(&mut out, "consumptionTax", &head.consumption_tax);
    leaf(&mut out, "status", "1");
    for name in ["assureCode", "ebcCode", "logisticsCode", "agentCode", "customsCode"] {
        if let Some(value) = inventory.head.text(name) {
            leaf(&mut out, name, value);
        }
    }
    close(&mut out, "TaxHeadRd");
    for (index, line) in lines.iter().enumerate() {
        open(&mut out, "TaxListRd");
        leaf(&mut out, "gnum", &(index + 1).to_string());
        leaf(&mut out, "gcode", line.gcode);
        leaf(&mut out, "taxPrice", &line.price);
        leaf(&mut out, "customsTax", &line.duty);
        leaf(&mut out, "valueAddedTax", &line.vat);
        leaf(&mut out, "consumptionTax", &line.consumption_tax);
        close(&mut out, "TaxListRd");
    }
    close(&mut out, "Tax");
    out.into_bytes()
}

/// A whole receipt message around returns of one type.
pub(crate) fn message(kind: &str, guid: &str, returns: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + returns.iter().map(|r| r.len()).sum::<usize>());
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    out.extend_from_slice(
        format!("<{kind}Message guid=\"{guid}\" version=\"1.0\" xmlns=\"{NAMESPACE}\">").as_bytes(),
    );
    for one in returns {
        out.extend_from_slice(one);
    }
    out.extend_from_slice(format!("</{kind}Message>").as_bytes());
    out
}

const NAMESPACE: &str = "http://www.chinaport.gov.cn/ceb";

/// How much of a refused message a format error quotes.
const QUOTE_BYTES_MAX: usize = 64 * 1024;

/// What a format error says.
pub(crate) struct FormatError<'a> {
    pub(crate) guid: &'a str,
    pub(crate) text: &'a str,
    pub(crate) cop_msg_id: &'a str,
    pub(crate) message_type: &'a str,
    pub(crate) original: &'a [u8],
}

/// A whole CEB900 message; quotes the refused one up to 64 KiB.
pub(crate) fn format_error(error: &FormatError<'_>, said_at: Time) -> Vec<u8> {
    let quoted = error.original.get(..QUOTE_BYTES_MAX).unwrap_or(error.original);
    let quoted = readable(&String::from_utf8_lossy(quoted)).replace("]]>", "]]]]><![CDATA[>");
    let mut out = String::with_capacity(quoted.len() + 512);
    open(&mut out, "MessageReturn");
    leaf(&mut out, "guid", error.guid);
    leaf(&mut out, "returnStatus", "-1");
    leaf(&mut out, "returnInfo", error.text);
    leaf(&mut out, "returnTime", &said_at.to_compact_millis());
    leaf(&mut out, "oriCopMsgId", error.cop_msg_id);
    leaf(&mut out, "oriMessageType", error.message_type);
    out.push_str("<oriBizMessage><![CDATA[");
    out.push_str(&quoted);
    out.push_str("]]></oriBizMessage>");
    close(&mut out, "MessageReturn");
    message("CEB900", error.guid, &[out.as_bytes()])
}

/// A flawed message made from a right one: 1 breaks off, 2 in gb2312, 3 without the numbers that
/// the schema requires, 4 with an unknown status, 5 not XML at all.
pub(crate) fn malformed(flaw: u32, right: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(right);
    match flaw {
        2 => encoding_rs::GBK.encode(&text.replacen("UTF-8", "gb2312", 1)).0.into_owned(),
        3 => without(&without(&text, "copNo"), "preNo").into_bytes(),
        4 => text.replacen("<returnStatus>2<", "<returnStatus>7777<", 1).into_bytes(),
        5 => "系统繁忙，请稍后再试".as_bytes().to_vec(),
        _ => right.get(..right.len() * 2 / 3).unwrap_or(right).to_vec(),
    }
}

fn without(text: &str, element: &str) -> String {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    match (text.find(&start), text.find(&end)) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{}", &text[..from], &text[to + end.len()..])
        }
        _ => text.to_owned(),
    }
}

/// Sets the time of saying in a return that waited.
pub(crate) fn retime(bytes: &mut [u8], said_at: Time) {
    const MARK: &[u8] = b"<returnTime>";
    let time = said_at.to_compact_millis();
    let Some(at) = bytes.windows(MARK.len()).position(|w| w == MARK) else { return };
    if let Some(slot) = bytes.get_mut(at + MARK.len()..at + MARK.len() + time.len()) {
        slot.copy_from_slice(time.as_bytes());
    }
}

/// A GUID that follows from a text and a number: the same input gives the same receipts.
pub(crate) fn guid_of(text: &str, number: u64) -> String {
    let left = super::memory::word(text) ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let right = super::memory::word(&format!("{text}/{number}"));
    let hex = format!("{left:016X}{right:016X}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn open(out: &mut String, element: &str) {
    out.push('<');
    out.push_str(element);
    out.push('>');
}

fn close(out: &mut String, element: &str) {
    out.push_str("</");
    out.push_str(element);
    out.push('>');
}

fn leaf(out: &mut String, element: &str, text: &str) {
    open(out, element);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    close(out, element);
}

/// Replaces what XML cannot hold.
fn readable(text: &str) -> String {
    let fits = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().map(|c| if fits(c) { c } else { '\u{FFFD}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(after_ms: i64) -> Said {
        Said { kind: "CEB622", after_ms, bytes: Vec::new() }
    }

    #[test]
    fn newest_first_keeps_every_receipt_after_its_time() {
        let plan = Plan { reversed: true, ..Plan::default() };
        let said = [said(1000), said(2000), said(3000)];
        let arrivals = arrivals(&plan, &said, 1000);
        assert_eq!(arrivals, [(0, 5000), (1, 4000), (2, 3000)]);
        for (index, at) in arrivals {
            assert!(at >= said[index].after_ms);
        }
    }

    #[test]
    fn late_and_twice_add_up() {
        let plan = Plan { late_ms: 60_000, twice: true, ..Plan::default() };
        assert_eq!(arrivals(&plan, &[said(1000)], 1000), [(0, 61_000), (0, 62_000)]);
    }

    #[test]
    fn a_hundred_returns_fill_a_message() {
        let mut outbox = Outbox::default();
        for _ in 0..250 {
            outbox.add(Time::from_millis(1), "CEB312", "DXPENT0000000001", b"<OrderReturn/>");
        }
        outbox.add(Time::from_millis(1), "CEB312", "DXPENT0000000002", b"<OrderReturn/>");
        let returns: Vec<i64> = outbox.into_due().0.iter().map(|due| due.returns).collect();
        assert_eq!(returns, [100, 100, 50, 1]);
    }

    #[test]
    fn waiting_receipts_get_the_time_of_their_release() {
        let mut bytes = b"<A><returnTime>20261123100000000</returnTime></A>".to_vec();
        let at = Time::parse_compact("20261124093000123").unwrap();
        retime(&mut bytes, at);
        assert!(bytes.windows(17).any(|w| w == b"20261124093000123"));
    }

    #[test]
    fn guids_have_the_form_of_the_family() {
        let guid = guid_of("37032026I000000001", 120);
        assert_eq!(guid.len(), 36);
        assert_eq!(guid, guid_of("37032026I000000001", 120));
        assert_ne!(guid, guid_of("37032026I000000001", 800));
    }
}
