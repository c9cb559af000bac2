//! Reading envelopes: strict about structure and size, so what comes in can be trusted onward.

use kernel::{Finding, Text};

use super::node::{Fields, Node, tree, unexpected};
use super::{
    Additions, Answer, BizKey, DXP, Envelope, Header, Kind, ReceiverResult, Response,
    ServerEnvelope, time,
};
use crate::base64;
use crate::c14n::decode;

/// Most receivers of one envelope.
pub(super) const RECEIVERS_MAX: usize = 5;
/// Most business keys of one envelope.
pub(super) const KEYS_MAX: usize = 5;
/// Bytes looked at to tell what kind of envelope it is.
const SNIFFED_BYTES_MAX: usize = 8 * 1024;

/// How large an envelope may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the whole envelope.
    pub envelope_bytes_max: usize,
}

impl Default for Limits {
    /// Room for a message of 20 MiB in base64 and its envelope.
    fn default() -> Limits {
        Limits { envelope_bytes_max: 28 * 1024 * 1024 }
    }
}

/// Whether the bytes begin like an envelope of any kind. Quick: looks at the name of the root.
pub fn is_envelope(bytes: &[u8]) -> bool {
    kind(bytes).is_some()
}

/// Which kind of envelope the bytes begin like. Quick: looks at the name of the root.
pub fn kind(bytes: &[u8]) -> Option<Kind> {
    let bytes = &bytes[..bytes.len().min(SNIFFED_BYTES_MAX)];
    let mut rest = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    loop {
        let at = rest.iter().position(|byte| *byte == b'<')?;
        rest = &rest[at + 1..];
        let end: &[u8] = match rest {
            [b'?', ..] => b"?>",
            [b'!', b'-', b'-', ..] => b"-->",
            [b'!', ..] => return None,
            _ => break,
        };
        let at = rest.windows(end.len()).position(|window| window == end)?;
        rest = &rest[at + end.len()..];
    }
    let end =
        rest.iter().position(|byte| matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'));
    let name = &rest[..end?];
    let local = name.rsplit(|byte| *byte == b':').next()?;
    match local {
        b"DxpMsg" => Some(Kind::Message),
        b"DxpMsgSv" => Some(Kind::Server),
        b"DxpRep" => Some(Kind::Response),
        _ => None,
    }
}

/// Reads a client's envelope (`DxpMsg`).
///
/// # Errors
/// All findings, codes `dxp.…`, when it is not one or breaks the schema or the limits.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Envelope, Vec<Finding>> {
    read_root(bytes, limits, "DxpMsg", envelope)
}

/// Reads an envelope between nodes (`DxpMsgSv`).
///
/// # Errors
/// As [`read`].
pub fn read_server(bytes: &[u8], limits: &Limits) -> Result<ServerEnvelope, Vec<Finding>> {
    read_root(bytes, limits, "DxpMsgSv", server)
}

/// Reads the platform's response (`DxpRep`).
///
/// # Errors
/// As [`read`].
pub fn read_response(bytes: &[u8], limits: &Limits) -> Result<Response, Vec<Finding>> {
    read_root(bytes, limits, "DxpRep", response)
}

fn read_root<T>(
    bytes: &[u8],
    limits: &Limits,
    root: &str,
    parse: impl Fn(&Node<'_>, &mut Vec<Finding>) -> T,
) -> Result<T, Vec<Finding>> {
    if bytes.len() > limits.envelope_bytes_max {
        let finding = Finding::error(
            "dxp.too_large",
            Text::new("信封过大", "the envelope is too large"),
            Text::new("拆分为多份报文发送", "split it into several messages"),
        );
        let expected = format!("{} bytes at most", limits.envelope_bytes_max);
        return Err(vec![finding.found(format!("{} bytes", bytes.len()), expected)]);
    }
    let not_xml = |fault: crate::c14n::XmlFault| vec![fault.finding("dxp.not_xml")];
    let source = decode(bytes).map_err(not_xml)?;
    let node = tree(&source).map_err(not_xml)?;
    if node.local != root || node.namespace != DXP {
        return Err(vec![wrong_root(&node, root)]);
    }
    let mut findings = Vec::new();
    let value = parse(&node, &mut findings);
    if findings.is_empty() { Ok(value) } else { Err(findings) }
}

fn envelope(node: &Node<'_>, findings: &mut Vec<Finding>) -> Envelope {
    check_version(node, "ver", findings);
    let mut fields = Fields::new(node, node.local, findings);
    let header = match fields.required("TransInfo") {
        Some(node) => header(&mut fields, node),
        None => Header::default(),
    };
    let data = fields.value("Data", "base64", base64::decode);
    let additions = fields.child(DXP, "AddInfo").map(|node| additions(&mut fields, node));
    let signature = fields.signature();
    Envelope { id: attribute(node, "Id"), header, data, additions, signature }
}

fn header<'x>(parent: &mut Fields<'_, 'x, '_>, node: &Node<'x>) -> Header {
    let mut fields = parent.within(node);
    let cop_msg_id = fields.text("CopMsgId", 1, 255);
    let sender_id = fields.text("SenderId", 1, 16);
    let mut receiver_ids = Vec::new();
    if let Some(node) = fields.required("ReceiverIds") {
        let mut inner = fields.within(node);
        while let Some(receiver) = inner.child(DXP, "ReceiverId") {
            if receiver_ids.len() == RECEIVERS_MAX {
                break;
            }
            receiver_ids.push(inner.checked(receiver, 1, 16));
        }
        if receiver_ids.is_empty() {
            inner.missing("ReceiverId");
        }
        if node.children.len() > RECEIVERS_MAX {
            inner.too_many("ReceiverId", RECEIVERS_MAX);
        } else {
            inner.finish();
        }
    }
    let created = fields.value("CreatTime", "xs:dateTime", time::parse);
    let msg_type = fields.text("MsgType", 0, 30);
    fields.finish();
    Header { cop_msg_id, sender_id, receiver_ids, created, msg_type }
}

