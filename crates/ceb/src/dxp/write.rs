//! Writing envelopes: UTF-8, prefix `dxp:`, schema order, nothing the schema would refuse.

use kernel::{Finding, Text};

use super::read::{KEYS_MAX, RECEIVERS_MAX};
use super::{Additions, Answer, DXP, Envelope, Header, Response, ServerEnvelope, time};
use crate::base64;
use crate::c14n::is_character;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes a client's envelope (`DxpMsg`).
///
/// # Errors
/// All findings, codes `dxp.…`, when a value breaks the schema.
pub fn write(envelope: &Envelope) -> Result<Vec<u8>, Vec<Finding>> {
    let mut out = Writer::new();
    out.envelope(envelope, true);
    out.finish()
}

/// Writes an envelope between nodes (`DxpMsgSv`).
///
/// # Errors
/// As [`write`].
pub fn write_server(server: &ServerEnvelope) -> Result<Vec<u8>, Vec<Finding>> {
    let mut out = Writer::new();
    out.open_root("DxpMsgSv", server.id.as_deref());
    out.within("SvNo", " Ver=\"1.0\"", |out| {
        out.text("MsgId", &server.msg_id, 1, 32);
        out.optional("SubMsgId", server.sub_msg_id.as_deref(), 1, 1);
        out.text("SendTime", &time::write(server.sent), 1, 40);
        out.text("EndNode", &server.end_node, 1, 8);
        out.text("StaNode", &server.start_node, 1, 8);
    });
    out.envelope(&server.envelope, false);
    out.close_root("DxpMsgSv", server.signature.as_deref());
    out.finish()
}

/// Writes a response (`DxpRep`).
///
/// # Errors
/// As [`write`].
pub fn write_response(response: &Response) -> Result<Vec<u8>, Vec<Finding>> {
    let mut out = Writer::new();
    out.open_root("DxpRep", None);
    out.text("RecevierId", &response.receiver_id, 1, 16);
    out.optional("AdNodeId", response.node_id.as_deref(), 1, 8);
    out.check_count("Response", response.answers.len(), usize::MAX);
    for answer in &response.answers {
        out.within("Response", "", |out| out.answer(answer));
    }
    out.close_root("DxpRep", response.signature.as_deref());
    out.finish()
}

struct Writer {
    out: String,
    path: Vec<&'static str>,
    findings: Vec<Finding>,
}

impl Writer {
    fn new() -> Writer {
        Writer { out: DECLARATION.to_owned(), path: Vec::new(), findings: Vec::new() }
    }

    fn finish(self) -> Result<Vec<u8>, Vec<Finding>> {
        if self.findings.is_empty() { Ok(self.out.into_bytes()) } else { Err(self.findings) }
    }

    fn envelope(&mut self, envelope: &Envelope, is_root: bool) {
        if is_root {
            self.open_root("DxpMsg", envelope.id.as_deref());
        } else {
            let id = self.id("DxpMsg", envelope.id.as_deref());
            self.open("DxpMsg", &format!(" ver=\"1.0\"{id}"));
        }
        self.within("TransInfo", "", |out| out.header(&envelope.header));
        self.out.reserve(envelope.data.len() / 3 * 4 + 512);
        self.out.push_str("<dxp:Data>");
        base64::encode_to(&mut self.out, &envelope.data);
        self.out.push_str("</dxp:Data>");
        if let Some(additions) = &envelope.additions {
            self.within("AddInfo", "", |out| out.additions(additions));
        }
        self.close_root("DxpMsg", envelope.signature.as_deref());
    }

    fn header(&mut self, header: &Header) {
        self.text("CopMsgId", &header.cop_msg_id, 1, 255);
        self.text("SenderId", &header.sender_id, 1, 16);
        self.within("ReceiverIds", "", |out| {
            out.check_count("ReceiverId", header.receiver_ids.len(), RECEIVERS_MAX);
            for receiver in &header.receiver_ids {
                out.text("ReceiverId", receiver, 1, 16);
            }
        });
        self.text("CreatTime", &time::write(header.created), 1, 40);
        self.text("MsgType", &header.msg_type, 0, 30);
    }

