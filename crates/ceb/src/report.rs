//! What `kouan check` says about one file.

use kernel::{Finding, Text};
use serde::Serialize;

use crate::check::{CodeLists, check};
use crate::dxp::{self, Header};
use crate::read::{ReadOptions, read};

/// The verdict on one file, in its wire form.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// The file as named by the user.
    pub file: String,
    /// Code of the message type (`CEB311`); of an envelope, that of the message within. `None`
    /// when it is no message of the family.
    pub message_type: Option<String>,
    /// How many documents it carries.
    pub documents: usize,
    /// Whether the official schema accepts it; of an envelope, the message within too.
    pub structure_valid: bool,
    /// Everything found, structure first.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Checks a message or an envelope.
    pub fn new(file: impl Into<String>, bytes: &[u8], lists: &dyn CodeLists) -> CheckReport {
        let mut report = CheckReport {
            file: file.into(),
            message_type: None,
            documents: 0,
            structure_valid: false,
            findings: Vec::new(),
        };
        match dxp::kind(bytes) {
            Some(kind) => report.envelope(kind, bytes, lists),
            None => report.message(bytes, lists, None),
        }
        report
    }

    fn envelope(&mut self, kind: dxp::Kind, bytes: &[u8], lists: &dyn CodeLists) {
        let limits = dxp::Limits::default();
        let opened = match kind {
            dxp::Kind::Message => dxp::read(bytes, &limits),
            dxp::Kind::Server => dxp::read_server(bytes, &limits).map(|server| server.envelope),
            dxp::Kind::Response => {
                self.message_type = Some("DxpRep".into());
                match dxp::read_response(bytes, &limits) {
                    Ok(response) => {
                        self.documents = response.answers.len();
                        self.structure_valid = true;
                    }
                    Err(findings) => self.findings = findings,
                }
                return;
            }
        };
        match opened {
            Ok(envelope) => self.message(&envelope.data, lists, Some(&envelope.header)),
            Err(findings) => {
                self.message_type = Some("DxpMsg".into());
                self.findings = findings;
            }
        }
    }

    fn message(&mut self, bytes: &[u8], lists: &dyn CodeLists, header: Option<&Header>) {
        let reading = read(bytes, &ReadOptions::strict());
        self.structure_valid = reading.structure_valid;
        self.findings.extend(reading.findings);
        let Some(message) = reading.message else { return };
        self.message_type = Some(message.kind.code.into());
        self.documents = message.documents.len();
        self.findings.extend(check(&message, lists));
        let Some(header) = header else { return };
        let remedy = || {
            Text::new(
                "由报文传输方使信封与报文一致后重发",
                "Whoever transmits makes envelope and message agree and sends again",
            )
        };
        if let Some(id) = message.dxp_id().filter(|id| *id != header.sender_id) {
            let text = Text::new(
                "信封发送方与报文的传输编号不一致",
                "The envelope's sender is not the DXP number of the message",
            );
            let finding = Finding::error("dxp.sender_differs", text, remedy());
            let finding = finding.at("TransInfo/SenderId").found(&*header.sender_id, id);
            self.findings.push(finding);
        }
        if header.msg_type != message.kind.root {
            let text = Text::new(
                "信封的报文类型与报文不一致",
                "The envelope names another message type than it carries",
            );
            let finding = Finding::warning("dxp.type_differs", text, remedy());
            let root = message.kind.root;
            self.findings.push(finding.at("TransInfo/MsgType").found(&*header.msg_type, root));
        }
    }
}