fn additions<'x>(parent: &mut Fields<'_, 'x, '_>, node: &Node<'x>) -> Additions {
    let mut fields = parent.within(node);
    let mut out = Additions {
        file_name: fields.optional("FileName", 1, 255),
        ic_card: fields.optional("IcCard", 1, 13),
        ..Additions::default()
    };
    if let Some(node) = fields.child(DXP, "BizKey") {
        let mut inner = fields.within(node);
        while let Some(key) = inner.child(DXP, "Key") {
            if out.keys.len() == KEYS_MAX {
                break;
            }
            let value = inner.checked(key, 1, 64);
            let name = attribute(key, "name");
            inner.check_attribute(key, "name", name.as_deref(), 1, 32);
            out.keys.push(BizKey { name, value });
        }
        if out.keys.is_empty() {
            inner.missing("Key");
        }
        if node.children.len() > KEYS_MAX {
            inner.too_many("Key", KEYS_MAX);
        } else {
            inner.finish();
        }
    }
    if let Some(node) = fields.child(DXP, "IsText") {
        let encoding = attribute(node, "Encode");
        fields.check_attribute(node, "Encode", encoding.as_deref(), 0, 50);
        if encoding.is_none() {
            fields.missing("IsText/@Encode");
        }
        fields.within(node).finish();
        out.text_encoding = encoding;
    }
    out.receiver_map_id = fields.optional("RecMapId", 0, 255);
    fields.finish();
    out
}

fn server(node: &Node<'_>, findings: &mut Vec<Finding>) -> ServerEnvelope {
    check_version(node, "ver", findings);
    let mut out = ServerEnvelope { id: attribute(node, "Id"), ..ServerEnvelope::default() };
    if let Some(number) = node.children.first().filter(|child| child.local == "SvNo") {
        check_version(number, "Ver", findings);
    }
    let mut fields = Fields::new(node, node.local, findings);
    if let Some(number) = fields.required("SvNo") {
        let mut inner = fields.within(number);
        out.msg_id = inner.text("MsgId", 1, 32);
        out.sub_msg_id = inner.optional("SubMsgId", 1, 1);
        out.sent = inner.value("SendTime", "xs:dateTime", time::parse);
        out.end_node = inner.text("EndNode", 1, 8);
        out.start_node = inner.text("StaNode", 1, 8);
        inner.finish();
    }
    let inner = fields.required("DxpMsg");
    out.signature = fields.signature();
    if let Some(inner) = inner {
        out.envelope = envelope(inner, findings);
    }
    out
}

fn response(node: &Node<'_>, findings: &mut Vec<Finding>) -> Response {
    check_version(node, "ver", findings);
    let mut fields = Fields::new(node, node.local, findings);
    let receiver_id = fields.text("RecevierId", 1, 16);
    let node_id = fields.optional("AdNodeId", 1, 8);
    let mut answers = Vec::new();
    while let Some(node) = fields.child(DXP, "Response") {
        answers.push(answer(&mut fields, node));
    }
    if answers.is_empty() {
        fields.missing("Response");
    }
    Response { receiver_id, node_id, answers, signature: fields.signature() }
}

fn answer<'x>(parent: &mut Fields<'_, 'x, '_>, node: &Node<'x>) -> Answer {
    let mut fields = parent.within(node);
    let mut out = Answer {
        node_id: fields.optional("NodeId", 1, 8),
        code: fields.text("ResponseCode", 1, 9),
        text: fields.optional("ResponseInfo", 0, 300),
        ..Answer::default()
    };
    if let Some(node) = fields.child(DXP, "Results") {
        let mut inner = fields.within(node);
        while let Some(result) = inner.child(DXP, "Result") {
            let mut one = inner.within(result);
            out.results.push(ReceiverResult {
                receiver_id: one.text("RecId", 1, 16),
                code: one.text("Code", 1, 9),
                text: one.optional("Info", 0, 300),
                note: one.optional("Note", 0, 500),
            });
            one.finish();
        }
        if out.results.is_empty() {
            inner.missing("Result");
        }
        inner.finish();
    }
    out.noticed = fields.value("NoticeTime", "xs:date", time::parse_day);
    out.note = fields.optional("Note", 0, 500);
    if let Some(node) = fields.required("OriHead") {
        out.original = header(&mut fields, node);
    }
    fields.finish();
    out
}

fn attribute(node: &Node<'_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}

fn check_version(node: &Node<'_>, name: &str, findings: &mut Vec<Finding>) {
    let found = node.attribute(name).unwrap_or_default();
    if found != "1.0" {
        let finding = Finding::error(
            "dxp.version",
            Text::new("信封版本不是 1.0", "the version of the envelope is not 1.0"),
            Text::new("版本属性填 1.0", "write 1.0 into the version attribute"),
        );
        let path = format!("{}/@{name}", node.local);
        findings.push(finding.found(found, "1.0").at(path).on_line(node.line));
    }
}

fn wrong_root(node: &Node<'_>, root: &str) -> Finding {
    unexpected(node.local)
        .found(format!("{{{}}}{}", node.namespace, node.local), format!("{{{DXP}}}{root}"))
        .on_line(node.line)
}