    fn additions(&mut self, additions: &Additions) {
        self.optional("FileName", additions.file_name.as_deref(), 1, 255);
        self.optional("IcCard", additions.ic_card.as_deref(), 1, 13);
        if !additions.keys.is_empty() {
            self.within("BizKey", "", |out| {
                out.check_count("Key", additions.keys.len(), KEYS_MAX);
                for key in &additions.keys {
                    let name = key.name.as_deref().map(|name| {
                        out.check("Key/@name", name, 1, 32);
                        format!(" name=\"{}\"", escaped(name))
                    });
                    out.check("Key", &key.value, 1, 64);
                    out.open("Key", &name.unwrap_or_default());
                    out.out.push_str(&escaped(&key.value));
                    out.close("Key");
                }
            });
        }
        if let Some(encoding) = &additions.text_encoding {
            self.check("IsText/@Encode", encoding, 0, 50);
            self.open("IsText", &format!(" Encode=\"{}\"", escaped(encoding)));
            self.close("IsText");
        }
        self.optional("RecMapId", additions.receiver_map_id.as_deref(), 0, 255);
    }

    fn answer(&mut self, answer: &Answer) {
        self.optional("NodeId", answer.node_id.as_deref(), 1, 8);
        self.text("ResponseCode", &answer.code, 1, 9);
        self.optional("ResponseInfo", answer.text.as_deref(), 0, 300);
        if !answer.results.is_empty() {
            self.within("Results", "", |out| {
                for result in &answer.results {
                    out.within("Result", "", |out| {
                        out.text("RecId", &result.receiver_id, 1, 16);
                        out.text("Code", &result.code, 1, 9);
                        out.optional("Info", result.text.as_deref(), 0, 300);
                        out.optional("Note", result.note.as_deref(), 0, 500);
                    });
                }
            });
        }
        if answer.noticed.year() < 1 {
            self.refuse("NoticeTime", &answer.noticed.to_string(), "a day from the year 1 on");
        }
        self.text("NoticeTime", &answer.noticed.to_string(), 1, 40);
        self.optional("Note", answer.note.as_deref(), 0, 500);
        self.within("OriHead", "", |out| out.header(&answer.original));
    }

    fn open_root(&mut self, local: &'static str, id: Option<&str>) {
        let id = self.id(local, id);
        self.open(local, &format!(" xmlns:dxp=\"{DXP}\" ver=\"1.0\"{id}"));
    }

    /// The signature of an envelope that was read goes back in as it stood.
    fn close_root(&mut self, local: &'static str, signature: Option<&str>) {
        self.out.push_str(signature.unwrap_or_default());
        self.close(local);
    }

    fn id(&mut self, local: &str, id: Option<&str>) -> String {
        let Some(id) = id else { return String::new() };
        if !crate::c14n::is_ncname(id) {
            self.refuse(&format!("{local}/@Id"), id, "an XML name without a colon");
        }
        format!(" Id=\"{}\"", escaped(id))
    }

    fn within(&mut self, local: &'static str, attributes: &str, write: impl FnOnce(&mut Writer)) {
        self.open(local, attributes);
        write(self);
        self.close(local);
    }

    fn optional(&mut self, local: &'static str, value: Option<&str>, min: usize, max: usize) {
        if let Some(value) = value {
            self.text(local, value, min, max);
        }
    }

    fn text(&mut self, local: &'static str, value: &str, min: usize, max: usize) {
        self.check(local, value, min, max);
        self.open(local, "");
        self.out.push_str(&escaped(value));
        self.close(local);
    }

    fn open(&mut self, local: &'static str, attributes: &str) {
        self.path.push(local);
        self.out.push_str("<dxp:");
        self.out.push_str(local);
        self.out.push_str(attributes);
        self.out.push('>');
    }

    fn close(&mut self, local: &'static str) {
        self.path.pop();
        self.out.push_str("</dxp:");
        self.out.push_str(local);
        self.out.push('>');
    }

    fn check(&mut self, local: &str, value: &str, min: usize, max: usize) {
        let length = value.chars().take(max + 1).count();
        if length < min || length > max {
            self.refuse(local, value, &format!("{min}..{max} characters"));
        } else if !value.chars().all(is_character) {
            self.refuse(local, value, "characters XML allows");
        }
    }

    fn check_count(&mut self, local: &str, count: usize, max: usize) {
        if count == 0 || count > max {
            self.refuse(local, &count.to_string(), &format!("1..{max} elements"));
        }
    }

    fn refuse(&mut self, local: &str, found: &str, expected: &str) {
        let finding = Finding::error(
            "dxp.value",
            Text::new("信封的值不合规范", "a value of the envelope breaks its schema"),
            Text::new("按 DXP 规范修改", "change it to what the DXP specification allows"),
        );
        let path = [self.path.join("/").as_str(), local].join("/");
        let path = path.trim_start_matches('/');
        self.findings.push(finding.found(found, expected).at(path));
    }
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\n' => out.push_str("&#xA;"),
            '\t' => out.push_str("&#x9;"),
            other => out.push(other),
        }
    }
    out
}
