//! The stand-in's receipts: what is said about one document, when it is said, when it arrives,
//! and the messages they travel in.

use std::collections::HashMap;

use kernel::Time;

use super::memory::Key;
use super::packed::{Guid, Info};
use super::scenario::Plan;
use super::written::{Writer, close, escaped, open};

/// How many returns one message may hold (the schema's limit).
pub(crate) const RETURNS_PER_MESSAGE_MAX: usize = 100;

/// Pseudo message type of bytes that travel as they are.
pub(crate) const RAW: &str = "RAW";

/// Type of the summary results, which are kept as whole messages.
pub(crate) const SUMMARY: &str = "CEB792";

/// Whether bytes of this type are a message of their own, rather than packed returns.
pub(crate) fn is_whole(kind: &str) -> bool {
    matches!(kind, RAW | SUMMARY)
}

/// One thing said about one document.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Time of the receipt, in milliseconds after the submission.
    pub(crate) after_ms: i64,
    /// `returnStatus`.
    pub(crate) status: i64,
    /// `returnInfo`.
    pub(crate) info: Info,
}

impl Answer {
    /// The same, said later.
    pub(crate) fn later_by(self, millis: i64) -> Answer {
        Answer { after_ms: self.after_ms + millis, ..self }
    }
}

/// Receipts of one type for one receiver that arrive at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) due_at: Time,
    /// `CEB622` and so on, or [`RAW`].
    pub(crate) kind: &'static str,
    /// Number of the receiver in the outbox.
    receiver: usize,
    /// How many returns, at most [`RETURNS_PER_MESSAGE_MAX`].
    pub(crate) returns: i64,
    /// Packed returns, or the message itself.
    pub(crate) bytes: Vec<u8>,
}

/// A receipt that waits until something comes, such as goods; its times count from then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// What it waits for: mostly the arrival of a waybill.
    pub(crate) waybill: Key,
    pub(crate) kind: &'static str,
    pub(crate) receiver: String,
    pub(crate) due_after_ms: i64,
    pub(crate) said_after_ms: i64,
    /// One packed return.
    pub(crate) bytes: Vec<u8>,
}

/// Gathers what a batch of submissions is answered.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) due: Vec<Due>,
    /// The last of each time, type and receiver.
    open: HashMap<(Time, &'static str, usize), usize>,
    receivers: Vec<String>,
    pub(crate) held: Vec<Held>,
}

impl Outbox {
    /// Adds one return to those of the same type, receiver and time.
    pub(crate) fn add(&mut self, due_at: Time, kind: &'static str, receiver: &str, bytes: &[u8]) {
        let receiver = self.number_of(receiver);
        let group = (due_at, kind, receiver);
        let open = self.open.get(&group).filter(|_| !is_whole(kind));
        if let Some(due) = open.and_then(|index| self.due.get_mut(*index))
            && due.returns < RETURNS_PER_MESSAGE_MAX as i64
        {
            due.returns += 1;
            due.bytes.extend_from_slice(bytes);
            return;
        }
        self.open.insert(group, self.due.len());
        self.due.push(Due { due_at, kind, receiver, returns: 1, bytes: bytes.to_vec() });
    }

    /// Whom a due receipt is for: a DXP id.
    pub(crate) fn receiver_of(&self, due: &Due) -> &str {
        self.receivers.get(due.receiver).map_or("", String::as_str)
    }

    fn number_of(&mut self, receiver: &str) -> usize {
        // Neighbours mostly have the same one.
        let found = self.receivers.iter().rposition(|known| known == receiver);
        found.unwrap_or_else(|| {
            self.receivers.push(receiver.to_owned());
            self.receivers.len() - 1
        })
    }
}

/// A return, packed, and its time of saying, in milliseconds after the submission.
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

/// A whole receipt message around rows of packed returns of one type.
pub(crate) fn message<'a>(
    kind: &str,
    guid: &Guid,
    rows: impl Iterator<Item = &'a [u8]> + Clone,
) -> Vec<u8> {
    // Written out, a return is four to six times as long as packed.
    let packed: usize = rows.clone().map(<[u8]>::len).sum();
    let mut out = Vec::with_capacity(256 + 6 * packed);
    begin(&mut out, kind, guid);
    let mut writer = Writer::new(kind, &mut out);
    rows.for_each(|row| writer.row(row));
    end(&mut out, kind);
    out
}

fn begin(out: &mut Vec<u8>, kind: &str, guid: &Guid) {
    for part in [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><",
        kind,
        "Message guid=\"",
        &guid.to_string(),
        "\" version=\"1.0\" xmlns=\"",
        NAMESPACE,
        "\">",
    ] {
        out.extend_from_slice(part.as_bytes());
    }
}

fn end(out: &mut Vec<u8>, kind: &str) {
    for part in ["</", kind, "Message>"] {
        out.extend_from_slice(part.as_bytes());
    }
}

const NAMESPACE: &str = "http://www.chinaport.gov.cn/ceb";

/// How much of a refused message a format error quotes.
const QUOTE_BYTES_MAX: usize = 64 * 1024;

/// What a format error says.
pub(crate) struct FormatError<'a> {
    pub(crate) guid: &'a Guid,
    pub(crate) text: &'a str,
    pub(crate) cop_msg_id: &'a str,
    pub(crate) message_type: &'a str,
    pub(crate) original: &'a [u8],
}

/// A whole CEB900 message; quotes the refused one up to 64 KiB.
pub(crate) fn format_error(error: &FormatError<'_>, said_at: Time) -> Vec<u8> {
    let quoted = error.original.get(..QUOTE_BYTES_MAX).unwrap_or(error.original);
    let quoted = readable(&String::from_utf8_lossy(quoted)).replace("]]>", "]]]]><![CDATA[>");
    let mut out = Vec::with_capacity(quoted.len() + 512);
    begin(&mut out, "CEB900", error.guid);
    open(&mut out, "MessageReturn");
    leaf(&mut out, "guid", &error.guid.to_string());
    leaf(&mut out, "returnStatus", "-1");
    leaf(&mut out, "returnInfo", error.text);
    leaf(&mut out, "returnTime", &said_at.to_compact_millis());
    leaf(&mut out, "oriCopMsgId", error.cop_msg_id);
    leaf(&mut out, "oriMessageType", error.message_type);
    out.extend_from_slice(b"<oriBizMessage><![CDATA[");
    out.extend_from_slice(quoted.as_bytes());
    out.extend_from_slice(b"]]></oriBizMessage>");
    close(&mut out, "MessageReturn");
    end(&mut out, "CEB900");
    out
}

fn leaf(out: &mut Vec<u8>, element: &str, text: &str) {
    open(out, element);
    escaped(out, text.as_bytes());
    close(out, element);
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
        let returns: Vec<i64> = outbox.due.iter().map(|due| due.returns).collect();
        assert_eq!(returns, [100, 100, 50, 1]);
        assert_eq!(outbox.receiver_of(&outbox.due[3]), "DXPENT0000000002");
    }
}
